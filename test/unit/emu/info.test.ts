/** `umwelt info`: what is seen of a program without running it. */

import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeSections, ElfError } from '../../../emu/elf/elf.ts'
import { surveyCode } from '../../../emu/guest/x86/survey.ts'
import { elfInfo } from '../../../src/elf-info.ts'

const file = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../${path}`, import.meta.url)))
const survey = (...bytes: number[]) =>
  surveyCode([{ start: 0x1000, bytes: Uint8Array.from(bytes) }], [0x1000], 64)

describe('the survey', () => {
  it('follows branches, and stops at returns', () => {
    // jz +1; ret; mov eax, 39; syscall; ret; a byte that is no instruction
    const found = survey(0x74, 1, 0xc3, 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3, 0x06)
    expect(found.instructionCount).toBe(5)
    expect([...found.syscallNumbers]).toEqual([39])
    expect(found.missing.size).toBe(0)
  })

  it('names features and what is missing', () => {
    // popcnt eax, ecx; vpxor xmm0, xmm0, xmm0
    const found = survey(0xf3, 0x0f, 0xb8, 0xc1, 0xc5, 0xf9, 0xef, 0xc0)
    expect([...found.features.keys()]).toEqual(['popcnt'])
    expect([...found.missing.values()]).toMatchObject([{ pc: 0x1004, family: 'AVX', places: 1 }])
  })

  it('ends for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const found = surveyCode([{ start: 0x1000, bytes }], [0x1000, 0x1001], 64)
        return found.instructionCount <= bytes.length
      }),
      { seed: 1, numRuns: 2000 },
    )
  })
})

describe('elfInfo', () => {
  it('finds nothing missing in what runs here', () => {
    const info = elfInfo(file('rootfs/images/userland.elf'))
    expect(info).toMatchObject({
      machine: 'x86-64',
      bits: 64,
      linkage: 'static',
      interpreter: null,
      runs: true,
    })
    expect(info.code!.missing).toEqual([])
    expect(info.code!.missingSyscalls).toEqual([])
    expect(info.code!.syscalls).toContain('exit_group')
    expect(info.code!.instructionCount).toBeGreaterThan(5000)
  })

  it('refuses what is no program, and bears section headers that lie', () => {
    expect(() => elfInfo(new TextEncoder().encode('#!/bin/sh\n'))).toThrow(ElfError)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 300 }), (bytes) => {
        codeSections(bytes)
        return true
      }),
      { seed: 1, numRuns: 1000 },
    )
  })
})

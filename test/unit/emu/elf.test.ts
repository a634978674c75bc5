import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ElfError, parseElf } from '../../../emu/elf/elf.ts'

const userland = new Uint8Array(readFileSync(new URL('../../../rootfs/images/userland.elf', import.meta.url)))

function reasonOf(bytes: Uint8Array): string {
  try {
    parseElf(bytes)
    return 'accepted'
  } catch (error) {
    expect(error).toBeInstanceOf(ElfError)
    return (error as Error).message
  }
}

describe('parseElf', () => {
  it('reads the embedded userland', () => {
    const elf = parseElf(userland)
    expect(elf).toMatchObject({ machine: 'x86-64', bits: 64, littleEndian: true, type: 'exec' })
    expect(elf.segments.filter((s) => s.type === 'load').length).toBeGreaterThanOrEqual(2)
    expect(elf.interpreter).toBeUndefined()
  })

  it('says what is wrong with a bad file', () => {
    expect(reasonOf(new Uint8Array(0))).toBe('not an ELF file')
    expect(reasonOf(userland.slice(0, 40))).toBe('truncated ELF header')
    expect(reasonOf(userland.slice(0, 200))).toMatch(/^truncated/)
    const arm = userland.slice()
    arm[18] = 183
    expect(reasonOf(arm)).toBe('a program for AArch64, which is not supported')
    const object = userland.slice()
    object[16] = 1
    expect(reasonOf(object)).toMatch(/not a program/)
  })

  it('never throws anything but ElfError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (noise) => {
        const bytes = noise.slice()
        bytes.set([0x7f, 0x45, 0x4c, 0x46].slice(0, bytes.length))
        reasonOf(bytes)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(800), fc.nat(255)), { maxLength: 20 }), (edits) => {
        const bytes = userland.slice(0, 2000)
        for (const [at, value] of edits) bytes[at] = value
        reasonOf(bytes)
      }),
      { numRuns: 2000 },
    )
  })
})

/** docs/ says what the rows say: `npm run docs` makes it anew. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROWS as PPC_ROWS } from '../../emu/guest/ppc/isa.ts'
import { ROWS } from '../../emu/guest/x86/isa.ts'
import { instructionsPage, syscallsPage } from '../../scripts/pages.mjs'
import { arches } from '../../syscalls/abi/arch/registry.ts'
import { CALL_NUMBERS } from '../../syscalls/abi/calls.ts'
import { absentCalls } from '../../syscalls/sys/absent.ts'
import { syscallRows } from '../../syscalls/sys/index.ts'

const page = (name: string): string => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')

describe('docs', () => {
  it('list every system call', () => {
    expect(page('syscalls.md'), 'run npm run docs').toBe(
      syscallsPage(syscallRows, CALL_NUMBERS, arches, absentCalls),
    )
  })

  it('list every instruction', () => {
    expect(page('instructions.md'), 'run npm run docs').toBe(instructionsPage(ROWS, PPC_ROWS))
  })

  it('give the CPU’s and the kernel’s rows a place each', () => {
    const names = syscallRows.map((row) => row.name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !(name in CALL_NUMBERS))).toEqual([])
  })

  it('give a reason for each call that is absent, and for no other', () => {
    const present = new Set(syscallRows.map((row) => row.name))
    const missing = Object.keys(CALL_NUMBERS).filter((name) => !present.has(name))
    expect([...absentCalls.keys()].sort()).toEqual(missing.sort())
  })
})

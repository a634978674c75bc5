/**
 * Rows in processes whose segments are not flat, against the host's CPU: every row of 32-bit mode with random selectors
 * of a local descriptor table (based, limited, expanding down, read-only, null) and with segment prefixes; in 64-bit mode
 * with FS and GS. Also short programs that load segments one behind the other. See isa.test.ts.
 */

import { describe, expect, test } from 'vitest'
import { decoderOf, Instruction } from '../../emu/guest/x86/isa.ts'
import type { Mode } from '../../emu/guest/x86/row.ts'
import { CODE } from './layout.ts'
import { nativeRunner, runNative } from './native.ts'
import { Ours } from './ours.ts'
import { Random } from './random.ts'
import { blockCases, type Cases, casesOf, compareCases, groupsOf, inBlocks, testedRows } from './rows.ts'
import { usual } from './segments.ts'
import { dataPage, randomState } from './states.ts'

const states = Number(process.env.UMWELT_ISA_STATES ?? 16)
const seed = Number(process.env.UMWELT_ISA_SEED ?? 1)
const SHOWN = 2
const runner = nativeRunner()
/** What Linux does in the CPU's place knows segments in its own way, and AMD's CPUs push and pop one by one. */
const UNLIKE = /^(SGDT|SIDT|STR|SLDT|SMSW|PUSHA|POPA)$/

const PROGRAMS: [name: string, mode: Mode, code: string][] = [
  // mov $0x63,%eax; mov %eax,%gs; mov %gs:disp,%ebx
  ['GS with an offset of its descriptor', 32, 'b8 63 00 00 00 8e e8 65 8b 1d 10 00 00 00'],
  ['GS with a negative offset', 32, 'b8 63 00 00 00 8e e8 65 8b 1d fc ff ff ff'],
  ['GS with a negative offset, stored', 32, 'b8 63 00 00 00 8e e8 65 89 0d 00 fd ff ff 65 8b 1d 00 fd ff ff'],
  ['GS beyond its page', 32, 'b8 63 00 00 00 8e e8 65 8b 1d 00 08 00 00'],
  ['null FS', 32, '64 8b 1d 00 00 60 00'],
  ['null FS by a register', 32, 'bb 00 00 60 00 64 8b 03'],
  ['null GS in a string', 32, 'be 00 00 60 00 65 ac'],
  ['null GS in REP LODS', 32, 'be 00 00 60 00 b9 03 00 00 00 f3 65 ac'],
  ['null DS', 32, '31 c0 8e d8 a1 00 00 60 00'],
  ['null DS, but SS', 32, '31 c0 8e d8 8b 44 24 08 89 44 24 10'],
  ['null ES in STOS', 32, '31 c0 8e c0 bf 00 00 60 00 ab'],
  ['DS and back', 32, 'b8 0f 00 00 00 8e d8 8b 1d 00 00 60 00 b8 2b 00 00 00 8e d8 8b 0d 00 00 60 00'],
  ['read-only DS', 32, 'b8 1f 00 00 00 8e d8 8b 1d 00 00 60 00 89 1d 00 00 60 00'],
  ['beyond the limit of SS', 32, 'b8 17 00 00 00 8e d0 bc 40 08 00 00 58 50 8b 44 24 fd'],
  ['a store through CS', 32, '2e 89 1d 00 00 60 00'],
  ['a call into LDT code and back', 32, '9a 0e 08 40 00 3f 00 bb 07 00 00 00 90 cc 8c c9 83 c0 01 cb'],
  ['a call into based LDT code and back', 32, '9a be 07 40 00 57 00 bb 07 00 00 00 90 cc 8c c9 e8 01 00 00 00 cb 8b 14 24 c3'],
  ['a jump into execute-only code that reads itself', 32, 'ea d9 07 40 00 47 00 90 90 2e 8b 1d 00 08 40 00'],
  ['IRET to LDT code', 32, '9c 6a 3f 68 10 08 40 00 cf 90 90 90 90 90 90 90 8c c8'],
  ['INT 3', 32, 'cd 03'],
  ['INT 4', 32, 'cd 04'],
  ['INT 20H', 32, 'cd 20'],
  ['INTO', 32, 'b0 7f 04 01 ce'],
  ['POP of a bad selector', 32, '6a 10 1f'],
  ['LSS of an absent segment', 32, 'c7 44 24 04 37 00 00 00 0f b2 24 24'],
  ['LAR, LSL, VERR and VERW', 32, 'b9 17 00 00 00 0f 02 c1 0f 03 d9 0f 00 e1 0f 94 c2 0f 00 e9 0f 94 c6'],
  ['a pushed selector', 32, '6a 00 0e 1e 0f a8 58 5b 59'],
  ['INT 20H', 64, 'cd 20'],
  ['INT 4', 64, 'cd 04'],
  ['DS, ES and SS are nothing', 64, '31 c0 8e d8 8e c0 8b 04 25 00 00 60 00 b8 0f 00 00 00 8e d0 58 8c d1'],
  ['GS of a descriptor, and null again', 64, 'b8 63 00 00 00 8e e8 65 8b 1c 25 10 00 00 00 31 c0 8e e8 65 8b 0c 25 00 00 60 00'],
  ['RETF to the same code', 64, '6a 33 48 8d 05 05 00 00 00 50 48 cb 90 90 8c c9'],
  ['IRETQ', 64, '48 89 e0 6a 2b 50 9c 6a 33 48 8d 05 04 00 00 00 50 48 cf 90 8c c9'],
  ['IRETQ to an LDT stack', 64, '48 89 e0 6a 07 50 9c 6a 33 48 8d 05 04 00 00 00 50 48 cf 90 8c d1'],
] // biome-ignore format: a table

/** A program as cases of its own. */
function programCases(mode: Mode, hex: string): Cases {
  const random = new Random(seed)
  const code = hex.split(' ').map((byte) => Number.parseInt(byte, 16))
  const insn = new Instruction()
  const address = CODE + 0x800
  decoderOf(mode).decode(Uint8Array.from([...code, ...new Array(16).fill(0xcc)]), 0, 32, address, insn)
  const made = Array.from({ length: 4 }, () => randomState(random, [insn], usual(mode)))
  return { batches: [{ mode, address, code, data: dataPage(random), states: made }], insns: [[insn]] }
}

describe.skipIf('missing' in runner)('segments against this CPU', () => {
  const path = (runner as { path: string }).path
  const cpus = (mode: Mode): Ours[] => [
    new Ours('jit', false, undefined, mode),
    new Ours('interpreter', true, undefined, mode),
  ]

  for (const mode of [32, 64] as const) {
    const rows = testedRows(mode).filter((row) => !UNLIKE.test(row.mnemonic))
    for (const [name, members] of groupsOf(rows))
      test(`${name}, ${mode} bits`, () => {
        const found: string[] = []
        for (const row of members) {
          const made = casesOf(row, states, seed, mode, true)
          const expected = runNative(path, made.batches)
          for (const ours of cpus(mode)) found.push(...compareCases(made, expected, ours, SHOWN))
        }
        expect(found.slice(0, 20).join('\n')).toBe('')
      }, 3_600_000)

    test(`random blocks, ${mode} bits`, () => {
      const random = new Random(seed)
      const usable = rows.filter(inBlocks)
      const found: string[] = []
      const ours = cpus(mode)
      for (let n = 0; n < 4 * states; n++) {
        const made = blockCases(usable, 8, random, mode, true)
        const expected = runNative(path, made.batches)
        for (const cpu of ours) found.push(...compareCases(made, expected, cpu, SHOWN))
      }
      expect(found.slice(0, 20).join('\n')).toBe('')
    }, 3_600_000)
  }

  test.each(PROGRAMS)('%s, %i bits', (_, mode, hex) => {
    const made = programCases(mode, hex)
    const expected = runNative(path, made.batches)
    const found = cpus(mode).flatMap((cpu) => compareCases(made, expected, cpu, SHOWN))
    expect(found.join('\n')).toBe('')
  })
})

/**
 * Rows in processes whose segments are not flat, against the host's CPU: every row of 32-bit mode with random selectors
 * of a local descriptor table (based, limited, expanding down, read-only, null) and with segment prefixes; in 64-bit mode
 * those that load selectors, and FS and GS. See isa.test.ts.
 */

import { describe, expect, test } from 'vitest'
import type { Mode } from '../../emu/guest/x86/row.ts'
import { nativeRunner, runNative } from './native.ts'
import { Ours } from './ours.ts'
import { Random } from './random.ts'
import { blockCases, casesOf, compareCases, groupsOf, inBlocks, testedRows } from './rows.ts'

const states = Number(process.env.UMWELT_ISA_STATES ?? 16)
const seed = Number(process.env.UMWELT_ISA_SEED ?? 1)
const SHOWN = 2
const runner = nativeRunner()

describe.skipIf('missing' in runner)('segments against this CPU', () => {
  const path = (runner as { path: string }).path
  for (const mode of [32, 64] as Mode[]) {
    const rows = testedRows(mode)
    const cpus = (): Ours[] => [
      new Ours('jit', false, undefined, mode),
      new Ours('interpreter', true, undefined, mode),
    ]
    for (const [name, members] of groupsOf(rows))
      test(`${name}, ${mode} bits`, () => {
        const found: string[] = []
        for (const row of members) {
          const made = casesOf(row, states, seed, mode, true)
          const expected = runNative(path, made.batches)
          for (const ours of cpus()) found.push(...compareCases(made, expected, ours, SHOWN))
        }
        expect(found.slice(0, 20).join('\n')).toBe('')
      }, 3_600_000)

    test(`random blocks, ${mode} bits`, () => {
      const random = new Random(seed)
      const usable = rows.filter(inBlocks)
      const found: string[] = []
      const ours = cpus()
      for (let n = 0; n < 4 * states; n++) {
        const made = blockCases(usable, 8, random, mode, true)
        const expected = runNative(path, made.batches)
        for (const cpu of ours) found.push(...compareCases(made, expected, cpu, SHOWN))
      }
      expect(found.slice(0, 20).join('\n')).toBe('')
    }, 3_600_000)
  }
})

/** The rows of 32-bit mode on both of our CPUs against the host's CPU, in a 32-bit code segment. See isa.test.ts. */

import { describe, expect, test } from 'vitest'
import { nativeRunner, runNative } from './native.ts'
import { Ours } from './ours.ts'
import { Random } from './random.ts'
import { blockCases, casesOf, compareCases, groupsOf, inBlocks, testedRows } from './rows.ts'

const states = Number(process.env.UMWELT_ISA_STATES ?? 16)
const seed = Number(process.env.UMWELT_ISA_SEED ?? 1)
const cpus = (): Ours[] => [
  new Ours('jit', false, undefined, 32),
  new Ours('jit', true, undefined, 32),
  new Ours('interpreter', true, undefined, 32),
]
const SHOWN = 2
const runner = nativeRunner()
const rows = testedRows(32)
const ROWS_LEAST = 740

test('there are as many rows as there were', () => expect(rows.length).toBeGreaterThanOrEqual(ROWS_LEAST))

describe.skipIf('missing' in runner)('32-bit mode against this CPU', () => {
  const path = (runner as { path: string }).path
  for (const [name, members] of groupsOf(rows))
    test(name, () => {
      const found: string[] = []
      for (const row of members) {
        const made = casesOf(row, states, seed, 32)
        const expected = runNative(path, made.batches)
        for (const ours of cpus()) found.push(...compareCases(made, expected, ours, SHOWN))
      }
      expect(found.slice(0, 20).join('\n')).toBe('')
    }, 3_600_000)

  test('random blocks', () => {
    const random = new Random(seed)
    const usable = rows.filter(inBlocks)
    const found: string[] = []
    const ours = cpus()
    for (let n = 0; n < 4 * states; n++) {
      const made = blockCases(usable, 8, random, 32)
      const expected = runNative(path, made.batches)
      for (const cpu of ours) found.push(...compareCases(made, expected, cpu, SHOWN))
    }
    expect(found.slice(0, 20).join('\n')).toBe('')
  }, 3_600_000)
})

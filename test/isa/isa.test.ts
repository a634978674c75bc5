/**
 * Every x86 row on both of our CPUs against the host's CPU (where it is one) and against recorded results.
 * `UMWELT_ISA_STATES` sets the states a row (npm run test:isa: 2,000), `UMWELT_ISA_SEED` the seed.
 */

import { afterAll, describe, expect, test } from 'vitest'
import { nativeRunner, runNative } from './native.ts'
import { Ours } from './ours.ts'
import { Random } from './random.ts'
import { blockCases, casesOf, compareCases, groupsOf, inBlocks, rowKey, testedRows } from './rows.ts'
import { VECTOR_SEED, VECTOR_STATES, VectorFile } from './vectors.ts'

const states = Number(process.env.UMWELT_ISA_STATES ?? 16)
const seed = Number(process.env.UMWELT_ISA_SEED ?? 1)
/** Our CPUs: also for a process that never looks at MXCSR's flags, whose code does not make them. */
const cpus = (): Ours[] => [new Ours('jit', false), new Ours('jit', true), new Ours('interpreter', true)]
const CPUS = 3
const SHOWN = 2
const runner = nativeRunner()
const rows = testedRows()
const ROWS_LEAST = 765

console.log(
  `isa: seed ${seed}, ${states} states a row, ${rows.length} rows${'missing' in runner ? `, native not run: ${runner.missing}` : ''}`,
)

test('there are as many rows as there were', () => expect(rows.length).toBeGreaterThanOrEqual(ROWS_LEAST))

describe.skipIf('missing' in runner)('against this CPU', () => {
  const path = (runner as { path: string }).path
  let cases = 0
  for (const [name, members] of groupsOf(rows))
    test(name, () => {
      const found: string[] = []
      for (const row of members) {
        const made = casesOf(row, states, seed)
        const expected = runNative(path, made.batches)
        for (const ours of cpus()) {
          found.push(...compareCases(made, expected, ours, SHOWN))
          cases += made.batches.reduce((sum, batch) => sum + batch.states.length, 0)
        }
      }
      expect(found.slice(0, 20).join('\n')).toBe('')
    }, 3_600_000)

  test('random blocks', () => {
    const random = new Random(seed)
    const usable = rows.filter(inBlocks)
    const found: string[] = []
    // Also as on hosts whose float operations give other NaNs.
    const ours = [
      ...cpus(),
      new Ours('interpreter', false),
      new Ours('jit', false, true),
      new Ours('jit', true, true),
    ]
    for (let n = 0; n < 4 * states; n++) {
      const made = blockCases(usable, 8, random)
      const expected = runNative(path, made.batches)
      for (const cpu of ours) found.push(...compareCases(made, expected, cpu, SHOWN))
      cases += 8 * ours.length
    }
    expect(found.slice(0, 20).join('\n')).toBe('')
  }, 3_600_000)

  afterAll(() => {
    console.log(`isa: ${cases} cases against this CPU`)
    expect(cases).toBeGreaterThanOrEqual(rows.length * states * CPUS)
  })
})

describe('against recorded results', () => {
  const file = VectorFile.read()
  test('every row', () => {
    const found: string[] = []
    let cases = 0
    let ours: Ours[] = []
    rows.forEach((row, n) => {
      // A CPU that has run very much code gets slow.
      if (n % 16 === 0) ours = cpus()
      const made = casesOf(row, VECTOR_STATES, VECTOR_SEED)
      const expected = file?.get(rowKey(row), made)
      if (!expected) {
        // New rows have no vectors until they are recorded again.
        console.log(`isa: no recorded results of ${rowKey(row)}`)
        return
      }
      for (const cpu of ours) found.push(...compareCases(made, expected, cpu, SHOWN))
      cases += made.batches.reduce((sum, batch) => sum + batch.states.length, 0) * CPUS
    })
    expect(found.slice(0, 20).join('\n')).toBe('')
    expect(cases).toBeGreaterThanOrEqual(ROWS_LEAST * VECTOR_STATES * CPUS)
  }, 600_000)
})

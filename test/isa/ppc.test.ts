/**
 * Every PowerPC row on both of our CPUs, in each mode: against results recorded of qemu-user, and where UMWELT_ISA_STATES
 * sets the states a row (npm run test:isa: 2,000) against qemu-user itself. `UMWELT_ISA_SEED` sets the seed.
 */

import { afterAll, describe, expect, test } from 'vitest'
import { blockCases, casesOf, compareCases, groupsOf, inBlocks, rowKey, testedRows } from './ppc/cases.ts'
import { PPC_MODES } from './ppc/layout.ts'
import { nativeRunner, runNative } from './ppc/native.ts'
import { Ours } from './ppc/ours.ts'
import { VECTOR_SEED, VECTOR_STATES, Vectors } from './ppc/vectors.ts'
import { Random } from './random.ts'

const states = Number(process.env.UMWELT_ISA_STATES ?? 0)
const seed = Number(process.env.UMWELT_ISA_SEED ?? 1)
const SHOWN = 2

for (const mode of PPC_MODES) {
  const runner = states > 0 ? nativeRunner(mode) : { missing: 'UMWELT_ISA_STATES is not set' }
  const rows = testedRows(mode)
  const cpus = (): Ours[] => [new Ours('jit', mode), new Ours('interpreter', mode)]
  if ('missing' in runner) console.log(`isa: ${mode.name} not compared with ${mode.qemu}: ${runner.missing}`)

  test(`${mode.name} against recorded results`, () => {
    const vectors = Vectors.read(mode)
    const found: string[] = []
    let cases = 0
    let ours: Ours[] = []
    rows.forEach((row, n) => {
      // A CPU that has run very much code gets slow.
      if (n % 16 === 0) ours = cpus()
      const made = casesOf(mode, row, VECTOR_STATES, VECTOR_SEED)
      const expected = vectors.get(rowKey(row), made)
      if (!expected) {
        found.push(`no recorded results of ${rowKey(row)}`)
        return
      }
      for (const cpu of ours) found.push(...compareCases(mode, made, expected, cpu, SHOWN))
      cases += expected.flat().length
    })
    expect(found.slice(0, 20).join('\n')).toBe('')
    expect(cases).toBeGreaterThanOrEqual(rows.length * VECTOR_STATES)
  }, 600_000)

  describe.skipIf('missing' in runner)(`${mode.name} against ${mode.qemu}`, () => {
    const { path } = runner as { path: string }
    let cases = 0
    for (const [name, members] of groupsOf(rows))
      test(name, () => {
        const found: string[] = []
        for (const row of members) {
          const made = casesOf(mode, row, states, seed)
          const expected = runNative(mode, path, made.batches)
          for (const ours of cpus()) {
            found.push(...compareCases(mode, made, expected, ours, SHOWN))
            cases += expected.flat().length
          }
        }
        expect(found.slice(0, 40).join('\n')).toBe('')
      }, 3_600_000)

    test('random blocks', () => {
      const random = new Random(seed)
      const usable = rows.filter((row) => inBlocks(mode, row))
      const found: string[] = []
      const ours = cpus()
      for (let n = 0; n < 4 * states; n++) {
        const made = blockCases(mode, usable, 8, random)
        const expected = runNative(mode, path, made.batches)
        for (const cpu of ours) found.push(...compareCases(mode, made, expected, cpu, SHOWN))
        cases += 8 * ours.length
      }
      expect(found.slice(0, 20).join('\n')).toBe('')
    }, 3_600_000)

    afterAll(() => {
      console.log(`isa: ${cases} cases of ${mode.name} against ${mode.qemu}`)
      expect(cases).toBeGreaterThanOrEqual(rows.length * states * 2)
    })
  })
}

/** `UMWELT_ISA_RECORD=x86 npx vitest run test/isa/record` writes vectors/x86.bin.gz anew, `=ppc` those of PowerPC; else nothing. */

import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nativeRunner, runNativeBytes } from './native.ts'
import * as ppcCases from './ppc/cases.ts'
import { PPC_MODES } from './ppc/layout.ts'
import * as ppc from './ppc/native.ts'
import * as ppcVectors from './ppc/vectors.ts'
import { Vectors } from './ppc/vectors.ts'
import { casesOf, rowKey, testedRows } from './rows.ts'
import { VECTOR_SEED, VECTOR_STATES, VectorFile } from './vectors.ts'

const runner = nativeRunner()

const wanted = process.env.UMWELT_ISA_RECORD

test.skipIf(wanted !== 'x86' || 'missing' in runner)('record vectors of this CPU', () => {
  mkdirSync(new URL('./vectors', import.meta.url), { recursive: true })
  const file = new VectorFile()
  for (const row of testedRows()) {
    const cases = casesOf(row, VECTOR_STATES, VECTOR_SEED)
    file.add(rowKey(row), cases, runNativeBytes((runner as { path: string }).path, cases.batches))
  }
  file.write()
  expect(VectorFile.read()).not.toBeNull()
})

for (const mode of PPC_MODES)
  test.skipIf(wanted !== 'ppc')(
    `record vectors of ${mode.qemu}`,
    () => {
      const runner = ppc.nativeRunner(mode)
      if ('missing' in runner) throw new Error(runner.missing)
      const vectors = new Vectors(mode)
      for (const row of ppcCases.testedRows(mode)) {
        const cases = ppcCases.casesOf(mode, row, ppcVectors.VECTOR_STATES, ppcVectors.VECTOR_SEED)
        vectors.add(ppcCases.rowKey(row), cases, ppc.runNative(mode, runner.path, cases.batches))
      }
      vectors.write()
    },
    600_000,
  )

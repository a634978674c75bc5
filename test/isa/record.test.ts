/** `UMWELT_ISA_RECORD=1 npx vitest run test/isa/record` writes vectors/x86.bin.gz anew; else nothing. */

import { mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nativeRunner, runNativeBytes } from './native.ts'
import { casesOf, rowKey, testedRows } from './rows.ts'
import { VECTOR_SEED, VECTOR_STATES, VectorFile } from './vectors.ts'

const runner = nativeRunner()

test.skipIf(!process.env.UMWELT_ISA_RECORD || 'missing' in runner)('record vectors of this CPU', () => {
  mkdirSync(new URL('./vectors', import.meta.url), { recursive: true })
  const file = new VectorFile()
  for (const row of testedRows()) {
    const cases = casesOf(row, VECTOR_STATES, VECTOR_SEED)
    file.add(rowKey(row), cases, runNativeBytes((runner as { path: string }).path, cases.batches))
  }
  file.write()
  expect(VectorFile.read()).not.toBeNull()
})

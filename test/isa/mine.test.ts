import { test } from 'vitest'
import { blockCases, casesOf, compareCases, inBlocks, testedRows } from './ppc/cases.ts'
import { PPC_MODES } from './ppc/layout.ts'
import { nativeRunner, runNative } from './ppc/native.ts'
import { Ours } from './ppc/ours.ts'
import { Random } from './random.ts'

const states = Number(process.env.N ?? 64)
const seed = Number(process.env.SEED ?? 1)
const pattern = new RegExp(process.env.ROWS ?? '.')
const shown = Number(process.env.SHOWN ?? 2)
for (const mode of PPC_MODES.filter((m) =>
  (process.env.MODES ?? 'ppc,ppc64,ppc64le').split(',').includes(m.name),
))
  test(mode.name, () => {
    const cache = new Map<string, Ours>()
    const ours = (kind: 'jit' | 'interpreter') => {
      if (!cache.has(kind)) cache.set(kind, new Ours(kind, mode))
      return cache.get(kind)!
    }
    const { path } = nativeRunner(mode) as { path: string }
    let bad = 0,
      total = 0
    const rows = testedRows(mode).filter((r) => pattern.test(r.mnemonic))
    if (process.env.BLOCKS) {
      const random = new Random(seed)
      for (let n = 0; n < Number(process.env.BLOCKS); n++) {
        const made = blockCases(
          mode,
          rows.filter((row) => inBlocks(mode, row)),
          8,
          random,
        )
        const expected = runNative(mode, path, made.batches)
        for (const kind of ['jit', 'interpreter'] as const)
          for (const line of compareCases(mode, made, expected, ours(kind), shown)) console.log(line)
      }
      return
    }
    for (const row of rows) {
      total++
      const made = casesOf(mode, row, states, seed)
      const expected = runNative(mode, path, made.batches)
      let failed = false
      for (const kind of ['jit', 'interpreter'] as const) {
        try {
          const found = compareCases(mode, made, expected, ours(kind), shown)
          for (const line of found) console.log(line.slice(0, 330))
          if (found.length) failed = true
        } catch (e) {
          failed = true
          console.log(kind, mode.name, row.mnemonic, String((e as Error).stack).slice(0, 600))
        }
      }
      if (failed) bad++
    }
    console.log(`${mode.name}: ${bad} of ${total} rows bad`)
  }, 3_600_000)

/**
 * Recorded results of qemu-user, so that the rows are tested on hosts without it too: a few states a row and mode. Only
 * results are stored, as what differs from their states; the cases are made again from the seed, and a checksum says
 * whether they are the same.
 */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Cases } from './cases.ts'
import type { PpcMode } from './layout.ts'
import type { Result } from './native.ts'

export const VECTOR_SEED = 20261
export const VECTOR_STATES = 4
const CHECKSUM_LENGTH = 12

const fileOf = ({ name }: PpcMode): URL => new URL(`../vectors/${name}.json.gz`, import.meta.url)

function checksum({ batches }: Cases): string {
  const hash = createHash('sha256')
  for (const { address, code, data, states } of batches) {
    hash.update(Uint32Array.of(address, ...code)).update(data)
    for (const state of states) hash.update(state)
  }
  return hash.digest('base64').slice(0, CHECKSUM_LENGTH)
}

/** Signal, code, address, pc, changed registers as pairs, changed words of memory as pairs. */
type Recorded = [number, number, string, string, [number, string][], [number, string][]]

const hex = (value: bigint): string => value.toString(16)
const parse = (text: string): bigint => BigInt(`0x${text}`)

function record(result: Result, before: BigUint64Array): Recorded {
  const changed: [number, string][] = []
  result.state.forEach((word, k) => {
    if (word !== before[k]) changed.push([k, hex(word)])
  })
  const { signal, signalCode, signalAddress, pc, changes } = result
  const memory = changes.map(([at, word]): [number, string] => [at, hex(word)])
  return [signal, signalCode, hex(signalAddress), hex(pc), changed, memory]
}

function restore(
  [signal, signalCode, address, pc, changed, memory]: Recorded,
  before: BigUint64Array,
): Result {
  const state = before.slice()
  for (const [k, word] of changed) state[k] = parse(word)
  return {
    signal,
    signalCode,
    signalAddress: parse(address),
    pc: parse(pc),
    state,
    changes: memory.map(([at, word]) => [at, parse(word)]),
  }
}

/** The recorded results of a mode, by row. */
export class Vectors {
  private readonly mode: PpcMode
  private readonly rows: Record<string, { checksum: string; results: Recorded[][] }> = {}

  constructor(mode: PpcMode) {
    this.mode = mode
  }

  static read(mode: PpcMode): Vectors {
    const vectors = new Vectors(mode)
    if (existsSync(fileOf(mode)))
      Object.assign(vectors.rows, JSON.parse(gunzipSync(readFileSync(fileOf(mode))).toString()))
    return vectors
  }

  write(): void {
    writeFileSync(fileOf(this.mode), gzipSync(JSON.stringify(this.rows), { level: 9 }))
  }

  add(key: string, cases: Cases, results: readonly (readonly Result[])[]): void {
    const recorded = results.map((batch, n) =>
      batch.map((result, k) => record(result, cases.batches[n]!.states[k]!)),
    )
    this.rows[key] = { checksum: checksum(cases), results: recorded }
  }

  /** The recorded results; null when there are none, or of other cases than these. */
  get(key: string, cases: Cases): Result[][] | null {
    const found = this.rows[key]
    if (!found || found.checksum !== checksum(cases)) return null
    return found.results.map((batch, n) =>
      batch.map((result, k) => restore(result, cases.batches[n]!.states[k]!)),
    )
  }
}

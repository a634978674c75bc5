/**
 * Recorded results of the CPU, so that the rows are also tested on hosts that have no such CPU: a few states a row.
 * Only results are stored; the cases are made again from the seed, and a checksum says whether they are the same.
 */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { FX_AT, RESULT_BYTES, STATE_BYTES } from './layout.ts'
import type { Batch, Result } from './native.ts'
import { parseResults } from './native.ts'
import type { Cases } from './rows.ts'
import { SELECTORS_END } from './segments.ts'

export const VECTOR_SEED = 20261
export const VECTOR_STATES = 8
const FILE = new URL('./vectors/x86.bin.gz', import.meta.url)
const CHECKSUM_BYTES = 8

function checksum(batches: readonly Batch[]): Uint8Array {
  const hash = createHash('sha256')
  for (const batch of batches) {
    hash.update(Uint8Array.from(batch.code)).update(batch.data)
    for (const state of batch.states) hash.update(state)
  }
  return hash.digest().subarray(0, CHECKSUM_BYTES)
}

/** A result as the difference from its state, which compresses well; also what the FXSAVE area leaves undefined goes. */
function xorStates(results: Uint8Array, cases: Cases): Uint8Array {
  const out = results.slice()
  const view = new DataView(out.buffer)
  let at = 0
  for (const batch of cases.batches)
    for (const state of batch.states) {
      for (let k = 0; k < STATE_BYTES; k++) out[at + 24 + k]! ^= state[k]!
      out.fill(0, at + 24 + FX_AT + 6, at + 24 + FX_AT + 24)
      out.fill(0, at + 24 + FX_AT + 28, at + 24 + FX_AT + 32)
      out.fill(0, at + 24 + SELECTORS_END, at + 24 + STATE_BYTES)
      at += RESULT_BYTES + 16 * view.getUint32(at + RESULT_BYTES - 8, true)
    }
  return out
}

export class VectorFile {
  private readonly parts = new Map<string, Uint8Array>()

  /** The recorded file, if there is one. */
  static read(): VectorFile | null {
    if (!existsSync(FILE)) return null
    const file = new VectorFile()
    const bytes = gunzipSync(readFileSync(FILE))
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    for (let at = 0; at < bytes.length; ) {
      const keyBytes = view.getUint16(at, true)
      const length = view.getUint32(at + 2, true)
      const key = Buffer.from(bytes.subarray(at + 6, at + 6 + keyBytes)).toString()
      file.parts.set(key, bytes.subarray(at + 6 + keyBytes, at + 6 + keyBytes + length))
      at += 6 + keyBytes + length
    }
    return file
  }

  write(): void {
    const parts: Uint8Array[] = []
    for (const [key, value] of this.parts) {
      const header = new Uint8Array(6)
      const name = Buffer.from(key)
      new DataView(header.buffer).setUint16(0, name.length, true)
      new DataView(header.buffer).setUint32(2, value.length, true)
      parts.push(header, name, value)
    }
    writeFileSync(FILE, gzipSync(Buffer.concat(parts), { level: 9 }))
  }

  add(key: string, cases: Cases, results: Uint8Array): void {
    this.parts.set(key, Buffer.concat([checksum(cases.batches), xorStates(results, cases)]))
  }

  /** The recorded results; null when there are none, or of other cases than these. */
  get(key: string, cases: Cases): Result[][] | null {
    const part = this.parts.get(key)
    if (!part || !Buffer.from(part.subarray(0, CHECKSUM_BYTES)).equals(checksum(cases.batches))) return null
    const results = xorStates(Uint8Array.from(part.subarray(CHECKSUM_BYTES)), cases)
    return parseResults(
      results,
      cases.batches.map((batch) => batch.states.length),
    )
  }
}

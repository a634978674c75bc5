/** Runs cases on the host's CPU through native/runner.c, where the host is x86-64 and has a C compiler. */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Mode } from '../../emu/guest/x86/row.ts'
import { RESULT_BYTES, STATE_BYTES } from './layout.ts'

/** One encoding (or block) and the states it is run from. */
export interface Batch {
  readonly mode: Mode
  readonly address: number
  readonly code: readonly number[]
  readonly data: Uint8Array
  readonly states: readonly Uint8Array[]
}

/** What a case left behind. */
export interface Result {
  readonly signal: number
  readonly signalCode: number
  readonly signalAddress: bigint
  readonly rip: bigint
  /** Registers, flags and fxsave area, as in a state. */
  readonly state: Uint8Array
  /** Changed words of the data page: offset and value. */
  readonly changes: readonly (readonly [number, bigint])[]
}

const SOURCE = new URL('./native/runner.c', import.meta.url).pathname

/** The compiled runner, or why there is none. */
export function nativeRunner(): { path: string } | { missing: string } {
  if (process.arch !== 'x64' || process.platform !== 'linux')
    return { missing: `host is ${process.platform}/${process.arch}` }
  const hash = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 16)
  const folder = join(process.env.UMWELT_CACHE ?? join(tmpdir(), 'umwelt-isa'), hash)
  const path = join(folder, 'runner')
  if (existsSync(path)) return { path }
  mkdirSync(folder, { recursive: true })
  const made = `${path}.${process.pid}`
  const compiled = spawnSync('gcc', ['-O2', '-fno-stack-protector', '-o', made, SOURCE], { encoding: 'utf8' })
  if (compiled.status !== 0)
    return { missing: `gcc: ${compiled.error?.message ?? compiled.stderr.split('\n')[0]}` }
  renameSync(made, path)
  return { path }
}

function input(batches: readonly Batch[]): Buffer {
  const parts: Uint8Array[] = []
  for (const batch of batches) {
    const header = new Uint32Array([batch.address, batch.code.length, batch.states.length, batch.mode])
    parts.push(new Uint8Array(header.buffer), Uint8Array.from(batch.code), batch.data, ...batch.states)
  }
  return Buffer.concat(parts)
}

/** Reads results of `counts[b]` states for each batch. */
export function parseResults(bytes: Uint8Array, counts: readonly number[]): Result[][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  return counts.map((count) =>
    Array.from({ length: count }, () => {
      if (at + RESULT_BYTES > bytes.length) throw new Error('the native runner ended early')
      const words = view.getUint32(at + RESULT_BYTES - 8, true)
      const changes: [number, bigint][] = []
      for (let w = 0, p = at + RESULT_BYTES; w < words; w++, p += 16)
        changes.push([Number(view.getBigUint64(p, true)), view.getBigUint64(p + 8, true)])
      const result: Result = {
        signal: view.getUint32(at, true),
        signalCode: view.getInt32(at + 4, true),
        signalAddress: view.getBigUint64(at + 8, true),
        rip: view.getBigUint64(at + 16, true),
        state: bytes.subarray(at + 24, at + 24 + STATE_BYTES),
        changes,
      }
      at += RESULT_BYTES + 16 * words
      return result
    }),
  )
}

/** The results of each batch's states, as bytes (for recording). */
export function runNativeBytes(path: string, batches: readonly Batch[]): Buffer {
  const ran = spawnSync(path, { input: input(batches), maxBuffer: 1 << 30, timeout: 60_000 })
  if (ran.status !== 0)
    throw new Error(`the native runner failed: ${ran.error?.message ?? `${ran.status} ${ran.signal}`}`)
  return ran.stdout
}

export function runNative(path: string, batches: readonly Batch[]): Result[][] {
  return parseResults(
    runNativeBytes(path, batches),
    batches.map((batch) => batch.states.length),
  )
}

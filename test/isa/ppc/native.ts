/** Runs cases under qemu-user through native/runner.c, where it and a cross compiler are installed. */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PpcMode, RESULT_BYTES, STATE_BYTES } from './layout.ts'

/** One encoding (or block) and the states it is run from, as doublewords. */
export interface Batch {
  readonly address: number
  readonly code: readonly number[]
  readonly data: Uint8Array
  readonly states: readonly BigUint64Array[]
}

/** What a case left behind. */
export interface Result {
  readonly signal: number
  readonly signalCode: number
  readonly signalAddress: bigint
  readonly pc: bigint
  readonly state: BigUint64Array
  /** Changed words of the data page: offset and value, as the guest reads them. */
  readonly changes: readonly (readonly [number, bigint])[]
}

const FOLDER = new URL('./native', import.meta.url).pathname
const SOURCES = ['runner.c', 'enter.S'].map((name) => join(FOLDER, name))

/** The compiled runner of a mode, or why there is none. */
export function nativeRunner(mode: PpcMode): { path: string } | { missing: string } {
  if (spawnSync(mode.qemu, ['--version']).status !== 0) return { missing: `${mode.qemu} is not installed` }
  const hash = createHash('sha256')
  for (const source of SOURCES) hash.update(readFileSync(source))
  const name = hash.digest('hex').slice(0, 16)
  const folder = join(process.env.UMWELT_CACHE ?? join(tmpdir(), 'umwelt-isa'), name)
  const path = join(folder, `runner-${mode.name}`)
  if (existsSync(path)) return { path }
  mkdirSync(folder, { recursive: true })
  const made = `${path}.${process.pid}`
  const flags = ['-O1', '-static', '-fno-tree-vectorize', '-fno-stack-protector', ...mode.flags]
  const compiled = spawnSync(mode.compiler, [...flags, '-o', made, ...SOURCES], { encoding: 'utf8' })
  if (compiled.status !== 0)
    return { missing: `${mode.compiler}: ${compiled.error?.message ?? compiled.stderr.split('\n')[0]}` }
  renameSync(made, path)
  return { path }
}

function input(mode: PpcMode, batches: readonly Batch[]): Buffer {
  const parts: Uint8Array[] = []
  for (const batch of batches) {
    const header = new Uint8Array(16)
    const view = new DataView(header.buffer)
    ;[batch.address, batch.code.length * 4, batch.states.length, 0].forEach((word, k) => {
      view.setUint32(4 * k, word, mode.isLittle)
    })
    parts.push(header, codeBytes(mode, batch.code), batch.data)
    for (const state of batch.states) {
      const bytes = new Uint8Array(STATE_BYTES)
      const out = new DataView(bytes.buffer)
      state.forEach((word, k) => {
        out.setBigUint64(8 * k, word, mode.isLittle)
      })
      parts.push(bytes)
    }
  }
  return Buffer.concat(parts)
}

/** Instruction words as the mode has them in memory. */
export function codeBytes({ isLittle }: PpcMode, words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  const view = new DataView(bytes.buffer)
  words.forEach((word, k) => {
    view.setUint32(4 * k, word, isLittle)
  })
  return bytes
}

/** Reads results of `counts[b]` states for each batch. */
export function parseResults(
  { isLittle }: PpcMode,
  bytes: Uint8Array,
  counts: readonly number[],
): Result[][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  return counts.map((count) =>
    Array.from({ length: count }, () => {
      if (at + RESULT_BYTES > bytes.length) throw new Error('the runner ended early')
      const words = view.getUint32(at + RESULT_BYTES - 8, isLittle)
      const changes: [number, bigint][] = []
      for (let w = 0, p = at + RESULT_BYTES; w < words; w++, p += 16)
        changes.push([Number(view.getBigUint64(p, isLittle)), view.getBigUint64(p + 8, isLittle)])
      const state = new BigUint64Array(STATE_BYTES / 8)
      for (let k = 0; k < state.length; k++) state[k] = view.getBigUint64(at + 24 + 8 * k, isLittle)
      const result: Result = {
        signal: view.getUint32(at, isLittle),
        signalCode: view.getInt32(at + 4, isLittle),
        signalAddress: view.getBigUint64(at + 8, isLittle),
        pc: view.getBigUint64(at + 16, isLittle),
        state,
        changes,
      }
      at += RESULT_BYTES + 16 * words
      return result
    }),
  )
}

/** The results of each batch's states, as bytes (for recording). */
export function runNativeBytes(mode: PpcMode, path: string, batches: readonly Batch[]): Buffer {
  const ran = spawnSync(mode.qemu, ['-cpu', mode.cpu, path], {
    input: input(mode, batches),
    maxBuffer: 1 << 30,
    timeout: 30_000,
  })
  if (ran.status !== 0)
    throw new Error(
      `${mode.qemu} failed: ${ran.error?.message ?? `${ran.status} ${ran.signal} ${ran.stderr}`}`,
    )
  return ran.stdout
}

export function runNative(mode: PpcMode, path: string, batches: readonly Batch[]): Result[][] {
  const bytes = runNativeBytes(mode, path, batches)
  return parseResults(
    mode,
    bytes,
    batches.map((batch) => batch.states.length),
  )
}

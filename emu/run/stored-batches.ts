/**
 * Batches as bytes, so that the next run of a program begins with what this one translated. A WebAssembly.Module cannot
 * be stored portably; its bytes can, with the guest bytes they were made from, which are compared before any use.
 * Path: code-cache.ts writes and reads; the host's TranslationStore keeps the bytes by program.
 *
 * A record: length and checksum of the rest; counts; entries, ranges, return points, side exits; guest bytes; module.
 */

import { GuestImage } from './guest-image.ts'

/** Where translations are kept between runs, by a program's key. What it gives back may be damaged or old. */
export interface TranslationStore {
  load(program: string): Uint8Array | null
  append(program: string, records: readonly Uint8Array[]): void
}

/** A module and the guest bytes it was made from. */
export class Batch {
  /** Entry pc of each region, in table order. */
  readonly entries: readonly number[]
  readonly image: GuestImage
  /** Where calls in it come back to, and where it leaves for code that had not run. */
  readonly returnPoints: readonly number[]
  readonly sideExits: readonly number[]
  readonly wasm: Uint8Array
  private compiled: WebAssembly.Module | null = null

  constructor(parts: Omit<Batch, 'module'>) {
    this.entries = parts.entries
    this.image = parts.image
    this.returnPoints = parts.returnPoints
    this.sideExits = parts.sideExits
    this.wasm = parts.wasm
  }

  /** Compiled when it is first wanted. Throws CompileError for bytes that were damaged. */
  get module(): WebAssembly.Module {
    this.compiled ??= new WebAssembly.Module(this.wasm as Uint8Array<ArrayBuffer>)
    return this.compiled
  }
}

const HEADER_WORDS = 7
const align = (size: number): number => (size + 3) & ~3

/** FNV-1a over words. */
function checksum(words: Uint32Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193)
  return hash >>> 0
}

export function encodeBatch(batch: Batch): Uint8Array {
  const { entries, returnPoints, sideExits, image, wasm } = batch
  const { ranges, bytes } = image
  const lists = [entries, ranges, returnPoints, sideExits]
  const words = HEADER_WORDS + lists.reduce((sum, list) => sum + list.length, 0)
  const guestSize = align(image.sizeBytes)
  const record = new Uint8Array(words * 4 + guestSize + align(wasm.length))
  const header = new Uint32Array(record.buffer)
  header.set([record.length, 0, ...lists.map((list) => list.length), wasm.length])
  let at = HEADER_WORDS
  for (const list of lists) {
    header.set(list, at)
    at += list.length
  }
  let to = words * 4
  for (const part of bytes) {
    record.set(part, to)
    to += part.length
  }
  record.set(wasm, words * 4 + guestSize)
  header[1] = checksum(header.subarray(2))
  return record
}

/** The batches in stored bytes, up to the first record that is damaged. */
export function decodeBatches(stored: Uint8Array): Batch[] {
  const batches: Batch[] = []
  const bytes = stored.byteOffset % 4 === 0 ? stored : stored.slice()
  for (let at = 0; at + HEADER_WORDS * 4 <= bytes.length; ) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, (bytes.length - at) >> 2)
    const length = words[0]!
    if (length % 4 !== 0 || length < HEADER_WORDS * 4 || at + length > bytes.length) break
    const record = words.subarray(0, length >> 2)
    const batch = record[1] === checksum(record.subarray(2)) ? decodeBatch(record) : null
    if (!batch) break
    batches.push(batch)
    at += length
  }
  return batches
}

function decodeBatch(record: Uint32Array): Batch | null {
  const counts = record.subarray(2, 6)
  const wasmSize = record[6]!
  let at = HEADER_WORDS
  const lists: number[][] = []
  for (const count of counts) {
    if (at + count > record.length) return null
    lists.push([...record.subarray(at, at + count)])
    at += count
  }
  const [entries, ranges, returnPoints, sideExits] = lists as [number[], number[], number[], number[]]
  const rest = new Uint8Array(record.buffer, record.byteOffset + at * 4, (record.length - at) * 4)
  const image = GuestImage.of(ranges, rest)
  if (!image || entries.length === 0) return null
  const guestSize = align(image.sizeBytes)
  if (guestSize + align(wasmSize) !== rest.length) return null
  const wasm = rest.subarray(guestSize, guestSize + wasmSize)
  return new Batch({ entries, image, returnPoints, sideExits, wasm })
}

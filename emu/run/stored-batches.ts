/**
 * Batches as bytes, so that the next run of a program begins with what this one translated. A WebAssembly.Module cannot
 * be stored portably; what it is linked from can, with the guest bytes it was made from, which are compared before any use.
 * Path: code-cache.ts writes and reads; the host's TranslationStore keeps the bytes by program.
 *
 * A record: length and checksum of the rest; counts; the lists of words; guest bytes; code.
 */

import type { CodeObject } from '../wasm/object.ts'
import { GuestImage } from './guest-image.ts'

/** Where translations are kept between runs, by a program's key. What it gives back may be damaged or old. */
export interface TranslationStore {
  load(program: string): Uint8Array | null
  append(program: string, records: readonly Uint8Array[]): void
}

/** The code of some regions and the guest bytes it was made from. */
export class Batch {
  /** Entry pc of each region, in the object's order. */
  readonly entries: Uint32Array
  readonly image: GuestImage
  /** Where calls in it come back to, and where it leaves for code that had not run. */
  readonly returnPoints: Uint32Array
  readonly sideExits: Uint32Array
  readonly object: CodeObject
  /** The module it is in, once it has run; the newest, when there are several. */
  linked: LinkedBatches | null = null
  /** The one that was kept next. */
  next: Batch | null = null

  constructor(parts: Omit<Batch, 'linked' | 'next'>) {
    this.entries = parts.entries
    this.image = parts.image
    this.returnPoints = parts.returnPoints
    this.sideExits = parts.sideExits
    this.object = parts.object
  }
}

/** Batches that share a module. */
export class LinkedBatches {
  readonly module: WebAssembly.Module
  readonly regionCount: number
  /** Of the objects. */
  readonly codeSize: number
  private readonly offsets = new Map<Batch, number>()

  /** `wasm` is the module of the batches in their order. */
  constructor(batches: readonly Batch[], codeSize: number, wasm: Uint8Array) {
    this.module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>)
    let count = 0
    for (const batch of batches) {
      this.offsets.set(batch, count)
      count += batch.entries.length
      batch.linked = this
    }
    this.regionCount = count
    this.codeSize = codeSize
  }

  /** The place of a batch's first region among the module's. */
  offsetOf(batch: Batch): number {
    return this.offsets.get(batch)!
  }
}

/** Length, checksum, the counts of six lists, sizes of guest bytes and code. */
const HEADER_WORDS = 10
const LISTS = 6
const align = (size: number): number => Math.ceil(size / 4) * 4

/** FNV-1a over words. */
function checksum(words: Uint32Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193)
  return hash >>> 0
}

export function encodeBatch(batch: Batch): Uint8Array {
  const { entries, returnPoints, sideExits, image, object } = batch
  const lists = [
    entries,
    Uint32Array.from(image.ranges),
    returnPoints,
    sideExits,
    object.relocations,
    object.exits,
  ]
  const words = HEADER_WORDS + lists.reduce((sum, list) => sum + list.length, 0)
  const guestSize = image.sizeBytes
  const record = new Uint8Array(words * 4 + align(guestSize) + align(object.code.length))
  const header = new Uint32Array(record.buffer)
  header.set([record.length, 0, ...lists.map((list) => list.length), guestSize, object.code.length])
  let at = HEADER_WORDS
  for (const list of lists) {
    header.set(list, at)
    at += list.length
  }
  let to = words * 4
  for (const part of image.bytes) {
    record.set(part, to)
    to += part.length
  }
  record.set(object.code, words * 4 + align(guestSize))
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
  let at = HEADER_WORDS
  const lists = Array.from(record.subarray(2, 2 + LISTS), (count) => {
    const list = record.subarray(at, at + count)
    at += count
    return list
  })
  const guestSize = record[2 + LISTS]!
  const codeSize = record[3 + LISTS]!
  if (at * 4 + align(guestSize) + align(codeSize) !== record.byteLength) return null
  const rest = new Uint8Array(record.buffer, record.byteOffset + at * 4, record.byteLength - at * 4)
  const [entries, ranges, returnPoints, sideExits, relocations, exits] = lists as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  const image = GuestImage.of([...ranges], rest.subarray(0, guestSize))
  if (!image || entries.length === 0) return null
  const code = rest.subarray(align(guestSize), align(guestSize) + codeSize)
  const object = { code, regionCount: entries.length, relocations, exits }
  return new Batch({ entries, image, returnPoints, sideExits, object })
}

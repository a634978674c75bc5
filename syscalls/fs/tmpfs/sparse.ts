/**
 * The contents of a tmpfs file: pages that are there and holes between them. A page is allocated by the first write
 * to it or by fallocate(2); only written pages are data to SEEK_DATA.
 * Path: tmpfs.ts → here. Bytes lie in chunks of 64 KiB, made when first written; each knows its pages by two masks.
 * Invariant: what a chunk holds outside of its data pages, and behind the end of the file, is zero.
 */

import { copyBytes } from '../../abi/bytes.ts'

export const PAGE = 4096
const PAGES_PER_CHUNK = 16
const CHUNK_SIZE = PAGE * PAGES_PER_CHUNK
/** A chunk starts small and doubles, so that little files stay little. */
const CHUNK_SIZE_MIN = 512
const ALL_PAGES = (1 << PAGES_PER_CHUNK) - 1

/** Who says whether there is room: the file system counts pages, the machine the bytes of its own memory. */
export interface Room {
  takePages(count: number): boolean
  takeBytes(count: number): boolean
  givePages(count: number): void
  giveBytes(count: number): void
}

interface Chunk {
  bytes: Uint8Array
  /** Pages that are accounted for. */
  allocated: number
  /** Those that were written. */
  written: number
}

const NO_BYTES = new Uint8Array(0)

function bitCount(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

/** The pages of a chunk that [from, to) touches. */
const pagesIn = (from: number, to: number): number =>
  ((1 << Math.ceil(to / PAGE)) - 1) & ~((1 << Math.floor(from / PAGE)) - 1)

export class SparseBytes {
  private readonly room: Room
  private readonly chunks = new Map<number, Chunk>()
  pageCount = 0

  constructor(room: Room) {
    this.room = room
  }

  /** Copies `count` bytes out; holes are zero. */
  read(pos: number, bytes: Uint8Array, at: number, count: number): void {
    for (let done = 0; done < count; ) {
      const from = (pos + done) % CHUNK_SIZE
      const part = Math.min(count - done, CHUNK_SIZE - from)
      const chunk = this.chunks.get(Math.floor((pos + done) / CHUNK_SIZE))
      const stored = chunk ? Math.max(0, Math.min(part, chunk.bytes.length - from)) : 0
      if (stored > 0) copyBytes(bytes, at + done, chunk!.bytes, from, stored)
      if (stored < part) bytes.fill(0, at + done + stored, at + done + part)
      done += part
    }
  }

  /** How many of `count` bytes found room. */
  write(pos: number, bytes: Uint8Array, at: number, count: number): number {
    let done = 0
    while (done < count) {
      const to = (pos + done) % CHUNK_SIZE
      const wanted = Math.min(count - done, CHUNK_SIZE - to)
      const chunk = this.chunkOf(Math.floor((pos + done) / CHUNK_SIZE))
      const part = this.makeRoom(chunk, to, wanted)
      if (part > 0) copyBytes(chunk.bytes, to, bytes, at + done, part)
      done += part
      if (part < wanted) break
    }
    return done
  }

  private chunkOf(number: number): Chunk {
    let chunk = this.chunks.get(number)
    if (!chunk) this.chunks.set(number, (chunk = { bytes: NO_BYTES, allocated: 0, written: 0 }))
    return chunk
  }

  /** Allocates the pages of [from, from + count) for writing; how many bytes of it may be written. */
  private makeRoom(chunk: Chunk, from: number, count: number): number {
    let end = from + count
    if (!this.takePages(chunk, pagesIn(from, end))) {
      // Page by page as far as it goes.
      for (end = from; end < from + count; end = Math.min(from + count, (Math.floor(end / PAGE) + 1) * PAGE))
        if (!this.takePages(chunk, 1 << Math.floor(end / PAGE))) break
      if (end === from) return 0
    }
    if (!this.growBytes(chunk, end)) return 0
    chunk.written |= pagesIn(from, end)
    return end - from
  }

  private takePages(chunk: Chunk, wanted: number): boolean {
    const fresh = wanted & ~chunk.allocated
    if (fresh === 0) return true
    const count = bitCount(fresh)
    if (!this.room.takePages(count)) return false
    chunk.allocated |= fresh
    this.pageCount += count
    return true
  }

  private growBytes(chunk: Chunk, end: number): boolean {
    const old = chunk.bytes
    if (old.length >= end) return true
    let size = CHUNK_SIZE_MIN
    while (size < end) size *= 2
    if (!this.room.takeBytes(size - old.length)) return false
    chunk.bytes = new Uint8Array(size)
    chunk.bytes.set(old)
    return true
  }

  /** fallocate(2): pages for [from, to); false, and nothing changed, when there is no room. */
  allocate(from: number, to: number): boolean {
    const made: [Chunk, number][] = []
    for (let pos = from; pos < to; ) {
      const start = pos % CHUNK_SIZE
      const end = Math.min(CHUNK_SIZE, start + (to - pos))
      const chunk = this.chunkOf(Math.floor(pos / CHUNK_SIZE))
      const fresh = pagesIn(start, end) & ~chunk.allocated
      if (!this.takePages(chunk, fresh)) {
        for (const [other, pages] of made) this.freePages(other, pages)
        return false
      }
      made.push([chunk, fresh])
      pos += end - start
    }
    return true
  }

  private freePages(chunk: Chunk, pages: number): void {
    const gone = chunk.allocated & pages
    chunk.allocated &= ~pages
    chunk.written &= ~pages
    const count = bitCount(gone)
    this.pageCount -= count
    this.room.givePages(count)
  }

  private dropChunk(number: number, chunk: Chunk): void {
    this.freePages(chunk, ALL_PAGES)
    this.room.giveBytes(chunk.bytes.length)
    this.chunks.delete(number)
  }

  /** Makes [from, to) a hole; what of it are parts of pages becomes zero. `to` may be Infinity. */
  punch(from: number, to: number): void {
    for (const [number, chunk] of this.chunks) {
      const base = number * CHUNK_SIZE
      const start = Math.max(0, from - base)
      const end = Math.min(CHUNK_SIZE, to - base)
      if (start >= end) continue
      if (start === 0 && end === CHUNK_SIZE) this.dropChunk(number, chunk)
      else {
        chunk.bytes.fill(0, Math.min(start, chunk.bytes.length), Math.min(end, chunk.bytes.length))
        const first = Math.ceil(start / PAGE) * PAGE
        const last = Math.floor(end / PAGE) * PAGE
        if (first < last) this.freePages(chunk, pagesIn(first, last))
      }
    }
  }

  /** Everything goes. */
  clear(): void {
    for (const [number, chunk] of this.chunks) this.dropChunk(number, chunk)
  }

  /** The first byte at or behind `pos` that is data (or, without `data`, in a hole); `size` when there is none. */
  find(pos: number, size: number, data: boolean): number {
    let at = pos
    while (at < size) {
      const number = Math.floor(at / CHUNK_SIZE)
      const chunk = this.chunks.get(number)
      if (!chunk && data) {
        // A long hole is one step: the next chunk there is.
        let next = Infinity
        for (const other of this.chunks.keys()) if (other > number && other < next) next = other
        at = next * CHUNK_SIZE
        continue
      }
      const page = Math.floor((at % CHUNK_SIZE) / PAGE)
      const isData = chunk !== undefined && (chunk.written & (1 << page)) !== 0
      if (isData === data) return at
      at = (Math.floor(at / PAGE) + 1) * PAGE
    }
    return size
  }
}

/**
 * Bytes that are somewhere else and come when they are asked for: a file behind HTTP range requests, a Blob.
 * Path: src/images.ts makes one; SourceInode is the archive that tarfs reads. Pieces are kept, so that what lies next to
 * each other is asked for once.
 */

import { S_IFREG } from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import { FileSystem, Inode, type StatFs } from '../../vfs/inode.ts'

export interface ByteSource {
  readonly sizeBytes: number
  /** Fewer only at the end. Rejects when they cannot be had. */
  read(position: number, count: number): Promise<Uint8Array>
}

const PIECE_SIZE = 128 << 10
/** What is read from one end to the other is asked for in growing steps. */
const AHEAD_PIECES_MAX = 16

/** A source that remembers what it read, up to a limit; what was used longest ago goes first. */
export class KeptPieces {
  private readonly source: ByteSource
  private readonly countMax: number
  private readonly pieces = new Map<number, Uint8Array>()
  private readonly asked = new Map<number, Promise<void>>()
  /** The piece behind the last one that was asked for, and how many were. */
  private next = -1
  private ahead = 1

  constructor(source: ByteSource, keptBytesMax: number) {
    this.source = source
    this.countMax = Math.max(AHEAD_PIECES_MAX, Math.floor(keptBytesMax / PIECE_SIZE))
  }

  get sizeBytes(): number {
    return this.source.sizeBytes
  }

  /** Copies what is wanted if all of it is here; false when it must be loaded first. */
  take(position: number, bytes: Uint8Array, at: number, count: number): boolean {
    const first = Math.floor(position / PIECE_SIZE)
    const last = Math.floor((position + count - 1) / PIECE_SIZE)
    for (let i = first; i <= last; i++) if (!this.pieces.has(i)) return false
    for (let i = first; i <= last; i++) {
      const piece = this.touch(i)
      const from = Math.max(position, i * PIECE_SIZE)
      const to = Math.min(position + count, (i + 1) * PIECE_SIZE)
      bytes.set(piece.subarray(from - i * PIECE_SIZE, to - i * PIECE_SIZE), at + from - position)
    }
    return true
  }

  /** Reads a range, through what is kept. */
  async read(position: number, count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(count, this.sizeBytes - position)))
    // In portions, so that a long one does not push its own beginning out.
    for (let done = 0; done < bytes.length; ) {
      const from = position + done
      const portion = Math.min(bytes.length - done, AHEAD_PIECES_MAX * PIECE_SIZE - (from % PIECE_SIZE))
      await this.load(from, portion)
      if (this.take(from, bytes, done, portion)) done += portion
    }
    return bytes
  }

  private touch(index: number): Uint8Array {
    const piece = this.pieces.get(index)!
    this.pieces.delete(index)
    this.pieces.set(index, piece)
    return piece
  }

  private async load(position: number, count: number): Promise<void> {
    const first = Math.floor(position / PIECE_SIZE)
    const last = Math.floor((position + count - 1) / PIECE_SIZE)
    const waits: Promise<void>[] = []
    for (let i = first; i <= last; i++) {
      const asked = this.asked.get(i)
      if (asked) waits.push(asked)
      else if (!this.pieces.has(i)) waits.push(this.ask(i, last))
    }
    await Promise.all(waits)
  }

  /** One request for the absent pieces from `first` to `last`, and some more where reading goes straight on. */
  private ask(first: number, last: number): Promise<void> {
    this.ahead = first === this.next ? Math.min(AHEAD_PIECES_MAX, this.ahead * 2) : 1
    const limit = Math.min(
      Math.max(last + 1, first + this.ahead),
      first + AHEAD_PIECES_MAX,
      Math.ceil(this.sizeBytes / PIECE_SIZE),
    )
    let end = first + 1
    while (end < limit && !this.pieces.has(end) && !this.asked.has(end)) end++
    this.next = end
    const asking = this.fetch(first, end)
    for (let i = first; i < end; i++) this.asked.set(i, asking)
    return asking
  }

  private async fetch(first: number, end: number): Promise<void> {
    const position = first * PIECE_SIZE
    const count = Math.min(end * PIECE_SIZE, this.sizeBytes) - position
    try {
      const bytes = await this.source.read(position, count)
      if (bytes.length !== count) throw new Error(`${bytes.length} bytes came where ${count} were asked for`)
      for (let i = first; i < end; i++)
        this.pieces.set(i, bytes.subarray((i - first) * PIECE_SIZE, (i + 1 - first) * PIECE_SIZE))
      for (const oldest of this.pieces.keys()) {
        if (this.pieces.size <= this.countMax) break
        this.pieces.delete(oldest)
      }
    } finally {
      for (let i = first; i < end; i++) this.asked.delete(i)
    }
  }
}

class SourceFs extends FileSystem {
  readonly type: string = 'source'
  override readonly answersAtOnce = false
  readonly root: SourceInode

  constructor(pieces: KeptPieces) {
    super()
    this.readOnly = true
    this.root = new SourceInode(this, pieces)
  }

  statfs(): StatFs {
    return { type: 0, blockSize: 512, blocks: 0, blocksFree: 0, files: 1, filesFree: 0 }
  }
}

/** The bytes as a file, by itself: nothing leads to it but what is mounted of it. */
class SourceInode extends Inode {
  readonly fs: SourceFs
  private readonly pieces: KeptPieces

  constructor(fs: SourceFs, pieces: KeptPieces) {
    super(S_IFREG | 0o444)
    this.fs = fs
    this.pieces = pieces
    this.size = pieces.sizeBytes
  }

  override read(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    const size = Math.max(0, Math.min(count, this.size - pos))
    if (size === 0 || this.pieces.take(pos, bytes, at, size)) return size
    const piece = caller.settle(`read ${pos} ${size}`, () => this.pieces.read(pos, size))
    if (typeof piece === 'number') return piece
    bytes.set(piece, at)
    return size
  }
}

/** An inode whose contents are a source's. */
export const sourceInode = (source: ByteSource, keptBytesMax: number): Inode =>
  new SourceFs(new KeptPieces(source, keptBytesMax)).root

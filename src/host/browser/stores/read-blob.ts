/** A Blob of the browser's, read at once, which a Worker may. Path: opfs-store.ts and indexed-store.ts open them. */

import type { StoredBlob } from '../../../storage/blob-store.ts'

/** Small reads are made of pieces of this size, for each one asks another process. */
const PIECE_SIZE = 256 << 10

export class ReadBlob implements StoredBlob {
  readonly sizeBytes: number
  private readonly blob: Blob
  private readonly reader = new FileReaderSync()
  private piece = new Uint8Array(0)
  private pieceAt = 0

  constructor(blob: Blob) {
    this.blob = blob
    this.sizeBytes = blob.size
  }

  read(pos: number, bytes: Uint8Array, at: number, count: number): void {
    if (count === 0) return
    if (count >= PIECE_SIZE) {
      bytes.set(this.bytes(pos, count), at)
      return
    }
    if (pos < this.pieceAt || pos + count > this.pieceAt + this.piece.length) {
      this.piece = this.bytes(pos, Math.min(PIECE_SIZE, this.sizeBytes - pos))
      this.pieceAt = pos
    }
    bytes.set(this.piece.subarray(pos - this.pieceAt, pos - this.pieceAt + count), at)
  }

  private bytes(pos: number, count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.reader.readAsArrayBuffer(this.blob.slice(pos, pos + count)))
    if (bytes.length !== count) throw new Error('the stored bytes are not all there')
    return bytes
  }
}

/** A BlobStore in memory, which can be full, and can be cut off after any number of steps as a closed tab is. */

import type { BlobStore, BlobWriter, StoredBlob } from '../../../src/storage/blob-store.ts'

/** Thrown at the step where the tab was closed: whoever catches it can do nothing more. */
export class TabClosedError extends Error {}

export class MemoryStore implements BlobStore {
  readonly files = new Map<string, number[]>()
  /** Bytes of all blobs before QuotaExceededError. */
  quota = Infinity
  /** Steps that are still taken. */
  stepsLeft = Infinity
  /** Bytes ever written. */
  written = 0

  get sizeBytes(): number {
    return [...this.files.values()].reduce((sum, { length }) => sum + length, 0)
  }

  private step(): void {
    if (this.stepsLeft-- <= 0) throw new TabClosedError()
  }

  async list(): Promise<string[]> {
    this.step()
    return [...this.files.keys()]
  }

  async open(name: string): Promise<StoredBlob> {
    this.step()
    const file = this.files.get(name)
    if (!file) throw new Error(`there is no ${name}`)
    return {
      sizeBytes: file.length,
      read: (pos, bytes, at, count) => {
        if (this.files.get(name) !== file || pos + count > file.length) throw new Error(`${name} is gone`)
        for (let i = 0; i < count; i++) bytes[at + i] = file[pos + i]!
      },
    }
  }

  async create(name: string): Promise<BlobWriter> {
    this.step()
    const file: number[] = []
    this.files.set(name, file)
    return {
      get sizeBytes() {
        return file.length
      },
      write: (bytes) => {
        this.step()
        if (this.sizeBytes + bytes.length > this.quota)
          throw Object.assign(new Error('full'), { name: 'QuotaExceededError' })
        for (const byte of bytes) file.push(byte)
        this.written += bytes.length
      },
      close: async () => this.step(),
      abandon: () => this.delete(name),
    }
  }

  async delete(name: string): Promise<void> {
    this.step()
    this.files.delete(name)
  }
}

/** Blobs in IndexedDB, where there is no other file system. Path: open-store.ts. */

import { createStore, del, get, keys, set } from 'idb-keyval'
import type { BlobStore, BlobWriter, StoredBlob } from '../../../storage/blob-store.ts'
import { ReadBlob } from './read-blob.ts'

export class IndexedStore implements BlobStore {
  private readonly prefix: string
  private readonly database = createStore('umwelt', 'blobs')

  /** Null where there is none. */
  static async open(path: readonly string[]): Promise<IndexedStore | null> {
    try {
      const store = new IndexedStore(`${path.join('/')}/`)
      await store.list()
      return store
    } catch {
      return null
    }
  }

  private constructor(prefix: string) {
    this.prefix = prefix
  }

  async list(): Promise<string[]> {
    const all = await keys<string>(this.database)
    return all.filter((key) => key.startsWith(this.prefix)).map((key) => key.slice(this.prefix.length))
  }

  async open(name: string): Promise<StoredBlob> {
    const blob = await get<Blob>(this.prefix + name, this.database)
    if (!blob) throw new Error(`there is no ${name}`)
    return new ReadBlob(blob)
  }

  async create(name: string): Promise<BlobWriter> {
    const pieces: Uint8Array<ArrayBuffer>[] = []
    return {
      sizeBytes: 0,
      write(bytes) {
        pieces.push(bytes.slice())
        ;(this as { sizeBytes: number }).sizeBytes += bytes.length
      },
      close: () => set(this.prefix + name, new Blob(pieces), this.database),
      abandon: () => this.delete(name),
    }
  }

  delete(name: string): Promise<void> {
    return del(this.prefix + name, this.database)
  }
}

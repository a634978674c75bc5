/**
 * Blobs as files of the origin private file system. Path: open-store.ts. https://fs.spec.whatwg.org
 * Files are written by synchronous access handles, which all browsers with this file system have in a Worker.
 */

import type { BlobStore, BlobWriter, StoredBlob } from '../../../storage/blob-store.ts'
import { ReadBlob } from './read-blob.ts'

export class OpfsStore implements BlobStore {
  private readonly folder: FileSystemDirectoryHandle

  /** Null where there is none: older browsers, private windows of some. */
  static async open(path: readonly string[]): Promise<OpfsStore | null> {
    if (typeof FileSystemFileHandle === 'undefined') return null
    if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return null
    try {
      let folder = await navigator.storage.getDirectory()
      for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true })
      return new OpfsStore(folder)
    } catch {
      return null
    }
  }

  private constructor(folder: FileSystemDirectoryHandle) {
    this.folder = folder
  }

  async list(): Promise<string[]> {
    const names: string[] = []
    for await (const name of this.folder.keys()) names.push(name)
    return names
  }

  async open(name: string): Promise<StoredBlob> {
    return new ReadBlob(await (await this.folder.getFileHandle(name)).getFile())
  }

  async create(name: string): Promise<BlobWriter> {
    const file = await this.folder.getFileHandle(name, { create: true })
    const handle = await file.createSyncAccessHandle()
    handle.truncate(0)
    return new OpfsWriter(handle, () => this.delete(name))
  }

  async delete(name: string): Promise<void> {
    await this.folder.removeEntry(name).catch((error: Error) => {
      if (error.name !== 'NotFoundError') throw error
    })
  }
}

class OpfsWriter implements BlobWriter {
  sizeBytes = 0
  private readonly handle: FileSystemSyncAccessHandle
  private readonly remove: () => Promise<void>

  constructor(handle: FileSystemSyncAccessHandle, remove: () => Promise<void>) {
    this.handle = handle
    this.remove = remove
  }

  write(bytes: Uint8Array): void {
    const done = this.handle.write(bytes as Uint8Array<ArrayBuffer>, { at: this.sizeBytes })
    if (done < bytes.length) throw new DOMException('no room', 'QuotaExceededError')
    this.sizeBytes += done
  }

  async close(): Promise<void> {
    this.handle.flush()
    this.handle.close()
  }

  async abandon(): Promise<void> {
    this.handle.close()
    await this.remove()
  }
}

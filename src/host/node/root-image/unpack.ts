/**
 * A tar archive, entry by entry: contents go one behind the other into one file, so that they can be read where they lie.
 * Path: import.ts calls this for archives and for layers of images.
 */

import { type FileHandle, open } from 'node:fs/promises'
import { createTarDecoder, type TarHeader } from 'modern-tar'
import { type FilePart, uncompressed } from './decompress.ts'

/** An entry of the archive; its contents, when it has any, lie at `offset` of the contents file. */
export interface ArchiveEntry {
  name: string
  type: string
  mode: number | undefined
  uid: number
  gid: number
  mtimeSec: number
  target: string | undefined
  offset: number
  sizeBytes: number
}

/** What is collected before it is written. */
const WRITE_SIZE = 4 << 20

/** Appends to a file. */
export class ContentsFile {
  private readonly handle: FileHandle
  private pending: Uint8Array[] = []
  private pendingBytes = 0
  sizeBytes = 0

  private constructor(handle: FileHandle) {
    this.handle = handle
  }

  /** Makes the file and closes it whatever `fill` does: a handle left to the garbage collector warns on the user's terminal. */
  static async fill<T>(path: string, fill: (contents: ContentsFile) => Promise<T>): Promise<T> {
    const handle = await open(path, 'w')
    try {
      const contents = new ContentsFile(handle)
      const result = await fill(contents)
      await contents.flush()
      return result
    } finally {
      await handle.close()
    }
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.pending.push(bytes)
    this.pendingBytes += bytes.length
    this.sizeBytes += bytes.length
    if (this.pendingBytes >= WRITE_SIZE) await this.flush()
  }

  private async flush(): Promise<void> {
    if (this.pendingBytes === 0) return
    const { bytesWritten } = await this.handle.writev(this.pending)
    if (bytesWritten < this.pendingBytes) throw new Error('there is no room in the cache folder')
    this.pending = []
    this.pendingBytes = 0
  }
}

/** Throws for what is no readable archive, or is cut off. */
export async function unpack(
  part: FilePart,
  contents: ContentsFile,
  progress: (doneBytes: number) => void,
): Promise<ArchiveEntry[]> {
  const entries: ArchiveEntry[] = []
  const decoder = createTarDecoder({ strict: true })
  const reading = uncompressed(part, progress).pipeTo(decoder.writable)
  // The error of the input is the one that says what is wrong; the decoder's follows from it.
  const failed = reading.then(() => null).catch((error: Error) => error)
  try {
    for await (const { header, body } of decoder.readable) {
      const offset = contents.sizeBytes
      for await (const chunk of body) await contents.append(chunk)
      const sizeBytes = contents.sizeBytes - offset
      if (header.type === 'file' && sizeBytes !== header.size)
        throw new Error(`${header.name} is cut off: ${sizeBytes} bytes of ${header.size}`)
      entries.push(entryOf(header, offset, sizeBytes))
    }
  } catch (error) {
    await decoder.readable.cancel().catch(() => {})
    throw (await failed) ?? error
  }
  const error = await failed
  if (error) throw error
  return entries
}

const entryOf = (header: TarHeader, offset: number, sizeBytes: number): ArchiveEntry => ({
  name: header.name,
  type: header.type ?? 'file',
  mode: header.mode,
  uid: header.uid ?? 0,
  gid: header.gid ?? 0,
  mtimeSec: Math.floor((header.mtime?.getTime() ?? 0) / 1000),
  target: header.linkname,
  offset,
  sizeBytes,
})

/**
 * A tar archive, entry by entry: contents go one behind the other into one file, so that they can be read where they lie.
 * Path: import.ts calls this for archives and for layers of images.
 */

import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract, type Headers } from 'tar-stream'
import { utf8 } from '../../../../syscalls/abi/bytes.ts'
import { type FilePart, uncompressed } from './decompress.ts'

/** An entry of the archive; its contents, when it has any, lie at `offset` of the contents file. */
export interface ArchiveEntry {
  /** Byte string, as the target is. */
  name: string
  /** tar-stream's word for it; empty for one it does not know. */
  type: string
  mode: number
  uid: number
  gid: number
  mtimeSec: number
  target: string | null
  /** Of a device. */
  major: number
  minor: number
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
  // Names are bytes, which latin1 keeps as they are.
  const archive = extract({ filenameEncoding: 'latin1' })
  const reading = pipeline(Readable.fromWeb(uncompressed(part, progress)), archive)
  // The error of the input is the one that says what is wrong; the archive's follows from it.
  const failed = reading.then(() => null).catch((error: Error) => error)
  try {
    for await (const body of archive) {
      const offset = contents.sizeBytes
      for await (const chunk of body) await contents.append(chunk as Uint8Array)
      entries.push(entryOf(body.header, offset, contents.sizeBytes - offset))
    }
  } catch (error) {
    throw (await failed) ?? error
  }
  const error = await failed
  if (error) throw error
  return entries
}

/** The library's types leave out the extended header. */
type Header = Headers & { pax?: Readonly<Record<string, string>> | null }

function entryOf(header: Header, offset: number, sizeBytes: number): ArchiveEntry {
  // What an extended header says is UTF-8, and was decoded as that.
  const { path, linkpath, uid, gid, mtime }: Readonly<Record<string, string>> = header.pax ?? {}
  return {
    name: path === undefined ? header.name : utf8(path),
    // No file system makes a difference.
    type: header.type === 'contiguous-file' ? 'file' : (header.type ?? ''),
    mode: whole(header.mode),
    uid: whole(uid ?? header.uid),
    gid: whole(gid ?? header.gid),
    mtimeSec: whole(mtime ?? (header.mtime?.getTime() ?? 0) / 1000),
    target: linkpath === undefined ? (header.linkname ?? null) : utf8(linkpath),
    major: whole(header.devmajor),
    minor: whole(header.devminor),
    offset,
    sizeBytes,
  }
}

/** A number of an archive, which may say anything; fractions are cut off, and what is none is 0. */
function whole(said: number | string | undefined): number {
  const number = Math.floor(Number(said))
  return Number.isSafeInteger(number) ? number : 0
}

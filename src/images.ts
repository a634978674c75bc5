/**
 * Root images that stay where they are: an uncompressed tar archive behind HTTP range requests, or a Blob. Its index is
 * read first, contents as programs ask for them.
 * Path: Machine.create opens what users name, before the machine is there → tarfs over a ByteSource.
 */

import { ERRNO_TEXT } from '../syscalls/abi/errno.ts'
import { CowFs } from '../syscalls/fs/cowfs/cowfs.ts'
import { type ByteSource, sourceInode } from '../syscalls/fs/tarfs/byte-source.ts'
import { readMembersLater, type TarMember } from '../syscalls/fs/tarfs/headers.ts'
import { parseIndex } from '../syscalls/fs/tarfs/index-file.ts'
import { TarFs } from '../syscalls/fs/tarfs/tarfs.ts'
import type { Kernel } from '../syscalls/kernel/kernel.ts'
import type { FileSystem } from '../syscalls/vfs/inode.ts'
import { StartError } from './errors.ts'

/** The name of an archive's index is the archive's with this behind it. */
export const INDEX_SUFFIX = '.index'
/** Contents that are kept in memory; what was used longest ago goes first. */
const KEPT_BYTES_MAX = 64 << 20
const ATTEMPTS = 4
const FIRST_PAUSE_MS = 250

/** `cow` keeps changes in the machine (unless said), `ro` refuses them. */
export interface ImageChoice {
  /**
   * Where an archive is that `umwelt index` has made an index for; the archive itself, gzipped or not; or any source of its
   * bytes.
   */
  readonly image: string | URL | Blob | Uint8Array | ByteSource
  readonly mode?: 'ro' | 'cow'
}

/** Who is told while an image is in use. */
export interface ImageListener {
  /** So many bytes were fetched so far. */
  progress(image: string, loadedBytes: number, sizeBytes: number): void
  problem(line: string): void
}

export const isImageChoice = (choice: unknown): choice is ImageChoice =>
  typeof choice === 'object' && choice !== null && 'image' in choice

/** Makes what makes the file system. Throws StartError: EIO, EINVAL. */
export async function openImage(
  { image, mode = 'cow' }: ImageChoice,
  listener: ImageListener,
): Promise<(kernel: Kernel) => FileSystem> {
  const name = nameOf(image)
  try {
    const { source, members } = await contentsOf(image, name, listener)
    return (kernel) => {
      const archive = new TarFs(sourceInode(source, KEPT_BYTES_MAX), members)
      return mode === 'cow' ? new CowFs(kernel.clock, archive) : archive
    }
  } catch (error) {
    if (error instanceof StartError) throw error
    throw new StartError('EIO', `image ${name}: ${(error as Error).message}`)
  }
}

const nameOf = (image: ImageChoice['image']): string =>
  typeof image === 'string' || image instanceof URL
    ? String(image)
    : ((image as { name?: string }).name ?? 'archive')

async function contentsOf(
  image: ImageChoice['image'],
  name: string,
  listener: ImageListener,
): Promise<{ source: ByteSource; members: readonly TarMember[] }> {
  if (typeof image === 'string' || image instanceof URL) {
    const { sizeBytes, members } = parseIndex(await indexOf(name))
    return { source: httpSource(name, sizeBytes, listener), members }
  }
  const source = 'read' in image ? image : blobSource(await unpacked(blobOf(image), 'it'))
  const members = await readMembersLater(source)
  if (typeof members === 'number')
    throw new StartError(ERRNO_TEXT.get(-members)![0], `image ${name}: it is no tar archive`)
  return { source, members }
}

/** What may be gzipped. Throws when it is damaged: what browsers say of that speaks of fetching. */
async function unpacked(blob: Blob, what: string): Promise<Blob> {
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer())
  if (first !== 0x1f || second !== 0x8b) return blob
  try {
    return await new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).blob()
  } catch {
    throw new Error(`${what} is a damaged gzip file`)
  }
}

const blobOf = (bytes: Blob | Uint8Array): Blob =>
  bytes instanceof Blob ? bytes : new Blob([bytes as Uint8Array<ArrayBuffer>])

const blobSource = (blob: Blob): ByteSource => ({
  sizeBytes: blob.size,
  read: async (position, count) => new Uint8Array(await blob.slice(position, position + count).arrayBuffer()),
})

/** What fails for the network's sake is tried again, and what was refused is not. */
async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures++)
    try {
      return await attempt()
    } catch (error) {
      if (failures === ATTEMPTS || error instanceof RefusedError) throw error
      await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** (failures - 1)))
    }
}

async function indexOf(url: string): Promise<string> {
  const response = await insist(() => fetch(url + INDEX_SUFFIX))
  if (!response.ok)
    throw new Error(
      `its index ${url}${INDEX_SUFFIX} cannot be had (HTTP ${response.status}); umwelt index makes one`,
    )
  // Some servers say of what ends so that it is an encoding, and then it came unpacked.
  return (await unpacked(await response.blob(), 'its index')).text()
}

/** Range requests. */
function httpSource(url: string, sizeBytes: number, listener: ImageListener): ByteSource {
  let loadedBytes = 0
  const get = async (position: number, count: number): Promise<Uint8Array> => {
    const response = await fetch(url, { headers: { Range: `bytes=${position}-${position + count - 1}` } })
    if (response.status !== 206) {
      await response.body?.cancel()
      const reason =
        response.status === 200 ? 'its server does not answer range requests' : `HTTP ${response.status}`
      throw new RefusedError(reason)
    }
    const total = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')?.[1]
    if (total !== undefined && Number(total) !== sizeBytes)
      throw new RefusedError(`it has ${total} bytes, and its index is of one with ${sizeBytes}`)
    return new Uint8Array(await response.arrayBuffer())
  }
  return {
    sizeBytes,
    async read(position, count) {
      try {
        const bytes = await insist(() => get(position, count))
        loadedBytes += bytes.length
        listener.progress(url, loadedBytes, sizeBytes)
        return bytes
      } catch (error) {
        listener.problem(`image ${url}: ${(error as Error).message}; what was read of it fails (EIO)`)
        throw error
      }
    },
  }
}

/** An answer that will not be another one the next time. */
class RefusedError extends Error {}

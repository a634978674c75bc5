/**
 * A tar archive in memory, gzipped or not, as a list of files: a root without a host's files. Contents stay where they
 * are in the archive until they change. Path: mounting.ts; fs/tarfs knows the format.
 */

import { makedev } from '../syscalls/abi/stat.ts'
import { readMembers, type TarMember } from '../syscalls/fs/tarfs/headers.ts'
import type { ImageEntry } from '../syscalls/fs/tmpfs/populate.ts'
import { StartError } from './errors.ts'

const TYPES: Readonly<Record<string, ImageEntry['type']>> = {
  '0': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
}

/** Rejects with StartError for what is no archive. */
export async function entriesOfTar(source: Uint8Array | Blob): Promise<ImageEntry[]> {
  const archive = await unpacked(source)
  const members = readMembers((position, count) => archive.subarray(position, position + count))
  if (typeof members === 'number') throw new StartError('EINVAL', 'the archive is no tar archive')
  return members.flatMap((member) => {
    const type = TYPES[member.type]
    return type === undefined ? [] : [entryOf(member, type, archive)]
  })
}

function entryOf(member: TarMember, type: ImageEntry['type'], archive: Uint8Array): ImageEntry {
  const { name, mode, uid, gid, mtimeSec, size, offset, link, major, minor } = member
  if (offset + (type === 'file' ? size : 0) > archive.length)
    throw new StartError('EINVAL', `the archive ends within ${name}`)
  const read = (pos: number, bytes: Uint8Array, at: number, count: number): void =>
    bytes.set(archive.subarray(offset + pos, offset + pos + count), at)
  return {
    name,
    type,
    mode,
    uid,
    gid,
    mtimeSec,
    target: link,
    rdev: makedev(major, minor),
    ...(type === 'file' && size > 0 ? { stored: { sizeBytes: size, read } } : {}),
  }
}

async function unpacked(source: Uint8Array | Blob): Promise<Uint8Array> {
  const blob = source instanceof Uint8Array ? new Blob([source as Uint8Array<ArrayBuffer>]) : source
  const [first, second] = new Uint8Array(await blob.slice(0, 2).arrayBuffer())
  if (first !== 0x1f || second !== 0x8b)
    return source instanceof Uint8Array ? source : new Uint8Array(await blob.arrayBuffer())
  try {
    return new Uint8Array(
      await new Response(blob.stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer(),
    )
  } catch (error) {
    throw new StartError('EINVAL', `the archive cannot be unpacked: ${(error as Error).message}`)
  }
}

/**
 * Fills a tmpfs from a list: the default root, tar archives, tests. Names are taken apart here and never leave the
 * tree: "..", empty parts and a leading "/" are dropped, and no symlink is followed.
 */

import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { Tmpfs, TmpfsInode } from './tmpfs.ts'

export interface ImageEntry {
  /** Byte string. */
  name: string
  type: 'file' | 'directory' | 'symlink' | 'link' | 'fifo' | 'character-device' | 'block-device'
  mode?: number
  uid?: number
  gid?: number
  mtimeSec?: number
  rdev?: number
  data?: Uint8Array
  /** Of a symlink its text, of a hard link the name of the other entry. */
  target?: string
}

const TYPES = {
  file: S_IFREG,
  directory: S_IFDIR,
  symlink: S_IFLNK,
  link: S_IFREG,
  fifo: S_IFIFO,
  'character-device': S_IFCHR,
  'block-device': S_IFBLK,
} as const

const partsOf = (name: string): string[] =>
  name.split('/').filter((part) => part !== '' && part !== '.' && part !== '..')

function child(directory: TmpfsInode, caller: Caller, name: string): TmpfsInode | null {
  const found = directory.lookup(caller, name)
  return typeof found === 'number' ? null : (found as TmpfsInode)
}

function directoryOf(fs: Tmpfs, caller: Caller, parts: readonly string[]): TmpfsInode | null {
  let at = fs.root
  for (const part of parts) {
    let next = child(at, caller, part)
    if (!next) {
      next = fs.newInode(S_IFDIR | 0o755, 0, 0)
      at.addEntry(part, next)
    }
    if (!next.isDirectory) return null
    at = next
  }
  return at
}

/** Adds an entry; why not, where it cannot be, or null. A later entry of the same name replaces the earlier. */
export function addImageEntry(fs: Tmpfs, caller: Caller, entry: ImageEntry): string | null {
  const parts = partsOf(entry.name)
  const name = parts.pop()
  if (name === undefined) {
    fs.root.mode = S_IFDIR | ((entry.mode ?? 0o755) & 0o7777)
    return null
  }
  const parent = directoryOf(fs, caller, parts)
  if (!parent) return `${entry.name}: a part of the name is no directory`
  const existing = child(parent, caller, name)
  if (existing && entry.type !== 'directory') parent.unlink(caller, name, existing)
  if (entry.type === 'link') return addLink(fs, caller, parent, name, entry)
  // Nobody asks a symlink for its mode, so all have Linux's.
  const usual = entry.type === 'directory' ? 0o755 : 0o644
  const mode = TYPES[entry.type] | (entry.type === 'symlink' ? 0o777 : (entry.mode ?? usual) & 0o7777)
  const reused = existing?.isDirectory && entry.type === 'directory' ? existing : null
  const inode = reused ?? fs.newInode(mode, entry.uid ?? 0, entry.gid ?? 0)
  inode.mode = mode
  inode.rdev = entry.rdev ?? 0
  if (entry.type === 'symlink') inode.setTarget(entry.target ?? '')
  if (!reused) parent.addEntry(name, inode)
  if (entry.data?.length && inode.write(caller, 0, entry.data, 0, entry.data.length) < entry.data.length)
    return `${entry.name}: no room left`
  if (entry.mtimeSec !== undefined) inode.mtime.set(entry.mtimeSec, 0)
  return null
}

function addLink(
  fs: Tmpfs,
  caller: Caller,
  parent: TmpfsInode,
  name: string,
  entry: ImageEntry,
): string | null {
  const parts = partsOf(entry.target ?? '')
  const last = parts.pop()
  const directory = directoryOf(fs, caller, parts)
  const target = directory && last !== undefined ? child(directory, caller, last) : null
  if (!target || target.isDirectory)
    return `${entry.name}: links to ${entry.target}, which is not in the archive`
  parent.link(caller, name, target)
  return null
}

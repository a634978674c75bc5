/**
 * Fills a tmpfs from a list: the default root, tar archives, tests. Names are taken apart here and never leave the
 * tree: "..", empty parts and a leading "/" are dropped, and a symlink on the way leads to a place in the tree.
 */

import { isSymlink, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG } from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { StoredBytes, Tmpfs, TmpfsInode } from './tmpfs.ts'

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
  /** Instead of `data`: contents that are read where they lie. */
  stored?: StoredBytes
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

/** Links on the way to a name: as many as Linux follows. */
const LINKS_MAX = 40

/** The directory of these names, made where it is missing; null when one of them is no directory. */
function directoryOf(fs: Tmpfs, caller: Caller, parts: readonly string[]): TmpfsInode | null {
  const pending = [...parts].reverse()
  /** From the root to where we are. */
  let way = [fs.root]
  let links = 0
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    const at = way[way.length - 1]!
    if (part === '..') {
      if (way.length > 1) way.pop()
      continue
    }
    let next = child(at, caller, part)
    if (!next) {
      next = fs.newInode(S_IFDIR | 0o755, 0, 0)
      at.addEntry(caller, part, next)
    }
    if (isSymlink(next.mode)) {
      if (++links > LINKS_MAX) return null
      if (next.target.startsWith('/')) way = [fs.root]
      const names = next.target.split('/').filter((name) => name !== '' && name !== '.')
      pending.push(...names.reverse())
    } else if (next.isDirectory) way.push(next)
    else return null
  }
  return way[way.length - 1]!
}

/** Takes out an entry, with all below it; what is not there is no problem. A layer of an image says so of a lower one. */
export function removeImageEntry(fs: Tmpfs, caller: Caller, entryName: string): void {
  const parts = partsOf(entryName)
  const name = parts.pop()
  const parent = name === undefined ? null : directoryOf(fs, caller, parts)
  const found = parent && child(parent, caller, name!)
  if (!found) return
  if (!found.isDirectory) parent.unlink(caller, name!, found)
  else {
    emptyDirectory(caller, found)
    parent.rmdir(caller, name!, found)
  }
}

/** Takes out everything below a directory. */
export function emptyImageDirectory(fs: Tmpfs, caller: Caller, name: string): void {
  const found = directoryOf(fs, caller, partsOf(name))
  if (found) emptyDirectory(caller, found)
}

function emptyDirectory(caller: Caller, directory: TmpfsInode): void {
  const names: string[] = []
  directory.readdir(caller, 0, { add: (name) => names.push(name) > 0 })
  for (const name of names) {
    const found = child(directory, caller, name)!
    if (found.isDirectory) {
      emptyDirectory(caller, found)
      directory.rmdir(caller, name, found)
    } else directory.unlink(caller, name, found)
  }
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
  if (existing && !(existing.isDirectory && entry.type === 'directory'))
    removeImageEntry(fs, caller, entry.name)
  if (entry.type === 'link') return addLink(fs, caller, parent, name, entry)
  // Nobody asks a symlink for its mode, so all have Linux's.
  const usual = entry.type === 'directory' ? 0o755 : 0o644
  const mode = TYPES[entry.type] | (entry.type === 'symlink' ? 0o777 : (entry.mode ?? usual) & 0o7777)
  const reused = existing?.isDirectory && entry.type === 'directory' ? existing : null
  const inode = reused ?? fs.newInode(mode, entry.uid ?? 0, entry.gid ?? 0)
  inode.mode = mode
  inode.rdev = entry.rdev ?? 0
  if (entry.type === 'symlink') inode.setTarget(entry.target ?? '')
  if (!reused) parent.addEntry(caller, name, inode)
  if (entry.data?.length && inode.write(caller, 0, entry.data, 0, entry.data.length) < entry.data.length)
    return `${entry.name}: no room left`
  if (entry.stored) inode.setStored(entry.stored)
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

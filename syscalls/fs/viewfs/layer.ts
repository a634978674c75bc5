/**
 * A layer: one of the directories that a view is made of, by Paths, so that whoever sees the same directory elsewhere
 * sees each change at once and is told of it (inotify). Nobody is asked for permission: that is the view's to do.
 * Path: ViewInode → here → the inodes of the layer's own file system.
 */

import { EACCES, ENOENT, EPERM, EROFS } from '../../abi/errno.ts'
import { isDirectory, isSymlink } from '../../abi/stat.ts'
import type { Credentials } from '../../kernel/credentials.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { Inode } from '../../vfs/inode.ts'
import { detachAllOn } from '../../vfs/mount-tree.ts'
import { notifyLinked, notifyMade, notifyMoved, notifyRemoved } from '../../vfs/notify.ts'
import { Dentry, Path } from '../../vfs/path.ts'
import { lookupEntry } from '../../vfs/walk.ts'

/** A caller as somebody else: the layer that keeps changes is written to as who mounted the view. */
export function callerAs(caller: Caller, credentials: Credentials): Caller {
  const { world, pids, memory, processId, threadId } = caller
  return {
    world,
    pids,
    credentials,
    memory,
    processId,
    threadId,
    blockOn: (queue) => caller.blockOn(queue),
    signalPending: () => caller.signalPending(),
    brokenPipe: () => caller.brokenPipe(),
    settle: (key, start) => caller.settle(key, start),
  }
}

/** What makes a change below go up in mincow. */
export const isRefusal = (result: number): boolean =>
  result === -EACCES || result === -EPERM || result === -EROFS

/** The entry, null when there is none, or an errno. What is mounted on it does not count. */
export function find(caller: Caller, directory: Path, name: string): Path | null | number {
  const found = lookupEntry(caller, directory, name)
  return found === -ENOENT ? null : found
}

/** What is made: a file of any type, by its mode; a symlink has a target. */
export interface NewFile {
  readonly mode: number
  readonly rdev?: number
  readonly target?: string
}

export function make(caller: Caller, directory: Path, name: string, file: NewFile): Path | number {
  const made = makeInode(caller, directory, name, file)
  if (typeof made === 'number') return made
  notifyMade(directory.inode, name, made)
  return new Path(directory.mount, directory.dentry.child(name, made))
}

function makeInode(caller: Caller, { inode }: Path, name: string, file: NewFile): Inode | number {
  if (isDirectory(file.mode)) return inode.mkdir(caller, name, file.mode)
  if (!isSymlink(file.mode)) return inode.create(caller, name, file.mode, file.rdev ?? 0)
  const result = inode.symlink(caller, name, file.target ?? '')
  return result < 0 ? result : inode.lookup(caller, name)
}

/** A file without a name: O_TMPFILE. */
export function makeNameless(
  caller: Caller,
  directory: Path,
  mode: number,
  linkable: boolean,
): Path | number {
  const inode = directory.inode.createNameless(caller, mode, linkable)
  if (typeof inode === 'number') return inode
  const dentry = new Dentry(`#${inode.ino}`, directory.dentry, inode)
  dentry.removed = true
  return new Path(directory.mount, dentry)
}

/** Takes a file or an empty directory away. */
export function remove(caller: Caller, directory: Path, entry: Path): number {
  const { dentry, inode } = entry
  const { name } = dentry
  const result = inode.isDirectory
    ? directory.inode.rmdir(caller, name, inode)
    : directory.inode.unlink(caller, name, inode)
  if (result < 0) return result
  directory.dentry.forget(name)
  detachAllOn(dentry)
  notifyRemoved(directory.inode, name, inode)
  return 0
}

/** Takes an entry away with all that is in it, however deep that is. */
export function removeTree(caller: Caller, directory: Path, entry: Path): number {
  const open = [{ directory, entry, isEmptied: false }]
  for (let top = open.at(-1); top; top = open.at(-1)) {
    if (top.isEmptied || !top.entry.inode.isDirectory) {
      const removed = remove(caller, top.directory, top.entry)
      if (removed < 0) return removed
      open.pop()
      continue
    }
    top.isEmptied = true
    const names = namesIn(caller, top.entry)
    if (typeof names === 'number') return names
    for (const name of names) {
      const below = find(caller, top.entry, name)
      if (typeof below === 'number') return below
      if (below) open.push({ directory: top.entry, entry: below, isEmptied: false })
    }
  }
  return 0
}

export function empty(caller: Caller, directory: Path): number {
  const names = namesIn(caller, directory)
  if (typeof names === 'number') return names
  for (const name of names) {
    const entry = find(caller, directory, name)
    if (typeof entry === 'number') return entry
    const result = entry ? removeTree(caller, directory, entry) : 0
    if (result < 0) return result
  }
  return 0
}

/** Gives an entry another name, in place of what has it. */
export function move(caller: Caller, from: Path, entry: Path, to: Path, newName: string): number {
  const { dentry } = entry
  const { name } = dentry
  const replaced = find(caller, to, newName)
  if (typeof replaced === 'number') return replaced
  const result = from.inode.rename(caller, name, to.inode, newName, 0)
  if (result < 0) return result
  dentry.moveTo(to.dentry, newName)
  if (replaced) detachAllOn(replaced.dentry)
  notifyMoved(from.inode, name, to.inode, newName, dentry.inode, replaced?.inode ?? null)
  return 0
}

/** Another name for a file. */
export function link(caller: Caller, directory: Path, name: string, file: Path): number {
  const result = directory.inode.link(caller, name, file.inode)
  if (result < 0) return result
  directory.dentry.child(name, file.inode)
  notifyLinked(directory.inode, name, file.inode)
  return 0
}

/** All names in a directory, in its own order. */
export function namesIn(caller: Caller, directory: Path): string[] | number {
  const names: string[] = []
  const add = (name: string): boolean => {
    names.push(name)
    return true
  }
  const result = directory.inode.readdir(caller, 0, { add })
  return result < 0 ? result : names
}

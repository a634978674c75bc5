/**
 * Changes to the tree of names: make, link, rename, remove. Errors come in Linux's order: existence, permission, mount.
 * Path: sys/dir.ts (and src/guest-files.ts for the embedder) resolve names to their last component and call these;
 * these ask the file system and keep the dentries right. Linux fs/namei.c.
 */

import {
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
} from '../abi/errno.ts'
import { RENAME_EXCHANGE, RENAME_NOREPLACE } from '../abi/fcntl.ts'
import { rememberMaker } from '../kernel/id-level.ts'
import type { Caller } from './caller.ts'
import type { Inode } from './inode.ts'
import { detachAllOn, isMountPointOf } from './mount-tree.ts'
import { notifyLinked, notifyMade, notifyMoved, notifyRemoved } from './notify.ts'
import type { Path } from './path.ts'
import { MAY_WRITE, mayCreate, mayDelete, mayLink, modeOfNew, permission } from './permission.ts'
import { type LastComponent, lookupChild, lookupEntry } from './walk.ts'

const isSpecial = (name: string): boolean => name === '' || name === '.' || name === '..'

/** 0 when the name does not exist and may be made. */
export function mayTakeName(caller: Caller, last: LastComponent, isDirectory: boolean): number {
  return nameIsFree(caller, last, isDirectory) || mayCreate(caller.credentials, last.parent)
}

function nameIsFree(caller: Caller, last: LastComponent, isDirectory: boolean): number {
  if (isSpecial(last.name)) return -EEXIST
  const existing = lookupChild(caller, last.parent, last.name)
  if (typeof existing !== 'number') return -EEXIST
  if (existing !== -ENOENT) return existing
  if (last.trailingSlash && !isDirectory) return -ENOENT
  if (last.parent.dentry.removed) return -ENOENT
  return last.parent.readOnly ? -EROFS : 0
}

function made(caller: Caller, last: LastComponent, inode: Inode | number): number {
  if (typeof inode === 'number') return inode
  rememberMaker(caller.credentials, inode, last.parent.inode)
  last.parent.dentry.child(last.name, inode)
  notifyMade(last.parent.inode, last.name, inode)
  return 0
}

/** `mode` with the type and the umask applied. */
export function makeDirectory(caller: Caller, last: LastComponent, mode: number): number {
  const refused = mayTakeName(caller, last, true)
  return refused ? refused : made(caller, last, last.parent.inode.mkdir(caller, last.name, mode))
}

/** A file of any other type; `mode` with the type and the umask applied. */
export function makeNode(caller: Caller, last: LastComponent, mode: number, rdev: number): number {
  const refused = mayTakeName(caller, last, false)
  if (refused) return refused
  const kept = modeOfNew(caller.credentials, last.parent.inode, mode)
  return made(caller, last, last.parent.inode.create(caller, last.name, kept, rdev))
}

export function makeSymlink(caller: Caller, last: LastComponent, target: string): number {
  if (target === '') return -ENOENT
  const refused = mayTakeName(caller, last, false)
  const result = refused || last.parent.inode.symlink(caller, last.name, target)
  if (result >= 0 && caller.credentials.level) rememberLink(caller, last)
  if (result >= 0) notifyMade(last.parent.inode, last.name, null)
  return result
}

function rememberLink(caller: Caller, last: LastComponent): void {
  const link = lookupEntry(caller, last.parent, last.name)
  if (typeof link !== 'number') rememberMaker(caller.credentials, link.inode, last.parent.inode)
}

export function makeLink(caller: Caller, source: Path, last: LastComponent): number {
  const taken = nameIsFree(caller, last, false)
  if (taken) return taken
  if (source.mount !== last.parent.mount) return -EXDEV
  const refused = mayLink(caller.credentials, source.inode) || mayCreate(caller.credentials, last.parent)
  if (refused) return refused
  if (source.inode.isDirectory) return -EPERM
  const result = last.parent.inode.link(caller, last.name, source.inode)
  if (result < 0) return result
  last.parent.dentry.child(last.name, source.inode)
  notifyLinked(last.parent.inode, last.name, source.inode)
  return 0
}

/** Whether something is mounted on the entry, here or where a bind of the same tree shows it too. */
const isMountPoint = ({ dentry, mount }: Path): boolean =>
  (dentry.mounts !== null || dentry.ghosts !== null) && isMountPointOf(dentry, mount.tree)

function removed(last: LastComponent, victim: Path): number {
  last.parent.dentry.forget(last.name)
  detachAllOn(victim.dentry)
  notifyRemoved(last.parent.inode, last.name, victim.inode)
  return 0
}

/** unlink(2). */
export function removeFile(caller: Caller, last: LastComponent): number {
  if (isSpecial(last.name)) return -EISDIR
  if (last.parent.readOnly) return -EROFS
  const victim = lookupEntry(caller, last.parent, last.name)
  if (typeof victim === 'number') return victim
  if (last.trailingSlash) return victim.inode.isDirectory ? -EISDIR : -ENOTDIR
  const refused = mayDelete(caller.credentials, last.parent, victim.inode)
  if (refused) return refused
  if (victim.inode.isDirectory) return -EISDIR
  if (isMountPoint(victim)) return -EBUSY
  const result = last.parent.inode.unlink(caller, last.name, victim.inode)
  return result < 0 ? result : removed(last, victim)
}

/** rmdir(2). */
export function removeDirectory(caller: Caller, last: LastComponent): number {
  if (last.name === '.') return -EINVAL
  if (last.name === '..') return -ENOTEMPTY
  if (last.name === '') return -EBUSY
  if (last.parent.readOnly) return -EROFS
  const victim = lookupEntry(caller, last.parent, last.name)
  if (typeof victim === 'number') return victim
  const refused = mayDelete(caller.credentials, last.parent, victim.inode)
  if (refused) return refused
  if (!victim.inode.isDirectory) return -ENOTDIR
  if (isMountPoint(victim)) return -EBUSY
  const result = last.parent.inode.rmdir(caller, last.name, victim.inode)
  return result < 0 ? result : removed(last, victim)
}

/** renameat2(2). */
export function renameName(caller: Caller, from: LastComponent, to: LastComponent, flags: number): number {
  if (from.parent.mount !== to.parent.mount) return -EXDEV
  for (const { name } of [from, to])
    if (isSpecial(name)) return flags & RENAME_NOREPLACE && name === to.name ? -EEXIST : -EBUSY
  if (from.parent.readOnly) return -EROFS
  const source = lookupEntry(caller, from.parent, from.name)
  if (typeof source === 'number') return source
  const target = lookupEntry(caller, to.parent, to.name)
  if (typeof target === 'number' && target !== -ENOENT) return target
  const replaced = typeof target === 'number' ? null : target
  if (replaced && flags & RENAME_NOREPLACE) return -EEXIST
  if (!replaced && flags & RENAME_EXCHANGE) return -ENOENT
  const checked = checkRename(caller, from, to, source, replaced, flags)
  if (checked !== 0) return checked
  if (replaced && replaced.inode === source.inode) return 0
  const result = from.parent.inode.rename(caller, from.name, to.parent.inode, to.name, flags)
  if (result < 0) return result
  if (flags & RENAME_EXCHANGE) source.dentry.exchange(replaced!.dentry)
  else source.dentry.moveTo(to.parent.dentry, to.name)
  if (replaced && !(flags & RENAME_EXCHANGE)) detachAllOn(replaced.dentry)
  const gone = flags & RENAME_EXCHANGE ? null : (replaced?.inode ?? null)
  notifyMoved(from.parent.inode, from.name, to.parent.inode, to.name, source.inode, gone)
  if (replaced && !gone)
    notifyMoved(to.parent.inode, to.name, from.parent.inode, from.name, replaced.inode, null)
  return 0
}

function checkRename(
  caller: Caller,
  from: LastComponent,
  to: LastComponent,
  source: Path,
  target: Path | null,
  flags: number,
): number {
  if (isMountPoint(source) || (target && isMountPoint(target))) return -EBUSY
  const isDirectory = source.inode.isDirectory
  if (!isDirectory && (from.trailingSlash || to.trailingSlash)) return -ENOTDIR
  // A directory cannot become its own descendant, nor replace an ancestor.
  for (let d = to.parent.dentry; ; d = d.parent) {
    if (d === source.dentry) return -EINVAL
    if (!d.parent) break
  }
  if (target)
    for (let d = from.parent.dentry; ; d = d.parent) {
      if (d === target.dentry) return flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY
      if (!d.parent) break
    }
  const refused = mayDelete(caller.credentials, from.parent, source.inode)
  if (refused) return refused
  const refusedThere = target
    ? mayDelete(caller.credentials, to.parent, target.inode)
    : mayCreate(caller.credentials, to.parent)
  if (refusedThere) return refusedThere
  if (target && !(flags & RENAME_EXCHANGE) && target.inode !== source.inode) {
    if (isDirectory && !target.inode.isDirectory) return -ENOTDIR
    if (!isDirectory && target.inode.isDirectory) return -EISDIR
  }
  return from.parent.inode === to.parent.inode ? 0 : mayChangeParent(caller, source, target, flags)
}

/** A directory that gets another parent is written to: its ".." changes. */
function mayChangeParent(caller: Caller, source: Path, target: Path | null, flags: number): number {
  const moved = flags & RENAME_EXCHANGE && target ? [source, target] : [source]
  for (const { inode } of moved) {
    const refused = inode.isDirectory ? permission(caller.credentials, inode, MAY_WRITE) : 0
    if (refused) return refused
  }
  return 0
}

/**
 * Extended attributes: setxattr(2), getxattr(2), listxattr(2), removexattr(2), their l- and f- forms. xattr(7).
 * Path: program → here → Inode.xattrs, on file systems that keep them (tmpfs, cowfs). Linux fs/xattr.c.
 */

import { bytesOf, latin1 } from '../abi/bytes.ts'
import { CAP_SETFCAP, CAP_SYS_ADMIN, XATTR_NAME_CAPS } from '../abi/capability.ts'
import {
  E2BIG,
  EEXIST,
  EFAULT,
  EINVAL,
  ENODATA,
  ENOSPC,
  EOPNOTSUPP,
  EPERM,
  ERANGE,
  EROFS,
} from '../abi/errno.ts'
import { AT_FDCWD } from '../abi/fcntl.ts'
import { flagTable } from '../abi/flag-table.ts'
import { IN_ATTRIB } from '../abi/inotify.ts'
import { S_ISVTX } from '../abi/stat.ts'
import { idsOf } from '../kernel/id-level.ts'
import type { Task } from '../kernel/task.ts'
import { isFileCapabilities, keptFileCapabilities, shownFileCapabilities } from '../vfs/file-capabilities.ts'
import type { Inode } from '../vfs/inode.ts'
import { notifyPath } from '../vfs/notify.ts'
import { MAY_READ, MAY_WRITE, ownsFile, permission } from '../vfs/permission.ts'
import { resolveTarget, type Target, targetOfOpen } from './names.ts'
import { type ArgumentType, fd, flags, inBuf, outBuf, path, size, string, syscall } from './row.ts'

const XATTR_CREATE = 1
const XATTR_REPLACE = 2
const NAME_LENGTH_MAX = 255
const VALUE_SIZE_MAX = 65536
/** Bytes of names and values that one file keeps. */
const FILE_BYTES_MAX = 1 << 20
const PREFIXES = ['user.', 'trusted.', 'security.']

/** Finds the file a call is about: by name, by name without following, by descriptor. */
type Finder = (task: Task, which: number) => Target | number

const byName: Finder = (task, name) => resolveTarget(task, AT_FDCWD, name, 0, true)
const byLink: Finder = (task, name) => resolveTarget(task, AT_FDCWD, name, 0, false)

function readName(task: Task, at: number): string | number {
  const bytes = task.mm.cstring(at, NAME_LENGTH_MAX + 1)
  if (bytes === null) return -EFAULT
  return bytes === undefined || bytes.length === 0 ? -ERANGE : latin1(bytes)
}

/** May the caller see or change an attribute of this name? What it may not see is as if it were not there. */
function mayUse(task: Task, inode: Inode, name: string, mask: number): number {
  const who = task.credentials
  const refused = mask & MAY_WRITE ? -EPERM : -ENODATA
  if (name.startsWith('security.') || name.startsWith('system.')) return 0
  if (name.startsWith('trusted.')) return who.capable(CAP_SYS_ADMIN) ? 0 : refused
  if (name.startsWith('user.')) {
    if (!inode.isRegular && !inode.isDirectory) return refused
    if (inode.isDirectory && inode.mode & S_ISVTX && mask & MAY_WRITE && !ownsFile(who, inode)) return -EPERM
  }
  return permission(who, inode, mask)
}

/** Whether the file system keeps attributes of this name: 0 or an errno. */
function checkKept(inode: Inode, name: string): number {
  const prefix = PREFIXES.find((known) => name.startsWith(known))
  if (!inode.fs.keepsXattrs || !prefix) return -EOPNOTSUPP
  return name === prefix ? -EINVAL : 0
}

/** Before a change: 0, or why not. */
function mayChange(task: Task, target: Target, name: string): number {
  if (target.readOnly) return -EROFS
  const refused = mayUse(task, target.inode, name, MAY_WRITE)
  if (refused) return refused
  const { credentials: who } = task
  // Programs of a user namespace's own ids get capabilities for it from its root.
  const isAllowed =
    name === XATTR_NAME_CAPS && who.userns.parent !== null
      ? who.capableOver(idsOf(who, target.inode), CAP_SETFCAP)
      : who.capable(name === XATTR_NAME_CAPS ? CAP_SETFCAP : CAP_SYS_ADMIN)
  if (name.startsWith('security.') && !isAllowed) return -EPERM
  return checkKept(target.inode, name)
}

function changed(task: Task, target: Target): number {
  const result = target.inode.attributesChanged(task)
  if (result < 0) return result
  if (target.path) notifyPath(target.path, IN_ATTRIB)
  return 0
}

function bytesUsed(xattrs: ReadonlyMap<string, Uint8Array>): number {
  let used = 0
  for (const [name, value] of xattrs) used += name.length + value.length
  return used
}

const setter =
  (find: Finder) =>
  (task: Task, which: number, nameAt: number, valueAt: number, length: number, flagBits: number): number => {
    if (flagBits & ~(XATTR_CREATE | XATTR_REPLACE)) return -EINVAL
    const name = readName(task, nameAt)
    if (typeof name === 'number') return name
    if (length > VALUE_SIZE_MAX) return -E2BIG
    const value = length > 0 ? task.mm.copyIn(valueAt, length) : new Uint8Array(0)
    if (!value) return -EFAULT
    const target = find(task, which)
    if (typeof target === 'number') return target
    if (target.readOnly) return -EROFS
    if (length > 0 && name === XATTR_NAME_CAPS && !isFileCapabilities(value)) return -EINVAL
    const refused = mayChange(task, target, name)
    if (refused) return refused
    const { inode } = target
    inode.xattrs ??= new Map()
    const old = inode.xattrs.get(name)
    if (old && flagBits & XATTR_CREATE) return -EEXIST
    if (!old && flagBits & XATTR_REPLACE) return -ENODATA
    if (bytesUsed(inode.xattrs) - (old?.length ?? -name.length) + length > FILE_BYTES_MAX) return -ENOSPC
    const kept =
      name === XATTR_NAME_CAPS && length > 0 ? keptFileCapabilities(value, task.credentials) : value
    if (typeof kept === 'number') return kept
    inode.xattrs.set(name, kept)
    return changed(task, target)
  }

const getter =
  (find: Finder) =>
  (task: Task, which: number, nameAt: number, valueAt: number, room: number): number => {
    const name = readName(task, nameAt)
    if (typeof name === 'number') return name
    const target = find(task, which)
    if (typeof target === 'number') return target
    const refused = mayUse(task, target.inode, name, MAY_READ) || checkKept(target.inode, name)
    if (refused) return refused
    const value = target.inode.xattrs?.get(name)
    if (!value) return -ENODATA
    const shown = name === XATTR_NAME_CAPS ? shownFileCapabilities(value, task.credentials.userns) : value
    return typeof shown === 'number' ? shown : give(task, shown, valueAt, room)
  }

/** Copies out as much as there is; a room of 0 only asks for the length. */
function give(task: Task, bytes: Uint8Array, at: number, room: number): number {
  if (room === 0) return bytes.length
  if (room < bytes.length) return -ERANGE
  return task.mm.copyOut(at, bytes) ? bytes.length : -EFAULT
}

const lister =
  (find: Finder) =>
  (task: Task, which: number, at: number, room: number): number => {
    const target = find(task, which)
    if (typeof target === 'number') return target
    const names = [...(target.inode.xattrs?.keys() ?? [])]
      .filter((name) => task.credentials.capable(CAP_SYS_ADMIN) || !name.startsWith('trusted.'))
      .sort()
      .reverse()
    return give(task, bytesOf(names.map((name) => `${name}\0`).join('')), at, room)
  }

const remover =
  (find: Finder) =>
  (task: Task, which: number, nameAt: number): number => {
    const name = readName(task, nameAt)
    if (typeof name === 'number') return name
    const target = find(task, which)
    if (typeof target === 'number') return target
    const refused = mayChange(task, target, name)
    if (refused) return refused
    return target.inode.xattrs?.delete(name) ? changed(task, target) : -ENODATA
  }

const xattrFlags = flags(flagTable({ XATTR_CREATE, XATTR_REPLACE }, 'XATTR_???'))

const rowsOf = (prefix: string, which: ArgumentType, find: Finder) => [
  syscall(`${prefix}setxattr`, [which, string, inBuf(3), size, xattrFlags], setter(find)),
  syscall(`${prefix}getxattr`, [which, string, outBuf, size], getter(find)),
  syscall(`${prefix}listxattr`, [which, outBuf, size], lister(find)),
  syscall(`${prefix}removexattr`, [which, string], remover(find)),
]

export const xattrRows = [
  ...rowsOf('', path, byName),
  ...rowsOf('l', path, byLink),
  ...rowsOf('f', fd, targetOfOpen),
]

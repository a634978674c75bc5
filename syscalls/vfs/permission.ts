/** May this caller read, write, search this inode: path_resolution(7), Linux generic_permission. */

import {
  CAP_DAC_OVERRIDE,
  CAP_DAC_READ_SEARCH,
  CAP_FOWNER,
  CAP_FSETID,
  XATTR_NAME_CAPS,
} from '../abi/capability.ts'
import { EACCES, EPERM, EROFS } from '../abi/errno.ts'
import { isDirectory, S_IFMT, S_IFREG, S_ISGID, S_ISUID, S_ISVTX } from '../abi/stat.ts'
import type { Credentials } from '../kernel/credentials.ts'
import { idsOf } from '../kernel/id-level.ts'
import type { Inode } from './inode.ts'
import type { Path } from './path.ts'

export const MAY_EXEC = 1
export const MAY_WRITE = 2
export const MAY_READ = 4

/** 0 or -EACCES; `mask` is made of MAY_*. What a level of identity allows, those below it must allow too. */
export function permission(credentials: Credentials, inode: Inode, mask: number): number {
  const refused = permissionHere(credentials, inode, mask)
  if (refused) return refused
  if (credentials.below !== null) return permission(credentials.below, inode, mask)
  return inode.behind === null ? 0 : permission(credentials, inode.behind, mask)
}

function permissionHere(credentials: Credentials, inode: Inode, mask: number): number {
  const ids = idsOf(credentials, inode)
  const { mode, uid, gid } = ids
  const shift = credentials.fsuid === uid ? 6 : credentials.inGroup(gid) ? 3 : 0
  if (((mode >> shift) & 7 & mask) === mask) return 0
  if (mask & MAY_WRITE && inode.isImmutable) return -EPERM
  if (inode.admits(credentials, mask)) return 0
  const onlyReads = isDirectory(mode) ? !(mask & MAY_WRITE) : mask === MAY_READ
  if (onlyReads && credentials.capableOver(ids, CAP_DAC_READ_SEARCH)) return 0
  // Not even root executes a file that nobody may execute.
  if (mask & MAY_EXEC && !isDirectory(mode) && !(mode & 0o111)) return -EACCES
  return credentials.capableOver(ids, CAP_DAC_OVERRIDE) ? 0 : -EACCES
}

/** Permission for a path: a read-only mount refuses writes to files and directories first (EROFS). */
export function pathPermission(credentials: Credentials, path: Path, mask: number): number {
  const type = path.inode.mode & S_IFMT
  if (mask & MAY_WRITE && path.readOnly && (type === S_IFREG || isDirectory(path.inode.mode))) return -EROFS
  return permission(credentials, path.inode, mask)
}

/** May entries be added to this directory? */
export function mayCreate(credentials: Credentials, directory: Path): number {
  return pathPermission(credentials, directory, MAY_WRITE | MAY_EXEC)
}

/** May this entry of the directory be removed: also the sticky bit. */
export function mayDelete(credentials: Credentials, directory: Path, victim: Inode): number {
  const refused = mayCreate(credentials, directory)
  if (refused) return refused
  for (let c: Credentials | null = credentials; c; c = c.below)
    if (isKeptFrom(c, directory.inode, victim)) return -EPERM
  return 0
}

/** By the sticky bit. */
function isKeptFrom(who: Credentials, directory: Inode, victim: Inode): boolean {
  const { mode, uid } = idsOf(who, directory)
  if (!(mode & S_ISVTX) || who.fsuid === uid || who.fsuid === idsOf(who, victim).uid) return false
  return !who.capableOver(idsOf(who, victim), CAP_FOWNER)
}

/** May this file get another name? Others' files only when they could be written: fs.protected_hardlinks. */
export function mayLink(credentials: Credentials, inode: Inode): number {
  const refused = mayLinkHere(credentials, inode)
  return refused || credentials.below === null ? refused : mayLink(credentials.below, inode)
}

function mayLinkHere(credentials: Credentials, inode: Inode): number {
  if (ownsFile(credentials, inode)) return 0
  const { mode } = idsOf(credentials, inode)
  const setGroup = (mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP)
  if ((mode & S_IFMT) !== S_IFREG || mode & S_ISUID || setGroup) return -EPERM
  return permission(credentials, inode, MAY_READ | MAY_WRITE) ? -EPERM : 0
}

const S_IXGRP = 0o010

/** The set-id bits that go when somebody without privilege writes to the file. */
export function setIdBitsLost(credentials: Credentials, inode: Inode): number {
  const bits = inode.mode & (S_ISUID | S_ISGID)
  if (bits === 0 || credentials.capableOver(idsOf(credentials, inode), CAP_FSETID)) return 0
  const keepsGroup = (inode.mode & S_IXGRP) === 0 && credentials.inGroup(idsOf(credentials, inode).gid)
  return keepsGroup ? bits & S_ISUID : bits
}

/** A write takes from a program what it would run with: the set-id bits, and always its capabilities. */
export function losePrivileges(credentials: Credentials, inode: Inode): void {
  inode.mode &= ~setIdBitsLost(credentials, inode)
  inode.xattrs?.delete(XATTR_NAME_CAPS)
}

/** The mode of a new file: in a set-group-id directory an outsider makes no set-group-id programs. */
export function modeOfNew(credentials: Credentials, directory: Inode, mode: number): number {
  const isProgram = (mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP)
  const above = idsOf(credentials, directory)
  const keeps =
    !(above.mode & S_ISGID) || credentials.inGroup(above.gid) || credentials.capableOver(above, CAP_FSETID)
  return isProgram && !keeps && !isDirectory(mode) ? mode & ~S_ISGID : mode
}

/** The owner, or who counts as every file's, on the uppermost level: the one that remembers what is changed. */
export function ownsFile(credentials: Credentials, inode: Inode): boolean {
  const ids = idsOf(credentials, inode)
  return credentials.fsuid === ids.uid || credentials.capableOver(ids, CAP_FOWNER)
}

/** As `ownsFile`, on every level: for changes that are made to the file itself. */
export const ownsFileBelow = (credentials: Credentials, inode: Inode): boolean =>
  ownsFile(credentials, inode) && (credentials.below === null || ownsFileBelow(credentials.below, inode))

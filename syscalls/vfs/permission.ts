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
import type { Inode } from './inode.ts'
import type { Path } from './path.ts'

export const MAY_EXEC = 1
export const MAY_WRITE = 2
export const MAY_READ = 4

/** 0 or -EACCES; `mask` is made of MAY_*. */
export function permission(credentials: Credentials, inode: Inode, mask: number): number {
  const mode = inode.mode
  const shift = credentials.fsuid === inode.uid ? 6 : credentials.inGroup(inode.gid) ? 3 : 0
  if (((mode >> shift) & 7 & mask) === mask) return 0
  if (mask & MAY_WRITE && inode.isImmutable) return -EPERM
  if (inode.admits(credentials)) return 0
  const onlyReads = isDirectory(mode) ? !(mask & MAY_WRITE) : mask === MAY_READ
  if (onlyReads && credentials.capable(CAP_DAC_READ_SEARCH)) return 0
  // Not even root executes a file that nobody may execute.
  if (mask & MAY_EXEC && !isDirectory(mode) && !(mode & 0o111)) return -EACCES
  return credentials.capable(CAP_DAC_OVERRIDE) ? 0 : -EACCES
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
  const inode = directory.inode
  if (
    inode.mode & S_ISVTX &&
    credentials.fsuid !== victim.uid &&
    credentials.fsuid !== inode.uid &&
    !credentials.capable(CAP_FOWNER)
  )
    return -EPERM
  return 0
}

/** May this file get another name? Others' files only when they could be written: fs.protected_hardlinks. */
export function mayLink(credentials: Credentials, inode: Inode): number {
  if (ownsFile(credentials, inode)) return 0
  const { mode } = inode
  const setGroup = (mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP)
  if ((mode & S_IFMT) !== S_IFREG || mode & S_ISUID || setGroup) return -EPERM
  return permission(credentials, inode, MAY_READ | MAY_WRITE) ? -EPERM : 0
}

const S_IXGRP = 0o010

/** The set-id bits that go when somebody without privilege writes to the file. */
export function setIdBitsLost(credentials: Credentials, inode: Inode): number {
  const bits = inode.mode & (S_ISUID | S_ISGID)
  if (bits === 0 || credentials.capable(CAP_FSETID)) return 0
  const keepsGroup = (inode.mode & S_IXGRP) === 0 && credentials.inGroup(inode.gid)
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
  const keeps =
    !(directory.mode & S_ISGID) || credentials.inGroup(directory.gid) || credentials.capable(CAP_FSETID)
  return isProgram && !keeps && !isDirectory(mode) ? mode & ~S_ISGID : mode
}

/** The owner, or who counts as every file's. */
export const ownsFile = (credentials: Credentials, inode: Inode): boolean =>
  credentials.fsuid === inode.uid || credentials.capable(CAP_FOWNER)

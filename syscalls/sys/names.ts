/** From a descriptor and a name in guest memory to a Path: what every handler of the *at family begins with. */

import { EBADF, ENOENT, ENOTDIR } from '../abi/errno.ts'
import { AT_EMPTY_PATH, AT_FDCWD } from '../abi/fcntl.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import type { Inode } from '../vfs/inode.ts'
import type { Path } from '../vfs/path.ts'
import { FOLLOW, type LastComponent, walkParent, walkPath } from '../vfs/walk.ts'

/** Where a relative name starts. */
function startPath(task: Task, dirfd: number, name: string): Path | number {
  if (dirfd === AT_FDCWD || name.charCodeAt(0) === 47) return task.fs.cwd
  const file = task.fds.get(dirfd)
  if (!file) return -EBADF
  return file.path ?? -ENOTDIR
}

export function resolveName(task: Task, dirfd: number, name: string, flags: number): Path | number {
  if (name === '') return -ENOENT
  const start = startPath(task, dirfd, name)
  return typeof start === 'number' ? start : walkPath(task, task.fs.root, start, name, flags)
}

/** Reads the name at `addr` and walks it. */
export function resolve(task: Task, dirfd: number, addr: number, flags: number): Path | number {
  const name = task.readPath(addr)
  return typeof name === 'number' ? name : resolveName(task, dirfd, name, flags)
}

/** As resolve, but stops before the last component. */
export function resolveParent(task: Task, dirfd: number, addr: number): LastComponent | number {
  const name = task.readPath(addr)
  if (typeof name === 'number') return name
  if (name === '') return -ENOENT
  const start = startPath(task, dirfd, name)
  return typeof start === 'number' ? start : walkParent(task, task.fs.root, start, name)
}

/** The inode of a name, or with AT_EMPTY_PATH and an empty one that of the descriptor itself. */
export function resolveInode(
  task: Task,
  dirfd: number,
  addr: number,
  atFlags: number,
  follow: boolean,
): Inode | number {
  const name = task.readPath(addr)
  if (typeof name === 'number') return name
  if (name === '' && atFlags & AT_EMPTY_PATH) {
    if (dirfd === AT_FDCWD) return task.fs.cwd.inode
    return task.fds.get(dirfd)?.inode ?? -EBADF
  }
  const path = resolveName(task, dirfd, name, follow ? FOLLOW : 0)
  return typeof path === 'number' ? path : path.inode
}

/** As resolveInode, for calls that need to know about read-only mounts. */
export function resolveTarget(
  task: Task,
  dirfd: number,
  addr: number,
  atFlags: number,
  follow: boolean,
): Target | number {
  const name = task.readPath(addr)
  if (typeof name === 'number') return name
  if (name === '' && atFlags & AT_EMPTY_PATH) {
    if (dirfd === AT_FDCWD) return targetOf(task.fs.cwd)
    return targetOfFd(task, dirfd)
  }
  const path = resolveName(task, dirfd, name, follow ? FOLLOW : 0)
  return typeof path === 'number' ? path : targetOf(path)
}

export interface Target {
  inode: Inode
  readOnly: boolean
  /** null for what has no name. */
  path: Path | null
}

export const targetOf = (path: Path): Target => ({ inode: path.inode, readOnly: path.readOnly, path })

export function targetOfFd(task: Task, fd: number): Target | number {
  return targetOfFile(task.fds.get(fd))
}

/** As targetOfFd, but a descriptor that is only a name (O_PATH) is EBADF. */
export function targetOfOpen(task: Task, fd: number): Target | number {
  return targetOfFile(task.fds.usable(fd))
}

function targetOfFile(file: FileDescription | undefined): Target | number {
  return file ? { inode: file.inode, readOnly: file.path?.readOnly ?? false, path: file.path } : -EBADF
}

/** File systems: statfs(2), fstatfs(2). */

import { EBADF, EFAULT, EINVAL, EOVERFLOW } from '../abi/errno.ts'
import { AT_FDCWD, NAME_MAX } from '../abi/fcntl.ts'
import { MOUNT_OPTIONS, ST_OF_SUPER, ST_RDONLY, ST_VALID } from '../abi/mount.ts'
import { STATFS, STATFS64 } from '../abi/stat.ts'
import type { Task } from '../kernel/task.ts'
import type { FileSystem } from '../vfs/inode.ts'
import type { Mount } from '../vfs/path.ts'
import { FOLLOW } from '../vfs/walk.ts'
import { resolve } from './names.ts'
import { fd, outStruct, path, size, syscall } from './row.ts'

/** f_flags: what its mount says, and the file system itself. */
function flagsOf(fs: FileSystem, mount: Mount | null): number {
  let shown = ST_VALID | (fs.superFlags & ST_OF_SUPER)
  if (!mount) return shown
  if (mount.readOnly) shown |= ST_RDONLY
  for (const [, mnt, st] of MOUNT_OPTIONS) if (mount.flags & mnt) shown |= st
  return shown
}

/** What statfs(2) is about: a file system, and the mount it was found by. */
interface Found {
  readonly fs: FileSystem
  readonly mount: Mount | null
}

function putStatfs(task: Task, found: Found | number, addr: number, layout: typeof STATFS): number {
  if (typeof found === 'number') return found
  const { fs, mount } = found
  const { type, blockSize, blocks, blocksFree, files, filesFree } = fs.statfs()
  const isWide = layout === STATFS64 || task.call.model.wordSize === 8
  if (!isWide && [blocks, files].some((count) => count >= 2 ** 32)) return -EOVERFLOW
  const values = {
    type,
    bsize: blockSize,
    blocks,
    bfree: blocksFree,
    bavail: blocksFree,
    files,
    ffree: filesFree,
    fsid: fs.dev,
    namelen: NAME_MAX,
    frsize: blockSize,
    flags: flagsOf(fs, mount),
  }
  return task.putStruct(layout, addr, values) ? 0 : -EFAULT
}

function byName(task: Task, name: number): Found | number {
  const found = resolve(task, AT_FDCWD, name, FOLLOW)
  return typeof found === 'number' ? found : { fs: found.inode.fs, mount: found.mount }
}

function byDescriptor(task: Task, number: number): Found | number {
  const file = task.fds.get(number)
  return file ? { fs: file.inode.fs, mount: file.path?.mount ?? null } : -EBADF
}

/** The caller says how long it takes the structure to be. */
const isSize = (task: Task, sizeBytes: number): boolean =>
  sizeBytes === STATFS64.of(task.call.model).sizeBytes

export const statfsRows = [
  syscall('statfs', [path, outStruct('statfs')], (task, name, at) =>
    putStatfs(task, byName(task, name), at, STATFS),
  ),
  syscall('fstatfs', [fd, outStruct('statfs')], (task, number, at) =>
    putStatfs(task, byDescriptor(task, number), at, STATFS),
  ),
  syscall('statfs64', [path, size, outStruct('statfs')], (task, name, bytes, at) =>
    isSize(task, bytes) ? putStatfs(task, byName(task, name), at, STATFS64) : -EINVAL,
  ),
  syscall('fstatfs64', [fd, size, outStruct('statfs')], (task, number, bytes, at) =>
    isSize(task, bytes) ? putStatfs(task, byDescriptor(task, number), at, STATFS64) : -EINVAL,
  ),
]

/** File systems: statfs(2), fstatfs(2). */

import { putU64 } from '../abi/struct.ts'
import { EBADF, EFAULT } from '../abi/errno.ts'
import { AT_FDCWD, NAME_MAX } from '../abi/fcntl.ts'
import { MOUNT_OPTIONS, ST_OF_SUPER, ST_RDONLY, ST_VALID } from '../abi/mount.ts'
import type { Task } from '../kernel/task.ts'
import type { FileSystem } from '../vfs/inode.ts'
import type { Mount } from '../vfs/path.ts'
import { FOLLOW } from '../vfs/walk.ts'
import { resolve } from './names.ts'
import { fd, outStruct, path, syscall } from './row.ts'

const STATFS_SIZE = 120

/** f_flags: what its mount says, and the file system itself. */
function flagsOf(fs: FileSystem, mount: Mount | null): number {
  let shown = ST_VALID | (fs.superFlags & ST_OF_SUPER)
  if (!mount) return shown
  if (mount.readOnly) shown |= ST_RDONLY
  for (const [, mnt, st] of MOUNT_OPTIONS) if (mount.flags & mnt) shown |= st
  return shown
}

function putStatfs(task: Task, fs: FileSystem, mount: Mount | null, addr: number): number {
  if (!task.mm.canWrite(addr, STATFS_SIZE)) return -EFAULT
  const { view } = task.mm.space
  const { type, blockSize, blocks, blocksFree, files, filesFree } = fs.statfs()
  const counts = [type, blockSize, blocks, blocksFree, blocksFree, files, filesFree]
  const fields = [...counts, fs.dev, NAME_MAX, blockSize, flagsOf(fs, mount), 0, 0, 0, 0]
  for (const [i, field] of fields.entries()) putU64(view, addr + i * 8, field)
  task.mm.stored(addr, STATFS_SIZE)
  return 0
}

function sysStatfs(task: Task, name: number, addr: number): number {
  const found = resolve(task, AT_FDCWD, name, FOLLOW)
  return typeof found === 'number' ? found : putStatfs(task, found.inode.fs, found.mount, addr)
}

function sysFstatfs(task: Task, fdNumber: number, addr: number): number {
  const file = task.fds.get(fdNumber)
  return file ? putStatfs(task, file.inode.fs, file.path?.mount ?? null, addr) : -EBADF
}

export const statfsRows = [
  syscall('statfs', [path, outStruct('statfs')], sysStatfs),
  syscall('fstatfs', [fd, outStruct('statfs')], sysFstatfs),
]

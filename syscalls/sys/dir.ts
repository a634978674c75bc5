/**
 * Names and directories: mkdir(2), rmdir(2), unlink(2), rename(2), link(2), symlink(2), readlink(2), mknod(2),
 * getdents(2), chdir(2), getcwd(2), chroot(2). What they change: vfs/change.ts.
 */

import { bytesOf } from '../abi/bytes.ts'
import { CAP_MKNOD, CAP_SYS_CHROOT } from '../abi/capability.ts'
import {
  EBADF,
  EFAULT,
  EINVAL,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  EOPNOTSUPP,
  EPERM,
  ERANGE,
} from '../abi/errno.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  atFlags,
  openFlags,
  PATH_MAX,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  RENAME_WHITEOUT,
  renameFlags,
  unlinkFlags,
} from '../abi/fcntl.ts'
import { isSymlink, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK } from '../abi/stat.ts'
import type { Task } from '../kernel/task.ts'
import {
  makeDirectory,
  makeLink,
  makeNode,
  makeSymlink,
  mayTakeName,
  removeDirectory,
  removeFile,
  renameName,
} from '../vfs/change.ts'
import type { Path } from '../vfs/path.ts'
import { MAY_EXEC, permission } from '../vfs/permission.ts'
import { FOLLOW, type LastComponent, lookupEntry } from '../vfs/walk.ts'
import { resolve, resolveInode, resolveName, resolveParent } from './names.ts'
import { addr, device, dirfd, fd, flags, mode, outString, path, size, syscall } from './row.ts'

function sysMkdirat(task: Task, at: number, addr: number, modeBits: number): number {
  const last = resolveParent(task, at, addr)
  if (typeof last === 'number') return last
  return makeDirectory(task, last, S_IFDIR | (modeBits & 0o1777 & ~task.fs.umask))
}

function sysMknodat(task: Task, at: number, addr: number, modeBits: number, dev: number): number {
  const type = modeBits & S_IFMT || S_IFREG
  if (type === S_IFDIR) return -EPERM
  const isDevice = type === S_IFCHR || type === S_IFBLK
  if (!isDevice && type !== S_IFREG && type !== S_IFIFO && type !== S_IFSOCK) return -EINVAL
  const last = resolveParent(task, at, addr)
  if (typeof last === 'number') return last
  // A character device without a number is how overlays mark what is gone: it opens nothing.
  const isWhiteout = type === S_IFCHR && dev === 0
  const permissions = modeBits & 0o7777 & ~task.fs.umask
  if (isDevice && !isWhiteout) {
    if (!task.credentials.capableHere(CAP_MKNOD)) return mayTakeName(task, last, false) || -EPERM
    if (task.credentials.level) return makeRememberedNode(task, last, type, permissions, dev)
  }
  return makeNode(task, last, type | permissions, isDevice ? dev : 0)
}

/** Below it is an empty file; on this level of identity, and those above, a device. */
function makeRememberedNode(
  task: Task,
  last: LastComponent,
  type: number,
  permissions: number,
  rdev: number,
): number {
  const made = makeNode(task, last, S_IFREG | permissions, 0)
  if (made < 0) return made
  const file = lookupEntry(task, last.parent, last.name)
  if (typeof file === 'number') return file
  task.credentials.level!.remember(file.inode, { node: { type, rdev } })
  return 0
}

function sysSymlinkat(task: Task, targetAddr: number, at: number, addr: number): number {
  const target = task.readPath(targetAddr)
  if (typeof target === 'number') return target
  if (target === '') return -ENOENT
  const last = resolveParent(task, at, addr)
  return typeof last === 'number' ? last : makeSymlink(task, last, target)
}

function sysLinkat(
  task: Task,
  oldAt: number,
  oldAddr: number,
  newAt: number,
  newAddr: number,
  flagBits: number,
): number {
  if (flagBits & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) return -EINVAL
  const name = task.readPath(oldAddr)
  if (typeof name === 'number') return name
  let source: Path | number | null
  if (name === '' && flagBits & AT_EMPTY_PATH)
    source = oldAt === AT_FDCWD ? task.fs.cwd : (task.fds.get(oldAt)?.path ?? -EBADF)
  else source = resolveName(task, oldAt, name, flagBits & AT_SYMLINK_FOLLOW ? FOLLOW : 0)
  if (typeof source === 'number') return source
  const last = resolveParent(task, newAt, newAddr)
  return typeof last === 'number' ? last : makeLink(task, source, last)
}

function sysUnlinkat(task: Task, at: number, addr: number, flagBits: number): number {
  if (flagBits & ~AT_REMOVEDIR) return -EINVAL
  const last = resolveParent(task, at, addr)
  if (typeof last === 'number') return last
  return flagBits & AT_REMOVEDIR ? removeDirectory(task, last) : removeFile(task, last)
}

function sysRenameat2(
  task: Task,
  oldAt: number,
  oldAddr: number,
  newAt: number,
  newAddr: number,
  flagBits: number,
): number {
  if (flagBits & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) return -EINVAL
  if (flagBits & RENAME_EXCHANGE && flagBits & (RENAME_NOREPLACE | RENAME_WHITEOUT)) return -EINVAL
  const from = resolveParent(task, oldAt, oldAddr)
  if (typeof from === 'number') return from
  const to = resolveParent(task, newAt, newAddr)
  return typeof to === 'number' ? to : renameName(task, from, to, flagBits)
}

function sysReadlinkat(task: Task, at: number, addr: number, buf: number, bufSize: number): number {
  if (bufSize <= 0) return -EINVAL
  const name = task.readPath(addr)
  if (typeof name === 'number') return name
  const inode =
    name === '' && at !== AT_FDCWD
      ? resolveInode(task, at, addr, AT_EMPTY_PATH, false)
      : resolvedLink(task, at, name)
  if (typeof inode === 'number') return inode
  if (name === '' && !isSymlink(inode.mode)) return -ENOENT
  const target = inode.readlink(task)
  if (typeof target === 'number') return target
  const bytes = bytesOf(target).subarray(0, bufSize)
  return task.mm.copyOut(buf, bytes) ? bytes.length : -EFAULT
}

function resolvedLink(task: Task, at: number, name: string) {
  const found = resolveName(task, at, name, 0)
  return typeof found === 'number' ? found : found.inode
}

function changeDirectory(task: Task, found: Path): number {
  if (!found.inode.isDirectory) return -ENOTDIR
  const refused = permission(task.credentials, found.inode, MAY_EXEC)
  if (refused) return refused
  task.fs.cwd = found
  return 0
}

function sysChdir(task: Task, addr: number): number {
  const found = resolve(task, AT_FDCWD, addr, FOLLOW)
  return typeof found === 'number' ? found : changeDirectory(task, found)
}

function sysFchdir(task: Task, fdNumber: number): number {
  const file = task.fds.get(fdNumber)
  if (!file) return -EBADF
  return file.path ? changeDirectory(task, file.path) : -ENOTDIR
}

function sysChroot(task: Task, addr: number): number {
  const found = resolve(task, AT_FDCWD, addr, FOLLOW)
  if (typeof found === 'number') return found
  if (!found.inode.isDirectory) return -ENOTDIR
  const refused = permission(task.credentials, found.inode, MAY_EXEC)
  if (refused) return refused
  const { credentials: who } = task
  if (!who.capableIn(who.userns, CAP_SYS_CHROOT)) return -EPERM
  task.fs.root = found
  return 0
}

function sysGetcwd(task: Task, buf: number, bufSize: number): number {
  const { cwd, root } = task.fs
  if (cwd.removed) return -ENOENT
  const unreachable = cwd.isReachableFrom(root) ? '' : '(unreachable)'
  const name = bytesOf(`${unreachable}${cwd.name(root)}\0`)
  if (name.length > PATH_MAX) return -ENAMETOOLONG
  if (name.length > bufSize) return -ERANGE
  return task.mm.copyOut(buf, name) ? name.length : -EFAULT
}

export const dirRows = [
  syscall('mkdir', [path, mode], (task, n, m) => sysMkdirat(task, AT_FDCWD, n, m)),
  syscall('mkdirat', [dirfd, path, mode], sysMkdirat),
  syscall('mknod', [path, mode, device], (task, n, m, d) => sysMknodat(task, AT_FDCWD, n, m, d)),
  syscall('mknodat', [dirfd, path, mode, device], sysMknodat),
  syscall('symlink', [path, path], (task, t, n) => sysSymlinkat(task, t, AT_FDCWD, n)),
  syscall('symlinkat', [path, dirfd, path], sysSymlinkat),
  syscall('link', [path, path], (task, o, n) => sysLinkat(task, AT_FDCWD, o, AT_FDCWD, n, 0)),
  syscall('linkat', [dirfd, path, dirfd, path, flags(atFlags)], sysLinkat),
  syscall('unlink', [path], (task, n) => sysUnlinkat(task, AT_FDCWD, n, 0)),
  syscall('unlinkat', [dirfd, path, flags(unlinkFlags)], sysUnlinkat),
  syscall('rmdir', [path], (task, n) => sysUnlinkat(task, AT_FDCWD, n, AT_REMOVEDIR)),
  syscall('rename', [path, path], (task, o, n) => sysRenameat2(task, AT_FDCWD, o, AT_FDCWD, n, 0)),
  syscall('renameat', [dirfd, path, dirfd, path], (task, a, o, b, n) => sysRenameat2(task, a, o, b, n, 0)),
  syscall(
    'renameat2',
    [dirfd, path, dirfd, path, flags(renameFlags)],
    sysRenameat2,
    'RENAME_WHITEOUT on tmpfs only',
  ),
  syscall('readlink', [path, outString, size], (task, n, b, s) => sysReadlinkat(task, AT_FDCWD, n, b, s)),
  syscall('readlinkat', [dirfd, path, outString, size], sysReadlinkat),
  syscall('chdir', [path], sysChdir),
  syscall('fchdir', [fd], sysFchdir),
  syscall('chroot', [path], sysChroot),
  syscall('name_to_handle_at', [dirfd, path, addr, addr, flags(atFlags)], () => -EOPNOTSUPP, 'EOPNOTSUPP'),
  syscall('open_by_handle_at', [dirfd, addr, flags(openFlags)], () => -EOPNOTSUPP, 'EOPNOTSUPP'),
  syscall('getcwd', [outString, size], sysGetcwd),
]

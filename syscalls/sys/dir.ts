/**
 * Names and directories: mkdir(2), rmdir(2), unlink(2), rename(2), link(2), symlink(2), readlink(2), mknod(2),
 * getdents(2), chdir(2), getcwd(2), chroot(2). Errors come in Linux's order: walk, existence, permission, mount.
 */

import { putU64 } from '../abi/arch/arch.ts'
import { bytesOf } from '../abi/bytes.ts'
import {
  EBADF,
  EBUSY,
  EEXIST,
  EFAULT,
  EINVAL,
  EISDIR,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  ERANGE,
  EROFS,
  EXDEV,
} from '../abi/errno.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  atFlags,
  PATH_MAX,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  renameFlags,
  unlinkFlags,
} from '../abi/fcntl.ts'
import { direntType, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, S_IFREG, S_IFSOCK } from '../abi/stat.ts'
import type { Task } from '../kernel/task.ts'
import type { Path } from '../vfs/path.ts'
import { MAY_EXEC, mayCreate, mayDelete, permission } from '../vfs/permission.ts'
import { FOLLOW, type LastComponent, lookupChild } from '../vfs/walk.ts'
import { resolve, resolveInode, resolveName, resolveParent } from './names.ts'
import { device, dirents, dirfd, fd, flags, mode, outString, path, size, syscall } from './row.ts'

/** The parent of a name that must not exist yet, ready to take it. */
function placeForNew(
  task: Task,
  dirfdNumber: number,
  addr: number,
  isDirectory: boolean,
): LastComponent | number {
  const last = resolveParent(task, dirfdNumber, addr)
  if (typeof last === 'number') return last
  if (last.name === '' || last.name === '.' || last.name === '..') return -EEXIST
  const existing = lookupChild(task, last.parent, last.name)
  if (typeof existing !== 'number') return -EEXIST
  if (existing !== -ENOENT) return existing
  if (last.trailingSlash && !isDirectory) return -ENOENT
  if (last.parent.dentry.removed) return -ENOENT
  if (last.parent.readOnly) return -EROFS
  const refused = mayCreate(task.credentials, last.parent)
  return refused ? refused : last
}

function sysMkdirat(task: Task, at: number, addr: number, modeBits: number): number {
  const last = placeForNew(task, at, addr, true)
  if (typeof last === 'number') return last
  const inode = last.parent.inode.mkdir(task, last.name, S_IFDIR | (modeBits & 0o1777 & ~task.fs.umask))
  if (typeof inode === 'number') return inode
  last.parent.dentry.child(last.name, inode)
  return 0
}

function sysMknodat(task: Task, at: number, addr: number, modeBits: number, dev: number): number {
  const type = modeBits & S_IFMT || S_IFREG
  if (type === S_IFDIR) return -EPERM
  if (type !== S_IFREG && type !== S_IFIFO && type !== S_IFSOCK && type !== S_IFCHR && type !== S_IFBLK)
    return -EINVAL
  const last = placeForNew(task, at, addr, false)
  if (typeof last === 'number') return last
  if ((type === S_IFCHR || type === S_IFBLK) && !task.credentials.isPrivileged) return -EPERM
  const rdev = type === S_IFCHR || type === S_IFBLK ? dev : 0
  const inode = last.parent.inode.create(task, last.name, type | (modeBits & 0o7777 & ~task.fs.umask), rdev)
  if (typeof inode === 'number') return inode
  last.parent.dentry.child(last.name, inode)
  return 0
}

function sysSymlinkat(task: Task, targetAddr: number, at: number, addr: number): number {
  const target = task.readPath(targetAddr)
  if (typeof target === 'number') return target
  if (target === '') return -ENOENT
  const last = placeForNew(task, at, addr, false)
  if (typeof last === 'number') return last
  return last.parent.inode.symlink(task, last.name, target)
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
  if (name === '' && flagBits & AT_EMPTY_PATH) source = task.fds.get(oldAt)?.path ?? -EBADF
  else source = resolveName(task, oldAt, name, flagBits & AT_SYMLINK_FOLLOW ? FOLLOW : 0)
  if (typeof source === 'number') return source
  const last = placeForNew(task, newAt, newAddr, false)
  if (typeof last === 'number') return last
  if (source.mount !== last.parent.mount) return -EXDEV
  if (source.inode.isDirectory) return -EPERM
  const result = last.parent.inode.link(task, last.name, source.inode)
  if (result < 0) return result
  last.parent.dentry.child(last.name, source.inode)
  return 0
}

/** Whether something is mounted on the entry: its dentry is then not the directory's own child. */
const isMountPoint = (parent: Path, victim: Path): boolean => victim.mount !== parent.mount

function sysUnlinkat(task: Task, at: number, addr: number, flagBits: number): number {
  if (flagBits & ~AT_REMOVEDIR) return -EINVAL
  if (flagBits & AT_REMOVEDIR) return removeDirectory(task, at, addr)
  const last = resolveParent(task, at, addr)
  if (typeof last === 'number') return last
  if (last.name === '' || last.name === '.' || last.name === '..') return -EISDIR
  const victim = lookupChild(task, last.parent, last.name)
  if (typeof victim === 'number') return victim
  if (last.trailingSlash) return victim.inode.isDirectory ? -EISDIR : -ENOTDIR
  const refused = mayDelete(task.credentials, last.parent, victim.inode)
  if (refused) return refused
  if (victim.inode.isDirectory) return -EISDIR
  if (isMountPoint(last.parent, victim)) return -EBUSY
  const result = last.parent.inode.unlink(task, last.name, victim.inode)
  if (result >= 0) last.parent.dentry.forget(last.name)
  return result
}

function removeDirectory(task: Task, at: number, addr: number): number {
  const last = resolveParent(task, at, addr)
  if (typeof last === 'number') return last
  if (last.name === '.') return -EINVAL
  if (last.name === '..') return -ENOTEMPTY
  if (last.name === '') return -EBUSY
  const victim = lookupChild(task, last.parent, last.name)
  if (typeof victim === 'number') return victim
  const refused = mayDelete(task.credentials, last.parent, victim.inode)
  if (refused) return refused
  if (!victim.inode.isDirectory) return -ENOTDIR
  if (isMountPoint(last.parent, victim)) return -EBUSY
  const result = last.parent.inode.rmdir(task, last.name, victim.inode)
  if (result >= 0) last.parent.dentry.forget(last.name)
  return result
}

function sysRenameat2(
  task: Task,
  oldAt: number,
  oldAddr: number,
  newAt: number,
  newAddr: number,
  flagBits: number,
): number {
  if (flagBits & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) return -EINVAL
  if (flagBits & RENAME_NOREPLACE && flagBits & RENAME_EXCHANGE) return -EINVAL
  const from = resolveParent(task, oldAt, oldAddr)
  if (typeof from === 'number') return from
  const to = resolveParent(task, newAt, newAddr)
  if (typeof to === 'number') return to
  if (from.parent.mount !== to.parent.mount) return -EXDEV
  for (const { name } of [from, to])
    if (name === '' || name === '.' || name === '..')
      return flagBits & RENAME_NOREPLACE && name === to.name ? -EEXIST : -EBUSY
  const source = lookupChild(task, from.parent, from.name)
  if (typeof source === 'number') return source
  const target = lookupChild(task, to.parent, to.name)
  if (typeof target === 'number' && target !== -ENOENT) return target
  const replaced = typeof target === 'number' ? null : target
  if (replaced && flagBits & RENAME_NOREPLACE) return -EEXIST
  if (!replaced && flagBits & RENAME_EXCHANGE) return -ENOENT
  const checked = checkRename(task, from, to, source, replaced, flagBits)
  if (checked !== 0) return checked
  if (replaced && replaced.inode === source.inode) return 0
  const result = from.parent.inode.rename(task, from.name, to.parent.inode, to.name, flagBits)
  if (result < 0) return result
  if (flagBits & RENAME_EXCHANGE) {
    // Both names now mean the other file: they are looked up afresh.
    from.parent.dentry.children?.delete(from.name)
    to.parent.dentry.children?.delete(to.name)
  } else source.dentry.moveTo(to.parent.dentry, to.name)
  return 0
}

function checkRename(
  task: Task,
  from: LastComponent,
  to: LastComponent,
  source: Path,
  target: Path | null,
  flagBits: number,
): number {
  if (isMountPoint(from.parent, source) || (target && isMountPoint(to.parent, target))) return -EBUSY
  const isDirectory = source.inode.isDirectory
  if (!isDirectory && (from.trailingSlash || to.trailingSlash)) return -ENOTDIR
  // A directory cannot become its own descendant, nor replace an ancestor.
  for (let d = to.parent.dentry; ; d = d.parent) {
    if (d === source.dentry) return -EINVAL
    if (!d.parent) break
  }
  if (target)
    for (let d = from.parent.dentry; ; d = d.parent) {
      if (d === target.dentry) return flagBits & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY
      if (!d.parent) break
    }
  const refused = mayDelete(task.credentials, from.parent, source.inode)
  if (refused) return refused
  const refusedThere = target
    ? mayDelete(task.credentials, to.parent, target.inode)
    : mayCreate(task.credentials, to.parent)
  if (refusedThere) return refusedThere
  if (target && !(flagBits & RENAME_EXCHANGE) && target.inode !== source.inode) {
    if (isDirectory && !target.inode.isDirectory) return -ENOTDIR
    if (!isDirectory && target.inode.isDirectory) return -EISDIR
  }
  return 0
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
  const target = inode.readlink(task)
  if (typeof target === 'number') return target
  const bytes = bytesOf(target).subarray(0, bufSize)
  return task.mm.copyOut(buf, bytes) ? bytes.length : -EFAULT
}

function resolvedLink(task: Task, at: number, name: string) {
  const found = resolveName(task, at, name, 0)
  return typeof found === 'number' ? found : found.inode
}

function sysGetdents64(task: Task, fdNumber: number, buf: number, count: number): number {
  const file = task.fds.get(fdNumber)
  if (!file) return -EBADF
  if (!file.inode.isDirectory) return -ENOTDIR
  const room = Math.min(count, 1 << 20)
  if (!task.mm.canWrite(buf, room)) return -EFAULT
  let used = 0
  let tooSmall = false
  const result = file.readdir(task, {
    add(name, ino, modeBits, next) {
      const recordSize = Math.ceil((19 + name.length + 1) / 8) * 8
      if (used + recordSize > room) {
        tooSmall = used === 0
        return false
      }
      const { view, bytes } = task.mm.space
      const at = buf + used
      putU64(view, at, ino)
      putU64(view, at + 8, next)
      view.setUint16(at + 16, recordSize, true)
      view.setUint8(at + 18, direntType(modeBits))
      for (let i = 0; i < name.length; i++) bytes[at + 19 + i] = name.charCodeAt(i)
      bytes.fill(0, at + 19 + name.length, at + recordSize)
      used += recordSize
      return true
    },
  })
  if (tooSmall) return -EINVAL
  if (result < 0 && used === 0) return result
  task.mm.stored(buf, Math.max(1, used))
  return used
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
  if (!task.credentials.isPrivileged) return -EPERM
  task.fs.root = found
  return 0
}

function sysGetcwd(task: Task, buf: number, bufSize: number): number {
  const { cwd, root } = task.fs
  if (cwd.removed) return -ENOENT
  const name = bytesOf(`${cwd.name(root)}\0`)
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
  syscall('rmdir', [path], (task, n) => removeDirectory(task, AT_FDCWD, n)),
  syscall('rename', [path, path], (task, o, n) => sysRenameat2(task, AT_FDCWD, o, AT_FDCWD, n, 0)),
  syscall('renameat', [dirfd, path, dirfd, path], (task, a, o, b, n) => sysRenameat2(task, a, o, b, n, 0)),
  syscall('renameat2', [dirfd, path, dirfd, path, flags(renameFlags)], sysRenameat2, 'no RENAME_WHITEOUT'),
  syscall('readlink', [path, outString, size], (task, n, b, s) => sysReadlinkat(task, AT_FDCWD, n, b, s)),
  syscall('readlinkat', [dirfd, path, outString, size], sysReadlinkat),
  syscall('getdents64', [fd, dirents, size], sysGetdents64),
  syscall('chdir', [path], sysChdir),
  syscall('fchdir', [fd], sysFchdir),
  syscall('chroot', [path], sysChroot),
  syscall('getcwd', [outString, size], sysGetcwd),
]

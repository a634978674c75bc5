/**
 * Opening, closing, sizing files: open(2), openat(2), close(2), close_range(2), truncate(2), fsync(2), fallocate(2).
 */

import {
  E2BIG,
  EAGAIN,
  EBADF,
  EFAULT,
  EFBIG,
  EINVAL,
  EISDIR,
  ENODEV,
  ENOTDIR,
  EOPNOTSUPP,
  EOVERFLOW,
  EPERM,
  EROFS,
  ESPIPE,
} from '../abi/errno.ts'
import * as F from '../abi/fcntl.ts'
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_CREAT,
  O_LARGEFILE,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  openFlags,
} from '../abi/fcntl.ts'
import { flagTable } from '../abi/flag-table.ts'
import { IN_MODIFY } from '../abi/inotify.ts'
import { RLIMIT_FSIZE } from '../abi/process.ts'
import { S_IFIFO, S_IFLNK } from '../abi/stat.ts'
import type { Task } from '../kernel/task.ts'
import { FILE_SIZE_MAX, type FileDescription } from '../vfs/file-description.ts'
import type { Inode } from '../vfs/inode.ts'
import { notifyPath } from '../vfs/notify.ts'
import { openFile, sizeChange } from '../vfs/open.ts'
import type { Path } from '../vfs/path.ts'
import { MAY_WRITE, permission } from '../vfs/permission.ts'
import { FOLLOW } from '../vfs/walk.ts'
import { isSmall, SMALL_FILE_MAX, tooLarge } from './io.ts'
import { memfdFlags, sysMemfdCreate } from './memfd.ts'
import { resolve } from './names.ts'
import {
  dirfd,
  fd,
  flags,
  inStruct,
  long,
  mode,
  openFlagsOf,
  path,
  size,
  string,
  syscall,
  uint,
  value,
} from './row.ts'

/** Every O_* the kernel knows; others are ignored by open(2) as on Linux. */
const KNOWN = 0o37777703

/** Opens a name for a task without giving it a descriptor. */
export function openName(
  task: Task,
  dirfdNumber: number,
  name: string,
  flagBits: number,
  modeBits: number,
  resolve = 0,
): FileDescription | number {
  let start = task.fs.cwd
  if (dirfdNumber !== AT_FDCWD && (name.charCodeAt(0) !== 47 || resolve !== 0)) {
    const at = task.fds.get(dirfdNumber)
    if (!at) return -EBADF
    if (!at.path) return -ENOTDIR
    start = at.path
  }
  return openFile({
    caller: task,
    devices: task.kernel.devices,
    root: resolve & F.RESOLVE_IN_ROOT ? start : task.fs.root,
    start,
    name,
    flags: flagBits & KNOWN,
    mode: modeBits & 0o7777 & ~task.fs.umask,
    ...(resolve ? { scope: { flags: resolve, base: start } } : {}),
  })
}

function sysOpenat(
  task: Task,
  dirfdNumber: number,
  nameAddr: number,
  flagBits: number,
  modeBits: number,
): number {
  const name = task.readPath(nameAddr)
  if (typeof name === 'number') return name
  return openDescriptor(task, dirfdNumber, name, flagBits, wantsMode(flagBits) ? modeBits : 0, 0)
}

const wantsMode = (flagBits: number): boolean =>
  (flagBits & O_CREAT) !== 0 || (flagBits & O_TMPFILE & ~F.O_DIRECTORY) !== 0

function openDescriptor(
  task: Task,
  at: number,
  name: string,
  flagBits: number,
  modeBits: number,
  resolve: number,
): number {
  const file = openName(task, at, name, flagBits, modeBits, resolve)
  if (typeof file === 'number') return file
  // It is added to every open of a 64-bit program, and F_GETFL shows it.
  const isLarge = task.call.model.wordSize === 8
  if (isLarge && !(flagBits & F.O_PATH)) file.flags |= O_LARGEFILE
  if (
    !isLarge &&
    !(flagBits & (F.O_PATH | O_LARGEFILE)) &&
    file.inode.isRegular &&
    file.inode.size > SMALL_FILE_MAX
  ) {
    file.release()
    return -EOVERFLOW
  }
  const number = task.fds.install(file, (flagBits & O_CLOEXEC) !== 0)
  if (number < 0) file.release()
  return number
}

/** struct open_how: flags, mode and resolve, 64 bits each; what newer programs have behind it must be zero. */
const OPEN_HOW_SIZE = 24
const RESOLVE_KNOWN = 0x3f
const O_PATH_KNOWN = F.O_PATH | F.O_DIRECTORY | F.O_NOFOLLOW | O_CLOEXEC

function sysOpenat2(task: Task, at: number, nameAddr: number, howAddr: number, howSize: number): number {
  if (howSize < OPEN_HOW_SIZE) return -EINVAL
  if (howSize > F.PATH_MAX) return -E2BIG
  const how = task.mm.copyIn(howAddr, howSize)
  if (!how) return -EFAULT
  if (how.subarray(OPEN_HOW_SIZE).some((byte) => byte !== 0)) return -E2BIG
  const [given, modeBits, resolve] = [0, 8, 16].map((offset) => task.mm.u64(howAddr + offset)) as [
    number,
    number,
    number,
  ]
  const flagBits = given >= 2 ** 31 ? given : task.mm.arch.openFlags(given)
  if (flagBits >= 2 ** 31 || flagBits & ~KNOWN || modeBits > 0o7777 || resolve > RESOLVE_KNOWN) return -EINVAL
  if (modeBits !== 0 && !wantsMode(flagBits)) return -EINVAL
  if (resolve & F.RESOLVE_BENEATH && resolve & F.RESOLVE_IN_ROOT) return -EINVAL
  if (flagBits & F.O_PATH && flagBits & ~O_PATH_KNOWN) return -EINVAL
  // Everything is in memory, so only what changes something has to be refused.
  if (resolve & F.RESOLVE_CACHED && (flagBits & O_TRUNC || wantsMode(flagBits))) return -EAGAIN
  const name = task.readPath(nameAddr)
  if (typeof name === 'number') return name
  const isPath = (flagBits & F.O_PATH) !== 0
  return openDescriptor(task, at, name, isPath ? flagBits : flagBits | O_LARGEFILE, modeBits, resolve)
}

const CLOSE_RANGE_UNSHARE = 2
const CLOSE_RANGE_CLOEXEC = 4

function sysCloseRange(task: Task, first: number, last: number, flagBits: number): number {
  if (flagBits & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE) || first > last) return -EINVAL
  if (flagBits & CLOSE_RANGE_UNSHARE) task.unshareFiles()
  for (const number of task.fds.open()) {
    if (number < first || number > last) continue
    if (flagBits & CLOSE_RANGE_CLOEXEC) task.fds.setCloseOnExec(number, true)
    else task.fds.close(number)
  }
  return 0
}

function truncateInode(task: Task, inode: Inode, path: Path | null, length: number): number {
  const refused = checkSize(task, inode, length)
  if (refused) return refused
  const seal = length < inode.size ? F.F_SEAL_SHRINK : length > inode.size ? F.F_SEAL_GROW : 0
  if (inode.seals > 0 && inode.seals & seal) return -EPERM
  const result = inode.setAttributes(task, sizeChange(task, inode, length))
  if (result < 0) return result
  inode.mapped?.truncated(length)
  if (path) notifyPath(path, IN_MODIFY)
  return result
}

function sysTruncate(task: Task, nameAddr: number, length: number): number {
  if (length < 0) return -EINVAL
  const found = resolve(task, AT_FDCWD, nameAddr, FOLLOW)
  if (typeof found === 'number') return found
  const inode = found.inode
  if (inode.isDirectory) return -EISDIR
  if (!inode.isRegular) return -EINVAL
  if (found.readOnly) return -EROFS
  const refused = permission(task.credentials, inode, MAY_WRITE)
  if (refused) return refused
  return truncateInode(task, inode, found, length)
}

function sysFtruncate(task: Task, fdNumber: number, length: number): number {
  if (length < 0) return -EINVAL
  const file = task.fds.usable(fdNumber)
  if (!file) return -EBADF
  if (!file.writable || !file.inode.isRegular) return -EINVAL
  if (length > SMALL_FILE_MAX && isSmall(task, file)) return -EINVAL
  return truncateInode(task, file.inode, file.path, length)
}

function sysFsync(task: Task, fdNumber: number): number {
  const file = task.fds.usable(fdNumber)
  if (!file) return -EBADF
  if (!file.path || !(file.inode.isRegular || file.inode.isDirectory)) return -EINVAL
  return file.inode.sync(task)
}

/** May a file become this long? Beyond RLIMIT_FSIZE a signal says no, beyond what a file can be an errno alone. */
function checkSize(task: Task, inode: Inode, size: number): number {
  if (size > task.group.limits[RLIMIT_FSIZE]!.soft && size > inode.size) return tooLarge(task)
  return size > FILE_SIZE_MAX ? -EFBIG : 0
}

function sysFallocate(
  task: Task,
  fdNumber: number,
  modeBits: number,
  offset: number,
  length: number,
): number {
  const file = task.fds.usable(fdNumber)
  if (!file) return -EBADF
  if (offset < 0 || length <= 0) return -EINVAL
  const refused = checkFallocateMode(modeBits)
  if (refused) return refused
  if (!file.writable) return -EBADF
  const { inode } = file
  if (inode.type === S_IFIFO) return -ESPIPE
  if (inode.isDirectory) return -EISDIR
  if (!inode.isRegular || !file.seekable) return -ENODEV
  const end = offset + length
  if (end > FILE_SIZE_MAX) return -EFBIG
  let result: number
  if (modeBits & FALLOC_FL_PUNCH_HOLE) result = punchHole(task, inode, offset, length)
  else if (inode.seals > 0 && inode.seals & F.F_SEAL_GROW && end > inode.size) return -EPERM
  else if (modeBits & ~FALLOC_FL_KEEP_SIZE) return -EOPNOTSUPP
  else {
    result = checkSize(task, inode, end)
    if (result === 0) result = inode.allocate(task, offset, length, (modeBits & FALLOC_FL_KEEP_SIZE) !== 0)
  }
  if (result < 0) return result
  if (file.path) notifyPath(file.path, IN_MODIFY)
  return 0
}

/** Zeros that take no room, for who reads the file and who maps it: fallocate(2), MADV_REMOVE. */
export function punchHole(task: Task, inode: Inode, offset: number, length: number): number {
  if (inode.seals > 0 && inode.seals & (F.F_SEAL_WRITE | F.F_SEAL_FUTURE_WRITE)) return -EPERM
  const result = inode.punchHole(task, offset, length)
  if (result >= 0) inode.mapped?.zeroed(offset, Math.min(offset + length, inode.size))
  return result
}

const FALLOC_FL_KEEP_SIZE = 1
const FALLOC_FL_PUNCH_HOLE = 2
const FALLOC_FL_COLLAPSE_RANGE = 8
const FALLOC_FL_ZERO_RANGE = 0x10
const FALLOC_FL_INSERT_RANGE = 0x20
const FALLOC_FL_UNSHARE_RANGE = 0x40
/** One of these, or none, says what is done. */
const FALLOC_MODES = [
  0,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_ZERO_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_UNSHARE_RANGE,
]

function checkFallocateMode(modeBits: number): number {
  const what = modeBits & ~FALLOC_FL_KEEP_SIZE
  if (!FALLOC_MODES.includes(what)) return -EOPNOTSUPP
  const keepSize = (modeBits & FALLOC_FL_KEEP_SIZE) !== 0
  if (what === FALLOC_FL_PUNCH_HOLE && !keepSize) return -EOPNOTSUPP
  if ((what === FALLOC_FL_COLLAPSE_RANGE || what === FALLOC_FL_INSERT_RANGE) && keepSize) return -EOPNOTSUPP
  return 0
}

function sysFadvise(task: Task, fdNumber: number, _offset: number, length: number, advice: number): number {
  const file = task.fds.usable(fdNumber)
  if (!file) return -EBADF
  if (file.inode.type === S_IFIFO) return -ESPIPE
  return length < 0 || advice < 0 || advice > 5 ? -EINVAL : 0
}

function sysSyncFileRange(
  task: Task,
  fdNumber: number,
  offset: number,
  length: number,
  flagBits: number,
): number {
  const file = task.fds.usable(fdNumber)
  if (!file) return -EBADF
  if (flagBits & ~7 || offset < 0 || length < 0 || offset + length >= 2 ** 63) return -EINVAL
  const { inode } = file
  return inode.isRegular || inode.isDirectory || inode.type === S_IFLNK ? 0 : -ESPIPE
}

function sysReadahead(task: Task, fdNumber: number): number {
  const file = task.fds.get(fdNumber)
  if (!file?.readable) return -EBADF
  return file.inode.isRegular && file.seekable ? 0 : -EINVAL
}

const syncRangeFlags = flagTable(
  { SYNC_FILE_RANGE_WAIT_BEFORE: 1, SYNC_FILE_RANGE_WRITE: 2, SYNC_FILE_RANGE_WAIT_AFTER: 4 },
  'SYNC_FILE_RANGE_???',
)
const closeRangeFlags = flagTable({ CLOSE_RANGE_UNSHARE, CLOSE_RANGE_CLOEXEC }, 'CLOSE_RANGE_???')
const fallocateModes = flagTable(
  {
    FALLOC_FL_KEEP_SIZE,
    FALLOC_FL_PUNCH_HOLE,
    FALLOC_FL_NO_HIDE_STALE: 4,
    FALLOC_FL_COLLAPSE_RANGE,
    FALLOC_FL_ZERO_RANGE,
    FALLOC_FL_INSERT_RANGE,
    FALLOC_FL_UNSHARE_RANGE,
  },
  'FALLOC_FL_???',
)
const fadviseAdvice = flagTable(
  {
    POSIX_FADV_NORMAL: 0,
    POSIX_FADV_RANDOM: 1,
    POSIX_FADV_SEQUENTIAL: 2,
    POSIX_FADV_WILLNEED: 3,
    POSIX_FADV_DONTNEED: 4,
    POSIX_FADV_NOREUSE: 5,
  },
  'POSIX_FADV_???',
)

export const fileRows = [
  syscall('open', [path, openFlagsOf(openFlags), mode], (task, n, f, m) =>
    sysOpenat(task, AT_FDCWD, n, f, m),
  ),
  syscall('openat', [dirfd, path, openFlagsOf(openFlags), mode], sysOpenat),
  syscall('openat2', [dirfd, path, inStruct('openHow'), size], sysOpenat2),
  syscall('memfd_create', [string, flags(memfdFlags)], sysMemfdCreate),
  syscall('creat', [path, mode], (task, n, m) =>
    sysOpenat(task, AT_FDCWD, n, O_CREAT | O_WRONLY | O_TRUNC, m),
  ),
  syscall('close', [fd], (task, f) => task.fds.close(f)),
  syscall('close_range', [uint, uint, flags(closeRangeFlags)], sysCloseRange),
  syscall('truncate', [path, long], sysTruncate),
  syscall('ftruncate', [fd, long], sysFtruncate),
  syscall('fsync', [fd], sysFsync),
  syscall('fdatasync', [fd], sysFsync),
  syscall('sync', [], () => 0),
  syscall('syncfs', [fd], (task, f) => (task.fds.usable(f) ? 0 : -EBADF)),
  syscall('sync_file_range', [fd, long, long, flags(syncRangeFlags)], sysSyncFileRange),
  syscall(
    'fallocate',
    [fd, flags(fallocateModes), long, long],
    sysFallocate,
    'growing and holes, as tmpfs has them',
  ),
  syscall('fadvise64', [fd, long, long, value(fadviseAdvice)], sysFadvise),
  syscall('readahead', [fd, long, size], sysReadahead),
]

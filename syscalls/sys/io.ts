/**
 * Reading and writing descriptors: read(2), write(2), pread(2), lseek(2). Vectors: vector.ts.
 * Path: program → here → FileDescription with the guest's memory as buffer. A ready read allocates nothing.
 */

import { EBADF, EFAULT, EFBIG, EINVAL, ESPIPE } from '../abi/errno.ts'
import { O_APPEND, O_LARGEFILE, whences } from '../abi/fcntl.ts'
import { RLIM_INFINITY, RLIMIT_FSIZE } from '../abi/process.ts'
import { SI_USER, SIGXFSZ, sigInfo } from '../abi/signal.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { fd, inBuf, long, outBuf, size, syscall, value } from './row.ts'

/** Linux MAX_RW_COUNT. */
export const COUNT_MAX = 0x7ffff000
/** Behind every offset. */
export const OFFSET_END = 2 ** 63

function sysRead(task: Task, fd: number, buf: number, count: number): number {
  const file = task.fds.get(fd)
  if (!file?.readable) return -EBADF
  return readInto(task, file, buf, count, -1)
}

function sysWrite(task: Task, fd: number, buf: number, count: number): number {
  const file = task.fds.get(fd)
  if (!file?.writable) return -EBADF
  return writeFrom(task, file, buf, count, -1)
}

/** One buffer; `pos` -1 is the file's own position. */
export function readInto(
  task: Task,
  file: FileDescription,
  buf: number,
  wanted: number,
  pos: number,
): number {
  let count = Math.min(wanted, COUNT_MAX)
  const { mm } = task
  if (count > 0) {
    count = mm.writablePrefix(buf, count)
    if (count === 0) return -EFAULT
  }
  const { bytes } = mm.space
  const done = pos < 0 ? file.read(task, bytes, buf, count) : file.readAt(task, pos, bytes, buf, count)
  if (done > 0) mm.stored(buf, done)
  return done
}

/** EFBIG, with the signal that goes with RLIMIT_FSIZE. */
export function tooLarge(task: Task): number {
  task.kernel.sendToTask(
    task,
    sigInfo(SIGXFSZ, SI_USER, { pid: task.group.ownPid, uid: task.credentials.uid }),
  )
  return -EFBIG
}

/** MAX_NON_LFS: how far programs of 32-bit ISAs get in a file that they opened without O_LARGEFILE. */
export const SMALL_FILE_MAX = 2 ** 31 - 1

export const isSmall = (task: Task, { flags }: FileDescription): boolean =>
  task.mm.arch.bits === 32 && (flags & O_LARGEFILE) === 0

/** How much of a write stays within RLIMIT_FSIZE and what a small file can hold; -EFBIG when nothing does. `pos` -1 is the file's own. */
export function withinLimit(task: Task, file: FileDescription, count: number, pos: number): number {
  const limit = task.group.limits[RLIMIT_FSIZE]!.soft
  const sizeMax = isSmall(task, file) ? SMALL_FILE_MAX : RLIM_INFINITY
  const isFree = limit === RLIM_INFINITY && sizeMax === RLIM_INFINITY
  if (isFree || count === 0 || !file.inode.isRegular || !file.seekable) return count
  const from = file.flags & O_APPEND ? file.inode.size : pos < 0 ? file.pos : pos
  if (from >= limit) return tooLarge(task)
  return from >= sizeMax ? -EFBIG : Math.min(count, limit - from, sizeMax - from)
}

/** As readInto, the other way. */
export function writeFrom(
  task: Task,
  file: FileDescription,
  buf: number,
  wanted: number,
  pos: number,
): number {
  let count = withinLimit(task, file, Math.min(wanted, COUNT_MAX), pos)
  if (count < 0) return count
  const { mm } = task
  if (count > 0) {
    count = mm.readablePrefix(buf, count)
    if (count === 0) return -EFAULT
  }
  const { bytes } = mm.space
  return pos < 0 ? file.write(task, bytes, buf, count) : file.writeAt(task, pos, bytes, buf, count)
}

function sysPread64(task: Task, fd: number, buf: number, count: number, pos: number): number {
  const file = task.fds.get(fd)
  if (!file) return -EBADF
  if (pos < 0) return -EINVAL
  if (!file.seekable) return -ESPIPE
  if (!file.readable) return -EBADF
  return pos + count >= OFFSET_END ? -EINVAL : readInto(task, file, buf, count, pos)
}

function sysPwrite64(task: Task, fd: number, buf: number, count: number, pos: number): number {
  const file = task.fds.get(fd)
  if (!file) return -EBADF
  if (pos < 0) return -EINVAL
  if (!file.seekable) return -ESPIPE
  if (!file.writable) return -EBADF
  if (pos + count >= OFFSET_END) return -EINVAL
  return writeFrom(task, file, buf, count, file.flags & O_APPEND ? file.inode.size : pos)
}

function sysLseek(task: Task, fd: number, offset: number, whence: number): number {
  const file = task.fds.usable(fd)
  if (!file) return -EBADF
  if (whence < 0 || whence > 4) return -EINVAL
  return file.seek(task, offset, whence)
}

export const ioRows = [
  syscall('read', [fd, outBuf, size], sysRead),
  syscall('write', [fd, inBuf(2), size], sysWrite),
  syscall('pread64', [fd, outBuf, size, long], sysPread64),
  syscall('pwrite64', [fd, inBuf(2), size, long], sysPwrite64),
  syscall('lseek', [fd, long, value(whences)], sysLseek),
]

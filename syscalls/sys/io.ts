/**
 * Reading and writing descriptors: read(2), write(2), pread(2), readv(2), lseek(2), sendfile(2).
 * Path: program → here → FileDescription with the guest's memory as buffer. A ready read allocates nothing.
 */

import { EBADF, EFAULT, EFBIG, EINVAL, EISDIR, ESPIPE, isError } from '../abi/errno.ts'
import { O_APPEND, whences } from '../abi/fcntl.ts'
import { flagTable } from '../abi/flag-table.ts'
import { POLLIN } from '../abi/poll.ts'
import { RLIM_INFINITY, RLIMIT_FSIZE } from '../abi/process.ts'
import { SI_USER, SIGXFSZ, sigInfo } from '../abi/signal.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import {
  fd,
  flags,
  inBuf,
  inIov,
  int,
  long,
  outBuf,
  outIov,
  outStruct,
  size,
  syscall,
  uint,
  value,
} from './row.ts'

/** Linux MAX_RW_COUNT. */
const COUNT_MAX = 0x7ffff000
/** Behind every offset. */
const OFFSET_END = 2 ** 63
/** Linux UIO_MAXIOV. */
const IOV_COUNT_MAX = 1024
/** Vectors up to this are written as one piece. */
const GATHER_SIZE_MAX = 1 << 20
/** Bytes that sendfile and copy_file_range move through the kernel at once. */
const COPY_CHUNK_SIZE = 65536

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
function readInto(task: Task, file: FileDescription, buf: number, wanted: number, pos: number): number {
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
  task.kernel.sendToTask(task, sigInfo(SIGXFSZ, SI_USER, { pid: task.group.pid, uid: task.credentials.uid }))
  return -EFBIG
}

/** How much of a write stays within RLIMIT_FSIZE; -EFBIG when nothing does. `pos` -1 is the file's own. */
function withinLimit(task: Task, file: FileDescription, count: number, pos: number): number {
  const limit = task.group.limits[RLIMIT_FSIZE]!.soft
  if (limit === RLIM_INFINITY || count === 0 || !file.inode.isRegular || !file.seekable) return count
  const from = file.flags & O_APPEND ? file.inode.size : pos < 0 ? file.pos : pos
  return from >= limit ? tooLarge(task) : Math.min(count, limit - from)
}

function writeFrom(task: Task, file: FileDescription, buf: number, wanted: number, pos: number): number {
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

/** The iovec array, checked; an errno. */
function readIov(task: Task, addr: number, count: number): [number, number][] | number {
  if (count < 0 || count > IOV_COUNT_MAX) return -EINVAL
  const { mm } = task
  if (count > 0 && !mm.canRead(addr, count * 16)) return -EFAULT
  const parts: [number, number][] = []
  let total = 0
  for (let i = 0; i < count; i++) {
    const length = mm.u64(addr + i * 16 + 8)
    if (length >= 2 ** 63) return -EINVAL
    const kept = Math.min(length, COUNT_MAX - total)
    total += kept
    parts.push([mm.u64(addr + i * 16), kept])
  }
  return parts
}

function readVector(task: Task, file: FileDescription, iov: number, count: number, pos: number): number {
  const parts = readIov(task, iov, count)
  if (typeof parts === 'number') return parts
  let done = 0
  for (const [buf, length] of parts) {
    if (length === 0) continue
    // Only the first part may wait; what has come is given at once.
    if (done > 0 && pos < 0 && !(file.poll(task) & POLLIN)) break
    const got = readInto(task, file, buf, length, pos < 0 ? -1 : pos + done)
    if (got < 0) return done > 0 && isError(got) ? done : got
    done += got
    if (got < length) break
  }
  return done
}

/**
 * Writes parts as one piece where atomicity counts (pipes, terminals): small vectors are gathered first.
 * The parts of a long blocked vector are found again by the count already written.
 */
function writeVector(task: Task, file: FileDescription, iov: number, count: number, pos: number): number {
  const parts = readIov(task, iov, count)
  if (typeof parts === 'number') return parts
  let total = 0
  for (const [buf, length] of parts) {
    if (length > 0 && !task.mm.canRead(buf, length)) return total > 0 ? total : -EFAULT
    total += length
  }
  if (parts.length === 1) return writeFrom(task, file, parts[0]![0], total, pos)
  if (total > GATHER_SIZE_MAX) {
    // Too much to gather: a short write of the first part, which the caller continues.
    const [buf, length] = parts.find(([, size]) => size > 0)!
    return writeFrom(task, file, buf, length, pos)
  }
  const gathered = new Uint8Array(total)
  let at = 0
  for (const [buf, length] of parts) {
    gathered.set(task.mm.space.bytes.subarray(buf, buf + length), at)
    at += length
  }
  const allowed = withinLimit(task, file, total, pos)
  if (allowed < 0) return allowed
  return pos < 0 ? file.write(task, gathered, 0, allowed) : file.writeAt(task, pos, gathered, 0, allowed)
}

function sysReadv(task: Task, fd: number, iov: number, count: number): number {
  const file = task.fds.get(fd)
  return file?.readable ? readVector(task, file, iov, count, -1) : -EBADF
}

function sysWritev(task: Task, fd: number, iov: number, count: number): number {
  const file = task.fds.get(fd)
  return file?.writable ? writeVector(task, file, iov, count, -1) : -EBADF
}

function sysPreadv(task: Task, fd: number, iov: number, count: number, pos: number): number {
  const file = task.fds.get(fd)
  if (!file?.readable) return -EBADF
  if (pos < 0) return -EINVAL
  return file.seekable ? readVector(task, file, iov, count, pos) : -ESPIPE
}

function sysPwritev(task: Task, fd: number, iov: number, count: number, pos: number): number {
  const file = task.fds.get(fd)
  if (!file?.writable) return -EBADF
  if (pos < 0) return -EINVAL
  return file.seekable ? writeVector(task, file, iov, count, pos) : -ESPIPE
}

function sysLseek(task: Task, fd: number, offset: number, whence: number): number {
  const file = task.fds.get(fd)
  if (!file) return -EBADF
  if (whence < 0 || whence > 4) return -EINVAL
  return file.seek(task, offset, whence)
}

/** Moves bytes between descriptions through a kernel buffer; `fromPos`/`toPos` -1 use the files' own positions. */
function transfer(
  task: Task,
  from: FileDescription,
  fromPos: number,
  to: FileDescription,
  toPos: number,
  count: number,
): number {
  // What was read and not yet written survives a wait as progress data.
  let state = task.progressState as Transfer | null
  if (!state)
    task.progressState = state = {
      chunk: new Uint8Array(Math.min(COPY_CHUNK_SIZE, count)),
      filled: 0,
      written: 0,
      done: 0,
    }
  for (;;) {
    if (state.written === state.filled) {
      if (state.done >= count) return state.done
      const wanted = Math.min(state.chunk.length, count - state.done)
      const got =
        fromPos < 0
          ? from.read(task, state.chunk, 0, wanted)
          : from.readAt(task, fromPos + state.done, state.chunk, 0, wanted)
      if (got <= 0) return state.done > 0 && (got === 0 || isError(got)) ? state.done : got
      state.filled = got
      state.written = 0
      task.progress = 0
    }
    const rest = state.filled - state.written
    const put =
      toPos < 0
        ? to.write(task, state.chunk, state.written, rest)
        : to.writeAt(task, toPos + state.done, state.chunk, state.written, rest)
    if (put < 0) {
      if (isError(put) && fromPos < 0 && from.seekable) from.pos -= rest
      return state.done > 0 && isError(put) ? state.done : put
    }
    task.progress = 0
    state.written += put
    state.done += put
  }
}

interface Transfer {
  chunk: Uint8Array
  filled: number
  written: number
  done: number
}

function sysSendfile(task: Task, outFd: number, inFd: number, offsetAddr: number, count: number): number {
  const from = task.fds.get(inFd)
  const to = task.fds.get(outFd)
  if (!from?.readable || !to?.writable) return -EBADF
  if (!from.inode.isRegular || !from.seekable) return -EINVAL
  if (to.flags & O_APPEND) return -EINVAL
  let pos = -1
  if (offsetAddr) {
    if (!task.mm.canWrite(offsetAddr, 8)) return -EFAULT
    pos = task.mm.i64(offsetAddr)
    if (pos < 0) return -EINVAL
  }
  const done = transfer(task, from, pos, to, -1, Math.min(count, COUNT_MAX))
  if (done > 0 && offsetAddr) task.mm.setU64(offsetAddr, pos + done)
  return done
}

function sysCopyFileRange(
  task: Task,
  inFd: number,
  inOff: number,
  outFd: number,
  outOff: number,
  count: number,
  flagBits: number,
): number {
  const from = task.fds.get(inFd)
  const to = task.fds.get(outFd)
  if (!from?.readable || !to?.writable || to.flags & O_APPEND) return -EBADF
  if (flagBits !== 0) return -EINVAL
  if (from.inode.isDirectory || to.inode.isDirectory) return -EISDIR
  if (!from.inode.isRegular || !to.inode.isRegular) return -EINVAL
  const { mm } = task
  let inPos = -1
  let outPos = -1
  if (inOff) {
    if (!mm.canWrite(inOff, 8)) return -EFAULT
    inPos = mm.i64(inOff)
  }
  if (outOff) {
    if (!mm.canWrite(outOff, 8)) return -EFAULT
    outPos = mm.i64(outOff)
  }
  if ((inOff && inPos < 0) || (outOff && outPos < 0)) return -EINVAL
  const done = transfer(task, from, inPos, to, outPos, Math.min(count, COUNT_MAX))
  if (done > 0 && inOff) mm.setU64(inOff, inPos + done)
  if (done > 0 && outOff) mm.setU64(outOff, outPos + done)
  return done
}

const rwFlags = flagTable(
  { RWF_HIPRI: 1, RWF_DSYNC: 2, RWF_SYNC: 4, RWF_NOWAIT: 8, RWF_APPEND: 16 },
  'RWF_???',
)

export const ioRows = [
  syscall('read', [fd, outBuf, size], sysRead),
  syscall('write', [fd, inBuf(2), size], sysWrite),
  syscall('pread64', [fd, outBuf, size, long], sysPread64),
  syscall('pwrite64', [fd, inBuf(2), size, long], sysPwrite64),
  syscall('readv', [fd, outIov(2), int], sysReadv),
  syscall('writev', [fd, inIov(2), int], sysWritev),
  syscall('preadv', [fd, outIov(2), int, long], sysPreadv),
  syscall('pwritev', [fd, inIov(2), int, long], sysPwritev),
  syscall(
    'preadv2',
    [fd, outIov(2), int, long, uint, flags(rwFlags)],
    (task, f, iov, count, pos) =>
      pos === -1 ? sysReadv(task, f, iov, count) : sysPreadv(task, f, iov, count, pos),
    'RWF_* flags are ignored',
  ),
  syscall(
    'pwritev2',
    [fd, inIov(2), int, long, uint, flags(rwFlags)],
    (task, f, iov, count, pos) =>
      pos === -1 ? sysWritev(task, f, iov, count) : sysPwritev(task, f, iov, count, pos),
    'RWF_* flags are ignored',
  ),
  syscall('lseek', [fd, long, value(whences)], sysLseek),
  syscall('sendfile', [fd, fd, outStruct('long'), size], sysSendfile),
  syscall('copy_file_range', [fd, outStruct('long'), fd, outStruct('long'), size, uint], sysCopyFileRange),
]

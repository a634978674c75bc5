/**
 * Bytes that move from file to file inside the kernel: sendfile(2), copy_file_range(2), splice(2), tee(2), vmsplice(2).
 * Path: program → here → both FileDescriptions, or the Pipe behind them, through a buffer of the kernel's.
 */

import { EAGAIN, EBADF, EFAULT, EINVAL, EISDIR, EOVERFLOW, EPIPE, ESPIPE, isError } from '../abi/errno.ts'
import { O_APPEND, SEEK_CUR } from '../abi/fcntl.ts'
import { flagTable } from '../abi/flag-table.ts'
import { S_IFCHR } from '../abi/stat.ts'
import { getInteger, putInteger } from '../abi/struct.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { type Pipe, PipeEnd } from '../vfs/pipe.ts'
import { COUNT_MAX, withinLimit } from './io.ts'
import { fd, flags, inIov, offset, size, syscall, uint } from './row.ts'
import { readIov } from './vector.ts'

/** Bytes that move through the kernel at once. */
const COPY_CHUNK_SIZE = 65536

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
  const { offsetSize } = task.call.model
  const { mm } = task
  if (offsetAddr && !mm.canWrite(offsetAddr, offsetSize)) return -EFAULT
  const from = task.fds.get(inFd)
  if (!from?.readable) return -EBADF
  if (offsetAddr && !from.seekable) return -ESPIPE
  const pos = offsetAddr ? getInteger(mm.space.view, offsetAddr, offsetSize, true, mm.model) : -1
  if (offsetAddr && pos < 0) return -EINVAL
  const to = task.fds.get(outFd)
  if (!to?.writable) return -EBADF
  const { inode } = from
  // What cannot be sought loses nothing here that was read and not written: terminals, sockets, pipes.
  const isDevice = inode.type === S_IFCHR && from.seek(task, 0, SEEK_CUR) >= 0
  if (!(inode.isRegular && from.seekable) && !isDevice) return -EINVAL
  if (to.flags & O_APPEND) return -EINVAL
  const wanted = withinLimit(task, to, Math.min(count, COUNT_MAX), -1)
  if (wanted < 0) return wanted
  const done = transfer(task, from, pos, to, -1, wanted)
  if (done <= 0 || !offsetAddr || !mm.canWrite(offsetAddr, offsetSize)) return done
  putInteger(mm.space.view, offsetAddr, offsetSize, pos + done, mm.model)
  mm.stored(offsetAddr, offsetSize)
  return done
}

/** A position given by address; null when the file's own is meant, NaN when it cannot be read. */
function positionAt(task: Task, addr: number): number | null {
  if (!addr) return null
  return task.mm.canWrite(addr, 8) ? task.mm.i64(addr) : Number.NaN
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
  const from = task.fds.usable(inFd)
  const to = task.fds.usable(outFd)
  if (!from || !to) return -EBADF
  const inPos = positionAt(task, inOff)
  const outPos = positionAt(task, outOff)
  if (Number.isNaN(inPos) || Number.isNaN(outPos)) return -EFAULT
  if (flagBits !== 0) return -EINVAL
  if (from.inode.isDirectory || to.inode.isDirectory) return -EISDIR
  if (!from.inode.isRegular || !to.inode.isRegular || !from.seekable || !to.seekable) return -EINVAL
  if (!from.readable || !to.writable || to.flags & O_APPEND) return -EBADF
  const start = inPos ?? from.pos
  const target = outPos ?? to.pos
  for (const pos of [start, target]) {
    // As unsigned numbers, a negative position overflows with the count.
    if (pos < 0) return pos + count >= 0 ? -EOVERFLOW : -EINVAL
    if (pos + count > 2 ** 63 && count < 2 ** 63) return -EOVERFLOW
  }
  let wanted = Math.min(count, COUNT_MAX, Math.max(0, from.inode.size - start))
  if (from.inode === to.inode && target + wanted > start && target < start + wanted) return -EINVAL
  wanted = withinLimit(task, to, wanted, target)
  if (wanted < 0) return wanted
  const done = transfer(task, from, inPos ?? -1, to, outPos ?? -1, wanted)
  if (done > 0 && inOff) task.mm.setU64(inOff, start + done)
  if (done > 0 && outOff) task.mm.setU64(outOff, target + done)
  return done
}

const pipeOf = (file: FileDescription): Pipe | null => (file instanceof PipeEnd ? file.pipe : null)

/** Waits until a pipe has bytes: 1, or 0 at its end, or an errno or BLOCKED. */
function waitForBytes(task: Task, pipe: Pipe, mayWait: boolean): number {
  if (pipe.used > 0) return 1
  if (pipe.writers === 0) return 0
  return mayWait ? task.blockOn(pipe.changed) : -EAGAIN
}

/** Waits until a pipe has room: 1, or an errno or BLOCKED. */
function waitForRoom(task: Task, pipe: Pipe, mayWait: boolean): number {
  if (pipe.readers === 0) {
    task.brokenPipe()
    return -EPIPE
  }
  if (pipe.used < pipe.size) return 1
  return mayWait ? task.blockOn(pipe.changed) : -EAGAIN
}

function betweenPipes(
  task: Task,
  from: Pipe,
  to: Pipe,
  count: number,
  mayWait: boolean,
  keep: boolean,
): number {
  const bytes = waitForBytes(task, from, mayWait)
  if (bytes <= 0) return bytes
  const room = waitForRoom(task, to, mayWait)
  if (room <= 0) return room
  const part = new Uint8Array(Math.min(count, from.used, to.size - to.used))
  from.peek(part, 0, part.length)
  if (!keep) from.skip(part.length)
  return to.put(part, 0, part.length)
}

function fromPipe(
  task: Task,
  from: Pipe,
  to: FileDescription,
  pos: number,
  count: number,
  mayWait: boolean,
): number {
  const bytes = waitForBytes(task, from, mayWait)
  if (bytes <= 0) return bytes
  const allowed = withinLimit(task, to, Math.min(count, from.used), pos)
  if (allowed < 0) return allowed
  // The bytes leave the pipe when they are written, so a wait loses none.
  const part = new Uint8Array(allowed)
  from.peek(part, 0, allowed)
  const done = pos < 0 ? to.write(task, part, 0, allowed) : to.writeAt(task, pos, part, 0, allowed)
  if (done > 0) from.skip(done)
  return done
}

function toPipe(
  task: Task,
  from: FileDescription,
  pos: number,
  to: Pipe,
  count: number,
  mayWait: boolean,
): number {
  const room = waitForRoom(task, to, mayWait)
  if (room <= 0) return room
  const part = new Uint8Array(Math.min(count, to.size - to.used))
  const got = pos < 0 ? from.read(task, part, 0, part.length) : from.readAt(task, pos, part, 0, part.length)
  return got > 0 ? to.put(part, 0, got) : got
}

function sysSplice(
  task: Task,
  inFd: number,
  inOff: number,
  outFd: number,
  outOff: number,
  count: number,
  flagBits: number,
): number {
  if (count === 0) return 0
  if (flagBits & ~SPLICE_KNOWN) return -EINVAL
  const from = task.fds.usable(inFd)
  const to = task.fds.usable(outFd)
  if (!from || !to) return -EBADF
  const source = pipeOf(from)
  const sink = pipeOf(to)
  if ((source && inOff) || (sink && outOff)) return -ESPIPE
  const outPos = positionAt(task, outOff)
  const inPos = positionAt(task, inOff)
  if (Number.isNaN(inPos) || Number.isNaN(outPos)) return -EFAULT
  if (!from.readable || !to.writable) return -EBADF
  const mayWait = !(flagBits & SPLICE_F_NONBLOCK || (source && from.nonBlocking) || (sink && to.nonBlocking))
  const wanted = Math.min(count, COUNT_MAX)
  if (source && sink)
    return source === sink ? -EINVAL : betweenPipes(task, source, sink, wanted, mayWait, false)
  if ((inOff && !from.seekable) || (outOff && !to.seekable)) return -EINVAL
  if ((inPos ?? 0) < 0 || (outPos ?? 0) < 0) return -EINVAL
  let done = -EINVAL
  if (source) {
    if (to.flags & O_APPEND) return -EINVAL
    done = fromPipe(task, source, to, outPos ?? -1, wanted, mayWait)
    if (done > 0 && outOff) task.mm.setU64(outOff, outPos! + done)
  } else if (sink && !from.inode.isDirectory) {
    done = toPipe(task, from, inPos ?? -1, sink, wanted, mayWait)
    if (done > 0 && inOff) task.mm.setU64(inOff, inPos! + done)
  }
  return done
}

function sysTee(task: Task, inFd: number, outFd: number, count: number, flagBits: number): number {
  if (flagBits & ~SPLICE_KNOWN) return -EINVAL
  if (count === 0) return 0
  const from = task.fds.get(inFd)
  const to = task.fds.get(outFd)
  if (!from?.readable || !to?.writable) return -EBADF
  const source = pipeOf(from)
  const sink = pipeOf(to)
  if (!source || !sink || source === sink) return -EINVAL
  const mayWait = !(flagBits & SPLICE_F_NONBLOCK || from.nonBlocking || to.nonBlocking)
  return betweenPipes(task, source, sink, Math.min(count, COUNT_MAX), mayWait, true)
}

function sysVmsplice(task: Task, number: number, iov: number, count: number, flagBits: number): number {
  if (flagBits & ~SPLICE_KNOWN) return -EINVAL
  const file = task.fds.get(number)
  if (!file || !(file.readable || file.writable)) return -EBADF
  const parts = readIov(task, iov, count)
  if (typeof parts === 'number') return parts
  const pipe = pipeOf(file)
  if (parts.every(([, length]) => length === 0)) return 0
  if (!pipe) return -EBADF
  const mayWait = !(flagBits & SPLICE_F_NONBLOCK || file.nonBlocking)
  const ready = file.writable ? waitForRoom(task, pipe, mayWait) : waitForBytes(task, pipe, mayWait)
  if (ready <= 0) return ready
  const { mm } = task
  let done = 0
  for (const [buf, length] of parts) {
    const wanted = Math.min(length, pipe.size)
    const part = file.writable ? mm.readablePrefix(buf, wanted) : mm.writablePrefix(buf, wanted)
    if (part === 0 && wanted > 0) return done || -EFAULT
    const { bytes } = mm.space
    const moved = file.writable ? pipe.put(bytes, buf, part) : pipe.take(bytes, buf, part)
    if (moved > 0 && !file.writable) mm.stored(buf, moved)
    done += moved
    if (moved < length) break
  }
  return done
}

const SPLICE_F_NONBLOCK = 2
const SPLICE_KNOWN = 15
const spliceFlags = flagTable(
  { SPLICE_F_MOVE: 1, SPLICE_F_NONBLOCK, SPLICE_F_MORE: 4, SPLICE_F_GIFT: 8 },
  'SPLICE_F_???',
)

export const spliceRows = [
  syscall('sendfile', [fd, fd, offset, size], sysSendfile),
  syscall('copy_file_range', [fd, offset, fd, offset, size, uint], sysCopyFileRange),
  syscall('splice', [fd, offset, fd, offset, size, flags(spliceFlags)], sysSplice),
  syscall('tee', [fd, fd, size, flags(spliceFlags)], sysTee),
  syscall('vmsplice', [fd, inIov(2), size, flags(spliceFlags)], sysVmsplice),
]

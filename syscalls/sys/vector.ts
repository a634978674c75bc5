/**
 * Vectors: readv(2), writev(2), preadv(2), pwritev(2), preadv2(2), pwritev2(2).
 * Path: program → here → io.ts for one buffer after the other.
 */

import { EAGAIN, EBADF, EFAULT, EINVAL, EOPNOTSUPP, ESPIPE, isError } from '../abi/errno.ts'
import { O_APPEND } from '../abi/fcntl.ts'
import { flagTable } from '../abi/flag-table.ts'
import { POLLIN, POLLOUT } from '../abi/poll.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { COUNT_MAX, readInto, withinLimit, writeFrom } from './io.ts'
import { fd, flags, inIov, int, long, outIov, syscall, unshown } from './row.ts'

/** Linux UIO_MAXIOV. */
const IOV_COUNT_MAX = 1024
/** Vectors up to this are written as one piece. */
const GATHER_SIZE_MAX = 1 << 20

/** The iovec array, checked; an errno. */
export function readIov(task: Task, addr: number, count: number): [number, number][] | number {
  if (count < 0 || count > IOV_COUNT_MAX) return -EINVAL
  const { mm } = task
  const { model } = task.call
  const { wordSize } = model
  if (count > 0 && !mm.canRead(addr, count * 2 * wordSize)) return -EFAULT
  const parts: [number, number][] = []
  let total = 0
  for (let i = 0; i < count; i++) {
    const at = addr + i * 2 * wordSize
    const length = mm.word(at + wordSize, model)
    if (length >= 2 ** (wordSize * 8 - 1)) return -EINVAL
    const kept = Math.min(length, COUNT_MAX - total)
    total += kept
    parts.push([mm.word(at, model), kept])
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
  for (const part of parts) {
    const readable = part[1] > 0 ? task.mm.readablePrefix(part[0], part[1]) : 0
    total += readable
    if (readable === part[1]) continue
    // What comes before an address that cannot be read is written.
    if (total === 0) return -EFAULT
    part[1] = readable
    parts.length = parts.indexOf(part) + 1
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

/** The file of a call with a position, which is at least `least`; -1 is the file's own. Or an errno. */
function fileAt(task: Task, fd: number, pos: number, least: number): FileDescription | number {
  if (pos < least) return -EINVAL
  const file = task.fds.usable(fd)
  if (!file) return -EBADF
  return pos !== -1 && !file.seekable ? -ESPIPE : file
}

function sysPreadv(task: Task, fd: number, iov: number, count: number, pos: number): number {
  const file = fileAt(task, fd, pos, 0)
  if (typeof file === 'number') return file
  return file.readable ? readVector(task, file, iov, count, pos) : -EBADF
}

function sysPwritev(task: Task, fd: number, iov: number, count: number, pos: number): number {
  const file = fileAt(task, fd, pos, 0)
  if (typeof file === 'number') return file
  if (!file.writable) return -EBADF
  return writeVector(task, file, iov, count, file.flags & O_APPEND ? file.inode.size : pos)
}

/** What RWF_* make of a call on this file: 0 or an errno. Nothing waits for a disk here, so most change nothing. */
function checkRwFlags(file: FileDescription, flagBits: number): number {
  if (flagBits & ~RWF_KNOWN) return -EOPNOTSUPP
  if (flagBits & RWF_APPEND && flagBits & RWF_NOAPPEND) return -EINVAL
  // tmpfs does not promise to stay awake, pipes do.
  return flagBits & RWF_NOWAIT && file.inode.isRegular ? -EOPNOTSUPP : 0
}

function sysPreadv2(
  task: Task,
  fd: number,
  iov: number,
  count: number,
  pos: number,
  _high: number,
  flagBits: number,
): number {
  const file = fileAt(task, fd, pos, -1)
  if (typeof file === 'number') return file
  if (!file.readable) return -EBADF
  const refused = checkRwFlags(file, flagBits)
  if (refused) return refused
  if (flagBits & RWF_NOWAIT && !(file.poll(task) & POLLIN)) return -EAGAIN
  return readVector(task, file, iov, count, pos)
}

function sysPwritev2(
  task: Task,
  fd: number,
  iov: number,
  count: number,
  pos: number,
  _high: number,
  flagBits: number,
): number {
  const file = fileAt(task, fd, pos, -1)
  if (typeof file === 'number') return file
  if (!file.writable) return -EBADF
  const refused = checkRwFlags(file, flagBits)
  if (refused) return refused
  if (flagBits & RWF_NOWAIT && !(file.poll(task) & POLLOUT)) return -EAGAIN
  const appends =
    file.seekable && (flagBits & RWF_APPEND || (file.flags & O_APPEND && !(flagBits & RWF_NOAPPEND)))
  if (!appends) return writeVector(task, file, iov, count, pos)
  const done = writeVector(task, file, iov, count, file.inode.size)
  if (done > 0 && pos === -1) file.pos = file.inode.size
  return done
}

const RWF_NOWAIT = 8
const RWF_APPEND = 0x10
const RWF_NOAPPEND = 0x20
const RWF_KNOWN = 0x3f
const rwFlags = flagTable(
  { RWF_HIPRI: 1, RWF_DSYNC: 2, RWF_SYNC: 4, RWF_NOWAIT, RWF_APPEND, RWF_NOAPPEND },
  'RWF_???',
)

export const vectorRows = [
  syscall('readv', [fd, outIov(2), int], sysReadv),
  syscall('writev', [fd, inIov(2), int], sysWritev),
  syscall('preadv', [fd, outIov(2), int, long], sysPreadv),
  syscall('pwritev', [fd, inIov(2), int, long], sysPwritev),
  syscall('preadv2', [fd, outIov(2), int, long, unshown, flags(rwFlags)], sysPreadv2),
  syscall('pwritev2', [fd, inIov(2), int, long, unshown, flags(rwFlags)], sysPwritev2),
]

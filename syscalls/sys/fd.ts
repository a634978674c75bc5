/** Descriptors: dup(2), fcntl(2), ioctl(2), flock(2), pipe(2), close-on-exec. */

import { BLOCKED, EAGAIN, EBADF, EFAULT, EINVAL, EMFILE, EPERM } from '../abi/errno.ts'
import * as F from '../abi/fcntl.ts'
import { FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX, FIONREAD } from '../abi/poll.ts'
import { PipeInode } from '../fs/pipefs/pipefs.ts'
import { FD_COUNT_MAX } from '../kernel/fd-table.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { FileLocks, type Lock } from '../vfs/locks.ts'
import { registerFifo } from '../vfs/open.ts'
import { PIPE_SIZE, Pipe, PipeEnd } from '../vfs/pipe.ts'
import { addr, fd, flags, hex, ioctlRequest, outStruct, syscall, value } from './row.ts'

function sysDup(task: Task, old: number): number {
  const file = task.fds.get(old)
  return file ? task.fds.install(file, false) : -EBADF
}

function sysDup2(task: Task, old: number, to: number): number {
  const file = task.fds.get(old)
  if (!file) return -EBADF
  if (to < 0 || to >= task.fds.limit) return -EBADF
  if (old !== to) task.fds.replace(to, file, false)
  return to
}

function sysDup3(task: Task, old: number, to: number, flagBits: number): number {
  if (flagBits & ~F.O_CLOEXEC || old === to) return -EINVAL
  const file = task.fds.get(old)
  if (!file || to < 0 || to >= task.fds.limit) return -EBADF
  task.fds.replace(to, file, (flagBits & F.O_CLOEXEC) !== 0)
  return to
}

function duplicate(task: Task, file: FileDescription, from: number, closeOnExec: boolean): number {
  if (from < 0 || from >= Math.min(task.fds.limit, FD_COUNT_MAX)) return -EINVAL
  return task.fds.install(file, closeOnExec, from)
}

function sysFcntl(task: Task, number: number, command: number, argument: number): number {
  const file = task.fds.get(number)
  if (!file) return -EBADF
  switch (command) {
    case F.F_DUPFD:
      return duplicate(task, file, argument | 0, false)
    case F.F_DUPFD_CLOEXEC:
      return duplicate(task, file, argument | 0, true)
    case F.F_GETFD:
      return task.fds.isCloseOnExec(number) ? F.FD_CLOEXEC : 0
    case F.F_SETFD:
      task.fds.setCloseOnExec(number, (argument & F.FD_CLOEXEC) !== 0)
      return 0
    case F.F_GETFL:
      return file.flags
    case F.F_SETFL:
      file.flags = (file.flags & ~F.SETFL_MASK) | (argument & F.SETFL_MASK)
      return 0
    case F.F_GETOWN:
      return file.owner
    case F.F_SETOWN:
      file.owner = argument | 0
      return 0
    case F.F_GETSIG:
    case F.F_SETSIG:
      return 0
    case F.F_GETPIPE_SZ:
      return file instanceof PipeEnd ? PIPE_SIZE : -EBADF
    case F.F_SETPIPE_SZ:
      if (!(file instanceof PipeEnd)) return -EBADF
      return argument > PIPE_SIZE ? -EPERM : PIPE_SIZE
    case F.F_GETLK:
    case F.F_OFD_GETLK:
      return getLock(task, file, command, argument)
    case F.F_SETLK:
    case F.F_SETLKW:
    case F.F_OFD_SETLK:
    case F.F_OFD_SETLKW:
      return setLock(task, file, command, argument)
    default:
      return -EINVAL
  }
}

const isOfd = (command: number): boolean => command >= F.F_OFD_GETLK && command <= F.F_OFD_SETLKW

/** struct flock (64-bit): type s16, whence s16, start s64 at 8, len s64 at 16, pid s32 at 24. */
const FLOCK_SIZE = 32

function readLock(task: Task, file: FileDescription, command: number, addr: number): Lock | number {
  const { mm } = task
  if (!mm.canRead(addr, FLOCK_SIZE)) return -EFAULT
  const { view } = mm.space
  const type = view.getInt16(addr, true)
  const whence = view.getInt16(addr + 2, true)
  let start = mm.i64(addr + 8)
  const length = mm.i64(addr + 16)
  if (type < F.F_RDLCK || type > F.F_UNLCK) return -EINVAL
  if (whence === F.SEEK_CUR) start += file.pos
  else if (whence === F.SEEK_END) start += file.inode.size
  else if (whence !== F.SEEK_SET) return -EINVAL
  let end = length === 0 ? Infinity : start + length
  if (length < 0) {
    end = start
    start += length
  }
  if (start < 0) return -EINVAL
  const owner = isOfd(command) ? file : task.fds.lockOwner
  return { owner, pid: isOfd(command) ? -1 : task.group.pid, type, start, end }
}

function getLock(task: Task, file: FileDescription, command: number, addr: number): number {
  const wanted = readLock(task, file, command, addr)
  if (typeof wanted === 'number') return wanted
  if (wanted.type === F.F_UNLCK) return -EINVAL
  const { mm } = task
  if (!mm.canWrite(addr, FLOCK_SIZE)) return -EFAULT
  const { view } = mm.space
  const other = file.inode.locks?.conflict(wanted)
  if (!other) view.setInt16(addr, F.F_UNLCK, true)
  else {
    view.setInt16(addr, other.type, true)
    view.setInt16(addr + 2, F.SEEK_SET, true)
    mm.setPair(addr + 8, other.start, other.end === Infinity ? 0 : other.end - other.start)
    view.setInt32(addr + 24, other.pid, true)
  }
  return 0
}

function setLock(task: Task, file: FileDescription, command: number, addr: number): number {
  const wanted = readLock(task, file, command, addr)
  if (typeof wanted === 'number') return wanted
  if (wanted.type === F.F_RDLCK && !file.readable) return -EBADF
  if (wanted.type === F.F_WRLCK && !file.writable) return -EBADF
  const wait = command === F.F_SETLKW || command === F.F_OFD_SETLKW
  file.inode.locks ??= new FileLocks()
  const result = file.inode.locks.set(wanted)
  if (result !== -EAGAIN || !wait) return result
  const blocked = task.blockOn(file.inode.locks.released)
  return blocked === BLOCKED ? BLOCKED : blocked
}

function sysFlock(task: Task, number: number, operation: number): number {
  const file = task.fds.get(number)
  if (!file) return -EBADF
  const kind = operation & ~F.LOCK_NB
  const type =
    kind === F.LOCK_SH ? F.F_RDLCK : kind === F.LOCK_EX ? F.F_WRLCK : kind === F.LOCK_UN ? F.F_UNLCK : -1
  if (type < 0) return -EINVAL
  // Kept apart from record locks, as on Linux, by a range of its own.
  file.inode.locks ??= new FileLocks()
  const result = file.inode.locks.set({ owner: file, pid: task.group.pid, type, start: -2, end: -1 })
  if (result !== -EAGAIN || operation & F.LOCK_NB) return result
  return task.blockOn(file.inode.locks.released)
}

function sysIoctl(task: Task, number: number, request: number, argument: number): number {
  const file = task.fds.get(number)
  if (!file) return -EBADF
  switch (request) {
    case FIOCLEX:
      task.fds.setCloseOnExec(number, true)
      return 0
    case FIONCLEX:
      task.fds.setCloseOnExec(number, false)
      return 0
    case FIONBIO:
    case FIOASYNC: {
      const on = task.mm.getU32(argument)
      if (on < 0) return -EFAULT
      const bit = request === FIONBIO ? F.O_NONBLOCK : F.O_ASYNC
      file.flags = on ? file.flags | bit : file.flags & ~bit
      return 0
    }
    case FIONREAD:
      if (file.inode.isRegular && file.seekable)
        return task.mm.setU32(argument, Math.max(0, file.inode.size - file.pos)) ? 0 : -EFAULT
      break
  }
  return file.ioctl(task, request, argument)
}

function sysPipe2(task: Task, fdsAddr: number, flagBits: number): number {
  if (flagBits & ~(F.O_CLOEXEC | F.O_NONBLOCK | F.O_DIRECT)) return -EINVAL
  if (!task.mm.canWrite(fdsAddr, 8)) return -EFAULT
  const pipe = new Pipe()
  const inode = new PipeInode(task.kernel, task.credentials)
  registerFifo(inode, pipe)
  const status = flagBits & F.O_NONBLOCK
  const closeOnExec = (flagBits & F.O_CLOEXEC) !== 0
  const reader = task.fds.install(new PipeEnd(pipe, F.O_RDONLY | status, inode, null), closeOnExec)
  if (reader < 0) return -EMFILE
  const writer = task.fds.install(new PipeEnd(pipe, F.O_WRONLY | status, inode, null), closeOnExec)
  if (writer < 0) {
    task.fds.close(reader)
    return -EMFILE
  }
  task.mm.setU32(fdsAddr, reader)
  task.mm.setU32(fdsAddr + 4, writer)
  return 0
}

export const fdRows = [
  syscall('dup', [fd], sysDup),
  syscall('dup2', [fd, fd], sysDup2),
  syscall('dup3', [fd, fd, flags(F.descriptorFlags)], sysDup3),
  syscall('fcntl', [fd, value(F.fcntlCommands), hex], sysFcntl, 'no leases, seals or signals'),
  syscall('flock', [fd, flags(F.lockOperations)], sysFlock),
  syscall('ioctl', [fd, ioctlRequest, addr], sysIoctl, 'what each file answers'),
  syscall('pipe', [outStruct('intPair')], (task, at) => sysPipe2(task, at, 0)),
  syscall('pipe2', [outStruct('intPair'), flags(F.descriptorFlags)], sysPipe2, 'O_DIRECT is ignored'),
]

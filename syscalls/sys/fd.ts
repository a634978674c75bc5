/** Descriptors: dup(2), fcntl(2), ioctl(2), flock(2), pipe(2), close-on-exec. */

import { CAP_LEASE, CAP_SYS_RESOURCE } from '../abi/capability.ts'
import { EACCES, EAGAIN, EBADF, EFAULT, EINVAL, EMFILE, ENOTDIR, EPERM, ESRCH } from '../abi/errno.ts'
import * as F from '../abi/fcntl.ts'
import { FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX, FIONREAD } from '../abi/poll.ts'
import { SIGNAL_MAX } from '../abi/signal.ts'
import { PipeInode } from '../fs/pipefs/pipefs.ts'
import { FD_COUNT_MAX } from '../kernel/fd-table.ts'
import { idsOf } from '../kernel/id-level.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { registerFifo } from '../vfs/open.ts'
import { ownsFileBelow } from '../vfs/permission.ts'
import { PIPE_SIZE_MAX, Pipe, PipeEnd } from '../vfs/pipe.ts'
import { getLock, setLock, sysFlock } from './lock.ts'
import { addSeals, getSeals } from './memfd.ts'
import { addrOrInt, bits, fd, flags, ioctlRequest, outStruct, syscall, value } from './row.ts'

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

/** What fcntl(2) does to a descriptor rather than to a file: all that O_PATH allows. */
const OF_DESCRIPTORS = new Set([F.F_DUPFD, F.F_DUPFD_CLOEXEC, F.F_GETFD, F.F_SETFD, F.F_GETFL])

function sysFcntl(task: Task, number: number, command: number, argument: number): number {
  const isLarge = command >= F.F_GETLK64 && command <= F.F_SETLKW64
  if (isLarge && task.call.model.wordSize === 8) return task.fds.get(number) ? -EINVAL : -EBADF
  return fcntl(task, number, isLarge ? command - F.F_GETLK64 + F.F_GETLK : command, argument, isLarge)
}

function fcntl(task: Task, number: number, command: number, argument: number, isLarge: boolean): number {
  const file = task.fds.get(number)
  if (!file) return -EBADF
  if (file.flags & F.O_PATH && !OF_DESCRIPTORS.has(command)) return -EBADF
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
      if (argument & ~file.flags & F.O_NOATIME && !ownsFileBelow(task.credentials, file.inode)) return -EPERM
      file.flags = (file.flags & ~F.SETFL_MASK) | (argument & F.SETFL_MASK)
      return 0
    case F.F_GETOWN:
      return shownOwner(task, file) * (file.owner.type === F.F_OWNER_PGRP ? -1 : 1)
    case F.F_SETOWN: {
      const id = argument | 0
      return setOwner(task, file, id < 0 ? F.F_OWNER_PGRP : F.F_OWNER_PID, Math.abs(id))
    }
    case F.F_GETOWN_EX:
      if (!task.mm.canWrite(argument, 8)) return -EFAULT
      task.mm.setU32(argument, file.owner.type)
      return task.mm.setU32(argument + 4, shownOwner(task, file)) ? 0 : -EFAULT
    case F.F_SETOWN_EX:
      if (!task.mm.canRead(argument, 8)) return -EFAULT
      return setOwner(task, file, task.mm.i32(argument), task.mm.i32(argument + 4))
    case F.F_GETSIG:
      return file.ownerSignal
    case F.F_SETSIG:
      if (argument > SIGNAL_MAX) return -EINVAL
      file.ownerSignal = argument
      return 0
    case F.F_GETPIPE_SZ:
      return file instanceof PipeEnd ? file.pipe.size : -EBADF
    case F.F_SETPIPE_SZ:
      return file instanceof PipeEnd ? setPipeSize(task, file.pipe, argument % 2 ** 32) : -EBADF
    case F.F_GETLK:
    case F.F_OFD_GETLK:
      return getLock(task, file, command, argument, isLarge)
    case F.F_SETLK:
    case F.F_SETLKW:
    case F.F_OFD_SETLK:
    case F.F_OFD_SETLKW:
      return setLock(task, file, command, argument, isLarge)
    case F.F_ADD_SEALS:
      return addSeals(file, argument)
    case F.F_GET_SEALS:
      return getSeals(file)
    case F.F_GETLEASE:
      return F.F_UNLCK
    case F.F_SETLEASE:
      return setLease(task, file, argument | 0)
    case F.F_NOTIFY:
      if ((argument & ~F.DN_MULTISHOT) === 0) return 0
      return file.inode.isDirectory ? -EINVAL : -ENOTDIR
    default:
      return -EINVAL
  }
}

const PIPE_SIZE_MIN = 4096

/** F_SETPIPE_SZ: the next power of two; beyond PIPE_SIZE_MAX not even for root. The size it has now. */
function setPipeSize(task: Task, pipe: Pipe, wanted: number): number {
  if (wanted > 2 ** 31) return -EINVAL
  const size = Math.max(PIPE_SIZE_MIN, 2 ** Math.ceil(Math.log2(Math.max(1, wanted))))
  const sizeMax = task.kernel.sysctl.get('fs/pipe-max-size')?.[0] ?? PIPE_SIZE_MAX
  const mayExceed = size <= PIPE_SIZE_MAX && (size <= sizeMax || task.credentials.capable(CAP_SYS_RESOURCE))
  if (size > pipe.size && !mayExceed) return -EPERM
  return pipe.resize(size, task.kernel.pipeRoom) || size
}

/** Who is told, by the caller's numbers; 0 for nobody, or somebody outside. */
const shownOwner = (task: Task, { owner }: FileDescription): number => task.pids.shown(owner.id)

/** F_SETOWN: anybody who exists, or nobody. */
function setOwner(task: Task, file: FileDescription, type: number, shown: number): number {
  if (type !== F.F_OWNER_TID && type !== F.F_OWNER_PID && type !== F.F_OWNER_PGRP) return -EINVAL
  const { tasks, groups } = task.kernel
  const id = task.pids.machinePid(shown)
  const isGroup = (): boolean => [...groups.values()].some((group) => group.processGroup === id)
  const exists = type === F.F_OWNER_PGRP ? isGroup() : tasks.has(id) || groups.has(id)
  if (shown !== 0 && !exists) return -ESRCH
  const { uid, euid } = task.credentials
  file.owner = { type, id, uid, euid }
  return 0
}

/** No leases are given: a file that others have open never gets one, so programs are ready for that. */
function setLease(task: Task, file: FileDescription, type: number): number {
  const { credentials: who } = task
  if (who.fsuid !== idsOf(who, file.inode).uid && !who.capable(CAP_LEASE)) return -EACCES
  if (!file.inode.isRegular || type < F.F_RDLCK || type > F.F_UNLCK) return -EINVAL
  return -EAGAIN
}

function sysIoctl(task: Task, number: number, request: number, argument: number): number {
  const file = task.fds.usable(number)
  if (!file) return -EBADF
  const service = task.world.services.ioctl(task, file, request)
  if (service) return service.handle(task, file, request, argument)
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
  const inode = new PipeInode(task.kernel, task)
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
  syscall('fcntl', [fd, value(F.fcntlCommands), bits], sysFcntl, 'no leases or signals'),
  syscall('flock', [fd, flags(F.lockOperations)], sysFlock),
  syscall('ioctl', [fd, ioctlRequest, addrOrInt], sysIoctl, 'what each file answers'),
  syscall('pipe', [outStruct('intPair')], (task, at) => sysPipe2(task, at, 0)),
  syscall('pipe2', [outStruct('intPair'), flags(F.descriptorFlags)], sysPipe2, 'O_DIRECT is ignored'),
]

/** Watching many files: epoll_create(2), epoll_ctl(2), epoll_wait(2). The work is in events/epoll.ts. */

import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  epollCreateFlags,
  epollOperations,
} from '../abi/epoll.ts'
import { BLOCKED, EBADF, EFAULT, EINTR, EINVAL, EPERM } from '../abi/errno.ts'
import { EventPoll, type WantedEvents } from '../events/epoll.ts'
import { endTemporaryMask } from '../kernel/signal-delivery.ts'
import type { Task } from '../kernel/task.ts'
import { setMask } from './poll.ts'
import { fd, flags, inStruct, int, outStructs, size, syscall, value } from './row.ts'
import { readTimespec } from './time.ts'

function create(task: Task, flagBits: number): number {
  if (flagBits & ~EPOLL_CLOEXEC) return -EINVAL
  return task.fds.installNew(new EventPoll(task.kernel), (flagBits & EPOLL_CLOEXEC) !== 0)
}

/** The one request under way: nothing keeps it. */
const wanted: WantedEvents = { events: 0, dataLo: 0, dataHi: 0 }

function sysEpollCtl(task: Task, epollFd: number, operation: number, number: number, at: number): number {
  if (operation !== EPOLL_CTL_DEL) {
    const eventSize = task.mm.arch.epollEventSize
    if (!task.mm.canRead(at, eventSize)) return -EFAULT
    const { view } = task.mm.space
    wanted.events = task.mm.i32(at)
    // The program's own bytes: nobody else looks at them.
    wanted.dataLo = view.getUint32(at + eventSize - 8, true)
    wanted.dataHi = view.getUint32(at + eventSize - 4, true)
  }
  const epoll = task.fds.get(epollFd)
  const file = task.fds.get(number)
  if (!epoll || !file) return -EBADF
  const queue = file.pollQueue(task)
  if (!queue) return -EPERM
  if (epoll === file || !(epoll instanceof EventPoll)) return -EINVAL
  switch (operation) {
    case EPOLL_CTL_ADD:
      return epoll.add(task, number, file, queue, wanted)
    case EPOLL_CTL_MOD:
      return epoll.modify(task, number, file, wanted)
    case EPOLL_CTL_DEL:
      return epoll.remove(number, file)
    default:
      return -EINVAL
  }
}

function wait(task: Task, epollFd: number, eventsAt: number, countMax: number): number {
  const epoll = task.fds.get(epollFd)
  if (!epoll) return -EBADF
  const eventSize = task.mm.arch.epollEventSize
  if (countMax <= 0 || countMax > Math.floor(0x7fffffff / eventSize)) return -EINVAL
  // Only the range counts here; whether each page can be written shows when there is something to write.
  if (eventsAt + countMax * eventSize > 2 ** 47) return -EFAULT
  if (!(epoll instanceof EventPoll)) return -EINVAL
  const { mm } = task
  let at = eventsAt
  let faulted = false
  const given = epoll.collect(task, countMax, (interest, events) => {
    faulted = !mm.canWrite(at, eventSize)
    if (faulted) return false
    const { view } = mm.space
    view.setInt32(at, events, mm.model.littleEndian)
    view.setUint32(at + eventSize - 8, interest.dataLo, true)
    view.setUint32(at + eventSize - 4, interest.dataHi, true)
    at += eventSize
    return true
  })
  if (given > 0) {
    mm.stored(eventsAt, given * eventSize)
    return given
  }
  if (faulted) return -EFAULT
  if (task.isOverdue) return 0
  return task.blockOn(epoll.changed) === BLOCKED ? BLOCKED : -EINTR
}

/** The wait, and the program's mask back unless a signal ends the call. */
function waitWithMask(task: Task, epollFd: number, eventsAt: number, countMax: number): number {
  const result = wait(task, epollFd, eventsAt, countMax)
  if (result !== BLOCKED && result !== -EINTR) endTemporaryMask(task)
  return result
}

function setTimeoutMs(task: Task, timeoutMs: number): void {
  if (timeoutMs >= 0) task.deadline.setIn(task.world.clock, timeoutMs * 1e6)
}

function sysEpollWait(task: Task, epollFd: number, at: number, countMax: number, timeoutMs: number): number {
  if (!task.resumed) setTimeoutMs(task, timeoutMs)
  return wait(task, epollFd, at, countMax)
}

function sysEpollPwait(
  task: Task,
  epollFd: number,
  at: number,
  countMax: number,
  timeoutMs: number,
  maskAddr: number,
  setSize: number,
): number {
  if (!task.resumed) {
    setTimeoutMs(task, timeoutMs)
    const bad = setMask(task, maskAddr, setSize)
    if (bad) return bad
  }
  return waitWithMask(task, epollFd, at, countMax)
}

function sysEpollPwait2(
  task: Task,
  epollFd: number,
  at: number,
  countMax: number,
  timeoutAddr: number,
  maskAddr: number,
  setSize: number,
): number {
  if (!task.resumed) {
    if (timeoutAddr) {
      const ns = readTimespec(task, timeoutAddr)
      if (ns < 0) return ns
      task.deadline.setIn(task.world.clock, ns)
    }
    const bad = setMask(task, maskAddr, setSize)
    if (bad) return bad
  }
  return waitWithMask(task, epollFd, at, countMax)
}

export const epollRows = [
  syscall('epoll_create', [int], (task, count) => (count <= 0 ? -EINVAL : create(task, 0))),
  syscall('epoll_create1', [flags(epollCreateFlags)], create),
  syscall('epoll_ctl', [fd, value(epollOperations), fd, inStruct('epollEvent')], sysEpollCtl),
  syscall('epoll_wait', [fd, outStructs('epollEvent'), int, int], sysEpollWait),
  syscall('epoll_pwait', [fd, outStructs('epollEvent'), int, int, inStruct('sigset'), size], sysEpollPwait),
  syscall(
    'epoll_pwait2',
    [fd, outStructs('epollEvent'), int, inStruct('timespec'), inStruct('sigset'), size],
    sysEpollPwait2,
  ),
]

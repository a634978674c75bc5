/** Waiting for several files: poll(2), ppoll(2), select(2), pselect6(2). */

import { BLOCKED, EBADF, EFAULT, EINTR, EINVAL, ERESTART_RESTARTBLOCK, ERESTARTNOHAND } from '../abi/errno.ts'
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts'
import { SIZED_SIGSET } from '../abi/signal.ts'
import { TIMESPEC, TIMEVAL } from '../abi/time.ts'
import { NS_PER_SEC, nsecOf } from '../kernel/clock.ts'
import { endTemporaryMask, setTemporaryMask } from '../kernel/signal-delivery.ts'
import type { Task } from '../kernel/task.ts'
import { fdSet, inStruct, int, size, structs, syscall, uint } from './row.ts'
import { SIGSET_SIZE } from './signal.ts'
import { readTimespec } from './time.ts'

/** struct pollfd: fd s32, events s16, revents s16. */
const POLLFD_SIZE = 8

/** Fills revents; how many descriptors are ready, or -EFAULT. */
function scan(task: Task, fds: number, count: number): number {
  if (count > 0 && !task.mm.canWrite(fds, count * POLLFD_SIZE)) return -EFAULT
  const { view } = task.mm.space
  const { littleEndian } = task.mm.model
  let ready = 0
  for (let i = 0; i < count; i++) {
    const at = fds + i * POLLFD_SIZE
    const number = view.getInt32(at, littleEndian)
    const wanted = view.getUint16(at + 4, littleEndian)
    let events = 0
    if (number >= 0) {
      const file = task.fds.get(number)
      events = file ? file.poll(task) & (wanted | POLLERR | POLLHUP) : POLLNVAL
    }
    view.setUint16(at + 6, events, littleEndian)
    if (events) ready++
  }
  return ready
}

/** Queues on everything that may become ready; the value to return. */
function waitForFiles(task: Task, files: Iterable<number>): number {
  let result = task.blockOn(task.kernel.sleepers)
  if (result !== BLOCKED) return result
  for (const number of files) {
    const queue = task.fds.get(number)?.pollQueue(task)
    if (queue) result = task.blockOn(queue)
  }
  return result
}

function* polledFds(task: Task, fds: number, count: number): Iterable<number> {
  for (let i = 0; i < count; i++) yield task.mm.i32(fds + i * POLLFD_SIZE)
}

/** Whether there is no more to wait for. A signal counts even where nothing was to be waited for. */
const isOver = (task: Task): boolean => task.isOverdue && !task.signalPending()

function pollFds(task: Task, fds: number, count: number): number {
  if (count > task.fds.limit) return -EINVAL
  const ready = scan(task, fds, count)
  if (ready !== 0) return ready
  if (isOver(task)) return 0
  return waitForFiles(task, polledFds(task, fds, count))
}

function sysPoll(task: Task, fds: number, count: number, timeoutMs: number): number {
  if (!task.resumed && timeoutMs >= 0) task.deadline.setIn(task.world.clock, timeoutMs * 1e6)
  const result = pollFds(task, fds, count)
  if (result >= 0 || result === BLOCKED || result === -EFAULT || result === -EINVAL) return result
  const deadline = task.deadline.copy()
  task.restartBlock = (again) => {
    if (!again.resumed) again.deadline.copyFrom(deadline)
    const later = pollFds(again, fds, count)
    return later >= 0 || later === BLOCKED ? later : -EINTR
  }
  return -ERESTART_RESTARTBLOCK
}

/** An optional relative timeout becomes the deadline, once. */
function setDeadline(task: Task, timeoutAddr: number): number {
  if (!timeoutAddr) return 0
  const ns = readTimespec(task, timeoutAddr)
  if (ns < 0) return ns
  task.deadline.setIn(task.world.clock, ns)
  return 0
}

/** ppoll, pselect6, epoll_pwait: the mask for the time of the call. */
export function setMask(task: Task, maskAddr: number, setSize: number): number {
  if (!maskAddr) return 0
  if (setSize !== SIGSET_SIZE) return -EINVAL
  if (!task.mm.canRead(maskAddr, 8)) return -EFAULT
  setTemporaryMask(task, task.mm.maskLo(maskAddr), task.mm.maskHi(maskAddr))
  return 0
}

/** Linux writes back the time that is left. */
function putLeft(task: Task, timeoutAddr: number, unitNs: number): void {
  if (!timeoutAddr || !task.deadline.isSet) return
  const left = task.deadline.leftNs
  const sec = Math.floor(left / NS_PER_SEC)
  const nsec = Math.floor(nsecOf(left, sec) / unitNs)
  task.putStruct(TIMESPEC, timeoutAddr, { sec, nsec })
}

function sysPpoll(
  task: Task,
  fds: number,
  count: number,
  timeoutAddr: number,
  maskAddr: number,
  setSize: number,
): number {
  if (!task.resumed) {
    const bad = setDeadline(task, timeoutAddr) || setMask(task, maskAddr, setSize)
    if (bad) return bad
  }
  const result = pollFds(task, fds, count)
  if (result === BLOCKED) return result
  putLeft(task, timeoutAddr, 1)
  if (result < 0 && result !== -EFAULT && result !== -EINVAL) return -ERESTARTNOHAND
  endTemporaryMask(task)
  return result
}

const READ_EVENTS = POLLIN | POLLRDNORM | POLLHUP | POLLERR
const WRITE_EVENTS = POLLOUT | POLLWRNORM | POLLERR
const EXCEPT_EVENTS = POLLPRI
const SET_EVENTS = [READ_EVENTS, WRITE_EVENTS, EXCEPT_EVENTS]
/** FD_SETSIZE is the C library's limit; the kernel takes what the table may hold. */
const SELECT_FD_MAX = 65536

interface Selected {
  fd: number
  set: number
}

/** An fd_set is made of longs. */
function setSizeBytes({ call }: Task, count: number): number {
  const { wordSize } = call.model
  return Math.ceil(count / (wordSize * 8)) * wordSize
}

/** The descriptors asked for, as they were at the first run: the sets are written over only at the end. */
function readSets(task: Task, count: number, sets: readonly number[]): Selected[] | number {
  const asked: Selected[] = []
  const bytes = setSizeBytes(task, count)
  for (let set = 0; set < 3; set++) {
    const at = sets[set]!
    if (!at) continue
    if (!task.mm.canWrite(at, bytes)) return -EFAULT
    for (let number = 0; number < count; number++)
      if (task.mm.space.bytes[task.mm.bitByte(at, number)]! & (1 << (number & 7))) {
        if (!task.fds.get(number)) return -EBADF
        asked.push({ fd: number, set })
      }
  }
  return asked
}

function select(task: Task, count: number, sets: readonly number[]): number {
  if (count < 0) return -EINVAL
  const limit = Math.min(count, SELECT_FD_MAX)
  const asked = (task.progressState ?? readSets(task, limit, sets)) as Selected[] | number
  if (typeof asked === 'number') return asked
  task.progressState = asked
  const ready = asked.filter(({ fd, set }) => (task.fds.get(fd)?.poll(task) ?? 0) & SET_EVENTS[set]!)
  if (ready.length === 0 && !isOver(task))
    return waitForFiles(
      task,
      asked.map(({ fd }) => fd),
    )
  const bytes = setSizeBytes(task, limit)
  for (const at of sets) if (at && task.mm.canWrite(at, bytes)) task.mm.space.bytes.fill(0, at, at + bytes)
  for (const { fd, set } of ready) task.mm.space.bytes[task.mm.bitByte(sets[set]!, fd)]! |= 1 << (fd & 7)
  return ready.length
}

function sysSelect(
  task: Task,
  count: number,
  reads: number,
  writes: number,
  excepts: number,
  timeoutAddr: number,
): number {
  if (!task.resumed && timeoutAddr) {
    const timeout = task.getStruct(TIMEVAL, timeoutAddr)
    if (!timeout) return -EFAULT
    const { sec, usec } = timeout
    if (sec < 0 || usec < 0) return -EINVAL
    task.deadline.setIn(task.world.clock, sec * NS_PER_SEC + usec * 1000)
  }
  const result = select(task, count, [reads, writes, excepts])
  return finishSelect(task, result, timeoutAddr, 1000)
}

function finishSelect(task: Task, result: number, timeoutAddr: number, unitNs: number): number {
  if (result === BLOCKED) return result
  if (timeoutAddr && result !== -EFAULT) putLeft(task, timeoutAddr, unitNs)
  if (result < 0 && result !== -EFAULT && result !== -EINVAL && result !== -EBADF) return -ERESTARTNOHAND
  endTemporaryMask(task)
  return result
}

function sysPselect6(
  task: Task,
  count: number,
  reads: number,
  writes: number,
  excepts: number,
  timeoutAddr: number,
  maskAddr: number,
): number {
  if (!task.resumed) {
    let bad = setDeadline(task, timeoutAddr)
    // The sixth argument points at { mask, size }.
    if (!bad && maskAddr) {
      const mask = task.getStruct(SIZED_SIGSET, maskAddr)
      if (!mask) return -EFAULT
      bad = setMask(task, mask.at, mask.sizeBytes)
    }
    if (bad) return bad
  }
  return finishSelect(task, select(task, count, [reads, writes, excepts]), timeoutAddr, 1)
}

export const pollRows = [
  syscall('poll', [structs('pollfd', 1), uint, int], sysPoll),
  syscall('ppoll', [structs('pollfd', 1), uint, inStruct('timespec'), inStruct('sigset'), size], sysPpoll),
  syscall('select', [int, fdSet, fdSet, fdSet, inStruct('timeval')], sysSelect),
  syscall('pselect6', [int, fdSet, fdSet, fdSet, inStruct('timespec'), inStruct('sizedSigset')], sysPselect6),
]

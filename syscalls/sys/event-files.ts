/** Events that are read from descriptors: eventfd(2), timerfd_create(2), signalfd(2). */

import { CAP_WAKE_ALARM } from '../abi/capability.ts'
import { EBADF, EFAULT, EINVAL, EPERM } from '../abi/errno.ts'
import * as E from '../abi/event-files.ts'
import { O_CLOEXEC, O_NONBLOCK } from '../abi/fcntl.ts'
import * as P from '../abi/process.ts'
import { EventFile } from '../events/eventfd.ts'
import { SignalFile } from '../events/signalfd.ts'
import { TimerFile } from '../events/timerfd.ts'
import type { Task } from '../kernel/task.ts'
import { armTimer, putItimerspec, putTimer, readItimerspec, setting } from './itimerspec.ts'
import { fd, flags, inStruct, int, outStruct, size, syscall, uint, value } from './row.ts'
import { SIGSET_SIZE } from './signal.ts'
import { isRealtime } from './time.ts'

const STATUS = O_CLOEXEC | O_NONBLOCK

function sysEventfd2(task: Task, count: number, flagBits: number): number {
  if (flagBits & ~(STATUS | E.EFD_SEMAPHORE)) return -EINVAL
  const isSemaphore = (flagBits & E.EFD_SEMAPHORE) !== 0
  const file = new EventFile(task.kernel, count, isSemaphore, flagBits & O_NONBLOCK)
  return task.fds.installNew(file, (flagBits & O_CLOEXEC) !== 0)
}

function sysTimerfdCreate(task: Task, clockId: number, flagBits: number): number {
  if (flagBits & ~STATUS) return -EINVAL
  switch (clockId) {
    case P.CLOCK_REALTIME:
    case P.CLOCK_MONOTONIC:
    case P.CLOCK_BOOTTIME:
      break
    case P.CLOCK_REALTIME_ALARM:
    case P.CLOCK_BOOTTIME_ALARM:
      if (!task.credentials.capable(CAP_WAKE_ALARM)) return -EPERM
      break
    default:
      return -EINVAL
  }
  const file = new TimerFile(task, clockId, flagBits & O_NONBLOCK)
  return task.fds.installNew(file, (flagBits & O_CLOEXEC) !== 0)
}

function timerOf(task: Task, number: number): TimerFile | number {
  const file = task.fds.get(number)
  if (!file) return -EBADF
  return file instanceof TimerFile ? file : -EINVAL
}

function sysTimerfdSettime(
  task: Task,
  number: number,
  flagBits: number,
  newAddr: number,
  oldAddr: number,
): number {
  const bad = readItimerspec(task, newAddr)
  if (bad) return bad
  if (flagBits & ~(E.TFD_TIMER_ABSTIME | E.TFD_TIMER_CANCEL_ON_SET)) return -EINVAL
  const file = timerOf(task, number)
  if (typeof file === 'number') return file
  file.catchUp()
  const { intervalNs, leftNs } = file.timer
  file.forget()
  const isAbsolute = (flagBits & E.TFD_TIMER_ABSTIME) !== 0
  if (isAbsolute && flagBits & E.TFD_TIMER_CANCEL_ON_SET && isRealtime(file.clockId))
    file.watchSetting(task.world.clock)
  if (setting.valueNs > 0) armTimer(task, file.timer, file.clockId, isAbsolute)
  else file.timer.intervalNs = setting.intervalNs
  return oldAddr ? putItimerspec(task, oldAddr, intervalNs, leftNs) : 0
}

function sysTimerfdGettime(task: Task, number: number, at: number): number {
  const file = timerOf(task, number)
  if (typeof file === 'number') return file
  file.catchUp()
  return putTimer(task, at, file.timer)
}

function sysSignalfd4(
  task: Task,
  number: number,
  maskAddr: number,
  setSize: number,
  flagBits: number,
): number {
  if (setSize !== SIGSET_SIZE) return -EINVAL
  if (!task.mm.canRead(maskAddr, SIGSET_SIZE)) return -EFAULT
  if (flagBits & ~STATUS) return -EINVAL
  // SIGKILL and SIGSTOP are nobody's to read.
  const lo = ~task.mm.maskLo(maskAddr) | (1 << 8) | (1 << 18)
  const hi = ~task.mm.maskHi(maskAddr)
  if (number !== -1) {
    const file = task.fds.get(number)
    if (!file) return -EBADF
    if (!(file instanceof SignalFile)) return -EINVAL
    file.others.set(lo, hi)
    task.group.signalQueued.wakeAll()
    return number
  }
  const file = new SignalFile(task.kernel, flagBits & O_NONBLOCK)
  file.others.set(lo, hi)
  return task.fds.installNew(file, (flagBits & O_CLOEXEC) !== 0)
}

export const eventFileRows = [
  syscall('eventfd', [uint], (task, count) => sysEventfd2(task, count, 0)),
  syscall('eventfd2', [uint, flags(E.eventfdFlags)], sysEventfd2),
  syscall('timerfd_create', [value(P.clockIds), flags(E.timerfdFlags)], sysTimerfdCreate),
  syscall(
    'timerfd_settime',
    [fd, flags(E.timerfdSetFlags), inStruct('itimerspec'), outStruct('itimerspec')],
    sysTimerfdSettime,
  ),
  syscall('timerfd_gettime', [fd, outStruct('itimerspec')], sysTimerfdGettime),
  syscall('signalfd', [int, inStruct('sigset'), size], (task, f, mask, n) =>
    sysSignalfd4(task, f, mask, n, 0),
  ),
  syscall('signalfd4', [int, inStruct('sigset'), size, flags(E.signalfdFlags)], sysSignalfd4),
]

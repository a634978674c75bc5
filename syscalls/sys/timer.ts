/** Timers that end in signals: timer_create(2), timer_settime(2), setitimer(2), alarm(2). */

import { CAP_WAKE_ALARM } from '../abi/capability.ts'
import { EAGAIN, EFAULT, EINVAL, EOPNOTSUPP, EPERM } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { readSigEvent, SIGEVENT_SIZE } from '../abi/siginfo.ts'
import { SIGALRM, SIGNAL_MAX } from '../abi/signal.ts'
import { ITIMERVAL } from '../abi/time.ts'
import { NS_PER_SEC, SECONDS_MAX } from '../kernel/clock.ts'
import type { IntervalTimer } from '../kernel/interval-timer.ts'
import { findTask } from '../kernel/pid.ts'
import {
  cpuTimeLine,
  POSIX_TIMER_COUNT_MAX,
  type PosixTimer,
  type TimerNotice,
  timersOf,
} from '../kernel/process-timers.ts'
import type { Task } from '../kernel/task.ts'
import { armTimer, putItimerspec, putTimer, readItimerspec, setting } from './itimerspec.ts'
import { flags, inStruct, int, outStruct, syscall, uint, value } from './row.ts'

/** 0 for a clock that timers can run on. */
function checkClock(task: Task, clockId: number): number {
  switch (clockId) {
    case P.CLOCK_REALTIME:
    case P.CLOCK_MONOTONIC:
    case P.CLOCK_BOOTTIME:
    case P.CLOCK_TAI:
    case P.CLOCK_PROCESS_CPUTIME_ID:
      return 0
    case P.CLOCK_REALTIME_ALARM:
    case P.CLOCK_BOOTTIME_ALARM:
      return task.credentials.capable(CAP_WAKE_ALARM) ? 0 : -EPERM
    case P.CLOCK_THREAD_CPUTIME_ID:
    case P.CLOCK_MONOTONIC_RAW:
    case P.CLOCK_REALTIME_COARSE:
    case P.CLOCK_MONOTONIC_COARSE:
      return -EOPNOTSUPP
    default:
      return -EINVAL
  }
}

function readNotice(task: Task, at: number): TimerNotice | number {
  if (at === 0) return { signo: SIGALRM, value: null, task: null }
  const { mm, call } = task
  if (!mm.canRead(at, SIGEVENT_SIZE)) return -EFAULT
  const { value, signo, notify, tid } = readSigEvent(mm.space.view, at, call.model)
  if (notify === P.SIGEV_NONE) return { signo: 0, value, task: null }
  if (notify !== P.SIGEV_SIGNAL && notify !== P.SIGEV_THREAD && notify !== P.SIGEV_THREAD_ID) return -EINVAL
  if (signo <= 0 || signo > SIGNAL_MAX) return -EINVAL
  if (notify !== P.SIGEV_THREAD_ID) return { signo, value, task: null }
  const target = findTask(task, tid)
  return target?.group === task.group ? { signo, value, task: target } : -EINVAL
}

function sysTimerCreate(task: Task, clockId: number, eventAddr: number, idAddr: number): number {
  if (eventAddr && !task.mm.canRead(eventAddr, SIGEVENT_SIZE)) return -EFAULT
  const refused = checkClock(task, clockId)
  if (refused) return refused
  const notice = readNotice(task, eventAddr)
  if (typeof notice === 'number') return notice
  const timers = timersOf(task)
  if (timers.posix.size >= POSIX_TIMER_COUNT_MAX) return -EAGAIN
  if (!task.mm.canWrite(idAddr, 4)) return -EFAULT
  task.mm.setU32(idAddr, timers.create(clockId, notice).id)
  return 0
}

const find = (task: Task, id: number): PosixTimer | undefined => task.group.timers?.posix.get(id)

function arm(task: Task, { clockId, timer }: PosixTimer, isAbsolute: boolean): void {
  if (clockId !== P.CLOCK_PROCESS_CPUTIME_ID) {
    armTimer(task, timer, clockId, isAbsolute)
    return
  }
  const line = cpuTimeLine(task.kernel, task.group)
  timer.set(line, setting.valueNs + (isAbsolute ? 0 : line.monotonicNs()), setting.intervalNs)
}

function sysTimerSettime(task: Task, id: number, flagBits: number, newAddr: number, oldAddr: number): number {
  if (newAddr === 0) return -EINVAL
  const bad = readItimerspec(task, newAddr)
  if (bad) return bad
  const posix = find(task, id)
  if (!posix) return -EINVAL
  const { timer } = posix
  timer.check()
  const { intervalNs, leftNs } = timer
  posix.stop()
  posix.overrun = 0
  if (setting.valueNs > 0) arm(task, posix, (flagBits & P.TIMER_ABSTIME) !== 0)
  return oldAddr ? putItimerspec(task, oldAddr, intervalNs, leftNs) : 0
}

function sysTimerGettime(task: Task, id: number, at: number): number {
  const posix = find(task, id)
  if (!posix) return -EINVAL
  posix.timer.check()
  return putTimer(task, at, posix.timer)
}

function sysTimerDelete(task: Task, id: number): number {
  const posix = find(task, id)
  if (!posix) return -EINVAL
  timersOf(task).delete(posix)
  return 0
}

/** Microseconds are the least that an itimer shows while it runs. */
const leftUsOf = (timer: IntervalTimer): number =>
  timer.isArmed ? Math.max(1, Math.floor(timer.leftNs / 1000)) : 0

function setItimer(task: Task, which: number, delayNs: number, intervalNs: number): void {
  const timer = timersOf(task).itimer(which)
  timer.cancel()
  if (delayNs === 0) return
  const line = which === P.ITIMER_REAL ? task.world.clock : cpuTimeLine(task.kernel, task.group)
  timer.set(line, line.monotonicNs() + delayNs, intervalNs)
}

function sysAlarm(task: Task, seconds: number): number {
  const leftUs = leftUsOf(timersOf(task).itimer(P.ITIMER_REAL))
  setItimer(task, P.ITIMER_REAL, seconds * NS_PER_SEC, 0)
  // Rounded, but never to nothing.
  return leftUs > 0 ? Math.max(1, Math.round(leftUs / 1e6)) : 0
}

function putItimer(task: Task, which: number, at: number): boolean {
  const timer = timersOf(task).itimer(which)
  const intervalUs = Math.floor(timer.intervalNs / 1000)
  const leftUs = leftUsOf(timer)
  return task.putStruct(ITIMERVAL, at, {
    intervalSec: Math.floor(intervalUs / 1e6),
    intervalUsec: intervalUs % 1e6,
    valueSec: Math.floor(leftUs / 1e6),
    valueUsec: leftUs % 1e6,
  })
}

/** A timeval in ns, or -EINVAL. */
function timevalNs(sec: number, usec: number): number {
  return sec < 0 || usec < 0 || usec >= 1e6 ? -EINVAL : Math.min(sec, SECONDS_MAX) * NS_PER_SEC + usec * 1000
}

function sysSetitimer(task: Task, which: number, newAddr: number, oldAddr: number): number {
  const fresh = newAddr ? task.getStruct(ITIMERVAL, newAddr) : null
  if (newAddr && !fresh) return -EFAULT
  const intervalNs = fresh ? timevalNs(fresh.intervalSec, fresh.intervalUsec) : 0
  const delayNs = fresh ? timevalNs(fresh.valueSec, fresh.valueUsec) : 0
  if (intervalNs < 0 || delayNs < 0) return -EINVAL
  if (which < 0 || which > P.ITIMER_PROF) return -EINVAL
  if (oldAddr && !putItimer(task, which, oldAddr)) return -EFAULT
  setItimer(task, which, delayNs, intervalNs)
  return 0
}

function sysGetitimer(task: Task, which: number, at: number): number {
  if (which < 0 || which > P.ITIMER_PROF) return -EINVAL
  return putItimer(task, which, at) ? 0 : -EFAULT
}

export const timerRows = [
  syscall(
    'timer_create',
    [value(P.clockIds), inStruct('sigevent'), outStruct('int')],
    sysTimerCreate,
    'no CLOCK_THREAD_CPUTIME_ID',
  ),
  syscall(
    'timer_settime',
    [int, flags(P.timerFlags), inStruct('itimerspec'), outStruct('itimerspec')],
    sysTimerSettime,
  ),
  syscall('timer_gettime', [int, outStruct('itimerspec')], sysTimerGettime),
  syscall('timer_getoverrun', [int], (task, id) => find(task, id)?.overrun ?? -EINVAL),
  syscall('timer_delete', [int], sysTimerDelete),
  syscall('alarm', [uint], sysAlarm),
  syscall(
    'setitimer',
    [value(P.itimers), inStruct('itimerval'), outStruct('itimerval')],
    sysSetitimer,
    'all processor time is user time',
  ),
  syscall(
    'getitimer',
    [value(P.itimers), outStruct('itimerval')],
    sysGetitimer,
    'all processor time is user time',
  ),
]

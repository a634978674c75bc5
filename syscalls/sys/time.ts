/** Clocks and sleeping: clock_gettime(2), nanosleep(2), gettimeofday(2). */

import { CAP_SYS_TIME } from '../abi/capability.ts'
import {
  BLOCKED,
  EFAULT,
  EINTR,
  EINVAL,
  EOPNOTSUPP,
  EPERM,
  ERESTART_RESTARTBLOCK,
  ERESTARTNOHAND,
} from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { TIMESPEC, TIMEVAL } from '../abi/time.ts'
import { NS_PER_SEC, nsecOf, SECONDS_MAX } from '../kernel/clock.ts'
import { findGroup } from '../kernel/pid.ts'
import type { Task } from '../kernel/task.ts'
import { addr, flags, inStruct, outStruct, syscall, value } from './row.ts'

/** Puts a clock's time into the fields of the world's clock; false for an unknown one. */
function readClock(task: Task, id: number): boolean {
  const { clock } = task.world
  switch (id) {
    case P.CLOCK_REALTIME:
    case P.CLOCK_REALTIME_COARSE:
    case P.CLOCK_REALTIME_ALARM:
    case P.CLOCK_TAI:
      clock.readRealtime()
      return true
    case P.CLOCK_MONOTONIC:
    case P.CLOCK_MONOTONIC_RAW:
    case P.CLOCK_MONOTONIC_COARSE:
    case P.CLOCK_BOOTTIME:
    case P.CLOCK_BOOTTIME_ALARM:
      clock.split(clock.monotonicNs())
      return true
    case P.CLOCK_PROCESS_CPUTIME_ID:
      clock.split(task.kernel.groupCpuNs(task.group))
      return true
    case P.CLOCK_THREAD_CPUTIME_ID:
      clock.split(task.kernel.taskCpuNs(task))
      return true
    default:
      return readCpuClock(task, id)
  }
}

/** clock_getcpuclockid(3): negative ids hold the complement of a pid. */
function readCpuClock(task: Task, id: number): boolean {
  if (id >= 0) return false
  const pid = ~(id >> 3)
  const group = pid === 0 ? task.group : findGroup(task, pid)
  if (!group) return false
  task.world.clock.split(task.kernel.groupCpuNs(group))
  return true
}

function sysClockGettime(task: Task, id: number, at: number): number {
  if (!readClock(task, id)) return -EINVAL
  const { clock } = task.world
  return task.putStruct(TIMESPEC, at, clock) ? 0 : -EFAULT
}

const COARSE_NS = 4_000_000

function sysClockGetres(task: Task, id: number, at: number): number {
  if (!readClock(task, id)) return -EINVAL
  if (at === 0) return 0
  const coarse = id === P.CLOCK_REALTIME_COARSE || id === P.CLOCK_MONOTONIC_COARSE
  return task.putStruct(TIMESPEC, at, { sec: 0, nsec: coarse ? COARSE_NS : 1 }) ? 0 : -EFAULT
}

/** Sets the wall clock of the caller's view; the one at the bottom is the host's. */
export function setWallClock(task: Task, sec: number, nsec: number): number {
  if (sec < 0 || nsec < 0 || nsec >= NS_PER_SEC) return -EINVAL
  if (!task.credentials.capable(CAP_SYS_TIME)) return -EPERM
  return task.world.clock.setRealtime(sec, nsec) ? 0 : -EPERM
}

function sysClockSettime(task: Task, id: number, at: number): number {
  if (task.world.clock === task.kernel.clock) return -EPERM
  if (id !== P.CLOCK_REALTIME) return -EINVAL
  const time = task.getStruct(TIMESPEC, at)
  return time ? setWallClock(task, time.sec, time.nsec) : -EFAULT
}

/** The time zone is kept by nobody: programs have their own. */
function sysSettimeofday(task: Task, at: number, zone: number): number {
  if (task.world.clock === task.kernel.clock) return -EPERM
  const time = at ? task.getStruct(TIMEVAL, at) : null
  if ((at && !time) || (zone && !task.mm.canRead(zone, 8))) return -EFAULT
  if (time) return setWallClock(task, time.sec, time.usec * 1000)
  return task.credentials.capable(CAP_SYS_TIME) ? 0 : -EPERM
}

function sysGettimeofday(task: Task, at: number, zone: number): number {
  const { clock } = task.world
  clock.readRealtime()
  const usec = Math.floor(clock.nsec / 1000)
  if (at && !task.putStruct(TIMEVAL, at, { sec: clock.sec, usec })) return -EFAULT
  if (zone && !task.mm.setU64(zone, 0)) return -EFAULT
  return 0
}

function sysTime(task: Task, at: number): number {
  const { clock } = task.world
  clock.readRealtime()
  const { sec } = clock
  return at && !task.mm.setWord(at, sec) ? -EFAULT : sec
}

/** A timespec as nanoseconds, or a negative errno. */
export function readTimespec(task: Task, at: number): number {
  const time = task.getStruct(TIMESPEC, at)
  if (!time) return -EFAULT
  const { sec, nsec } = time
  if (sec < 0 || nsec < 0 || nsec >= NS_PER_SEC) return -EINVAL
  return sec > SECONDS_MAX ? Infinity : sec * NS_PER_SEC + nsec
}

/** The call's deadline is a time of the wall clock, which readTimespec has seen. */
export function setRealDeadline(task: Task, at: number): void {
  const { sec, nsec } = task.getStruct(TIMESPEC, at)!
  task.deadline.setAtRealtime(task.world.clock, sec, nsec)
}

/** Clocks that are set: what waits for a time of theirs follows. */
export const isRealtime = (clockId: number): boolean =>
  clockId === P.CLOCK_REALTIME || clockId === P.CLOCK_REALTIME_ALARM || clockId === P.CLOCK_TAI

/** Sleeps until the task's deadline; interrupted, it writes what is left and can be restarted. */
function sleep(task: Task, remainAddr: number, absolute: boolean): number {
  if (task.isOverdue) return 0
  const result = task.blockOn(task.kernel.sleepers)
  if (result === BLOCKED) return BLOCKED
  if (absolute) return -ERESTARTNOHAND
  const deadline = task.deadline.copy()
  const { leftNs } = deadline
  if (remainAddr && leftNs !== Infinity) {
    const sec = Math.floor(leftNs / NS_PER_SEC)
    if (!task.putStruct(TIMESPEC, remainAddr, { sec, nsec: nsecOf(leftNs, sec) })) return -EFAULT
  }
  task.restartBlock = (again) => {
    again.deadline.copyFrom(deadline)
    return sleep(again, remainAddr, false)
  }
  return -ERESTART_RESTARTBLOCK
}

function sysNanosleep(task: Task, wantedAddr: number, remainAddr: number): number {
  if (!task.resumed) {
    const ns = readTimespec(task, wantedAddr)
    if (ns < 0) return ns
    task.deadline.setIn(task.world.clock, ns)
  }
  return sleep(task, remainAddr, false)
}

function sysClockNanosleep(
  task: Task,
  id: number,
  flagBits: number,
  wantedAddr: number,
  remainAddr: number,
): number {
  const absolute = (flagBits & P.TIMER_ABSTIME) !== 0
  if (!task.resumed) {
    if (!readClock(task, id)) return -EINVAL
    if (id === P.CLOCK_THREAD_CPUTIME_ID) return -EINVAL
    if (id < 0 || id === P.CLOCK_PROCESS_CPUTIME_ID) return -EOPNOTSUPP
    const ns = readTimespec(task, wantedAddr)
    if (ns < 0) return ns
    const { clock } = task.world
    if (!absolute) task.deadline.setIn(clock, ns)
    else if (isRealtime(id)) setRealDeadline(task, wantedAddr)
    else task.deadline.setAt(clock, ns)
  }
  return sleep(task, remainAddr, absolute)
}

function sysRestartSyscall(task: Task): number {
  const { restartBlock } = task
  return restartBlock ? restartBlock(task) : -EINTR
}

const clockId = value(P.clockIds)

export const timeRows = [
  syscall('clock_gettime', [clockId, outStruct('timespec')], sysClockGettime),
  syscall('clock_getres', [clockId, outStruct('timespec')], sysClockGetres),
  syscall(
    'clock_settime',
    [clockId, inStruct('timespec')],
    sysClockSettime,
    'only in a view with a clock of its own: else the clock is the host’s',
  ),
  syscall(
    'clock_nanosleep',
    [clockId, flags(P.timerFlags), inStruct('timespec'), outStruct('timespec')],
    sysClockNanosleep,
  ),
  syscall('nanosleep', [inStruct('timespec'), outStruct('timespec')], sysNanosleep),
  syscall('restart_syscall', [], sysRestartSyscall),
  syscall('gettimeofday', [outStruct('timeval'), addr], sysGettimeofday),
  syscall(
    'settimeofday',
    [inStruct('timeval'), addr],
    sysSettimeofday,
    'only in a view with a clock of its own: else the clock is the host’s',
  ),
  syscall('time', [outStruct('long')], sysTime),
]

/** struct itimerspec, interval and value, and the deadline that one means: timerfd_settime(2), timer_settime(2). */

import { EFAULT, EINVAL } from '../abi/errno.ts'
import { ITIMERSPEC } from '../abi/time.ts'
import { NS_PER_SEC, nsecOf, SECONDS_MAX } from '../kernel/clock.ts'
import type { IntervalTimer } from '../kernel/interval-timer.ts'
import type { Task } from '../kernel/task.ts'
import { isRealtime } from './time.ts'

/** The one setting under way: nothing keeps it. */
export const setting = { intervalNs: 0, valueNs: 0, valueSec: 0, valueNsec: 0 }

const spanNs = (sec: number, nsec: number): number => Math.min(sec, SECONDS_MAX) * NS_PER_SEC + nsec

/** Reads an itimerspec into `setting`; 0, or an errno. */
export function readItimerspec(task: Task, at: number): number {
  const spec = task.getStruct(ITIMERSPEC, at)
  if (!spec) return -EFAULT
  const { intervalSec, intervalNsec } = spec
  setting.valueSec = spec.valueSec
  setting.valueNsec = spec.valueNsec
  const isNsec = (n: number): boolean => n >= 0 && n < NS_PER_SEC
  if (intervalSec < 0 || setting.valueSec < 0) return -EINVAL
  if (!isNsec(intervalNsec) || !isNsec(setting.valueNsec)) return -EINVAL
  setting.intervalNs = spanNs(intervalSec, intervalNsec)
  setting.valueNs = spanNs(setting.valueSec, setting.valueNsec)
  return 0
}

/** Arms a timer for what `setting` means on a clock of the world's. */
export function armTimer(task: Task, timer: IntervalTimer, clockId: number, isAbsolute: boolean): void {
  const { clock } = task.world
  const { valueNs, valueSec, valueNsec, intervalNs } = setting
  if (!isAbsolute) timer.set(clock, clock.monotonicNs() + valueNs, intervalNs)
  else if (isRealtime(clockId)) timer.setAtRealtime(clock, valueSec, valueNsec, intervalNs)
  else timer.set(clock, valueNs, intervalNs)
}

/** Writes what is left of a timer and its period; 0 or -EFAULT. */
export function putItimerspec(task: Task, at: number, intervalNs: number, leftNs: number): number {
  const intervalSec = Math.floor(intervalNs / NS_PER_SEC)
  const valueSec = Math.floor(leftNs / NS_PER_SEC)
  const spec = {
    intervalSec,
    intervalNsec: nsecOf(intervalNs, intervalSec),
    valueSec,
    valueNsec: nsecOf(leftNs, valueSec),
  }
  return task.putStruct(ITIMERSPEC, at, spec) ? 0 : -EFAULT
}

export const putTimer = (task: Task, at: number, timer: IntervalTimer): number =>
  putItimerspec(task, at, timer.intervalNs, timer.leftNs)

/**
 * RLIMIT_CPU: SIGXCPU when the soft limit of processor time is reached and each second after, SIGKILL at the hard one.
 * getrlimit(2). Path: prlimit and fork arm it; the group's processor-time queue fires it.
 */

import { RLIM_INFINITY, RLIMIT_CPU } from '../abi/process.ts'
import { SI_KERNEL, SIGKILL, SIGXCPU, sigInfo } from '../abi/signal.ts'
import { NS_PER_SEC } from './clock.ts'
import { beginGroupExit, sendSignal } from './signal.ts'
import type { ThreadGroup } from './thread-group.ts'
import { TimerQueue } from './timer-queue.ts'

/** Sets the timer anew from the group's limit, in seconds of processor time. */
export function armCpuLimit(group: ThreadGroup): void {
  if (group.cpuLimit) group.cpuTimers!.cancel(group.cpuLimit)
  group.cpuLimit = null
  const { soft, hard } = group.limits[RLIMIT_CPU]!
  if (soft >= RLIM_INFINITY) return
  watch(group, Math.min(soft, hard))
}

function watch(group: ThreadGroup, seconds: number): void {
  group.cpuTimers ??= new TimerQueue()
  group.cpuLimit = group.cpuTimers.add(seconds * NS_PER_SEC, () => {
    group.cpuLimit = null
    if (seconds >= group.limits[RLIMIT_CPU]!.hard) beginGroupExit(group, SIGKILL)
    else {
      sendSignal(group, null, sigInfo(SIGXCPU, SI_KERNEL))
      watch(group, seconds + 1)
    }
  })
}

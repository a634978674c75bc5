/** What a process and its children have used: getrusage(2), and the same for wait4(2) and waitid(2). */

import { EFAULT, EINVAL } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { NS_PER_SEC, nsecOf } from '../kernel/clock.ts'
import type { Task } from '../kernel/task.ts'
import { groupUsage, Usage } from '../kernel/usage.ts'
import { outStruct, syscall, value } from './row.ts'

const KIB_PER_PAGE = 4

/** All processor time is user time. */
export function putRusage(task: Task, at: number, cpuNs: number, usage: Usage): boolean {
  const seconds = Math.floor(cpuNs / NS_PER_SEC)
  return task.putStruct(P.RUSAGE, at, {
    userSec: seconds,
    userUsec: Math.floor(nsecOf(cpuNs, seconds) / 1000),
    maxRss: usage.maxRssPages * KIB_PER_PAGE,
    minorFaults: usage.minorFaults,
    voluntarySwitches: usage.voluntarySwitches,
    involuntarySwitches: usage.involuntarySwitches,
  })
}

function sysGetrusage(task: Task, who: number, at: number): number {
  const { group, kernel } = task
  let cpuNs: number
  let usage: Usage
  if (who === P.RUSAGE_SELF) {
    cpuNs = kernel.groupCpuNs(group)
    usage = groupUsage(group)
  } else if (who === P.RUSAGE_CHILDREN) {
    cpuNs = group.childrenCpuNs
    usage = group.childrenUsage
  } else if (who === P.RUSAGE_THREAD) {
    cpuNs = kernel.taskCpuNs(task)
    usage = new Usage()
    usage.add(task.usage)
    usage.addSpace(task.mm.space)
  } else return -EINVAL
  return putRusage(task, at, cpuNs, usage) ? 0 : -EFAULT
}

export const rusageRows = [
  syscall(
    'getrusage',
    [value(P.rusageWho), outStruct('rusage')],
    sysGetrusage,
    'all processor time is user time',
  ),
]

/** What a process and its children have used: getrusage(2), and the same for wait4(2) and waitid(2). */

import { putU64 } from '../abi/struct.ts'
import { EFAULT, EINVAL } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { NS_PER_SEC, nsecOf } from '../kernel/clock.ts'
import type { Task } from '../kernel/task.ts'
import { groupUsage, Usage } from '../kernel/usage.ts'
import { outStruct, syscall, value } from './row.ts'

/** utime and stime, then fourteen longs, of which Linux fills these. */
const RUSAGE_SIZE = 144
const MAXRSS = 32
const MINFLT = 64
const NVCSW = 128
const NIVCSW = 136
const KIB_PER_PAGE = 4

/** All processor time is user time. */
export function putRusage(task: Task, at: number, cpuNs: number, usage: Usage): boolean {
  if (!task.mm.canWrite(at, RUSAGE_SIZE)) return false
  const { bytes, view } = task.mm.space
  bytes.fill(0, at, at + RUSAGE_SIZE)
  const seconds = Math.floor(cpuNs / NS_PER_SEC)
  putU64(view, at, seconds)
  putU64(view, at + 8, Math.floor(nsecOf(cpuNs, seconds) / 1000))
  putU64(view, at + MAXRSS, usage.maxRssPages * KIB_PER_PAGE)
  putU64(view, at + MINFLT, usage.minorFaults)
  putU64(view, at + NVCSW, usage.voluntarySwitches)
  putU64(view, at + NIVCSW, usage.involuntarySwitches)
  task.mm.stored(at, RUSAGE_SIZE)
  return true
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

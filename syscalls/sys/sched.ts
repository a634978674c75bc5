/**
 * Priorities: getpriority(2), setpriority(2), ioprio_get(2), ioprio_set(2), sched_yield(2), getcpu(2). Nice values and I/O
 * priorities are kept, inherited and guarded as Linux does it (kernel/sys.c, block/ioprio.c); the one queue of tasks that
 * can run (kernel.ts) takes no notice of them.
 */

import { CAP_SYS_ADMIN, CAP_SYS_NICE } from '../abi/capability.ts'
import { EACCES, EFAULT, EINVAL, EPERM, ESRCH } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { onEveryLevel } from '../kernel/id-level.ts'
import { findTask, reaches } from '../kernel/pid.ts'
import type { Task } from '../kernel/task.ts'
import { addr, hexInt, int, syscall, value } from './row.ts'

/** The tasks that `which` and `who` name, numbered as for getpriority(2); 0 is oneself. EINVAL for another kind. */
function tasksOf(task: Task, which: number, who: number): Task[] | number {
  if (which === P.PRIO_PROCESS) {
    const other = who === 0 ? task : findTask(task, who)
    return other ? [other] : []
  }
  const all = [...task.kernel.tasks.values()].filter((other) => reaches(task, other.group))
  if (which === P.PRIO_PGRP) {
    const group = task.pids.machinePid(who) || (who === 0 ? task.group.processGroup : -1)
    return all.filter((other) => other.group.processGroup === group)
  }
  if (which !== P.PRIO_USER) return -EINVAL
  const uid = who === 0 ? task.credentials.uid : task.credentials.userns.uids.inward(who >>> 0)
  return all.filter((other) => other.credentials.uid === uid)
}

function sysGetpriority(task: Task, which: number, who: number): number {
  const found = tasksOf(task, which, who)
  if (typeof found === 'number') return found
  // What a C library turns into the nice value: no result is negative.
  return found.length === 0 ? -ESRCH : Math.max(...found.map((other) => 20 - other.nice))
}

function sysSetpriority(task: Task, which: number, who: number, asked: number): number {
  const found = tasksOf(task, which, who)
  if (typeof found === 'number') return found
  const nice = Math.min(P.NICE_MAX, Math.max(P.NICE_MIN, asked))
  let result = -ESRCH
  for (const other of found) {
    const refused = mayRenice(task, other, nice)
    if (refused) result = refused
    else {
      if (result === -ESRCH) result = 0
      other.nice = nice
    }
  }
  return result
}

/** Others' tasks are EPERM; becoming nicer is always allowed, the reverse as far as RLIMIT_NICE goes. */
function mayRenice(task: Task, other: Task, nice: number): number {
  const { credentials: who } = task
  if (who.capable(CAP_SYS_NICE)) return 0
  const isOwn = onEveryLevel(
    who,
    other.credentials,
    ({ euid }, them) => them.uid === euid || them.euid === euid,
  )
  if (!isOwn) return -EPERM
  return nice < other.nice && 20 - nice > other.group.limits[P.RLIMIT_NICE]!.soft ? -EACCES : 0
}

/** ioprio_get(2) counts from 1 what getpriority(2) counts from 0. */
const ioTasksOf = (task: Task, which: number, who: number): Task[] | number => tasksOf(task, which - 1, who)

/** A priority that was never set is that of the nice value, where several tasks are compared. */
const effectiveIo = (task: Task): number =>
  task.ioPriority || (P.IOPRIO_CLASS_BE << P.IOPRIO_CLASS_SHIFT) | Math.floor((task.nice - P.NICE_MIN) / 5)

function sysIoprioGet(task: Task, which: number, who: number): number {
  const found = ioTasksOf(task, which, who)
  if (typeof found === 'number') return found
  if (found.length === 0) return -ESRCH
  if (which === P.IOPRIO_WHO_PROCESS) return found[0]!.ioPriority
  return Math.min(...found.map(effectiveIo))
}

function checkIoPriority(task: Task, priority: number): number {
  const level = priority & 7
  switch ((priority >>> P.IOPRIO_CLASS_SHIFT) & 7) {
    case P.IOPRIO_CLASS_NONE:
      return level ? -EINVAL : 0
    case P.IOPRIO_CLASS_RT:
      return [CAP_SYS_ADMIN, CAP_SYS_NICE].some((known) => task.credentials.capable(known)) ? 0 : -EPERM
    case P.IOPRIO_CLASS_BE:
    case P.IOPRIO_CLASS_IDLE:
      return 0
    default:
      return -EINVAL
  }
}

function sysIoprioSet(task: Task, which: number, who: number, priority: number): number {
  const bad = checkIoPriority(task, priority)
  if (bad) return bad
  const found = ioTasksOf(task, which, who)
  if (typeof found === 'number') return found
  if (found.length === 0) return -ESRCH
  const { credentials } = task
  for (const other of found) {
    const isOwn = onEveryLevel(credentials, other.credentials, (who, { uid }) =>
      [who.euid, who.uid].includes(uid),
    )
    if (!isOwn && !credentials.capable(CAP_SYS_NICE)) return -EPERM
    other.ioPriority = priority & 0xffff
  }
  return 0
}

function sysSchedYield(task: Task): number {
  // The slice ends: the program goes on when its turn comes again.
  task.yielded = true
  return 0
}

function sysGetcpu(task: Task, cpu: number, node: number): number {
  if (cpu && !task.mm.setU32(cpu, 0)) return -EFAULT
  return node && !task.mm.setU32(node, 0) ? -EFAULT : 0
}

export const schedRows = [
  syscall('getpriority', [value(P.priorityKinds), int], sysGetpriority),
  syscall(
    'setpriority',
    [value(P.priorityKinds), int, int],
    sysSetpriority,
    'kept; every task gets equal time',
  ),
  syscall('ioprio_get', [value(P.ioprioKinds), int], sysIoprioGet),
  syscall('ioprio_set', [value(P.ioprioKinds), int, hexInt], sysIoprioSet, 'kept, and of no effect'),
  syscall('sched_yield', [], sysSchedYield),
  syscall('getcpu', [addr, addr, addr], sysGetcpu),
]

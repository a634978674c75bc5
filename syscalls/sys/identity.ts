/** Who a process is: pids, process groups, sessions. credentials(7), setpgid(2), setsid(2). */

import { EACCES, EINVAL, EPERM, ESRCH } from '../abi/errno.ts'
import { findGroup, releasePid, shownPid } from '../kernel/pid.ts'
import type { Task } from '../kernel/task.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import { pid, syscall } from './row.ts'

function groupOf(task: Task, which: number): ThreadGroup | undefined {
  return which === 0 ? task.group : findGroup(task, which)
}

function sysSetpgid(task: Task, which: number, wanted: number): number {
  if (wanted < 0) return -EINVAL
  const target = groupOf(task, which)
  const self = task.group
  if (!target || (target !== self && target.parent !== self)) return -ESRCH
  if (target !== self && target.sessionId !== self.sessionId) return -EPERM
  if (target !== self && target.hasExeced) return -EACCES
  if (target.sessionId === target.pid) return -EPERM
  const group = wanted === 0 ? target.pid : task.pids.machinePid(wanted)
  if (group !== target.pid) {
    let exists = false
    for (const other of task.kernel.groups.values())
      if (other.processGroup === group && other.sessionId === self.sessionId) exists = true
    if (!exists) return -EPERM
  }
  const before = target.processGroup
  target.processGroup = group
  releasePid(task.kernel, before)
  return 0
}

function sysSetsid(task: Task): number {
  const self = task.group
  for (const other of task.kernel.groups.values()) if (other.processGroup === self.pid) return -EPERM
  const before = [self.sessionId, self.processGroup]
  self.sessionId = self.processGroup = self.pid
  self.terminal = null
  for (const pid of before) releasePid(task.kernel, pid)
  return self.ownPid
}

export const identityRows = [
  syscall('getpid', [], (task) => task.group.ownPid),
  syscall('gettid', [], (task) => task.ownTid),
  syscall('getppid', [], (task) => shownPid(task, task.group.parent)),
  syscall('getpgrp', [], (task) => task.pids.shown(task.group.processGroup)),
  syscall('getpgid', [pid], (task, which) => {
    const group = groupOf(task, which)
    return group ? task.pids.shown(group.processGroup) : -ESRCH
  }),
  syscall('getsid', [pid], (task, which) => {
    const group = groupOf(task, which)
    return group ? task.pids.shown(group.sessionId) : -ESRCH
  }),
  syscall('setpgid', [pid, pid], sysSetpgid),
  syscall('setsid', [], sysSetsid),
]

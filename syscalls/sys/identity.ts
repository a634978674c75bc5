/** Who a process is: pids, process groups, sessions. credentials(7), setpgid(2), setsid(2). */

import { EACCES, EINVAL, EPERM, ESRCH } from '../abi/errno.ts'
import type { Task } from '../kernel/task.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import { pid, syscall } from './row.ts'

function groupOf(task: Task, which: number): ThreadGroup | undefined {
  return which === 0 ? task.group : task.kernel.groups.get(which)
}

function sysSetpgid(task: Task, which: number, wanted: number): number {
  if (wanted < 0) return -EINVAL
  const target = groupOf(task, which)
  const self = task.group
  if (!target || (target !== self && target.parent !== self)) return -ESRCH
  if (target !== self && target.sessionId !== self.sessionId) return -EPERM
  if (target !== self && target.hasExeced) return -EACCES
  if (target.sessionId === target.pid) return -EPERM
  const group = wanted || target.pid
  if (group !== target.pid) {
    let exists = false
    for (const other of task.kernel.groups.values())
      if (other.processGroup === group && other.sessionId === self.sessionId) exists = true
    if (!exists) return -EPERM
  }
  target.processGroup = group
  return 0
}

function sysSetsid(task: Task): number {
  const self = task.group
  for (const other of task.kernel.groups.values()) if (other.processGroup === self.pid) return -EPERM
  self.sessionId = self.processGroup = self.pid
  self.terminal = null
  return self.pid
}

export const identityRows = [
  syscall('getpid', [], (task) => task.group.pid),
  syscall('gettid', [], (task) => task.tid),
  syscall('getppid', [], (task) => task.group.parent?.pid ?? 0),
  syscall('getpgrp', [], (task) => task.group.processGroup),
  syscall('getpgid', [pid], (task, which) => groupOf(task, which)?.processGroup ?? -ESRCH),
  syscall('getsid', [pid], (task, which) => groupOf(task, which)?.sessionId ?? -ESRCH),
  syscall('setpgid', [pid, pid], sysSetpgid),
  syscall('setsid', [], sysSetsid),
]

/**
 * Processes by number, as a task sees them: what is outside its PID namespace, or out of reach of its view, has the
 * number 0 and cannot be named. Linux kernel/pid.c.
 * Path: every call that takes or gives a number of a process, thread, group or session. Its arguments and results are
 * the program's own numbers, to engines and traces too; tasks keep the machine's.
 */

import type { Kernel } from './kernel.ts'
import type { PidNamespace } from './pid-namespace.ts'
import type { Task } from './task.ts'
import type { ThreadGroup } from './thread-group.ts'

/** Whether a process exists for a task. */
export function reaches(task: Task, group: ThreadGroup): boolean {
  const { reach } = task.world
  return task.group.pids.shown(group.pid) !== 0 && (reach === null || reach(group))
}

/** The process with this number. */
export function findGroup(task: Task, number: number): ThreadGroup | undefined {
  const group = task.kernel.groups.get(task.group.pids.machinePid(number))
  return group && reaches(task, group) ? group : undefined
}

/** The thread with this number. */
export function findTask(task: Task, number: number): Task | undefined {
  const other = task.kernel.tasks.get(task.group.pids.machinePid(number))
  return other && reaches(task, other.group) ? other : undefined
}

/** The number of a process for a task; 0 when there is none. */
export const shownPid = (task: Task, group: ThreadGroup | null): number =>
  group && reaches(task, group) ? task.group.pids.shown(group.pid) : 0

/** What a receiver is told of who sends to it: 0 when that does not exist for it. */
export function shownSender(sender: ThreadGroup, receiver: ThreadGroup): number {
  const reach = receiver.view?.world.reach ?? null
  return reach === null || reach(sender) ? receiver.pids.shown(sender.pid) : 0
}

/** A number of the machine is free again in the namespaces that have it, unless something still goes by it. */
export function releasePid(kernel: Kernel, machinePid: number): void {
  const pids = kernel.nestedPids.get(machinePid)
  if (!pids || kernel.isPidUsed(machinePid)) return
  kernel.nestedPids.delete(machinePid)
  pids.remove(machinePid)
}

/** A task that is about to be made gets its numbers; false when there are none left. */
export function joinNamespace(kernel: Kernel, pids: PidNamespace, machinePid: number): boolean {
  if (pids.parent === null) return true
  if (!pids.add(machinePid, kernel.pidMax)) return false
  kernel.nestedPids.set(machinePid, pids)
  return true
}

/** The first process of a namespace is its process 1. */
export function beInit(group: ThreadGroup): void {
  if (group.pids.init !== null) return
  group.pids.init = group
  group.isUnkillable = true
}

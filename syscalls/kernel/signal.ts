/**
 * Sending signals: kill(2), signal(7), Linux kernel/signal.c. Path: handlers, timers, exits and faults send; the
 * target notices when it next reaches STAGE_SIGNALS (signal-delivery.ts), or is woken from its wait now.
 */

import { EAGAIN } from '../abi/errno.ts'
import { POLLIN } from '../abi/poll.ts'
import {
  CLD_CONTINUED,
  CLD_STOPPED,
  IGNORED_BY_DEFAULT,
  inMask,
  SA_NOCLDSTOP,
  SIG_DFL,
  SIG_IGN,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  type SigInfo,
  STOP_SIGNALS,
  sigInfo,
} from '../abi/signal.ts'
import { reportJob } from '../engines/events.ts'
import { STOPPED, type Task } from './task.ts'
import { JOB_CONTINUED, JOB_STOPPED, type ThreadGroup } from './thread-group.ts'

/** Sends to one task (tgkill, faults) or, with `task` null, to any task of the group. 0 or -EAGAIN. */
export function sendSignal(group: ThreadGroup, task: Task | null, info: SigInfo): number {
  const { signo } = info
  if (group.tasks.length === 0) return 0
  if (signo === SIGKILL) {
    beginGroupExit(group, SIGKILL)
    // Also those that wait for an engine's word on their end.
    for (const one of [...group.tasks]) if (one.engineStop) one.kick()
    return 0
  }
  if (signo === SIGCONT) {
    for (let s = 1; s <= 31; s++) if (inMask(STOP_SIGNALS, s)) dropPending(group, s)
    continueGroup(group)
  } else if (inMask(STOP_SIGNALS, signo)) dropPending(group, SIGCONT)
  const target = task ?? group.tasks.find((t) => !t.blocked.has(signo)) ?? group.tasks[0]!
  // As under ptrace: a watched task's ignored signals are queued, so that its engines hear of them.
  if (isIgnored(group, signo) && !target.blocked.has(signo) && !target.view.watchesSignals) return 0
  const pending = task ? task.pending : group.pending
  if (!pending.add(info)) return -EAGAIN
  if (!target.blocked.has(signo)) target.interrupt()
  else group.signalQueued.wakeAll(POLLIN)
  return 0
}

/** Whether this signal would do nothing. */
export function isIgnored(group: ThreadGroup, signo: number): boolean {
  if (signo === SIGKILL || signo === SIGSTOP) return false
  const { handler } = group.actions.of(signo)
  if (handler === SIG_DFL && group.isUnkillable) return true
  return handler === SIG_IGN || (handler === SIG_DFL && inMask(IGNORED_BY_DEFAULT, signo))
}

function dropPending(group: ThreadGroup, signo: number): void {
  group.pending.remove(signo)
  for (const task of group.tasks) task.pending.remove(signo)
}

/** A fault of the task itself: cannot be blocked or ignored, then it kills. */
export function forceSignal(task: Task, info: SigInfo): void {
  const action = task.group.actions.of(info.signo)
  if (task.blocked.has(info.signo) || action.handler === SIG_IGN) {
    action.handler = SIG_DFL
    task.blocked.remove(info.signo)
  }
  if (action.handler === SIG_DFL) task.group.isUnkillable = false
  task.pending.add(info)
}

/** Every task of the group ends with this status: exit_group, SIGKILL, a fatal signal. */
export function beginGroupExit(group: ThreadGroup, status: number): void {
  if (group.exiting !== null) return
  group.exiting = status
  group.stopped = false
  for (const task of [...group.tasks]) task.kick()
}

/** The group stops; its parent is told. */
export function stopGroup(group: ThreadGroup, signo: number): void {
  if (group.stopped) return
  group.stopped = true
  group.stopSignal = signo
  group.jobReport = JOB_STOPPED
  for (const task of group.tasks) task.interrupt()
  reportJob({ task: group.tasks[0]!, code: CLD_STOPPED, signo })
  notifyJob(group, CLD_STOPPED, signo)
}

function continueGroup(group: ThreadGroup): void {
  if (!group.stopped) return
  group.stopped = false
  group.jobReport = JOB_CONTINUED
  for (const task of group.tasks) if (task.state === STOPPED) task.kernel.makeRunnable(task)
  reportJob({ task: group.tasks[0]!, code: CLD_CONTINUED, signo: SIGCONT })
  notifyJob(group, CLD_CONTINUED, SIGCONT)
}

function notifyJob(group: ThreadGroup, code: number, status: number): void {
  const { parent } = group
  if (!parent) return
  if (!(parent.actions.of(SIGCHLD).flags & SA_NOCLDSTOP))
    sendSignal(parent, null, childInfo(group, code, status))
  parent.childEvents.wakeAll()
}

/** The siginfo of a SIGCHLD about this group, for its parent. */
export const childInfo = (group: ThreadGroup, code: number, status: number): SigInfo =>
  sigInfo(SIGCHLD, code, {
    pid: group.parent?.pids.shown(group.pid) ?? 0,
    uid: group.parent?.credentials?.userns.shownUid(group.credentials?.uid ?? 0) ?? 0,
    status,
  })

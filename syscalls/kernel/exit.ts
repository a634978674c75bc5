/**
 * The end of a task and of its group: exit(2), exit_group(2), Linux kernel/exit.c. Zombies wait for their parent;
 * orphans go to process 1 of their namespace, which in the first one is the kernel itself and reaps at once.
 */

import { POLLIN, POLLRDNORM } from '../abi/poll.ts'
import {
  CLD_EXITED,
  CLD_KILLED,
  SA_NOCLDWAIT,
  SI_KERNEL,
  SI_USER,
  SIG_IGN,
  SIGCHLD,
  SIGKILL,
  sigInfo,
} from '../abi/signal.ts'
import { endAttention } from '../engines/control.ts'
import { announceExit, reportDeath, reportExit, reportReap } from '../engines/events.ts'
import { destroyMm } from '../mm/mm.ts'
import { wakeFutex } from './futex.ts'
import { hangUpOrphans, leaveTerminal } from './job-control.ts'
import { releasePid } from './pid.ts'
import type { PidNamespace } from './pid-namespace.ts'
import { releaseRobustList } from './robust-list.ts'
import { releaseFilters } from './seccomp-notify.ts'
import { childInfo, sendSignal } from './signal.ts'
import { DEAD, type Task } from './task.ts'
import { GROUP_ALIVE, GROUP_REAPED, GROUP_ZOMBIE, type ThreadGroup } from './thread-group.ts'

/** The end of a task by itself or by a signal: engines hear of it first, and may change the wait status. */
export function endTask(task: Task, status: number): void {
  if (task.isExiting) exitTask(task, status)
  else
    reportExit(task, status, (changed) => {
      if (changed !== status && task.group.exiting === status) task.group.exiting = changed
      exitTask(task, changed)
    })
}

/** Ends one task at once; the last one ends the group with this wait status. */
export function exitTask(task: Task, status: number): void {
  if (task.state === DEAD) return
  const { kernel, group } = task
  task.leaveQueues()
  task.engineStop?.abandon()
  task.start?.abandon()
  task.state = DEAD
  releaseRobustList(task)
  if (task.clearChildTid && task.mm.users > 1 && task.mm.setU32(task.clearChildTid, 0))
    wakeFutex(kernel, task.mm, task.clearChildTid, 1, -1)
  task.vforkDone?.wakeAll()
  task.vforkDone = null
  if (--task.fds.users === 0) task.fds.closeAll()
  dropMm(task)
  kernel.tasks.delete(task.tid)
  if (task.seccompFilter !== null) releaseFilters(task)
  group.cpuNs += task.cpuNs
  group.usage.add(task.usage)
  group.tasks.splice(group.tasks.indexOf(task), 1)
  endAttention(task)
  const isLast = group.tasks.length === 0
  reportDeath(task, status, isLast)
  if (task.tid !== group.pid) releasePid(kernel, task.tid)
  if (!isLast && task.tid !== group.pid) reportReap(task.view, { pid: group.pid, tid: task.tid, status })
  task.leave()
  if (isLast) {
    group.lastView = task.view
    task.world.ipc.semaphores.undoAll(group)
    group.lastCredentials = task.credentials
    group.lastComm = task.comm
    endGroup(task.kernel, group, group.exiting ?? status)
  }
}

/** execve: the group's other tasks end, and this one goes on under the leader's id. Linux de_thread. */
export function becomeOnlyTask(task: Task): void {
  const { kernel, group } = task
  for (const other of [...group.tasks])
    if (other !== task) {
      announceExit(other, 0)
      exitTask(other, 0)
    }
  if (task.tid === group.pid) return
  const formerTid = task.tid
  kernel.tasks.delete(formerTid)
  releasePid(kernel, formerTid)
  task.tid = group.pid
  task.ownTid = group.ownPid
  kernel.tasks.set(task.tid, task)
}

/** Leaves the task's memory; the last user frees it. */
export function dropMm(task: Task): void {
  const { mm } = task
  if (mm.running === task) mm.running = null
  if (--mm.users > 0) return
  task.group.usage.addSpace(mm.space)
  task.kernel.cpu.release(mm.space)
  destroyMm(mm)
}

function endGroup(kernel: Task['kernel'], group: ThreadGroup, status: number): void {
  group.timers?.endAll()
  group.status = status
  if (group.pids.init === group && closeNamespace(kernel, group.pids)) return
  becomeZombie(kernel, group)
}

/** Process 1 ended: whatever else is in its namespace does too, and only then does it. False: there is nothing else. */
function closeNamespace(kernel: Task['kernel'], pids: PidNamespace): boolean {
  pids.isClosed = true
  for (const child of pids.init!.children) if (child.state === GROUP_ZOMBIE) reap(kernel, child)
  const members = membersOf(kernel, pids)
  for (const member of members) sendSignal(member, null, sigInfo(SIGKILL, SI_KERNEL))
  return members.length > 0
}

/** All in a namespace and those below it but its process 1. */
const membersOf = (kernel: Task['kernel'], pids: PidNamespace): ThreadGroup[] =>
  [...kernel.groups.values()].filter((group) => group !== pids.init && pids.shown(group.pid) !== 0)

function becomeZombie(kernel: Task['kernel'], group: ThreadGroup): void {
  group.state = GROUP_ZOMBIE
  group.ended.wakeAll(POLLIN | POLLRDNORM)
  leaveTerminal(kernel, group, true)
  reparent(kernel, group)
  const { parent } = group
  if (parent) hangUpOrphans(kernel, group, parent, true)
  if (!parent || reapsAtOnce(kernel, parent)) {
    reap(kernel, group)
    return
  }
  const action = parent.actions.of(SIGCHLD)
  const { status } = group
  const signal = status & 0x7f
  const info = childInfo(group, signal ? CLD_KILLED : CLD_EXITED, signal || status >> 8)
  if (group.exitSignal) sendSignal(parent, null, { ...info, signo: group.exitSignal })
  if (group.exitSignal === SIGCHLD && (action.handler === SIG_IGN || action.flags & SA_NOCLDWAIT))
    reap(kernel, group)
  parent.childEvents.wakeAll()
}

/** Nobody waits for the children of the kernel, nor for those of an ended process 1. */
const reapsAtOnce = (kernel: Task['kernel'], parent: ThreadGroup): boolean =>
  parent === kernel.init || (parent.pids.isClosed && parent.pids.init === parent)

/** Who takes a process's children over: a subreaper above it in its namespace, or process 1. */
function reaperFor(kernel: Task['kernel'], group: ThreadGroup): ThreadGroup {
  for (let heir = group.parent; heir && heir.pids.level === group.pids.level; heir = heir.parent)
    if (heir.subreaper) return heir
  return group.pids.init ?? kernel.init
}

function reparent(kernel: Task['kernel'], group: ThreadGroup): void {
  const reaper = reaperFor(kernel, group)
  for (const child of group.children) {
    child.parent = reaper
    reaper.children.add(child)
    for (const task of child.tasks)
      if (task.parentDeathSignal)
        sendSignal(
          child,
          null,
          sigInfo(task.parentDeathSignal, SI_USER, { pid: child.pids.shown(group.pid) }),
        )
    if (child.state === GROUP_ZOMBIE) {
      if (reapsAtOnce(kernel, reaper)) reap(kernel, child)
      else reaper.childEvents.wakeAll()
    }
    hangUpOrphans(kernel, child, group, false)
  }
  group.children.clear()
}

/** Takes the last trace of a zombie away. */
export function reap(kernel: Task['kernel'], group: ThreadGroup): void {
  group.state = GROUP_REAPED
  group.ended.wakeAll()
  const { parent } = group
  if (parent) {
    parent.children.delete(group)
    parent.childrenCpuNs += group.cpuNs + group.childrenCpuNs
    parent.childrenUsage.add(group.usage)
    parent.childrenUsage.add(group.childrenUsage)
  }
  kernel.groups.delete(group.pid)
  for (const pid of [group.pid, group.processGroup, group.sessionId]) releasePid(kernel, pid)
  if (group.lastView) reportReap(group.lastView, { pid: group.pid, tid: group.pid, status: group.status })
  kernel.onReaped(group)
  for (let pids: PidNamespace | null = group.pids; pids; pids = pids.parent) endIfEmpty(kernel, pids)
}

/** An ended process 1 that waited for the last of its namespace becomes a zombie. */
function endIfEmpty(kernel: Task['kernel'], pids: PidNamespace): void {
  const { init } = pids
  if (!pids.isClosed || init?.state !== GROUP_ALIVE || init.tasks.length > 0) return
  if (membersOf(kernel, pids).length === 0) becomeZombie(kernel, init)
}

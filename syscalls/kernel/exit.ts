/**
 * The end of a task and of its group: exit(2), exit_group(2), Linux kernel/exit.c. Zombies wait for their parent;
 * orphans go to init, which is the kernel itself here and reaps at once.
 */

import { POLLIN, POLLRDNORM } from '../abi/poll.ts'
import { CLD_EXITED, CLD_KILLED, SA_NOCLDWAIT, SI_USER, SIG_IGN, SIGCHLD, sigInfo } from '../abi/signal.ts'
import { endAttention } from '../engines/control.ts'
import { announceExit, reportDeath, reportExit, reportReap } from '../engines/events.ts'
import { destroyMm } from '../mm/mm.ts'
import { wakeFutex } from './futex.ts'
import { hangUpOrphans, leaveTerminal } from './job-control.ts'
import { releaseRobustList } from './robust-list.ts'
import { childInfo, sendSignal } from './signal.ts'
import { DEAD, type Task } from './task.ts'
import { GROUP_REAPED, GROUP_ZOMBIE, type ThreadGroup } from './thread-group.ts'

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
  task.state = DEAD
  releaseRobustList(task)
  if (task.clearChildTid && task.mm.users > 1 && task.mm.setU32(task.clearChildTid, 0))
    wakeFutex(kernel, task.mm, task.clearChildTid, 1, -1)
  task.vforkDone?.wakeAll()
  task.vforkDone = null
  if (--task.fds.users === 0) task.fds.closeAll()
  dropMm(task)
  kernel.tasks.delete(task.tid)
  group.cpuNs += task.cpuNs
  group.usage.add(task.usage)
  group.tasks.splice(group.tasks.indexOf(task), 1)
  endAttention(task)
  const isLast = group.tasks.length === 0
  reportDeath(task, status, isLast)
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
  kernel.tasks.delete(task.tid)
  task.tid = group.pid
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
  group.state = GROUP_ZOMBIE
  group.ended.wakeAll(POLLIN | POLLRDNORM)
  leaveTerminal(kernel, group, true)
  reparent(kernel, group)
  const { parent } = group
  if (parent) hangUpOrphans(kernel, group, parent, true)
  if (!parent || parent === kernel.init) {
    reap(kernel, group)
    return
  }
  const action = parent.actions.of(SIGCHLD)
  const signal = status & 0x7f
  const info = childInfo(group, signal ? CLD_KILLED : CLD_EXITED, signal || status >> 8)
  if (group.exitSignal) sendSignal(parent, null, { ...info, signo: group.exitSignal })
  if (group.exitSignal === SIGCHLD && (action.handler === SIG_IGN || action.flags & SA_NOCLDWAIT))
    reap(kernel, group)
  parent.childEvents.wakeAll()
}

function reparent(kernel: Task['kernel'], group: ThreadGroup): void {
  let heir = group.parent
  while (heir && heir !== kernel.init && !heir.subreaper) heir = heir.parent
  const reaper = heir ?? kernel.init
  for (const child of group.children) {
    child.parent = reaper
    reaper.children.add(child)
    for (const task of child.tasks)
      if (task.parentDeathSignal)
        sendSignal(child, null, sigInfo(task.parentDeathSignal, SI_USER, { pid: group.pid }))
    if (child.state === GROUP_ZOMBIE) {
      if (reaper === kernel.init) reap(kernel, child)
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
  if (group.lastView) reportReap(group.lastView, { pid: group.pid, tid: group.pid, status: group.status })
  kernel.onReaped(group)
}

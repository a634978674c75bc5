/**
 * A new task from an old one, in a group of its own (fork(2), vfork(2)) or in the same (a thread): clone(2).
 * Path: sys/process.ts. The child's registers are a copy with result 0; it runs when the scheduler comes to it.
 */

import { STATE_BASE } from '../../emu/memory/layout.ts'
import { CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from '../abi/capability.ts'
import { EAGAIN, EINVAL, ENOMEM } from '../abi/errno.ts'
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_FILES,
  CLONE_FS,
  CLONE_NEWIPC,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWUSER,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_SETTLS,
  CLONE_SIGHAND,
  CLONE_SYSVSEM,
  CLONE_THREAD,
  CLONE_VFORK,
  CLONE_VM,
  RLIMIT_NPROC,
} from '../abi/process.ts'
import { SS_DISABLE } from '../abi/signal.ts'
import { reportClone } from '../engines/events.ts'
import type { View } from '../engines/view.ts'
import { destroyMm, forkMm } from '../mm/mm.ts'
import { armCpuLimit } from './cpu-limit.ts'
import type { Credentials } from './credentials.ts'
import { mayUnshare, NAMESPACE_FLAG_MASK, unsharedCredentials, unsharedView } from './nsproxy.ts'
import { beInit, joinNamespace } from './pid.ts'
import type { PidNamespace } from './pid-namespace.ts'
import { inheritScheduling } from './scheduling.ts'
import { Task } from './task.ts'
import { ThreadGroup } from './thread-group.ts'
import { WaitQueue } from './wait-queue.ts'

export interface CloneArguments {
  flags: number
  /** 0: the parent's. */
  sp: number
  parentTid: number
  childTid: number
  tls: number
  exitSignal: number
}

const SUPPORTED =
  CLONE_VM |
  CLONE_FS |
  CLONE_FILES |
  CLONE_SIGHAND |
  CLONE_THREAD |
  CLONE_VFORK |
  CLONE_PARENT |
  CLONE_SETTLS |
  CLONE_PARENT_SETTID |
  CLONE_CHILD_CLEARTID |
  CLONE_CHILD_SETTID |
  NAMESPACE_FLAG_MASK |
  // CLONE_DETACHED, CLONE_UNTRACED, CLONE_IO, CLONE_SYSVSEM, CLONE_PTRACE change nothing here.
  0x80c42000

/** The child, ready to run, or an errno. */
export function cloneTask(task: Task, clone: CloneArguments): Task | number {
  const { kernel } = task
  const { flags } = clone
  if (flags & CLONE_SIGHAND && !(flags & CLONE_VM)) return -EINVAL
  if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND)) return -EINVAL
  if (flags & (CLONE_NEWNS | CLONE_NEWUSER) && flags & CLONE_FS) return -EINVAL
  if (flags & ~SUPPORTED) {
    kernel.diagnoseOnce(`clone: flags 0x${(flags & ~SUPPORTED).toString(16)} are not supported`)
    return -EINVAL
  }
  // A sibling of a namespace's process 1 would have no parent there.
  if (flags & CLONE_PARENT && task.group.isUnkillable) return -EINVAL
  // Threads are in one namespace.
  if (flags & CLONE_THREAD && (flags & (CLONE_NEWPID | CLONE_NEWUSER) || task.world.pids !== task.pids))
    return -EINVAL
  if (kernel.tasks.size >= kernel.taskCountMax || hasEnoughTasks(task)) return -EAGAIN
  const who = unsharedCredentials(task, flags)
  if (typeof who === 'number') return who
  const refused = mayUnshare(task, flags, who)
  if (refused) return refused
  if (flags & CLONE_NEWIPC && flags & CLONE_SYSVSEM) return -EINVAL
  const badTls = flags & CLONE_SETTLS ? task.mm.arch.checkTls(task.mm, clone.tls) : 0
  if (badTls) return badTls
  const view = flags & NAMESPACE_FLAG_MASK ? unsharedView(task, flags, who.userns) : null
  const child = makeChild(task, clone, who, view)
  view?.drop()
  return child
}

/** `view`: the child's, where it has not its parent's. */
function makeChild(task: Task, clone: CloneArguments, who: Credentials, view: View | null): Task | number {
  const { kernel } = task
  const { flags } = clone
  const { pids } = (view ?? task.view).world
  if (pids.isClosed) return -ENOMEM
  const tid = kernel.newPid()
  if (tid === 0) return -EAGAIN
  const mm = flags & CLONE_VM ? task.mm : forkMm(task.mm, kernel.caller)
  if (!mm) return -ENOMEM
  if (!joinNamespace(kernel, pids, tid)) {
    if (mm !== task.mm) destroyMm(mm)
    return -EAGAIN
  }
  if (mm === task.mm) mm.users++
  else kernel.cpu.begin(mm.space, mm.programKey)

  const group = flags & CLONE_THREAD ? task.group : newGroup(task, tid, pids, clone)
  if (flags & CLONE_FILES) task.fds.users++
  if (flags & CLONE_FS) task.fs.users++
  const child = new Task(kernel, tid, group, mm, {
    fs: flags & CLONE_FS ? task.fs : task.fs.copy(),
    fds: flags & CLONE_FILES ? task.fds : task.fds.copy(),
    credentials: who.copy(),
    view: task.view,
  })
  if (!(flags & CLONE_FILES)) child.fds.lockOwner = group
  if (view) child.enter(view)
  inherit(task, child, flags)
  copyRegisters(task, child, clone)
  if (flags & CLONE_PARENT_SETTID) task.mm.setU32(clone.parentTid, task.pids.shown(tid))
  if (flags & CLONE_CHILD_SETTID) child.mm.setU32(clone.childTid, child.ownTid)
  if (flags & CLONE_CHILD_CLEARTID) child.clearChildTid = clone.childTid
  if (flags & CLONE_VFORK) child.vforkDone = new WaitQueue()
  kernel.addTask(child)
  reportClone(task, child, flags)
  return child
}

/** RLIMIT_NPROC: a user's tasks, unless the user is root or may have more. */
function hasEnoughTasks({ kernel, group, credentials: who }: Task): boolean {
  const most = group.limits[RLIMIT_NPROC]!.soft
  if (kernel.tasks.size < most || who.uid === 0) return false
  if (who.capable(CAP_SYS_RESOURCE) || who.capable(CAP_SYS_ADMIN)) return false
  let count = 0
  for (const other of kernel.tasks.values()) if (other.credentials.uid === who.uid) count++
  return count >= most
}

function newGroup(task: Task, pid: number, pids: PidNamespace, clone: CloneArguments): ThreadGroup {
  const { kernel } = task
  const parent = clone.flags & CLONE_PARENT ? (task.group.parent ?? kernel.init) : task.group
  const group = new ThreadGroup(
    pid,
    parent,
    pids,
    clone.flags & CLONE_SIGHAND ? task.group.actions : task.group.actions.copy(),
    task.group.limits.map((limit) => ({ ...limit })),
  )
  group.sessionId = task.group.sessionId
  group.processGroup = task.group.processGroup
  group.exitSignal = clone.exitSignal
  group.oomScoreAdj = task.group.oomScoreAdj
  group.oomScoreAdjMin = task.group.oomScoreAdjMin
  beInit(group)
  group.startNs = kernel.clock.monotonicNs()
  armCpuLimit(group)
  return group
}

function inherit(task: Task, child: Task, flags: number): void {
  child.comm = task.comm
  child.blocked.copyFrom(task.savedMask ?? task.blocked)
  child.personality = task.personality
  inheritScheduling(task, child)
  child.ioPriority = task.ioPriority
  child.noNewPrivileges = task.noNewPrivileges
  child.timerSlackNs = task.timerSlackNs
  child.seccompMode = task.seccompMode
  child.seccompFilter = task.seccompFilter
  // A thread has an area of its own.
  if (child.mm !== task.mm) child.rseq = task.rseq
  // In shared memory the alternate stack stays the parent's alone, except that vfork keeps it, as Linux does.
  if (flags & CLONE_VM && !(flags & CLONE_VFORK)) {
    child.altStackFlags = SS_DISABLE
    return
  }
  child.altStackAddr = task.altStackAddr
  child.altStackSize = task.altStackSize
  child.altStackFlags = task.altStackFlags
}

function copyRegisters(task: Task, child: Task, clone: CloneArguments): void {
  const { arch } = task.mm
  const size = child.savedState.length
  const parentState = task.mm.space.bytes.slice(STATE_BASE, STATE_BASE + size)
  const tls = clone.flags & CLONE_SETTLS ? clone.tls : null
  if (child.mm === task.mm) {
    // Built in the shared block, then put aside; the parent's own registers come back.
    arch.startClone(task.mm.state, clone.sp, tls)
    child.savedState.set(task.mm.space.bytes.subarray(STATE_BASE, STATE_BASE + size))
    task.mm.state.restore(parentState)
    return
  }
  child.mm.state.restore(parentState)
  arch.startClone(child.mm.state, clone.sp, tls)
  child.mm.running = child
}

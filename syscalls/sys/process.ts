/**
 * Processes: fork(2), vfork(2), clone(2), execve(2), exit(2), wait4(2), waitid(2).
 */

import { EAGAIN, EBADF, ECHILD, EFAULT, EINVAL, ELOOP, EMFILE, ENOENT, ESRCH } from '../abi/errno.ts'
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, atFlags } from '../abi/fcntl.ts'
import * as P from '../abi/process.ts'
import {
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  SIGCHLD,
  SIGCONT,
  sigInfo,
} from '../abi/signal.ts'
import { isSymlink } from '../abi/stat.ts'
import { TMS } from '../abi/time.ts'
import { PidFile } from '../events/pidfd.ts'
import { readStrings } from '../exec/arguments.ts'
import { execProgram } from '../exec/exec.ts'
import { CLOCK_TICKS } from '../exec/stack.ts'
import { endTask, reap } from '../kernel/exit.ts'
import { type CloneArguments, cloneTask } from '../kernel/fork.ts'
import { beginGroupExit } from '../kernel/signal.ts'
import type { Task } from '../kernel/task.ts'
import { GROUP_REAPED, JOB_NONE, type ThreadGroup } from '../kernel/thread-group.ts'
import { groupUsage, Usage } from '../kernel/usage.ts'
import { ANY, type ChildChoice, type ChildEvent, findEvent } from '../kernel/wait.ts'
import type { Path } from '../vfs/path.ts'
import { FOLLOW } from '../vfs/walk.ts'
import { resolveName } from './names.ts'
import {
  addr,
  dirfd,
  environment,
  flags,
  inStruct,
  int,
  outStruct,
  path,
  pid,
  size,
  strings,
  syscall,
  uint,
  value,
} from './row.ts'
import { putRusage } from './rusage.ts'
import { putSigInfo } from './signal.ts'

/** `pidfdAt`: where CLONE_PIDFD wants the descriptor's number. */
function clone(task: Task, request: CloneArguments, pidfdAt = -1): number {
  if (task.progressState) return finishVfork(task, task.progressState as Task)
  if (pidfdAt >= 0) {
    if (!task.mm.canWrite(pidfdAt, 4)) return -EFAULT
    if (!task.fds.hasRoom) return -EMFILE
  }
  const child = cloneTask(task, request)
  if (typeof child === 'number') return child
  // Only now, so that the child does not have it.
  if (pidfdAt >= 0)
    task.mm.setU32(pidfdAt, task.fds.installNew(new PidFile(task.kernel, child.group, 0), true))
  if (!(request.flags & P.CLONE_VFORK)) return task.pids.shown(child.tid)
  task.progressState = child
  return finishVfork(task, child)
}

/** The parent waits until the child has a memory of its own, or ended. */
function finishVfork(task: Task, child: Task): number {
  return child.vforkDone ? task.blockUninterruptible(child.vforkDone) : task.pids.shown(child.tid)
}

const plain = (flagBits: number): CloneArguments => ({
  flags: flagBits,
  sp: 0,
  parentTid: 0,
  childTid: 0,
  tls: 0,
  exitSignal: SIGCHLD,
})

function sysClone(
  task: Task,
  flagBits: number,
  sp: number,
  parentTid: number,
  childTid: number,
  tls: number,
): number {
  const wantsPidfd = (flagBits & P.CLONE_PIDFD) !== 0
  // Both would come to the same address.
  if (wantsPidfd && flagBits & (P.CLONE_PARENT_SETTID | P.CLONE_DETACHED)) return -EINVAL
  const request = {
    flags: (flagBits & ~(P.CLONE_PIDFD | 0xff)) >>> 0,
    sp,
    parentTid,
    childTid,
    tls,
    exitSignal: flagBits & 0xff,
  }
  return clone(task, request, wantsPidfd ? parentTid : -1)
}

/** struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls. */
function sysClone3(task: Task, at: number, length: number): number {
  if (length < 64) return -EINVAL
  if (!task.mm.canRead(at, 64)) return -EFAULT
  const field = (i: number): number => task.mm.u64(at + i * 8)
  if (field(0) & 0xff || field(0) >= 2 ** 32) return -EINVAL
  const stack = field(5)
  const flagBits = field(0)
  const request = {
    flags: (flagBits & ~P.CLONE_PIDFD) >>> 0,
    sp: stack ? stack + field(6) : 0,
    parentTid: field(3),
    childTid: field(2),
    tls: field(7),
    exitSignal: field(4),
  }
  return clone(task, request, flagBits & P.CLONE_PIDFD ? field(1) : -1)
}

function execve(task: Task, found: Path | number, name: string, argvAddr: number, envAddr: number): number {
  if (typeof found === 'number') return found
  const argv = readStrings(task.mm, argvAddr)
  if (typeof argv === 'number') return argv
  const env = readStrings(task.mm, envAddr)
  if (typeof env === 'number') return env
  return execProgram(task, found, name, argv, env)
}

function sysExecve(task: Task, nameAddr: number, argvAddr: number, envAddr: number): number {
  const name = task.readPath(nameAddr)
  if (typeof name === 'number') return name
  return execve(task, resolveName(task, AT_FDCWD, name, FOLLOW), name, argvAddr, envAddr)
}

function sysExecveat(
  task: Task,
  at: number,
  nameAddr: number,
  argvAddr: number,
  envAddr: number,
  flagBits: number,
): number {
  if (flagBits & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) return -EINVAL
  const name = task.readPath(nameAddr)
  if (typeof name === 'number') return name
  if (name === '' && flagBits & AT_EMPTY_PATH) {
    const file = task.fds.get(at)
    return execve(task, file?.path ?? -ENOENT, `/dev/fd/${at}`, argvAddr, envAddr)
  }
  const found = resolveName(task, at, name, flagBits & AT_SYMLINK_NOFOLLOW ? 0 : FOLLOW)
  if (typeof found !== 'number' && isSymlink(found.inode.mode)) return -ELOOP
  const shown = at === AT_FDCWD || name.startsWith('/') ? name : `/dev/fd/${at}/${name}`
  return execve(task, found, shown, argvAddr, envAddr)
}

function sysExit(task: Task, code: number): number {
  endTask(task, (code & 0xff) << 8)
  return 0
}

function sysExitGroup(task: Task, code: number): number {
  const status = (code & 0xff) << 8
  beginGroupExit(task.group, status)
  endTask(task, status)
  return 0
}

/** Takes the event: a zombie goes, a stop or continuation is told once. */
function consume(task: Task, event: ChildEvent): void {
  if (event.kind === P.WEXITED) reap(task.kernel, event.child)
  else event.child.jobReport = JOB_NONE
}

/** A child's usage with that of its own children. */
function usageOf(child: ThreadGroup): Usage {
  const usage = groupUsage(child)
  usage.add(child.childrenUsage)
  return usage
}

function sysWait4(task: Task, which: number, statusAddr: number, options: number, usageAddr: number): number {
  if (options & ~(P.WNOHANG | P.WUNTRACED | P.WCONTINUED | 0xe0000000)) return -EINVAL
  if (which === -0x80000000) return -ESRCH
  const { pids } = task
  const choice: ChildChoice = { pid: which > 0 ? pids.machinePid(which) : ANY, processGroup: ANY }
  if (which === 0) choice.processGroup = task.group.processGroup
  else if (which < -1) choice.processGroup = pids.machinePid(-which)
  const event = findEvent(task.group, choice, options | P.WEXITED)
  if (event === undefined) return -ECHILD
  if (event === null) return options & P.WNOHANG ? 0 : task.blockOn(task.group.childEvents)
  const { child } = event
  const cpuNs = child.cpuNs + child.childrenCpuNs
  const usage = usageOf(child)
  const number = pids.shown(child.pid)
  consume(task, event)
  if (statusAddr && !task.mm.setU32(statusAddr, event.status)) return -EFAULT
  if (usageAddr && !putRusage(task, usageAddr, cpuNs, usage)) return -EFAULT
  return number
}

function sysWaitid(
  task: Task,
  kind: number,
  id: number,
  infoAddr: number,
  options: number,
  usageAddr: number,
): number {
  const known = P.WNOHANG | P.WUNTRACED | P.WEXITED | P.WCONTINUED | P.WNOWAIT | 0xe0000000
  if (options & ~known || !(options & (P.WEXITED | P.WUNTRACED | P.WCONTINUED))) return -EINVAL
  const choice: ChildChoice = { pid: ANY, processGroup: ANY }
  let isNonBlocking = false
  if (kind === P.P_PID) {
    if (id <= 0) return -EINVAL
    choice.pid = task.pids.machinePid(id)
  } else if (kind === P.P_PGID) {
    if (id < 0) return -EINVAL
    choice.processGroup = id === 0 ? task.group.processGroup : task.pids.machinePid(id)
  } else if (kind === P.P_PIDFD) {
    if (id < 0) return -EINVAL
    const file = task.fds.get(id)
    if (!(file instanceof PidFile)) return -EBADF
    if (file.group.state === GROUP_REAPED) return -ECHILD
    choice.pid = file.group.pid
    isNonBlocking = file.nonBlocking
  } else if (kind !== P.P_ALL) return -EINVAL
  const event = findEvent(task.group, choice, options)
  if (event === undefined) return -ECHILD
  if (event === null && !(options & P.WNOHANG))
    return isNonBlocking ? -EAGAIN : task.blockOn(task.group.childEvents)
  const info = event ? eventInfo(task, event) : null
  if (event && !(options & P.WNOWAIT)) consume(task, event)
  const usage = event ? usageOf(event.child) : new Usage()
  if (usageAddr && !putRusage(task, usageAddr, event?.child.cpuNs ?? 0, usage)) return -EFAULT
  if (!infoAddr) return 0
  if (info) return putSigInfo(task, infoAddr, info) ? 0 : -EFAULT
  return task.mm.copyOut(infoAddr, new Uint8Array(NO_EVENT_SIZE)) ? 0 : -EFAULT
}

/** What waitid(2) clears of a siginfo when there is nothing to tell. */
const NO_EVENT_SIZE = 28

function eventInfo(task: Task, event: ChildEvent) {
  const { child, status } = event
  const pid = task.pids.shown(child.pid)
  const uid = task.credentials.userns.shownUid(child.credentials?.uid ?? 0)
  if (event.kind === P.WUNTRACED) return sigInfo(SIGCHLD, CLD_STOPPED, { pid, uid, status: child.stopSignal })
  if (event.kind === P.WCONTINUED) return sigInfo(SIGCHLD, CLD_CONTINUED, { pid, uid, status: SIGCONT })
  const signal = status & 0x7f
  return sigInfo(SIGCHLD, signal ? CLD_KILLED : CLD_EXITED, {
    pid,
    uid,
    status: signal || status >> 8,
  })
}

function sysTimes(task: Task, at: number): number {
  const ticks = (ns: number): number => Math.floor((ns / 1e9) * CLOCK_TICKS)
  if (at) {
    const times = {
      user: ticks(task.kernel.groupCpuNs(task.group)),
      childrenUser: ticks(task.group.childrenCpuNs),
    }
    if (!task.putStruct(TMS, at, times)) return -EFAULT
  }
  return ticks(task.world.clock.monotonicNs()) + 1
}

export const processRows = [
  syscall('fork', [], (task) => clone(task, plain(0))),
  syscall('vfork', [], (task) => clone(task, plain(P.CLONE_VFORK | P.CLONE_VM))),
  syscall(
    'clone',
    [flags(P.cloneFlags), addr, addr, addr, addr],
    sysClone,
    'of namespaces: mount, UTS, IPC, PID and user',
  ),
  syscall('clone3', [inStruct('clone3'), size], sysClone3, 'of namespaces: mount, UTS, IPC, PID and user'),
  syscall('execve', [path, strings, environment], sysExecve),
  syscall('execveat', [dirfd, path, strings, environment, flags(atFlags)], sysExecveat),
  syscall('exit', [int], sysExit),
  syscall('exit_group', [int], sysExitGroup),
  syscall('wait4', [pid, outStruct('waitStatus'), flags(P.waitFlags), outStruct('rusage')], sysWait4),
  syscall(
    'waitid',
    [value(P.waitIdTypes), pid, outStruct('siginfo'), flags(P.waitFlags), outStruct('rusage')],
    sysWaitid,
  ),
  syscall('times', [outStruct('tms')], sysTimes, 'all time is user time'),
  syscall('set_tid_address', [addr], (task, at) => {
    task.clearChildTid = at
    return task.ownTid
  }),
  syscall('personality', [uint], (task, persona) => {
    const old = task.personality
    if (persona !== 0xffffffff) task.personality = persona
    return old
  }),
]

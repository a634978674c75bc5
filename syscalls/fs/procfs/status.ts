/** /proc/PID/stat and status: what a process and its threads are doing, for people and for ps. proc(5). */

import { CAP_EMPTY_SET, CAP_FULL_SET, shownSet } from '../../abi/capability.ts'
import { RLIMIT_NPROC, SCHED_DEADLINE } from '../../abi/process.ts'
import { SIG_DFL, SIG_IGN, SIGNAL_MAX } from '../../abi/signal.ts'
import type { World } from '../../engines/world.ts'
import { CLOCK_TICKS } from '../../exec/stack.ts'
import { SigSet } from '../../kernel/sigset.ts'
import { ENGINE_STOPPED, RUNNABLE, RUNNING, STOPPED, type Task, WAITING } from '../../kernel/task.ts'
import { GROUP_ZOMBIE, type ThreadGroup } from '../../kernel/thread-group.ts'
import type { UserNamespace } from '../../kernel/user-namespace.ts'
import type { Vma } from '../../mm/vma.ts'

import type { Subject } from './task-files.ts'

const ticks = (ns: number): number => Math.floor((ns / 1e9) * CLOCK_TICKS)
export const PAGE = 4096

function stateLetter(task: Task | undefined, group: ThreadGroup): string {
  if (group.state === GROUP_ZOMBIE) return 'Z'
  if (!task) return 'S'
  if (task.state === RUNNABLE || task.state === RUNNING) return 'R'
  if (task.state === STOPPED) return 'T'
  return task.state === ENGINE_STOPPED ? 't' : task.state === WAITING ? 'S' : 'D'
}

const STATE_WORDS: Record<string, string> = {
  R: 'R (running)',
  S: 'S (sleeping)',
  T: 'T (stopped)',
  t: 't (tracing stop)',
  Z: 'Z (zombie)',
  D: 'D (disk sleep)',
}

/** What ps shows: of a zombie the last name it had. */
export const nameOf = (task: Task | undefined, group: ThreadGroup): string =>
  task?.comm ?? (group.pid === 1 ? 'init' : group.lastComm)

/** Bytes of all areas, and of those that are in memory. */
export function sizes(task: Task | undefined): { total: number; resident: number } {
  if (!task) return { total: 0, resident: 0 }
  let resident = 0
  for (const vma of task.mm.vmas.all)
    for (const [from, to] of task.mm.presentRuns(vma.start, vma.end)) resident += to - from
  return { total: task.mm.totalSize, resident }
}

/** As top shows it: 20 and the nice value, or below 0 for a real-time task. */
function shownPriority(task: Task | undefined): number {
  if (!task) return 20
  const { policy, priority } = task.sched
  return policy === SCHED_DEADLINE ? -101 : priority > 0 ? -1 - priority : 20 + task.nice
}

/** /proc/PID/stat, or with a task of its own /proc/PID/task/TID/stat. */
export function statText({ kernel, pids, task, group }: Subject, { clock }: World): string {
  const { total, resident } = sizes(task)
  const mm = task?.mm
  const nice = task?.nice ?? 0
  const fields = [
    pids.shown(task?.tid ?? group.pid),
    `(${nameOf(task, group)})`,
    stateLetter(task, group),
    pids.shown(group.parent?.pid ?? 0),
    pids.shown(group.processGroup),
    pids.shown(group.sessionId),
    group.terminal?.rdev ?? 0, group.terminal ? pids.shown(group.terminal.foreground) : -1, 0, 0, 0, 0, 0,
    ticks(kernel.groupCpuNs(group)), 0, ticks(group.childrenCpuNs), 0, shownPriority(task), nice,
    Math.max(1, group.tasks.length), 0, ticks(clock.monotonicAt(group.startNs)),
    total, Math.floor(resident / PAGE), '18446744073709551615',
    1, 1, mm?.stackTop ?? 0, 0, 0,
    0, (task?.blocked.lo ?? 0) >>> 0, 0, 0, 0, 0, 0, group.exitSignal, 0, task?.sched.priority ?? 0, task?.sched.policy ?? 0, 0, 0, 0, 0,
    mm?.brkStart ?? 0, mm?.brkStart ?? 0, mm?.argStart ?? 0, mm?.argEnd ?? 0, mm?.envStart ?? 0, mm?.envEnd ?? 0,
    group.status,
  ] // biome-ignore format: the order of proc(5)
  return `${fields.join(' ')}\n`
}

const hex16 = (set: { lo: number; hi: number }): string =>
  (set.hi >>> 0).toString(16).padStart(8, '0') + (set.lo >>> 0).toString(16).padStart(8, '0')

const kib = (bytes: number): string => `${String(Math.floor(bytes / 1024)).padStart(8)} kB`

/** Memory of a process by what it is for. */
function memoryLines(task: Task): string[] {
  const { total, resident } = sizes(task)
  const sum = (keep: (vma: Vma) => boolean): number =>
    task.mm.vmas.all.reduce((bytes, vma) => (keep(vma) ? bytes + vma.size : bytes), 0)
  const isData = (vma: Vma): boolean => !vma.shared && (vma.prot & 2) !== 0 && !vma.growsDown
  const isCode = (vma: Vma): boolean => (vma.prot & 4) !== 0
  const isProgram = (vma: Vma): boolean => vma.inode !== null && vma.inode === task.mm.exe?.inode
  const shared = Math.min(
    resident,
    sum((vma) => vma.shared),
  )
  const file = Math.min(
    resident - shared,
    sum((vma) => vma.inode !== null && !vma.shared && !(vma.prot & 2)),
  )
  return [
    `VmPeak:\t${kib(total)}`,
    `VmSize:\t${kib(total)}`,
    `VmLck:\t${kib(task.mm.lockedSize)}`,
    `VmPin:\t${kib(0)}`,
    `VmHWM:\t${kib(resident)}`,
    `VmRSS:\t${kib(resident)}`,
    `RssAnon:\t${kib(resident - file - shared)}`,
    `RssFile:\t${kib(file)}`,
    `RssShmem:\t${kib(shared)}`,
    `VmData:\t${kib(sum(isData))}`,
    `VmStk:\t${kib(sum((vma) => vma.growsDown))}`,
    `VmExe:\t${kib(sum((vma) => isCode(vma) && isProgram(vma)))}`,
    `VmLib:\t${kib(sum((vma) => isCode(vma) && vma.inode !== null && !isProgram(vma)))}`,
    `VmPTE:\t${kib(Math.ceil(total / (PAGE * 512)) * PAGE)}`,
    `VmSwap:\t${kib(0)}`,
    `HugetlbPages:\t${kib(0)}`,
    'CoreDumping:\t0',
    `THP_enabled:\t${task.mm.hasNoHugePages ? 0 : 1}`,
  ]
}

function signalLines(task: Task, group: ThreadGroup): string[] {
  const ignored = new SigSet()
  const caught = new SigSet()
  for (let signo = 1; signo <= SIGNAL_MAX; signo++) {
    const { handler } = group.actions.of(signo)
    if (handler === SIG_IGN) ignored.add(signo)
    else if (handler !== SIG_DFL) caught.add(signo)
  }
  return [
    `Threads:\t${Math.max(1, group.tasks.length)}`,
    `SigQ:\t0/${group.limits[RLIMIT_NPROC]!.soft}`,
    `SigPnd:\t${hex16(task.pending.set)}`,
    `ShdPnd:\t${hex16(group.pending.set)}`,
    `SigBlk:\t${hex16(task.blocked)}`,
    `SigIgn:\t${hex16(ignored)}`,
    `SigCgt:\t${hex16(caught)}`,
  ]
}

function filterCount(task: Task | undefined): number {
  let count = 0
  for (let filter = task?.seccompFilter ?? null; filter; filter = filter.previous) count++
  return count
}

/** /proc/PID/status, or with a task of its own /proc/PID/task/TID/status. */
export function statusText({ pids, task, group }: Subject, userns: UserNamespace): string {
  const who = task?.credentials ?? group.lastCredentials
  const tid = task?.tid ?? group.pid
  const fromHere = (pid: number): string => pids.shownFrom(pid, group.pids).join('\t')
  const lines = [
    `Name:\t${nameOf(task, group)}`,
    ...(task ? [`Umask:\t${task.fs.umask.toString(8).padStart(4, '0')}`] : []),
    `State:\t${STATE_WORDS[stateLetter(task, group)]}`,
    `Tgid:\t${pids.shown(group.pid)}`,
    'Ngid:\t0',
    `Pid:\t${pids.shown(tid)}`,
    `PPid:\t${pids.shown(group.parent?.pid ?? 0)}`,
    'TracerPid:\t0',
    `Uid:\t${who ? [who.uid, who.euid, who.suid, who.fsuid].map((id) => userns.shownUid(id)).join('\t') : '0\t0\t0\t0'}`,
    `Gid:\t${who ? [who.gid, who.egid, who.sgid, who.fsgid].map((id) => userns.shownGid(id)).join('\t') : '0\t0\t0\t0'}`,
    `FDSize:\t${Math.max(64, task?.fds.size ?? 0)}`,
    `Groups:\t${who?.groups.map((id) => userns.shownGid(id)).join(' ') ?? ''} `,
    `NStgid:\t${fromHere(group.pid)}`,
    `NSpid:\t${fromHere(tid)}`,
    `NSpgid:\t${fromHere(group.processGroup)}`,
    `NSsid:\t${fromHere(group.sessionId)}`,
    ...(task ? memoryLines(task) : []),
    ...(task ? signalLines(task, group) : [`Threads:\t${Math.max(1, group.tasks.length)}`]),
    `CapInh:\t${shownSet(who?.inheritable ?? CAP_EMPTY_SET)}`,
    `CapPrm:\t${shownSet(who?.permitted ?? CAP_EMPTY_SET)}`,
    `CapEff:\t${shownSet(who?.effective ?? CAP_EMPTY_SET)}`,
    `CapBnd:\t${shownSet(who?.bounding ?? CAP_FULL_SET)}`,
    `CapAmb:\t${shownSet(who?.ambient ?? CAP_EMPTY_SET)}`,
    `NoNewPrivs:\t${task?.noNewPrivileges ? 1 : 0}`,
    `Seccomp:\t${task?.seccompMode ?? 0}`,
    `Seccomp_filters:\t${filterCount(task)}`,
    'Speculation_Store_Bypass:\tnot vulnerable',
    'SpeculationIndirectBranch:\tnot affected',
    'Cpus_allowed:\t1',
    'Cpus_allowed_list:\t0',
    'Mems_allowed:\t1',
    'Mems_allowed_list:\t0',
    `voluntary_ctxt_switches:\t${task?.usage.voluntarySwitches ?? 0}`,
    `nonvoluntary_ctxt_switches:\t${task?.usage.involuntarySwitches ?? 0}`,
  ]
  return `${lines.join('\n')}\n`
}

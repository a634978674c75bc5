/**
 * ThreadGroup: what a program calls a process: its tasks, signal actions, parent and children, session, limits.
 * Path: fork makes it, exit turns it into a zombie, wait4 reaps it. Linux signal_struct and sighand_struct.
 */

import {
  RLIM_INFINITY,
  RLIMIT_CORE,
  RLIMIT_COUNT,
  RLIMIT_MEMLOCK,
  RLIMIT_MSGQUEUE,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
  RLIMIT_STACK,
} from '../abi/process.ts'
import { SIG_DFL, SIG_IGN, SIGNAL_MAX } from '../abi/signal.ts'
import type { View } from '../engines/view.ts'
import type { Credentials } from './credentials.ts'
import type { Terminal } from './job-control.ts'
import { PendingSignals } from './pending.ts'
import type { PidNamespace } from './pid-namespace.ts'
import type { ProcessTimers } from './process-timers.ts'
import { SigSet } from './sigset.ts'
import type { Task } from './task.ts'
import type { Timer, TimerQueue } from './timer-queue.ts'
import { Usage } from './usage.ts'
import { WaitQueue } from './wait-queue.ts'

export class SigAction {
  handler = SIG_DFL
  flags = 0
  restorer = 0
  readonly mask = new SigSet()

  copyFrom(other: SigAction): void {
    this.handler = other.handler
    this.flags = other.flags
    this.restorer = other.restorer
    this.mask.copyFrom(other.mask)
  }
}

export class SignalActions {
  private readonly actions: SigAction[] = Array.from({ length: SIGNAL_MAX + 1 }, () => new SigAction())

  of(signo: number): SigAction {
    return this.actions[signo]!
  }

  copy(): SignalActions {
    const made = new SignalActions()
    for (let s = 1; s <= SIGNAL_MAX; s++) made.of(s).copyFrom(this.of(s))
    return made
  }

  /** execve: handlers go, ignored signals stay ignored. */
  resetHandlers(): void {
    for (let s = 1; s <= SIGNAL_MAX; s++) {
      const action = this.of(s)
      action.handler = action.handler === SIG_IGN ? SIG_IGN : SIG_DFL
      action.flags = 0
      action.mask.set(0, 0)
      action.restorer = 0
    }
  }
}

export interface Limit {
  soft: number
  hard: number
}

const MIB = 1024 * 1024

/** What a fresh Debian login has, roughly. */
export function defaultLimits(): Limit[] {
  const limits: Limit[] = Array.from({ length: RLIMIT_COUNT }, () => ({
    soft: RLIM_INFINITY,
    hard: RLIM_INFINITY,
  }))
  limits[RLIMIT_STACK] = { soft: 8 * MIB, hard: RLIM_INFINITY }
  limits[RLIMIT_CORE] = { soft: 0, hard: RLIM_INFINITY }
  limits[RLIMIT_NOFILE] = { soft: 1024, hard: 65536 }
  limits[RLIMIT_NPROC] = { soft: 31000, hard: 31000 }
  limits[RLIMIT_MEMLOCK] = { soft: 8 * MIB, hard: 8 * MIB }
  limits[RLIMIT_MSGQUEUE] = { soft: 819200, hard: 819200 }
  limits[13] = { soft: 0, hard: 0 }
  limits[14] = { soft: 0, hard: 0 }
  return limits
}

export const GROUP_ALIVE = 0
export const GROUP_ZOMBIE = 1
export const GROUP_REAPED = 2

/** What wait4 has to tell of a living child. */
export const JOB_NONE = 0
export const JOB_STOPPED = 1
export const JOB_CONTINUED = 2

export class ThreadGroup {
  /** The machine's number of it. */
  readonly pid: number
  /** The namespace that it is in, and its number there. */
  readonly pids: PidNamespace
  readonly ownPid: number
  /** Process 1 of a namespace: signals that it has no handler for do nothing to it. Linux SIGNAL_UNKILLABLE. */
  isUnkillable = false
  readonly tasks: Task[] = []
  parent: ThreadGroup | null
  readonly children = new Set<ThreadGroup>()
  actions: SignalActions
  readonly pending = new PendingSignals()
  state = GROUP_ALIVE
  /** The wait status once it is a zombie. */
  status = 0
  /** The status every task ends with, once an exit_group or a fatal signal began; null before. */
  exiting: number | null = null
  exitSignal = 17
  sessionId: number
  processGroup: number
  /** The controlling terminal. */
  terminal: Terminal | null
  /** Of a session leader whose terminal was hung up: the group that was in the foreground. */
  lostForeground = 0
  /** Job control: stopped by a signal; every task stops when it would deliver. */
  stopped = false
  stopSignal = 0
  jobReport = JOB_NONE
  /** The view of its last task, for those that are told when it is reaped. */
  lastView: View | null = null
  hasExeced = false
  /** Woken when a blocked signal became pending: rt_sigtimedwait, signalfd. */
  readonly signalQueued = new WaitQueue()
  /** Woken when it ends and when it is reaped: pidfds. */
  readonly ended = new WaitQueue()
  /** Woken when a child changes state. */
  readonly childEvents = new WaitQueue()
  limits: Limit[]
  /** setitimer and timer_create; null until one is used. */
  timers: ProcessTimers | null = null
  /** Timers on this group's processor time. */
  cpuTimers: TimerQueue | null = null
  /** RLIMIT_CPU's next signal, in cpuTimers. */
  cpuLimit: Timer | null = null
  cpuNs = 0
  childrenCpuNs = 0
  /** Of tasks and memories that are gone. */
  readonly usage = new Usage()
  readonly childrenUsage = new Usage()
  startNs = 0
  subreaper = false
  /** /proc/PID/oom_score_adj: told, and of no effect. */
  oomScoreAdj = 0
  /** Below it only with CAP_SYS_RESOURCE. */
  oomScoreAdjMin = 0
  /** Of a zombie: the credentials and name that /proc and siginfo still show. */
  lastCredentials: Credentials | null = null
  lastComm = ''

  /** `pid` has a number in `pids` already. */
  constructor(
    pid: number,
    parent: ThreadGroup | null,
    pids: PidNamespace,
    actions: SignalActions,
    limits: Limit[],
  ) {
    this.pid = pid
    this.pids = pids
    this.ownPid = pids.shown(pid)
    this.parent = parent
    this.actions = actions
    this.limits = limits
    this.sessionId = parent?.sessionId ?? pid
    this.processGroup = parent?.processGroup ?? pid
    this.terminal = parent?.terminal ?? null
    parent?.children.add(this)
  }

  /** The leader's, or those it had. */
  get credentials(): Credentials | null {
    return this.leader?.credentials ?? this.lastCredentials
  }

  get leader(): Task | undefined {
    return this.tasks[0]
  }

  /** The leader's, or that of its last task. */
  get view(): View | null {
    return this.leader?.view ?? this.lastView
  }
}

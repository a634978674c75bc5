/**
 * Task: one thread of control. Its registers are in its memory's state block while it runs there, else in
 * `savedState`. Path: the scheduler picks it, task-run.ts moves it from stage to stage, handlers get it first.
 *
 * Invariants: a task in a wait queue is BLOCKED; everything that a blocked call needs to go on (arguments,
 * progress, deadline) is plain data here, so that its handler can simply run again.
 */

import { latin1 } from '../abi/bytes.ts'
import { BLOCKED, EFAULT, ENAMETOOLONG, ERESTARTSYS, errnoOf } from '../abi/errno.ts'
import { PATH_MAX } from '../abi/fcntl.ts'
import { SI_USER, SIGPIPE, sigInfo } from '../abi/signal.ts'
import type { Struct } from '../abi/struct.ts'
import { SyscallCall } from '../engines/call.ts'
import type { Attention } from '../engines/control.ts'
import type { EventReport, SignalOnItsWay } from '../engines/events.ts'
import type { View } from '../engines/view.ts'
import type { EngineStop } from '../engines/waiting.ts'
import type { World } from '../engines/world.ts'
import type { LatePage } from '../mm/faults.ts'
import type { Mm } from '../mm/mm.ts'
import type { Caller } from '../vfs/caller.ts'
import type { Path } from '../vfs/path.ts'
import type { WallWatcher } from './clock.ts'
import type { Credentials } from './credentials.ts'
import { Deadline } from './deadline.ts'
import type { FdTable } from './fd-table.ts'
import type { ProgramStart } from './first-task.ts'
import type { FsContext } from './fs-context.ts'
import type { FutexKey } from './futex.ts'
import type { Kernel } from './kernel.ts'
import { PendingSignals } from './pending.ts'
import type { PidNamespace } from './pid-namespace.ts'
import type { Rseq } from './rseq.ts'
import { NORMAL_SCHEDULING, type Scheduling } from './scheduling.ts'
import type { SeccompFilter } from './seccomp.ts'
import type { Notification } from './seccomp-notify.ts'
import { SigSet } from './sigset.ts'
import type { ThreadGroup } from './thread-group.ts'
import type { Timer } from './timer-queue.ts'
import { Usage } from './usage.ts'
import { type Waiter, WaitQueue } from './wait-queue.ts'

export const RUNNABLE = 0
export const RUNNING = 1
/** In a wait queue. */
export const WAITING = 2
/** Job control. */
export const STOPPED = 3
/** An engine thinks. */
export const ENGINE_STOPPED = 4
export const DEAD = 5

/** Where a task goes on when it is picked. */
export const STAGE_USER = 0
export const STAGE_ENTRY = 1
export const STAGE_CALL = 2
export const STAGE_EXIT = 3
export const STAGE_SIGNALS = 4
/** Engines are being told of an event. */
export const STAGE_REPORT = 5
/** Between two instructions of its program, where engines look at it. */
export const STAGE_QUIESCE = 6
/** Before its first program. */
export const STAGE_START = 7

export const COMM_SIZE = 16
export const DEFAULT_TIMER_SLACK_NS = 50_000

export class Task implements Caller, Waiter, WallWatcher {
  readonly kernel: Kernel
  /** The machine's number. Changes once: a thread that calls execve becomes the leader. */
  tid: number
  /** Its number in its own namespace. */
  ownTid: number
  readonly group: ThreadGroup
  mm: Mm
  fs: FsContext
  fds: FdTable
  credentials: Credentials
  private seen: View
  /** Name in /proc/PID/comm. */
  comm = ''
  state = RUNNABLE
  stage = STAGE_USER
  /** In which round of the run queue it last went before others because it was woken. */
  wokenRound = 0
  readonly call: SyscallCall
  readonly savedState: Uint8Array
  /** Processor time in ns. */
  cpuNs = 0
  /** Only its switches: memory is counted once for all tasks that share it. */
  readonly usage = new Usage()

  /** The machine's first program, while it is on its way. */
  start: ProgramStart | null = null
  /** A page that the kernel touched and that is on its way; and `resumed` as it was then. */
  late: LatePage | null = null
  private resumedBeforeLate = false

  // A call in progress. `resumed`: the handler runs again after a wait.
  resumed = false
  /** How far it came; for handlers to use as they like. */
  progress = 0
  progressState: unknown = null
  readonly deadline: Deadline
  timedOut = false
  wokenQueue: WaitQueue | null = null
  private readonly queues: WaitQueue[] = []
  private timer: Timer | null = null
  private interruptible = true
  private settled: Map<string, unknown> | null = null

  // Signals.
  readonly blocked = new SigSet()
  /** The mask to put back when sigsuspend, ppoll or pselect6 ends. */
  savedMask: SigSet | null = null
  readonly pending = new PendingSignals()
  altStackAddr = 0
  altStackSize = 0
  /** As it was set: whether there is one, its size says. */
  altStackFlags = 0
  /** The signal that engines are being asked about. */
  delivering: SignalOnItsWay | null = null
  /** The ERESTART* result of the call that ended, 0 when none. */
  restartResult = 0
  /** What restart_syscall(2) goes on with. */
  restartBlock: ((task: Task) => number) | null = null

  // Processes.
  clearChildTid = 0
  robustList = 0
  /** What rseq(2) registered. */
  rseq: Rseq | null = null
  /** In a futex's queue: which FUTEX_WAKE_BITSETs reach it. */
  futexBitset = 0
  /** The priority-inheriting lock that the wait is for, or will be; others must not wake it. */
  futexTarget: FutexKey | null = null
  /** FUTEX_CMP_REQUEUE_PI has moved it to that lock. */
  futexMoved = false
  /** A vfork parent waits here until this task execs or ends. */
  vforkDone: WaitQueue | null = null
  parentDeathSignal = 0
  noNewPrivileges = false
  timerSlackNs = DEFAULT_TIMER_SLACK_NS
  /** SECCOMP_MODE_*, 0 for none; strict mode has no filters. */
  seccompMode = 0
  seccompFilter: SeccompFilter | null = null
  /** The call waits for the word of a filter's supervisor. */
  notification: Notification | null = null
  /** sched_yield: the slice ends here. */
  yielded = false
  personality = 0
  /** setpriority(2) and ioprio_set(2). */
  nice = 0
  ioPriority = 0
  sched: Scheduling = NORMAL_SCHEDULING
  // Engines.
  /** The wait for an engine's answer. */
  engineStop: EngineStop | null = null
  /** An event that not every engine has been told of. */
  report: EventReport | null = null
  /** Engines have been told of its end. */
  isExiting = false
  /** What engines asked of it from outside. */
  attention: Attention | null = null

  constructor(kernel: Kernel, tid: number, group: ThreadGroup, mm: Mm, from: Inherited) {
    this.kernel = kernel
    this.tid = tid
    this.ownTid = group.pids.shown(tid)
    this.group = group
    this.mm = mm
    this.fs = from.fs
    this.fds = from.fds
    this.credentials = from.credentials
    this.seen = from.view
    this.seen.hold()
    this.call = new SyscallCall(this)
    this.deadline = new Deadline(kernel.clock)
    this.savedState = new Uint8Array(mm.arch.stateSize)
    group.tasks.push(this)
  }

  /** What it sees: `enter` changes it. */
  get view(): View {
    return this.seen
  }

  /** From now on it sees another view, made from its own. Where it stands, it stands on that view's mounts. */
  enter(view: View): void {
    if (view.mounts !== this.seen.mounts) {
      this.unshareFs()
      this.fs.root = view.placeOf(this.fs.root)
      this.fs.cwd = view.placeOf(this.fs.cwd)
    }
    const before = this.seen
    view.hold()
    this.seen = view
    view.greet(this, before)
    before.drop()
  }

  /** A working directory, root and umask of its own. */
  unshareFs(): void {
    if (this.fs.users === 1) return
    this.fs.users--
    this.fs = this.fs.copy()
  }

  /** A descriptor table of its own. */
  unshareFiles(): void {
    if (this.fds.users === 1) return
    this.fds.users--
    this.fds = this.fds.copy()
    this.fds.lockOwner = this.group
  }

  /** At its end: it uses neither its view nor a place in the tree any more. */
  leave(): void {
    this.fs.users--
    this.seen.drop()
  }

  get processId(): number {
    return this.group.pid
  }

  get threadId(): number {
    return this.tid
  }

  get pids(): PidNamespace {
    return this.group.pids
  }

  get world(): World {
    return this.view.world
  }

  get memory(): Mm {
    return this.mm
  }

  get alive(): boolean {
    return this.state !== DEAD
  }

  /** The string at an address as a byte string, or -EFAULT, -ENAMETOOLONG. */
  readPath(addr: number): string | number {
    const bytes = this.mm.cstring(addr, PATH_MAX)
    if (bytes === null) return -EFAULT
    return bytes === undefined ? -ENAMETOOLONG : latin1(bytes)
  }

  /** A structure in memory, as the call at hand lays it out; null is EFAULT. */
  getStruct<T extends object>(struct: Struct<T>, addr: number): T | null {
    return this.mm.getStruct(struct.of(this.call.model), addr)
  }

  /** Writes a structure as the call at hand lays it out; false is EFAULT. */
  putStruct<T extends object>(struct: Struct<T>, addr: number, values: Partial<T>): boolean {
    return this.mm.putStruct(struct.of(this.call.model), addr, values)
  }

  /** Where a relative name starts for the *at calls: a Path or an errno (EBADF, ENOTDIR comes from the walk). */
  startOf(dirfd: number): Path | null {
    return dirfd === -100 ? this.fs.cwd : (this.fds.get(dirfd)?.path ?? null)
  }

  signalPending(): boolean {
    const own = this.pending.set
    const shared = this.group.pending.set
    const { lo, hi } = this.blocked
    return (
      ((own.lo | shared.lo) & ~lo) !== 0 ||
      ((own.hi | shared.hi) & ~hi) !== 0 ||
      this.group.exiting !== null ||
      this.group.stopped ||
      this.attention?.interrupts === true
    )
  }

  blockOn(queue: WaitQueue): number {
    if (this.signalPending()) return -ERESTARTSYS
    this.interruptible = true
    return this.enqueue(queue)
  }

  /** For vfork: only the task's own end wakes it early. */
  blockUninterruptible(queue: WaitQueue): number {
    this.interruptible = false
    return this.enqueue(queue)
  }

  private enqueue(queue: WaitQueue): number {
    this.queues.push(queue)
    queue.add(this)
    if (this.deadline.isSet && !this.timer) this.startTimer()
    this.state = WAITING
    return BLOCKED
  }

  private startTimer(): void {
    const { clock, ns, isWall } = this.deadline
    if (isWall) clock.watchWall(this)
    if (ns === Infinity) return
    this.timer = clock.timers.add(ns, () => {
      this.timer = null
      this.timedOut = true
      this.wakeUp()
    })
  }

  private stopTimer(): void {
    const { clock, isWall } = this.deadline
    if (isWall) clock.unwatchWall(this)
    if (this.timer) clock.timers.cancel(this.timer)
    this.timer = null
  }

  wallChanged(): void {
    this.stopTimer()
    this.deadline.wallChanged()
    this.startTimer()
  }

  /** Whether the time that the call gave itself is over. */
  get isOverdue(): boolean {
    return this.timedOut || this.deadline.hasPassed
  }

  wokenBy(queue: WaitQueue): void {
    this.wokenQueue = queue
    this.wakeUp()
  }

  /** A requeue by futex: this task now waits elsewhere. */
  movedTo(from: WaitQueue, to: WaitQueue): void {
    const at = this.queues.indexOf(from)
    if (at >= 0) this.queues[at] = to
  }

  /** Leaves every queue and lets the handler run again. */
  wakeUp(): void {
    if (this.state !== WAITING) return
    this.leaveQueues()
    this.resumed = true
    this.kernel.makeRunnable(this)
  }

  leaveQueues(): void {
    if (this.queues.length > 0) {
      for (const queue of this.queues) queue.remove(this)
      this.queues.length = 0
    }
    this.stopTimer()
  }

  /** A signal may end the wait. */
  interrupt(): void {
    if (this.state === WAITING && this.interruptible) this.wakeUp()
  }

  /** The kernel cannot go on without that page: the task waits, and then begins again where it was. */
  waitForPage(late: LatePage): void {
    this.late = late
    this.resumedBeforeLate = this.resumed
    this.loadLate()
  }

  /** False: it still waits. */
  loadLate(): boolean {
    if (!this.late!.load(this)) return false
    this.late = null
    this.resumed = this.resumedBeforeLate
    return true
  }

  /** What slow files answered on behalf of a page fault is in the page now. */
  forgetSettled(): void {
    this.settled = null
  }

  /** A fresh call begins. */
  startCall(): void {
    this.resumed = false
    this.progress = 0
    this.progressState = null
    this.deadline.clear()
    this.timedOut = false
    this.wokenQueue = null
    this.settled = null
  }

  /** Ends whatever it waits for, because it must die: SIGKILL, exit_group. */
  kick(): void {
    if (this.state === DEAD || this.state === RUNNING || this.state === RUNNABLE) return
    this.engineStop?.abandon()
    this.report = null
    this.late = null
    this.leaveQueues()
    this.stage = STAGE_SIGNALS
    this.kernel.makeRunnable(this)
  }

  brokenPipe(): void {
    this.kernel.sendToTask(
      this,
      sigInfo(SIGPIPE, SI_USER, { pid: this.group.ownPid, uid: this.credentials.uid }),
    )
  }

  settle<T extends object>(key: string, start: () => Promise<T>): T | number {
    this.settled ??= new Map()
    const known = this.settled.get(key)
    if (known instanceof WaitQueue) return this.blockUninterruptible(known)
    if (known !== undefined) return known as T | number
    const queue = new WaitQueue()
    const results = this.settled
    results.set(key, queue)
    const take = (value: unknown): void => {
      this.kernel.answersDue--
      results.set(key, value)
      queue.wakeAll()
    }
    this.kernel.answersDue++
    start().then(take, (error) => take(-errnoOf(error)))
    return this.blockUninterruptible(queue)
  }
}

/** What a task gets from the one that made it. */
export interface Inherited {
  fs: FsContext
  fds: FdTable
  credentials: Credentials
  view: View
}

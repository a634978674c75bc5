/**
 * The timers of a process that end in signals: the three of setitimer(2), and those of timer_create(2).
 * Path: sys/timer.ts sets them; TimerQueues fire them (a clock's, or for processor time the group's own, which the
 * scheduler looks at after each slice); a POSIX timer goes on when its signal is taken (kernel/pending.ts).
 */

import { ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL } from '../abi/process.ts'
import {
  SI_KERNEL,
  SI_TIMER,
  SIGALRM,
  SIGPROF,
  SIGVTALRM,
  type SigInfo,
  type SignalSource,
  sigInfo,
} from '../abi/signal.ts'
import type { TimeLine } from './clock.ts'
import { IntervalTimer } from './interval-timer.ts'
import type { Kernel } from './kernel.ts'
import { isIgnored, sendSignal } from './signal.ts'
import type { Task } from './task.ts'
import type { ThreadGroup } from './thread-group.ts'
import { TimerQueue } from './timer-queue.ts'

const ITIMER_SIGNALS = { [ITIMER_REAL]: SIGALRM, [ITIMER_VIRTUAL]: SIGVTALRM, [ITIMER_PROF]: SIGPROF }
type Itimer = keyof typeof ITIMER_SIGNALS

/** Timers of one process; Linux counts them with the queued signals of the user. */
export const POSIX_TIMER_COUNT_MAX = 4096

/** What timer_create(2) was told about the signal. */
export interface TimerNotice {
  /** 0: SIGEV_NONE. */
  signo: number
  /** null: the timer's own number. */
  value: bigint | null
  /** SIGEV_THREAD_ID. */
  task: Task | null
}

export class PosixTimer implements SignalSource {
  readonly id: number
  readonly clockId: number
  readonly timer: IntervalTimer
  private readonly group: ThreadGroup
  private readonly notice: TimerNotice
  private isQueued = false
  /** Expiries beyond the first that the last signal stood for. */
  overrun = 0

  constructor(group: ThreadGroup, id: number, clockId: number, notice: TimerNotice) {
    this.group = group
    this.id = id
    this.clockId = clockId
    this.notice = notice
    this.timer = new IntervalTimer(() => this.fire())
  }

  private fire(): void {
    const { group, notice } = this
    const { signo, task } = notice
    if (signo === 0 || this.isQueued) return
    const target = task ?? group.leader
    if (!target || (task && !task.alive)) return
    // Nobody would take it and let the timer go on.
    if (isIgnored(group, signo) && !target.blocked.has(signo)) return
    this.isQueued = true
    const value = notice.value ?? BigInt(this.id)
    sendSignal(group, task, sigInfo(signo, SI_TIMER, { timerId: this.id, value, timer: this }))
  }

  taken(info: SigInfo): void {
    this.isQueued = false
    info.overrun = this.overrun = Math.min(Math.max(0, this.timer.take() - 1), 0x7fffffff)
  }

  /** Stops it, and takes back a signal that nobody has seen. */
  stop(): void {
    this.timer.cancel()
    if (!this.isQueued) return
    this.isQueued = false
    this.group.pending.drop(this)
    this.notice.task?.pending.drop(this)
  }
}

/** Processor time is on the group's own queue. */
export function cpuTimeLine(kernel: Kernel, group: ThreadGroup): TimeLine {
  group.cpuTimers ??= new TimerQueue()
  return { timers: group.cpuTimers, lastNs: Infinity, monotonicNs: () => kernel.groupCpuNs(group) }
}

export class ProcessTimers {
  private readonly kernel: Kernel
  private readonly group: ThreadGroup
  private readonly itimers = new Map<number, IntervalTimer>()
  readonly posix = new Map<number, PosixTimer>()
  private nextId = 0

  constructor(kernel: Kernel, group: ThreadGroup) {
    this.kernel = kernel
    this.group = group
  }

  itimer(which: number): IntervalTimer {
    let timer = this.itimers.get(which)
    if (!timer) {
      const signo = ITIMER_SIGNALS[which as Itimer]
      const made = new IntervalTimer(() => {
        this.kernel.sendToGroup(this.group, sigInfo(signo, SI_KERNEL))
        // Periods missed meanwhile are merged, as signals are.
        made.take()
      })
      this.itimers.set(which, (timer = made))
    }
    return timer
  }

  create(clockId: number, notice: TimerNotice): PosixTimer {
    const timer = new PosixTimer(this.group, this.nextId++, clockId, notice)
    this.posix.set(timer.id, timer)
    return timer
  }

  delete(timer: PosixTimer): void {
    timer.stop()
    this.posix.delete(timer.id)
  }

  /** execve: itimers live on. */
  endPosix(): void {
    for (const timer of this.posix.values()) timer.stop()
    this.posix.clear()
  }

  endAll(): void {
    this.endPosix()
    for (const timer of this.itimers.values()) timer.cancel()
  }
}

/** A group's timers, made when first asked for. */
export function timersOf(task: Task): ProcessTimers {
  task.group.timers ??= new ProcessTimers(task.kernel, task.group)
  return task.group.timers
}

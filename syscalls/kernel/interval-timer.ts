/**
 * IntervalTimer: one expiry and, when there is a period, those behind it. timerfd_settime(2), timer_settime(2),
 * setitimer(2). Path: sys/timer.ts and events/timerfd.ts set them on a time line; its TimerQueue fires them.
 *
 * It fires once and stays expired until somebody takes the expiries: nothing runs for a timer that nobody reads.
 */

import { type Clock, NS_PER_SEC, type TimeLine, type WallWatcher } from './clock.ts'
import type { Timer } from './timer-queue.ts'

export class IntervalTimer implements WallWatcher {
  private readonly fire: () => void
  /** What it was last set on. */
  private line: TimeLine | null = null
  private timer: Timer | null = null
  /** Set, and not fired yet. */
  isArmed = false
  private deadlineNs = 0
  /** The clock whose wall time the expiries are, null when they are its monotonic time. */
  private wall: Clock | null = null
  private wallSec = 0
  private wallNsec = 0
  intervalNs = 0
  /** Fired, and nobody has taken the expiries yet. */
  expired = false

  constructor(fire: () => void) {
    this.fire = fire
  }

  /** Arms it for a time on a line. */
  set(line: TimeLine, deadlineNs: number, intervalNs: number): void {
    this.cancel()
    this.line = line
    this.intervalNs = intervalNs
    this.arm(deadlineNs)
    this.check()
  }

  /** Arms it for when a wall clock shows a time: setting that moves it. */
  setAtRealtime(clock: Clock, sec: number, nsec: number, intervalNs: number): void {
    this.cancel()
    this.line = clock
    this.wall = clock
    this.wallSec = sec
    this.wallNsec = nsec
    this.intervalNs = intervalNs
    clock.watchWall(this)
    this.arm(clock.monotonicOfRealtime(sec, nsec))
    this.check()
  }

  cancel(): void {
    this.disarm()
    this.wall?.unwatchWall(this)
    this.wall = null
    this.deadlineNs = 0
    this.intervalNs = 0
    this.expired = false
  }

  private arm(deadlineNs: number): void {
    this.deadlineNs = deadlineNs
    this.isArmed = true
    if (deadlineNs <= this.line!.lastNs)
      this.timer = this.line!.timers.add(deadlineNs, () => {
        this.timer = null
        this.expire()
      })
  }

  private disarm(): void {
    this.isArmed = false
    if (this.timer) this.line!.timers.cancel(this.timer)
    this.timer = null
  }

  private expire(): void {
    this.disarm()
    this.expired = true
    this.fire()
  }

  wallChanged(): void {
    const deadlineNs = this.wall!.monotonicOfRealtime(this.wallSec, this.wallNsec)
    if (!this.isArmed) {
      this.deadlineNs = deadlineNs
      return
    }
    this.disarm()
    this.arm(deadlineNs)
  }

  /** Fires now when it is due: whoever looks must not see less than the clock says. */
  check(): void {
    if (this.isArmed && this.deadlineNs <= this.line!.monotonicNs()) this.expire()
  }

  /** The expiries since the last call, at least one when expired; a periodic timer runs again. */
  take(): number {
    this.check()
    if (!this.expired) return 0
    this.expired = false
    if (this.intervalNs === 0) return 1
    const count = Math.max(1, Math.floor((this.line!.monotonicNs() - this.deadlineNs) / this.intervalNs) + 1)
    this.armLater(count * this.intervalNs)
    return count
  }

  private armLater(ns: number): void {
    const { wall } = this
    if (!wall) {
      const next = this.deadlineNs + ns
      // In a view whose clock has run for centuries a short period is less than what a number tells apart.
      this.arm(next > this.deadlineNs ? next : this.deadlineNs * (1 + Number.EPSILON))
      return
    }
    const nsec = this.wallNsec + ns
    const carry = Math.floor(nsec / NS_PER_SEC)
    this.wallSec += carry
    this.wallNsec = nsec - carry * NS_PER_SEC
    this.arm(wall.monotonicOfRealtime(this.wallSec, this.wallNsec))
  }

  /** Until the next expiry, 0 when it is not armed. */
  get leftNs(): number {
    if (this.isArmed) return Math.max(1, this.untilNs())
    if (!this.expired || this.intervalNs === 0) return 0
    // It runs on when somebody takes the expiries: this is when it will have expired next.
    return this.intervalNs - (-this.untilNs() % this.intervalNs)
  }

  private untilNs(): number {
    if (this.wall) return this.wall.untilRealtimeNs(this.wallSec, this.wallNsec)
    return this.deadlineNs - this.line!.monotonicNs()
  }
}

/**
 * IntervalTimer: one expiry and, when there is a period, those behind it. timerfd_settime(2), timer_settime(2),
 * setitimer(2). Path: sys/timer.ts and events/timerfd.ts set them; a TimerQueue fires them.
 *
 * It fires once and stays expired until somebody takes the expiries: nothing runs for a timer that nobody reads.
 */

import type { Timer, TimerQueue } from './timer-queue.ts'

export class IntervalTimer {
  private readonly queue: TimerQueue
  private readonly now: () => number
  private readonly fire: () => void
  private timer: Timer | null = null
  private deadlineNs = 0
  intervalNs = 0
  /** Fired, and nobody has taken the expiries yet. */
  expired = false

  /** `now` is the clock that the queue's deadlines are on. */
  constructor(queue: TimerQueue, now: () => number, fire: () => void) {
    this.queue = queue
    this.now = now
    this.fire = fire
  }

  /** Arms it for a time on its clock. */
  set(deadlineNs: number, intervalNs: number): void {
    this.cancel()
    this.intervalNs = intervalNs
    this.arm(deadlineNs)
    this.check()
  }

  cancel(): void {
    if (this.timer) this.queue.cancel(this.timer)
    this.timer = null
    this.deadlineNs = 0
    this.intervalNs = 0
    this.expired = false
  }

  private arm(deadlineNs: number): void {
    this.deadlineNs = deadlineNs
    this.timer = this.queue.add(deadlineNs, () => this.expire())
  }

  private expire(): void {
    this.timer = null
    this.expired = true
    this.fire()
  }

  /** Fires now when it is due: whoever looks must not see less than the clock says. */
  check(): void {
    if (!this.timer || this.deadlineNs > this.now()) return
    this.queue.cancel(this.timer)
    this.expire()
  }

  /** The expiries since the last call, at least one when expired; a periodic timer runs again. */
  take(): number {
    this.check()
    if (!this.expired) return 0
    this.expired = false
    if (this.intervalNs === 0) return 1
    const count = Math.max(1, Math.floor((this.now() - this.deadlineNs) / this.intervalNs) + 1)
    this.arm(this.deadlineNs + count * this.intervalNs)
    return count
  }

  get isArmed(): boolean {
    return this.timer !== null
  }

  /** Until the next expiry, 0 when it is not armed. */
  get leftNs(): number {
    if (!this.timer) {
      if (!this.expired || this.intervalNs === 0) return 0
      // It runs on when somebody takes the expiries: this is when it will have expired next.
      return this.intervalNs - ((this.now() - this.deadlineNs) % this.intervalNs)
    }
    return Math.max(1, this.deadlineNs - this.now())
  }
}

/**
 * Deadlines in order: what sleeps, polls and alarms wait for. Path: the scheduler fires what is due and sleeps on
 * the host until the next.
 */

export interface Timer {
  readonly deadlineNs: number
  readonly fire: () => void
}

export class TimerQueue {
  /** Latest first, so that the next one is taken from the end. */
  private readonly timers: Timer[] = []

  /** The next deadline, Infinity when there is none. */
  get nextNs(): number {
    return this.timers.length ? this.timers[this.timers.length - 1]!.deadlineNs : Infinity
  }

  add(deadlineNs: number, fire: () => void): Timer {
    const timer = { deadlineNs, fire }
    let low = 0
    let high = this.timers.length
    while (low < high) {
      const middle = (low + high) >> 1
      // Equal deadlines fire in the order in which they were set.
      if (this.timers[middle]!.deadlineNs >= deadlineNs && this.timers[middle]!.deadlineNs !== deadlineNs)
        low = middle + 1
      else high = middle
    }
    this.timers.splice(low, 0, timer)
    return timer
  }

  cancel(timer: Timer): void {
    const at = this.timers.indexOf(timer)
    if (at >= 0) this.timers.splice(at, 1)
  }

  /** Fires everything due. */
  expire(nowNs: number): void {
    while (this.timers.length && this.timers[this.timers.length - 1]!.deadlineNs <= nowNs)
      this.timers.pop()!.fire()
  }
}

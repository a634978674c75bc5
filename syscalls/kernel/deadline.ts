/**
 * Deadline: when a call's wait ends, captured at its first run. It stays on the clock that its task had then, whatever
 * becomes of the view meanwhile.
 * Path: handlers set it and ask whether it is over; task.ts puts it into the clock's queue while the task waits.
 */

import type { Clock } from './clock.ts'

export class Deadline {
  clock: Clock
  /** On the clock's monotonic time; Infinity: none, or one that the wall clock does not reach as it runs. */
  ns = Infinity
  /** It is a time of the wall clock, so setting that moves it. */
  isWall = false
  private wallSec = 0
  private wallNsec = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  get isSet(): boolean {
    return this.ns !== Infinity || this.isWall
  }

  clear(): void {
    this.ns = Infinity
    this.isWall = false
  }

  /** So much later than now. */
  setIn(clock: Clock, ns: number): void {
    this.setAt(clock, clock.monotonicNs() + ns)
  }

  /** At a monotonic time. */
  setAt(clock: Clock, ns: number): void {
    this.clock = clock
    this.isWall = false
    this.ns = ns > clock.lastNs ? Infinity : ns
  }

  /** When the wall clock shows this. */
  setAtRealtime(clock: Clock, sec: number, nsec: number): void {
    this.clock = clock
    this.isWall = true
    this.wallSec = sec
    this.wallNsec = nsec
    this.ns = clock.monotonicOfRealtime(sec, nsec)
  }

  /** The wall clock was set or turned. */
  wallChanged(): void {
    this.ns = this.clock.monotonicOfRealtime(this.wallSec, this.wallNsec)
  }

  get hasPassed(): boolean {
    return this.ns <= this.clock.monotonicNs()
  }

  /** Infinity when there is no deadline. */
  get leftNs(): number {
    return Math.max(0, this.ns - this.clock.monotonicNs())
  }

  /** For a restart that must not begin its time anew. */
  copy(): Deadline {
    const made = new Deadline(this.clock)
    made.copyFrom(this)
    return made
  }

  copyFrom(other: Deadline): void {
    this.clock = other.clock
    this.ns = other.ns
    this.isWall = other.isWall
    this.wallSec = other.wallSec
    this.wallNsec = other.wallNsec
  }
}

/**
 * PacedClock: a clock over another one, which runs at a multiple of it. Its wall clock runs at the pace times the wall
 * clock below; everything else at the pace's absolute value, and at that of the clock below when the pace is 0.
 * Path: the time engine offers it as `world.clock`; its timers are one timer in the clock below.
 *
 * Each change of the pace begins a stretch, so that time never jumps, and a past moment is shown as it was.
 */

import { Clock, type KernelClock, NS_PER_SEC, nsecOf, type WallWatcher } from '../../kernel/clock.ts'
import { type Timer, TimerQueue } from '../../kernel/timer-queue.ts'

/** How the monotonic time runs, from a moment on. */
interface Stretch {
  /** The moment, on the kernel's clock, the one below, and this one. */
  readonly kernelNs: number
  readonly belowNs: number
  readonly ns: number
  readonly below: Clock
  readonly rate: number
  /** What was before; null: the time below as it is. */
  before: Stretch | null
}

/** Stretches that are remembered: who changes the pace all the time does not fill the memory. */
const STRETCHES_MAX = 1000

const monotonicRate = (pace: number): number => (pace === 0 ? 1 : Math.abs(pace))

export class PacedClock extends Clock {
  readonly timers: PacedTimers
  readonly lastNs = Infinity
  readonly kernelClock: KernelClock
  readonly below: Clock
  private paceNow: number
  private stretch: Stretch
  private stretchCount = 1
  /** How far the wall clocks had run when the stretch began: this one, and the one below. */
  private runNs = 0
  private belowRunNs: number
  /** What the wall clock shows when it has run for 0. */
  private baseSec = 0
  private baseNsec = 0
  private readonly watchers = new Set<WallWatcher>()

  /** It goes on from `former`, the same view's clock before what is below it changed; else from what is below. */
  constructor(below: Clock, pace: number, former: PacedClock | null = null) {
    super()
    this.below = below
    this.kernelClock = below.kernelClock
    this.timers = new PacedTimers(this)
    this.paceNow = pace
    const kernelNs = this.kernelClock.monotonicNs()
    const belowNs = below.monotonicAt(kernelNs)
    const ns = former ? former.monotonicAt(kernelNs) : belowNs
    const before = former?.stretch ?? null
    this.stretch = { kernelNs, belowNs, ns, below, rate: monotonicRate(pace), before }
    this.belowRunNs = below.runAt(kernelNs)
    const shown = former ?? below
    shown.readRealtimeAt(kernelNs)
    this.baseSec = shown.sec
    this.baseNsec = shown.nsec
  }

  get pace(): number {
    return this.paceNow
  }

  get direction(): number {
    return Math.sign(this.paceNow) * this.below.direction
  }

  /** From now on it runs so. What waits has its rest of time left, which passes at the new pace. */
  setPace(pace: number): void {
    const kernelNs = this.kernelClock.monotonicNs()
    const { below, stretch } = this
    const hasTurned = Math.sign(pace) !== Math.sign(this.paceNow)
    this.runNs = this.runAt(kernelNs)
    this.belowRunNs = below.runAt(kernelNs)
    const belowNs = below.monotonicAt(kernelNs)
    const ns = this.monotonicAt(kernelNs)
    this.stretch = { kernelNs, belowNs, ns, below, rate: monotonicRate(pace), before: stretch }
    this.paceNow = pace
    if (++this.stretchCount > STRETCHES_MAX) this.forgetStretches()
    this.timers.rearm()
    if (hasTurned) this.tellWatchers(null)
    this.kernelClock.wake()
  }

  /** The older half goes; moments before it are shown at the time at which it ends. */
  private forgetStretches(): void {
    this.stretchCount = STRETCHES_MAX / 2
    let oldest = this.stretch
    for (let i = 1; i < this.stretchCount; i++) oldest = oldest.before!
    oldest.before = null
  }

  monotonicNs(): number {
    return this.monotonicAt(this.kernelClock.monotonicNs())
  }

  monotonicAt(kernelNs: number): number {
    let stretch = this.stretch
    while (kernelNs < stretch.kernelNs) {
      if (!stretch.before) return Math.min(stretch.ns, stretch.below.monotonicAt(kernelNs))
      stretch = stretch.before
    }
    return shownAt(stretch, stretch.below.monotonicAt(kernelNs))
  }

  /** The first moment of the clock below at which this one shows at least so much. */
  belowNsOf(ns: number): number {
    const { stretch } = this
    let belowNs = Math.ceil(stretch.belowNs + (ns - stretch.ns) / stretch.rate)
    // Rounding may have made it a little early, and then a timer would find that it is not due.
    for (let step = 1; shownAt(stretch, belowNs) < ns; step *= 2) belowNs += step
    return belowNs
  }

  runAt(kernelNs: number): number {
    // Rounded towards where it began, so that it keeps step with the monotonic time in both directions.
    return this.runNs + Math.trunc(this.paceNow * (this.below.runAt(kernelNs) - this.belowRunNs))
  }

  readRealtime(): void {
    this.readRealtimeAt(this.kernelClock.monotonicNs())
  }

  readRealtimeAt(kernelNs: number): void {
    this.split(this.runAt(kernelNs))
    this.addBase(this.baseSec, this.baseNsec)
  }

  untilRealtimeNs(sec: number, nsec: number): number {
    return this.untilAt(this.kernelClock.monotonicNs(), sec, nsec)
  }

  private untilAt(kernelNs: number, sec: number, nsec: number): number {
    return (sec - this.baseSec) * NS_PER_SEC + (nsec - this.baseNsec) - this.runAt(kernelNs)
  }

  monotonicOfRealtime(sec: number, nsec: number): number {
    const kernelNs = this.kernelClock.monotonicNs()
    const leftNs = this.untilAt(kernelNs, sec, nsec)
    return leftNs <= 0 || this.direction > 0 ? this.monotonicAt(kernelNs) + leftNs : Infinity
  }

  setRealtime(sec: number, nsec: number): boolean {
    this.readRealtime()
    this.shiftRealtime(sec - this.sec, nsec - this.nsec)
    return true
  }

  /** Sets the wall clock by so much. */
  shiftRealtime(sec: number, nsec: number): void {
    const sum = this.baseNsec + nsec
    const carry = Math.floor(sum / NS_PER_SEC)
    this.baseSec += sec + carry
    this.baseNsec = sum - carry * NS_PER_SEC
    this.tellWatchers(this)
    this.kernelClock.wake()
  }

  /** Those below may turn this one too. */
  watchWall(watcher: WallWatcher): void {
    this.watchers.add(watcher)
    this.below.watchWall(watcher)
  }

  unwatchWall(watcher: WallWatcher): void {
    this.watchers.delete(watcher)
    this.below.unwatchWall(watcher)
  }

  private tellWatchers(set: Clock | null): void {
    for (const watcher of [...this.watchers]) watcher.wallChanged(set)
  }

  override split(ns: number): void {
    this.sec = Math.floor(ns / NS_PER_SEC)
    this.nsec = nsecOf(ns, this.sec)
  }
}

const shownAt = (stretch: Stretch, belowNs: number): number =>
  stretch.ns + Math.floor(stretch.rate * (belowNs - stretch.belowNs))

/** What waits on a paced clock. The next of them is a timer of the clock below. */
class PacedTimers extends TimerQueue {
  private readonly clock: PacedClock
  private armed: Timer | null = null
  /** What it is armed for, on the paced clock. */
  private armedNs = Infinity

  constructor(clock: PacedClock) {
    super()
    this.clock = clock
  }

  override add(deadlineNs: number, fire: () => void): Timer {
    const timer = super.add(deadlineNs, fire)
    this.arm()
    return timer
  }

  override cancel(timer: Timer): void {
    super.cancel(timer)
    this.arm()
  }

  /** The pace changed. */
  rearm(): void {
    this.armedNs = Infinity
    this.arm()
  }

  private arm(): void {
    if (this.nextNs === this.armedNs) return
    const { below } = this.clock
    if (this.armed) below.timers.cancel(this.armed)
    this.armed = null
    this.armedNs = this.nextNs
    if (this.armedNs === Infinity) return
    const belowNs = this.clock.belowNsOf(this.armedNs)
    if (belowNs <= below.lastNs) this.armed = below.timers.add(belowNs, () => this.due())
  }

  private due(): void {
    this.armed = null
    this.armedNs = Infinity
    this.expire(this.clock.monotonicNs())
    this.arm()
  }
}

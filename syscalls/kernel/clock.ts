/**
 * Clock: what a view tells time by, and what waits on it. The kernel's own is the host port's; an engine may offer
 * another over it (engines/time), which is then the one of every task of the view.
 * Path: `task.world.clock` in sys/*.ts, deadline.ts, interval-timer.ts and inode timestamps. clock_gettime(2).
 *
 * A clock is a function of the kernel's monotonic time: a time that was kept as that can be shown in every view.
 * Nothing is allocated for a reading: `read…` leaves seconds and nanoseconds in fields.
 */

import type { HostClock } from '../host.ts'
import { TimerQueue } from './timer-queue.ts'

export const NS_PER_SEC = 1_000_000_000
/** Linux's KTIME_MAX, 292 years: beyond it a time is never. */
export const SECONDS_MAX = 9_223_372_036

/** The nanoseconds of a time beside its seconds. Beyond 2^53 ns a time is rounded, so this may be next to the second. */
export const nsecOf = (ns: number, sec: number): number =>
  Math.min(NS_PER_SEC - 1, Math.max(0, ns - sec * NS_PER_SEC))

/** Told when a wall clock jumped, or runs another way from now on. */
export interface WallWatcher {
  /** `set`: the clock that somebody set; null when only its direction changed. */
  wallChanged(set: Clock | null): void
}

/** What deadlines are on: the monotonic time of a view, or the processor time of a process. */
export interface TimeLine {
  readonly timers: TimerQueue
  /** Beyond it a deadline is never. */
  readonly lastNs: number
  monotonicNs(): number
}

export abstract class Clock implements TimeLine {
  sec = 0
  nsec = 0
  abstract readonly timers: TimerQueue
  abstract readonly lastNs: number
  /** The one at the bottom. */
  abstract readonly kernelClock: KernelClock
  /** Which way the wall clock runs along the monotonic one: 1, 0, -1. */
  abstract readonly direction: number

  /** CLOCK_MONOTONIC, and all those that nobody sets. */
  abstract monotonicNs(): number

  /** What CLOCK_MONOTONIC was at a moment of the kernel's. */
  abstract monotonicAt(kernelNs: number): number

  /** How far the wall clock has run at a moment of the kernel's, whatever it was set to. */
  abstract runAt(kernelNs: number): number

  /** Puts the wall clock's time at a moment of the kernel's into the fields. */
  abstract readRealtimeAt(kernelNs: number): void

  /** The monotonic time at which the wall clock shows this; Infinity for one that does not go there. */
  abstract monotonicOfRealtime(sec: number, nsec: number): number

  /** From what the wall clock shows to this. */
  abstract untilRealtimeNs(sec: number, nsec: number): number

  /** False for a clock that is not to be set. */
  abstract setRealtime(sec: number, nsec: number): boolean

  abstract watchWall(watcher: WallWatcher): void
  abstract unwatchWall(watcher: WallWatcher): void

  /** Puts the wall clock's time into the fields. */
  abstract readRealtime(): void

  /** Splits nanoseconds into the fields. */
  split(ns: number): void {
    this.sec = Math.floor(ns / NS_PER_SEC)
    this.nsec = ns - this.sec * NS_PER_SEC
  }

  /** Puts split nanoseconds and a base together, in the fields. */
  protected addBase(sec: number, nsec: number): void {
    this.sec += sec
    this.nsec += nsec
    if (this.nsec >= NS_PER_SEC) {
      this.nsec -= NS_PER_SEC
      this.sec++
    }
  }
}

/** 104 days: nanoseconds are exact up to here. */
const KERNEL_LAST_NS = 9_000_000 * NS_PER_SEC

/** The host's clock. Nobody sets it. */
export class KernelClock extends Clock {
  readonly timers = new TimerQueue()
  readonly lastNs = KERNEL_LAST_NS
  readonly direction = 1
  private readonly host: HostClock
  /** Ends the host's sleep: there may be an earlier deadline now. */
  readonly wake: () => void

  constructor(host: HostClock, wake: () => void) {
    super()
    this.host = host
    this.wake = wake
  }

  get kernelClock(): KernelClock {
    return this
  }

  monotonicNs(): number {
    return this.host.monotonicNs()
  }

  monotonicAt(kernelNs: number): number {
    return kernelNs
  }

  runAt(kernelNs: number): number {
    return kernelNs
  }

  readRealtime(): void {
    this.readRealtimeAt(this.host.monotonicNs())
  }

  readRealtimeAt(kernelNs: number): void {
    this.split(kernelNs)
    this.addBase(this.host.realtimeSecAtZero, this.host.realtimeNsecAtZero)
  }

  monotonicOfRealtime(sec: number, nsec: number): number {
    return (sec - this.host.realtimeSecAtZero) * NS_PER_SEC + nsec - this.host.realtimeNsecAtZero
  }

  untilRealtimeNs(sec: number, nsec: number): number {
    return this.monotonicOfRealtime(sec, nsec) - this.monotonicNs()
  }

  setRealtime(): boolean {
    return false
  }

  watchWall(): void {}

  unwatchWall(): void {}
}

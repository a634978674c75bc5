/**
 * The kernel's clocks over the host port's, without allocation: `read…` leaves seconds and nanoseconds in fields.
 * Path: sys/time.ts, inode timestamps. clock_gettime(2).
 */

import type { HostClock } from '../host.ts'

export const NS_PER_SEC = 1_000_000_000

export class Clock {
  readonly host: HostClock
  sec = 0
  nsec = 0

  constructor(host: HostClock) {
    this.host = host
  }

  monotonicNs(): number {
    return this.host.monotonicNs()
  }

  /** Splits nanoseconds into the fields. */
  split(ns: number): void {
    this.sec = Math.floor(ns / NS_PER_SEC)
    this.nsec = ns - this.sec * NS_PER_SEC
  }

  readRealtime(): void {
    this.split(this.host.monotonicNs())
    this.sec += this.host.realtimeSecAtZero
    this.nsec += this.host.realtimeNsecAtZero
    if (this.nsec >= NS_PER_SEC) {
      this.nsec -= NS_PER_SEC
      this.sec++
    }
  }

  /** The monotonic time at which the realtime clock shows this. */
  monotonicOfRealtime(sec: number, nsec: number): number {
    return (sec - this.host.realtimeSecAtZero) * NS_PER_SEC + nsec - this.host.realtimeNsecAtZero
  }
}

/** Signals sent and not yet delivered, to a task or to a whole thread group: signal(7). */

import { SIGRTMIN, type SigInfo, type SignalSource, SYNCHRONOUS_SIGNALS, sigInfo } from '../abi/signal.ts'
import { SigSet } from './sigset.ts'

/** Queued realtime signals at most (RLIMIT_SIGPENDING). */
const QUEUED_COUNT_MAX = 4096

export class PendingSignals {
  readonly set = new SigSet()
  private queue: SigInfo[] = []

  /** False when the queue of realtime signals is full (EAGAIN). A standard signal already pending is merged. */
  add(info: SigInfo): boolean {
    // Each timer has a place of its own in the queue.
    if (this.set.has(info.signo) && !info.timer) {
      if (info.signo < SIGRTMIN) return true
      if (this.queue.length >= QUEUED_COUNT_MAX) return false
    }
    this.queue.push(info)
    this.set.add(info.signo)
    return true
  }

  remove(signo: number): void {
    if (!this.set.has(signo)) return
    this.set.remove(signo)
    this.queue = this.queue.filter((info) => info.signo !== signo)
  }

  /** Takes back what a timer sent. */
  drop(source: SignalSource): void {
    const at = this.queue.findIndex((info) => info.timer === source)
    if (at < 0) return
    const { signo } = this.queue.splice(at, 1)[0]!
    if (!this.queue.some((other) => other.signo === signo)) this.set.remove(signo)
  }

  /** Takes the next signal that is not in `blocked`: faults first, then the lowest number. */
  take(blocked: SigSet): SigInfo | null {
    const lo = this.set.lo & ~blocked.lo
    const hi = this.set.hi & ~blocked.hi
    if (lo === 0 && hi === 0) return null
    const faults = lo & SYNCHRONOUS_SIGNALS
    const word = faults || lo
    const signo = word ? 32 - Math.clz32(word & -word) : 64 - Math.clz32(hi & -hi)
    return this.takeSignal(signo)
  }

  /** One that was taken is pending again, before all others; whoever sent it knows it as taken. */
  putBack(info: SigInfo): void {
    this.queue.unshift({ ...info, timer: null })
    this.set.add(info.signo)
  }

  takeSignal(signo: number): SigInfo {
    const at = this.queue.findIndex((info) => info.signo === signo)
    const info = at >= 0 ? this.queue.splice(at, 1)[0]! : sigInfo(signo, 0)
    if (!this.queue.some((other) => other.signo === signo)) this.set.remove(signo)
    info.timer?.taken(info)
    return info
  }
}

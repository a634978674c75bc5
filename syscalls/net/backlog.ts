/**
 * Backlog: the connections of a listening socket that nobody has accepted. listen(2), accept(2).
 * Path: a family's connect adds to it, its accept takes from it.
 */

import { WaitQueue } from '../kernel/wait-queue.ts'

/** net.core.somaxconn */
export const BACKLOG_MAX = 4096

export class Backlog<T> {
  readonly waiting: T[] = []
  /** Woken when there is room again: those that wait to connect. */
  readonly accepted = new WaitQueue()
  private most = 0

  /** A negative one counts as very long. */
  resize(backlog: number): void {
    this.most = Math.min(backlog >>> 0, BACKLOG_MAX)
    this.accepted.wakeAll()
  }

  get isFull(): boolean {
    return this.waiting.length > this.most
  }

  get limit(): number {
    return this.most
  }

  take(): T | undefined {
    const end = this.waiting.shift()
    if (end) this.accepted.wakeAll()
    return end
  }
}

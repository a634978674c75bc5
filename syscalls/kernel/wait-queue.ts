/**
 * WaitQueue: the tasks that wait for one thing (bytes in a pipe, a child's end, a futex). Blocking is a value: a
 * handler puts its task here and returns BLOCKED; a wake-up makes the task runnable and its handler runs again.
 * Path: vfs, kernel and engines wake; the scheduler runs what was woken. First in, first woken: deterministic.
 */

export interface Waiter {
  /** Called once when `queue` wakes this waiter; it leaves all of its queues. */
  wokenBy(queue: WaitQueue): void
}

/**
 * Told of every wake-up and never taken off by one: what epoll puts on the files that it watches. `events` are the
 * POLL* that may hold now, 0 when anything may. Of the exclusive listeners only the first that answers true is told.
 */
export interface Listener {
  readonly isExclusive: boolean
  notified(events: number): boolean
}

export class WaitQueue {
  private readonly waiters: Waiter[] = []
  private listeners: Listener[] | null = null

  get length(): number {
    return this.waiters.length
  }

  add(waiter: Waiter): void {
    if (!this.waiters.includes(waiter)) this.waiters.push(waiter)
  }

  remove(waiter: Waiter): void {
    const at = this.waiters.indexOf(waiter)
    if (at >= 0) this.waiters.splice(at, 1)
  }

  get first(): Waiter | undefined {
    return this.waiters[0]
  }

  /** Wakes the first `count` waiters (of those that are accepted); returns how many there were. */
  wake(count: number, accepts?: (waiter: Waiter) => boolean): number {
    let woken = 0
    let at = 0
    while (woken < count && at < this.waiters.length) {
      const waiter = this.waiters[at]!
      if (accepts && !accepts(waiter)) at++
      else {
        this.waiters.splice(at, 1)
        waiter.wokenBy(this)
        woken++
      }
    }
    return woken
  }

  /** Wakes everybody, because `events` (POLL*, 0 for any) may hold now. */
  wakeAll(events = 0): void {
    this.wakeWaiters()
    if (this.listeners !== null) this.notify(this.listeners, events)
  }

  /** Wakes the waiters only: something moved, but nothing became ready. */
  wakeWaiters(): void {
    // Only those that wait now: a woken waiter may queue again at once.
    if (this.waiters.length > 0) this.wake(this.waiters.length)
  }

  listen(listener: Listener): void {
    this.listeners ??= []
    this.listeners.push(listener)
  }

  unlisten(listener: Listener): void {
    const at = this.listeners?.indexOf(listener) ?? -1
    if (at >= 0) this.listeners!.splice(at, 1)
    if (this.listeners?.length === 0) this.listeners = null
  }

  private notify(listeners: Listener[], events: number): void {
    let taken = false
    for (const listener of listeners) {
      if (listener.isExclusive && taken) continue
      if (listener.notified(events) && listener.isExclusive) taken = true
    }
  }

  /** Moves up to `count` waiters to another queue without waking them (FUTEX_REQUEUE). */
  moveTo(other: WaitQueue, count: number, moved: (waiter: Waiter) => void): number {
    let done = 0
    while (done < count && this.waiters.length > 0) {
      const waiter = this.waiters.shift()!
      other.waiters.push(waiter)
      moved(waiter)
      done++
    }
    return done
  }
}

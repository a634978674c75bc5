/**
 * Advisory locks of one inode: record locks (fcntl(2)) and, kept apart from them, locks of the whole file (flock(2)).
 * Owners are any object: a descriptor table for POSIX record locks, a file description for the other two.
 * Path: sys/lock.ts sets and asks; kernel/fd-table.ts drops what a closed descriptor held. Linux fs/locks.c.
 */

import { EAGAIN, ENOLCK } from '../abi/errno.ts'
import { F_UNLCK, F_WRLCK } from '../abi/fcntl.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'

export interface Lock {
  owner: object
  pid: number
  type: number
  /** [start, end) */
  start: number
  end: number
}

/** Locks kept on one file at most: what a guest can make the emulator remember. */
const LOCK_COUNT_MAX = 10_000
/** How far a chain of waiters is followed in search of a deadlock: Linux's MAX_DEADLK_ITERATIONS. */
const DEADLOCK_CHAIN_MAX = 10

const excludes = (a: number, b: number): boolean => a === F_WRLCK || b === F_WRLCK

export class FileLocks {
  /** Those of one owner stand together, by start. */
  private records: Lock[] = []
  private readonly whole = new Map<object, number>()
  readonly released = new WaitQueue()

  /** The first lock of the owner's own within the range, or null. */
  own({ owner, start, end }: Lock): Lock | null {
    const isWithin = (lock: Lock): boolean => lock.start < end && start < lock.end
    return this.records.find((lock) => lock.owner === owner && isWithin(lock)) ?? null
  }

  /** The first lock of somebody else that stands in the way, or null. */
  conflict(wanted: Lock): Lock | null {
    for (const lock of this.records)
      if (
        lock.owner !== wanted.owner &&
        lock.start < wanted.end &&
        wanted.start < lock.end &&
        excludes(lock.type, wanted.type)
      )
        return lock
    return null
  }

  /** Sets or removes a record lock; -EAGAIN on a conflict. Neighbours of one type become one lock. */
  set(wanted: Lock): number {
    if (wanted.type !== F_UNLCK && this.conflict(wanted)) return -EAGAIN
    const first = this.records.findIndex((lock) => lock.owner === wanted.owner)
    const others = this.records.filter((lock) => lock.owner !== wanted.owner)
    const own = withRange(
      this.records.filter((lock) => lock.owner === wanted.owner),
      wanted,
    )
    if (others.length + own.length > LOCK_COUNT_MAX) return -ENOLCK
    others.splice(first < 0 ? others.length : first, 0, ...own)
    this.records = others
    this.released.wakeAll()
    return 0
  }

  /** flock(2). A conversion gives the old lock up first, so one that fails has lost it. */
  setWhole(owner: object, type: number): number {
    const old = this.whole.get(owner)
    if (old === type) return 0
    if (this.whole.delete(owner)) this.released.wakeAll()
    if (type === F_UNLCK) return 0
    for (const other of this.whole.values()) if (excludes(other, type)) return -EAGAIN
    if (this.whole.size >= LOCK_COUNT_MAX) return -ENOLCK
    this.whole.set(owner, type)
    return 0
  }

  /** Drops everything of an owner: close(2), exit. */
  drop(owner: object): void {
    const kept = this.records.filter((lock) => lock.owner !== owner)
    const changed = kept.length !== this.records.length
    this.records = kept
    if (this.whole.delete(owner) || changed) this.released.wakeAll()
  }
}

/** The locks of one owner with another range set or taken away. */
function withRange(own: readonly Lock[], wanted: Lock): Lock[] {
  const kept: Lock[] = []
  const made = { ...wanted }
  for (const lock of own) {
    const touches = lock.start <= made.end && made.start <= lock.end
    if (touches && lock.type === made.type) {
      made.start = Math.min(made.start, lock.start)
      made.end = Math.max(made.end, lock.end)
      continue
    }
    if (lock.end <= made.start || made.end <= lock.start) {
      kept.push(lock)
      continue
    }
    if (lock.start < made.start) kept.push({ ...lock, end: made.start })
    if (made.end < lock.end) kept.push({ ...lock, start: made.end })
  }
  if (wanted.type !== F_UNLCK) kept.push(made)
  return kept.sort((a, b) => a.start - b.start)
}

/** Who waits for whom, in all files: what a deadlock shows in. */
const waitingFor = new WeakMap<object, object>()

/** Notes that `owner` waits for a lock of `other`; false when that one, directly or not, waits for `owner`. */
export function mayWaitFor(owner: object, other: object): boolean {
  let next: object | undefined = other
  for (let i = 0; next && i < DEADLOCK_CHAIN_MAX; i++) {
    if (next === owner) return false
    next = waitingFor.get(next)
  }
  waitingFor.set(owner, other)
  return true
}

/** The wait is over, whatever came of it. */
export function waitsNoMore(owner: object): void {
  waitingFor.delete(owner)
}

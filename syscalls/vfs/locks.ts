/**
 * Advisory record locks of one inode: fcntl(2) F_SETLK, flock(2). Owners are any object: a thread group for
 * POSIX locks, a file description for flock and OFD locks.
 */

import { EAGAIN } from '../abi/errno.ts'
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

export class FileLocks {
  private locks: Lock[] = []
  readonly released = new WaitQueue()

  /** The first lock of somebody else that stands in the way, or null. */
  conflict(wanted: Lock): Lock | null {
    for (const lock of this.locks)
      if (
        lock.owner !== wanted.owner &&
        lock.start < wanted.end &&
        wanted.start < lock.end &&
        (lock.type === F_WRLCK || wanted.type === F_WRLCK)
      )
        return lock
    return null
  }

  /** Sets or removes; -EAGAIN on a conflict. */
  set(wanted: Lock): number {
    if (wanted.type !== F_UNLCK && this.conflict(wanted)) return -EAGAIN
    const kept: Lock[] = []
    for (const lock of this.locks) {
      if (lock.owner !== wanted.owner || lock.end <= wanted.start || wanted.end <= lock.start) {
        kept.push(lock)
        continue
      }
      if (lock.start < wanted.start) kept.push({ ...lock, end: wanted.start })
      if (wanted.end < lock.end) kept.push({ ...lock, start: wanted.end })
    }
    if (wanted.type !== F_UNLCK) {
      if (kept.length >= LOCK_COUNT_MAX) return -EAGAIN
      kept.push(wanted)
    }
    this.locks = kept
    this.released.wakeAll()
    return 0
  }

  /** Drops everything of an owner: close(2), exit. */
  drop(owner: object): void {
    const before = this.locks.length
    this.locks = this.locks.filter((lock) => lock.owner !== owner)
    if (this.locks.length !== before) this.released.wakeAll()
  }
}

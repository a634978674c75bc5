/**
 * Futexes by address space and address: futex(2). Shared mappings use the object behind them as the key.
 * Path: sys/futex.ts; exit wakes clear_child_tid and lets go of the robust list (robust-list.ts).
 */

import { EINVAL } from '../abi/errno.ts'
import { FUTEX_WAITERS } from '../abi/futex.ts'
import type { Mm } from '../mm/mm.ts'
import type { Kernel } from './kernel.ts'
import { Task } from './task.ts'
import { type Waiter, WaitQueue } from './wait-queue.ts'

export interface FutexKey {
  owner: object
  offset: number
}

/** The bitset of waits and wakes without one. */
export const ANY_BIT = 0xffffffff

export const isSameKey = (a: FutexKey, b: FutexKey): boolean => a.owner === b.owner && a.offset === b.offset

/** Who owns the word: the memory, or for a shared mapping the object, so that processes meet. */
export function futexKey(mm: Mm, addr: number): FutexKey {
  const vma = mm.vmas.find(addr)
  if (vma?.object) return { owner: vma.object, offset: vma.offset + (addr - vma.start) }
  return { owner: mm, offset: addr }
}

export class Futexes {
  private readonly byOwner = new WeakMap<object, Map<number, WaitQueue>>()

  queue(key: FutexKey): WaitQueue {
    let queues = this.byOwner.get(key.owner)
    if (!queues) this.byOwner.set(key.owner, (queues = new Map()))
    let queue = queues.get(key.offset)
    if (!queue) queues.set(key.offset, (queue = new WaitQueue()))
    return queue
  }

  existing(key: FutexKey): WaitQueue | undefined {
    return this.byOwner.get(key.owner)?.get(key.offset)
  }

  /** Drops a queue that nobody waits on. */
  tidy(key: FutexKey): void {
    const queues = this.byOwner.get(key.owner)
    if (queues?.get(key.offset)?.length === 0) queues.delete(key.offset)
  }
}

/** Wakes up to `count` waiters whose bitset meets this one; how many, or an errno: a lock's are not woken so. */
export function wakeFutex(kernel: Kernel, mm: Mm, addr: number, count: number, bitset: number): number {
  const key = futexKey(mm, addr)
  const queue = kernel.futexes.existing(key)
  if (!queue) return 0
  if (queue.first instanceof Task && queue.first.futexTarget) return -EINVAL
  const meets = (waiter: Waiter): boolean => waiter instanceof Task && (waiter.futexBitset & bitset) !== 0
  const woken = queue.wake(count, meets)
  kernel.futexes.tidy(key)
  return woken
}

/**
 * Makes the first waiter of a priority-inheriting futex its owner, with `bits` in the word besides its tid. Returns
 * false when nobody waits. Every task has one priority here, so first come, first served is the order.
 */
export function handOverFutex(kernel: Kernel, mm: Mm, addr: number, bits: number): boolean {
  const key = futexKey(mm, addr)
  const queue = kernel.futexes.existing(key)
  const next = queue?.first
  if (!queue || !(next instanceof Task)) return false
  mm.setU32(addr, (next.ownTid | bits | FUTEX_WAITERS) >>> 0)
  queue.wake(1)
  kernel.futexes.tidy(key)
  return true
}

/**
 * Futexes by address space and address: futex(2). Shared mappings use the object behind them as the key.
 * Path: sys/futex.ts; exit wakes clear_child_tid.
 */

import type { Mm } from '../mm/mm.ts'
import type { Kernel } from './kernel.ts'
import { WaitQueue } from './wait-queue.ts'

export interface FutexKey {
  owner: object
  offset: number
}

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

/** Wakes up to `count` waiters; returns how many. The bitset of FUTEX_WAKE_BITSET is matched by the caller. */
export function wakeFutex(kernel: Kernel, mm: Mm, addr: number, count: number, _bitset: number): number {
  const key = futexKey(mm, addr)
  const queue = kernel.futexes.existing(key)
  if (!queue) return 0
  const woken = queue.wake(count)
  kernel.futexes.tidy(key)
  return woken
}

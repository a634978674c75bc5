/**
 * Priority-inheriting futexes: FUTEX_LOCK_PI and its like, and waits that end with such a lock taken
 * (FUTEX_WAIT_REQUEUE_PI). futex(2), Linux kernel/futex/{pi,requeue}.c. Path: futex.ts calls by operation.
 *
 * Priorities are all equal here, so priority inheritance comes down to handing a lock over to whoever waits longest.
 */

import {
  BLOCKED,
  EAGAIN,
  EDEADLK,
  EFAULT,
  EINVAL,
  EPERM,
  ERESTARTNOINTR,
  ERESTARTSYS,
  ESRCH,
  ETIMEDOUT,
} from '../abi/errno.ts'
import * as F from '../abi/futex.ts'
import { ANY_BIT, type FutexKey, futexKey, handOverFutex, isSameKey } from '../kernel/futex.ts'
import { findTask } from '../kernel/pid.ts'
import { Task } from '../kernel/task.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'

/** Takes a lock whose word is its owner's tid; one that is held is waited for. */
export function lockPi(task: Task, at: number, isTry: boolean): number {
  const { kernel, mm } = task
  const key = futexKey(mm, at)
  if (task.resumed) {
    // Whoever let go has made this task the owner.
    if (task.wokenQueue) return 0
    if (task.timedOut) {
      kernel.futexes.tidy(key)
      return -ETIMEDOUT
    }
  } else {
    const word = mm.getU32(at)
    if (word < 0) return -EFAULT
    const owner = word & F.FUTEX_TID_MASK
    if (owner === task.ownTid) return -EDEADLK
    if (owner === 0) return mm.setU32(at, ((word & F.FUTEX_OWNER_DIED) | task.ownTid) >>> 0) ? 0 : -EFAULT
    if (!findTask(task, owner)) return -ESRCH
    if (isTry) return -EAGAIN
    if (!mm.setU32(at, (word | F.FUTEX_WAITERS) >>> 0)) return -EFAULT
    task.futexBitset = ANY_BIT
    task.futexTarget = key
  }
  const result = task.blockOn(kernel.futexes.queue(key))
  if (result === BLOCKED) return BLOCKED
  kernel.futexes.tidy(key)
  return result === -ERESTARTSYS ? -ERESTARTNOINTR : result
}

export function unlockPi(task: Task, at: number): number {
  const word = task.mm.getU32(at)
  if (word < 0) return -EFAULT
  if ((word & F.FUTEX_TID_MASK) !== task.ownTid) return -EPERM
  if (handOverFutex(task.kernel, task.mm, at, 0)) return 0
  return task.mm.setU32(at, 0) ? 0 : -EFAULT
}

/** Waits at `at`, to be moved to the lock `second` and given that: 0 means that the caller holds it. */
export function waitRequeuePi(task: Task, at: number, expected: number, second: number): number {
  const { futexes } = task.kernel
  const from = futexKey(task.mm, at)
  const to = futexKey(task.mm, second)
  if (task.resumed) {
    if (task.wokenQueue) return 0
    if (task.timedOut) {
      futexes.tidy(from)
      futexes.tidy(to)
      return -ETIMEDOUT
    }
  } else {
    if (second % 4 !== 0 || isSameKey(from, to)) return -EINVAL
    const current = task.mm.getU32(at)
    if (current < 0 || task.mm.getU32(second) < 0) return -EFAULT
    if (current !== expected) return -EAGAIN
    task.futexBitset = ANY_BIT
    task.futexTarget = to
    task.futexMoved = false
  }
  const key = task.futexMoved ? to : from
  const result = task.blockOn(futexes.queue(key))
  if (result === BLOCKED) return BLOCKED
  futexes.tidy(key)
  // Once it waits for the lock, the wait that was asked for is over.
  return result === -ERESTARTSYS ? (task.futexMoved ? -EAGAIN : -ERESTARTNOINTR) : result
}

/** Gives the lock to the first who waits at `at`, or lets him and `moveCount` others wait for it. */
export function requeuePi(
  task: Task,
  at: number,
  second: number,
  wakeCount: number,
  moveCount: number,
  expected: number,
): number {
  const { mm } = task
  const { futexes } = task.kernel
  if (wakeCount !== 1 || moveCount < 0 || second % 4 !== 0) return -EINVAL
  const from = futexKey(mm, at)
  const to = futexKey(mm, second)
  if (isSameKey(from, to)) return -EINVAL
  const current = mm.getU32(at)
  const lock = mm.getU32(second)
  if (current < 0 || lock < 0) return -EFAULT
  if (current !== expected >>> 0) return -EAGAIN
  const source = futexes.existing(from)
  const first = source?.first
  if (!source || !(first instanceof Task)) return 0
  if (!waitsFor(first, to)) return -EINVAL
  const owner = lock & F.FUTEX_TID_MASK
  if (owner === first.ownTid) return -EDEADLK
  if (owner !== 0 && !findTask(task, owner)) return -ESRCH
  let done = 0
  if (owner === 0) {
    const waiters = moveCount > 0 ? F.FUTEX_WAITERS : 0
    if (!mm.setU32(second, ((lock & F.FUTEX_OWNER_DIED) | waiters | first.ownTid) >>> 0)) return -EFAULT
    done = source.wake(1)
  } else if (!mm.setU32(second, (lock | F.FUTEX_WAITERS) >>> 0)) return -EFAULT
  const moved = moveWaiters(source, futexes.queue(to), wakeCount + moveCount - done, to)
  futexes.tidy(from)
  futexes.tidy(to)
  return moved < 0 && done === 0 ? moved : done + Math.max(0, moved)
}

/** Whether a task waits to be given that lock, and not yet for the lock itself. */
const waitsFor = ({ futexTarget, futexMoved }: Task, to: FutexKey): boolean =>
  futexTarget !== null && !futexMoved && isSameKey(futexTarget, to)

function moveWaiters(source: WaitQueue, target: WaitQueue, count: number, to: FutexKey): number {
  let moved = 0
  while (moved < count && source.first instanceof Task) {
    if (!waitsFor(source.first, to)) return moved || -EINVAL
    moved += source.moveTo(target, 1, (waiter) => {
      const task = waiter as Task
      task.movedTo(source, target)
      task.futexMoved = true
    })
  }
  return moved
}

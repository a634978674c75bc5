/**
 * System V semaphores: sets of values, operations on several at once, and what is undone at a process's end.
 * sysvipc(7), Linux ipc/sem.c. Path: sys/sem.ts. An operation that waits is done by whoever makes it possible, so that
 * first come is first served.
 */

import { EAGAIN, EIDRM, ENOSPC, ERANGE } from '../abi/errno.ts'
import { IPC_NOWAIT, SEM_UNDO, SEMMNI, SEMMNS, SEMVMX } from '../abi/ipc.ts'
import type { Task } from '../kernel/task.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import { IpcObject, IpcTable, secondsNow } from './ids.ts'
import type { IpcTotals } from './totals.ts'

export interface SemOp {
  readonly number: number
  readonly change: number
  readonly flags: number
}

/** Operations that wait: `result` is set when they were done, or cannot be any more. */
export class PendingOps {
  readonly task: Task
  readonly ops: readonly SemOp[]
  readonly set: SemaphoreSet
  readonly done = new WaitQueue()
  result: number | null = null
  /** The one that cannot be done now. */
  blocking: SemOp

  constructor(task: Task, set: SemaphoreSet, ops: readonly SemOp[], blocking: SemOp) {
    this.task = task
    this.set = set
    this.ops = ops
    this.blocking = blocking
  }
}

export class SemaphoreSet extends IpcObject {
  readonly values: Int32Array
  readonly pids: Int32Array
  pending: PendingOps[] = []
  /** What each process has to give back when it ends. */
  readonly undo = new Map<ThreadGroup, Int32Array>()
  opSec = 0

  constructor(task: Task, key: number, mode: number, count: number) {
    super(task, key, mode)
    this.values = new Int32Array(count)
    this.pids = new Int32Array(count)
  }

  /** All or nothing: 0, an errno, or the operation that would have to wait. */
  attempt(group: ThreadGroup, ops: readonly SemOp[]): number | SemOp {
    const values = this.values.slice()
    const undone = this.undo.get(group)
    const undo = ops.some((op) => op.flags & SEM_UNDO)
      ? (undone?.slice() ?? new Int32Array(values.length))
      : null
    for (const op of ops) {
      const { number, change, flags } = op
      const sum = values[number]! + change
      if (sum < 0 || (change === 0 && sum !== 0)) return flags & IPC_NOWAIT ? -EAGAIN : op
      if (sum > SEMVMX) return -ERANGE
      values[number] = sum
      if (!undo || !(flags & SEM_UNDO)) continue
      const left = undo[number]! - change
      if (left < -SEMVMX - 1 || left > SEMVMX) return -ERANGE
      undo[number] = left
    }
    this.values.set(values)
    if (undo) this.undo.set(group, undo)
    for (const { number } of ops) this.pids[number] = group.pid
    return 0
  }

  /** Does what has become possible, in the order of waiting, as long as something does. */
  update(): void {
    for (let again = true; again; ) {
      again = false
      for (const waiting of [...this.pending]) {
        const { task, ops } = waiting
        if (!task.alive || task.progressState !== waiting) {
          this.forget(waiting)
          continue
        }
        const result = this.attempt(task.group, ops)
        if (typeof result !== 'number') {
          waiting.blocking = result
          continue
        }
        this.finish(waiting, result)
        if (result === 0) this.opSec = secondsNow(task.world.clock)
        if (result === 0 && ops.some(({ change }) => change !== 0)) again = true
      }
    }
  }

  forget(waiting: PendingOps): void {
    const at = this.pending.indexOf(waiting)
    if (at >= 0) this.pending.splice(at, 1)
  }

  private finish(waiting: PendingOps, result: number): void {
    this.forget(waiting)
    waiting.result = result
    waiting.done.wakeAll()
  }

  removed(): void {
    for (const waiting of [...this.pending]) this.finish(waiting, -EIDRM)
    this.undo.clear()
  }

  /** Those who wait for zero, or for more. */
  waitingCount(number: number, isForZero: boolean): number {
    return this.pending.filter(
      ({ task, blocking }) =>
        task.alive && blocking.number === number && (blocking.change === 0) === isForZero,
    ).length
  }
}

export class SemaphoreSets extends IpcTable<SemaphoreSet> {
  semaphoreCount = 0

  constructor(totals: IpcTotals) {
    super(SEMMNI, totals)
  }

  /** A set that is not in the table yet, or ENOSPC where the machine has too many semaphores. */
  make(task: Task, key: number, mode: number, count: number): SemaphoreSet | number {
    if (this.totals.semaphores + count > SEMMNS) return -ENOSPC
    this.totals.semaphores += count
    this.semaphoreCount += count
    return new SemaphoreSet(task, key, mode, count)
  }

  override remove(set: SemaphoreSet): void {
    super.remove(set)
    this.semaphoreCount -= set.values.length
    this.totals.semaphores -= set.values.length
    set.removed()
  }

  /** A process ended: what it said SEM_UNDO for is undone. */
  undoAll(group: ThreadGroup): void {
    for (const set of this) {
      const undo = set.undo.get(group)
      if (!undo) continue
      set.undo.delete(group)
      for (const [number, change] of undo.entries()) {
        if (change === 0) continue
        set.values[number] = Math.min(SEMVMX, Math.max(0, set.values[number]! + change))
        set.pids[number] = group.pid
      }
      set.update()
    }
  }
}

/**
 * What a task asked of the scheduler: sched(7). Kept, inherited and guarded as Linux does it; the one queue of tasks
 * that can run (kernel.ts) takes no notice of it. Path: sys/policy.ts sets it, fork copies it.
 */

import { SCHED_DEADLINE, SCHED_FIFO, SCHED_OTHER, SCHED_RR } from '../abi/process.ts'
import type { Task } from './task.ts'

export interface Scheduling {
  readonly policy: number
  /** Of the real-time policies: 1 to 99, else 0. */
  readonly priority: number
  readonly resetOnFork: boolean
  /** SCHED_DEADLINE's three. */
  readonly runtimeNs: number
  readonly deadlineNs: number
  readonly periodNs: number
}

export const NORMAL_SCHEDULING: Scheduling = {
  policy: SCHED_OTHER,
  priority: 0,
  resetOnFork: false,
  runtimeNs: 0,
  deadlineNs: 0,
  periodNs: 0,
}

export const isRealTime = (policy: number): boolean => policy === SCHED_FIFO || policy === SCHED_RR

/** SCHED_RESET_ON_FORK keeps what is above an ordinary task's from children, and itself. Linux sched_fork. */
export function inheritScheduling(task: Task, child: Task): void {
  child.nice = task.nice
  child.sched = task.sched
  if (!task.sched.resetOnFork) return
  const { policy } = task.sched
  const isAbove = isRealTime(policy) || policy === SCHED_DEADLINE
  child.sched = isAbove ? NORMAL_SCHEDULING : { ...task.sched, resetOnFork: false }
  child.nice = isAbove ? 0 : Math.max(0, task.nice)
}

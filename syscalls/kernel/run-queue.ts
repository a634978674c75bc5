/**
 * Whose turn it is. A task that was woken goes before those that used up their slices, so that who waits for a key does not
 * wait for who computes as well; Linux's wake-up preemption. It does so once a round, and a round is over when everybody
 * else that there was at its beginning has had a turn. So nobody starves, however often others wake each other up.
 * Path: kernel.ts adds and takes. The order is that of wake-ups alone, so the same host input gives the same run.
 */

import type { Task } from './task.ts'

export class RunQueue {
  private readonly woken: Task[] = []
  private readonly others: Task[] = []
  private round = 1
  /** Turns of the others that are left in this round. */
  private turnsLeft = 0

  get length(): number {
    return this.woken.length + this.others.length
  }

  addWoken(task: Task): void {
    if (task.wokenRound === this.round) {
      this.others.push(task)
      return
    }
    task.wokenRound = this.round
    this.woken.push(task)
  }

  /** One that is new, or used up its slice. */
  add(task: Task): void {
    this.others.push(task)
  }

  take(): Task | undefined {
    const first = this.woken.shift()
    if (first) return first
    if (this.turnsLeft === 0) {
      this.round++
      this.turnsLeft = this.others.length
    }
    if (this.turnsLeft > 0) this.turnsLeft--
    return this.others.shift()
  }
}

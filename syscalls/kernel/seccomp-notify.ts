/**
 * Calls that wait for a supervisor's answer: SECCOMP_RET_USER_NOTIF of a filter with a listener. seccomp_unotify(2), Linux
 * kernel/seccomp.c.
 * Path: seccomp.ts asks here when a filter says so, and task-run.ts again whenever the task was woken; the supervisor reads
 * and answers through events/seccomp-listener.ts. The task waits in a queue, not as for an engine: signals may end it.
 */

import { BLOCKED, ENOSYS } from '../abi/errno.ts'
import { POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts'
import type { Kernel } from './kernel.ts'
import type { SeccompFilter } from './seccomp.ts'
import type { Task } from './task.ts'
import { WaitQueue } from './wait-queue.ts'

/** Nobody has received it, it was received, it is answered. */
export const NOTIFY_INIT = 0
export const NOTIFY_SENT = 1
export const NOTIFY_REPLIED = 2

export interface NotifyAnswer {
  /** What the call returns, unless it goes on. */
  readonly result: number
  /** SECCOMP_USER_NOTIF_FLAG_CONTINUE: it is made after all. */
  readonly continues: boolean
}

const NOBODY_LISTENS: NotifyAnswer = { result: -ENOSYS, continues: false }

/** One call of one task. */
export class Notification {
  readonly id: number
  readonly task: Task
  /** struct seccomp_data. */
  readonly data: Uint8Array
  state = NOTIFY_INIT
  answer: NotifyAnswer | null = null
  readonly answered = new WaitQueue()
  private readonly notifications: Notifications

  constructor(notifications: Notifications, id: number, task: Task, data: Uint8Array) {
    this.notifications = notifications
    this.id = id
    this.task = task
    this.data = data
  }

  reply(answer: NotifyAnswer): void {
    this.state = NOTIFY_REPLIED
    this.answer = answer
    this.answered.wakeAll()
  }

  /** The answer, BLOCKED, or -ERESTARTSYS when a signal came first: then the call is no supervisor's business any more. */
  wait(): NotifyAnswer | number {
    const { task, answer } = this
    if (answer) {
      this.end()
      return answer
    }
    const mustDie = this.notifications.waitsKillable && this.state !== NOTIFY_INIT
    const result = mustDie ? task.blockUninterruptible(this.answered) : task.blockOn(this.answered)
    if (result !== BLOCKED) this.end()
    return result
  }

  /** The task has its answer, or is gone. */
  end(): void {
    this.task.notification = null
    this.notifications.forget(this)
  }
}

/** Those of one filter, oldest first. */
export class Notifications {
  /** SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV: only death ends the wait for an answer once it was received. */
  readonly waitsKillable: boolean
  /** Woken by new ones, by received ones, and with the filter's last user. */
  readonly changed = new WaitQueue()
  private readonly list = new Set<Notification>()
  private nextId: number
  /** Receipts that will not wait: one that was broken off before still counts. */
  private requests = 0
  /** Somebody listens. */
  isOpen = true

  /** `firstId`: of calls, which begin anywhere. */
  constructor(waitsKillable: boolean, firstId: number) {
    this.waitsKillable = waitsKillable
    this.nextId = firstId
  }

  /** A call is to be decided; null when nobody listens any more. */
  notify(task: Task, data: Uint8Array): Notification | null {
    if (!this.isOpen) return null
    const notification = new Notification(this, this.nextId++, task, data)
    this.list.add(notification)
    this.requests++
    this.changed.wakeAll(POLLIN | POLLRDNORM)
    return notification
  }

  /** Takes one receipt; false when the supervisor must wait for a call. */
  takeRequest(): boolean {
    if (this.requests === 0) return false
    this.requests--
    return true
  }

  /** It could not be told: as if it had not been received. */
  giveBack(notification: Notification): void {
    notification.state = NOTIFY_INIT
    this.requests++
  }

  /** The oldest that nobody has received. */
  get first(): Notification | undefined {
    for (const one of this.list) if (one.state === NOTIFY_INIT) return one
    return undefined
  }

  received(notification: Notification): void {
    notification.state = NOTIFY_SENT
    this.changed.wakeAll(POLLOUT | POLLWRNORM)
  }

  find(id: number): Notification | undefined {
    for (const one of this.list) if (one.id === id) return one
    return undefined
  }

  forget(notification: Notification): void {
    this.list.delete(notification)
  }

  poll(isUsed: boolean): number {
    let events = isUsed ? 0 : POLLHUP
    for (const { state } of this.list)
      if (state === NOTIFY_INIT) events |= POLLIN | POLLRDNORM
      else if (state === NOTIFY_SENT) events |= POLLOUT | POLLWRNORM
    return events
  }

  /** The supervisor is gone. */
  close(): void {
    this.isOpen = false
    for (const one of this.list) if (one.state !== NOTIFY_REPLIED) one.reply(NOBODY_LISTENS)
  }
}

/** Whether a task has this filter. */
export function isFilterUsed(kernel: Kernel, wanted: SeccompFilter): boolean {
  for (const { seccompFilter } of kernel.tasks.values())
    for (let filter = seccompFilter; filter; filter = filter.previous) if (filter === wanted) return true
  return false
}

/** A task has ended: supervisors hear when it was the last. */
export function releaseFilters({ seccompFilter, notification }: Task): void {
  notification?.end()
  for (let filter = seccompFilter; filter; filter = filter.previous)
    filter.notifications?.changed.wakeAll(POLLHUP)
}

/** TimerFile: expiries to be read, timerfd_create(2). Path: sys/event-files.ts makes, sets and reads it. */

import { lowAt, put32 } from '../abi/bytes.ts'
import { EAGAIN, ECANCELED, EINVAL } from '../abi/errno.ts'
import { O_RDWR } from '../abi/fcntl.ts'
import { POLLIN } from '../abi/poll.ts'
import { AnonymousFile } from '../fs/anonfs/anonfs.ts'
import type { Clock, WallWatcher } from '../kernel/clock.ts'
import { IntervalTimer } from '../kernel/interval-timer.ts'
import type { Task } from '../kernel/task.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'

const COUNT_SIZE = 8

export class TimerFile extends AnonymousFile implements WallWatcher {
  readonly clockId: number
  readonly timer: IntervalTimer
  private readonly changed = new WaitQueue()
  /** Expiries taken from the timer and not read yet. */
  private ticks = 0
  private watched: Clock | null = null
  private isCancelled = false

  constructor(task: Task, clockId: number, statusFlags: number) {
    super(task.kernel, '[timerfd]', O_RDWR | statusFlags)
    this.clockId = clockId
    this.timer = new IntervalTimer(() => this.changed.wakeAll(POLLIN))
  }

  /** A new setting forgets what was not read. */
  forget(): void {
    this.watchSetting(null)
    this.timer.cancel()
    this.ticks = 0
    this.isCancelled = false
  }

  /** TFD_TIMER_CANCEL_ON_SET: the next read fails when this clock was set. */
  watchSetting(clock: Clock | null): void {
    this.watched?.unwatchWall(this)
    this.watched = clock
    clock?.watchWall(this)
  }

  wallChanged(set: Clock | null): void {
    if (set !== this.watched) return
    this.isCancelled = true
    this.changed.wakeAll(POLLIN)
  }

  /** Lets a periodic timer that expired run on, so that the time left means the next expiry. */
  catchUp(): void {
    this.timer.check()
    if (this.timer.expired && this.timer.intervalNs > 0) this.ticks += this.timer.take()
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    if (count < COUNT_SIZE) return -EINVAL
    if (this.isCancelled) return this.takeCancellation()
    const ticks = this.ticks + this.timer.take()
    if (ticks === 0) return this.nonBlocking ? -EAGAIN : caller.blockOn(this.changed)
    this.ticks = 0
    const { model } = caller.memory
    put32(bytes, at + lowAt(model), ticks, model)
    put32(bytes, at + (lowAt(model) ^ 4), Math.floor(ticks / 2 ** 32), model)
    return COUNT_SIZE
  }

  /** What had expired does not count: the reader has to look at the clock anyway. */
  private takeCancellation(): number {
    this.isCancelled = false
    this.ticks = 0
    this.timer.expired = false
    return -ECANCELED
  }

  override poll(): number {
    this.timer.check()
    return this.timer.expired || this.ticks > 0 || this.isCancelled ? POLLIN : 0
  }

  override pollQueue(): WaitQueue {
    return this.changed
  }

  override release(): void {
    this.watchSetting(null)
    this.timer.cancel()
  }
}

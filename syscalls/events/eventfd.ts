/**
 * EventFile: the 64-bit counter of eventfd(2). Path: sys/event-files.ts makes it; read(2) and write(2) come here with
 * guest memory. The counter is two words, so that no call allocates.
 */

import { get32, lowAt, put32 } from '../abi/bytes.ts'
import { EAGAIN, EINVAL } from '../abi/errno.ts'
import { O_RDWR } from '../abi/fcntl.ts'
import { POLLIN, POLLOUT } from '../abi/poll.ts'
import { AnonymousFile } from '../fs/anonfs/anonfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'

const COUNTER_SIZE = 8
const WORD_MAX = 0xffffffff

export class EventFile extends AnonymousFile {
  private lo: number
  private hi = 0
  /** EFD_SEMAPHORE: a read takes one. */
  private readonly isSemaphore: boolean
  private readonly changed = new WaitQueue()

  constructor(kernel: Kernel, count: number, isSemaphore: boolean, statusFlags: number) {
    super(kernel, '[eventfd]', O_RDWR | statusFlags)
    this.lo = count
    this.isSemaphore = isSemaphore
  }

  private get isZero(): boolean {
    return this.lo === 0 && this.hi === 0
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    if (count < COUNTER_SIZE) return -EINVAL
    if (this.isZero) return this.nonBlocking ? -EAGAIN : caller.blockOn(this.changed)
    const { model } = caller.memory
    put32(bytes, at + lowAt(model), this.isSemaphore ? 1 : this.lo, model)
    put32(bytes, at + (lowAt(model) ^ 4), this.isSemaphore ? 0 : this.hi, model)
    if (!this.isSemaphore) this.lo = this.hi = 0
    else if (this.lo > 0) this.lo--
    else {
      this.lo = WORD_MAX
      this.hi--
    }
    this.changed.wakeAll(POLLOUT)
    return COUNTER_SIZE
  }

  override write(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    if (count !== COUNTER_SIZE) return -EINVAL
    const { model } = caller.memory
    const lo = get32(bytes, at + lowAt(model), model)
    const hi = get32(bytes, at + (lowAt(model) ^ 4), model)
    if (lo === WORD_MAX && hi === WORD_MAX) return -EINVAL
    const sumLo = this.lo + lo
    const sumHi = this.hi + hi + (sumLo > WORD_MAX ? 1 : 0)
    // The largest sum is one below all ones, which means overflow.
    if (sumHi > WORD_MAX || (sumHi === WORD_MAX && sumLo % 2 ** 32 === WORD_MAX))
      return this.nonBlocking ? -EAGAIN : caller.blockOn(this.changed)
    this.lo = sumLo % 2 ** 32
    this.hi = sumHi
    this.changed.wakeAll(POLLIN)
    return COUNTER_SIZE
  }

  override poll(): number {
    const isFull = this.hi === WORD_MAX && this.lo >= WORD_MAX - 1
    return (this.isZero ? 0 : POLLIN) | (isFull ? 0 : POLLOUT)
  }

  override pollQueue(): WaitQueue {
    return this.changed
  }

  /** The counter as /proc/PID/fdinfo shows it. */
  override details(): string {
    const count = (BigInt(this.hi) << 32n) | BigInt(this.lo)
    return `eventfd-count: ${count.toString(16).padStart(16)}\n`
  }
}

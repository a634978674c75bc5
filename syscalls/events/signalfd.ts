/**
 * SignalFile: blocked signals to be read, signalfd(2). It holds a set and nothing else: each reader gets the signals
 * that wait for himself. Path: sys/event-files.ts makes it; kernel/signal.ts wakes the group's readers.
 */

import { put32 } from '../abi/bytes.ts'
import { EAGAIN, EINVAL } from '../abi/errno.ts'
import { O_RDWR } from '../abi/fcntl.ts'
import { POLLIN } from '../abi/poll.ts'
import { SI_TIMER, SIGCHLD, SIGSEGV, type SigInfo } from '../abi/signal.ts'
import type { DataModel } from '../abi/struct.ts'
import { AnonymousFile } from '../fs/anonfs/anonfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { SigSet } from '../kernel/sigset.ts'
import type { Task } from '../kernel/task.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'

const SIGINFO_SIZE = 128

export class SignalFile extends AnonymousFile {
  /** The signals that are not read here. */
  readonly others = new SigSet()

  constructor(kernel: Kernel, statusFlags: number) {
    super(kernel, '[signalfd]', O_RDWR | statusFlags)
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const task = caller as Caller & Task
    const room = Math.floor(count / SIGINFO_SIZE)
    if (room === 0) return -EINVAL
    let given = 0
    for (; given < room; given++) {
      const info = task.pending.take(this.others) ?? task.group.pending.take(this.others)
      if (!info) break
      putInfo(bytes, at + given * SIGINFO_SIZE, info, caller.memory.model)
    }
    if (given > 0) return given * SIGINFO_SIZE
    return this.nonBlocking ? -EAGAIN : caller.blockOn(task.group.signalQueued)
  }

  override poll(caller: Caller): number {
    const task = caller as Caller & Task
    const own = task.pending.set
    const shared = task.group.pending.set
    const { lo, hi } = this.others
    return ((own.lo | shared.lo) & ~lo) !== 0 || ((own.hi | shared.hi) & ~hi) !== 0 ? POLLIN : 0
  }

  override pollQueue(caller: Caller): WaitQueue {
    return (caller as Caller & Task).group.signalQueued
  }

  override details(): string {
    const hex = (word: number): string => (~word >>> 0).toString(16).padStart(8, '0')
    return `sigmask:\t${hex(this.others.hi)}${hex(this.others.lo)}\n`
  }
}

/** struct signalfd_siginfo. */
function putInfo(bytes: Uint8Array, at: number, info: SigInfo, model: DataModel): void {
  bytes.fill(0, at, at + SIGINFO_SIZE)
  const put = (offset: number, value: number): void => put32(bytes, at + offset, value, model)
  const putPair = (offset: number, low: number, high: number): void => {
    put(offset, model.littleEndian ? low : high)
    put(offset + 4, model.littleEndian ? high : low)
  }
  put(0, info.signo)
  put(4, info.errno)
  put(8, info.code)
  if (info.code === SI_TIMER) {
    put(24, info.timerId)
    put(32, info.overrun)
  } else {
    put(12, info.pid)
    put(16, info.uid)
  }
  if (info.signo === SIGCHLD && info.code > 0) put(40, info.status)
  if (info.code < 0) {
    const value = info.value
    // An int of the union is its first half.
    const isUpper = !model.littleEndian && model.wordSize === 8
    put(44, Number((isUpper ? value >> 32n : value) & 0xffffffffn))
    putPair(48, Number(value & 0xffffffffn), Number(value >> 32n))
  }
  if (info.signo === SIGSEGV && info.code > 0)
    putPair(72, info.addr % 2 ** 32, Math.floor(info.addr / 2 ** 32))
}

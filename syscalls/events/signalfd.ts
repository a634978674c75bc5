/**
 * SignalFile: blocked signals to be read, signalfd(2). It holds a set and nothing else: each reader gets the signals
 * that wait for himself. Path: sys/event-files.ts makes it; kernel/signal.ts wakes the group's readers.
 */

import { putLe32 } from '../abi/bytes.ts'
import { EAGAIN, EINVAL } from '../abi/errno.ts'
import { O_RDWR } from '../abi/fcntl.ts'
import { POLLIN } from '../abi/poll.ts'
import { SI_TIMER, SIGCHLD, SIGSEGV, type SigInfo } from '../abi/signal.ts'
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
      putInfo(bytes, at + given * SIGINFO_SIZE, info)
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
function putInfo(bytes: Uint8Array, at: number, info: SigInfo): void {
  bytes.fill(0, at, at + SIGINFO_SIZE)
  putLe32(bytes, at, info.signo)
  putLe32(bytes, at + 4, info.errno)
  putLe32(bytes, at + 8, info.code)
  if (info.code === SI_TIMER) {
    putLe32(bytes, at + 24, info.timerId)
    putLe32(bytes, at + 32, info.overrun)
  } else {
    putLe32(bytes, at + 12, info.pid)
    putLe32(bytes, at + 16, info.uid)
  }
  if (info.signo === SIGCHLD && info.code > 0) putLe32(bytes, at + 40, info.status)
  if (info.code < 0) {
    const value = info.value
    putLe32(bytes, at + 44, Number(value & 0xffffffffn))
    putLe32(bytes, at + 48, Number(value & 0xffffffffn))
    putLe32(bytes, at + 52, Number(value >> 32n))
  }
  if (info.signo === SIGSEGV && info.code > 0) {
    putLe32(bytes, at + 72, info.addr % 2 ** 32)
    putLe32(bytes, at + 76, Math.floor(info.addr / 2 ** 32))
  }
}

/**
 * TtyFile: an open terminal, slave or master: read(2), write(2), poll(2), ioctl(2) on it. Linux drivers/tty/tty_io.c
 * and the reading half of n_tty.c; termios(3) "Canonical and noncanonical mode".
 * Path: terminals.ts opens it; sys/io.ts calls it with the guest's memory.
 */

import { BLOCKED, EAGAIN, EIO, ENOTTY, ESPIPE } from '../abi/errno.ts'
import { POLLERR, POLLHUP, POLLIN, POLLOUT, POLLPRI, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts'
import { SIGTTIN, SIGTTOU } from '../abi/signal.ts'
import { TIOCPKT_DATA, TIOCSPGRP, VMIN, VTIME } from '../abi/tty.ts'
import type { Deadline } from '../kernel/deadline.ts'
import { checkBackground } from '../kernel/job-control.ts'
import { Task } from '../kernel/task.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'
import { DeviceFile } from '../vfs/device.ts'
import type { Path } from '../vfs/path.ts'
import { ttyIoctl } from './ioctl.ts'
import type { Tty } from './tty.ts'

const NS_PER_TENTH = 100_000_000
/** A noncanonical read collects at most so many bytes before it looks whether VMIN is reached. */
const PIECE_SIZE = 64

/** A caller that can remember how far a call came, and wait for a time; Task can. */
interface WaitingCaller extends Caller {
  progress: number
  deadline?: Deadline
  timedOut?: boolean
}

export class TtyFile extends DeviceFile {
  readonly tty: Tty
  /** The terminal was hung up while this was open. */
  hungUp = false
  private readonly onRelease: (file: TtyFile) => void

  constructor(tty: Tty, flags: number, path: Path, onRelease: (file: TtyFile) => void) {
    super(flags, path)
    this.tty = tty
    this.onRelease = onRelease
    tty.files.add(this)
  }

  override seek(): number {
    return -ESPIPE
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const waiter = caller as WaitingCaller
    if (!(caller instanceof Task && caller.resumed)) {
      if (this.hungUp) return 0
      const refused = caller instanceof Task ? checkBackground(caller, this.tty, SIGTTIN) : 0
      if (refused) return refused
    }
    if (count === 0) return 0
    const { tty } = this
    const result =
      tty.packet && tty.other.packetStatus !== 0
        ? this.readStatus(bytes, at)
        : tty.input.isCanonical
          ? this.readLine(waiter, bytes, at, count)
          : this.readBytes(waiter, bytes, at, count)
    if (result !== BLOCKED) waiter.progress = 0
    return result
  }

  /** Packet mode: what happened at the other end comes before what was written there. */
  private readStatus(bytes: Uint8Array, at: number): number {
    const { other } = this.tty
    bytes[at] = other.packetStatus
    other.packetStatus = 0
    return 1
  }

  private readLine(waiter: WaitingCaller, bytes: Uint8Array, at: number, count: number): number {
    const { tty } = this
    if (this.hungUp || !tty.input.isReady()) return this.wait(waiter)
    const done = tty.input.takeLine(bytes, at, count)
    tty.inputTaken()
    return done
  }

  private readBytes(waiter: WaitingCaller, bytes: Uint8Array, at: number, count: number): number {
    const { tty } = this
    const { cc } = tty.termios
    const minimum = cc[VMIN] || 1
    const timeNs = cc[VTIME]! * NS_PER_TENTH
    const limit = minimum > PIECE_SIZE ? Math.min(count, PIECE_SIZE) : count
    const needed = Math.min(minimum, limit)
    if (tty.packet && tty.input.isReady()) {
      bytes[at] = TIOCPKT_DATA
      const done = tty.input.take(bytes, at + 1, count - 1)
      tty.inputTaken()
      return done + 1
    }
    const got =
      this.hungUp || waiter.progress >= limit
        ? 0
        : tty.input.take(bytes, at + waiter.progress, limit - waiter.progress)
    if (got > 0) {
      waiter.progress += got
      tty.inputTaken()
    }
    if (waiter.progress >= needed) return waiter.progress
    // With VMIN the time runs from byte to byte, without it from the call to the first byte.
    if (cc[VMIN] === 0 && timeNs === 0) return 0
    if (timeNs > 0 && (got > 0 || (cc[VMIN] === 0 && waiter.deadline?.isSet === false))) {
      waiter.deadline?.setIn(waiter.world.clock, timeNs)
      waiter.timedOut = false
    }
    if (waiter.timedOut) return waiter.progress
    const waited = this.wait(waiter)
    return waited !== BLOCKED && waiter.progress > 0 ? waiter.progress : waited
  }

  /** Nothing to read: what becomes of the caller. */
  private wait(waiter: WaitingCaller): number {
    if (this.tty.otherClosed) return -EIO
    if (this.hungUp) return 0
    if (this.nonBlocking) return -EAGAIN
    return waiter.blockOn(this.tty.changed)
  }

  override write(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const { tty } = this
    const waiter = caller as WaitingCaller
    if (!this.hungUp && caller instanceof Task && !caller.resumed && tty.stopsBackgroundWrites) {
      const refused = checkBackground(caller, tty, SIGTTOU)
      if (refused) return refused
    }
    const result = this.writeAll(waiter, bytes, at, count)
    if (result !== BLOCKED) waiter.progress = 0
    return result
  }

  private writeAll(waiter: WaitingCaller, bytes: Uint8Array, at: number, count: number): number {
    const { tty } = this
    if (!this.hungUp) tty.output.processEchoes()
    for (;;) {
      if (this.hungUp || (!tty.isMaster && tty.otherClosed)) return waiter.progress || -EIO
      const put = tty.output.write(bytes, at + waiter.progress, count - waiter.progress)
      waiter.progress += put
      if (waiter.progress >= count) return count
      if (put > 0) continue
      if (this.nonBlocking) return waiter.progress || -EAGAIN
      const blocked = waiter.blockOn(tty.changed)
      return blocked !== BLOCKED && waiter.progress > 0 ? waiter.progress : blocked
    }
  }

  override poll(): number {
    if (this.hungUp) return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM
    const { tty } = this
    const { cc } = tty.termios
    let events = 0
    if (tty.input.isReady(cc[VTIME] === 0 && cc[VMIN]! > 0 ? cc[VMIN] : 1)) events |= POLLIN | POLLRDNORM
    if (tty.packet && tty.other.packetStatus !== 0) events |= POLLPRI | POLLIN | POLLRDNORM
    if (tty.otherClosed) events |= POLLHUP
    if (tty.sendRoom > 0) events |= POLLOUT | POLLWRNORM
    return events
  }

  override pollQueue(): WaitQueue {
    return this.tty.changed
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (this.hungUp) return request === TIOCSPGRP ? -ENOTTY : -EIO
    return ttyIoctl(this, caller, request, argument)
  }

  override release(): void {
    super.release()
    // Whoever still waits, an embedder, waits in vain.
    this.hungUp = true
    this.tty.files.delete(this)
    this.onRelease(this)
  }
}

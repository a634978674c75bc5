/** The character devices every process expects: null(4), zero(4), full(4), random(4), tty(4). */

import { inOrder } from '../../abi/bytes.ts'
import { BLOCKED, EAGAIN, EFAULT, ENOSPC, ENOTTY, EPIPE, ESPIPE } from '../../abi/errno.ts'
import { FIONREAD, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../../abi/poll.ts'
import { TCGETS, TCSETS, TCSETSF, TCSETSW, TIOCGWINSZ } from '../../abi/tty.ts'
import type { Host, HostInput, HostOutput } from '../../host.ts'
import { WaitQueue } from '../../kernel/wait-queue.ts'
import { Termios } from '../../tty/termios.ts'
import type { Caller } from '../../vfs/caller.ts'
import { DeviceFile } from '../../vfs/device.ts'
import type { Path } from '../../vfs/path.ts'

export class NullFile extends DeviceFile {
  override read(_caller: Caller, _bytes: Uint8Array, _at: number, _count: number): number {
    return 0
  }

  override write(_caller: Caller, _bytes: Uint8Array, _at: number, count: number): number {
    return count
  }

  override readAt(): number {
    return 0
  }

  override writeAt(_caller: Caller, _pos: number, _bytes: Uint8Array, _at: number, count: number): number {
    return count
  }
}

export class ZeroFile extends NullFile {
  override read(_caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    bytes.fill(0, at, at + count)
    return count
  }
}

export class FullFile extends ZeroFile {
  override write(_caller: Caller, _bytes: Uint8Array, _at: number, count: number): number {
    return count === 0 ? 0 : -ENOSPC
  }
}

export class RandomFile extends NullFile {
  private readonly host: Host

  constructor(flags: number, path: Path, host: Host) {
    super(flags, path)
    this.host = host
  }

  override read(_caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    this.host.random.fill(bytes, at, count)
    return count
  }
}

/** What the console's descriptions share: the host's streams and who waits for them. */
export class Console {
  readonly input: HostInput
  readonly output: HostOutput
  readonly error: HostOutput
  readonly changed = new WaitQueue()

  constructor(host: Host) {
    this.input = host.stdin
    this.output = host.stdout
    this.error = host.stderr
    const wake = (): void => {
      this.changed.wakeAll()
      host.wake()
    }
    this.input.onReady(wake)
    this.output.onReady(wake)
    if (this.error !== this.output) this.error.onReady(wake)
  }
}

/**
 * stdin, stdout or stderr of the machine. Where the host's stream is a terminal, programs are told so, but its line
 * discipline and its sessions are the host's: modes cannot be changed and there is no job control.
 */
export class ConsoleFile extends DeviceFile {
  private readonly console: Console
  private readonly output: HostOutput

  constructor(flags: number, path: Path, console: Console, output: HostOutput) {
    super(flags, path)
    this.console = console
    this.output = output
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    if (count === 0) return 0
    const got = this.console.input.read(bytes, at, count)
    if (got >= 0) return got
    return this.nonBlocking ? -EAGAIN : caller.blockOn(this.console.changed)
  }

  override write(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const task = caller as Caller & { progress: number }
    while (task.progress < count) {
      const put = this.output.write(bytes, at + task.progress, count - task.progress)
      if (put < 0) {
        if (task.progress > 0) break
        caller.brokenPipe()
        return -EPIPE
      }
      task.progress += put
      if (put > 0) continue
      if (this.nonBlocking) return task.progress > 0 ? task.progress : -EAGAIN
      const blocked = caller.blockOn(this.console.changed)
      return blocked !== BLOCKED && task.progress > 0 ? task.progress : blocked
    }
    return task.progress
  }

  override poll(): number {
    let events = 0
    if (this.readable) {
      const available = this.console.input.available()
      if (available !== 0) events |= POLLIN | POLLRDNORM
      if (available < 0 && !this.console.input.isTerminal) events |= POLLHUP
    }
    if (this.writable && this.output.writable()) events |= POLLOUT | POLLWRNORM
    return events & ~POLLERR
  }

  override pollQueue(): WaitQueue {
    return this.console.changed
  }

  get isTerminal(): boolean {
    return this.writable ? this.output.isTerminal : this.console.input.isTerminal
  }

  override seek(): number {
    return -ESPIPE
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    const { memory } = caller
    if (request === FIONREAD)
      return memory.setU32(argument, Math.max(0, this.console.input.available())) ? 0 : -EFAULT
    if (!this.isTerminal) return -ENOTTY
    switch (request) {
      case TCGETS:
        return memory.copyOut(argument, Termios.cooked().encode('termios', memory.model)) ? 0 : -EFAULT
      case TCSETS:
      case TCSETSW:
      case TCSETSF:
        return 0
      case TIOCGWINSZ: {
        const size = Uint16Array.of(this.output.rows, this.output.columns, 0, 0)
        return memory.copyOut(argument, inOrder(size, memory.model)) ? 0 : -EFAULT
      }
      default:
        return -ENOTTY
    }
  }
}

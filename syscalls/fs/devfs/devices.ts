/** The character devices every process expects: null(4), zero(4), full(4), random(4), tty(4). */

import { BLOCKED, EAGAIN, EFAULT, ENOSPC, ENOTTY, EPIPE, ESPIPE } from '../../abi/errno.ts'
import {
  FIONREAD,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
  TCGETS,
  TCSETS,
  TCSETSF,
  TCSETSW,
  TIOCGPGRP,
  TIOCGSID,
  TIOCGWINSZ,
  TIOCNOTTY,
  TIOCSCTTY,
  TIOCSPGRP,
  TIOCSWINSZ,
} from '../../abi/poll.ts'
import type { Host, HostInput, HostOutput } from '../../host.ts'
import type { Task } from '../../kernel/task.ts'
import { WaitQueue } from '../../kernel/wait-queue.ts'
import type { Caller } from '../../vfs/caller.ts'
import { FileDescription } from '../../vfs/file-description.ts'
import type { Inode } from '../../vfs/inode.ts'
import type { Path } from '../../vfs/path.ts'

/** A description of a device node. */
export abstract class DeviceFile extends FileDescription {
  private readonly file: Inode

  constructor(flags: number, path: Path) {
    super(flags, path)
    this.file = path.inode
    this.file.opened()
  }

  override get inode(): Inode {
    return this.file
  }

  override seek(): number {
    return 0
  }

  override release(): void {
    this.file.released()
  }
}

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
  processGroup = 0
  sessionId = 0

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

/** struct termios of Linux: four flag words, line, 19 characters. What a fresh terminal has. */
const TERMIOS_SIZE = 36
const DEFAULT_TERMIOS = [0x4500, 0x05, 0xbf, 0x8a3b]
const CONTROL_CHARACTERS = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0]

/** stdin, stdout or stderr of the machine; a terminal where the host's stream is one. */
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
      case TCGETS: {
        const bytes = new Uint8Array(TERMIOS_SIZE)
        const view = new DataView(bytes.buffer)
        for (const [i, word] of DEFAULT_TERMIOS.entries()) view.setUint32(i * 4, word, true)
        bytes.set(CONTROL_CHARACTERS, 17)
        return memory.copyOut(argument, bytes) ? 0 : -EFAULT
      }
      case TCSETS:
      case TCSETSW:
      case TCSETSF:
        return 0
      case TIOCGWINSZ: {
        const view = new DataView(new ArrayBuffer(8))
        view.setUint16(0, this.output.rows, true)
        view.setUint16(2, this.output.columns, true)
        return memory.copyOut(argument, new Uint8Array(view.buffer)) ? 0 : -EFAULT
      }
      case TIOCSWINSZ:
        return 0
      default:
        return this.jobControl(caller as Caller & Task, request, argument)
    }
  }

  private jobControl(task: Task, request: number, argument: number): number {
    switch (request) {
      case TIOCGPGRP:
        return task.memory.setU32(argument, this.console.processGroup || task.group.processGroup)
          ? 0
          : -EFAULT
      case TIOCSPGRP: {
        const group = task.memory.getU32(argument)
        if (group < 0) return -EFAULT
        this.console.processGroup = group
        return 0
      }
      case TIOCGSID:
        return task.memory.setU32(argument, this.console.sessionId || task.group.sessionId) ? 0 : -EFAULT
      case TIOCSCTTY:
        this.console.sessionId = task.group.sessionId
        return 0
      case TIOCNOTTY:
        return 0
      default:
        return -ENOTTY
    }
  }
}

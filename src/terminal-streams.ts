/**
 * A terminal between a guest and its embedder: a pty(7) whose master the embedder holds as WHATWG streams. What is
 * written to `stdin` is typed, what comes from `stdout` is the screen's; nothing is read before the consumer asks.
 * Path: bare-machine.ts's spawn makes one for a program with `tty`; the CLI shows it on the host's own terminal.
 */

import { EINVAL } from '../syscalls/abi/errno.ts'
import { ICANON, IUTF8, VEOF } from '../syscalls/abi/tty.ts'
import { controlTerminal } from '../syscalls/kernel/job-control.ts'
import type { Kernel } from '../syscalls/kernel/kernel.ts'
import type { ThreadGroup } from '../syscalls/kernel/thread-group.ts'
import { terminalsOf } from '../syscalls/tty/terminals.ts'
import type { TtyFile } from '../syscalls/tty/tty-file.ts'
import type { FileDescription } from '../syscalls/vfs/file-description.ts'
import type { StandardStreams, TerminalOptions } from './api.ts'
import { startError } from './errors.ts'
import { HostCaller } from './host-caller.ts'

export const DEFAULT_TERM = 'xterm-256color'
const READ_SIZE = 65536
const WINDOW_MAX = 65535

export class TerminalStreams {
  /** The program's descriptors 0, 1 and 2. */
  readonly files: readonly FileDescription[]
  readonly streams: StandardStreams
  private readonly kernel: Kernel
  private readonly master: TtyFile
  private readonly slave: TtyFile
  private closed = false

  /** Throws StartError for a window that cannot be, or when there are too many terminals. */
  constructor(kernel: Kernel, options: TerminalOptions) {
    const pair = terminalsOf(kernel).openPair(kernel.caller)
    if (typeof pair === 'number') throw startError(pair, 'opening a terminal')
    this.kernel = kernel
    this.master = pair.master
    this.slave = pair.slave
    this.slave.tty.termios.input |= IUTF8
    this.files = [pair.slave, pair.slave, pair.slave]
    this.streams = { stdin: this.keyboard(), stdout: this.screen(), stderr: null }
    try {
      this.resize(options.columns, options.rows)
    } catch (error) {
      this.hangUp()
      throw error
    }
  }

  /** It becomes the controlling terminal of a program that leads its session. */
  control(group: ThreadGroup): void {
    controlTerminal(group, this.slave.tty)
  }

  /** The window has another size: the foreground programs get SIGWINCH. */
  resize(columns: number, rows: number): void {
    for (const size of [columns, rows])
      if (!Number.isInteger(size) || size < 0 || size > WINDOW_MAX)
        throw startError(-EINVAL, `a terminal of ${columns} columns and ${rows} rows`)
    this.slave.tty.resize(rows, columns, 0, 0)
  }

  /** The embedder goes: SIGHUP to the session. */
  hangUp(): void {
    if (this.closed) return
    this.closed = true
    this.master.release()
  }

  /** Closing it types the end-of-file character, since a terminal has no half to close. Aborting hangs up. */
  private keyboard(): WritableStream<Uint8Array> {
    const caller = new HostCaller(this.kernel.world, this.kernel.host)
    return new WritableStream<Uint8Array>({
      write: (chunk) => this.type(caller, chunk),
      close: async () => {
        const { local, cc } = this.slave.tty.termios
        if (!this.closed && local & ICANON && cc[VEOF]) await this.type(caller, Uint8Array.of(cc[VEOF]))
      },
      abort: () => this.hangUp(),
    })
  }

  private async type(caller: HostCaller, bytes: Uint8Array): Promise<void> {
    caller.progress = 0
    const result = this.closed
      ? -1
      : await caller.complete(() => this.master.write(caller, bytes, 0, bytes.length))
    if (result < 0)
      throw Object.assign(new Error('EPIPE: nobody is at this terminal any more'), { code: 'EPIPE' })
  }

  /** Ends when no program has the terminal open any more. */
  private screen(): ReadableStream<Uint8Array> {
    const caller = new HostCaller(this.kernel.world, this.kernel.host)
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const bytes = new Uint8Array(READ_SIZE)
          const count = this.closed
            ? -1
            : await caller.complete(() => this.master.read(caller, bytes, 0, bytes.length))
          if (count > 0) controller.enqueue(bytes.subarray(0, count))
          else {
            this.hangUp()
            controller.close()
          }
        },
        cancel: () => this.hangUp(),
      },
      { highWaterMark: 0 },
    )
  }
}

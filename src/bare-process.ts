/**
 * A program that the embedder started, beside the kernel: its standard streams, its end, signals to it.
 * Path: bare-machine.ts's spawn makes it; local-machine.ts hands it out.
 */

import { EINVAL, ENOTTY } from '../syscalls/abi/errno.ts'
import { SI_USER, SIGNAL_MAX, sigInfo, signalName, signalNumber } from '../syscalls/abi/signal.ts'
import type { View } from '../syscalls/engines/view.ts'
import type { Kernel } from '../syscalls/kernel/kernel.ts'
import { GROUP_ALIVE, type ThreadGroup } from '../syscalls/kernel/thread-group.ts'
import type { ExitStatus, StandardStreams } from './api.ts'
import { BareView } from './bare-view.ts'
import { startError } from './errors.ts'
import type { TerminalStreams } from './terminal-streams.ts'

/** From a wait status. */
export function exitStatusOf(status: number): ExitStatus {
  const signo = status & 0x7f
  return signo ? { code: null, signal: signalName(signo) } : { code: (status >> 8) & 0xff, signal: null }
}

export class BareProcess implements StandardStreams {
  readonly pid: number
  readonly stdin: WritableStream<Uint8Array> | null
  readonly stdout: ReadableStream<Uint8Array> | null
  readonly stderr: ReadableStream<Uint8Array> | null
  /** Resolves when the program has ended; rejects only when the machine itself failed. */
  readonly exited: Promise<ExitStatus>
  private readonly kernel: Kernel
  private readonly firstView: View
  private readonly group: ThreadGroup
  private readonly terminal: TerminalStreams | null

  constructor(
    kernel: Kernel,
    group: ThreadGroup,
    streams: StandardStreams,
    exited: Promise<ExitStatus>,
    terminal: TerminalStreams | null = null,
  ) {
    this.kernel = kernel
    this.group = group
    this.pid = group.pid
    this.firstView = group.tasks[0]!.view
    this.stdin = streams.stdin
    this.stdout = streams.stdout
    this.stderr = streams.stderr
    this.exited = exited
    this.terminal = terminal
  }

  /** Another size of its terminal. Throws StartError for a program without one, and for a size that cannot be. */
  resize(columns: number, rows: number): void {
    if (!this.terminal) throw startError(-ENOTTY, 'resize: the program was not started on a terminal')
    this.terminal.resize(columns, rows)
  }

  /** What it sees now. Others may share it: those it was started by or has started. */
  get view(): BareView {
    return new BareView(this.group.tasks[0]?.view ?? this.firstView)
  }

  /** Sends a signal by name or number. False when the program has already ended. */
  kill(signal: string | number = 'SIGTERM'): boolean {
    const signo = typeof signal === 'number' ? signal : signalNumber(signal)
    if (signo === undefined || !(signo >= 0 && signo <= SIGNAL_MAX))
      throw startError(-EINVAL, `kill: ${signal} is no signal`)
    if (this.group.state !== GROUP_ALIVE) return false
    if (signo > 0) this.kernel.sendToGroup(this.group, sigInfo(signo, SI_USER, { pid: 0, uid: 0 }))
    return true
  }
}

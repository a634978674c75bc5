/**
 * Tty: one end of a pseudoterminal: modes, window size, session, flow control, and what was sent to it and not yet
 * read. The slave is what programs call their terminal; the master is held by who shows it: a program, or the
 * embedder. pty(7), Linux drivers/tty/pty.c.
 * Path: a write to one end goes through its output into `receive` of the other, whose line discipline keeps it for
 * read(2). Only a slave's line discipline does anything: a master's modes are all off.
 */

import { POLLIN, POLLOUT, POLLPRI, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts'
import { SIGWINCH } from '../abi/signal.ts'
import { makedev } from '../abi/stat.ts'
import {
  ICANON,
  IXON,
  PTY_MASTER_MAJOR,
  PTY_SLAVE_MAJOR,
  TIOCPKT_DOSTOP,
  TIOCPKT_FLUSHREAD,
  TIOCPKT_FLUSHWRITE,
  TIOCPKT_NOSTOP,
  TIOCPKT_START,
  TIOCPKT_STOP,
  TOSTOP,
  VSTART,
  VSTOP,
} from '../abi/tty.ts'
import { hangUpTerminal, signalProcessGroup, type Terminal } from '../kernel/job-control.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import { Backlog } from './backlog.ts'
import { LineDiscipline } from './line-discipline.ts'
import { TtyOutput } from './output.ts'
import { Termios } from './termios.ts'
import type { TtyFile } from './tty-file.ts'

/** ^S and ^Q: the flow control that packet mode tells a remote end it may do itself. */
const CTRL_S = 0x13
const CTRL_Q = 0x11

export interface WindowSize {
  rows: number
  columns: number
  xPixels: number
  yPixels: number
}

export class Tty implements Terminal {
  readonly kernel: Kernel
  readonly index: number
  readonly isMaster: boolean
  readonly termios: Termios
  /** The other end; set once by the pair. */
  other!: Tty
  readonly window: WindowSize = { rows: 0, columns: 0, xPixels: 0, yPixels: 0 }
  sessionId = 0
  foreground = 0
  /** Output waits: ^S, or TCXONC. */
  stopped = false
  stoppedByProgram = false
  /** TIOCSPTLCK, of a master: its slave cannot be opened. */
  locked = false
  /** TIOCEXCL */
  exclusive = false
  /** TIOCPKT, of a master. What it has to tell is collected at the slave. */
  packet = false
  packetStatus = 0
  /** Every description of the other end is gone. */
  otherClosed = false
  readonly files = new Set<TtyFile>()
  readonly changed = new WaitQueue()
  readonly input: LineDiscipline
  readonly output: TtyOutput
  /** What the line discipline had no room for. */
  private readonly backlog = new Backlog()

  constructor(kernel: Kernel, index: number, isMaster: boolean) {
    this.kernel = kernel
    this.index = index
    this.isMaster = isMaster
    this.termios = isMaster ? new Termios() : Termios.cooked()
    this.input = new LineDiscipline(this)
    this.output = new TtyOutput(this)
  }

  get rdev(): number {
    return makedev(this.isMaster ? PTY_MASTER_MAJOR : PTY_SLAVE_MAJOR, this.index)
  }

  /** The slave of the pair: what ioctls on either end mean. */
  get slave(): Tty {
    return this.isMaster ? this.other : this
  }

  get stopsBackgroundWrites(): boolean {
    return (this.termios.local & TOSTOP) !== 0
  }

  // To the other end.

  /** Bytes that `send` takes at least. */
  get sendRoom(): number {
    return this.stopped ? 0 : this.other.backlog.room
  }

  /** Gives bytes to the other end; how many it took. */
  send(bytes: Uint8Array, at: number, count: number): number {
    return this.stopped ? 0 : this.other.receive(bytes, at, count)
  }

  /** What the other end has not taken into its line discipline is lost. */
  dropOutput(): void {
    this.other.backlog.clear()
    if (this.other.packet) this.tellPacket(0, TIOCPKT_FLUSHWRITE)
  }

  // From the other end.

  private receive(bytes: Uint8Array, at: number, count: number): number {
    let taken = 0
    if (this.backlog.used === 0) taken = this.input.receive(bytes, at, count)
    if (taken < count) taken += this.backlog.put(bytes, at + taken, count - taken)
    if (this.input.isReady()) this.changed.wakeAll(POLLIN | POLLRDNORM)
    return taken
  }

  /** TIOCSTI: as if it had been typed. */
  type(byte: number): void {
    this.input.receive(Uint8Array.of(byte), 0, 1)
    if (this.input.isReady()) this.changed.wakeAll(POLLIN | POLLRDNORM)
  }

  /** After a read: what waited moves up, and the other end may write again. */
  inputTaken(): void {
    const { backlog, other } = this
    if (backlog.used > 0) {
      backlog.moveTo(this.input)
      other.output.processEchoes()
      other.changed.wakeAll(POLLOUT | POLLWRNORM)
    } else other.output.processEchoes()
  }

  /** Drops what was typed; TCFLSH also drops what has not reached the line discipline. */
  dropInput(withBacklog: boolean): void {
    if (withBacklog) this.backlog.clear()
    this.input.reset()
    this.inputTaken()
    this.inputFlushed()
  }

  /** Packet mode hears of dropped input. */
  inputFlushed(): void {
    if (this.other.packet) this.tellPacket(0, TIOCPKT_FLUSHREAD)
  }

  // Flow control.

  stop(): void {
    if (this.stopped) return
    this.stopped = true
    if (this.other.packet) this.tellPacket(TIOCPKT_START, TIOCPKT_STOP)
  }

  start(): void {
    if (!this.stopped || this.stoppedByProgram) return
    this.stopped = false
    if (this.other.packet) this.tellPacket(TIOCPKT_STOP, TIOCPKT_START)
    this.changed.wakeAll(POLLOUT | POLLWRNORM)
  }

  /** A byte that overtakes stopped output (TCIOFF, TCION). */
  sendUrgent(byte: number): void {
    this.other.receive(Uint8Array.of(byte), 0, 1)
  }

  private tellPacket(clear: number, set: number): void {
    this.packetStatus = (this.packetStatus & ~clear) | set
    this.other.changed.wakeAll(POLLPRI | POLLIN | POLLRDNORM)
  }

  // Modes.

  /** `change` makes the modes what a program gave. */
  setModes(change: (termios: Termios) => void): void {
    const { termios } = this
    const before = termios.local
    const inputBefore = termios.input
    const flowBefore = this.hasUsualFlowControl
    change(termios)
    const flow = this.hasUsualFlowControl
    if (this.other.packet && flow !== flowBefore)
      this.tellPacket(TIOCPKT_DOSTOP | TIOCPKT_NOSTOP, flow ? TIOCPKT_DOSTOP : TIOCPKT_NOSTOP)
    if ((before ^ termios.local) & ICANON) this.input.modeChanged()
    if (!(termios.input & IXON) && inputBefore & IXON && !this.stoppedByProgram) {
      this.start()
      this.output.processEchoes()
    }
    // What is ready under other modes may differ.
    this.changed.wakeAll()
  }

  private get hasUsualFlowControl(): boolean {
    const { input, cc } = this.termios
    return (input & IXON) !== 0 && cc[VSTOP] === CTRL_S && cc[VSTART] === CTRL_Q
  }

  /** TIOCSWINSZ: the foreground group hears of a change. */
  resize(rows: number, columns: number, xPixels: number, yPixels: number): void {
    const { window } = this
    if (
      window.rows === rows &&
      window.columns === columns &&
      window.xPixels === xPixels &&
      window.yPixels === yPixels
    )
      return
    this.signalForeground(SIGWINCH)
    Object.assign(window, { rows, columns, xPixels, yPixels })
  }

  signalForeground(signo: number): void {
    signalProcessGroup(this.kernel, this.foreground, signo)
  }

  /** The line is cut: every description fails from now on, the session loses its terminal. */
  hangUp(): void {
    for (const file of this.files) file.hungUp = true
    hangUpTerminal(this.kernel, this)
    this.termios.reset()
    this.input.reset()
    this.output.reset()
    this.stopped = this.stoppedByProgram = false
    this.packetStatus = 0
    this.changed.wakeAll()
  }

  /** The last description of this end was closed. */
  closed(): void {
    this.packet = false
    this.changed.wakeAll()
    this.other.otherClosed = true
    this.other.changed.wakeAll()
    if (this.isMaster) this.other.hangUp()
  }
}

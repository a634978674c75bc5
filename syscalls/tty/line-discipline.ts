/**
 * n_tty: what becomes of typed bytes before a program reads them: translation, editing of the line, signals, echo.
 * Linux drivers/tty/n_tty.c; termios(3).
 * Path: Tty.receive puts bytes in; tty-file.ts takes them out.
 *
 * One ring of 4096 bytes. Between `tail` and `lineHead` are whole lines (canonical mode), up to `head` the line that
 * is being typed. Positions only grow; the place in the ring is their rest. Without a newline characters beyond the
 * ring go, the last place being written over, so that the line can still be ended and edited.
 */

import { SIGINT, SIGQUIT, SIGTSTP } from '../abi/signal.ts'
import {
  DISABLED_CHAR,
  ECHO,
  ECHOCTL,
  ECHONL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  INLCR,
  ISIG,
  ISTRIP,
  IUCLC,
  IXANY,
  IXON,
  NOFLSH,
  PARMRK,
  VEOF,
  VEOL,
  VEOL2,
  VERASE,
  VINTR,
  VKILL,
  VLNEXT,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VWERASE,
} from '../abi/tty.ts'
import { eraseCharacters, finishErasing } from './erase.ts'
import type { TtyOutput } from './output.ts'
import type { Tty } from './tty.ts'

const SIZE = 4096
const MASK = SIZE - 1
const NL = 10
const CR = 13
const CARET = 0x5e
const BACKSPACE = 8
/** What PARMRK doubles. */
const MARK = 0xff

export class LineDiscipline {
  readonly tty: Tty
  private readonly ring = new Uint8Array(SIZE)
  /** Where in the ring a line ends: a newline, an EOL character, or an EOF that is not part of the line. */
  private readonly ends = new Uint8Array(SIZE)
  head = 0
  private tail = 0
  lineHead = 0
  /** ECHOPRT is printing what is erased. */
  erasing = false
  private literalNext = false

  constructor(tty: Tty) {
    this.tty = tty
  }

  get output(): TtyOutput {
    return this.tty.output
  }

  get isCanonical(): boolean {
    return (this.tty.termios.local & ICANON) !== 0
  }

  byteAt(position: number): number {
    return this.ring[position & MASK]!
  }

  /** Drops everything typed and not read. */
  reset(): void {
    this.head = this.tail = this.lineHead = 0
    this.ends.fill(0)
    this.erasing = this.literalNext = false
  }

  /** What read(2) would find: whole lines, or `minimum` bytes. */
  isReady(minimum = 1): boolean {
    return this.isCanonical ? this.lineHead !== this.tail : this.head - this.tail >= minimum
  }

  /** FIONREAD: an EOF character is not counted. */
  get available(): number {
    if (!this.isCanonical) return this.head - this.tail
    let count = 0
    for (let at = this.tail; at < this.lineHead; at++)
      if (!(this.ends[at & MASK] && this.byteAt(at) === DISABLED_CHAR)) count++
    return count
  }

  /** Canonical mode began or ended: what is there becomes a line, or lines become bytes. */
  modeChanged(): void {
    this.ends.fill(0)
    if (!this.isCanonical || this.head === this.tail) this.lineHead = this.tail
    else {
      this.ends[(this.head - 1) & MASK] = 1
      this.lineHead = this.head
    }
    this.erasing = this.literalNext = false
  }

  /** Takes typed bytes; fewer than `count` when the ring is full. */
  receive(bytes: Uint8Array, at: number, count: number): number {
    let done = 0
    while (done < count) {
      let room = SIZE - (this.head - this.tail)
      if (this.tty.termios.input & PARMRK) room = Math.ceil(room / 3)
      room--
      if (room <= 0) {
        if (!this.isCanonical || this.lineHead !== this.tail) break
        if (room < 0) this.head--
        room = 1
      }
      const part = Math.min(count - done, room)
      for (let i = 0; i < part; i++) this.typed(bytes[at + done + i]!)
      done += part
    }
    if (this.tty.termios.local & (ECHO | ECHONL)) this.output.processEchoes()
    return done
  }

  /** Copies what there is, line ends or not. */
  take(bytes: Uint8Array, at: number, count: number): number {
    const total = Math.min(count, this.head - this.tail)
    for (let i = 0; i < total; i++) bytes[at + i] = this.ring[(this.tail + i) & MASK]!
    this.tail += total
    if (this.lineHead < this.tail) this.lineHead = this.tail
    return total
  }

  /** Copies one line, or as much of it as there is room for. An EOF ends it and is not copied. */
  takeLine(bytes: Uint8Array, at: number, count: number): number {
    let done = 0
    while (done < count && this.tail < this.lineHead) {
      const place = this.tail++ & MASK
      const byte = this.ring[place]!
      if (this.ends[place] === 0) {
        bytes[at + done++] = byte
        continue
      }
      this.ends[place] = 0
      if (byte !== DISABLED_CHAR) bytes[at + done++] = byte
      return done
    }
    // An EOF right behind a full buffer belongs to this read.
    const place = this.tail & MASK
    if (done > 0 && this.tail < this.lineHead && this.ends[place] && this.ring[place] === DISABLED_CHAR) {
      this.ends[place] = 0
      this.tail++
    }
    return done
  }

  private store(byte: number): void {
    this.ring[this.head++ & MASK] = byte
  }

  private is(byte: number, which: number): boolean {
    return byte !== DISABLED_CHAR && byte === this.tty.termios.cc[which]
  }

  /** One byte from the keyboard, through translation, flow control, signals and editing. */
  private typed(raw: number): void {
    const { input, local } = this.tty.termios
    let byte = input & ISTRIP ? raw & 0x7f : raw
    if (input & IUCLC && local & IEXTEN && byte >= 0x41 && byte <= 0x5a) byte += 32
    if (this.literalNext) {
      this.literalNext = false
      this.plain(byte)
      return
    }
    if (input & IXON && this.flowControl(byte)) return
    if (local & ISIG) {
      const signo = this.is(byte, VINTR)
        ? SIGINT
        : this.is(byte, VQUIT)
          ? SIGQUIT
          : this.is(byte, VSUSP)
            ? SIGTSTP
            : 0
      if (signo) {
        this.signal(signo, byte)
        return
      }
    }
    this.restartOutput(input)
    const isReturn = byte === CR
    if (isReturn) {
      if (input & IGNCR) return
      if (input & ICRNL) byte = NL
    } else if (byte === NL && input & INLCR) byte = CR
    if (local & ICANON && this.edited(byte, local)) return
    this.plain(byte, isReturn)
  }

  /** IXANY: any character starts stopped output again. */
  private restartOutput(input: number): void {
    const { tty } = this
    if (!tty.stopped || tty.stoppedByProgram || (input & (IXON | IXANY)) !== (IXON | IXANY)) return
    tty.start()
    this.output.processEchoes()
  }

  private flowControl(byte: number): boolean {
    if (this.is(byte, VSTART)) {
      this.tty.start()
      this.output.processEchoes()
      return true
    }
    if (!this.is(byte, VSTOP)) return false
    this.tty.stop()
    return true
  }

  private signal(signo: number, byte: number): void {
    const { tty, output } = this
    tty.signalForeground(signo)
    if (!(tty.termios.local & NOFLSH)) {
      output.dropEchoes()
      tty.dropOutput()
      this.reset()
      tty.inputFlushed()
    }
    if (tty.termios.input & IXON) tty.start()
    if (tty.termios.local & ECHO) {
      output.echo(byte)
      output.commitEchoes()
    } else output.processEchoes()
  }

  /** A byte that is data. A newline that was a return is echoed as one, any other as ^J. */
  private plain(byte: number, isReturn = false): void {
    const { local, input } = this.tty.termios
    if (local & ECHO) {
      finishErasing(this)
      if (this.lineHead === this.head) this.output.echoSetColumn()
      if (isReturn && byte === NL) this.output.echoRaw(NL)
      else this.output.echo(byte)
      this.output.commitEchoes()
    }
    if (byte === MARK && input & PARMRK) this.store(byte)
    this.store(byte)
  }

  /** Canonical mode's own characters; false for data. */
  private edited(byte: number, local: number): boolean {
    const extended = (local & IEXTEN) !== 0
    if (this.is(byte, VERASE) || this.is(byte, VKILL) || (extended && this.is(byte, VWERASE))) {
      eraseCharacters(this, byte)
      this.output.commitEchoes()
      return true
    }
    if (extended && this.is(byte, VLNEXT)) {
      this.quoteNext(local)
      return true
    }
    if (extended && local & ECHO && this.is(byte, VREPRINT)) {
      this.reprint(byte)
      return true
    }
    if (byte === NL) {
      if (local & (ECHO | ECHONL)) this.output.echoRaw(NL)
      this.endLine(byte)
      return true
    }
    if (this.is(byte, VEOF)) {
      this.endLine(DISABLED_CHAR)
      return true
    }
    if (this.is(byte, VEOL) || (extended && this.is(byte, VEOL2))) {
      if (local & ECHO) {
        if (this.lineHead === this.head) this.output.echoSetColumn()
        this.output.echo(byte)
      }
      if (byte === MARK && this.tty.termios.input & PARMRK) this.store(byte)
      this.endLine(byte)
      return true
    }
    return false
  }

  private quoteNext(local: number): void {
    this.literalNext = true
    if (!(local & ECHO)) return
    finishErasing(this)
    if (!(local & ECHOCTL)) return
    this.output.echoRaw(CARET)
    this.output.echoRaw(BACKSPACE)
    this.output.commitEchoes()
  }

  private reprint(byte: number): void {
    finishErasing(this)
    this.output.echo(byte)
    this.output.echoRaw(NL)
    for (let at = this.lineHead; at < this.head; at++) this.output.echo(this.byteAt(at))
    this.output.commitEchoes()
  }

  private endLine(byte: number): void {
    this.ends[this.head & MASK] = 1
    this.store(byte)
    this.lineHead = this.head
    this.output.commitEchoes()
  }
}

/**
 * What a terminal puts out: written bytes through OPOST's rules, and the echo of what was typed. Linux
 * drivers/tty/n_tty.c, do_output_char and __process_echoes; termios(3).
 * Path: the line discipline and tty-file.ts put in; what comes out goes to the other end of the pair.
 *
 * Echo waits in a queue of its own, so that input is never held up by output that is stopped.
 */

import * as T from '../abi/tty.ts'
import { isContinuation, isControl } from './characters.ts'
import type { Tty } from './tty.ts'

const TAB_WIDTH = 8
const NL = 10
const CR = 13
const TAB = 9
const BACKSPACE = 8
const SPACE = 32
const CARET = 0x5e

/** Echo entries: a byte, or one of these with its operand. */
const AS_CONTROL = 0x100
const MOVE_BACK = 0x200
const SET_COLUMN = 0x300
const ERASE_TAB = 0x400
/** In ERASE_TAB's operand: the count starts behind an earlier tab, not at the start of the line. */
const AFTER_TAB = 0x80
const ECHO_SIZE = 4096
/** So many entries are put out before the rest of the input is looked at. */
const ECHO_BLOCK = 256

/** Bytes on their way out. One for all: nothing runs between filling and emptying it. */
const scratch = new Uint8Array(512)

export class TtyOutput {
  private readonly tty: Tty
  private column = 0
  /** Where the line being typed begins. */
  private lineColumn = 0
  private echoes: Uint16Array | null = null
  private head = 0
  private tail = 0
  /** What the other end still takes, and how much of it is in `scratch`. */
  private space = 0
  private filled = 0

  constructor(tty: Tty) {
    this.tty = tty
  }

  reset(): void {
    this.column = this.lineColumn = 0
    this.dropEchoes()
  }

  dropEchoes(): void {
    this.head = this.tail = 0
  }

  /** Puts written bytes out; how many the other end took. */
  write(bytes: Uint8Array, at: number, count: number): number {
    const { tty } = this
    if (!(tty.termios.output & T.OPOST)) return tty.send(bytes, at, count)
    let done = 0
    for (;;) {
      const before = done
      this.begin()
      while (done < count && this.process(bytes[at + done]!)) done++
      this.flush()
      if (done === count || done === before) return done
    }
  }

  private begin(): void {
    this.space = this.tty.sendRoom
  }

  private put(byte: number): void {
    if (this.filled === scratch.length) this.flush()
    scratch[this.filled++] = byte
    this.space--
  }

  private flush(): void {
    const { filled } = this
    this.filled = 0
    if (filled > 0) this.tty.send(scratch, 0, filled)
  }

  /** One byte by OPOST's rules; false when there is no room for what it becomes. */
  private process(byte: number): boolean {
    if (this.space === 0) return false
    const modes = this.tty.termios.output
    switch (byte) {
      case NL:
        return this.newline(modes)
      case CR:
        return this.carriageReturn(modes)
      case TAB:
        return this.tab(modes)
      case BACKSPACE:
        if (this.column > 0) this.column--
        break
      default:
        if (isControl(byte)) break
        if (!isContinuation(byte, this.tty.termios)) this.column++
        if (modes & T.OLCUC && byte >= 0x61 && byte <= 0x7a) {
          this.put(byte - 32)
          return true
        }
    }
    this.put(byte)
    return true
  }

  private newline(modes: number): boolean {
    if (modes & T.ONLRET) this.column = 0
    if (modes & T.ONLCR) {
      if (this.space < 2) return false
      this.column = this.lineColumn = 0
      this.put(CR)
    } else this.lineColumn = this.column
    this.put(NL)
    return true
  }

  private carriageReturn(modes: number): boolean {
    if (modes & T.ONOCR && this.column === 0) return true
    if (modes & T.OCRNL) {
      if (modes & T.ONLRET) this.column = this.lineColumn = 0
      this.put(NL)
      return true
    }
    this.column = this.lineColumn = 0
    this.put(CR)
    return true
  }

  private tab(modes: number): boolean {
    const width = TAB_WIDTH - (this.column & (TAB_WIDTH - 1))
    if ((modes & T.TABDLY) !== T.XTABS) {
      this.column += width
      this.put(TAB)
      return true
    }
    if (this.space < width) return false
    this.column += width
    for (let i = 0; i < width; i++) this.put(SPACE)
    return true
  }

  // Echo.

  private add(entry: number): void {
    this.echoes ??= new Uint16Array(ECHO_SIZE)
    // Nothing takes it: the oldest goes.
    if (this.head - this.tail === ECHO_SIZE) this.tail++
    this.echoes[this.head++ % ECHO_SIZE] = entry
  }

  /** A typed character: ^X where ECHOCTL asks for it. */
  echo(byte: number): void {
    const asControl = this.tty.termios.local & T.ECHOCTL && isControl(byte) && byte !== TAB
    this.add(asControl ? AS_CONTROL | byte : byte)
  }

  echoRaw(byte: number): void {
    this.add(byte)
  }

  echoMoveBack(): void {
    this.add(MOVE_BACK)
  }

  /** The line being typed begins at the column where the echo is then. */
  echoSetColumn(): void {
    this.add(SET_COLUMN)
  }

  /** A tab goes, before which `count` columns were used. */
  echoEraseTab(count: number, afterTab: boolean): void {
    this.add(ERASE_TAB | (count & (TAB_WIDTH - 1)) | (afterTab ? AFTER_TAB : 0))
  }

  /** Puts much echo out early, so that the queue does not run over. */
  commitEchoes(): void {
    if (this.head - this.tail >= ECHO_BLOCK) this.processEchoes()
  }

  /** Puts out what the other end takes of the echo. */
  processEchoes(): void {
    if (this.head === this.tail) return
    for (;;) {
      const before = this.tail
      this.begin()
      while (this.tail !== this.head && this.processEcho(this.echoes![this.tail % ECHO_SIZE]!)) this.tail++
      this.flush()
      if (this.tail === this.head || this.tail === before) break
    }
    if (this.tail === this.head) this.dropEchoes()
  }

  private processEcho(entry: number): boolean {
    if (entry < AS_CONTROL) {
      if (this.tty.termios.output & T.OPOST) return this.process(entry)
      if (this.space === 0) return false
      this.put(entry)
      return true
    }
    const operand = entry & 0xff
    switch (entry & ~0xff) {
      case AS_CONTROL:
        if (this.space < 2) return false
        this.put(CARET)
        this.put(operand ^ 0x40)
        this.column += 2
        return true
      case MOVE_BACK:
        if (this.column > 0) this.column--
        return true
      case SET_COLUMN:
        this.lineColumn = this.column
        return true
      default:
        return this.eraseTab(operand)
    }
  }

  private eraseTab(operand: number): boolean {
    const used = operand & AFTER_TAB ? operand : operand + this.lineColumn
    const count = TAB_WIDTH - (used & (TAB_WIDTH - 1))
    if (this.space < count) return false
    for (let i = 0; i < count; i++) {
      this.put(BACKSPACE)
      if (this.column > 0) this.column--
    }
    return true
  }
}

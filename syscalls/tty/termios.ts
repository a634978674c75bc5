/**
 * Termios: the modes of a terminal, and the three structs in which programs see them: termios, termios2, and the old
 * termio. termios(3). Path: ioctl.ts reads and writes them, the line discipline obeys them.
 */

import { getLe32, putLe32 } from '../abi/bytes.ts'
import * as T from '../abi/tty.ts'

/** struct termio (TCGETA), struct termios (TCGETS), struct termios2 (TCGETS2): their sizes. */
export const TERMIO_SIZE = 18
export const TERMIOS_SIZE = 36
export const TERMIOS2_SIZE = 44
const CC_OFFSET = 17
const SPEED_OFFSET = 36
const DEFAULT_SPEED = 38400
/** ^C ^\ DEL ^U ^D, VTIME 0, VMIN 1, -, ^Q ^S ^Z, -, ^R ^O ^W ^V. */
const DEFAULT_CHARACTERS = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22]

export class Termios {
  /** c_iflag, c_oflag, c_cflag, c_lflag. */
  input = 0
  output = 0
  control = 0xbf
  local = 0
  line = 0
  readonly cc = new Uint8Array(T.NCCS)
  inputSpeed = DEFAULT_SPEED
  outputSpeed = DEFAULT_SPEED

  /** As a pty's master has them: nothing is touched. */
  constructor() {
    this.cc.set(DEFAULT_CHARACTERS)
  }

  /** As a fresh terminal has them. */
  static cooked(): Termios {
    const made = new Termios()
    made.reset()
    return made
  }

  /** Back to a fresh terminal's. */
  reset(): void {
    this.input = T.ICRNL | T.IXON
    this.output = T.OPOST | T.ONLCR
    this.control = 0xbf
    this.local = T.ISIG | T.ICANON | T.ECHO | T.ECHOE | T.ECHOK | T.ECHOCTL | T.ECHOKE | T.IEXTEN
    this.line = 0
    this.cc.fill(0)
    this.cc.set(DEFAULT_CHARACTERS)
    this.inputSpeed = this.outputSpeed = DEFAULT_SPEED
  }

  /** struct termios or termios2, by the size. */
  encode(size: number): Uint8Array {
    const bytes = new Uint8Array(size)
    if (size === TERMIO_SIZE) {
      for (const [i, word] of [this.input, this.output, this.control, this.local].entries()) {
        bytes[i * 2] = word
        bytes[i * 2 + 1] = word >> 8
      }
      bytes[8] = this.line
      bytes.set(this.cc.subarray(0, T.NCC), 9)
      return bytes
    }
    for (const [i, word] of [this.input, this.output, this.control, this.local].entries())
      putLe32(bytes, i * 4, word)
    bytes[16] = this.line
    bytes.set(this.cc, CC_OFFSET)
    if (size === TERMIOS2_SIZE) {
      putLe32(bytes, SPEED_OFFSET, this.inputSpeed)
      putLe32(bytes, SPEED_OFFSET + 4, this.outputSpeed)
    }
    return bytes
  }

  /** Takes what a program gave, in the struct of that size. A pty has 8 bits and no parity whatever is asked. */
  decode(bytes: Uint8Array): void {
    if (bytes.length === TERMIO_SIZE) {
      const half = (i: number): number => bytes[i * 2]! | (bytes[i * 2 + 1]! << 8)
      this.input = (this.input & 0xffff0000) | half(0)
      this.output = (this.output & 0xffff0000) | half(1)
      this.control = (this.control & 0xffff0000) | half(2)
      this.local = (this.local & 0xffff0000) | half(3)
      this.line = bytes[8]!
      this.cc.set(bytes.subarray(9, 9 + T.NCC))
    } else {
      this.input = getLe32(bytes, 0)
      this.output = getLe32(bytes, 4)
      this.control = getLe32(bytes, 8)
      this.local = getLe32(bytes, 12)
      this.line = bytes[16]!
      this.cc.set(bytes.subarray(CC_OFFSET, CC_OFFSET + T.NCCS))
    }
    if (bytes.length === TERMIOS2_SIZE) {
      this.inputSpeed = getLe32(bytes, SPEED_OFFSET)
      this.outputSpeed = getLe32(bytes, SPEED_OFFSET + 4)
    }
    const outputRate = rate(this.control & T.CBAUD)
    if (outputRate !== null) this.outputSpeed = outputRate
    const inputCode = (this.control >>> T.IBSHIFT) & T.CBAUD
    if (inputCode === 0) this.inputSpeed = this.outputSpeed
    else this.inputSpeed = rate(inputCode) ?? this.inputSpeed
    this.control = (this.control & ~(T.CSIZE | T.PARENB)) | T.CS8 | T.CREAD
  }
}

/** The speed that a code in c_cflag means; null for BOTHER, which leaves it to the number. */
function rate(code: number): number | null {
  if (code === T.BOTHER) return null
  const index = code & T.CBAUDEX ? (code & 15) + 15 : code
  return T.BAUD_RATES[index] ?? 0
}

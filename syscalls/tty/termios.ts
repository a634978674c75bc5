/**
 * Termios: the modes of a terminal, and the three structs in which programs see them: termios, termios2, and the old
 * termio. termios(3). Path: ioctl.ts reads and writes them, the line discipline obeys them.
 */

import { get16, get32, inOrder, put32 } from '../abi/bytes.ts'
import type { DataModel } from '../abi/struct.ts'
import * as T from '../abi/tty.ts'
import { type TermiosForm, type TermiosKind, termiosForm } from './termios-form.ts'

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

  /** The structure that a program is shown. */
  encode(kind: TermiosKind, model: DataModel): Uint8Array {
    const form = termiosForm(model)
    const bytes = new Uint8Array(form.sizes[kind])
    const words = form.outward([this.input, this.output, this.control, this.local])
    if (kind === 'termio') {
      bytes.set(inOrder(Uint16Array.from(words), model))
      bytes[8] = this.line
      this.putCharacters(bytes, 9, form.termioCharacters, form)
      return bytes
    }
    for (const [i, word] of words.entries()) put32(bytes, i * 4, word, model)
    bytes[form.lineAt] = this.line
    this.putCharacters(bytes, form.ccAt, T.NCCS, form)
    if (bytes.length > form.speedAt) {
      put32(bytes, form.speedAt, this.inputSpeed, model)
      put32(bytes, form.speedAt + 4, this.outputSpeed, model)
    }
    return bytes
  }

  private putCharacters(bytes: Uint8Array, at: number, count: number, { ccPlaces }: TermiosForm): void {
    for (const [i, place] of ccPlaces.entries()) if (place < count) bytes[at + place] = this.cc[i]!
  }

  private takeCharacters(bytes: Uint8Array, at: number, count: number, { ccPlaces }: TermiosForm): void {
    for (const [i, place] of ccPlaces.entries()) if (place < count) this.cc[i] = bytes[at + place]!
  }

  /** Takes what a program gave. A pty has 8 bits and no parity whatever is asked. */
  decode(bytes: Uint8Array, kind: TermiosKind, model: DataModel): void {
    const form = termiosForm(model)
    const old = form.outward([this.input, this.output, this.control, this.local])
    const isOld = kind === 'termio'
    const given = old.map((word, i) =>
      isOld ? (word & 0xffff0000) | get16(bytes, i * 2, model) : get32(bytes, i * 4, model),
    )
    const [input, output, control, local] = form.inward(given)
    this.input = input!
    this.output = output!
    this.control = control!
    this.local = local!
    this.line = bytes[isOld ? 8 : form.lineAt]!
    this.takeCharacters(bytes, isOld ? 9 : form.ccAt, isOld ? form.termioCharacters : T.NCCS, form)
    if (bytes.length > form.speedAt) {
      this.inputSpeed = get32(bytes, form.speedAt, model)
      this.outputSpeed = get32(bytes, form.speedAt + 4, model)
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

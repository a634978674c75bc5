/**
 * The PowerPC decoder: a word to a row.
 * Path: region formation scans with it, then translate.ts translates what it found.
 * Reference: Power ISA, Book I, 1.6 and appendix D (opcode maps). It allocates nothing an instruction: the result is one
 * reused Insn, whose fields are read from the word when a row asks.
 */

import { DECODE_OK, DECODE_TRUNCATED, DECODE_UNDEFINED, type Flow, type GuestInsn } from '../guest-mode.ts'
import type { Row } from './row.ts'

export const INSN_LENGTH = 4

/** One decoded instruction. */
export class Insn implements GuestInsn {
  pc = 0
  word = 0
  row: Row | null = null
  /** Addresses are of 32 bits. */
  is32 = false
  readonly length = INSN_LENGTH

  get nextPc(): number {
    return this.pc + INSN_LENGTH
  }

  get flow(): Flow {
    const { flow } = this.row!
    if (flow === 'call' && (!this.lk || this.target === this.nextPc)) return 'jump'
    if (flow === 'branch') {
      if (this.lk && this.isAlways) return this.target === this.nextPc ? 'jump' : 'call'
      if (this.isAlways) return 'jump'
    }
    // A conditional return or jump to a value is one of the ends of a block within the instruction.
    if ((flow === 'return' || flow === 'jump-value') && !this.isAlways) return 'next'
    if ((flow === 'return' || flow === 'jump-value') && this.lk) return 'call-value'
    return flow
  }

  /** Target of a branch to an address. */
  get target(): number {
    const offset = this.word >>> 26 === 18 ? (this.word << 6) >> 6 : (this.word << 16) >> 16
    const target = (offset & ~3) + (this.aa ? 0 : this.pc)
    return this.is32 ? target >>> 0 : target
  }

  /** BO says that neither CR nor CTR decides. */
  get isAlways(): boolean {
    return (this.rt & 0x14) === 0x14
  }

  /** Also RS, FRT, BO, TO and others: bits 6-10. */
  get rt(): number {
    return (this.word >>> 21) & 31
  }

  get ra(): number {
    return (this.word >>> 16) & 31
  }

  get rb(): number {
    return (this.word >>> 11) & 31
  }

  /** Bits 21-25: FRC, VRC, MB. */
  get rc5(): number {
    return (this.word >>> 6) & 31
  }

  get me(): number {
    return (this.word >>> 1) & 31
  }

  /** XT and XS, XA, XB, XC: vector-scalar registers. */
  get xt(): number {
    return ((this.word & 1) << 5) | this.rt
  }

  get xa(): number {
    return ((this.word & 4) << 3) | this.ra
  }

  get xb(): number {
    return ((this.word & 2) << 4) | this.rb
  }

  get xc(): number {
    return ((this.word & 8) << 2) | this.rc5
  }

  get si(): number {
    return (this.word << 16) >> 16
  }

  get ui(): number {
    return this.word & 0xffff
  }

  /** The displacement of DS-form. */
  get ds(): number {
    return ((this.word << 16) >> 16) & ~3
  }

  /** The 6-bit shift and mask fields. */
  get sh6(): number {
    return ((this.word & 2) << 4) | this.rb
  }

  get mb6(): number {
    return (this.word & 0x20) | this.rc5
  }

  get bf(): number {
    return (this.word >>> 23) & 7
  }

  get bfa(): number {
    return (this.word >>> 18) & 7
  }

  get rc(): boolean {
    return (this.word & 1) !== 0
  }

  get oe(): boolean {
    return (this.word & 0x400) !== 0
  }

  get lk(): boolean {
    return (this.word & 1) !== 0
  }

  get aa(): boolean {
    return (this.word & 2) !== 0
  }

  get spr(): number {
    return ((this.word >>> 16) & 31) | ((this.word >>> 6) & 0x3e0)
  }
}

/** Bits below the primary opcode's that the extended opcodes are in. */
const LOW_BITS = 11

export class Decoder {
  /** By primary opcode and the word's lowest 11 bits: the rows that may match. */
  private readonly slots: (readonly Row[] | undefined)[] = []
  private readonly is32: boolean
  private readonly isLittle: boolean

  constructor(rows: readonly Row[], bits: 32 | 64, isLittle: boolean) {
    this.is32 = bits === 32
    this.isLittle = isLittle
    // The more bits a row names the more special it is.
    const special = rows
      .filter((row) => row.bits === 0 || row.bits === bits)
      .sort((x, y) => bitCount(y.mask) - bitCount(x.mask))
    for (let primary = 0; primary < 64; primary++) {
      const own = special.filter(({ match }) => match >>> 26 === primary)
      if (own.length === 0) continue
      for (let low = 0; low < 1 << LOW_BITS; low++) {
        const lowMask = (1 << LOW_BITS) - 1
        const fitting = own.filter(({ match, mask }) => ((low ^ match) & mask & lowMask) === 0)
        if (fitting.length > 0) this.slots[(primary << LOW_BITS) | low] = fitting
      }
    }
  }

  /** Decodes at `pc`, where bytes[at..end) may be fetched, into `insn`: DECODE_*. */
  decode(bytes: Uint8Array, at: number, end: number, pc: number, insn: Insn): number {
    insn.pc = pc
    insn.is32 = this.is32
    insn.row = null
    if (end - at < INSN_LENGTH) return DECODE_TRUNCATED
    const word = this.isLittle
      ? bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
      : bytes[at + 3]! | (bytes[at + 2]! << 8) | (bytes[at + 1]! << 16) | (bytes[at]! << 24)
    insn.word = word
    const fitting = this.slots[((word >>> 26) << LOW_BITS) | (word & ((1 << LOW_BITS) - 1))]
    if (fitting)
      for (const row of fitting)
        if (((word ^ row.match) & row.mask) === 0) {
          insn.row = row
          return DECODE_OK
        }
    return DECODE_UNDEFINED
  }
}

function bitCount(word: number): number {
  let count = 0
  for (let rest = word; rest !== 0; rest &= rest - 1) count++
  return count
}

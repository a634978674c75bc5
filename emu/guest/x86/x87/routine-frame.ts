/**
 * What the x87's routines (routines.ts) are written with: the registers as locals, operands unpacked, flags.
 * Words are read and written in the same sizes everywhere, so that the host forwards what one instruction stored to the
 * next one: control and status word together, TOP and tags together, a register as 64 and 16 bits.
 */

import { constant32, constant64, type Expression, type Local, Routine } from '../../../ir/routine.ts'
import { PE, ROUND_DOWN, ROUND_NEAREST, ROUND_UP } from '../../softfloat.ts'
import { HELPER_X87 } from '../helper-ids.ts'
import { C1, CW, FPR, SCRATCH, TOP } from './fpu.ts'
import type { Source } from './memory.ts'

export const BIAS = 16383
export const EXPONENT = 0x7fff
export const SIGN = 0x8000
export const INTEGER_BIT = 1n << 63n
/** Exponents of normal numbers are from 1 on, and so many. */
export const NORMAL_EXPONENTS = 0x7ffe
export const C1_BIT = Math.log2(C1)
const PE_BIT = Math.log2(PE)
/** Where the status word begins in Frame.words. */
const STATUS = 16
const PRECISION = 0x300
const PRECISION_53 = 0x200
/** Precision and rounding control, and what they are at 64 bits to nearest. */
const CONTROL = 0xf00
const USUAL = 0x300

/** A normal number or zero. */
export interface Unpacked {
  readonly significand: Local
  readonly signExponent: Local
  readonly isNormal: Expression
}

/** Whether nearest even is above; 0 or 1. Arguments as of Frame.roundsUp. */
export function nearestIsUp(lastPlace: Expression, rest: Expression): Expression {
  const isBeyondHalf = rest.shl(1).isZero().isZero()
  return rest.shr(63).wrap().and(isBeyondHalf.or(lastPlace.wrap()))
}

export class Frame {
  readonly r: Routine
  /** Control word and, above, status word. */
  readonly words: Local
  readonly top: Local
  private readonly empty: Local
  /** Physical number of the register that the instruction names. */
  readonly slotI: Local

  constructor() {
    this.r = new Routine(HELPER_X87)
    const { r } = this
    this.words = r.let(r.load('load32', CW))
    const both = r.let(r.load('load32', TOP))
    this.top = r.let(both.and(7))
    this.empty = r.let(both.shr(16))
    this.slotI = r.let(this.slot(r.first.shr(8)))
  }

  /** Physical number of ST(i). */
  slot(i: Expression | number): Expression {
    return this.top.add(i).and(7)
  }

  /** Gives up where an inexact result traps. Results that could raise anything else are given up in any case. */
  requireMasked(): void {
    this.r.giveUpUnless(this.words.and(PE))
  }

  /** Whether results are rounded to 64 bits and to nearest. */
  get isUsual(): Expression {
    return this.words.and(CONTROL).eq(USUAL)
  }

  /** Bits that results lack of 64. */
  get precisionLack(): Expression {
    const control = this.words.and(PRECISION)
    return control.isZero().choose(constant64(40), control.eq(PRECISION_53).choose(constant64(11), 0))
  }

  /** ROUND_*. */
  get rounding(): Expression {
    return this.words.shr(10).and(3)
  }

  /**
   * Whether the magnitude is rounded up, 0 or 1: given the last place that is kept, and what is lost, its first bit on top.
   */
  roundsUp(lastPlace: Expression, rest: Expression, sign: Expression): Local {
    const { r, rounding } = this
    const up = r.let(nearestIsUp(lastPlace, rest))
    r.if(rounding.ne(ROUND_NEAREST), () => {
      const isNegative = sign.shr(15)
      const away = rounding.eq(ROUND_UP).and(isNegative.xor(1)).or(rounding.eq(ROUND_DOWN).and(isNegative))
      r.set(up, rest.isZero().isZero().and(away))
    })
    return up
  }

  // ---- registers

  isEmpty(slot: Expression): Expression {
    return this.empty.shr(slot).and(1)
  }

  requireInUse(slot: Expression): void {
    this.r.giveUpIf(this.isEmpty(slot))
  }

  significand(slot: Expression): Expression {
    return this.r.load('load64', FPR, slot.shl(4))
  }

  signExponent(slot: Expression): Expression {
    return this.r.load('load16_u', FPR + 8, slot.shl(4))
  }

  write(slot: Expression, significand: Expression, signExponent: Expression): void {
    this.r.store('store64', FPR, significand, slot.shl(4))
    this.writeSign(slot, signExponent)
  }

  writeSign(slot: Expression, signExponent: Expression): void {
    this.r.store('store16', FPR + 8, signExponent, slot.shl(4))
  }

  /** Makes room for a register, which is not yet written; gives up where there is none. */
  push(): void {
    const { r, top, empty } = this
    const below = r.let(this.slot(7))
    r.giveUpUnless(this.isEmpty(below))
    r.set(top, below)
    r.set(empty, empty.xor(constant32(1).shl(below)))
    this.storeTags()
  }

  pop(count: number): void {
    const { r, top, empty } = this
    if (count === 0) return
    for (let k = 0; k < count; k++) {
      r.set(empty, empty.or(constant32(1).shl(top)))
      r.set(top, this.slot(1))
    }
    this.storeTags()
  }

  /** The register is in use from now on. */
  occupy(slot: Expression): void {
    const { r, empty } = this
    r.set(empty, empty.or(constant32(1).shl(slot)).xor(constant32(1).shl(slot)))
    this.storeTags()
  }

  free(slot: Expression): void {
    this.r.set(this.empty, this.empty.or(constant32(1).shl(slot)))
    this.storeTags()
  }

  setTop(slot: Expression): void {
    this.r.set(this.top, slot)
    this.storeTags()
  }

  private storeTags(): void {
    this.r.store('store32', TOP, this.top.or(this.empty.shl(16)))
  }

  // ---- the status word

  /** Sets bits of the status word that were cleared, C1 among them. */
  setStatus(cleared: number, bits?: Expression): void {
    const kept = this.words.and(~((cleared | C1) << STATUS))
    this.r.store('store32', CW, bits ? kept.or(bits.shl(STATUS)) : kept)
  }

  /** C1 says that the result was rounded up, PE that it is inexact; both are 0 or 1. */
  setRounded(up: Expression, inexact: Expression): void {
    this.setStatus(0, up.shl(C1_BIT).or(inexact.shl(PE_BIT)))
  }

  // ---- operands

  /** ST(i), or what is in the scratch field; gives up unless it is a normal number or zero. */
  read(source: Source, slot: Expression): Unpacked {
    if (source === 'st') return this.readRegister(slot)
    const { r } = this
    const significand = r.let(constant64(0))
    const signExponent = r.let(constant32(0))
    if (source === 'f64' || source === 'f32') this.readFloat(source, significand, signExponent)
    else this.readInteger(source, significand, signExponent)
    return { significand, signExponent, isNormal: significand.isNegative() }
  }

  private readRegister(slot: Expression): Unpacked {
    const { r } = this
    this.requireInUse(slot)
    const significand = r.let(this.significand(slot))
    const signExponent = r.let(this.signExponent(slot))
    const exponent = signExponent.and(EXPONENT)
    const isNormal = r.let(significand.isNegative().and(exponent.sub(1).below(NORMAL_EXPONENTS)))
    r.if(isNormal.isZero(), () => r.giveUpUnless(significand.or(exponent.extend()).isZero()))
    return { significand, signExponent, isNormal }
  }

  private readFloat(source: 'f32' | 'f64', significand: Local, signExponent: Local): void {
    const { r } = this
    const wide = source === 'f64'
    const bits = r.let(wide ? r.load('load64', SCRATCH) : r.load('load32', SCRATCH).extend().shl(32))
    const [exponentBits, bias] = wide ? [11, 1023] : [8, 127]
    const most = (1 << exponentBits) - 1
    const exponent = r.let(
      bits
        .shr(63 - exponentBits)
        .wrap()
        .and(most),
    )
    r.set(signExponent, bits.shr(48).wrap().and(SIGN))
    r.if(
      exponent.sub(1).below(most - 1),
      () => {
        r.set(significand, bits.shl(exponentBits).or(INTEGER_BIT))
        r.set(signExponent, signExponent.add(exponent).add(BIAS - bias))
      },
      () => r.giveUpUnless(bits.shl(1).isZero()),
    )
  }

  private readInteger(source: Source, significand: Local, signExponent: Local): void {
    const { r } = this
    const bits = { i16: 16, i32: 32, i64: 64 }[source as 'i16' | 'i32' | 'i64']
    // The value's sign at the top.
    const stored = bits === 64 ? r.load('load64', SCRATCH) : r.load('load32', SCRATCH).extend()
    const value = r.let(stored.shl(64 - bits))
    r.if(value.isZero().isZero(), () => {
      const isNegative = r.let(value.isNegative())
      const magnitude = r.let(isNegative.choose(constant64(0).sub(value), value))
      const zeros = r.let(magnitude.clz())
      r.set(significand, magnitude.shl(zeros))
      r.set(
        signExponent,
        isNegative
          .shl(15)
          .add(BIAS + bits - 1)
          .sub(zeros.wrap()),
      )
    })
  }
}

/** Operations of the x87's routines whose results are exact: FSCALE and FPREM. */

import { constant32, constant64, type Expression } from '../../../ir/routine.ts'
import { C0, C1, C3, CONDITIONS } from './fpu.ts'
import { BIAS, EXPONENT, type Frame, NORMAL_EXPONENTS, SIGN, type Unpacked } from './routine-frame.ts'

/** A power of two of more bits leaves the range. */
const POWER_BITS_MAX = 16

/** ST(0) × 2^y truncated. */
export function scale(f: Frame, x: Unpacked, y: Unpacked): void {
  const { r } = f
  const exponent = r.let(x.signExponent.and(EXPONENT))
  // What is below 1, zero too, moves nothing.
  const power = r.let(y.signExponent.and(EXPONENT).sub(BIAS))
  r.if(power.isNegative().isZero().and(x.isNormal), () => {
    r.giveUpUnless(power.below(POWER_BITS_MAX))
    const size = r.let(y.significand.shr(constant64(63).sub(power.extend())).wrap())
    const isNegative = y.signExponent.shr(15)
    r.set(exponent, exponent.add(isNegative.choose(constant32(0).sub(size), size)))
    r.giveUpUnless(exponent.sub(1).below(NORMAL_EXPONENTS))
  })
  f.write(f.top, x.significand, x.signExponent.and(SIGN).or(exponent))
  f.setStatus(0)
  r.return(0)
}

/** FPREM where one step is enough: the quotient's digits one by one, of which the last three become flags. */
export function remainder(f: Frame, x: Unpacked, y: Unpacked): void {
  const { r } = f
  r.giveUpUnless(y.isNormal)
  const left = r.let(x.significand)
  const exponent = r.let(x.signExponent.and(EXPONENT))
  const quotient = r.let(constant32(0))
  // How many digits are still to come; none where x is the smaller one by its exponent.
  const digits = r.let(exponent.sub(y.signExponent.and(EXPONENT)).add(1))
  r.if(digits.isNegative().isZero().and(x.isNormal), () => {
    r.giveUpUnless(digits.below(65))
    const carry = r.let(constant32(0))
    r.while(digits.isZero().isZero(), () => {
      const fits = r.let(carry.or(left.below(y.significand).isZero()))
      r.set(quotient, quotient.shl(1).or(fits))
      r.set(left, left.sub(fits.choose(y.significand, 0)))
      r.set(digits, digits.sub(1))
      r.if(digits.isZero().isZero(), () => {
        r.set(carry, left.isNegative())
        r.set(left, left.shl(1))
        r.set(exponent, exponent.sub(1))
      })
    })
    r.if(
      left.isZero(),
      () => r.set(exponent, 0),
      () => {
        const zeros = r.let(left.clz())
        r.set(left, left.shl(zeros))
        r.set(exponent, exponent.sub(zeros.wrap()))
        r.giveUpUnless(exponent.sub(1).below(NORMAL_EXPONENTS))
      },
    )
  })
  f.write(f.top, left, x.signExponent.and(SIGN).or(exponent))
  f.setStatus(CONDITIONS, flagsOf(quotient))
  r.return(0)
}

/** The last three bits of a quotient in C0, C3 and C1. */
const flagsOf = (quotient: Expression): Expression =>
  bitTo(quotient, 2, C0)
    .or(bitTo(quotient, 1, C3))
    .or(bitTo(quotient, 0, C1))

const bitTo = (x: Expression, bit: number, flag: number): Expression => x.shr(bit).and(1).shl(Math.log2(flag))

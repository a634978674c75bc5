/** What the x87's routines round to other formats than the registers': stores of floats and integers, FRNDINT. */

import { constant32, constant64, type Expression, type Local } from '../../../ir/routine.ts'
import { SCRATCH } from './fpu.ts'
import type { Source } from './memory.ts'
import { shiftDown } from './routine-arithmetic.ts'
import { BIAS, EXPONENT, type Frame, SIGN, type Unpacked } from './routine-frame.ts'

/** ST(0) into the scratch field as a float that is normal there too, or zero. */
export function storeFloat(f: Frame, to: 'f32' | 'f64'): void {
  const { r } = f
  const [fractionBits, bias] = to === 'f64' ? [52, 1023] : [23, 127]
  const store = (bits: Expression): void =>
    to === 'f64' ? r.store('store64', SCRATCH, bits) : r.store('store32', SCRATCH, bits.wrap())
  f.requireMasked()
  const x = f.read('st', f.top)
  const sign = r.let(
    x.signExponent
      .shr(15)
      .extend()
      .shl(to === 'f64' ? 63 : 31),
  )
  r.if(
    x.isNormal,
    () => {
      const exponent = r.let(x.signExponent.and(EXPONENT).sub(BIAS - bias))
      // The greatest exponent is left out: rounding may carry out of it.
      r.giveUpUnless(exponent.sub(1).below(2 * bias - 1))
      const kept = r.let(x.significand.shr(63 - fractionBits))
      const rest = r.let(x.significand.shl(fractionBits + 1))
      const up = f.roundsUp(kept, rest, x.signExponent)
      // The significand's top bit adds one to the exponent.
      const magnitude = exponent.sub(1).extend().shl(fractionBits).add(kept).add(up.extend())
      store(sign.or(magnitude))
      f.setRounded(up, rest.isZero().isZero())
    },
    () => {
      store(sign)
      f.setStatus(0)
    },
  )
}

interface RoundedInteger {
  readonly magnitude: Local
  /** Rounded up, and not exact: 0 or 1. */
  readonly up: Local
  readonly inexact: Expression
}

/** A number below 2^63 as an integer, rounded as the control word says or truncated; gives up where something would trap. */
function toInteger(f: Frame, x: Unpacked, truncates: boolean): RoundedInteger {
  const { r } = f
  f.requireMasked()
  const below = r.let(constant32(BIAS + 63).sub(x.signExponent.and(EXPONENT)))
  r.giveUpIf(below.sub(1).isNegative())
  const magnitude = r.let(x.significand)
  const rest = r.let(constant64(0))
  r.if(x.isNormal, () => shiftDown(r, magnitude, rest, below))
  const up = truncates ? r.let(constant32(0)) : f.roundsUp(magnitude, rest, x.signExponent)
  r.set(magnitude, magnitude.add(up.extend()))
  return { magnitude, up, inexact: rest.isZero().isZero() }
}

/** ST(0) into the scratch field as an integer; what does not fit is given up, and also the least of all. */
export function storeInteger(f: Frame, to: Source, truncates: boolean): void {
  const { r } = f
  const bits = { i16: 16, i32: 32, i64: 64 }[to as 'i16' | 'i32' | 'i64']
  const x = f.read('st', f.top)
  const { magnitude, up, inexact } = toInteger(f, x, truncates)
  r.giveUpUnless(magnitude.shr(bits - 1).isZero())
  const value = x.signExponent.shr(15).choose(constant64(0).sub(magnitude), magnitude)
  if (bits === 64) r.store('store64', SCRATCH, value)
  else r.store('store32', SCRATCH, value.wrap())
  f.setRounded(up, inexact)
}

/** FRNDINT. Numbers from 2^63 on are given up, too. */
export function roundToInteger(f: Frame): void {
  const { r } = f
  const x = f.read('st', f.top)
  const { magnitude, up, inexact } = toInteger(f, x, false)
  const sign = x.signExponent.and(SIGN)
  r.if(
    magnitude.isZero(),
    () => f.write(f.top, magnitude, sign),
    () => {
      const zeros = r.let(magnitude.clz())
      f.write(f.top, magnitude.shl(zeros), sign.or(constant32(BIAS + 63).sub(zeros.wrap())))
    },
  )
  f.setRounded(up, inexact)
  r.return(0)
}

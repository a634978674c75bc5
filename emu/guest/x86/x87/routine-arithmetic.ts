/**
 * Arithmetic of the x87's routines, of normal numbers and zeros. What becomes too large or too small for a normal number
 * is given up.
 *
 * A result is made in two words, `significand` with its top bit set and `rest`, what was lost: its first bit on top, and
 * its last one stands for all that follow. Exponents are biased as in the format.
 */

import {
  constant32,
  constant64,
  type Expression,
  type Local,
  operation,
  type Routine,
} from '../../../ir/routine.ts'
import { ROUND_DOWN } from '../../softfloat.ts'
import type { ArithmeticName } from './arithmetic.ts'
import {
  BIAS,
  EXPONENT,
  type Frame,
  INTEGER_BIT,
  NORMAL_EXPONENTS,
  nearestIsUp,
  SIGN,
  type Unpacked,
} from './routine-frame.ts'

const LOW = 0xffff_ffffn

/** The register that a result goes to, and how many are popped then. */
export interface Destination {
  readonly slot: Expression
  readonly pops: number
}

interface Result {
  readonly significand: Local
  readonly rest: Local
  readonly exponent: Local
  readonly sign: Expression
}

/** x op y. */
export function arithmetic(f: Frame, op: ArithmeticName, x: Unpacked, y: Unpacked, to: Destination): void {
  if (op === 'mul' || op === 'div') {
    // Division by zero is the helper's.
    if (op === 'div') f.r.giveUpUnless(y.isNormal)
    f.r.if(x.isNormal.and(y.isNormal).isZero(), () =>
      deliverExactly(f, to, constant64(0), signOfProduct(x, y)),
    )
  }
  if (op === 'mul') deliver(f, multiply(f.r, x, y), to)
  else if (op === 'div') deliver(f, divide(f.r, x, y), to)
  else deliver(f, add(f, op === 'sub', x, y, to), to)
}

/** Stores what needs no rounding. */
function deliverExactly(f: Frame, to: Destination, significand: Expression, signExponent: Expression): void {
  f.write(to.slot, significand, signExponent)
  f.setStatus(0)
  f.pop(to.pops)
  f.r.return(0)
}

const signOfProduct = (x: Unpacked, y: Unpacked): Expression => x.signExponent.xor(y.signExponent).and(SIGN)
const exponentOf = (x: { signExponent: Expression }): Expression => x.signExponent.and(EXPONENT)
const low = (x: Expression): Expression => x.and(LOW)

/** Rounds as the control word says, stores and flags. */
function deliver(f: Frame, result: Result, to: Destination): void {
  const { r } = f
  const { significand, rest, exponent, sign } = result
  const up = r.let(constant32(0))
  r.if(
    f.isUsual,
    () => {
      r.set(up, nearestIsUp(significand, rest))
      r.set(significand, significand.add(up.extend()))
    },
    () => round(f, significand, rest, sign, up),
  )
  // All bits were ones: the next power of two.
  r.if(significand.isZero(), () => {
    r.set(significand, INTEGER_BIT)
    r.set(exponent, exponent.add(1))
  })
  r.giveUpUnless(exponent.sub(1).below(NORMAL_EXPONENTS))
  f.write(to.slot, significand, sign.or(exponent))
  f.setRounded(up, rest.isZero().isZero())
  f.pop(to.pops)
  r.return(0)
}

/** To the precision in force, and in its direction. */
function round(f: Frame, significand: Local, rest: Local, sign: Expression, up: Local): void {
  const { r } = f
  const lack = r.let(f.precisionLack)
  r.if(lack.isZero().isZero(), () => {
    r.set(rest, significand.shl(constant64(64).sub(lack)).or(rest.isZero().isZero().extend()))
    r.set(significand, significand.shr(lack))
  })
  r.set(up, f.roundsUp(significand, rest, sign))
  r.set(significand, significand.add(up.extend()).shl(lack))
}

// ---- addition

function add(f: Frame, subtracts: boolean, x: Unpacked, y: Unpacked, to: Destination): Result {
  const { r } = f
  const ySign = subtracts ? r.let(y.signExponent.xor(SIGN)) : y.signExponent
  const [ex, ey] = [exponentOf(x), exponentOf(y)]
  const isLess = r.let(ex.below(ey).or(ex.eq(ey).and(x.significand.below(y.significand))))
  const significand = r.let(isLess.choose(y.significand, x.significand))
  const smaller = r.let(isLess.choose(x.significand, y.significand))
  const larger = r.let(isLess.choose(ySign, x.signExponent))
  const exponent = r.let(larger.and(EXPONENT))
  const distance = r.let(exponent.sub(isLess.choose(ex, ey)))
  const rest = r.let(constant64(0))
  shiftDown(r, smaller, rest, distance)
  r.if(
    x.signExponent.xor(ySign).and(SIGN).isZero(),
    () => {
      addMagnitudes(r, significand, smaller, rest, exponent)
      r.if(significand.isZero(), () => deliverExactly(f, to, significand, larger))
    },
    () => {
      subtractMagnitudes(r, significand, smaller, rest)
      r.if(significand.or(rest).isZero(), () => deliverZero(f, to))
      normalise(r, significand, rest, exponent)
    },
  )
  return { significand, rest, exponent, sign: larger.and(SIGN) }
}

/** What two numbers that cancel each other give. */
function deliverZero(f: Frame, to: Destination): void {
  deliverExactly(f, to, constant64(0), f.rounding.eq(ROUND_DOWN).shl(15))
}

/** Moves a significand down; what falls out comes into `rest`. */
export function shiftDown(r: Routine, significand: Local, rest: Local, distance: Expression): void {
  const count = distance.extend()
  r.if(
    distance.below(64),
    () => {
      // Two shifts, for one by 64 would be none.
      r.set(rest, significand.shl(1).shl(constant64(63).sub(count)))
      r.set(significand, significand.shr(count))
    },
    () => {
      r.set(rest, significand.isZero().isZero().extend())
      // Half of the last place and a quarter may still tell.
      r.if(distance.below(66), () =>
        r.set(rest, distance.eq(64).choose(significand, significand.shr(1).or(significand.and(1)))),
      )
      r.set(significand, 0)
    },
  )
}

function addMagnitudes(r: Routine, sum: Local, smaller: Expression, rest: Local, exponent: Local): void {
  r.set(sum, sum.add(smaller))
  const carries = r.let(sum.below(smaller))
  // Only what was moved by less than 64 carries, and leaves the last bit of `rest` clear.
  r.set(rest, carries.choose(sum.shl(63).or(rest.shr(1)), rest))
  r.set(sum, carries.choose(sum.shr(1).or(INTEGER_BIT), sum))
  r.set(exponent, exponent.add(carries))
}

function subtractMagnitudes(r: Routine, larger: Local, smaller: Expression, rest: Local): void {
  const borrow = rest.isZero().isZero().extend()
  r.set(larger, larger.sub(smaller).sub(borrow))
  r.set(rest, constant64(0).sub(rest))
}

/** Moves a difference up until its top bit is set. By more than one place only where nothing follows in `rest`. */
function normalise(r: Routine, significand: Local, rest: Local, exponent: Local): void {
  r.if(significand.isZero(), () => {
    r.set(significand, rest)
    r.set(rest, 0)
    r.set(exponent, exponent.sub(64))
  })
  const count = r.let(significand.clz())
  const under = rest.shr(1).shr(constant64(63).sub(count))
  r.set(significand, significand.shl(count).or(under))
  r.set(rest, rest.shl(count))
  r.set(exponent, exponent.sub(count.wrap()))
}

// ---- multiplication

/** The 128 bits of a product, the upper ones first. */
function product(r: Routine, x: Expression, y: Expression): [Local, Local] {
  const lows = r.let(low(x).mul(low(y)))
  const middle = r.let(x.shr(32).mul(low(y)).add(lows.shr(32)))
  const other = r.let(low(x).mul(y.shr(32)).add(low(middle)))
  const upper = r.let(x.shr(32).mul(y.shr(32)).add(middle.shr(32)).add(other.shr(32)))
  return [upper, r.let(other.shl(32).or(low(lows)))]
}

function multiply(r: Routine, x: Unpacked, y: Unpacked): Result {
  const [significand, rest] = product(r, x.significand, y.significand)
  // Of two numbers in [1, 2) the product is in [1, 4).
  const isBelow2 = r.let(significand.isNegative().isZero())
  r.set(significand, isBelow2.choose(significand.shl(1).or(rest.shr(63)), significand))
  r.set(rest, rest.shl(isBelow2.extend()))
  const exponent = r.let(
    exponentOf(x)
      .add(exponentOf(y))
      .sub(BIAS - 1)
      .sub(isBelow2),
  )
  return { significand, rest, exponent, sign: signOfProduct(x, y) }
}

// ---- division and square root

/**
 * One 32-bit digit of (upper, next digit) / divisor, and the remainder in `upper`; upper < divisor, whose top bit is set.
 * The estimate by the divisor's upper half is too large by 2 at most. Reference: Knuth, vol. 2, 4.3.1, algorithm D.
 */
function digit(r: Routine, upper: Local, next: Expression, divisor: Expression): Local {
  const half = divisor.shr(32)
  const quotient = r.let(upper.div(half))
  const left = r.let(upper.sub(quotient.mul(half)))
  const isTooLarge = quotient
    .above(LOW)
    .or(quotient.mul(low(divisor)).above(left.shl(32).or(next)))
    .and(left.above(LOW).isZero())
  r.while(isTooLarge, () => {
    r.set(quotient, quotient.sub(1))
    r.set(left, left.add(half))
  })
  r.set(upper, upper.shl(32).or(next).sub(quotient.mul(divisor)))
  return quotient
}

function divide(r: Routine, x: Unpacked, y: Unpacked): Result {
  const divisor = y.significand
  // The dividend in two words, of which the upper one is below the divisor.
  const isLess = r.let(x.significand.below(divisor))
  const remainder = r.let(isLess.choose(x.significand, x.significand.shr(1)))
  const first = isLess.choose(constant64(0), x.significand.shl(63).shr(32))
  const upper = digit(r, remainder, first, divisor)
  const lower = digit(r, remainder, constant64(0), divisor)
  const significand = r.let(upper.shl(32).or(lower))
  const exponent = r.let(exponentOf(x).sub(exponentOf(y)).add(BIAS).sub(isLess))
  const rest = r.let(restOf(remainder, remainder.above(divisor.sub(remainder))))
  return { significand, rest, exponent, sign: signOfProduct(x, y) }
}

/** `rest` of a remainder, which is never just one half: quotient and root would have a bit more than any operand. */
function restOf(remainder: Expression, isAboveHalf: Expression): Expression {
  return remainder.isZero().choose(constant64(0), isAboveHalf.choose(constant64(INTEGER_BIT | 1n), 1))
}

/**
 * The square root of ST(0), a normal number. The root of the upper 64 of 128 bits by the host's float operation, put right,
 * and from it the lower half. Reference: Zimmermann, "Karatsuba Square Root" (INRIA RR-3805).
 */
export function squareRoot(f: Frame, x: Unpacked): void {
  const { r } = f
  r.giveUpIf(x.signExponent.and(SIGN))
  const to = { slot: f.top, pops: 0 }
  r.if(x.isNormal.isZero(), () => deliverExactly(f, to, x.significand, x.signExponent))
  const power = r.let(x.signExponent.sub(BIAS))
  const isOdd = power.and(1)
  const upper = r.let(x.significand.shr(constant64(1).sub(isOdd.extend())))
  const next = isOdd.choose(constant64(0), x.significand.shl(63).shr(32))
  const [half, left] = halfRoot(r, upper)
  // (left, next) / 2 half, with a dividend that may have 65 bits.
  const quotient = r.let(left.shl(31).or(next.shr(1)).div(half))
  r.set(left, left.shl(32).add(next).sub(quotient.mul(half).shl(1)))
  const significand = r.let(half.shl(32).add(quotient))
  // What is left behind it, in two words: (left, 0) - quotient².
  const square = r.let(quotient.mul(quotient))
  const lower = r.let(left.shl(32).sub(square))
  const higher = r.let(left.shr(32).sub(quotient.shr(32)).sub(left.shl(32).below(square).extend()))
  r.if(higher.isNegative(), () => {
    // One too large: 2 root - 1 more are left, which is 65 bits.
    const more = r.let(significand.shl(1).sub(1))
    r.set(lower, lower.add(more))
    r.set(higher, higher.add(1).add(lower.below(more).extend()))
    r.set(significand, significand.sub(1))
  })
  const isAboveHalf = higher.isZero().isZero().or(lower.above(significand))
  const rest = r.let(restOf(lower.or(higher), isAboveHalf))
  const exponent = r.let(
    power
      .sub(isOdd)
      .add(2 * BIAS)
      .shr(1),
  )
  deliver(f, { significand, rest, exponent, sign: constant32(0) }, to)
}

/**
 * The 32-bit root of 64 bits of which one of the upper two is set, and what is left. The estimate is never too small: a
 * square loses less by rounding to 53 bits than would take its root half a place of 53 down.
 */
function halfRoot(r: Routine, x: Local): [Local, Local] {
  const estimate = operation('f64.sqrt', operation('f64.convert_i64_s', x.shr(2)))
  const root = r.let(operation('i64.trunc_sat_f64_s', operation('f64.add', estimate, estimate)))
  r.if(root.above(LOW), () => r.set(root, LOW))
  r.if(root.mul(root).above(x), () => r.set(root, root.sub(1)))
  return [root, r.let(x.sub(root.mul(root)))]
}

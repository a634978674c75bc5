/**
 * FSIN, FCOS, FSINCOS, FPTAN, FPATAN, F2XM1, FYL2X, FYL2XP1: the true value rounded once, so within one unit in the
 * last place of what any CPU gives. Reference: Intel SDM vol. 1, 8.3.7 and 8.3.10; vol. 2 for the special cases.
 */

import * as F from '../../softfloat.ts'
import { denormals, invalid, special } from './arithmetic.ts'
import { arctan, expMinusOne, LN2, logOnePlus, multiplyFixed, ONE, P, pi, sinCos } from './fixed.ts'
import { C2, type Fpu } from './fpu.ts'

/** A fixed-point number that stands for an inexact value: odd, so that rounding sees it. */
const inexact = (negative: boolean, magnitude: bigint): F.Float =>
  F.finite(negative, (magnitude << 1n) | 1n, -P - 1)

/** x - or + a hair: for arguments so small that a function is the identity but for the rounding. */
const nudged = (x: F.Float, up: boolean): F.Float =>
  F.finite(x.negative, (x.significand << 100n) + (up ? 1n : -1n), x.exponent - 100)

const topExponent = (x: F.Float): number => x.exponent + F.bitLength(x.significand) - 1

/** |x| in fixed point; bits below are lost. */
const fixed = (x: F.Float): bigint => {
  const by = x.exponent + P
  return by >= 0 ? x.significand << BigInt(by) : x.significand >> BigInt(-by)
}

const TINY = -70

/** π as CPUs have it for argument reduction: 66 bits (Intel SDM vol. 1, 8.3.8). */
const PI_66 = 0xc90fdaa22168c234cn
const PI_66_POINT = 66

/** |x| modulo π/2: the quadrant and the angle in it. */
function reduce(x: F.Float): { quadrant: number; angle: bigint } {
  const bits = P + 192
  const half = PI_66 << BigInt(bits - PI_66_POINT - 1)
  const by = x.exponent + bits
  const value = by >= 0 ? x.significand << BigInt(by) : x.significand >> BigInt(-by)
  const quadrant = value / half
  return { quadrant: Number(quadrant & 3n), angle: (value - quadrant * half) >> 192n }
}

/** sin or cos of a finite number below 2^63. */
function sine(x: F.Float, quarter: 0 | 1): F.Float {
  if (x.kind === F.ZERO) return quarter ? F.finite(false, 1n, 0) : x
  if (topExponent(x) < TINY) return quarter ? nudged(F.finite(false, 1n, 0), false) : nudged(x, false)
  const { quadrant, angle } = reduce(x)
  const { sin, cos } = sinCos(angle)
  const which = (quadrant + quarter) & 3
  const value = which & 1 ? cos : sin
  // sin is odd, cos even.
  return inexact(which >= 2 !== (x.negative && quarter === 0), value)
}

function tangent(x: F.Float): F.Float {
  if (x.kind === F.ZERO) return x
  if (topExponent(x) < TINY) return nudged(x, true)
  const { quadrant, angle } = reduce(x)
  const { sin, cos } = sinCos(angle)
  const [over, under] = quadrant & 1 ? [cos, sin] : [sin, cos]
  const quotient = (over << BigInt(P)) / under
  return inexact(((quadrant & 1) === 1) !== x.negative, quotient)
}

/** Runs a trigonometric instruction; the functions of ST(0) that it leaves, the last on top. */
export function trigonometric(fpu: Fpu, name: 'sin' | 'cos' | 'sincos' | 'tan'): void {
  const pushes = name === 'sincos' || name === 'tan'
  fpu.status &= ~C2
  if (fpu.isEmpty(0)) {
    if (fpu.stackFault(false)) {
      fpu.set(0, F.DEFAULT_NAN)
      if (pushes) pushNan(fpu)
    }
    return
  }
  if (pushes && !fpu.isEmpty(7)) {
    if (fpu.stackFault(true)) {
      fpu.set(0, F.DEFAULT_NAN)
      pushNan(fpu)
    }
    return
  }
  const x = fpu.get(0)
  let found = special(fpu, x, x)
  if (found === undefined && x.kind === F.INFINITE) found = invalid(fpu)
  if (found === null) return
  if (found) {
    fpu.set(0, found.value)
    if (pushes) fpu.push(found.value)
    return
  }
  if (x.kind === F.FINITE && topExponent(x) >= 63) {
    fpu.setC1(false)
    fpu.status |= C2
    return
  }
  if (!denormals(fpu, x)) return
  fpu.deliver(0, name === 'tan' ? tangent(x) : sine(x, name === 'cos' ? 1 : 0), F.FORMAT80)
  if (name === 'sincos') {
    fpu.push(F.zero(false))
    fpu.deliver(0, sine(x, 1), F.FORMAT80)
  } else if (name === 'tan') fpu.push(F.finite(false, 1n, 0))
}

/** The second result where the stack is no longer looked at. */
function pushNan(fpu: Fpu): void {
  fpu.top = (fpu.top - 1) & 7
  fpu.set(0, F.DEFAULT_NAN)
}

/** F2XM1: 2^x - 1 for |x| ≤ 1; beyond that the result is undefined and x stays. */
export function twoToXMinusOne(x: F.Float): F.Float {
  if (x.kind === F.ZERO) return x
  if (x.kind === F.INFINITE) return x.negative ? F.finite(true, 1n, 0) : x
  if (
    topExponent(x) > 0 ||
    (topExponent(x) === 0 && x.significand !== 1n << BigInt(F.bitLength(x.significand) - 1))
  )
    return x
  if (topExponent(x) === 0) return x.negative ? F.finite(true, 1n, -1) : F.finite(false, 1n, 0)
  if (topExponent(x) < TINY) {
    // x ln 2, as precise as P bits relative to x.
    return inexactScaled(x.negative, x.significand * LN2, x.exponent - P)
  }
  const power = multiplyFixed(fixed(x), LN2)
  const value = expMinusOne(x.negative ? -power : power)
  return inexact(value < 0n, value < 0n ? -value : value)
}

const inexactScaled = (negative: boolean, significand: bigint, exponent: number): F.Float =>
  F.finite(negative, (significand << 1n) | 1n, exponent - 1)

/** log2 of a positive number as significand and exponent; `plusOne`: of 1 + x. */
function logarithm(x: F.Float, plusOne: boolean): F.Float {
  let whole = 0
  let ln: bigint
  if (plusOne) {
    if (topExponent(x) < TINY) return F.divide(nudged(x, false), F.finite(false, LN2, -P))
    const value = fixed(x)
    ln = logOnePlus(x.negative ? -value : value)
  } else {
    // 2^whole × (1 + f) with f in about ±0.41
    const length = F.bitLength(x.significand)
    whole = x.exponent + length - 1
    let fraction = (x.significand << BigInt(P)) >> BigInt(length - 1)
    if (fraction > (ONE * 3n) / 2n) {
      whole++
      fraction >>= 1n
    }
    const f = fraction - ONE
    if (f === 0n) return F.finite(whole < 0, BigInt(Math.abs(whole)), 0)
    ln = logOnePlus(f)
  }
  const value = BigInt(whole) * ONE + (ln << BigInt(P)) / LN2
  return inexact(value < 0n, value < 0n ? -value : value)
}

/** ST(1) = ST(1) × log2 ST(0), or of 1 + ST(0); pops. */
export function yLog2x(fpu: Fpu, plusOne: boolean): void {
  const operands = pairOf(fpu)
  if (!operands) return
  const { x, y } = operands
  const found = special(fpu, x, y)
  if (found === null) return
  const outcome = found ?? logOutcome(fpu, x, y, plusOne)
  if (outcome === null) return
  fpu.deliver(1, outcome.value, F.FORMAT80)
  fpu.pop()
}

function logOutcome(fpu: Fpu, x: F.Float, y: F.Float, plusOne: boolean): { value: F.Float } | null {
  const isOne = !plusOne && x.kind === F.FINITE && F.compare(x, F.finite(false, 1n, 0)) === 0
  const sign = (negative: boolean): boolean => negative !== y.negative
  if (plusOne) {
    if (x.kind === F.INFINITE) {
      if (x.negative || y.kind === F.ZERO) return invalid(fpu)
      return { value: F.infinity(y.negative) }
    }
    if (x.kind === F.FINITE && x.negative && topExponent(x) >= 0) return invalid(fpu)
  } else {
    if (x.negative && x.kind !== F.ZERO) return invalid(fpu)
    if (x.kind === F.ZERO) {
      if (y.kind === F.ZERO) return invalid(fpu)
      if (y.kind === F.INFINITE) return { value: F.infinity(sign(true)) }
      fpu.setC1(false)
      return fpu.raise(F.ZE) ? { value: F.infinity(sign(true)) } : null
    }
    if (x.kind === F.INFINITE)
      return y.kind === F.ZERO ? invalid(fpu) : denormals(fpu, y) ? { value: F.infinity(y.negative) } : null
  }
  if (y.kind === F.INFINITE) {
    if (isOne || x.kind === F.ZERO) return invalid(fpu)
    if (!denormals(fpu, x)) return null
    const below = plusOne ? x.negative : topExponent(x) < 0
    return { value: F.infinity(sign(below)) }
  }
  if (!denormals(fpu, x, y)) return null
  if (x.kind === F.ZERO) return { value: F.zero(sign(x.negative)) }
  const log = logarithm(x, plusOne)
  if (log.kind === F.ZERO || y.kind === F.ZERO) return { value: F.zero(sign(log.negative)) }
  return { value: F.multiply(log, y) }
}

/** ST(0) and ST(1); null after a stack fault, which is then dealt with. */
function pairOf(fpu: Fpu): { x: F.Float; y: F.Float } | null {
  if (fpu.isEmpty(0) || fpu.isEmpty(1)) {
    if (fpu.stackFault(false)) {
      fpu.set(1, F.DEFAULT_NAN)
      fpu.pop()
    }
    return null
  }
  return { x: fpu.get(0), y: fpu.get(1) }
}

/** FPATAN: ST(1) = arctan(ST(1) / ST(0)) in the quadrant of the point (ST(0), ST(1)); pops. */
export function arctangent(fpu: Fpu): void {
  const operands = pairOf(fpu)
  if (!operands) return
  const { x, y } = operands
  const found = special(fpu, x, y)
  if (found === null) return
  if (!found && !denormals(fpu, x, y)) return
  fpu.deliver(1, found ? found.value : arctangentOf(y, x), F.FORMAT80)
  fpu.pop()
}

function arctangentOf(y: F.Float, x: F.Float): F.Float {
  const half = pi(P) >> 1n
  const { negative } = y
  if (y.kind === F.ZERO || (x.kind === F.INFINITE && y.kind !== F.INFINITE))
    return x.negative ? inexact(negative, 2n * half) : F.zero(negative)
  if (y.kind === F.INFINITE) {
    if (x.kind !== F.INFINITE) return inexact(negative, half)
    return inexact(negative, x.negative ? (half * 3n) / 2n : half / 2n)
  }
  if (x.kind === F.ZERO) return inexact(negative, half)
  const difference = topExponent(y) - topExponent(x)
  if (difference > 200) return inexact(negative, half)
  if (difference < TINY - 1) {
    if (x.negative) return inexact(negative, 2n * half)
    const quotient = F.divide({ ...y, negative: false }, x)
    return nudged({ ...quotient, negative }, false)
  }
  const [a, b] = [y, x].map(
    (v) => v.significand << BigInt(v.exponent - Math.min(x.exponent, y.exponent)),
  ) as [bigint, bigint]
  const inverted = a > b
  const first = arctan(((inverted ? b : a) << BigInt(P)) / (inverted ? a : b))
  const angle = inverted ? half - first : first
  return inexact(negative, x.negative ? 2n * half - angle : angle)
}

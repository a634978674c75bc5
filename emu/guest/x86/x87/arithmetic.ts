/** x87 arithmetic and compares: Intel SDM vol. 1, 8.3.3 to 8.3.6, and 4.8.3.5 for NaNs. */

import * as F from '../../softfloat.ts'
import { C0, C2, C3, type Fpu } from './fpu.ts'

/** The NaN of two operands: the quiet one before a signalling one, else that with the larger significand. */
export function nanOf(x: F.Float, y: F.Float): F.Float {
  if (x.kind !== F.NAN) return F.quieted(y)
  if (y.kind !== F.NAN) return F.quieted(x)
  if (x.special !== y.special) return F.quieted(x.special ? y : x)
  if (x.significand !== y.significand) return F.quieted(x.significand > y.significand ? x : y)
  return F.quieted(x.negative ? y : x)
}

const isSignalling = (x: F.Float): boolean => x.kind === F.UNSUPPORTED || (x.kind === F.NAN && x.special)
const isDenormal = (x: F.Float): boolean => x.kind === F.FINITE && x.special

/** What comes out before any rounding, or null when the instruction traps. */
interface Outcome {
  value: F.Float
}

/** Invalid operation: the result is the default NaN; null when it traps. */
export function invalid(fpu: Fpu): Outcome | null {
  fpu.setC1(false)
  return fpu.raise(F.IE) ? { value: F.DEFAULT_NAN } : null
}

/**
 * Operands that decide alone: unsupported ones and NaNs. Undefined when there are none; null when they trap.
 */
export function special(fpu: Fpu, x: F.Float, y: F.Float): Outcome | null | undefined {
  if (x.kind === F.UNSUPPORTED || y.kind === F.UNSUPPORTED) return invalid(fpu)
  if (x.kind !== F.NAN && y.kind !== F.NAN) return undefined
  fpu.setC1(false)
  if ((isSignalling(x) || isSignalling(y)) && !fpu.raise(F.IE)) return null
  return { value: nanOf(x, y) }
}

/** Flags denormal operands; false when that traps. */
export function denormals(fpu: Fpu, ...operands: F.Float[]): boolean {
  if (!operands.some(isDenormal)) return true
  fpu.setC1(false)
  return fpu.raise(F.DE)
}

export type ArithmeticName = 'add' | 'mul' | 'sub' | 'div'

/** x op y before rounding; null when it traps. */
export function combine(fpu: Fpu, op: ArithmeticName, x: F.Float, right: F.Float): Outcome | null {
  const found = special(fpu, x, right)
  if (found !== undefined) return found
  const y = op === 'sub' ? { ...right, negative: !right.negative } : right
  const negative = x.negative !== y.negative
  const infinite = x.kind === F.INFINITE || y.kind === F.INFINITE
  if (op === 'add' || op === 'sub') {
    if (x.kind === F.INFINITE && y.kind === F.INFINITE && negative) return invalid(fpu)
    if (!denormals(fpu, x, right)) return null
    if (infinite) return { value: x.kind === F.INFINITE ? x : y }
    return { value: F.add(x, y, fpu.rounding) }
  }
  if (op === 'mul') {
    if (infinite && (x.kind === F.ZERO || y.kind === F.ZERO)) return invalid(fpu)
    if (!denormals(fpu, x, y)) return null
    return { value: infinite ? F.infinity(negative) : F.multiply(x, y) }
  }
  if (x.kind === y.kind && (x.kind === F.ZERO || x.kind === F.INFINITE)) return invalid(fpu)
  if (y.kind === F.ZERO && x.kind === F.FINITE) {
    fpu.setC1(false)
    return fpu.raise(F.ZE) ? { value: F.infinity(negative) } : null
  }
  if (!denormals(fpu, x, y)) return null
  if (x.kind === F.INFINITE || y.kind === F.ZERO) return { value: F.infinity(negative) }
  if (y.kind === F.INFINITE) return { value: F.zero(negative) }
  return { value: F.divide(x, y) }
}

/** FADD and the like: ST(to) = ST(0) op operand, or reversed; pops at last. */
export function arithmetic(
  fpu: Fpu,
  op: ArithmeticName,
  reversed: boolean,
  operand: F.Float | null,
  to: number,
  pops: number,
): void {
  const empty = fpu.isEmpty(0) || operand === null
  let outcome: Outcome | null
  if (empty) outcome = fpu.stackFault(false) ? { value: F.DEFAULT_NAN } : null
  else outcome = reversed ? combine(fpu, op, operand, fpu.get(0)) : combine(fpu, op, fpu.get(0), operand)
  if (outcome === null) return
  if (empty) fpu.set(to, outcome.value)
  else fpu.deliver(to, outcome.value)
  for (let k = 0; k < pops; k++) fpu.pop()
}

const RELATIONS = [C0, C3, 0, C0 | C2 | C3]

/** Condition bits of a compare, and whether it traps. Quiet NaNs are invalid for the ordered compares. */
export function relation(
  fpu: Fpu,
  x: F.Float | null,
  y: F.Float | null,
  ordered: boolean,
): { bits: number; traps: boolean } {
  const unordered = RELATIONS[3]!
  if (x === null || y === null) return { bits: unordered, traps: !fpu.stackFault(false) }
  const nan = x.kind === F.NAN || y.kind === F.NAN
  const signals = isSignalling(x) || isSignalling(y)
  if (nan || signals) {
    return { bits: unordered, traps: (ordered || signals) && !fpu.raise(F.IE) }
  }
  const traps = [x, y].some(isDenormal) && !fpu.raise(F.DE)
  return { bits: RELATIONS[F.compare(x, y) + 1]!, traps }
}

export function squareRoot(fpu: Fpu): void {
  if (fpu.isEmpty(0)) {
    if (fpu.stackFault(false)) fpu.set(0, F.DEFAULT_NAN)
    return
  }
  const x = fpu.get(0)
  let outcome = special(fpu, x, x)
  if (outcome === undefined) {
    if (x.negative && x.kind !== F.ZERO) outcome = invalid(fpu)
    else if (!denormals(fpu, x)) outcome = null
    else outcome = { value: x.kind === F.FINITE ? F.squareRoot(x) : x }
  }
  if (outcome) fpu.deliver(0, outcome.value)
}

/** FRNDINT. */
export function roundToInteger(fpu: Fpu): void {
  unary(fpu, (x) => {
    if (x.kind !== F.FINITE || x.exponent >= 0) {
      fpu.setC1(false)
      return x
    }
    const { value, inexact, up } = F.toInteger(x, fpu.rounding)
    fpu.setC1(up)
    if (inexact) fpu.raise(F.PE)
    return F.finite(x.negative, value < 0n ? -value : value, 0)
  })
}

/** ST(0) = f(ST(0)) for operands that are numbers; f gives what is stored as it is, or null when it traps. */
export function unary(fpu: Fpu, f: (x: F.Float) => F.Float | null): void {
  if (fpu.isEmpty(0)) {
    if (fpu.stackFault(false)) fpu.set(0, F.DEFAULT_NAN)
    return
  }
  const x = fpu.get(0)
  const found = special(fpu, x, x)
  if (found === null) return
  if (found) fpu.set(0, found.value)
  else if (denormals(fpu, x)) {
    const value = f(x)
    if (value) fpu.set(0, value)
  }
}

/** FSCALE: ST(0) × 2^ST(1) truncated. */
export function scale(fpu: Fpu): void {
  if (fpu.isEmpty(0) || fpu.isEmpty(1)) {
    if (fpu.stackFault(false)) fpu.set(0, F.DEFAULT_NAN)
    return
  }
  const x = fpu.get(0)
  const y = fpu.get(1)
  const found = special(fpu, x, y)
  if (found !== undefined) {
    if (found) fpu.set(0, found.value)
    return
  }
  if (y.kind === F.INFINITE && (y.negative ? x.kind === F.INFINITE : x.kind === F.ZERO)) {
    if (invalid(fpu)) fpu.set(0, F.DEFAULT_NAN)
    return
  }
  if (!denormals(fpu, x, y)) return
  if (y.kind === F.INFINITE && x.kind !== (y.negative ? F.ZERO : F.INFINITE))
    fpu.deliver(0, y.negative ? F.zero(x.negative) : F.infinity(x.negative))
  else if (x.kind !== F.FINITE) fpu.deliver(0, x)
  else {
    const whole = Number(F.toInteger(y, F.ROUND_ZERO).value)
    const by = Math.max(-70_000, Math.min(70_000, whole))
    fpu.deliver(0, F.finite(x.negative, x.significand, x.exponent + by), F.FORMAT80)
  }
}

/** FXTRACT: ST(0) becomes the exponent, the significand is pushed. */
export function extract(fpu: Fpu): void {
  if (fpu.isEmpty(0)) {
    if (fpu.stackFault(false)) {
      fpu.set(0, F.DEFAULT_NAN)
      fpu.push(F.DEFAULT_NAN)
      fpu.setC1(false)
    }
    return
  }
  if (!fpu.isEmpty(7)) {
    if (fpu.stackFault(true)) {
      fpu.set(0, F.DEFAULT_NAN)
      fpu.top = (fpu.top - 1) & 7
      fpu.set(0, F.DEFAULT_NAN)
    }
    return
  }
  const x = fpu.get(0)
  const found = special(fpu, x, x)
  if (found === null) return
  if (found) pushPair(fpu, found.value, found.value)
  else if (x.kind === F.INFINITE) pushPair(fpu, F.infinity(false), x)
  else if (x.kind === F.ZERO) {
    fpu.setC1(false)
    if (fpu.raise(F.ZE)) pushPair(fpu, F.infinity(true), x)
  } else if (denormals(fpu, x)) {
    const top = F.bitLength(x.significand) - 1
    const exponent = x.exponent + top
    const magnitude = BigInt(Math.abs(exponent))
    pushPair(fpu, F.finite(exponent < 0, magnitude, 0), F.finite(x.negative, x.significand, -top))
  }
}

function pushPair(fpu: Fpu, below: F.Float, above: F.Float): void {
  fpu.setC1(false)
  fpu.set(0, below)
  fpu.push(above)
}

/**
 * FPREM (truncating) and FPREM1 (to nearest): exact; at most 63 bits of the quotient a time, C2 says that more is
 * left to do.
 */
export function remainder(fpu: Fpu, nearest: boolean): void {
  fpu.status &= ~C2
  if (fpu.isEmpty(0) || fpu.isEmpty(1)) {
    if (fpu.stackFault(false)) fpu.set(0, F.DEFAULT_NAN)
    return
  }
  const x = fpu.get(0)
  const y = fpu.get(1)
  const found = special(fpu, x, y)
  if (found !== undefined) {
    if (found) fpu.set(0, found.value)
    return
  }
  if (x.kind === F.INFINITE || y.kind === F.ZERO) {
    if (invalid(fpu)) fpu.set(0, F.DEFAULT_NAN)
    return
  }
  if (!denormals(fpu, x, y)) return
  if (y.kind === F.INFINITE || x.kind === F.ZERO) {
    fpu.setConditions(0)
    if (x.kind === F.FINITE) fpu.deliver(0, x, F.FORMAT80)
    return
  }
  const difference = x.exponent + F.bitLength(x.significand) - (y.exponent + F.bitLength(y.significand))
  if (difference >= 64) reducePartly(fpu, x, y, difference)
  else reduceFully(fpu, x, y, nearest)
}

/** Takes 32 to 63 bits off the quotient. */
function reducePartly(fpu: Fpu, x: F.Float, y: F.Float, difference: number): void {
  const bits = 32 + (difference & 31)
  const scaled = F.finite(false, y.significand, y.exponent + difference - bits)
  const { rest, exponent } = divideWhole(x, scaled)
  fpu.deliver(0, F.finite(x.negative, rest, exponent), F.FORMAT80)
  fpu.setConditions(C2)
}

function divideWhole(
  x: F.Float,
  y: F.Float,
): { quotient: bigint; rest: bigint; divisor: bigint; exponent: number } {
  const exponent = Math.min(x.exponent, y.exponent)
  const dividend = x.significand << BigInt(x.exponent - exponent)
  const divisor = y.significand << BigInt(y.exponent - exponent)
  const quotient = dividend / divisor
  return { quotient, rest: dividend - quotient * divisor, divisor, exponent }
}

function reduceFully(fpu: Fpu, x: F.Float, y: F.Float, nearest: boolean): void {
  let { quotient, rest, divisor, exponent } = divideWhole(x, y)
  let { negative } = x
  if (nearest && (2n * rest > divisor || (2n * rest === divisor && (quotient & 1n) === 1n))) {
    quotient += 1n
    rest = divisor - rest
    negative = !negative
  }
  if (rest === 0n) negative = x.negative
  fpu.deliver(0, F.finite(negative, rest, exponent), F.FORMAT80)
  const low = Number(quotient & 7n)
  fpu.setConditions((low & 4 ? C0 : 0) | (low & 2 ? C3 : 0))
  fpu.setC1((low & 1) === 1)
}

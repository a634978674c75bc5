/**
 * The float operations of PowerPC exactly: result, exceptions, and what they leave in FPSCR, for every rounding mode and
 * with every exception enabled. On bigints (emu/guest/softfloat.ts).
 * Path: execute.ts calls it, for the interpreter always and for translated code where its short ways are not enough.
 * Reference: Power ISA, Book I, 4.3 (NaNs, rounding), 4.4 (exceptions), 4.6 (each instruction).
 */

import * as F from '../../softfloat.ts'
import * as S from './fpscr.ts'
import type { FloatOp } from './operations.ts'

export interface Outcome {
  /** The result, a double, or an integer of 64 bits. */
  bits: bigint
  /** Exceptions of FPSCR. */
  raised: number
  /** FR and FI. */
  rounded: number
  /** An enabled exception keeps the target as it was, and FPRF. */
  isKept: boolean
}

const DEFAULT_NAN = F.nan(false, 3n << 62n)
const ROUNDINGS = [F.ROUND_NEAREST, F.ROUND_ZERO, F.ROUND_UP, F.ROUND_DOWN] as const
/** What is added to or subtracted from exponents of results out of range when that is enabled. */
const SCALE = { single: 192, double: 1536 }
/** A NaN's significand as a single has it. */
const SINGLE_PAYLOAD = ~((1n << 40n) - 1n)

/** One execution: FPSCR before, and what it raises. */
class Run {
  readonly fpscr: number
  readonly mode: number
  raised = 0
  rounded = 0
  isKept = false

  constructor(fpscr: number) {
    this.fpscr = fpscr
    this.mode = ROUNDINGS[fpscr & S.RN]!
  }

  /** The first NaN among operands, quieted, or null; signalling ones are invalid. */
  nanOf(...operands: F.Float[]): F.Float | null {
    let first: F.Float | null = null
    for (const x of operands) {
      if (x.kind !== F.NAN) continue
      if (x.special) this.invalid(S.VXSNAN)
      first ??= F.quieted(x)
    }
    return first
  }

  invalid(cause: number): F.Float {
    this.raised |= cause
    if (this.fpscr & S.VE) this.isKept = true
    return DEFAULT_NAN
  }

  divideByZero(): void {
    this.raised |= S.ZX
    if (this.fpscr & S.ZE) this.isKept = true
  }

  /** A finite number rounded to a format; others as they are. */
  round(x: F.Float, isSingle: boolean): F.Float {
    if (x.kind === F.NAN && isSingle) return F.nan(x.negative, x.significand & SINGLE_PAYLOAD)
    if (x.kind !== F.FINITE) return x
    const format = isSingle ? F.FORMAT32 : F.FORMAT64
    const { negative, significand } = x
    const { precision, least, greatest } = format
    const length = F.bitLength(significand)
    let { exponent } = x
    if (exponent + length - 1 < least) {
      // Tininess is detected before rounding.
      const lowest = least - precision + 1
      if (!(this.fpscr & S.UE)) {
        const tiny = F.roundShift(significand, lowest - exponent, negative, this.mode)
        if (tiny.inexact) this.inexact(S.UX, tiny.up)
        return F.finite(negative, tiny.value, lowest)
      }
      this.raised |= S.UX
      exponent += isSingle ? SCALE.single : SCALE.double
    }
    const near = F.roundShift(significand, length - precision, negative, this.mode)
    let scaled = exponent + length - precision
    if (scaled + F.bitLength(near.value) - 1 > greatest) {
      if (!(this.fpscr & S.OE)) return this.overflow(negative, format)
      this.raised |= S.OX
      scaled -= isSingle ? SCALE.single : SCALE.double
    }
    if (near.inexact) this.inexact(0, near.up)
    return F.finite(negative, near.value, scaled)
  }

  private inexact(raised: number, isUp: boolean): void {
    this.raised |= raised | S.XX
    this.rounded = S.FI | (isUp ? S.FR : 0)
  }

  private overflow(negative: boolean, format: F.Format): F.Float {
    const { mode } = this
    const toInfinity = mode === F.ROUND_NEAREST || mode === (negative ? F.ROUND_DOWN : F.ROUND_UP)
    this.inexact(S.OX, toInfinity)
    if (toInfinity) return F.infinity(negative)
    return F.finite(negative, (1n << BigInt(format.precision)) - 1n, format.greatest - format.precision + 1)
  }
}

const negated = (x: F.Float): F.Float => (x.kind === F.NAN ? x : { ...x, negative: !x.negative })

function sum(run: Run, x: F.Float, y: F.Float): F.Float {
  if (x.kind === F.INFINITE || y.kind === F.INFINITE) {
    if (x.kind !== y.kind) return x.kind === F.INFINITE ? x : y
    return x.negative === y.negative ? x : run.invalid(S.VXISI)
  }
  return F.add(x, y, run.mode)
}

function product(run: Run, x: F.Float, y: F.Float): F.Float {
  if (x.kind !== F.INFINITE && y.kind !== F.INFINITE) return F.multiply(x, y)
  if (x.kind === F.ZERO || y.kind === F.ZERO) return run.invalid(S.VXIMZ)
  return F.infinity(x.negative !== y.negative)
}

function quotient(run: Run, x: F.Float, y: F.Float): F.Float {
  const negative = x.negative !== y.negative
  if (x.kind === F.INFINITE) return y.kind === F.INFINITE ? run.invalid(S.VXIDI) : F.infinity(negative)
  if (y.kind === F.INFINITE) return F.zero(negative)
  if (y.kind !== F.ZERO) return F.divide(x, y)
  if (x.kind === F.ZERO) return run.invalid(S.VXZDZ)
  run.divideByZero()
  return F.infinity(negative)
}

function root(run: Run, x: F.Float): F.Float {
  if (x.kind === F.ZERO) return x
  if (x.negative) return run.invalid(S.VXSQRT)
  return x.kind === F.INFINITE ? x : F.squareRoot(x)
}

const ONE = F.finite(false, 1n, 0)

/** 1 / the square root. Rounded to twice the precision it is as good as an estimate gets. */
function rootEstimate(run: Run, x: F.Float): F.Float {
  if (x.kind === F.ZERO) {
    run.divideByZero()
    return F.infinity(x.negative)
  }
  const y = root(run, x)
  if (y.kind === F.NAN) return y
  if (y.kind === F.INFINITE) return F.zero(false)
  const rounded = F.round(y, F.FORMAT64, F.ROUND_NEAREST, 0).value
  return F.divide(ONE, rounded)
}

/** a × c + b with the signs that the operation has. */
function fused(run: Run, op: FloatOp, a: F.Float, b: F.Float, c: F.Float): F.Float {
  const isZeroTimesInfinity =
    (a.kind === F.ZERO && c.kind === F.INFINITE) || (a.kind === F.INFINITE && c.kind === F.ZERO)
  const found = run.nanOf(a, b, c)
  if (isZeroTimesInfinity) {
    const none = run.invalid(S.VXIMZ)
    return found ?? none
  }
  if (found) return found
  return sum(run, product(run, a, c), op === 'msub' || op === 'nmsub' ? negated(b) : b)
}

function arithmetic(run: Run, op: FloatOp, a: F.Float, b: F.Float, c: F.Float): F.Float {
  switch (op) {
    case 'add':
      return run.nanOf(a, b) ?? sum(run, a, b)
    case 'sub':
      return run.nanOf(a, b) ?? sum(run, a, negated(b))
    case 'mul':
      return run.nanOf(a, c) ?? product(run, a, c)
    case 'div':
      return run.nanOf(a, b) ?? quotient(run, a, b)
    case 'sqrt':
      return run.nanOf(b) ?? root(run, b)
    case 'estimate':
      return run.nanOf(b) ?? quotient(run, ONE, b)
    case 'rootEstimate':
      return run.nanOf(b) ?? rootEstimate(run, b)
    case 'round':
      return run.nanOf(b) ?? b
    default:
      return fused(run, op, a, b, c)
  }
}

/** The mode of a rounding to an integral number; ties away from zero are the -1. */
const INTEGRAL: Partial<Record<FloatOp, number>> = {
  integralNear: -1,
  integralZero: F.ROUND_ZERO,
  integralUp: F.ROUND_UP,
  integralDown: F.ROUND_DOWN,
}

function integral(run: Run, op: FloatOp, x: F.Float): F.Float {
  if (x.kind !== F.FINITE || x.exponent >= 0) return run.nanOf(x) ?? x
  const mode = INTEGRAL[op] ?? run.mode
  const away = mode === -1
  // A half added to the magnitude and cut is a tie away from zero.
  const half = away ? 1n << BigInt(-x.exponent - 1) : 0n
  const cut = F.roundShift(x.significand + half, -x.exponent, x.negative, away ? F.ROUND_ZERO : mode)
  if (op === 'integral' && cut.inexact) {
    run.raised |= S.XX
    run.rounded = S.FI | (cut.up ? S.FR : 0)
  }
  return F.finite(x.negative, cut.value, 0)
}

/** Bits and sign of the integers that are converted to. */
const INTEGERS: Partial<Record<FloatOp, readonly [bits: number, isSigned: boolean, truncates: boolean]>> = {
  toI32: [32, true, false],
  toI32z: [32, true, true],
  toU32: [32, false, false],
  toU32z: [32, false, true],
  toI64: [64, true, false],
  toI64z: [64, true, true],
  toU64: [64, false, false],
  toU64z: [64, false, true],
}

function toInteger(run: Run, op: FloatOp, x: F.Float): bigint {
  const [bits, isSigned, truncates] = INTEGERS[op]!
  const least = isSigned ? -(1n << BigInt(bits - 1)) : 0n
  const most = (1n << BigInt(isSigned ? bits - 1 : bits)) - 1n
  if (x.kind === F.NAN) {
    run.nanOf(x)
    run.invalid(S.VXCVI)
    // Of a word only the lower half is defined.
    return BigInt.asUintN(bits, least)
  }
  if (x.kind !== F.INFINITE) {
    const { value, inexact, up } = F.toInteger(x, truncates ? F.ROUND_ZERO : run.mode)
    if (value >= least && value <= most) {
      if (inexact) {
        run.raised |= S.XX
        run.rounded = S.FI | (up ? S.FR : 0)
      }
      return value
    }
  }
  run.invalid(S.VXCVI)
  return x.negative ? least : most
}

function fromInteger(op: FloatOp, bits: bigint): F.Float {
  const width = op === 'fromI32' || op === 'fromU32' ? 32 : 64
  const isSigned = op === 'fromI32' || op === 'fromI64'
  const value = isSigned ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits)
  return F.finite(value < 0n, value < 0n ? -value : value, 0)
}

/** Comparison as a condition field: less, greater, equal, unordered. */
function compare(run: Run, a: F.Float, b: F.Float, isOrdered: boolean): bigint {
  if (run.nanOf(a, b)) {
    // A signalling NaN is an invalid comparison too where that is not enabled.
    if (isOrdered && !(run.raised && run.fpscr & S.VE)) run.invalid(S.VXVC)
    return 1n
  }
  const order = F.compare(a, b)
  return order < 0 ? 8n : order > 0 ? 4n : 2n
}

/** The exponent of a double's bits, as 1.xxx × 2^e. */
const exponentOf = (bits: bigint): number => Number((bits >> 52n) & 0x7ffn) - 1023

/** Whether a division's software sequence needs care: as a condition field, 4 for denormal divisors and the like, 2. */
function testDivide(a: bigint, b: bigint, { least, greatest, precision }: F.Format): bigint {
  const [x, y] = [F.unpack(a, F.FORMAT64), F.unpack(b, F.FORMAT64)]
  const [ea, eb] = [exponentOf(a), exponentOf(b)]
  const isDivisorOdd = y.kind === F.ZERO || y.kind === F.INFINITE || (y.kind === F.FINITE && eb < least)
  const general = x.kind === F.INFINITE || isDivisorOdd ? 4n : 0n
  const isFar =
    x.kind === F.FINITE && (ea - eb >= greatest || ea - eb <= least + 1 || ea <= least + precision - 1)
  const isOdd =
    x.kind >= F.INFINITE || y.kind === F.NAN || isDivisorOdd || eb <= least || eb >= greatest - 2 || isFar
  return 8n | general | (isOdd ? 2n : 0n)
}

/** The same of a square root. */
function testRoot(b: bigint, { least, precision }: F.Format): bigint {
  const y = F.unpack(b, F.FORMAT64)
  const exponent = exponentOf(b)
  const isTiny = y.kind === F.FINITE && exponent < least
  const general = y.kind === F.ZERO || y.kind === F.INFINITE || isTiny ? 4n : 0n
  const isOdd = y.kind !== F.FINITE || y.negative || exponent <= least + precision - 1
  return 8n | general | (isOdd ? 2n : 0n)
}

/** The greater or less of two numbers; a NaN is one only where both are. */
function extreme(run: Run, op: 'max' | 'min', a: bigint, b: bigint): bigint {
  const [x, y] = [F.unpack(a, F.FORMAT64), F.unpack(b, F.FORMAT64)]
  run.nanOf(x, y)
  const quiet = 1n << 51n
  if (x.kind === F.NAN && (x.special || y.kind === F.NAN)) return a | quiet
  if (y.kind === F.NAN) return y.special ? b | quiet : a
  if (x.kind === F.NAN) return b
  const order = x.kind === F.ZERO && y.kind === F.ZERO ? (x.negative ? -1 : 1) : F.compare(x, y)
  return (op === 'max') === order >= 0 ? a : b
}

/** All ones where a relation holds; greater ones are invalid for every NaN. */
function relation(run: Run, op: FloatOp, a: F.Float, b: F.Float): bigint {
  const found = compare(run, a, b, op !== 'equal')
  const wanted = op === 'equal' ? 2n : op === 'greater' ? 4n : 6n
  return found & wanted ? (1n << 64n) - 1n : 0n
}

/** Executes an operation on doubles (or an integer, in b). */
export function evaluate(
  op: FloatOp,
  isSingle: boolean,
  [a, b, c]: readonly [bigint, bigint, bigint],
  fpscr: number,
): Outcome {
  const run = new Run(fpscr)
  const bits = resultOf(run, op, isSingle, a, b, c)
  return { bits: BigInt.asUintN(64, bits), raised: run.raised, rounded: run.rounded, isKept: run.isKept }
}

function resultOf(run: Run, op: FloatOp, isSingle: boolean, a: bigint, b: bigint, c: bigint): bigint {
  const double = (bits: bigint): F.Float => F.unpack(bits, F.FORMAT64)
  if (INTEGERS[op]) return toInteger(run, op, double(b))
  switch (op) {
    case 'compare':
    case 'compareOrdered':
      return compare(run, double(a), double(b), op === 'compareOrdered')
    case 'testDivide':
      return testDivide(a, b, isSingle ? F.FORMAT32 : F.FORMAT64)
    case 'testRoot':
      return testRoot(b, isSingle ? F.FORMAT32 : F.FORMAT64)
    case 'max':
    case 'min':
      return extreme(run, op, a, b)
    case 'equal':
    case 'greater':
    case 'greaterEqual':
      return relation(run, op, double(a), double(b))
    case 'integral':
    case 'integralNear':
    case 'integralZero':
    case 'integralUp':
    case 'integralDown':
      return F.pack(integral(run, op, double(b)), F.FORMAT64)
    case 'fromI32':
    case 'fromU32':
    case 'fromI64':
    case 'fromU64':
      return F.pack(run.round(fromInteger(op, b), isSingle), F.FORMAT64)
    default: {
      const rounded = run.round(arithmetic(run, op, double(a), double(b), double(c)), isSingle)
      const isNegated = (op === 'nmadd' || op === 'nmsub') && rounded.kind !== F.NAN
      return F.pack(isNegated ? negated(rounded) : rounded, F.FORMAT64)
    }
  }
}

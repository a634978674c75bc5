/**
 * Exact binary floating point on bigints: numbers of any precision and the one rounding at an operation's end.
 * Path: the x87 (80 bits) and SSE with an unusual MXCSR (float-helper.ts) make their results of it.
 * Reference: IEEE 754; Intel SDM vol. 1, 4.8 (formats, rounding) and 4.9 (exceptions; tininess after rounding).
 */

export const IE = 1,
  DE = 2,
  ZE = 4,
  OE = 8,
  UE = 16,
  PE = 32

export const ROUND_NEAREST = 0,
  ROUND_DOWN = 1,
  ROUND_UP = 2,
  ROUND_ZERO = 3

export const ZERO = 0,
  FINITE = 1,
  INFINITE = 2,
  NAN = 3
/** x87 encodings that are no number any more (unnormals, pseudo-infinities, pseudo-NaNs). */
export const UNSUPPORTED = 4
export type Kind = 0 | 1 | 2 | 3 | 4

/** A number: finite ones are significand × 2^exponent, the significand positive and not normalised. */
export interface Float {
  readonly kind: Kind
  readonly negative: boolean
  readonly significand: bigint
  readonly exponent: number
  /** NaN: signalling. Finite: it was a denormal. */
  readonly special: boolean
}

export const zero = (negative: boolean): Float => ({
  kind: ZERO,
  negative,
  significand: 0n,
  exponent: 0,
  special: false,
})
export const infinity = (negative: boolean): Float => ({
  kind: INFINITE,
  negative,
  significand: 0n,
  exponent: 0,
  special: false,
})
export const finite = (negative: boolean, significand: bigint, exponent: number): Float =>
  significand === 0n ? zero(negative) : { kind: FINITE, negative, significand, exponent, special: false }
/** A NaN; its payload is as in a 64-bit significand: bit 63 set, bit 62 quiet. */
export const nan = (negative: boolean, significand: bigint): Float => ({
  kind: NAN,
  negative,
  significand,
  exponent: 0,
  special: (significand & QUIET) === 0n,
})
export const QUIET = 1n << 62n
export const DEFAULT_NAN: Float = nan(true, 3n << 62n)
export const quieted = (x: Float): Float => nan(x.negative, x.significand | QUIET)

/** A format's precision in bits and the exponents of its least and greatest normal numbers (of 1.xxx × 2^e). */
export interface Format {
  readonly precision: number
  readonly least: number
  readonly greatest: number
}
export const FORMAT32: Format = { precision: 24, least: -126, greatest: 127 }
export const FORMAT64: Format = { precision: 53, least: -1022, greatest: 1023 }
export const FORMAT80: Format = { precision: 64, least: -16382, greatest: 16383 }

export function bitLength(value: bigint): number {
  let x = value
  let bits = 0
  while (x >> 64n) {
    x >>= 64n
    bits += 64
  }
  const high = Number(x >> 32n)
  return high ? bits + 64 - Math.clz32(high) : bits + 32 - Math.clz32(Number(x))
}

/** A result rounded to a format. */
export interface Rounded {
  value: Float
  flags: number
  /** The magnitude was rounded up (C1 of the x87). */
  up: boolean
}

/** value / 2^drop rounded to an integer; drop may be negative. */
export function roundShift(
  value: bigint,
  drop: number,
  negative: boolean,
  mode: number,
): { value: bigint; inexact: boolean; up: boolean } {
  if (drop <= 0) return { value: value << BigInt(-drop), inexact: false, up: false }
  const shift = BigInt(drop)
  const kept = value >> shift
  const rest = value - (kept << shift)
  if (rest === 0n) return { value: kept, inexact: false, up: false }
  const half = 1n << (shift - 1n)
  let up: boolean
  if (mode === ROUND_NEAREST) up = rest > half || (rest === half && (kept & 1n) === 1n)
  else up = mode === ROUND_UP ? !negative : mode === ROUND_DOWN ? negative : false
  return { value: up ? kept + 1n : kept, inexact: true, up }
}

/**
 * Rounds a finite number to a format. `unmasked` are exceptions that trap: with UE among them a tiny result is
 * flagged even if exact, and results out of range come with `scale` added to the exponent as the x87 delivers them.
 */
export function round(x: Float, format: Format, mode: number, unmasked: number, scale = 0): Rounded {
  const { negative, significand } = x
  const { precision, least, greatest } = format
  const length = bitLength(significand)
  const rounded = roundShift(significand, length - precision, negative, mode)
  // A carry out of the top makes a power of two; the value is right either way.
  const scaled = x.exponent + length - precision
  const top = scaled + bitLength(rounded.value) - 1
  const inexact = rounded.inexact ? PE : 0
  if (top > greatest) {
    // So far beyond the range that scaling does not bring it back, it overflows as if masked.
    if (unmasked & OE && (scale === 0 || top - scale <= greatest))
      return { value: finite(negative, rounded.value, scaled - scale), flags: OE | inexact, up: rounded.up }
    return overflow(negative, format, mode)
  }
  if (top < least) {
    if (unmasked & UE && top + scale < least && scale > 0)
      return { value: zero(negative), flags: UE | PE, up: false }
    if (unmasked & UE)
      return { value: finite(negative, rounded.value, scaled + scale), flags: UE | inexact, up: rounded.up }
    const lowest = least - precision + 1
    const denormal = roundShift(significand, lowest - x.exponent, negative, mode)
    return {
      value: finite(negative, denormal.value, lowest),
      flags: denormal.inexact ? UE | PE : 0,
      up: denormal.up,
    }
  }
  return { value: finite(negative, rounded.value, scaled), flags: inexact, up: rounded.up }
}

function overflow(negative: boolean, format: Format, mode: number): Rounded {
  const toInfinity = mode === ROUND_NEAREST || mode === (negative ? ROUND_DOWN : ROUND_UP)
  if (toInfinity) return { value: infinity(negative), flags: OE | PE, up: true }
  const most = (1n << BigInt(format.precision)) - 1n
  return { value: finite(negative, most, format.greatest - format.precision + 1), flags: OE | PE, up: false }
}

// ---- exact operations on finite numbers (and zeros); rounding comes after

/** Below the difference of exponents at which the smaller operand is only felt as a sticky bit. */
const FAR = 300

export function add(x: Float, y: Float, mode: number): Float {
  if (x.kind === ZERO && y.kind === ZERO)
    return zero(x.negative === y.negative ? x.negative : mode === ROUND_DOWN)
  if (x.kind === ZERO) return y
  if (y.kind === ZERO) return x
  const [high, low] =
    x.exponent + bitLength(x.significand) >= y.exponent + bitLength(y.significand) ? [x, y] : [y, x]
  let lowSignificand = low.significand
  let lowExponent = low.exponent
  if (high.exponent - low.exponent > FAR) {
    // Far below every bit that counts, it matters only that something is there.
    lowSignificand = 1n
    lowExponent = high.exponent - FAR
  }
  const exponent = Math.min(high.exponent, lowExponent)
  const a = high.significand << BigInt(high.exponent - exponent)
  const b = lowSignificand << BigInt(lowExponent - exponent)
  const sum = (high.negative ? -a : a) + (low.negative ? -b : b)
  if (sum === 0n) return zero(mode === ROUND_DOWN)
  return finite(sum < 0n, sum < 0n ? -sum : sum, exponent)
}

export function multiply(x: Float, y: Float): Float {
  return finite(x.negative !== y.negative, x.significand * y.significand, x.exponent + y.exponent)
}

/** With bits enough that the last one can stand for all that follow. */
export function divide(x: Float, y: Float): Float {
  const negative = x.negative !== y.negative
  if (x.kind === ZERO) return zero(negative)
  const shift = Math.max(0, 68 - bitLength(x.significand) + bitLength(y.significand))
  const dividend = x.significand << BigInt(shift)
  const quotient = dividend / y.significand
  const sticky = quotient * y.significand === dividend ? 0n : 1n
  return finite(negative, (quotient << 1n) | sticky, x.exponent - y.exponent - shift - 1)
}

export function integerSquareRoot(n: bigint): bigint {
  if (n < 2n) return n
  let x = 1n << BigInt((bitLength(n) + 1) >> 1)
  for (;;) {
    const next = (x + n / x) >> 1n
    if (next >= x) return x
    x = next
  }
}

/** Of a positive number. */
export function squareRoot(x: Float): Float {
  let shift = Math.max(0, 140 - bitLength(x.significand))
  if ((x.exponent - shift) & 1) shift++
  const n = x.significand << BigInt(shift)
  const root = integerSquareRoot(n)
  const sticky = root * root === n ? 0n : 1n
  return finite(false, (root << 1n) | sticky, (x.exponent - shift) / 2 - 1)
}

/** -1, 0 or 1; neither is a NaN. */
export function compare(x: Float, y: Float): number {
  const order = (f: Float): number => (f.kind === ZERO ? 0 : f.negative ? -1 : 1)
  if (order(x) !== order(y) || x.kind === ZERO) return Math.sign(order(x) - order(y))
  const flip = x.negative ? -1 : 1
  if (x.kind === INFINITE || y.kind === INFINITE)
    return x.kind === y.kind ? 0 : x.kind === INFINITE ? flip : -flip
  const exponent = Math.min(x.exponent, y.exponent)
  const top = (f: Float): number => f.exponent + bitLength(f.significand)
  if (top(x) !== top(y)) return top(x) > top(y) ? flip : -flip
  const a = x.significand << BigInt(x.exponent - exponent)
  const b = y.significand << BigInt(y.exponent - exponent)
  return a === b ? 0 : a > b ? flip : -flip
}

/** To an integer by the rounding mode. */
export function toInteger(x: Float, mode: number): { value: bigint; inexact: boolean; up: boolean } {
  if (x.kind === ZERO) return { value: 0n, inexact: false, up: false }
  // Far beyond any integer format, the caller only needs to see that it does not fit.
  if (x.exponent > 100) return { value: x.negative ? -(1n << 100n) : 1n << 100n, inexact: false, up: false }
  const rounded = roundShift(x.significand, Math.min(-x.exponent, FAR), x.negative, mode)
  return { ...rounded, value: x.negative ? -rounded.value : rounded.value }
}

// ---- the 32- and 64-bit formats

export function unpack(bits: bigint, format: Format): Float {
  const fractionBits = BigInt(format.precision - 1)
  const bias = format.greatest
  const exponentMask = 2n * BigInt(bias) + 1n
  const exponent = Number((bits >> fractionBits) & exponentMask)
  const fraction = bits & ((1n << fractionBits) - 1n)
  const negative = bits >> (fractionBits + BigInt(exponentMask.toString(2).length)) !== 0n
  if (exponent === Number(exponentMask))
    return fraction === 0n
      ? infinity(negative)
      : nan(negative, (1n << 63n) | (fraction << (63n - fractionBits)))
  if (exponent === 0)
    return fraction === 0n
      ? zero(negative)
      : { ...finite(negative, fraction, format.least - Number(fractionBits)), special: true }
  return finite(negative, fraction | (1n << fractionBits), exponent - bias - Number(fractionBits))
}

/** Bits of a number that fits the format exactly. */
export function pack(x: Float, format: Format): bigint {
  const fractionBits = BigInt(format.precision - 1)
  const exponentBits = format === FORMAT32 ? 8n : 11n
  const sign = x.negative ? 1n << (fractionBits + exponentBits) : 0n
  const most = ((1n << exponentBits) - 1n) << fractionBits
  if (x.kind === ZERO) return sign
  if (x.kind === INFINITE) return sign | most
  if (x.kind === NAN) return sign | most | ((x.significand & ((1n << 63n) - 1n)) >> (63n - fractionBits))
  const shift = bitLength(x.significand) - format.precision
  const exponent = x.exponent + shift
  if (exponent + format.precision - 1 < format.least) {
    const lowest = format.least - format.precision + 1
    return sign | shifted(x.significand, x.exponent - lowest)
  }
  const significand = shifted(x.significand, -shift)
  const biased = BigInt(exponent + format.precision - 1 + format.greatest)
  return sign | (biased << fractionBits) | (significand & ((1n << fractionBits) - 1n))
}

const shifted = (x: bigint, by: number): bigint => (by >= 0 ? x << BigInt(by) : x >> BigInt(-by))

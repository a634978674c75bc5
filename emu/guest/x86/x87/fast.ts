/**
 * The common x87 instructions without bigints: normal numbers (and zeros where it costs nothing), round to nearest,
 * 64-bit precision, all exceptions masked. Whatever is not that is left to the exact way by answering false.
 * They are the interpreter's: translated code has routines.ts, and comes here only with what those give up.
 * Significands are two 32-bit halves; exponents are biased as in the format.
 */

import { PE } from '../../softfloat.ts'
import { C1, type Fpu, SCRATCH } from './fpu.ts'
import type { Source } from './memory.ts'

const BIAS = 16383
const EXPONENT_MOST = 0x7ffe

/** An unpacked number, one of a few that are used again and again. */
interface Parts {
  negative: boolean
  /** Biased; 0 for zero. */
  exponent: number
  high: number
  low: number
}
const parts = (): Parts => ({ negative: false, exponent: 0, high: 0, low: 0 })
const first = parts()
const second = parts()
const result = parts()
/** What a result lost: its first lost bit is the top one. */
let rest = 0

/** Whether the control word allows short cuts: masked, nearest (or truncating, for stores), full precision. */
const usual = (fpu: Fpu): boolean => (fpu.control & 0xf3f) === 0x33f && !(fpu.status & 0x80)

/** Shifts a 64-bit integer up until its top bit is set; it must not be zero. */
function normalise(to: Parts, high: number, low: number, exponent: number): void {
  let h = high
  let l = low
  let e = exponent
  if (h === 0) {
    h = l
    l = 0
    e -= 32
  }
  const by = Math.clz32(h)
  if (by > 0) {
    h = ((h << by) | (l >>> (32 - by))) >>> 0
    l = (l << by) >>> 0
  }
  to.high = h >>> 0
  to.low = l >>> 0
  to.exponent = e - by
}

function setZero(to: Parts): void {
  to.exponent = 0
  to.high = 0
  to.low = 0
}

/** Reads an operand; false unless it is a normal number or zero. */
function read(fpu: Fpu, source: Source, i: number, to: Parts): boolean {
  const { view } = fpu
  switch (source) {
    case 'st': {
      if (fpu.isEmpty(i)) return false
      const at = fpu.at(i)
      const signExponent = view.getUint16(at + 8, true)
      to.negative = signExponent >= 0x8000
      to.exponent = signExponent & 0x7fff
      to.low = view.getUint32(at, true)
      to.high = view.getUint32(at + 4, true)
      return to.exponent === 0 ? (to.high | to.low) === 0 : to.exponent < 0x7fff && to.high >= 0x8000_0000
    }
    case 'f64': {
      const high = view.getUint32(SCRATCH + 4, true)
      const low = view.getUint32(SCRATCH, true)
      const exponent = (high >>> 20) & 0x7ff
      to.negative = high >= 0x8000_0000
      if (exponent === 0) {
        setZero(to)
        return ((high << 1) | low) === 0
      }
      to.exponent = exponent - 1023 + BIAS
      to.high = (0x8000_0000 | ((high & 0xf_ffff) << 11) | (low >>> 21)) >>> 0
      to.low = (low << 11) >>> 0
      return exponent < 0x7ff
    }
    case 'f32': {
      const bits = view.getUint32(SCRATCH, true)
      const exponent = (bits >>> 23) & 0xff
      to.negative = bits >= 0x8000_0000
      to.low = 0
      if (exponent === 0) {
        setZero(to)
        return bits << 1 === 0
      }
      to.exponent = exponent - 127 + BIAS
      to.high = (0x8000_0000 | (bits << 8)) >>> 0
      return exponent < 0xff
    }
    case 'i16':
    case 'i32': {
      const value = source === 'i16' ? view.getInt16(SCRATCH, true) : view.getInt32(SCRATCH, true)
      to.negative = value < 0
      if (value === 0) setZero(to)
      else normalise(to, 0, Math.abs(value), BIAS + 63)
      return true
    }
    case 'i64': {
      let high = view.getInt32(SCRATCH + 4, true)
      let low = view.getInt32(SCRATCH, true)
      to.negative = high < 0
      if (high < 0) {
        high = low === 0 ? -high : ~high
        low = -low
      }
      if ((high | low) === 0) setZero(to)
      else normalise(to, high >>> 0, low >>> 0, BIAS + 63)
      return true
    }
    default:
      return false
  }
}

function write(fpu: Fpu, i: number, x: Parts): void {
  const at = fpu.at(i)
  fpu.view.setUint32(at, x.low, true)
  fpu.view.setUint32(at + 4, x.high, true)
  fpu.view.setUint16(at + 8, (x.negative ? 0x8000 : 0) | x.exponent, true)
  fpu.occupy(i)
}

/** Rounds `result` by `rest` to nearest even and stores it; false when it leaves the range of normal numbers. */
function finish(fpu: Fpu, to: number): boolean {
  const r = result
  const up = rest > 0x8000_0000 || (rest === 0x8000_0000 && (r.low & 1) === 1)
  if (up) {
    r.low = (r.low + 1) >>> 0
    if (r.low === 0) {
      r.high = (r.high + 1) >>> 0
      if (r.high === 0) {
        r.high = 0x8000_0000
        r.exponent++
      }
    }
  }
  if (r.exponent < 1 || r.exponent > EXPONENT_MOST) return false
  fpu.status = (fpu.status & ~C1) | (up ? C1 : 0) | (rest ? PE : 0)
  write(fpu, to, r)
  return true
}

let productLow = 0
let productHigh = 0

/** 32 × 32 bits. */
function multiply32(a: number, b: number): void {
  const a0 = a & 0xffff
  const a1 = a >>> 16
  const b0 = b & 0xffff
  const b1 = b >>> 16
  const low = a0 * b0
  const middle = a1 * b0 + (low >>> 16)
  const other = a0 * b1 + (middle & 0xffff)
  productLow = ((other << 16) | (low & 0xffff)) >>> 0
  productHigh = a1 * b1 + (middle >>> 16) + (other >>> 16)
}

const WORD = 0x1_0000_0000

function multiply(x: Parts, y: Parts): boolean {
  if (x.exponent === 0 || y.exponent === 0) return false
  multiply32(x.low, y.low)
  const r0 = productLow
  let sum = productHigh
  multiply32(x.high, y.low)
  sum += productLow
  let above = productHigh
  multiply32(x.low, y.high)
  sum += productLow
  above += productHigh
  multiply32(x.high, y.high)
  const r1 = sum >>> 0
  above += productLow + Math.floor(sum / WORD)
  let low = above >>> 0
  let high = (productHigh + Math.floor(above / WORD)) >>> 0
  let lost = r1
  let sticky = r0
  result.exponent = x.exponent + y.exponent - BIAS + 1
  if (high < 0x8000_0000) {
    high = ((high << 1) | (low >>> 31)) >>> 0
    low = ((low << 1) | (r1 >>> 31)) >>> 0
    lost = ((r1 << 1) | (r0 >>> 31)) >>> 0
    sticky = r0 << 1
    result.exponent--
  }
  result.negative = x.negative !== y.negative
  result.high = high
  result.low = low
  rest = sticky !== 0 ? (lost | 1) >>> 0 : lost
  return true
}

/** y's significand moved down by d places, in three words; what falls out of the last is kept as its lowest bit. */
let shiftedHigh = 0
let shiftedLow = 0
let shiftedRest = 0
function shiftDown(y: Parts, d: number): void {
  let h = y.high
  let l = y.low
  let r = 0
  let sticky = 0
  let by = d
  while (by >= 32) {
    sticky |= r
    r = l
    l = h
    h = 0
    by -= 32
  }
  if (by > 0) {
    sticky |= r << (32 - by)
    r = ((r >>> by) | (l << (32 - by))) >>> 0
    l = ((l >>> by) | (h << (32 - by))) >>> 0
    h >>>= by
  }
  shiftedHigh = h
  shiftedLow = l
  shiftedRest = sticky !== 0 ? (r | 1) >>> 0 : r
}

/** A number and zero make that number. */
function addToZero(x: Parts, negative: boolean): boolean {
  result.negative = negative
  result.exponent = x.exponent
  result.high = x.high
  result.low = x.low
  rest = 0
  return x.exponent !== 0
}

function add(x: Parts, y: Parts, subtract: boolean): boolean {
  const yNegative = y.negative !== subtract
  if (x.exponent === 0) return addToZero(y, yNegative)
  if (y.exponent === 0) return addToZero(x, x.negative)
  const swap =
    x.exponent < y.exponent ||
    (x.exponent === y.exponent && (x.high < y.high || (x.high === y.high && x.low < y.low)))
  const big = swap ? y : x
  const small = swap ? x : y
  result.negative = swap ? yNegative : x.negative
  shiftDown(small, Math.min(big.exponent - small.exponent, 128))
  let { exponent } = big
  if (x.negative === yNegative) {
    const low = big.low + shiftedLow
    const high = big.high + shiftedHigh + (low >= WORD ? 1 : 0)
    result.low = low >>> 0
    result.high = high >>> 0
    rest = shiftedRest
    if (high >= WORD) {
      rest = ((result.low << 31) | (rest >>> 1) | (rest & 1)) >>> 0
      result.low = ((result.low >>> 1) | (result.high << 31)) >>> 0
      result.high = ((result.high >>> 1) | 0x8000_0000) >>> 0
      exponent++
    }
    result.exponent = exponent
    return true
  }
  const borrow = shiftedRest !== 0 ? 1 : 0
  rest = -shiftedRest >>> 0
  const low = big.low - shiftedLow - borrow
  const high = big.high - shiftedHigh - (low < 0 ? 1 : 0)
  result.low = low >>> 0
  result.high = high >>> 0
  if ((result.high | result.low | rest) === 0) return false
  // Far cancellation happens only when nothing was shifted out, so shifting zeros in is exact.
  while (result.high < 0x8000_0000) {
    const by = result.high === 0 ? 31 : Math.clz32(result.high)
    result.high = ((result.high << by) | (result.low >>> (32 - by))) >>> 0
    result.low = ((result.low << by) | (rest >>> (32 - by))) >>> 0
    rest = (rest << by) >>> 0
    exponent -= by
  }
  result.exponent = exponent
  return true
}

const big64 = (x: Parts): bigint => (BigInt(x.high) << 32n) | BigInt(x.low)

function divide(x: Parts, y: Parts): boolean {
  if (x.exponent === 0 || y.exponent === 0) return false
  const a = big64(x)
  const b = big64(y)
  const smaller = a < b
  // 64 bits of quotient and 32 more.
  const dividend = a << (smaller ? 96n : 95n)
  const quotient = dividend / b
  const sticky = quotient * b === dividend ? 0 : 1
  rest = (Number(quotient & 0xffff_ffffn) | sticky) >>> 0
  result.low = Number((quotient >> 32n) & 0xffff_ffffn)
  result.high = Number(quotient >> 64n)
  result.exponent = x.exponent - y.exponent + BIAS - (smaller ? 1 : 0)
  result.negative = x.negative !== y.negative
  return true
}

/** ST(to) = ST(0) op operand. */
export function fastArithmetic(
  fpu: Fpu,
  op: 'add' | 'mul' | 'sub' | 'div',
  reversed: boolean,
  source: Source,
  i: number,
  to: number,
): boolean {
  if (!usual(fpu) || !read(fpu, 'st', 0, first) || !read(fpu, source, i, second)) return false
  const x = reversed ? second : first
  const y = reversed ? first : second
  if (op === 'mul') return multiply(x, y) && finish(fpu, to)
  if (op === 'div') return divide(x, y) && finish(fpu, to)
  return add(x, y, op === 'sub') && finish(fpu, to)
}

/** -1, 0 or 1 as ST(0) compares with the operand; 2 when the exact way must tell. */
export function fastCompare(fpu: Fpu, source: Source, i: number): number {
  if (!read(fpu, 'st', 0, first) || !read(fpu, source, i, second)) return 2
  const x = first
  const y = second
  if (x.exponent === 0 && y.exponent === 0) return 0
  if (x.exponent === 0) return y.negative ? 1 : -1
  if (y.exponent === 0) return x.negative ? -1 : 1
  if (x.negative !== y.negative) return x.negative ? -1 : 1
  const larger = x.negative ? -1 : 1
  if (x.exponent !== y.exponent) return x.exponent > y.exponent ? larger : -larger
  if (x.high !== y.high) return x.high > y.high ? larger : -larger
  if (x.low !== y.low) return x.low > y.low ? larger : -larger
  return 0
}

/** FLD and FILD of what converts exactly. */
export function fastLoad(fpu: Fpu, source: Source): boolean {
  if (!fpu.isEmpty(7) || !read(fpu, source, 0, first)) return false
  fpu.status &= ~C1
  fpu.top = (fpu.top - 1) & 7
  write(fpu, 0, first)
  return true
}

/** FST and FIST of normal numbers that stay normal, and of integers that fit. */
export function fastStore(fpu: Fpu, to: Source, truncate: boolean): boolean {
  const truncating = truncate || (fpu.control & 0xc00) === 0xc00
  const allowed = truncating ? (fpu.control & 0x3f) === 0x3f && !(fpu.status & 0x80) : usual(fpu)
  if (!allowed || !read(fpu, 'st', 0, first)) return false
  if (to === 'f64' || to === 'f32') return !truncating && first.exponent !== 0 && storeFloat(fpu, first, to)
  return (to === 'i16' || to === 'i32' || to === 'i64') && storeInteger(fpu, first, to, truncating)
}

function storeFloat(fpu: Fpu, x: Parts, to: 'f32' | 'f64'): boolean {
  const { view } = fpu
  const wide = to === 'f64'
  // The lost part, its first bit on top.
  const lost = wide ? x.low << 21 : x.high << 24
  const stickyToo = wide ? 0 : x.low
  const odd = wide ? (x.low >>> 11) & 1 : (x.high >>> 8) & 1
  const lostBits = lost >>> 0
  const up = lostBits > 0x8000_0000 || (lostBits === 0x8000_0000 && (stickyToo !== 0 || odd === 1))
  const exponent = x.exponent - BIAS + (wide ? 1023 : 127)
  if (exponent < 1 || exponent > (wide ? 2045 : 253)) return false
  const sign = x.negative ? 0x8000_0000 : 0
  if (wide) {
    const low = (((x.low >>> 11) | (x.high << 21)) >>> 0) + (up ? 1 : 0)
    const high = ((x.high >>> 11) & 0xf_ffff) + exponent * 0x10_0000 + (low >= WORD ? 1 : 0)
    view.setUint32(SCRATCH, low, true)
    view.setUint32(SCRATCH + 4, (high | sign) >>> 0, true)
  } else
    view.setUint32(SCRATCH, (((x.high >>> 8) & 0x7f_ffff) + exponent * 0x80_0000 + (up ? 1 : 0)) | sign, true)
  fpu.status = (fpu.status & ~C1) | (up ? C1 : 0) | (lost !== 0 || stickyToo !== 0 ? PE : 0)
  return true
}

function storeInteger(fpu: Fpu, x: Parts, to: 'i16' | 'i32' | 'i64', truncating: boolean): boolean {
  const bits = to === 'i16' ? 15 : to === 'i32' ? 31 : 63
  const below = BIAS + 63 - x.exponent
  // Values at the very edge of the range are left to the exact way.
  if (x.exponent !== 0 && (below < 65 - bits || below < 2)) return false
  if (x.exponent === 0) {
    shiftedHigh = 0
    shiftedLow = 0
    shiftedRest = 0
  } else shiftDown(x, Math.min(below, 128))
  const up =
    !truncating && (shiftedRest > 0x8000_0000 || (shiftedRest === 0x8000_0000 && (shiftedLow & 1) === 1))
  let low = shiftedLow + (up ? 1 : 0)
  let high = shiftedHigh + (low >= WORD ? 1 : 0)
  if (x.negative) {
    low = -low
    high = -high - (low !== 0 && (low | 0) !== 0 ? 1 : 0)
  }
  const { view } = fpu
  if (to === 'i16') view.setInt16(SCRATCH, low, true)
  else view.setInt32(SCRATCH, low, true)
  if (to === 'i64') view.setInt32(SCRATCH + 4, high, true)
  fpu.status = (fpu.status & ~C1) | (up ? C1 : 0) | (shiftedRest ? PE : 0)
  return true
}

/** Exchanges two registers that are not empty. */
export function exchangeRegisters(fpu: Fpu, i: number): void {
  const { view } = fpu
  const [a, b] = [fpu.at(0), fpu.at(i)]
  for (let k = 0; k < 12; k += 4) {
    const word = view.getUint32(a + k, true)
    view.setUint32(a + k, view.getUint32(b + k, true), true)
    view.setUint32(b + k, word, true)
  }
}

/** Copies register `from` over register `to`, which is in use then. */
export function copyRegister(fpu: Fpu, from: number, to: number): void {
  const { view } = fpu
  const [a, b] = [fpu.at(from), fpu.at(to)]
  for (let k = 0; k < 12; k += 4) view.setUint32(b + k, view.getUint32(a + k, true), true)
  fpu.occupy(to)
}

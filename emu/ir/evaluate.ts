/**
 * What each pure operation (and each division) computes, for the interpreter and for tests of lowering: one function
 * an operation, by the WebAssembly specification, chapter 4.3 (numerics).
 */

import { floatRules } from './evaluate-float.ts'
import { vectorRules } from './evaluate-vector.ts'
import { OPS } from './ops.ts'
import type { Prepared } from './prepare.ts'

/** Values of nodes, 16 bytes each, seen as every type. */
export class NodeValues {
  readonly capacity: number
  readonly bytes: Uint8Array
  readonly i8: Int8Array
  readonly i16: Int16Array
  readonly u16: Uint16Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly i64: BigInt64Array
  readonly u64: BigUint64Array
  readonly f32: Float32Array
  readonly f64: Float64Array

  constructor(capacity: number) {
    const buffer = new ArrayBuffer(capacity * 16)
    this.capacity = capacity
    this.bytes = new Uint8Array(buffer)
    this.i8 = new Int8Array(buffer)
    this.i16 = new Int16Array(buffer)
    this.u16 = new Uint16Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.i64 = new BigInt64Array(buffer)
    this.u64 = new BigUint64Array(buffer)
    this.f32 = new Float32Array(buffer)
    this.f64 = new Float64Array(buffer)
  }

  /** Copies 16 bytes; what lies behind a shorter value is not looked at. */
  copyFrom(n: number, source: Uint8Array, at: number): void {
    for (let i = 0; i < 16; i++) this.bytes[n * 16 + i] = source[at + i]!
  }
}

export type Evaluate = (v: NodeValues, n: number, a: number, b: number, c: number, region: Prepared) => void

type Rules = Record<string, Evaluate>

const rotl32 = (x: number, by: number): number => (x << (by & 31)) | (x >>> (-by & 31))

const i32Binary =
  (f: (x: number, y: number) => number): Evaluate =>
  (v, n, a, b) => {
    v.i32[n * 4] = f(v.i32[a * 4]!, v.i32[b * 4]!)
  }
const i32Unary =
  (f: (x: number) => number): Evaluate =>
  (v, n, a) => {
    v.i32[n * 4] = f(v.i32[a * 4]!)
  }
const i64Binary =
  (f: (x: bigint, y: bigint) => bigint): Evaluate =>
  (v, n, a, b) => {
    v.i64[n * 2] = f(v.i64[a * 2]!, v.i64[b * 2]!)
  }
/** Compares halves: the upper ones as signed or unsigned numbers, the lower ones only where those are equal. */
const i64Compare =
  (signed: boolean, f: (x: number, y: number) => boolean): Evaluate =>
  (v, n, a, b) => {
    const upper = signed ? v.i32 : v.u32
    const x = upper[a * 4 + 1]!
    const y = upper[b * 4 + 1]!
    v.i32[n * 4] = (x === y ? f(v.u32[a * 4]!, v.u32[b * 4]!) : f(x, y)) ? 1 : 0
  }
/** The 64 bits moved by 0 to 63 places, as two halves. */
const shiftLeft = (v: NodeValues, n: number, low: number, high: number, by: number): void => {
  if (by >= 32) {
    v.i32[n * 4] = 0
    v.i32[n * 4 + 1] = low << (by - 32)
  } else {
    v.i32[n * 4] = low << by
    v.i32[n * 4 + 1] = by === 0 ? high : (high << by) | (low >>> (32 - by))
  }
}
const shiftRight = (v: NodeValues, n: number, low: number, high: number, by: number, fill: number): void => {
  if (by >= 32) {
    v.i32[n * 4] = by === 32 ? high : (high >>> (by - 32)) | (fill << (64 - by))
    v.i32[n * 4 + 1] = fill
  } else {
    v.i32[n * 4] = by === 0 ? low : (low >>> by) | (high << (32 - by))
    v.i32[n * 4 + 1] = by === 0 ? high : (high >>> by) | (fill << (32 - by))
  }
}

const popcount32 = (x: number): number => {
  let count = 0
  for (let rest = x; rest !== 0; rest &= rest - 1) count++
  return count
}
const ctz32 = (x: number): number => (x === 0 ? 32 : 31 - Math.clz32(x & -x))

const I32_RULES: Rules = {
  'i32.const': (v, n, a) => {
    v.i32[n * 4] = a
  },
  'i32.eqz': i32Unary((x) => (x === 0 ? 1 : 0)),
  'i32.eq': i32Binary((x, y) => (x === y ? 1 : 0)),
  'i32.ne': i32Binary((x, y) => (x !== y ? 1 : 0)),
  'i32.lt_s': i32Binary((x, y) => (x < y ? 1 : 0)),
  'i32.lt_u': i32Binary((x, y) => (x >>> 0 < y >>> 0 ? 1 : 0)),
  'i32.gt_s': i32Binary((x, y) => (x > y ? 1 : 0)),
  'i32.gt_u': i32Binary((x, y) => (x >>> 0 > y >>> 0 ? 1 : 0)),
  'i32.le_s': i32Binary((x, y) => (x <= y ? 1 : 0)),
  'i32.le_u': i32Binary((x, y) => (x >>> 0 <= y >>> 0 ? 1 : 0)),
  'i32.ge_s': i32Binary((x, y) => (x >= y ? 1 : 0)),
  'i32.ge_u': i32Binary((x, y) => (x >>> 0 >= y >>> 0 ? 1 : 0)),
  'i32.clz': i32Unary(Math.clz32),
  'i32.ctz': i32Unary(ctz32),
  'i32.popcnt': i32Unary(popcount32),
  'i32.add': i32Binary((x, y) => x + y),
  'i32.sub': i32Binary((x, y) => x - y),
  'i32.mul': i32Binary(Math.imul),
  'i32.div_s': i32Binary((x, y) => x / y),
  'i32.div_u': i32Binary((x, y) => (x >>> 0) / (y >>> 0)),
  'i32.rem_s': i32Binary((x, y) => x % y),
  'i32.rem_u': i32Binary((x, y) => (x >>> 0) % (y >>> 0)),
  'i32.and': i32Binary((x, y) => x & y),
  'i32.or': i32Binary((x, y) => x | y),
  'i32.xor': i32Binary((x, y) => x ^ y),
  'i32.shl': i32Binary((x, y) => x << y),
  'i32.shr_s': i32Binary((x, y) => x >> y),
  'i32.shr_u': i32Binary((x, y) => x >>> y),
  'i32.rotl': i32Binary(rotl32),
  'i32.rotr': i32Binary((x, y) => rotl32(x, -y & 31)),
  'i32.extend8_s': i32Unary((x) => (x << 24) >> 24),
  'i32.extend16_s': i32Unary((x) => (x << 16) >> 16),
  'i32.wrap_i64': (v, n, a) => {
    v.i32[n * 4] = v.i32[a * 4]!
  },
  'select.i32': (v, n, a, b, c) => {
    v.i32[n * 4] = v.i32[(v.i32[c * 4] ? a : b) * 4]!
  },
  'choose.i32': (v, n, a, b, c) => {
    v.i32[n * 4] = v.i32[(v.i32[a * 4] ? b : c) * 4]!
  },
}

const copy64 = (v: NodeValues, n: number, from: number): void => {
  v.i32[n * 4] = v.i32[from * 4]!
  v.i32[n * 4 + 1] = v.i32[from * 4 + 1]!
}
/** Bitwise operations need no bigint. */
const i64Bitwise =
  (f: (x: number, y: number) => number): Evaluate =>
  (v, n, a, b) => {
    v.i32[n * 4] = f(v.i32[a * 4]!, v.i32[b * 4]!)
    v.i32[n * 4 + 1] = f(v.i32[a * 4 + 1]!, v.i32[b * 4 + 1]!)
  }

const I64_RULES: Rules = {
  'i64.const': (v, n, a, b) => {
    v.i32[n * 4] = a
    v.i32[n * 4 + 1] = b
  },
  'i64.eqz': (v, n, a) => {
    v.i32[n * 4] = v.i32[a * 4] === 0 && v.i32[a * 4 + 1] === 0 ? 1 : 0
  },
  'i64.eq': (v, n, a, b) => {
    v.i32[n * 4] = v.i32[a * 4] === v.i32[b * 4] && v.i32[a * 4 + 1] === v.i32[b * 4 + 1] ? 1 : 0
  },
  'i64.ne': (v, n, a, b) => {
    v.i32[n * 4] = v.i32[a * 4] === v.i32[b * 4] && v.i32[a * 4 + 1] === v.i32[b * 4 + 1] ? 0 : 1
  },
  'i64.lt_s': i64Compare(true, (x, y) => x < y),
  'i64.lt_u': i64Compare(false, (x, y) => x < y),
  'i64.gt_s': i64Compare(true, (x, y) => x > y),
  'i64.gt_u': i64Compare(false, (x, y) => x > y),
  'i64.le_s': i64Compare(true, (x, y) => x <= y),
  'i64.le_u': i64Compare(false, (x, y) => x <= y),
  'i64.ge_s': i64Compare(true, (x, y) => x >= y),
  'i64.ge_u': i64Compare(false, (x, y) => x >= y),
  'i64.clz': (v, n, a) => {
    const high = v.i32[a * 4 + 1]!
    v.i64[n * 2] = BigInt(high === 0 ? 32 + Math.clz32(v.i32[a * 4]!) : Math.clz32(high))
  },
  'i64.ctz': (v, n, a) => {
    const low = v.i32[a * 4]!
    v.i64[n * 2] = BigInt(low === 0 ? 32 + ctz32(v.i32[a * 4 + 1]!) : ctz32(low))
  },
  'i64.popcnt': (v, n, a) => {
    v.i64[n * 2] = BigInt(popcount32(v.i32[a * 4]!) + popcount32(v.i32[a * 4 + 1]!))
  },
  'i64.add': (v, n, a, b) => {
    const sum = (v.i32[a * 4]! >>> 0) + (v.i32[b * 4]! >>> 0)
    v.i32[n * 4 + 1] = v.i32[a * 4 + 1]! + v.i32[b * 4 + 1]! + (sum > 0xffff_ffff ? 1 : 0)
    v.i32[n * 4] = sum
  },
  'i64.sub': (v, n, a, b) => {
    const difference = (v.i32[a * 4]! >>> 0) - (v.i32[b * 4]! >>> 0)
    v.i32[n * 4 + 1] = v.i32[a * 4 + 1]! - v.i32[b * 4 + 1]! - (difference < 0 ? 1 : 0)
    v.i32[n * 4] = difference
  },
  'i64.mul': i64Binary((x, y) => x * y),
  'i64.div_s': i64Binary((x, y) => x / y),
  'i64.div_u': (v, n, a, b) => {
    v.u64[n * 2] = v.u64[a * 2]! / v.u64[b * 2]!
  },
  'i64.rem_s': i64Binary((x, y) => x % y),
  'i64.rem_u': (v, n, a, b) => {
    v.u64[n * 2] = v.u64[a * 2]! % v.u64[b * 2]!
  },
  'i64.and': i64Bitwise((x, y) => x & y),
  'i64.or': i64Bitwise((x, y) => x | y),
  'i64.xor': i64Bitwise((x, y) => x ^ y),
  'i64.shl': (v, n, a, b) => shiftLeft(v, n, v.i32[a * 4]!, v.i32[a * 4 + 1]!, v.i32[b * 4]! & 63),
  'i64.shr_s': (v, n, a, b) => {
    const high = v.i32[a * 4 + 1]!
    shiftRight(v, n, v.i32[a * 4]!, high, v.i32[b * 4]! & 63, high >> 31)
  },
  'i64.shr_u': (v, n, a, b) => shiftRight(v, n, v.i32[a * 4]!, v.i32[a * 4 + 1]!, v.i32[b * 4]! & 63, 0),
  'i64.rotl': (v, n, a, b) => {
    const by = v.u64[b * 2]! & 63n
    v.u64[n * 2] = (v.u64[a * 2]! << by) | (v.u64[a * 2]! >> (64n - by))
  },
  'i64.rotr': (v, n, a, b) => {
    const by = v.u64[b * 2]! & 63n
    v.u64[n * 2] = (v.u64[a * 2]! >> by) | (v.u64[a * 2]! << (64n - by))
  },
  'i64.extend_i32_s': (v, n, a) => {
    const low = v.i32[a * 4]!
    v.i32[n * 4] = low
    v.i32[n * 4 + 1] = low >> 31
  },
  'i64.extend_i32_u': (v, n, a) => {
    v.i32[n * 4] = v.i32[a * 4]!
    v.i32[n * 4 + 1] = 0
  },
  'i64.extend8_s': (v, n, a) => {
    v.i64[n * 2] = BigInt.asIntN(8, v.i64[a * 2]!)
  },
  'i64.extend16_s': (v, n, a) => {
    v.i64[n * 2] = BigInt.asIntN(16, v.i64[a * 2]!)
  },
  'i64.extend32_s': (v, n, a) => {
    const low = v.i32[a * 4]!
    v.i32[n * 4] = low
    v.i32[n * 4 + 1] = low >> 31
  },
  'select.i64': (v, n, a, b, c) => copy64(v, n, v.i32[c * 4] ? a : b),
  'choose.i64': (v, n, a, b, c) => copy64(v, n, v.i32[a * 4] ? b : c),
}

const saturate = (x: number, bits: bigint): bigint => {
  if (Number.isNaN(x)) return 0n
  const limit = 1n << (bits - 1n)
  const whole = Number.isFinite(x) ? BigInt(Math.trunc(x)) : x > 0 ? limit : -limit - 1n
  return whole >= limit ? limit - 1n : whole < -limit ? -limit : whole
}

const copy32 = (v: NodeValues, n: number, from: number): void => {
  v.i32[n * 4] = v.i32[from * 4]!
}

const CONVERSIONS: Rules = {
  'f32.convert_i32_s': (v, n, a) => {
    v.f32[n * 4] = v.i32[a * 4]!
  },
  'f32.convert_i64_s': (v, n, a) => {
    v.f32[n * 4] = roundToF32(v.i64[a * 2]!)
  },
  'f32.convert_i64_u': (v, n, a) => {
    v.f32[n * 4] = roundToF32(v.u64[a * 2]!)
  },
  'f64.convert_i64_u': (v, n, a) => {
    v.f64[n * 2] = Number(v.u64[a * 2]!)
  },
  'f64.convert_i32_s': (v, n, a) => {
    v.f64[n * 2] = v.i32[a * 4]!
  },
  'f64.convert_i64_s': (v, n, a) => {
    v.f64[n * 2] = Number(v.i64[a * 2]!)
  },
  'i32.reinterpret_f32': copy32,
  'f32.reinterpret_i32': copy32,
  'i64.reinterpret_f64': copy64,
  'f64.reinterpret_i64': copy64,
  'i32.trunc_sat_f32_s': (v, n, a) => {
    v.i32[n * 4] = Number(saturate(v.f32[a * 4]!, 32n))
  },
  'i32.trunc_sat_f64_s': (v, n, a) => {
    v.i32[n * 4] = Number(saturate(v.f64[a * 2]!, 32n))
  },
  'i64.trunc_sat_f32_s': (v, n, a) => {
    v.i64[n * 2] = saturate(v.f32[a * 4]!, 64n)
  },
  'i64.trunc_sat_f64_s': (v, n, a) => {
    v.i64[n * 2] = saturate(v.f64[a * 2]!, 64n)
  },
  'i64.trunc_sat_f64_u': (v, n, a) => {
    const x = v.f64[a * 2]!
    v.u64[n * 2] = x > 0 ? (x < 2 ** 64 ? BigInt(Math.trunc(x)) : 2n ** 64n - 1n) : 0n
  },
}

/** A 64-bit integer to the nearest f32 in one rounding (through f64 there would be two). */
function roundToF32(x: bigint): number {
  const negative = x < 0n
  let magnitude = negative ? -x : x
  // Keep 26 significant bits and a sticky one below: f64 holds them exactly and the last rounding is right.
  let shift = 0n
  while (magnitude >> shift >= 1n << 40n) shift++
  if (shift > 0n) {
    const sticky = magnitude & ((1n << shift) - 1n) ? 1n : 0n
    magnitude = ((magnitude >> shift) | sticky) << shift
  }
  const rounded = Math.fround(Number(magnitude))
  return negative ? -rounded : rounded
}

const RULES: Rules = { ...I32_RULES, ...I64_RULES, ...CONVERSIONS, ...floatRules(), ...vectorRules() }

/** By operation number; undefined for those the interpreter handles itself. */
export const EVALUATE: readonly (Evaluate | undefined)[] = OPS.map((row) => RULES[row.name])

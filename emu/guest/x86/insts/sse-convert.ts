/**
 * Conversions between floats and integers and between float formats: Intel SDM vol. 1, 5.5.1.6 and 5.6.1.6.
 * A value that does not fit gives the integer indefinite: only the sign bit set.
 */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Fast, type FloatOp, float, pinScalar } from '../float-lanes.ts'
import { type Row, row } from '../row.ts'
import type { Translator } from '../translate.ts'
import {
  enterMmx,
  type FloatType,
  finishMmx,
  readScalar,
  readVector,
  splat32,
  splat64,
  touchesMmx,
  withLow,
  writeVector,
  zeroVector,
} from '../xmm-operands.ts'

type Translate = (t: Translator, i: Insn) => void

/** Bits of 2^31 and 2^63, the first values too large. */
const LIMIT_F32: Record<number, number> = { 32: 0x4f00_0000, 64: 0x5f00_0000 }
const LIMIT_F64_HIGH: Record<number, number> = { 32: 0x41e0_0000, 64: 0x43e0_0000 }

/** CVTSI2Sx: a general register or memory to a scalar. */
const fromGeneral =
  (type: FloatType): Fast =>
  (t, i, check) => {
    const source = t.read(i, 1)
    const value = t.ir.op1(`${type}.convert_i${i.size === 64 ? 64 : 32}_s`, source)
    check(-1, source, value)
    t.setXmm(i.reg, withLow(t, type, t.xmm(i.reg), value))
  }

/** CVTSx2SI and CVTTSx2SI. */
const toGeneral =
  (type: FloatType, truncate: boolean): Fast =>
  (t, i, check) => {
    const { ir } = t
    const size = i.size === 64 ? 64 : 32
    const source = readScalar(t, i, 1, type)
    const whole = truncate ? source : ir.op1(`${type}.nearest`, source)
    const limit =
      type === 'f32'
        ? ir.op1('f32.reinterpret_i32', ir.i32(LIMIT_F32[size]!))
        : ir.op1('f64.reinterpret_i64', ir.i64Halves(0, LIMIT_F64_HIGH[size]!))
    // trunc_sat is right below the range; above it and for NaN it is not.
    const converted = ir.op1(`i${size}.trunc_sat_${type}_s`, whole)
    const indefinite = size === 64 ? ir.i64Halves(0, 0x8000_0000) : ir.i32(0x8000_0000)
    const result = t.select(size, ir.op2(`${type}.lt`, whole, limit), converted, indefinite)
    check(-1, source, result)
    t.setGpr(i.reg, size, result)
  }

const ss2sd: Fast = (t, i, check) => {
  const a = readScalar(t, i, 1, 'f32')
  const result = t.ir.op1('f64.promote_f32', a)
  check(-1, a, result)
  t.setXmm(i.reg, withLow(t, 'f64', t.xmm(i.reg), pinned(t, result, a, 'f32')))
}

const sd2ss: Fast = (t, i, check) => {
  const a = readScalar(t, i, 1, 'f64')
  const result = t.ir.op1('f32.demote_f64', a)
  check(-1, a, result)
  t.setXmm(i.reg, withLow(t, 'f32', t.xmm(i.reg), pinned(t, result, a, 'f64')))
}

/** A conversion's NaN keeps the sign and the upper bits of the payload. */
function pinned(t: Translator, result: Value, a: Value, from: FloatType): Value {
  if (!t.ir.options.pinNaN) return result
  const { ir } = t
  if (from === 'f32') {
    const bits = ir.op1('i64.extend_i32_u', ir.op1('i32.reinterpret_f32', a))
    const sign = ir.op2('i64.shl', ir.op2('i64.shr_u', bits, ir.i64(31)), ir.i64(63))
    const payload = ir.op2('i64.shl', ir.op2('i64.and', bits, ir.i64(0x7f_ffff)), ir.i64(29))
    const nan = ir.op2('i64.or', ir.op2('i64.or', sign, payload), ir.i64Halves(0, 0x7ff8_0000))
    return pinScalar(t, 'f64', result, ir.op1('f64.reinterpret_i64', nan), -1)
  }
  const bits = ir.op1('i64.reinterpret_f64', a)
  const sign = ir.op2('i64.shl', ir.op2('i64.shr_u', bits, ir.i64(63)), ir.i64(31))
  const payload = ir.op2('i64.and', ir.op2('i64.shr_u', bits, ir.i64(29)), ir.i64(0x7f_ffff))
  const nan = ir.op1('i32.wrap_i64', ir.op2('i64.or', ir.op2('i64.or', sign, payload), ir.i64(0x7fc0_0000)))
  return pinScalar(t, 'f32', result, ir.op1('f32.reinterpret_i32', nan), -1)
}

/** Packed conversions between floats go by the scalar ones where NaNs must be pinned. */
const ps2pd: Fast = (t, i, check) => {
  const a = readVector(t, i, 1)
  const result = t.ir.op1('f64x2.promote_low_f32x4', a)
  check(-1, a, result)
  if (!t.ir.options.pinNaN) {
    writeVector(t, i, 0, result)
    return
  }
  const lane = (k: number): Value => {
    const x = t.ir.lane('f32x4.extract_lane', k, a)
    return pinned(t, t.ir.op1('f64.promote_f32', x), x, 'f32')
  }
  writeVector(t, i, 0, t.ir.lane('f64x2.replace_lane', 1, t.ir.op1('f64x2.splat', lane(0)), lane(1)))
}

const pd2ps: Fast = (t, i, check) => {
  const a = readVector(t, i, 1)
  const result = t.ir.op1('f32x4.demote_f64x2_zero', a)
  check(-1, a, result)
  if (!t.ir.options.pinNaN) {
    writeVector(t, i, 0, result)
    return
  }
  const lane = (k: number): Value => {
    const x = t.ir.lane('f64x2.extract_lane', k, a)
    return pinned(t, t.ir.op1('f32.demote_f64', x), x, 'f64')
  }
  const first = t.ir.lane('f32x4.replace_lane', 0, zeroVector(t), lane(0))
  writeVector(t, i, 0, t.ir.lane('f32x4.replace_lane', 1, first, lane(1)))
}

const unary =
  (name: string): Fast =>
  (t, i, check) => {
    const source = readVector(t, i, 1)
    const result = t.ir.op1(name, source)
    check(-1, source, result)
    writeVector(t, i, 0, result)
  }

/** CVTPI2PS keeps the upper half of its xmm destination. */
const pi2ps: Fast = (t, i, check) => {
  const source = readVector(t, i, 1)
  const converted = t.ir.op1('f32x4.convert_i32x4_s', source)
  check(-1, source, converted)
  t.setXmm(
    i.reg,
    t.ir.shuffle(converted, t.xmm(i.reg), [0, 1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28, 29, 30, 31]),
  )
}

const ps2dq =
  (truncate: boolean): Fast =>
  (t, i, check) => {
    const { ir } = t
    const source = readVector(t, i, 1)
    const whole = truncate ? source : ir.op1('f32x4.nearest', source)
    const fits = ir.op2('f32x4.lt', whole, splat32(t, LIMIT_F32[32]!))
    const converted = ir.op1('i32x4.trunc_sat_f32x4_s', whole)
    const result = ir.op3('v128.bitselect', converted, splat32(t, 0x8000_0000), fits)
    check(-1, source, result)
    writeVector(t, i, 0, result)
  }

const pd2dq =
  (truncate: boolean): Fast =>
  (t, i, check) => {
    const { ir } = t
    const source = readVector(t, i, 1)
    const whole = truncate ? source : ir.op1('f64x2.nearest', source)
    const tooLarge = ir.op1('v128.not', ir.op2('f64x2.lt', whole, splat64(t, 0, LIMIT_F64_HIGH[32]!)))
    const narrowed = ir.shuffle(
      tooLarge,
      zeroVector(t),
      [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 20, 21, 22, 23],
    )
    const converted = ir.op1('i32x4.trunc_sat_f64x2_s_zero', whole)
    const result = ir.op3('v128.bitselect', splat32(t, 0x8000_0000), converted, narrowed)
    check(-1, source, result)
    writeVector(t, i, 0, result)
  }

const convert = (op: FloatOp, type: FloatType, count: number, fast: Fast, zeroRest = false): Translate =>
  float({ op, type, count, zeroRest }, fast)

/** Conversions to or from an mm register change to the MMX state. */
const withMmx =
  (translate: Translate): Translate =>
  (t, i) => {
    const touches = touchesMmx(i)
    if (touches) enterMmx(t)
    translate(t, i)
    if (touches) finishMmx(t)
  }

const sse = { feature: 'sse' }
const sse2 = { feature: 'sse2' }

export const SSE_CONVERT: readonly Row[] = [
  row('CVTSI2SS', 'F3 0F 2a /r', 'Vd Ey', convert('fromI32', 'f32', 1, fromGeneral('f32')), sse),
  row('CVTSI2SD', 'F2 0F 2a /r', 'Vq Ey', convert('fromI32', 'f64', 1, fromGeneral('f64')), sse2),
  row('CVTTSS2SI', 'F3 0F 2c /r', 'Gy Wd', convert('truncI32', 'f32', 1, toGeneral('f32', true)), sse),
  row('CVTTSD2SI', 'F2 0F 2c /r', 'Gy Wq', convert('truncI32', 'f64', 1, toGeneral('f64', true)), sse2),
  row('CVTSS2SI', 'F3 0F 2d /r', 'Gy Wd', convert('toI32', 'f32', 1, toGeneral('f32', false)), sse),
  row('CVTSD2SI', 'F2 0F 2d /r', 'Gy Wq', convert('toI32', 'f64', 1, toGeneral('f64', false)), sse2),
  row('CVTSS2SD', 'F3 0F 5a /r', 'Vq Wd', convert('toF64', 'f32', 1, ss2sd), sse2),
  row('CVTSD2SS', 'F2 0F 5a /r', 'Vd Wq', convert('toF32', 'f64', 1, sd2ss), sse2),
  row('CVTPS2PD', 'NP 0F 5a /r', 'Vx Wq', convert('toF64', 'f32', 2, ps2pd), sse2),
  row('CVTPD2PS', '66 0F 5a /r', 'Vx Wx', convert('toF32', 'f64', 2, pd2ps, true), sse2),
  row('CVTDQ2PS', 'NP 0F 5b /r', 'Vx Wx', convert('fromI32', 'f32', 4, unary('f32x4.convert_i32x4_s')), sse2),
  row('CVTPS2DQ', '66 0F 5b /r', 'Vx Wx', convert('toI32', 'f32', 4, ps2dq(false)), sse2),
  row('CVTTPS2DQ', 'F3 0F 5b /r', 'Vx Wx', convert('truncI32', 'f32', 4, ps2dq(true)), sse2),
  row(
    'CVTDQ2PD',
    'F3 0F e6 /r',
    'Vx Wq',
    convert('fromI32', 'f64', 2, unary('f64x2.convert_low_i32x4_s')),
    sse2,
  ),
  row('CVTPD2DQ', 'F2 0F e6 /r', 'Vx Wx', convert('toI32', 'f64', 2, pd2dq(false), true), sse2),
  row('CVTTPD2DQ', '66 0F e6 /r', 'Vx Wx', convert('truncI32', 'f64', 2, pd2dq(true), true), sse2),
  row('CVTPI2PS', 'NP 0F 2a /r', 'Vq Qq', withMmx(convert('fromI32', 'f32', 2, pi2ps)), sse),
  row(
    'CVTPI2PD',
    '66 0F 2a /r',
    'Vx Qq',
    withMmx(convert('fromI32', 'f64', 2, unary('f64x2.convert_low_i32x4_s'))),
    sse2,
  ),
  row('CVTTPS2PI', 'NP 0F 2c /r', 'Pq Wq', withMmx(convert('truncI32', 'f32', 2, ps2dq(true))), sse),
  row('CVTPS2PI', 'NP 0F 2d /r', 'Pq Wq', withMmx(convert('toI32', 'f32', 2, ps2dq(false))), sse),
  row('CVTTPD2PI', '66 0F 2c /r', 'Pq Wx', withMmx(convert('truncI32', 'f64', 2, pd2dq(true), true)), sse2),
  row('CVTPD2PI', '66 0F 2d /r', 'Pq Wx', withMmx(convert('toI32', 'f64', 2, pd2dq(false), true)), sse2),
]

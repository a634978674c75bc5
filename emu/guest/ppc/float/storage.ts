/**
 * Floats in memory: doubles as they are, singles as doubles in registers. A signalling NaN keeps its bits, and a store
 * of a single neither rounds nor raises anything.
 * Path: rows of float-storage.ts and VSX. Reference: Power ISA, Book I, 4.6.2 and 4.6.3 (the two conversions).
 */

import type { Region, Value } from '../../../ir/region.ts'
import { swapped } from '../byte-order.ts'
import type { Translator } from '../translate.ts'
import { bitsOf } from './scalar.ts'

/** A doubleword in memory as both lanes of a vector. */
export function loadDouble(t: Translator, base: Value, offset: number): Value {
  return t.ir.op1('i64x2.splat', t.load(64, base, offset))
}

export function storeDouble(t: Translator, base: Value, offset: number, vector: Value): void {
  const { ir } = t
  const lanes = t.isLittle ? vector : swapped(ir, 128, vector)
  ir.store(64, base, offset, ir.lane('i64x2.extract_lane', 0, lanes))
}

/** A single's bits as a double. */
export function singleToDouble(ir: Region, word: Value): Value {
  const single = ir.op1('f32.reinterpret_i32', word)
  const promoted = ir.op1('i64.reinterpret_f64', ir.op1('f64.promote_f32', single))
  // A NaN: its fraction in front, nothing made quiet.
  const wide = ir.op1('i64.extend_i32_u', word)
  const sign = ir.op2('i64.shl', ir.op2('i64.shr_u', wide, ir.i64(31)), ir.i64(63))
  const fraction = ir.op2('i64.shl', ir.op2('i64.and', wide, ir.i64(0x7f_ffff)), ir.i64(29))
  const nan = ir.op2('i64.or', ir.op2('i64.or', sign, fraction), ir.i64Halves(0, 0x7ff0_0000))
  return ir.op3('choose.i64', ir.op2('f32.ne', single, single), nan, promoted)
}

/** A double's bits as a single's, by moving them. */
export function doubleToSingle(ir: Region, bits: Value): Value {
  const shifted = (by: number): Value => ir.op1('i32.wrap_i64', ir.op2('i64.shr_u', bits, ir.i64(by)))
  const upper = shifted(32)
  const moved = ir.op2(
    'i32.or',
    ir.op2('i32.and', upper, ir.i32(0xc000_0000)),
    ir.op2('i32.and', shifted(29), ir.i32(0x3fff_ffff)),
  )
  const exponent = ir.op2('i32.and', ir.op2('i32.shr_u', upper, ir.i32(20)), ir.i32(0x7ff))
  // A denormal: the significand moved down to where its exponent is; far down there is nothing left of it.
  const significand = ir.op2(
    'i64.or',
    ir.op2('i64.and', bits, ir.i64Halves(-1, 0xf_ffff)),
    ir.i64Halves(0, 0x10_0000),
  )
  const down = ir.op2('i32.sub', ir.i32(926), exponent)
  const by = ir.op3('select.i32', down, ir.i32(63), ir.op2('i32.lt_u', down, ir.i32(63)))
  const low = ir.op1('i32.wrap_i64', ir.op2('i64.shr_u', significand, ir.op1('i64.extend_i32_u', by)))
  const tiny = ir.op2('i32.or', ir.op2('i32.and', upper, ir.i32(0x8000_0000)), low)
  return ir.op3('choose.i32', ir.op2('i32.gt_u', exponent, ir.i32(896)), moved, tiny)
}

export function loadSingle(t: Translator, base: Value, offset: number): Value {
  return t.ir.op1('i64x2.splat', singleToDouble(t.ir, t.load(32, base, offset)))
}

export function storeSingle(t: Translator, base: Value, offset: number, value: Value): void {
  t.store(32, base, offset, doubleToSingle(t.ir, bitsOf(t, value)))
}

/**
 * Conversions between doubles and integers, and roundings to integral numbers, in translated code.
 * Path: rows of float-arithmetic.ts and VSX. Reference: Power ISA, Book I, 4.6.7.
 */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { HELPER_FLOAT_RAISE } from '../helper-ids.ts'
import type { Translate } from '../row.ts'
import type { Translator } from '../translate.ts'
import { V_FLOAT_COMPARED, V_FLOAT_LAST } from '../variables.ts'
import { callLanes } from './lanes.ts'
import { COMPARED_LAST, type FloatOp, floatCode } from './operations.ts'
import {
  bitsOf,
  callExact,
  double,
  exactSoFar,
  fpr,
  type Registers,
  recordFpscr,
  requireUsualMode,
  setFpr,
  setLast,
} from './scalar.ts'

/** Calls the helper where an operation of one operand may raise something; `result` is of 64 bits. */
function raise(t: Translator, code: number, doubt: Value, precise: Value, b: Value, result: Value): void {
  const { ir } = t
  const operand = ir.op1('f64x2.splat', b)
  const second = ir.lane('i64x2.replace_lane', 1, ir.op1('f64x2.splat', b), result)
  ir.helperIf(doubt, precise, HELPER_FLOAT_RAISE, code, ir.op2('pair', operand, second))
}

/** An integer of 64 bits into a register. */
const setBits = (t: Translator, register: number, bits: Value): void =>
  t.setVsr(register, t.ir.op1('i64x2.splat', bits))

/** The integer of a number that is integral already, and as a double again, which differs where it did not fit. */
function integerOf(t: Translator, op: FloatOp, x: Value): [integer: Value, back: Value] {
  const { ir } = t
  const select = (value: Value, otherwise: Value, condition: Value): Value =>
    ir.op3('select.i64', value, otherwise, condition)
  const isNumber = ir.op2('f64.eq', x, x)
  if (op.startsWith('toU64')) {
    const integer = ir.op1('i64.trunc_sat_f64_u', x)
    return [integer, ir.op1('f64.convert_i64_u', integer)]
  }
  if (op.startsWith('toU32')) {
    const whole = ir.op1('i64.trunc_sat_f64_s', x)
    const positive = select(whole, ir.i64(0), ir.op2('i64.gt_s', whole, ir.i64(0)))
    const most = ir.i64(0xffff_ffff)
    const integer = select(positive, most, ir.op2('i64.lt_u', positive, most))
    return [integer, ir.op1('f64.convert_i64_s', integer)]
  }
  if (op.startsWith('toI64')) {
    const whole = ir.op1('i64.trunc_sat_f64_s', x)
    return [select(whole, ir.i64Halves(0, -0x8000_0000), isNumber), ir.op1('f64.convert_i64_s', whole)]
  }
  const word = ir.op1('i32.trunc_sat_f64_s', x)
  const kept = select(ir.op1('i64.extend_i32_s', word), ir.i64(0x8000_0000), isNumber)
  return [kept, ir.op1('f64.convert_i32_s', word)]
}

/**
 * A double to an integer, truncated or to the nearest. With `spreads`, a code of lanes-exact.ts that does the same, a word
 * goes to every word of the register.
 */
export const convertTo =
  (op: FloatOp, registersOf: (i: Insn) => Registers, records: boolean, spreads = -1): Translate =>
  (t, i) => {
    const { ir } = t
    const registers = registersOf(i)
    const code = floatCode(op, false)
    if (ir.options.exactChecks) {
      if (spreads < 0) callExact(t, i, code, registers)
      else callLanes(t, i, spreads, registers)
    } else {
      requireUsualMode(t)
      const b = fpr(t, registers.b)
      const truncates = op.endsWith('z')
      const near = ir.op1(truncates ? 'f64.trunc' : 'f64.nearest', b)
      const [integer, back] = integerOf(t, op, truncates ? b : near)
      // 2^63 and 2^64 are what the greatest integers are as doubles, and do not fit.
      const isMost = op.includes('64')
        ? ir.op2('i64.eq', integer, op.startsWith('toI') ? ir.i64Halves(-1, 0x7fff_ffff) : ir.i64(-1))
        : -1
      const and64 = (condition: Value): Value =>
        isMost < 0 ? condition : ir.op2('i32.or', condition, isMost)
      const differs = ir.op2('f64.ne', back, b)
      const doubt = and64(differs)
      const misfits = and64(ir.op2('f64.ne', back, near))
      raise(t, code, doubt, ir.op2('i32.or', misfits, exactSoFar(t)), b, integer)
      if (spreads < 0) setBits(t, registers.t, integer)
      else t.setVsr(registers.t, ir.op1('i32x4.splat', ir.op1('i32.wrap_i64', integer)))
      setLast(t, code, [-1, b])
    }
    if (records && i.rc) recordFpscr(t)
  }

/** An integer of 64 bits to a double, or rounded to single precision. */
export const fromInteger =
  (op: FloatOp, single: boolean, registersOf: (i: Insn) => Registers, records: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const registers = registersOf(i)
    const code = floatCode(op, single)
    if (ir.options.exactChecks) callExact(t, i, code, registers)
    else {
      requireUsualMode(t)
      const b = fpr(t, registers.b)
      const integer = bitsOf(t, b)
      const suffix = op === 'fromI64' ? 's' : 'u'
      const result = single
        ? ir.op1('f64.promote_f32', ir.op1(`f32.convert_i64_${suffix}`, integer))
        : ir.op1(`f64.convert_i64_${suffix}`, integer)
      // Integers that the significand holds are exact.
      const most = 2 ** (single ? 24 : 53)
      const moved = suffix === 's' ? ir.op2('i64.add', integer, ir.i64(most)) : integer
      const isLong = ir.op2('i64.gt_u', moved, ir.i64(suffix === 's' ? 2 * most : most))
      raise(t, code, isLong, exactSoFar(t), b, bitsOf(t, result))
      setFpr(t, registers.t, result)
      setLast(t, code, [-1, b])
    }
    if (records && i.rc) recordFpscr(t)
  }

/** The greatest double below a half. */
const ALMOST_HALF = [-1, 0x3fdf_ffff] as const
const INTEGRAL_OPS: Partial<Record<FloatOp, string>> = {
  integral: 'f64.nearest',
  integralZero: 'f64.trunc',
  integralUp: 'f64.ceil',
  integralDown: 'f64.floor',
}

/** Ties away from zero: something just below a half added to the magnitude, and cut. */
function nearestAway(t: Translator, x: Value): Value {
  const { ir } = t
  const sign = ir.op2('i64.and', bitsOf(t, x), ir.i64Halves(0, -0x8000_0000))
  const half = ir.op1('f64.reinterpret_i64', ir.op2('i64.or', ir.i64Halves(...ALMOST_HALF), sign))
  const moved = ir.op2('f64.add', x, half)
  // The sign of a zero is the operand's.
  const cut = bitsOf(t, ir.op1('f64.trunc', moved))
  return ir.op1('f64.reinterpret_i64', ir.op2('i64.or', cut, sign))
}

/** A double to an integral one. */
export const integral =
  (op: FloatOp, registersOf: (i: Insn) => Registers, records: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const registers = registersOf(i)
    const code = floatCode(op, false)
    if (ir.options.exactChecks) callExact(t, i, code, registers)
    else {
      requireUsualMode(t)
      const b = fpr(t, registers.b)
      const name = INTEGRAL_OPS[op]
      const result = name ? ir.op1(name, b) : nearestAway(t, b)
      const isNan = ir.op2('f64.ne', b, b)
      if (op === 'integral') {
        const differs = ir.op2('f64.ne', b, result)
        raise(t, code, differs, ir.op2('i32.or', isNan, exactSoFar(t)), b, bitsOf(t, result))
      } else raise(t, code, isNan, ir.i32(1), b, bitsOf(t, result))
      setFpr(t, registers.t, result)
      setLast(t, code, [-1, b])
    }
    if (records && i.rc) recordFpscr(t)
  }

/** Compares doubles into a condition field. */
export const compare =
  (ordered: boolean, registersOf: (i: Insn) => Registers): Translate =>
  (t, i) => {
    const { ir } = t
    const registers = registersOf(i)
    const code = floatCode(ordered ? 'compareOrdered' : 'compare', false)
    if (ir.options.exactChecks) {
      callExact(t, i, code, registers)
      return
    }
    requireUsualMode(t)
    const a = fpr(t, registers.a)
    const b = fpr(t, registers.b)
    const isNan = ir.op2('i32.or', ir.op2('f64.ne', a, a), ir.op2('f64.ne', b, b))
    const lanes = ir.lane('f64x2.replace_lane', 1, ir.op1('f64x2.splat', a), b)
    const unordered = ir.op1('i64x2.splat', ir.i64(1))
    ir.helperIf(isNan, ir.i32(1), HELPER_FLOAT_RAISE, code, ir.op2('pair', lanes, unordered))
    t.cr.compareDoubles(registers.t, a, b)
    setCompared(t, a, b)
  }

/** Remembers the last comparison for FPCC. */
function setCompared(t: Translator, a: Value, b: Value): void {
  const { ir } = t
  ir.set(V_FLOAT_LAST, ir.op2('i32.or', ir.get(V_FLOAT_LAST), ir.i32(COMPARED_LAST)))
  ir.set(V_FLOAT_COMPARED, a)
  ir.set(V_FLOAT_COMPARED + 1, b)
}

/** FRA is not less than zero: FRC, else FRB. */
export const select: Translate = (t, i) => {
  const isPositive = t.ir.op2('f64.ge', fpr(t, i.ra), double(t, 0))
  t.setVsr(i.rt, t.ir.op3('select.v128', t.vsr(i.rc5), t.vsr(i.rb), isPositive))
  if (i.rc) recordFpscr(t)
}

/** The greater or less of two doubles; of zeros the sign counts. */
export const extreme =
  (op: 'max' | 'min', registersOf: (i: Insn) => Registers): Translate =>
  (t, i) => {
    const { ir } = t
    const registers = registersOf(i)
    const code = floatCode(op, false)
    if (ir.options.exactChecks) {
      callExact(t, i, code, registers)
      return
    }
    requireUsualMode(t)
    const a = fpr(t, registers.a)
    const b = fpr(t, registers.b)
    const [x, y] = [bitsOf(t, a), bitsOf(t, b)]
    const zero = ir.op2(op === 'max' ? 'i64.and' : 'i64.or', x, y)
    const other = ir.op3('select.i64', x, y, ir.op2(op === 'max' ? 'f64.gt' : 'f64.lt', a, b))
    const result = ir.op3('select.i64', zero, other, ir.op2('f64.eq', a, b))
    const isNan = ir.op2('i32.or', ir.op2('f64.ne', a, a), ir.op2('f64.ne', b, b))
    const lanes = ir.lane('f64x2.replace_lane', 1, ir.op1('f64x2.splat', a), b)
    const last = ir.op1('i64x2.splat', result)
    ir.helperIf(isNan, ir.i32(1), HELPER_FLOAT_RAISE, code, ir.op2('pair', lanes, last))
    setBits(t, registers.t, result)
  }

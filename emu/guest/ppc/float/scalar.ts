/**
 * What all scalar float rows share: registers as doubles, the two ways to execute an operation, and what is checked in
 * the quick one.
 *
 * The interpreter calls the exact helper for each operation. Translated code is for rounding to nearest with no exception
 * enabled, which each block with float code looks at once. It makes the result by the host's operation, asks whether
 * FPSCR's sticky bits may change (a result that is not a normal number, XX still clear) and calls a helper only then;
 * FPRF, FR and FI it leaves to be found from the last operation and its operands, as variables.
 * Reference: Power ISA, Book I, 4.2 to 4.4.
 */

import type { Value } from '../../../ir/region.ts'
import { EXIT_SLOW } from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { HELPER_FLOAT, HELPER_FLOAT_RAISE } from '../helper-ids.ts'
import type { Translate } from '../row.ts'
import { PPC_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { V_FLOAT_LAST, V_FLOAT_OPERANDS } from '../variables.ts'
import { FPSCR_MODE, XX } from './fpscr.ts'
import { type FloatOp, floatCode, packCall } from './operations.ts'

/** Doubleword 0 of a vector-scalar register as a double. */
export const fpr = (t: Translator, register: number): Value =>
  t.ir.lane('f64x2.extract_lane', 0, t.vsr(register))

/** A scalar into a register; the other doubleword, which is undefined then, gets the same. */
export const setFpr = (t: Translator, register: number, value: Value): void =>
  t.setVsr(register, t.ir.op1('f64x2.splat', value))

export const bitsOf = (t: Translator, value: Value): Value => t.ir.op1('i64.reinterpret_f64', value)

/** A double from the upper half of its bits. */
export const double = (t: Translator, high: number): Value =>
  t.ir.op1('f64.reinterpret_i64', t.ir.i64Halves(0, high))

const and = (t: Translator, a: Value, b: Value): Value => t.ir.op2('i32.and', a, b)
const or = (t: Translator, a: Value, b: Value): Value => t.ir.op2('i32.or', a, b)
const not = (t: Translator, a: Value): Value => t.ir.op1('i32.eqz', a)
const isZero = (t: Translator, x: Value): Value => t.ir.op2('f64.eq', x, double(t, 0))

/** Leaves, once a block, unless FPSCR is as the code that follows needs it. */
export function requireUsualMode(t: Translator): void {
  const { ir } = t
  if (t.floatChecked === ir.open) return
  t.floatChecked = ir.open
  ir.exitIf(ir.op2('i32.and', ir.stateLoad(32, PPC_STATE.fpscr), ir.i32(FPSCR_MODE)), EXIT_SLOW)
}

/** Whether XX is clear. */
export function exactSoFar(t: Translator): Value {
  return not(t, and(t, t.ir.stateLoad(32, PPC_STATE.fpscr), t.ir.i32(XX)))
}

const INFINITE = 0x7ff0_0000
const LEAST_DOUBLE = 0x0010_0000
const LEAST_SINGLE = 0x3810_0000

/** Whether a number's size is not surely between two powers of two, given by the upper half of their bits. */
function outside(t: Translator, x: Value, least: number, most: number): Value {
  const { ir } = t
  const upper = ir.op1('i32.wrap_i64', ir.op2('i64.shr_u', bitsOf(t, x), ir.i64(32)))
  // Without its sign and moved down, so that what is too small wraps around. The least itself is out: it may be rounded.
  const from = 2 * least + 2
  const moved = ir.op2('i32.sub', ir.op2('i32.shl', upper, ir.i32(1)), ir.i32(from))
  return ir.op2('i32.ge_u', moved, ir.i32(2 * most - from))
}

/** Whether a result is not surely a normal number. */
export const isUnusual = (t: Translator, x: Value, isSingle: boolean): Value =>
  outside(t, x, isSingle ? LEAST_SINGLE : LEAST_DOUBLE, INFINITE)

/** The exponents between which the product's error is exact: 2^-960 and 2^900. */
const PRODUCT_LEAST = (1023 - 960) << 20
const PRODUCT_MOST = (1023 + 900) << 20

/** A result, and what may be wrong with FPSCR's sticky bits behind it. */
interface Quick {
  readonly result: Value
  /** Something besides XX may be raised, or the result may be another one: asked always, and asked again if so. */
  readonly doubt: Value
  readonly precise: Value
  /** The result may be inexact; asked only while XX is clear. */
  readonly loses: Value
}

type Operands = readonly [a: Value, b: Value, c: Value]

/** Bits of significands that are not in the upper halves. */
const LOW_BITS = 0x7ff_ffff

/** Whether the product of two doubles may need more than 53 bits. */
function isLongProduct(t: Translator, x: Value, y: Value): Value {
  const { ir } = t
  const low = ir.op2('i64.and', ir.op2('i64.or', bitsOf(t, x), bitsOf(t, y)), ir.i64(LOW_BITS))
  return not(t, ir.op1('i64.eqz', low))
}

function addition(t: Translator, name: 'add' | 'sub', single: boolean, [a, b]: Operands): Quick {
  const { ir, doubles } = t
  const y = name === 'sub' ? ir.op1('f64.neg', b) : b
  const exact = ir.op2(`f64.${name}`, a, b)
  const result = single ? toSingle(t, exact) : exact
  const infinite = not(t, ir.op2('f64.lt', ir.op1('f64.abs', result), double(t, INFINITE)))
  const [sum, error] = doubles.sum(a, y)
  let loses = isLost(t, error)
  if (!single) return { result, doubt: infinite, precise: infinite, loses }
  // A sum of singles that is a denormal or zero is exact.
  loses = or(t, loses, ir.op2('f64.ne', sum, result))
  return { result, doubt: infinite, precise: infinite, loses }
}

function multiplication(t: Translator, single: boolean, [a, , c]: Operands): Quick {
  const { ir } = t
  const exact = ir.op2('f64.mul', a, c)
  const result = single ? toSingle(t, exact) : exact
  const doubt = isUnusual(t, result, single)
  const isTrueZero = and(t, isZero(t, result), or(t, isZero(t, a), isZero(t, c)))
  const loses = single ? ir.op2('f64.ne', exact, result) : isLongProduct(t, a, c)
  return { result, doubt, precise: and(t, doubt, not(t, isTrueZero)), loses }
}

function division(t: Translator, single: boolean, [a, b]: Operands): Quick {
  const { ir } = t
  const exact = ir.op2('f64.div', a, b)
  const result = single ? toSingle(t, exact) : exact
  const doubt = isUnusual(t, result, single)
  const isTrueZero = and(t, isZero(t, result), isZero(t, a))
  const differs = ir.op2('f64.ne', ir.op2('f64.mul', result, b), a)
  const loses = single ? differs : or(t, isLongProduct(t, result, b), differs)
  return { result, doubt, precise: and(t, doubt, not(t, isTrueZero)), loses }
}

function squareRoot(t: Translator, single: boolean, [, b]: Operands): Quick {
  const { ir } = t
  const exact = ir.op1('f64.sqrt', b)
  const result = single ? toSingle(t, exact) : exact
  const doubt = isUnusual(t, result, single)
  const differs = ir.op2('f64.ne', ir.op2('f64.mul', result, result), b)
  const loses = single ? differs : or(t, isLongProduct(t, result, result), differs)
  return { result, doubt, precise: and(t, doubt, not(t, isZero(t, b))), loses }
}

function multiplyAdd(t: Translator, op: FloatOp, single: boolean, [a, b, c]: Operands): Quick {
  const { ir, doubles } = t
  const term = op === 'msub' || op === 'nmsub' ? ir.op1('f64.neg', b) : b
  const signed = (x: Value): Value => (op === 'nmadd' || op === 'nmsub' ? ir.op1('f64.neg', x) : x)
  if (single) {
    const sum = doubles.fusedSingles(a, c, term)
    const result = signed(toSingle(t, sum))
    const doubt = isUnusual(t, result, true)
    const isTrueZero = and(t, isZero(t, sum), isZero(t, b))
    const [, error] = doubles.sum(ir.op2('f64.mul', a, c), term)
    const loses = or(t, isLost(t, error), ir.op2('f64.ne', toSingle(t, sum), sum))
    return { result, doubt, precise: and(t, doubt, not(t, isTrueZero)), loses }
  }
  const [sum, product, lost, lostBefore] = doubles.fused(a, c, term)
  const result = signed(sum)
  const odd = isUnusual(t, result, false)
  const far = outside(t, product, PRODUCT_LEAST, PRODUCT_MOST)
  const isTrueZero = and(t, isZero(t, product), or(t, isZero(t, a), isZero(t, c)))
  return {
    result,
    doubt: or(t, odd, far),
    precise: or(t, odd, and(t, far, not(t, isTrueZero))),
    loses: or(t, isLost(t, lost), isLost(t, lostBefore)),
  }
}

const isLost = (t: Translator, error: Value): Value => t.ir.op2('f64.ne', error, double(t, 0))

function rounding(t: Translator, [, b]: Operands): Quick {
  const result = toSingle(t, b)
  const doubt = isUnusual(t, result, true)
  return {
    result,
    doubt,
    precise: and(t, doubt, not(t, isZero(t, b))),
    loses: t.ir.op2('f64.ne', b, result),
  }
}

/** Rounded to single precision, as a double. */
export const toSingle = (t: Translator, x: Value): Value =>
  t.ir.op1('f64.promote_f32', t.ir.op1('f32.demote_f64', x))

function quick(t: Translator, op: FloatOp, single: boolean, operands: Operands): Quick {
  switch (op) {
    case 'add':
    case 'sub':
      return addition(t, op, single, operands)
    case 'mul':
      return multiplication(t, single, operands)
    case 'div':
      return division(t, single, operands)
    case 'sqrt':
      return squareRoot(t, single, operands)
    case 'round':
      return rounding(t, operands)
    default:
      return multiplyAdd(t, op, single, operands)
  }
}

/** Calls the helper when something may be raised, before the row sets anything. */
function raise(t: Translator, code: number, q: Quick, [a, b, c]: Operands): void {
  const { ir } = t
  const exact = exactSoFar(t)
  const lanes = (x: Value, y: Value): Value => ir.lane('f64x2.replace_lane', 1, ir.op1('f64x2.splat', x), y)
  ir.helperIf(
    or(t, q.doubt, exact),
    or(t, q.precise, and(t, exact, q.loses)),
    HELPER_FLOAT_RAISE,
    code,
    ir.op2('pair', lanes(a, b), lanes(c, q.result)),
  )
}

/** Remembers the last operation for FPRF, FR and FI. */
export function setLast(t: Translator, code: number, operands: readonly Value[]): void {
  t.ir.set(V_FLOAT_LAST, t.ir.i32(code))
  operands.forEach((value, k) => {
    if (value >= 0) t.ir.set(V_FLOAT_OPERANDS + k, value)
  })
}

/** CR1 := FX, FEX, VX and OX. */
export function recordFpscr(t: Translator): void {
  const { ir } = t
  t.cr.setField(1, ir.op2('i32.shr_u', ir.stateLoad(32, PPC_STATE.fpscr), ir.i32(28)))
}

/** Where an operation's registers are: those that it has not got are -1. */
export interface Registers {
  readonly t: number
  readonly a: number
  readonly b: number
  readonly c: number
}

/** Executes an operation by the exact helper. */
export function callExact(t: Translator, i: Insn, code: number, registers: Registers): void {
  const at = (register: number): number => Math.max(register, 0)
  t.callHelper(
    i,
    HELPER_FLOAT,
    packCall(code, registers.t, at(registers.a), at(registers.b), at(registers.c)),
  )
}

/** An arithmetic row. */
export const arithmetic =
  (op: FloatOp, single: boolean, registersOf: (i: Insn) => Registers, records: boolean): Translate =>
  (t, i) => {
    const registers = registersOf(i)
    const code = floatCode(op, single)
    if (t.ir.options.exactChecks) callExact(t, i, code, registers)
    else {
      requireUsualMode(t)
      const [a, b, c] = [registers.a, registers.b, registers.c].map((k) => (k < 0 ? -1 : fpr(t, k))) as [
        Value,
        Value,
        Value,
      ]
      const q = quick(t, op, single, [a, b, c])
      const some = b >= 0 ? b : c
      raise(t, code, q, [a >= 0 ? a : some, b >= 0 ? b : some, c >= 0 ? c : some])
      setFpr(t, registers.t, q.result)
      setLast(t, code, [a, b, c])
    }
    if (records && i.rc) recordFpscr(t)
  }

/** A row that the helper executes in translated code too. */
export const callExactly =
  (op: FloatOp, single: boolean, registersOf: (i: Insn) => Registers, records: boolean): Translate =>
  (t, i) => {
    callExact(t, i, floatCode(op, single), registersOf(i))
    if (records && i.rc) recordFpscr(t)
  }

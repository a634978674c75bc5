/** Fixed-point arithmetic: Power ISA, Book I, 3.3.8 and 3.3.9. */

import type { Value } from '../../../ir/region.ts'
import { COMMON_STATE } from '../../../memory/state-block.ts'
import { multiplyHigh } from '../../multiply-high.ts'
import type { Insn } from '../decode.ts'
import { HELPER_DIVIDE } from '../helper-ids.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'

/** Sets RT, OV where OE asks for it, and CR0 where Rc does. Values of the mode's width. */
function finish(t: Translator, i: Insn, result: Value, overflow: () => Value): void {
  const lost = i.oe ? overflow() : -1
  t.setGpr(i.rt, result)
  if (i.oe) t.setOv(lost)
  if (i.rc) t.record(result)
}

const isNegative = (t: Translator, value: Value): Value => t.op2('lt_s', value, t.constant(0))

/** Overflow of a sum: both terms have the sign that the sum has not. */
const sumOverflows = (t: Translator, a: Value, b: Value, sum: Value): Value =>
  isNegative(t, t.op2('and', t.op2('xor', a, sum), t.op2('xor', b, sum)))

type Term = (t: Translator, i: Insn) => Value
const RA: Term = (t, i) => t.gpr(i.ra)
const NOT_RA: Term = (t, i) => t.op2('xor', t.gpr(i.ra), t.constant(-1))
const RB: Term = (t, i) => t.gpr(i.rb)
const ZERO: Term = (t) => t.constant(0)
const MINUS_ONE: Term = (t) => t.constant(-1)

/** RT := a + b, and the carry that CA then is when `setsCa`. */
const add =
  (a: Term, b: Term, setsCa: boolean): Translate =>
  (t, i) => {
    const x = a(t, i)
    const y = b(t, i)
    const sum = t.op2('add', x, y)
    finish(t, i, sum, () => sumOverflows(t, x, y, sum))
    if (setsCa) t.setCa(t.op2('lt_u', sum, x))
  }

/** RT := b - a. */
const subtract =
  (setsCa: boolean): Translate =>
  (t, i) => {
    const a = t.gpr(i.ra)
    const b = t.gpr(i.rb)
    const difference = t.op2('sub', b, a)
    finish(t, i, difference, () =>
      isNegative(t, t.op2('and', t.op2('xor', a, b), t.op2('xor', b, difference))),
    )
    if (setsCa) t.setCa(t.op2('le_u', a, b))
  }

/** RT := a + b + CA, and CA. */
const addExtended =
  (a: Term, b: Term): Translate =>
  (t, i) => {
    const { ir } = t
    const x = a(t, i)
    const y = b(t, i)
    const partial = t.op2('add', x, y)
    const sum = t.op2('add', partial, t.ca())
    finish(t, i, sum, () => sumOverflows(t, x, y, sum))
    t.setCa(ir.op2('i32.or', t.op2('lt_u', partial, x), t.op2('lt_u', sum, partial)))
  }

const neg: Translate = (t, i) => {
  const a = t.gpr(i.ra)
  const least = t.bits === 64 ? t.ir.i64Halves(0, -0x8000_0000) : t.ir.i32(-0x8000_0000)
  finish(t, i, t.op2('sub', t.constant(0), a), () => t.op2('eq', a, least))
}

const addi =
  (shift: number): Translate =>
  (t, i) => {
    const immediate = t.constant(i.si * 2 ** shift)
    t.setGpr(i.rt, i.ra === 0 ? immediate : t.op2('add', t.gpr(i.ra), immediate))
  }

/** RT := RA + SI, and CA. */
const addic =
  (records: boolean): Translate =>
  (t, i) => {
    const a = t.gpr(i.ra)
    const sum = t.op2('add', a, t.constant(i.si))
    t.setGpr(i.rt, sum)
    t.setCa(t.op2('lt_u', sum, a))
    if (records) t.record(sum)
  }

/** RT := SI - RA, and CA. */
const subfic: Translate = (t, i) => {
  const a = t.gpr(i.ra)
  const immediate = t.constant(i.si)
  t.setGpr(i.rt, t.op2('sub', immediate, a))
  t.setCa(t.op2('le_u', a, immediate))
}

const mulli: Translate = (t, i) => t.setGpr(i.rt, t.op2('mul', t.gpr(i.ra), t.constant(i.si)))

/** The product of the low words as a doubleword. */
function wordProduct(t: Translator, i: Insn, signed: boolean): Value {
  const { ir } = t
  const extend = signed ? 'i64.extend_i32_s' : 'i64.extend_i32_u'
  return ir.op2('i64.mul', ir.op1(extend, t.gpr32(i.ra)), ir.op1(extend, t.gpr32(i.rb)))
}

const mullw: Translate = (t, i) => {
  const { ir } = t
  const product = wordProduct(t, i, true)
  finish(t, i, t.narrow(product), () => ir.op2('i64.ne', ir.op1('i64.extend32_s', product), product))
}

/** RT := the upper word of the product of words. What is above it is undefined; qemu and CPUs have its sign there. */
const mulhw =
  (signed: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const high = ir.op1('i32.wrap_i64', ir.op2('i64.shr_u', wordProduct(t, i, signed), ir.i64(32)))
    finishWord(t, i, high, signed)
  }

/** Sets RT to a word, and CR0 from it. */
function finishWord(t: Translator, i: Insn, word: Value, signed: boolean): void {
  const wide = t.bits === 32 ? word : t.ir.op1(signed ? 'i64.extend_i32_s' : 'i64.extend_i32_u', word)
  t.setGpr(i.rt, wide)
  if (i.rc) t.record(wide)
}

const mulld: Translate = (t, i) => {
  const { ir } = t
  const a = t.gpr(i.ra)
  const b = t.gpr(i.rb)
  const low = ir.op2('i64.mul', a, b)
  finish(t, i, low, () =>
    ir.op2('i64.ne', multiplyHigh(ir, a, b, true), ir.op2('i64.shr_s', low, ir.i64(63))),
  )
}

const mulhd =
  (signed: boolean): Translate =>
  (t, i) => {
    const high = multiplyHigh(t.ir, t.gpr(i.ra), t.gpr(i.rb), signed)
    t.setGpr(i.rt, high)
    if (i.rc) t.record(high)
  }

/** Quotient of i64 or i32 values; where there is none, which `impossible` tells, it is undefined: the dividend, as qemu has it. */
function quotientOf(t: Translator, type: 'i32' | 'i64', a: Value, b: Value, signed: boolean): [Value, Value] {
  const { ir } = t
  const constant = (value: number): Value => (type === 'i64' ? ir.i64(value) : ir.i32(value))
  const least = type === 'i64' ? ir.i64Halves(0, -0x8000_0000) : ir.i32(-0x8000_0000)
  let impossible = ir.op1(`${type}.eqz`, b)
  if (signed) {
    const lost = ir.op2('i32.and', ir.op2(`${type}.eq`, a, least), ir.op2(`${type}.eq`, b, constant(-1)))
    impossible = ir.op2('i32.or', impossible, lost)
  }
  const divisor = ir.op3(`select.${type}`, constant(1), b, impossible)
  const quotient = ir.op2(`${type}.div_${signed ? 's' : 'u'}`, a, divisor)
  return [quotient, impossible]
}

const divw =
  (signed: boolean): Translate =>
  (t, i) => {
    const [quotient, impossible] = quotientOf(t, 'i32', t.gpr32(i.ra), t.gpr32(i.rb), signed)
    const wide = t.bits === 32 ? quotient : t.ir.op1('i64.extend_i32_u', quotient)
    finish(t, i, wide, () => impossible)
  }

const divd =
  (signed: boolean): Translate =>
  (t, i) => {
    const [quotient, impossible] = quotientOf(t, 'i64', t.gpr(i.ra), t.gpr(i.rb), signed)
    finish(t, i, quotient, () => impossible)
  }

/** The dividend is RA with a word of zeros behind it; 0 where the quotient does not fit. */
const divwe =
  (signed: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const extend = signed ? 'i64.extend_i32_s' : 'i64.extend_i32_u'
    const dividend = ir.op2('i64.shl', ir.op1(extend, t.gpr32(i.ra)), ir.i64(32))
    const [quotient, impossible] = quotientOf(t, 'i64', dividend, ir.op1(extend, t.gpr32(i.rb)), signed)
    const word = ir.op1('i32.wrap_i64', quotient)
    const lost = ir.op2('i32.or', impossible, ir.op2('i64.ne', ir.op1(extend, word), quotient))
    const kept = ir.op3('select.i32', ir.i32(0), word, lost)
    const wide = t.bits === 32 ? kept : ir.op1('i64.extend_i32_u', kept)
    finish(t, i, wide, () => lost)
  }

/** The dividend is RA with a doubleword of zeros behind it: by a helper, in scratch. */
const divde =
  (signed: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const { scratch } = COMMON_STATE
    ir.stateStore(64, scratch, t.gpr(i.ra))
    ir.stateStore(64, scratch + 8, t.gpr(i.rb))
    const lost = ir.helper(HELPER_DIVIDE, ir.i32(signed ? 1 : 0), ir.i32(0))
    finish(t, i, ir.stateLoad(64, scratch), () => lost)
  }

const sum = (
  name: string,
  opcode: number,
  operands: string,
  translate: Translate,
  options?: RowOptions,
): Row => row(name, `XO 31 ${opcode}`, `${operands} [OE] [Rc]`, translate, options)
/** Without OE. */
const high = (name: string, opcode: number, translate: Translate, options?: RowOptions): Row =>
  row(name, `XO 31 ${opcode} OE=0`, 'RT RA RB [Rc]', translate, options)

const D64: RowOptions = { bits: 64 }
const UPPER: RowOptions = { undefinedUpper: true }

export const ARITHMETIC: readonly Row[] = [
  row('addi', 'D 14', 'RT RA SI', addi(0)),
  row('addis', 'D 15', 'RT RA SI', addi(16)),
  row('addic', 'D 12', 'RT RA SI', addic(false)),
  row('addic.', 'D 13', 'RT RA SI', addic(true)),
  row('subfic', 'D 8', 'RT RA SI', subfic),
  row('mulli', 'D 7', 'RT RA SI', mulli),
  sum('add', 266, 'RT RA RB', add(RA, RB, false)),
  sum('addc', 10, 'RT RA RB', add(RA, RB, true)),
  sum('adde', 138, 'RT RA RB', addExtended(RA, RB)),
  sum('addme', 234, 'RT RA', addExtended(RA, MINUS_ONE)),
  sum('addze', 202, 'RT RA', addExtended(RA, ZERO)),
  sum('subf', 40, 'RT RA RB', subtract(false)),
  sum('subfc', 8, 'RT RA RB', subtract(true)),
  sum('subfe', 136, 'RT RA RB', addExtended(NOT_RA, RB)),
  sum('subfme', 232, 'RT RA', addExtended(NOT_RA, MINUS_ONE)),
  sum('subfze', 200, 'RT RA', addExtended(NOT_RA, ZERO)),
  sum('neg', 104, 'RT RA', neg),
  sum('mullw', 235, 'RT RA RB', mullw),
  high('mulhw', 75, mulhw(true), UPPER),
  high('mulhwu', 11, mulhw(false), UPPER),
  sum('divw', 491, 'RT RA RB', divw(true), UPPER),
  sum('divwu', 459, 'RT RA RB', divw(false), UPPER),
  sum('divwe', 427, 'RT RA RB', divwe(true), { ...UPPER, bits: 64 }),
  sum('divweu', 395, 'RT RA RB', divwe(false), { ...UPPER, bits: 64 }),
  sum('mulld', 233, 'RT RA RB', mulld, D64),
  high('mulhd', 73, mulhd(true), D64),
  high('mulhdu', 9, mulhd(false), D64),
  sum('divd', 489, 'RT RA RB', divd(true), D64),
  sum('divdu', 457, 'RT RA RB', divd(false), D64),
  sum('divde', 425, 'RT RA RB', divde(true), D64),
  sum('divdeu', 393, 'RT RA RB', divde(false), D64),
]

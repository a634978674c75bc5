/** Binary arithmetic and logic: Intel SDM vol. 1, 5.1.2 and 5.1.4. */

import type { Value } from '../../../ir/region.ts'
import { EXIT_DIVIDE } from '../../../run/cpu.ts'
import { multiplyHigh } from '../../multiply-high.ts'
import type { Bits } from '../condition.ts'
import type { Insn } from '../decode.ts'
import { AF, CC_ADD, CC_DEC, CC_INC, CC_LOGIC, CC_SUB, CF, OF, PF, SF, ZF } from '../flags.ts'
import { HELPER_DIVIDE128 } from '../helper-ids.ts'
import { type Row, row } from '../row.ts'
import { X86_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { V_TEMP64 } from '../variables.ts'

type Translate = (t: Translator, i: Insn) => void

const add: Translate = (t, i) => {
  const size = t.sizeOf(i, 0)
  const b = t.read(i, 1)
  const result = t.truncate(size, t.op2(size, 'add', t.readToWrite(i, 0), b))
  t.write(i, 0, result)
  t.flags.set(CC_ADD, size, result, b)
}

const sub: Translate = (t, i) => {
  const size = t.sizeOf(i, 0)
  const b = t.read(i, 1)
  const a = t.readToWrite(i, 0)
  t.write(i, 0, t.truncate(size, t.op2(size, 'sub', a, b)))
  t.flags.set(CC_SUB, size, a, b)
}

const cmp: Translate = (t, i) => {
  const b = t.read(i, 1)
  t.flags.set(CC_SUB, t.sizeOf(i, 0), t.read(i, 0), b)
}

/** The sign bit of a value as an i32 0 or 1. */
function signBit(t: Translator, size: Bits, value: Value): Value {
  return t.fromI64(
    8,
    t.op2(
      64,
      'and',
      t.toI64(size, t.op2(size, 'shr_u', value, t.constant(size, size - 1)), false),
      t.constant(64, 1),
    ),
  )
}

/** CF, OF and AF of a + b + carry or a - b - borrow, at their places. */
function carryFlags(
  t: Translator,
  size: Bits,
  a: Value,
  b: Value,
  result: Value,
  carry: Value,
  subtract: boolean,
): Value {
  const { ir } = t
  const mixed = subtract
    ? t.op2(size, 'and', t.op2(size, 'xor', a, b), t.op2(size, 'xor', a, result))
    : t.op2(size, 'and', t.op2(size, 'xor', a, result), t.op2(size, 'xor', b, result))
  const overflow = signBit(t, size, mixed)
  const low = t.op2(size, 'xor', t.op2(size, 'xor', a, b), result)
  const half = ir.op2('i32.and', size === 64 ? ir.op1('i32.wrap_i64', low) : low, ir.i32(AF))
  return ir.op2('i32.or', ir.op2('i32.or', carry, half), ir.op2('i32.shl', overflow, ir.i32(11)))
}

function withCarry(subtract: boolean): Translate {
  return (t, i) => {
    const { ir } = t
    const size = t.sizeOf(i, 0)
    const b = t.read(i, 1)
    const a = t.readToWrite(i, 0)
    const carryIn = t.flags.carry()
    const wide = size === 64 ? ir.op1('i64.extend_i32_u', carryIn) : carryIn
    const name = subtract ? 'sub' : 'add'
    const result = t.truncate(size, t.op2(size, name, t.op2(size, name, a, b), wide))
    // a + b + c carries when the result is below a, or equal to it with a carry in (b all ones); likewise a - b - c.
    const [x, y] = subtract ? [a, b] : [result, a]
    const carry = ir.op2(
      'i32.or',
      t.op2(size, 'lt_u', x, y),
      ir.op2('i32.and', carryIn, t.op2(size, 'eq', x, y)),
    )
    t.write(i, 0, result)
    t.flags.setResult(size, result, carryFlags(t, size, a, b, result, carry, subtract), carry)
  }
}

function logic(name: 'and' | 'or' | 'xor', store: boolean): Translate {
  return (t, i) => {
    const size = t.sizeOf(i, 0)
    const b = t.read(i, 1)
    const a = store ? t.readToWrite(i, 0) : t.read(i, 0)
    // XOR of a register with itself is how compilers write zero.
    const result = name === 'xor' && a === b ? t.constant(size, 0) : t.op2(size, name, a, b)
    if (store) t.write(i, 0, result)
    t.flags.set(CC_LOGIC, size, result, -1)
  }
}

const neg: Translate = (t, i) => {
  const size = t.sizeOf(i, 0)
  const a = t.readToWrite(i, 0)
  const zero = t.constant(size, 0)
  t.write(i, 0, t.truncate(size, t.op2(size, 'sub', zero, a)))
  t.flags.set(CC_SUB, size, zero, a)
}

const not: Translate = (t, i) => {
  const size = t.sizeOf(i, 0)
  t.write(i, 0, t.truncate(size, t.op2(size, 'xor', t.readToWrite(i, 0), t.constant(size, -1))))
}

export function incDec(name: 'add' | 'sub', kind: number): Translate {
  return (t, i) => {
    const size = t.sizeOf(i, 0)
    const result = t.truncate(size, t.op2(size, name, t.readToWrite(i, 0), t.constant(size, 1)))
    t.write(i, 0, result)
    t.flags.setIncDec(kind, size, result)
  }
}

/** CF = OF = whether the product lost bits; the rest as of the low half (undefined by the manual). */
function setProductFlags(t: Translator, size: Bits, low: Value, lost: Value): void {
  t.flags.setResult(size, low, t.ir.op2('i32.mul', lost, t.ir.i32(CF | OF)), lost)
}

/** MUL and IMUL with one operand: rDX:rAX = rAX × operand. */
function multiplyWide(signed: boolean): Translate {
  return (t, i) => {
    const { ir } = t
    const size = t.sizeOf(i, 0)
    const operand = t.read(i, 0)
    const accumulator = t.gpr(0, size)
    if (size === 64) {
      const low = ir.op2('i64.mul', accumulator, operand)
      const high = multiplyHigh(t.ir, accumulator, operand, signed)
      t.setGpr(0, 64, low)
      t.setGpr(2, 64, high)
      const expected = signed ? ir.op2('i64.shr_s', low, ir.i64(63)) : ir.i64(0)
      setProductFlags(t, 64, low, ir.op2('i64.ne', high, expected))
      return
    }
    const product = ir.op2('i64.mul', t.toI64(size, accumulator, signed), t.toI64(size, operand, signed))
    const low = t.fromI64(size, product)
    if (size === 8) t.setGpr(0, 16, t.fromI64(16, product))
    else {
      t.setGpr(0, size, low)
      t.setGpr(2, size, t.fromI64(size, ir.op2('i64.shr_u', product, ir.i64(size))))
    }
    setProductFlags(t, size, low, ir.op2('i64.ne', product, t.toI64(size, low, signed)))
  }
}

function multiply(t: Translator, i: Insn, a: Value, b: Value): void {
  const { ir } = t
  const size = t.sizeOf(i, 0)
  if (size === 64) {
    const low = ir.op2('i64.mul', a, b)
    t.write(i, 0, low)
    const lost = ir.op2('i64.ne', multiplyHigh(t.ir, a, b, true), ir.op2('i64.shr_s', low, ir.i64(63)))
    setProductFlags(t, 64, low, lost)
    return
  }
  const product = ir.op2('i64.mul', t.toI64(size, a, true), t.toI64(size, b, true))
  const low = t.truncate(size, ir.op2('i32.mul', a, b))
  t.write(i, 0, low)
  setProductFlags(t, size, low, ir.op2('i64.ne', product, t.toI64(size, low, true)))
}

const imul2: Translate = (t, i) => {
  const b = t.read(i, 1)
  multiply(t, i, t.read(i, 0), b)
}
const imul3: Translate = (t, i) => multiply(t, i, t.read(i, 1), t.read(i, 2))

/** Division of at most 32 bits, in 64-bit arithmetic. */
function divideNarrow(t: Translator, size: Bits, operand: Value, signed: boolean): void {
  const { ir } = t
  let dividend: Value
  if (size === 8) dividend = t.toI64(16, t.gpr(0, 16), signed)
  else {
    const low = t.toI64(size, t.gpr(0, size), false)
    const high = t.toI64(size, t.gpr(2, size), size < 32 && signed)
    dividend = ir.op2('i64.or', ir.op2('i64.shl', high, ir.i64(size)), low)
  }
  const divisor = t.toI64(size, operand, signed)
  if (signed && size === 32) {
    const overflow = ir.op2(
      'i32.and',
      ir.op2('i64.eq', dividend, ir.i64Halves(0, -0x8000_0000)),
      ir.op2('i64.eq', divisor, ir.i64(-1)),
    )
    ir.exitIf(overflow, EXIT_DIVIDE)
  }
  const quotient = ir.op2(signed ? 'i64.div_s' : 'i64.div_u', dividend, divisor)
  const fits = t.toI64(size, t.fromI64(size, quotient), signed)
  ir.exitIf(ir.op2('i64.ne', fits, quotient), EXIT_DIVIDE)
  const remainder = ir.op2('i64.sub', dividend, ir.op2('i64.mul', quotient, divisor))
  const q = t.fromI64(size, quotient)
  const r = t.fromI64(size, remainder)
  if (size === 8) t.setGpr(0, 16, ir.op2('i32.or', q, ir.op2('i32.shl', r, ir.i32(8))))
  else {
    t.setGpr(0, size, q)
    t.setGpr(2, size, r)
  }
}

/** 128-bit dividends: inline while the upper half only extends the lower one, as compilers have it. */
function divide64(t: Translator, i: Insn, operand: Value, signed: boolean): void {
  const { ir } = t
  const low = ir.get(0)
  const high = ir.get(2)
  let simple: Value
  if (signed) {
    const extends64 = ir.op2('i64.eq', high, ir.op2('i64.shr_s', low, ir.i64(63)))
    simple = ir.op2('i32.and', extends64, ir.op2('i64.ne', operand, ir.i64(-1)))
  } else simple = ir.op1('i64.eqz', high)
  ir.set(V_TEMP64, operand)
  const { yes, no, join } = t.split(i, simple)
  t.beginSplit(i, yes)
  const dividend = ir.get(0)
  const divisor = ir.get(V_TEMP64)
  const quotient = ir.op2(signed ? 'i64.div_s' : 'i64.div_u', dividend, divisor)
  ir.set(2, ir.op2('i64.sub', dividend, ir.op2('i64.mul', quotient, divisor)))
  ir.set(0, quotient)
  ir.jump(join)
  t.beginSplit(i, no)
  const scratch = X86_STATE.scratch
  ir.stateStore(64, scratch, ir.get(0))
  ir.stateStore(64, scratch + 8, ir.get(2))
  ir.stateStore(64, scratch + 16, ir.get(V_TEMP64))
  ir.exitIf(ir.helper(HELPER_DIVIDE128, ir.i32(signed ? 1 : 0), ir.i32(0)), EXIT_DIVIDE)
  ir.set(0, ir.stateLoad(64, scratch))
  ir.set(2, ir.stateLoad(64, scratch + 8))
  ir.jump(join)
  t.beginSplit(i, join)
}

function divide(signed: boolean): Translate {
  return (t, i) => {
    const size = t.sizeOf(i, 0)
    const operand = t.read(i, 0)
    t.ir.exitIf(t.op1(size, 'eqz', operand), EXIT_DIVIDE)
    if (size === 64) divide64(t, i, operand, signed)
    else divideNarrow(t, size, operand, signed)
  }
}

const ALL = CF | PF | AF | ZF | SF | OF
const GROUP1: [string, Translate, number][] = [
  ['ADD', add, 0],
  ['OR', logic('or', true), AF],
  ['ADC', withCarry(false), 0],
  ['SBB', withCarry(true), 0],
  ['AND', logic('and', true), AF],
  ['SUB', sub, 0],
  ['XOR', logic('xor', true), AF],
  ['CMP', cmp, 0],
]

const hex = (n: number): string => n.toString(16).padStart(2, '0')

function group1(): Row[] {
  return GROUP1.flatMap(([name, translate, undefinedFlags], k) => {
    const options = { undefinedFlags }
    return [
      row(name, `${hex(8 * k)} /r`, 'Eb Gb', translate, options),
      row(name, `${hex(8 * k + 1)} /r`, 'Ev Gv', translate, options),
      row(name, `${hex(8 * k + 2)} /r`, 'Gb Eb', translate, options),
      row(name, `${hex(8 * k + 3)} /r`, 'Gv Ev', translate, options),
      row(name, hex(8 * k + 4), 'Ab Ib', translate, options),
      row(name, hex(8 * k + 5), 'Av Iz', translate, options),
      row(name, `80 /${k}`, 'Eb Ib', translate, options),
      row(name, `81 /${k}`, 'Ev Iz', translate, options),
      row(name, `83 /${k}`, 'Ev Is', translate, options),
    ]
  })
}

const productFlags = { undefinedFlags: SF | ZF | AF | PF }
const test = logic('and', false)

export const ARITHMETIC: readonly Row[] = [
  ...group1(),
  row('TEST', '84 /r', 'Eb Gb', test, { undefinedFlags: AF }),
  row('TEST', '85 /r', 'Ev Gv', test, { undefinedFlags: AF }),
  row('TEST', 'a8', 'Ab Ib', test, { undefinedFlags: AF }),
  row('TEST', 'a9', 'Av Iz', test, { undefinedFlags: AF }),
  ...['b', 'v'].flatMap((s, k) => [
    row('TEST', `${hex(0xf6 + k)} /0`, `E${s} I${s === 'b' ? 'b' : 'z'}`, test, { undefinedFlags: AF }),
    row('TEST', `${hex(0xf6 + k)} /1`, `E${s} I${s === 'b' ? 'b' : 'z'}`, test, { undefinedFlags: AF }),
    row('NOT', `${hex(0xf6 + k)} /2`, `E${s}`, not),
    row('NEG', `${hex(0xf6 + k)} /3`, `E${s}`, neg),
    row('MUL', `${hex(0xf6 + k)} /4`, `E${s}`, multiplyWide(false), productFlags),
    row('IMUL', `${hex(0xf6 + k)} /5`, `E${s}`, multiplyWide(true), productFlags),
    row('DIV', `${hex(0xf6 + k)} /6`, `E${s}`, divide(false), { undefinedFlags: ALL }),
    row('IDIV', `${hex(0xf6 + k)} /7`, `E${s}`, divide(true), { undefinedFlags: ALL }),
    row('INC', `${hex(0xfe + k)} /0`, `E${s}`, incDec('add', CC_INC)),
    row('DEC', `${hex(0xfe + k)} /1`, `E${s}`, incDec('sub', CC_DEC)),
  ]),
  row('IMUL', '0F af /r', 'Gv Ev', imul2, productFlags),
  row('IMUL', '69 /r', 'Gv Ev Iz', imul3, productFlags),
  row('IMUL', '6b /r', 'Gv Ev Is', imul3, productFlags),
]

/** Fixed-point logical instructions: Power ISA, Book I, 3.3.13. */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'

/** RA := a value of the mode's width; CR0 where Rc asks for it. */
function finish(t: Translator, i: Insn, result: Value): void {
  t.setGpr(i.ra, result)
  if (i.rc) t.record(result)
}

const not = (t: Translator, value: Value): Value => t.op2('xor', value, t.constant(-1))

/** RA := RS op RB, with one of the operands or the result inverted. */
const binary =
  (name: string, inverts: '' | 'b' | 'result' = ''): Translate =>
  (t, i) => {
    const b = t.gpr(i.rb)
    // `mr` is or with itself.
    if (name === 'or' && inverts === '' && i.rt === i.rb) return finish(t, i, b)
    const result = t.op2(name, t.gpr(i.rt), inverts === 'b' ? not(t, b) : b)
    return finish(t, i, inverts === 'result' ? not(t, result) : result)
  }

const immediate =
  (name: string, shift: number, records = false): Translate =>
  (t, i) => {
    const constant = t.bits === 64 ? t.ir.i64(i.ui * 2 ** shift) : t.ir.i32((i.ui << shift) | 0)
    const result = t.op2(name, t.gpr(i.rt), constant)
    t.setGpr(i.ra, result)
    if (records) t.record(result)
  }

/** RA := a function of RS of the mode's width. */
const unary =
  (make: (t: Translator, value: Value) => Value): Translate =>
  (t, i) =>
    finish(t, i, make(t, t.gpr(i.rt)))

/** A number of the low word, with zeros above. */
const ofWord =
  (name: string): Translate =>
  (t, i) => {
    const word = t.ir.op1(name, t.gpr32(i.rt))
    finish(t, i, t.bits === 64 ? t.ir.op1('i64.extend_i32_u', word) : word)
  }

/** Masks of every second bit, pair and nibble, for sums within bytes and wider. */
const EVERY = { 1: 0x5555_5555, 2: 0x3333_3333, 4: 0x0f0f_0f0f }

/** The number of bits in each byte. */
function bytePopulation(t: Translator, value: Value): Value {
  const mask = (k: 1 | 2 | 4): Value =>
    t.bits === 64 ? t.ir.i64Halves(EVERY[k], EVERY[k]) : t.ir.i32(EVERY[k])
  const shifted = (x: Value, k: 1 | 2 | 4): Value => t.op2('shr_u', x, t.constant(k))
  const pairs = t.op2('sub', value, t.op2('and', shifted(value, 1), mask(1)))
  const nibbles = t.op2('add', t.op2('and', pairs, mask(2)), t.op2('and', shifted(pairs, 2), mask(2)))
  return t.op2('and', t.op2('add', nibbles, shifted(nibbles, 4)), mask(4))
}

/** Both words' populations. */
function wordPopulation(t: Translator, value: Value): Value {
  if (t.bits === 32) return t.ir.op1('i32.popcnt', value)
  const { ir } = t
  const of = (word: Value): Value => ir.op1('i64.popcnt', word)
  const high = of(ir.op2('i64.shr_u', value, ir.i64(32)))
  return ir.op2(
    'i64.or',
    ir.op2('i64.shl', high, ir.i64(32)),
    of(ir.op2('i64.and', value, ir.i64Halves(-1, 0))),
  )
}

/** The parity of the bytes' lowest bits, in each word or in all of it. */
const parity =
  (widthBits: 32 | 64): Translate =>
  (t, i) => {
    let value = t.gpr(i.rt)
    for (let shift = widthBits / 2; shift >= 8; shift /= 2)
      value = t.op2('xor', value, t.op2('shr_u', value, t.constant(shift)))
    const low = t.bits === 64 ? t.ir.i64Halves(1, widthBits === 32 ? 1 : 0) : t.ir.i32(1)
    t.setGpr(i.ra, t.op2('and', value, low))
  }

/** Bytes of all ones where RS and RB have the same, else of zeros. */
const cmpb: Translate = (t, i) => {
  const { ir } = t
  const lanes = (value: Value): Value => ir.op1('i64x2.splat', value)
  const equal = ir.op2('i8x16.eq', lanes(t.gpr64(i.rt)), lanes(t.gpr64(i.rb)))
  ir.set(i.ra, t.cut(ir.lane('i64x2.extract_lane', 0, equal)))
}

/** Bit 56 + k of RA := the bit of RB that byte k of RS names, or 0. */
const bpermd: Translate = (t, i) => {
  const { ir } = t
  const source = t.gpr(i.rb)
  let result = ir.i64(0)
  for (let k = 0; k < 8; k++) {
    const index = ir.op2('i64.and', ir.op2('i64.shr_u', t.gpr(i.rt), ir.i64(56 - 8 * k)), ir.i64(0xff))
    const bit = ir.op2(
      'i64.and',
      ir.op2('i64.shr_u', ir.op2('i64.rotl', source, index), ir.i64(63)),
      ir.i64(1),
    )
    const kept = ir.op3('select.i64', bit, ir.i64(0), ir.op2('i64.lt_u', index, ir.i64(64)))
    result = ir.op2('i64.or', result, ir.op2('i64.shl', kept, ir.i64(7 - k)))
  }
  t.setGpr(i.ra, result)
}

const isel: Translate = (t, i) => {
  const condition = t.cr.bit(i.rc5)
  const name = t.bits === 64 ? 'select.i64' : 'select.i32'
  t.setGpr(i.rt, t.ir.op3(name, t.gprOrZero(i.ra), t.gpr(i.rb), condition))
}

const logical = (name: string, opcode: number, translate: Translate): Row =>
  row(name, `X 31 ${opcode}`, 'RA RS RB [Rc]', translate)
const extend = (name: string, opcode: number, translate: Translate, options?: RowOptions): Row =>
  row(name, `X 31 ${opcode}`, 'RA RS [Rc]', translate, options)
const count = (name: string, opcode: number, translate: Translate, options?: RowOptions): Row =>
  row(name, `X 31 ${opcode}`, 'RA RS', translate, options)

const signed = (name: 'extend8_s' | 'extend16_s'): Translate => unary((t, value) => t.op1(name, value))
const D64: RowOptions = { bits: 64 }

export const LOGICAL: readonly Row[] = [
  row('andi.', 'D 28', 'RA RS UI', immediate('and', 0, true)),
  row('andis.', 'D 29', 'RA RS UI', immediate('and', 16, true)),
  row('ori', 'D 24', 'RA RS UI', immediate('or', 0)),
  row('oris', 'D 25', 'RA RS UI', immediate('or', 16)),
  row('xori', 'D 26', 'RA RS UI', immediate('xor', 0)),
  row('xoris', 'D 27', 'RA RS UI', immediate('xor', 16)),
  logical('and', 28, binary('and')),
  logical('andc', 60, binary('and', 'b')),
  logical('or', 444, binary('or')),
  logical('orc', 412, binary('or', 'b')),
  logical('xor', 316, binary('xor')),
  logical('nand', 476, binary('and', 'result')),
  logical('nor', 124, binary('or', 'result')),
  logical('eqv', 284, binary('xor', 'result')),
  extend('extsb', 954, signed('extend8_s')),
  extend('extsh', 922, signed('extend16_s')),
  extend(
    'extsw',
    986,
    unary((t, value) => t.op1('extend32_s', value)),
    D64,
  ),
  extend('cntlzw', 26, ofWord('i32.clz')),
  extend(
    'cntlzd',
    58,
    unary((t, value) => t.op1('clz', value)),
    D64,
  ),
  count('popcntb', 122, (t, i) => t.setGpr(i.ra, bytePopulation(t, t.gpr(i.rt))), D64),
  count('popcntw', 378, (t, i) => t.setGpr(i.ra, wordPopulation(t, t.gpr(i.rt))), D64),
  count('popcntd', 506, (t, i) => t.setGpr(i.ra, t.op1('popcnt', t.gpr(i.rt))), D64),
  count('prtyw', 154, parity(32), D64),
  count('prtyd', 186, parity(64), D64),
  row('cmpb', 'X 31 508', 'RA RS RB', cmpb, D64),
  row('bpermd', 'X 31 252', 'RA RS RB', bpermd, D64),
  row('isel', 'A 31 15', 'RT RA RB BC', isel, D64),
]

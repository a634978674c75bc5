/** Comparisons and the condition register: Power ISA, Book I, 2.5, 3.3.10 and 3.3.17. */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'
import { V_CA, V_OV, V_SO } from '../variables.ts'

/** Field BF := a comparison of words. */
const cmpWord =
  (signed: boolean, right: (t: Translator, i: Insn) => Value): Translate =>
  (t, i) => {
    const extend = signed ? 'i64.extend_i32_s' : 'i64.extend_i32_u'
    t.cr.compare(i.bf, t.ir.op1(extend, t.gpr32(i.ra)), right(t, i), t.so())
  }

const cmpd: Translate = (t, i) => t.cr.compare(i.bf, t.gpr(i.ra), t.gpr(i.rb), t.so())
const cmpdi: Translate = (t, i) => t.cr.compare(i.bf, t.gpr(i.ra), t.ir.i64(i.si), t.so())
const cmpld: Translate = (t, i) => t.cr.compareUnsigned(i.bf, t.gpr(i.ra), t.gpr(i.rb), t.so())
const cmpldi: Translate = (t, i) => t.cr.compareUnsigned(i.bf, t.gpr(i.ra), t.ir.i64(i.ui), t.so())

const signedWord = (t: Translator, i: Insn): Value => t.ir.op1('i64.extend_i32_s', t.gpr32(i.rb))
const unsignedWord = (t: Translator, i: Insn): Value => t.ir.op1('i64.extend_i32_u', t.gpr32(i.rb))

/** Bit BT := a function of bits BA and BB. */
const crLogic =
  (make: (t: Translator, a: Value, b: Value) => Value): Translate =>
  (t, i) => {
    const { ir, cr } = t
    const bit = make(t, cr.bit(i.ra), cr.bit(i.rb))
    const field = i.rt >> 2
    const place = 3 - (i.rt & 3)
    const kept = ir.op2('i32.and', cr.field(field), ir.i32(15 & ~(1 << place)))
    cr.setField(field, ir.op2('i32.or', kept, ir.op2('i32.shl', bit, ir.i32(place))))
  }

const op =
  (name: string) =>
  (t: Translator, a: Value, b: Value): Value =>
    t.ir.op2(`i32.${name}`, a, b)
const inverted =
  (make: (t: Translator, a: Value, b: Value) => Value) =>
  (t: Translator, a: Value, b: Value): Value =>
    t.ir.op1('i32.eqz', make(t, a, b))
const withNotB =
  (make: (t: Translator, a: Value, b: Value) => Value) =>
  (t: Translator, a: Value, b: Value): Value =>
    make(t, a, t.ir.op1('i32.eqz', b))

const mfcr: Translate = (t, i) => t.setGpr32(i.rt, t.cr.all())

/** FXM's bit k is field k, field 0 uppermost. */
const fields = (i: Insn): number[] => [0, 1, 2, 3, 4, 5, 6, 7].filter((k) => (i.word >>> (19 - k)) & 1)

/** The other fields are undefined; they are 0, as qemu has them. */
const mfocrf: Translate = (t, i) => {
  const { ir } = t
  let value = ir.i32(0)
  for (const field of fields(i))
    value = ir.op2('i32.or', value, ir.op2('i32.shl', t.cr.field(field), ir.i32(28 - 4 * field)))
  t.setGpr32(i.rt, value)
}

const mtcrf: Translate = (t, i) => {
  const { ir } = t
  const value = t.gpr32(i.rt)
  for (const field of fields(i))
    t.cr.setField(field, ir.op2('i32.and', ir.op2('i32.shr_u', value, ir.i32(28 - 4 * field)), ir.i32(15)))
}

const mcrf: Translate = (t, i) => t.cr.copyField(i.bf, i.bfa)

/** Field BF := SO, OV, CA and 0, which are then clear. */
const mcrxr: Translate = (t, i) => {
  const { ir } = t
  const bits = [V_SO, V_OV, V_CA].map((v, k) => ir.op2('i32.shl', ir.get(v), ir.i32(3 - k)))
  t.cr.setField(
    i.bf,
    bits.reduce((a, b) => ir.op2('i32.or', a, b)),
  )
  for (const v of [V_SO, V_OV, V_CA]) ir.set(v, ir.i32(0))
}

const D64: RowOptions = { bits: 64 }
const logic = (name: string, opcode: number, make: (t: Translator, a: Value, b: Value) => Value): Row =>
  row(name, `XL 19 ${opcode}`, 'BT BA BB', crLogic(make))

export const CONDITION: readonly Row[] = [
  row(
    'cmpwi',
    'D 11 L=0',
    'BF RA SI',
    cmpWord(true, (t, i) => t.ir.i64(i.si)),
  ),
  row('cmpdi', 'D 11 L=1', 'BF RA SI', cmpdi, D64),
  row(
    'cmplwi',
    'D 10 L=0',
    'BF RA UI',
    cmpWord(false, (t, i) => t.ir.i64(i.ui)),
  ),
  row('cmpldi', 'D 10 L=1', 'BF RA UI', cmpldi, D64),
  row('cmpw', 'X 31 0 L=0', 'BF RA RB', cmpWord(true, signedWord)),
  row('cmpd', 'X 31 0 L=1', 'BF RA RB', cmpd, D64),
  row('cmplw', 'X 31 32 L=0', 'BF RA RB', cmpWord(false, unsignedWord)),
  row('cmpld', 'X 31 32 L=1', 'BF RA RB', cmpld, D64),
  logic('crand', 257, op('and')),
  logic('crandc', 129, withNotB(op('and'))),
  logic('creqv', 289, inverted(op('xor'))),
  logic('crnand', 225, inverted(op('and'))),
  logic('crnor', 33, inverted(op('or'))),
  logic('cror', 449, op('or')),
  logic('crorc', 417, withNotB(op('or'))),
  logic('crxor', 193, op('xor')),
  row('mcrf', 'XL 19 0', 'BF BFA', mcrf),
  row('mcrxr', 'X 31 512', 'BF', mcrxr, { bits: 32 }),
  row('mfcr', 'XFX 31 19 X11=0', 'RT', mfcr),
  row('mfocrf', 'XFX 31 19 X11=1', 'RT FXM', mfocrf, { untested: 'the other fields are undefined' }),
  row('mtcrf', 'XFX 31 144', 'RS FXM', mtcrf),
]

/** VSX loads and stores, logic, permutations and moves to and from general registers: Power ISA, Book I, 4.6.5 and 7.6. */

import type { Region, Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { fpr } from '../float/scalar.ts'
import { loadDouble, loadSingle, storeDouble, storeSingle } from '../float/storage.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'
import { permuteElements, signBits } from '../vector/lanes.ts'

type Load = (t: Translator, base: Value) => Value

const load =
  (read: Load): Translate =>
  (t, i) =>
    t.setVsr(i.xt, read(t, t.indexed(i.ra, i.rb)))

/** Both words of each doubleword in the other order. */
const swapWords = (ir: Region, value: Value): Value => permuteElements(ir, 4, value, value, (e) => e ^ 1)

const quadword: Load = (t, base) => t.load(128, base, 0)
const words: Load = (t, base) => {
  const value = t.load(128, base, 0)
  return t.isLittle ? swapWords(t.ir, value) : value
}
const word =
  (extend: string): Load =>
  (t, base) =>
    t.ir.op1('i64x2.splat', t.ir.op1(extend, t.load(32, base, 0)))

type Store = (t: Translator, base: Value, register: number) => void

const store =
  (write: Store): Translate =>
  (t, i) =>
    write(t, t.indexed(i.ra, i.rb), i.xt)

const storeWords: Store = (t, base, k) =>
  t.store(128, base, 0, t.isLittle ? swapWords(t.ir, t.vsr(k)) : t.vsr(k))
const storeLowWord: Store = (t, base, k) => t.store(32, base, 0, t.ir.lane('i32x4.extract_lane', 0, t.vsr(k)))

/** XT := a function of XA and XB. */
const binary =
  (make: (ir: Region, x: Value, y: Value, i: Insn) => Value): Translate =>
  (t, i) =>
    t.setVsr(i.xt, make(t.ir, t.vsr(i.xa), t.vsr(i.xb), i))

const not = (ir: Region, x: Value): Value => ir.op1('v128.not', x)

/** Doublewords by the two bits of DM. */
const xxpermdi = binary((ir, x, y, i) => {
  const dm = (i.word >>> 8) & 3
  if (dm === 3 && x === y) return permuteElements(ir, 8, x, x, () => 1)
  return permuteElements(ir, 8, x, y, (e) => (e === 0 ? dm >> 1 : 2 + (dm & 1)))
})

const xxsldwi = binary((ir, x, y, i) => permuteElements(ir, 4, x, y, (e) => e + ((i.word >>> 8) & 3)))
const xxspltw = binary((ir, _, y, i) => permuteElements(ir, 4, y, y, () => i.ra & 3))
const mergeWords = (first: number): Translate =>
  binary((ir, x, y) => permuteElements(ir, 4, x, y, (e) => first + (e >> 1) + (e & 1 ? 4 : 0)))
/** Words 0, or words 1, of doubleword 0 of both. */
const mergeFloats =
  (word: 0 | 1): Translate =>
  (t, i) =>
    t.setVsr(
      i.rt,
      permuteElements(t.ir, 4, t.vsr(i.ra), t.vsr(i.rb), (e) => word + (e & 1 ? 4 : 0)),
    )

const xxsel: Translate = (t, i) =>
  t.setVsr(i.xt, t.ir.op3('v128.bitselect', t.vsr(i.xb), t.vsr(i.xa), t.vsr(i.xc)))

/** The sign of A, and the rest of B. */
const copySign = (size: 4 | 8): Translate =>
  binary((ir, x, y) => ir.op3('v128.bitselect', x, y, signBits(ir, size)))
const ofSign =
  (make: (ir: Region, x: Value) => Value): Translate =>
  (t, i) =>
    t.setVsr(i.xt, make(t.ir, t.vsr(i.xb)))

const mfvsrd: Translate = (t, i) => t.ir.set(i.ra, t.ir.lane('i64x2.extract_lane', 0, t.vsr(i.xt)))
const mfvsrwz: Translate = (t, i) => t.setGpr32(i.ra, t.ir.lane('i32x4.extract_lane', 0, t.vsr(i.xt)))
const mtvsrd: Translate = (t, i) => t.setVsr(i.xt, t.ir.op1('i64x2.splat', t.ir.get(i.ra)))
const mtvsrw =
  (extend: string): Translate =>
  (t, i) =>
    t.setVsr(i.xt, t.ir.op1('i64x2.splat', t.ir.op1(extend, t.gpr32(i.ra))))

const VSX: RowOptions = { feature: 'vsx', bits: 64 }
const POWER8: RowOptions = { feature: 'power8', bits: 64 }
/** All of it faults before anything is done. */
const WHOLE: RowOptions = { ...VSX, leftOut: { faults: true } }
const loads = (name: string, opcode: number, read: Load, options = VSX): Row =>
  row(name, `XX1 31 ${opcode}`, 'XT RA RB', load(read), options)
const stores = (name: string, opcode: number, write: Store, options = VSX): Row =>
  row(name, `XX1 31 ${opcode}`, 'XS RA RB', store(write), options)
const xx3 = (name: string, opcode: number, translate: Translate, options = VSX): Row =>
  row(name, `XX3 60 ${opcode}`, 'XT XA XB', translate, options)
const xx2 = (name: string, opcode: number, translate: Translate): Row =>
  row(name, `XX2 60 ${opcode}`, 'XT XB', translate, VSX)
const move = (name: string, opcode: number, operands: string, translate: Translate): Row =>
  row(name, `XX1 31 ${opcode}`, operands, translate, POWER8)

export const VSX_MOVE: readonly Row[] = [
  loads('lxsdx', 588, (t, base) => loadDouble(t, base, 0)),
  loads('lxsspx', 524, (t, base) => loadSingle(t, base, 0), POWER8),
  loads('lxsiwax', 76, word('i64.extend_i32_s'), POWER8),
  loads('lxsiwzx', 12, word('i64.extend_i32_u'), POWER8),
  loads('lxvd2x', 844, quadword, WHOLE),
  loads('lxvw4x', 780, words, WHOLE),
  loads('lxvdsx', 332, (t, base) => loadDouble(t, base, 0)),
  stores('stxsdx', 716, (t, base, k) => storeDouble(t, base, 0, t.vsr(k))),
  stores('stxsspx', 652, (t, base, k) => storeSingle(t, base, 0, fpr(t, k)), POWER8),
  stores('stxsiwx', 140, storeLowWord, POWER8),
  stores('stxvd2x', 972, (t, base, k) => t.store(128, base, 0, t.vsr(k)), WHOLE),
  stores('stxvw4x', 908, storeWords, WHOLE),
  move('mfvsrd', 51, 'XS RA', mfvsrd),
  move('mfvsrwz', 115, 'XS RA', mfvsrwz),
  move('mtvsrd', 179, 'XT RA', mtvsrd),
  move('mtvsrwa', 211, 'XT RA', mtvsrw('i64.extend_i32_s')),
  move('mtvsrwz', 243, 'XT RA', mtvsrw('i64.extend_i32_u')),
  row('fmrgew', 'X 63 966', 'FRT FRA FRB', mergeFloats(0), POWER8),
  row('fmrgow', 'X 63 838', 'FRT FRA FRB', mergeFloats(1), POWER8),
  xx3(
    'xxland',
    130,
    binary((ir, x, y) => ir.op2('v128.and', x, y)),
  ),
  xx3(
    'xxlandc',
    138,
    binary((ir, x, y) => ir.op2('v128.andnot', x, y)),
  ),
  xx3(
    'xxlor',
    146,
    binary((ir, x, y) => (x === y ? x : ir.op2('v128.or', x, y))),
  ),
  xx3(
    'xxlxor',
    154,
    binary((ir, x, y) => ir.op2('v128.xor', x, y)),
  ),
  xx3(
    'xxlnor',
    162,
    binary((ir, x, y) => not(ir, ir.op2('v128.or', x, y))),
  ),
  xx3(
    'xxlorc',
    170,
    binary((ir, x, y) => ir.op2('v128.or', x, not(ir, y))),
    POWER8,
  ),
  xx3(
    'xxlnand',
    178,
    binary((ir, x, y) => not(ir, ir.op2('v128.and', x, y))),
    POWER8,
  ),
  xx3(
    'xxleqv',
    186,
    binary((ir, x, y) => not(ir, ir.op2('v128.xor', x, y))),
    POWER8,
  ),
  xx3('xxmrghw', 18, mergeWords(0)),
  xx3('xxmrglw', 50, mergeWords(2)),
  row('xxpermdi', 'XX3D 60 10', 'XT XA XB DM', xxpermdi, VSX),
  row('xxsldwi', 'XX3D 60 2', 'XT XA XB SHW', xxsldwi, VSX),
  row('xxspltw', 'XX2 60 164', 'XT XB UIM2', xxspltw, VSX),
  row('xxsel', 'XX4 60 3', 'XT XA XB XC', xxsel, VSX),
  xx3('xscpsgndp', 176, copySign(8)),
  xx3('xvcpsgndp', 240, copySign(8)),
  xx3('xvcpsgnsp', 208, copySign(4)),
  ...(['xs', 'xv'] as const).flatMap((kind, k) => [
    xx2(
      `${kind}absdp`,
      345 + 128 * k,
      ofSign((ir, x) => ir.op1('f64x2.abs', x)),
    ),
    xx2(
      `${kind}nabsdp`,
      361 + 128 * k,
      ofSign((ir, x) => ir.op2('v128.or', x, signBits(ir, 8))),
    ),
    xx2(
      `${kind}negdp`,
      377 + 128 * k,
      ofSign((ir, x) => ir.op1('f64x2.neg', x)),
    ),
  ]),
  xx2(
    'xvabssp',
    409,
    ofSign((ir, x) => ir.op1('f32x4.abs', x)),
  ),
  xx2(
    'xvnabssp',
    425,
    ofSign((ir, x) => ir.op2('v128.or', x, signBits(ir, 4))),
  ),
  xx2(
    'xvnegsp',
    441,
    ofSign((ir, x) => ir.op1('f32x4.neg', x)),
  ),
]

/**
 * AltiVec floating point: Power ISA, Book I, 6.10. Rounding is always to nearest and there are no exceptions; with
 * VSCR[NJ], which Linux sets for every program, denormals are zeros both as operands and as results.
 */

import type { Region, Value } from '../../../ir/region.ts'
import { fusedSingles } from '../float/fused-singles.ts'
import { HELPER_VECTOR } from '../helper-ids.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import { PPC_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { saturatedIf, signBits, splat } from '../vector/lanes.ts'
import { callVector } from '../vector/rare.ts'
import { compared } from './vector-integer.ts'

const VR = 32

const f32 = (ir: Region, name: string, x: Value, y: Value): Value => ir.op2(`f32x4.${name}`, x, y)
const select = (ir: Region, mask: Value, x: Value, y: Value): Value => ir.op3('v128.bitselect', x, y, mask)

/** Denormals as zeros of their sign, when VSCR[NJ] is set. */
function flushed(ir: Region, x: Value): Value {
  const nj = ir.op2('i32.shr_u', ir.stateLoad(32, PPC_STATE.vscr), ir.i32(16))
  const java = ir.op1('i32x4.splat', ir.op2('i32.sub', nj, ir.i32(1)))
  const size = ir.op1('f32x4.abs', x)
  const isKept = ir.op2('v128.or', ir.op2('i32x4.gt_s', size, splat(ir, 4, 0x7f_ffff)), java)
  return ir.op2('v128.and', x, ir.op2('v128.or', isKept, signBits(ir, 4)))
}

/** Results that are NaNs as they must be: the first operand that is one, quiet, else the default. */
function withNans(ir: Region, result: Value, operands: readonly Value[]): Value {
  const isNan = (x: Value): Value => f32(ir, 'ne', x, x)
  let nan = splat(ir, 4, 0x7fc0_0000)
  for (const x of [...operands].reverse())
    nan = select(ir, isNan(x), ir.op2('v128.or', x, splat(ir, 4, 0x40_0000)), nan)
  const found = isNan(result)
  return ir.op3('choose.v128', ir.op1('v128.any_true', found), select(ir, found, nan, result), result)
}

/** VRT := a function of VRA and VRB. */
const binary =
  (make: (ir: Region, x: Value, y: Value) => Value): Translate =>
  (t, i) => {
    const { ir } = t
    const [x, y] = [flushed(ir, t.vsr(VR + i.ra)), flushed(ir, t.vsr(VR + i.rb))]
    t.setVsr(VR + i.rt, flushed(ir, withNans(ir, make(ir, x, y), [x, y])))
  }

/** VRT := a function of VRB. */
const unary =
  (make: (ir: Region, x: Value) => Value): Translate =>
  (t, i) => {
    const { ir } = t
    const x = flushed(ir, t.vsr(VR + i.rb))
    t.setVsr(VR + i.rt, flushed(ir, withNans(ir, make(ir, x), [x])))
  }

/** The greater or the less; of zeros the sign counts. */
const extreme = (name: 'gt' | 'lt'): Translate =>
  binary((ir, x, y) => {
    const zero = ir.op2(name === 'gt' ? 'v128.and' : 'v128.or', x, y)
    const other = select(ir, f32(ir, name, x, y), x, y)
    const isNan = ir.op2('v128.or', f32(ir, 'ne', x, x), f32(ir, 'ne', y, y))
    return ir.op2('v128.or', select(ir, f32(ir, 'eq', x, y), zero, other), isNan)
  })

/** VRA × VRC + VRB, or that with VRB's sign and the result's changed. */
const multiplyAdd =
  (isNegated: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const [x, y, z] = [i.ra, i.rc5, i.rb].map((k) => flushed(ir, t.vsr(VR + k))) as [Value, Value, Value]
    const sum = fusedSingles(ir, x, y, isNegated ? ir.op1('f32x4.neg', z) : z)
    const result = isNegated ? ir.op1('f32x4.neg', sum) : sum
    t.setVsr(VR + i.rt, flushed(ir, withNans(ir, result, [x, z, y])))
  }

const compare = (name: string): Translate =>
  compared((ir, x, y) => f32(ir, name, flushed(ir, x), flushed(ir, y)))

/** Bit 0: above VRB, bit 1: below its negative. CR6's EQ: nothing is out of bounds. */
const bounds: Translate = (t, i) => {
  const { ir } = t
  const [x, y] = [flushed(ir, t.vsr(VR + i.ra)), flushed(ir, t.vsr(VR + i.rb))]
  const above = ir.op2('v128.andnot', splat(ir, 4, 0x8000_0000), f32(ir, 'le', x, y))
  const below = ir.op2('v128.andnot', splat(ir, 4, 0x4000_0000), f32(ir, 'ge', x, ir.op1('f32x4.neg', y)))
  const result = ir.op2('v128.or', above, below)
  t.setVsr(VR + i.rt, result)
  if (i.word & 0x400)
    t.cr.setField(6, ir.op2('i32.shl', ir.op1('i32.eqz', ir.op1('v128.any_true', result)), ir.i32(1)))
}

/** A power of two in every lane, by its exponent. */
const power = (ir: Region, exponent: number): Value => splat(ir, 4, (127 + exponent) * 2 ** 23)

const fromInteger =
  (suffix: 's' | 'u'): Translate =>
  (t, i) => {
    const { ir } = t
    const float = ir.op1(`f32x4.convert_i32x4_${suffix}`, t.vsr(VR + i.rb))
    t.setVsr(VR + i.rt, f32(ir, 'mul', float, power(ir, -i.ra)))
  }

/** Scaled by a power of two and cut; SAT where it does not fit. */
const toInteger =
  (suffix: 's' | 'u'): Translate =>
  (t, i) => {
    const { ir } = t
    const x = f32(ir, 'mul', flushed(ir, t.vsr(VR + i.rb)), power(ir, i.ra))
    const isLarge = f32(ir, 'ge', x, power(ir, suffix === 's' ? 31 : 32))
    // -2^31 fits, and so does what is above -1 in the other case.
    const limit = ir.op1('f32x4.neg', power(ir, suffix === 's' ? 31 : 0))
    saturatedIf(ir, ir.op2('v128.or', isLarge, f32(ir, suffix === 's' ? 'lt' : 'le', x, limit)))
    t.setVsr(VR + i.rt, ir.op1(`i32x4.trunc_sat_f32x4_${suffix}`, x))
  }

const one = (ir: Region): Value => splat(ir, 4, 0x3f80_0000)

const rare =
  (name: 'exp2' | 'log2'): Translate =>
  (t: Translator, i) => {
    const x = flushed(t.ir, t.vsr(VR + i.rb))
    t.setVsr(VR + i.rt, flushed(t.ir, callVector(t, HELPER_VECTOR, name, [x, x, x], 0)))
  }

const ALTIVEC: RowOptions = { feature: 'altivec' }
const ESTIMATE: RowOptions = { ...ALTIVEC, untested: 'an estimate' }
const vx = (name: string, opcode: number, operands: string, translate: Translate, options = ALTIVEC): Row =>
  row(name, `VX 4 ${opcode}`, operands, translate, options)

const OPERANDS = 'VRT VRA VRB'

export const VECTOR_FLOAT: readonly Row[] = [
  vx(
    'vaddfp',
    10,
    OPERANDS,
    binary((ir, x, y) => f32(ir, 'add', x, y)),
  ),
  vx(
    'vsubfp',
    74,
    OPERANDS,
    binary((ir, x, y) => f32(ir, 'sub', x, y)),
  ),
  vx('vmaxfp', 1034, OPERANDS, extreme('gt')),
  vx('vminfp', 1098, OPERANDS, extreme('lt')),
  row('vmaddfp', 'VA 4 46', 'VRT VRA VRC VRB', multiplyAdd(false), ALTIVEC),
  row('vnmsubfp', 'VA 4 47', 'VRT VRA VRC VRB', multiplyAdd(true), ALTIVEC),
  vx(
    'vrefp',
    266,
    'VRT VRB',
    unary((ir, x) => f32(ir, 'div', one(ir), x)),
  ),
  vx(
    'vrsqrtefp',
    330,
    'VRT VRB',
    unary((ir, x) => f32(ir, 'div', one(ir), ir.op1('f32x4.sqrt', x))),
  ),
  vx('vexptefp', 394, 'VRT VRB', rare('exp2'), ESTIMATE),
  vx('vlogefp', 458, 'VRT VRB', rare('log2'), ESTIMATE),
  vx(
    'vrfin',
    522,
    'VRT VRB',
    unary((ir, x) => ir.op1('f32x4.nearest', x)),
  ),
  vx(
    'vrfiz',
    586,
    'VRT VRB',
    unary((ir, x) => ir.op1('f32x4.trunc', x)),
  ),
  vx(
    'vrfip',
    650,
    'VRT VRB',
    unary((ir, x) => ir.op1('f32x4.ceil', x)),
  ),
  vx(
    'vrfim',
    714,
    'VRT VRB',
    unary((ir, x) => ir.op1('f32x4.floor', x)),
  ),
  vx('vcfux', 778, 'VRT VRB UIM', fromInteger('u')),
  vx('vcfsx', 842, 'VRT VRB UIM', fromInteger('s')),
  vx('vctuxs', 906, 'VRT VRB UIM', toInteger('u')),
  vx('vctsxs', 970, 'VRT VRB UIM', toInteger('s')),
  row('vcmpeqfp', 'VC 4 198', `${OPERANDS} [RcV]`, compare('eq'), ALTIVEC),
  row('vcmpgefp', 'VC 4 454', `${OPERANDS} [RcV]`, compare('ge'), ALTIVEC),
  row('vcmpgtfp', 'VC 4 710', `${OPERANDS} [RcV]`, compare('gt'), ALTIVEC),
  row('vcmpbfp', 'VC 4 966', `${OPERANDS} [RcV]`, bounds, ALTIVEC),
]

/** VSX floating point, scalar and vector: Power ISA, Book I, 7.6. */

import type { Insn } from '../decode.ts'
import { compare, convertTo, extreme, fromInteger, integral } from '../float/convert.ts'
import { CLASS, FI, FPRF, FR, FX, RN, UX, VE, VXCVI, VXSNAN, XX, ZX } from '../float/fpscr.ts'
import { type FloatLanes, laneArithmetic, laneCompare, laneExactly } from '../float/lanes.ts'
import { laneCode } from '../float/lanes-exact.ts'
import type { FloatOp } from '../float/operations.ts'
import { arithmetic, callExactly, fpr, type Registers } from '../float/scalar.ts'
import { doubleToSingle, singleToDouble } from '../float/storage.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import { COMPARED } from './float-move.ts'

const AB = (i: Insn): Registers => ({ t: i.xt, a: i.xa, b: i.xb, c: -1 })
const AC = (i: Insn): Registers => ({ t: i.xt, a: i.xa, b: -1, c: i.xb })
const B = (i: Insn): Registers => ({ t: i.xt, a: -1, b: i.xb, c: -1 })
/** The target is the addend, or the multiplier. */
const TA = (i: Insn): Registers => ({ t: i.xt, a: i.xa, b: i.xt, c: i.xb })
const TM = (i: Insn): Registers => ({ t: i.xt, a: i.xa, b: i.xb, c: i.xt })
const FIELD = (i: Insn): Registers => ({ t: i.bf, a: i.xa, b: i.xb, c: -1 })

const VSX: RowOptions = { feature: 'vsx', bits: 64 }
const POWER8: RowOptions = { feature: 'power8', bits: 64 }

const xx3 = (name: string, opcode: number, translate: Translate, options: RowOptions = VSX): Row =>
  row(name, `XX3 60 ${opcode}`, 'XT XA XB', translate, options)
const xx2 = (name: string, opcode: number, translate: Translate, options: RowOptions = VSX): Row =>
  row(name, `XX2 60 ${opcode}`, 'XT XB', translate, options)

/** Operations of two operands: opcodes of the scalar double; single ones are 32 below, vectors 64 and 32 above. */
const SIMPLE = [
  ['add', 32, AB],
  ['sub', 40, AB],
  ['mul', 48, AC],
  ['div', 56, AB],
] as const
const FUSED = [
  ['madd', 33],
  ['msub', 49],
  ['nmadd', 161],
  ['nmsub', 177],
] as const

const SCALAR_SINGLE: RowOptions = {
  ...POWER8,
  qemuDiffers: '4.2.2: FPRF of a denormal single',
  leftOut: { fpscr: CLASS },
}
/** As of FMADD and its like: qemu does not see a signalling addend of infinity times zero, and rounds the negated sum. */
const fused = (op: FloatOp, options: RowOptions): RowOptions => ({
  ...options,
  qemuDiffers: '7.6.1.3: VXIMZ and VXSNAN; the sum is rounded, then negated',
  leftOut: {
    fpscr: (options.leftOut?.fpscr ?? 0) | VXSNAN,
    clear: op.startsWith('nm') ? RN : 0,
  },
})

/** qemu alters FI, and has no underflow of one element beside an overflow of another. */
const LANES: RowOptions = { ...VSX, qemuDiffers: '7.2.1.2: FI stays', leftOut: { fpscr: FI | UX } }

const SIMPLE_ROWS: Row[] = SIMPLE.flatMap(([op, opcode, registers]) => [
  xx3(`xs${op}dp`, opcode, arithmetic(op, false, registers, false)),
  xx3(`xs${op}sp`, opcode - 32, arithmetic(op, true, registers, false), SCALAR_SINGLE),
  xx3(`xv${op}dp`, opcode + 64, laneArithmetic(op, 'f64x2', registers), LANES),
  xx3(`xv${op}sp`, opcode + 32, laneArithmetic(op, 'f32x4', registers), LANES),
])

const FUSED_ROWS: Row[] = FUSED.flatMap(([op, opcode]) =>
  ([TA, TM] as const).flatMap((registers, k) => {
    const at = opcode + 8 * k
    const name = (kind: string, precision: string): string => `${kind}${op}${'am'[k]}${precision}`
    return [
      xx3(name('xs', 'dp'), at, arithmetic(op, false, registers, false), fused(op, VSX)),
      xx3(name('xs', 'sp'), at - 32, arithmetic(op, true, registers, false), fused(op, SCALAR_SINGLE)),
      xx3(name('xv', 'dp'), at + 64, laneArithmetic(op, 'f64x2', registers), fused(op, LANES)),
      xx3(name('xv', 'sp'), at + 32, laneArithmetic(op, 'f32x4', registers), fused(op, LANES)),
    ]
  }),
)

// ---- scalars

/** As of FRES: undefined bits, directed rounding, the inverse of zero. */
const ESTIMATE: RowOptions = {
  ...VSX,
  leftOut: { fpscr: FI | FR | XX | FX | CLASS, raising: ZX, clear: RN },
}
const INTEGER: RowOptions = { ...VSX, leftOut: { fpscr: FPRF } }

/** Bits of a single in word 0, and nothing raised. */
const xscvspdpn: Translate = (t, i) => {
  const { ir } = t
  const single = ir.lane('i32x4.extract_lane', 1, t.vsr(i.xb))
  t.setVsr(i.xt, ir.op1('i64x2.splat', singleToDouble(ir, single)))
}

const xscvdpspn: Translate = (t, i) => {
  const { ir } = t
  t.setVsr(i.xt, ir.op1('i32x4.splat', doubleToSingle(ir, ir.op1('i64.reinterpret_f64', fpr(t, i.xb)))))
}

const SCALAR_ROWS: Row[] = [
  xx2('xssqrtdp', 75, arithmetic('sqrt', false, B, false)),
  xx2('xssqrtsp', 11, arithmetic('sqrt', true, B, false), SCALAR_SINGLE),
  xx2('xsrsp', 281, arithmetic('round', true, B, false), SCALAR_SINGLE),
  xx2('xsredp', 90, callExactly('estimate', false, B, false), ESTIMATE),
  xx2('xsresp', 26, callExactly('estimate', true, B, false), { ...ESTIMATE, ...POWER8 }),
  xx2('xsrsqrtedp', 74, callExactly('rootEstimate', false, B, false), ESTIMATE),
  xx2('xsrsqrtesp', 10, callExactly('rootEstimate', true, B, false), { ...ESTIMATE, ...POWER8 }),
  row('xscmpudp', 'XX3 60 35', 'BF XA XB', compare(false, FIELD), { ...VSX, ...COMPARED }),
  row('xscmpodp', 'XX3 60 43', 'BF XA XB', compare(true, FIELD), { ...VSX, ...COMPARED }),
  xx3('xsmaxdp', 160, extreme('max', AB)),
  xx3('xsmindp', 168, extreme('min', AB)),
  row('xstdivdp', 'XX3 60 61', 'BF XA XB', callExactly('testDivide', false, FIELD, false), VSX),
  row('xstsqrtdp', 'XX2 60 106', 'BF XB', callExactly('testRoot', false, FIELD, false), VSX),
  xx2('xscvdpsxds', 344, convertTo('toI64z', B, false), INTEGER),
  xx2('xscvdpsxws', 88, convertTo('toI32z', B, false, laneCode('toI32z', 'd', 'w', true)), INTEGER),
  xx2('xscvdpuxds', 328, convertTo('toU64z', B, false), INTEGER),
  xx2('xscvdpuxws', 72, convertTo('toU32z', B, false, laneCode('toU32z', 'd', 'w', true)), INTEGER),
  xx2('xscvsxddp', 376, fromInteger('fromI64', false, B, false)),
  xx2('xscvuxddp', 360, fromInteger('fromU64', false, B, false)),
  xx2('xscvsxdsp', 312, fromInteger('fromI64', true, B, false), POWER8),
  xx2('xscvuxdsp', 296, fromInteger('fromU64', true, B, false), POWER8),
  xx2('xsrdpi', 73, integral('integralNear', B, false)),
  xx2('xsrdpic', 107, integral('integral', B, false)),
  xx2('xsrdpim', 121, integral('integralDown', B, false)),
  xx2('xsrdpip', 105, integral('integralUp', B, false)),
  xx2('xsrdpiz', 89, integral('integralZero', B, false)),
  xx2('xscvdpsp', 265, laneExactly(laneCode('round', 'd', 's', true), B), {
    ...VSX,
    leftOut: { fpscr: CLASS },
  }),
  xx2('xscvspdp', 329, laneExactly(laneCode('round', 's', 'd', true), B), {
    ...VSX,
    leftOut: { fpscr: CLASS },
  }),
  xx2('xscvdpspn', 267, xscvdpspn, POWER8),
  xx2('xscvspdpn', 331, xscvspdpn, POWER8),
]

// ---- vectors

const lanes = (name: string, opcode: number, op: FloatOp, from: 'd' | 's' | 'w', to: 'd' | 's' | 'w'): Row =>
  xx2(name, opcode, laneExactly(laneCode(op, from, to), B), {
    ...LANES,
    leftOut: { ...LANES.leftOut, clear: VE },
  })

/** To integers: in an element behind one that cannot be converted qemu has the result of that one. */
const toIntegers = (name: string, opcode: number, op: FloatOp, from: 'd' | 's', to: 'd' | 'w'): Row =>
  xx2(name, opcode, laneExactly(laneCode(op, from, to), B), {
    ...LANES,
    qemuDiffers: '7.6.1.5: each element is converted by itself',
    leftOut: { ...LANES.leftOut, clear: VE, raising: VXCVI },
  })

/** In these qemu raises what an earlier instruction has left. */
const ofIntegers = (name: string, opcode: number, op: FloatOp, from: 'd' | 'w', to: 'd' | 's'): Row =>
  xx2(name, opcode, laneExactly(laneCode(op, from, to), B), {
    ...VSX,
    qemuDiffers: '7.6.1.6: exact conversions raise nothing',
    leftOut: { fpscr: FI | FX | XX },
  })

const ROUNDINGS = [
  ['i', 'integralNear', 201, 137],
  ['ic', 'integral', 235, 171],
  ['im', 'integralDown', 249, 185],
  ['ip', 'integralUp', 233, 169],
  ['iz', 'integralZero', 217, 153],
] as const

const COMPARISONS = [
  ['eq', 'equal', 99],
  ['gt', 'greater', 107],
  ['ge', 'greaterEqual', 115],
] as const

const comparison = (
  name: string,
  opcode: number,
  op: 'equal' | 'greater' | 'greaterEqual',
  type: FloatLanes,
): Row =>
  row(name, `XX3C 60 ${opcode}`, 'XT XA XB [RcV]', laneCompare(op, type), {
    ...LANES,
    leftOut: { fpscr: FI, clear: VE },
  })

const LANE_ROWS: Row[] = [
  xx2('xvsqrtdp', 203, laneArithmetic('sqrt', 'f64x2', B), LANES),
  xx2('xvsqrtsp', 139, laneArithmetic('sqrt', 'f32x4', B), LANES),
  xx2('xvredp', 218, laneExactly(laneCode('estimate', 'd', 'd'), B), ESTIMATE),
  xx2('xvresp', 154, laneExactly(laneCode('estimate', 's', 's'), B), ESTIMATE),
  xx2('xvrsqrtedp', 202, laneExactly(laneCode('rootEstimate', 'd', 'd'), B), ESTIMATE),
  xx2('xvrsqrtesp', 138, laneExactly(laneCode('rootEstimate', 's', 's'), B), {
    ...VSX,
    untested: 'an estimate, nearer than qemu has it',
  }),
  ...(['max', 'min'] as const).flatMap((op, k) => [
    xx3(`xv${op}dp`, 224 + 8 * k, laneExactly(laneCode(op, 'd', 'd'), AB)),
    xx3(`xv${op}sp`, 192 + 8 * k, laneExactly(laneCode(op, 's', 's'), AB)),
  ]),
  ...ROUNDINGS.flatMap(([suffix, op, double, single]) => [
    lanes(`xvrdp${suffix}`, double, op, 'd', 'd'),
    lanes(`xvrsp${suffix}`, single, op, 's', 's'),
  ]),
  ...COMPARISONS.flatMap(([name, op, opcode]) => [
    comparison(`xvcmp${name}dp`, opcode, op, 'f64x2'),
    comparison(`xvcmp${name}sp`, opcode - 32, op, 'f32x4'),
  ]),
  row('xvtdivdp', 'XX3 60 125', 'BF XA XB', laneExactly(laneCode('testDivide', 'd', 'd'), FIELD), VSX),
  row('xvtdivsp', 'XX3 60 93', 'BF XA XB', laneExactly(laneCode('testDivide', 's', 'w'), FIELD), VSX),
  row('xvtsqrtdp', 'XX2 60 234', 'BF XB', laneExactly(laneCode('testRoot', 'd', 'd'), FIELD), VSX),
  row('xvtsqrtsp', 'XX2 60 170', 'BF XB', laneExactly(laneCode('testRoot', 's', 'w'), FIELD), VSX),
  lanes('xvcvdpsp', 393, 'round', 'd', 's'),
  lanes('xvcvspdp', 457, 'round', 's', 'd'),
  toIntegers('xvcvdpsxds', 472, 'toI64z', 'd', 'd'),
  toIntegers('xvcvdpuxds', 456, 'toU64z', 'd', 'd'),
  toIntegers('xvcvdpsxws', 216, 'toI32z', 'd', 'w'),
  toIntegers('xvcvdpuxws', 200, 'toU32z', 'd', 'w'),
  toIntegers('xvcvspsxds', 408, 'toI64z', 's', 'd'),
  toIntegers('xvcvspuxds', 392, 'toU64z', 's', 'd'),
  toIntegers('xvcvspsxws', 152, 'toI32z', 's', 'w'),
  toIntegers('xvcvspuxws', 136, 'toU32z', 's', 'w'),
  ofIntegers('xvcvsxddp', 504, 'fromI64', 'd', 'd'),
  ofIntegers('xvcvuxddp', 488, 'fromU64', 'd', 'd'),
  ofIntegers('xvcvsxdsp', 440, 'fromI64', 'd', 's'),
  ofIntegers('xvcvuxdsp', 424, 'fromU64', 'd', 's'),
  ofIntegers('xvcvsxwdp', 248, 'fromI32', 'w', 'd'),
  ofIntegers('xvcvuxwdp', 232, 'fromU32', 'w', 'd'),
  ofIntegers('xvcvsxwsp', 184, 'fromI32', 'w', 's'),
  ofIntegers('xvcvuxwsp', 168, 'fromU32', 'w', 's'),
]

export const VSX_FLOAT: readonly Row[] = [...SIMPLE_ROWS, ...FUSED_ROWS, ...SCALAR_ROWS, ...LANE_ROWS]

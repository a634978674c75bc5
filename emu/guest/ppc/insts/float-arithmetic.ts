/** Floating-point arithmetic, conversions and roundings: Power ISA, Book I, 4.6.6 to 4.6.8. */

import type { Insn } from '../decode.ts'
import { convertTo, fromInteger, integral } from '../float/convert.ts'
import { CLASS, FI, FPRF, FR, FX, RN, VXSNAN, XX, ZX } from '../float/fpscr.ts'
import type { FloatOp } from '../float/operations.ts'
import { arithmetic, callExactly, type Registers } from '../float/scalar.ts'
import { type LeftOut, type Row, type RowOptions, row } from '../row.ts'

const AB = (i: Insn): Registers => ({ t: i.rt, a: i.ra, b: i.rb, c: -1 })
const AC = (i: Insn): Registers => ({ t: i.rt, a: i.ra, b: -1, c: i.rc5 })
const B = (i: Insn): Registers => ({ t: i.rt, a: -1, b: i.rb, c: -1 })
const ABC = (i: Insn): Registers => ({ t: i.rt, a: i.ra, b: i.rb, c: i.rc5 })

/** qemu takes the class of a single-precision result as a double's. */
export const SINGLE: RowOptions = { qemuDiffers: '4.2.2: FPRF of a denormal single' }
/** qemu rounds the negated sum, and does not see a signalling addend of infinity times zero. */
export const FUSED: RowOptions = {
  qemuDiffers: '4.4.1: VXIMZ and VXSNAN; 4.6.6.2: the sum is rounded, then negated',
}
/** Whether it is a fused multiply-add. */
const isFused = (op: FloatOp): boolean => /^n?m(add|sub)$/.test(op)

export const leftOutOf = (op: FloatOp, single: boolean): LeftOut => ({
  fpscr: (single ? CLASS : 0) | (isFused(op) ? VXSNAN : 0),
  clear: op.startsWith('nm') ? RN : 0,
})

/** The double and the single form of an operation, primary opcodes 63 and 59. */
function both(
  name: string,
  opcode: number,
  operands: string,
  op: FloatOp,
  registers: (i: Insn) => Registers,
  options?: RowOptions,
): Row[] {
  return ([false, true] as const).map((single) =>
    row(
      `${name}${single ? 's' : ''}`,
      `A ${single ? 59 : 63} ${opcode}`,
      `FRT ${operands} [Rc]`,
      arithmetic(op, single, registers, true),
      {
        ...(isFused(op) ? FUSED : {}),
        ...(single ? SINGLE : {}),
        ...options,
        leftOut: leftOutOf(op, single),
      },
    ),
  )
}

const D64: RowOptions = { bits: 64 }

/** FI, FR and XX of estimates are undefined; rounding is not directed; qemu has a half for the inverse of zero. */
export const ESTIMATE: RowOptions = {
  qemuDiffers: '4.6.6.1: the inverse of zero',
  leftOut: { fpscr: FI | FR | XX | FX | CLASS, raising: ZX, clear: RN },
}

/** Estimates are as good as the quotient and the root: by the exact helper. */
const estimate = (name: string, primary: number, op: FloatOp, options?: RowOptions): Row =>
  row(
    name,
    `A ${primary} ${op === 'estimate' ? 24 : 26}`,
    'FRT FRB [Rc]',
    callExactly(op, primary === 59, B, true),
    { ...ESTIMATE, ...options },
  )

const FROM: RowOptions = { bits: 64, qemuDiffers: '4.6.7.2: FPRF is set', leftOut: { fpscr: FPRF } }
const conversion = (name: string, opcode: number, op: FloatOp, options?: RowOptions): Row =>
  row(name, `X 63 ${opcode}`, 'FRT FRB [Rc]', convertTo(op, B, true), {
    ...options,
    leftOut: { fpscr: FPRF },
  })
const fromInt = (name: string, primary: number, opcode: number, op: FloatOp): Row =>
  row(name, `X ${primary} ${opcode}`, 'FRT FRB [Rc]', fromInteger(op, primary === 59, B, true), FROM)
const toIntegral = (name: string, opcode: number, op: FloatOp): Row =>
  row(name, `X 63 ${opcode}`, 'FRT FRB [Rc]', integral(op, B, true), D64)

export const FLOAT_ARITHMETIC: readonly Row[] = [
  ...both('fadd', 21, 'FRA FRB', 'add', AB),
  ...both('fsub', 20, 'FRA FRB', 'sub', AB),
  ...both('fmul', 25, 'FRA FRC', 'mul', AC),
  ...both('fdiv', 18, 'FRA FRB', 'div', AB),
  ...both('fmadd', 29, 'FRA FRC FRB', 'madd', ABC),
  ...both('fmsub', 28, 'FRA FRC FRB', 'msub', ABC),
  ...both('fnmadd', 31, 'FRA FRC FRB', 'nmadd', ABC),
  ...both('fnmsub', 30, 'FRA FRC FRB', 'nmsub', ABC),
  ...both('fsqrt', 22, 'FRB', 'sqrt', B, D64),
  estimate('fre', 63, 'estimate', D64),
  estimate('fres', 59, 'estimate'),
  estimate('frsqrte', 63, 'rootEstimate'),
  estimate('frsqrtes', 59, 'rootEstimate', D64),
  row('frsp', 'X 63 12', 'FRT FRB [Rc]', arithmetic('round', true, B, true), {
    ...SINGLE,
    leftOut: leftOutOf('round', true),
  }),
  conversion('fctiw', 14, 'toI32'),
  conversion('fctiwz', 15, 'toI32z'),
  conversion('fctiwu', 142, 'toU32', D64),
  conversion('fctiwuz', 143, 'toU32z', D64),
  conversion('fctid', 814, 'toI64', D64),
  conversion('fctidz', 815, 'toI64z', D64),
  conversion('fctidu', 942, 'toU64', D64),
  conversion('fctiduz', 943, 'toU64z', D64),
  fromInt('fcfid', 63, 846, 'fromI64'),
  fromInt('fcfidu', 63, 974, 'fromU64'),
  fromInt('fcfids', 59, 846, 'fromI64'),
  fromInt('fcfidus', 59, 974, 'fromU64'),
  toIntegral('frin', 392, 'integralNear'),
  toIntegral('friz', 424, 'integralZero'),
  toIntegral('frip', 456, 'integralUp'),
  toIntegral('frim', 488, 'integralDown'),
]

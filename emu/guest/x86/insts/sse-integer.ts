/**
 * Packed integer arithmetic, SSE2 to SSE4.2, and with the same functions its MMX forms (insts/mmx.ts makes those
 * rows of the same table): Intel SDM vol. 1, 5.4 and 5.6 to 5.11.
 */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Row, row } from '../row.ts'
import type { Translator } from '../translate.ts'
import { low, readVector, splat16, splat64, splatBytes, writeVector, zeroVector } from '../xmm-operands.ts'

export type Binary = (t: Translator, a: Value, b: Value) => Value
type Translate = (t: Translator, i: Insn) => void

const apply =
  (f: Binary): Translate =>
  (t, i) => {
    const b = readVector(t, i, 1)
    writeVector(t, i, 0, f(t, readVector(t, i, 0), b))
  }
const op =
  (name: string): Binary =>
  (t, a, b) =>
    t.ir.op2(name, a, b)

/** ~a & b, where WebAssembly has a & ~b. */
const andnot: Binary = (t, a, b) => t.ir.op2('v128.andnot', b, a)
/** A register exclusive-or itself is how compilers write zero. */
const xor: Binary = (t, a, b) => (a === b ? zeroVector(t) : t.ir.op2('v128.xor', a, b))

/** The even (0) or odd (1) lanes of two vectors side by side. */
const takeLanes = (t: Translator, a: Value, b: Value, size: number, first: number): Value =>
  t.ir.shuffle(
    a,
    b,
    Array.from({ length: 16 }, (_, i) => (Math.floor(i / size) * 2 + first) * size + (i % size)),
  )

/** The upper halves of 16-bit products. */
const multiplyHigh =
  (sign: 's' | 'u'): Binary =>
  (t, a, b) => {
    const low32 = t.ir.op2(`i32x4.extmul_low_i16x8_${sign}`, a, b)
    const high32 = t.ir.op2(`i32x4.extmul_high_i16x8_${sign}`, a, b)
    return takeLanes(t, low32, high32, 2, 1)
  }

/** Products of the even 32-bit lanes. */
const multiplyEven =
  (sign: 's' | 'u'): Binary =>
  (t, a, b) => {
    const even = (v: Value): Value => t.ir.shuffle(v, v, [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11])
    return t.ir.op2(`i64x2.extmul_low_i32x4_${sign}`, even(a), even(b))
  }

/** PMADDUBSW: unsigned × signed bytes, neighbours added with saturation. */
const multiplyAddBytes: Binary = (t, a, b) => {
  const { ir } = t
  const product = (half: 'low' | 'high'): Value =>
    ir.op2('i16x8.mul', ir.op1(`i16x8.extend_${half}_i8x16_u`, a), ir.op1(`i16x8.extend_${half}_i8x16_s`, b))
  const lower = product('low')
  const upper = product('high')
  return ir.op2('i16x8.add_sat_s', takeLanes(t, lower, upper, 2, 0), takeLanes(t, lower, upper, 2, 1))
}

/** PMULHRSW: as q15mulr but -1 × -1 wraps. */
const multiplyRounded: Binary = (t, a, b) => {
  const { ir } = t
  const least = splat16(t, 0x8000)
  const both = ir.op2('v128.and', ir.op2('i16x8.eq', a, least), ir.op2('i16x8.eq', b, least))
  return ir.op2('v128.xor', ir.op2('i16x8.q15mulr_sat_s', a, b), both)
}

/** PSADBW: sums of absolute byte differences, eight at a time. */
const sumOfDifferences: Binary = (t, a, b) => {
  const { ir } = t
  const difference = ir.op2('v128.or', ir.op2('i8x16.sub_sat_u', a, b), ir.op2('i8x16.sub_sat_u', b, a))
  const quads = ir.op1('i32x4.extadd_pairwise_i16x8_u', ir.op1('i16x8.extadd_pairwise_i8x16_u', difference))
  // Two 32-bit sums a half: their sum in the lower one.
  const upper = ir.op2('i64x2.shr_u', quads, ir.i32(32))
  return ir.op2('v128.and', ir.op2('i32x4.add', quads, upper), splat64(t, -1, 0))
}

/** PHADDx and PHSUBx. `width` is the register's bytes: an mm register's two halves lie differently. */
const horizontal =
  (name: string, laneSize: number): Binary =>
  (t, a, b) =>
    t.ir.op2(name, takeLanes(t, a, b, laneSize, 0), takeLanes(t, a, b, laneSize, 1))

/** PSIGNx: b's sign applied to a. */
const sign =
  (lanes: string, laneSize: number): Binary =>
  (t, a, b) => {
    const { ir } = t
    const bits = laneSize * 8 - 1
    const negative = ir.op2(`${lanes}.shr_s`, b, ir.i32(bits))
    const applied = ir.op2(`${lanes}.sub`, ir.op2('v128.xor', a, negative), negative)
    return ir.op2('v128.andnot', applied, ir.op2(`${lanes}.eq`, b, zeroVector(t)))
  }

/** PSHUFB: a byte index with its top bit set gives zero; only the low bits count. */
const shuffleBytes: Binary = (t, a, b) => {
  // Swizzle gives zero for every index of 16 and above; clearing bits 4-6 leaves 0-15 and 128-143.
  return t.ir.op2('i8x16.swizzle', a, t.ir.op2('v128.and', b, splatBytes(t, [0x8f])))
}

/** Unsigned saturation from signed lanes, where WebAssembly has the same. */
const narrow = (name: string): Binary => op(name)

/** A row of the table: mnemonic, map and opcode, function, how its 64-bit (mmx) form differs. */
export interface PackedOp {
  readonly name: string
  readonly code: string
  readonly binary: Binary
  readonly feature: string
  /** none: no mmx form; same: lane by lane; gather: the result's halves come from the operands' lower halves. */
  readonly mmx: 'none' | 'same' | 'gather'
  /** CPUID feature of the mmx form. */
  readonly mmxFeature: string
}

const packed = (
  name: string,
  code: string,
  binary: Binary | string,
  feature = 'sse2',
  mmx: PackedOp['mmx'] = 'none',
  mmxFeature = 'mmx',
): PackedOp => ({
  name,
  code,
  binary: typeof binary === 'string' ? op(binary) : binary,
  feature,
  mmx,
  mmxFeature,
})

/** An SSE2 operation with an MMX form of the first generation. */
const old = (name: string, code: string, binary: Binary | string): PackedOp =>
  packed(name, `0F ${code}`, binary, 'sse2', 'same')
/** One whose MMX form came with SSE. */
const sse = (name: string, code: string, binary: Binary | string): PackedOp =>
  packed(name, `0F ${code}`, binary, 'sse2', 'same', 'sse')
const ssse3 = (
  name: string,
  code: string,
  binary: Binary | string,
  mmx: PackedOp['mmx'] = 'same',
): PackedOp => packed(name, `0F38 ${code}`, binary, 'ssse3', mmx, 'ssse3')
const sse41 = (name: string, code: string, binary: Binary | string): PackedOp =>
  packed(name, `0F38 ${code}`, binary, 'sse4.1')

export const PACKED_OPS: readonly PackedOp[] = [
  packed('PACKSSWB', '0F 63', narrow('i8x16.narrow_i16x8_s'), 'sse2', 'gather'),
  packed('PACKUSWB', '0F 67', narrow('i8x16.narrow_i16x8_u'), 'sse2', 'gather'),
  packed('PACKSSDW', '0F 6b', narrow('i16x8.narrow_i32x4_s'), 'sse2', 'gather'),
  sse41('PACKUSDW', '2b', 'i16x8.narrow_i32x4_u'),
  old('PCMPGTB', '64', 'i8x16.gt_s'),
  old('PCMPGTW', '65', 'i16x8.gt_s'),
  old('PCMPGTD', '66', 'i32x4.gt_s'),
  old('PCMPEQB', '74', 'i8x16.eq'),
  old('PCMPEQW', '75', 'i16x8.eq'),
  old('PCMPEQD', '76', 'i32x4.eq'),
  sse41('PCMPEQQ', '29', 'i64x2.eq'),
  packed('PCMPGTQ', '0F38 37', 'i64x2.gt_s', 'sse4.2'),
  packed('PADDQ', '0F d4', 'i64x2.add', 'sse2', 'same', 'sse2'),
  old('PADDB', 'fc', 'i8x16.add'),
  old('PADDW', 'fd', 'i16x8.add'),
  old('PADDD', 'fe', 'i32x4.add'),
  old('PSUBB', 'f8', 'i8x16.sub'),
  old('PSUBW', 'f9', 'i16x8.sub'),
  old('PSUBD', 'fa', 'i32x4.sub'),
  packed('PSUBQ', '0F fb', 'i64x2.sub', 'sse2', 'same', 'sse2'),
  old('PADDSB', 'ec', 'i8x16.add_sat_s'),
  old('PADDSW', 'ed', 'i16x8.add_sat_s'),
  old('PADDUSB', 'dc', 'i8x16.add_sat_u'),
  old('PADDUSW', 'dd', 'i16x8.add_sat_u'),
  old('PSUBSB', 'e8', 'i8x16.sub_sat_s'),
  old('PSUBSW', 'e9', 'i16x8.sub_sat_s'),
  old('PSUBUSB', 'd8', 'i8x16.sub_sat_u'),
  old('PSUBUSW', 'd9', 'i16x8.sub_sat_u'),
  old('PMULLW', 'd5', 'i16x8.mul'),
  old('PMULHW', 'e5', multiplyHigh('s')),
  sse('PMULHUW', 'e4', multiplyHigh('u')),
  packed('PMULUDQ', '0F f4', multiplyEven('u'), 'sse2', 'same', 'sse2'),
  sse41('PMULDQ', '28', multiplyEven('s')),
  sse41('PMULLD', '40', 'i32x4.mul'),
  old('PMADDWD', 'f5', 'i32x4.dot_i16x8_s'),
  sse('PSADBW', 'f6', sumOfDifferences),
  ssse3('PMADDUBSW', '04', multiplyAddBytes),
  ssse3('PMULHRSW', '0b', multiplyRounded),
  sse('PMINUB', 'da', 'i8x16.min_u'),
  sse('PMAXUB', 'de', 'i8x16.max_u'),
  sse('PMINSW', 'ea', 'i16x8.min_s'),
  sse('PMAXSW', 'ee', 'i16x8.max_s'),
  sse41('PMINSB', '38', 'i8x16.min_s'),
  sse41('PMINSD', '39', 'i32x4.min_s'),
  sse41('PMINUW', '3a', 'i16x8.min_u'),
  sse41('PMINUD', '3b', 'i32x4.min_u'),
  sse41('PMAXSB', '3c', 'i8x16.max_s'),
  sse41('PMAXSD', '3d', 'i32x4.max_s'),
  sse41('PMAXUW', '3e', 'i16x8.max_u'),
  sse41('PMAXUD', '3f', 'i32x4.max_u'),
  sse('PAVGB', 'e0', 'i8x16.avgr_u'),
  sse('PAVGW', 'e3', 'i16x8.avgr_u'),
  old('PAND', 'db', 'v128.and'),
  old('PANDN', 'df', andnot),
  old('POR', 'eb', 'v128.or'),
  old('PXOR', 'ef', xor),
  ssse3('PSHUFB', '00', shuffleBytes, 'none'),
  ssse3('PHADDW', '01', horizontal('i16x8.add', 2), 'gather'),
  ssse3('PHADDD', '02', horizontal('i32x4.add', 4), 'gather'),
  ssse3('PHADDSW', '03', horizontal('i16x8.add_sat_s', 2), 'gather'),
  ssse3('PHSUBW', '05', horizontal('i16x8.sub', 2), 'gather'),
  ssse3('PHSUBD', '06', horizontal('i32x4.sub', 4), 'gather'),
  ssse3('PHSUBSW', '07', horizontal('i16x8.sub_sat_s', 2), 'gather'),
  ssse3('PSIGNB', '08', sign('i8x16', 1)),
  ssse3('PSIGNW', '09', sign('i16x8', 2)),
  ssse3('PSIGND', '0a', sign('i32x4', 4)),
  ssse3('PABSB', '1c', (t, _a, b) => t.ir.op1('i8x16.abs', b)),
  ssse3('PABSW', '1d', (t, _a, b) => t.ir.op1('i16x8.abs', b)),
  ssse3('PABSD', '1e', (t, _a, b) => t.ir.op1('i32x4.abs', b)),
]

/** PUNPCKxxx: lanes of both operands in turn, of the lower or upper half; lane numbers for a register of `bytes`. */
export function unpackLanes(laneSize: number, upper: boolean, registerBytes: number): number[] {
  const half = registerBytes / laneSize / 2
  const start = upper ? half : 0
  return Array.from({ length: half }, (_, k) => [start + k, 16 / laneSize + start + k]).flat()
}

const unpack =
  (laneSize: number, upper: boolean): Binary =>
  (t, a, b) =>
    t.ir.shuffle(
      a,
      b,
      unpackLanes(laneSize, upper, 16).flatMap((lane) =>
        Array.from({ length: laneSize }, (_, x) => lane * laneSize + x),
      ),
    )

const UNPACKS: [string, string, number, boolean][] = [
  ['PUNPCKLBW', '60', 1, false],
  ['PUNPCKLWD', '61', 2, false],
  ['PUNPCKLDQ', '62', 4, false],
  ['PUNPCKLQDQ', '6c', 8, false],
  ['PUNPCKHBW', '68', 1, true],
  ['PUNPCKHWD', '69', 2, true],
  ['PUNPCKHDQ', '6a', 4, true],
  ['PUNPCKHQDQ', '6d', 8, true],
]

/** A shift's name, lane type and the lane's bits. */
export interface Shift {
  readonly operation: 'shl' | 'shr_u' | 'shr_s'
  readonly lanes: string
  readonly bits: number
}

/** Shifts by a count that may be the lane's width or more: zero then, or copies of the sign. */
export function shiftBy(
  t: Translator,
  { operation, lanes, bits }: Shift,
  value: Value,
  count: number,
): Value {
  if (count >= bits) {
    if (operation !== 'shr_s') return zeroVector(t)
    return t.ir.op2(`${lanes}.shr_s`, value, t.ir.i32(bits - 1))
  }
  return count === 0 ? value : t.ir.op2(`${lanes}.${operation}`, value, t.ir.i32(count))
}

/** By the 64-bit count in another register's low half. */
export function shiftByVector(
  t: Translator,
  { operation, lanes, bits }: Shift,
  value: Value,
  vector: Value,
): Value {
  const { ir } = t
  const count = low(t, 'i64', vector)
  const small = ir.op2('i64.lt_u', count, ir.i64(bits))
  const count32 = ir.op1('i32.wrap_i64', count)
  if (operation === 'shr_s')
    return ir.op2(`${lanes}.shr_s`, value, ir.op3('select.i32', count32, ir.i32(bits - 1), small))
  return ir.op3('select.v128', ir.op2(`${lanes}.${operation}`, value, count32), zeroVector(t), small)
}

const SHIFTS: [string, Shift][] = [
  ['PSRLW', { operation: 'shr_u', lanes: 'i16x8', bits: 16 }],
  ['PSRLD', { operation: 'shr_u', lanes: 'i32x4', bits: 32 }],
  ['PSRLQ', { operation: 'shr_u', lanes: 'i64x2', bits: 64 }],
  ['PSRAW', { operation: 'shr_s', lanes: 'i16x8', bits: 16 }],
  ['PSRAD', { operation: 'shr_s', lanes: 'i32x4', bits: 32 }],
  ['PSLLW', { operation: 'shl', lanes: 'i16x8', bits: 16 }],
  ['PSLLD', { operation: 'shl', lanes: 'i32x4', bits: 32 }],
  ['PSLLQ', { operation: 'shl', lanes: 'i64x2', bits: 64 }],
]
const SHIFT_OPCODES = ['d1', 'd2', 'd3', 'e1', 'e2', 'f1', 'f2', 'f3']
const SHIFT_GROUPS = ['71 /2', '72 /2', '73 /2', '71 /4', '72 /4', '71 /6', '72 /6', '73 /6']

/** Rows of all shifts for one register file: `letters` are those of operand 0, r/m, and r/m as the destination. */
export function shiftRows(
  prefix: string,
  letters: readonly [string, string, string],
  feature: string,
): Row[] {
  const [destination, source, group] = letters
  return SHIFTS.flatMap(([name, shift], k) => [
    row(
      name,
      `${prefix} 0F ${SHIFT_OPCODES[k]} /r`,
      `${destination} ${source}`,
      (t, i) => {
        const count = readVector(t, i, 1)
        writeVector(t, i, 0, shiftByVector(t, shift, readVector(t, i, 0), count))
      },
      { feature },
    ),
    row(
      name,
      `${prefix} 0F ${SHIFT_GROUPS[k]} r`,
      `${group} Ib`,
      (t, i) => {
        writeVector(t, i, 0, shiftBy(t, shift, readVector(t, i, 0), i.imm & 0xff))
      },
      { feature },
    ),
  ])
}

/** PSLLDQ and PSRLDQ: the whole register by bytes. */
const shiftBytes =
  (left: boolean): Translate =>
  (t, i) => {
    const count = Math.min(i.imm & 0xff, 16)
    const lanes = Array.from({ length: 16 }, (_, k) => (left ? 16 + k - count : k + count))
    const value = readVector(t, i, 0)
    const [first, second] = left ? [zeroVector(t), value] : [value, zeroVector(t)]
    writeVector(t, i, 0, t.ir.shuffle(first, second, lanes))
  }

/** PALIGNR of 16 bytes: (a:b) >> 8 × imm. */
const alignRight: Translate = (t, i) => {
  const b = readVector(t, i, 1)
  const a = readVector(t, i, 0)
  const count = i.imm & 0xff
  const lanes = (from: number): number[] => Array.from({ length: 16 }, (_, k) => k + from)
  if (count >= 32) writeVector(t, i, 0, zeroVector(t))
  else if (count >= 16) writeVector(t, i, 0, t.ir.shuffle(a, zeroVector(t), lanes(count - 16)))
  else writeVector(t, i, 0, t.ir.shuffle(b, a, lanes(count)))
}

export const SSE_INTEGER: readonly Row[] = [
  ...PACKED_OPS.map((p) => row(p.name, `66 ${p.code} /r`, 'Vx Wx', apply(p.binary), { feature: p.feature })),
  ...UNPACKS.map(([name, code, size, upper]) =>
    row(name, `66 0F ${code} /r`, 'Vx Wx', apply(unpack(size, upper)), { feature: 'sse2' }),
  ),
  ...shiftRows('66', ['Vx', 'Wx', 'Ux'], 'sse2'),
  row('PSRLDQ', '66 0F 73 /3 r', 'Ux Ib', shiftBytes(false), { feature: 'sse2' }),
  row('PSLLDQ', '66 0F 73 /7 r', 'Ux Ib', shiftBytes(true), { feature: 'sse2' }),
  row('PALIGNR', '66 0F3A 0f /r', 'Vx Wx Ib', alignRight, { feature: 'ssse3' }),
]

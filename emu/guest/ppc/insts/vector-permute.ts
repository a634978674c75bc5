/** Vector permutations, packing and unpacking, merges and splats: Power ISA, Book I, 6.8. */

import type { Region, Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'
import {
  clamp,
  type ElementBytes,
  elementNumbers,
  LANES,
  permute,
  permuteElements,
  saturatedIf,
  splat,
  splatByte,
  swapDoublewords,
} from '../vector/lanes.ts'

const VR = 32
const a = (t: Translator, i: Insn): Value => t.vsr(VR + i.ra)
const b = (t: Translator, i: Insn): Value => t.vsr(VR + i.rb)
const c = (t: Translator, i: Insn): Value => t.vsr(VR + i.rc5)

/** VRT := a function of VRA and VRB. */
const binary =
  (make: (ir: Region, x: Value, y: Value, i: Insn) => Value): Translate =>
  (t, i) =>
    t.setVsr(VR + i.rt, make(t.ir, a(t, i), b(t, i), i))

/** Result byte e := byte VRC[e] of VRA and VRB one behind the other. */
const vperm: Translate = (t, i) => {
  const { ir } = t
  const index = ir.op2('v128.xor', ir.op2('v128.and', c(t, i), splatByte(ir, 31)), splatByte(ir, 7))
  // An index from 16 on gives zero.
  const first = ir.op2('i8x16.swizzle', a(t, i), index)
  const second = ir.op2('i8x16.swizzle', b(t, i), ir.op2('v128.xor', index, splatByte(ir, 16)))
  t.setVsr(VR + i.rt, ir.op2('v128.or', first, second))
}

/** Bytes of VRA and VRB exclusive-or'ed, chosen by the upper and lower halves of VRC's. */
const vpermxor: Translate = (t, i) => {
  const { ir } = t
  const seven = splatByte(ir, 7)
  const high = ir.op2('v128.xor', ir.op2('i8x16.shr_u', c(t, i), ir.i32(4)), seven)
  const low = ir.op2('v128.xor', ir.op2('v128.and', c(t, i), splatByte(ir, 15)), seven)
  const first = ir.op2('i8x16.swizzle', a(t, i), high)
  t.setVsr(VR + i.rt, ir.op2('v128.xor', first, ir.op2('i8x16.swizzle', b(t, i), low)))
}

const vsel: Translate = (t, i) => t.setVsr(VR + i.rt, t.ir.op3('v128.bitselect', b(t, i), a(t, i), c(t, i)))

/** The sixteen bytes from byte SHB on. */
const vsldoi = binary((ir, x, y, i) => permute(ir, x, y, (e) => e + (i.rc5 & 15)))

/** Elements of both in turn, from the first or the second half. */
const merge =
  (size: ElementBytes, isHigh: boolean): Translate =>
  (t, i) => {
    const count = 16 / size
    const from = (e: number): number => (e >> 1) + (isHigh ? 0 : count / 2) + (e & 1 ? count : 0)
    t.setVsr(VR + i.rt, permuteElements(t.ir, size, a(t, i), b(t, i), from))
  }

/** Even or odd words of both in turn. */
const mergeEvery = (odd: number): Translate =>
  binary((ir, x, y) => permuteElements(ir, 4, x, y, (e) => (e & 2) + odd + (e & 1 ? 4 : 0)))

/** The element that UIM names, everywhere. */
const splatElement = (size: ElementBytes): Translate =>
  binary((ir, _, y, i) => permuteElements(ir, size, y, y, () => i.ra & (16 / size - 1)))

/** A signed immediate, everywhere. */
const splatImmediate =
  (size: ElementBytes): Translate =>
  (t, i) =>
    t.setVsr(VR + i.rt, splat(t.ir, size, (i.ra << 27) >> 27))

/** The lower halves of all elements. */
const truncated = (ir: Region, size: ElementBytes, x: Value, y: Value): Value =>
  permute(ir, x, y, (e) => {
    const half = size / 2
    return Math.floor(e / half) * size + half + (e % half)
  })

const packModulo = (size: ElementBytes): Translate => binary((ir, x, y) => truncated(ir, size, x, y))

/** Elements limited to what half their size holds; SAT where one was out of it. */
const packSaturating =
  (size: 2 | 4 | 8, isSigned: boolean, toSigned: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const bits = 4 * size
    const most = splat(ir, size, 2 ** (toSigned ? bits - 1 : bits) - 1)
    const least = isSigned ? splat(ir, size, toSigned ? -(2 ** (bits - 1)) : 0) : null
    const [x, y] = [a(t, i), b(t, i)]
    const [cutX, cutY] = [
      clamp(ir, size, isSigned, x, least, most),
      clamp(ir, size, isSigned, y, least, most),
    ]
    saturatedIf(ir, ir.op2('v128.or', ir.op2('v128.xor', x, cutX), ir.op2('v128.xor', y, cutY)))
    t.setVsr(VR + i.rt, truncated(ir, size, cutX, cutY))
  }

const WIDER = { 1: 'i16x8', 2: 'i32x4', 4: 'i64x2' } as const

/** Elements of the first or second half with their signs. */
const unpack = (size: 1 | 2 | 4, part: 'low' | 'high'): Translate =>
  binary((ir, _, y) => swapDoublewords(ir, ir.op1(`${WIDER[size]}.extend_${part}_${LANES[size]}_s`, y)))

/** Words to pixels of 1, 5, 5 and 5 bits. */
const vpkpx = binary((ir, x, y) => {
  const pixels = (words: Value): Value => {
    const part = (shift: number, mask: number): Value =>
      ir.op2('v128.and', ir.op2('i32x4.shr_u', words, ir.i32(shift)), splat(ir, 4, mask))
    return ir.op2('v128.or', ir.op2('v128.or', part(9, 0xfc00), part(6, 0x3e0)), part(3, 0x1f))
  }
  return truncated(ir, 4, pixels(x), pixels(y))
})

/** Pixels to words of four bytes, the first one the pixel's first bit eight times. */
const unpackPixels = (part: 'low' | 'high'): Translate =>
  binary((ir, _, y) => {
    const words = swapDoublewords(ir, ir.op1(`i32x4.extend_${part}_i16x8_s`, y))
    const at = (shift: number, mask: number): Value =>
      ir.op2('v128.and', ir.op2('i32x4.shl', words, ir.i32(shift)), splat(ir, 4, mask))
    const top = ir.op2('v128.and', words, splat(ir, 4, 0xff00_0000))
    return [at(6, 0x1f_0000), at(3, 0x1f00), at(0, 0x1f)].reduce((p, q) => ir.op2('v128.or', p, q), top)
  })

/** Moves bytes by the number in bits 121 to 124 of VRB, towards the first element or the last one. */
const shiftOctets = (direction: 1 | -1): Translate =>
  binary((ir, x, y) => {
    const count = ir.op2('i32.shr_u', ir.lane('i8x16.extract_lane_u', 8, y), ir.i32(3))
    const by = ir.op1('i8x16.splat', ir.op2('i32.and', count, ir.i32(15)))
    const index = ir.op2(direction === 1 ? 'i8x16.add' : 'i8x16.sub', elementNumbers(ir), by)
    return ir.op2('i8x16.swizzle', x, ir.op2('v128.xor', index, splatByte(ir, 7)))
  })

/** Moves bits by the number in bits 125 to 127 of VRB. */
const shiftBits = (isLeft: boolean): Translate =>
  binary((ir, x, y) => {
    const count = ir.op2('i32.and', ir.lane('i8x16.extract_lane_u', 8, y), ir.i32(7))
    const rest = ir.op2('i32.sub', ir.i32(63), count)
    const zero = splatByte(ir, 0)
    const [own, other] = isLeft ? ['shl', 'shr_u'] : ['shr_u', 'shl']
    // In two steps, so that all 64 bits may go.
    const carried = ir.op2(`i64x2.${other}`, ir.op2(`i64x2.${other}`, x, ir.i32(1)), rest)
    const moved = permuteElements(ir, 8, carried, zero, (e) => (isLeft ? (e === 0 ? 1 : 2) : e === 0 ? 2 : 0))
    return ir.op2('v128.or', ir.op2(`i64x2.${own}`, x, count), moved)
  })

const ALTIVEC: RowOptions = { feature: 'altivec' }
const POWER8: RowOptions = { feature: 'power8', bits: 64 }
const vx = (
  name: string,
  opcode: number,
  translate: Translate,
  operands = 'VRT VRA VRB',
  options = ALTIVEC,
): Row => row(name, `VX 4 ${opcode}`, operands, translate, options)
const power8 = (name: string, opcode: number, translate: Translate, operands?: string): Row =>
  vx(name, opcode, translate, operands, POWER8)

export const VECTOR_PERMUTE: readonly Row[] = [
  row('vperm', 'VA 4 43', 'VRT VRA VRB VRC', vperm, ALTIVEC),
  row('vsel', 'VA 4 42', 'VRT VRA VRB VRC', vsel, ALTIVEC),
  row('vsldoi', 'VA 4 44', 'VRT VRA VRB SHB', vsldoi, ALTIVEC),
  row('vpermxor', 'VA 4 45', 'VRT VRA VRB VRC', vpermxor, POWER8),
  vx('vmrghb', 12, merge(1, true)),
  vx('vmrghh', 76, merge(2, true)),
  vx('vmrghw', 140, merge(4, true)),
  vx('vmrglb', 268, merge(1, false)),
  vx('vmrglh', 332, merge(2, false)),
  vx('vmrglw', 396, merge(4, false)),
  power8('vmrgew', 1932, mergeEvery(0)),
  power8('vmrgow', 1676, mergeEvery(1)),
  vx('vspltb', 524, splatElement(1), 'VRT VRB UIM4'),
  vx('vsplth', 588, splatElement(2), 'VRT VRB UIM3'),
  vx('vspltw', 652, splatElement(4), 'VRT VRB UIM2'),
  vx('vspltisb', 780, splatImmediate(1), 'VRT SIM'),
  vx('vspltish', 844, splatImmediate(2), 'VRT SIM'),
  vx('vspltisw', 908, splatImmediate(4), 'VRT SIM'),
  vx('vpkuhum', 14, packModulo(2)),
  vx('vpkuwum', 78, packModulo(4)),
  power8('vpkudum', 1102, packModulo(8)),
  vx('vpkuhus', 142, packSaturating(2, false, false)),
  vx('vpkuwus', 206, packSaturating(4, false, false)),
  vx('vpkshus', 270, packSaturating(2, true, false)),
  vx('vpkswus', 334, packSaturating(4, true, false)),
  vx('vpkshss', 398, packSaturating(2, true, true)),
  vx('vpkswss', 462, packSaturating(4, true, true)),
  power8('vpkudus', 1230, packSaturating(8, false, false)),
  power8('vpksdus', 1358, packSaturating(8, true, false)),
  power8('vpksdss', 1486, packSaturating(8, true, true)),
  vx('vpkpx', 782, vpkpx),
  vx('vupkhsb', 526, unpack(1, 'low'), 'VRT VRB'),
  vx('vupkhsh', 590, unpack(2, 'low'), 'VRT VRB'),
  vx('vupklsb', 654, unpack(1, 'high'), 'VRT VRB'),
  vx('vupklsh', 718, unpack(2, 'high'), 'VRT VRB'),
  power8('vupkhsw', 1614, unpack(4, 'low'), 'VRT VRB'),
  power8('vupklsw', 1742, unpack(4, 'high'), 'VRT VRB'),
  vx('vupkhpx', 846, unpackPixels('low'), 'VRT VRB'),
  vx('vupklpx', 974, unpackPixels('high'), 'VRT VRB'),
  vx('vslo', 1036, shiftOctets(1)),
  vx('vsro', 1100, shiftOctets(-1)),
  vx('vsl', 452, shiftBits(true), undefined, {
    ...ALTIVEC,
    qemuDiffers: '6.9.2: undefined unless all bytes of VRB have the same count',
  }),
  vx('vsr', 708, shiftBits(false), undefined, {
    ...ALTIVEC,
    qemuDiffers: '6.9.2: undefined unless all bytes of VRB have the same count',
  }),
]

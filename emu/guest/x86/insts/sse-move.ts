/** SSE to SSE4.1 moves, shuffles, inserts and extracts: Intel SDM vol. 1, 5.5 to 5.10. */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Row, row } from '../row.ts'
import type { Translator } from '../translate.ts'
import {
  low,
  readScalar,
  readVector,
  requireAligned,
  type ScalarType,
  withLow,
  writeVector,
  zeroVector,
} from '../xmm-operands.ts'

type Translate = (t: Translator, i: Insn) => void
const RDI = 7

const move: Translate = (t, i) => writeVector(t, i, 0, readVector(t, i, 1))

/** MOVSS and MOVSD: from memory the rest becomes zero, between registers it stays. */
const moveScalar =
  (type: ScalarType): Translate =>
  (t, i) => {
    if (i.isMemory) move(t, i)
    else writeVector(t, i, 0, withLow(t, type, readVector(t, i, 0), low(t, type, readVector(t, i, 1))))
  }

/** MOVQ: the rest of a register becomes zero; a load has zeros there already. */
const moveQ: Translate = (t, i) => {
  const value = readVector(t, i, 1)
  writeVector(t, i, 0, i.isMemory ? value : withLow(t, 'i64', zeroVector(t), low(t, 'i64', value)))
}

const fromGeneral: Translate = (t, i) => {
  if (i.isMemory) {
    writeVector(t, i, 0, t.loadMemory(i, i.size === 64 ? 'z64' : 'z32'))
    return
  }
  writeVector(t, i, 0, withLow(t, i.size === 64 ? 'i64' : 'i32', zeroVector(t), t.read(i, 1)))
}
const toGeneral: Translate = (t, i) => t.write(i, 0, readScalarRegister(t, i, i.size === 64 ? 'i64' : 'i32'))
const readScalarRegister = (t: Translator, i: Insn, type: ScalarType): Value =>
  low(t, type, readVector(t, i, 1))

/** MOVLPS, MOVHPS and the like: one half between register and memory. */
const loadHalf =
  (lane: 0 | 1): Translate =>
  (t, i) => {
    const half = t.loadMemory(i, 'f64')
    t.setXmm(i.reg, t.ir.lane('f64x2.replace_lane', lane, t.xmm(i.reg), half))
  }
const storeHalf =
  (lane: 0 | 1): Translate =>
  (t, i) =>
    t.storeMemory(i, 'f64', t.ir.lane('f64x2.extract_lane', lane, t.xmm(i.reg)))

/** The bytes of 16, as lane numbers of two vectors side by side. */
export const laneBytes = (lanes: readonly number[], size: number): number[] =>
  lanes.flatMap((lane) => Array.from({ length: size }, (_, b) => lane * size + b))

/** Operand 0 becomes lanes of (operand 0, operand 1), which are numbered one after the other. */
export const shuffleBoth =
  (lanes: readonly number[], size: number): Translate =>
  (t, i) => {
    const b = readVector(t, i, 1)
    writeVector(t, i, 0, t.ir.shuffle(readVector(t, i, 0), b, laneBytes(lanes, size)))
  }
/** Operand 0 becomes lanes of operand 1. */
const shuffleOne =
  (lanes: readonly number[], size: number): Translate =>
  (t, i) => {
    const b = readVector(t, i, 1)
    writeVector(t, i, 0, t.ir.shuffle(b, b, laneBytes(lanes, size)))
  }

const crumbs = (imm: number): number[] => [imm & 3, (imm >> 2) & 3, (imm >> 4) & 3, (imm >> 6) & 3]

const shufps: Translate = (t, i) => {
  const [a, b, c, d] = crumbs(i.imm) as [number, number, number, number]
  shuffleBoth([a, b, 4 + c, 4 + d], 4)(t, i)
}
const shufpd: Translate = (t, i) => shuffleBoth([i.imm & 1, 2 + ((i.imm >> 1) & 1)], 8)(t, i)
const pshufd: Translate = (t, i) => shuffleOne(crumbs(i.imm), 4)(t, i)
const pshuflw: Translate = (t, i) => shuffleOne([...crumbs(i.imm), 4, 5, 6, 7], 2)(t, i)
const pshufhw: Translate = (t, i) => shuffleOne([0, 1, 2, 3, ...crumbs(i.imm).map((c) => c + 4)], 2)(t, i)

/** MOVMSKPS and the like. */
const mask =
  (name: string): Translate =>
  (t, i) => {
    const bits = t.ir.op1(name, readVector(t, i, 1))
    t.setGpr(i.reg, 32, bits)
  }

/** MASKMOVDQU: bytes of operand 0 whose mask byte is negative go to [RDI]. */
const maskedStore: Translate = (t, i) => {
  const { ir } = t
  t.useOffset(t.implicitSegment(i), t.fitAddress(i, ir.get(RDI)))
  const negative = ir.op2('i8x16.shr_s', readVector(t, i, 1), ir.i32(7))
  t.checkMemoryStore(i, 16)
  const before = t.loadMemory(i, 128)
  t.storeMemory(i, 128, ir.op3('v128.bitselect', readVector(t, i, 0), before, negative))
}

const LANE_NAMES: Record<number, string> = { 8: 'i8x16', 16: 'i16x8', 32: 'i32x4', 64: 'i64x2' }

/** PEXTRx: a zero-extended lane; `size` 0 is 32 or 64 by REX.W. */
const extract =
  (fixed: 0 | 8 | 16 | 32): Translate =>
  (t, i) => {
    const size = fixed === 0 ? (i.size === 64 ? 64 : 32) : fixed
    const suffix = size < 32 ? '_u' : ''
    const lane = i.imm & (128 / size - 1)
    const value = t.ir.lane(`${LANE_NAMES[size]}.extract_lane${suffix}`, lane, readVector(t, i, 1))
    const destination = i.row!.operands[0]![0]
    if (destination === 'E' && i.isMemory) t.storeMemory(i, size as 8, value)
    else t.setGpr(destination === 'G' ? i.reg : i.rm, size === 64 ? 64 : 32, value)
  }

/** PINSRx. */
const insert =
  (fixed: 0 | 8 | 16): Translate =>
  (t, i) => {
    const size = fixed === 0 ? (i.size === 64 ? 64 : 32) : fixed
    const lane = i.imm & (128 / size - 1)
    const kind = size === 8 ? 'u8' : size === 16 ? 'u16' : size === 32 ? 32 : 64
    const value = i.isMemory ? t.loadMemory(i, kind) : t.gpr(i.rm, size === 64 ? 64 : 32)
    t.setXmm(i.reg, t.ir.lane(`${LANE_NAMES[size]}.replace_lane`, lane, t.xmm(i.reg), value))
  }

/** INSERTPS: source lane, destination lane, lanes to clear. */
const insertps: Translate = (t, i) => {
  const { ir } = t
  const value = i.isMemory
    ? t.loadMemory(i, 'f32')
    : ir.lane('f32x4.extract_lane', (i.imm >> 6) & 3, t.xmm(i.rm))
  let vector = ir.lane('f32x4.replace_lane', (i.imm >> 4) & 3, t.xmm(i.reg), value)
  if (i.imm & 15) {
    const kept = [0, 1, 2, 3].flatMap((lane) => new Array(4).fill((i.imm >> lane) & 1 ? 0 : 0xff))
    vector = ir.op2('v128.and', vector, ir.v128(kept))
  }
  t.setXmm(i.reg, vector)
}

const loadAligned: Translate = (t, i) => {
  requireAligned(t, i)
  t.setXmm(i.reg, t.loadMemory(i, 128))
}

/** A copy of operand 1's halves by shuffles. */
const movddup: Translate = (t, i) => t.setXmm(i.reg, t.ir.op1('f64x2.splat', readScalar(t, i, 1, 'f64')))

const sse = { feature: 'sse' }
const sse2 = { feature: 'sse2' }
const sse3 = { feature: 'sse3' }
const sse41 = { feature: 'sse4.1' }

const WHOLE: Row[] = [
  ...(['NP', '66'] as const).flatMap((prefix) => {
    const suffix = prefix === 'NP' ? 'PS' : 'PD'
    const options = prefix === 'NP' ? sse : sse2
    return [
      row(`MOVU${suffix}`, `${prefix} 0F 10 /r`, 'Vo Wo', move, options),
      row(`MOVU${suffix}`, `${prefix} 0F 11 /r`, 'Wo Vo', move, options),
      row(`MOVL${suffix}`, `${prefix} 0F 12 /r m`, 'Vq Wq', loadHalf(0), options),
      row(`MOVL${suffix}`, `${prefix} 0F 13 /r m`, 'Wq Vq', storeHalf(0), options),
      row(`MOVH${suffix}`, `${prefix} 0F 16 /r m`, 'Vq Wq', loadHalf(1), options),
      row(`MOVH${suffix}`, `${prefix} 0F 17 /r m`, 'Wq Vq', storeHalf(1), options),
      row(`MOVA${suffix}`, `${prefix} 0F 28 /r`, 'Vx Wx', move, options),
      row(`MOVA${suffix}`, `${prefix} 0F 29 /r`, 'Wx Vx', move, options),
      row(`MOVNT${suffix}`, `${prefix} 0F 2b /r m`, 'Wx Vx', move, options),
    ]
  }),
  row('MOVDQA', '66 0F 6f /r', 'Vx Wx', move, sse2),
  row('MOVDQA', '66 0F 7f /r', 'Wx Vx', move, sse2),
  row('MOVDQU', 'F3 0F 6f /r', 'Vo Wo', move, sse2),
  row('MOVDQU', 'F3 0F 7f /r', 'Wo Vo', move, sse2),
  row('MOVNTDQ', '66 0F e7 /r m', 'Wx Vx', move, sse2),
  row('MOVNTDQA', '66 0F38 2a /r m', 'Vx Wx', loadAligned, sse41),
  row('LDDQU', 'F2 0F f0 /r m', 'Vo Wo', move, sse3),
]

export const SSE_MOVES: readonly Row[] = [
  ...WHOLE,
  row('MOVSS', 'F3 0F 10 /r', 'Vd Wd', moveScalar('f32'), sse),
  row('MOVSS', 'F3 0F 11 /r', 'Wd Vd', moveScalar('f32'), sse),
  row('MOVSD', 'F2 0F 10 /r', 'Vq Wq', moveScalar('f64'), sse2),
  row('MOVSD', 'F2 0F 11 /r', 'Wq Vq', moveScalar('f64'), sse2),
  row('MOVQ', 'F3 0F 7e /r', 'Vq Wq', moveQ, sse2),
  row('MOVQ', '66 0F d6 /r', 'Wq Vq', moveQ, sse2),
  row('MOVD/MOVQ', '66 0F 6e /r', 'Vy Ey', fromGeneral, sse2),
  row('MOVD/MOVQ', '66 0F 7e /r', 'Ey Vy', toGeneral, sse2),
  row('MOVHLPS', 'NP 0F 12 /r r', 'Vx Ux', shuffleBoth([3, 1], 8), sse),
  row('MOVLHPS', 'NP 0F 16 /r r', 'Vx Ux', shuffleBoth([0, 2], 8), sse),
  row('MOVDDUP', 'F2 0F 12 /r', 'Vx Wq', movddup, sse3),
  row('MOVSLDUP', 'F3 0F 12 /r', 'Vx Wx', shuffleOne([0, 0, 2, 2], 4), sse3),
  row('MOVSHDUP', 'F3 0F 16 /r', 'Vx Wx', shuffleOne([1, 1, 3, 3], 4), sse3),
  row('UNPCKLPS', 'NP 0F 14 /r', 'Vx Wx', shuffleBoth([0, 4, 1, 5], 4), sse),
  row('UNPCKLPD', '66 0F 14 /r', 'Vx Wx', shuffleBoth([0, 2], 8), sse2),
  row('UNPCKHPS', 'NP 0F 15 /r', 'Vx Wx', shuffleBoth([2, 6, 3, 7], 4), sse),
  row('UNPCKHPD', '66 0F 15 /r', 'Vx Wx', shuffleBoth([1, 3], 8), sse2),
  row('SHUFPS', 'NP 0F c6 /r', 'Vx Wx Ib', shufps, sse),
  row('SHUFPD', '66 0F c6 /r', 'Vx Wx Ib', shufpd, sse2),
  row('PSHUFD', '66 0F 70 /r', 'Vx Wx Ib', pshufd, sse2),
  row('PSHUFLW', 'F2 0F 70 /r', 'Vx Wx Ib', pshuflw, sse2),
  row('PSHUFHW', 'F3 0F 70 /r', 'Vx Wx Ib', pshufhw, sse2),
  row('MOVMSKPS', 'NP 0F 50 /r r', 'Gy Ux', mask('i32x4.bitmask'), sse),
  row('MOVMSKPD', '66 0F 50 /r r', 'Gy Ux', mask('i64x2.bitmask'), sse2),
  row('PMOVMSKB', '66 0F d7 /r r', 'Gy Ux', mask('i8x16.bitmask'), sse2),
  row('MASKMOVDQU', '66 0F f7 /r r', 'Vx Ux', maskedStore, sse2),
  row('PEXTRW', '66 0F c5 /r r', 'Gy Ux Ib', extract(16), sse2),
  row('PINSRW', '66 0F c4 /r', 'Vx Ew Ib', insert(16), sse2),
  row('PEXTRB', '66 0F3A 14 /r', 'Eb Vx Ib', extract(8), sse41),
  row('PEXTRW', '66 0F3A 15 /r', 'Ew Vx Ib', extract(16), sse41),
  row('PEXTRD/Q', '66 0F3A 16 /r', 'Ey Vx Ib', extract(0), sse41),
  row('EXTRACTPS', '66 0F3A 17 /r', 'Ed Vx Ib', extract(32), sse41),
  row('PINSRB', '66 0F3A 20 /r', 'Vx Eb Ib', insert(8), sse41),
  row('PINSRD/Q', '66 0F3A 22 /r', 'Vx Ey Ib', insert(0), sse41),
  row('INSERTPS', '66 0F3A 21 /r', 'Vx Wd Ib', insertps, sse41),
]

/**
 * MMX, and the MMX forms that SSE, SSE2 and SSSE3 added. An mm register is the significand of an x87 register; it is
 * worked on as the low half of a vector, by the functions of sse-integer.ts.
 * Reference: Intel SDM vol. 1, chapter 9; vol. 2.
 */

import type { Insn } from '../decode.ts'
import { type Row, row } from '../row.ts'
import { X86_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { requireNoPending } from '../x87/pending.ts'
import {
  enterMmx,
  finishMmx,
  low,
  readVector,
  splatBytes,
  withLow,
  writeVector,
  zeroVector,
} from '../xmm-operands.ts'
import { type Binary, PACKED_OPS, shiftRows, unpackLanes } from './sse-integer.ts'
import { laneBytes } from './sse-move.ts'

type Translate = (t: Translator, i: Insn) => void
const RDI = 7

/** Between the checks and the takeover of the x87 registers. */
const mmx =
  (translate: Translate): Translate =>
  (t, i) => {
    enterMmx(t)
    translate(t, i)
    finishMmx(t)
  }

/** 16 shuffle indices of which only the first eight matter. */
const eight = (bytes: readonly number[]): number[] => Array.from({ length: 16 }, (_, k) => bytes[k] ?? 0)

const binary = (f: Binary, gather: boolean): Translate =>
  mmx((t, i) => {
    const b = readVector(t, i, 1)
    const result = f(t, readVector(t, i, 0), b)
    // Of a result made half from a and half from b, the lower half of each half.
    writeVector(t, i, 0, gather ? t.ir.shuffle(result, result, eight(laneBytes([0, 2], 4))) : result)
  })

const unpack = (laneSize: number, upper: boolean): Translate =>
  mmx((t, i) => {
    const b = readVector(t, i, 1)
    writeVector(
      t,
      i,
      0,
      t.ir.shuffle(readVector(t, i, 0), b, eight(laneBytes(unpackLanes(laneSize, upper, 8), laneSize))),
    )
  })

const UNPACKS: [string, string, number, boolean][] = [
  ['PUNPCKLBW', '60', 1, false],
  ['PUNPCKLWD', '61', 2, false],
  ['PUNPCKLDQ', '62', 4, false],
  ['PUNPCKHBW', '68', 1, true],
  ['PUNPCKHWD', '69', 2, true],
  ['PUNPCKHDQ', '6a', 4, true],
]

const move = mmx((t, i) => writeVector(t, i, 0, readVector(t, i, 1)))

/** MOVDQ2Q takes the low half; a vector's rest is not looked at. MOVQ2DQ clears the upper one. */
const fromXmm = mmx((t, i) => writeVector(t, i, 0, readVector(t, i, 1)))

const fromGeneral = mmx((t, i) => {
  const value = t.read(i, 1)
  writeVector(t, i, 0, withLow(t, i.size === 64 ? 'i64' : 'i32', zeroVector(t), value))
})
const toGeneral = mmx((t, i) => t.write(i, 0, low(t, i.size === 64 ? 'i64' : 'i32', readVector(t, i, 1))))

const shuffleWords = mmx((t, i) => {
  const b = readVector(t, i, 1)
  const lanes = [i.imm & 3, (i.imm >> 2) & 3, (i.imm >> 4) & 3, (i.imm >> 6) & 3]
  writeVector(t, i, 0, t.ir.shuffle(b, b, eight(laneBytes(lanes, 2))))
})

const shuffleBytes: Binary = (t, a, b) =>
  t.ir.op2('i8x16.swizzle', a, t.ir.op2('v128.and', b, splatBytes(t, [0x87])))

const alignRight = mmx((t, i) => {
  const { ir } = t
  const b = readVector(t, i, 1)
  const both = ir.shuffle(b, readVector(t, i, 0), [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])
  const count = Math.min(i.imm & 0xff, 16)
  writeVector(
    t,
    i,
    0,
    ir.shuffle(
      both,
      zeroVector(t),
      Array.from({ length: 16 }, (_, k) => Math.min(k + count, 31)),
    ),
  )
})

const extractWord = mmx((t, i) => {
  const value = t.ir.lane('i16x8.extract_lane_u', i.imm & 3, readVector(t, i, 1))
  t.setGpr(i.reg, 32, value)
})
const insertWord = mmx((t, i) => {
  const value = i.isMemory ? t.loadMemory(i, 'u16') : t.gpr(i.rm, 32)
  writeVector(t, i, 0, t.ir.lane('i16x8.replace_lane', i.imm & 3, readVector(t, i, 0), value))
})
const byteMask = mmx((t, i) => t.setGpr(i.reg, 32, t.ir.op1('i8x16.bitmask', readVector(t, i, 1))))

/** MASKMOVQ: bytes of operand 0 whose mask byte is negative go to [RDI]. */
const maskedStore = mmx((t, i) => {
  const { ir } = t
  // The registers are taken over even when the store faults.
  finishMmx(t)
  t.useOffset(t.implicitSegment(i), t.fitAddress(i, ir.get(RDI)))
  const negative = ir.op2('i8x16.shr_s', readVector(t, i, 1), ir.i32(7))
  t.checkMemoryStore(i, 8)
  const before = t.loadMemory(i, 'z64')
  t.storeMemory(i, 64, low(t, 'i64', ir.op3('v128.bitselect', readVector(t, i, 0), before, negative)))
})

/** EMMS: the x87 registers are empty again. */
const emms: Translate = (t) => {
  requireNoPending(t)
  t.mmxEntered = null
  t.ir.stateStore(32, X86_STATE.fptop, t.ir.i32(0xff_0000))
}

const old = { feature: 'mmx' }
const sse = { feature: 'mmx-sse' }

export const MMX: readonly Row[] = [
  ...PACKED_OPS.filter((p) => p.mmx !== 'none').map((p) =>
    row(p.name, `NP ${p.code} /r`, 'Pq Qq', binary(p.binary, p.mmx === 'gather'), {
      feature: `mmx-${p.mmxFeature}`,
    }),
  ),
  ...UNPACKS.map(([name, code, size, upper]) =>
    row(name, `NP 0F ${code} /r`, `Pq Q${upper ? 'q' : 'd'}`, unpack(size, upper), old),
  ),
  ...shiftRows('NP', ['Pq', 'Qq', 'Nq'], 'mmx').map((r) => ({ ...r, translate: mmx(r.translate) })),
  row('PSHUFB', 'NP 0F38 00 /r', 'Pq Qq', binary(shuffleBytes, false), { feature: 'mmx-ssse3' }),
  row('PALIGNR', 'NP 0F3A 0f /r', 'Pq Qq Ib', alignRight, { feature: 'mmx-ssse3' }),
  row('PSHUFW', 'NP 0F 70 /r', 'Pq Qq Ib', shuffleWords, sse),
  row('MOVD/MOVQ', 'NP 0F 6e /r', 'Py Ey', fromGeneral, old),
  row('MOVD/MOVQ', 'NP 0F 7e /r', 'Ey Py', toGeneral, old),
  row('MOVQ', 'NP 0F 6f /r', 'Pq Qq', move, old),
  row('MOVQ', 'NP 0F 7f /r', 'Qq Pq', move, old),
  row('MOVNTQ', 'NP 0F e7 /r m', 'Qq Pq', move, sse),
  row('MOVQ2DQ', 'F3 0F d6 /r r', 'Vq Nq', fromXmm, { feature: 'mmx-sse2' }),
  row('MOVDQ2Q', 'F2 0F d6 /r r', 'Pq Uq', fromXmm, { feature: 'mmx-sse2' }),
  row('PEXTRW', 'NP 0F c5 /r r', 'Gy Nq Ib', extractWord, sse),
  row('PINSRW', 'NP 0F c4 /r', 'Pq Ew Ib', insertWord, sse),
  row('PMOVMSKB', 'NP 0F d7 /r r', 'Gy Nq', byteMask, sse),
  row('MASKMOVQ', 'NP 0F f7 /r r', 'Pq Nq', maskedStore, sse),
  row('EMMS', 'NP 0F 77', '', emms, old),
]

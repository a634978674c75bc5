/** What SSE4.1 and SSE4.2 added besides lane-wise arithmetic: Intel SDM vol. 1, 5.10 and 5.11. */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { CF, ZF } from '../flags.ts'
import { HELPER_SSE_STRING } from '../helper-ids.ts'
import { type Row, row } from '../row.ts'
import { X86_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { readVector, withLow, zeroVector } from '../xmm-operands.ts'

type Translate = (t: Translator, i: Insn) => void

/** PMOVSX and PMOVZX: steps that each double the lanes' size. */
const extend =
  (steps: readonly string[]): Translate =>
  (t, i) => {
    let value = readVector(t, i, 1)
    for (const step of steps) value = t.ir.op1(step, value)
    t.setXmm(i.reg, value)
  }

const EXTENSIONS: [string, string, number, string, number][] = [
  // name, source bytes, opcode's low digit, from and to in the order of WIDENINGS
  ['BW', 'q', 0, 'b', 1],
  ['BD', 'd', 1, 'b', 2],
  ['BQ', 'w', 2, 'b', 3],
  ['WD', 'q', 3, 'w', 1],
  ['WQ', 'd', 4, 'w', 2],
  ['DQ', 'q', 5, 'd', 1],
]
const WIDENINGS = ['i16x8.extend_low_i8x16_', 'i32x4.extend_low_i16x8_', 'i64x2.extend_low_i32x4_']

const extensionRows = (sign: 's' | 'u', firstOpcode: number): Row[] =>
  EXTENSIONS.map(([name, bytes, digit, from, steps]) => {
    const start = 'bwd'.indexOf(from)
    const names = WIDENINGS.slice(start, start + steps).map((widening) => widening + sign)
    const encoding = `66 0F38 ${(firstOpcode + digit).toString(16)} /r`
    return row(`PMOV${sign === 's' ? 'S' : 'Z'}X${name}`, encoding, `Vx W${bytes}`, extend(names), {
      feature: 'sse4.1',
    })
  })

/** BLENDPS and the like: lanes of operand 1 where the immediate has a bit. */
const blend =
  (size: number): Translate =>
  (t, i) => {
    const lanes = Array.from({ length: 16 }, (_, k) => ((i.imm >> Math.floor(k / size)) & 1 ? 16 : 0) + k)
    const b = readVector(t, i, 1)
    t.setXmm(i.reg, t.ir.shuffle(t.xmm(i.reg), b, lanes))
  }

/** PBLENDVB, BLENDVPS, BLENDVPD: lanes of operand 1 where XMM0's lane is negative. */
const blendVariable =
  (lanes: string, bits: number): Translate =>
  (t, i) => {
    const b = readVector(t, i, 1)
    const mask = t.ir.op2(`${lanes}.shr_s`, t.xmm(0), t.ir.i32(bits - 1))
    t.setXmm(i.reg, t.ir.op3('v128.bitselect', b, t.xmm(i.reg), mask))
  }

const ptest: Translate = (t, i) => {
  const { ir } = t
  const b = readVector(t, i, 1)
  const a = t.xmm(i.reg)
  const none = (v: Value): Value => ir.op1('i32.eqz', ir.op1('v128.any_true', v))
  const zero = ir.op2('i32.mul', none(ir.op2('v128.and', a, b)), ir.i32(ZF))
  const carry = ir.op2('i32.mul', none(ir.op2('v128.andnot', b, a)), ir.i32(CF))
  t.flags.setBits(ir.op2('i32.or', zero, carry))
}

/** MPSADBW: eight sums of absolute differences of four bytes, of a sliding window against one group of four. */
const mpsadbw: Translate = (t, i) => {
  const { ir } = t
  const b = readVector(t, i, 1)
  const a = t.xmm(i.reg)
  const window = (i.imm >> 2) & 1 ? 4 : 0
  const group = (i.imm & 3) * 4
  let total = zeroVector(t)
  for (let k = 0; k < 4; k++) {
    // Byte k of each window against byte k of the group, in 16-bit lanes.
    const bytes = Array.from({ length: 8 }, (_, lane) => [window + k + lane, 16]).flat()
    const x = ir.shuffle(a, zeroVector(t), bytes)
    const y = ir.shuffle(b, zeroVector(t), Array.from({ length: 8 }, () => [group + k, 16]).flat())
    total = ir.op2('i16x8.add', total, ir.op1('i16x8.abs', ir.op2('i16x8.sub', x, y)))
  }
  t.setXmm(i.reg, total)
}

/** PHMINPOSUW: the least unsigned word and its index. */
const leastWord: Translate = (t, i) => {
  const { ir } = t
  const source = readVector(t, i, 1)
  // Words with their index below them, as unsigned 32-bit lanes: the least of these is the first of the least.
  const shuffled = (bytes: number[], index: number[]): Value =>
    ir.shuffle(
      source,
      ir.v128([0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0]),
      bytes.flatMap((x, k) => [16 + 2 * index[k]!, 17 + 2 * index[k]!, 2 * x, 2 * x + 1]),
    )
  let least = ir.op2(
    'i32x4.min_u',
    shuffled([0, 1, 2, 3], [0, 1, 2, 3]),
    shuffled([4, 5, 6, 7], [4, 5, 6, 7]),
  )
  for (const lanes of [
    [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15],
    [4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7],
  ])
    least = ir.op2('i32x4.min_u', least, ir.shuffle(least, least, lanes))
  const both = ir.op2('i32.rotl', ir.lane('i32x4.extract_lane', 0, least), ir.i32(16))
  t.setXmm(i.reg, withLow(t, 'i32', zeroVector(t), both))
}

/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM by a helper (sse-string.ts): operands and lengths in scratch, result and
 * flags come back there.
 */
const compareStrings =
  (explicit: boolean, index: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const { scratch } = X86_STATE
    const b = readVector(t, i, 1)
    ir.stateStore(128, scratch, t.xmm(i.reg))
    ir.stateStore(128, scratch + 16, b)
    if (explicit) {
      const lengths = [0, 2].map((register) =>
        i.size === 64 ? ir.get(register) : ir.op1('i64.extend_i32_s', t.gpr(register, 32)),
      )
      ir.stateStore(64, scratch + 32, lengths[0]!)
      ir.stateStore(64, scratch + 40, lengths[1]!)
    }
    const flags = ir.helper(
      HELPER_SSE_STRING,
      ir.i32((explicit ? 1 : 0) | (index ? 2 : 0)),
      ir.i32(i.imm & 0xff),
    )
    if (index) t.setGpr(1, 32, ir.stateLoad(32, scratch + 48))
    else t.setXmm(0, ir.stateLoad(128, scratch + 48))
    t.flags.setBits(flags)
  }

const sse41 = { feature: 'sse4.1' }
const sse42 = { feature: 'sse4.2' }

export const SSE4: readonly Row[] = [
  ...extensionRows('s', 0x20),
  ...extensionRows('u', 0x30),
  row('BLENDPS', '66 0F3A 0c /r', 'Vx Wx Ib', blend(4), sse41),
  row('BLENDPD', '66 0F3A 0d /r', 'Vx Wx Ib', blend(8), sse41),
  row('PBLENDW', '66 0F3A 0e /r', 'Vx Wx Ib', blend(2), sse41),
  row('PBLENDVB', '66 0F38 10 /r', 'Vx Wx', blendVariable('i8x16', 8), sse41),
  row('BLENDVPS', '66 0F38 14 /r', 'Vx Wx', blendVariable('i32x4', 32), sse41),
  row('BLENDVPD', '66 0F38 15 /r', 'Vx Wx', blendVariable('i64x2', 64), sse41),
  row('PTEST', '66 0F38 17 /r', 'Vx Wx', ptest, sse41),
  row('MPSADBW', '66 0F3A 42 /r', 'Vx Wx Ib', mpsadbw, sse41),
  row('PHMINPOSUW', '66 0F38 41 /r', 'Vx Wx', leastWord, sse41),
  row('PCMPESTRM', '66 0F3A 60 /r', 'Vo Wo Ib', compareStrings(true, false), sse42),
  row('PCMPESTRI', '66 0F3A 61 /r', 'Vo Wo Ib', compareStrings(true, true), sse42),
  row('PCMPISTRM', '66 0F3A 62 /r', 'Vo Wo Ib', compareStrings(false, false), sse42),
  row('PCMPISTRI', '66 0F3A 63 /r', 'Vo Wo Ib', compareStrings(false, true), sse42),
]

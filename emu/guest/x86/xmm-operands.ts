/**
 * The vector operands of rows: V, W, U (xmm) and P, Q, N (mmx), by their letters as in row.ts.
 * Path: the translate functions of insts/sse*.ts and insts/mmx.ts.
 *
 * The letter behind says what is read: x 128 bits that must lie aligned in memory, o 128 bits anywhere, q d w b the
 * low bytes. mm registers are the significands of the x87 registers, kept in the state block.
 */

import type { LoadKind, Value } from '../../ir/region.ts'
import { EXIT_PROTECTION } from '../../run/cpu.ts'
import { BASE_RIP, type Insn, NO_REGISTER } from './decode.ts'
import { FS, X86_STATE } from './state.ts'
import type { Translator } from './translate.ts'
import { requireNoPending } from './x87/pending.ts'

export type FloatType = 'f32' | 'f64'
export type ScalarType = FloatType | 'i32' | 'i64'

const ZERO_16: readonly number[] = new Array(16).fill(0)
export const zeroVector = (t: Translator): Value => t.ir.v128(ZERO_16)

/** A vector constant of equal lanes. */
export function splatBytes(t: Translator, bytes: readonly number[]): Value {
  return t.ir.v128(ZERO_16.map((_, i) => bytes[i % bytes.length]!))
}
export const splat16 = (t: Translator, x: number): Value => splatBytes(t, [x & 0xff, (x >> 8) & 0xff])
export const splat32 = (t: Translator, x: number): Value =>
  splatBytes(t, [x & 0xff, (x >> 8) & 0xff, (x >> 16) & 0xff, (x >> 24) & 0xff])
/** A 64-bit lane from its halves. */
export const splat64 = (t: Translator, low: number, high: number): Value =>
  splatBytes(
    t,
    [0, 8, 16, 24].map((s) => (low >>> s) & 0xff).concat([0, 8, 16, 24].map((s) => (high >>> s) & 0xff)),
  )

/** Bytes a lane name covers, for extract and replace of lane 0. */
export const LANES: Record<ScalarType, string> = { f32: 'f32x4', f64: 'f64x2', i32: 'i32x4', i64: 'i64x2' }
export const low = (t: Translator, type: ScalarType, vector: Value): Value =>
  t.ir.lane(`${LANES[type]}.extract_lane`, 0, vector)
export const withLow = (t: Translator, type: ScalarType, vector: Value, value: Value): Value =>
  t.ir.lane(`${LANES[type]}.replace_lane`, 0, vector, value)

/** Legacy SSE faults on a 16-byte operand that is not aligned, before it looks at the page. */
export function requireAligned(t: Translator, i: Insn): void {
  const { ir } = t
  const isFlat = i.segment < FS && !ir.options.exactSegments
  if ((i.base === BASE_RIP || i.base === NO_REGISTER) && i.index === NO_REGISTER && isFlat) {
    const at = i.disp + (i.base === BASE_RIP ? i.nextPc : 0)
    if (at & 15) ir.exitIf(ir.i32(1), EXIT_PROTECTION)
    return
  }
  // One check serves all accesses off the same base value whose displacements differ by multiples of 16.
  const plain = i.index === NO_REGISTER && isFlat && i.addressSize === 64
  if (plain) {
    const key = ir.get(i.base) * 16 + (i.disp & 15)
    if (t.alignedBases.has(key)) return
    t.alignedBases.add(key)
  }
  const address = ir.op1('i32.wrap_i64', t.linearAddress(i))
  ir.exitIf(ir.op2('i32.and', address, ir.i32(15)), EXIT_PROTECTION)
}

const isMmx = (letter: string): boolean => letter === 'P' || letter === 'Q' || letter === 'N'
const inModrmRm = (letter: string): boolean =>
  letter === 'W' || letter === 'U' || letter === 'Q' || letter === 'N'
const mmOffset = (register: number): number => X86_STATE.fpr + 16 * (register & 7)

/**
 * Every instruction that touches an mm register: an x87 exception that waits is raised first, and at last the x87 stack
 * becomes full with its top at 0. Once a block is enough while no x87 instruction comes between.
 */
export function enterMmx(t: Translator): void {
  if (t.mmxEntered !== t.ir.open) requireNoPending(t)
}

/** The second half of enterMmx, behind everything that may leave. */
export function finishMmx(t: Translator): void {
  if (t.mmxEntered === t.ir.open) return
  t.ir.stateStore(32, X86_STATE.fptop, t.ir.i32(0))
  t.mmxEntered = t.ir.open
}

/** Whether an instruction works on mm registers. Conversions from memory to xmm do not, though they are written so. */
export const touchesMmx = (i: Insn): boolean =>
  i.row!.operands.some((code) => isMmx(code[0]!)) && !(i.isMemory && i.row!.mnemonic.startsWith('CVTPI2'))

/** An mm register in the low half of a vector. */
function readMm(t: Translator, register: number): Value {
  return withLow(t, 'i64', zeroVector(t), t.ir.stateLoad(64, mmOffset(register)))
}

/** Writes an mm register: the exponent becomes all ones. */
export function writeMm(t: Translator, register: number, value: Value): void {
  t.ir.stateStore(64, mmOffset(register), value)
  t.ir.stateStore(32, mmOffset(register) + 8, t.ir.i32(0xffff))
}

/** Operand `k` as a vector; what memory does not give is zero. Registers come whole. */
export function readVector(t: Translator, i: Insn, k: number): Value {
  const code = i.row!.operands[k]!
  const letter = code[0]!
  const isRm = inModrmRm(letter)
  if (isRm && i.isMemory) {
    const size = code[1]!
    if (size === 'x') requireAligned(t, i)
    if (size === 'x' || size === 'o') return t.loadMemory(i, 128)
    if (size === 'q' || size === 'd') return t.loadMemory(i, size === 'q' ? 'z64' : 'z32')
    return withLow(t, 'i32', zeroVector(t), t.loadMemory(i, size === 'w' ? 'u16' : 'u8'))
  }
  const register = isRm ? i.rm : i.reg
  return isMmx(letter) ? readMm(t, register) : t.xmm(register)
}

const SCALAR_LOADS: Record<ScalarType, LoadKind> = { f32: 'f32', f64: 'f64', i32: 32, i64: 64 }

/** The low lane of operand `k`. */
export function readScalar(t: Translator, i: Insn, k: number, type: ScalarType): Value {
  const letter = i.row!.operands[k]![0]!
  if (inModrmRm(letter) && i.isMemory) return t.loadMemory(i, SCALAR_LOADS[type])
  return low(t, type, readVector(t, i, k))
}

/** Writes operand `k`: a whole register, the low half for mm; memory as many bytes as the code says. */
export function writeVector(t: Translator, i: Insn, k: number, value: Value): void {
  const code = i.row!.operands[k]!
  const letter = code[0]!
  const isRm = inModrmRm(letter)
  const size = code[1]!
  if (isRm && i.isMemory) {
    if (size === 'x') requireAligned(t, i)
    if (size === 'x' || size === 'o') t.storeMemory(i, 128, value)
    else if (isMmx(letter)) t.storeMemory(i, 64, low(t, 'i64', value))
    else t.storeMemory(i, size === 'q' ? 'f64' : 'f32', low(t, size === 'q' ? 'f64' : 'f32', value))
    return
  }
  const register = isRm ? i.rm : i.reg
  if (isMmx(letter)) writeMm(t, register, low(t, 'i64', value))
  else t.setXmm(register, value)
}

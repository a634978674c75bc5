/**
 * What all SSE float rows share: forms, the ways to execute them, and NaN results.
 *
 * Translated code rounds to nearest with all exceptions masked: once a block it looks whether MXCSR says so, and leaves
 * to the interpreter if not. There (region option exactFloat) the same rows call a helper that honours MXCSR altogether
 * (float-helper.ts). Translated code keeps no sticky flags and knows no FTZ and DAZ, unless it is made for a process
 * that has looked at MXCSR (region option floatFlags, float-flags.ts).
 * Reference: Intel SDM vol. 1, chapters 10 to 12 and 4.8.3.5 (which NaN an operation gives).
 */

import type { Value } from '../../ir/region.ts'
import { EXIT_FLOAT, EXIT_SLOW } from '../../run/cpu.ts'
import type { Insn } from './decode.ts'
import { checkFlags } from './float-flags.ts'
import { HELPER_SSE_FLOAT } from './helper-ids.ts'
import { MXCSR_FLUSHES, MXCSR_MODE_MASK, MXCSR_MODE_USUAL } from './mxcsr.ts'
import { X86_STATE } from './state.ts'
import type { Translator } from './translate.ts'
import {
  type FloatType,
  finishMmx,
  readVector,
  splat32,
  splat64,
  touchesMmx,
  withLow,
  writeVector,
} from './xmm-operands.ts'

export interface FloatForm {
  readonly suffix: 'PS' | 'PD' | 'SS' | 'SD'
  readonly prefix: string
  readonly type: FloatType
  readonly lanes: 'f32x4' | 'f64x2'
  readonly scalar: boolean
  /** Operand code of what is read from xmm/memory. */
  readonly source: string
  readonly feature: string
}

export const PS: FloatForm = {
  suffix: 'PS',
  prefix: 'NP',
  type: 'f32',
  lanes: 'f32x4',
  scalar: false,
  source: 'Wx',
  feature: 'sse',
}
export const PD: FloatForm = {
  suffix: 'PD',
  prefix: '66',
  type: 'f64',
  lanes: 'f64x2',
  scalar: false,
  source: 'Wx',
  feature: 'sse2',
}
export const SS: FloatForm = {
  suffix: 'SS',
  prefix: 'F3',
  type: 'f32',
  lanes: 'f32x4',
  scalar: true,
  source: 'Wd',
  feature: 'sse',
}
export const SD: FloatForm = {
  suffix: 'SD',
  prefix: 'F2',
  type: 'f64',
  lanes: 'f64x2',
  scalar: true,
  source: 'Wq',
  feature: 'sse2',
}
export const FLOAT_FORMS = [PS, PD, SS, SD] as const

/** Operations of the exact helper, by number. */
export const FLOAT_OPS = [
  'add',
  'sub',
  'mul',
  'div',
  'min',
  'max',
  'sqrt',
  'cmp',
  'ucomi',
  'comi',
  'round',
  'hadd',
  'hsub',
  'addsub',
  'dp',
  'fromI32',
  'fromI64',
  'toI32',
  'toI64',
  'truncI32',
  'truncI64',
  'toF32',
  'toF64',
] as const
export type FloatOp = (typeof FLOAT_OPS)[number]

type Translate = (t: Translator, i: Insn) => void
/** Told of the operands and the result before a row sets it; `a` is -1 where there is one operand only. */
export type Check = (a: Value, b: Value, result: Value) => void
/** The fast way of a row. */
export type Fast = (t: Translator, i: Insn, check: Check) => void

/** Leaves, once a block, unless MXCSR is as the code that follows needs it. */
function requireUsualMode(t: Translator): void {
  const { ir } = t
  if (ir.options.exactChecks || t.floatChecked === ir.open) return
  t.floatChecked = ir.open
  t.floatOperands.clear()
  const mask = ir.options.floatFlags ? MXCSR_MODE_MASK : MXCSR_MODE_MASK | MXCSR_FLUSHES
  const mode = ir.op2('i32.and', ir.stateLoad(32, X86_STATE.mxcsr), ir.i32(mask))
  ir.exitIf(ir.op2('i32.ne', mode, ir.i32(MXCSR_MODE_USUAL)), EXIT_SLOW)
}

/** The argument of the exact helper: operation, type of the source lanes, lanes, immediate. */
export interface ExactCall {
  readonly op: FloatOp
  readonly type: FloatType
  /** Lanes computed; the rest of the result comes from operand 0, or is zero if `zeroRest`. */
  readonly count: number
  readonly zeroRest?: boolean
}

const WIDE: Partial<Record<FloatOp, FloatOp>> = { fromI32: 'fromI64', toI32: 'toI64', truncI32: 'truncI64' }

/** A row's call for an instruction: with a 64-bit general register the conversion is another one. */
function sized(i: Insn, call: ExactCall): ExactCall {
  const hasGeneral = i.row!.operands.some((code) => code[0] === 'E' || code[0] === 'G')
  return hasGeneral && i.size === 64 ? { ...call, op: WIDE[call.op] ?? call.op } : call
}

export const packExact = (call: ExactCall): number =>
  FLOAT_OPS.indexOf(call.op) |
  (call.type === 'f64' ? 0x100 : 0) |
  (call.count << 9) |
  (call.zeroRest ? 0x1000 : 0)

/** Executes a float row by the helper: operands and result are vectors in the scratch fields. */
function exact(t: Translator, i: Insn, call: ExactCall): void {
  const { ir } = t
  const [destination, source] = i.row!.operands as [string, string]
  const general = source[0] === 'E'
  const value = general ? t.toI64(i.size === 64 ? 64 : 32, t.read(i, 1), true) : readVector(t, i, 1)
  const before = destination[0] === 'G' ? -1 : readVector(t, i, 0)
  if (general) ir.stateStore(64, X86_STATE.scratch + 16, value)
  else ir.stateStore(128, X86_STATE.scratch + 16, value)
  if (before >= 0) ir.stateStore(128, X86_STATE.scratch, before)
  // The change to the MMX state comes before an exception of the conversion itself.
  if (touchesMmx(i)) finishMmx(t)
  const unmasked = ir.helper(HELPER_SSE_FLOAT, ir.i32(packExact(sized(i, call))), ir.i32(i.imm & 0xff))
  ir.exitIf(unmasked, EXIT_FLOAT)
  if (call.op === 'ucomi' || call.op === 'comi') t.flags.setBits(ir.stateLoad(32, X86_STATE.scratch + 32))
  else if (destination[0] === 'G') {
    const size = i.size === 64 ? 64 : 32
    t.setGpr(i.reg, size, ir.stateLoad(size, X86_STATE.scratch + 32))
  } else writeVector(t, i, 0, ir.stateLoad(128, X86_STATE.scratch + 32))
}

const uncheckedFlags: Check = () => {}

/** A row's translation: the fast way where MXCSR is usual, the exact one else. */
export const float =
  (call: ExactCall, fast: Fast): Translate =>
  (t, i) => {
    if (t.ir.options.exactFloat) exact(t, i, call)
    else {
      requireUsualMode(t)
      fast(
        t,
        i,
        t.ir.options.floatFlags
          ? (...values) => checkFlags(t, i, call, packExact(sized(i, call)), values)
          : uncheckedFlags,
      )
    }
  }

export const lanesOf = (form: FloatForm): number => (form.scalar ? 1 : form.type === 'f32' ? 4 : 2)

/** Where the host's float operations do not give the NaN x86 would give: what x86 gives for NaN results. */
export function pinScalar(t: Translator, type: FloatType, result: Value, a: Value, b: Value): Value {
  if (!t.ir.options.pinNaN) return result
  const { ir } = t
  const bits = type === 'f32' ? 'i32' : 'i64'
  const raw = (x: Value): Value => ir.op1(`${bits}.reinterpret_${type}`, x)
  const quiet = type === 'f32' ? ir.i32(0x40_0000) : ir.i64Halves(0, 0x8_0000)
  const none = type === 'f32' ? ir.i32(0xffc0_0000) : ir.i64Halves(0, 0xfff8_0000)
  const nanMask = (x: Value): Value => ir.op2(`${type}.ne`, x, x)
  const quieted = (x: Value): Value => ir.op2(`${bits}.or`, raw(x), quiet)
  const second = b < 0 ? none : ir.op3(`select.${bits}`, quieted(b), none, nanMask(b))
  const right = ir.op3(`select.${bits}`, quieted(a), second, nanMask(a))
  return ir.op1(`${type}.reinterpret_${bits}`, ir.op3(`choose.${bits}`, nanMask(result), right, raw(result)))
}

/** As pinScalar, for all lanes. */
export function pinVector(t: Translator, lanes: 'f32x4' | 'f64x2', result: Value, a: Value, b: Value): Value {
  if (!t.ir.options.pinNaN) return result
  const { ir } = t
  const quiet = lanes === 'f32x4' ? splat32(t, 0x40_0000) : splat64(t, 0, 0x8_0000)
  const none = lanes === 'f32x4' ? splat32(t, 0xffc0_0000) : splat64(t, 0, 0xfff8_0000)
  const nanMask = (x: Value): Value => ir.op2(`${lanes}.ne`, x, x)
  const either = (x: Value, rest: Value): Value =>
    ir.op3('v128.bitselect', ir.op2('v128.or', x, quiet), rest, nanMask(x))
  const right = either(a, b < 0 ? none : either(b, none))
  const fixed = ir.op3('v128.bitselect', right, result, nanMask(result))
  return ir.op3('choose.v128', ir.op1('v128.any_true', nanMask(result)), fixed, result)
}

/** Lane 0 of `value` into operand 0, the rest of which stays. */
export function writeLow(t: Translator, i: Insn, type: FloatType, value: Value): void {
  writeVector(t, i, 0, withLow(t, type, readVector(t, i, 0), value))
}

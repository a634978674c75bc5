/**
 * MXCSR's flags in translated code, for processes that look at them: what is checked at each float operation so that
 * most of them need no more. All exceptions are masked and rounding is nearest here, so the result is already right;
 * only the flags may lack. Where they might, the exact helper finds them (float-helper.ts): for an operand or result
 * that is not zero and not normal, and for any result while PE is clear. PE is set by nearly every program at once.
 * With FTZ or DAZ the helper also says whether the result is another one, and the interpreter executes it then.
 * Reference: Intel SDM vol. 1, 4.9.1 and 10.2.3.
 */

import { F32, F64, I32, I64, type Value } from '../../ir/region.ts'
import type { Insn } from './decode.ts'
import type { ExactCall } from './float-lanes.ts'
import { HELPER_SSE_FLAGS } from './helper-ids.ts'
import { FLAG_PE } from './mxcsr.ts'
import { X86_STATE } from './state.ts'
import type { Translator } from './translate.ts'
import { type FloatType, splat32, splat64 } from './xmm-operands.ts'

/** The least normal number and infinity; of doubles the upper half. */
const LEAST_NORMAL = { f32: 0x0080_0000, f64: 0x0010_0000 }
const INFINITE = { f32: 0x7f80_0000, f64: 0x7ff0_0000 }
/** The least normal single as a double. */
const LEAST_SINGLE_F64 = 0x3810_0000

/** Questions to a value as conditions: i32 for scalars, lane masks for vectors. */
class Questions {
  readonly t: Translator
  readonly packed: boolean

  constructor(t: Translator, packed: boolean) {
    this.t = t
    this.packed = packed
  }

  /** A float from its bits (of a double the upper half), in all lanes. */
  constant(type: FloatType, bits: number): Value {
    const { t, packed } = this
    const { ir } = t
    if (packed) return type === 'f32' ? splat32(t, bits) : splat64(t, 0, bits)
    return type === 'f32'
      ? ir.op1('f32.reinterpret_i32', ir.i32(bits))
      : ir.op1('f64.reinterpret_i64', ir.i64Halves(0, bits))
  }

  compare(type: FloatType, name: string, a: Value, b: Value): Value {
    const lanes = type === 'f32' ? 'f32x4' : 'f64x2'
    return this.t.ir.op2(`${this.packed ? lanes : type}.${name}`, a, b)
  }

  abs(type: FloatType, x: Value): Value {
    const lanes = type === 'f32' ? 'f32x4' : 'f64x2'
    return this.t.ir.op1(`${this.packed ? lanes : type}.abs`, x)
  }

  and(a: Value, b: Value): Value {
    return this.t.ir.op2(this.packed ? 'v128.and' : 'i32.and', a, b)
  }

  or(a: Value, b: Value): Value {
    return this.t.ir.op2(this.packed ? 'v128.or' : 'i32.or', a, b)
  }

  nonZero(type: FloatType, x: Value): Value {
    return this.compare(type, 'ne', x, this.constant(type, 0))
  }

  /**
   * Surely unless it is a normal number, and also for the least ones: a result rounded up to the very least was tiny.
   * A number's bits without sign, moved down so that those of zero and denormals wrap around, are above a limit then.
   */
  unusual(type: FloatType, x: Value): Value {
    const { ir } = this.t
    const least = 2 * LEAST_NORMAL[type] + 2
    const limit = 2 * INFINITE[type] - least
    if (this.packed) {
      // Lanes compare signed: half of the range further down.
      const lanes = type === 'f32' ? 'i32x4' : 'i64x2'
      const splat = (bits: number): Value =>
        type === 'f32' ? splat32(this.t, bits) : splat64(this.t, 0, bits)
      const bits = ir.op2(`${lanes}.add`, ir.op2(`${lanes}.shl`, x, ir.i32(1)), splat(0x8000_0000 - least))
      return ir.op2(`${lanes}.gt_s`, bits, splat(limit - 1 - 0x8000_0000))
    }
    const upper =
      type === 'f32'
        ? ir.op1('i32.reinterpret_f32', x)
        : ir.op1('i32.wrap_i64', ir.op2('i64.shr_u', ir.op1('i64.reinterpret_f64', x), ir.i64(32)))
    const moved = ir.op2('i32.sub', ir.op2('i32.shl', upper, ir.i32(1)), ir.i32(least))
    return ir.op2('i32.ge_u', moved, ir.i32(limit))
  }

  /** Not between a least number and infinity, both excluded, whatever the sign. */
  outside(type: FloatType, x: Value, least: number): Value {
    const { ir } = this.t
    const size = this.abs(type, x)
    const inside = this.and(
      this.compare(type, 'gt', size, this.constant(type, least)),
      this.compare(type, 'lt', size, this.constant(type, INFINITE[type])),
    )
    return this.packed ? ir.op1('v128.not', inside) : ir.op1('i32.eqz', inside)
  }

  /** Neither zero nor normal. */
  unclean(type: FloatType, x: Value): Value {
    return this.and(this.unusual(type, x), this.nonZero(type, x))
  }

  /** Not infinite. */
  bounded(type: FloatType, x: Value): Value {
    return this.compare(type, 'ne', this.abs(type, x), this.constant(type, INFINITE[type]))
  }

  /** A denormal or a NaN. */
  odd(type: FloatType, x: Value): Value {
    return this.and(this.unclean(type, x), this.bounded(type, x))
  }

  any(condition: Value): Value {
    return this.packed ? this.t.ir.op1('v128.any_true', condition) : condition
  }
}

/** Whether PE is still clear. */
function exactSoFar(t: Translator): Value {
  const { ir } = t
  return ir.op1('i32.eqz', ir.op2('i32.and', ir.stateLoad(32, X86_STATE.mxcsr), ir.i32(FLAG_PE)))
}

/** When something besides PE may be raised, and when PE. */
interface Doubts {
  readonly raised: Value
  readonly inexact: Value | 'always' | 'never'
  /** Values whose being unusual comes before all of this, so that it costs nothing otherwise. */
  readonly unusual?: readonly Value[]
}

/** Doubts of operations whose operands and result are floats of one type. */
function ofFloats(q: Questions, call: ExactCall, control: number, a: Value, b: Value, r: Value): Doubts {
  const { op, type } = call
  const operands = (): Value => q.or(q.unclean(type, a), q.unclean(type, b))
  switch (op) {
    case 'mul': {
      // Operands that are not zero give a result that is not, unless it was too small.
      const lost = q.and(q.unusual(type, r), q.and(q.nonZero(type, a), q.nonZero(type, b)))
      return { raised: q.or(operands(), lost), inexact: 'always', unusual: [a, b, r] }
    }
    case 'div': {
      const lost = q.and(q.unusual(type, r), q.or(q.nonZero(type, a), q.nonZero(type, r)))
      return { raised: q.or(operands(), lost), inexact: 'always', unusual: [a, b, r] }
    }
    case 'sqrt':
      return {
        raised: q.or(q.unclean(type, b), q.unclean(type, r)),
        inexact: 'always',
        unusual: [b, r],
      }
    case 'min':
    case 'max':
    case 'cmp':
    case 'ucomi':
    case 'comi':
      return { raised: q.or(q.odd(type, a), q.odd(type, b)), inexact: 'never', unusual: [a, b] }
    case 'round':
      return {
        raised: q.odd(type, b),
        inexact: control & 8 ? 'never' : q.compare(type, 'ne', r, b),
      }
    default:
      return { raised: q.or(operands(), q.unclean(type, r)), inexact: 'always', unusual: [a, b, r] }
  }
}

/** Doubts of conversions to integers: the result is the indefinite, or is another number than the operand. */
function ofIntegers(q: Questions, call: ExactCall, x: Value, r: Value): Doubts {
  const { ir } = q.t
  const { type } = call
  if (!q.packed) {
    const bits = ir.typeOf(r) === I64 ? 'i64' : 'i32'
    const indefinite = bits === 'i64' ? ir.i64Halves(0, 0x8000_0000) : ir.i32(0x8000_0000)
    return {
      raised: ir.op2(`${bits}.eq`, r, indefinite),
      inexact: ir.op2(`${type}.ne`, ir.op1(`${type}.convert_${bits}_s`, r), x),
    }
  }
  const back = type === 'f32' ? 'f32x4.convert_i32x4_s' : 'f64x2.convert_low_i32x4_s'
  return {
    raised: ir.op2('i32x4.eq', r, splat32(q.t, 0x8000_0000)),
    inexact: q.compare(type, 'ne', ir.op1(back, r), x),
  }
}

/** Doubts of conversions from integers, which are only inexact, when they have more bits than the significand. */
function fromIntegers(q: Questions, call: ExactCall, x: Value): Doubts {
  const { ir } = q.t
  if (q.packed) return { raised: -1, inexact: call.type === 'f32' ? 'always' : 'never' }
  const bits = ir.typeOf(x) === I64 ? 'i64' : 'i32'
  if (bits === 'i32' && call.type === 'f64') return { raised: -1, inexact: 'never' }
  const most = 2 ** (call.type === 'f32' ? 24 : 53)
  const constant = (value: number): Value => (bits === 'i64' ? ir.i64(value) : ir.i32(value))
  const moved = ir.op2(`${bits}.add`, x, constant(most))
  return { raised: -1, inexact: ir.op2(`${bits}.gt_u`, moved, constant(2 * most)) }
}

/** Doubts of conversions between floats, seen on the double that the operand is or the result becomes. */
function betweenFloats(q: Questions, call: ExactCall, x: Value, r: Value): Doubts {
  const { ir } = q.t
  if (call.op === 'toF64') {
    const small = q.and(q.outside('f64', r, LEAST_SINGLE_F64), q.nonZero('f64', r))
    return { raised: q.and(small, q.bounded('f64', r)), inexact: 'never' }
  }
  const back = ir.op1(q.packed ? 'f64x2.promote_low_f32x4' : 'f64.promote_f32', r)
  return {
    raised: q.and(q.outside('f64', back, LEAST_SINGLE_F64), q.nonZero('f64', x)),
    inexact: q.compare('f64', 'ne', back, x),
  }
}

function doubtsOf(q: Questions, call: ExactCall, control: number, a: Value, b: Value, r: Value): Doubts {
  if (call.op.startsWith('from')) return fromIntegers(q, call, b)
  if (call.op === 'toF32' || call.op === 'toF64') return betweenFloats(q, call, b, r)
  if (/^(to|trunc)I/.test(call.op)) return ofIntegers(q, call, b, r)
  return ofFloats(q, call, control, a, b, r)
}

/** A vector with the scalar in its lowest lane. */
function vectorOf(t: Translator, x: Value): Value {
  const { ir } = t
  switch (ir.typeOf(x)) {
    case F32:
      return ir.op1('f32x4.splat', x)
    case F64:
      return ir.op1('f64x2.splat', x)
    case I32:
      return ir.op1('i32x4.splat', x)
    case I64:
      return ir.op1('i64x2.splat', x)
    default:
      return x
  }
}

/** Whether one of the values is unusual; -1 when none needs to be looked at. */
function anyUnusual(q: Questions, call: ExactCall, values: readonly Value[], r: Value): Value {
  const { ir, floatOperands } = q.t
  let found = -1
  for (const x of values) {
    // An operand that was looked at before in the block has raised what it can; NaNs and infinities show in the result.
    const key = 2 * x + (call.type === 'f64' ? 1 : 0)
    if (r >= 0 && x !== r && floatOperands.has(key)) continue
    if (r >= 0 && x !== r) floatOperands.add(key)
    const one = q.unusual(call.type, x)
    found = found < 0 ? one : q.packed ? q.or(found, one) : ir.op2('i32.or', found, one)
  }
  return found < 0 ? -1 : q.any(found)
}

/**
 * Makes a row's flags right, before it sets its result: `a` and `b` are its operands (`a` -1 where there is one only),
 * scalars if it computes one lane, and `r` its result, -1 where it is none of the operands' type.
 */
export function checkFlags(
  t: Translator,
  i: Insn,
  call: ExactCall,
  packed: number,
  [a, b, r]: readonly [Value, Value, Value],
): void {
  const { ir } = t
  const q = new Questions(t, call.count > 1)
  const second = vectorOf(t, b)
  const pair = ir.op2('pair', a < 0 ? second : vectorOf(t, a), second)
  const ask = (doubt: Value, precise: Value): void =>
    ir.helperIf(doubt, precise, HELPER_SSE_FLAGS, packed | ((i.imm & 0xff) << 16), pair)
  // The products of a dot product are seen by nobody.
  if (call.op === 'dp') {
    ask(ir.i32(1), ir.i32(1))
    return
  }
  const { raised, inexact, unusual } = doubtsOf(q, call, i.imm, a, b, r)
  let precise = raised < 0 ? -1 : q.any(raised)
  let doubt = unusual ? anyUnusual(q, call, unusual, r) : precise
  if (inexact !== 'never') {
    const exact = exactSoFar(t)
    const lost = inexact === 'always' ? exact : ir.op2('i32.and', exact, q.any(inexact))
    doubt = doubt < 0 ? lost : ir.op2('i32.or', doubt, lost)
    precise = precise < 0 ? lost : ir.op2('i32.or', precise, lost)
  }
  if (doubt >= 0) ask(doubt, unusual ? precise : ir.i32(1))
}

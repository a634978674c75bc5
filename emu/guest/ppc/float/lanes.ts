/**
 * VSX's vectors of floats in translated code: as scalar.ts has scalars. Results come from the host's vector operations;
 * where one is not a normal number, or XX still clear, a helper raises what there is to raise.
 * Path: rows of insts/vsx-lanes.ts. Reference: Power ISA, Book I, 7.6.
 */

import type { Value } from '../../../ir/region.ts'
import { COMMON_STATE } from '../../../memory/state-block.ts'
import type { Insn } from '../decode.ts'
import { HELPER_FLOAT_LANES, HELPER_FLOAT_LANES_RAISE } from '../helper-ids.ts'
import type { Translate } from '../row.ts'
import type { Translator } from '../translate.ts'
import { splat } from '../vector/lanes.ts'
import { Doubles } from './fused.ts'
import { fusedSingles } from './fused-singles.ts'
import { laneCode } from './lanes-exact.ts'
import { type FloatOp, packCall } from './operations.ts'
import { exactSoFar, type Registers, requireUsualMode } from './scalar.ts'

export type FloatLanes = 'f64x2' | 'f32x4'

/** Upper words: the least normal number and infinity, and what the product of doubles lies between. */
const LIMITS = {
  f64x2: { lanes: 'i64x2', size: 8, least: 0x0010_0000, infinite: 0x7ff0_0000 },
  f32x4: { lanes: 'i32x4', size: 4, least: 0x0080_0000, infinite: 0x7f80_0000 },
} as const
const PRODUCT_LEAST = (1023 - 960) << 20
const PRODUCT_MOST = (1023 + 900) << 20

/** Questions to the lanes of a vector, as masks. */
class LaneQuestions {
  readonly t: Translator
  readonly type: FloatLanes

  constructor(t: Translator, type: FloatLanes) {
    this.t = t
    this.type = type
  }

  op(name: string, x: Value, y: Value): Value {
    return this.t.ir.op2(`${this.type}.${name}`, x, y)
  }

  /** In every lane the upper word. */
  constant(word: number): Value {
    const { ir } = this.t
    return this.type === 'f32x4' ? splat(ir, 4, word >>> 0) : ir.op1('i64x2.splat', ir.i64Halves(0, word | 0))
  }

  isZero(x: Value): Value {
    return this.op('eq', x, this.constant(0))
  }

  isInfiniteOrNan(x: Value): Value {
    const { ir } = this.t
    const size = ir.op1(`${this.type}.abs`, x)
    return ir.op1('v128.not', this.op('lt', size, this.constant(LIMITS[this.type].infinite)))
  }

  /** Not surely between two powers of two: as scalar.ts, but lanes compare with signs. */
  outside(x: Value, least: number, most: number): Value {
    const { ir } = this.t
    const { lanes } = LIMITS[this.type]
    const from = 2 * least + 2
    const shifted = ir.op2(`${lanes}.shl`, x, ir.i32(1))
    const moved = ir.op2(`${lanes}.add`, shifted, this.constant(0x8000_0000 - from))
    return ir.op2(`${lanes}.gt_s`, moved, this.constant(2 * most - from - 1 - 0x8000_0000))
  }

  isUnusual(x: Value): Value {
    const { least, infinite } = LIMITS[this.type]
    return this.outside(x, least, infinite)
  }
}

type Operands = readonly [a: Value, b: Value, c: Value]

interface Quick {
  readonly result: Value
  /** Lane masks: what may raise something, and what really may. */
  readonly doubt: Value
  readonly precise: Value
}

function quick(t: Translator, op: FloatOp, type: FloatLanes, [a, b, c]: Operands): Quick {
  const { ir } = t
  const q = new LaneQuestions(t, type)
  const and = (x: Value, y: Value): Value => ir.op2('v128.and', x, y)
  const or = (x: Value, y: Value): Value => ir.op2('v128.or', x, y)
  const unless = (x: Value, y: Value): Value => ir.op2('v128.andnot', x, y)
  switch (op) {
    case 'add':
    case 'sub': {
      const result = q.op(op, a, b)
      const doubt = q.isInfiniteOrNan(result)
      return { result, doubt, precise: doubt }
    }
    case 'mul': {
      const result = q.op('mul', a, c)
      const doubt = q.isUnusual(result)
      const isTrue = and(q.isZero(result), or(q.isZero(a), q.isZero(c)))
      return { result, doubt, precise: unless(doubt, isTrue) }
    }
    case 'div': {
      const result = q.op('div', a, b)
      const doubt = q.isUnusual(result)
      return { result, doubt, precise: unless(doubt, and(q.isZero(result), q.isZero(a))) }
    }
    case 'sqrt': {
      const result = ir.op1(`${type}.sqrt`, b)
      const doubt = q.isUnusual(result)
      return { result, doubt, precise: unless(doubt, q.isZero(b)) }
    }
    default:
      return multiplyAdd(t, op, q, [a, b, c])
  }
}

function multiplyAdd(t: Translator, op: FloatOp, q: LaneQuestions, [a, b, c]: Operands): Quick {
  const { ir } = t
  const { type } = q
  const negated = (x: Value): Value => ir.op1(`${type}.neg`, x)
  const term = op === 'msub' || op === 'nmsub' ? negated(b) : b
  const isNegated = op === 'nmadd' || op === 'nmsub'
  if (type === 'f32x4') {
    const sum = fusedSingles(ir, a, c, term)
    const result = isNegated ? negated(sum) : sum
    const doubt = q.isUnusual(result)
    return { result, doubt, precise: doubt }
  }
  const [sum, product] = new Doubles(ir, 'f64x2').fused(a, c, term)
  const result = isNegated ? negated(sum) : sum
  const doubt = ir.op2('v128.or', q.isUnusual(result), q.outside(product, PRODUCT_LEAST, PRODUCT_MOST))
  return { result, doubt, precise: doubt }
}

/** Calls the helper where lanes may raise something. */
function raise(
  t: Translator,
  code: number,
  doubt: Value,
  precise: Value,
  operands: Operands,
  result: Value,
): void {
  const { ir } = t
  const { scratch } = COMMON_STATE
  const [a, b, c] = operands
  ir.stateStore(128, scratch + 32, c)
  ir.stateStore(128, scratch + 48, result)
  ir.helperIf(doubt, precise, HELPER_FLOAT_LANES_RAISE, code, ir.op2('pair', a, b))
}

/** Executes an operation of lanes-exact.ts by the exact helper. */
export const callLanes = (t: Translator, i: Insn, code: number, r: Registers): void =>
  t.callHelper(
    i,
    HELPER_FLOAT_LANES,
    packCall(code, r.t, Math.max(r.a, 0), Math.max(r.b, 0), Math.max(r.c, 0)),
  )

/** A row of arithmetic. */
export function laneArithmetic(
  op: FloatOp,
  type: FloatLanes,
  registersOf: (i: Insn) => Registers,
): Translate {
  const element = type === 'f64x2' ? 'd' : 's'
  const code = laneCode(op, element, element)
  return (t, i) => {
    const { ir } = t
    const registers = registersOf(i)
    if (ir.options.exactChecks) {
      callLanes(t, i, code, registers)
      return
    }
    requireUsualMode(t)
    const some = Math.max(registers.a, registers.b, registers.c)
    const operands = [registers.a, registers.b, registers.c].map((k) =>
      t.vsr(k < 0 ? some : k),
    ) as unknown as Operands
    const { result, doubt, precise } = quick(t, op, type, operands)
    const exact = exactSoFar(t)
    const any = (mask: Value): Value => ir.op2('i32.or', ir.op1('v128.any_true', mask), exact)
    raise(t, code, any(doubt), any(precise), operands, result)
    t.setVsr(registers.t, result)
  }
}

/** A row that the helper always executes. */
export const laneExactly =
  (code: number, registersOf: (i: Insn) => Registers): Translate =>
  (t, i) =>
    callLanes(t, i, code, registersOf(i))

const RELATIONS = { equal: 'eq', greater: 'gt', greaterEqual: 'ge' } as const

/** A comparison: masks, and CR6 where Rc asks for it. */
export function laneCompare(op: keyof typeof RELATIONS, type: FloatLanes): Translate {
  const element = type === 'f64x2' ? 'd' : 's'
  const code = laneCode(op, element, element)
  return (t, i) => {
    const { ir } = t
    if (ir.options.exactChecks) callLanes(t, i, code, { t: i.xt, a: i.xa, b: i.xb, c: -1 })
    else {
      requireUsualMode(t)
      const [a, b] = [t.vsr(i.xa), t.vsr(i.xb)]
      const result = ir.op2(`${type}.${RELATIONS[op]}`, a, b)
      const isNan = (x: Value): Value => ir.op2(`${type}.ne`, x, x)
      const found = ir.op1('v128.any_true', ir.op2('v128.or', isNan(a), isNan(b)))
      raise(t, code, found, ir.i32(1), [a, b, a], result)
      t.setVsr(i.xt, result)
    }
    if (i.word & 0x400) {
      const mask = t.vsr(i.xt)
      const isAll = ir.op1('i32.eqz', ir.op1('v128.any_true', ir.op1('v128.not', mask)))
      const isNone = ir.op1('i32.eqz', ir.op1('v128.any_true', mask))
      t.cr.setField(
        6,
        ir.op2('i32.or', ir.op2('i32.shl', isAll, ir.i32(3)), ir.op2('i32.shl', isNone, ir.i32(1))),
      )
    }
  }
}

/**
 * Routines: what a helper does most of the time, as a function of its own in IR operations, which translated code calls
 * in the helper's place. It has what a region has not: locals that change, nested control flow and memory at computed
 * addresses. Where the case is not a common one it gives up, before it has changed anything, and the helper is called.
 * Path: emu/guest/<isa> writes them with the methods here; emu/wasm/routine.ts makes them functions of a module, so only
 * translated code has them: the interpreter calls the helper, which does the same.
 *
 * Example, the low byte of a field doubled, if it is not 0:
 *   const r = new Routine(HELPER)
 *   const x = r.let(r.load('load8_u', FIELD))
 *   r.giveUpIf(x.isZero())
 *   r.return(x.shl(1))
 */

import { I32, I64, OPS, op, type Type } from './ops.ts'

/** What an operand may be given as: numbers are constants of the other operand's type. */
export type Operand = Expression | number | bigint

const N_CONST32 = op('i32.const')
const N_CONST64 = op('i64.const')
/** An expression's `op` for the value of a local; no row's number. */
export const LOCAL = -1

/** A value of one of the integer types; it is computed wherever it is used, so what is used twice belongs in a local. */
export class Expression {
  /** Number of an operation, or LOCAL. */
  readonly op: number
  readonly type: Type
  readonly operands: readonly Expression[]
  /** A constant's value, a local's index, or what a load adds to its address. */
  readonly immediate: bigint

  constructor(number: number, type: Type, operands: readonly Expression[], immediate = 0n) {
    this.op = number
    this.type = type
    this.operands = operands
    this.immediate = immediate
  }

  private binary(name: string, other: Operand): Expression {
    return operation(`${this.type === I64 ? 'i64' : 'i32'}.${name}`, this, asOperand(other, this.type))
  }

  add(other: Operand): Expression {
    return this.binary('add', other)
  }

  sub(other: Operand): Expression {
    return this.binary('sub', other)
  }

  mul(other: Operand): Expression {
    return this.binary('mul', other)
  }

  /** Unsigned, as are the comparisons. The divisor must not be 0. */
  div(other: Operand): Expression {
    return this.binary('div_u', other)
  }

  and(other: Operand): Expression {
    return this.binary('and', other)
  }

  or(other: Operand): Expression {
    return this.binary('or', other)
  }

  xor(other: Operand): Expression {
    return this.binary('xor', other)
  }

  /** Shifts take their count modulo the size. */
  shl(count: Operand): Expression {
    return this.binary('shl', count)
  }

  shr(count: Operand): Expression {
    return this.binary('shr_u', count)
  }

  eq(other: Operand): Expression {
    return this.binary('eq', other)
  }

  ne(other: Operand): Expression {
    return this.binary('ne', other)
  }

  below(other: Operand): Expression {
    return this.binary('lt_u', other)
  }

  above(other: Operand): Expression {
    return this.binary('gt_u', other)
  }

  isZero(): Expression {
    return operation(this.type === I64 ? 'i64.eqz' : 'i32.eqz', this)
  }

  isNegative(): Expression {
    return this.binary('lt_s', 0)
  }

  /** Leading zeros. */
  clz(): Expression {
    return operation(this.type === I64 ? 'i64.clz' : 'i32.clz', this)
  }

  /** The lower half of an i64. */
  wrap(): Expression {
    return operation('i32.wrap_i64', this)
  }

  /** An i32 as an i64 without sign. */
  extend(): Expression {
    return operation('i64.extend_i32_u', this)
  }

  /** As a condition: one of two values, both of which are computed. */
  choose(then: Expression, otherwise: Operand): Expression {
    const name = then.type === I64 ? 'select.i64' : 'select.i32'
    return operation(name, then, asOperand(otherwise, then.type), this)
  }
}

/** Any operation by its name, for those without a method. */
export function operation(name: string, ...operands: Expression[]): Expression {
  const number = op(name)
  return new Expression(number, OPS[number]!.out as Type, operands)
}

export const constant32 = (value: number): Expression => new Expression(N_CONST32, I32, [], BigInt(value | 0))
export const constant64 = (value: number | bigint): Expression =>
  new Expression(N_CONST64, I64, [], BigInt.asIntN(64, BigInt(value)))

function asOperand(x: Operand, type: Type): Expression {
  if (x instanceof Expression) return x
  return type === I64 ? constant64(x) : constant32(Number(x))
}

/** A local: an expression that can be set. */
export class Local extends Expression {
  constructor(index: number, type: Type) {
    super(LOCAL, type, [], BigInt(index))
  }
}

export type LoadName = 'load8_u' | 'load16_u' | 'load16_s' | 'load32' | 'load64'
export type StoreName = 'store16' | 'store32' | 'store64'

export type Statement =
  | { kind: 'set'; local: Local; value: Expression }
  | { kind: 'store'; op: number; address: Expression; offset: number; value: Expression }
  | { kind: 'if'; condition: Expression; taken: Statement[]; otherwise: Statement[] }
  | { kind: 'while'; condition: Expression; body: Statement[] }
  | { kind: 'giveUpIf'; condition: Expression }
  | { kind: 'return'; value: Expression }

/** A function of the two arguments that the helper gets. */
export class Routine {
  /** The helper that does the rest. */
  readonly helper: number
  readonly first = new Local(0, I32)
  readonly second = new Local(1, I32)
  /** Types of the locals behind the arguments. */
  readonly locals: Type[] = []
  readonly body: Statement[] = []
  private open = this.body

  constructor(helper: number) {
    this.helper = helper
  }

  /** A new local with a first value. */
  let(value: Expression): Local {
    this.locals.push(value.type)
    const local = new Local(1 + this.locals.length, value.type)
    this.set(local, value)
    return local
  }

  set(local: Local, value: Operand): void {
    this.open.push({ kind: 'set', local, value: asOperand(value, local.type) })
  }

  /** What lies at an address of the Memory. */
  load(name: LoadName, offset: number, address = constant32(0)): Expression {
    const number = op(name)
    return new Expression(number, OPS[number]!.out as Type, [address], BigInt(offset))
  }

  store(name: StoreName, offset: number, value: Expression, address = constant32(0)): void {
    this.open.push({ kind: 'store', op: op(name), address, offset, value })
  }

  if(condition: Expression, then: () => void, otherwise?: () => void): void {
    const statement = { kind: 'if' as const, condition, taken: [], otherwise: [] }
    this.open.push(statement)
    this.within(statement.taken, then)
    if (otherwise) this.within(statement.otherwise, otherwise)
  }

  while(condition: Expression, write: () => void): void {
    const statement = { kind: 'while' as const, condition, body: [] }
    this.open.push(statement)
    this.within(statement.body, write)
  }

  private within(list: Statement[], write: () => void): void {
    const outer = this.open
    this.open = list
    write()
    this.open = outer
  }

  /** Leaves it to the helper. Nothing may have been stored. */
  giveUpIf(condition: Expression): void {
    this.open.push({ kind: 'giveUpIf', condition })
  }

  giveUpUnless(condition: Expression): void {
    this.giveUpIf(condition.isZero())
  }

  /** Ends with the helper's result. */
  return(value: Operand): void {
    this.open.push({ kind: 'return', value: asOperand(value, I32) })
  }
}

/** A guest's routines. Keys are numbers below 2^24 that stay the same. */
export interface RoutineTable {
  /** The key of the routine for calls of a helper with an argument, if there is one. */
  keyOf(helper: number, argument: number): number | undefined
  routine(key: number): Routine
}

/** Of a guest that calls helpers only. */
export const NO_ROUTINES: RoutineTable = {
  keyOf: () => undefined,
  routine: (key) => {
    throw new Error(`no routine ${key}`)
  },
}

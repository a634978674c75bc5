/**
 * The x87 instructions as helpers of translated code: an operation, a register number and where the operand is, packed
 * into one number. Path: insts/x87.ts makes the calls; in translated code routines.ts comes first.
 */

import type { AddressSpace } from '../../../memory/address-space.ts'
import { STATE_BASE } from '../../../memory/layout.ts'
import * as F from '../../softfloat.ts'
import { fpeCode } from '../float-helper.ts'
import { X86_STATE } from '../state.ts'
import {
  arithmetic,
  extract,
  relation,
  remainder,
  roundToInteger,
  scale,
  squareRoot,
  unary,
} from './arithmetic.ts'
import { copyRegister, exchangeRegisters, fastArithmetic, fastCompare, fastLoad, fastStore } from './fast.ts'
import { LN2, P, pi } from './fixed.ts'
import { C0, C1, C2, C3, ES, Fpu, SCRATCH } from './fpu.ts'
import {
  type EnvironmentFormat,
  initialise,
  LONG,
  load,
  loadEnvironment,
  operand,
  restoreAll,
  SHORT,
  SOURCES,
  type Source,
  saveAll,
  store,
  storeEnvironment,
} from './memory.ts'
import { arctangent, trigonometric, twoToXMinusOne, yLog2x } from './transcendental.ts'

/** One call, unpacked. */
export interface Call {
  i: number
  source: Source
  pops: number
  /** The result goes to ST(i), not ST(0). */
  toI: boolean
}

/** Changes the registers; what it returns, if anything, is the helper's result. */
type Operation = (fpu: Fpu, call: Call) => unknown

const arith =
  (op: 'add' | 'mul' | 'sub' | 'div', reversed: boolean): Operation =>
  (fpu, call) => {
    const to = call.toI ? call.i : 0
    if (fastArithmetic(fpu, op, reversed, call.source, call.i, to)) popMany(fpu, call.pops)
    else arithmetic(fpu, op, reversed, operand(fpu, call.source, call.i), to, call.pops)
  }

const popMany = (fpu: Fpu, count: number): void => {
  for (let k = 0; k < count; k++) fpu.pop()
}

/** FCOM and FUCOM: C3, C2, C0 say how ST(0) and the operand compare. */
const compare =
  (ordered: boolean): Operation =>
  (fpu, { source, i, pops }) => {
    const order = fastCompare(fpu, source, i)
    if (order !== 2) {
      fpu.setConditions(order === 0 ? C3 : order < 0 ? C0 : 0)
      popMany(fpu, pops)
      return
    }
    setRelation(fpu, operand(fpu, source, i), ordered, pops)
  }

/** The conditions are there even when the compare traps; it pops only when it does not. */
function setRelation(fpu: Fpu, y: F.Float | null, ordered: boolean, pops: number): void {
  fpu.setC1(false)
  const { bits, traps } = relation(fpu, operand(fpu, 'st', 0), y, ordered)
  fpu.status = (fpu.status & ~(C0 | C2 | C3)) | bits
  if (!traps) popMany(fpu, pops)
}

/** FCOMI and FUCOMI: the same in ZF, PF, CF. The result is those flags. */
const compareFlags =
  (ordered: boolean): Operation =>
  (fpu, { i, pops }) => {
    const order = fastCompare(fpu, 'st', i)
    if (order !== 2) {
      popMany(fpu, pops)
      return order === 0 ? 64 : order < 0 ? 1 : 0
    }
    const { bits, traps } = relation(fpu, operand(fpu, 'st', 0), operand(fpu, 'st', i), ordered)
    if (!traps) popMany(fpu, pops)
    return (bits & C0 ? 1 : 0) | (bits & C2 ? 4 : 0) | (bits & C3 ? 64 : 0)
  }

const exchange: Operation = (fpu, { i }) => {
  const empty = fpu.isEmpty(0) || fpu.isEmpty(i)
  if (empty && !fpu.stackFault(false)) return
  if (empty) for (const k of [0, i]) if (fpu.isEmpty(k)) fpu.set(k, F.DEFAULT_NAN)
  if (!empty) fpu.setC1(false)
  exchangeRegisters(fpu, i)
}

/** FST ST(i) and FSTP ST(i). */
const storeRegister: Operation = (fpu, { i, pops }) => {
  if (fpu.isEmpty(0)) {
    if (!fpu.stackFault(false)) return
    fpu.set(i, F.DEFAULT_NAN)
  } else {
    fpu.setC1(false)
    copyRegister(fpu, 0, i)
  }
  popMany(fpu, pops)
}

/** D9 D8+i stores without looking whether there is something. */
const storeUnchecked: Operation = (fpu, { i }) => {
  const empty = fpu.isEmpty(0)
  fpu.setC1(false)
  if (!empty) fpu.setRaw(i, ...fpu.raw(0))
  fpu.pop()
}

/** FLD ST(i) of a register in use onto a stack that has room. */
function fastPush(fpu: Fpu, i: number): boolean {
  if (fpu.isEmpty(i) || !fpu.isEmpty(7)) return false
  fpu.setC1(false)
  fpu.top = (fpu.top - 1) & 7
  copyRegister(fpu, i + 1, 0)
  return true
}

const storing =
  (truncate: boolean): Operation =>
  (fpu, { source, pops }) => {
    if (fastStore(fpu, source, truncate)) popMany(fpu, pops)
    else store(fpu, source, pops > 0, truncate)
  }

/** FCMOVcc, the condition decided by the translation: `pops` is it. */
const conditionalMove: Operation = (fpu, { i, pops }) => {
  if (fpu.isEmpty(0) || fpu.isEmpty(i)) {
    if (fpu.stackFault(false)) fpu.set(0, F.DEFAULT_NAN)
    return
  }
  if (pops) fpu.setRaw(0, ...fpu.raw(i))
}

/** FCHS and FABS change the sign of anything. */
const sign =
  (f: (signExponent: number) => number): Operation =>
  (fpu) => {
    if (fpu.isEmpty(0)) {
      if (fpu.stackFault(false)) fpu.set(0, F.DEFAULT_NAN)
      return
    }
    fpu.setC1(false)
    const [significand, signExponent] = fpu.raw(0)
    fpu.setRaw(0, significand, f(signExponent))
  }

const test: Operation = (fpu) => {
  setRelation(fpu, F.zero(false), true, 0)
}

const examine: Operation = (fpu) => {
  const x = fpu.get(0)
  const [, signExponent] = fpu.raw(0)
  let bits = 0
  if (fpu.isEmpty(0)) bits = C3 | C0
  else if (x.kind === F.NAN) bits = C0
  else if (x.kind === F.INFINITE) bits = C2 | C0
  else if (x.kind === F.ZERO) bits = C3
  else if (x.kind === F.FINITE) bits = x.special ? C3 | C2 : C2
  fpu.setConditions(bits | (signExponent & 0x8000 ? C1 : 0))
}

const atP = (value: bigint): F.Float => F.finite(false, (value << 1n) | 1n, -P - 1)
const ten = 10n
/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2, FLDZ. */
const CONSTANTS: (() => F.Float)[] = [
  () => F.finite(false, 1n, 0),
  () => atP(logarithmOf(ten)),
  () => atP((1n << BigInt(2 * P)) / LN2),
  () => atP(pi(P)),
  () => atP((1n << BigInt(2 * P)) / logarithmOf(ten)),
  () => atP(LN2),
  () => F.zero(false),
]

/** log2 of an integer to P bits, digit by digit. */
function logarithmOf(n: bigint): bigint {
  let x = n << BigInt(P)
  let result = 0n
  while (x >= 2n << BigInt(P)) {
    x >>= 1n
    result += 1n << BigInt(P)
  }
  for (let bit = P - 1; bit >= 0; bit--) {
    x = (x * x) >> BigInt(P)
    if (x >= 2n << BigInt(P)) {
      x >>= 1n
      result += 1n << BigInt(bit)
    }
  }
  return result
}

const rounded = new Map<number, F.Float>()

const constant: Operation = (fpu, { i }) => {
  // The irrational ones are rounded as the control word says.
  const key = i * 4 + fpu.rounding
  let value = rounded.get(key)
  if (value === undefined) {
    const exact = CONSTANTS[i]!()
    value = exact.kind === F.FINITE ? F.round(exact, F.FORMAT80, fpu.rounding, 0).value : exact
    rounded.set(key, value)
  }
  fpu.setC1(false)
  fpu.push(value)
}

const turn =
  (by: number): Operation =>
  (fpu) => {
    fpu.setC1(false)
    fpu.top = (fpu.top + by) & 7
  }

/** Control word: what is unmasked now and flagged waits for the next instruction. */
const loadControl: Operation = (fpu) => {
  fpu.control = (fpu.view.getUint16(SCRATCH, true) & 0x1f3f) | 0x40
  fpu.status &= ~0x8080
  if (fpu.status & fpu.unmasked & 0x3f) fpu.status |= 0x8080
}

/** By name; an operation's number is its place here. */
export const X87_OPERATIONS: Record<string, Operation> = {
  add: arith('add', false),
  mul: arith('mul', false),
  com: compare(true),
  comp: compare(true),
  sub: arith('sub', false),
  subr: arith('sub', true),
  div: arith('div', false),
  divr: arith('div', true),
  ucom: compare(false),
  comi: compareFlags(true),
  ucomi: compareFlags(false),
  load: (fpu, { source, i }) => {
    if (source === 'st' ? !fastPush(fpu, i) : !fastLoad(fpu, source)) load(fpu, source, i)
  },
  store: storing(false),
  storeTruncated: storing(true),
  storeRegister,
  storeUnchecked,
  exchange,
  conditionalMove,
  changeSign: sign((s) => s ^ 0x8000),
  absolute: sign((s) => s & 0x7fff),
  test,
  examine,
  constant,
  squareRoot,
  round: roundToInteger,
  scale,
  extract,
  remainder: (fpu) => remainder(fpu, false),
  remainderNearest: (fpu) => remainder(fpu, true),
  sin: (fpu) => trigonometric(fpu, 'sin'),
  cos: (fpu) => trigonometric(fpu, 'cos'),
  sincos: (fpu) => trigonometric(fpu, 'sincos'),
  tan: (fpu) => trigonometric(fpu, 'tan'),
  arctan: arctangent,
  twoToX: (fpu) => unary(fpu, (x) => powerOfTwo(fpu, x)),
  yLog2x: (fpu) => yLog2x(fpu, false),
  yLog2xPlus1: (fpu) => yLog2x(fpu, true),
  increment: turn(1),
  decrement: turn(-1),
  free: (fpu, { i, pops }) => {
    fpu.setC1(false)
    fpu.free(i)
    popMany(fpu, pops)
  },
  clear: (fpu) => {
    fpu.status &= ~0x80ff
  },
  init: initialise,
  loadControl,
  status: (fpu) => (fpu.status & ~0x3800) | (fpu.top << 11),
  storeEnvironment: (fpu) => storeMasking(fpu, LONG),
  storeEnvironmentShort: (fpu) => storeMasking(fpu, SHORT),
  loadEnvironment: (fpu) => loadEnvironment(fpu, SCRATCH, LONG),
  loadEnvironmentShort: (fpu) => loadEnvironment(fpu, SCRATCH, SHORT),
  save: (fpu) => saveAll(fpu, SCRATCH, LONG),
  saveShort: (fpu) => saveAll(fpu, SCRATCH, SHORT),
  restore: (fpu) => restoreAll(fpu, SCRATCH, LONG),
  restoreShort: (fpu) => restoreAll(fpu, SCRATCH, SHORT),
}

/** FNSTENV masks all exceptions. */
function storeMasking(fpu: Fpu, format: EnvironmentFormat): void {
  storeEnvironment(fpu, SCRATCH, format)
  fpu.control |= 0x3f
  fpu.status &= ~0x8080
}

const BY_NUMBER = Object.values(X87_OPERATIONS)
const NAMES = Object.keys(X87_OPERATIONS)
const NUMBERS = new Map(NAMES.map((name, k) => [name, k]))

function powerOfTwo(fpu: Fpu, x: F.Float): F.Float | null {
  const value = twoToXMinusOne(x)
  if (value.kind !== F.FINITE || value === x) {
    fpu.setC1(false)
    return value
  }
  fpu.deliver(0, value, F.FORMAT80)
  return null
}

/** The number that `x87` takes. */
export function packCall(name: string, i = 0, source: Source = 'st', pops = 0, toI = false): number {
  const number = NUMBERS.get(name)
  if (number === undefined) throw new Error(`no x87 operation is called ${name}`)
  return number | (i << 8) | (SOURCES.indexOf(source) << 12) | (pops << 16) | (toI ? 1 << 20 : 0)
}

/** The name of a packed call's operation. */
export const operationOf = (packed: number): string => NAMES[packed & 0xff]!

export function unpackCall(packed: number, to: Call = { i: 0, source: 'st', pops: 0, toI: false }): Call {
  to.i = (packed >> 8) & 7
  to.source = SOURCES[(packed >> 12) & 15]!
  to.pops = (packed >> 16) & 3
  to.toI = ((packed >> 20) & 1) === 1
  return to
}

const fpu = new Fpu()
const call = unpackCall(0)

/** Helper: executes an operation. The second argument is added to the packed pops (FCMOVcc's condition). */
export function x87(space: AddressSpace, packed: number, condition: number): number {
  fpu.begin(space)
  unpackCall(packed, call).pops += condition
  const result = BY_NUMBER[packed & 0xff]!(fpu, call)
  fpu.commit()
  return typeof result === 'number' ? result : 0
}

/** Helper: 1 and the FPE_* code in the state block when an exception waits to be raised. */
export function x87Pending(space: AddressSpace): number {
  fpu.begin(space)
  if (!(fpu.status & ES)) return 0
  space.view.setUint32(STATE_BASE + X86_STATE.exitCode, fpeCode(fpu.status & fpu.unmasked), true)
  return 1
}

/**
 * The common cases of the common x87 instructions as routines that translated code calls in place of the helper, which
 * does the rest (execute.ts). There is one for each operation, operand format and number of pops; which register it is
 * about it reads from the call. Results, tags and flags are the helper's: test/isa compares both with the CPU.
 * Path: emu/run/code-cache.ts links those that a batch calls into its module.
 */

import {
  constant32,
  constant64,
  type Expression,
  type Routine,
  type RoutineTable,
} from '../../../ir/routine.ts'
import { HELPER_X87 } from '../helper-ids.ts'
import type { ArithmeticName } from './arithmetic.ts'
import { type Call, operationOf, unpackCall } from './execute.ts'
import { BUSY, C0, C2, C3, CONDITIONS, CW, ES, SCRATCH } from './fpu.ts'
import { arithmetic, squareRoot } from './routine-arithmetic.ts'
import { remainder, scale } from './routine-exact.ts'
import { BIAS, C1_BIT, EXPONENT, Frame, INTEGER_BIT, SIGN, type Unpacked } from './routine-frame.ts'
import { roundToInteger, storeFloat, storeInteger } from './routine-rounding.ts'

/** Writes the routine of one operation. */
type Write = (f: Frame, call: Call) => void

/** Of the status word as programs see it. */
const TOP_FIELD = 0x3800
const WAITING = ES | BUSY
/** The register that a call names. */
const REGISTER = 0x700

const arith =
  (op: ArithmeticName, reversed: boolean): Write =>
  (f, { source, toI, pops }) => {
    f.requireMasked()
    const x = f.read('st', f.top)
    const y = f.read(source, f.slotI)
    const to = { slot: toI ? f.slotI : f.top, pops }
    if (reversed) arithmetic(f, op, y, x, to)
    else arithmetic(f, op, x, y, to)
  }

/** By what ST(0) is: above, below or equal to the operand. */
function relation(
  f: Frame,
  x: Unpacked,
  y: Unpacked,
  above: number,
  below: number,
  equal: number,
): Expression {
  const { r } = f
  const [ex, ey] = [x.signExponent.and(EXPONENT), y.signExponent.and(EXPONENT)]
  const isSmaller = r.let(ex.below(ey).or(ex.eq(ey).and(x.significand.below(y.significand))))
  const isSame = r.let(ex.eq(ey).and(x.significand.eq(y.significand)))
  const xNegative = r.let(x.signExponent.shr(15))
  // Where the signs are different they tell, unless both are zero.
  const differ = xNegative.ne(y.signExponent.shr(15))
  const isEqual = isSame.and(differ.isZero().or(x.isNormal.isZero()))
  const isBelow = differ.choose(xNegative, isSmaller.xor(xNegative))
  return isEqual.choose(constant32(equal), isBelow.choose(constant32(below), above))
}

const compare: Write = (f, { source, pops }) => {
  const x = f.read('st', f.top)
  const y = f.read(source, f.slotI)
  f.setStatus(CONDITIONS, relation(f, x, y, 0, C0, C3))
  f.pop(pops)
  f.r.return(0)
}

/** FTST. */
const test: Write = (f) => {
  const { r } = f
  const x = f.read('st', f.top)
  const zero = {
    significand: r.let(constant64(0)),
    signExponent: r.let(constant32(0)),
    isNormal: constant32(0),
  }
  f.setStatus(CONDITIONS, relation(f, x, zero, 0, C0, C3))
  r.return(0)
}

/** FXAM: what is in ST(0), and its sign also where it is empty. */
const examine: Write = (f) => {
  const { r } = f
  const significand = r.let(f.significand(f.top))
  const signExponent = r.let(f.signExponent(f.top))
  const exponent = r.let(signExponent.and(EXPONENT))
  const small = significand.isZero().choose(constant32(C3), C3 | C2)
  const large = significand.eq(INTEGER_BIT).choose(constant32(C2 | C0), C0)
  const normal = exponent.eq(EXPONENT).choose(large, C2)
  const kind = exponent.isZero().choose(small, significand.isNegative().choose(normal, 0))
  const bits = f.isEmpty(f.top).choose(constant32(C3 | C0), kind)
  f.setStatus(CONDITIONS, bits.or(signExponent.shr(15).shl(C1_BIT)))
  r.return(0)
}

const compareFlags: Write = (f, { pops }) => {
  const x = f.read('st', f.top)
  const y = f.read('st', f.slotI)
  const flags = f.r.let(relation(f, x, y, 0, 1, 64))
  f.pop(pops)
  f.r.return(flags)
}

/** Registers and 80-bit operands go as they are. */
const load: Write = (f, { source }) => {
  const { r } = f
  if (source === 'st') f.requireInUse(f.slotI)
  const { significand, signExponent } =
    source === 'st'
      ? { significand: r.let(f.significand(f.slotI)), signExponent: r.let(f.signExponent(f.slotI)) }
      : source === 'f80'
        ? { significand: r.load('load64', SCRATCH), signExponent: r.load('load32', SCRATCH + 8) }
        : f.read(source, f.top)
  f.push()
  f.write(f.top, significand, signExponent)
  f.setStatus(0)
  r.return(0)
}

const storing =
  (truncates: boolean): Write =>
  (f, { source, pops }) => {
    if (source === 'f80') {
      f.requireInUse(f.top)
      f.r.store('store64', SCRATCH, f.significand(f.top))
      f.r.store('store32', SCRATCH + 8, f.signExponent(f.top))
      f.setStatus(0)
    } else if (source === 'f32' || source === 'f64') storeFloat(f, source)
    else storeInteger(f, source, truncates)
    f.pop(pops)
    f.r.return(0)
  }

/** Copies ST(0) over ST(i). */
const storeRegister: Write = (f, { pops }) => {
  f.requireInUse(f.top)
  f.write(f.slotI, f.significand(f.top), f.signExponent(f.top))
  f.occupy(f.slotI)
  f.setStatus(0)
  f.pop(pops)
  f.r.return(0)
}

const exchange: Write = (f) => {
  const { r } = f
  f.requireInUse(f.top)
  f.requireInUse(f.slotI)
  const [significand, signExponent] = [r.let(f.significand(f.top)), r.let(f.signExponent(f.top))]
  f.write(f.top, f.significand(f.slotI), f.signExponent(f.slotI))
  f.write(f.slotI, significand, signExponent)
  f.setStatus(0)
  r.return(0)
}

const conditionalMove: Write = (f) => {
  const { r } = f
  f.requireInUse(f.top)
  f.requireInUse(f.slotI)
  r.if(r.second, () => f.write(f.top, f.significand(f.slotI), f.signExponent(f.slotI)))
  r.return(0)
}

const sign =
  (change: (signExponent: Expression) => Expression): Write =>
  (f) => {
    f.requireInUse(f.top)
    f.writeSign(f.top, change(f.signExponent(f.top)))
    f.setStatus(0)
    f.r.return(0)
  }

const constant: Write = (f, { i }) => {
  f.push()
  if (i === 0) f.write(f.top, constant64(INTEGER_BIT), constant32(BIAS))
  else f.write(f.top, constant64(0), constant32(0))
  f.setStatus(0)
  f.r.return(0)
}

const root: Write = (f) => {
  f.requireMasked()
  squareRoot(f, f.read('st', f.top))
}

/** Control word: what is unmasked now and flagged waits for the next instruction. */
const loadControl: Write = (f) => {
  const { r } = f
  const control = r.let(r.load('load32', SCRATCH).and(0x1f3f).or(0x40))
  const status = r.let(f.words.shr(16).and(~WAITING & 0xffff))
  const waits = status.and(0x3f).and(control.xor(-1)).isZero().isZero()
  r.store('store32', CW, control.or(waits.choose(status.or(WAITING), status).shl(16)))
  r.return(0)
}

/** FINCSTP and FDECSTP. */
const turn =
  (by: number): Write =>
  (f) => {
    f.setTop(f.slot(by))
    f.setStatus(0)
    f.r.return(0)
  }

const free: Write = (f, { pops }) => {
  f.free(f.slotI)
  f.setStatus(0)
  f.pop(pops)
  f.r.return(0)
}

const status: Write = ({ r, words, top }) => r.return(words.shr(16).and(~TOP_FIELD).or(top.shl(11)))

const WRITERS: Record<string, Write> = {
  add: arith('add', false),
  mul: arith('mul', false),
  sub: arith('sub', false),
  subr: arith('sub', true),
  div: arith('div', false),
  divr: arith('div', true),
  com: compare,
  comp: compare,
  ucom: compare,
  comi: compareFlags,
  ucomi: compareFlags,
  load,
  store: storing(false),
  storeTruncated: storing(true),
  storeRegister,
  exchange,
  conditionalMove,
  test,
  examine,
  increment: turn(1),
  decrement: turn(7),
  free,
  scale: (f) => scale(f, f.read('st', f.top), f.read('st', f.slot(1))),
  remainder: (f) => remainder(f, f.read('st', f.top), f.read('st', f.slot(1))),
  changeSign: sign((s) => s.xor(SIGN)),
  absolute: sign((s) => s.and(EXPONENT)),
  constant,
  squareRoot: root,
  round: roundToInteger,
  loadControl,
  status,
}
/** The constants that are exact: 1 and 0. */
const EXACT_CONSTANTS = [0, 6]

function keyOf(packed: number): number | undefined {
  const name = operationOf(packed)
  const { i, source } = unpackCall(packed)
  if (WRITERS[name] === undefined || source === 'bcd') return undefined
  if (name !== 'constant') return packed & ~REGISTER
  return EXACT_CONSTANTS.includes(i) ? packed : undefined
}

const written = new Map<number, Routine>()

/** A routine's key is a call it is for, without the register where it reads that. */
export const X87_ROUTINES: RoutineTable = {
  keyOf: (helper, argument) => (helper === HELPER_X87 ? keyOf(argument) : undefined),
  routine(key) {
    let routine = written.get(key)
    if (routine === undefined) {
      const frame = new Frame()
      WRITERS[operationOf(key)]!(frame, unpackCall(key))
      routine = frame.r
      written.set(key, routine)
    }
    return routine
  },
}

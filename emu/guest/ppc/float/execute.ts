/**
 * What interpreted float code calls for every operation, and translated code where its short ways are not enough; and
 * FPSCR, whose FPRF, FR and FI translated code leaves to be found from the last operation when somebody asks.
 * Path: helpers.ts lists these; the kernel's signal frames and ptrace use readFpscr and writeFpscr.
 * Reference: Power ISA, Book I, 4.2.2 and 4.6.
 */

import type { AddressSpace } from '../../../memory/address-space.ts'
import { STATE_BASE } from '../../../memory/layout.ts'
import { COMMON_STATE, StateBlock } from '../../../memory/state-block.ts'
import { setCrField } from '../cr.ts'
import { PPC_STATE, vsrPlace } from '../state.ts'
import { evaluate, type Outcome } from './exact.ts'
import * as S from './fpscr.ts'
import { COMPARED_LAST, type FloatOp, isSingle, opOf } from './operations.ts'
import { quick, quickly } from './quick.ts'

/** FPRF of an outcome. */
function fprfOf(op: FloatOp, single: boolean, { bits }: Outcome): number {
  // What conversions to integers leave there is undefined.
  if (op.startsWith('to')) return 0
  return S.classOf(Number(BigInt.asIntN(32, bits >> 32n)), Number(bits & 0xffff_ffffn), single)
}

/** FPSCR behind a scalar operation. */
export function fpscrAfter(fpscr: number, op: FloatOp, single: boolean, outcome: Outcome): number {
  const { raised, rounded, isKept } = outcome
  if (op === 'max' || op === 'min') return S.withRaised(fpscr, raised)
  const before = fpscr & ~(S.FR | S.FI)
  if (isKept) return S.withRaised(before >>> 0, raised)
  const class_ = fprfOf(op, single, outcome) << 12
  return S.withRaised(((before & ~S.FPRF) | class_ | rounded) >>> 0, raised)
}

const LAST_PLACES = [0, 8, 16].map((k) => PPC_STATE.floatOperands + k)
const SCRATCH_PLACES = [0, 8, 16].map((k) => COMMON_STATE.scratch + k)

const operandsAt = (state: StateBlock, place: number): [bigint, bigint, bigint] => [
  state.getU64(place),
  state.getU64(place + 8),
  state.getU64(place + 16),
]

/** FPSCR behind what `quick` found, but for what it raises. */
const quickFpscr = (fpscr: number): number =>
  ((fpscr & ~(S.FR | S.FI | S.FPRF)) | quickly.rounded | (quickly.fprf << 12)) >>> 0

/** Tries the short way with operands in the state block. */
function quickAt(
  { space: { view } }: StateBlock,
  op: FloatOp,
  single: boolean,
  places: readonly number[],
  fpscr: number,
): boolean {
  const a = view.getFloat64(STATE_BASE + places[0]!, true)
  const b = view.getFloat64(STATE_BASE + places[1]!, true)
  const c = view.getFloat64(STATE_BASE + places[2]!, true)
  return quick(op, single, a, b, c, fpscr)
}

/** Doubles in the state block compared: FPCC, of which 1 is unordered. */
function comparedAt({ space: { view } }: StateBlock, left: number, right: number): number {
  const a = view.getFloat64(STATE_BASE + left, true)
  const b = view.getFloat64(STATE_BASE + right, true)
  return a < b ? S.CLASS_MINUS : a > b ? S.CLASS_PLUS : a === b ? S.CLASS_ZERO : S.CLASS_INFINITY
}

/** FPSCR as it is. */
export function readFpscr(state: StateBlock): number {
  const last = state.getU32(PPC_STATE.floatLast)
  const before = state.getU32(PPC_STATE.fpscr)
  if (last === 0) return before
  let fpscr = before
  const op = opOf(last)
  if (op !== 'none') {
    const single = isSingle(last)
    if (quickAt(state, op, single, LAST_PLACES, before)) fpscr = quickFpscr(before)
    else {
      const outcome = evaluate(op, single, operandsAt(state, PPC_STATE.floatOperands), before)
      fpscr = fpscrAfter(before, op, single, { ...outcome, raised: 0 })
    }
  }
  if (last & COMPARED_LAST) {
    const found = comparedAt(state, PPC_STATE.floatCompared, PPC_STATE.floatCompared + 8)
    fpscr = (fpscr & ~S.FPCC) | (found << 12)
  }
  writeFpscr(state, fpscr >>> 0)
  return fpscr >>> 0
}

export function writeFpscr(state: StateBlock, fpscr: number): void {
  state.setU32(PPC_STATE.fpscr, fpscr)
  state.setU32(PPC_STATE.floatLast, 0)
}

/** Executes the scalar operation of a packed call on the registers. */
export function executeFloat(space: AddressSpace, call: number): number {
  const state = new StateBlock(space)
  const fpscr = readFpscr(state)
  const op = opOf(call)
  const single = isSingle(call)
  const [t, a, b, c] = [8, 14, 20, 26].map((shift) => (call >>> shift) & 63) as [
    number,
    number,
    number,
    number,
  ]
  if (quickAt(state, op, single, [vsrPlace(a), vsrPlace(b), vsrPlace(c)], fpscr)) {
    writeFpscr(state, S.withRaised(quickFpscr(fpscr), quickly.raised))
    space.view.setFloat64(STATE_BASE + vsrPlace(t), quickly.result, true)
    space.view.setFloat64(STATE_BASE + vsrPlace(t) + 8, quickly.result, true)
    return 0
  }
  const isCompare = op === 'compare' || op === 'compareOrdered'
  if (isCompare) {
    const found = comparedAt(state, vsrPlace(a), vsrPlace(b))
    if (found !== S.CLASS_INFINITY) {
      setCrField(state, t, found)
      writeFpscr(state, ((fpscr & ~S.FPCC) | (found << 12)) >>> 0)
      return 0
    }
  }
  const register = (k: number): bigint => state.getU64(vsrPlace(k))
  const outcome = evaluate(op, single, [register(a), register(b), register(c)], fpscr)
  if (op === 'testDivide' || op === 'testRoot') {
    setCrField(state, t, Number(outcome.bits))
    return 0
  }
  if (isCompare) {
    const bits = Number(outcome.bits)
    setCrField(state, t, bits)
    writeFpscr(state, S.withRaised(((fpscr & ~S.FPCC) | (bits << 12)) >>> 0, outcome.raised))
    return 0
  }
  writeFpscr(state, fpscrAfter(fpscr, op, single, outcome))
  if (outcome.isKept) return 0
  state.setU64(vsrPlace(t), outcome.bits)
  state.setU64(vsrPlace(t) + 8, outcome.bits)
  return 0
}

/**
 * Raises what an operation raises, for translated code: operands and the result that it has are in scratch. Returns 1
 * when the result is another one.
 */
export function raiseFloat(space: AddressSpace, code: number): number {
  const { view } = space
  const at = STATE_BASE + COMMON_STATE.scratch
  const fpscr = view.getUint32(STATE_BASE + PPC_STATE.fpscr, true)
  if (quickAt(new StateBlock(space), opOf(code), isSingle(code), SCRATCH_PLACES, fpscr)) {
    if (quickly.raised)
      view.setUint32(STATE_BASE + PPC_STATE.fpscr, S.withRaised(fpscr, quickly.raised), true)
    return Object.is(view.getFloat64(at + 24, true), quickly.result) ? 0 : 1
  }
  const operand = (k: number): bigint => view.getBigUint64(at + 8 * k, true)
  const outcome = evaluate(opOf(code), isSingle(code), [operand(0), operand(1), operand(2)], fpscr)
  view.setUint32(STATE_BASE + PPC_STATE.fpscr, S.withRaised(fpscr, outcome.raised), true)
  return outcome.bits === operand(3) ? 0 : 1
}

// ---- instructions of FPSCR, by their word

const MCRFS = 64,
  MTFSB1 = 38,
  MTFSB0 = 70,
  MTFSFI = 134,
  MFFS = 583,
  MTFSF = 711

/** A mask of FPSCR's fields, of which bit 7 - k names field k, in bits. */
function fieldMask(fields: number): number {
  let mask = 0
  for (let k = 0; k < 8; k++) if (fields & (0x80 >> k)) mask |= 0xf000_0000 >>> (4 * k)
  return mask >>> 0
}

/** FPSCR from what an instruction makes of it. */
const write = (state: StateBlock, value: number): void =>
  writeFpscr(state, S.summed((value & ~S.RESERVED) >>> 0))

/** Executes the instruction that `word` is; its Rc is the row's. */
export function executeFpscr(space: AddressSpace, word: number): number {
  const state = new StateBlock(space)
  const fpscr = readFpscr(state)
  const rt = (word >>> 21) & 31
  const ra = (word >>> 16) & 31
  const rb = (word >>> 11) & 31
  switch ((word >>> 1) & 0x3ff) {
    case MFFS:
      state.setNumber(vsrPlace(rt), fpscr)
      state.setNumber(vsrPlace(rt) + 8, fpscr)
      break
    case MCRFS: {
      const field = ra >> 2
      const mask = fieldMask(0x80 >> field)
      setCrField(state, rt >> 2, (fpscr >>> (28 - 4 * field)) & 15)
      write(state, (fpscr & ~(mask & (S.ALL_EXCEPTIONS | S.FX))) >>> 0)
      break
    }
    case MTFSB0:
      write(state, (fpscr & ~(0x8000_0000 >>> rt)) >>> 0)
      break
    case MTFSB1: {
      const bit = 0x8000_0000 >>> rt
      if (bit & S.ALL_EXCEPTIONS) writeFpscr(state, S.withRaised(fpscr, bit))
      else write(state, (fpscr | bit) >>> 0)
      break
    }
    case MTFSFI: {
      // With W it is the upper word, whose only field is the decimal rounding mode.
      if (ra & 1) break
      const field = rt >> 2
      write(state, ((fpscr & ~fieldMask(0x80 >> field)) | ((rb >> 1) << (28 - 4 * field))) >>> 0)
      break
    }
    case MTFSF: {
      const all = (word & 0x0200_0000) !== 0
      if (!all && ra & 1) break
      const mask = all ? 0xffff_ffff : fieldMask((word >>> 17) & 0xff)
      const value = state.getU32(vsrPlace(rb))
      write(state, ((fpscr & ~mask) | (value & mask)) >>> 0)
      break
    }
  }
  return 0
}

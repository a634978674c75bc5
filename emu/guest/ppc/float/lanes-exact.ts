/**
 * VSX's operations on vectors of floats, and conversions between element sizes, exactly: each element by exact.ts.
 * FPSCR's exceptions are raised, FPRF, FR and FI stay.
 * Path: helpers of vsx-lanes.ts's rows. Reference: Power ISA, Book I, 7.2.1.2 and 7.6.
 */

import type { AddressSpace } from '../../../memory/address-space.ts'
import { STATE_BASE } from '../../../memory/layout.ts'
import { COMMON_STATE, StateBlock } from '../../../memory/state-block.ts'
import { setCrField } from '../cr.ts'
import { PPC_STATE, vsrPlace } from '../state.ts'
import { evaluate } from './exact.ts'
import { fpscrAfter, readFpscr, writeFpscr } from './execute.ts'
import { summed, withRaised } from './fpscr.ts'
import type { FloatOp } from './operations.ts'

/** Elements: doubles or doublewords, singles, words. */
type Element = 'd' | 's' | 'w'

/** An operation on elements; where their sizes differ it is words 0 and 2 that go with the doublewords. */
export interface LaneOp {
  readonly op: FloatOp
  readonly from: Element
  readonly to: Element
  /** Of doubleword 0 alone, and then FPRF, FR and FI are set. */
  readonly isScalar?: boolean
}

/** All of them; a code is a place here. */
export const LANE_OPS: LaneOp[] = []

/** The code of an operation. Rows ask when they are made, so that it is the same in every run: translations are kept. */
export function laneCode(op: FloatOp, from: Element, to: Element, isScalar = false): number {
  const found = LANE_OPS.findIndex(
    (x) => x.op === op && x.from === from && x.to === to && (x.isScalar ?? false) === isScalar,
  )
  return found >= 0 ? found : LANE_OPS.push({ op, from, to, isScalar }) - 1
}

const scratchView = new DataView(new ArrayBuffer(8))

/** A single as a double, without quieting. */
function fromSingle(bits: number): bigint {
  const fraction = BigInt(bits & 0x7f_ffff)
  if (((bits >>> 23) & 0xff) === 0xff)
    return (BigInt(bits >>> 31) << 63n) | (0x7ffn << 52n) | (fraction << 29n)
  scratchView.setUint32(0, bits)
  scratchView.setFloat64(0, scratchView.getFloat32(0))
  return scratchView.getBigUint64(0)
}

/** A double that is a single, as one. */
function toSingle(bits: bigint): bigint {
  if (((bits >> 52n) & 0x7ffn) === 0x7ffn)
    return ((bits >> 63n) << 31n) | 0x7f80_0000n | ((bits >> 29n) & 0x7f_ffffn)
  scratchView.setBigUint64(0, bits)
  scratchView.setFloat32(0, scratchView.getFloat64(0))
  return BigInt(scratchView.getUint32(0))
}

interface Lanes {
  readonly results: bigint[]
  raised: number
  isKept: boolean
  /** FPSCR behind the last element, for scalars. */
  fpscr: number
}

/** Executes all elements; vectors are read at places of the state block. */
function execute(state: StateBlock, code: number, places: readonly number[], fpscr: number): Lanes {
  const { op, from, to, isScalar } = LANE_OPS[code]!
  const isNarrow = from !== 'd' && to !== 'd'
  const count = isScalar ? 1 : isNarrow ? 4 : 2
  const single = to === 's' || (from === 's' && to === 'w' && RELATIONS.has(op))
  // Word k is in lane k ^ 1.
  const word = (place: number, k: number): number => state.getU32(place + 4 * (k ^ 1))
  const element = (place: number, k: number): bigint => {
    if (from === 'd') return state.getU64(place + 8 * k)
    const bits = word(place, isNarrow ? k : 2 * k)
    return from === 's' ? fromSingle(bits) : BigInt(bits)
  }
  const lanes: Lanes = { results: [], raised: 0, isKept: false, fpscr }
  for (let k = 0; k < count; k++) {
    const [a, b, c] = places.map((place) => element(place, k)) as [bigint, bigint, bigint]
    const outcome = evaluate(
      op,
      single || (from === 's' && (op === 'testDivide' || op === 'testRoot')),
      [a, b, c],
      fpscr,
    )
    lanes.raised |= outcome.raised
    lanes.isKept ||= outcome.isKept
    lanes.fpscr = fpscrAfter(fpscr, op, single, outcome)
    const isFloat = to === 's' && !RELATIONS.has(op)
    lanes.results.push(
      to === 'd' ? outcome.bits : isFloat ? toSingle(outcome.bits) : outcome.bits & 0xffff_ffffn,
    )
  }
  return lanes
}

const RELATIONS = new Set<FloatOp>(['equal', 'greater', 'greaterEqual'])

/** Puts results in place: words beside doublewords fill them. */
function put(state: StateBlock, place: number, code: number, results: readonly bigint[]): void {
  const { to, isScalar } = LANE_OPS[code]!
  const put64 = (k: number, bits: bigint): void => state.setU64(place + 8 * k, bits)
  if (isScalar) {
    const bits = to === 'd' ? results[0]! : (results[0]! << 32n) | results[0]!
    put64(0, bits)
    put64(1, bits)
  } else if (results.length === 4) {
    put64(0, (results[0]! << 32n) | results[1]!)
    put64(1, (results[2]! << 32n) | results[3]!)
  } else for (const [k, bits] of results.entries()) put64(k, to === 'd' ? bits : (bits << 32n) | bits)
}

/** Executes a packed call on the registers. */
export function executeLanes(space: AddressSpace, call: number): number {
  const state = new StateBlock(space)
  const fpscr = readFpscr(state)
  const code = call & 0xff
  const [t, a, b, c] = [8, 14, 20, 26].map((shift) => (call >>> shift) & 63) as [
    number,
    number,
    number,
    number,
  ]
  const { op, isScalar } = LANE_OPS[code]!
  const lanes = execute(state, code, [a, b, c].map(vsrPlace), fpscr)
  if (op === 'testDivide' || op === 'testRoot') {
    setCrField(
      state,
      t,
      lanes.results.reduce((bits, lane) => bits | Number(lane), 0),
    )
    return 0
  }
  writeFpscr(state, isScalar ? lanes.fpscr : withRaised(fpscr, lanes.raised))
  if (!lanes.isKept) put(state, vsrPlace(t), code, lanes.results)
  return 0
}

/** Raises what an operation raises; operands and the result that it has are in scratch. */
export function raiseLanes(space: AddressSpace, code: number): number {
  const state = new StateBlock(space)
  const { scratch } = COMMON_STATE
  const fpscr = state.getU32(PPC_STATE.fpscr)
  const { results, raised } = execute(state, code, [scratch, scratch + 16, scratch + 32], fpscr)
  state.setU32(PPC_STATE.fpscr, summed(withRaised(fpscr, raised)))
  put(state, scratch + 64, code, results)
  const { bytes } = space
  for (let k = 0; k < 16; k++)
    if (bytes[STATE_BASE + scratch + 48 + k] !== bytes[STATE_BASE + scratch + 64 + k]) return 1
  return 0
}

/**
 * What translated PowerPC code calls instead of doing it itself: rare or long operations. Helpers work on the state
 * block (scratch fields, and all registers for those called at a block's end) and guest memory; the interpreter calls the
 * same ones. Numbers are in helper-ids.ts.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { STATE_BASE } from '../../memory/layout.ts'
import { COMMON_STATE, StateBlock } from '../../memory/state-block.ts'
import { executeFloat, executeFpscr, raiseFloat } from './float/execute.ts'
import { executeLanes, raiseLanes } from './float/lanes-exact.ts'
import {
  HELPER_DIVIDE,
  HELPER_FLOAT,
  HELPER_FLOAT_LANES,
  HELPER_FLOAT_LANES_RAISE,
  HELPER_FLOAT_RAISE,
  HELPER_FPSCR,
  HELPER_STRING,
  HELPER_TIME_BASE,
  HELPER_VECTOR,
} from './helper-ids.ts'
import { gprPlace, PPC_STATE } from './state.ts'
import { moveString } from './string-moves.ts'
import { executeVector } from './vector/rare.ts'

/**
 * A helper: two i32 arguments as its id says. Those called at a block's end get the instruction's pc as the second
 * and return 0 to go on, else they have stored exit kind and pc.
 */
type Helper = (space: AddressSpace, a: number, b: number) => number

const SCRATCH = STATE_BASE + COMMON_STATE.scratch

/** scratch: dividend's upper half and divisor → quotient; 1, and 0 for it, where it does not fit. */
function divide({ view }: AddressSpace, signed: number): number {
  const high = signed ? view.getBigInt64(SCRATCH, true) : view.getBigUint64(SCRATCH, true)
  const divisor = signed ? view.getBigInt64(SCRATCH + 8, true) : view.getBigUint64(SCRATCH + 8, true)
  const quotient = divisor === 0n ? 0n : (high << 64n) / divisor
  const fits =
    divisor !== 0n && (signed ? BigInt.asIntN(64, quotient) : BigInt.asUintN(64, quotient)) === quotient
  view.setBigInt64(SCRATCH, fits ? BigInt.asIntN(64, quotient) : 0n, true)
  return fits ? 0 : 1
}

/** Ticks of a use. */
const TICKS = 64n

function timeBase(space: AddressSpace, argument: number): number {
  const state = new StateBlock(space)
  const ticks = BigInt.asUintN(64, state.getU64(PPC_STATE.timeBase) + TICKS)
  state.setU64(PPC_STATE.timeBase, ticks)
  const wanted = argument & 0x20 ? ticks >> 32n : ticks
  state.setU64(gprPlace(argument & 31), argument & 0x40 ? wanted & 0xffff_ffffn : wanted)
  return 0
}

/** The helper functions by number. */
export const PPC_HELPERS: (Helper | undefined)[] = []
PPC_HELPERS[HELPER_TIME_BASE] = timeBase
PPC_HELPERS[HELPER_STRING] = moveString
PPC_HELPERS[HELPER_DIVIDE] = divide
PPC_HELPERS[HELPER_FLOAT] = executeFloat
PPC_HELPERS[HELPER_FLOAT_RAISE] = raiseFloat
PPC_HELPERS[HELPER_FPSCR] = executeFpscr
PPC_HELPERS[HELPER_VECTOR] = executeVector
PPC_HELPERS[HELPER_FLOAT_LANES] = executeLanes
PPC_HELPERS[HELPER_FLOAT_LANES_RAISE] = raiseLanes

/**
 * The condition register, kept as what its fields were made from: a comparison is two values until somebody asks, as
 * most fields are only ever branched on. Path: compare rows set the parts, branches and these functions read them.
 * Reference: Power ISA, Book I, 2.3.1.
 *
 * A field's `rest` is 0 or 1 (SO) where LT, GT and EQ are those of left and right compared as signed numbers;
 * CR_FLOAT where they are doubles, and SO says that they are unordered; or CR_PLAIN | the four bits themselves.
 */

import { STATE_BASE } from '../../memory/layout.ts'
import type { StateBlock } from '../../memory/state-block.ts'
import { PPC_STATE } from './state.ts'

/** `rest` of a field that holds its bits. */
export const CR_PLAIN = 0x10
/** `rest` of a field that compares doubles. */
export const CR_FLOAT = 0x20
export const CR_LT = 8
export const CR_GT = 4
export const CR_EQ = 2
export const CR_SO = 1

/** CR field 0 to 7 as its four bits. */
export function crField(state: StateBlock, field: number): number {
  const rest = state.getU32(PPC_STATE.crRest + 4 * field)
  if (rest & CR_PLAIN) return rest & 15
  if (rest & CR_FLOAT) return floatField(state, field)
  const left = BigInt.asIntN(64, state.getU64(PPC_STATE.crLeft + 8 * field))
  const right = BigInt.asIntN(64, state.getU64(PPC_STATE.crRight + 8 * field))
  return (left < right ? CR_LT : left > right ? CR_GT : CR_EQ) | rest
}

function floatField({ space: { view } }: StateBlock, field: number): number {
  const left = view.getFloat64(STATE_BASE + PPC_STATE.crLeft + 8 * field, true)
  const right = view.getFloat64(STATE_BASE + PPC_STATE.crRight + 8 * field, true)
  return left < right ? CR_LT : left > right ? CR_GT : left === right ? CR_EQ : CR_SO
}

export function setCrField(state: StateBlock, field: number, bits: number): void {
  state.setU32(PPC_STATE.crRest + 4 * field, CR_PLAIN | bits)
}

/** All fields, field 0 uppermost. */
export function readCr(state: StateBlock): number {
  let cr = 0
  for (let field = 0; field < 8; field++) cr = (cr << 4) | crField(state, field)
  return cr >>> 0
}

export function writeCr(state: StateBlock, cr: number): void {
  for (let field = 0; field < 8; field++) setCrField(state, field, (cr >>> (28 - 4 * field)) & 15)
}

/** XER with its three flags and the byte count. */
export const readXer = (state: StateBlock): number =>
  ((state.getU32(PPC_STATE.so) << 31) |
    (state.getU32(PPC_STATE.ov) << 30) |
    (state.getU32(PPC_STATE.ca) << 29) |
    state.getU32(PPC_STATE.xerCount)) >>>
  0

export function writeXer(state: StateBlock, xer: number): void {
  state.setU32(PPC_STATE.so, xer >>> 31)
  state.setU32(PPC_STATE.ov, (xer >>> 30) & 1)
  state.setU32(PPC_STATE.ca, (xer >>> 29) & 1)
  state.setU32(PPC_STATE.xerCount, xer & 0x7f)
}

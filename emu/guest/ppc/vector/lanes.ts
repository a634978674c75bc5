/**
 * Vector registers as the book numbers their elements, and as WebAssembly numbers lanes. Doubleword 0 is the low lane and
 * each doubleword is in the host's order, so byte element e is lane e ^ 7, halfword e is e ^ 3 and word e is e ^ 1.
 * Path: rows of AltiVec and VSX. Reference: Power ISA, Book I, 6.2 and 7.2.
 */

import type { Region, Value } from '../../../ir/region.ts'
import { PPC_STATE } from '../state.ts'

export type LaneType = 'i8x16' | 'i16x8' | 'i32x4' | 'i64x2'
/** Element sizes in bytes, with their lane types. */
export const LANES = { 1: 'i8x16', 2: 'i16x8', 4: 'i32x4', 8: 'i64x2' } as const
export type ElementBytes = keyof typeof LANES

/** Sixteen numbers by a function of the book's byte element. */
const byElement = (make: (e: number) => number): number[] =>
  Array.from({ length: 16 }, (_, lane) => make(lane ^ 7))

/** Result element e := byte `from(e)` of a and b one behind the other. */
export function permute(ir: Region, a: Value, b: Value, from: (e: number) => number): Value {
  return ir.shuffle(
    a,
    b,
    byElement((e) => from(e) ^ 7),
  )
}

/** The same of elements of some bytes. */
export function permuteElements(
  ir: Region,
  size: ElementBytes,
  a: Value,
  b: Value,
  from: (e: number) => number,
): Value {
  return permute(ir, a, b, (e) => from(Math.floor(e / size)) * size + (e % size))
}

/** The doublewords in the other order. */
export const swapDoublewords = (ir: Region, a: Value): Value => permuteElements(ir, 8, a, a, (e) => 1 - e)

/** A constant with each byte element's number. */
export const elementNumbers = (ir: Region): Value => ir.v128(byElement((e) => e))

/** A byte in every lane. */
export const splatByte = (ir: Region, byte: number): Value => ir.v128(new Array<number>(16).fill(byte & 0xff))

/** A number in every element. */
export function splat(ir: Region, size: ElementBytes, value: number): Value {
  const bytes: number[] = []
  for (let k = 0; k < 16; k++) bytes.push(Math.floor(value / 2 ** (8 * (k % size))) & 0xff)
  return ir.v128(bytes)
}

/** The sign bit of every element. */
export const signBits = (ir: Region, size: ElementBytes): Value =>
  ir.v128(Array.from({ length: 16 }, (_, k) => (k % size === size - 1 ? 0x80 : 0)))

/** Sets VSCR's SAT where a vector is not zero. */
export function saturatedIf(ir: Region, differences: Value): void {
  const sat = ir.op1('v128.any_true', differences)
  ir.stateStore(32, PPC_STATE.vscr, ir.op2('i32.or', ir.stateLoad(32, PPC_STATE.vscr), sat))
}

/** Elements of a that are greater than b's, as masks; of doublewords there is only the signed comparison. */
export function greater(ir: Region, size: ElementBytes, isSigned: boolean, a: Value, b: Value): Value {
  if (size === 8 && !isSigned) {
    const sign = signBits(ir, 8)
    return ir.op2('i64x2.gt_s', ir.op2('v128.xor', a, sign), ir.op2('v128.xor', b, sign))
  }
  return ir.op2(`${LANES[size]}.gt_${isSigned ? 's' : 'u'}`, a, b)
}

/** Elements limited from below and above. */
export function clamp(
  ir: Region,
  size: ElementBytes,
  isSigned: boolean,
  value: Value,
  least: Value | null,
  most: Value,
): Value {
  const low =
    least === null ? value : ir.op3('v128.bitselect', least, value, greater(ir, size, isSigned, least, value))
  return ir.op3('v128.bitselect', most, low, greater(ir, size, isSigned, low, most))
}

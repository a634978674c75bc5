/**
 * PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM: Intel SDM vol. 1, 4.1 ("imm8 control byte operation for PCMPxSTRx").
 * Path: helper of insts/sse4.ts.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { STATE_BASE } from '../../memory/layout.ts'
import { CF, OF, SF, ZF } from './flags.ts'
import { X86_STATE } from './state.ts'

const SCRATCH = STATE_BASE + X86_STATE.scratch
const RESULT = SCRATCH + 48

/** The elements of 16 bytes: as bytes or words, signed or not, by the control byte's low bits. */
function elements(view: DataView, at: number, control: number): number[] {
  const words = (control & 1) !== 0
  const signed = (control & 2) !== 0
  return Array.from({ length: words ? 8 : 16 }, (_, k) => {
    if (words) return signed ? view.getInt16(at + 2 * k, true) : view.getUint16(at + 2 * k, true)
    return signed ? view.getInt8(at + k) : view.getUint8(at + k)
  })
}

/** How many elements are valid: up to the first zero, or as a register says. */
function validCount(items: readonly number[], explicit: boolean, length: bigint): number {
  if (!explicit) {
    const zero = items.indexOf(0)
    return zero < 0 ? items.length : zero
  }
  const absolute = length < 0n ? -length : length
  return absolute > BigInt(items.length) ? items.length : Number(absolute)
}

/** Bit j of the result: whether element j of b matches what a asks for, by the aggregation operation. */
function aggregate(
  control: number,
  a: readonly number[],
  b: readonly number[],
  countA: number,
  countB: number,
): number {
  const size = b.length
  let result = 0
  for (let j = 0; j < size; j++) {
    let hit = false
    switch ((control >> 2) & 3) {
      case 0: // equal any
        if (j < countB) for (let k = 0; k < countA; k++) hit ||= a[k] === b[j]
        break
      case 1: // ranges: pairs of lower and upper bound
        if (j < countB) for (let k = 0; k + 1 < countA; k += 2) hit ||= a[k]! <= b[j]! && b[j]! <= a[k + 1]!
        break
      case 2: // equal each: beyond both ends equal, beyond one not
        hit = j < countA && j < countB ? a[j] === b[j] : j >= countA && j >= countB
        break
      default: // equal ordered: a begins at j; what lies beyond the register counts as equal
        hit = true
        for (let k = 0; k < countA && j + k < size; k++) if (j + k >= countB || a[k] !== b[j + k]) hit = false
    }
    if (hit) result |= 1 << j
  }
  return result
}

function negate(control: number, result: number, size: number, countB: number): number {
  if (!(control & 0x10)) return result
  const mask = control & 0x20 ? (1 << countB) - 1 : (1 << size) - 1
  return result ^ mask
}

/** Helper: `mode` bit 0 explicit lengths, bit 1 index (else mask) result. Returns the flags. */
export function compareStrings(space: AddressSpace, mode: number, control: number): number {
  const { view } = space
  const explicit = (mode & 1) !== 0
  const a = elements(view, SCRATCH, control)
  const b = elements(view, SCRATCH + 16, control)
  const countA = validCount(a, explicit, view.getBigInt64(SCRATCH + 32, true))
  const countB = validCount(b, explicit, view.getBigInt64(SCRATCH + 40, true))
  const size = b.length
  const result = negate(control, aggregate(control, a, b, countA, countB), size, countB)
  if (mode & 2) {
    const highest = (control & 0x40) !== 0
    const index = result === 0 ? size : highest ? 31 - Math.clz32(result) : 31 - Math.clz32(result & -result)
    view.setUint32(RESULT, index, true)
  } else storeMask(view, control, result, size)
  return (result !== 0 ? CF : 0) | (countB < size ? ZF : 0) | (countA < size ? SF : 0) | (result & 1 ? OF : 0)
}

function storeMask(view: DataView, control: number, result: number, size: number): void {
  view.setBigUint64(RESULT, 0n, true)
  view.setBigUint64(RESULT + 8, 0n, true)
  if (!(control & 0x40)) {
    view.setUint16(RESULT, result, true)
    return
  }
  const bytes = 16 / size
  for (let k = 0; k < size; k++)
    if ((result >> k) & 1) for (let x = 0; x < bytes; x++) view.setUint8(RESULT + k * bytes + x, 0xff)
}

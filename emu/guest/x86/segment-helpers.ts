/**
 * Helpers of the instructions that load segment registers or look at descriptors. Path: helpers.ts; rows in
 * insts/segments.ts. Reference: Intel SDM vol. 2, MOV, LAR, LSL, VERR; vol. 3, 5.10.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { STATE_BASE } from '../../memory/layout.ts'
import { EXIT_EXCEPTION } from '../../run/cpu.ts'
import {
  ACCESS_READ,
  ACCESS_WRITE,
  allowsAccess,
  allowsKind,
  loadSegment,
  visibleDescriptor,
} from './segments.ts'
import { X86_STATE } from './state.ts'

const SCRATCH = STATE_BASE + X86_STATE.scratch

// What HELPER_DESCRIPTOR looks for.
export const DESCRIPTOR_RIGHTS = 0,
  DESCRIPTOR_LIMIT = 1,
  DESCRIPTOR_READABLE = 2,
  DESCRIPTOR_WRITABLE = 3

/** Leaves with an exit kind and its code. */
export function leaveAt({ view }: AddressSpace, kind: number, code: number, pc: number): number {
  view.setUint32(STATE_BASE + X86_STATE.exitKind, kind, true)
  view.setUint32(STATE_BASE + X86_STATE.exitCode, code, true)
  view.setBigUint64(STATE_BASE + X86_STATE.pc, BigInt(pc), true)
  return 1
}

/** Helper: 1 when the segment refuses the access. */
export function segmentCheck(space: AddressSpace, argument: number, offset: number): number {
  return allowsAccess(space, argument & 15, offset >>> 0, argument >>> 8, (argument >> 4) & 15) ? 0 : 1
}

/** Helper: loads a segment register with the selector in scratch. */
export function segmentLoad(space: AddressSpace, segment: number, pc: number): number {
  const exception = loadSegment(space, segment, space.view.getUint16(SCRATCH, true))
  return exception === 0 ? 0 : leaveAt(space, EXIT_EXCEPTION, exception, pc)
}

/** Helper: whether LAR and the like find what they look for; LAR's and LSL's result goes to scratch. */
export function descriptorOf(space: AddressSpace, wanted: number, selector: number): number {
  const found = visibleDescriptor(space, selector & 0xffff)
  if (found === null) return 0
  if (wanted === DESCRIPTOR_READABLE) return allowsKind(found, ACCESS_READ) ? 1 : 0
  if (wanted === DESCRIPTOR_WRITABLE) return allowsKind(found, ACCESS_WRITE) ? 1 : 0
  space.view.setUint32(SCRATCH, wanted === DESCRIPTOR_RIGHTS ? found.rights : found.limit, true)
  return 1
}

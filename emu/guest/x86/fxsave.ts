/**
 * FXSAVE and FXRSTOR: the 512-byte area of x87 and SSE state, also the layout in signal frames.
 * Reference: Intel SDM vol. 1, 10.5 and vol. 2 "FXSAVE" (64-bit mode).
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { PAGE_PW, PAGE_R, STATE_BASE } from '../../memory/layout.ts'
import { EXIT_PAGE_FAULT, EXIT_PROTECTION, FAULT_WRITE } from '../../run/cpu.ts'
import { X86_STATE } from './state.ts'

export const FXSAVE_SIZE = 512
const MXCSR_MASK = 0xffff
const at = (offset: number): number => STATE_BASE + offset

/** The area as FXSAVE writes it, from the state block. */
export function fxsaveArea(space: AddressSpace): Uint8Array {
  const area = new Uint8Array(FXSAVE_SIZE)
  const out = new DataView(area.buffer)
  const { view, bytes } = space
  const top = view.getUint16(at(X86_STATE.fptop), true) & 7
  out.setUint16(0, view.getUint16(at(X86_STATE.fpcw), true), true)
  out.setUint16(2, (view.getUint16(at(X86_STATE.fpsw), true) & ~0x3800) | (top << 11), true)
  out.setUint8(4, ~view.getUint16(at(X86_STATE.fpempty), true) & 0xff)
  out.setUint16(6, view.getUint16(at(X86_STATE.fpop), true), true)
  area.set(bytes.subarray(at(X86_STATE.fpip), at(X86_STATE.fpip) + 16), 8)
  out.setUint32(24, view.getUint32(at(X86_STATE.mxcsr), true), true)
  out.setUint32(28, MXCSR_MASK, true)
  for (let i = 0; i < 8; i++) {
    const physical = at(X86_STATE.fpr) + 16 * ((top + i) & 7)
    area.set(bytes.subarray(physical, physical + 10), 32 + 16 * i)
  }
  area.set(bytes.subarray(at(X86_STATE.xmm), at(X86_STATE.xmm) + 256), 160)
  return area
}

/** Loads the state block from an area; false when MXCSR has reserved bits. */
export function loadFxsaveArea(space: AddressSpace, area: Uint8Array): boolean {
  const source = new DataView(area.buffer, area.byteOffset, area.byteLength)
  const { view, bytes } = space
  const mxcsr = source.getUint32(24, true)
  if (mxcsr & ~MXCSR_MASK) return false
  const status = source.getUint16(2, true)
  const top = (status >> 11) & 7
  // Reserved bits do not stick, and the summary bits follow from what is flagged and not masked.
  const control = (source.getUint16(0, true) & 0x1f3f) | 0x40
  const summary = status & ~control & 0x3f ? 0x8080 : 0
  view.setUint16(at(X86_STATE.fpcw), control, true)
  view.setUint16(at(X86_STATE.fpsw), (status & 0x477f) | summary, true)
  view.setUint16(at(X86_STATE.fptop), top, true)
  view.setUint16(at(X86_STATE.fpempty), ~area[4]! & 0xff, true)
  view.setUint16(at(X86_STATE.fpop), source.getUint16(6, true), true)
  bytes.set(area.subarray(8, 24), at(X86_STATE.fpip))
  view.setUint32(at(X86_STATE.mxcsr), mxcsr, true)
  for (let i = 0; i < 8; i++)
    bytes.set(area.subarray(32 + 16 * i, 42 + 16 * i), at(X86_STATE.fpr) + 16 * ((top + i) & 7))
  bytes.set(area.subarray(160, 416), at(X86_STATE.xmm))
  return true
}

function leave(space: AddressSpace, kind: number, pc: number, addr: number, code: number): number {
  const { view } = space
  view.setUint32(at(X86_STATE.exitKind), kind, true)
  view.setUint32(at(X86_STATE.exitCode), code, true)
  view.setBigUint64(at(X86_STATE.exitAddress), BigInt(addr), true)
  view.setBigUint64(at(X86_STATE.pc), BigInt(pc), true)
  return 1
}

const operand = (space: AddressSpace): number => Number(space.view.getBigUint64(at(X86_STATE.scratch), true))

/** Helper: stores the area at the address in scratch. */
export function fxsave(space: AddressSpace, pc: number): number {
  const to = operand(space)
  const refused = space.firstRefused(to, 416, PAGE_PW)
  if (refused !== -1) return leave(space, EXIT_PAGE_FAULT, pc, refused, FAULT_WRITE)
  // The last 96 bytes are the program's own and stay.
  space.storeBytes(to, fxsaveArea(space).subarray(0, 416))
  return 0
}

/** Helper: loads the area at the address in scratch. */
export function fxrstor(space: AddressSpace, pc: number): number {
  const from = operand(space)
  const refused = space.firstRefused(from, FXSAVE_SIZE, PAGE_R)
  if (refused !== -1) return leave(space, EXIT_PAGE_FAULT, pc, refused, 0)
  if (!loadFxsaveArea(space, space.bytes.slice(from, from + FXSAVE_SIZE)))
    return leave(space, EXIT_PROTECTION, pc, 0, 0)
  return 0
}

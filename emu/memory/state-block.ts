/**
 * Typed access to a process's state block, for the kernel and the interpreter. Translated code uses the Memory.
 * 64-bit registers come as a `number` where the value is an integer in ±2^53 (pointers, lengths, results), and as
 * a bigint where every bit counts.
 */

import type { AddressSpace } from './address-space.ts'
import { STATE_BASE } from './layout.ts'

/** What the state block of every ISA has, at the same places. */
export const COMMON_STATE = {
  pc: 0x080,
  /** Back-edges and calls left before EXIT_BUDGET, i32. */
  budget: 0x0bc,
  exitKind: 0x0c0,
  exitCode: 0x0c4,
  exitAddress: 0x0c8,
  /** Operands and results of helper calls, 128 bytes. */
  scratch: 0x300,
  /** The process's, not a thread's: MODE_*, u32. */
  mode: 0xf00,
} as const

/** Which ISA a process's code is, and in which of its modes. */
export const MODE_X86_64 = 0
export const MODE_I386 = 1
export const MODE_PPC32 = 2
export const MODE_PPC64 = 3
export const MODE_PPC64LE = 4

export class StateBlock {
  readonly space: AddressSpace

  constructor(space: AddressSpace) {
    this.space = space
  }

  getU32(offset: number): number {
    return this.space.view.getUint32(STATE_BASE + offset, true)
  }

  setU32(offset: number, value: number): void {
    this.space.view.setUint32(STATE_BASE + offset, value, true)
  }

  getU64(offset: number): bigint {
    return this.space.view.getBigUint64(STATE_BASE + offset, true)
  }

  setU64(offset: number, value: bigint): void {
    this.space.view.setBigUint64(STATE_BASE + offset, value, true)
  }

  /** The signed 64-bit value as a number; exact in ±2^53, and never in a valid range when it is not exact. */
  getNumber(offset: number): number {
    const view = this.space.view
    return (
      view.getInt32(STATE_BASE + offset + 4, true) * 0x1_0000_0000 + view.getUint32(STATE_BASE + offset, true)
    )
  }

  /** Stores an integer in ±2^53 as a signed 64-bit value. */
  setNumber(offset: number, value: number): void {
    const view = this.space.view
    view.setUint32(STATE_BASE + offset, value >>> 0, true)
    view.setInt32(STATE_BASE + offset + 4, Math.floor(value / 0x1_0000_0000), true)
  }

  /** A copy of `sizeBytes` bytes of the block from its start, for a thread switch, vfork or a snapshot. */
  save(sizeBytes: number): Uint8Array {
    return this.space.bytes.slice(STATE_BASE, STATE_BASE + sizeBytes)
  }

  restore(saved: Uint8Array): void {
    this.space.bytes.set(saved, STATE_BASE)
  }
}

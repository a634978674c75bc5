/**
 * Typed access to a process's state block, for the kernel and the interpreter. Translated code uses the Memory.
 * 64-bit registers come as a `number` where the value is an integer in ±2^53 (pointers, lengths, results), and as
 * a bigint where every bit counts.
 */

import type { AddressSpace } from './address-space.ts'
import { STATE_BASE } from './layout.ts'

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

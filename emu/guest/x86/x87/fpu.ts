/**
 * The x87's registers while a helper works on them: stack, tags, control and status words in the state block.
 * Reference: Intel SDM vol. 1, chapter 8.
 */

import type { AddressSpace } from '../../../memory/address-space.ts'
import { STATE_BASE } from '../../../memory/layout.ts'
import * as F from '../../softfloat.ts'
import { X86_STATE } from '../state.ts'

export const SF = 0x40,
  ES = 0x80,
  C0 = 0x100,
  C1 = 0x200,
  C2 = 0x400,
  C3 = 0x4000,
  BUSY = 0x8000
export const CONDITIONS = C0 | C2 | C3

export const FPR = STATE_BASE + X86_STATE.fpr
export const CW = STATE_BASE + X86_STATE.fpcw
const SW = STATE_BASE + X86_STATE.fpsw
export const TOP = STATE_BASE + X86_STATE.fptop
const EMPTY = STATE_BASE + X86_STATE.fpempty
export const SCRATCH = STATE_BASE + X86_STATE.scratch

const EXPONENT_BIAS = 16383
const INTEGER_BIT = 1n << 63n

export function unpack80(significand: bigint, signExponent: number): F.Float {
  const negative = (signExponent & 0x8000) !== 0
  const exponent = signExponent & 0x7fff
  if (exponent === 0) {
    if (significand === 0n) return F.zero(negative)
    return { kind: F.FINITE, negative, significand, exponent: 1 - EXPONENT_BIAS - 63, special: true }
  }
  if (!(significand & INTEGER_BIT))
    return { kind: F.UNSUPPORTED, negative, significand, exponent: 0, special: false }
  if (exponent === 0x7fff)
    return significand === INTEGER_BIT ? F.infinity(negative) : F.nan(negative, significand)
  return F.finite(negative, significand, exponent - EXPONENT_BIAS - 63)
}

/** A number that fits the format exactly. */
export function pack80(x: F.Float): { significand: bigint; signExponent: number } {
  const sign = x.negative ? 0x8000 : 0
  if (x.kind === F.ZERO) return { significand: 0n, signExponent: sign }
  if (x.kind === F.INFINITE) return { significand: INTEGER_BIT, signExponent: sign | 0x7fff }
  if (x.kind !== F.FINITE) return { significand: x.significand, signExponent: sign | 0x7fff }
  const shift = F.bitLength(x.significand) - 64
  const exponent = x.exponent + shift + 63 + EXPONENT_BIAS
  if (exponent > 0) {
    const significand = shift > 0 ? x.significand >> BigInt(shift) : x.significand << BigInt(-shift)
    return { significand, signExponent: sign | exponent }
  }
  const by = x.exponent - (1 - EXPONENT_BIAS - 63)
  return {
    significand: by >= 0 ? x.significand << BigInt(by) : x.significand >> BigInt(-by),
    signExponent: sign,
  }
}

const PRECISIONS: F.Format[] = [
  { ...F.FORMAT80, precision: 24 },
  F.FORMAT80,
  { ...F.FORMAT80, precision: 53 },
  F.FORMAT80,
]
/** What the x87 adds to exponents of results out of range when their exception traps. */
const RANGE_SCALE = 24576

/** There is one, which works on one process after the other: an instruction allocates nothing. */
export class Fpu {
  space!: AddressSpace
  view!: DataView
  control = 0
  status = 0
  top = 0
  private empty = 0

  /** Takes the words of a process's state block. */
  begin(space: AddressSpace): void {
    const { view } = space
    this.space = space
    this.view = view
    this.control = view.getUint16(CW, true)
    this.status = view.getUint16(SW, true)
    this.top = view.getUint16(TOP, true) & 7
    this.empty = view.getUint16(EMPTY, true)
  }

  /** Stores the words back. */
  commit(): void {
    const { view } = this
    view.setUint16(CW, this.control, true)
    view.setUint16(SW, this.status, true)
    view.setUint16(TOP, this.top, true)
    view.setUint16(EMPTY, this.empty, true)
  }

  get rounding(): number {
    return (this.control >> 10) & 3
  }

  get format(): F.Format {
    return PRECISIONS[(this.control >> 8) & 3]!
  }

  get unmasked(): number {
    return ~this.control & 0x3f
  }

  // ---- registers

  isEmpty(i: number): boolean {
    return ((this.empty >> ((this.top + i) & 7)) & 1) === 1
  }

  /** Address of ST(i). */
  at(i: number): number {
    return FPR + 16 * ((this.top + i) & 7)
  }

  get(i: number): F.Float {
    const at = this.at(i)
    return unpack80(this.view.getBigUint64(at, true), this.view.getUint16(at + 8, true))
  }

  set(i: number, x: F.Float): void {
    const { significand, signExponent } = pack80(x)
    this.setRaw(i, significand, signExponent)
  }

  setRaw(i: number, significand: bigint, signExponent: number): void {
    const at = this.at(i)
    this.view.setBigUint64(at, significand, true)
    this.view.setUint16(at + 8, signExponent, true)
    this.occupy(i)
  }

  raw(i: number): [bigint, number] {
    const at = this.at(i)
    return [this.view.getBigUint64(at, true), this.view.getUint16(at + 8, true)]
  }

  occupy(i: number): void {
    this.empty &= ~(1 << ((this.top + i) & 7))
  }

  free(i: number): void {
    this.empty |= 1 << ((this.top + i) & 7)
  }

  freeAll(): void {
    this.empty = 0xff
  }

  get tags(): number {
    return ~this.empty & 0xff
  }

  set tags(valid: number) {
    this.empty = ~valid & 0xff
  }

  pop(): void {
    this.free(0)
    this.top = (this.top + 1) & 7
  }

  /** Makes room; false when the stack overflowed and the exception traps, so that nothing is pushed. */
  push(x: F.Float): boolean {
    const full = !this.isEmpty(7)
    if (full && !this.stackFault(true)) return false
    this.top = (this.top - 1) & 7
    this.set(0, full ? F.DEFAULT_NAN : x)
    return true
  }

  // ---- exceptions

  /** Flags exceptions; false when one of them traps. */
  raise(flags: number): boolean {
    this.status |= flags
    if (!(this.status & this.unmasked)) return true
    this.status |= ES | BUSY
    return !(flags & this.unmasked)
  }

  /** Stack overflow (C1 set) or underflow; false when it traps. */
  stackFault(overflow: boolean): boolean {
    this.status = (this.status & ~C1) | SF | (overflow ? C1 : 0)
    return this.raise(F.IE)
  }

  setC1(on: boolean): void {
    this.status = (this.status & ~C1) | (on ? C1 : 0)
  }

  setConditions(bits: number): void {
    this.status = (this.status & ~(CONDITIONS | C1)) | bits
  }

  /** Rounds an exact result to the precision in force, flags it, and stores it in ST(i). */
  deliver(i: number, x: F.Float, format: F.Format = this.format): void {
    if (x.kind !== F.FINITE) {
      this.setC1(false)
      this.set(i, x)
      return
    }
    const { value, flags, up } = F.round(x, format, this.rounding, this.unmasked, RANGE_SCALE)
    this.setC1(up)
    this.raise(flags)
    this.set(i, value)
  }
}

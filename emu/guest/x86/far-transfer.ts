/**
 * Far transfers: JMP, CALL and RET to another code segment, and IRET, on the registers in the state block. All stay in
 * user mode and in the mode that they are in (segments.ts), so there is no stack to switch; IRET of 64-bit mode loads SS
 * and RSP nevertheless. Path: helpers.ts; rows in insts/segments.ts, which jump to the address that is left in scratch.
 * Reference: Intel SDM vol. 2, "CALL", "JMP", "RET" and "IRET"; vol. 3, 5.8.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { PAGE_PW, PAGE_R, STATE_BASE } from '../../memory/layout.ts'
import { MODE_I386, StateBlock } from '../../memory/state-block.ts'
import { EXIT_EXCEPTION, EXIT_PAGE_FAULT, EXIT_PROTECTION, EXIT_STACK, FAULT_WRITE } from '../../run/cpu.ts'
import { writeEflags } from './flags.ts'
import { leaveAt } from './segment-helpers.ts'
import {
  ACCESS_FETCH,
  ACCESS_READ,
  ACCESS_WRITE,
  allowsAccess,
  loadSegment,
  segmentBase,
  selectorOf,
} from './segments.ts'
import { CS, gprPlace, RSP, SS, X86_STATE } from './state.ts'

export const FAR_JUMP = 0,
  FAR_CALL = 1,
  FAR_RETURN = 2,
  FAR_INTERRUPT_RETURN = 3

const SCRATCH = STATE_BASE + X86_STATE.scratch
const STACK = gprPlace(RSP)
const ADDRESS_MAX = 2n ** 47n

/** argument: FAR_*, bytes of an element << 4, the instruction's length << 8, bytes that RET drops << 12. */
export const packFar = (kind: number, sizeBytes: number, length: number, dropped: number): number =>
  kind | (sizeBytes << 4) | (length << 8) | (dropped << 12)

/** One far transfer: its stack pointer moves only when all of it has worked. */
class FarTransfer {
  private readonly space: AddressSpace
  private readonly state: StateBlock
  private readonly pc: number
  readonly sizeBytes: number
  private readonly is32: boolean
  private stack: bigint

  constructor(space: AddressSpace, sizeBytes: number, pc: number) {
    this.space = space
    this.state = new StateBlock(space)
    this.pc = pc
    this.sizeBytes = sizeBytes
    this.is32 = this.state.getU32(X86_STATE.mode) === MODE_I386
    this.stack = this.state.getU64(STACK)
  }

  /** An address of the stack; -1 after leaving when it may not be accessed so. */
  private place(pointer: bigint, access: number): number {
    const { space, pc, sizeBytes, is32 } = this
    const offset = Number(pointer)
    if (is32 && !allowsAccess(space, SS, offset, sizeBytes, access)) return this.leave(EXIT_STACK)
    const at = is32 ? (offset + segmentBase(space, SS)) >>> 0 : offset
    if (!is32 && BigInt.asIntN(48, pointer) !== BigInt.asIntN(64, pointer)) return this.leave(EXIT_STACK)
    const refused = space.firstRefused(at, sizeBytes, access === ACCESS_WRITE ? PAGE_PW : PAGE_R)
    if (refused === -1) return at
    this.state.setU64(X86_STATE.exitAddress, refused === at && !is32 ? pointer : BigInt(refused))
    leaveAt(space, EXIT_PAGE_FAULT, access === ACCESS_WRITE ? FAULT_WRITE : 0, pc)
    return -1
  }

  private leave(kind: number): -1 {
    leaveAt(this.space, kind, 0, this.pc)
    return -1
  }

  private moved(bytes: number): bigint {
    return BigInt.asUintN(this.is32 ? 32 : 64, this.stack + BigInt(bytes))
  }

  /** Element `k` above the stack pointer and so many bytes; null after leaving. */
  element(k: number, dropped = 0): bigint | null {
    const at = this.place(this.moved(k * this.sizeBytes + dropped), ACCESS_READ)
    if (at < 0) return null
    const { view } = this.space
    if (this.sizeBytes === 8) return view.getBigUint64(at, true)
    return BigInt(this.sizeBytes === 4 ? view.getUint32(at, true) : view.getUint16(at, true))
  }

  /** Whether elements `k` and the one above it can be read, the upper one first; false after leaving. */
  holds(k: number, dropped: number): boolean {
    return this.element(k + 1, dropped) !== null && this.element(k, dropped) !== null
  }

  /** Pushes CS and the address behind the instruction; false after leaving. */
  push(values: readonly bigint[]): boolean {
    const { sizeBytes } = this
    const places: number[] = []
    for (let k = 1; k <= values.length; k++) {
      const at = this.place(this.moved(-sizeBytes * k), ACCESS_WRITE)
      if (at < 0) return false
      places.push(at)
    }
    const bytes = new Uint8Array(8)
    for (const [k, value] of values.entries()) {
      new DataView(bytes.buffer).setBigUint64(0, value, true)
      this.space.storeBytes(places[k]!, bytes.subarray(0, sizeBytes))
    }
    this.stack = this.moved(-sizeBytes * values.length)
    return true
  }

  /** Takes elements off the stack, and so many bytes besides. */
  drop(count: number, bytes: number): void {
    this.stack = this.moved(count * this.sizeBytes + bytes)
  }

  setStack(stack: bigint): void {
    this.stack = stack
  }

  /** IRET pops the stack pointer too in 64-bit mode. */
  get interruptElements(): number {
    return this.is32 ? 3 : 5
  }

  /** Leaves with an exception of loadSegment's. */
  refuse(exception: number): 1 {
    leaveAt(this.space, EXIT_EXCEPTION, exception, this.pc)
    return 1
  }

  /** Loads CS, and leaves the address of `pointer` in it in scratch; false after leaving, with CS as it was. */
  go(selector: number, pointer: bigint): boolean {
    const before = selectorOf(this.space, CS)
    if (!this.loadCode(selector)) return false
    if (this.goTo(pointer)) return true
    loadSegment(this.space, CS, before)
    return false
  }

  /** Loads CS; false after leaving. */
  loadCode(selector: number): boolean {
    const exception = loadSegment(this.space, CS, selector)
    if (exception !== 0) this.refuse(exception)
    return exception === 0
  }

  /** Leaves the address of `pointer` in scratch; false after leaving. */
  goTo(pointer: bigint): boolean {
    const { space } = this
    const isInside = this.is32
      ? allowsAccess(space, CS, Number(pointer), 1, ACCESS_FETCH)
      : pointer < ADDRESS_MAX || pointer >= 2n ** 64n - ADDRESS_MAX
    if (!isInside) {
      this.leave(EXIT_PROTECTION)
      return false
    }
    const base = this.is32 ? BigInt(segmentBase(space, CS)) : 0n
    space.view.setBigUint64(SCRATCH, this.is32 ? BigInt.asUintN(32, pointer + base) : pointer, true)
    return true
  }

  finish(): number {
    this.state.setU64(STACK, this.stack)
    return 0
  }

  /** IP and CS behind the instruction. */
  returnPoint(length: number): [bigint, bigint] {
    const base = this.is32 ? segmentBase(this.space, CS) : 0
    return [BigInt(this.pc + length - base), BigInt(selectorOf(this.space, CS))]
  }
}

/** Helper: JMP and CALL to the pointer in scratch (offset, then selector), RET and IRET to what the stack holds. */
export function farTransfer(space: AddressSpace, argument: number, pc: number): number {
  const kind = argument & 15
  const transfer = new FarTransfer(space, (argument >> 4) & 15, pc)
  if (kind === FAR_RETURN) return farReturn(transfer, argument >>> 12)
  if (kind === FAR_INTERRUPT_RETURN) return interruptReturn(space, transfer)
  const pointer = space.view.getBigUint64(SCRATCH, true)
  const selector = space.view.getUint16(SCRATCH + 8, true)
  const [ip, cs] = transfer.returnPoint((argument >> 8) & 15)
  const before = selectorOf(space, CS)
  if (!transfer.loadCode(selector)) return 1
  // AMD's CPUs push before they look at the limit.
  if ((kind === FAR_CALL && !transfer.push([cs, ip])) || !transfer.goTo(pointer)) {
    loadSegment(space, CS, before)
    return 1
  }
  return transfer.finish()
}

function farReturn(transfer: FarTransfer, dropped: number): number {
  const pointer = transfer.element(0)
  const selector = pointer === null ? null : transfer.element(1)
  if (pointer === null || selector === null) return 1
  // To another privilege AMD's CPUs read the stack's new place before they refuse.
  if ((selector & 3n) !== 3n && !transfer.holds(2, dropped)) return 1
  if (!transfer.go(Number(selector & 0xffffn), pointer)) return 1
  transfer.drop(2, dropped)
  return transfer.finish()
}

function interruptReturn(space: AddressSpace, transfer: FarTransfer): number {
  const count = transfer.interruptElements
  const elements: bigint[] = []
  for (let k = 0; k < count; k++) {
    const element = transfer.element(k)
    if (element === null) return 1
    elements.push(element)
  }
  const [pointer, selector, flags, stack, stackSelector] = elements
  const before = selectorOf(space, CS)
  if (!transfer.go(Number(selector! & 0xffffn), pointer!)) return 1
  if (stack === undefined) transfer.drop(3, 0)
  else {
    const exception = loadSegment(space, SS, Number(stackSelector! & 0xffffn))
    if (exception !== 0) {
      loadSegment(space, CS, before)
      return transfer.refuse(exception)
    }
    transfer.setStack(stack)
  }
  const state = new StateBlock(space)
  // The short form leaves the upper flags.
  const kept = transfer.sizeBytes === 2 ? state.getU32(X86_STATE.otherFlags) : 0
  writeEflags(state, Number(flags! & 0xffff_ffffn) | kept)
  return transfer.finish()
}

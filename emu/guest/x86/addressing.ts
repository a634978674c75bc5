/**
 * Where an instruction's operands in memory lie, and the accesses to them: addresses off base values that checks are
 * shared by, and the segments of 32-bit mode. With exactSegments everything here is an offset until its access.
 * Path: the Translator is made on it. Reference: Intel SDM vol. 1, 3.7.
 */

import { LOAD_BYTES, type LoadKind, type Region, type StoreBits, type Value } from '../../ir/region.ts'
import { EXIT_PROTECTION } from '../../run/cpu.ts'
import { ControlFlow } from '../control-flow.ts'
import type { BlockMap } from '../guest-mode.ts'
import { BASE_RIP, type Insn, NO_REGISTER, SEG_NONE } from './decode.ts'
import type { Mode } from './row.ts'
import { baseValue, segmentPlace } from './segment-checks.ts'
import { ACCESS_READ, ACCESS_WRITE } from './segments.ts'
import { CS, DS, FS, SS } from './state.ts'
import { V_BUDGET, V_TEMP64 } from './variables.ts'

const RSP = 4,
  RBP = 5

export abstract class Addressing extends ControlFlow {
  readonly mode: Mode
  /** The current instruction's memory operand: base value and displacement, made once. */
  private addressBase = -1
  private addressOffset = 0
  private addressSegment = DS
  /** Base values for absolute addresses in this block, by 4 KiB page, so that they share checks. */
  private readonly absolute = new Map<number, Value>()

  constructor(ir: Region, map: BlockMap, mode: Mode) {
    super(ir, map, { budget: V_BUDGET, temp: V_TEMP64 })
    this.mode = mode
  }

  /** Another block begins. */
  protected forgetAbsolute(): void {
    this.absolute.clear()
  }

  /** Another instruction begins. */
  protected forgetOperand(): void {
    this.addressBase = -1
  }

  /** The segment that the memory operand is in. */
  segmentOf({ segment, base }: Insn): number {
    if (segment !== SEG_NONE) return segment
    return base === RSP || base === RBP ? SS : DS
  }

  /** The segment of an operand that no ModRM byte describes. */
  implicitSegment({ segment }: Insn): number {
    return segment === SEG_NONE ? DS : segment
  }

  /** Makes the memory operand's address once an instruction; with exactSegments its offset in the segment. */
  private address(insn: Insn): void {
    const { ir } = this
    if (this.addressBase < 0) {
      this.addressSegment = this.segmentOf(insn)
      this.makeAddress(insn)
    }
    ir.stackBased = this.addressSegment === SS
  }

  private makeAddress(insn: Insn): void {
    const { ir } = this
    const isBased = insn.segment >= FS
    if (!isBased && insn.addressSize === 64 && insn.index === NO_REGISTER) {
      if (insn.base === BASE_RIP || insn.base === NO_REGISTER) {
        const at = insn.base === BASE_RIP ? insn.nextPc + insn.disp : insn.disp
        this.addressOffset = at & 0xfff
        this.addressBase = this.absolutePage(at - this.addressOffset)
      } else {
        this.addressBase = ir.get(insn.base)
        this.addressOffset = insn.disp
      }
      return
    }
    if (this.isPlain32(insn)) {
      // Where it goes beyond 4 GiB, or below 0, a check fails, and the exact form cuts it to 32 bits.
      this.addressBase = ir.get(insn.base)
      this.addressOffset = insn.disp
      return
    }
    if (this.isBaseless32(insn) && isBased) {
      // A thread's own variables: in the same way, also those below the base.
      this.addressBase = baseValue(this, insn.segment)
      this.addressOffset = insn.disp
      return
    }
    this.addressBase = this.generalAddress(insn)
    this.addressOffset = !isBased && insn.addressSize === 64 ? insn.disp : 0
    if (isBased && !ir.options.exactSegments) this.addressBase = this.based(insn.segment, this.addressBase)
  }

  private isPlain32({ mode, segment, addressSize, base, index }: Insn): boolean {
    const isBaseOnly = base !== NO_REGISTER && index === NO_REGISTER
    return mode === 32 && segment < FS && addressSize === 32 && isBaseOnly && !this.ir.options.exactChecks
  }

  private isBaseless32({ mode, addressSize, base, index }: Insn): boolean {
    const isAbsolute = base === NO_REGISTER && index === NO_REGISTER
    return mode === 32 && addressSize === 32 && isAbsolute && !this.ir.options.exactChecks
  }

  /** An offset in a segment as an address, where segments are flat. That of a null FS or GS no check lets pass. */
  private based(segment: number, offset: Value): Value {
    const { ir } = this
    if (segment < FS) return offset
    const base = baseValue(this, segment)
    const sum = ir.op2('i64.add', offset, base)
    return this.keepUnusable(sum, base)
  }

  /** Cuts an address off the base of FS or GS, but not to one that a check lets pass where they are null. */
  private keepUnusable(sum: Value, base: Value): Value {
    const { ir } = this
    if (this.mode === 64) return sum
    return ir.op2('i64.or', this.cut(sum), ir.op2('i64.and', base, ir.i64Halves(0, -1)))
  }

  /** Cuts an address, without segment base, to the instruction's address size. */
  fitAddress({ addressSize }: Insn, address: Value): Value {
    const { ir } = this
    if (addressSize === 32) return ir.op1('i64.extend_i32_u', ir.op1('i32.wrap_i64', address))
    return addressSize === 16 ? ir.op2('i64.and', address, ir.i64(0xffff)) : address
  }

  /** An address of 32-bit mode is cut to 32 bits. */
  cut(address: Value): Value {
    if (this.mode === 64) return address
    return this.ir.op1('i64.extend_i32_u', this.ir.op1('i32.wrap_i64', address))
  }

  private absolutePage(page: number): Value {
    let base = this.absolute.get(page)
    if (base === undefined) {
      base = this.ir.i64(page)
      this.absolute.set(page, base)
    }
    return base
  }

  /** Base + index (+ displacement where it cannot be the access's own offset). */
  private generalAddress(insn: Insn): Value {
    const { ir } = this
    let sum = -1
    if (insn.base === BASE_RIP) sum = ir.i64(insn.nextPc)
    else if (insn.base !== NO_REGISTER) sum = ir.get(insn.base)
    if (insn.index !== NO_REGISTER) {
      let index = ir.get(insn.index)
      if (insn.scale) index = ir.op2('i64.shl', index, ir.i64(insn.scale))
      sum = sum < 0 ? index : ir.op2('i64.add', sum, index)
    }
    if (insn.segment < FS && insn.addressSize === 64) return sum < 0 ? ir.i64(0) : sum
    const offset = ir.i64(insn.disp)
    return this.fitAddress(insn, sum < 0 ? offset : ir.op2('i64.add', sum, offset))
  }

  /** LEA's value: the address without segment base, as i64. */
  effectiveAddress(insn: Insn): Value {
    const segment = insn.segment
    insn.segment = SEG_NONE
    this.makeAddress(insn)
    insn.segment = segment
    return this.operandOffset()
  }

  private operandOffset(): Value {
    const offset = this.addressOffset
    return offset === 0 ? this.addressBase : this.ir.op2('i64.add', this.addressBase, this.ir.i64(offset))
  }

  /** The memory operand's whole address, segment base included. */
  linearAddress(insn: Insn): Value {
    this.address(insn)
    if (this.addressOffset === 0 && !this.ir.options.exactSegments) return this.addressBase
    const { ir } = this
    const sum = this.operandOffset()
    if (ir.options.exactSegments)
      return this.cut(ir.op2('i64.add', sum, baseValue(this, this.addressSegment)))
    return this.addressSegment < FS ? this.cut(sum) : this.keepUnusable(sum, this.addressBase)
  }

  /** Uses an offset in a segment, cut to its size, as the memory operand from now on. */
  useOffset(segment: number, offset: Value): void {
    this.addressSegment = segment
    this.addressBase = this.ir.options.exactSegments ? offset : this.based(segment, offset)
    this.addressOffset = 0
  }

  loadMemory(insn: Insn, kind: LoadKind, extra = 0, access = ACCESS_READ): Value {
    this.address(insn)
    const [base, offset] = this.operandPlace(extra, LOAD_BYTES[kind]!, access)
    return this.ir.load(kind, base, offset)
  }

  storeMemory(insn: Insn, bits: StoreBits, value: Value, extra = 0): void {
    this.address(insn)
    const [base, offset] = this.operandPlace(extra, storeBytes(bits), ACCESS_WRITE)
    this.ir.store(bits, base, offset, value)
  }

  /** Checks that the memory operand can be stored to, before anything is changed. */
  checkMemoryStore(insn: Insn, sizeBytes: number): void {
    this.address(insn)
    const [base, offset] = this.operandPlace(0, sizeBytes, ACCESS_WRITE)
    this.ir.checkStore(base, offset, sizeBytes)
  }

  /** Checks the memory operand's segment, where a helper makes the access. */
  checkOperandSegment(insn: Insn, sizeBytes: number, access: number): void {
    this.address(insn)
    this.operandPlace(0, sizeBytes, access)
  }

  /** So far from the memory operand's start, as base and offset of an access. */
  private operandPlace(extra: number, sizeBytes: number, access: number): [base: Value, offset: number] {
    const { ir } = this
    const offset = this.addressOffset + extra
    // Nothing is written through a prefix for CS, flat or not.
    if (this.addressSegment === CS && access === ACCESS_WRITE) ir.exitIf(ir.i32(1), EXIT_PROTECTION)
    if (!ir.options.exactSegments) return [this.addressBase, offset]
    return this.exactPlace(this.addressSegment, this.addressBase, offset, sizeBytes, access)
  }

  private exactPlace(
    segment: number,
    base: Value,
    offset: number,
    sizeBytes: number,
    access: number,
  ): [base: Value, offset: number] {
    const { ir } = this
    const at = this.cut(ir.op2('i64.add', base, ir.i64(offset)))
    return [segmentPlace(this, segment, at, sizeBytes, access), 0]
  }

  /** An access off a register's value, in a segment that is not the memory operand's. */
  private place(
    segment: number,
    base: Value,
    offset: number,
    sizeBytes: number,
    access: number,
  ): [Value, number] {
    const { ir } = this
    ir.stackBased = segment === SS
    if (ir.options.exactSegments) return this.exactPlace(segment, base, offset, sizeBytes, access)
    if (this.mode === 64 || offset === 0 || !ir.options.exactChecks) return [base, offset]
    return [this.cut(ir.op2('i64.add', base, ir.i64(offset))), 0]
  }

  loadFrom(segment: number, kind: LoadKind, base: Value, offset: number): Value {
    const [at, extra] = this.place(segment, base, offset, LOAD_BYTES[kind]!, ACCESS_READ)
    return this.ir.load(kind, at, extra)
  }

  storeTo(segment: number, bits: StoreBits, base: Value, offset: number, value: Value): void {
    const [at, extra] = this.place(segment, base, offset, storeBytes(bits), ACCESS_WRITE)
    this.ir.store(bits, at, extra, value)
  }

  checkStoreTo(segment: number, base: Value, offset: number, sizeBytes: number): void {
    const [at, extra] = this.place(segment, base, offset, sizeBytes, ACCESS_WRITE)
    this.ir.checkStore(at, extra, sizeBytes)
  }
}

const storeBytes = (bits: StoreBits): number => (bits === 'f32' ? 4 : bits === 'f64' ? 8 : bits / 8)

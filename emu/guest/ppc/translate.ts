/**
 * Translates PowerPC instructions to IR: what rows call to read and write registers, memory and condition fields.
 * Path: region formation (emu/run/form-region.ts) hands it decoded instructions block by block.
 * Reference: Power ISA, Books I and II.
 */

import type { Block, LoadKind, Region, StoreBits, Value } from '../../ir/region.ts'
import { EXIT_ALIGNMENT, EXIT_SLOW, EXIT_UNDEFINED } from '../../run/cpu.ts'
import { ControlFlow } from '../control-flow.ts'
import type { BlockMap, GuestTranslator } from '../guest-mode.ts'
import { swapped } from './byte-order.ts'
import { Conditions } from './conditions.ts'
import type { Insn } from './decode.ts'
import { Doubles } from './float/fused.ts'
import { V_BUDGET, V_CA, V_LR, V_OV, V_SO, V_TEMP64, V_VSR } from './variables.ts'

export type Bits = 32 | 64

export class Translator extends ControlFlow implements GuestTranslator<Insn> {
  /** The width of registers and addresses. */
  readonly bits: Bits
  readonly isLittle: boolean
  readonly cr: Conditions
  readonly doubles: Doubles
  /** The block that has looked whether FPSCR's mode is the usual one. */
  floatChecked: Block | null = null

  constructor(ir: Region, map: BlockMap, bits: Bits, isLittle: boolean) {
    super(ir, map, { budget: V_BUDGET, temp: V_TEMP64 })
    this.bits = bits
    this.isLittle = isLittle
    this.cr = new Conditions(ir)
    this.doubles = new Doubles(ir, 'f64')
  }

  get flagsAtEnd(): number {
    return this.cr.known
  }

  beginBlock(block: Block, flags: number): void {
    this.ir.begin(block)
    this.cr.known = flags
  }

  instruction(insn: Insn): void {
    const { ir } = this
    ir.instruction(insn.pc)
    if (this.isLittle && insn.row!.bigEndian) ir.exitIf(ir.i32(1), EXIT_ALIGNMENT)
    insn.row!.translate(this, insn)
  }

  undefined(insn: Insn): void {
    this.ir.instruction(insn.pc)
    this.ir.exit(EXIT_UNDEFINED, insn.pc)
  }

  protected forgetFlags(): void {
    this.cr.known = 0
  }

  /** Every address may be branched to; what cannot be fetched faults there. */
  checkTarget(): void {}

  leaveIfWild(target: Value): void {
    const { ir } = this
    if (this.bits === 64 && !ir.options.exactChecks)
      ir.exitIf(ir.op1('i32.wrap_i64', ir.op2('i64.shr_u', target, ir.i64(32))), EXIT_SLOW)
  }

  /** Before a branch to a known address: the interpreter goes where nothing can be. */
  leaveIfBeyond(target: number): void {
    const { ir } = this
    if (isBeyond(target) && !ir.options.exactChecks) ir.exitIf(ir.i32(1), EXIT_SLOW)
  }

  protected override go(target: number): void {
    if (isBeyond(target)) this.ir.gotoValue(this.ir.i64(target))
    else super.go(target)
  }

  // ---- registers

  /** A general register as wide as the mode's: i64, or i32. */
  gpr(register: number): Value {
    return this.bits === 64 ? this.ir.get(register) : this.gpr32(register)
  }

  /** A general register, or 0 where its number is 0. */
  gprOrZero(register: number): Value {
    return register === 0 ? this.constant(0) : this.gpr(register)
  }

  /** Bits 32-63 of a general register. */
  gpr32(register: number): Value {
    return this.ir.op1('i32.wrap_i64', this.ir.get(register))
  }

  /** All 64 bits; in 32-bit mode the upper ones are 0. */
  gpr64(register: number): Value {
    return this.ir.get(register)
  }

  /** Sets a general register from a value as wide as the mode's. */
  setGpr(register: number, value: Value): void {
    if (this.bits === 64) this.ir.set(register, value)
    else this.setGpr32(register, value)
  }

  /** Sets a general register to 32 bits, with zeros above. */
  setGpr32(register: number, value: Value): void {
    this.ir.set(register, this.ir.op1('i64.extend_i32_u', value))
  }

  /** Sets a general register to 32 bits: in 64-bit mode with copies of the sign above. */
  setGprSigned32(register: number, value: Value): void {
    if (this.bits === 64) this.ir.set(register, this.ir.op1('i64.extend_i32_s', value))
    else this.setGpr32(register, value)
  }

  vsr(register: number): Value {
    return this.ir.get(V_VSR + register)
  }

  setVsr(register: number, value: Value): void {
    this.ir.set(V_VSR + register, value)
  }

  /** The mode's width as i64: of an i32 with zeros above. */
  widen(value: Value): Value {
    return this.bits === 64 ? value : this.ir.op1('i64.extend_i32_u', value)
  }

  /** An i64 as a value of the mode's width. */
  narrow(value: Value): Value {
    return this.bits === 64 ? value : this.ir.op1('i32.wrap_i64', value)
  }

  // ---- arithmetic of the mode's width: `name` without its type

  op1(name: string, a: Value): Value {
    return this.ir.op1(`${this.bits === 64 ? 'i64' : 'i32'}.${name}`, a)
  }

  op2(name: string, a: Value, b: Value): Value {
    return this.ir.op2(`${this.bits === 64 ? 'i64' : 'i32'}.${name}`, a, b)
  }

  constant(value: number): Value {
    return this.bits === 64 ? this.ir.i64(value) : this.ir.i32(value)
  }

  // ---- XER

  so(): Value {
    return this.ir.get(V_SO)
  }

  setCa(carry: Value): void {
    this.ir.set(V_CA, carry)
  }

  /** CA as a value of the mode's width. */
  ca(): Value {
    const carry = this.ir.get(V_CA)
    return this.bits === 64 ? this.ir.op1('i64.extend_i32_u', carry) : carry
  }

  /** OV, and SO if it is set. */
  setOv(overflow: Value): void {
    const { ir } = this
    const before = ir.get(V_SO)
    ir.set(V_OV, overflow)
    ir.set(V_SO, ir.op2('i32.or', before, overflow))
  }

  /** CR field 0 from a result of the mode's width; behind setOv. */
  record(result: Value): void {
    const { ir } = this
    this.cr.compare(0, this.bits === 64 ? result : ir.op1('i64.extend_i32_s', result), ir.i64(0), this.so())
  }

  // ---- memory

  /** The effective address of a register or zero and a displacement: a base value that checks are shared by, and an offset. */
  address(ra: number, displacement: number): [base: Value, offset: number] {
    const { ir } = this
    if (ra === 0) {
      const address = this.bits === 32 ? displacement >>> 0 : displacement
      return [ir.i64(address), 0]
    }
    if (this.bits === 32 && ir.options.exactChecks)
      return [this.cut(ir.op2('i64.add', ir.get(ra), ir.i64(displacement))), 0]
    return [ir.get(ra), displacement]
  }

  /** The effective address (RA|0) + RB. */
  indexed(ra: number, rb: number): Value {
    const { ir } = this
    if (ra === 0) return ir.get(rb)
    return this.cut(ir.op2('i64.add', ir.get(ra), ir.get(rb)))
  }

  /** An address as the mode has it. */
  cut(address: Value): Value {
    const { ir } = this
    return this.bits === 64 ? address : ir.op1('i64.extend_i32_u', ir.op1('i32.wrap_i64', address))
  }

  /** Loads in the guest's byte order. */
  load(kind: LoadKind, base: Value, offset: number): Value {
    return this.loadIn(this.isLittle, kind, base, offset)
  }

  /** Loads in the other byte order. */
  loadReversed(kind: LoadKind, base: Value, offset: number): Value {
    return this.loadIn(!this.isLittle, kind, base, offset)
  }

  private loadIn(isLittle: boolean, kind: LoadKind, base: Value, offset: number): Value {
    const { ir } = this
    if (isLittle) return ir.load(kind, base, offset)
    // Eight bytes are swapped in a vector, so they are best loaded into one.
    if (kind === 64) return ir.lane('i64x2.extract_lane', 0, this.loadIn(false, 'z64', base, offset))
    return swapped(ir, kind, ir.load(kind, base, offset))
  }

  store(bits: StoreBits, base: Value, offset: number, value: Value): void {
    this.ir.store(bits, base, offset, this.isLittle ? value : swapped(this.ir, storedKind(bits), value))
  }

  storeReversed(bits: StoreBits, base: Value, offset: number, value: Value): void {
    this.ir.store(bits, base, offset, this.isLittle ? swapped(this.ir, storedKind(bits), value) : value)
  }

  // ---- control

  /** LR := the address behind the instruction. */
  link(insn: Insn): void {
    const { ir } = this
    ir.set(V_LR, ir.i64(this.bits === 32 ? insn.nextPc >>> 0 : insn.nextPc))
  }

  /** Calls a helper that works on the state block, and goes on in a new block. */
  callHelper(insn: Insn, id: number, argument: number): void {
    const { ir } = this
    const next = ir.newBlock(insn.nextPc)
    ir.callHelper(id, argument, next)
    ir.begin(next)
    this.cr.known = 0
  }
}

/** Whether an address has more than 32 bits. */
const isBeyond = (address: number): boolean => address < 0 || address > 0xffff_ffff

/** What a store's bytes are swapped as. */
const storedKind = (bits: StoreBits): LoadKind => (bits === 8 ? 'u8' : bits === 16 ? 'u16' : bits)

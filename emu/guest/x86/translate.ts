/**
 * Translates x86 instructions to IR: what rows call to read and write operands, addresses and flags.
 * Path: region formation (emu/run/form-region.ts) hands it decoded instructions block by block.
 * Reference: Intel SDM vol. 2.
 */

import { type Block, type LoadKind, PART_OF_INSTRUCTION, type Region, type Value } from '../../ir/region.ts'
import { EXIT_PROTECTION, EXIT_SLOW, EXIT_UNDEFINED } from '../../run/cpu.ts'
import type { BlockMap, GuestTranslator } from '../guest-mode.ts'
import { Addressing } from './addressing.ts'
import { type Bits, CC_UNKNOWN, Flags } from './condition.ts'
import type { Insn } from './decode.ts'
import type { Mode } from './row.ts'
import { checkFetch, codeAddress, codeOffset } from './segment-checks.ts'
import { SS } from './state.ts'
import { V_XMM } from './variables.ts'

const RSP = 4
const LOADS: Record<Bits, LoadKind> = { 8: 'u8', 16: 'u16', 32: 32, 64: 64 }
const MASK: Record<number, number> = { 8: 0xff, 16: 0xffff }

export class Translator extends Addressing implements GuestTranslator<Insn> {
  readonly flags: Flags
  /** SSE alignment checks already made: base value × 16 + displacement's low bits (values belong to one block). */
  readonly alignedBases = new Set<number>()
  /** The block in which MXCSR was last found to be in its usual state. */
  floatChecked: Block | null = null
  /** Operands of float operations there whose flags were looked at: value × 2, one more for doubles. */
  readonly floatOperands = new Set<number>()
  /** The block in which the x87 registers have been taken over as mm registers. */
  mmxEntered: Block | null = null

  constructor(ir: Region, map: BlockMap, mode: Mode) {
    super(ir, map, mode)
    this.flags = new Flags(ir)
  }

  get flagsAtEnd(): number {
    return this.flags.op
  }

  /** Starts a block; `flagsOp` is the flag operation that all its predecessors end with, or CC_UNKNOWN. */
  beginBlock(block: Block, flagsOp: number): void {
    this.ir.begin(block)
    this.forgetAbsolute()
    this.flags.begin(flagsOp)
  }

  /** Translates one instruction into the open block. */
  instruction(insn: Insn): void {
    this.ir.instruction(insn.pc)
    this.forgetOperand()
    if (this.ir.options.exactSegments) checkFetch(this, this.ir.i64(insn.pc), insn.length)
    insn.row!.translate(this, insn)
  }

  protected forgetFlags(): void {
    this.flags.op = CC_UNKNOWN
  }

  protected override get mayStayInside(): boolean {
    return !this.ir.options.exactSegments
  }

  /** Undefined opcode: SIGILL at the instruction. */
  undefined(insn: Insn): void {
    this.ir.instruction(insn.pc)
    this.ir.exit(EXIT_UNDEFINED, insn.pc)
  }

  // ---- registers

  /** Reads a general register; i64 for 64 bits, else a zero-extended i32. */
  gpr(register: number, size: Bits): Value {
    const value = this.ir.get(register)
    if (size === 64) return value
    const low = this.ir.op1('i32.wrap_i64', value)
    return size === 32 ? low : this.ir.op2('i32.and', low, this.ir.i32(MASK[size]!))
  }

  /** Writes a general register; 32 bits clear the upper half, 8 and 16 keep the rest. Values zero-extended. */
  setGpr(register: number, size: Bits, value: Value): void {
    const { ir } = this
    if (size === 64) ir.set(register, value)
    else if (size === 32) ir.set(register, ir.op1('i64.extend_i32_u', value))
    else {
      const kept = ir.op2('i64.and', ir.get(register), ir.i64(size === 8 ? -0x100 : -0x10000))
      ir.set(register, ir.op2('i64.or', kept, ir.op1('i64.extend_i32_u', value)))
    }
  }

  /** Byte registers: without REX, 4-7 are AH, CH, DH, BH. */
  private highByte(insn: Insn, register: number): boolean {
    return insn.rex === 0 && register >= 4 && register < 8
  }

  register(insn: Insn, register: number, size: Bits): Value {
    const { ir } = this
    if (size === 8 && this.highByte(insn, register)) {
      const low = ir.op1('i32.wrap_i64', ir.get(register - 4))
      return ir.op2('i32.and', ir.op2('i32.shr_u', low, ir.i32(8)), ir.i32(0xff))
    }
    return this.gpr(register, size)
  }

  setRegister(insn: Insn, register: number, size: Bits, value: Value): void {
    const { ir } = this
    if (size === 8 && this.highByte(insn, register)) {
      const kept = ir.op2('i64.and', ir.get(register - 4), ir.i64(-0xff01))
      const placed = ir.op1('i64.extend_i32_u', ir.op2('i32.shl', value, ir.i32(8)))
      ir.set(register - 4, ir.op2('i64.or', kept, placed))
    } else this.setGpr(register, size, value)
  }

  xmm(register: number): Value {
    return this.ir.get(V_XMM + register)
  }

  setXmm(register: number, value: Value): void {
    this.ir.set(V_XMM + register, value)
  }

  // ---- operands by their place in the row

  /** The size in bits of operand `k`. */
  sizeOf(insn: Insn, k: number): Bits {
    const code = insn.row!.operands[k]!
    switch (code[1]) {
      case 'b':
        return 8
      case 'w':
        return 16
      case 'd':
        return 32
      case 'q':
        return 64
      case 'n':
        return insn.mode
      case 'y':
        return insn.size === 64 ? 64 : 32
      default:
        return insn.size as Bits
    }
  }

  /** Reads operand `k`: i64 for 64 bits, else a zero-extended i32. */
  read(insn: Insn, k: number): Value {
    const code = insn.row!.operands[k]!
    const size = this.sizeOf(insn, k)
    switch (code[0]) {
      case 'E':
      case 'M':
        return insn.isMemory ? this.loadMemory(insn, LOADS[size]) : this.register(insn, insn.rm, size)
      case 'G':
        return this.register(insn, insn.reg, size)
      case 'Z':
        return this.register(insn, this.opcodeRegister(insn), size)
      case 'A':
        return this.gpr(0, size)
      case 'C':
        return this.gpr(1, 8)
      case 'O':
        this.useMoffs(insn)
        return this.loadMemory(insn, LOADS[size])
      case 'I':
        return this.immediate(insn, size)
      default:
        throw new Error(`operand ${code} of ${insn.row!.mnemonic} cannot be read`)
    }
  }

  /** Reads an operand that the instruction writes too: what cannot be written faults as a write, as on the CPU. */
  readToWrite(insn: Insn, k: number): Value {
    if (insn.isMemory && insn.row!.operands[k]![0] === 'E')
      this.checkMemoryStore(insn, this.sizeOf(insn, k) / 8)
    return this.read(insn, k)
  }

  /** Writes operand `k`; values of 8 and 16 bits zero-extended. */
  write(insn: Insn, k: number, value: Value): void {
    const code = insn.row!.operands[k]!
    const size = this.sizeOf(insn, k)
    switch (code[0]) {
      case 'E':
      case 'M':
        if (insn.isMemory) this.storeMemory(insn, size, value)
        else this.setRegister(insn, insn.rm, size, value)
        return
      case 'G':
        this.setRegister(insn, insn.reg, size, value)
        return
      case 'Z':
        this.setRegister(insn, this.opcodeRegister(insn), size, value)
        return
      case 'A':
        this.setGpr(0, size, value)
        return
      case 'O':
        this.useMoffs(insn)
        this.storeMemory(insn, size, value)
        return
      default:
        throw new Error(`operand ${code} of ${insn.row!.mnemonic} cannot be written`)
    }
  }

  opcodeRegister(insn: Insn): number {
    return (insn.opcode & 7) | ((insn.rex & 1) << 3)
  }

  private useMoffs(insn: Insn): void {
    const { ir } = this
    const low = insn.addressSize === 16 ? insn.imm & 0xffff : insn.imm
    const address = ir.i64Halves(low, insn.addressSize === 64 ? insn.immHigh : 0)
    this.useOffset(this.implicitSegment(insn), address)
  }

  immediate(insn: Insn, size: Bits): Value {
    if (size === 64) return this.ir.i64Halves(insn.imm, insn.immHigh)
    return this.ir.i32(size === 32 ? insn.imm : insn.imm & MASK[size]!)
  }

  // ---- typed arithmetic: `name` without its type

  op1(size: Bits, name: string, a: Value): Value {
    return this.ir.op1(`${size === 64 ? 'i64' : 'i32'}.${name}`, a)
  }

  op2(size: Bits, name: string, a: Value, b: Value): Value {
    return this.ir.op2(`${size === 64 ? 'i64' : 'i32'}.${name}`, a, b)
  }

  constant(size: Bits, value: number): Value {
    return size === 64 ? this.ir.i64(value) : this.ir.i32(value)
  }

  /** Clears what is above 8 or 16 bits. */
  truncate(size: Bits, value: Value): Value {
    return size < 32 ? this.ir.op2('i32.and', value, this.ir.i32(MASK[size]!)) : value
  }

  signExtend(size: Bits, value: Value): Value {
    if (size === 8) return this.ir.op1('i32.extend8_s', value)
    if (size === 16) return this.ir.op1('i32.extend16_s', value)
    return value
  }

  /** Any size to i64, zero- or sign-extended. */
  toI64(size: Bits, value: Value, signed: boolean): Value {
    if (size === 64) return value
    if (!signed) return this.ir.op1('i64.extend_i32_u', value)
    return this.ir.op1('i64.extend_i32_s', this.signExtend(size, value))
  }

  /** A zero-extended i32 as a value of `size`. */
  ofSize(size: Bits, value: Value): Value {
    return size === 64 ? this.ir.op1('i64.extend_i32_u', value) : value
  }

  /** The low part of an i64, as a value of `size`. */
  fromI64(size: Bits, value: Value): Value {
    return size === 64 ? value : this.truncate(size, this.ir.op1('i32.wrap_i64', value))
  }

  select(size: Bits, condition: Value, a: Value, b: Value): Value {
    return this.ir.op3(size === 64 ? 'select.i64' : 'select.i32', a, b, condition)
  }

  // ---- stack

  /** Stores below the stack; the caller sets RSP by dropStack when nothing can fault any more. */
  checkStackStore(size: Bits): void {
    this.checkStoreTo(SS, this.ir.get(RSP), -size / 8, size / 8)
  }

  storeStack(size: 16 | Mode, value: Value): void {
    this.storeTo(SS, size, this.ir.get(RSP), -size / 8, value)
  }

  loadStack(size: 16 | Mode): Value {
    return this.loadFrom(SS, size === 16 ? 'u16' : size, this.ir.get(RSP), 0)
  }

  moveStack(deltaBytes: number): void {
    this.setPointer(RSP, this.ir.op2('i64.add', this.ir.get(RSP), this.ir.i64(deltaBytes)))
  }

  /** Sets a register to an address: in 32-bit mode to its low half. */
  setPointer(register: number, address: Value): void {
    this.ir.set(register, this.cut(address))
  }

  // ---- control

  /** An address in the code segment as a program sees it: EIP or RIP. */
  codePointer(pc: number): Value {
    const { ir } = this
    if (this.mode === 64) return ir.i64(pc)
    if (!ir.options.exactSegments) return ir.i32(pc | 0)
    return ir.op1('i32.wrap_i64', codeOffset(this, ir.i64(pc)))
  }

  /** The address of an EIP or RIP, which is as wide as the mode. */
  codeAddress(pointer: Value): Value {
    const wide = this.toI64(this.mode, pointer, false)
    return this.ir.options.exactSegments ? codeAddress(this, wide) : wide
  }

  /** Leaves where the target is beyond the code segment. */
  checkTarget(target: number, condition?: Value): void {
    if (this.ir.options.exactSegments) checkFetch(this, this.ir.i64(target), 1, condition)
  }

  /**
   * Before a jump to a value: leaves at this instruction when the value is no address. The exact form faults as the
   * CPU does where it is not canonical; an address beyond 4 GiB is fetched from, and faults there.
   */
  leaveIfWild(target: Value): void {
    const { ir } = this
    if (this.mode === 32) {
      if (ir.options.exactSegments) checkFetch(this, target, 1)
      return
    }
    const wild = ir.options.exactChecks
      ? ir.op2('i64.shr_u', ir.op2('i64.add', target, ir.i64(2 ** 47)), ir.i64(48))
      : ir.op2('i64.shr_u', target, ir.i64(32))
    ir.exitIf(ir.op1('i32.wrap_i64', wild), ir.options.exactChecks ? EXIT_PROTECTION : EXIT_SLOW)
  }

  /**
   * Calls a helper that works on the state block, and goes on in a new block. `flagsAfter` is the flag operation it
   * leaves; undefined when it changes no flags.
   */
  callHelper(insn: Insn, id: number, argument: number, flagsAfter?: number): void {
    const { ir } = this
    const next = ir.newBlock(insn.nextPc)
    ir.callHelper(id, argument, next)
    this.forgetAbsolute()
    ir.begin(next)
    this.flags.begin(flagsAfter ?? this.flags.op)
  }

  /** As callHelper, for an instruction that is not finished behind it: nothing comes between. */
  callHelperWithin(id: number, argument: number): void {
    const { ir } = this
    const next = ir.newBlock(PART_OF_INSTRUCTION)
    ir.callHelper(id, argument, next)
    ir.begin(next)
    this.flags.begin(CC_UNKNOWN)
  }

  /** Goes on in a new block of the same instruction when `condition` holds, else in another; gives both. */
  split(insn: Insn, condition: Value): { yes: Block; no: Block; join: Block } {
    const { ir } = this
    const yes = ir.newBlock(insn.pc)
    const no = ir.newBlock(insn.pc)
    const join = ir.newBlock(insn.nextPc)
    ir.branch(condition, yes, no)
    this.forgetAbsolute()
    return { yes, no, join }
  }

  /** Starts a block made by split. */
  beginSplit(insn: Insn, block: Block): void {
    this.ir.begin(block)
    this.ir.instruction(insn.pc)
    this.forgetOperand()
    this.flags.begin(this.flags.op)
  }
}

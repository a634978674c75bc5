/**
 * Translates x86 instructions to IR: what rows call to read and write operands, addresses and flags.
 * Path: region formation (emu/run/form-region.ts) hands it decoded instructions block by block.
 * Reference: Intel SDM vol. 2.
 */

import {
  type Block,
  GOTO_COLD,
  LOAD_BYTES,
  type LoadKind,
  PART_OF_INSTRUCTION,
  type Region,
  type StoreBits,
  type Value,
} from '../../ir/region.ts'
import { EXIT_BUDGET, EXIT_PROTECTION, EXIT_SLOW, EXIT_UNDEFINED } from '../../run/cpu.ts'
import { type Bits, CC_UNKNOWN, Flags } from './condition.ts'
import { BASE_RIP, type Insn, NO_REGISTER, SEG_NONE } from './decode.ts'
import type { Mode } from './row.ts'
import { baseValue, checkFetch, codeAddress, codeOffset, segmentPlace } from './segment-checks.ts'
import { ACCESS_READ, ACCESS_WRITE } from './segments.ts'
import { CS, DS, FS, SS } from './state.ts'
import { V_BUDGET, V_TEMP64, V_XMM } from './variables.ts'

const RSP = 4,
  RBP = 5
const LOADS: Record<Bits, LoadKind> = { 8: 'u8', 16: 'u16', 32: 32, 64: 64 }
const MASK: Record<number, number> = { 8: 0xff, 16: 0xffff }

/** What region formation answers: the block at a guest pc if it belongs to the region. */
export interface BlockMap {
  blockAt(pc: number): Block | undefined
  /** Where the indirect jump at pc may go, as far as it is known. */
  candidatesAt(pc: number): readonly number[]
  /** Whether the code at pc could belong to the region but has not run. */
  isLeftOut(pc: number): boolean
}

export class Translator {
  readonly ir: Region
  readonly flags: Flags
  readonly mode: Mode
  private readonly map: BlockMap
  /** The current instruction's memory operand: base value and displacement, made once. */
  private addressBase = -1
  private addressOffset = 0
  private addressSegment = DS
  /** Base values for absolute addresses in this block, by 4 KiB page, so that they share checks. */
  private readonly absolute = new Map<number, Value>()
  /** SSE alignment checks already made: base value × 16 + displacement's low bits (values belong to one block). */
  readonly alignedBases = new Set<number>()
  /** The block in which MXCSR was last found to be in its usual state. */
  floatChecked: Block | null = null
  /** Operands of float operations there whose flags were looked at: value × 2, one more for doubles. */
  readonly floatOperands = new Set<number>()
  /** The block in which the x87 registers have been taken over as mm registers. */
  mmxEntered: Block | null = null

  constructor(ir: Region, map: BlockMap, mode: Mode) {
    this.ir = ir
    this.mode = mode
    this.map = map
    this.flags = new Flags(ir)
  }

  /** Starts a block; `flagsOp` is the flag operation that all its predecessors end with, or CC_UNKNOWN. */
  beginBlock(block: Block, flagsOp: number): void {
    this.ir.begin(block)
    this.absolute.clear()
    this.flags.begin(flagsOp)
  }

  /** Translates one instruction into the open block. */
  instruction(insn: Insn): void {
    this.ir.instruction(insn.pc)
    this.addressBase = -1
    if (this.ir.options.exactSegments) checkFetch(this, this.ir.i64(insn.pc), insn.length)
    insn.row!.translate(this, insn)
  }

  /** Ends the block because the next instruction begins another one, or lies outside the region. */
  fallThrough(pc: number): void {
    this.go(pc)
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

  // ---- memory operands

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

  loadMemory(insn: Insn, kind: LoadKind, extra = 0): Value {
    this.address(insn)
    const [base, offset] = this.operandPlace(extra, LOAD_BYTES[kind]!, ACCESS_READ)
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

  /** Ends the block with a jump to a guest address; a jump back takes one from the budget. */
  jump(insn: Insn, target: number): void {
    this.checkTarget(target)
    if (target <= insn.pc) this.countBackEdge(target)
    this.go(target)
  }

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

  /** Before a branch to a known address, if `condition` holds: leaves where it is beyond the code segment. */
  checkTarget(target: number, condition?: Value): void {
    if (this.ir.options.exactSegments) checkFetch(this, this.ir.i64(target), 1, condition)
  }

  private go(target: number): void {
    const next = this.map.blockAt(target)
    if (next) this.ir.jump(next)
    else this.leaveFor(target)
  }

  private leaveFor(pc: number): void {
    this.ir.goto(pc, this.map.isLeftOut(pc) ? GOTO_COLD : 0)
  }

  private countBackEdge(target: number): void {
    const { ir } = this
    const left = ir.op2('i32.sub', ir.get(V_BUDGET), ir.i32(1))
    ir.set(V_BUDGET, left)
    ir.exitIfNow(ir.op2('i32.lt_s', left, ir.i32(0)), EXIT_BUDGET, target)
  }

  /** Ends the block with a jump to a value; to its known targets without leaving the region. */
  jumpValue(insn: Insn, target: Value): void {
    const { ir } = this
    const inside = this.map.candidatesAt(insn.pc).filter((pc) => this.map.blockAt(pc))
    if (inside.length === 0 || ir.options.exactSegments) {
      this.leaveByValue(target)
      return
    }
    ir.set(V_TEMP64, target)
    const cases = inside.map((pc) => ({ pc, block: pc <= insn.pc ? ir.newBlock(pc) : this.map.blockAt(pc)! }))
    const otherwise = ir.newBlock(insn.pc)
    ir.switch(target, cases, otherwise)
    for (const { pc, block } of cases)
      if (pc <= insn.pc) {
        ir.begin(block)
        this.countBackEdge(pc)
        this.go(pc)
      }
    ir.begin(otherwise)
    ir.instruction(insn.pc)
    this.leaveByValue(ir.get(V_TEMP64))
  }

  /** Jumps out of the region: perhaps back, so that it counts. */
  private leaveByValue(target: Value): void {
    this.leaveIfWild(target)
    this.countTransfer()
    this.ir.gotoValue(target)
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

  /** Ends the block with a conditional jump. */
  branch(insn: Insn, condition: Value, target: number): void {
    const { ir } = this
    this.checkTarget(target, condition)
    const inside = this.map.blockAt(target)
    const direct = inside !== undefined && target > insn.pc
    const taken = direct ? inside : ir.newBlock(target)
    const next = this.map.blockAt(insn.nextPc) ?? ir.newBlock(insn.nextPc)
    ir.branch(condition, taken, next)
    if (!direct) {
      ir.begin(taken)
      if (target <= insn.pc) this.countBackEdge(target)
      this.go(target)
    }
    if (!this.map.blockAt(insn.nextPc)) {
      ir.begin(next)
      this.leaveFor(insn.nextPc)
    }
  }

  /** The block a call comes back to. */
  private returnBlock(pc: number): { block: Block; outside: boolean } {
    const block = this.map.blockAt(pc)
    return block ? { block, outside: false } : { block: this.ir.newBlock(pc), outside: true }
  }

  /** Before a call, or a jump to wherever: a preemption point, then one less in the budget. */
  countTransfer(): void {
    const { ir } = this
    const budget = ir.get(V_BUDGET)
    ir.exitIf(ir.op2('i32.lt_s', budget, ir.i32(1)), EXIT_BUDGET)
    ir.set(V_BUDGET, ir.op2('i32.sub', budget, ir.i32(1)))
  }

  call(insn: Insn, target: number): void {
    const back = this.returnBlock(insn.nextPc)
    this.flags.op = CC_UNKNOWN
    this.ir.call(target, insn.nextPc, back.block)
    this.finishReturn(insn, back)
  }

  callValue(insn: Insn, target: Value): void {
    const back = this.returnBlock(insn.nextPc)
    this.flags.op = CC_UNKNOWN
    this.ir.callValue(target, insn.nextPc, back.block)
    this.finishReturn(insn, back)
  }

  private finishReturn(insn: Insn, back: { block: Block; outside: boolean }): void {
    if (!back.outside) return
    this.ir.begin(back.block)
    this.leaveFor(insn.nextPc)
  }

  /**
   * Calls a helper that works on the state block, and goes on in a new block. `flagsAfter` is the flag operation it
   * leaves; undefined when it changes no flags.
   */
  callHelper(insn: Insn, id: number, argument: number, flagsAfter?: number): void {
    const { ir } = this
    const next = ir.newBlock(insn.nextPc)
    ir.callHelper(id, argument, next)
    this.absolute.clear()
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
    this.absolute.clear()
    return { yes, no, join }
  }

  /** Starts a block made by split. */
  beginSplit(insn: Insn, block: Block): void {
    this.ir.begin(block)
    this.ir.instruction(insn.pc)
    this.addressBase = -1
    this.flags.begin(this.flags.op)
  }
}

const storeBytes = (bits: StoreBits): number => (bits === 'f32' ? 4 : bits === 'f64' ? 8 : bits / 8)

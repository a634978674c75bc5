/**
 * A region: the IR of some guest code with one entry, usually a function as far as direct branches reach it.
 * Path: filled by emu/guest/<isa> through the methods here, analysed by emu/opt, lowered by emu/wasm/lower.
 *
 * Values are nodes in one arena and live within their block; between blocks only variables (guest registers and
 * region temporaries) carry values. Setting a variable writes no node: it is entered in the block's log, so that an
 * exit in the middle of a block knows each variable's value at its instruction by a position in the log, and the
 * work to make those values is done only when the exit is taken.
 *
 * Invariant: within a guest instruction all checks come before the first `set`, so an exit at a check leaves with
 * the registers as they were before the instruction.
 */

import { PAGE_PW, PAGE_R } from '../memory/layout.ts'
import { F32, F64, I32, I64, OPS, op, type Type, V128 } from './ops.ts'

/** A guest register or other state that translated code keeps in a WebAssembly local. */
export interface Variable {
  readonly name: string
  readonly type: Type
  /** Byte offset in the state block; -1 for a temporary of the region, which no exit writes back. */
  readonly offset: number
}

/** Variables of a region are fewer. */
export const VARIABLES_MAX = 256

export const TERM_NONE = 0
/** Go on at block `next`. */
export const TERM_JUMP = 1
/** Go on at block `taken` if value is not zero, else at `next`. */
export const TERM_BRANCH = 2
/** Leave for guest address `pc`. */
export const TERM_GOTO = 3
/** Leave for the guest address in `value`. */
export const TERM_GOTO_VALUE = 4
/** Call the function at `pc`; it comes back to `returnPc`, which is block `next`. */
export const TERM_CALL = 5
/** Call the function whose address is in `value`. */
export const TERM_CALL_VALUE = 6
/** Return to the address in `value`. */
export const TERM_RETURN = 7
/** Leave for the kernel: exit `kind` with the guest at `pc`. */
export const TERM_EXIT = 8
/** Call helper `kind`, which reads and writes the registers in the state block, and go on at block `next`. */
export const TERM_HELPER = 9
/** Go on at the block of `cases` whose pc the i64 value is, else at block `next`. */
export const TERM_SWITCH = 10

/** TERM_GOTO's kind where the target has not run: least code, not speed, is what counts. */
export const GOTO_COLD = 1

/** A block's pc where the interpreter must not stop before it, whatever happened to guest code. */
export const PART_OF_INSTRUCTION = -1

/** check: with `need`, the access counts as one of the stack: a non-canonical address is another fault then. */
export const NEED_STACK = 0x100
/** check: with `need`, the segment was asked before: beyond the last address there is a page that is absent. */
export const NEED_ASKED = 0x200

/** Accesses whose distance from each other is below this share one check: both its end pages are tested. */
const GROUP_SPAN = 4096

export interface Block {
  readonly index: number
  readonly pc: number
  /** Behind its last instruction; `pc` for a block that is only a part of one. */
  endPc: number
  /** The interpreter has run it. */
  executed: boolean
  firstNode: number
  endNode: number
  firstLog: number
  endLog: number
  term: number
  value: number
  pc2: number
  returnPc: number
  kind: number
  taken: Block | null
  next: Block | null
  cases: readonly SwitchCase[]
  preds: Block[]
}

export interface SwitchCase {
  readonly pc: number
  readonly block: Block
}

export interface RegionOptions {
  /** Check every access by itself, at its own instruction (the interpreter), not in groups. */
  exactChecks: boolean
  /** Loads are not checked at all (`--unchecked`). */
  uncheckedLoads: boolean
  /** Every access asks its segment, and every instruction the code segment (the interpreter). */
  exactSegments?: boolean
  /** Float instructions honour every MXCSR setting and set its flags, through helpers (the interpreter). */
  exactFloat?: boolean
  /** Float instructions set MXCSR's flags and heed FTZ and DAZ, by checks (translated code). */
  floatFlags?: boolean
  /** The host's float operations give other NaNs than the guest's: put them right where they arise. */
  pinNaN?: boolean
}

const RECENT_SIZE = 256
const IS_PURE = Uint8Array.from(OPS, (row) => (row.pure ? 1 : 0))
const N_CONST32 = op('i32.const')
const N_CONST64 = op('i64.const')
const N_CONST128 = op('v128.const')
const N_GET = op('get')
const N_CHECK = op('check')
const N_ADD64 = op('i64.add')
const N_WRAP = op('i32.wrap_i64')
const N_EXTEND_U = op('i64.extend_i32_u')
const N_EXTEND_S = op('i64.extend_i32_s')
const N_EXTEND32_S = op('i64.extend32_s')
const N_TO_BITS64 = op('i64.reinterpret_f64')
const N_FROM_BITS64 = op('f64.reinterpret_i64')
const N_SPLAT64 = op('i64x2.splat')
const N_SPLATF64 = op('f64x2.splat')
const N_EXIT_IF = op('exit_if')
const LOADS = {
  u8: op('load8_u'),
  s8: op('load8_s'),
  u16: op('load16_u'),
  s16: op('load16_s'),
  32: op('load32'),
  64: op('load64'),
  f32: op('loadf32'),
  f64: op('loadf64'),
  z32: op('load32_zero'),
  z64: op('load64_zero'),
  128: op('load128'),
}
const STORES = {
  8: op('store8'),
  16: op('store16'),
  32: op('store32'),
  64: op('store64'),
  f32: op('storef32'),
  f64: op('storef64'),
  128: op('store128'),
}
const STATE_LOADS = { 32: op('state.load32'), 64: op('state.load64'), 128: op('state.load128') }
const STATE_STORES = { 32: op('state.store32'), 64: op('state.store64'), 128: op('state.store128') }
const N_HELPER = op('helper')
const N_HELPER_PURE = op('helper.pure')
const N_HELPER_IF = op('helper_if')
export const LOAD_BYTES: Record<string, number> = {
  u8: 1,
  s8: 1,
  u16: 2,
  s16: 2,
  32: 4,
  64: 8,
  f32: 4,
  f64: 8,
  z32: 4,
  z64: 8,
  128: 16,
}

export type LoadKind = keyof typeof LOADS
export type StoreBits = keyof typeof STORES
export type Value = number

export class Region {
  readonly variables: readonly Variable[]
  options: RegionOptions
  blocks: Block[] = []
  /** Guest bytes this region was made from: pairs of start and end. */
  readonly covered: number[] = []

  // The arena. Columns: operation, operands a-c, and what the operation needs besides (see the builder methods).
  count = 0
  op = new Uint16Array(0)
  a = new Int32Array(0)
  b = new Int32Array(0)
  c = new Int32Array(0)
  /** For exits: position in the log. */
  exitLog = new Int32Array(0)
  /** For exits: guest pc. */
  exitPc = new Int32Array(0)
  /** check: PAGE_* bits wanted; exit_if: exit kind; helper_if: argument and, in the low byte, helper. */
  need = new Int32Array(0)

  logCount = 0
  logVariable = new Uint8Array(0)
  logValue = new Int32Array(0)

  /** 16-byte constants, by index. */
  readonly vectors: Uint8Array[] = []

  private current: Block | null = null
  /** Recent nodes without effects, by a hash of what they compute. */
  private readonly recent = new Int32Array(RECENT_SIZE)
  private blockStart = 0
  private readonly values: Int32Array
  private instructionLog = 0
  private instructionPc = 0
  /** Open check groups of the block: base value → check node. */
  private readonly groups = new Map<Value, number>()
  /** Whether the accesses that follow in this instruction are the stack's (x86: off RSP or RBP). */
  stackBased = false

  constructor(variables: readonly Variable[], options: RegionOptions) {
    this.variables = variables
    this.options = options
    this.values = new Int32Array(variables.length).fill(-1)
  }

  /** Empties the region for the next use; the arena is kept. */
  reset(): void {
    this.count = 0
    this.recent.fill(-1)
    this.logCount = 0
    this.blocks = []
    this.covered.length = 0
    this.vectors.length = 0
    this.current = null
  }

  // ---- blocks

  newBlock(pc: number): Block {
    const block: Block = {
      index: this.blocks.length,
      pc,
      endPc: pc,
      executed: false,
      firstNode: 0,
      endNode: 0,
      firstLog: 0,
      endLog: 0,
      term: TERM_NONE,
      value: -1,
      pc2: 0,
      returnPc: 0,
      kind: 0,
      taken: null,
      next: null,
      cases: [],
      preds: [],
    }
    this.blocks.push(block)
    return block
  }

  /** Starts filling a block; the one before must have been ended. */
  begin(block: Block): void {
    this.current = block
    this.blockStart = this.count
    block.firstNode = this.count
    block.firstLog = this.logCount
    this.values.fill(-1)
    this.groups.clear()
  }

  /** The block being filled, null after a terminator. */
  get open(): Block | null {
    return this.current
  }

  /** Tells which guest instruction the following nodes belong to: where its exits leave the guest. */
  instruction(pc: number): void {
    this.instructionPc = pc
    this.instructionLog = this.logCount
    this.stackBased = false
  }

  private end(term: number): Block {
    const block = this.current!
    block.term = term
    block.endNode = this.count
    block.endLog = this.logCount
    this.current = null
    return block
  }

  jump(next: Block): void {
    this.end(TERM_JUMP).next = next
  }

  branch(condition: Value, taken: Block, next: Block): void {
    const block = this.end(TERM_BRANCH)
    block.value = condition
    block.taken = taken
    block.next = next
  }

  /** `kind` is GOTO_COLD where control is not expected to come. */
  goto(pc: number, kind = 0): void {
    const block = this.end(TERM_GOTO)
    block.pc2 = pc
    block.kind = kind
  }

  gotoValue(target: Value): void {
    this.end(TERM_GOTO_VALUE).value = target
  }

  call(pc: number, returnPc: number, next: Block): void {
    const block = this.end(TERM_CALL)
    block.pc2 = pc
    block.returnPc = returnPc
    block.next = next
  }

  callValue(target: Value, returnPc: number, next: Block): void {
    const block = this.end(TERM_CALL_VALUE)
    block.value = target
    block.returnPc = returnPc
    block.next = next
  }

  return(target: Value): void {
    this.end(TERM_RETURN).value = target
  }

  /** Jumps to the case whose pc `target` is. */
  switch(target: Value, cases: readonly SwitchCase[], otherwise: Block): void {
    const block = this.end(TERM_SWITCH)
    block.value = target
    block.cases = cases
    block.next = otherwise
  }

  /** Leaves for the kernel. */
  exit(kind: number, pc: number): void {
    const block = this.end(TERM_EXIT)
    block.kind = kind
    block.pc2 = pc
  }

  /** Calls helper `id` with every register in the state block; not zero from it leaves translated code. */
  callHelper(id: number, argument: number, next: Block): void {
    const block = this.end(TERM_HELPER)
    block.kind = id
    block.returnPc = argument
    block.pc2 = this.instructionPc
    block.next = next
  }

  // ---- nodes

  private grow(): void {
    const size = Math.max(4096, this.op.length * 2)
    const copy = <T extends Uint16Array | Int32Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    this.op = copy(this.op, new Uint16Array(size))
    for (const column of ['a', 'b', 'c', 'exitLog', 'exitPc', 'need'] as const)
      this[column] = copy(this[column], new Int32Array(size))
  }

  /**
   * A node without effects: the one made before in this block with the same operands, if the small table of recent
   * ones still has it. What it saves above all is checks, for it gives one address one base value.
   */
  private pureNode(number: number, a: number, b: number): Value {
    const slot = (Math.imul(number, 31) + Math.imul(a, 17) + Math.imul(b, 7)) & (RECENT_SIZE - 1)
    const n = this.recent[slot]!
    if (n >= this.blockStart && this.op[n] === number && this.a[n] === a && this.b[n] === b) return n
    const made = this.node(number, a, b, 0)
    this.recent[slot] = made
    return made
  }

  private node(number: number, a: number, b: number, c: number): Value {
    if (this.count === this.op.length) this.grow()
    const n = this.count++
    this.op[n] = number
    this.a[n] = a
    this.b[n] = b
    this.c[n] = c
    return n
  }

  i32(value: number): Value {
    return this.pureNode(N_CONST32, value | 0, 0)
  }

  /** A 64-bit constant from a number in ±2^53. */
  i64(value: number): Value {
    return this.pureNode(N_CONST64, value | 0, Math.floor(value / 0x1_0000_0000) | 0)
  }

  /** A 64-bit constant from its halves. */
  i64Halves(low: number, high: number): Value {
    return this.pureNode(N_CONST64, low | 0, high | 0)
  }

  v128(bytes: readonly number[]): Value {
    return this.node(N_CONST128, this.vector(bytes), 0, 0)
  }

  private vector(bytes: readonly number[]): number {
    return this.vectors.push(Uint8Array.from(bytes)) - 1
  }

  /** An operation by its name. */
  op1(name: string, a: Value): Value {
    return this.unary(op(name), a)
  }

  op2(name: string, a: Value, b: Value): Value {
    return this.binary(op(name), a, b)
  }

  op3(name: string, a: Value, b: Value, c: Value): Value {
    return this.node(op(name), a, b, c)
  }

  /** A vector operation with a lane number: extract (b unused) or replace. */
  lane(name: string, lane: number, a: Value, b: Value = -1): Value {
    if (b < 0) {
      const inserted = this.insertedLane(name, lane, a)
      if (inserted >= 0) return inserted
    } else if (this.op[a] === op(name) && this.c[a] === lane) return this.node(op(name), this.a[a]!, b, lane)
    return this.node(op(name), a, b, lane)
  }

  /** What an extracted lane was set to, when the vector is known to come from replacing just that lane; else -1. */
  private insertedLane(name: string, lane: number, vector: Value): Value {
    const splat = this.splatted(name, vector)
    if (splat >= 0) return splat
    const replace = name.replace('extract', 'replace')
    let from = vector
    while (OPS[this.op[from]!]!.name === replace) {
      if (this.c[from] === lane) return this.b[from]!
      from = this.a[from]!
    }
    return from === vector ? -1 : this.node(op(name), from, -1, lane)
  }

  /** A 64-bit lane of a vector that has one value in both; else -1. */
  private splatted(name: string, vector: Value): Value {
    const inner = this.op[vector]
    if (inner !== N_SPLAT64 && inner !== N_SPLATF64) return -1
    const value = this.a[vector]!
    if (name === 'f64x2.extract_lane') return inner === N_SPLATF64 ? value : this.unary(N_FROM_BITS64, value)
    if (name === 'i64x2.extract_lane') return inner === N_SPLAT64 ? value : this.unary(N_TO_BITS64, value)
    return -1
  }

  shuffle(a: Value, b: Value, lanes: readonly number[]): Value {
    return this.node(op('i8x16.shuffle'), a, b, this.vector(lanes))
  }

  unary(number: number, a: Value): Value {
    const inner = this.op[a]!
    if (number === N_WRAP) {
      if (inner === N_EXTEND_U || inner === N_EXTEND_S) return this.a[a]!
      if (inner === N_CONST64) return this.i32(this.a[a]!)
    } else if (
      number === N_TO_BITS64 ? inner === N_FROM_BITS64 : number === N_FROM_BITS64 && inner === N_TO_BITS64
    ) {
      return this.a[a]!
    } else if (number === N_EXTEND32_S && inner === N_EXTEND_U) {
      return this.unary(N_EXTEND_S, this.a[a]!)
    } else if (inner === N_CONST32) {
      if (number === N_EXTEND_U) return this.i64Halves(this.a[a]!, 0)
      if (number === N_EXTEND_S) return this.i64Halves(this.a[a]!, this.a[a]! >> 31)
    }
    return this.pureNode(number, a, 0)
  }

  binary(number: number, a: Value, b: Value): Value {
    if (number === N_ADD64 && this.op[b] === N_CONST64) return this.addConstant(a, b)
    return IS_PURE[number] ? this.pureNode(number, a, b) : this.node(number, a, b, 0)
  }

  /** a + constant; constants along a chain are added up, so that addresses off one register share a base. */
  private addConstant(a: Value, constant: Value): Value {
    let low = this.a[constant]!
    let high = this.b[constant]!
    if (low === 0 && high === 0) return a
    let base = a
    if (this.op[a] === N_ADD64 && this.op[this.b[a]!] === N_CONST64) {
      const other = this.b[a]!
      const sum = (low >>> 0) + (this.a[other]! >>> 0)
      high = (high + this.b[other]! + (sum > 0xffff_ffff ? 1 : 0)) | 0
      low = sum | 0
      base = this.a[a]!
      if (low === 0 && high === 0) return base
      return this.pureNode(N_ADD64, base, this.i64Halves(low, high))
    }
    return this.pureNode(N_ADD64, base, constant)
  }

  // ---- variables

  /** The variable's value here. */
  get(variable: number): Value {
    let value = this.values[variable]!
    if (value < 0) {
      value = this.node(N_GET, variable, 0, 0)
      this.values[variable] = value
    }
    return value
  }

  set(variable: number, value: Value): void {
    if (this.logCount === this.logVariable.length) {
      const size = Math.max(1024, this.logCount * 2)
      const variables = new Uint8Array(size)
      variables.set(this.logVariable)
      this.logVariable = variables
      const values = new Int32Array(size)
      values.set(this.logValue)
      this.logValue = values
    }
    this.values[variable] = value
    this.logVariable[this.logCount] = variable
    this.logValue[this.logCount++] = value
  }

  // ---- memory

  /**
   * A checked access to base + offset. Accesses off the same base in a block share one check at the first of them,
   * widened to cover all: when it fails one of them fails too, so nothing is left early that would have gone on.
   */
  private check(base: Value, offset: number, sizeBytes: number, need: number): Value {
    if (this.logCount !== this.instructionLog) throw new Error('a check behind a set in the same instruction')
    let root = base
    let at = offset
    if (this.op[base] === N_ADD64 && this.op[this.b[base]!] === N_CONST64) {
      const constant = this.b[base]!
      const low = this.a[constant]!
      if (this.b[constant] === low >> 31 && Math.abs(low + offset) < 0x7fff_0000) {
        root = this.a[base]!
        at = low + offset
      }
    }
    this.foldedOffset = at
    const known = this.options.exactChecks ? undefined : this.groups.get(root)
    if (known !== undefined) {
      const low = Math.min(this.b[known]!, at)
      const high = Math.max(this.c[known]!, at + sizeBytes)
      if (high - low <= GROUP_SPAN) {
        this.b[known] = low
        this.c[known] = high
        this.need[known]! |= need
        return known
      }
    }
    const n = this.node(N_CHECK, root, at, at + sizeBytes)
    this.exitLog[n] = this.instructionLog
    this.exitPc[n] = this.instructionPc
    this.need[n] = need | this.checkKind()
    this.groups.set(root, n)
    return n
  }

  /** NEED_* of exact checks. */
  private checkKind(): number {
    if (this.options.exactSegments) return NEED_ASKED
    return this.options.exactChecks && this.stackBased ? NEED_STACK : 0
  }

  /** Where the last check() put its access, relative to the group's base. */
  private foldedOffset = 0

  load(kind: LoadKind, base: Value, offset: number): Value {
    const check = this.check(base, offset, LOAD_BYTES[kind]!, this.options.uncheckedLoads ? 0 : PAGE_R)
    return this.node(LOADS[kind], check, this.foldedOffset, 0)
  }

  store(bits: StoreBits, base: Value, offset: number, value: Value): void {
    const sizeBytes = bits === 'f32' ? 4 : bits === 'f64' ? 8 : bits / 8
    const check = this.check(base, offset, sizeBytes, PAGE_PW)
    this.node(STORES[bits], check, value, this.foldedOffset)
  }

  /** Checks a store that comes later in the same instruction, so that it faults before anything is changed. */
  checkStore(base: Value, offset: number, sizeBytes: number): void {
    this.check(base, offset, sizeBytes, PAGE_PW)
  }

  stateLoad(bits: 32 | 64 | 128, offset: number): Value {
    return this.node(STATE_LOADS[bits], offset, 0, 0)
  }

  stateStore(bits: 32 | 64 | 128, offset: number, value: Value): void {
    this.node(STATE_STORES[bits], value, offset, 0)
  }

  /** Copies (or fills, from being the byte) memory at addresses whose pages were tested with page_flags. */
  bulk(name: 'memory.copy' | 'memory.fill', to: Value, from: Value, sizeBytes: Value): void {
    this.node(op(name), to, from, sizeBytes)
  }

  /** Calls the guest's helper `id` with two i32 values; it sees the scratch and x87 fields, not the variables. */
  helper(id: number, a: Value, b: Value): Value {
    return this.node(N_HELPER, a, b, id)
  }

  /** A helper without effects on what is in state-block fields, dropped when nobody uses its result. */
  helperPure(id: number, a: Value, b: Value, c: Value): Value {
    const n = this.node(N_HELPER_PURE, a, b, c)
    this.need[n] = id
    return n
  }

  /**
   * When `doubt` and then `precise` are not zero, calls helper `id` (argument, 0) with a pair of vectors in scratch;
   * leaves with EXIT_SLOW at the current instruction when it does not return 0.
   */
  helperIf(doubt: Value, precise: Value, id: number, argument: number, pair: Value): void {
    const n = this.node(N_HELPER_IF, doubt, precise, pair)
    this.exitLog[n] = this.instructionLog
    this.exitPc[n] = this.instructionPc
    this.need[n] = (argument << 8) | id
  }

  /** Leaves with `kind` at the current instruction when `condition` is not zero. */
  exitIf(condition: Value, kind: number): void {
    this.exitIfAt(condition, kind, this.instructionPc, this.instructionLog)
  }

  /** Leaves with the registers as they are now, to go on at `pc`. */
  exitIfNow(condition: Value, kind: number, pc: number): void {
    this.exitIfAt(condition, kind, pc, this.logCount)
  }

  private exitIfAt(condition: Value, kind: number, pc: number, log: number): void {
    const n = this.node(N_EXIT_IF, condition, 0, 0)
    this.exitLog[n] = log
    this.exitPc[n] = pc
    this.need[n] = kind
  }

  /** The result type of a node. */
  typeOf(n: Value): Type {
    const number = this.op[n]!
    if (number === N_GET) return this.variables[this.a[n]!]!.type
    return OPS[number]!.out as Type
  }

  /** The bytes when `n` is a vector constant, else undefined. */
  constant128(n: Value): Uint8Array | undefined {
    return this.op[n] === N_CONST128 ? this.vectors[this.a[n]!] : undefined
  }

  /** The value when `n` is a 32-bit constant, else undefined. */
  constant32(n: Value): number | undefined {
    return this.op[n] === N_CONST32 ? this.a[n]! : undefined
  }
}

export { F32, F64, I32, I64, V128 }

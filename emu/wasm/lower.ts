/**
 * Lowers a region to the body of one WebAssembly function `(depth: i32) → i32`.
 * Path: the last step before module.ts; what the bytes do at run time is the hottest code there is.
 *
 * The function is entered with the guest registers in the state block. It returns the guest pc to go on at, or 1
 * when the kernel is needed: exit kind and pc are in the state block then. `depth` is what is left of the host's
 * stack for guest calls. Guest calls are WebAssembly calls; the caller compares the pc that comes back with its
 * return address and, if they differ (an exit, longjmp, a switched stack), returns it in turn. No guest state
 * lives on the WebAssembly stack then, so this is always right.
 */

import { OPS, op, V128 } from '../ir/ops.ts'
import {
  type Block,
  F32,
  F64,
  GOTO_COLD,
  I32,
  I64,
  type Region,
  TERM_BRANCH,
  TERM_CALL,
  TERM_CALL_VALUE,
  TERM_EXIT,
  TERM_GOTO,
  TERM_GOTO_VALUE,
  TERM_HELPER,
  TERM_JUMP,
  TERM_RETURN,
  TERM_SWITCH,
  VARIABLES_MAX,
} from '../ir/region.ts'
import type { RoutineTable } from '../ir/routine.ts'
import {
  PAGE_FLAGS_BASE,
  PAGE_PW,
  PAGE_R,
  PAGE_SHIFT,
  PAGE_W,
  pcCacheSlot,
  STATE_BASE,
} from '../memory/layout.ts'
import { Dataflow, hasVariable, USE_COLD, USE_MANY } from '../opt/dataflow.ts'
import { EXIT_SLOW } from '../run/cpu.ts'
import * as W from './encoder.ts'
import { lookUpOrReturn, pushPlace } from './pc-cache.ts'
import { Structure } from './structure.ts'

/** The function that every module imports, before its own. */
export const FN_HELPER = 0
/** Type index of a region function. */
export const TYPE_REGION = 0

/** What lowering needs to know of the guest: where its state block keeps some things, and routines. */
export interface GuestLayout {
  /** i64 scratch fields for operands of pure helpers. */
  scratch: number
  exitKind: number
  pc: number
  routines: RoutineTable
}

export interface Linkage {
  /** The symbol of the region at a guest pc when it is in the same batch, else undefined. */
  regionAt(pc: number): number | undefined
  /** The symbol of the function that stores these variables and leaves in this way. */
  exit(stored: Int32Array, way: ExitWay): number
  /** The symbol of a routine by its key. */
  routine(key: number): number
  /** Makes room for the index of a symbol's function, which is known when the module is linked. */
  reference(symbol: number): void
  /** Written code from `start` on was moved so far. */
  moved(start: number, by: number): void
  guest: GuestLayout
}

/** For the kernel, with kind and pc behind the variables; or for guest code elsewhere, with pc and depth behind them. */
export const EXIT_TO_KERNEL = 0
export const EXIT_TO_PC = 1
export type ExitWay = typeof EXIT_TO_KERNEL | typeof EXIT_TO_PC

/** A multiplier that gives every pc another value in the product's upper bits, and how many bits those are. */
function perfectHash(pcs: readonly number[]): { multiplier: number; bits: number } {
  for (let bits = Math.max(1, Math.ceil(Math.log2(pcs.length)) + 1); ; bits++) {
    let multiplier = 0x9e3779b1
    for (let attempt = 0; attempt < 64; attempt++) {
      const seen = new Set<number>()
      for (const pc of pcs) seen.add(Math.imul(pc, multiplier) >>> (32 - bits))
      if (seen.size === pcs.length) return { multiplier: multiplier | 0, bits }
      multiplier = Math.imul(multiplier, 0x01000193) | 1
    }
  }
}

const LOAD_OPCODE = [I32, I64, F32, F64, V128].map((t) => [0x28, 0x29, 0x2a, 0x2b, 0xfd00][t]!)
const STORE_OPCODE = [0x36, 0x37, 0x38, 0x39, 0xfd0b]
const NATURAL_ALIGN = [2, 3, 2, 3, 4]

const N = {
  const32: op('i32.const'),
  const64: op('i64.const'),
  const128: op('v128.const'),
  get: op('get'),
  check: op('check'),
  store8: op('store8'),
  store128: op('store128'),
  load8_u: op('load8_u'),
  load128: op('load128'),
  stateLoad32: op('state.load32'),
  stateLoad128: op('state.load128'),
  stateStore32: op('state.store32'),
  stateStore128: op('state.store128'),
  pageFlags: op('page_flags'),
  memoryCopy: op('memory.copy'),
  memoryFill: op('memory.fill'),
  helper: op('helper'),
  helperPure: op('helper.pure'),
  helperIf: op('helper_if'),
  or32: op('i32.or'),
  exitIf: op('exit_if'),
  select32: op('select.i32'),
  select64: op('select.i64'),
  select128: op('select.v128'),
  choose32: op('choose.i32'),
  choose64: op('choose.i64'),
  choose128: op('choose.v128'),
  shuffle: op('i8x16.shuffle'),
} as const

/** Opcode and alignment of guest loads and stores; accesses may be unaligned, so the hint says 1 byte. */
export const MEMORY_OPCODE: Record<number, number> = {
  [op('load8_u')]: 0x2d,
  [op('load16_u')]: 0x2f,
  [op('load8_s')]: 0x2c,
  [op('load16_s')]: 0x2e,
  [op('load32')]: 0x28,
  [op('load64')]: 0x29,
  [op('loadf32')]: 0x2a,
  [op('loadf64')]: 0x2b,
  [op('load32_zero')]: 0xfd5c,
  [op('load64_zero')]: 0xfd5d,
  [op('load128')]: 0xfd00,
  [op('store8')]: 0x3a,
  [op('store16')]: 0x3b,
  [op('store32')]: 0x36,
  [op('store64')]: 0x37,
  [op('storef32')]: 0x38,
  [op('storef64')]: 0x39,
  [op('store128')]: 0xfd0b,
}
const IS_LOAD = Uint8Array.from(OPS, (_, n) => (n >= N.load8_u && n <= N.load128 ? 1 : 0))
const IS_STORE = Uint8Array.from(OPS, (_, n) => (n >= N.store8 && n <= N.store128 ? 1 : 0))
const IS_EFFECT = Uint8Array.from(OPS, (row) => (row.pure ? 0 : 1))
const OPERANDS = Uint8Array.from(OPS, (row) => row.ins.length)
const OPCODE = Int32Array.from(OPS, (row) => row.wasm)
const HAS_LANE = Uint8Array.from(OPS, (row) => (row.immediate === 'lane' ? 1 : 0))

/** Bytes of host stack a frame takes besides its locals, and the most that guest calls may take together. */
const FRAME_BYTES = 96
export const DEPTH_BYTES = 400_000

export class Lowerer {
  private readonly out: W.Encoder
  private readonly linkage: Linkage
  private region!: Region
  private flow!: Dataflow
  private shape!: Structure
  private block!: Block
  /** Local index of a node's value, -1 when it has none. */
  private localOf = new Int32Array(4096)
  private readonly variableLocal = new Int32Array(VARIABLES_MAX)
  /** Locals declared so far, by type, in order of use; index 0 is the depth parameter. */
  private localTypes: number[] = []
  private readonly freeTemps: number[][] = [[], [], [], [], []]
  private usedTemps: number[][] = [[], [], [], [], []]
  /** Enclosing wasm labels, innermost last: the block whose start (loop) or place (merge) a br to it reaches. */
  private readonly labels: { target: Block | null; loop: boolean }[] = []
  /** Locals without a value from one node to the next: a jump target, its cache slot, a checked address. */
  private scratch32 = 0
  private slot32 = 0
  private scratch64 = 0
  /** Whether code of an exit is being written, and the nodes whose values are kept in locals only there. */
  private isCold = false
  private readonly coldKept: number[] = []
  /** By variable: its value at the exit being written, -1 for the local's. */
  private readonly exitValues = new Int32Array(VARIABLES_MAX).fill(-1)

  constructor(out: W.Encoder, linkage: Linkage) {
    this.out = out
    this.linkage = linkage
  }

  /** Appends the function's code entry (size, locals, body). */
  lower(region: Region): void {
    this.region = region
    this.shape = new Structure(region)
    this.flow = new Dataflow(region, this.shape.order)
    if (this.localOf.length < region.count) this.localOf = new Int32Array(region.count * 2)
    this.variableLocal.fill(-1)
    this.localTypes = []
    for (let t = 0; t < 5; t++) {
      this.freeTemps[t] = []
      this.usedTemps[t] = []
    }
    this.labels.length = 0
    this.scratch32 = this.newLocal(I32)
    this.slot32 = this.newLocal(I32)
    this.scratch64 = this.newLocal(I64)

    // The declaration of locals comes first but is known last: the body is written behind a gap and moved.
    const entry = this.out.openSized()
    const bodyStart = this.out.length
    this.loadLive(this.shape.order[0]!)
    this.tree(this.shape.order[0]!)
    this.out.u8(W.UNREACHABLE)
    this.out.u8(W.END)
    this.insertLocals(bodyStart)
    this.out.closeSized(entry)
  }

  private insertLocals(bodyStart: number): void {
    const out = this.out
    const body = out.bytes.slice(bodyStart, out.length)
    out.length = bodyStart
    const runs: [number, number][] = []
    for (const type of this.localTypes) {
      const last = runs[runs.length - 1]
      if (last && last[1] === type) last[0]++
      else runs.push([1, type])
    }
    out.u32(runs.length)
    for (const [count, type] of runs) {
      out.u32(count)
      out.u8(W.WASM_TYPES[type]!)
    }
    this.linkage.moved(bodyStart, out.length - bodyStart)
    out.append(body)
  }

  // ---- locals

  private newLocal(type: number): number {
    this.localTypes.push(type)
    return this.localTypes.length
  }

  private temp(type: number): number {
    const local = this.freeTemps[type]!.pop() ?? this.newLocal(type)
    this.usedTemps[type]!.push(local)
    return local
  }

  private freeAllTemps(): void {
    for (let t = 0; t < 5; t++) {
      this.freeTemps[t]!.push(...this.usedTemps[t]!)
      this.usedTemps[t]!.length = 0
    }
  }

  private localFor(variable: number): number {
    let local = this.variableLocal[variable]!
    if (local < 0) {
      local = this.newLocal(this.region.variables[variable]!.type)
      this.variableLocal[variable] = local
    }
    return local
  }

  // ---- control flow

  /** Emits a block and all it dominates. */
  private tree(block: Block): void {
    const place = this.shape.position[block.index]!
    const merges = this.shape.mergeChildren[place]!
    const loop = this.shape.isLoop[place] === 1
    if (loop) {
      this.out.u8(W.LOOP)
      this.out.u8(W.VOID)
      this.labels.push({ target: block, loop: true })
    }
    // A merge block stands behind the wasm block that its predecessors leave; the last in order is outermost.
    for (let i = merges.length - 1; i >= 0; i--) {
      this.out.u8(W.BLOCK)
      this.out.u8(W.VOID)
      this.labels.push({ target: merges[i]!, loop: false })
    }
    this.code(block)
    for (const merge of merges) {
      this.labels.pop()
      this.out.u8(W.END)
      this.tree(merge)
    }
    if (loop) {
      this.labels.pop()
      this.out.u8(W.END)
    }
  }

  private go(from: Block, target: Block): void {
    const { position, isMerge } = this.shape
    const to = position[target.index]!
    const back = to <= position[from.index]!
    if (!back && !isMerge[to]) {
      this.tree(target)
      return
    }
    for (let i = this.labels.length - 1; i >= 0; i--) {
      const label = this.labels[i]!
      if (label.target === target && label.loop === back) {
        this.out.u8(W.BR)
        this.out.u32(this.labels.length - 1 - i)
        return
      }
    }
    throw new Error('structure: a branch to a block that encloses nothing')
  }

  private code(block: Block): void {
    this.block = block
    this.flow.mark(block)
    this.freeAllTemps()
    for (let n = block.firstNode; n < block.endNode; n++) this.place(n)
    switch (block.term) {
      case TERM_JUMP:
        this.setLive(block)
        this.go(block, block.next!)
        break
      case TERM_BRANCH:
        this.value(block.value)
        this.setLive(block)
        this.branch(block)
        break
      case TERM_SWITCH:
        this.switch(block)
        break
      default:
        this.leave(block)
    }
  }

  private branch(block: Block): void {
    const out = this.out
    out.u8(W.IF)
    out.u8(W.VOID)
    this.labels.push({ target: null, loop: false })
    this.go(block, block.taken!)
    this.labels.pop()
    out.u8(W.END)
    this.go(block, block.next!)
  }

  /** Jumps by a hash of the target that is different for every case, then compares with the one case left. */
  private switch(block: Block): void {
    const out = this.out
    const cases = block.cases
    const { multiplier, bits } = perfectHash(cases.map((c) => c.pc))
    const target = this.temp(I64)
    this.value(block.value)
    this.localSet(target)
    this.setLive(block)
    const label = (): void => {
      out.u8(W.BLOCK)
      out.u8(W.VOID)
      this.labels.push({ target: null, loop: false })
    }
    const end = (): void => {
      this.labels.pop()
      out.u8(W.END)
    }
    label()
    for (let i = 0; i < cases.length; i++) label()
    this.localGet(target)
    out.u8(W.I32_WRAP_I64)
    this.constant(multiplier)
    out.u8(W.I32_MUL)
    this.constant(32 - bits)
    out.u8(W.I32_SHR_U)
    const byHash = new Array<number>(1 << bits).fill(cases.length)
    cases.forEach((c, i) => {
      byHash[Math.imul(c.pc, multiplier) >>> (32 - bits)] = i
    })
    out.u8(W.BR_TABLE)
    out.u32(byHash.length)
    for (const place of byHash) out.u32(place)
    out.u32(cases.length)
    for (const c of cases) {
      end()
      this.localGet(target)
      out.u8(W.I64_CONST)
      out.s64(c.pc, 0)
      out.u8(W.I64_EQ)
      out.u8(W.IF)
      out.u8(W.VOID)
      this.labels.push({ target: null, loop: false })
      this.go(block, c.block)
      end()
      // Not this one, so none: the outermost label.
      out.u8(W.BR)
      out.u32(cases.length - 1 - cases.indexOf(c))
    }
    end()
    this.go(block, block.next!)
  }

  /** Assigns the block's final values to the locals of variables that are live behind it. */
  private setLive(block: Block): void {
    const locals: number[] = []
    this.flow.lastSets(block, block.endLog, (variable, value) => {
      if (!this.flow.liveOut.has(block.index, variable)) return
      if (this.region.op[value] === N.get && this.region.a[value] === variable) return
      this.value(value)
      locals.push(this.localFor(variable))
    })
    // All values are on the stack before the first local changes: a parallel assignment.
    for (let i = locals.length - 1; i >= 0; i--) this.localSet(locals[i]!)
  }

  /** Loads the variables that are live at the start of a block from the state block. */
  private loadLive(block: Block): void {
    const { variables } = this.region
    for (let v = 0; v < variables.length; v++) {
      const { offset, type } = variables[v]!
      if (offset < 0 || !this.flow.liveIn.has(block.index, v)) continue
      this.stateAddress()
      this.memory(LOAD_OPCODE[type]!, NATURAL_ALIGN[type]!, STATE_BASE + offset)
      this.localSet(this.localFor(v))
    }
  }

  /** Leaves for the kernel with the variables as they are at a position of the block's log. */
  private leaveFor(logEnd: number, kind: number, pc: number): void {
    const symbol = this.pushDirty(logEnd, EXIT_TO_KERNEL)
    this.constant(kind)
    this.constant(pc)
    this.call(symbol)
    this.out.u8(W.RETURN)
  }

  /** Leaves for guest code that has not run so far: one call, which spills and looks the pc up, is the least code. */
  private leaveForCold(logEnd: number, pc: number): void {
    const symbol = this.pushDirty(logEnd, EXIT_TO_PC)
    this.constant(pc)
    this.localGet(0)
    this.out.u8(W.RETURN_CALL)
    this.linkage.reference(symbol)
  }

  /** Pushes the dirty variables in their order; returns the symbol of the function that stores them. */
  private pushDirty(logEnd: number, way: ExitWay): number {
    const { region, flow, block, exitValues } = this
    const { variables } = region
    const dirty = flow.dirtyIn.of(block.index).slice()
    flow.lastSets(block, logEnd, (variable, value) => {
      exitValues[variable] = value
      dirty[variable >> 5]! |= 1 << (variable & 31)
    })
    for (let v = 0; v < variables.length; v++) {
      if (!hasVariable(dirty, v)) continue
      const value = exitValues[v]!
      exitValues[v] = -1
      if (variables[v]!.offset < 0) dirty[v >> 5]! &= ~(1 << (v & 31))
      else if (value >= 0) this.value(value)
      else this.localGet(this.localFor(v))
    }
    return this.linkage.exit(dirty, way)
  }

  /** Writes dirty variables, as they are at a position of the block's log, to the state block. */
  private spill(logEnd: number): void {
    const { region, flow, block } = this
    const { variables } = region
    const dirty = flow.dirtyIn.of(block.index).slice()
    flow.lastSets(block, logEnd, (variable, value) => {
      dirty[variable >> 5]! &= ~(1 << (variable & 31))
      if (variables[variable]!.offset < 0) return
      const unchanged = region.op[value] === N.get && region.a[value] === variable
      if (unchanged && !flow.dirtyIn.has(block.index, variable)) return
      this.stateAddress()
      this.value(value)
      this.spillStore(variable)
    })
    for (let v = 0; v < variables.length; v++) {
      if (!hasVariable(dirty, v) || variables[v]!.offset < 0) continue
      this.stateAddress()
      this.localGet(this.localFor(v))
      this.spillStore(v)
    }
  }

  private spillStore(variable: number): void {
    const { offset, type } = this.region.variables[variable]!
    this.memory(STORE_OPCODE[type]!, NATURAL_ALIGN[type]!, STATE_BASE + offset)
  }

  private leave(block: Block): void {
    const out = this.out
    if (block.term === TERM_EXIT) {
      this.leaveFor(block.endLog, block.kind, block.pc2)
      return
    }
    if (block.term === TERM_GOTO && block.kind === GOTO_COLD) {
      this.leaveForCold(block.endLog, block.pc2)
      return
    }
    this.spill(block.endLog)
    switch (block.term) {
      case TERM_GOTO:
        this.transfer(block.pc2, false)
        return
      case TERM_GOTO_VALUE:
        this.target(block.value)
        this.transferValue(false)
        return
      case TERM_CALL:
        this.depthCheck(() => this.constant(block.pc2))
        this.transfer(block.pc2, true)
        break
      case TERM_CALL_VALUE:
        this.target(block.value)
        this.depthCheck(() => this.localGet(this.scratch32))
        this.transferValue(true)
        break
      case TERM_RETURN:
        this.target(block.value)
        this.localGet(this.scratch32)
        out.u8(W.RETURN)
        return
      case TERM_HELPER:
        this.constant(block.kind)
        this.constant(block.returnPc)
        this.constant(block.pc2)
        this.callHelper()
        out.u8(W.IF)
        out.u8(W.VOID)
        this.constant(1)
        out.u8(W.RETURN)
        out.u8(W.END)
        this.loadLive(block.next!)
        this.go(block, block.next!)
        return
      default:
        throw new Error(`a block at 0x${block.pc.toString(16)} has no end`)
    }
    // Behind a call: anything but the expected return address goes up to whoever expects it.
    out.u8(W.LOCAL_TEE)
    out.u32(this.scratch32)
    this.constant(block.returnPc)
    out.u8(W.I32_NE)
    out.u8(W.IF)
    out.u8(W.VOID)
    this.localGet(this.scratch32)
    out.u8(W.RETURN)
    out.u8(W.END)
    this.loadLive(block.next!)
    this.go(block, block.next!)
  }

  /** Puts a jump target into scratch32. An exit_if has left when its upper half is not zero. */
  private target(value: number): void {
    this.value(value)
    this.out.u8(W.I32_WRAP_I64)
    this.localSet(this.scratch32)
  }

  /** When the host's stack is used up, unwinds to the dispatcher, which goes on at the callee. */
  private depthCheck(pushPc: () => void): void {
    const out = this.out
    this.localGet(0)
    this.constant(0)
    out.u8(W.I32_LT_S)
    out.u8(W.IF)
    out.u8(W.VOID)
    pushPc()
    out.u8(W.RETURN)
    out.u8(W.END)
  }

  private calleeDepth(): void {
    this.localGet(0)
    this.constant(FRAME_BYTES + 8 * this.localTypes.length)
    this.out.u8(W.I32_SUB)
  }

  /** Calls or jumps to a known guest address. */
  private transfer(pc: number, call: boolean): void {
    const out = this.out
    const known = this.linkage.regionAt(pc)
    if (known !== undefined) {
      if (call) this.calleeDepth()
      else this.localGet(0)
      out.u8(call ? W.CALL : W.RETURN_CALL)
      this.linkage.reference(known)
      return
    }
    const slot = pcCacheSlot(pc)
    this.constant(0)
    this.memory(W.I32_LOAD, 2, slot)
    this.constant(pc)
    out.u8(W.I32_NE)
    out.u8(W.IF)
    out.u8(W.VOID)
    this.constant(pc)
    out.u8(W.RETURN)
    out.u8(W.END)
    if (call) this.calleeDepth()
    else this.localGet(0)
    this.constant(0)
    this.memory(W.I32_LOAD, 2, slot + 4)
    this.toIndex(call)
  }

  /** Calls or jumps to the guest address in scratch32 through the pc cache; a miss is the dispatcher's. */
  private transferValue(call: boolean): void {
    const slot = this.slot32
    lookUpOrReturn(this.out, this.scratch32, slot)
    if (call) this.calleeDepth()
    else this.localGet(0)
    pushPlace(this.out, slot)
    this.toIndex(call)
  }

  /** Calls or jumps to a place in the table. */
  private toIndex(call: boolean): void {
    const { out } = this
    out.u8(call ? W.CALL_INDIRECT : W.RETURN_CALL_INDIRECT)
    out.u32(TYPE_REGION)
    out.u8(0)
  }

  // ---- nodes

  /** Emits what a node needs at its place: effects, and values that several uses share. */
  private place(n: number): void {
    const { region } = this
    const number = region.op[n]!
    const uses = this.flow.uses[n]!
    this.localOf[n] = -1
    if (number === N.get || number === N.const32 || number === N.const64 || number === N.const128) return
    if (IS_EFFECT[number]) {
      this.effect(n, number, uses)
      return
    }
    // Pure: made where it is used, unless several uses (or a use and an exit) share it.
    const hot = uses & 3
    if (hot === 0 || (hot < USE_MANY && !(uses & USE_COLD))) return
    this.expression(n)
    this.keep(n)
  }

  private keep(n: number): void {
    const local = this.temp(this.region.typeOf(n))
    this.localOf[n] = local
    this.localSet(local)
  }

  private effect(n: number, number: number, uses: number): void {
    const { region, out } = this
    if (number === N.check) this.check(n)
    else if (IS_STORE[number]) this.store(n, number)
    else if (number === N.exitIf) {
      this.value(region.a[n]!)
      out.u8(W.IF)
      out.u8(W.VOID)
      this.exit(n, region.need[n]!)
      out.u8(W.END)
    } else if (number === N.helperIf) this.helperIf(n)
    else if (number === N.memoryCopy || number === N.memoryFill) {
      this.value(region.a[n]!)
      this.value(region.b[n]!)
      this.value(region.c[n]!)
      this.out.opcode(number === N.memoryCopy ? 0xfc0a : 0xfc0b)
      out.u8(0)
      if (number === N.memoryCopy) out.u8(0)
    } else if (number >= N.stateStore32 && number <= N.stateStore128) {
      const type = [I32, I64, V128][number - N.stateStore32]!
      this.stateAddress()
      this.value(region.a[n]!)
      this.memory(STORE_OPCODE[type]!, 0, STATE_BASE + region.b[n]!)
    } else {
      if (uses === 0 && (IS_LOAD[number] || number < N.helper)) return
      this.effectValue(n, number)
      if (uses === 0) out.u8(W.DROP)
      else this.keep(n)
    }
  }

  /** Loads, helper calls, divisions: pushes the result. */
  private effectValue(n: number, number: number): void {
    const { region } = this
    if (IS_LOAD[number]) {
      const check = region.a[n]!
      this.localGet(this.localOf[check]!)
      this.memory(MEMORY_OPCODE[number]!, 0, region.b[n]! - region.b[check]!)
    } else if (number === N.helper) {
      this.helper(n)
    } else if (number >= N.stateLoad32 && number <= N.stateLoad128) {
      const type = [I32, I64, V128][number - N.stateLoad32]!
      this.stateAddress()
      this.memory(LOAD_OPCODE[type]!, 0, STATE_BASE + region.a[n]!)
    } else this.expression(n)
  }

  /** Calls a helper, or the routine there is for what it is asked. */
  private helper(n: number): void {
    const { region } = this
    const helper = region.c[n]!
    const argument = region.constant32(region.a[n]!)
    const { routines } = this.linkage.guest
    const key = argument === undefined ? undefined : routines.keyOf(helper, argument)
    if (key === undefined) this.constant(helper)
    this.value(region.a[n]!)
    this.value(region.b[n]!)
    if (key === undefined) this.callHelper()
    else this.call(this.linkage.routine(key))
  }

  private store(n: number, number: number): void {
    const { region } = this
    const check = region.a[n]!
    this.localGet(this.localOf[check]!)
    this.value(region.b[n]!)
    this.memory(MEMORY_OPCODE[number]!, 0, region.c[n]! - region.b[check]!)
  }

  /**
   * Tests the pages of the first and last byte of base+low .. base+high and keeps the 32-bit address of base+low.
   * When a page refuses, `resolve` is asked: it may make the access possible (a stack that grows), else we leave
   * and the interpreter executes the instruction exactly.
   */
  private check(n: number): void {
    const { region, out } = this
    const low = region.b[n]!
    const sizeBytes = region.c[n]! - low
    const want = (region.need[n]! & PAGE_R ? PAGE_R : 0) | (region.need[n]! & PAGE_PW ? PAGE_W : 0)
    const wide = this.scratch64
    this.value(region.a[n]!)
    if (low !== 0) {
      out.u8(W.I64_CONST)
      out.s64(low, low >> 31)
      out.u8(W.I64_ADD)
    }
    this.localSet(wide)
    this.localGet(wide)
    out.u8(W.I32_WRAP_I64)
    this.keep(n)
    if (want === 0) return
    const address = this.localOf[n]!
    // The exits end in a return and call nothing: what leaves a loop so does not burden the loop's registers.
    out.u8(W.BLOCK)
    out.u8(W.VOID)
    out.u8(W.BLOCK)
    out.u8(W.VOID)
    this.localGet(wide)
    out.u8(W.I64_CONST)
    out.s32(32)
    out.u8(W.I64_SHR_U)
    out.u8(W.I32_WRAP_I64)
    out.u8(W.BR_IF)
    out.u32(0)
    this.pageFlags(address, 0)
    if (sizeBytes > 1) {
      this.pageFlags(address, sizeBytes - 1)
      out.u8(W.I32_AND)
    }
    this.constant(want)
    out.u8(W.I32_AND)
    if (want === (PAGE_R | PAGE_W)) {
      this.constant(want)
      out.u8(W.I32_EQ)
    }
    out.u8(W.BR_IF)
    out.u32(1)
    out.u8(W.END)
    this.exit(n, EXIT_SLOW)
    out.u8(W.END)
  }

  private pageFlags(address: number, offset: number): void {
    this.localGet(address)
    if (offset !== 0) {
      this.constant(offset)
      this.out.u8(W.I32_ADD)
    }
    this.constant(PAGE_SHIFT)
    this.out.u8(W.I32_SHR_U)
    this.memory(W.I32_LOAD8_U, 0, PAGE_FLAGS_BASE)
  }

  /** Leaves at node n with the registers as its log position has them. */
  private exit(n: number, kind: number): void {
    this.cold(() => this.leaveFor(this.region.exitLog[n]!, kind, this.region.exitPc[n]!))
  }

  /** Writes code that runs only at an exit: values that are only made there are kept while they are used again. */
  private cold(write: () => void): void {
    const { isCold } = this
    const kept = this.coldKept.length
    this.isCold = true
    write()
    this.isCold = isCold
    this.forgetCold(kept)
  }

  private forgetCold(kept: number): void {
    while (this.coldKept.length > kept) {
      const n = this.coldKept.pop()!
      const type = this.region.typeOf(n)
      this.localOf[n] = -1
      this.freeTemps[type]!.push(this.usedTemps[type]!.pop()!)
    }
  }

  /** Pushes a value. */
  private value(n: number): void {
    const { region, out } = this
    const number = region.op[n]!
    if (number === N.const32) this.constant(region.a[n]!)
    else if (number === N.const64) {
      out.u8(W.I64_CONST)
      out.s64(region.a[n]!, region.b[n]!)
    } else if (number === N.get) this.localGet(this.localFor(region.a[n]!))
    else if (this.localOf[n]! >= 0) this.localGet(this.localOf[n]!)
    else {
      this.expression(n)
      if (!this.isCold || this.flow.coldUses[n]! < USE_MANY) return
      this.keep(n)
      this.localGet(this.localOf[n]!)
      this.coldKept.push(n)
    }
  }

  /** Pushes a node's value by computing it here. */
  private expression(n: number): void {
    const { region, out } = this
    const number = region.op[n]!
    if (number === N.const128) {
      out.u8(0xfd)
      out.u32(12)
      out.append(region.vectors[region.a[n]!]!)
      return
    }
    if (number === N.helperPure) {
      this.helperPure(n)
      return
    }
    if (number === N.pageFlags) {
      this.value(region.a[n]!)
      this.constant(PAGE_SHIFT)
      out.u8(W.I32_SHR_U)
      this.memory(W.I32_LOAD8_U, 0, PAGE_FLAGS_BASE)
      return
    }
    if (number === N.choose32 || number === N.choose64 || number === N.choose128) {
      this.value(region.a[n]!)
      out.u8(W.IF)
      out.u8(W.WASM_TYPES[OPS[number]!.out]!)
      // What is kept in one arm has no value behind it.
      const kept = this.coldKept.length
      this.value(region.b[n]!)
      this.forgetCold(kept)
      out.u8(W.ELSE)
      this.value(region.c[n]!)
      this.forgetCold(kept)
      out.u8(W.END)
      return
    }
    const operands = OPERANDS[number]!
    this.value(region.a[n]!)
    if (operands > 1) this.value(region.b[n]!)
    if (operands > 2) this.value(region.c[n]!)
    if (number === N.select32 || number === N.select64) out.u8(W.SELECT)
    else if (number === N.select128) {
      out.u8(0x1c)
      out.u8(1)
      out.u8(W.TYPE_V128)
    } else {
      this.out.opcode(OPCODE[number]!)
      if (HAS_LANE[number]) out.u8(region.c[n]!)
      else if (number === N.shuffle) out.append(region.vectors[region.c[n]!]!)
    }
  }

  private helperIf(n: number): void {
    const { region, out } = this
    out.u8(W.BLOCK)
    out.u8(W.VOID)
    out.u8(W.BLOCK)
    out.u8(W.VOID)
    this.branchIfAny(region.a[n]!)
    out.u8(W.BR)
    out.u32(1)
    out.u8(W.END)
    this.cold(() => this.askHelper(n))
    out.u8(W.END)
  }

  private askHelper(n: number): void {
    const { region, out } = this
    const scratch = STATE_BASE + this.linkage.guest.scratch
    const pair = region.c[n]!
    this.value(region.b[n]!)
    out.u8(W.I32_EQZ)
    out.u8(W.BR_IF)
    out.u32(0)
    for (const [operand, offset] of [
      [region.a[pair]!, scratch],
      [region.b[pair]!, scratch + 16],
    ] as const) {
      this.stateAddress()
      this.value(operand)
      this.memory(STORE_OPCODE[V128]!, 0, offset)
    }
    this.constant(region.need[n]! & 0xff)
    this.constant(region.need[n]! >> 8)
    this.constant(0)
    this.callHelper()
    out.u8(W.I32_EQZ)
    out.u8(W.BR_IF)
    out.u32(0)
    this.exit(n, EXIT_SLOW)
  }

  /** Branches out of the innermost block when a condition holds; each part of one made by `or` is a branch of its own. */
  private branchIfAny(n: number): void {
    const { region } = this
    if (region.op[n] === N.or32 && this.localOf[n]! < 0) {
      this.branchIfAny(region.a[n]!)
      this.branchIfAny(region.b[n]!)
      return
    }
    this.value(n)
    this.out.u8(W.BR_IF)
    this.out.u32(0)
  }

  private helperPure(n: number): void {
    const { region } = this
    const scratch = this.linkage.guest.scratch
    this.stateAddress()
    this.value(region.b[n]!)
    this.memory(W.I64_STORE, 3, STATE_BASE + scratch)
    this.stateAddress()
    this.value(region.c[n]!)
    this.memory(W.I64_STORE, 3, STATE_BASE + scratch + 8)
    this.constant(region.need[n]!)
    this.value(region.a[n]!)
    this.constant(0)
    this.callHelper()
  }

  // ---- encoding

  private memory(code: number, alignLog2: number, offset: number): void {
    this.out.opcode(code)
    this.out.u32(alignLog2)
    this.out.u32(offset)
  }

  private stateAddress(): void {
    this.constant(0)
  }

  private constant(value: number): void {
    this.out.u8(W.I32_CONST)
    this.out.s32(value)
  }

  private localGet(local: number): void {
    this.out.u8(W.LOCAL_GET)
    this.out.u32(local)
  }

  private localSet(local: number): void {
    this.out.u8(W.LOCAL_SET)
    this.out.u32(local)
  }

  private callHelper(): void {
    this.out.u8(W.CALL)
    this.out.u32(FN_HELPER)
  }

  private call(symbol: number): void {
    this.out.u8(W.CALL)
    this.linkage.reference(symbol)
  }
}

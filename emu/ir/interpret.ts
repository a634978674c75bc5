/**
 * Runs a region's IR directly: the exact back end. It is the oracle for lowering, executes what translated code
 * leaves to it (a store to a page with code or to a shared one), single-steps, and runs where generating
 * WebAssembly is forbidden.
 * Path: beside emu/wasm; emu/run/interpreter-cpu.ts drives it.
 */

import type { AddressSpace } from '../memory/address-space.ts'
import { GUEST_MAX, PAGE_PW, PAGE_SHARED, PAGE_SHIFT, PAGE_SIZE, STATE_BASE } from '../memory/layout.ts'
import { COMMON_STATE } from '../memory/state-block.ts'
import { EXIT_NONE, EXIT_PAGE_FAULT, EXIT_PROTECTION, EXIT_STACK, FAULT_WRITE } from '../run/cpu.ts'
import { EVALUATE, NodeValues } from './evaluate.ts'
import { OPS, op, V128 } from './ops.ts'
import type { Prepared } from './prepare.ts'
import {
  type Block,
  I32,
  NEED_ASKED,
  NEED_STACK,
  PART_OF_INSTRUCTION,
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
} from './region.ts'

/** What the interpreter asks of the guest's ISA. */
export interface InterpreterGuest {
  /** Helpers by number. */
  helper(space: AddressSpace, id: number, a: number, b: number): number
  /** Whether an access is outside of all addresses that there can be, so that it faults otherwise than an unmapped one. */
  isOutside(space: AddressSpace, address: bigint, sizeBytes: number): boolean
}

const N = {
  const32: op('i32.const'),
  const64: op('i64.const'),
  const128: op('v128.const'),
  get: op('get'),
  check: op('check'),
  load8_u: op('load8_u'),
  load128: op('load128'),
  store8: op('store8'),
  store128: op('store128'),
  stateLoad32: op('state.load32'),
  stateLoad128: op('state.load128'),
  stateStore32: op('state.store32'),
  stateStore128: op('state.store128'),
  pageFlags: op('page_flags'),
  memoryCopy: op('memory.copy'),
  memoryFill: op('memory.fill'),
  helper: op('helper'),
  helperPure: op('helper.pure'),
  exitIf: op('exit_if'),
} as const
const ACCESS_BYTES = new Uint8Array(OPS.length)
for (const [size, names] of [
  [1, ['load8_u', 'load8_s', 'store8']],
  [2, ['load16_u', 'load16_s', 'store16']],
  [4, ['load32', 'loadf32', 'load32_zero', 'store32', 'storef32']],
  [8, ['load64', 'loadf64', 'load64_zero', 'store64', 'storef64']],
  [16, ['load128', 'store128']],
] as const)
  for (const name of names) ACCESS_BYTES[op(name)] = size
const LOAD8_S = op('load8_s')
const LOAD16_S = op('load16_s')
/** The state block in 32-bit words. */
const STATE_WORDS = STATE_BASE >> 2

// What `node` switches on.
const KIND_EVALUATE = 0,
  KIND_CHECK = 1,
  KIND_LOAD = 2,
  KIND_STORE = 3,
  KIND_GET = 4,
  KIND_EXIT_IF = 5,
  KIND_CONST32 = 6,
  KIND_CONST64 = 7,
  KIND_STATE_LOAD = 8,
  KIND_STATE_STORE = 9,
  KIND_RARE = 10
const KIND = Uint8Array.from(OPS, (_, number) => {
  if (number === N.check) return KIND_CHECK
  if (number >= N.load8_u && number <= N.load128) return KIND_LOAD
  if (number >= N.store8 && number <= N.store128) return KIND_STORE
  if (number === N.get) return KIND_GET
  if (number === N.exitIf) return KIND_EXIT_IF
  if (number === N.const32) return KIND_CONST32
  if (number === N.const64) return KIND_CONST64
  if (number >= N.stateLoad32 && number <= N.stateLoad128) return KIND_STATE_LOAD
  if (number >= N.stateStore32 && number <= N.stateStore128) return KIND_STATE_STORE
  return EVALUATE[number] ? KIND_EVALUATE : KIND_RARE
})

export class Interpreter {
  private readonly guest: InterpreterGuest
  private values = new NodeValues(1024)
  private readonly temporaries = new Int32Array(VARIABLES_MAX * 4)
  private space!: AddressSpace
  private region!: Prepared
  /** Set from outside when guest code changed: the region is left at its next block. */
  stale = false
  /** Told of a block's bytes when it runs for the first time. */
  executed: { mark(from: number, to: number): void } | null = null

  constructor(guest: InterpreterGuest) {
    this.guest = guest
  }

  /**
   * Runs a region from its entry. Returns the pc to go on at, or -1 after an exit whose kind and pc are in the state
   * block.
   */
  run(space: AddressSpace, region: Prepared): number {
    const { nodes, nodeStart, sets, setStart } = region
    this.space = space
    this.region = region
    if (this.values.capacity < region.count) this.values = new NodeValues(region.count * 2)
    let block: Block | null = region.blocks[0]!
    this.stale = false
    while (block) {
      if (this.stale && block.pc !== PART_OF_INSTRUCTION) return block.pc
      if (!block.executed) {
        block.executed = true
        this.executed?.mark(block.pc, block.endPc)
      }
      const nodesEnd = nodeStart[block.index + 1]!
      for (let i = nodeStart[block.index]!; i < nodesEnd; i++) if (!this.node(nodes[i]!, block)) return -1
      const values: NodeValues = this.values
      const condition: number = block.term === TERM_BRANCH ? values.i32[block.value * 4]! : 0
      const target: number = block.value >= 0 && block.term !== TERM_BRANCH ? this.targetOf(block.value) : 0
      const setsEnd = setStart[block.index + 1]!
      for (let i = setStart[block.index]!; i < setsEnd; i++) this.set(sets[i]!)
      switch (block.term) {
        case TERM_JUMP:
          block = block.next
          break
        case TERM_BRANCH:
          block = condition ? block.taken : block.next
          break
        case TERM_GOTO:
        case TERM_CALL:
          return block.pc2 >>> 0
        case TERM_GOTO_VALUE:
        case TERM_CALL_VALUE:
        case TERM_RETURN:
          return target
        case TERM_SWITCH: {
          const { cases, next }: Block = block
          block = cases.find((c) => c.pc === target)?.block ?? next
          break
        }
        case TERM_EXIT:
          this.leave(block.kind, block.pc2)
          return -1
        case TERM_HELPER:
          if (this.guest.helper(space, block.kind, block.returnPc, block.pc2) !== 0) return -1
          block = block.next
          break
        default:
          throw new Error('a block without an end')
      }
    }
    throw new Error('a block leads nowhere')
  }

  /** A jump target; one beyond 4 GiB goes to the state block's pc as it is and leaves with EXIT_NONE. */
  private targetOf(value: number): number {
    const { values } = this
    const low = values.i32[value * 4]! >>> 0
    const high = values.i32[value * 4 + 1]!
    if (high === 0) return low
    const { view } = this.space
    view.setUint32(STATE_BASE + COMMON_STATE.exitKind, EXIT_NONE, true)
    view.setUint32(STATE_BASE + COMMON_STATE.pc, low, true)
    view.setInt32(STATE_BASE + COMMON_STATE.pc + 4, high, true)
    return -1
  }

  private leave(kind: number, pc: number): void {
    const { view } = this.space
    view.setUint32(STATE_BASE + COMMON_STATE.exitKind, kind, true)
    view.setUint32(STATE_BASE + COMMON_STATE.pc, pc, true)
    view.setUint32(STATE_BASE + COMMON_STATE.pc + 4, 0, true)
  }

  /** Writes the variables set before a log position to the state block. Later sets win. */
  private commit(block: Block, end: number): void {
    for (let i = block.firstLog; i < end; i++) this.set(i)
  }

  /** Writes what one entry of the log sets. */
  private set(i: number): void {
    const { region } = this
    const number = region.logVariable[i]!
    const { offset, type } = region.variables[number]!
    const from = this.values.i32
    const value = region.logValue[i]! * 4
    const to = offset < 0 ? this.temporaries : this.space.words
    const at = offset < 0 ? number * 4 : STATE_WORDS + (offset >> 2)
    to[at] = from[value]!
    if (type === I32) return
    to[at + 1] = from[value + 1]!
    if (type !== V128) return
    to[at + 2] = from[value + 2]!
    to[at + 3] = from[value + 3]!
  }

  private get(n: number): void {
    const { region } = this
    const number = region.a[n]!
    const { offset, type } = region.variables[number]!
    const from = offset < 0 ? this.temporaries : this.space.words
    const at = offset < 0 ? number * 4 : STATE_WORDS + (offset >> 2)
    const to = this.values.i32
    const value = n * 4
    to[value] = from[at]!
    if (type === I32) return
    to[value + 1] = from[at + 1]!
    if (type !== V128) return
    to[value + 2] = from[at + 2]!
    to[value + 3] = from[at + 3]!
  }

  /** Evaluates a node; false when it left. */
  private node(n: number, block: Block): boolean {
    const { region, values } = this
    const number = region.op[n]!
    switch (KIND[number]) {
      case KIND_EVALUATE:
        EVALUATE[number]!(values, n, region.a[n]!, region.b[n]!, region.c[n]!, region)
        return true
      case KIND_CONST32:
        values.i32[n * 4] = region.a[n]!
        return true
      case KIND_CONST64:
        values.i32[n * 4] = region.a[n]!
        values.i32[n * 4 + 1] = region.b[n]!
        return true
      case KIND_GET:
        this.get(n)
        return true
      case KIND_CHECK:
        return this.check(n, block)
      case KIND_LOAD:
        this.load(n, number)
        return true
      case KIND_STORE:
        this.store(n, number)
        return true
      case KIND_EXIT_IF:
        if (values.i32[region.a[n]! * 4] === 0) return true
        this.commit(block, region.exitLog[n]!)
        this.leave(region.need[n]!, region.exitPc[n]!)
        return false
      case KIND_STATE_LOAD:
        values.copyFrom(n, this.space.bytes, STATE_BASE + region.a[n]!)
        return true
      case KIND_STATE_STORE: {
        const from = region.a[n]! * 16
        const size = [4, 8, 16][number - N.stateStore32]!
        this.space.bytes.set(values.bytes.subarray(from, from + size), STATE_BASE + region.b[n]!)
        return true
      }
      default:
        return this.rare(n, number)
    }
  }

  /** Helpers, bulk memory, page flags. */
  private rare(n: number, number: number): boolean {
    const { region, values, space } = this
    if (number === N.helper) {
      values.i32[n * 4] = this.guest.helper(
        space,
        region.c[n]!,
        values.i32[region.a[n]! * 4]!,
        values.i32[region.b[n]! * 4]!,
      )
      return true
    }
    if (number === N.helperPure) {
      const scratch = STATE_BASE + COMMON_STATE.scratch
      space.bytes.set(values.bytes.subarray(region.b[n]! * 16, region.b[n]! * 16 + 8), scratch)
      space.bytes.set(values.bytes.subarray(region.c[n]! * 16, region.c[n]! * 16 + 8), scratch + 8)
      values.i32[n * 4] = this.guest.helper(space, region.need[n]!, values.i32[region.a[n]! * 4]!, 0)
      return true
    }
    if (number === N.pageFlags) {
      values.i32[n * 4] = space.flags[values.i32[region.a[n]! * 4]! >>> PAGE_SHIFT]!
      return true
    }
    if (number === N.memoryCopy || number === N.memoryFill) {
      const to = values.i32[region.a[n]! * 4]! >>> 0
      const from = values.i32[region.b[n]! * 4]! >>> 0
      const sizeBytes = values.i32[region.c[n]! * 4]!
      if (number === N.memoryCopy) space.bytes.copyWithin(to, from, from + sizeBytes)
      else space.bytes.fill(from, to, to + sizeBytes)
      return true
    }
    throw new Error(`the interpreter does not know ${OPS[number]!.name}`)
  }

  /** One access, exactly: the address in 64 bits, each page it touches. */
  private check(n: number, block: Block): boolean {
    const { region, values, space } = this
    const base = region.a[n]!
    const sizeBytes = region.c[n]! - region.b[n]!
    const need = region.need[n]!
    const wanted = need & ~(NEED_STACK | NEED_ASKED)
    if (values.i32[base * 4 + 1] === 0) {
      const near = values.u32[base * 4]! + region.b[n]!
      const end = near + sizeBytes - 1
      if (near >= 0 && end < GUEST_MAX) {
        const { flags } = space
        const both = flags[Math.floor(near / PAGE_SIZE)]! & flags[Math.floor(end / PAGE_SIZE)]!
        if ((both & wanted) === wanted) {
          values.i32[n * 4] = near
          return true
        }
      }
    }
    const address = BigInt.asUintN(64, values.i64[base * 2]! + BigInt(region.b[n]!))
    const addr = Number(address)
    const refused = space.firstRefused(addr, sizeBytes, wanted)
    if (refused === -1) {
      values.i32[n * 4] = addr | 0
      return true
    }
    this.commit(block, region.exitLog[n]!)
    if (!(need & NEED_ASKED) && this.guest.isOutside(space, address, sizeBytes)) {
      // Not a canonical address, or beyond the segment: a general protection fault, which names none.
      this.leave(need & NEED_STACK ? EXIT_STACK : EXIT_PROTECTION, region.exitPc[n]!)
      return false
    }
    this.leave(EXIT_PAGE_FAULT, region.exitPc[n]!)
    const exact = refused === addr ? address : BigInt(refused)
    space.view.setBigUint64(STATE_BASE + COMMON_STATE.exitAddress, exact, true)
    space.view.setUint32(STATE_BASE + COMMON_STATE.exitCode, need & PAGE_PW ? FAULT_WRITE : 0, true)
    return false
  }

  private load(n: number, number: number): void {
    const { region, values, space } = this
    const at = values.u32[region.a[n]! * 4]!
    const { view } = space
    const to = values.i32
    const value = n * 4
    switch (ACCESS_BYTES[number]) {
      case 1:
        to[value] = number === LOAD8_S ? view.getInt8(at) : view.getUint8(at)
        return
      case 2:
        to[value] = number === LOAD16_S ? view.getInt16(at, true) : view.getUint16(at, true)
        return
      case 4:
        to[value] = view.getInt32(at, true)
        // The other lanes, for load32_zero.
        to[value + 1] = to[value + 2] = to[value + 3] = 0
        return
      default:
        to[value] = view.getInt32(at, true)
        to[value + 1] = view.getInt32(at + 4, true)
        to[value + 2] = to[value + 3] = 0
        if (number !== N.load128) return
        to[value + 2] = view.getInt32(at + 8, true)
        to[value + 3] = view.getInt32(at + 12, true)
    }
  }

  private store(n: number, number: number): void {
    const { region, values, space } = this
    const at = values.u32[region.a[n]! * 4]!
    const sizeBytes = ACCESS_BYTES[number]!
    const value = region.b[n]! * 4
    const from = values.i32
    const special = space.beforeStore(at, sizeBytes)
    const { view } = space
    if (sizeBytes === 1) view.setInt8(at, from[value]!)
    else if (sizeBytes === 2) view.setInt16(at, from[value]!, true)
    else for (let k = 0; k < sizeBytes >> 2; k++) view.setInt32(at + 4 * k, from[value + k]!, true)
    if (special & PAGE_SHARED) space.observer.shared?.(at, sizeBytes)
  }
}

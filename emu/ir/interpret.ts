/**
 * Runs a region's IR directly: the exact back end. It is the oracle for lowering, executes what translated code
 * leaves to it (a store to a page with code or to a shared one), single-steps, and runs where generating
 * WebAssembly is forbidden.
 * Path: beside emu/wasm; emu/run/interpreter-cpu.ts drives it.
 */

import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_PW, PAGE_SHARED, PAGE_SHIFT, STATE_BASE } from '../memory/layout.ts'
import { EXIT_NONE, EXIT_PAGE_FAULT, EXIT_PROTECTION, EXIT_STACK, FAULT_WRITE } from '../run/cpu.ts'
import { EVALUATE, NodeValues } from './evaluate.ts'
import { OPS, op, V128 } from './ops.ts'
import {
  type Block,
  I32,
  NEED_STACK,
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
} from './region.ts'

/** Where the state block keeps what leaving needs; helpers by number. */
export interface InterpreterGuest {
  readonly exitKind: number
  readonly exitCode: number
  readonly exitAddress: number
  readonly pc: number
  readonly scratch: number
  helper(space: AddressSpace, id: number, a: number, b: number): number
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
const ACCESS_BYTES: Record<number, number> = {
  [op('load8_u')]: 1,
  [op('load8_s')]: 1,
  [op('load16_u')]: 2,
  [op('load16_s')]: 2,
  [op('load32')]: 4,
  [op('load64')]: 8,
  [op('loadf32')]: 4,
  [op('loadf64')]: 8,
  [op('load32_zero')]: 4,
  [op('load64_zero')]: 8,
  [op('storef32')]: 4,
  [op('storef64')]: 8,
  [op('load128')]: 16,
  [op('store8')]: 1,
  [op('store16')]: 2,
  [op('store32')]: 4,
  [op('store64')]: 8,
  [op('store128')]: 16,
}
const LOAD8_S = op('load8_s')
const LOAD16_S = op('load16_s')

export class Interpreter {
  private readonly guest: InterpreterGuest
  private values = new NodeValues(1024)
  private readonly temporaries = new DataView(new ArrayBuffer(64 * 16))
  private space!: AddressSpace
  private region!: Region
  /** Set from outside when guest code changed: the region is left at its next block. */
  stale = false

  constructor(guest: InterpreterGuest) {
    this.guest = guest
  }

  /**
   * Runs a region from its entry. Returns the pc to go on at, or -1 after an exit whose kind and pc are in the state
   * block.
   */
  run(space: AddressSpace, region: Region): number {
    this.space = space
    this.region = region
    if (this.values.capacity < region.count) this.values = new NodeValues(region.count * 2)
    let block: Block | null = region.blocks[0]!
    this.stale = false
    while (block) {
      if (this.stale) return block.pc
      for (let n = block.firstNode; n < block.endNode; n++) if (!this.node(n, block)) return -1
      const values: NodeValues = this.values
      const condition: number =
        block.value >= 0 && region.typeOf(block.value) === I32 ? values.i32[block.value * 4]! : 0
      const target: number = block.value >= 0 && block.term !== TERM_BRANCH ? this.targetOf(block.value) : 0
      this.commit(block, block.endLog)
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
    view.setUint32(STATE_BASE + this.guest.exitKind, EXIT_NONE, true)
    view.setUint32(STATE_BASE + this.guest.pc, low, true)
    view.setInt32(STATE_BASE + this.guest.pc + 4, high, true)
    return -1
  }

  private leave(kind: number, pc: number): void {
    const { view } = this.space
    view.setUint32(STATE_BASE + this.guest.exitKind, kind, true)
    view.setUint32(STATE_BASE + this.guest.pc, pc, true)
    view.setUint32(STATE_BASE + this.guest.pc + 4, 0, true)
  }

  /** Writes the variables set before a log position to the state block. Later sets win. */
  private commit(block: Block, end: number): void {
    const { region, space, values } = this
    for (let i = block.firstLog; i < end; i++) {
      const variable = region.variables[region.logVariable[i]!]!
      const value = region.logValue[i]!
      const to = variable.offset < 0 ? this.temporaries : space.view
      const at = variable.offset < 0 ? region.logVariable[i]! * 16 : STATE_BASE + variable.offset
      to.setInt32(at, values.i32[value * 4]!, true)
      if (variable.type !== I32) to.setInt32(at + 4, values.i32[value * 4 + 1]!, true)
      if (variable.type === V128) {
        to.setInt32(at + 8, values.i32[value * 4 + 2]!, true)
        to.setInt32(at + 12, values.i32[value * 4 + 3]!, true)
      }
    }
  }

  /** Evaluates a node; false when it left. */
  private node(n: number, block: Block): boolean {
    const { region, values, space } = this
    const number = region.op[n]!
    const evaluate = EVALUATE[number]
    if (evaluate) {
      evaluate(values, n, region.a[n]!, region.b[n]!, region.c[n]!, region)
      return true
    }
    if (number === N.check) return this.check(n, block)
    if (number >= N.load8_u && number <= N.load128) {
      this.load(n, number)
      return true
    }
    if (number >= N.store8 && number <= N.store128) {
      this.store(n, number)
      return true
    }
    if (number === N.get) {
      const variable = region.variables[region.a[n]!]!
      if (variable.offset < 0) values.copyFrom(n, new Uint8Array(this.temporaries.buffer), region.a[n]! * 16)
      else values.copyFrom(n, space.bytes, STATE_BASE + variable.offset)
      return true
    }
    if (number === N.exitIf) {
      if (values.i32[region.a[n]! * 4] === 0) return true
      this.commit(block, region.exitLog[n]!)
      this.leave(region.need[n]!, region.exitPc[n]!)
      return false
    }
    if (number >= N.stateLoad32 && number <= N.stateLoad128) {
      values.copyFrom(n, space.bytes, STATE_BASE + region.a[n]!)
      return true
    }
    if (number >= N.stateStore32 && number <= N.stateStore128) {
      const from = region.a[n]! * 16
      space.bytes.set(
        values.bytes.subarray(from, from + [4, 8, 16][number - N.stateStore32]!),
        STATE_BASE + region.b[n]!,
      )
      return true
    }
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
      const scratch = STATE_BASE + this.guest.scratch
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
    const address = BigInt.asUintN(64, values.i64[base * 2]! + BigInt(region.b[n]!))
    const sizeBytes = region.c[n]! - region.b[n]!
    const addr = Number(address)
    const need = region.need[n]!
    const refused = space.firstRefused(addr, sizeBytes, need & ~NEED_STACK)
    if (refused === -1) {
      values.i32[n * 4] = addr | 0
      return true
    }
    this.commit(block, region.exitLog[n]!)
    const upper = address >> 47n
    if (upper !== 0n && upper !== 0x1ffffn) {
      // Not a canonical address: a general protection fault, which names none.
      this.leave(need & NEED_STACK ? EXIT_STACK : EXIT_PROTECTION, region.exitPc[n]!)
      return false
    }
    this.leave(EXIT_PAGE_FAULT, region.exitPc[n]!)
    const exact = refused === addr ? address : BigInt(refused)
    space.view.setBigUint64(STATE_BASE + this.guest.exitAddress, exact, true)
    space.view.setUint32(STATE_BASE + this.guest.exitCode, need & PAGE_PW ? FAULT_WRITE : 0, true)
    return false
  }

  private load(n: number, number: number): void {
    const { region, values, space } = this
    const at = values.i32[region.a[n]! * 4]! >>> 0
    const { view } = space
    if (number === LOAD8_S) values.i32[n * 4] = view.getInt8(at)
    else if (number === LOAD16_S) values.i32[n * 4] = view.getInt16(at, true)
    else {
      const from = n * 16
      values.i32.fill(0, n * 4, n * 4 + 4)
      values.bytes.set(space.bytes.subarray(at, at + ACCESS_BYTES[number]!), from)
    }
  }

  private store(n: number, number: number): void {
    const { region, values, space } = this
    const at = values.i32[region.a[n]! * 4]! >>> 0
    const sizeBytes = ACCESS_BYTES[number]!
    const from = region.b[n]! * 16
    const special = space.beforeStore(at, sizeBytes)
    space.bytes.set(values.bytes.subarray(from, from + sizeBytes), at)
    if (special & PAGE_SHARED) space.observer.shared?.(at, sizeBytes)
  }
}

/**
 * Dataflow over a region: which variables may be dirty (newer than the state block) and which are live at each
 * block's start and end. Lowering loads what is live at entries, spills what is dirty at exits, and drops what is
 * neither: it matters more than how control is transferred (translator.md).
 * Path: between emu/guest and emu/wasm/lower.
 */

import { OPS, op } from '../ir/ops.ts'
import {
  type Block,
  type Region,
  TERM_BRANCH,
  TERM_CALL,
  TERM_CALL_VALUE,
  TERM_GOTO,
  TERM_HELPER,
  TERM_JUMP,
  TERM_SWITCH,
} from '../ir/region.ts'

const N_GET = op('get')
const N_CHECK = op('check')
const N_EXIT_IF = op('exit_if')
const N_HELPER_IF = op('helper_if')
/** What may leave with the registers of its position in the log. */
const MAY_LEAVE = Uint8Array.from(OPS, (_, n) =>
  n === N_CHECK || n === N_EXIT_IF || n === N_HELPER_IF ? 1 : 0,
)
const IS_EFFECT = Uint8Array.from(OPS, (row) => (row.pure ? 0 : 1))
const OPERANDS = Uint8Array.from(OPS, (row) => row.ins.length)

/** How a node of the block being looked at is used: 0 not at all, 1 once, 2 more often. */
export const USE_MANY = 2
/** Only in code that runs when an exit is taken. */
export const USE_COLD = 4

/** A set of variables as two words. */
export class VariableSets {
  readonly low: Int32Array
  readonly high: Int32Array

  constructor(count: number) {
    this.low = new Int32Array(count)
    this.high = new Int32Array(count)
  }

  has(set: number, variable: number): boolean {
    const word = variable < 32 ? this.low[set]! : this.high[set]!
    return ((word >>> (variable & 31)) & 1) === 1
  }

  add(set: number, variable: number): void {
    if (variable < 32) this.low[set]! |= 1 << variable
    else this.high[set]! |= 1 << (variable - 32)
  }
}

export class Dataflow {
  readonly region: Region
  /** Blocks reachable from the first, in reverse postorder. */
  readonly order: Block[]
  readonly dirtyIn: VariableSets
  readonly liveIn: VariableSets
  readonly liveOut: VariableSets
  private readonly exposed: VariableSets
  private readonly defined: VariableSets
  /** USE_* by node, valid for the block marked last. */
  uses = new Uint8Array(4096)
  /** By node: how many nodes that are only made in exits have it as operand. */
  coldUses = new Uint8Array(4096)

  constructor(region: Region, order: Block[]) {
    const count = region.blocks.length
    this.region = region
    this.order = order
    this.dirtyIn = new VariableSets(count)
    this.liveIn = new VariableSets(count)
    this.liveOut = new VariableSets(count)
    this.exposed = new VariableSets(count)
    this.defined = new VariableSets(count)
    if (this.uses.length < region.count) {
      this.uses = new Uint8Array(region.count * 2)
      this.coldUses = new Uint8Array(region.count * 2)
    }
    this.findDefined()
    this.findDirty()
    for (const block of this.order) {
      this.liveOut.low[block.index] = -1
      this.liveOut.high[block.index] = -1
      this.mark(block)
      this.findExposed(block)
      this.liveOut.low[block.index] = 0
      this.liveOut.high[block.index] = 0
    }
    this.findLive()
  }

  private findDefined(): void {
    const { logVariable } = this.region
    for (const block of this.order)
      for (let i = block.firstLog; i < block.endLog; i++) this.defined.add(block.index, logVariable[i]!)
  }

  private findDirty(): void {
    const { dirtyIn, defined } = this
    for (let changed = true; changed; ) {
      changed = false
      for (const block of this.order) {
        if (leavesClean(block)) continue
        const low = dirtyIn.low[block.index]! | defined.low[block.index]!
        const high = dirtyIn.high[block.index]! | defined.high[block.index]!
        for (const next of successors(block)) {
          if (
            (dirtyIn.low[next.index]! | low) === dirtyIn.low[next.index] &&
            (dirtyIn.high[next.index]! | high) === dirtyIn.high[next.index]
          )
            continue
          dirtyIn.low[next.index]! |= low
          dirtyIn.high[next.index]! |= high
          changed = true
        }
      }
    }
  }

  /** Marks how each node of the block is used, given what is live at its end. */
  mark(block: Block): void {
    const { region, uses } = this
    uses.fill(0, block.firstNode, block.endNode)
    this.coldUses.fill(0, block.firstNode, block.endNode)
    if (block.value >= 0) this.use(block.value)
    const leaves = leavesRegion(block)
    this.lastSets(block, block.endLog, (variable, value) => {
      const spilled = leaves && region.variables[variable]!.offset >= 0
      if (spilled || (!leavesClean(block) && this.liveOut.has(block.index, variable))) this.use(value)
    })
    for (let n = block.endNode - 1; n >= block.firstNode; n--) {
      const number = region.op[n]!
      const operands = OPERANDS[number]!
      if (operands === 0 || (uses[n] === 0 && !IS_EFFECT[number])) continue
      this.use(region.a[n]!)
      // The others are only made where the first condition holds.
      if (number === N_HELPER_IF) continue
      if (operands > 1) this.use(region.b[n]!)
      if (operands > 2) this.use(region.c[n]!)
    }
    // What exits need: values already made must be kept in locals, the others are made when the exit is taken.
    for (let n = block.firstNode; n < block.endNode; n++) {
      if (!MAY_LEAVE[region.op[n]!]) continue
      this.lastSets(block, region.exitLog[n]!, (variable, value) => {
        if (region.variables[variable]!.offset >= 0) this.useCold(value)
      })
      if (region.op[n] !== N_HELPER_IF) continue
      this.useCold(region.b[n]!)
      this.useCold(region.c[n]!)
    }
  }

  private use(n: number): void {
    const u = this.uses[n]!
    if ((u & 3) < USE_MANY) this.uses[n] = u + 1
  }

  private useCold(n: number): void {
    const { region, uses } = this
    if (uses[n]! & USE_COLD) return
    const hot = uses[n]! !== 0
    uses[n]! |= USE_COLD
    const number = region.op[n]!
    if (hot || IS_EFFECT[number]) return
    const operands = OPERANDS[number]!
    if (operands > 0) this.useInCold(region.a[n]!)
    if (operands > 1) this.useInCold(region.b[n]!)
    if (operands > 2) this.useInCold(region.c[n]!)
  }

  private useInCold(n: number): void {
    if (this.coldUses[n]! < USE_MANY) this.coldUses[n]!++
    this.useCold(n)
  }

  /** Calls back with the last value each variable was set to before log position `end`. */
  lastSets(block: Block, end: number, visit: (variable: number, value: number) => void): void {
    const { logVariable, logValue } = this.region
    let seenLow = 0
    let seenHigh = 0
    for (let i = end - 1; i >= block.firstLog; i--) {
      const variable = logVariable[i]!
      if (variable < 32) {
        if (seenLow & (1 << variable)) continue
        seenLow |= 1 << variable
      } else {
        if (seenHigh & (1 << (variable - 32))) continue
        seenHigh |= 1 << (variable - 32)
      }
      visit(variable, logValue[i]!)
    }
  }

  /** Variables whose value at the block's start matters: read, or written back by an exit. */
  private findExposed(block: Block): void {
    const { region, exposed, uses } = this
    const b = block.index
    let firstExit = leavesRegion(block) ? block.endLog : -1
    for (let n = block.endNode - 1; n >= block.firstNode; n--) {
      const number = region.op[n]!
      if (number === N_GET && uses[n]) exposed.add(b, region.a[n]!)
      else if (MAY_LEAVE[number]) firstExit = region.exitLog[n]!
    }
    if (firstExit < 0) return
    let setLow = 0
    let setHigh = 0
    for (let i = block.firstLog; i < firstExit; i++) {
      const variable = region.logVariable[i]!
      if (variable < 32) setLow |= 1 << variable
      else setHigh |= 1 << (variable - 32)
    }
    exposed.low[b]! |= this.dirtyIn.low[b]! & ~setLow
    exposed.high[b]! |= this.dirtyIn.high[b]! & ~setHigh
  }

  private findLive(): void {
    const { liveIn, liveOut, exposed, defined, order } = this
    for (let changed = true; changed; ) {
      changed = false
      for (let i = order.length - 1; i >= 0; i--) {
        const block = order[i]!
        const b = block.index
        for (const next of successors(block)) {
          liveOut.low[b]! |= liveIn.low[next.index]!
          liveOut.high[b]! |= liveIn.high[next.index]!
        }
        // What a call or helper leaves behind is loaded behind it, so nothing is live across.
        const clean = leavesClean(block)
        const low = exposed.low[b]! | (clean ? 0 : liveOut.low[b]! & ~defined.low[b]!)
        const high = exposed.high[b]! | (clean ? 0 : liveOut.high[b]! & ~defined.high[b]!)
        if (low !== liveIn.low[b] || high !== liveIn.high[b]) {
          liveIn.low[b] = low
          liveIn.high[b] = high
          changed = true
        }
      }
    }
  }
}

/** Whether every dirty variable is spilled at the end of the block and loaded again where it goes on. */
export function leavesClean(block: Block): boolean {
  return block.term === TERM_CALL || block.term === TERM_CALL_VALUE || block.term === TERM_HELPER
}

/** Whether the block's end needs the registers in the state block. */
export function leavesRegion(block: Block): boolean {
  return block.term >= TERM_GOTO && block.term !== TERM_SWITCH
}

const NO_BLOCKS: Block[] = []

export function successors(block: Block): Block[] {
  switch (block.term) {
    case TERM_JUMP:
    case TERM_CALL:
    case TERM_CALL_VALUE:
    case TERM_HELPER:
      return [block.next!]
    case TERM_BRANCH:
      return [block.taken!, block.next!]
    case TERM_SWITCH:
      return [...block.cases.map((c) => c.block), block.next!]
    default:
      return NO_BLOCKS
  }
}

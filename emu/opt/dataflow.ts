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

/** Sets of variables, each of as many words as the variables need. */
export class VariableSets {
  readonly words: number
  readonly bits: Int32Array

  constructor(count: number, variableCount: number) {
    this.words = wordsFor(variableCount)
    this.bits = new Int32Array(count * this.words)
  }

  has(set: number, variable: number): boolean {
    return hasVariable(this.bits, variable, set * this.words)
  }

  add(set: number, variable: number): void {
    this.bits[set * this.words + (variable >> 5)]! |= 1 << (variable & 31)
  }

  fill(set: number, word: number): void {
    this.bits.fill(word, set * this.words, (set + 1) * this.words)
  }

  /** The set's words; they change with it. */
  of(set: number): Int32Array {
    return this.bits.subarray(set * this.words, (set + 1) * this.words)
  }
}

/** Words of a set of so many variables. */
export const wordsFor = (variableCount: number): number => (variableCount + 31) >> 5

/** Whether the set that begins at a word has the variable. */
export const hasVariable = (words: ArrayLike<number>, variable: number, from = 0): boolean =>
  ((words[from + (variable >> 5)]! >>> (variable & 31)) & 1) === 1

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
  /** By variable: the pass of lastSets that saw it last. */
  private readonly seen: Int32Array
  private pass = 0

  constructor(region: Region, order: Block[]) {
    const count = region.blocks.length
    const sets = (): VariableSets => new VariableSets(count, region.variables.length)
    this.region = region
    this.order = order
    this.seen = new Int32Array(region.variables.length)
    this.dirtyIn = sets()
    this.liveIn = sets()
    this.liveOut = sets()
    this.exposed = sets()
    this.defined = sets()
    if (this.uses.length < region.count) {
      this.uses = new Uint8Array(region.count * 2)
      this.coldUses = new Uint8Array(region.count * 2)
    }
    this.findDefined()
    this.findDirty()
    for (const block of this.order) {
      this.liveOut.fill(block.index, -1)
      this.mark(block)
      this.findExposed(block)
      this.liveOut.fill(block.index, 0)
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
    const { words } = dirtyIn
    for (let changed = true; changed; ) {
      changed = false
      for (const block of this.order) {
        if (leavesClean(block)) continue
        const from = block.index * words
        for (const next of successors(block))
          for (let w = 0; w < words; w++) {
            const before = dirtyIn.bits[next.index * words + w]!
            const after = before | dirtyIn.bits[from + w]! | defined.bits[from + w]!
            if (after === before) continue
            dirtyIn.bits[next.index * words + w] = after
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
    const pass = ++this.pass
    for (let i = end - 1; i >= block.firstLog; i--) {
      const variable = logVariable[i]!
      if (this.seen[variable] === pass) continue
      this.seen[variable] = pass
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
    const before = this.dirtyIn.of(b).slice()
    for (let i = block.firstLog; i < firstExit; i++) {
      const variable = region.logVariable[i]!
      before[variable >> 5]! &= ~(1 << (variable & 31))
    }
    for (let w = 0; w < exposed.words; w++) exposed.bits[b * exposed.words + w]! |= before[w]!
  }

  private findLive(): void {
    const { liveIn, liveOut, exposed, defined, order } = this
    const { words } = liveIn
    for (let changed = true; changed; ) {
      changed = false
      for (let i = order.length - 1; i >= 0; i--) {
        const block = order[i]!
        const b = block.index
        for (const next of successors(block))
          for (let w = 0; w < words; w++) liveOut.bits[b * words + w]! |= liveIn.bits[next.index * words + w]!
        // What a call or helper leaves behind is loaded behind it, so nothing is live across.
        const clean = leavesClean(block)
        for (let w = b * words; w < (b + 1) * words; w++) {
          const live = exposed.bits[w]! | (clean ? 0 : liveOut.bits[w]! & ~defined.bits[w]!)
          if (live === liveIn.bits[w]) continue
          liveIn.bits[w] = live
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

/**
 * What the interpreter goes through instead of a region: a copy in one piece of memory with the nodes that anything
 * depends on, and of each block's log the last set of each variable.
 * Path: run/interpreter-cpu.ts prepares a region once; interpret.ts runs it many times.
 */

import { OPS, op } from './ops.ts'
import { type Block, type Region, VARIABLES_MAX, type Variable } from './region.ts'

const IS_EFFECT = Uint8Array.from(OPS, (row) => (row.pure ? 0 : 1))
const OPERANDS = Uint8Array.from(OPS, (row) => row.ins.length)
const N_CHECK = op('check')
const N_EXIT_IF = op('exit_if')
/** How many columns a region's nodes and its log have. */
const NODE_COLUMNS = 7
const LOG_COLUMNS = 2

/** Columns as Region has them; by block index, the stretch of `nodes` and of `sets` (positions in the log) that is its own. */
export class Prepared {
  readonly variables: readonly Variable[]
  readonly blocks: readonly Block[]
  readonly vectors: readonly Uint8Array[]
  readonly count: number
  readonly op: Int32Array
  readonly a: Int32Array
  readonly b: Int32Array
  readonly c: Int32Array
  readonly exitLog: Int32Array
  readonly exitPc: Int32Array
  readonly need: Int32Array
  readonly logVariable: Int32Array
  readonly logValue: Int32Array
  readonly nodes: Int32Array
  readonly nodeStart: Int32Array
  readonly sets: Int32Array
  readonly setStart: Int32Array

  constructor(region: Region, selection: Selection) {
    const { count, logCount } = region
    const blockCount = region.blocks.length
    this.variables = region.variables
    this.blocks = region.blocks
    this.vectors = [...region.vectors]
    this.count = count
    const words =
      NODE_COLUMNS * count +
      LOG_COLUMNS * logCount +
      selection.nodeCount +
      selection.setCount +
      2 * (blockCount + 1)
    const buffer = new ArrayBuffer(words * 4)
    let at = 0
    const column = (source: Int32Array | Uint16Array | Uint8Array, length: number): Int32Array => {
      const copy = new Int32Array(buffer, at, length)
      at += length * 4
      for (let i = 0; i < length; i++) copy[i] = source[i]!
      return copy
    }
    this.op = column(region.op, count)
    this.a = column(region.a, count)
    this.b = column(region.b, count)
    this.c = column(region.c, count)
    this.exitLog = column(region.exitLog, count)
    this.exitPc = column(region.exitPc, count)
    this.need = column(region.need, count)
    this.logVariable = column(region.logVariable, logCount)
    this.logValue = column(region.logValue, logCount)
    this.nodes = column(selection.nodes, selection.nodeCount)
    this.sets = column(selection.sets, selection.setCount)
    this.nodeStart = column(selection.nodeStart, blockCount + 1)
    this.setStart = column(selection.setStart, blockCount + 1)
  }
}

/** Chooses nodes and sets of a region; its arrays are used again for the next one. */
class Selection {
  nodes = new Int32Array(0)
  nodeCount = 0
  nodeStart = new Int32Array(0)
  sets = new Int32Array(0)
  setCount = 0
  setStart = new Int32Array(0)
  private needed = new Uint8Array(0)
  /** By variable: the block and pass that saw it last. */
  private readonly seen = new Int32Array(VARIABLES_MAX)
  private pass = 0

  choose(region: Region): void {
    this.reserve(region)
    this.nodeCount = this.setCount = 0
    this.needed.fill(0, 0, region.count)
    for (const block of region.blocks) {
      this.nodeStart[block.index] = this.nodeCount
      this.setStart[block.index] = this.setCount
      this.lastSets(region, block)
      this.markNeeded(region, block)
      for (let n = block.firstNode; n < block.endNode; n++)
        if (this.needed[n]) this.nodes[this.nodeCount++] = n
    }
    this.nodeStart[region.blocks.length] = this.nodeCount
    this.setStart[region.blocks.length] = this.setCount
  }

  private reserve(region: Region): void {
    if (this.nodes.length < region.count) {
      this.nodes = new Int32Array(region.count * 2)
      this.needed = new Uint8Array(region.count * 2)
    }
    if (this.sets.length < region.logCount) this.sets = new Int32Array(region.logCount * 2)
    if (this.nodeStart.length <= region.blocks.length) {
      this.nodeStart = new Int32Array(region.blocks.length * 2 + 1)
      this.setStart = new Int32Array(region.blocks.length * 2 + 1)
    }
  }

  private lastSets(region: Region, block: Block): void {
    const { seen } = this
    const pass = ++this.pass
    for (let i = block.endLog - 1; i >= block.firstLog; i--) {
      const variable = region.logVariable[i]!
      if (seen[variable] === pass) continue
      seen[variable] = pass
      this.sets[this.setCount++] = i
    }
  }

  /** Marks effects, and what they, the block's end, the final sets and the sets before a possible exit are made of. */
  private markNeeded(region: Region, block: Block): void {
    const { needed, seen } = this
    if (block.value >= 0) needed[block.value] = 1
    let exitLog = block.firstLog
    for (let n = block.firstNode; n < block.endNode; n++)
      if (region.op[n] === N_CHECK || region.op[n] === N_EXIT_IF)
        exitLog = Math.max(exitLog, region.exitLog[n]!)
    const pass = ++this.pass
    for (let i = block.endLog - 1; i >= block.firstLog; i--) {
      const variable = region.logVariable[i]!
      if (i < exitLog || seen[variable] !== pass) needed[region.logValue[i]!] = 1
      seen[variable] = pass
    }
    for (let n = block.endNode - 1; n >= block.firstNode; n--) {
      if (IS_EFFECT[region.op[n]!]) needed[n] = 1
      if (!needed[n]) continue
      const operands = OPERANDS[region.op[n]!]!
      if (operands > 0) needed[region.a[n]!] = 1
      if (operands > 1) needed[region.b[n]!] = 1
      if (operands > 2) needed[region.c[n]!] = 1
    }
  }
}

const selection = new Selection()

/** The region, ready to be interpreted; the region can be filled anew afterwards. */
export function prepare(region: Region): Prepared {
  selection.choose(region)
  return new Prepared(region, selection)
}

/**
 * What the interpreter goes through instead of a region's every node: the nodes that anything depends on, and of each
 * block's log the last set of each variable.
 * Path: run/interpreter-cpu.ts prepares a region once; interpret.ts runs it many times.
 */

import { OPS, op } from './ops.ts'
import type { Block, Region } from './region.ts'

/** A region with, by block index, the stretch of `nodes` and of `sets` (positions in the log) that is its own. */
export interface Prepared {
  readonly region: Region
  readonly nodes: Int32Array
  readonly nodeStart: Int32Array
  readonly sets: Int32Array
  readonly setStart: Int32Array
}

const IS_EFFECT = Uint8Array.from(OPS, (row) => (row.pure ? 0 : 1))
const OPERANDS = Uint8Array.from(OPS, (row) => row.ins.length)
const N_CHECK = op('check')
const N_EXIT_IF = op('exit_if')

/** Reads the region's blocks; the region must not be filled anew while the result is in use. */
export function prepare(region: Region): Prepared {
  const nodes: number[] = []
  const sets: number[] = []
  const nodeStart = new Int32Array(region.blocks.length + 1)
  const setStart = new Int32Array(region.blocks.length + 1)
  const needed = new Uint8Array(region.count)
  for (const block of region.blocks) {
    nodeStart[block.index] = nodes.length
    setStart[block.index] = sets.length
    lastSets(region, block, sets)
    markNeeded(region, block, needed)
    for (let n = block.firstNode; n < block.endNode; n++) if (needed[n]) nodes.push(n)
  }
  nodeStart[region.blocks.length] = nodes.length
  setStart[region.blocks.length] = sets.length
  return { region, nodes: Int32Array.from(nodes), nodeStart, sets: Int32Array.from(sets), setStart }
}

function lastSets(region: Region, block: Block, sets: number[]): void {
  const seen = new Set<number>()
  for (let i = block.endLog - 1; i >= block.firstLog; i--) {
    const variable = region.logVariable[i]!
    if (seen.has(variable)) continue
    seen.add(variable)
    sets.push(i)
  }
}

/** Marks effects, and what they, the block's end, the final sets and the sets before a possible exit are made of. */
function markNeeded(region: Region, block: Block, needed: Uint8Array): void {
  if (block.value >= 0) needed[block.value] = 1
  let exitLog = block.firstLog
  for (let n = block.firstNode; n < block.endNode; n++)
    if (region.op[n] === N_CHECK || region.op[n] === N_EXIT_IF)
      exitLog = Math.max(exitLog, region.exitLog[n]!)
  const seen = new Set<number>()
  for (let i = block.endLog - 1; i >= block.firstLog; i--) {
    const variable = region.logVariable[i]!
    if (i < exitLog || !seen.has(variable)) needed[region.logValue[i]!] = 1
    seen.add(variable)
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

/**
 * Structured control flow for a region: WebAssembly has no goto, so blocks are nested by the dominator tree.
 * Path: emu/opt's dataflow and lower.ts ask it for the order and shape.
 * Reference: Norman Ramsey, "Beyond Relooper" (ICFP 2022); Cooper, Harvey, Kennedy, "A Simple, Fast Dominance
 * Algorithm". A retreating edge whose target does not dominate its source (irreducible flow) leaves the region
 * instead: the code cache finds or makes a region that begins at the target.
 */

import { type Block, type Region, TERM_GOTO, TERM_SWITCH } from '../ir/region.ts'
import { successors } from '../opt/dataflow.ts'

export class Structure {
  /** Reachable blocks in reverse postorder. */
  readonly order: Block[]
  /** Place in `order` by block index, -1 when unreachable. */
  readonly position: Int32Array
  /** By place in `order`: place of the immediate dominator. */
  readonly idom: Int32Array
  /** By place: is the target of a back edge. */
  readonly isLoop: Uint8Array
  /** By place: has several forward predecessors, so it stands behind a wasm block. */
  readonly isMerge: Uint8Array
  /** By place: merge blocks it immediately dominates, in reverse postorder. */
  readonly mergeChildren: Block[][]

  constructor(region: Region) {
    let order: Block[]
    let position: Int32Array
    let idom: Int32Array
    do {
      order = reversePostorder(region)
      position = new Int32Array(region.blocks.length).fill(-1)
      for (let i = 0; i < order.length; i++) position[order[i]!.index] = i
      idom = dominators(order, position)
    } while (leaveIrreducible(region, order, position, idom))
    this.order = order
    this.position = position
    this.idom = idom
    this.isLoop = new Uint8Array(order.length)
    this.isMerge = new Uint8Array(order.length)
    this.mergeChildren = order.map(() => [])
    for (let i = 0; i < order.length; i++) {
      let forward = 0
      let switched = false
      for (const pred of order[i]!.preds) {
        if (position[pred.index]! >= i) this.isLoop[i] = 1
        else forward++
        // br_table needs a label, so a case is never placed inside the switch.
        if (pred.term === TERM_SWITCH) switched = true
      }
      if (forward > 1 || (forward === 1 && switched)) {
        this.isMerge[i] = 1
        this.mergeChildren[idom[i]!]!.push(order[i]!)
      }
    }
  }
}

/** Blocks in reverse postorder, with `preds` filled in. */
function reversePostorder(region: Region): Block[] {
  const order: Block[] = []
  const seen = new Uint8Array(region.blocks.length)
  // Depth first without recursion: guest functions can be long.
  const stack: { block: Block; next: Block[]; left: number }[] = []
  const enter = (block: Block): void => {
    seen[block.index] = 1
    const next = successors(block)
    stack.push({ block, next, left: next.length })
  }
  enter(region.blocks[0]!)
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!
    if (top.left === 0) {
      order.push(top.block)
      stack.pop()
      continue
    }
    const next = top.next[top.next.length - top.left--]!
    if (seen[next.index] === 0) enter(next)
  }
  order.reverse()
  for (const block of order) block.preds = []
  for (const block of order) for (const next of successors(block)) next.preds.push(block)
  return order
}

function dominators(order: Block[], position: Int32Array): Int32Array {
  const idom = new Int32Array(order.length).fill(-1)
  idom[0] = 0
  for (let changed = true; changed; ) {
    changed = false
    for (let i = 1; i < order.length; i++) {
      let best = -1
      for (const pred of order[i]!.preds) {
        let other = position[pred.index]!
        if (idom[other] === -1) continue
        if (best === -1) {
          best = other
          continue
        }
        while (best !== other)
          if (best > other) best = idom[best]!
          else other = idom[other]!
      }
      if (best !== idom[i]) {
        idom[i] = best
        changed = true
      }
    }
  }
  return idom
}

/** Turns irreducible edges into gotos; whether there were any. */
function leaveIrreducible(region: Region, order: Block[], position: Int32Array, idom: Int32Array): boolean {
  let found = false
  const dominates = (above: number, below: number): boolean => {
    let at = below
    while (at > above) at = idom[at]!
    return at === above
  }
  const outside = (target: Block): Block => {
    found = true
    const block = region.newBlock(target.pc)
    block.term = TERM_GOTO
    block.pc2 = target.pc
    return block
  }
  for (let i = 0; i < order.length; i++) {
    const block = order[i]!
    const leaves = (target: Block | null): target is Block =>
      target !== null && position[target.index]! <= i && !dominates(position[target.index]!, i)
    if (leaves(block.taken)) block.taken = outside(block.taken)
    if (leaves(block.next)) block.next = outside(block.next)
    if (block.cases.some((c) => leaves(c.block)))
      block.cases = block.cases.map((c) => (leaves(c.block) ? { pc: c.pc, block: outside(c.block) } : c))
  }
  return found
}

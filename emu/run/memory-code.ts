/**
 * What a WebAssembly.Memory has of translated code: a table, the dispatcher, and instances of modules. They outlive
 * the process, for the next one in the same Memory (memory-pool.ts) often runs the same program, and instantiating a
 * module costs a millisecond on Node 20.
 * Path: code-cache.ts asks for a module's place in the table.
 */

import { callHelper } from '../guest/modes.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import type { LinkedBatches } from './stored-batches.ts'

/** The table begins with as many places, and doubles. */
const TABLE_FIRST = 256
/**
 * An instance is kept by its table even when nothing leads there any more, and V8 has a copy of the table for each (20
 * bytes a place). Beyond so many copied places a process begins anew, and earlier if it would be another one's.
 */
const CROWDED = 1 << 23
const REUSED_MAX = 1 << 20

export class MemoryCode {
  /** The process that has the Memory now. */
  space: AddressSpace
  private readonly table = new WebAssembly.Table({ element: 'anyfunc', initial: TABLE_FIRST })
  private tableUsed = 0
  /** All that were ever made. */
  private instanceCount = 0
  private readonly bases = new Map<LinkedBatches, number>()
  private readonly helper: (id: number, a: number, b: number) => number
  /** Runs from a pc while the pc cache knows where to go on; depth is the host stack left for guest calls. */
  readonly dispatch: (pc: number, depth: number) => number

  constructor(space: AddressSpace, dispatcher: WebAssembly.Module) {
    this.space = space
    this.helper = (id, a, b) => callHelper(this.space, id, a, b)
    const { exports } = new WebAssembly.Instance(dispatcher, { e: { m: space.memory, t: this.table } })
    this.dispatch = exports.run as (pc: number, depth: number) => number
  }

  private get copiedPlaces(): number {
    return this.instanceCount * this.table.length
  }

  /** Whether it is better left, with its instances. */
  get isCrowded(): boolean {
    return this.copiedPlaces > CROWDED
  }

  /** Whether another process should use it. */
  get isReusable(): boolean {
    return this.copiedPlaces < REUSED_MAX
  }

  has(linked: LinkedBatches): boolean {
    return this.bases.has(linked)
  }

  /** The place in the table of a module's first region; instantiates the module when it is new here. */
  place(linked: LinkedBatches): number {
    const known = this.bases.get(linked)
    if (known !== undefined) return known
    const base = this.tableUsed
    const needed = base + linked.regionCount
    if (needed > this.table.length) this.table.grow(Math.max(this.table.length, needed - this.table.length))
    this.tableUsed = needed
    this.instanceCount++
    new WebAssembly.Instance(linked.module, {
      e: { m: this.space.memory, t: this.table, b: base, helper: this.helper },
    })
    this.bases.set(linked, base)
    return base
  }
}

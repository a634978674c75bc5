/**
 * View: the engines above the kernel for a task, an immutable linked list whose head is the newest engine. fork
 * inherits the pointer, so views fork for free.
 * Path: a task points at its view; stack.ts asks it for the chain of a system-call number, built once.
 */

import type { Engine } from './engine.ts'

export class EngineNode {
  readonly engine: Engine
  readonly below: EngineNode | null
  /** 0 is the oldest. */
  readonly depth: number

  constructor(engine: Engine, below: EngineNode | null) {
    this.engine = engine
    this.below = below
    this.depth = below ? below.depth + 1 : 0
  }
}

export type Chain = readonly EngineNode[]

export class View {
  readonly head: EngineNode | null
  private readonly names: readonly (string | undefined)[]
  private readonly chains: (Chain | null | undefined)[] = []
  private oldest: readonly Engine[] | null = null

  constructor(names: readonly (string | undefined)[], head: EngineNode | null = null) {
    this.names = names
    this.head = head
  }

  /** A view with one more engine on top. */
  push(engine: Engine): View {
    return new View(this.names, new EngineNode(engine, this.head))
  }

  /** A view without this engine. */
  without(engine: Engine): View {
    let head: EngineNode | null = null
    for (const kept of this.oldestFirst) if (kept !== engine) head = new EngineNode(kept, head)
    return new View(this.names, head)
  }

  /** The engines that want this number, newest first; null when nobody does. */
  chain(nr: number): Chain | null {
    const known = this.chains[nr]
    return known !== undefined ? known : this.buildChain(nr)
  }

  private buildChain(nr: number): Chain | null {
    const known = Number.isInteger(nr) && nr >= 0 && nr < this.names.length
    const name = known ? this.names[nr] : undefined
    const chain: EngineNode[] = []
    for (let node = this.head; node; node = node.below) {
      const wanted = node.engine.wants.calls
      if (wanted === 'all' || (name !== undefined && wanted.includes(name))) chain.push(node)
    }
    const result = chain.length ? chain : null
    // Wild numbers come from the guest: they must not grow the table.
    if (known) {
      while (this.chains.length < nr) this.chains.push(undefined)
      this.chains[nr] = result
    }
    return result
  }

  /** Some engine is told of signals: then an ignored one is delivered to nobody but told all the same. */
  get watchesSignals(): boolean {
    return this.oldestFirst.some((engine) => engine.signal !== undefined)
  }

  get oldestFirst(): readonly Engine[] {
    if (!this.oldest) {
      const engines: Engine[] = []
      for (let node = this.head; node; node = node.below) engines.unshift(node.engine)
      this.oldest = engines
    }
    return this.oldest
  }
}

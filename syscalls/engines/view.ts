/**
 * View: what its processes see of the system: the engines above the kernel, the world they make, and the mounts.
 * A view is shared by the tasks that point at it, and children inherit the pointer; `fork` makes a nested view that
 * goes its own way. The stack itself is an immutable list, so views share what they have in common.
 * A view lives as long as somebody holds it: whoever made it, and each task in it. With its last holder it lets go of
 * its mounts and of its world's namespaces, which may then end.
 * Path: a task points at its view; stack.ts asks it for the chain of a system-call number, built once.
 */

import { CALL_NAMES } from '../abi/calls.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Task } from '../kernel/task.ts'
import type { MountTree } from '../vfs/mount-tree.ts'
import { type Mount, Path } from '../vfs/path.ts'
import { letGo } from './control.ts'
import type { Engine, EventName, Interest } from './engine.ts'
import { holderOfServices, mountServices, unmountServices } from './path-services.ts'
import { ServiceTable } from './services.ts'
import { namespacesOf, type World } from './world.ts'

/** An engine in its place. Several views may share it. */
export class EngineNode {
  readonly engine: Engine
  readonly below: EngineNode | null
  /** 0 is the oldest. */
  readonly depth: number
  /** What is seen on top of this engine. */
  readonly world: World
  private readonly chains: (Chain | null | undefined)[] = []
  private oldest: readonly EngineNode[] | null = null
  private readonly listeners = new Map<EventName, readonly EngineNode[]>()

  constructor(engine: Engine, below: EngineNode | null, lower: World) {
    this.engine = engine
    this.below = below
    this.depth = below ? below.depth + 1 : 0
    const { services } = engine
    const offered = engine.offers ? { ...lower, ...engine.offers(lower) } : lower
    this.world = services ? { ...offered, services: new ServiceTable(services, offered.services) } : offered
  }

  /** The engines from here down that want a number, newest first; null when nobody does. */
  chain(nr: number): Chain | null {
    const known = this.chains[nr]
    return known !== undefined ? known : this.buildChain(nr)
  }

  private buildChain(nr: number): Chain | null {
    const known = Number.isInteger(nr) && nr >= 0 && nr < CALL_NAMES.length
    const name = known ? CALL_NAMES[nr] : undefined
    const chain: EngineNode[] = []
    for (let node: EngineNode | null = this; node; node = node.below) {
      if (isWanted(node.engine.wants, name)) chain.push(node)
    }
    const result = chain.length ? chain : null
    // Wild numbers come from the guest: they must not grow the table.
    if (known) {
      while (this.chains.length < nr) this.chains.push(undefined)
      this.chains[nr] = result
    }
    return result
  }

  /** This one and those below it. */
  get oldestFirst(): readonly EngineNode[] {
    this.oldest ??= [...(this.below?.oldestFirst ?? []), this]
    return this.oldest
  }

  /** Those of them that are told of an event, oldest first. */
  listeningTo(event: EventName): readonly EngineNode[] {
    let known = this.listeners.get(event)
    if (!known) {
      known = this.oldestFirst.filter(({ engine }) => engine[event] !== undefined)
      this.listeners.set(event, known)
    }
    return known
  }
}

function isWanted({ calls, except }: Interest, name: string | undefined): boolean {
  if (calls === 'all') return name === undefined || !except?.includes(name)
  return name !== undefined && calls.includes(name)
}

/** Newest first. */
export type Chain = readonly EngineNode[]

const NOBODY: readonly EngineNode[] = []

/** Why an engine cannot be taken out, in words. */
export class EngineBusyError extends Error {}

/** Why an engine cannot be put on, in words and as an errno. */
export class EngineRefusedError extends Error {
  readonly errno: number

  constructor(errno: number, message: string) {
    super(message)
    this.errno = errno
  }
}

/** What a nested view has of mounts: a copy of the outer one's tree, the same tree, or another one. */
export type ViewMounts = 'copy' | 'share' | MountTree

const NO_COPIES: ReadonlyMap<Mount, Mount> = new Map()

export class View {
  /** The newest engine; null: the kernel alone. */
  head: EngineNode | null
  /** What the processes see. */
  world: World
  /** Its mount namespace. */
  readonly mounts: MountTree
  /** Who may change it besides the privileged. */
  ownerUid = 0
  readonly kernel: Kernel
  private above: View | null
  /** Where its own mounts are copies: of which ones. */
  private copies = NO_COPIES
  private holders = 1

  /** Its maker holds it, and may `drop` it. */
  constructor(kernel: Kernel, outer: View | null = null, mounts: ViewMounts = 'share') {
    this.kernel = kernel
    this.above = outer
    // A chain of views that each replaced the last must not grow.
    if (outer) outer.above = outer.outer
    this.head = outer?.head ?? null
    this.world = outer?.world ?? kernel.world
    const given = outer?.mounts ?? kernel.mountTree
    if (mounts === 'copy') {
      const { tree, copies } = given.copy()
      this.mounts = tree
      this.copies = copies
    } else this.mounts = mounts === 'share' ? given : mounts
    this.mounts.hold()
    for (const namespace of namespacesOf(this.world)) namespace.hold()
  }

  /** The view that this one is nested in. Those that nobody is in any more are left out. */
  get outer(): View | null {
    while (this.above !== null && this.above.holders === 0) this.above = this.above.above
    return this.above
  }

  /**
   * A nested view: it begins with what this one has; what is added to either later, the other does not see, and what
   * is mounted neither unless they share a tree. The caller holds it until it calls `drop`.
   */
  fork(mounts: ViewMounts = 'copy'): View {
    return new View(this.kernel, this, mounts)
  }

  hold(): void {
    this.holders++
  }

  drop(): void {
    if (--this.holders > 0) return
    this.mounts.drop()
    for (const namespace of namespacesOf(this.world)) namespace.drop()
  }

  /** Where somebody is who comes from the outer view: on the copy of the mount there, if it was copied. */
  placeOf(path: Path): Path {
    const copy = this.copies.get(path.mount)
    return copy ? new Path(copy, path.dentry) : path
  }

  /** A view of what an engine of this one stands on: the world below it. The caller holds it. */
  below(engine: Engine): View {
    const view = this.fork()
    const node = this.oldestFirst.findLast((known) => known.engine === engine)
    if (node) view.setHead(node.below)
    return view
  }

  /**
   * Puts an engine on top, also while its processes run. A call under way does not meet it any more. `by` is whose doing
   * it is, if not the embedder's. Throws an Error when it cannot be here, or a name that it answers for has no place.
   */
  push(engine: Engine, by: Task | null = null): void {
    engine.attach?.(this, by)
    try {
      mountServices(this, engine)
    } catch (error) {
      engine.detach?.(this)
      throw error
    }
    this.setHead(new EngineNode(engine, this.head, this.world))
    if (engine.enter) for (const task of this.tasks) engine.enter(task)
  }

  /**
   * Takes an engine out, wherever it stands, also while its processes run; those above it then stand on what was
   * below. Calls that wait for its answer fail. False: it is not there. Throws EngineBusyError when something holds it.
   */
  remove(engine: Engine): boolean {
    const engines = this.oldestFirst.map((node) => node.engine)
    const at = engines.lastIndexOf(engine)
    if (at < 0) return false
    const holder = holderOfServices(this, engine) ?? engine.detach?.(this)
    if (typeof holder === 'string') throw new EngineBusyError(holder)
    unmountServices(this, engine)
    let head = this.oldestFirst[at]!.below
    for (const above of engines.slice(at + 1))
      head = new EngineNode(above, head, head?.world ?? this.kernel.world)
    this.setHead(head)
    if (this.has(engine)) return true
    const { tasks } = this
    letGo(tasks, engine)
    if (engine.leave) for (const task of tasks) engine.leave(task)
    return true
  }

  /** A task has come here from another view, or from none: engines that it left or met are told. */
  greet(task: Task, from: View | null): void {
    if (from)
      for (const { engine } of from.oldestFirst.toReversed()) if (!this.has(engine)) engine.leave?.(task)
    for (const { engine } of this.oldestFirst) if (!from?.has(engine)) engine.enter?.(task)
  }

  /** Those who see it so. */
  get tasks(): Task[] {
    return [...this.kernel.tasks.values()].filter((task) => task.view === this)
  }

  has(engine: Engine): boolean {
    for (let node = this.head; node; node = node.below) if (node.engine === engine) return true
    return false
  }

  private setHead(head: EngineNode | null): void {
    const before = this.world
    this.head = head
    this.world = head?.world ?? this.kernel.world
    for (const namespace of namespacesOf(this.world)) namespace.hold()
    for (const namespace of namespacesOf(before)) namespace.drop()
  }

  /** The engines that want this number, newest first; null when nobody does. */
  chain(nr: number): Chain | null {
    return this.head === null ? null : this.head.chain(nr)
  }

  /** The engines that are told of an event, oldest first. */
  listeningTo(event: EventName): readonly EngineNode[] {
    return this.head?.listeningTo(event) ?? NOBODY
  }

  /** Some engine is told of signals: then an ignored one is delivered to nobody but told all the same. */
  get watchesSignals(): boolean {
    return this.listeningTo('signal').length > 0
  }

  get oldestFirst(): readonly EngineNode[] {
    return this.head?.oldestFirst ?? NOBODY
  }
}

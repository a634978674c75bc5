/**
 * The CPU that interprets IR: `--cpu interpreter`, and what the translator's CPU asks for single instructions.
 * Path: behind the Cpu interface, beside jit.ts.
 */

import { DECODE_TRUNCATED } from '../guest/x86/decode.ts'
import { HELPERS } from '../guest/x86/helpers.ts'
import { MXCSR_FLUSHES, MXCSR_MODE_MASK, MXCSR_MODE_USUAL } from '../guest/x86/mxcsr.ts'
import { X86_STATE } from '../guest/x86/state.ts'
import { X86_VARIABLES } from '../guest/x86/variables.ts'
import { Interpreter } from '../ir/interpret.ts'
import { type Prepared, prepare } from '../ir/prepare.ts'
import { Region } from '../ir/region.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_SIZE, PAGE_X, STATE_BASE } from '../memory/layout.ts'
import {
  type Cpu,
  EXIT_NONE,
  EXIT_PAGE_FAULT,
  EXIT_PROTECTION,
  EXIT_STEP,
  type ExitKind,
  FAULT_FETCH,
} from './cpu.ts'
import { Executed } from './executed.ts'
import { RegionFormer } from './form-region.ts'

/** Instructions in an interpreted region. */
const INTERPRETED_MAX = 24
const REGIONS_MAX = 20_000
/** Places of cuts that are remembered. */
const CUTS_MAX = 200_000

const at = (field: number): number => STATE_BASE + field

/** Calls a helper of the x86 table. */
export function callHelper(space: AddressSpace, id: number, a: number, b: number): number {
  const helper = HELPERS[id]
  if (!helper) throw new Error(`no x86 helper ${id}`)
  return helper(space, a, b)
}

/** Exit for a pc that cannot be fetched; undefined when it can. */
export function fetchFault(space: AddressSpace, former: RegionFormer, pc: number): ExitKind | undefined {
  const { view } = space
  let addr = pc
  if (space.allows(pc, 1, PAGE_X)) {
    if (former.probe(space, pc) !== DECODE_TRUNCATED) return undefined
    addr = (Math.floor(pc / PAGE_SIZE) + 1) * PAGE_SIZE
  }
  view.setUint32(at(X86_STATE.exitKind), EXIT_PAGE_FAULT, true)
  view.setUint32(at(X86_STATE.exitCode), FAULT_FETCH, true)
  view.setBigUint64(at(X86_STATE.exitAddress), BigInt(addr), true)
  view.setBigUint64(at(X86_STATE.pc), BigInt(pc), true)
  return EXIT_PAGE_FAULT
}

/** The exit after control went to a pc beyond 4 GiB, which is in the state block. */
export function wildJump(space: AddressSpace): ExitKind {
  const { view } = space
  const pc = view.getBigUint64(at(X86_STATE.pc), true)
  const top = pc >> 47n
  if (top !== 0n && top !== 0x1ffffn) return EXIT_PROTECTION
  view.setUint32(at(X86_STATE.exitCode), FAULT_FETCH, true)
  view.setBigUint64(at(X86_STATE.exitAddress), pc, true)
  return EXIT_PAGE_FAULT
}

/** Regions with exact float rows lie in the same cache, as if this much further up. */
const EXACT_KEY = 0x1_0000_0000

/** Whether MXCSR asks for something else than round to nearest with all exceptions masked. */
export function needsExactFloat(space: AddressSpace): boolean {
  return (space.view.getUint32(at(X86_STATE.mxcsr), true) & MXCSR_MODE_MASK) !== MXCSR_MODE_USUAL
}

/** Whether float operations must set MXCSR's flags, or flush denormals. */
export function watchesFlags(space: AddressSpace): boolean {
  const { view } = space
  return (
    view.getUint32(at(X86_STATE.watchesFlags), true) !== 0 ||
    (view.getUint32(at(X86_STATE.mxcsr), true) & MXCSR_FLUSHES) !== 0
  )
}

/** What is kept for a space: its regions by pc, and which of its code has run. */
interface Kept {
  readonly regions: Map<number, Prepared>
  readonly executed: Executed
}

export class InterpreterCpu implements Cpu {
  readonly name = 'interpreter'
  readonly summary = 'everything interpreted'
  private readonly former = new RegionFormer()
  /** Places where interpreted regions were cut for their length. */
  readonly cuts = new Set<number>()
  private readonly scratch = new Region(X86_VARIABLES, { exactChecks: true, uncheckedLoads: false })
  /** For code whose flags are looked at, or that runs with an unusual MXCSR. */
  private readonly exactScratch = new Region(X86_VARIABLES, {
    exactChecks: true,
    uncheckedLoads: false,
    exactFloat: true,
  })
  private readonly interpreter = new Interpreter({ ...X86_STATE, helper: callHelper })
  private readonly kept = new WeakMap<AddressSpace, Kept>()

  run(space: AddressSpace): ExitKind {
    let pc = Number(space.view.getBigUint64(at(X86_STATE.pc), true))
    if (pc > 0xffff_ffff) return wildJump(space)
    space.observer.code ??= () => this.invalidate(space)
    for (;;) {
      pc = this.runRegion(space, pc)
      if (pc < 0) return this.exitOf(space)
    }
  }

  /**
   * Interprets the region at pc once. Returns the pc to go on at, or -1 after an exit, which is in the state block.
   */
  runRegion(space: AddressSpace, pc: number): number {
    const { regions: cache, executed } = this.keptOf(space)
    const exact = watchesFlags(space) || needsExactFloat(space)
    const key = exact ? pc + EXACT_KEY : pc
    let prepared = cache.get(key)
    if (prepared === undefined) {
      if (fetchFault(space, this.former, pc) !== undefined) return -1
      const scratch = exact ? this.exactScratch : this.scratch
      this.former.form(space, pc, scratch, { instructionsMax: INTERPRETED_MAX })
      const region = scratch.compact()
      prepared = prepare(region)
      if (this.cuts.size >= CUTS_MAX) this.cuts.clear()
      for (const cut of this.former.cuts) this.cuts.add(cut)
      if (cache.size >= REGIONS_MAX) cache.clear()
      cache.set(key, prepared)
      for (let i = 0; i < region.covered.length; i += 2)
        space.markCode(region.covered[i]!, region.covered[i + 1]! - region.covered[i]!)
    }
    this.interpreter.executed = executed
    return this.interpreter.run(space, prepared)
  }

  /** Code of the space changed: forgets all of it. Simple, for code rarely changes. */
  invalidate(space: AddressSpace): void {
    const kept = this.kept.get(space)
    kept?.regions.clear()
    kept?.executed.clear()
    this.interpreter.stale = true
  }

  private exitOf(space: AddressSpace): ExitKind {
    const kind = space.view.getUint32(at(X86_STATE.exitKind), true)
    return kind === EXIT_NONE ? wildJump(space) : kind
  }

  step(space: AddressSpace): ExitKind {
    const { view } = space
    const pc = Number(view.getBigUint64(at(X86_STATE.pc), true))
    if (pc > 0xffff_ffff) return wildJump(space)
    const fault = fetchFault(space, this.former, pc)
    if (fault !== undefined) return fault
    const exact = watchesFlags(space) || needsExactFloat(space)
    const scratch = exact ? this.exactScratch : this.scratch
    this.former.form(space, pc, scratch, { instructionsMax: 1 })
    const next = this.interpreter.run(space, prepare(scratch))
    if (next < 0) return this.exitOf(space)
    view.setBigUint64(at(X86_STATE.pc), BigInt(next), true)
    return EXIT_STEP
  }

  /** Whether the code at pc was ever interpreted. */
  hasExecuted(space: AddressSpace, pc: number): boolean {
    return this.keptOf(space).executed.has(pc)
  }

  private keptOf(space: AddressSpace): Kept {
    let kept = this.kept.get(space)
    if (!kept) {
      kept = { regions: new Map<number, Prepared>(), executed: new Executed() }
      this.kept.set(space, kept)
    }
    return kept
  }

  release(space: AddressSpace): void {
    this.kept.delete(space)
  }
}

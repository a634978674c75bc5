/**
 * The CPU that interprets IR: `--cpu interpreter`, and what the translator's CPU asks for single instructions.
 * Path: behind the Cpu interface, beside jit.ts.
 */

import { DECODE_TRUNCATED, type GuestMode } from '../guest/guest-mode.ts'
import { callHelper, modeOf } from '../guest/modes.ts'
import { Interpreter } from '../ir/interpret.ts'
import { type Prepared, prepare } from '../ir/prepare.ts'
import { Region, type Variable } from '../ir/region.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_SIZE, PAGE_X, STATE_BASE } from '../memory/layout.ts'
import { COMMON_STATE } from '../memory/state-block.ts'
import {
  type Cpu,
  EXIT_BUDGET,
  EXIT_NONE,
  EXIT_PAGE_FAULT,
  EXIT_PROTECTION,
  EXIT_STEP,
  type ExitKind,
  FAULT_FETCH,
} from './cpu.ts'
import { Executed } from './executed.ts'
import { type FormOptions, RegionFormer } from './form-region.ts'
import { GuestImage } from './guest-image.ts'
import { SpinWatch } from './spin-watch.ts'

/** Instructions in an interpreted region. */
const INTERPRETED_MAX = 24
const ONE_INSTRUCTION: FormOptions = { instructionsMax: 1, isStraight: true }
const ONE_BLOCK: FormOptions = { instructionsMax: INTERPRETED_MAX, isStraight: true }
const REGIONS_MAX = 20_000
/** Regions kept for all processes: beyond, keeping begins anew. */
const KEPT_REGIONS_MAX = 40_000
/** Of these, at one place: programs that write code write it anew at the same places. */
const KEPT_PER_PLACE_MAX = 8
/** Places of cuts that are remembered. */
const CUTS_MAX = 200_000

const at = (field: number): number => STATE_BASE + field

/** Exit for a pc that cannot be fetched; undefined when it can. */
export function fetchFault(space: AddressSpace, former: RegionFormer, pc: number): ExitKind | undefined {
  const { view } = space
  let addr = pc
  if (space.allows(pc, 1, PAGE_X)) {
    if (former.probe(space, pc) !== DECODE_TRUNCATED) return undefined
    addr = (Math.floor(pc / PAGE_SIZE) + 1) * PAGE_SIZE
  }
  view.setUint32(at(COMMON_STATE.exitKind), EXIT_PAGE_FAULT, true)
  view.setUint32(at(COMMON_STATE.exitCode), FAULT_FETCH, true)
  view.setBigUint64(at(COMMON_STATE.exitAddress), BigInt(addr), true)
  view.setBigUint64(at(COMMON_STATE.pc), BigInt(pc), true)
  return EXIT_PAGE_FAULT
}

/** The exit after control went to a pc beyond 4 GiB, which is in the state block. */
export function wildJump(space: AddressSpace): ExitKind {
  const { view } = space
  const pc = view.getBigUint64(at(COMMON_STATE.pc), true)
  if (modeOf(space).isOutside(pc, 1)) return EXIT_PROTECTION
  view.setUint32(at(COMMON_STATE.exitCode), FAULT_FETCH, true)
  view.setBigUint64(at(COMMON_STATE.exitAddress), pc, true)
  return EXIT_PAGE_FAULT
}

/** Regions with exact float rows lie in the same cache, as if this much further up. */
const EXACT_KEY = 0x1_0000_0000
/** Those that ask segments so much. */
const SEGMENT_KEY = 0x2_0000_0000
/** And those of each mode so much further than those of the one before. */
const MODE_KEY = 0x4_0000_0000

/** Whether float operations must set flags, or do what translated code does not. */
const isExact = (mode: GuestMode, space: AddressSpace): boolean =>
  mode.watchesFlags(space) || mode.needsExactFloat(space)

/** A region and the bytes it was made from. */
interface Kept {
  readonly prepared: Prepared
  readonly image: GuestImage
}

export class InterpreterCpu implements Cpu {
  readonly name = 'interpreter'
  readonly summary = 'everything interpreted'
  private readonly former = new RegionFormer()
  private readonly spins = new SpinWatch()
  /** Places where interpreted regions were cut for their length. */
  readonly cuts = new Set<number>()
  /** Where regions are formed, by their variables. */
  private readonly scratches = new Map<readonly Variable[], Region>()
  private readonly interpreter = new Interpreter({
    helper: callHelper,
    isOutside: (space, address, sizeBytes) => modeOf(space).isOutside(address, sizeBytes),
  })
  /** What each process has looked up, by key. */
  private readonly regions = new WeakMap<AddressSpace, Map<number, Prepared>>()
  /** Regions of all processes by key: most run the same programs and libraries. */
  private readonly kept = new Map<number, Kept[]>()
  private keptCount = 0
  /** Which code has run, in any process. */
  readonly executed = new Executed()

  constructor() {
    this.interpreter.executed = this.executed
  }

  run(space: AddressSpace): ExitKind {
    let pc = Number(space.view.getBigUint64(at(COMMON_STATE.pc), true))
    if (pc > 0xffff_ffff) return wildJump(space)
    space.observer.code ??= (addr, sizeBytes) => this.invalidate(space, addr, sizeBytes)
    for (;;) {
      pc = this.runRegion(space, pc)
      if (pc < 0) return this.exitOf(space)
      if (this.spins.isSpinning(space, pc)) return EXIT_BUDGET
    }
  }

  /**
   * Interprets the region at pc once. Returns the pc to go on at, or -1 after an exit, which is in the state block.
   */
  runRegion(space: AddressSpace, pc: number): number {
    const cache = this.regionsOf(space)
    const mode = modeOf(space)
    const exact = isExact(mode, space)
    const segmented = mode.isSegmented(space)
    const key = pc + (exact ? EXACT_KEY : 0) + (segmented ? SEGMENT_KEY : 0) + mode.id * MODE_KEY
    let prepared = cache.get(key)
    if (prepared === undefined) {
      if (fetchFault(space, this.former, pc) !== undefined) return -1
      let kept = this.kept.get(key)?.find(({ image }) => image.fits(space))
      kept ??= this.prepare(space, pc, key, this.scratchFor(mode, exact, segmented))
      prepared = kept.prepared
      if (cache.size >= REGIONS_MAX) cache.clear()
      cache.set(key, prepared)
      for (const [start, end] of kept.image.covered()) space.markCode(start, end - start)
    }
    return this.interpreter.run(space, prepared)
  }

  private scratchFor({ variables }: GuestMode, exactFloat: boolean, exactSegments: boolean): Region {
    const options = { exactChecks: true, uncheckedLoads: false, exactFloat, exactSegments }
    let scratch = this.scratches.get(variables)
    if (!scratch) this.scratches.set(variables, (scratch = new Region(variables, options)))
    scratch.options = options
    return scratch
  }

  /** Forms the region at pc and keeps it for every process. */
  private prepare(space: AddressSpace, pc: number, key: number, scratch: Region): Kept {
    this.former.form(space, pc, scratch, { instructionsMax: INTERPRETED_MAX })
    if (this.cuts.size >= CUTS_MAX) this.cuts.clear()
    for (const cut of this.former.cuts) this.cuts.add(cut)
    const made = { prepared: prepare(scratch), image: GuestImage.from(space, scratch.covered) }
    if (this.keptCount++ >= KEPT_REGIONS_MAX) {
      this.keptCount = 0
      this.kept.clear()
    }
    const others = this.kept.get(key)
    if (!others) this.kept.set(key, [made])
    else if (others.push(made) > KEPT_PER_PLACE_MAX) others.shift()
    return made
  }

  /** Code of the space changed: looks everything up again. Simple, for code rarely changes. */
  invalidate(space: AddressSpace, addr: number, sizeBytes: number): void {
    this.regions.get(space)?.clear()
    this.executed.clear(addr, sizeBytes)
    this.interpreter.stale = true
  }

  private exitOf(space: AddressSpace): ExitKind {
    const kind = space.view.getUint32(at(COMMON_STATE.exitKind), true)
    return kind === EXIT_NONE ? wildJump(space) : kind
  }

  step(space: AddressSpace): ExitKind {
    return this.execute(space, ONE_INSTRUCTION)
  }

  stepBlock(space: AddressSpace): ExitKind {
    return this.execute(space, ONE_BLOCK)
  }

  /** Executes what the options make of the code at pc, keeping nothing. */
  private execute(space: AddressSpace, options: FormOptions): ExitKind {
    const { view } = space
    const pc = Number(view.getBigUint64(at(COMMON_STATE.pc), true))
    if (pc > 0xffff_ffff) return wildJump(space)
    const fault = fetchFault(space, this.former, pc)
    if (fault !== undefined) return fault
    const mode = modeOf(space)
    const scratch = this.scratchFor(mode, isExact(mode, space), mode.isSegmented(space))
    this.former.form(space, pc, scratch, options)
    view.setUint32(at(COMMON_STATE.exitKind), EXIT_NONE, true)
    const next = this.interpreter.run(space, prepare(scratch))
    if (next < 0) return this.exitOf(space)
    view.setBigUint64(at(COMMON_STATE.pc), BigInt(next), true)
    return EXIT_STEP
  }

  /** Whether a region at pc was interpreted in this process since its code changed last. */
  hasInterpreted(space: AddressSpace, pc: number): boolean {
    return this.regionsOf(space).has(pc)
  }

  private regionsOf(space: AddressSpace): Map<number, Prepared> {
    let regions = this.regions.get(space)
    if (!regions) this.regions.set(space, (regions = new Map<number, Prepared>()))
    return regions
  }

  /** Nothing is kept from run to run. */
  begin(): void {}

  release(space: AddressSpace): void {
    this.regions.delete(space)
  }
}

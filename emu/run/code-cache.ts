/**
 * Translated code: batches of regions as WebAssembly modules, shared by all processes that hold the same bytes, and
 * what each process has of them (instances, table slots, the pc cache in its Memory).
 * Path: jit.ts looks up, translates on a miss, and instantiates here.
 *
 * A batch lives and dies whole: its regions call each other directly, so when one guest byte it was made from
 * changes, the process forgets all of them.
 */

import { INSN_LENGTH_MAX } from '../guest/x86/decode.ts'
import { X86_STATE } from '../guest/x86/state.ts'
import { X86_VARIABLES } from '../guest/x86/variables.ts'
import { Region } from '../ir/region.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_SIZE, PAGE_X, PC_CACHE_BASE, PC_CACHE_SIZE } from '../memory/layout.ts'
import { BATCH_REGIONS_MAX, dispatcherModule, ModuleBuilder } from '../wasm/module.ts'
import { REGION_INSTRUCTIONS_MAX, RegionFormer } from './form-region.ts'

const BATCH_NODES_MAX = 12_000
/**
 * Code is interpreted until it was entered this often. Translating a region costs milliseconds and interpreting it once
 * some microseconds, so this is about where the one has cost as much as the other.
 */
const HEAT_MIN = 300
/**
 * Where a call comes back to is entered through here only when the host's stack was unwound in between (a system call,
 * the end of a slice), and a place where an interpreted region was cut only for its length. Each such place gets the
 * rest of its function once more, so it must be hotter.
 */
const RETURN_HEAT_RATIO = 8
/** What hot code leaves for is entered more seldom than its heat deserves: it interrupts hot code. */
const SIDE_EXIT_HEAT = 10
/** What is this much less hot is translated along: with what calls it, or because it is close by. */
const WARM_RATIO = 2
/** Regions of one batch lie this close, in bytes: in one library, so that processes which share it share the batch. */
const BATCH_SPAN = 1 << 21
/** Warm regions that join a hot one. Fewer and larger modules: instantiating one costs a millisecond on Node 20. */
const BATCH_WARM_MAX = 16
/** Bytes covered are remembered in grains of this size, so that data beside code is told from code. */
const GRAIN_SHIFT = 5
const GRAIN_SIZE = 1 << GRAIN_SHIFT
/** The table begins with as many places, and doubles. */
const TABLE_FIRST = 256
/** Batches kept for other processes: beyond, keeping begins anew. */
const KEPT_BATCHES_MAX = 20_000
/** Places whose heat is remembered: beyond, counting begins anew. */
const HEAT_ENTRIES_MAX = 100_000

/** Options of translation that change the code made. */
export interface TranslateOptions {
  uncheckedLoads: boolean
  /** Translates code before it runs for the first time, instead of interpreting it until it is hot (tests). */
  eager?: boolean
  /** Makes float results' NaNs in IR, for hosts that give others. */
  pinNaN?: boolean
}

/** Counts for `--stats` and tests. */
export interface TranslationCounts {
  batches: number
  regions: number
  wasmBytes: number
  guestBytes: number
  invalidations: number
  /** Modules instantiated, one a process that uses them. */
  instances: number
}

const noCounts = (): TranslationCounts => ({
  batches: 0,
  regions: 0,
  wasmBytes: 0,
  guestBytes: 0,
  invalidations: 0,
  instances: 0,
})

/** A module and the guest bytes it was made from. */
export class Batch {
  readonly module: WebAssembly.Module
  /** Entry pc of each region, in table order. */
  readonly entries: readonly number[]
  /** Start and end pairs, sorted and joined, and the bytes they held. */
  private readonly ranges: readonly number[]
  private readonly image: readonly Uint8Array[]

  constructor(
    module: WebAssembly.Module,
    entries: readonly number[],
    ranges: readonly number[],
    space: AddressSpace,
  ) {
    this.module = module
    this.entries = entries
    this.ranges = ranges
    const image: Uint8Array[] = []
    for (let i = 0; i < ranges.length; i += 2) image.push(space.bytes.slice(ranges[i]!, ranges[i + 1]!))
    this.image = image
  }

  /** Whether a process holds the same executable bytes. */
  fits(space: AddressSpace): boolean {
    for (let i = 0; i < this.image.length; i++) {
      const start = this.ranges[2 * i]!
      const bytes = this.image[i]!
      if (!space.allows(start, bytes.length, PAGE_X)) return false
      for (let k = 0; k < bytes.length; k++) if (space.bytes[start + k] !== bytes[k]) return false
    }
    return true
  }

  *covered(): Iterable<[number, number]> {
    for (let i = 0; i < this.ranges.length; i += 2) yield [this.ranges[i]!, this.ranges[i + 1]!]
  }
}

/** Makes batches and keeps them for other processes. */
export class Translations {
  readonly counts: TranslationCounts
  private readonly byEntry = new Map<number, Batch[]>()
  private keptCount = 0
  private readonly former = new RegionFormer()
  /** Return addresses of translated calls. */
  readonly returnPoints = new Set<number>()
  /** Places that translated code leaves for because they had not run. */
  readonly sideExits = new Set<number>()
  private readonly region: Region
  private dispatcher: WebAssembly.Module | null = null

  readonly eager: boolean

  /** With `floatFlags` the code sets MXCSR's flags. */
  constructor(options: TranslateOptions, floatFlags: boolean, counts = noCounts()) {
    this.eager = options.eager ?? false
    this.counts = counts
    const { uncheckedLoads, pinNaN = false } = options
    this.region = new Region(X86_VARIABLES, { exactChecks: false, uncheckedLoads, pinNaN, floatFlags })
  }

  get dispatcherModule(): WebAssembly.Module {
    this.dispatcher ??= new WebAssembly.Module(dispatcherModule())
    return this.dispatcher
  }

  /** A batch made before with a region for these bytes at pc. */
  kept(space: AddressSpace, pc: number): Batch | undefined {
    return this.byEntry.get(pc)?.find((batch) => batch.fits(space))
  }

  /** A new batch with regions at `pcs` and at what they call as far as `wanted`, kept for other processes. */
  translate(
    space: AddressSpace,
    pcs: readonly number[],
    wanted: (pc: number) => boolean,
    leftOut: ((pc: number) => boolean) | undefined,
  ): Batch {
    const batch = this.make(space, pcs, wanted, leftOut)
    // A guest that writes code anew again and again must not fill the host: then all begins anew.
    if (this.keptCount++ >= KEPT_BATCHES_MAX) {
      this.keptCount = 0
      this.byEntry.clear()
      this.returnPoints.clear()
      this.sideExits.clear()
    }
    for (const entry of batch.entries) {
      const list = this.byEntry.get(entry)
      if (list) list.push(batch)
      else this.byEntry.set(entry, [batch])
    }
    return batch
  }

  private make(
    space: AddressSpace,
    pcs: readonly number[],
    wanted: (pc: number) => boolean,
    leftOut: ((pc: number) => boolean) | undefined,
  ): Batch {
    const { region, former } = this
    const entries = [...pcs]
    const places = new Map<number, number>(entries.map((pc, place) => [pc, place]))
    const ranges: number[] = []
    const builder = new ModuleBuilder(
      X86_VARIABLES,
      { scratch: X86_STATE.scratch, exitKind: X86_STATE.exitKind, pc: X86_STATE.pc },
      (target) => places.get(target),
    )
    let nodes = 0
    for (let i = 0; i < entries.length; i++) {
      former.form(space, entries[i]!, region, {
        instructionsMax: REGION_INSTRUCTIONS_MAX,
        ...(leftOut && { leftOut }),
      })
      nodes += region.count
      for (const target of former.callTargets) {
        if (entries.length >= BATCH_REGIONS_MAX || nodes > BATCH_NODES_MAX) break
        if (places.has(target) || !wanted(target) || !space.allows(target, 1, PAGE_X)) continue
        places.set(target, entries.length)
        entries.push(target)
      }
      for (const point of former.returnPoints) this.returnPoints.add(point)
      for (const exit of former.sideExits) this.sideExits.add(exit)
      builder.add(region)
      ranges.push(...region.covered)
    }
    const bytes = builder.finish()
    const joined = joinRanges(ranges)
    this.counts.batches++
    this.counts.regions += entries.length
    this.counts.wasmBytes += bytes.length
    for (let i = 0; i < joined.length; i += 2) this.counts.guestBytes += joined[i + 1]! - joined[i]!
    return new Batch(new WebAssembly.Module(bytes), entries, joined, space)
  }
}

/** Sorts and joins ranges given as start and end pairs. */
function joinRanges(ranges: readonly number[]): number[] {
  const pairs: [number, number][] = []
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!])
  pairs.sort((a, b) => a[0] - b[0])
  const joined: number[] = []
  for (const [start, end] of pairs) {
    if (joined.length > 0 && start <= joined[joined.length - 1]!)
      joined[joined.length - 1] = Math.max(end, joined[joined.length - 1]!)
    else joined.push(start, end)
  }
  return joined
}

/** The slot of a guest pc in the pc cache, as an offset in the Memory. Lowering computes the same. */
export function pcCacheSlot(pc: number): number {
  return PC_CACHE_BASE + (((pc ^ (pc >>> 14)) & 0xffff) << 3)
}

/** Functions imported by every instance. */
export interface TranslatedImports {
  helper(id: number, a: number, b: number): number
  /** Whether the code at pc ever ran. */
  executed(pc: number): boolean
  /** Guest code changed: whatever else was made from it goes too. */
  invalidate(): void
}

/** One process's translated code. */
export class ProcessCode {
  private readonly space: AddressSpace
  private readonly translations: Translations
  private readonly imports: TranslatedImports
  private readonly table = new WebAssembly.Table({ element: 'anyfunc', initial: TABLE_FIRST })
  private tableUsed = 0
  /** Guest pc → table index. */
  private readonly indices = new Map<number, number>()
  /** Those in use, with the place of their first region in the table. */
  private readonly batches = new Map<Batch, number>()
  /** How often a pc was asked for that has no translation. */
  private readonly heat = new Map<number, number>()
  /** By page: a bit for each grain that was translated. */
  private readonly grains = new Map<number, Uint32Array>()
  /** Runs from a pc while the pc cache knows where to go on; depth is the host stack left for guest calls. */
  readonly dispatch: (pc: number, depth: number) => number

  constructor(space: AddressSpace, translations: Translations, imports: TranslatedImports) {
    this.space = space
    this.translations = translations
    this.imports = imports
    const instance = new WebAssembly.Instance(translations.dispatcherModule, {
      e: { m: space.memory, t: this.table },
    })
    this.dispatch = instance.exports.run as (pc: number, depth: number) => number
    // A new Memory's slots hold 0, which is a pc of the first one.
    this.clearSlot(0)
    space.observer.code = (addr, sizeBytes) => this.changed(addr, sizeBytes)
  }

  /** Takes the place of the code the process had: the pc cache is empty, and what was translated there is hot here. */
  replace(before: ProcessCode): void {
    this.space.bytes.fill(0, PC_CACHE_BASE, PC_CACHE_BASE + PC_CACHE_SIZE)
    this.clearSlot(0)
    for (const pc of before.indices.keys()) this.heat.set(pc, HEAT_MIN)
  }

  /**
   * Makes the pc cache know `pc`: translates or instantiates what is missing. False when it is not yet worth it;
   * `isCut` says that control comes here because an interpreted region ended.
   */
  enter(pc: number, isCut: boolean): boolean {
    let index = this.indices.get(pc)
    if (index === undefined) {
      // What may not be fetched faults in the interpreter.
      if (!this.space.allows(pc, INSN_LENGTH_MAX, PAGE_X)) return false
      const batch = this.translations.kept(this.space, pc) ?? this.translateIfHot(pc, isCut)
      if (!batch) return false
      this.add(batch)
      index = this.indices.get(pc)!
    }
    const slot = pcCacheSlot(pc)
    this.space.view.setUint32(slot, pc, true)
    this.space.view.setUint32(slot + 4, index, true)
    return true
  }

  /** Counts an entry of code that has no translation; hot enough, it gets one together with what is nearly as hot. */
  private translateIfHot(pc: number, isCut: boolean): Batch | undefined {
    const { heat, space, translations } = this
    const { eager } = translations
    const gained = this.heatGained(pc, isCut)
    const reached = (heat.get(pc) ?? 0) + gained
    if (heat.size >= HEAT_ENTRIES_MAX) heat.clear()
    heat.set(pc, reached)
    if (reached < HEAT_MIN && !eager) return undefined
    const isWarm = (other: number, warmth: number): boolean =>
      warmth >= HEAT_MIN / WARM_RATIO && Math.abs(other - pc) < BATCH_SPAN
    const entries = [pc]
    for (const [other, warmth] of heat)
      if (other !== pc && isWarm(other, warmth) && space.allows(other, INSN_LENGTH_MAX, PAGE_X))
        if (entries.push(other) > BATCH_WARM_MAX) break
    for (const entry of entries) heat.delete(entry)
    const wanted = (target: number): boolean =>
      !this.indices.has(target) && (eager || isWarm(target, heat.get(target) ?? 0))
    const leftOut = eager ? undefined : (target: number): boolean => !this.imports.executed(target)
    return translations.translate(space, entries, wanted, leftOut)
  }

  private heatGained(pc: number, isCut: boolean): number {
    const { sideExits, returnPoints } = this.translations
    if (sideExits.has(pc)) return SIDE_EXIT_HEAT
    return isCut || returnPoints.has(pc) ? 1 / RETURN_HEAT_RATIO : 1
  }

  private add(batch: Batch): void {
    const base = this.tableUsed
    const needed = base + batch.entries.length
    if (needed > this.table.length) this.table.grow(Math.max(this.table.length, needed - this.table.length))
    this.tableUsed = needed
    new WebAssembly.Instance(batch.module, {
      e: { m: this.space.memory, t: this.table, b: base, helper: this.imports.helper },
    })
    this.batches.set(batch, base)
    this.translations.counts.instances++
    batch.entries.forEach((entry, i) => {
      if (!this.indices.has(entry)) this.indices.set(entry, base + i)
    })
    for (const [start, end] of batch.covered()) this.cover(start, end)
  }

  private cover(start: number, end: number): void {
    this.space.markCode(start, end - start)
    for (let at = start; at < end; at = (Math.floor(at / GRAIN_SIZE) + 1) * GRAIN_SIZE) {
      const page = Math.floor(at / PAGE_SIZE)
      let bits = this.grains.get(page)
      if (!bits) {
        bits = new Uint32Array((PAGE_SIZE >> GRAIN_SHIFT) >> 5)
        this.grains.set(page, bits)
      }
      const grain = (at % PAGE_SIZE) >> GRAIN_SHIFT
      bits[grain >> 5]! |= 1 << (grain & 31)
    }
  }

  /** Whether any byte of the range may have been translated. */
  private holdsCode(addr: number, sizeBytes: number): boolean {
    for (let at = addr; at < addr + sizeBytes; at = (Math.floor(at / GRAIN_SIZE) + 1) * GRAIN_SIZE) {
      const bits = this.grains.get(Math.floor(at / PAGE_SIZE))
      if (!bits) continue
      const grain = (at % PAGE_SIZE) >> GRAIN_SHIFT
      if (bits[grain >> 5]! & (1 << (grain & 31))) return true
    }
    return false
  }

  /** Translated bytes are about to change: forgets every batch that holds one of them. */
  private changed(addr: number, sizeBytes: number): void {
    this.imports.invalidate()
    if (!this.holdsCode(addr, sizeBytes)) return
    this.translations.counts.invalidations++
    for (const batch of this.batches.keys())
      for (const [start, end] of batch.covered())
        if (start < addr + sizeBytes && addr < end) {
          this.forget(batch)
          break
        }
    this.recoverGrains()
  }

  /** Empties the pc cache's slot of a pc: a pc that belongs in the neighbouring slot is never looked up in this one. */
  private clearSlot(pc: number): void {
    this.space.view.setUint32(pcCacheSlot(pc), (pc ^ 1) >>> 0, true)
  }

  private forget(batch: Batch): void {
    const base = this.batches.get(batch)!
    this.batches.delete(batch)
    // The places stay empty, so that the instance can go.
    batch.entries.forEach((_, i) => {
      this.table.set(base + i, null)
    })
    for (const entry of batch.entries) {
      this.indices.delete(entry)
      const slot = pcCacheSlot(entry)
      if (this.space.view.getUint32(slot, true) === entry) this.clearSlot(entry)
    }
  }

  /** Marks pages and grains anew from the batches that are left. */
  private recoverGrains(): void {
    const before = [...this.grains.keys()]
    this.grains.clear()
    for (const batch of this.batches.keys())
      for (const [start, end] of batch.covered()) this.cover(start, end)
    for (const page of before) if (!this.grains.has(page)) this.space.unmarkCode(page)
  }
}

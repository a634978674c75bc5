/**
 * Translated code: batches of regions as WebAssembly modules, shared by all processes that hold the same bytes, and
 * what each process has of them (the pc cache in its Memory; its instances are memory-code.ts's).
 * Path: jit.ts looks up, translates on a miss, and instantiates here.
 *
 * A batch lives and dies whole: its regions call each other directly, so when one guest byte it was made from
 * changes, the process forgets all of them.
 */

import type { GuestMode } from '../guest/guest-mode.ts'
import { Region } from '../ir/region.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_SIZE, PAGE_X, PC_CACHE_BASE, PC_CACHE_SIZE, pcCacheSlot } from '../memory/layout.ts'
import { COMMON_STATE } from '../memory/state-block.ts'
import { DEPTH_BYTES, type GuestLayout } from '../wasm/lower.ts'
import { dispatcherModule, linkModule } from '../wasm/module.ts'
import { BATCH_REGIONS_MAX, ObjectBuilder } from '../wasm/object.ts'
import { REGION_INSTRUCTIONS_MAX, RegionFormer } from './form-region.ts'
import { GuestImage } from './guest-image.ts'
import { MemoryCode } from './memory-code.ts'
import { Batch, decodeBatches, encodeBatch, LinkedBatches, type TranslationStore } from './stored-batches.ts'

const BATCH_NODES_MAX = 12_000
/**
 * Code is interpreted until it was entered this often. Translating a region costs milliseconds and interpreting it once
 * some microseconds, so this is about where the one has cost as much as the other.
 */
const HEAT_MIN = 300
/** For a program that ran before: what is translated now serves its later runs as well. */
const HEAT_MIN_STORED = 60
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
/** Batches that are linked together come to about this much code, and so many are looked at for it. */
const LINKED_SIZE = 1 << 21
const LINKED_LOOKS = 256
/** A module is linked anew when it becomes this much larger by it: what the host optimised of it is lost. */
const RELINKED_GROWTH = 4
/** Bytes covered are remembered in grains of this size, so that data beside code is told from code. */
const GRAIN_SHIFT = 5
const GRAIN_SIZE = 1 << GRAIN_SHIFT
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
  /** Keeps translations from run to run; for one set of these options only. */
  store?: TranslationStore
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

export const noCounts = (): TranslationCounts => ({
  batches: 0,
  regions: 0,
  wasmBytes: 0,
  guestBytes: 0,
  invalidations: 0,
  instances: 0,
})

/** How often places were entered that have no translation, by all processes: each run of a program warms the next. */
class Heat {
  private readonly counts = new Map<number, number>()
  /** Places that may be translated along with a hot one. */
  readonly warm = new Set<number>()

  /** Counts; returns what it has come to. */
  add(pc: number, gained: number): number {
    const reached = this.of(pc) + gained
    if (this.counts.size >= HEAT_ENTRIES_MAX) {
      this.counts.clear()
      this.warm.clear()
    }
    this.counts.set(pc, reached)
    if (reached >= HEAT_MIN_STORED / WARM_RATIO) this.warm.add(pc)
    return reached
  }

  of(pc: number): number {
    return this.counts.get(pc) ?? 0
  }

  delete(pc: number): void {
    this.counts.delete(pc)
    this.warm.delete(pc)
  }
}

/** Makes batches and keeps them for other processes. */
export class Translations {
  readonly counts: TranslationCounts
  private readonly byEntry = new Map<number, Batch[]>()
  private keptCount = 0
  private lastKept: Batch | null = null
  private readonly former = new RegionFormer()
  /** Return addresses of translated calls. */
  readonly returnPoints = new Set<number>()
  /** Places that translated code leaves for because they had not run. */
  readonly sideExits = new Set<number>()
  readonly heat = new Heat()
  private readonly store: TranslationStore | undefined
  /** Tells this flavour's stored programs from the others'. */
  private readonly suffix: string
  /** Programs whose stored batches were looked up, and whether there were any. */
  private readonly recalled = new Map<string, boolean>()
  private readonly region: Region
  /** What lowering needs to know of the guest. */
  private readonly guest: GuestLayout
  private dispatcher: WebAssembly.Module | null = null
  private readonly codes = new WeakMap<WebAssembly.Memory, MemoryCode>()

  readonly eager: boolean

  readonly mode: GuestMode

  /** Of a mode's code; `floatFlags`: that makes the float operations' flags. */
  constructor(options: TranslateOptions, mode: GuestMode, floatFlags: boolean, counts: TranslationCounts) {
    this.mode = mode
    this.eager = options.eager ?? false
    this.store = options.store
    this.counts = counts
    this.suffix = mode.suffix + (floatFlags ? '-flags' : '')
    const { uncheckedLoads, pinNaN = false } = options
    this.guest = { ...COMMON_STATE, routines: mode.routines }
    this.region = new Region(mode.variables, { exactChecks: false, uncheckedLoads, pinNaN, floatFlags })
  }

  /** The code in the Memory of a process that begins to run translated code: an earlier one's, or new. */
  codeFor(space: AddressSpace): MemoryCode {
    const kept = this.codes.get(space.memory)
    if (kept?.isReusable) {
      kept.space = space
      return kept
    }
    this.dispatcher ??= new WebAssembly.Module(dispatcherModule())
    const made = new MemoryCode(space, this.dispatcher)
    this.codes.set(space.memory, made)
    return made
  }

  /** A batch made before with a region for these bytes at pc. */
  kept(space: AddressSpace, pc: number): Batch | undefined {
    return this.byEntry.get(pc)?.find((batch) => batch.image.fits(space))
  }

  /** A new batch with regions at `pcs` and at what they call as far as `wanted`, kept for other processes. */
  translate(
    space: AddressSpace,
    pcs: readonly number[],
    wanted: (pc: number) => boolean,
    leftOut: ((pc: number) => boolean) | undefined,
  ): Batch {
    const batch = this.make(space, pcs, wanted, leftOut)
    this.keep(batch)
    return batch
  }

  private keep(batch: Batch): void {
    // A guest that writes code anew again and again must not fill the host: then all begins anew.
    if (this.keptCount++ >= KEPT_BATCHES_MAX) {
      this.keptCount = 0
      this.lastKept = null
      this.byEntry.clear()
      this.returnPoints.clear()
      this.sideExits.clear()
    }
    if (this.lastKept) this.lastKept.next = batch
    this.lastKept = batch
    for (const entry of batch.entries) {
      const list = this.byEntry.get(entry)
      if (list) list.push(batch)
      else this.byEntry.set(entry, [batch])
    }
    for (const point of batch.returnPoints) this.returnPoints.add(point)
    for (const exit of batch.sideExits) this.sideExits.add(exit)
  }

  get hasStore(): boolean {
    return this.store !== undefined
  }

  /** Looks up what earlier runs of a program translated; whether there was anything. */
  recall(program: string): boolean {
    let known = this.recalled.get(program)
    if (known === undefined) {
      const stored = this.store?.load(program + this.suffix)
      known = stored !== null && stored !== undefined
      if (stored) for (const batch of decodeBatches(stored)) this.keep(batch)
      this.recalled.set(program, known)
    }
    return known
  }

  /**
   * The module a batch is in, for a process that does not have it yet. A batch is linked with those kept after it that the
   * process has the bytes of: they were wanted soon after it. It is linked anew when much has come since, for what a module
   * costs each new process is its instance. Throws CompileError for code that was damaged in the store.
   */
  linked(space: AddressSpace, batch: Batch): LinkedBatches {
    const { linked } = batch
    if (linked && linked.codeSize >= LINKED_SIZE) return linked
    const batches = [batch]
    let size = batch.object.code.length
    let other = batch.next
    for (let looks = 0; other && looks < LINKED_LOOKS && size < LINKED_SIZE; looks++, other = other.next) {
      if ((other.linked?.codeSize ?? 0) >= LINKED_SIZE || !other.image.fits(space)) continue
      batches.push(other)
      size += other.object.code.length
    }
    if (linked && size < linked.codeSize * RELINKED_GROWTH) return linked
    const objects = batches.map(({ object }) => object)
    return new LinkedBatches(batches, size, linkModule(objects, this.mode.variables, this.guest))
  }

  /** Keeps new batches for the next run of a program. */
  remember(program: string, batches: readonly Batch[]): void {
    this.store?.append(program + this.suffix, batches.map(encodeBatch))
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
    const returnPoints: number[] = []
    const sideExits: number[] = []
    const builder = new ObjectBuilder(this.guest, (target) => places.get(target))
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
      returnPoints.push(...former.returnPoints)
      sideExits.push(...former.sideExits)
      builder.add(region)
      ranges.push(...region.covered)
    }
    const object = builder.finish()
    const image = GuestImage.from(space, ranges)
    this.counts.batches++
    this.counts.regions += entries.length
    this.counts.wasmBytes += object.code.length
    this.counts.guestBytes += image.sizeBytes
    return new Batch({
      entries: Uint32Array.from(entries),
      image,
      returnPoints: Uint32Array.from(returnPoints),
      sideExits: Uint32Array.from(sideExits),
      object,
    })
  }
}

/** What a process's code asks the CPU. */
export interface CodeOwner {
  /** Whether the code at pc ever ran, in any process. */
  executed(pc: number): boolean
  /** Whether a region at pc was interpreted in this process, and its code is still the same. */
  interpreted(pc: number): boolean
  /** Guest code changed: whatever else was made from it goes too. */
  invalidate(addr: number, sizeBytes: number): void
}

/** One process's translated code. */
export class ProcessCode {
  private readonly space: AddressSpace
  private readonly translations: Translations
  private readonly owner: CodeOwner
  /** Null until something translated is to run. */
  private code: MemoryCode | null = null
  /** Guest pc → table index. */
  private readonly indices = new Map<number, number>()
  private readonly batches = new Set<Batch>()
  /** Those translated for this process, while there is a place to store them for its program. */
  private made: Batch[] = []
  private heatMin = HEAT_MIN
  private program = ''
  /** By page: a bit for each grain that was translated. */
  private readonly grains = new Map<number, Uint32Array>()
  constructor(space: AddressSpace, translations: Translations, owner: CodeOwner) {
    this.space = space
    this.translations = translations
    this.owner = owner
    // A new Memory's slots hold 0, which is a pc of the first one.
    this.clearSlot(0)
    space.observer.code = (addr, sizeBytes) => this.changed(addr, sizeBytes)
  }

  /** Runs from a pc while the pc cache knows where to go on. Returns the pc it does not know, unless there was an exit. */
  run(pc: number): number {
    return this.code === null ? pc : this.code.dispatch(pc, DEPTH_BYTES) >>> 0
  }

  /** Leaves all instances; what is needed of them is made again, in a new table. */
  private beginAnew(): void {
    this.code = null
    this.batches.clear()
    this.indices.clear()
    this.clearPcCache()
  }

  private clearPcCache(): void {
    this.space.bytes.fill(0, PC_CACHE_BASE, PC_CACHE_BASE + PC_CACHE_SIZE)
    // A slot that holds 0 knows pc 0 if it is that one's.
    this.clearSlot(0)
  }

  /** Takes the place of the code the process had: the pc cache is empty, and what was translated there is hot here. */
  replace(before: ProcessCode): void {
    this.clearPcCache()
    this.begin(before.program)
    for (const pc of before.indices.keys()) this.translations.heat.add(pc, HEAT_MIN)
  }

  /**
   * Makes the pc cache know `pc`: translates or instantiates what is missing. False when it is not yet worth it;
   * `isCut` says that control comes here because an interpreted region ended.
   */
  enter(pc: number, isCut: boolean): boolean {
    let index = this.indices.get(pc)
    if (index === undefined) {
      // What may not be fetched faults in the interpreter.
      if (!this.space.allows(pc, this.translations.mode.insnLengthMax, PAGE_X)) return false
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
    const { space, translations } = this
    const { eager, heat } = translations
    if (heat.add(pc, this.heatGained(pc, isCut)) < this.heatMin && !eager) return undefined
    // Another process may have warmed a place that holds something else here.
    const isWarm = (other: number): boolean =>
      heat.of(other) >= this.heatMin / WARM_RATIO &&
      Math.abs(other - pc) < BATCH_SPAN &&
      this.owner.interpreted(other)
    const entries = [pc]
    for (const other of heat.warm)
      if (other !== pc && isWarm(other) && entries.push(other) > BATCH_WARM_MAX) break
    for (const entry of entries) heat.delete(entry)
    const wanted = (target: number): boolean => !this.indices.has(target) && (eager || isWarm(target))
    const leftOut = eager ? undefined : (target: number): boolean => !this.owner.executed(target)
    const made = translations.translate(space, entries, wanted, leftOut)
    if (this.program !== '') this.made.push(made)
    return made
  }

  private heatGained(pc: number, isCut: boolean): number {
    const { sideExits, returnPoints } = this.translations
    if (sideExits.has(pc)) return SIDE_EXIT_HEAT
    return isCut || returnPoints.has(pc) ? 1 / RETURN_HEAT_RATIO : 1
  }

  private add(batch: Batch): void {
    if (this.code?.isCrowded) this.beginAnew()
    this.code ??= this.translations.codeFor(this.space)
    let { linked } = batch
    if (!linked || !this.code.has(linked)) {
      linked = this.translations.linked(this.space, batch)
      if (!this.code.has(linked)) this.translations.counts.instances++
    }
    const base = this.code.place(linked) + linked.offsetOf(batch)
    this.batches.add(batch)
    batch.entries.forEach((entry, i) => {
      if (!this.indices.has(entry)) this.indices.set(entry, base + i)
    })
    for (const [start, end] of batch.image.covered()) this.cover(start, end)
  }

  /** The process runs a program, by its key, from now on: earlier runs' translations are used, and this one's stored. */
  begin(program: string): void {
    if (program === '' || !this.translations.hasStore) return
    this.program = program
    this.heatMin = this.translations.recall(program) ? HEAT_MIN_STORED : HEAT_MIN
  }

  /** The process ends: what it translated is kept for the next run of its program. */
  end(): void {
    if (this.program !== '' && this.made.length > 0) this.translations.remember(this.program, this.made)
    this.made = []
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
    this.owner.invalidate(addr, sizeBytes)
    if (!this.holdsCode(addr, sizeBytes)) return
    this.translations.counts.invalidations++
    for (const batch of this.batches)
      for (const [start, end] of batch.image.covered())
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
    this.batches.delete(batch)
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
    for (const batch of this.batches) for (const [start, end] of batch.image.covered()) this.cover(start, end)
    for (const page of before) if (!this.grains.has(page)) this.space.unmarkCode(page)
  }
}

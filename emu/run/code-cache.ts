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
import { PAGE_SIZE, PAGE_X, PC_CACHE_BASE } from '../memory/layout.ts'
import { BATCH_REGIONS_MAX, dispatcherModule, ModuleBuilder } from '../wasm/module.ts'
import { REGION_INSTRUCTIONS_MAX, RegionFormer } from './form-region.ts'

const BATCH_NODES_MAX = 12_000
/** Code is interpreted until it was entered this often: most is run once, and translating costs a thousand times that. */
const HEAT_MIN = 16
/**
 * Where a call comes back to is entered through here only when the host's stack was unwound in between (a system call,
 * the end of a slice). Each such place would get the rest of its function, so it must be worth it; so would each
 * place where an interpreted region was cut.
 */
const RETURN_HEAT_MIN = 300
/** Bytes covered are remembered in grains of this size, so that data beside code is told from code. */
const GRAIN_SHIFT = 5
const GRAIN_SIZE = 1 << GRAIN_SHIFT
/** The table begins with and grows by as many places. */
const TABLE_STEP = 256

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
}

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
  readonly counts: TranslationCounts = {
    batches: 0,
    regions: 0,
    wasmBytes: 0,
    guestBytes: 0,
    invalidations: 0,
  }
  private readonly byEntry = new Map<number, Batch[]>()
  private readonly former = new RegionFormer()
  /** Return addresses of translated calls. */
  readonly returnPoints = new Set<number>()
  private readonly region: Region
  private dispatcher: WebAssembly.Module | null = null

  readonly eager: boolean

  constructor(options: TranslateOptions) {
    this.eager = options.eager ?? false
    const { uncheckedLoads, pinNaN = false } = options
    this.region = new Region(X86_VARIABLES, { exactChecks: false, uncheckedLoads, pinNaN })
  }

  get dispatcherModule(): WebAssembly.Module {
    this.dispatcher ??= new WebAssembly.Module(dispatcherModule())
    return this.dispatcher
  }

  /** A batch with a region that begins at pc: one made before that fits, or a new one. */
  batchFor(space: AddressSpace, pc: number, known: (pc: number) => boolean): Batch {
    for (const batch of this.byEntry.get(pc) ?? []) if (batch.fits(space)) return batch
    const batch = this.make(space, pc, known)
    for (const entry of batch.entries) {
      const list = this.byEntry.get(entry)
      if (list) list.push(batch)
      else this.byEntry.set(entry, [batch])
    }
    return batch
  }

  /** Whether a batch made before has a region for these bytes. */
  has(space: AddressSpace, pc: number): boolean {
    return (this.byEntry.get(pc) ?? []).some((batch) => batch.fits(space))
  }

  /** Translates the region at pc and what it calls, breadth first, into one module. */
  private make(space: AddressSpace, pc: number, known: (pc: number) => boolean): Batch {
    const { region, former } = this
    const places = new Map<number, number>([[pc, 0]])
    const entries = [pc]
    const ranges: number[] = []
    const builder = new ModuleBuilder(
      X86_VARIABLES,
      { scratch: X86_STATE.scratch, exitKind: X86_STATE.exitKind, pc: X86_STATE.pc },
      (target) => places.get(target),
    )
    let nodes = 0
    for (let i = 0; i < entries.length; i++) {
      former.form(space, entries[i]!, region, { instructionsMax: REGION_INSTRUCTIONS_MAX })
      nodes += region.count
      for (const target of former.callTargets) {
        if (entries.length >= BATCH_REGIONS_MAX || nodes > BATCH_NODES_MAX) break
        if (places.has(target) || known(target) || !space.allows(target, 1, PAGE_X)) continue
        places.set(target, entries.length)
        entries.push(target)
      }
      for (const point of former.returnPoints) this.returnPoints.add(point)
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
  /** Guest code changed: whatever else was made from it goes too. */
  invalidate(): void
}

/** One process's translated code. */
export class ProcessCode {
  private readonly space: AddressSpace
  private readonly translations: Translations
  private readonly imports: TranslatedImports
  private readonly table = new WebAssembly.Table({ element: 'anyfunc', initial: TABLE_STEP })
  private tableUsed = 0
  /** Guest pc → table index. */
  private readonly indices = new Map<number, number>()
  private readonly batches = new Set<Batch>()
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

  /**
   * Makes the pc cache know `pc`: translates or instantiates what is missing. False when it is not yet worth it;
   * `isCut` says that control comes here because an interpreted region ended.
   */
  enter(pc: number, isCut: boolean): boolean {
    let index = this.indices.get(pc)
    if (index === undefined) {
      // What may not be fetched faults in the interpreter.
      if (!this.space.allows(pc, INSN_LENGTH_MAX, PAGE_X)) return false
      const heat = (this.heat.get(pc) ?? 0) + 1
      this.heat.set(pc, heat)
      const usual = isCut || this.translations.returnPoints.has(pc) ? RETURN_HEAT_MIN : HEAT_MIN
      const least = this.translations.eager ? 1 : usual
      if (heat < least && !this.translations.has(this.space, pc)) return false
      this.heat.delete(pc)
      this.add(this.translations.batchFor(this.space, pc, (target) => this.indices.has(target)))
      index = this.indices.get(pc)!
    }
    const slot = pcCacheSlot(pc)
    this.space.view.setUint32(slot, pc, true)
    this.space.view.setUint32(slot + 4, index, true)
    return true
  }

  private add(batch: Batch): void {
    const base = this.tableUsed
    const needed = base + batch.entries.length
    if (needed > this.table.length) this.table.grow(Math.max(TABLE_STEP, needed - this.table.length))
    this.tableUsed = needed
    new WebAssembly.Instance(batch.module, {
      e: { m: this.space.memory, t: this.table, b: base, helper: this.imports.helper },
    })
    this.batches.add(batch)
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
    for (const batch of this.batches)
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
    for (const batch of this.batches) for (const [start, end] of batch.covered()) this.cover(start, end)
    for (const page of before) if (!this.grains.has(page)) this.space.unmarkCode(page)
  }
}

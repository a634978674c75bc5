/**
 * The code of a batch of regions before it is linked: function bodies whose calls name symbols, so that batches which
 * were made at different times, some in earlier runs, can share a module.
 * Path: emu/run/code-cache.ts adds regions; module.ts links.
 */

import type { Region } from '../ir/region.ts'
import * as W from './encoder.ts'
import type { Exit } from './exit-functions.ts'
import { type ExitWay, type GuestLayout, Lowerer } from './lower.ts'

/** Regions in a batch: enough that the module's own cost vanishes, few enough that little is made in vain. */
export const BATCH_REGIONS_MAX = 64
/** Symbols below are the batch's regions, then come its exits and, by their keys, the guest's routines. */
export const FIRST_EXIT_SYMBOL = BATCH_REGIONS_MAX
export const FIRST_ROUTINE_SYMBOL = 1 << 24

export interface CodeObject {
  /** Code entries of the regions, one behind the other. */
  readonly code: Uint8Array
  readonly regionCount: number
  /** Pairs: where in `code` the index of a function belongs (`W.patchFixed`), and its symbol. */
  readonly relocations: Uint32Array
  /** The fields of an Exit, one behind the other: the words of its set, and its way. */
  readonly exits: Uint32Array
}

/** The exits of an object in the order of their symbols; `words` is the length of their sets. */
export function* exitsOf({ exits }: CodeObject, words: number): Iterable<Exit> {
  for (let i = 0; i + words < exits.length; i += words + 1)
    yield { stored: exits.subarray(i, i + words), way: exits[i + words]! as ExitWay }
}

/** Lowers regions into an object one at a time, so that one arena serves them all. */
export class ObjectBuilder {
  private readonly code = new W.Encoder()
  private readonly lowerer: Lowerer
  private readonly relocations: number[] = []
  private readonly exits: number[] = []
  private readonly exitSymbols = new Map<string, number>()
  private regionCount = 0

  /** `regionAt` gives the place in the batch of the region at a guest pc, if it will be in this object. */
  constructor(guest: GuestLayout, regionAt: (pc: number) => number | undefined) {
    this.lowerer = new Lowerer(this.code, {
      guest,
      regionAt,
      exit: (stored, way) => this.exitSymbol(stored, way),
      routine: (key) => FIRST_ROUTINE_SYMBOL + key,
      reference: (symbol) => {
        this.relocations.push(this.code.length, symbol)
        this.code.fixed()
      },
      moved: (start, by) => this.move(start, by),
    })
  }

  private exitSymbol(stored: Int32Array, way: ExitWay): number {
    const key = `${stored},${way}`
    let symbol = this.exitSymbols.get(key)
    if (symbol === undefined) {
      symbol = FIRST_EXIT_SYMBOL + this.exitSymbols.size
      this.exitSymbols.set(key, symbol)
      this.exits.push(...stored, way)
    }
    return symbol
  }

  private move(start: number, by: number): void {
    const { relocations } = this
    for (let i = relocations.length - 2; i >= 0 && relocations[i]! >= start; i -= 2) relocations[i]! += by
  }

  /** Lowers a region as the next function. */
  add(region: Region): void {
    this.lowerer.lower(region)
    this.regionCount++
  }

  finish(): CodeObject {
    return {
      code: this.code.finish(),
      regionCount: this.regionCount,
      relocations: Uint32Array.from(this.relocations),
      exits: Uint32Array.from(this.exits),
    }
  }
}

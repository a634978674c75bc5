/**
 * A WebAssembly module of batches of regions. One region a module costs 20 times more a transfer than 64 (translator.md,
 * decision 5), and an instance costs Node 20 time for each place of the table.
 * Path: emu/run/code-cache.ts links; emu/run/memory-code.ts instantiates in each process's Memory.
 *
 * Imports (module `e`): m memory, t table, b base index of the module's regions in the table, helper.
 */

import type { Variable } from '../ir/region.ts'
import { wordsFor } from '../opt/dataflow.ts'
import * as W from './encoder.ts'
import { ExitFunctions } from './exit-functions.ts'
import { type GuestLayout, TYPE_REGION } from './lower.ts'
import { type CodeObject, exitsOf, FIRST_EXIT_SYMBOL, FIRST_ROUTINE_SYMBOL } from './object.ts'
import { lookUpOrReturn, pushPlace } from './pc-cache.ts'
import { lowerRoutine } from './routine.ts'

const MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const SECTION_TYPE = 1,
  SECTION_IMPORT = 2,
  SECTION_FUNCTION = 3,
  SECTION_EXPORT = 7,
  SECTION_ELEMENT = 9,
  SECTION_CODE = 10
const TYPE_IMPORTED = 1,
  TYPE_TWO_ARGUMENTS = 2,
  FIRST_EXIT_TYPE = 3
/** The dispatcher comes back after so many: the guest may go round without spending budget (run/spin-watch.ts). */
const DISPATCHES = 64
/** Behind the helper. */
const FIRST_FUNCTION = 1

function section(out: W.Encoder, id: number, write: () => void): void {
  out.u8(id)
  const mark = out.openSized()
  write()
  out.closeSized(mark)
}

function types(out: W.Encoder, more: readonly (readonly number[])[]): void {
  const i = W.TYPE_I32
  const signatures = [[i], [i, i, i], [i, i], ...more]
  section(out, SECTION_TYPE, () => {
    out.u32(signatures.length)
    for (const parameters of signatures) {
      out.u8(0x60)
      out.u32(parameters.length)
      for (const p of parameters) out.u8(p)
      out.u32(1)
      out.u8(i)
    }
  })
}

function imports(out: W.Encoder, withBase: boolean): void {
  section(out, SECTION_IMPORT, () => {
    out.u32(withBase ? 4 : 2)
    const entry = (name: string, ...description: number[]): void => {
      out.name('e')
      out.name(name)
      for (const byte of description) out.u8(byte)
    }
    entry('m', 2, 0, 1)
    entry('t', 1, 0x70, 0, 1)
    if (!withBase) return
    entry('b', 3, W.TYPE_I32, 0)
    entry('helper', 0, TYPE_IMPORTED)
  })
}

/** The routines that objects call, by key, each with its place among them. */
function routinesOf(objects: readonly CodeObject[]): Map<number, number> {
  const places = new Map<number, number>()
  for (const { relocations } of objects)
    for (let i = 1; i < relocations.length; i += 2) {
      const key = relocations[i]! - FIRST_ROUTINE_SYMBOL
      if (key >= 0 && !places.has(key)) places.set(key, places.size)
    }
  return places
}

/**
 * Links objects to a module: imports, all regions in order, exit functions, routines. Its regions come into the table from
 * the imported base on in that order.
 */
export function linkModule(
  objects: readonly CodeObject[],
  variables: readonly Variable[],
  guest: GuestLayout,
): Uint8Array {
  const out = new W.Encoder()
  const exits = new ExitFunctions(variables, guest)
  const words = wordsFor(variables.length)
  const regionCount = objects.reduce((sum, object) => sum + object.regionCount, 0)
  const exitPlaces = objects.map((object) =>
    Array.from(exitsOf(object, words), (exit) => exits.placeOf(exit)),
  )
  const routines = routinesOf(objects)
  const functionCount = regionCount + exits.count + routines.size
  const exitTypes = exits.signatures()
  out.append(MAGIC)
  types(out, exitTypes)
  imports(out, true)
  section(out, SECTION_FUNCTION, () => {
    out.u32(functionCount)
    for (let i = 0; i < regionCount; i++) out.u8(TYPE_REGION)
    for (let i = 0; i < exitTypes.length; i++) out.u32(FIRST_EXIT_TYPE + i)
    for (let i = 0; i < routines.size; i++) out.u8(TYPE_TWO_ARGUMENTS)
  })
  section(out, SECTION_ELEMENT, () => {
    out.u32(1)
    out.u32(0)
    out.u8(0x23) // global.get 0
    out.u32(0)
    out.u8(W.END)
    out.u32(regionCount)
    for (let i = 0; i < regionCount; i++) out.u32(FIRST_FUNCTION + i)
  })
  section(out, SECTION_CODE, () => {
    out.u32(functionCount)
    let region = FIRST_FUNCTION
    const firstExit = FIRST_FUNCTION + regionCount
    objects.forEach((object, i) => {
      const at = out.length
      out.append(object.code)
      relocate(out.bytes, at, object, (symbol) => {
        if (symbol < FIRST_EXIT_SYMBOL) return region + symbol
        if (symbol < FIRST_ROUTINE_SYMBOL) return firstExit + exitPlaces[i]![symbol - FIRST_EXIT_SYMBOL]!
        return firstExit + exits.count + routines.get(symbol - FIRST_ROUTINE_SYMBOL)!
      })
      region += object.regionCount
    })
    exits.bodies(out)
    for (const key of routines.keys()) out.append(lowerRoutine(guest.routines.routine(key)))
  })
  return out.finish()
}

/** Fills in the function indices of an object's code, which lies at `at`. */
function relocate(
  bytes: Uint8Array,
  at: number,
  object: CodeObject,
  indexOf: (symbol: number) => number,
): void {
  const { relocations } = object
  for (let i = 0; i + 1 < relocations.length; i += 2)
    W.patchFixed(bytes, at + relocations[i]!, indexOf(relocations[i + 1]!))
}

/**
 * The dispatcher: `run(pc, depth)` calls the region the pc cache has for pc, and goes on at what it returns for as
 * long as the cache knows it, and no more often than DISPATCHES; returns the pc to go on at (1: the kernel is needed).
 */
export function dispatcherModule(): Uint8Array {
  const out = new W.Encoder()
  out.append(MAGIC)
  types(out, [])
  imports(out, false)
  section(out, SECTION_FUNCTION, () => {
    out.u32(1)
    out.u8(TYPE_TWO_ARGUMENTS)
  })
  section(out, SECTION_EXPORT, () => {
    out.u32(1)
    out.name('run')
    out.u8(0)
    out.u32(0)
  })
  section(out, SECTION_CODE, () => {
    out.u32(1)
    const mark = out.openSized()
    out.u32(1)
    out.u32(2)
    out.u8(W.TYPE_I32)
    const pc = 0,
      depth = 1,
      slot = 2,
      done = 3
    const bytes = (...list: number[]): void => {
      for (const byte of list) out.u8(byte)
    }
    bytes(W.LOOP, W.TYPE_I32)
    lookUpOrReturn(out, pc, slot)
    bytes(W.LOCAL_GET, depth)
    pushPlace(out, slot)
    bytes(W.CALL_INDIRECT, TYPE_REGION, 0, W.LOCAL_SET, pc)
    bytes(W.LOCAL_GET, done, W.I32_CONST, 1, W.I32_ADD, W.LOCAL_TEE, done, W.I32_CONST)
    out.s32(DISPATCHES)
    bytes(W.I32_NE, W.BR_IF, 0, W.LOCAL_GET, pc, W.END, W.END)
    out.closeSized(mark)
  })
  return out.finish()
}

/**
 * A WebAssembly module for a batch of regions. Batching matters more than anything but registers in locals: one
 * region a module costs 20 times more a transfer than 64 (translator.md, decision 5).
 * Path: emu/run/translate asks for the bytes; emu/run/code-cache instantiates them in each process.
 *
 * Imports (module `e`): m memory, t table, b base index of the batch's functions in the table, helper.
 */

import { I32, I64, type Type, V128 } from '../ir/ops.ts'
import type { Region, Variable } from '../ir/region.ts'
import { PC_CACHE_BASE, STATE_BASE } from '../memory/layout.ts'
import * as W from './encoder.ts'
import { FIRST_REGION_FUNCTION, Lowerer, type StateLayout, TYPE_REGION } from './lower.ts'

const MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const SECTION_TYPE = 1,
  SECTION_IMPORT = 2,
  SECTION_FUNCTION = 3,
  SECTION_EXPORT = 7,
  SECTION_ELEMENT = 9,
  SECTION_CODE = 10
const TYPE_IMPORTED = 1,
  TYPE_DISPATCH = 2,
  FIRST_EXIT_TYPE = 3
/** Regions in a batch: enough that the module's own cost vanishes, few enough that little is made in vain. */
export const BATCH_REGIONS_MAX = 64

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

/** A function body without locals that ends by giving 1, what a region returns when the kernel is needed. */
function leavingBody(out: W.Encoder, write: () => void): void {
  const mark = out.openSized()
  out.u32(0)
  write()
  out.u8(W.I32_CONST)
  out.s32(1)
  out.u8(W.END)
  out.closeSized(mark)
}

/** Stores parameter `parameter` in the state block. */
function storeParameter(out: W.Encoder, parameter: number, type: Type, offset: number, widen = false): void {
  out.u8(W.I32_CONST)
  out.s32(0)
  out.u8(W.LOCAL_GET)
  out.u32(parameter)
  if (widen) out.u8(W.I64_EXTEND_U)
  if (type === V128) {
    out.u8(0xfd)
    out.u32(11)
  } else out.u8(type === I32 ? W.I32_STORE : W.I64_STORE)
  out.u32(0)
  out.u32(STATE_BASE + offset)
}

/** The exits of a module: one function for each set of variables that some exit writes back. */
class ExitFunctions {
  private readonly indices = new Map<string, number>()
  private readonly sets: number[][] = []
  private readonly variables: readonly Variable[]
  private readonly state: StateLayout

  constructor(variables: readonly Variable[], state: StateLayout) {
    this.variables = variables
    this.state = state
  }

  get count(): number {
    return this.sets.length
  }

  /** Place among the exit functions. */
  placeOf(low: number, high: number): number {
    const key = `${low},${high}`
    let place = this.indices.get(key)
    if (place === undefined) {
      place = this.sets.length
      this.indices.set(key, place)
      const set: number[] = []
      for (let v = 0; v < this.variables.length; v++)
        if (v < 32 ? (low >>> v) & 1 : (high >>> (v - 32)) & 1) set.push(v)
      this.sets.push(set)
    }
    return place
  }

  /** Parameter types of each function. */
  signatures(): number[][] {
    return this.sets.map((set) => [
      ...set.map((v) => W.WASM_TYPES[this.variables[v]!.type]!),
      W.TYPE_I32,
      W.TYPE_I32,
    ])
  }

  bodies(out: W.Encoder): void {
    for (const set of this.sets)
      leavingBody(out, () => {
        set.forEach((v, parameter) => {
          const { type, offset } = this.variables[v]!
          storeParameter(out, parameter, type, offset)
        })
        storeParameter(out, set.length, I32, this.state.exitKind)
        storeParameter(out, set.length + 1, I64, this.state.pc, true)
      })
  }
}

/**
 * Builds the module of a batch: regions are added one at a time, so that one arena serves them all. Function indices:
 * imports, `BATCH_REGIONS_MAX` places for regions (those not used are empty), exit functions.
 */
export class ModuleBuilder {
  private readonly code: W.Encoder
  private readonly lowerer: Lowerer
  private readonly exits: ExitFunctions
  private count = 0

  /** `functionAt` gives the place in the batch of the region at a guest pc, if it will be in this module. */
  constructor(
    variables: readonly Variable[],
    state: StateLayout,
    functionAt: (pc: number) => number | undefined,
  ) {
    this.code = new W.Encoder()
    this.exits = new ExitFunctions(variables, state)
    this.lowerer = new Lowerer(this.code, {
      state,
      functionAt: (pc) => {
        const place = functionAt(pc)
        return place === undefined ? undefined : FIRST_REGION_FUNCTION + place
      },
      exitFunction: (low, high) => FIRST_REGION_FUNCTION + BATCH_REGIONS_MAX + this.exits.placeOf(low, high),
    })
  }

  /** Lowers a region as the next function of the batch. */
  add(region: Region): void {
    this.lowerer.lower(region)
    this.count++
  }

  finish(): Uint8Array {
    const out = new W.Encoder()
    const { count, exits } = this
    const unused = BATCH_REGIONS_MAX - count
    out.append(MAGIC)
    const exitTypes = exits.signatures()
    types(out, exitTypes)
    imports(out, true)
    section(out, SECTION_FUNCTION, () => {
      out.u32(BATCH_REGIONS_MAX + exits.count)
      for (let i = 0; i < BATCH_REGIONS_MAX; i++) out.u8(TYPE_REGION)
      exitTypes.forEach((_, i) => {
        out.u32(FIRST_EXIT_TYPE + i)
      })
    })
    section(out, SECTION_ELEMENT, () => {
      out.u32(1)
      out.u32(0)
      out.u8(0x23) // global.get 0
      out.u32(0)
      out.u8(W.END)
      out.u32(count)
      for (let i = 0; i < count; i++) out.u32(FIRST_REGION_FUNCTION + i)
    })
    section(out, SECTION_CODE, () => {
      out.u32(BATCH_REGIONS_MAX + exits.count)
      out.append(this.code.bytes.subarray(0, this.code.length))
      for (let i = 0; i < unused; i++) for (const byte of [3, 0, W.UNREACHABLE, W.END]) out.u8(byte)
      exits.bodies(out)
    })
    return out.finish()
  }
}

/**
 * The dispatcher: `run(pc, depth)` calls the region the pc cache has for pc, and goes on at what it returns for as
 * long as the cache knows it; returns the first pc it does not know (1: the kernel is needed).
 */
export function dispatcherModule(): Uint8Array {
  const out = new W.Encoder()
  out.append(MAGIC)
  types(out, [])
  imports(out, false)
  section(out, SECTION_FUNCTION, () => {
    out.u32(1)
    out.u8(TYPE_DISPATCH)
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
    out.u32(1)
    out.u8(W.TYPE_I32)
    const pc = 0,
      depth = 1,
      slot = 2
    const bytes = (...list: number[]): void => {
      for (const byte of list) out.u8(byte)
    }
    bytes(W.LOOP, W.TYPE_I32)
    bytes(
      W.LOCAL_GET,
      pc,
      W.LOCAL_GET,
      pc,
      W.I32_CONST,
      14,
      W.I32_SHR_U,
      W.I32_XOR,
      W.I32_CONST,
      3,
      W.I32_SHL,
      W.I32_CONST,
    )
    out.s32(0x7fff8)
    bytes(W.I32_AND, W.LOCAL_TEE, slot, W.I32_LOAD, 2)
    out.u32(PC_CACHE_BASE)
    bytes(W.LOCAL_GET, pc, W.I32_NE, W.IF, W.VOID, W.LOCAL_GET, pc, W.RETURN, W.END)
    bytes(W.LOCAL_GET, depth, W.LOCAL_GET, slot, W.I32_LOAD, 2)
    out.u32(PC_CACHE_BASE + 4)
    bytes(W.CALL_INDIRECT, TYPE_REGION, 0, W.LOCAL_SET, pc, W.BR, 0, W.END, W.END)
    out.closeSized(mark)
  })
  return out.finish()
}

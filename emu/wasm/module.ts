/**
 * A WebAssembly module for a batch of regions. Batching matters more than anything but registers in locals: one
 * region a module costs 20 times more a transfer than 64 (translator.md, decision 5).
 * Path: emu/run/translate asks for the bytes; emu/run/code-cache instantiates them in each process.
 *
 * Imports (module `e`): m memory, t table, b base index of the batch's functions in the table, resolve, helper.
 */

import type { Region } from '../ir/region.ts'
import { PC_CACHE_BASE, STATE_BASE } from '../memory/layout.ts'
import * as W from './encoder.ts'
import { FIRST_REGION_FUNCTION, FN_LEAVE, Lowerer, type StateLayout, TYPE_REGION } from './lower.ts'

const MAGIC = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
const SECTION_TYPE = 1, SECTION_IMPORT = 2, SECTION_FUNCTION = 3, SECTION_EXPORT = 7, SECTION_ELEMENT = 9, SECTION_CODE = 10
const TYPE_IMPORTED = 1, TYPE_LEAVE = 2, TYPE_LEAVE_VALUE = 3

function section(out: W.Encoder, id: number, write: () => void): void {
  out.u8(id)
  const mark = out.openSized()
  write()
  out.closeSized(mark)
}

function types(out: W.Encoder): void {
  const i = W.TYPE_I32
  const signatures = [[i], [i, i, i], [i, i], [W.TYPE_I64]]
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
    out.u32(withBase ? 5 : 2)
    const entry = (name: string, ...description: number[]): void => {
      out.name('e')
      out.name(name)
      for (const byte of description) out.u8(byte)
    }
    entry('m', 2, 0, 1)
    entry('t', 1, 0x70, 0, 1)
    if (!withBase) return
    entry('b', 3, W.TYPE_I32, 0)
    entry('resolve', 0, TYPE_IMPORTED)
    entry('helper', 0, TYPE_IMPORTED)
  })
}

/** leave(kind, pc) and leave_value(pc): store where the guest goes on and give 1, what a region then returns. */
function leaveFunctions(out: W.Encoder, state: StateLayout): void {
  const body = (write: () => void): void => {
    const mark = out.openSized()
    out.u32(0)
    write()
    out.u8(W.I32_CONST)
    out.s32(1)
    out.u8(W.END)
    out.closeSized(mark)
  }
  const storePc = (get: () => void): void => {
    out.u8(W.I32_CONST)
    out.s32(0)
    get()
    out.u8(W.I64_STORE)
    out.u32(3)
    out.u32(STATE_BASE + state.pc)
  }
  body(() => {
    out.u8(W.I32_CONST)
    out.s32(0)
    out.u8(W.LOCAL_GET)
    out.u32(0)
    out.u8(W.I32_STORE)
    out.u32(2)
    out.u32(STATE_BASE + state.exitKind)
    storePc(() => {
      out.u8(W.LOCAL_GET)
      out.u32(1)
      out.u8(W.I64_EXTEND_U)
    })
  })
  body(() =>
    storePc(() => {
      out.u8(W.LOCAL_GET)
      out.u32(0)
    }),
  )
}

/** Builds the module of a batch: regions are added one at a time, so that one arena serves them all. */
export class ModuleBuilder {
  private readonly code = new W.Encoder()
  private readonly lowerer: Lowerer
  private readonly state: StateLayout
  private count = 0

  /** `functionAt` gives the place in the batch of the region at a guest pc, if it will be in this module. */
  constructor(state: StateLayout, functionAt: (pc: number) => number | undefined) {
    this.state = state
    this.lowerer = new Lowerer(this.code, {
      state,
      functionAt: (pc) => {
        const place = functionAt(pc)
        return place === undefined ? undefined : FIRST_REGION_FUNCTION + place
      },
    })
  }

  /** Lowers a region as the next function of the batch. */
  add(region: Region): void {
    this.lowerer.lower(region)
    this.count++
  }

  finish(): Uint8Array {
    const out = new W.Encoder()
    const { count } = this
    out.append(MAGIC)
    types(out)
    imports(out, true)
    section(out, SECTION_FUNCTION, () => {
      out.u32(count + 2)
      out.u8(TYPE_LEAVE)
      out.u8(TYPE_LEAVE_VALUE)
      for (let i = 0; i < count; i++) out.u8(TYPE_REGION)
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
      out.u32(count + 2)
      leaveFunctions(out, this.state)
      out.append(this.code.bytes.subarray(0, this.code.length))
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
  types(out)
  imports(out, false)
  section(out, SECTION_FUNCTION, () => {
    out.u32(1)
    out.u8(TYPE_LEAVE)
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
    const pc = 0, depth = 1, slot = 2
    const bytes = (...list: number[]): void => {
      for (const byte of list) out.u8(byte)
    }
    bytes(W.LOOP, W.TYPE_I32)
    bytes(W.LOCAL_GET, pc, W.LOCAL_GET, pc, W.I32_CONST, 14, W.I32_SHR_U, W.I32_XOR, W.I32_CONST, 3, W.I32_SHL, W.I32_CONST)
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

export { FN_LEAVE }

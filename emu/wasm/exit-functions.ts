/**
 * What regions call to leave: functions that store the dirty registers, so that an exit, of which there is one for nearly
 * every access to memory, is hardly more code than its operands.
 * Path: object.ts collects which are needed; module.ts writes them behind the regions.
 */

import { I32, I64, type Type, V128 } from '../ir/ops.ts'
import type { Variable } from '../ir/region.ts'
import { STATE_BASE } from '../memory/layout.ts'
import { hasVariable } from '../opt/dataflow.ts'
import * as W from './encoder.ts'
import { EXIT_TO_PC, type ExitWay, type GuestLayout, TYPE_REGION } from './lower.ts'
import { lookUpOrReturn, pushPlace } from './pc-cache.ts'

/** A function: the set of variables it stores, and how it leaves. */
export interface Exit {
  stored: Uint32Array
  way: ExitWay
}

export class ExitFunctions {
  private readonly variables: readonly Variable[]
  private readonly state: GuestLayout
  private readonly places = new Map<string, number>()
  private readonly exits: { stored: number[]; way: ExitWay }[] = []

  constructor(variables: readonly Variable[], state: GuestLayout) {
    this.variables = variables
    this.state = state
  }

  get count(): number {
    return this.exits.length
  }

  /** The place of a function among these. */
  placeOf({ stored: set, way }: Exit): number {
    const key = `${set},${way}`
    let place = this.places.get(key)
    if (place === undefined) {
      place = this.exits.length
      this.places.set(key, place)
      const stored: number[] = []
      for (let v = 0; v < this.variables.length; v++) if (hasVariable(set, v)) stored.push(v)
      this.exits.push({ stored, way })
    }
    return place
  }

  /** Parameter types of each function. */
  signatures(): number[][] {
    return this.exits.map(({ stored }) => [
      ...stored.map((v) => W.WASM_TYPES[this.variables[v]!.type]!),
      W.TYPE_I32,
      W.TYPE_I32,
    ])
  }

  /** Writes the functions' code entries. */
  bodies(out: W.Encoder): void {
    for (const { stored, way } of this.exits) {
      const mark = out.openSized()
      if (way === EXIT_TO_PC) this.toPc(out, stored)
      else this.toKernel(out, stored)
      out.u8(W.END)
      out.closeSized(mark)
    }
  }

  private toKernel(out: W.Encoder, stored: readonly number[]): void {
    out.u32(0)
    this.storeAll(out, stored)
    store(out, stored.length, I32, this.state.exitKind)
    store(out, stored.length + 1, I64, this.state.pc, true)
    out.u8(W.I32_CONST)
    out.s32(1)
  }

  private toPc(out: W.Encoder, stored: readonly number[]): void {
    const pc = stored.length
    const slot = pc + 2
    out.u32(1)
    out.u32(1)
    out.u8(W.TYPE_I32)
    this.storeAll(out, stored)
    lookUpOrReturn(out, pc, slot)
    out.u8(W.LOCAL_GET)
    out.u32(pc + 1)
    pushPlace(out, slot)
    out.u8(W.RETURN_CALL_INDIRECT)
    out.u32(TYPE_REGION)
    out.u8(0)
  }

  private storeAll(out: W.Encoder, stored: readonly number[]): void {
    stored.forEach((v, parameter) => {
      const { type, offset } = this.variables[v]!
      store(out, parameter, type, offset)
    })
  }
}

/** By type: i32.store, i64.store, f32.store, f64.store. */
const STORES = [W.I32_STORE, W.I64_STORE, 0x38, 0x39] as const

/** Stores a parameter in the state block. */
function store(out: W.Encoder, parameter: number, type: Type, offset: number, widen = false): void {
  out.u8(W.I32_CONST)
  out.s32(0)
  out.u8(W.LOCAL_GET)
  out.u32(parameter)
  if (widen) out.u8(W.I64_EXTEND_U)
  if (type === V128) {
    out.u8(0xfd)
    out.u32(11)
  } else out.u8(STORES[type])
  out.u32(0)
  out.u32(STATE_BASE + offset)
}

/**
 * Going on at a guest pc that is known only at run time: WebAssembly code that asks the pc cache.
 * Path: lower.ts writes it into regions, exit-functions.ts and module.ts into what leads from one region to another.
 */

import { PC_CACHE_BASE } from '../memory/layout.ts'
import * as W from './encoder.ts'

/** Makes local `slot` the pc cache's slot of the pc in local `pc` (as layout.ts's pcCacheSlot); returns the pc unless it is known there. */
export function lookUpOrReturn(out: W.Encoder, pc: number, slot: number): void {
  get(out, pc)
  get(out, pc)
  constant(out, 14)
  out.u8(W.I32_SHR_U)
  out.u8(W.I32_XOR)
  constant(out, 3)
  out.u8(W.I32_SHL)
  constant(out, 0x7fff8)
  out.u8(W.I32_AND)
  out.u8(W.LOCAL_TEE)
  out.u32(slot)
  load(out, PC_CACHE_BASE)
  get(out, pc)
  out.u8(W.I32_NE)
  out.u8(W.IF)
  out.u8(W.VOID)
  get(out, pc)
  out.u8(W.RETURN)
  out.u8(W.END)
}

/** Pushes the place in the table that a slot which was looked up holds. */
export function pushPlace(out: W.Encoder, slot: number): void {
  get(out, slot)
  load(out, PC_CACHE_BASE + 4)
}

function get(out: W.Encoder, local: number): void {
  out.u8(W.LOCAL_GET)
  out.u32(local)
}

function constant(out: W.Encoder, value: number): void {
  out.u8(W.I32_CONST)
  out.s32(value)
}

function load(out: W.Encoder, offset: number): void {
  out.u8(W.I32_LOAD)
  out.u32(2)
  out.u32(offset)
}

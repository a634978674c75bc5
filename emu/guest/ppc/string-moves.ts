/**
 * LSWI, LSWX, STSWI and STSWX: bytes of a string into or from words of registers, around from 31 to 0.
 * Path: a helper of storage.ts's rows. Reference: Power ISA, Book I, 3.3.6.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { PAGE_PW, PAGE_R, PAGE_SHARED } from '../../memory/layout.ts'
import { COMMON_STATE, MODE_PPC32, StateBlock } from '../../memory/state-block.ts'
import { EXIT_PAGE_FAULT, FAULT_WRITE } from '../../run/cpu.ts'
import { gprPlace, PPC_STATE } from './state.ts'

/** Bits of the extended opcode: LSWX is 533, LSWI 597, STSWX 661, STSWI 725. */
const IS_IMMEDIATE = 0x40
const IS_STORE = 0x80

/** Executes the instruction that `word` is. */
export function moveString(space: AddressSpace, word: number, pc: number): number {
  const state = new StateBlock(space)
  const mode = state.getU32(COMMON_STATE.mode)
  const [rt, ra, rb] = [(word >>> 21) & 31, (word >>> 16) & 31, (word >>> 11) & 31]
  const opcode = (word >>> 1) & 0x3ff
  const isImmediate = (opcode & IS_IMMEDIATE) !== 0
  const isStore = (opcode & IS_STORE) !== 0
  const base = ra === 0 ? 0n : state.getU64(gprPlace(ra))
  const index = isImmediate ? 0n : state.getU64(gprPlace(rb))
  const address = Number(BigInt.asUintN(mode === MODE_PPC32 ? 32 : 64, base + index))
  const count = isImmediate ? rb || 32 : state.getU32(PPC_STATE.xerCount)
  if (count === 0) return 0
  const refused = space.firstRefused(address, count, isStore ? PAGE_PW : PAGE_R)
  if (refused !== -1) return leave(state, EXIT_PAGE_FAULT, pc, refused, isStore ? FAULT_WRITE : 0)
  if (isStore) store(space, state, rt, address, count)
  else load(space, state, rt, address, count)
  return 0
}

function load(space: AddressSpace, state: StateBlock, rt: number, address: number, count: number): void {
  for (let k = 0; k < count; k += 4) {
    let word = 0
    for (let b = 0; b < 4; b++) word = (word << 8) | (k + b < count ? space.bytes[address + k + b]! : 0)
    state.setU64(gprPlace((rt + k / 4) & 31), BigInt(word >>> 0))
  }
}

function store(space: AddressSpace, state: StateBlock, rt: number, address: number, count: number): void {
  const special = space.beforeStore(address, count)
  for (let k = 0; k < count; k++) {
    const word = state.getU32(gprPlace((rt + (k >> 2)) & 31))
    space.bytes[address + k] = word >>> (24 - 8 * (k & 3))
  }
  if (special & PAGE_SHARED) space.observer.shared?.(address, count)
}

function leave(state: StateBlock, kind: number, pc: number, address: number, code: number): number {
  state.setU32(COMMON_STATE.exitKind, kind)
  state.setU32(COMMON_STATE.exitCode, code)
  state.setNumber(COMMON_STATE.exitAddress, address)
  state.setNumber(COMMON_STATE.pc, pc)
  return 1
}

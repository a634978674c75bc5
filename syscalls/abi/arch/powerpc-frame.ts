/**
 * The registers in signal frames of powerpc, as both word sizes have them: 48 words, 33 doublewords, vectors.
 * Linux <asm/ptrace.h>, <asm/sigcontext.h>, <asm/elf.h>.
 * Path: powerpc32-signal.ts and powerpc64-signal.ts.
 */

import { readCr, readXer, writeCr, writeXer } from '../../../emu/guest/ppc/cr.ts'
import { readFpscr, writeFpscr } from '../../../emu/guest/ppc/float/execute.ts'
import { gprPlace, PPC_STATE, vsrPlace } from '../../../emu/guest/ppc/state.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import type { SigInfo } from '../signal.ts'
import type { DataModel } from '../struct.ts'

const GPR_COUNT = 32
/** elf_gregset_t: what is behind the general registers, by PT_*. */
const PT_NIP = 32
const PT_MSR = 33
const PT_ORIG_R3 = 34
const PT_CTR = 35
const PT_LNK = 36
const PT_XER = 37
const PT_CCR = 38
const PT_TRAP = 40
const PT_DAR = 41
const PT_DSISR = 42

const FPR_COUNT = 32
const VECTOR_SIZE = 16
const VECTOR_COUNT = 32
export const FLOAT_SIZE = (FPR_COUNT + 1) * 8
/** Vectors and VSCR. */
export const VECTORS_SIZE = (VECTOR_COUNT + 1) * VECTOR_SIZE

/** Interrupts on, user mode, FPU, machine checks, translation, recoverable; vectors. */
const MSR_USER = 0xf032
const MSR_VEC = 0x0200_0000
const MSR_VSX = 0x0080_0000
const MSR_LE = 1
const MSR_SF = 1n << 63n

function msrOf({ wordSize, littleEndian }: DataModel): bigint {
  if (wordSize === 4) return BigInt(MSR_USER | MSR_VEC)
  return MSR_SF | BigInt(MSR_USER | MSR_VEC | MSR_VSX | (littleEndian ? MSR_LE : 0))
}

/** x86's vectors, by which the kernel knows faults. */
const PAGE_FAULT = 14
const FAULTS_OF_PROGRAM = new Set([3, 6, 16])
const ALIGNMENT_FAULT = 17
const FAULT_PRESENT = 1
const FAULT_WRITE = 2
const FAULT_FETCH = 16
const TRAP_DATA = 0x300
const TRAP_FETCH = 0x400
const TRAP_ALIGNMENT = 0x600
const TRAP_PROGRAM = 0x700
const TRAP_TIMER = 0x900
const DSISR_NOT_FOUND = 0x4000_0000
const DSISR_PROTECTION = 0x0800_0000
const DSISR_STORE = 0x0200_0000

/** Why the program was left, as an interrupt's address. */
function trapOf({ trapno, trapError }: SigInfo): number {
  if (trapno === PAGE_FAULT) return trapError & FAULT_FETCH ? TRAP_FETCH : TRAP_DATA
  if (trapno === ALIGNMENT_FAULT) return TRAP_ALIGNMENT
  return FAULTS_OF_PROGRAM.has(trapno) ? TRAP_PROGRAM : TRAP_TIMER
}

function dsisrOf({ trapno, trapError }: SigInfo): number {
  if (trapno !== PAGE_FAULT) return 0
  const why = trapError & FAULT_PRESENT ? DSISR_PROTECTION : DSISR_NOT_FOUND
  return why | (trapError & FAULT_WRITE ? DSISR_STORE : 0)
}

/** elf_gregset_t, at an address already checked and cleared. */
export function putGeneral(state: StateBlock, at: number, info: SigInfo, model: DataModel): void {
  const { view } = state.space
  const { wordSize, littleEndian } = model
  const put = (index: number, value: bigint): void => {
    if (wordSize === 8) view.setBigUint64(at + index * 8, value, littleEndian)
    else view.setUint32(at + index * 4, Number(value & 0xffff_ffffn), littleEndian)
  }
  for (let i = 0; i < GPR_COUNT; i++) put(i, state.getU64(gprPlace(i)))
  put(PT_NIP, state.getU64(PPC_STATE.pc))
  put(PT_MSR, msrOf(model))
  put(PT_ORIG_R3, state.getU64(PPC_STATE.origR3))
  put(PT_CTR, state.getU64(PPC_STATE.ctr))
  put(PT_LNK, state.getU64(PPC_STATE.lr))
  put(PT_XER, BigInt(readXer(state)))
  put(PT_CCR, BigInt(readCr(state)))
  put(PT_TRAP, BigInt(trapOf(info)))
  if (info.trapno === PAGE_FAULT || info.trapno === ALIGNMENT_FAULT) put(PT_DAR, BigInt(info.addr))
  put(PT_DSISR, BigInt(dsisrOf(info)))
}

export function takeGeneral(state: StateBlock, at: number, { wordSize, littleEndian }: DataModel): void {
  const { view } = state.space
  const get = (index: number): bigint =>
    wordSize === 8
      ? view.getBigUint64(at + index * 8, littleEndian)
      : BigInt(view.getUint32(at + index * 4, littleEndian))
  for (let i = 0; i < GPR_COUNT; i++) state.setU64(gprPlace(i), get(i))
  state.setU64(PPC_STATE.pc, get(PT_NIP) & ~3n)
  state.setU64(PPC_STATE.ctr, get(PT_CTR))
  state.setU64(PPC_STATE.lr, get(PT_LNK))
  writeXer(state, Number(get(PT_XER) & 0xffff_ffffn))
  writeCr(state, Number(get(PT_CCR) & 0xffff_ffffn))
}

/** elf_fpregset_t: doublewords 0 of the first vector-scalar registers, then FPSCR. */
export function putFloat(state: StateBlock, at: number, { littleEndian }: DataModel): void {
  const { view } = state.space
  for (let i = 0; i < FPR_COUNT; i++) view.setBigUint64(at + i * 8, state.getU64(vsrPlace(i)), littleEndian)
  view.setBigUint64(at + FPR_COUNT * 8, BigInt(readFpscr(state)), littleEndian)
}

export function takeFloat(state: StateBlock, at: number, { littleEndian }: DataModel): void {
  const { view } = state.space
  for (let i = 0; i < FPR_COUNT; i++) state.setU64(vsrPlace(i), view.getBigUint64(at + i * 8, littleEndian))
  writeFpscr(state, Number(view.getBigUint64(at + FPR_COUNT * 8, littleEndian) & 0xffff_ffffn))
}

/** Where a vector in memory has its doubleword 0. */
const firstHalfAt = ({ littleEndian }: DataModel): number => (littleEndian ? 8 : 0)

/** elf_vrregset_t: the vector registers, and VSCR in the last word of one more. */
export function putVectors(state: StateBlock, at: number, model: DataModel): void {
  const { view } = state.space
  const { littleEndian } = model
  const first = firstHalfAt(model)
  for (let i = 0; i < VECTOR_COUNT; i++) {
    const place = vsrPlace(FPR_COUNT + i)
    const to = at + i * VECTOR_SIZE
    view.setBigUint64(to + first, state.getU64(place), littleEndian)
    view.setBigUint64(to + (first ^ 8), state.getU64(place + 8), littleEndian)
  }
  const vscr = at + VECTOR_COUNT * VECTOR_SIZE
  view.setUint32(vscr + (littleEndian ? 0 : 12), state.getU32(PPC_STATE.vscr), littleEndian)
}

export function takeVectors(state: StateBlock, at: number, model: DataModel): void {
  const { view } = state.space
  const { littleEndian } = model
  const first = firstHalfAt(model)
  for (let i = 0; i < VECTOR_COUNT; i++) {
    const place = vsrPlace(FPR_COUNT + i)
    const from = at + i * VECTOR_SIZE
    state.setU64(place, view.getBigUint64(from + first, littleEndian))
    state.setU64(place + 8, view.getBigUint64(from + (first ^ 8), littleEndian))
  }
  const vscr = at + VECTOR_COUNT * VECTOR_SIZE
  state.setU32(PPC_STATE.vscr, view.getUint32(vscr + (littleEndian ? 0 : 12), littleEndian))
}

/** Doublewords 1 of the registers that are not vector registers. */
export function putLowHalves(state: StateBlock, at: number, { littleEndian }: DataModel): void {
  const { view } = state.space
  for (let i = 0; i < FPR_COUNT; i++)
    view.setBigUint64(at + i * 8, state.getU64(vsrPlace(i) + 8), littleEndian)
}

export function takeLowHalves(state: StateBlock, at: number, { littleEndian }: DataModel): void {
  const { view } = state.space
  for (let i = 0; i < FPR_COUNT; i++)
    state.setU64(vsrPlace(i) + 8, view.getBigUint64(at + i * 8, littleEndian))
}

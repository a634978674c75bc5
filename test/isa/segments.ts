/**
 * Segments of test cases: the descriptors that both sides have, the selectors a case begins with, and operands that hold
 * selectors and far pointers. A state keeps its selectors where the FXSAVE area is the program's own: native/runner.c.
 */

import type { Mode } from '../../emu/guest/x86/row.ts'
import {
  loadSegment,
  selectorOf,
  setLdtDescriptor,
  setTlsDescriptor,
  startSegments,
} from '../../emu/guest/x86/segments.ts'
import { CS, DS, ES, FS, GS, SS } from '../../emu/guest/x86/state.ts'
import type { AddressSpace } from '../../emu/memory/address-space.ts'
import type { Insn } from './encode.ts'
import { CODE, CODE_SIZE, DATA, DATA_SIZE, FX_AT } from './layout.ts'
import type { Random } from './random.ts'

/** Where a state has selectors: u16 1, then by the runner's order; a result has vector and error code behind them. */
const MARK_AT = FX_AT + 416
/** Behind what a result has there. */
export const SELECTORS_END = MARK_AT + 18
const ORDER = [ES, CS, SS, DS, FS, GS]
const VECTOR_AT = MARK_AT + 14
const ERROR_AT = MARK_AT + 16

interface UserDescriptor {
  base: number
  limit: number
  is32: 0 | 1
  /** 0 data, 1 data that expands down, 2 code, 3 conforming code. */
  contents: number
  /** Data that may only be read, or code that may not be read. */
  only: 0 | 1
  pages: 0 | 1
  absent: 0 | 1
}

const descriptor = (
  base: number,
  limit: number,
  is32: 0 | 1,
  contents: number,
  only: 0 | 1,
  pages: 0 | 1,
  absent: 0 | 1,
): UserDescriptor => ({ base, limit, is32, contents, only, pages, absent })

/** As the runner makes them by modify_ldt. */
const LDT = [
  descriptor(0, 0xfffff, 1, 0, 0, 1, 0),
  descriptor(0x10, 0xfffff, 1, 0, 0, 1, 0),
  descriptor(DATA - 0x40, 0x83f, 1, 0, 0, 0, 0),
  descriptor(0x20, 0xfffff, 1, 0, 1, 1, 0),
  descriptor(DATA - 0x800, 0xbff, 1, 1, 0, 0, 0),
  descriptor(DATA - 0x800, 0xbff, 0, 1, 0, 0, 0),
  descriptor(0, 0xfffff, 1, 0, 0, 1, 1),
  descriptor(0, 0xfffff, 1, 2, 0, 1, 0),
  descriptor(0x30, 0xfffff, 1, 2, 1, 1, 0),
  descriptor(CODE + 0x2000, 0x805, 1, 2, 0, 0, 0),
  descriptor(0x50, 0xfffff, 1, 2, 0, 1, 0),
  descriptor(0, 0xfffff, 1, 3, 0, 1, 1),
]
/** Most offsets that reach the data page are negative. */
const TLS = descriptor(DATA + 0x800, 0xfffff, 1, 0, 0, 1, 0)

// Selectors of the LDT's entries by what they are.
const FLAT = 0x07,
  BASED = 0x0f,
  LIMITED = 0x17,
  READ_ONLY = 0x1f,
  DOWN = 0x27,
  DOWN16 = 0x2f,
  ABSENT = 0x37,
  CODE_FLAT = 0x3f,
  CODE_ONLY = 0x47,
  CODE_LIMITED = 0x4f,
  CODE_BASED = 0x57,
  CONFORMING_ABSENT = 0x5f
const TLS_SELECTOR = 0x63
/** Where CODE_LIMITED ends some bytes behind the case's first instruction. */
const LIMITED_ADDRESS = CODE + 0x2800

/** What any data segment register may hold. */
const DATA_SELECTORS = [0x2b, 0x23, 0x33, FLAT, BASED, LIMITED, READ_ONLY, DOWN, DOWN16, CODE_FLAT, CODE_BASED, TLS_SELECTOR, 0] // biome-ignore format: a list
const STACK_SELECTORS = [0x2b, 0x2b, FLAT, BASED, LIMITED, DOWN]
const BAD_SELECTORS = [1, 3, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30, 0x05, 0x0d, 0x2a, 0x40, 0x50, 0x6b, 0x73, 0x80, 0x83, 0x67, 0xfff7, ABSENT, CODE_ONLY, CODE_LIMITED, CONFORMING_ABSENT] // biome-ignore format: a list
/** Code that a mode may go to; what would change the mode is not tested. */
const CODE_SELECTORS: Record<Mode, number[]> = {
  32: [0x23, 0x23, CODE_FLAT, CODE_BASED, CODE_ONLY, CODE_LIMITED],
  64: [0x33],
}
const NO_CODE = [0, 3, 0x08, 0x10, 0x18, 0x2b, FLAT, ABSENT, CONFORMING_ABSENT, 0x67, 0x6b, 0x83, 0xfff7]

const lowHalf = ({ base, limit }: UserDescriptor): number => (limit & 0xffff) | (base << 16)
function highHalf({ base, limit, is32, contents, only, pages, absent }: UserDescriptor): number {
  const type = 1 | ((1 - only) << 1) | (contents << 2)
  const access = (type << 8) | 0x7000 | (absent ? 0 : 0x8000)
  const size = (limit & 0xf0000) | 0x10_0000 | (is32 << 22) | (pages << 23)
  return ((base >>> 16) & 0xff) | (base & 0xff00_0000) | access | size
}

/** Gives a process the descriptors. */
export function makeDescriptors(space: AddressSpace, mode: Mode): void {
  startSegments(space, mode)
  for (const [index, made] of LDT.entries()) setLdtDescriptor(space, index, lowHalf(made), highHalf(made))
  setTlsDescriptor(space, 0, lowHalf(TLS), highHalf(TLS))
}

/** Selectors in the order of segment registers. */
export type Selectors = readonly number[]

/** What cases that do not say begin with. */
export const usual = (mode: Mode): Selectors => [0x2b, mode === 32 ? 0x23 : 0x33, 0x2b, 0x2b, 0, 0]

/** Random selectors for a case whose first instruction lies at an address. */
export function randomSelectors(random: Random, mode: Mode, address: number): Selectors {
  const data = (): number => (random.chance(2) ? 0x2b : random.pick(DATA_SELECTORS))
  const code = random.pick(CODE_SELECTORS[mode])
  const isOutside = code === CODE_LIMITED && address !== LIMITED_ADDRESS
  return [
    data(),
    isOutside ? 0x23 : code,
    random.pick(STACK_SELECTORS),
    data(),
    random.pick(DATA_SELECTORS),
    random.pick(DATA_SELECTORS),
  ]
}

/** Where a segment begins, as a mode sees it. */
export function baseOf(selectors: Selectors, segment: number, mode: Mode): number {
  const selector = selectors[segment]!
  if (mode === 64 && segment < FS) return 0
  if (selector === TLS_SELECTOR) return TLS.base
  return selector & 4 ? LDT[selector >> 3]!.base : 0
}

// ---- in states and results

export function writeSelectors(state: DataView, selectors: Selectors): void {
  state.setUint16(MARK_AT, 1, true)
  for (const [k, segment] of ORDER.entries()) state.setUint16(MARK_AT + 2 + 2 * k, selectors[segment]!, true)
}

/** A state's or a result's selectors; null when it does not say. */
export function readSelectors(state: DataView): Selectors | null {
  if (state.getUint16(MARK_AT, true) !== 1) return null
  return ORDER.map((_, k) => state.getUint16(MARK_AT + 2 + 2 * k, true))
}

export const readException = (result: DataView): { vector: number; error: number } => ({
  vector: result.getUint16(VECTOR_AT, true),
  error: result.getUint16(ERROR_AT, true),
})

/** Loads a case's selectors into a process. */
export function loadSelectors(space: AddressSpace, state: DataView, mode: Mode): void {
  for (const [segment, selector] of (readSelectors(state) ?? usual(mode)).entries())
    if (loadSegment(space, segment, selector) !== 0) throw new Error(`selector ${selector} cannot be loaded`)
}

export function keepSelectors(space: AddressSpace, result: DataView, vector: number, error: number): void {
  writeSelectors(
    result,
    ORDER.map((segment) => selectorOf(space, segment)),
  )
  result.setUint16(VECTOR_AT, vector, true)
  result.setUint16(ERROR_AT, error, true)
}

// ---- operands

/** Rows that load selectors, or look at what one names; those that jump by a far pointer are among them. */
export const usesSelectors = ({ row, reg }: Insn): boolean =>
  /^(LES|LDS|LSS|LFS|LGS|LAR|LSL|VERR|VERW|RETF|IRET|JMPF|CALLF)$/.test(row!.mnemonic) ||
  (row!.mnemonic === 'MOV' && (row!.opcode === 0x8e || row!.opcode === 0x8c) && reg >= 0) ||
  (row!.mnemonic === 'POP' && row!.flow === 'exit')

const loadsStack = ({ row, reg }: Insn): boolean =>
  row!.mnemonic === 'LSS' ||
  (row!.mnemonic === 'POP' && row!.opcode === 0x17) ||
  (row!.opcode === 0x8e && (reg & 7) === SS)

/** A selector for an instruction to load. */
export function operandSelector(random: Random, insn: Insn): number {
  const selector = random.pick(random.chance(3) ? BAD_SELECTORS : DATA_SELECTORS)
  // 16-bit stacks are not there.
  return loadsStack(insn) && insn.mode === 32 && selector === DOWN16 ? FLAT : selector
}

const codeSelector = (random: Random, mode: Mode): number =>
  random.pick(random.chance(3) ? NO_CODE : CODE_SELECTORS[mode])

/** A far pointer that may be jumped to, and the selector's segment. */
function farPointer(random: Random, mode: Mode): [offset: number, selector: number] {
  const selector = codeSelector(random, mode)
  const isTable = (selector & 4) !== 0 && selector >> 3 < LDT.length && mode === 32
  const base = isTable ? LDT[selector >> 3]!.base : 0
  return [CODE + random.below(CODE_SIZE) - base, selector]
}

/** The immediate of a direct far jump. */
export function farImmediate(random: Random, sizeBytes: number): number[] {
  const [offset, selector] = farPointer(random, 32)
  const bytes = Array.from({ length: sizeBytes }, (_, k) => (offset >> (8 * k)) & 0xff)
  return [...bytes, selector & 0xff, selector >> 8]
}

/** Bytes between the far pointers of a page. */
export const FAR_STRIDE = 48

/** A page of selectors, or of far pointers and what IRET finds behind them. */
export function fillSelectors(random: Random, insn: Insn, page: DataView): void {
  const { mnemonic } = insn.row!
  const isFar = /^(RETF|IRET|JMPF|CALLF)$/.test(mnemonic)
  if (!isFar) {
    for (let at = 0; at < DATA_SIZE; at += 2) page.setUint16(at, operandSelector(random, insn), true)
    return
  }
  const bytes = insn.size / 8
  const put = (at: number, value: number): void => {
    for (let k = 0; k < bytes; k++) page.setUint8(at + k, Math.floor(value / 2 ** (8 * k)) & 0xff)
  }
  for (let at = 0; at + FAR_STRIDE <= DATA_SIZE; at += FAR_STRIDE) {
    const [offset, selector] = farPointer(random, insn.mode)
    const flags = (random.u32() & 0x8d5) | 0x202 | (random.chance(4) ? 0x400 : 0)
    const stack = random.pick(random.chance(3) ? BAD_SELECTORS : STACK_SELECTORS)
    const values = [offset, selector, flags, DATA + random.below(DATA_SIZE), stack]
    for (const [k, value] of values.entries()) put(at + k * bytes, value)
  }
}

/**
 * Segments: descriptors of the GDT (Linux's, with three of the thread's own) and of the process's LDT, what loading a
 * selector does, and which accesses a segment allows.
 * Path: instructions load selectors through here (segment-helpers.ts); so does the kernel: exec, set_thread_area,
 * modify_ldt, sigreturn. Reference: Intel SDM vol. 3, 3.4, 5.2 to 5.8; Linux arch/x86/include/asm/segment.h.
 *
 * Translated code assumes that ES, CS, SS and DS begin at 0 and reach to 4 GiB, and of FS and GS only their base. Whether
 * that holds is decided here whenever a selector is loaded (`segmented`); where not, the process is interpreted with a
 * check of the segment at each access. FS and GS may also be null, as they mostly are: their base is then one that no
 * check lets pass. In 64-bit mode only the bases of FS and GS count.
 *
 * The state block's pc is an address, also in a code segment that does not begin at 0: see instructionPointer.
 * Not there: 16-bit code and stack segments, and changing between 32-bit and 64-bit mode. Loading such a selector is
 * refused with #GP. Near branches with a 16-bit operand are cut as if the code segment began at 0.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { LDT_BASE, LDT_COUNT_MAX, STATE_BASE } from '../../memory/layout.ts'
import { MODE_I386, MODE_X86_64 } from '../../memory/state-block.ts'
import type { Mode } from './row.ts'
import { CS, DS, ES, FS, GS, SEGMENT_CACHE, SEGMENT_CACHE_SIZE, SS, X86_STATE } from './state.ts'

/** Linux's selectors for user mode. */
export const USER32_CS = 0x23
export const USER_DS = 0x2b
export const USER64_CS = 0x33
/** The thread's own descriptors in the GDT: the first index, and how many. */
export const GDT_TLS_MIN = 12
export const GDT_TLS_COUNT = 3

// Vectors of the exceptions that loading a selector can raise.
const NP = 11,
  SS_FAULT = 12,
  GP = 13

/** A base for null FS and GS in 32-bit mode: with any offset it lies beyond what a check lets pass. */
const UNUSABLE_BASE = 0x2_0000_0000

// A descriptor's upper half.
const ACCESSED_TYPE = 0xf00
const TYPE_CODE = 0x800
/** Data: expands down. Code: conforming. */
const TYPE_DOWN = 0x400
/** Data: may be written. Code: may be read. */
const TYPE_RW = 0x200
const S = 0x1000
const DPL_SHIFT = 13
const P = 0x8000
const L = 0x20_0000
const DB = 0x40_0000
const G = 0x80_0000
/** What LAR shows, on AMD's CPUs with four bits of the limit, and what a segment register keeps. */
const RIGHTS_MASK = 0xffff00

/** Linux's GDT without what is the thread's: lower and upper half by index; 0: not there for a program. */
const GDT: readonly (readonly [number, number])[] = [
  [0, 0],
  [0x0000_ffff, 0x00cf_9b00],
  [0x0000_ffff, 0x00af_9b00],
  [0x0000_ffff, 0x00cf_9300],
  [0x0000_ffff, 0x00cf_fb00],
  [0x0000_ffff, 0x00cf_f300],
  [0x0000_ffff, 0x00af_fb00],
]
/** Its limit is CPU and node, both 0 here. */
const CPUNODE_INDEX = 15
const CPUNODE: readonly [number, number] = [0, 0x0040_f500]

/** A segment descriptor, taken apart. */
export interface Descriptor {
  readonly base: number
  /** The last offset; in a segment that expands down, the last one that is not its. */
  readonly limit: number
  readonly kind: 'data' | 'code' | 'system'
  readonly isPresent: boolean
  readonly dpl: number
  /** The B or D bit. */
  readonly is32: boolean
  /** The L bit. */
  readonly is64: boolean
  /** Type, S, DPL, P, AVL, L, D and G where a descriptor's upper half has them, as LAR shows them. */
  readonly rights: number
}

const at = (field: number): number => STATE_BASE + field
const cacheAt = (segment: number): number => at(X86_STATE.segments) + segment * SEGMENT_CACHE_SIZE

/** Where the thread's or the process's descriptor of a selector lies in the Memory; -1: it is none of these. */
function placeOf(space: AddressSpace, selector: number): number {
  const index = selector >> 3
  if (selector & 4) return index < ldtCount(space) ? LDT_BASE + 8 * index : -1
  const tls = index - GDT_TLS_MIN
  return tls >= 0 && tls < GDT_TLS_COUNT ? at(X86_STATE.tls) + 8 * tls : -1
}

/** The two halves of a selector's descriptor; null: beyond its table, or the null selector. */
function rawDescriptor(space: AddressSpace, selector: number): readonly [number, number] | null {
  if ((selector & 0xfffc) === 0) return null
  const place = placeOf(space, selector)
  if (place >= 0) return [space.view.getUint32(place, true), space.view.getUint32(place + 4, true)]
  if (selector & 4) return null
  const index = selector >> 3
  return index === CPUNODE_INDEX ? CPUNODE : (GDT[index] ?? null)
}

/** The descriptor a selector names, whether it may be loaded or not; null: beyond its table, or the null selector. */
export function readDescriptor(space: AddressSpace, selector: number): Descriptor | null {
  const raw = rawDescriptor(space, selector)
  if (raw === null) return null
  const [low, high] = raw
  const limit = (low & 0xffff) | (high & 0xf_0000)
  return {
    base: ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff00_0000)) >>> 0,
    limit: high & G ? ((limit << 12) | 0xfff) >>> 0 : limit,
    kind: high & S ? (high & TYPE_CODE ? 'code' : 'data') : 'system',
    isPresent: (high & P) !== 0,
    dpl: (high >> DPL_SHIFT) & 3,
    is32: (high & DB) !== 0,
    is64: (high & L) !== 0,
    rights: high & RIGHTS_MASK,
  }
}

const isMode32 = (space: AddressSpace): boolean =>
  space.view.getUint32(at(X86_STATE.mode), true) === MODE_I386

/** The selector in a segment register. */
export const selectorOf = (space: AddressSpace, segment: number): number =>
  space.view.getUint16(at(X86_STATE.selectors) + 2 * segment, true)

/** Where a segment begins. */
export function segmentBase(space: AddressSpace, segment: number): number {
  const { view } = space
  if (segment < FS) return view.getUint32(cacheAt(segment) + SEGMENT_CACHE.base, true)
  const base = Number(view.getBigUint64(at(segment === FS ? X86_STATE.fsBase : X86_STATE.gsBase), true))
  return base === UNUSABLE_BASE && isMode32(space) ? 0 : base
}

/** EIP or RIP: the offset in the code segment, which is what signal frames and the like show. */
export const instructionPointer = (space: AddressSpace): bigint => {
  const pc = space.view.getBigUint64(at(X86_STATE.pc), true)
  return isMode32(space) ? BigInt.asUintN(32, pc - BigInt(segmentBase(space, CS))) : pc
}

/** Goes on at an offset in the code segment, once CS is loaded. */
export function setInstructionPointer(space: AddressSpace, pointer: bigint): void {
  const pc = isMode32(space) ? BigInt.asUintN(32, pointer + BigInt(segmentBase(space, CS))) : pointer
  space.view.setBigUint64(at(X86_STATE.pc), pc, true)
}

// ---- loading

/**
 * Loads a segment register as the CPU does in user mode. 0, or the exception instead, and nothing is changed: vector <<
 * 16 | error code, as exitCode of EXIT_EXCEPTION has it.
 */
export function loadSegment(space: AddressSpace, segment: number, selector: number): number {
  const isNull = (selector & 0xfffc) === 0
  if (isNull && segment !== CS && segment !== SS) {
    keep(space, segment, selector, null)
    return 0
  }
  const refusal = (GP << 16) | (selector & 0xfffc)
  const found = readDescriptor(space, selector)
  if (found === null || !mayLoad(segment, selector, found)) return refusal
  if (!found.isPresent) return ((segment === SS ? SS_FAULT : NP) << 16) | (selector & 0xfffc)
  if (!isServed(space, segment, found)) return refusal
  keep(space, segment, selector, found)
  return 0
}

/** Whether type and privilege allow it. */
function mayLoad(segment: number, selector: number, { kind, dpl, rights }: Descriptor): boolean {
  const rpl = selector & 3
  if (segment === CS) return kind === 'code' && rpl === 3 && ((rights & TYPE_DOWN) !== 0 || dpl === 3)
  if (segment === SS) return kind === 'data' && (rights & TYPE_RW) !== 0 && rpl === 3 && dpl === 3
  if (kind === 'code') return (rights & TYPE_RW) !== 0 && ((rights & TYPE_DOWN) !== 0 || dpl === 3)
  return kind === 'data' && dpl === 3
}

/** Whether it is none of the segments that are not there: code of another mode, 16-bit code and stacks. */
function isServed(space: AddressSpace, segment: number, { is32, is64 }: Descriptor): boolean {
  if (segment === CS) return isMode32(space) ? is32 && !is64 : is64
  return segment !== SS || is32 || !isMode32(space)
}

/** Puts a selector and its descriptor into a segment register; null: a segment that allows nothing. */
function keep(space: AddressSpace, segment: number, selector: number, found: Descriptor | null): void {
  const { view } = space
  const cache = cacheAt(segment)
  view.setUint16(at(X86_STATE.selectors) + 2 * segment, selector, true)
  view.setUint32(cache + SEGMENT_CACHE.limit, found?.limit ?? 0, true)
  view.setUint32(cache + SEGMENT_CACHE.rights, found?.rights ?? 0, true)
  if (segment < FS) view.setUint32(cache + SEGMENT_CACHE.base, found?.base ?? 0, true)
  else {
    const base = found?.base ?? (isMode32(space) ? UNUSABLE_BASE : 0)
    view.setBigUint64(at(segment === FS ? X86_STATE.fsBase : X86_STATE.gsBase), BigInt(base), true)
  }
  view.setUint32(at(X86_STATE.segmented), isMode32(space) && !isFlat(space) ? 1 : 0, true)
}

/** Whether translated code serves the segments as they are. */
function isFlat(space: AddressSpace): boolean {
  for (let segment = ES; segment <= GS; segment++) {
    const rights = space.view.getUint32(cacheAt(segment) + SEGMENT_CACHE.rights, true)
    if (rights === 0 && segment >= FS) continue
    const wanted = segment === CS ? P | TYPE_CODE | TYPE_RW : P | TYPE_RW
    const limit = space.view.getUint32(cacheAt(segment) + SEGMENT_CACHE.limit, true)
    if ((rights & (P | TYPE_CODE | TYPE_RW)) !== wanted || limit !== 0xffff_ffff) return false
    if (segment !== CS && rights & TYPE_DOWN) return false
    if (segment < FS && segmentBase(space, segment) !== 0) return false
  }
  return true
}

/** The segments of a program that starts in a mode; the thread's descriptors and the LDT are empty. */
export function startSegments(space: AddressSpace, mode: Mode): void {
  const { view } = space
  view.setUint32(at(X86_STATE.mode), mode === 32 ? MODE_I386 : MODE_X86_64, true)
  view.setUint32(at(X86_STATE.ldtCount), 0, true)
  space.bytes.fill(0, at(X86_STATE.tls), at(X86_STATE.tls) + 8 * GDT_TLS_COUNT)
  const data = mode === 32 ? USER_DS : 0
  loadSegment(space, CS, mode === 32 ? USER32_CS : USER64_CS)
  loadSegment(space, SS, USER_DS)
  loadSegment(space, DS, data)
  loadSegment(space, ES, data)
  loadSegment(space, FS, 0)
  loadSegment(space, GS, 0)
}

/**
 * Loads again what the descriptors of `selectors` were loaded into, as Linux does behind set_thread_area and modify_ldt,
 * and when it switches to a thread: data segments that may no longer be loaded become null; the return to the program
 * raises the exception of CS or SS, which is the result as in loadSegment.
 */
export function reloadSegments(space: AddressSpace, selectors: (selector: number) => boolean): number {
  let exception = 0
  for (let segment = ES; segment <= GS; segment++) {
    const selector = selectorOf(space, segment)
    if (!selectors(selector)) continue
    const refused = loadSegment(space, segment, selector)
    if (refused === 0) continue
    if (segment === CS || segment === SS) exception ||= refused
    else loadSegment(space, segment, 0)
  }
  return exception
}

// ---- the tables

/** One of the thread's own descriptors, 0 to 2: lower and upper half. */
export const tlsDescriptor = ({ view }: AddressSpace, index: number): [low: number, high: number] => {
  const place = at(X86_STATE.tls) + 8 * index
  return [view.getUint32(place, true), view.getUint32(place + 4, true)]
}

/** Sets one of the thread's own descriptors, 0 to 2, as the CPU has it. Behind it: reloadSegments. */
export function setTlsDescriptor(space: AddressSpace, index: number, low: number, high: number): void {
  setHalves(space, at(X86_STATE.tls) + 8 * index, low, high)
}

/** How many descriptors the process's LDT has; 0: there is none. */
export const ldtCount = (space: AddressSpace): number => space.view.getUint32(at(X86_STATE.ldtCount), true)

/** Sets a descriptor of the LDT, below LDT_COUNT_MAX; those before it come to be with it. Behind it: reloadSegments. */
export function setLdtDescriptor(space: AddressSpace, index: number, low: number, high: number): void {
  const count = ldtCount(space)
  if (index >= LDT_COUNT_MAX) throw new Error('beyond the LDT')
  if (index >= count) {
    space.bytes.fill(0, LDT_BASE + 8 * count, LDT_BASE + 8 * index)
    space.view.setUint32(at(X86_STATE.ldtCount), index + 1, true)
  }
  setHalves(space, LDT_BASE + 8 * index, low, high)
}

function setHalves({ view }: AddressSpace, place: number, low: number, high: number): void {
  view.setUint32(place, low, true)
  view.setUint32(place + 4, high, true)
}

// ---- accesses

export const ACCESS_READ = 0
export const ACCESS_WRITE = 1
/** Instruction fetch, and CLFLUSH. */
export const ACCESS_FETCH = 2

/** Whether a segment of 32-bit mode allows an access of so many bytes at an offset. */
export function allowsAccess(
  { view }: AddressSpace,
  segment: number,
  offset: number,
  sizeBytes: number,
  access: number,
): boolean {
  const cache = cacheAt(segment)
  const rights = view.getUint32(cache + SEGMENT_CACHE.rights, true)
  const limit = view.getUint32(cache + SEGMENT_CACHE.limit, true)
  const isCode = (rights & TYPE_CODE) !== 0
  if (!(rights & P) || (access === ACCESS_WRITE && isCode)) return false
  if (!(rights & TYPE_RW) && (access === ACCESS_WRITE || (access === ACCESS_READ && isCode))) return false
  const last = offset + sizeBytes - 1
  if (isCode || !(rights & TYPE_DOWN)) return last <= limit
  return offset > limit && last <= (rights & DB ? 0xffff_ffff : 0xffff)
}

/** LAR, LSL, VERR and VERW: whether the program may see the descriptor; with it then, what they look at. */
export function visibleDescriptor(space: AddressSpace, selector: number): Descriptor | null {
  const found = readDescriptor(space, selector)
  if (found === null) return null
  const isConforming = found.kind === 'code' && (found.rights & TYPE_DOWN) !== 0
  const isEmpty = (found.rights & (S | ACCESSED_TYPE)) === 0
  return !isEmpty && (isConforming || found.dpl === 3) ? found : null
}

/** VERR and VERW. */
export function allowsKind({ kind, rights }: Descriptor, access: number): boolean {
  if (kind === 'system') return false
  const isCode = kind === 'code'
  if (access === ACCESS_WRITE) return !isCode && (rights & TYPE_RW) !== 0
  return !isCode || (rights & TYPE_RW) !== 0
}

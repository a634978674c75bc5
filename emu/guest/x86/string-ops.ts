/**
 * MOVS, STOS, LODS, SCAS and CMPS, with and without REP, on the registers in the state block.
 * Long moves and fills go a page at a time; a fault leaves the registers at the iteration that faulted, as the
 * hardware does. Reference: Intel SDM vol. 2, "REP/REPE/REPZ/REPNE/REPNZ".
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import {
  GUEST_MAX,
  PAGE_PW,
  PAGE_R,
  PAGE_SHARED,
  PAGE_SHIFT,
  PAGE_SIZE,
  PAGE_W,
  STATE_BASE,
} from '../../memory/layout.ts'
import { MODE_I386 } from '../../memory/state-block.ts'
import { EXIT_BUDGET, EXIT_PAGE_FAULT, EXIT_PROTECTION, EXIT_STACK, FAULT_WRITE } from '../../run/cpu.ts'
import { CC_SUB } from './flags.ts'
import { ACCESS_READ, ACCESS_WRITE, allowsAccess, segmentBase } from './segments.ts'
import { ES, FS, SS, X86_STATE } from './state.ts'

export const STRING_MOVS = 0,
  STRING_STOS = 1,
  STRING_LODS = 2,
  STRING_SCAS = 3,
  STRING_CMPS = 4
/** Iterations at a time; then the instruction is left and entered again, so that it can be preempted. */
const ITERATIONS_MAX = 1 << 20

const REG = (n: number): number => STATE_BASE + X86_STATE.gpr + 8 * n
const RAX = REG(0),
  RCX = REG(1),
  RSI = REG(6),
  RDI = REG(7)

/** The operands of one execution, unpacked. */
interface StringRun {
  space: AddressSpace
  operation: number
  sizeBytes: number
  /** +size or -size by DF. */
  step: number
  /** Of 64, 32 or 16 bits. */
  addressSize: number
  /** Whether addresses with a segment's base are cut to 32 bits. */
  isMode32: boolean
  /** The segment of the source; the target's is ES. */
  segment: number
  /** Whether the segments have to be asked. */
  isSegmented: boolean
  sourceBase: number
  targetBase: number
  pc: number
}

/** Helper: `argument` as insts/control.ts packs it. */
export function runString(space: AddressSpace, argument: number, pc: number): number {
  const { view } = space
  const sizeBytes = 1 << ((argument >> 4) & 3)
  const segment = (argument >> 16) & 7
  const isMode32 = view.getUint32(STATE_BASE + X86_STATE.mode, true) === MODE_I386
  const isSegmented =
    isMode32 && (segment >= FS || view.getUint32(STATE_BASE + X86_STATE.segmented, true) !== 0)
  const run: StringRun = {
    space,
    operation: argument & 15,
    sizeBytes,
    step: view.getUint32(STATE_BASE + X86_STATE.df, true) ? -sizeBytes : sizeBytes,
    addressSize: (argument >> 20) & 0xff,
    isMode32,
    segment,
    isSegmented,
    sourceBase: isSegmented || segment >= FS ? segmentBase(space, segment) : 0,
    targetBase: isSegmented ? segmentBase(space, ES) : 0,
    pc,
  }
  const rep = (argument >> 8) & 0xff
  if (rep === 0) return once(run)
  return repeat(run, rep)
}

function repeat(run: StringRun, rep: number): number {
  const { space, operation } = run
  let left = counter(run)
  const comparing = operation === STRING_SCAS || operation === STRING_CMPS
  for (let done = 0; left > 0; ) {
    if (done >= ITERATIONS_MAX) return leave(run, EXIT_BUDGET, 0, 0)
    const stores = operation === STRING_MOVS || operation === STRING_STOS
    // 16-bit addresses wrap early, and are rare, as are segments that are not flat.
    const bulk =
      stores && run.addressSize !== 16 && !run.isSegmented
        ? block(run, left) || plainElements(run, Math.min(left, ITERATIONS_MAX))
        : 0
    if (bulk > 0) {
      left -= bulk
      done += bulk
    } else {
      if (once(run) !== 0) return 1
      left--
      done++
    }
    setCounter(run, left)
    if (comparing && equalFlag(space) !== (rep === 0xf3)) break
  }
  return 0
}

const counter = (run: StringRun): number => read(run, RCX)

/** A register as counts and addresses are wide: exact below 2^53, and beyond guest memory where it is not. */
function read({ space: { view }, addressSize }: StringRun, register: number): number {
  if (addressSize === 16) return view.getUint16(register, true)
  const low = view.getUint32(register, true)
  return addressSize === 32 ? low : view.getUint32(register + 4, true) * 0x1_0000_0000 + low
}

function setCounter(run: StringRun, left: number): void {
  const { view } = run.space
  if (run.addressSize === 16) {
    view.setUint16(RCX, left, true)
    return
  }
  view.setUint32(RCX, left >>> 0, true)
  view.setUint32(RCX + 4, Math.floor(left / 0x1_0000_0000), true)
}

const equalFlag = (space: AddressSpace): boolean =>
  space.view.getBigUint64(STATE_BASE + X86_STATE.ccDst, true) ===
  space.view.getBigUint64(STATE_BASE + X86_STATE.ccSrc, true)

/** An index register as an address: negative, or a number beyond guest memory, when it is no valid one. */
function pointer(run: StringRun, register: number): number {
  if (run.addressSize !== 64) return read(run, register)
  const { view } = run.space
  return view.getInt32(register + 4, true) * 0x1_0000_0000 + view.getUint32(register, true)
}

/** Where the source lies. */
function source(run: StringRun): number {
  const at = pointer(run, RSI) + run.sourceBase
  return run.isMode32 ? at >>> 0 : at
}

/** Where the target of one iteration lies. */
function target(run: StringRun): number {
  const at = pointer(run, RDI)
  return run.isSegmented ? (at + run.targetBase) >>> 0 : at
}

/** Leaves when a segment does not allow an element at its index register. */
function isRefused(run: StringRun, segment: number, register: number, access: number): boolean {
  if (!run.isSegmented || allowsAccess(run.space, segment, pointer(run, register), run.sizeBytes, access))
    return false
  leave(run, segment === SS ? EXIT_STACK : EXIT_PROTECTION, 0, 0)
  return true
}

function advance(run: StringRun, register: number, bytes: number): void {
  const { view } = run.space
  if (run.addressSize === 16) {
    view.setUint16(register, view.getUint16(register, true) + bytes, true)
    return
  }
  const low = view.getUint32(register, true) + bytes
  view.setUint32(register, low >>> 0, true)
  if (run.addressSize === 32) view.setUint32(register + 4, 0, true)
  else if (low < 0 || low > 0xffff_ffff)
    view.setInt32(register + 4, view.getInt32(register + 4, true) + Math.floor(low / 0x1_0000_0000), true)
}

/**
 * Moves or stores elements one after the other, in either direction, for as long as their pages allow it plainly.
 * Returns how many; the registers are written once.
 */
function plainElements(run: StringRun, left: number): number {
  const { space, sizeBytes, step, operation } = run
  const { bytes, flags } = space
  const moves = operation === STRING_MOVS
  const start = pointer(run, RDI)
  let to = start
  let from = moves ? source(run) : RAX
  let done = 0
  while (
    done < left &&
    to <= GUEST_MAX - sizeBytes &&
    from <= GUEST_MAX - sizeBytes &&
    to >= 0 &&
    from >= 0
  ) {
    if (!(flags[to >>> PAGE_SHIFT]! & flags[(to + sizeBytes - 1) >>> PAGE_SHIFT]! & PAGE_W)) break
    if (moves && !(flags[from >>> PAGE_SHIFT]! & flags[(from + sizeBytes - 1) >>> PAGE_SHIFT]! & PAGE_R))
      break
    if (sizeBytes === 1) bytes[to] = bytes[from]!
    else bytes.copyWithin(to, from, from + sizeBytes)
    to += step
    if (moves) from += step
    done++
  }
  if (done > 0) {
    advance(run, RDI, to - start)
    if (moves) advance(run, RSI, to - start)
  }
  return done
}

/** Moves or fills as many whole elements as both pages allow in one copy, upwards only; 0 when that is none. */
function block(run: StringRun, left: number): number {
  const { space, sizeBytes } = run
  if (run.step < 0 || left < 8) return 0
  const to = pointer(run, RDI)
  let bytes = Math.min(left * sizeBytes, PAGE_SIZE - (to % PAGE_SIZE))
  const from = source(run)
  if (run.operation === STRING_MOVS) {
    bytes = Math.min(bytes, PAGE_SIZE - (from % PAGE_SIZE))
    // An overlap in front repeats what was just written, element by element.
    if (to > from && to < from + bytes) return 0
    if (!(from + bytes <= GUEST_MAX) || !space.allows(from, bytes, PAGE_R)) return 0
  }
  bytes -= bytes % sizeBytes
  if (bytes === 0 || !(to + bytes <= GUEST_MAX) || !space.allows(to, bytes, PAGE_PW)) return 0
  const special = space.beforeStore(to, bytes)
  if (run.operation === STRING_MOVS) {
    space.bytes.copyWithin(to, from, from + bytes)
    advance(run, RSI, bytes)
  } else fill(space, to, bytes, sizeBytes)
  if (special & PAGE_SHARED) space.observer.shared?.(to, bytes)
  advance(run, RDI, bytes)
  return bytes / sizeBytes
}

function fill(space: AddressSpace, to: number, bytes: number, sizeBytes: number): void {
  if (sizeBytes === 1) {
    space.bytes.fill(space.bytes[RAX]!, to, to + bytes)
    return
  }
  for (let at = to; at < to + bytes; at += sizeBytes) space.bytes.copyWithin(at, RAX, RAX + sizeBytes)
}

/** One iteration. */
function once(run: StringRun): number {
  const { space, operation, sizeBytes, step } = run
  const { bytes } = space
  const usesSource = operation === STRING_MOVS || operation === STRING_LODS || operation === STRING_CMPS
  const from = source(run)
  const to = target(run)
  if (usesSource && isRefused(run, run.segment, RSI, ACCESS_READ)) return 1
  if (usesSource && !space.allows(from, sizeBytes, PAGE_R)) return fault(run, from, PAGE_R)
  if (operation !== STRING_LODS) {
    const want = operation === STRING_MOVS || operation === STRING_STOS ? PAGE_PW : PAGE_R
    if (isRefused(run, ES, RDI, want === PAGE_PW ? ACCESS_WRITE : ACCESS_READ)) return 1
    if (!space.allows(to, sizeBytes, want)) return fault(run, to, want)
  }
  switch (operation) {
    case STRING_MOVS:
      space.storeBytes(to, bytes.slice(from, from + sizeBytes))
      break
    case STRING_STOS:
      space.storeBytes(to, bytes.slice(RAX, RAX + sizeBytes))
      break
    case STRING_LODS:
      bytes.copyWithin(RAX, from, from + sizeBytes)
      if (sizeBytes === 4) space.view.setUint32(RAX + 4, 0, true)
      break
    case STRING_SCAS:
      compare(run, RAX, to)
      break
    default:
      compare(run, from, to)
  }
  if (usesSource) advance(run, RSI, step)
  if (operation !== STRING_LODS) advance(run, RDI, step)
  return 0
}

/** Sets the flags of first - second. */
function compare(run: StringRun, first: number, second: number): void {
  const { space, sizeBytes } = run
  const { bytes, view } = space
  view.setUint32(STATE_BASE + X86_STATE.ccOp, CC_SUB + Math.log2(sizeBytes), true)
  for (const [field, at] of [
    [X86_STATE.ccDst, first],
    [X86_STATE.ccSrc, second],
  ] as const) {
    view.setBigUint64(STATE_BASE + field, 0n, true)
    bytes.copyWithin(STATE_BASE + field, at, at + sizeBytes)
  }
}

function fault(run: StringRun, addr: number, want: number): number {
  const refused = run.space.firstRefused(addr, run.sizeBytes, want)
  return leave(run, EXIT_PAGE_FAULT, want === PAGE_PW ? FAULT_WRITE : 0, refused)
}

function leave(run: StringRun, kind: number, code: number, addr: number): number {
  const { view } = run.space
  view.setUint32(STATE_BASE + X86_STATE.exitKind, kind, true)
  view.setUint32(STATE_BASE + X86_STATE.exitCode, code, true)
  view.setBigUint64(STATE_BASE + X86_STATE.exitAddress, BigInt.asUintN(64, BigInt(Math.floor(addr))), true)
  view.setBigUint64(STATE_BASE + X86_STATE.pc, BigInt(run.pc), true)
  return 1
}

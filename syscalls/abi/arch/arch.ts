/**
 * Arch: what differs between guest ISAs in the Linux ABI: numbers, argument registers, signal frames, struct stat.
 * Path: the kernel uses this interface only; abi/arch/<isa>.ts implements it, registry.ts lists them.
 */

import type { AddressSpace } from '../../../emu/memory/address-space.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import type { SigInfo } from '../signal.ts'

/** How a raw argument becomes a number. */
export const NORM_INT = 0
export const NORM_UINT = 1
/** Signed 64 bits: offsets. */
export const NORM_LONG = 2
/** Unsigned 64 bits: addresses, sizes. */
export const NORM_ULONG = 3

/** What stat(2) fills, numbers only. */
export interface StatFields {
  dev: number
  ino: number
  mode: number
  nlink: number
  uid: number
  gid: number
  rdev: number
  size: number
  blockSize: number
  blocks: number
  atimeSec: number
  atimeNsec: number
  mtimeSec: number
  mtimeNsec: number
  ctimeSec: number
  ctimeNsec: number
}

/** Everything a signal frame is made from. */
export interface SignalFrameInput {
  info: SigInfo
  handler: number
  flags: number
  restorer: number
  maskLo: number
  maskHi: number
  altStackAddr: number
  altStackSize: number
  altStackFlags: number
  /** Switch to the alternate stack. */
  onAltStack: boolean
}

/** What rt_sigreturn gives back besides registers. */
export interface SignalFrameOutput {
  maskLo: number
  maskHi: number
  altStackAddr: number
  altStackSize: number
  altStackFlags: number
}

/** Memory access that the frame code needs: grows the stack, checks permission; false is a fault. */
export interface FrameMemory {
  readonly space: AddressSpace
  canWrite(addr: number, sizeBytes: number): boolean
  canRead(addr: number, sizeBytes: number): boolean
  stored(addr: number, sizeBytes: number): void
}

export interface Arch {
  readonly name: string
  readonly elfMachine: string
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  readonly platform: string
  /** uname -m */
  readonly machine: string
  readonly hwcap: number
  /** /proc/cpuinfo. */
  readonly cpuInfo: string
  /** Bytes of the state block that belong to a task. */
  readonly stateSize: number
  readonly names: readonly (string | undefined)[]
  readonly numbers: Readonly<Record<string, number>>
  readonly statSize: number
  /** struct epoll_event: 32 bits of events, and 64 of the program's own at the end. Only x86-64 packs it. */
  readonly epollEventSize: number

  syscallNumber(state: StateBlock): number
  /** Reads as many arguments as there are norms into `args`. */
  captureArguments(state: StateBlock, norms: readonly number[], args: Float64Array): void
  /** All 64 bits of one. */
  rawArgument(state: StateBlock, index: number): bigint
  result(state: StateBlock): number
  setResult(state: StateBlock, value: number): void
  pc(state: StateBlock): number
  setPc(state: StateBlock, value: number): void
  sp(state: StateBlock): number
  setSp(state: StateBlock, value: number): void
  /** Makes the system-call instruction run again with this number. */
  rewindSyscall(state: StateBlock, nr: number): void
  /** Back-edges and calls left of the slice. */
  budget(state: StateBlock): number
  setBudget(state: StateBlock, count: number): void
  exitCode(state: StateBlock): number
  /** Where an access was refused; NaN-free, may be outside any valid range. */
  exitAddress(state: StateBlock): number
  /** Clears every register for a new program. */
  startProgram(state: StateBlock, entry: number, sp: number): void
  /** In the child of a clone: result 0, another stack and TLS where given. */
  startClone(state: StateBlock, sp: number, tls: number | null): void
  /** Writes struct stat at an address already checked. */
  writeStat(view: DataView, addr: number, stat: StatFields): void
  /** Pushes a frame and enters the handler; false when the stack cannot take it. */
  pushSignalFrame(state: StateBlock, memory: FrameMemory, input: SignalFrameInput): boolean
  /** Takes the frame at the stack pointer; null when it cannot be read. */
  popSignalFrame(state: StateBlock, memory: FrameMemory): SignalFrameOutput | null
}

/** An integer in ±2^53 (or up to 2^64 from unsigned arguments) as 64 little-endian bits. */
export function putU64(view: DataView, addr: number, value: number): void {
  if (value >= 2 ** 64) {
    // RLIM_INFINITY: all ones.
    view.setInt32(addr, -1, true)
    view.setInt32(addr + 4, -1, true)
    return
  }
  view.setUint32(addr, value >>> 0, true)
  view.setUint32(addr + 4, Math.floor(value / 0x1_0000_0000) >>> 0, true)
}

/** 64 little-endian bits, signed. */
export const getI64 = (view: DataView, addr: number): number =>
  view.getInt32(addr + 4, true) * 0x1_0000_0000 + view.getUint32(addr, true)

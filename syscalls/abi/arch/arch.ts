/**
 * Arch: what differs between guest ISAs in the Linux ABI: numbers, argument registers, layouts, signal frames.
 * Path: the kernel uses this interface only; abi/arch/<isa>.ts implements it, registry.ts lists them; sys/calls.ts joins
 * an Arch with the system calls.
 */

import type { AddressSpace } from '../../../emu/memory/address-space.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import type { SigInfo } from '../signal.ts'
import type { DataModel, Struct } from '../struct.ts'

/** How a raw argument becomes a number. */
export const NORM_INT = 0
export const NORM_UINT = 1
/** Signed, as wide as a register: offsets. */
export const NORM_LONG = 2
/** Unsigned, as wide as a register: addresses, sizes. */
export const NORM_ULONG = 3
/** Signed 64 bits in two registers of 32. */
export const NORM_PAIR = 4
/** A user or group id of 16 bits; all ones stay -1. */
export const NORM_ID16 = 5
/** An offset in pages. */
export const NORM_PAGES = 6
/** An argument that this form of a call lacks: 0. */
export const NORM_ZERO = 7
/** As NORM_ULONG; where it is an int that fills a register, its sign does not count: a number cannot hold that exactly. */
export const NORM_BITS = 9
/** As NORM_PAIR, with the lower half in the first of the two registers, whatever the ISA's byte order. */
export const NORM_PAIR_LOW_FIRST = 8

/** The norms of a call that nobody implements: engines still see six arguments. */
export const NORMS_UNKNOWN: readonly number[] = [
  NORM_ULONG,
  NORM_ULONG,
  NORM_ULONG,
  NORM_ULONG,
  NORM_ULONG,
  NORM_ULONG,
]
/** Each argument in a register of its own. */
export const IN_ORDER: readonly number[] = [0, 1, 2, 3, 4, 5]

/** A system call as an ISA has it. */
export interface ArchCall {
  readonly nr: number
  readonly name: string
  /** The kernel's own name of it, where that is another one: `stat64` is `stat` with another layout. */
  readonly as?: string
  /** Which register each argument begins in, where they are not in their order. */
  readonly registers?: readonly number[]
  /** NORM_* where they are not the call's own, by argument. */
  readonly norms?: Readonly<Record<number, number>>
  /** The layout of its structures, where it is not the ISA's usual one. */
  readonly model?: DataModel
}

/** What stat(2) fills. */
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

/** stack_t. */
export interface AltStack {
  readonly addr: number
  readonly size: number
  readonly flags: number
}

/** What rt_sigreturn gives back besides registers. */
export interface SignalFrameOutput {
  maskLo: number
  maskHi: number
  /** Null: the frame has none. */
  altStack: AltStack | null
}

/** Memory access that the frame code needs: grows the stack, checks permission; false is a fault. */
export interface FrameMemory {
  readonly space: AddressSpace
  readonly model: DataModel
  /** The program's e_flags. */
  readonly elfFlags: number
  /** The page of code that the kernel gave the program; 0: none. */
  readonly vdso: number
  canWrite(addr: number, sizeBytes: number): boolean
  canRead(addr: number, sizeBytes: number): boolean
  stored(addr: number, sizeBytes: number): void
}

/** How values of a call's arguments and result are written in an ISA where it has other numbers than the kernel. */
export interface CallValues {
  /** The kernel's values in place of the program's. */
  readonly taken?: (args: Float64Array) => void
  /** The program's in place of the kernel's. */
  readonly told?: (args: Float64Array, result: number) => number
}

/** Where a program begins. */
export interface ProgramStart {
  /** In a register of its own, where functions are entered by descriptors. */
  readonly toc: number
  readonly pc: number
}

/** Another call that one stands for, its arguments as words of the ISA, not yet normalised. */
export interface OpenedCall {
  /** The kernel's name. */
  readonly name: string
  readonly words: readonly number[]
}

/** What a call means that stands for many; null where it means nothing, or its arguments cannot be read. */
export type Indirect = (args: Float64Array, memory: FrameMemory) => OpenedCall | null

export type SwapContext = (
  state: StateBlock,
  memory: FrameMemory,
  old: number,
  fresh: number,
  sizeBytes: number,
  mask: { readonly lo: number; readonly hi: number },
) => SignalFrameOutput | number | null

export interface Arch {
  readonly name: string
  readonly family: 'x86' | 'powerpc'
  readonly elfMachine: string
  readonly bits: 32 | 64
  readonly littleEndian: boolean
  readonly platform: string
  /** Its own name. */
  readonly machine: string
  /** uname -m of its kernel, and what PER_LINUX32 makes of that. */
  readonly unameMachine: string
  readonly unameMachine32: string
  readonly hwcap: number
  readonly hwcap2: number
  /** What else is in the auxiliary vector, before all that every ISA has. */
  readonly auxv: readonly (readonly [type: number, value: number])[]
  /** AT_BASE_PLATFORM; null: it is not there. */
  readonly basePlatform: string | null
  /** Where user addresses end, as calls check them. */
  readonly taskSize: number
  /** /proc/cpuinfo. */
  readonly cpuInfo: string
  /** Bytes of the state block that belong to a task. */
  readonly stateSize: number
  /** How structures are laid out, unless a call says otherwise. */
  readonly model: DataModel
  readonly calls: readonly ArchCall[]
  /** Calls that stand for others, by the kernel's names. */
  readonly indirect: Readonly<Record<string, Indirect>>
  /** Calls of which it writes values otherwise, by the kernel's names. */
  readonly values: Readonly<Record<string, CallValues>>
  /** O_* as the ISA has them to the kernel's, in structures. */
  openFlags(flags: number): number
  /** struct stat of a call with that model. */
  stat(model: DataModel): Struct<StatFields>
  /** AUDIT_ARCH_*: what seccomp filters see. */
  readonly auditArch: number
  /** struct epoll_event: 32 bits of events, and 64 of the program's own at the end. Only x86-64 packs it. */
  readonly epollEventSize: number

  /** The page of code that every program gets, and where in it AT_SYSINFO points; null: none. */
  readonly vdso: { readonly code: Uint8Array; readonly sysinfo: number | null } | null
  /** MINSIGSTKSZ: no alternate stack is smaller. */
  readonly signalStackMin: number
  /** ILL_*: what SIGILL says of an instruction that is none. */
  readonly undefinedCode: number
  /**
   * Before a system call is looked at, where the instruction leaves registers otherwise than they are taken. 0, or an
   * errno that the call ends with.
   */
  enterCall(state: StateBlock, memory: FrameMemory): number
  syscallNumber(state: StateBlock): number
  /** Reads as many arguments as there are norms into `args`; `registers` is where each begins. */
  captureArguments(
    state: StateBlock,
    norms: readonly number[],
    registers: readonly number[],
    args: Float64Array,
  ): void
  /** All bits of one. */
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
  /** How many bytes must be readable where a program is entered; 0 where that is its first instruction. */
  descriptorSize(elfFlags: number): number
  /** What an entry point means, which lies `bias` above its place in the file. */
  programStart(memory: FrameMemory, entry: number, bias: number): ProgramStart
  /** Clears every register for a new program. */
  startProgram(state: StateBlock, start: ProgramStart, sp: number): void
  /** Whether a clone's argument for the child's TLS is one: 0 or an errno. */
  checkTls(memory: FrameMemory, tls: number): number
  /** In the child of a clone: result 0, another stack and TLS where given, which checkTls has seen. */
  startClone(state: StateBlock, sp: number, tls: number | null): void
  /** Pushes a frame and enters the handler; false when the stack cannot take it. */
  pushSignalFrame(state: StateBlock, memory: FrameMemory, input: SignalFrameInput): boolean
  /** Takes the frame at the stack pointer; null when it cannot be read. `isRt`: rt_sigreturn's, not sigreturn's. */
  popSignalFrame(state: StateBlock, memory: FrameMemory, isRt: boolean): SignalFrameOutput | null
  /**
   * swapcontext(2), where there is one: registers go to one ucontext and come from another, each where its address is not
   * 0. The new mask, null where it stays, or an errno.
   */
  readonly swapContext: SwapContext | null
}

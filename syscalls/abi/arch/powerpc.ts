/**
 * The Linux ABIs of powerpc, 32-bit and 64-bit, the latter in both byte orders: the ELF ABI supplements, Linux
 * arch/powerpc/include/asm/{elf,syscall}.h, <asm/stat.h>. Calls: powerpc-calls.ts, powerpc-values.ts; signal frames:
 * powerpc{32,64}-signal.ts. Path: see arch.ts.
 */

import { crField, setCrField } from '../../../emu/guest/ppc/cr.ts'
import { gprPlace, PPC_STATE, PPC_STATE_SIZE } from '../../../emu/guest/ppc/state.ts'
import { PAGE_SIZE, STATE_BASE } from '../../../emu/memory/layout.ts'
import { MODE_PPC32, MODE_PPC64, MODE_PPC64LE, type StateBlock } from '../../../emu/memory/state-block.ts'
import { SYSCALL_SCV } from '../../../emu/run/cpu.ts'
import { AUDIT_ARCH_PPC, AUDIT_ARCH_PPC64, AUDIT_ARCH_PPC64LE } from '../seccomp.ts'
import { ILL_ILLOPC, MINSIGSTKSZ } from '../signal.ts'
import { type DataModel, getInteger, Struct } from '../struct.ts'
import {
  type Arch,
  type FrameMemory,
  NORM_BITS,
  NORM_INT,
  NORM_LONG,
  NORM_PAGES,
  NORM_PAIR,
  NORM_PAIR_LOW_FIRST,
  NORM_UINT,
  NORM_ZERO,
  type StatFields,
} from './arch.ts'
import { INDIRECT_CALLS } from './indirect.ts'
import {
  ILP32_POWERPC,
  ILP32_POWERPC_LARGE,
  ILP32_POWERPC_OLD,
  LP64_POWERPC,
  LP64_POWERPC_LE,
  POWERPC_CALLS,
  POWERPC64_CALLS,
} from './powerpc-calls.ts'
import { POWERPC_32, POWERPC_64, powerpcCpuInfo } from './powerpc-cpu.ts'
import { openFlagsTaken, POWERPC_VALUES, POWERPC64_VALUES } from './powerpc-values.ts'
import { vdso32, vdso64 } from './powerpc-vdso.ts'
import * as frames32 from './powerpc32-signal.ts'
import * as frames64 from './powerpc64-signal.ts'

const R1 = gprPlace(1)
const R2 = gprPlace(2)
const R3 = gprPlace(3)
const R12 = gprPlace(12)
const R13 = gprPlace(13)
const NUMBER_OFFSET = gprPlace(0)
const ARGUMENTS = [3, 4, 5, 6, 7, 8].map(gprPlace)
const CR_SO = 1
const ERRNO_MAX = 4095
const INSTRUCTION_SIZE = 4
/** VSCR.NJ, as Linux sets it where its word of a vector is the last one: results that are not normal are 0. */
const NOT_JAVA = 0x1_0000
/** e_flags: which version of the 64-bit ABI. Functions of the first are entered by descriptors. */
const EF_PPC64_ABI = 3
const ELF_V2 = 2
/** A descriptor's address and TOC; the third word, for other languages, is not looked at. */
const DESCRIPTOR_SIZE = 16

const isElfV2 = (elfFlags: number): boolean => (elfFlags & EF_PPC64_ABI) === ELF_V2

const TIMES = {
  atimeSec: 'long',
  atimeNsec: 'long',
  mtimeSec: 'long',
  mtimeNsec: 'long',
  ctimeSec: 'long',
  ctimeNsec: 'long',
} as const

/** struct stat of 64-bit programs: as x86-64's, but for the padding. */
const STAT_64 = new Struct<StatFields & Record<'unused4' | 'unused5' | 'unused6', number>>({
  dev: 'word',
  ino: 'word',
  nlink: 'word',
  mode: 'u32',
  uid: 'u32',
  gid: 'u32',
  rdev: 'word',
  size: 'long',
  blockSize: 'word',
  blocks: 'word',
  ...TIMES,
  unused4: 'word',
  unused5: 'word',
  unused6: 'word',
})

/** Of 32-bit programs. */
const STAT_32 = new Struct<StatFields & Record<'unused4' | 'unused5', number>>({
  dev: 'word',
  ino: 'word',
  mode: 'u32',
  nlink: 'u16',
  uid: 'u32',
  gid: 'u32',
  rdev: 'word',
  size: 'long',
  blockSize: 'word',
  blocks: 'word',
  ...TIMES,
  unused4: 'word',
  unused5: 'word',
})

const STAT64_32 = new Struct<StatFields & Record<'pad' | 'unused4' | 'unused5', number>>({
  dev: 'u64',
  ino: 'u64',
  mode: 'u32',
  nlink: 'u32',
  uid: 'u32',
  gid: 'u32',
  rdev: 'u64',
  pad: 'u16',
  size: 's64',
  blockSize: 's32',
  blocks: 's64',
  ...TIMES,
  unused4: 'u32',
  unused5: 'u32',
})

/** struct __old_kernel_stat: whole seconds. */
const OLD_STAT = new Struct<
  Omit<StatFields, 'blockSize' | 'blocks' | 'atimeNsec' | 'mtimeNsec' | 'ctimeNsec'>
>({
  dev: 'u16',
  ino: 'u16',
  mode: 'u16',
  nlink: 'u16',
  uid: 'id16',
  gid: 'id16',
  rdev: 'u16',
  size: 'word',
  atimeSec: 'word',
  mtimeSec: 'word',
  ctimeSec: 'word',
})

/** Arguments of a 32-bit program: the upper halves of registers do not count. */
function capture32(
  state: StateBlock,
  norms: readonly number[],
  registers: readonly number[],
  args: Float64Array,
): void {
  const { view } = state.space
  for (let i = 0; i < norms.length; i++) {
    const at = STATE_BASE + ARGUMENTS[registers[i]!]!
    const norm = norms[i]!
    if (norm === NORM_INT || norm === NORM_LONG) args[i] = view.getInt32(at, true)
    else if (norm === NORM_PAIR || norm === NORM_PAIR_LOW_FIRST) {
      const next = STATE_BASE + ARGUMENTS[registers[i]! + 1]!
      const [high, low] = norm === NORM_PAIR ? [at, next] : [next, at]
      args[i] = view.getInt32(high, true) * 0x1_0000_0000 + view.getUint32(low, true)
    } else if (norm === NORM_ZERO) args[i] = 0
    else args[i] = view.getUint32(at, true) * (norm === NORM_PAGES ? PAGE_SIZE : 1)
  }
}

function capture64(
  state: StateBlock,
  norms: readonly number[],
  registers: readonly number[],
  args: Float64Array,
): void {
  const { view } = state.space
  for (let i = 0; i < norms.length; i++) {
    const at = STATE_BASE + ARGUMENTS[registers[i]!]!
    const norm = norms[i]!
    if (norm === NORM_INT) args[i] = view.getInt32(at, true)
    else if (norm === NORM_UINT) args[i] = view.getUint32(at, true)
    else if (norm === NORM_ZERO) args[i] = 0
    else {
      const isSigned = norm === NORM_LONG
      const high = isSigned ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true)
      const low = view.getUint32(at, true)
      // An int below zero that fills the register.
      const isInt = norm === NORM_BITS && high === 0xffff_ffff && low >= 0x8000_0000
      args[i] = isInt ? low : high * 0x1_0000_0000 + low
    }
  }
}

/** Results are negative errno here; `sc` has the errno itself, and says so in CR0. `isWide`: registers are 64 bits. */
function putResult(state: StateBlock, value: number, isWide: boolean): void {
  const isError = value < 0 && value >= -ERRNO_MAX
  const isVectored = state.getU32(PPC_STATE.exitCode) === SYSCALL_SCV
  const shown = isError && !isVectored ? -value : value
  if (isWide) state.setNumber(R3, shown)
  else state.setNumber(R3, shown >>> 0)
  if (!isVectored) setCrField(state, 0, (crField(state, 0) & ~CR_SO) | (isError ? CR_SO : 0))
}

/** Zeros, but for what Linux sets. */
function startRegisters(state: StateBlock, mode: number, sp: number): void {
  state.space.bytes.fill(0, STATE_BASE, STATE_BASE + PPC_STATE_SIZE)
  state.setU32(PPC_STATE.mode, mode)
  for (let field = 0; field < 8; field++) setCrField(state, field, 0)
  state.setNumber(R1, sp)
  if (mode !== MODE_PPC64LE) state.setU32(PPC_STATE.vscr, NOT_JAVA)
}

type Shared =
  | 'machine'
  | 'name'
  | 'elfMachine'
  | 'bits'
  | 'littleEndian'
  | 'model'
  | 'auditArch'
  | 'unameMachine'
  | 'unameMachine32'

/** What the three have in common. */
const common = {
  family: 'powerpc',
  epollEventSize: 16,
  stateSize: PPC_STATE_SIZE,
  indirect: INDIRECT_CALLS,
  values: POWERPC_VALUES,
  openFlags: openFlagsTaken,
  undefinedCode: ILL_ILLOPC,

  /** The first argument is where the result goes: kept, for the call may have to be made again. */
  enterCall(state: StateBlock): number {
    state.setU64(PPC_STATE.origR3, state.getU64(R3))
    return 0
  },
  syscallNumber: (state: StateBlock) => state.space.view.getInt32(STATE_BASE + NUMBER_OFFSET, true),
  pc: (state: StateBlock) => state.getNumber(PPC_STATE.pc),
  setPc: (state: StateBlock, value: number) => state.setNumber(PPC_STATE.pc, value),
  sp: (state: StateBlock) => state.getNumber(R1),
  setSp: (state: StateBlock, value: number) => state.setNumber(R1, value),
  rewindSyscall(state: StateBlock, nr: number): void {
    state.setNumber(PPC_STATE.pc, state.getNumber(PPC_STATE.pc) - INSTRUCTION_SIZE)
    state.setU64(R3, state.getU64(PPC_STATE.origR3))
    state.setNumber(NUMBER_OFFSET, nr)
  },
  budget: (state: StateBlock) => state.getU32(PPC_STATE.budget) | 0,
  setBudget: (state: StateBlock, count: number) => state.setU32(PPC_STATE.budget, count),
  exitCode: (state: StateBlock) => state.getU32(PPC_STATE.exitCode),
  exitAddress: (state: StateBlock) => state.getNumber(PPC_STATE.exitAddress),
  checkTls: () => 0,
} as const

/** The negative errno again, of an `sc` that failed. */
const resultOf = (state: StateBlock, value: number): number =>
  crField(state, 0) & CR_SO && state.getU32(PPC_STATE.exitCode) !== SYSCALL_SCV ? -value : value

export const ppc: Arch = {
  ...common,
  ...POWERPC_32,
  name: 'ppc',
  elfMachine: 'ppc',
  bits: 32,
  littleEndian: false,
  machine: 'ppc',
  unameMachine: 'ppc',
  unameMachine32: 'ppc',
  taskSize: 0xffff_e000,
  cpuInfo: powerpcCpuInfo(POWERPC_32),
  model: ILP32_POWERPC,
  calls: POWERPC_CALLS,
  auditArch: AUDIT_ARCH_PPC,
  vdso: { code: vdso32(), sysinfo: null },
  signalStackMin: MINSIGSTKSZ,

  stat: (model) =>
    (model === ILP32_POWERPC_LARGE
      ? STAT64_32
      : model === ILP32_POWERPC_OLD
        ? OLD_STAT
        : STAT_32) as Struct<StatFields>,
  captureArguments: capture32,
  rawArgument: (state, index) => BigInt(state.getU32(ARGUMENTS[index]!)),
  result(state) {
    const value = state.getU32(R3)
    return resultOf(state, value > 0xffff_f000 ? value - 2 ** 32 : value)
  },
  setResult: (state, value) => putResult(state, value, false),

  descriptorSize: () => 0,
  programStart: (_memory, pc) => ({ pc, toc: 0 }),
  startProgram(state, { pc }, sp): void {
    startRegisters(state, MODE_PPC32, sp)
    state.setNumber(PPC_STATE.pc, pc)
  },
  startClone(state, sp, tls): void {
    putResult(state, 0, false)
    if (sp) state.setNumber(R1, sp)
    if (tls !== null) state.setNumber(R2, tls >>> 0)
  },
  pushSignalFrame: frames32.pushSignalFrame,
  popSignalFrame: frames32.popSignalFrame,
  swapContext: frames32.swapContext,
}

/** An ISA of 64 bits in one byte order. */
function powerpc64(own: Pick<Arch, Shared>, mode: number): Arch {
  return {
    ...common,
    ...POWERPC_64,
    ...own,
    taskSize: 2 ** 47 - 4096,
    cpuInfo: powerpcCpuInfo(POWERPC_64),
    calls: POWERPC64_CALLS,
    values: own.littleEndian ? POWERPC_VALUES : POWERPC64_VALUES,
    vdso: { code: vdso64(own.littleEndian), sysinfo: null },
    signalStackMin: 8192,

    stat: () => STAT_64,
    captureArguments: capture64,
    rawArgument: (state, index) => state.getU64(ARGUMENTS[index]!),
    result: (state) => resultOf(state, state.getNumber(R3)),
    setResult: (state, value) => putResult(state, value, true),

    descriptorSize: (elfFlags) => (isElfV2(elfFlags) ? 0 : DESCRIPTOR_SIZE),
    programStart(memory, entry, bias) {
      if (isElfV2(memory.elfFlags)) return { pc: entry, toc: 0 }
      return readDescriptor(memory, entry, bias)
    },
    startProgram(state, { pc, toc }, sp): void {
      startRegisters(state, mode, sp)
      state.setNumber(PPC_STATE.pc, pc)
      state.setNumber(R2, toc)
      // Of the second ABI's functions r12 is where they are entered. The first one's do not look at it.
      state.setNumber(R12, pc)
    },
    startClone(state, sp, tls): void {
      putResult(state, 0, true)
      if (sp) state.setNumber(R1, sp)
      if (tls !== null) state.setNumber(R13, tls)
    },
    pushSignalFrame: frames64.pushSignalFrame,
    popSignalFrame: frames64.popSignalFrame,
    swapContext: null,
  }
}

/** What a function's descriptor says; where it cannot be read, the program begins at 0 and ends by that. */
function readDescriptor(memory: FrameMemory, at: number, bias: number): { pc: number; toc: number } {
  if (!memory.canRead(at, DESCRIPTOR_SIZE)) return { pc: 0, toc: 0 }
  const { space, model } = memory
  const word = (offset: number): number => getInteger(space.view, at + offset, 8, false, model)
  return { pc: word(0) + bias, toc: word(8) + bias }
}

const of64 = (
  name: string,
  model: DataModel,
  auditArch: number,
  unameMachine32: string,
): Pick<Arch, Shared> => ({
  name,
  elfMachine: 'ppc64',
  bits: 64,
  littleEndian: model.littleEndian,
  machine: name,
  unameMachine: name,
  unameMachine32,
  model,
  auditArch,
})

export const ppc64: Arch = powerpc64(of64('ppc64', LP64_POWERPC, AUDIT_ARCH_PPC64, 'ppc'), MODE_PPC64)
export const ppc64le: Arch = powerpc64(
  of64('ppc64le', LP64_POWERPC_LE, AUDIT_ARCH_PPC64LE, 'ppcle'),
  MODE_PPC64LE,
)

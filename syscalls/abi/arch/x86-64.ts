/**
 * The Linux ABI of x86-64: System V psABI A.2 (system calls), <asm/stat.h>. Signal frames: x86-64-signal.ts.
 * Path: see arch.ts.
 */

import type { Mode } from '../../../emu/guest/x86/row.ts'
import { startSegments } from '../../../emu/guest/x86/segments.ts'
import {
  gprPlace,
  R8,
  R9,
  R10,
  RAX,
  RDI,
  RDX,
  RSI,
  RSP,
  X86_STATE,
  X86_STATE_SIZE,
} from '../../../emu/guest/x86/state.ts'
import { STATE_BASE } from '../../../emu/memory/layout.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import { AUDIT_ARCH_X86_64 } from '../seccomp.ts'
import { ILL_ILLOPN, MINSIGSTKSZ } from '../signal.ts'
import { LP64, Struct } from '../struct.ts'
import { type Arch, NORM_INT, NORM_LONG, NORM_UINT, type StatFields } from './arch.ts'
import { x86CpuInfo } from './x86-64-cpuinfo.ts'
import { X86_64_NUMBERS } from './x86-64-numbers.ts'
import { popSignalFrame, pushSignalFrame } from './x86-64-signal.ts'
import { resetFloat } from './x86-float.ts'

const ARGUMENTS = [RDI, RSI, RDX, R10, R8, R9].map(gprPlace)
const RAX_OFFSET = gprPlace(RAX)
const RSP_OFFSET = gprPlace(RSP)

/** CPUID.1:EDX of what the translator offers: fpu, tsc, cx8, cmov, mmx, fxsr, sse, sse2. */
const HWCAP = 0x07808111

/** struct stat of <asm/stat.h>: three more longs at its end. */
const STAT = new Struct<StatFields & Record<'pad' | 'unused0' | 'unused1' | 'unused2', number>>({
  dev: 'word',
  ino: 'word',
  nlink: 'word',
  mode: 'u32',
  uid: 'u32',
  gid: 'u32',
  pad: 'u32',
  rdev: 'word',
  size: 'long',
  blockSize: 'long',
  blocks: 'long',
  atimeSec: 'time',
  atimeNsec: 'fraction',
  mtimeSec: 'time',
  mtimeNsec: 'fraction',
  ctimeSec: 'time',
  ctimeNsec: 'fraction',
  unused0: 'long',
  unused1: 'long',
  unused2: 'long',
})

export const x86_64: Arch = {
  name: 'x86-64',
  family: 'x86',
  elfMachine: 'x86-64',
  bits: 64,
  littleEndian: true,
  platform: 'x86_64',
  machine: 'x86_64',
  unameMachine: 'x86_64',
  unameMachine32: 'i686',
  hwcap: HWCAP,
  hwcap2: 0,
  auxv: [],
  basePlatform: null,
  taskSize: 2 ** 47 - 4096,
  cpuInfo: x86CpuInfo(),
  stateSize: X86_STATE_SIZE,
  model: LP64,
  calls: Object.entries(X86_64_NUMBERS).map(([name, nr]) => ({ nr, name })),
  indirect: {},
  values: {},
  openFlags: (flags) => flags,
  stat: () => STAT,
  auditArch: AUDIT_ARCH_X86_64,
  epollEventSize: 12,

  vdso: null,
  signalStackMin: MINSIGSTKSZ,
  undefinedCode: ILL_ILLOPN,
  enterCall: () => 0,
  // The kernel looks at eax only: upper bits of rax do not count.
  syscallNumber: (state) => state.space.view.getInt32(STATE_BASE + RAX_OFFSET, true),

  captureArguments(state, norms, _registers, args): void {
    const view = state.space.view
    for (let i = 0; i < norms.length; i++) {
      const at = STATE_BASE + ARGUMENTS[i]!
      const norm = norms[i]!
      if (norm === NORM_INT) args[i] = view.getInt32(at, true)
      else if (norm === NORM_UINT) args[i] = view.getUint32(at, true)
      else {
        const high = norm === NORM_LONG ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true)
        args[i] = high * 0x1_0000_0000 + view.getUint32(at, true)
      }
    }
  },

  rawArgument: (state, index) => state.getU64(ARGUMENTS[index]!),
  result: (state) => state.getNumber(RAX_OFFSET),
  setResult: (state, value) => state.setNumber(RAX_OFFSET, value),
  pc: (state) => state.getNumber(X86_STATE.pc),
  setPc: (state, value) => state.setNumber(X86_STATE.pc, value),
  sp: (state) => state.getNumber(RSP_OFFSET),
  setSp: (state, value) => state.setNumber(RSP_OFFSET, value),

  rewindSyscall(state: StateBlock, nr: number): void {
    // 0f 05: two bytes.
    state.setNumber(X86_STATE.pc, state.getNumber(X86_STATE.pc) - 2)
    state.setNumber(RAX_OFFSET, nr)
  },

  budget: (state) => state.getU32(X86_STATE.budget) | 0,
  setBudget: (state, count) => state.setU32(X86_STATE.budget, count),
  exitCode: (state) => state.getU32(X86_STATE.exitCode),
  exitAddress: (state) => state.getNumber(X86_STATE.exitAddress),

  descriptorSize: () => 0,
  programStart: (_memory, pc) => ({ pc, toc: 0 }),
  startProgram: (state, { pc }, sp) => startX86(state, 64, pc, sp),

  checkTls: () => 0,
  startClone(state: StateBlock, sp: number, tls: number | null): void {
    state.setNumber(RAX_OFFSET, 0)
    if (sp) state.setNumber(RSP_OFFSET, sp)
    if (tls !== null) state.setNumber(X86_STATE.fsBase, tls)
  },

  pushSignalFrame,
  popSignalFrame,
  swapContext: null,
}

/** A program of either mode: every register, segment and the x87 as they are at its start. */
export function startX86(state: StateBlock, mode: Mode, entry: number, sp: number): void {
  state.space.bytes.fill(0, STATE_BASE, STATE_BASE + X86_STATE_SIZE)
  startSegments(state.space, mode)
  state.setNumber(X86_STATE.pc, entry)
  state.setNumber(RSP_OFFSET, sp)
  resetFloat(state)
}

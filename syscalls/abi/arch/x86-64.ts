/**
 * The Linux ABI of x86-64: System V psABI A.2 (system calls), <asm/stat.h>. Signal frames: x86-64-signal.ts.
 * Path: see arch.ts.
 */

import { startSegments } from '../../../emu/guest/x86/segments.ts'
import {
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
import { type Arch, NORM_INT, NORM_LONG, NORM_UINT, putU64, type StatFields } from './arch.ts'
import { x86CpuInfo } from './x86-64-cpuinfo.ts'
import { X86_64_NUMBERS } from './x86-64-numbers.ts'
import { popSignalFrame, pushSignalFrame } from './x86-64-signal.ts'

const register = (index: number): number => X86_STATE.gpr + index * 8
const ARGUMENTS = [RDI, RSI, RDX, R10, R8, R9].map(register)
const RAX_OFFSET = register(RAX)
const RSP_OFFSET = register(RSP)

/** CPUID.1:EDX of what the translator offers: fpu, tsc, cx8, cmov, mmx, fxsr, sse, sse2. */
const HWCAP = 0x07808111

const names: (string | undefined)[] = []
for (const [name, nr] of Object.entries(X86_64_NUMBERS)) names[nr] = name

function writeStat(view: DataView, addr: number, stat: StatFields): void {
  putU64(view, addr, stat.dev)
  putU64(view, addr + 8, stat.ino)
  putU64(view, addr + 16, stat.nlink)
  view.setUint32(addr + 24, stat.mode, true)
  view.setUint32(addr + 28, stat.uid, true)
  view.setUint32(addr + 32, stat.gid, true)
  view.setUint32(addr + 36, 0, true)
  putU64(view, addr + 40, stat.rdev)
  putU64(view, addr + 48, stat.size)
  putU64(view, addr + 56, stat.blockSize)
  putU64(view, addr + 64, stat.blocks)
  putU64(view, addr + 72, stat.atimeSec)
  putU64(view, addr + 80, stat.atimeNsec)
  putU64(view, addr + 88, stat.mtimeSec)
  putU64(view, addr + 96, stat.mtimeNsec)
  putU64(view, addr + 104, stat.ctimeSec)
  putU64(view, addr + 112, stat.ctimeNsec)
  for (let at = 120; at < 144; at += 8) putU64(view, addr + at, 0)
}

export const x86_64: Arch = {
  name: 'x86-64',
  elfMachine: 'x86-64',
  bits: 64,
  littleEndian: true,
  platform: 'x86_64',
  machine: 'x86_64',
  hwcap: HWCAP,
  cpuInfo: x86CpuInfo(),
  stateSize: X86_STATE_SIZE,
  names,
  numbers: X86_64_NUMBERS,
  statSize: 144,
  epollEventSize: 12,

  // The kernel looks at eax only: upper bits of rax do not count.
  syscallNumber: (state) => state.space.view.getInt32(STATE_BASE + RAX_OFFSET, true),

  captureArguments(state: StateBlock, norms: readonly number[], args: Float64Array): void {
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

  startProgram(state: StateBlock, entry: number, sp: number): void {
    state.space.bytes.fill(0, STATE_BASE, STATE_BASE + X86_STATE_SIZE)
    startSegments(state.space, 64)
    state.setNumber(X86_STATE.pc, entry)
    state.setNumber(RSP_OFFSET, sp)
    state.setU32(X86_STATE.mxcsr, 0x1f80)
    // FNINIT: control word 37f, all registers empty.
    state.setU32(X86_STATE.fpcw, 0x37f)
    state.setU32(X86_STATE.fptop, 0x00ff0000)
  },

  startClone(state: StateBlock, sp: number, tls: number | null): void {
    state.setNumber(RAX_OFFSET, 0)
    if (sp) state.setNumber(RSP_OFFSET, sp)
    if (tls !== null) state.setNumber(X86_STATE.fsBase, tls)
  },

  writeStat,
  pushSignalFrame,
  popSignalFrame,
}

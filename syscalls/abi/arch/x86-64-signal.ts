/**
 * The x86-64 rt_sigframe exactly as Linux lays it out: return address, ucontext, siginfo, and above them a 64-byte
 * aligned FXSAVE image. Linux arch/x86/kernel/signal.c, <asm/sigcontext.h>, sigreturn(2).
 * Path: kernel/signal-delivery.ts pushes, sys/signal.ts (rt_sigreturn) pops.
 */

import { readEflags, writeEflags } from '../../../emu/guest/x86/flags.ts'
import { GPR_NAMES, gprPlace, RAX, RDI, RDX, RSI, RSP, X86_STATE } from '../../../emu/guest/x86/state.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import { AUDIT_ARCH_X86_64 } from '../seccomp.ts'
import { writeSigInfo } from '../siginfo.ts'
import { SA_RESTORER } from '../signal.ts'
import { getI64, LP64, putU64 } from '../struct.ts'
import type { FrameMemory, SignalFrameInput, SignalFrameOutput } from './arch.ts'
import { FXSAVE_SIZE, restoreFloat, saveFloat } from './x86-float.ts'

const REDZONE = 128
const UC = 8
const UC_STACK = UC + 16
const MCONTEXT = UC + 40
const UC_SIGMASK = MCONTEXT + 256
const SIGINFO = UC_SIGMASK + 8
const FRAME_SIZE = SIGINFO + 128

// Places in sigcontext, from MCONTEXT; general registers in this order.
const SAVED_ORDER = ['r8', 'r9', 'r10', 'r11', 'r12', 'r13', 'r14', 'r15', 'rdi', 'rsi', 'rbp', 'rbx', 'rdx', 'rax', 'rcx', 'rsp'] as const // biome-ignore format: one line
const SAVED_REGISTERS = SAVED_ORDER.map((name) => gprPlace(GPR_NAMES.indexOf(name)))
const SC_IP = 128
const SC_FLAGS = 136
const SC_SEGMENTS = 144
const SC_ERR = 152
const SC_TRAPNO = 160
const SC_OLDMASK = 168
const SC_CR2 = 176
const SC_FPSTATE = 184
const USER_CS = 0x33
const USER_SS = 0x2b
/** UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
const UC_FLAGS = 6

export function pushSignalFrame(state: StateBlock, memory: FrameMemory, input: SignalFrameInput): boolean {
  if (!(input.flags & SA_RESTORER)) return false
  let sp = input.onAltStack
    ? input.altStackAddr + input.altStackSize
    : state.getNumber(gprPlace(RSP)) - REDZONE
  const fpstate = Math.floor((sp - FXSAVE_SIZE) / 64) * 64
  sp = Math.floor((fpstate - FRAME_SIZE) / 16) * 16 - 8
  if (!memory.canWrite(sp, fpstate + FXSAVE_SIZE - sp)) return false
  const view = memory.space.view
  memory.space.bytes.fill(0, sp, sp + FRAME_SIZE)
  putU64(view, sp, input.restorer, LP64)
  putU64(view, sp + UC, UC_FLAGS, LP64)
  putU64(view, sp + UC_STACK, input.altStackAddr, LP64)
  view.setUint32(sp + UC_STACK + 8, input.altStackFlags >>> 0, true)
  putU64(view, sp + UC_STACK + 16, input.altStackSize, LP64)
  writeContext(state, view, sp + MCONTEXT, input, fpstate)
  view.setInt32(sp + UC_SIGMASK, input.maskLo, true)
  view.setInt32(sp + UC_SIGMASK + 4, input.maskHi, true)
  writeSigInfo(view, sp + SIGINFO, input.info, LP64, AUDIT_ARCH_X86_64)
  saveFloat(state, fpstate)
  memory.stored(sp, fpstate + FXSAVE_SIZE - sp)

  state.setNumber(gprPlace(RDI), input.info.signo)
  state.setNumber(gprPlace(RSI), sp + SIGINFO)
  state.setNumber(gprPlace(RDX), sp + UC)
  state.setNumber(gprPlace(RAX), 0)
  state.setNumber(gprPlace(RSP), sp)
  state.setNumber(X86_STATE.pc, input.handler)
  state.setU32(X86_STATE.df, 0)
  return true
}

function writeContext(
  state: StateBlock,
  view: DataView,
  at: number,
  input: SignalFrameInput,
  fpstate: number,
): void {
  for (const [i, offset] of SAVED_REGISTERS.entries())
    view.setBigUint64(at + i * 8, state.getU64(offset), true)
  view.setBigUint64(at + SC_IP, state.getU64(X86_STATE.pc), true)
  putU64(view, at + SC_FLAGS, readEflags(state), LP64)
  view.setUint16(at + SC_SEGMENTS, USER_CS, true)
  view.setUint16(at + SC_SEGMENTS + 6, USER_SS, true)
  putU64(view, at + SC_ERR, input.info.trapError, LP64)
  putU64(view, at + SC_TRAPNO, input.info.trapno, LP64)
  view.setInt32(at + SC_OLDMASK, input.maskLo, true)
  view.setInt32(at + SC_OLDMASK + 4, input.maskHi, true)
  if (input.info.trapno === 14) putU64(view, at + SC_CR2, input.info.addr, LP64)
  putU64(view, at + SC_FPSTATE, fpstate, LP64)
}

export function popSignalFrame(state: StateBlock, memory: FrameMemory): SignalFrameOutput | null {
  // The handler's ret has taken the return address.
  const sp = state.getNumber(gprPlace(RSP)) - 8
  if (!memory.canRead(sp, FRAME_SIZE)) return null
  const view = memory.space.view
  const context = sp + MCONTEXT
  const fpstate = getI64(view, context + SC_FPSTATE, LP64)
  if (fpstate !== 0 && !memory.canRead(fpstate, FXSAVE_SIZE)) return null
  const output = {
    maskLo: view.getInt32(sp + UC_SIGMASK, true),
    maskHi: view.getInt32(sp + UC_SIGMASK + 4, true),
    altStack: {
      addr: getI64(view, sp + UC_STACK, LP64),
      flags: view.getUint32(sp + UC_STACK + 8, true),
      size: getI64(view, sp + UC_STACK + 16, LP64),
    },
  }
  for (const [i, offset] of SAVED_REGISTERS.entries())
    state.setU64(offset, view.getBigUint64(context + i * 8, true))
  state.setU64(X86_STATE.pc, view.getBigUint64(context + SC_IP, true))
  writeEflags(state, view.getUint32(context + SC_FLAGS, true))
  if (fpstate !== 0) restoreFloat(state, fpstate)
  return output
}

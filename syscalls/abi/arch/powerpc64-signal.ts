/**
 * The signal frame of 64-bit powerpc: below what the ABI lets a function use without having said so lie siginfo, two
 * pointers, and ucontext, and below that the frame of a caller that is none. Linux arch/powerpc/kernel/signal_64.c,
 * <asm/sigcontext.h>, <asm/ucontext.h>, sigreturn(2).
 * Path: kernel/signal-delivery.ts pushes, sys/signal.ts (rt_sigreturn) pops.
 */

import { writeFpscr } from '../../../emu/guest/ppc/float/execute.ts'
import { gprPlace, PPC_STATE } from '../../../emu/guest/ppc/state.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import { AUDIT_ARCH_PPC64, AUDIT_ARCH_PPC64LE } from '../seccomp.ts'
import { SIGINFO_SIZE, writeSigInfo } from '../siginfo.ts'
import { SA_SIGINFO, STACK } from '../signal.ts'
import { getInteger, putU64 } from '../struct.ts'
import type { FrameMemory, SignalFrameInput, SignalFrameOutput } from './arch.ts'
import {
  FLOAT_SIZE,
  putFloat,
  putGeneral,
  putLowHalves,
  putVectors,
  takeFloat,
  takeGeneral,
  takeLowHalves,
  takeVectors,
  VECTORS_SIZE,
} from './powerpc-frame.ts'
import { VDSO_SIGTRAMP_RT64 } from './powerpc-vdso.ts'

// struct ucontext.
export const UC_STACK = 16
export const UC_SIGMASK = 40
export const UC_MCONTEXT = 168
// struct sigcontext.
const SC_SIGNAL = 32
const SC_HANDLER = 40
const SC_REGS = 56
export const SC_GP_REGS = 64
export const SC_FP_REGS = SC_GP_REGS + 384
export const SC_V_REGS = SC_FP_REGS + FLOAT_SIZE
export const SC_VMX_RESERVE = SC_V_REGS + 8
const VMX_RESERVE_SIZE = 101 * 8
export const UC_SIZE = UC_MCONTEXT + SC_VMX_RESERVE + VMX_RESERVE_SIZE
/** Behind the vector registers and VSCR: VRSAVE in a vector's place, then the other registers' lower halves. */
const VRSAVE_AT = VECTORS_SIZE
const LOW_HALVES_AT = VRSAVE_AT + 16
// struct rt_sigframe: ucontext, two words, the six instructions of a trampoline, pointers to siginfo and ucontext.
const FRAME_PINFO = UC_SIZE + 2 * 8 + 6 * 4
const FRAME_INFO = FRAME_PINFO + 16
/** What functions may use below the stack pointer. */
const REDZONE = 512
const FRAME_SIZE = Math.ceil((FRAME_INFO + SIGINFO_SIZE + REDZONE) / 16) * 16
/** __SIGNAL_FRAMESIZE: the caller's frame that the handler sees. */
const CALLER_SIZE = 128
const EF_PPC64_ABI = 3
const ELF_V2 = 2

export function pushSignalFrame(state: StateBlock, memory: FrameMemory, input: SignalFrameInput): boolean {
  const { model } = memory
  const oldSp = state.getNumber(gprPlace(1))
  const top = input.onAltStack ? input.altStackAddr + input.altStackSize : oldSp
  const uc = Math.floor((top - FRAME_SIZE) / 16) * 16
  const sp = uc - CALLER_SIZE
  if (!memory.canWrite(sp, CALLER_SIZE + FRAME_SIZE - REDZONE)) return false
  const { view, bytes } = memory.space
  bytes.fill(0, sp, uc + FRAME_INFO)
  putU64(view, sp, oldSp, model)
  STACK.of(model).put(view, uc + UC_STACK, {
    sp: input.altStackAddr,
    flags: input.altStackFlags >>> 0,
    size: input.altStackSize,
  })
  const { littleEndian } = model
  view.setInt32(uc + UC_SIGMASK + (littleEndian ? 0 : 4), input.maskLo, littleEndian)
  view.setInt32(uc + UC_SIGMASK + (littleEndian ? 4 : 0), input.maskHi, littleEndian)
  putContext(state, memory, uc + UC_MCONTEXT, input)
  putU64(view, uc + FRAME_PINFO, uc + FRAME_INFO, model)
  putU64(view, uc + FRAME_PINFO + 8, uc, model)
  const auditArch = littleEndian ? AUDIT_ARCH_PPC64LE : AUDIT_ARCH_PPC64
  writeSigInfo(view, uc + FRAME_INFO, input.info, model, auditArch)
  memory.stored(sp, CALLER_SIZE + FRAME_SIZE - REDZONE)
  return enter(state, memory, input, sp, uc)
}

/** struct sigcontext. */
function putContext(state: StateBlock, memory: FrameMemory, at: number, input: SignalFrameInput): void {
  const { model, space } = memory
  const { view } = space
  view.setInt32(at + SC_SIGNAL, input.info.signo, model.littleEndian)
  putU64(view, at + SC_HANDLER, input.handler, model)
  putU64(view, at + SC_REGS, at + SC_GP_REGS, model)
  putGeneral(state, at + SC_GP_REGS, input.info, model)
  putFloat(state, at + SC_FP_REGS, model)
  const vectors = Math.ceil((at + SC_VMX_RESERVE) / 16) * 16
  putU64(view, at + SC_V_REGS, vectors, model)
  putVectors(state, vectors, model)
  view.setUint32(vectors + VRSAVE_AT, state.getU32(PPC_STATE.vrsave), model.littleEndian)
  putLowHalves(state, vectors + LOW_HALVES_AT, model)
}

/** The handler's registers. False: its descriptor cannot be read. */
function enter(
  state: StateBlock,
  memory: FrameMemory,
  input: SignalFrameInput,
  sp: number,
  uc: number,
): boolean {
  let pc = input.handler
  if ((memory.elfFlags & EF_PPC64_ABI) !== ELF_V2) {
    if (!memory.canRead(input.handler, 16)) return false
    const word = (offset: number): number =>
      getInteger(memory.space.view, input.handler + offset, 8, false, memory.model)
    pc = word(0)
    state.setNumber(gprPlace(2), word(8))
  }
  const isInfo = (input.flags & SA_SIGINFO) !== 0
  state.setNumber(gprPlace(1), sp)
  state.setNumber(gprPlace(3), input.info.signo)
  state.setNumber(gprPlace(4), isInfo ? uc + FRAME_INFO : uc + UC_MCONTEXT)
  state.setNumber(gprPlace(5), uc)
  state.setNumber(gprPlace(6), uc)
  state.setNumber(gprPlace(12), pc)
  state.setNumber(PPC_STATE.ctr, pc)
  state.setNumber(PPC_STATE.lr, memory.vdso + VDSO_SIGTRAMP_RT64)
  state.setNumber(PPC_STATE.pc, pc)
  writeFpscr(state, 0)
  return true
}

export function popSignalFrame(state: StateBlock, memory: FrameMemory): SignalFrameOutput | null {
  // The trampoline has dropped the caller's frame.
  const uc = state.getNumber(gprPlace(1))
  if (!memory.canRead(uc, UC_SIZE)) return null
  const { model, space } = memory
  const { view } = space
  const { littleEndian } = model
  const { sp, flags, size } = STACK.of(model).get(view, uc + UC_STACK)
  const output: SignalFrameOutput = {
    maskLo: view.getInt32(uc + UC_SIGMASK + (littleEndian ? 0 : 4), littleEndian),
    maskHi: view.getInt32(uc + UC_SIGMASK + (littleEndian ? 4 : 0), littleEndian),
    altStack: { addr: sp, flags, size },
  }
  const context = uc + UC_MCONTEXT
  const vectors = getInteger(view, context + SC_V_REGS, 8, false, model)
  if (vectors !== 0 && !memory.canRead(vectors, LOW_HALVES_AT + 32 * 8)) return null
  takeGeneral(state, context + SC_GP_REGS, model)
  takeFloat(state, context + SC_FP_REGS, model)
  if (vectors !== 0) {
    takeVectors(state, vectors, model)
    state.setU32(PPC_STATE.vrsave, view.getUint32(vectors + VRSAVE_AT, littleEndian))
    takeLowHalves(state, vectors + LOW_HALVES_AT, model)
  }
  return output
}

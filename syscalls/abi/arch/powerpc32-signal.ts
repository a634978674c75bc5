/**
 * The signal frames of 32-bit powerpc: the old one, sigcontext and mcontext, and for SA_SIGINFO the one with siginfo and
 * ucontext; below either the frame of a caller that is none. Linux arch/powerpc/kernel/signal_32.c, <asm/sigcontext.h>,
 * <asm/ucontext.h>, sigreturn(2).
 * Path: kernel/signal-delivery.ts pushes, sys/signal.ts (sigreturn, rt_sigreturn) pops.
 */

import { writeFpscr } from '../../../emu/guest/ppc/float/execute.ts'
import { gprPlace, PPC_STATE } from '../../../emu/guest/ppc/state.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import { EFAULT, EINVAL } from '../errno.ts'
import { AUDIT_ARCH_PPC } from '../seccomp.ts'
import { SIGINFO_SIZE, writeSigInfo } from '../siginfo.ts'
import { SA_SIGINFO, type SigInfo, STACK, sigInfo } from '../signal.ts'
import type { FrameMemory, SignalFrameInput, SignalFrameOutput } from './arch.ts'
import {
  FLOAT_SIZE,
  putFloat,
  putGeneral,
  putVectors,
  takeFloat,
  takeGeneral,
  takeVectors,
  VECTORS_SIZE,
} from './powerpc-frame.ts'
import { VDSO_SIGTRAMP_RT32, VDSO_SIGTRAMP32 } from './powerpc-vdso.ts'

// struct mcontext.
export const MC_FREGS = 192
const MC_PAD = MC_FREGS + FLOAT_SIZE
export const MC_VREGS = MC_PAD + 8
export const MC_SIZE = MC_VREGS + VECTORS_SIZE
/** VRSAVE is the first word of the vector that ends with VSCR. */
const MC_VRSAVE = MC_VREGS + 32 * 16
// struct sigcontext, at the begin of the old frame.
const SC_MASK_HI = 12
const SC_SIGNAL = 16
const SC_HANDLER = 20
const SC_OLDMASK = 24
const SC_REGS = 28
const SC_SIZE = 32
// struct ucontext, behind siginfo in the other one.
export const UC_STACK = 8
export const UC_REGS = 48
export const UC_SIGMASK = 52
export const UC_MCONTEXT = 192
export const UC_SIZE = UC_MCONTEXT + MC_SIZE
/** What functions may use below the stack pointer. */
const REDZONE = 56 * 4
const OLD_SIZE = SC_SIZE + MC_SIZE
const RT_SIZE = SIGINFO_SIZE + UC_SIZE
/** The caller's frame that a handler sees; with siginfo it is longer. */
const OLD_CALLER_SIZE = 64
const RT_CALLER_SIZE = 80

export function pushSignalFrame(state: StateBlock, memory: FrameMemory, input: SignalFrameInput): boolean {
  const isRt = (input.flags & SA_SIGINFO) !== 0
  const size = isRt ? RT_SIZE : OLD_SIZE
  const oldSp = state.getU32(gprPlace(1))
  const top = input.onAltStack ? input.altStackAddr + input.altStackSize : oldSp
  const frame = Math.floor((top - size - REDZONE) / 16) * 16
  const sp = frame - (isRt ? RT_CALLER_SIZE : OLD_CALLER_SIZE)
  if (!memory.canWrite(sp, frame + size - sp)) return false
  const { view, bytes } = memory.space
  bytes.fill(0, sp, frame + size)
  view.setUint32(sp, oldSp)
  if (isRt) putInfoAndContext(memory, frame, input)
  else putOldContext(memory, frame, input)
  putRegisters(state, frame + size - MC_SIZE, memory, input.info)
  memory.stored(sp, frame + size - sp)

  state.setNumber(gprPlace(1), sp)
  state.setNumber(gprPlace(3), input.info.signo)
  state.setNumber(gprPlace(4), frame)
  if (isRt) {
    state.setNumber(gprPlace(5), frame + SIGINFO_SIZE)
    state.setNumber(gprPlace(6), frame)
  }
  state.setNumber(PPC_STATE.lr, memory.vdso + (isRt ? VDSO_SIGTRAMP_RT32 : VDSO_SIGTRAMP32))
  state.setNumber(PPC_STATE.pc, input.handler)
  writeFpscr(state, 0)
  return true
}

function putInfoAndContext({ space, model }: FrameMemory, frame: number, input: SignalFrameInput): void {
  const { view } = space
  const uc = frame + SIGINFO_SIZE
  writeSigInfo(view, frame, input.info, model, AUDIT_ARCH_PPC)
  STACK.of(model).put(view, uc + UC_STACK, {
    sp: input.altStackAddr,
    flags: input.altStackFlags >>> 0,
    size: input.altStackSize,
  })
  view.setUint32(uc + UC_REGS, uc + UC_MCONTEXT)
  view.setInt32(uc + UC_SIGMASK, input.maskLo)
  view.setInt32(uc + UC_SIGMASK + 4, input.maskHi)
}

function putOldContext({ space: { view } }: FrameMemory, frame: number, input: SignalFrameInput): void {
  view.setInt32(frame + SC_MASK_HI, input.maskHi)
  view.setInt32(frame + SC_SIGNAL, input.info.signo)
  view.setUint32(frame + SC_HANDLER, input.handler)
  view.setInt32(frame + SC_OLDMASK, input.maskLo)
  view.setUint32(frame + SC_REGS, frame + SC_SIZE)
}

/** struct mcontext. */
function putRegisters(
  state: StateBlock,
  at: number,
  { space: { view }, model }: FrameMemory,
  info: SigInfo,
): void {
  putGeneral(state, at, info, model)
  putFloat(state, at + MC_FREGS, model)
  putVectors(state, at + MC_VREGS, model)
  view.setUint32(at + MC_VRSAVE, state.getU32(PPC_STATE.vrsave))
}

function takeRegisters(state: StateBlock, at: number, { space: { view }, model }: FrameMemory): void {
  takeGeneral(state, at, model)
  takeFloat(state, at + MC_FREGS, model)
  takeVectors(state, at + MC_VREGS, model)
  state.setU32(PPC_STATE.vrsave, view.getUint32(at + MC_VRSAVE))
}

/** `isRt`: rt_sigreturn; else sigreturn. */
export function popSignalFrame(
  state: StateBlock,
  memory: FrameMemory,
  isRt: boolean,
): SignalFrameOutput | null {
  const sp = state.getU32(gprPlace(1))
  return isRt
    ? takeContext(state, memory, sp + RT_CALLER_SIZE + SIGINFO_SIZE)
    : takeOldContext(state, memory, sp + OLD_CALLER_SIZE)
}

function takeOldContext(state: StateBlock, memory: FrameMemory, frame: number): SignalFrameOutput | null {
  const { view } = memory.space
  if (!memory.canRead(frame, SC_SIZE)) return null
  const registers = view.getUint32(frame + SC_REGS)
  if (!memory.canRead(registers, MC_SIZE)) return null
  const [maskLo, maskHi] = [view.getInt32(frame + SC_OLDMASK), view.getInt32(frame + SC_MASK_HI)]
  takeRegisters(state, registers, memory)
  return { maskLo, maskHi, altStack: null }
}

/** A ucontext by its address; null where it cannot be read. */
function takeContext(state: StateBlock, memory: FrameMemory, uc: number): SignalFrameOutput | null {
  const { view } = memory.space
  if (!memory.canRead(uc, UC_MCONTEXT)) return null
  const registers = view.getUint32(uc + UC_REGS)
  if (!memory.canRead(registers, MC_SIZE)) return null
  const { sp, flags, size } = STACK.of(memory.model).get(view, uc + UC_STACK)
  const [maskLo, maskHi] = [view.getInt32(uc + UC_SIGMASK), view.getInt32(uc + UC_SIGMASK + 4)]
  takeRegisters(state, registers, memory)
  return { maskLo, maskHi, altStack: { addr: sp, flags, size } }
}

/** The thread's pointer stays what it is. */
const THREAD_POINTER = gprPlace(2)

export function swapContext(
  state: StateBlock,
  memory: FrameMemory,
  old: number,
  fresh: number,
  sizeBytes: number,
  mask: { readonly lo: number; readonly hi: number },
): SignalFrameOutput | number | null {
  if (sizeBytes < UC_SIZE) return -EINVAL
  const { view, bytes } = memory.space
  if (old !== 0) {
    if (!memory.canWrite(old, UC_SIZE)) return -EFAULT
    bytes.fill(0, old + UC_MCONTEXT, old + UC_SIZE)
    view.setUint32(old + UC_REGS, old + UC_MCONTEXT)
    view.setInt32(old + UC_SIGMASK, mask.lo)
    view.setInt32(old + UC_SIGMASK + 4, mask.hi)
    putRegisters(state, old + UC_MCONTEXT, memory, sigInfo(0, 0))
    memory.stored(old, UC_SIZE)
  }
  if (fresh === 0) return null
  const pointer = state.getU64(THREAD_POINTER)
  const taken = takeContext(state, memory, fresh)
  state.setU64(THREAD_POINTER, pointer)
  return taken ?? -EFAULT
}

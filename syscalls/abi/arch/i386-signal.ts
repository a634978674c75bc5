/**
 * The signal frames of i386 as a 64-bit Linux lays them out: the old one and, for SA_SIGINFO, the one with siginfo and
 * ucontext; above either a 64-byte aligned FXSAVE image with the FSAVE one before it. Linux
 * arch/x86/kernel/signal_32.c, <asm/sigcontext.h>, sigreturn(2).
 * Path: kernel/signal-delivery.ts pushes, sys/signal.ts (sigreturn, rt_sigreturn) pops.
 */

import { readEflags, writeEflags } from '../../../emu/guest/x86/flags.ts'
import {
  instructionPointer,
  loadSegment,
  selectorOf,
  setInstructionPointer,
  USER_DS,
  USER32_CS,
} from '../../../emu/guest/x86/segments.ts'
import {
  CS,
  DS,
  ES,
  FS,
  GS,
  gprPlace,
  RAX,
  RBP,
  RBX,
  RCX,
  RDI,
  RDX,
  RSI,
  RSP,
  SS,
  X86_STATE,
} from '../../../emu/guest/x86/state.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import { AUDIT_ARCH_I386 } from '../seccomp.ts'
import { writeSigInfo } from '../siginfo.ts'
import { SA_RESTORER, SA_SIGINFO } from '../signal.ts'
import { ILP32_I386 } from '../struct.ts'
import type { FrameMemory, SignalFrameInput, SignalFrameOutput } from './arch.ts'
import { VDSO_RT_SIGRETURN, VDSO_SIGRETURN } from './i386-vdso.ts'
import { FXSAVE_SIZE, restoreFloat, saveFloat } from './x86-float.ts'

/** struct _fpregs_state, as FSAVE writes it, with status and magic behind. */
const FSAVE_SIZE = 112
// struct sigcontext_32.
const CONTEXT_SIZE = 88
const SC_GENERAL = 16
const SC_TRAPNO = 48
const SC_ERR = 52
const SC_IP = 56
const SC_CS = 60
const SC_FLAGS = 64
const SC_SP_AT_SIGNAL = 68
const SC_SS = 72
const SC_FPSTATE = 76
const SC_OLDMASK = 80
const SC_CR2 = 84
const GENERAL_ORDER = [RDI, RSI, RBP, RSP, RBX, RDX, RCX, RAX]
const SEGMENT_ORDER = [GS, FS, ES, DS]
// struct sigframe_ia32: return address, signal, context, an unused FXSAVE area, the mask's upper half, code.
const OLD_CONTEXT = 8
const OLD_EXTRAMASK = OLD_CONTEXT + CONTEXT_SIZE + FSAVE_SIZE + FXSAVE_SIZE
const OLD_RETCODE = OLD_EXTRAMASK + 4
const OLD_SIZE = OLD_RETCODE + 8
// struct rt_sigframe_ia32: return address, signal, two pointers, siginfo, ucontext, code.
const RT_INFO = 16
const RT_UC = RT_INFO + 128
const UC_STACK = RT_UC + 8
const RT_CONTEXT = UC_STACK + 12
const UC_SIGMASK = RT_CONTEXT + CONTEXT_SIZE
const RT_RETCODE = UC_SIGMASK + 8
const RT_SIZE = RT_RETCODE + 8
/** pop %eax; mov $119, %eax; int $0x80, and without the pop for 173: what debuggers know a frame by. */
const OLD_CODE = [0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80]
const RT_CODE = [0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0]

export function pushSignalFrame(state: StateBlock, memory: FrameMemory, input: SignalFrameInput): boolean {
  const isRt = (input.flags & SA_SIGINFO) !== 0
  const size = isRt ? RT_SIZE : OLD_SIZE
  const top = input.onAltStack ? input.altStackAddr + input.altStackSize : state.getU32(gprPlace(RSP))
  const fxsave = Math.floor((top - FXSAVE_SIZE) / 64) * 64
  const fpstate = fxsave - FSAVE_SIZE
  const sp = Math.floor((fpstate - size + 4) / 16) * 16 - 4
  const end = fxsave + FXSAVE_SIZE
  if (!memory.canWrite(sp, end - sp)) return false
  const { view, bytes } = memory.space
  bytes.fill(0, sp, end)
  saveFloat(state, fxsave)
  writeFsave(view, fpstate, fxsave)
  const restorer =
    input.flags & SA_RESTORER ? input.restorer : memory.vdso + (isRt ? VDSO_RT_SIGRETURN : VDSO_SIGRETURN)
  view.setUint32(sp, restorer, true)
  view.setInt32(sp + 4, input.info.signo, true)
  if (isRt) {
    view.setUint32(sp + 8, sp + RT_INFO, true)
    view.setUint32(sp + 12, sp + RT_UC, true)
    writeSigInfo(view, sp + RT_INFO, input.info, ILP32_I386, AUDIT_ARCH_I386)
    view.setUint32(sp + UC_STACK, input.altStackAddr, true)
    view.setUint32(sp + UC_STACK + 4, input.altStackFlags, true)
    view.setUint32(sp + UC_STACK + 8, input.altStackSize, true)
    view.setInt32(sp + UC_SIGMASK, input.maskLo, true)
    view.setInt32(sp + UC_SIGMASK + 4, input.maskHi, true)
  } else view.setInt32(sp + OLD_EXTRAMASK, input.maskHi, true)
  bytes.set(isRt ? RT_CODE : OLD_CODE, sp + (isRt ? RT_RETCODE : OLD_RETCODE))
  writeContext(state, view, sp + (isRt ? RT_CONTEXT : OLD_CONTEXT), input, fpstate)
  memory.stored(sp, end - sp)
  enter(state, input, sp, isRt)
  return true
}

/** The handler's registers: its arguments, also where compilers pass them in registers. */
function enter(state: StateBlock, input: SignalFrameInput, sp: number, isRt: boolean): void {
  state.setNumber(gprPlace(RAX), input.info.signo)
  state.setNumber(gprPlace(RDX), isRt ? sp + RT_INFO : 0)
  state.setNumber(gprPlace(RCX), isRt ? sp + RT_UC : 0)
  state.setNumber(gprPlace(RSP), sp)
  state.setU32(X86_STATE.df, 0)
  loadSegment(state.space, CS, USER32_CS)
  for (const segment of [SS, DS, ES]) loadSegment(state.space, segment, USER_DS)
  state.setNumber(X86_STATE.pc, input.handler)
}

function writeContext(
  state: StateBlock,
  view: DataView,
  at: number,
  input: SignalFrameInput,
  fpstate: number,
): void {
  const { space } = state
  for (const [i, segment] of SEGMENT_ORDER.entries())
    view.setUint32(at + i * 4, selectorOf(space, segment), true)
  for (const [i, index] of GENERAL_ORDER.entries())
    view.setUint32(at + SC_GENERAL + i * 4, state.getU32(gprPlace(index)), true)
  view.setUint32(at + SC_TRAPNO, input.info.trapno, true)
  view.setUint32(at + SC_ERR, input.info.trapError, true)
  view.setUint32(at + SC_IP, Number(instructionPointer(space)), true)
  view.setUint32(at + SC_CS, selectorOf(space, CS), true)
  view.setUint32(at + SC_FLAGS, readEflags(state), true)
  view.setUint32(at + SC_SP_AT_SIGNAL, state.getU32(gprPlace(RSP)), true)
  view.setUint32(at + SC_SS, selectorOf(space, SS), true)
  view.setUint32(at + SC_FPSTATE, fpstate, true)
  view.setInt32(at + SC_OLDMASK, input.maskLo, true)
  if (input.info.trapno === 14) view.setUint32(at + SC_CR2, input.info.addr, true)
}

/** The FSAVE image, from the FXSAVE one: full tags, registers of ten bytes one behind the other. */
function writeFsave(view: DataView, at: number, fxsave: number): void {
  const status = view.getUint16(fxsave + 2, true)
  const top = (status >> 11) & 7
  view.setUint32(at, 0xffff0000 | view.getUint16(fxsave, true), true)
  view.setUint32(at + 4, 0xffff0000 | status, true)
  let tags = 0
  for (let physical = 0; physical < 8; physical++) {
    const register = fxsave + 32 + ((physical - top) & 7) * 16
    const isUsed = (view.getUint8(fxsave + 4) & (1 << physical)) !== 0
    tags |= (isUsed ? tagOf(view, register) : 3) << (physical * 2)
  }
  view.setUint32(at + 8, 0xffff0000 | tags, true)
  view.setUint32(at + 12, view.getUint32(fxsave + 8, true), true)
  view.setUint32(at + 16, view.getUint16(fxsave + 6, true) << 16, true)
  view.setUint32(at + 20, view.getUint32(fxsave + 16, true), true)
  view.setUint32(at + 24, 0xffff0000, true)
  const bytes = new Uint8Array(view.buffer)
  for (let i = 0; i < 8; i++) bytes.copyWithin(at + 28 + i * 10, fxsave + 32 + i * 16, fxsave + 42 + i * 16)
  // Then the status word once more, and that FXSAVE's image follows.
  view.setUint32(at + 108, status, true)
}

/** 0 valid, 1 zero, 2 special. */
function tagOf(view: DataView, at: number): number {
  const exponent = view.getUint16(at + 8, true) & 0x7fff
  const [low, high] = [view.getUint32(at, true), view.getUint32(at + 4, true)]
  if (exponent === 0x7fff) return 2
  if (exponent === 0) return low === 0 && high === 0 ? 1 : 2
  return high & 0x8000_0000 ? 0 : 2
}

/** `isRt`: rt_sigreturn; else sigreturn, whose caller has popped the signal's number too. */
export function popSignalFrame(
  state: StateBlock,
  memory: FrameMemory,
  isRt: boolean,
): SignalFrameOutput | null {
  const sp = state.getU32(gprPlace(RSP)) - (isRt ? 4 : 8)
  if (!memory.canRead(sp, isRt ? RT_SIZE : OLD_SIZE)) return null
  const { view } = memory.space
  const context = sp + (isRt ? RT_CONTEXT : OLD_CONTEXT)
  const fpstate = view.getUint32(context + SC_FPSTATE, true)
  if (fpstate !== 0 && !memory.canRead(fpstate, FSAVE_SIZE + FXSAVE_SIZE)) return null
  const output: SignalFrameOutput = isRt
    ? {
        maskLo: view.getInt32(sp + UC_SIGMASK, true),
        maskHi: view.getInt32(sp + UC_SIGMASK + 4, true),
        altStack: {
          addr: view.getUint32(sp + UC_STACK, true),
          flags: view.getUint32(sp + UC_STACK + 4, true),
          size: view.getUint32(sp + UC_STACK + 8, true),
        },
      }
    : {
        maskLo: view.getInt32(context + SC_OLDMASK, true),
        maskHi: view.getInt32(sp + OLD_EXTRAMASK, true),
        altStack: null,
      }
  for (const [i, index] of GENERAL_ORDER.entries())
    state.setNumber(gprPlace(index), view.getUint32(context + SC_GENERAL + i * 4, true))
  writeEflags(state, view.getUint32(context + SC_FLAGS, true))
  const { space } = state
  loadSegment(space, CS, view.getUint16(context + SC_CS, true) | 3)
  loadSegment(space, SS, view.getUint16(context + SC_SS, true) | 3)
  for (const [i, segment] of SEGMENT_ORDER.entries())
    loadSegment(space, segment, view.getUint16(context + i * 4, true))
  setInstructionPointer(space, BigInt(view.getUint32(context + SC_IP, true)))
  if (fpstate !== 0) restoreFloat(state, fpstate + FSAVE_SIZE)
  return output
}

/**
 * The Linux ABI of i386, as a 64-bit kernel offers it: System V psABI for i386, arch/x86/entry/syscalls/syscall_32.tbl,
 * <asm/stat.h>. Calls: i386-calls.ts; signal frames: i386-signal.ts.
 * Path: see arch.ts.
 */

import { instructionPointer, setInstructionPointer } from '../../../emu/guest/x86/segments.ts'
import { gprPlace, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP, X86_STATE } from '../../../emu/guest/x86/state.ts'
import { PAGE_SIZE, STATE_BASE } from '../../../emu/memory/layout.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'
import { SYSCALL_SYSENTER } from '../../../emu/run/cpu.ts'
import { EFAULT, EINVAL } from '../errno.ts'
import { AUDIT_ARCH_I386 } from '../seccomp.ts'
import { ILP32_I386, ILP32_I386_LARGE, Struct } from '../struct.ts'
import {
  type Arch,
  type FrameMemory,
  NORM_ID16,
  NORM_INT,
  NORM_LONG,
  NORM_PAGES,
  NORM_PAIR,
  NORM_ZERO,
  type StatFields,
} from './arch.ts'
import { I386_CALLS, ILP32_I386_OLD } from './i386-calls.ts'
import { popSignalFrame, pushSignalFrame } from './i386-signal.ts'
import { VDSO_CODE, VDSO_LANDING, VDSO_VSYSCALL } from './i386-vdso.ts'
import { INDIRECT_CALLS } from './indirect.ts'
import { isThreadDesc, isThreadEntry, setThreadDesc, USER_DESC, type UserDesc } from './user-desc.ts'
import { startX86, x86_64 } from './x86-64.ts'

const ARGUMENTS = [RBX, RCX, RDX, RSI, RDI, RBP].map(gprPlace)
const EAX = gprPlace(RAX)
const ESP = gprPlace(RSP)

const TIMES = {
  atimeSec: 'long',
  atimeNsec: 'long',
  mtimeSec: 'long',
  mtimeNsec: 'long',
  ctimeSec: 'long',
  ctimeNsec: 'long',
} as const

/** struct stat of <asm/stat.h>. */
const STAT = new Struct<StatFields & Record<'pad' | 'unused0' | 'unused1', number>>({
  dev: 'u32',
  ino: 'u32',
  mode: 'u16',
  nlink: 'u16',
  uid: 'id16',
  gid: 'id16',
  rdev: 'u16',
  pad: 'u16',
  size: 'u32',
  blockSize: 'u32',
  blocks: 'u32',
  ...TIMES,
  unused0: 'u32',
  unused1: 'u32',
})

/** struct stat64: the inode's number twice, the first one its lower half. */
const STAT64 = new Struct<StatFields & Record<'pad' | 'ino32' | 'pad2', number>>({
  dev: 'u64',
  pad: 'u32',
  ino32: 'u32',
  mode: 'u32',
  nlink: 'u32',
  uid: 'u32',
  gid: 'u32',
  rdev: 'u64',
  pad2: 'u32',
  size: 's64',
  blockSize: 'u32',
  blocks: 's64',
  ...TIMES,
  ino: 'u64',
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
  size: 'u32',
  atimeSec: 'long',
  mtimeSec: 'long',
  ctimeSec: 'long',
})

/** 16-bit ids that are none: overflow16. */
const toId16 = (id: number): number => (id === 0xffff ? -1 : id)

export const i386: Arch = {
  ...x86_64,
  name: 'i386',
  elfMachine: 'i386',
  bits: 32,
  platform: 'i686',
  machine: 'i686',
  taskSize: 0xffff_e000,
  model: ILP32_I386,
  calls: I386_CALLS,
  indirect: INDIRECT_CALLS,
  auditArch: AUDIT_ARCH_I386,

  stat: (model) =>
    (model === ILP32_I386_LARGE ? STAT64 : model === ILP32_I386_OLD ? OLD_STAT : STAT) as Struct<StatFields>,

  captureArguments(state, norms, registers, args): void {
    const { view } = state.space
    for (let i = 0; i < norms.length; i++) {
      const at = STATE_BASE + ARGUMENTS[registers[i]!]!
      const norm = norms[i]!
      if (norm === NORM_INT || norm === NORM_LONG) args[i] = view.getInt32(at, true)
      else if (norm === NORM_PAIR) {
        const high = STATE_BASE + ARGUMENTS[registers[i]! + 1]!
        args[i] = view.getInt32(high, true) * 0x1_0000_0000 + view.getUint32(at, true)
      } else if (norm === NORM_ID16) args[i] = toId16(view.getUint16(at, true))
      else if (norm === NORM_ZERO) args[i] = 0
      else args[i] = view.getUint32(at, true) * (norm === NORM_PAGES ? PAGE_SIZE : 1)
    }
  },

  rawArgument: (state, index) => BigInt(state.getU32(ARGUMENTS[index]!)),
  result(state): number {
    const value = state.getU32(EAX)
    return value > 0xffff_f000 ? value - 2 ** 32 : value
  },
  setResult: setEax,
  // EIP: the offset in the code segment.
  pc: ({ space }) => Number(instructionPointer(space)),
  setPc: ({ space }, value) => setInstructionPointer(space, BigInt(value)),
  setSp: (state, value) => state.setNumber(ESP, value >>> 0),

  rewindSyscall(state: StateBlock, nr: number): void {
    // cd 80: two bytes.
    state.setNumber(X86_STATE.pc, state.getNumber(X86_STATE.pc) - 2)
    setEax(state, nr)
  },

  startProgram: (state, { pc }, sp) => startX86(state, 32, pc, sp),

  checkTls(memory, at): number {
    const desc = readUserDesc(memory, at)
    if (!desc) return -EFAULT
    return isThreadDesc(desc) && isThreadEntry(desc.entryNumber) ? 0 : -EINVAL
  },

  startClone(state: StateBlock, sp: number, tls: number | null): void {
    setEax(state, 0)
    if (sp) state.setNumber(ESP, sp)
    if (tls === null) return
    const { space } = state
    setThreadDesc(space, USER_DESC.of(ILP32_I386).get(space.view, tls))
  },

  vdso: { code: VDSO_CODE, sysinfo: VDSO_VSYSCALL },

  /** SYSENTER leaves ESP in EBP, and where that points is EBP, which is the sixth argument; the vDSO's code does it so. */
  enterCall(state, memory): number {
    if (state.getU32(X86_STATE.exitCode) !== SYSCALL_SYSENTER) return 0
    const sp = state.getU32(ARGUMENTS[5]!)
    state.setNumber(ESP, sp)
    state.setNumber(X86_STATE.pc, memory.vdso + VDSO_LANDING)
    if (!memory.canRead(sp, 4)) return -EFAULT
    state.setNumber(ARGUMENTS[5]!, memory.space.view.getUint32(sp, true))
    return 0
  },

  pushSignalFrame,
  popSignalFrame,
}

function readUserDesc(memory: FrameMemory, at: number): UserDesc | null {
  const layout = USER_DESC.of(ILP32_I386)
  return memory.canRead(at, layout.sizeBytes) ? layout.get(memory.space.view, at) : null
}

function setEax(state: StateBlock, value: number): void {
  state.setNumber(EAX, value >>> 0)
}

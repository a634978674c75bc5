/** Segments of x86 programs: arch_prctl(2), set_thread_area(2), get_thread_area(2), modify_ldt(2). Linux kernel/tls.c, kernel/ldt.c. */

import {
  GDT_TLS_MIN,
  ldtCount,
  reloadSegments,
  setLdtDescriptor,
  tlsDescriptor,
} from '../../emu/guest/x86/segments.ts'
import { X86_STATE } from '../../emu/guest/x86/state.ts'
import { LDT_BASE, LDT_COUNT_MAX } from '../../emu/memory/layout.ts'
import {
  contentsOf,
  descriptorOf,
  isEmptyDesc,
  isNotPresent,
  isThreadDesc,
  isThreadEntry,
  setThreadDesc,
  USER_DESC,
  userDescOf,
} from '../abi/arch/user-desc.ts'
import { EFAULT, EINVAL, ENOSYS, EPERM, ESRCH } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import type { Task } from '../kernel/task.ts'
import { addr, int, size, syscall, value } from './row.ts'

const DESCRIPTOR_SIZE = 8
/** In a selector: of the LDT. */
const LOCAL = 4
const DEFAULT_LDT_SIZE = 128
const USER_DESC_SIZE = 16

/** Of other ISAs nobody gets here, but by an engine. */
const isX86 = ({ mm }: Task): boolean => mm.arch.family === 'x86'

/** 64-bit programs have arch_prctl(2) instead. */
const hasThreadAreas = (task: Task): boolean => isX86(task) && task.mm.arch.bits === 32

function sysSetThreadArea(task: Task, at: number): number {
  if (!hasThreadAreas(task)) return -ENOSYS
  const desc = task.getStruct(USER_DESC, at)
  if (!desc) return -EFAULT
  if (!isThreadDesc(desc)) return -EINVAL
  const { space } = task.mm
  if (desc.entryNumber === -1) {
    const index = [0, 1, 2].findIndex((i) => tlsDescriptor(space, i).every((half) => half === 0))
    if (index < 0) return -ESRCH
    desc.entryNumber = GDT_TLS_MIN + index
    if (!task.mm.setU32(at, desc.entryNumber)) return -EFAULT
  }
  if (!isThreadEntry(desc.entryNumber)) return -EINVAL
  setThreadDesc(space, desc)
  return 0
}

function sysGetThreadArea(task: Task, at: number): number {
  if (!hasThreadAreas(task)) return -ENOSYS
  const number = task.mm.getU32(at)
  if (number < 0) return -EFAULT
  if (!isThreadEntry(number)) return -EINVAL
  const desc = userDescOf(number, ...tlsDescriptor(task.mm.space, number - GDT_TLS_MIN))
  return task.putStruct(USER_DESC, at, desc) ? 0 : -EFAULT
}

function readLdt({ mm }: Task, at: number, sizeBytes: number): number {
  const { space } = mm
  const count = ldtCount(space)
  if (count === 0) return 0
  const wanted = Math.min(sizeBytes, LDT_COUNT_MAX * DESCRIPTOR_SIZE)
  const bytes = new Uint8Array(wanted)
  bytes.set(space.bytes.subarray(LDT_BASE, LDT_BASE + Math.min(wanted, count * DESCRIPTOR_SIZE)))
  return mm.copyOut(at, bytes) ? wanted : -EFAULT
}

function writeLdt(task: Task, at: number, sizeBytes: number, isOld: boolean): number {
  if (sizeBytes !== USER_DESC_SIZE) return -EINVAL
  const desc = task.getStruct(USER_DESC, at)
  if (!desc) return -EFAULT
  const index = desc.entryNumber
  if (index < 0 || index >= LDT_COUNT_MAX) return -EINVAL
  if (contentsOf(desc) === 3 && (isOld || !isNotPresent(desc))) return -EINVAL
  const { space } = task.mm
  const clears = (isOld && desc.base === 0 && desc.limit === 0) || isEmptyDesc(desc)
  const [low, high] = clears ? [0, 0] : descriptorOf(desc, !isOld)
  setLdtDescriptor(space, index, low, high)
  reloadSegments(space, (selector) => (selector & LOCAL) !== 0)
  return 0
}

function modifyLdt(task: Task, command: number, at: number, sizeBytes: number): number {
  switch (command) {
    case 0:
      return readLdt(task, at, sizeBytes)
    case 1:
      return writeLdt(task, at, sizeBytes, true)
    case 2: {
      const bytes = new Uint8Array(Math.min(sizeBytes, DEFAULT_LDT_SIZE))
      return task.mm.copyOut(at, bytes) ? bytes.length : -EFAULT
    }
    case 0x11:
      return writeLdt(task, at, sizeBytes, false)
    default:
      return -ENOSYS
  }
}

/** Its result is an unsigned int, so that 64-bit programs do not see errors as such. */
function sysModifyLdt(task: Task, command: number, at: number, sizeBytes: number): number {
  if (!isX86(task)) return -ENOSYS
  const result = modifyLdt(task, command, at, sizeBytes)
  return result < 0 && task.mm.arch.bits === 64 ? result + 2 ** 32 : result
}

function sysArchPrctl(task: Task, code: number, argument: number): number {
  const { state, arch } = task.mm
  if (!isX86(task)) return -ENOSYS
  // Of 32-bit programs the bases are in descriptors.
  if (arch.bits === 32) return -EINVAL
  switch (code) {
    case P.ARCH_SET_FS:
    case P.ARCH_SET_GS:
      if (argument >= 2 ** 47) return -EPERM
      state.setNumber(code === P.ARCH_SET_FS ? X86_STATE.fsBase : X86_STATE.gsBase, argument)
      return 0
    case P.ARCH_GET_FS:
    case P.ARCH_GET_GS:
      return task.mm.setU64(
        argument,
        state.getNumber(code === P.ARCH_GET_FS ? X86_STATE.fsBase : X86_STATE.gsBase),
      )
        ? 0
        : -EFAULT
    default:
      return -EINVAL
  }
}

export const segmentRows = [
  syscall('arch_prctl', [value(P.archPrctlCodes), addr], sysArchPrctl, 'segment bases'),
  syscall('set_thread_area', [addr], sysSetThreadArea, 'as on Linux, of 32-bit programs only'),
  syscall('get_thread_area', [addr], sysGetThreadArea, 'as on Linux, of 32-bit programs only'),
  syscall('modify_ldt', [int, addr, size], sysModifyLdt, 'no 16-bit code and stack segments'),
]

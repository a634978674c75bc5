/** Calls whose printed form does not follow from their argument types, and results that are no plain numbers. */

import { EPOLL_CTL_DEL, epollOperations } from '../../abi/epoll.ts'
import { ERRNO_TEXT, errnoName } from '../../abi/errno.ts'
import { flagNames, valueName } from '../../abi/flag-table.ts'
import * as M from '../../abi/mount.ts'
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_PARENT_SETTID,
  CLONE_SETTLS,
  cloneFlags,
} from '../../abi/process.ts'
import { signalName } from '../../abi/signal.ts'
import type { SyscallCall } from '../call.ts'
import { fdSetAt, pathAt, stringAt } from './arguments.ts'
import { prctlArguments } from './capabilities.ts'
import { fcntlArgument, fcntlArgumentCount, fcntlResult, isFcntlOut } from './fcntl.ts'
import { futexArguments, waitvArguments } from './futex.ts'
import { printStruct } from './structs.ts'
import { terminalArgument } from './terminals.ts'
import { hex, octal, pointer } from './values.ts'

/** Whole argument lists that are known at entry. */
export const WHOLE: Record<string, (call: SyscallCall) => string> = {
  clone(call) {
    const [flags, stack, parentTid, childTid, tls] = call.args as unknown as [
      number,
      number,
      number,
      number,
      number,
    ]
    const signal = flags & 0xff
    const names = flagNames(cloneFlags, (flags & ~0xff) >>> 0)
    const all = signal ? (names === '0' ? signalName(signal) : `${names}|${signalName(signal)}`) : names
    let text = `child_stack=${pointer(stack)}, flags=${all}`
    if (flags & CLONE_PARENT_SETTID) text += `, parent_tid=${pointer(parentTid)}`
    if (flags & CLONE_SETTLS) text += `, tls=${pointer(tls)}`
    if (flags & (CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)) text += `, child_tidptr=${pointer(childTid)}`
    return text
  },
  mount(call) {
    const [source, target, type, flags, options] = call.args as unknown as [
      number,
      number,
      number,
      number,
      number,
    ]
    const mm = call.task.memory
    const isOld = (flags & M.MS_MGC_MSK) >>> 0 === M.MS_MGC_VAL
    const bits = isOld ? flags & ~M.MS_MGC_MSK : flags
    // What these do not look at is an address only.
    const ignoresOptions = (bits & M.MS_REMOUNT) === 0 && (bits & IGNORES_OPTIONS) !== 0
    const ignoresType = ignoresOptions || (bits & M.MS_REMOUNT) !== 0
    const text = (at: number, isIgnored: boolean): string => (isIgnored ? pointer(at) : stringAt(mm, at))
    const names = [isOld ? 'MS_MGC_VAL' : '', bits || !isOld ? flagNames(M.mountFlags, bits) : '']
    const shown = names.filter(Boolean).join('|')
    return `${pathAt(mm, source)}, ${pathAt(mm, target)}, ${text(type, ignoresType)}, ${shown}, ${text(options, ignoresOptions)}`
  },
  futex: futexArguments,
  futex_waitv: waitvArguments,
  mmap(call) {
    const [at, size, prot, flags, fd, offset] = call.args as unknown as number[]
    const types = call.task.kernel.table[call.nr]!.args
    const place = `${pointer(at!)}, ${size}, ${flagNames(types[2]!.table!, prot!)}, ${flagNames(types[3]!.table!, flags!)}`
    return `${place}, ${fd}, ${offset === 0 ? '0' : hex(offset!)}`
  },
  prctl: prctlArguments,
  epoll_ctl(call) {
    const [epoll, operation, fd, at] = call.args as unknown as [number, number, number, number]
    const event = operation === EPOLL_CTL_DEL ? pointer(at) : printStruct(call, 'epollEvent', at, 1, false)
    return `${epoll}, ${valueName(epollOperations, operation)}, ${fd}, ${event}`
  },
  rt_sigreturn: () => '{mask=[]}',
  exit: (call) => String(call.args[0]),
  exit_group: (call) => String(call.args[0]),
}

const IGNORES_OPTIONS = M.MS_BIND | M.MS_MOVE | M.MS_SHARED | M.MS_PRIVATE | M.MS_SLAVE | M.MS_UNBINDABLE

/** How many arguments are printed. */
export const argumentCount = (call: SyscallCall, known: number): number =>
  call.name === 'fcntl' ? fcntlArgumentCount(call) : known

/** Calls whose third argument is what their second says. */
export const BY_COMMAND: Record<
  string,
  { isOut: (call: SyscallCall) => boolean; print: (call: SyscallCall) => string }
> = {
  ioctl: { isOut: () => true, print: ioctlArgument },
  fcntl: { isOut: isFcntlOut, print: fcntlArgument },
}

const HEX_RESULTS = new Set(['brk', 'mmap', 'mremap', 'shmat'])

/** An ioctl's third argument, at the exit. */
function ioctlArgument(call: SyscallCall): string {
  const [, request, argument] = call.args as unknown as [number, number, number]
  return terminalArgument(call, request, argument, call.result < 0) ?? pointer(argument)
}

/** What stands behind "= ". */
export function printResult(call: SyscallCall): string {
  const { result, name } = call
  if (name === 'exit_group' || name === 'exit') return '?'
  if (result < 0 && result >= -4095) {
    const [errno, text] = ERRNO_TEXT.get(-result) ?? [errnoName(result), `errno ${-result}`]
    return -result >= 512 ? `? ${errno} (${text})` : `-1 ${errno} (${text})`
  }
  if (HEX_RESULTS.has(name)) return hex(result)
  if (name === 'umask') return octal(result)
  if (name === 'fcntl') return fcntlResult(call) ?? String(result)
  if (name === 'poll' || name === 'ppoll') {
    if (result === 0) return '0 (Timeout)'
    return `${result} (${printStruct(call, 'pollfd', call.args[0]!, call.args[1]!, true)})`
  }
  if (name === 'select' || name === 'pselect6') return selectResult(call)
  return String(result)
}

/** `1 (in [3], left {tv_sec=1, tv_usec=3})` */
function selectResult(call: SyscallCall): string {
  const { result, args } = call
  if (result === 0) return '0 (Timeout)'
  const mm = call.task.memory
  const parts: string[] = []
  for (const [i, word] of ['in', 'out', 'except'].entries()) {
    const set = args[i + 1] ? fdSetAt(mm, args[i + 1]!, args[0]!) : '[]'
    if (set !== '[]') parts.push(`${word} ${set}`)
  }
  if (args[4])
    parts.push(`left ${printStruct(call, call.name === 'select' ? 'timeval' : 'timespec', args[4], 1, true)}`)
  return `${result} (${parts.join(', ')})`
}

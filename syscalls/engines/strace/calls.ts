/** Calls whose printed form does not follow from their argument types, and results that are no plain numbers. */

import { EPOLL_CTL_DEL, epollOperations } from '../../abi/epoll.ts'
import { ERRNO_TEXT, errnoName } from '../../abi/errno.ts'
import {
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  fcntlCommands,
  openFlags,
} from '../../abi/fcntl.ts'
import { flagNames, valueName } from '../../abi/flag-table.ts'
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_PARENT_SETTID,
  CLONE_SETTLS,
  cloneFlags,
} from '../../abi/process.ts'
import { signalName } from '../../abi/signal.ts'
import type { SyscallCall } from '../call.ts'
import { fdSetAt } from './arguments.ts'
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
  fcntl(call) {
    const command = call.args[1]!
    const head = `${call.args[0]}, ${valueName(fcntlCommands, command)}`
    if (command === F_GETFD || command === F_GETFL) return head
    if (command === F_SETFD) return `${head}, ${call.args[2]! & 1 ? 'FD_CLOEXEC' : call.args[2]}`
    if (command === F_SETFL) return `${head}, ${flagNames(openFlags, call.args[2]!)}`
    if (command === F_DUPFD || command === F_DUPFD_CLOEXEC) return `${head}, ${call.args[2]}`
    return `${head}, ${pointer(call.args[2]!)}`
  },
  mmap(call) {
    const [at, size, prot, flags, fd, offset] = call.args as unknown as number[]
    const types = call.task.kernel.table[call.nr]!.args
    const place = `${pointer(at!)}, ${size}, ${flagNames(types[2]!.table!, prot!)}, ${flagNames(types[3]!.table!, flags!)}`
    return `${place}, ${fd}, ${offset === 0 ? '0' : hex(offset!)}`
  },
  prctl(call) {
    const name = valueName(call.task.kernel.table[call.nr]!.args[0]!.table!, call.args[0]!)
    return `${name}, ${pointer(call.args[1]!)}`
  },
  epoll_ctl(call) {
    const [epoll, operation, fd, at] = call.args as unknown as [number, number, number, number]
    const event =
      operation === EPOLL_CTL_DEL ? pointer(at) : printStruct(call.task.memory, 'epollEvent', at, 1, false)
    return `${epoll}, ${valueName(epollOperations, operation)}, ${fd}, ${event}`
  },
  rt_sigreturn: () => '{mask=[]}',
  exit: (call) => String(call.args[0]),
  exit_group: (call) => String(call.args[0]),
}

/** Calls whose futex-like tails are left out. */
export function argumentCount(call: SyscallCall, known: number): number {
  if (call.name === 'futex') {
    const command = call.args[1]! & 0x7f
    if (command === 1) return 3
    if (command === 0) return 4
  }
  return known
}

const HEX_RESULTS = new Set(['brk', 'mmap', 'mremap', 'shmat'])

/** An ioctl's third argument, at the exit. */
export function ioctlArgument(call: SyscallCall): string {
  const [, request, argument] = call.args as unknown as [number, number, number]
  return terminalArgument(call.task.memory, request, argument, call.result < 0) ?? pointer(argument)
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
  if (name === 'fcntl') {
    if (call.args[1] === F_GETFD) return result ? `${hex(result)} (flags FD_CLOEXEC)` : '0'
    if (call.args[1] === F_GETFL) return `${hex(result)} (flags ${flagNames(openFlags, result)})`
  }
  if (name === 'poll' || name === 'ppoll') {
    if (result === 0) return '0 (Timeout)'
    return `${result} (${printStruct(call.task.memory, 'pollfd', call.args[0]!, call.args[1]!, true)})`
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
    parts.push(`left ${printStruct(mm, call.name === 'select' ? 'timeval' : 'timespec', args[4], 1, true)}`)
  return `${result} (${parts.join(', ')})`
}

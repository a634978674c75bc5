/** fcntl(2)'s third argument and results as strace prints them, by command. */

import * as F from '../../abi/fcntl.ts'
import { flagNames, valueName } from '../../abi/flag-table.ts'
import { signalName } from '../../abi/signal.ts'
import type { SyscallCall } from '../call.ts'
import { hex, hexOrZero, pointer } from './values.ts'

const WITHOUT_ARGUMENT = new Set([
  F.F_GETFD,
  F.F_GETFL,
  F.F_GETOWN,
  F.F_GETSIG,
  F.F_GETLEASE,
  F.F_GETPIPE_SZ,
  F.F_GET_SEALS,
])
/** Filled by the call. */
const OUT = new Set([F.F_GETLK, F.F_GETLK64, F.F_OFD_GETLK, F.F_GETOWN_EX])
const LOCKS = new Set([F.F_GETLK, F.F_SETLK, F.F_SETLKW])
const LARGE_LOCKS = new Set([
  F.F_GETLK64,
  F.F_SETLK64,
  F.F_SETLKW64,
  F.F_OFD_GETLK,
  F.F_OFD_SETLK,
  F.F_OFD_SETLKW,
])

export const fcntlArgumentCount = (call: SyscallCall): number => (WITHOUT_ARGUMENT.has(call.args[1]!) ? 2 : 3)

export const isFcntlOut = (call: SyscallCall): boolean => OUT.has(call.args[1]!)

/** The third argument: at the exit for what the call fills. */
export function fcntlArgument(call: SyscallCall): string {
  const [, command, argument] = call.args as unknown as [number, number, number]
  const low = argument % 2 ** 32
  const isOwner = command === F.F_SETOWN_EX || command === F.F_GETOWN_EX
  if (isOwner || LOCKS.has(command) || LARGE_LOCKS.has(command))
    return OUT.has(command) && call.result < 0 ? pointer(argument) : struct(call, command, argument)
  switch (command) {
    case F.F_SETFD:
      return low === 0 ? '0' : flagNames(F.fdFlags, low)
    case F.F_SETFL:
      return flagNames(F.openFlags, low)
    case F.F_DUPFD:
    case F.F_DUPFD_CLOEXEC:
    case F.F_SETOWN:
    case F.F_SETPIPE_SZ:
      return String(low | 0)
    case F.F_SETSIG:
      return low === 0 ? '0' : signalName(low)
    case F.F_SETLEASE:
      return valueName(F.lockTypes, low)
    case F.F_ADD_SEALS:
      return flagNames(F.seals, low)
    case F.F_NOTIFY:
      return flagNames(F.notifyFlags, low)
    default:
      return hexOrZero(argument)
  }
}

function struct(call: SyscallCall, command: number, at: number): string {
  if (at === 0) return 'NULL'
  const mm = call.task.memory
  const isOwner = command === F.F_SETOWN_EX || command === F.F_GETOWN_EX
  if (isOwner && !mm.canRead(at, 8)) return pointer(at)
  if (isOwner) return `{type=${valueName(F.ownerTypes, mm.i32(at))}, pid=${mm.i32(at + 4)}}`
  const lock = call.task.getStruct(LARGE_LOCKS.has(command) ? F.FLOCK64 : F.FLOCK, at)
  if (!lock) return pointer(at)
  const type = valueName(F.lockTypes, lock.type)
  const whence = valueName(F.whences, lock.whence)
  const pid = OUT.has(command) ? `, l_pid=${lock.pid}` : ''
  return `{l_type=${type}, l_whence=${whence}, l_start=${lock.start}, l_len=${lock.length}${pid}}`
}

/** A result that is more than a number; null where it is one. */
export function fcntlResult({ args, result }: SyscallCall): string | null {
  switch (args[1]) {
    case F.F_GETFD:
      return result ? `${hex(result)} (flags FD_CLOEXEC)` : '0'
    case F.F_GETFL:
      return `${hex(result)} (flags ${flagNames(F.openFlags, result)})`
    case F.F_GETSIG:
      return result ? `${result} (${signalName(result)})` : null
    case F.F_GETLEASE:
      return `${hexOrZero(result)} (${valueName(F.lockTypes, result)})`
    case F.F_GET_SEALS:
      return result ? `${hex(result)} (seals ${flagNames(F.seals, result)})` : '0'
    default:
      return null
  }
}

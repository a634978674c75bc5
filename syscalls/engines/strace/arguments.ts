/** One argument of a call as strace prints it, by its type in the row. */

import { latin1 } from '../../abi/bytes.ts'
import { AT_FDCWD, O_CREAT, O_TMPFILE } from '../../abi/fcntl.ts'
import { flagNames, valueName } from '../../abi/flag-table.ts'
import { ioctlRequests } from '../../abi/poll.ts'
import { signalName } from '../../abi/signal.ts'
import { major, minor } from '../../abi/stat.ts'
import { readStrings } from '../../exec/arguments.ts'
import type { Mm } from '../../mm/mm.ts'
import type { ArgumentType } from '../../sys/row.ts'
import type { SyscallCall } from '../call.ts'
import { printAddress } from './addresses.ts'
import {
  printAddressOut,
  printLengthOut,
  printMessage,
  printMessages,
  printOption,
  printOptionValue,
  printProtocol,
} from './sockets.ts'
import { printStruct, printStructs } from './structs.ts'
import { ARRAY_SHOWN_MAX, hex, octal, pointer, quote, quoteShort, STRING_SHOWN_MAX } from './values.ts'

/** Paths are shown whole, as strace does. */
const PATH_SHOWN_MAX = 4096

/** Whether it can be printed before the call is made. */
export const isKnownAtEntry = (type: ArgumentType): boolean => type.out !== true

function bytesAt(mm: Mm, addr: number, size: number): string {
  if (addr === 0) return 'NULL'
  const shown = Math.min(size, STRING_SHOWN_MAX)
  if (!mm.canRead(addr, shown)) return pointer(addr)
  return quote(latin1(mm.space.bytes, addr, addr + shown), size > shown)
}

export function stringAt(mm: Mm, addr: number, shownMax: number = STRING_SHOWN_MAX): string {
  if (addr === 0) return 'NULL'
  const bytes = mm.cstring(addr, PATH_SHOWN_MAX)
  if (bytes === null) return pointer(addr)
  const text = bytes === undefined ? latin1(mm.copyIn(addr, PATH_SHOWN_MAX)!) : latin1(bytes)
  return text.length > shownMax ? quote(text.slice(0, shownMax), true) : quote(text)
}

export const pathAt = (mm: Mm, addr: number): string => stringAt(mm, addr, PATH_SHOWN_MAX)

function iov(call: SyscallCall, addr: number, count: number, limit: number): string {
  if (addr === 0) return 'NULL'
  const mm = call.task.memory
  const { model } = call
  const size = 2 * model.wordSize
  const shown = Math.min(count, ARRAY_SHOWN_MAX)
  if (!mm.canRead(addr, shown * size)) return pointer(addr)
  let left = limit
  const parts: string[] = []
  for (let i = 0; i < shown; i++) {
    const length = mm.word(addr + i * size + model.wordSize, model)
    const base = bytesAt(mm, mm.word(addr + i * size, model), Math.min(length, left))
    parts.push(`{iov_base=${base}, iov_len=${length}}`)
    left = Math.max(0, left - length)
  }
  return `[${parts.join(', ')}${count > shown ? ', ...' : ''}]`
}

function stringArray(mm: Mm, addr: number): string {
  if (addr === 0) return 'NULL'
  const strings = readStrings(mm, addr)
  if (typeof strings === 'number') return pointer(addr)
  const shown = strings.slice(0, ARRAY_SHOWN_MAX).map(quoteShort)
  return `[${shown.join(', ')}${strings.length > shown.length ? ', ...' : ''}]`
}

function environmentArray(mm: Mm, addr: number): string {
  if (addr === 0) return 'NULL'
  const strings = readStrings(mm, addr)
  if (typeof strings === 'number') return pointer(addr)
  return `${pointer(addr)} /* ${strings.length} var${strings.length === 1 ? '' : 's'} */`
}

/** `[0 3]`: the members of a select set. */
export function fdSetAt(mm: Mm, addr: number, count: number): string {
  if (addr === 0) return 'NULL'
  const bytes = Math.ceil(Math.max(0, Math.min(count, 1024)) / 8)
  if (!mm.canRead(addr, bytes)) return pointer(addr)
  const members: number[] = []
  for (let fd = 0; fd < count; fd++)
    if (mm.space.bytes[mm.bitByte(addr, fd)]! & (1 << (fd & 7))) members.push(fd)
  return `[${members.join(' ')}]`
}

function direntCount(mm: Mm, addr: number, size: number, lengthAt: number): number {
  let count = 0
  for (let at = addr; at < addr + size; count++) at += Math.max(1, mm.u16(at + lengthAt))
  return count
}

/** Text of argument `i`; null where strace leaves it out (the mode of an open that creates nothing). */
export function printArgument(
  call: SyscallCall,
  types: readonly ArgumentType[],
  i: number,
  atExit: boolean,
): string | null {
  const type = types[i]!
  const value = call.args[i]!
  const mm = call.task.memory
  const failed = atExit && call.result < 0
  const length = type.lengthArg === undefined ? 0 : call.args[type.lengthArg]!
  switch (type.kind) {
    case 'int':
    case 'long':
    case 'ulong':
    case 'pid':
    case 'fd':
      return String(value)
    case 'uint':
      return String(value >>> 0)
    case 'dirfd':
      return value === AT_FDCWD ? 'AT_FDCWD' : String(value)
    case 'unshown':
      return null
    case 'addr':
      return pointer(value)
    case 'hex':
      return value === 0 ? '0' : hex(value)
    case 'octal': {
      const before = types[i - 1]
      if (before?.kind === 'openFlags') {
        const flags = call.args[i - 1]!
        if (!(flags & O_CREAT) && (flags & O_TMPFILE) !== O_TMPFILE) return null
      }
      return octal(value)
    }
    case 'path':
      return pathAt(mm, value)
    case 'string':
      return stringAt(mm, value)
    case 'flags':
    case 'openFlags':
      return flagNames(type.table!, value)
    case 'value':
      return valueName(type.table!, value)
    case 'signal':
      return signalName(value)
    case 'device':
      return `makedev(${hex(major(value))}, ${hex(minor(value))})`
    case 'inBuf':
      return bytesAt(mm, value, length)
    case 'outBuf':
      // A list of names of which only the length was asked for is not there.
      if (failed || (call.name.endsWith('listxattr') && call.args[2] === 0)) return pointer(value)
      return bytesAt(mm, value, call.result)
    case 'outString':
      return failed ? pointer(value) : stringOut(call, mm, value)
    case 'iov':
      return failed && type.out ? pointer(value) : iov(call, value, length, type.out ? call.result : Infinity)
    case 'strings':
      return stringArray(mm, value)
    case 'environment':
      return environmentArray(mm, value)
    case 'struct':
      if (failed && type.out) return pointer(value)
      // Nobody to wait for: the status is not filled.
      if (type.struct === 'waitStatus' && call.result === 0) return pointer(value)
      if (type.struct === 'rusage' && call.name === 'wait4' && value === 0) return 'NULL'
      return printStruct(call, type.struct!, value, length, false)
    case 'outStructs':
      return failed ? pointer(value) : printStructs(call, type.struct!, value, call.result)
    case 'sockaddr':
      return type.out ? printAddressOut(call, value, length) : printAddress(mm, value, length)
    case 'sockLength':
      return printLengthOut(call, value)
    case 'sockProtocol':
      return printProtocol(call)
    case 'sockOption':
      return printOption(call)
    case 'sockOptValue':
      if (!type.out) return printOptionValue(call, value, length)
      return failed || !mm.canRead(length, 4) ? pointer(value) : printOptionValue(call, value, mm.i32(length))
    case 'msghdr':
      return printMessage(
        call,
        value,
        type.out ? call.result : Number.POSITIVE_INFINITY,
        type.out === true,
        iov,
      )
    case 'mmsghdr':
      return printMessages(call, value, iov)
    case 'fdSet':
      return fdSetAt(mm, value, call.args[0]!)
    case 'ioctl':
      return valueName(ioctlRequests, value)
    case 'dirents': {
      if (failed) return pointer(value)
      // A record's length is behind its number and position.
      const lengthAt = call.name === 'getdents64' ? 16 : 2 * call.model.wordSize
      const count = direntCount(mm, value, call.result, lengthAt)
      return `${pointer(value)} /* ${count} entr${count === 1 ? 'y' : 'ies'} */`
    }
  }
}

function stringOut(call: SyscallCall, mm: Mm, addr: number): string {
  // getcwd counts the NUL, readlink has none.
  const size = call.name === 'getcwd' ? call.result - 1 : call.result
  if (!mm.canRead(addr, size)) return pointer(addr)
  return quote(latin1(mm.space.bytes, addr, addr + size))
}

/**
 * A system call is a row: name, typed arguments, handler, how complete it is. The types normalise raw registers,
 * and drive strace, tests and documentation.
 * Path: sys/<family>.ts declare rows; linux.ts makes the table; kernel/task-run.ts calls.
 *
 *   syscall('read', [fd, outBuf, size], sysRead, 'full')
 */

import { NORM_BITS, NORM_INT, NORM_LONG, NORM_UINT, NORM_ULONG } from '../abi/arch/arch.ts'
import type { FlagTable } from '../abi/flag-table.ts'
import { socketLevels } from '../abi/socket.ts'
import type { Task } from '../kernel/task.ts'

/** Structs that strace knows how to print. */
export type StructName =
  | 'timespec'
  | 'timespecPair'
  | 'timeval'
  | 'timevalPair'
  | 'itimerval'
  | 'itimerspec'
  | 'sigevent'
  | 'stat'
  | 'statx'
  | 'statfs'
  | 'sigaction'
  | 'sigset'
  | 'sizedSigset'
  | 'siginfo'
  | 'stack'
  | 'rlimit'
  | 'rusage'
  | 'utsname'
  | 'sysinfo'
  | 'tms'
  | 'pollfd'
  | 'intPair'
  | 'int'
  | 'long'
  | 'waitStatus'
  | 'winsize'
  | 'clone3'
  | 'epollEvent'
  | 'openHow'
  | 'capHeader'
  | 'capSets'

export type ArgumentKind =
  | 'int'
  | 'uint'
  | 'long'
  | 'ulong'
  | 'addr'
  | 'hex'
  | 'octal'
  | 'fd'
  | 'dirfd'
  | 'pid'
  | 'path'
  | 'string'
  | 'flags'
  | 'value'
  | 'openFlags'
  | 'signal'
  | 'device'
  | 'inBuf'
  | 'outBuf'
  | 'outString'
  | 'iov'
  | 'strings'
  | 'environment'
  | 'struct'
  | 'outStructs'
  | 'sockaddr'
  | 'sockLength'
  | 'sockProtocol'
  | 'sockOption'
  | 'sockOptValue'
  | 'msghdr'
  | 'mmsghdr'
  | 'fdSet'
  | 'ioctl'
  | 'dirents'
  | 'unshown'

export interface ArgumentType {
  readonly kind: ArgumentKind
  readonly norm: number
  readonly table?: FlagTable
  readonly struct?: StructName
  /** Filled by the call: printed at the exit. */
  readonly out?: boolean
  /** The argument that holds the length or the count. */
  readonly lengthArg?: number
}

const type = (kind: ArgumentKind, norm: number, rest: Partial<ArgumentType> = {}): ArgumentType => ({
  kind,
  norm,
  ...rest,
})

export const int = type('int', NORM_INT)
export const uint = type('uint', NORM_UINT)
export const long = type('long', NORM_LONG)
export const size = type('ulong', NORM_ULONG)
export const addr = type('addr', NORM_ULONG)
export const hex = type('hex', NORM_ULONG)
export const hexInt = type('hex', NORM_UINT)
/** What is an int or an address by another argument. */
export const bits = type('hex', NORM_BITS)
export const addrOrInt = type('addr', NORM_BITS)
/** A file mode. */
export const mode = type('octal', NORM_UINT)
/** The upper half of a position: strace prints both as one. */
export const unshown = type('unshown', NORM_ULONG)
export const fd = type('fd', NORM_INT)
export const dirfd = type('dirfd', NORM_INT)
export const pid = type('pid', NORM_INT)
export const path = type('path', NORM_ULONG)
export const string = type('string', NORM_ULONG)
export const signal = type('signal', NORM_INT)
export const device = type('device', NORM_UINT)
export const flags = (table: FlagTable): ArgumentType => type('flags', NORM_UINT, { table })
export const value = (table: FlagTable): ArgumentType => type('value', NORM_INT, { table })
/** Open flags also decide whether the mode behind them is printed. */
export const openFlagsOf = (table: FlagTable): ArgumentType => type('openFlags', NORM_UINT, { table })
/** Bytes that the call fills; the result says how many. */
export const outBuf = type('outBuf', NORM_ULONG, { out: true })
export const outString = type('outString', NORM_ULONG, { out: true })
export const inBuf = (lengthArg: number): ArgumentType => type('inBuf', NORM_ULONG, { lengthArg })
export const inIov = (lengthArg: number): ArgumentType => type('iov', NORM_ULONG, { lengthArg })
export const outIov = (lengthArg: number): ArgumentType => type('iov', NORM_ULONG, { lengthArg, out: true })
export const strings = type('strings', NORM_ULONG)
export const environment = type('environment', NORM_ULONG)
export const inStruct = (struct: StructName): ArgumentType => type('struct', NORM_ULONG, { struct })
export const outStruct = (struct: StructName): ArgumentType =>
  type('struct', NORM_ULONG, { struct, out: true })
/** A position in memory that the call moves on. */
export const offset = type('struct', NORM_ULONG, { struct: 'long' })
/** An array of structs whose count is another argument: pollfd. */
export const structs = (struct: StructName, lengthArg: number): ArgumentType =>
  type('struct', NORM_ULONG, { struct, lengthArg })
/** As many structs as the result says. */
export const outStructs = (struct: StructName): ArgumentType =>
  type('outStructs', NORM_ULONG, { struct, out: true })
/** A struct sockaddr, whose length is another argument: a number, or for those that are filled a pointer to one. */
export const inSocketAddress = (lengthArg: number): ArgumentType =>
  type('sockaddr', NORM_ULONG, { lengthArg })
export const outSocketAddress = (lengthArg: number): ArgumentType =>
  type('sockaddr', NORM_ULONG, { lengthArg, out: true })
/** Where the length of something filled is: room at entry, size at the exit. */
export const outSocketLength = type('sockLength', NORM_ULONG, { out: true })
export const socketProtocol = type('sockProtocol', NORM_INT)
export const socketLevel = type('value', NORM_INT, { table: socketLevels })
export const socketOption = type('sockOption', NORM_INT)
export const inOption = type('sockOptValue', NORM_ULONG, { lengthArg: 4 })
export const outOption = type('sockOptValue', NORM_ULONG, { lengthArg: 4, out: true })
export const inMessage = type('msghdr', NORM_ULONG)
export const outMessage = type('msghdr', NORM_ULONG, { out: true })
/** Their results are told in them, so both are printed at the exit. */
export const messages = type('mmsghdr', NORM_ULONG, { out: true })
export const fdSet = type('fdSet', NORM_ULONG, { lengthArg: 0 })
export const ioctlRequest = type('ioctl', NORM_UINT)
export const dirents = type('dirents', NORM_ULONG, { out: true })

/** Positional arguments, normalised; a result, a negative errno, or BLOCKED after the task was queued. */
export type Handler = (task: Task, a: number, b: number, c: number, d: number, e: number, f: number) => number

/** Every documented behaviour, or what is missing. */
export type Support = 'full' | string

export interface SyscallRow {
  readonly name: string
  readonly args: readonly ArgumentType[]
  readonly norms: readonly number[]
  readonly handler: Handler
  readonly support: Support
}

export const syscall = (
  name: string,
  args: readonly ArgumentType[],
  handler: Handler,
  support: Support = 'full',
): SyscallRow => ({ name, args, norms: args.map((a) => a.norm), handler, support })

/** Rows by number; the kernel gets one by constructor. */
export type SyscallTable = readonly (SyscallRow | undefined)[]

/** Lays rows out by the numbers of an ISA; calls that the ISA does not have are left out. */
export function tableOf(
  rows: readonly SyscallRow[],
  numbers: Readonly<Record<string, number>>,
): SyscallTable {
  const table: (SyscallRow | undefined)[] = []
  for (const row of rows) {
    const nr = numbers[row.name]
    if (nr === undefined) continue
    while (table.length <= nr) table.push(undefined)
    if (table[nr]) throw new Error(`two rows for ${row.name}`)
    table[nr] = row
  }
  return table
}

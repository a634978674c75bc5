/** Structs in guest memory as strace prints them. Path: arguments.ts calls `printStruct` by the row's type. */

import type { StatFields } from '../../abi/arch/arch.ts'
import { latin1 } from '../../abi/bytes.ts'
import { epollEvents } from '../../abi/epoll.ts'
import { O_CREAT, O_DIRECTORY, O_TMPFILE, openFlags, resolveFlags } from '../../abi/fcntl.ts'
import { flagNames, valueName } from '../../abi/flag-table.ts'
import { statfsFlags } from '../../abi/mount.ts'
import { pollEvents } from '../../abi/poll.ts'
import {
  cloneFlags,
  RLIM_INFINITY,
  RLIMIT,
  RLIMIT64,
  RUSAGE,
  SIGEV_NONE,
  SIGEV_THREAD_ID,
  SYSINFO,
  sigevNotify,
} from '../../abi/process.ts'
import { readSigEvent, readSigInfo, SIGEVENT_SIZE } from '../../abi/siginfo.ts'
import {
  SA_RESTORER,
  SA_SIGINFO,
  SIGACTION,
  SIZED_SIGSET,
  STACK,
  sigactionFlags,
  sigaltstackFlags,
  signalName,
} from '../../abi/signal.ts'
import {
  fileSystemMagics,
  fileTypes,
  major,
  minor,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
  STATFS,
  STATFS64,
  statxAttributes,
  statxMasks,
  UTIME_NOW,
  UTIME_OMIT,
} from '../../abi/stat.ts'
import { getInteger, type Layout, type Struct, type Values } from '../../abi/struct.ts'
import { ITIMERSPEC, ITIMERVAL, TIMESPEC, TIMEVAL, TMS } from '../../abi/time.ts'
import type { Mm } from '../../mm/mm.ts'
import type { StructName } from '../../sys/row.ts'
import type { SyscallCall } from '../call.ts'
import { capHeader, capSets } from './capabilities.ts'
import {
  ARRAY_SHOWN_MAX,
  hex,
  hexOrZero,
  octal,
  pointer,
  quote,
  siginfo,
  sigset,
  waitStatus,
} from './values.ts'

/** How a structure is printed, and how much must be readable for it. */
interface StructPrinter {
  sizeOf(call: SyscallCall): number
  print(call: SyscallCall, at: number): string
}

const memoryOf = (call: SyscallCall): Mm => call.task.memory

/** One that lies the same in every ISA. */
const fixed = (sizeBytes: number, print: (mm: Mm, at: number) => string): StructPrinter => ({
  sizeOf: () => sizeBytes,
  print: (call, at) => print(memoryOf(call), at),
})

/** One that is laid out as the call has it. */
const laidOut = <T extends object>(
  struct: Struct<T>,
  print: (values: T, call: SyscallCall, at: number) => string,
): StructPrinter => ({
  sizeOf: (call) => struct.of(call.model).sizeBytes,
  print: (call, at) => print(struct.of(call.model).get(memoryOf(call).space.view, at), call, at),
})

/** Two of a kind, one behind the other. */
const pairOf = (one: StructPrinter): StructPrinter => ({
  sizeOf: (call) => 2 * one.sizeOf(call),
  print: (call, at) => `[${one.print(call, at)}, ${one.print(call, at + one.sizeOf(call))}]`,
})

/** The struct at an address, or the address itself where memory cannot be read. */
export function printStruct(
  call: SyscallCall,
  name: StructName,
  addr: number,
  count: number,
  atExit: boolean,
): string {
  if (addr === 0) return 'NULL'
  if (name === 'pollfd') return printPollfds(memoryOf(call), addr, count, atExit)
  const printer = PRINTERS[name]
  if (!memoryOf(call).canRead(addr, printer.sizeOf(call))) return pointer(addr)
  return printer.print(call, addr)
}

/** A long that strace prints as an unsigned one. */
const unsigned = (value: number): string =>
  value < 0 ? String(BigInt.asUintN(64, BigInt(value))) : String(value)

const specText = (sec: number, nsec: number): string => {
  if (nsec === UTIME_NOW) return 'UTIME_NOW'
  if (nsec === UTIME_OMIT) return 'UTIME_OMIT'
  return `{tv_sec=${sec}, tv_nsec=${unsigned(nsec)}}`
}
const valText = (sec: number, usec: number): string => `{tv_sec=${sec}, tv_usec=${usec}}`
const timespec = laidOut(TIMESPEC, ({ sec, nsec }) => specText(sec, nsec))
const timeval = laidOut(TIMEVAL, ({ sec, usec }) => valText(sec, usec))

export function printMode(mode: number): string {
  const bits = (mode & 0o7777).toString(8).padStart(4, '0')
  const special = [
    [0o4000, 'S_ISUID'],
    [0o2000, 'S_ISGID'],
    [0o1000, 'S_ISVTX'],
  ] as const
  const names = special.filter(([bit]) => mode & bit).map(([, name]) => `${name}|`)
  const type = valueName(fileTypes, mode & S_IFMT)
  return `${type}|${names.join('')}${names.length ? `0${(mode & 0o777).toString(8)}` : bits}`
}

const statOf = ({ task, model }: SyscallCall): Layout<StatFields> => task.mm.arch.stat(model).of(model)

const stat: StructPrinter = {
  sizeOf: (call) => statOf(call).sizeBytes,
  print(call, at) {
    const { mode, rdev, size } = statOf(call).get(memoryOf(call).space.view, at)
    const type = mode & S_IFMT
    const what =
      type === S_IFCHR || type === S_IFBLK
        ? `st_rdev=makedev(${hex(major(rdev))}, ${hex(minor(rdev))})`
        : `st_size=${size}`
    return `{st_mode=${printMode(mode)}, ${what}, ...}`
  },
}

function statx(mm: Mm, at: number): string {
  const mode = mm.u16(at + 28)
  const mask = flagNames(statxMasks, mm.i32(at) >>> 0)
  const attributes = flagNames(statxAttributes, mm.u64(at + 8))
  return `{stx_mask=${mask}, stx_attributes=${attributes}, stx_mode=${printMode(mode)}, stx_size=${mm.i64(at + 40)}, ...}`
}

function statfsText(fs: Values<typeof STATFS>): string {
  const counts = `f_blocks=${fs.blocks}, f_bfree=${fs.bfree}, f_bavail=${fs.bavail}, f_files=${fs.files}, f_ffree=${fs.ffree}`
  const id = `f_fsid={val=[${hexOrZero(fs.fsid)}, ${hexOrZero(fs.fsidHigh)}]}`
  return `{f_type=${valueName(fileSystemMagics, fs.type)}, f_bsize=${fs.bsize}, ${counts}, ${id}, f_namelen=${fs.namelen}, f_frsize=${fs.frsize}, f_flags=${flagNames(statfsFlags, fs.flags)}}`
}

/** statfs64(2) has a structure of its own, where ISAs have that. */
const statfsStruct = (call: SyscallCall): typeof STATFS => (call.name.endsWith('64') ? STATFS64 : STATFS)
const statfs: StructPrinter = {
  sizeOf: (call) => statfsStruct(call).of(call.model).sizeBytes,
  print: (call, at) => statfsText(statfsStruct(call).of(call.model).get(memoryOf(call).space.view, at)),
}

const handlerName = (addr: number): string => (addr === 0 ? 'SIG_DFL' : addr === 1 ? 'SIG_IGN' : hex(addr))

const sigaction = laidOut(SIGACTION, ({ handler, flags, restorer, maskLo, maskHi }) => {
  const field = flags & SA_SIGINFO && handler > 1 ? 'sa_sigaction' : 'sa_handler'
  const back = flags & SA_RESTORER ? `, sa_restorer=${hex(restorer)}` : ''
  const mask = sigset(maskLo | 0, maskHi | 0)
  return `{${field}=${handlerName(handler)}, sa_mask=${mask}, sa_flags=${flagNames(sigactionFlags, flags)}${back}}`
})

function infoText(call: SyscallCall, at: number): string {
  const { view } = memoryOf(call).space
  const info = readSigInfo(view, at, call.model)
  return info.signo === 0 ? '{}' : siginfo(info)
}

/** strace shows round numbers as products. */
function limit(value: number): string {
  if (value >= RLIM_INFINITY) return 'RLIM64_INFINITY'
  return value > 1024 && value % 1024 === 0 ? `${value / 1024}*1024` : String(value)
}

function utsname(mm: Mm, at: number): string {
  const field = (i: number): string =>
    quote(latin1(mm.space.bytes, at + i * 65, at + i * 65 + 65).split('\0')[0]!)
  return `{sysname=${field(0)}, nodename=${field(1)}, ...}`
}

function clone3(mm: Mm, at: number): string {
  const signal = mm.u64(at + 32)
  return `{flags=${flagNames(cloneFlags, mm.u64(at))}, exit_signal=${signal ? signalName(signal) : 0}, stack=${pointer(mm.u64(at + 40))}, stack_size=${hex(mm.u64(at + 48))}}`
}

function sigeventText(call: SyscallCall, at: number): string {
  const { view } = memoryOf(call).space
  const { value, signo, notify, tid } = readSigEvent(view, at, call.model)
  const shown = `sigev_value={sival_int=${Number(BigInt.asIntN(32, value))}, sival_ptr=${pointer(Number(value))}}`
  const signal = notify === SIGEV_NONE ? signo : signalName(signo)
  const thread = notify === SIGEV_THREAD_ID ? `, sigev_notify_thread_id=${tid}` : ''
  return `{${shown}, sigev_signo=${signal}, sigev_notify=${valueName(sigevNotify, notify)}${thread}}`
}

function epollEvent(mm: Mm, at: number): string {
  const { littleEndian } = mm.model
  const data = at + mm.arch.epollEventSize - 8
  const events = mm.i32(at) >>> 0
  const lo = mm.i32(data) >>> 0
  const all = mm.space.view.getBigUint64(data, littleEndian)
  return `{events=${flagNames(epollEvents, events)}, data={u32=${lo}, u64=${all}}}`
}

/** Calls whose number in memory is a time_t or an off_t, not a loff_t. */
const numberSize = ({ name, model }: SyscallCall): number =>
  name === 'sendfile' ? model.offsetSize : name === 'time' || name === 'stime' ? model.timeSize : 8

const long: StructPrinter = {
  sizeOf: numberSize,
  print: (call, at) => `[${getInteger(memoryOf(call).space.view, at, numberSize(call), true, call.model)}]`,
}

const wantsMode = (flags: number): boolean => (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) !== 0

/** Limits are words, except in prlimit64(2). */
const limitStruct = (call: SyscallCall): typeof RLIMIT => (call.name === 'prlimit64' ? RLIMIT64 : RLIMIT)

const PRINTERS: Record<StructName, StructPrinter> = {
  timespec,
  timespecPair: pairOf(timespec),
  timeval,
  timevalPair: pairOf(timeval),
  itimerval: laidOut(
    ITIMERVAL,
    (t) =>
      `{it_interval=${valText(t.intervalSec, t.intervalUsec)}, it_value=${valText(t.valueSec, t.valueUsec)}}`,
  ),
  itimerspec: laidOut(
    ITIMERSPEC,
    (t) =>
      `{it_interval=${specText(t.intervalSec, t.intervalNsec)}, it_value=${specText(t.valueSec, t.valueNsec)}}`,
  ),
  sigevent: { sizeOf: () => SIGEVENT_SIZE, print: sigeventText },
  stat,
  statx: fixed(256, statx),
  statfs,
  sigaction,
  sigset: fixed(8, (mm, at) => sigset(mm.maskLo(at), mm.maskHi(at))),
  sizedSigset: laidOut(
    SIZED_SIGSET,
    ({ at, sizeBytes }, call) =>
      `{sigmask=${printStruct(call, 'sigset', at, 1, false)}, sigsetsize=${sizeBytes}}`,
  ),
  siginfo: { sizeOf: () => 48, print: infoText },
  stack: laidOut(
    STACK,
    ({ sp, flags, size }) =>
      `{ss_sp=${pointer(sp)}, ss_flags=${flagNames(sigaltstackFlags, flags)}, ss_size=${size}}`,
  ),
  rlimit: {
    sizeOf: (call) => limitStruct(call).of(call.model).sizeBytes,
    print(call, at) {
      const { soft, hard } = limitStruct(call).of(call.model).get(memoryOf(call).space.view, at)
      return `{rlim_cur=${limit(soft)}, rlim_max=${limit(hard)}}`
    },
  },
  rusage: laidOut(
    RUSAGE,
    (u) =>
      `{ru_utime=${valText(u.userSec, u.userUsec)}, ru_stime=${valText(u.systemSec, u.systemUsec)}, ...}`,
  ),
  utsname: fixed(390, utsname),
  sysinfo: laidOut(
    SYSINFO,
    ({ uptime, totalRam }) => `{uptime=${uptime}, loads=[0, 0, 0], totalram=${totalRam}, ...}`,
  ),
  tms: laidOut(
    TMS,
    (t) =>
      `{tms_utime=${t.user}, tms_stime=${t.system}, tms_cutime=${t.childrenUser}, tms_cstime=${t.childrenSystem}}`,
  ),
  pollfd: fixed(8, () => ''),
  intPair: fixed(8, (mm, at) => `[${mm.i32(at)}, ${mm.i32(at + 4)}]`),
  int: fixed(4, (mm, at) => `[${mm.i32(at)}]`),
  long,
  waitStatus: fixed(4, (mm, at) => waitStatus(mm.i32(at))),
  winsize: fixed(
    8,
    (mm, at) =>
      `{ws_row=${mm.u16(at)}, ws_col=${mm.u16(at + 2)}, ws_xpixel=${mm.u16(at + 4)}, ws_ypixel=${mm.u16(at + 6)}}`,
  ),
  clone3: fixed(64, clone3),
  epollEvent: {
    sizeOf: ({ task }) => task.mm.arch.epollEventSize,
    print: (call, at) => epollEvent(memoryOf(call), at),
  },
  capHeader: fixed(8, capHeader),
  capSets: fixed(24, capSets),
  openHow: fixed(24, (mm, at) => {
    const flags = mm.u64(at)
    const mode = wantsMode(flags) ? `, mode=${octal(mm.u64(at + 8))}` : ''
    return `{flags=${flagNames(openFlags, flags)}${mode}, resolve=${flagNames(resolveFlags, mm.u64(at + 16))}}`
  }),
}

/** An array that the call filled. */
export function printStructs(call: SyscallCall, name: StructName, addr: number, count: number): string {
  if (addr === 0) return 'NULL'
  const shown = Math.min(count, ARRAY_SHOWN_MAX)
  const printer = PRINTERS[name]
  const sizeBytes = printer.sizeOf(call)
  if (!memoryOf(call).canRead(addr, shown * sizeBytes)) return pointer(addr)
  const parts = Array.from({ length: shown }, (_, i) => printer.print(call, addr + i * sizeBytes))
  return `[${parts.join(', ')}${count > shown ? ', ...' : ''}]`
}

const POLLFDS_SHOWN_MAX = 32

/** At entry what is wanted; at the exit what came, in strace's comment behind the result. */
function printPollfds(mm: Mm, addr: number, count: number, atExit: boolean): string {
  const shown = Math.min(count, POLLFDS_SHOWN_MAX)
  if (!mm.canRead(addr, shown * 8)) return pointer(addr)
  const parts: string[] = []
  for (let i = 0; i < shown; i++) {
    const at = addr + i * 8
    const fd = mm.i32(at)
    const events = mm.u16(at + (atExit ? 6 : 4))
    if (!atExit) parts.push(fd < 0 ? `{fd=${fd}}` : `{fd=${fd}, events=${flagNames(pollEvents, events)}}`)
    else if (events) parts.push(`{fd=${fd}, revents=${flagNames(pollEvents, events)}}`)
  }
  return `[${parts.join(', ')}${count > shown ? ', ...' : ''}]`
}

/** Structs in guest memory as strace prints them. Path: arguments.ts calls `printStruct` by the row's type. */

import { latin1 } from '../../abi/bytes.ts'
import { epollEvents } from '../../abi/epoll.ts'
import { O_CREAT, O_DIRECTORY, O_TMPFILE, openFlags, resolveFlags } from '../../abi/fcntl.ts'
import { flagNames, valueName } from '../../abi/flag-table.ts'
import { statfsFlags } from '../../abi/mount.ts'
import { pollEvents } from '../../abi/poll.ts'
import { cloneFlags, RLIM_INFINITY, SIGEV_NONE, SIGEV_THREAD_ID, sigevNotify } from '../../abi/process.ts'
import { sigactionFlags, sigaltstackFlags, sigInfo, signalName } from '../../abi/signal.ts'
import {
  fileSystemMagics,
  fileTypes,
  major,
  minor,
  S_IFBLK,
  S_IFCHR,
  S_IFMT,
  statxAttributes,
  statxMasks,
} from '../../abi/stat.ts'
import type { Mm } from '../../mm/mm.ts'
import type { StructName } from '../../sys/row.ts'
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

/** Sizes that must be readable before a printer runs. */
const SIZES: Record<StructName, number> = {
  timespec: 16,
  timespecPair: 32,
  timeval: 16,
  timevalPair: 32,
  itimerval: 32,
  itimerspec: 32,
  sigevent: 64,
  stat: 144,
  statx: 256,
  statfs: 120,
  sigaction: 32,
  sigset: 8,
  sizedSigset: 16,
  siginfo: 48,
  stack: 24,
  rlimit: 16,
  rusage: 144,
  utsname: 390,
  sysinfo: 112,
  tms: 32,
  pollfd: 8,
  intPair: 8,
  int: 4,
  long: 8,
  waitStatus: 4,
  winsize: 8,
  clone3: 64,
  epollEvent: 12,
  openHow: 24,
  capHeader: 8,
  capSets: 24,
}

/** The struct at an address, or the address itself where memory cannot be read. */
export function printStruct(mm: Mm, name: StructName, addr: number, count: number, atExit: boolean): string {
  if (addr === 0) return 'NULL'
  if (name === 'pollfd') return printPollfds(mm, addr, count, atExit)
  if (!mm.canRead(addr, SIZES[name])) return pointer(addr)
  return PRINTERS[name](mm, addr)
}

/** A long that strace prints as an unsigned one. */
const unsigned = (value: number): string =>
  value < 0 ? String(BigInt.asUintN(64, BigInt(value))) : String(value)

const timespec = (mm: Mm, at: number): string => {
  const nsec = mm.i64(at + 8)
  if (nsec === 0x3fffffff) return 'UTIME_NOW'
  if (nsec === 0x3ffffffe) return 'UTIME_OMIT'
  return `{tv_sec=${mm.i64(at)}, tv_nsec=${unsigned(nsec)}}`
}
const timeval = (mm: Mm, at: number): string => `{tv_sec=${mm.i64(at)}, tv_usec=${mm.i64(at + 8)}}`

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

function stat(mm: Mm, at: number): string {
  const { view } = mm.space
  const mode = view.getUint32(at + 24, true)
  const type = mode & S_IFMT
  const rdev = mm.i64(at + 40)
  const size =
    type === S_IFCHR || type === S_IFBLK
      ? `st_rdev=makedev(${hex(major(rdev))}, ${hex(minor(rdev))})`
      : `st_size=${mm.i64(at + 48)}`
  return `{st_mode=${printMode(mode)}, ${size}, ...}`
}

function statx(mm: Mm, at: number): string {
  const { view } = mm.space
  const mode = view.getUint16(at + 28, true)
  const mask = flagNames(statxMasks, view.getUint32(at, true))
  const attributes = flagNames(statxAttributes, mm.u64(at + 8))
  return `{stx_mask=${mask}, stx_attributes=${attributes}, stx_mode=${printMode(mode)}, stx_size=${mm.i64(at + 40)}, ...}`
}

function statfs(mm: Mm, at: number): string {
  const field = (i: number): number => mm.u64(at + i * 8)
  const counts = `f_blocks=${field(2)}, f_bfree=${field(3)}, f_bavail=${field(4)}, f_files=${field(5)}, f_ffree=${field(6)}`
  const id = `f_fsid={val=[${hexOrZero(mm.i32(at + 56) >>> 0)}, ${hexOrZero(mm.i32(at + 60) >>> 0)}]}`
  return `{f_type=${valueName(fileSystemMagics, field(0))}, f_bsize=${field(1)}, ${counts}, ${id}, f_namelen=${field(8)}, f_frsize=${field(9)}, f_flags=${flagNames(statfsFlags, field(10))}}`
}

const handlerName = (addr: number): string => (addr === 0 ? 'SIG_DFL' : addr === 1 ? 'SIG_IGN' : hex(addr))

function sigaction(mm: Mm, at: number): string {
  const flags = mm.space.view.getUint32(at + 8, true)
  const handler = mm.u64(at)
  const field = flags & 4 && handler > 1 ? 'sa_sigaction' : 'sa_handler'
  const restorer = flags & 0x04000000 ? `, sa_restorer=${hex(mm.u64(at + 16))}` : ''
  const mask = sigset(mm.i32(at + 24), mm.i32(at + 28))
  return `{${field}=${handlerName(handler)}, sa_mask=${mask}, sa_flags=${flagNames(sigactionFlags, flags)}${restorer}}`
}

function readInfo(mm: Mm, at: number): string {
  const { view } = mm.space
  const signo = view.getInt32(at, true)
  if (signo === 0) return '{}'
  return siginfo(
    sigInfo(signo, view.getInt32(at + 8, true), {
      pid: view.getInt32(at + 16, true),
      uid: view.getUint32(at + 20, true),
      status: view.getInt32(at + 24, true),
      addr: mm.u64(at + 16),
    }),
  )
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

function sigevent(mm: Mm, at: number): string {
  const notify = mm.i32(at + 12)
  const signo = mm.i32(at + 8)
  const value = `sigev_value={sival_int=${mm.i32(at)}, sival_ptr=${pointer(mm.u64(at))}}`
  const signal = notify === SIGEV_NONE ? signo : signalName(signo)
  const thread = notify === SIGEV_THREAD_ID ? `, sigev_notify_thread_id=${mm.i32(at + 16)}` : ''
  return `{${value}, sigev_signo=${signal}, sigev_notify=${valueName(sigevNotify, notify)}${thread}}`
}

function epollEvent(mm: Mm, at: number): string {
  const events = mm.space.view.getUint32(at, true)
  const lo = mm.space.view.getUint32(at + 4, true)
  const all = mm.space.view.getBigUint64(at + 4, true)
  return `{events=${flagNames(epollEvents, events)}, data={u32=${lo}, u64=${all}}}`
}

const wantsMode = (flags: number): boolean => (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) !== 0

const PRINTERS: Record<StructName, (mm: Mm, at: number) => string> = {
  timespec,
  timespecPair: (mm, at) => `[${timespec(mm, at)}, ${timespec(mm, at + 16)}]`,
  timeval,
  timevalPair: (mm, at) => `[${timeval(mm, at)}, ${timeval(mm, at + 16)}]`,
  itimerval: (mm, at) => `{it_interval=${timeval(mm, at)}, it_value=${timeval(mm, at + 16)}}`,
  itimerspec: (mm, at) => `{it_interval=${timespec(mm, at)}, it_value=${timespec(mm, at + 16)}}`,
  sigevent,
  stat,
  statx,
  statfs,
  sigaction,
  sigset: (mm, at) => sigset(mm.i32(at), mm.i32(at + 4)),
  sizedSigset: (mm, at) =>
    `{sigmask=${printStruct(mm, 'sigset', mm.u64(at), 1, false)}, sigsetsize=${mm.u64(at + 8)}}`,
  siginfo: readInfo,
  stack: (mm, at) =>
    `{ss_sp=${pointer(mm.u64(at))}, ss_flags=${flagNames(sigaltstackFlags, mm.space.view.getUint32(at + 8, true))}, ss_size=${mm.u64(at + 16)}}`,
  rlimit: (mm, at) => `{rlim_cur=${limit(mm.u64(at))}, rlim_max=${limit(mm.u64(at + 8))}}`,
  rusage: (mm, at) => `{ru_utime=${timeval(mm, at)}, ru_stime=${timeval(mm, at + 16)}, ...}`,
  utsname,
  sysinfo: (mm, at) => `{uptime=${mm.i64(at)}, loads=[0, 0, 0], totalram=${mm.u64(at + 32)}, ...}`,
  tms: (mm, at) =>
    `{tms_utime=${mm.i64(at)}, tms_stime=${mm.i64(at + 8)}, tms_cutime=${mm.i64(at + 16)}, tms_cstime=${mm.i64(at + 24)}}`,
  pollfd: () => '',
  intPair: (mm, at) => `[${mm.i32(at)}, ${mm.i32(at + 4)}]`,
  int: (mm, at) => `[${mm.i32(at)}]`,
  long: (mm, at) => `[${mm.i64(at)}]`,
  waitStatus: (mm, at) => waitStatus(mm.i32(at)),
  winsize: (mm, at) => {
    const { view } = mm.space
    return `{ws_row=${view.getUint16(at, true)}, ws_col=${view.getUint16(at + 2, true)}, ws_xpixel=${view.getUint16(at + 4, true)}, ws_ypixel=${view.getUint16(at + 6, true)}}`
  },
  clone3,
  epollEvent,
  capHeader,
  capSets,
  openHow: (mm, at) => {
    const flags = mm.u64(at)
    const mode = wantsMode(flags) ? `, mode=${octal(mm.u64(at + 8))}` : ''
    return `{flags=${flagNames(openFlags, flags)}${mode}, resolve=${flagNames(resolveFlags, mm.u64(at + 16))}}`
  },
}

/** An array that the call filled. */
export function printStructs(mm: Mm, name: StructName, addr: number, count: number): string {
  if (addr === 0) return 'NULL'
  const shown = Math.min(count, ARRAY_SHOWN_MAX)
  if (!mm.canRead(addr, shown * SIZES[name])) return pointer(addr)
  const parts = Array.from({ length: shown }, (_, i) => PRINTERS[name](mm, addr + i * SIZES[name]))
  return `[${parts.join(', ')}${count > shown ? ', ...' : ''}]`
}

const POLLFDS_SHOWN_MAX = 32

/** At entry what is wanted; at the exit what came, in strace's comment behind the result. */
function printPollfds(mm: Mm, addr: number, count: number, atExit: boolean): string {
  const shown = Math.min(count, POLLFDS_SHOWN_MAX)
  if (!mm.canRead(addr, shown * 8)) return pointer(addr)
  const { view } = mm.space
  const parts: string[] = []
  for (let i = 0; i < shown; i++) {
    const at = addr + i * 8
    const fd = view.getInt32(at, true)
    const events = view.getUint16(at + (atExit ? 6 : 4), true)
    if (!atExit) parts.push(fd < 0 ? `{fd=${fd}}` : `{fd=${fd}, events=${flagNames(pollEvents, events)}}`)
    else if (events) parts.push(`{fd=${fd}, revents=${flagNames(pollEvents, events)}}`)
  }
  return `[${parts.join(', ')}${count > shown ? ', ...' : ''}]`
}

/** Strings, numbers, sets as strace prints them. strace(1). */

import {
  BUS_ADRERR,
  CLD_CONTINUED,
  CLD_EXITED,
  CLD_KILLED,
  CLD_STOPPED,
  SIGCHLD,
  type SigInfo,
  signalName,
  signalShortName,
} from '../../abi/signal.ts'

/** Characters of a string that are shown: strace -s. */
export const STRING_SHOWN_MAX = 32
/** Array members that are shown. */
export const ARRAY_SHOWN_MAX = 32

const ESCAPES: Record<number, string> = {
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}

/** A byte string in C quotes; octal escapes are short where no digit follows. */
export function quote(text: string, isCut = false): string {
  let out = '"'
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (ESCAPES[c]) out += ESCAPES[c]
    else if (c >= 32 && c < 127) out += text[i]
    else {
      const next = text.charCodeAt(i + 1)
      const octal = c.toString(8)
      out += `\\${next >= 48 && next <= 57 ? octal.padStart(3, '0') : octal}`
    }
  }
  return `${out}"${isCut ? '...' : ''}`
}

/** At most STRING_SHOWN_MAX characters. */
export const quoteShort = (text: string): string =>
  text.length > STRING_SHOWN_MAX ? quote(text.slice(0, STRING_SHOWN_MAX), true) : quote(text)

export const hex = (value: number): string => `0x${BigInt(value).toString(16)}`
export const pointer = (value: number): string =>
  value === 0 ? 'NULL' : hex(value < 0 ? value + 2 ** 64 : value)
/** As C's %#x prints it. */
export const hexOrZero = (value: number): string => (value === 0 ? '0' : hex(value))
export const octal = (value: number): string =>
  value === 0 ? '000' : `0${value.toString(8).padStart(3, '0')}`.replace(/^00/, '0')

/** `[INT TERM]`, `~[KILL]`. */
export function sigset(lo: number, hi: number): string {
  const has = (signo: number): boolean =>
    (signo <= 32 ? (lo >>> (signo - 1)) & 1 : (hi >>> (signo - 33)) & 1) === 1
  const members: number[] = []
  const missing: number[] = []
  for (let signo = 1; signo <= 64; signo++) (has(signo) ? members : missing).push(signo)
  const names = (list: number[]): string => `[${list.map(signalShortName).join(' ')}]`
  // Mostly full sets are shown by what they lack.
  return members.length > 42 ? `~${names(missing)}` : names(members)
}

const CODES: Record<number, string> = {
  0: 'SI_USER',
  128: 'SI_KERNEL',
  [-1]: 'SI_QUEUE',
  [-2]: 'SI_TIMER',
  [-6]: 'SI_TKILL',
}
const CHILD_CODES: Record<number, string> = {
  [CLD_EXITED]: 'CLD_EXITED',
  [CLD_KILLED]: 'CLD_KILLED',
  3: 'CLD_DUMPED',
  4: 'CLD_TRAPPED',
  [CLD_STOPPED]: 'CLD_STOPPED',
  [CLD_CONTINUED]: 'CLD_CONTINUED',
}
const FAULT_CODES: Record<number, Record<number, string>> = {
  4: { 1: 'ILL_ILLOPC', 2: 'ILL_ILLOPN' },
  5: { 1: 'TRAP_BRKPT', 2: 'TRAP_TRACE' },
  7: { 1: 'BUS_ADRALN', [BUS_ADRERR]: 'BUS_ADRERR' },
  8: {
    1: 'FPE_INTDIV',
    2: 'FPE_INTOVF',
    3: 'FPE_FLTDIV',
    4: 'FPE_FLTOVF',
    5: 'FPE_FLTUND',
    6: 'FPE_FLTRES',
    7: 'FPE_FLTINV',
  },
  11: { 1: 'SEGV_MAPERR', 2: 'SEGV_ACCERR' },
}

/** `{si_signo=SIGCHLD, si_code=CLD_EXITED, …}` */
export function siginfo(info: SigInfo): string {
  const head = `{si_signo=${signalName(info.signo)}, si_code=`
  if (info.signo === SIGCHLD && info.code > 0 && info.code < 128) {
    const status = info.code === CLD_EXITED ? String(info.status) : signalName(info.status)
    return `${head}${CHILD_CODES[info.code] ?? info.code}, si_pid=${info.pid}, si_uid=${info.uid}, si_status=${status}, si_utime=0, si_stime=0}`
  }
  const fault = info.code > 0 ? FAULT_CODES[info.signo]?.[info.code] : undefined
  if (fault) return `${head}${fault}, si_addr=${pointer(info.addr)}}`
  const code = CODES[info.code] ?? String(info.code)
  if (info.code === 128)
    return info.signo === 11 || info.signo === 7 ? `${head}${code}, si_addr=NULL}` : `${head}${code}}`
  return `${head}${code}, si_pid=${info.pid}, si_uid=${info.uid}}`
}

/** `[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]` */
export function waitStatus(status: number): string {
  if (status === 0xffff) return '[{WIFCONTINUED(s)}]'
  const signal = status & 0x7f
  if (signal === 0) return `[{WIFEXITED(s) && WEXITSTATUS(s) == ${(status >> 8) & 0xff}}]`
  if (signal === 0x7f) return `[{WIFSTOPPED(s) && WSTOPSIG(s) == ${signalName((status >> 8) & 0xff)}}]`
  return `[{WIFSIGNALED(s) && WTERMSIG(s) == ${signalName(signal)}${status & 128 ? ' && WCOREDUMP(s)' : ''}}]`
}

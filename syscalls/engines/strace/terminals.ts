/** Arguments of ioctl(2) on terminals as strace prints them. Path: calls.ts, at the exit of the call. */

import { flagNames, valueName } from '../../abi/flag-table.ts'
import { FIONREAD } from '../../abi/poll.ts'
import { SIOCATMARK } from '../../abi/socket.ts'
import * as T from '../../abi/tty.ts'
import type { Mm } from '../../mm/mm.ts'
import type { SyscallCall } from '../call.ts'
import { printStruct } from './structs.ts'
import { octal, pointer, quote } from './values.ts'

const TERMIOS_READ_SIZE = 36
/** Parts of c_oflag that hold a number: name, place, mask. TAB3 is called XTABS. */
const DELAYS = [
  ['NL', 8, 1],
  ['CR', 9, 3],
  ['TAB', 11, 3],
  ['BS', 13, 1],
  ['VT', 14, 1],
  ['FF', 15, 1],
] as const
const DELAY_BITS = 0xff00

const MODES = new Set([
  T.TCGETS,
  T.TCSETS,
  T.TCSETSW,
  T.TCSETSF,
  T.TCGETS2,
  T.TCSETS2,
  T.TCSETSW2,
  T.TCSETSF2,
])
/** Filled by the call. */
const INTS_OUT = new Set([
  FIONREAD,
  SIOCATMARK,
  T.TIOCOUTQ,
  T.TIOCGPGRP,
  T.TIOCGSID,
  T.TIOCGETD,
  T.TIOCGPTN,
  T.TIOCGDEV,
  T.TIOCGSOFTCAR,
  T.TIOCGEXCL,
])
/** Given to the call. */
const INTS_IN = new Set([T.TIOCSPGRP, T.TIOCSPTLCK, T.TIOCPKT, T.TIOCSETD, T.TIOCSSOFTCAR])
/** The argument is no pointer. */
const NUMBERS = new Set([T.TCSBRK, T.TCSBRKP, T.TIOCSCTTY])

/** The argument, or null where it is not a terminal's own. */
export function terminalArgument(
  call: SyscallCall,
  request: number,
  argument: number,
  failed: boolean,
): string | null {
  const mm = call.task.memory
  if (NUMBERS.has(request)) return String(argument | 0)
  if (INTS_IN.has(request) || (INTS_OUT.has(request) && !failed))
    return printStruct(call, 'int', argument, 1, true)
  if (request === T.TIOCSWINSZ || (request === T.TIOCGWINSZ && !failed))
    return printStruct(call, 'winsize', argument, 1, true)
  if (request === T.TCFLSH) return valueName(T.flushQueues, argument | 0)
  if (request === T.TCXONC) return valueName(T.flowActions, argument | 0)
  if (request === T.TIOCSTI)
    return mm.canRead(argument, 1) ? quote(String.fromCharCode(mm.space.bytes[argument]!)) : pointer(argument)
  if (request === T.TIOCGPTPEER) return octal(argument)
  return MODES.has(request) && !failed ? modes(mm, argument) : null
}

function modes(mm: Mm, at: number): string {
  if (at === 0) return 'NULL'
  if (!mm.canRead(at, TERMIOS_READ_SIZE)) return pointer(at)
  const word = (i: number): number => mm.i32(at + i * 4) >>> 0
  const none = (table: Parameters<typeof flagNames>[0], value: number): string =>
    value === 0 ? '' : flagNames(table, value)
  return `{c_iflag=${none(T.inputModes, word(0))}, c_oflag=${outputModes(word(1))}, c_cflag=${controlModes(word(2))}, c_lflag=${none(T.localModes, word(3))}, ...}`
}

function outputModes(value: number): string {
  const delays = DELAYS.map(([name, shift, mask]) => {
    const number = (value >> shift) & mask
    return name === 'TAB' && number === 3 ? 'XTABS' : `${name}${number}`
  })
  const rest = (value & ~DELAY_BITS) >>> 0
  return `${delays.join('|')}|${rest === 0 ? '' : flagNames(T.outputModes, rest)}`
}

function controlModes(value: number): string {
  const speed = (code: number): string =>
    code === T.BOTHER ? 'BOTHER' : `B${T.BAUD_RATES[code & T.CBAUDEX ? (code & 15) + 15 : code] ?? 0}`
  const input = (value >>> T.IBSHIFT) & T.CBAUD
  const rest = (value & ~(T.CBAUD | (T.CBAUD << T.IBSHIFT) | T.CSIZE)) >>> 0
  const parts = [speed(value & T.CBAUD)]
  if (input) parts.push(`${speed(input)}<<IBSHIFT`)
  parts.push(`CS${5 + ((value & T.CSIZE) >> 4)}`)
  if (rest) parts.push(flagNames(T.controlModes, rest))
  return parts.join('|')
}

/** Options of TCP: a number that is kept, and what is more than one. tcp(7). Path: TcpSocket's getOption and setOption. */

import { type ByteOrder, bytesOf, get32, latin1 } from '../../abi/bytes.ts'
import { EINVAL, ENOENT } from '../../abi/errno.ts'
import * as T from '../../abi/inet.ts'
import { LO_MTU } from '../interfaces.ts'
import {
  anyFrom,
  anyNumber,
  flag,
  ints,
  keepOption,
  type OptionRule,
  type OptionValue,
  optionValue,
  orInitial,
  told,
  within,
} from '../option-rule.ts'
import { CONNECTED, LISTENING } from '../queue-socket.ts'
import type { InetSocket } from './inet-socket.ts'
import { flags, OFF } from './options.ts'
import type { TcpSocket } from './tcp.ts'

const MSS_INITIAL = 536
const WINDOW_CLAMP_LEAST = 1152
/** The longest segment on `lo`: beside it there are the headers. */
const MSS_CONNECTED = LO_MTU - 53

export const TCP_RULES: ReadonlyMap<number, OptionRule> = new Map([
  ...flags(T.TCP_NODELAY, T.TCP_CORK),
  [T.TCP_KEEPIDLE, within(1, 32767, 7200)],
  [T.TCP_KEEPINTVL, within(1, 32767, 75)],
  [T.TCP_KEEPCNT, within(1, 127, 9)],
  [T.TCP_SYNCNT, within(1, 127, 6)],
  [T.TCP_QUICKACK, flag(1)],
  [T.TCP_THIN_LINEAR_TIMEOUTS, within(0, 1, 0)],
  [T.TCP_USER_TIMEOUT, anyFrom(0)],
  [T.TCP_FASTOPEN, anyFrom(0)],
  [T.TCP_NOTSENT_LOWAT, anyNumber()],
  [T.TCP_SAVE_SYN, within(0, 2, 0)],
  [T.TCP_FASTOPEN_CONNECT, within(0, 1, 0)],
  [T.TCP_FASTOPEN_NO_COOKIE, within(0, 1, 0)],
  [T.TCP_INQ, within(0, 1, 0)],
  [T.TCP_TX_DELAY, anyFrom(0)],
])

/** What an accepted connection has from the socket that listened. */
export function inheritOptions(socket: InetSocket, from: InetSocket): void {
  for (const name of from.switches) socket.switches.add(name)
  if (from.values) socket.values = new Map(from.values)
  socket.sendBufferSize = from.sendBufferSize
  socket.receiveBufferSize = from.receiveBufferSize
  socket.receiveLowWater = from.receiveLowWater
  socket.receiveTimeoutNs = from.receiveTimeoutNs
  socket.sendTimeoutNs = from.sendTimeoutNs
  socket.lingers = from.lingers
  socket.lingerSec = from.lingerSec
  socket.priority = from.priority
}

/** Names are told in 16 bytes: TCP_CA_NAME_MAX. */
const asText = (text: string): Uint8Array => bytesOf(text.padEnd(16, '\0'))

/** What there is to choose from: it changes nothing. */
const CONGESTION = ['cubic', 'reno']

/** struct tcp_info as far as it is told: state, retransmissions, options, timeouts, segment sizes. */
function tcpInfo(socket: TcpSocket, { littleEndian }: ByteOrder): Uint8Array {
  const bytes = new Uint8Array(248)
  const view = new DataView(bytes.buffer)
  const isUp = socket.state === CONNECTED
  bytes[0] = socket.tcpState
  // TCPI_OPT_TIMESTAMPS, SACK and WSCALE; scales of 7.
  if (isUp) bytes[5] = 7
  if (isUp) bytes[6] = 0x77
  view.setUint32(8, isUp ? 200000 : 1000000, littleEndian)
  view.setUint32(16, isUp ? MSS_CONNECTED : MSS_INITIAL, littleEndian)
  view.setUint32(20, isUp ? MSS_INITIAL : 88, littleEndian)
  if (socket.state === LISTENING) {
    const [waiting, most] = socket.backlogUse
    view.setUint32(24, waiting, littleEndian)
    view.setUint32(28, most, littleEndian)
  }
  view.setUint32(60, LO_MTU, littleEndian)
  view.setUint32(76, 0x7fffffff, littleEndian)
  view.setUint32(80, 10, littleEndian)
  view.setUint32(84, MSS_INITIAL, littleEndian)
  view.setUint32(88, 3, littleEndian)
  return bytes
}

const MSS = orInitial(0, 32767, MSS_INITIAL)

export function getTcpOption(socket: TcpSocket, name: number, order: ByteOrder): OptionValue | number | null {
  switch (name) {
    case T.TCP_MAXSEG:
      return ints(
        socket.state === CONNECTED ? MSS_CONNECTED : optionValue(socket, T.SOL_TCP, name, MSS) || MSS_INITIAL,
      )
    case T.TCP_LINGER2:
      return ints(optionValue(socket, T.SOL_TCP, name, LINGER2))
    case T.TCP_DEFER_ACCEPT:
    case T.TCP_WINDOW_CLAMP:
      return ints(optionValue(socket, T.SOL_TCP, name, OFF))
    case T.TCP_INFO:
      return tcpInfo(socket, order)
    case T.TCP_CONGESTION:
      return asText(CONGESTION[optionValue(socket, T.SOL_TCP, name, OFF)]!)
    case T.TCP_ULP:
      return new Uint8Array(0)
    default:
      return null
  }
}
const LINGER2 = told(60)

const RETRANSMITS_MAX = 255

/** Seconds as so many retransmissions, which double from 1 up to 120, last at least. */
function roundedUp(seconds: number): number {
  if (seconds <= 0) return 0
  let period = 1
  let step = 1
  for (let sent = 1; period < seconds && sent < RETRANSMITS_MAX; sent++) {
    step = Math.min(step * 2, 120)
    period += step
  }
  return period
}

export function setTcpOption(
  socket: TcpSocket,
  name: number,
  value: Uint8Array,
  order: ByteOrder,
): number | null {
  if (name === T.TCP_CONGESTION) {
    const asked = latin1(value.subarray(0, 15)).split('\0')[0]
    const index = CONGESTION.indexOf(asked!)
    if (index < 0) return value.length === 0 ? -EINVAL : -ENOENT
    keepOption(socket, T.SOL_TCP, name, index)
    return 0
  }
  if (name === T.TCP_ULP) return value.length === 0 ? -EINVAL : -ENOENT
  if (value.length < 4) return -EINVAL
  const number = get32(value, 0, order) | 0
  const keep = (kept: number): number => {
    keepOption(socket, T.SOL_TCP, name, kept)
    return 0
  }
  switch (name) {
    case T.TCP_MAXSEG:
      return number !== 0 && (number < 88 || number > 32767) ? -EINVAL : keep(number)
    case T.TCP_LINGER2:
      return keep(number < 0 ? -1 : number === 0 ? 60 : Math.min(number, 120))
    case T.TCP_DEFER_ACCEPT:
      return keep(roundedUp(Math.min(number, 32767)))
    case T.TCP_WINDOW_CLAMP:
      return keep(number === 0 ? 0 : Math.max(number, WINDOW_CLAMP_LEAST))
    default:
      return null
  }
}

/**
 * The options of SOL_SOCKET that are the same for every family: getsockopt(2), setsockopt(2), socket(7).
 * Path: sys/socket.ts asks the family first for what is its own, then this.
 */

import { bytesOf, get32, latin1 } from '../abi/bytes.ts'
import { CAP_NET_ADMIN } from '../abi/capability.ts'
import { EACCES, EDOM, EINVAL, ENODEV, ENOPROTOOPT, EOPNOTSUPP, EPERM } from '../abi/errno.ts'
import * as S from '../abi/socket.ts'
import { type Layout, struct, type Values } from '../abi/struct.ts'
import { TIMEVAL } from '../abi/time.ts'
import { NS_PER_SEC, SECONDS_MAX } from '../kernel/clock.ts'
import type { Task } from '../kernel/task.ts'
import { LO_INDEX, LO_NAME } from './interfaces.ts'
import {
  anyFrom,
  anyNumber,
  ints,
  keepOption,
  type OptionRule,
  type OptionValue,
  optionValue,
  setByRule,
  told,
  within,
} from './option-rule.ts'
import type { Socket } from './socket.ts'

/** Bounds of a buffer size as it is told, which is twice what was asked for. */
const SEND_BUFFER_MIN = 4608
const RECEIVE_BUFFER_MIN = 2304
/** net.core.wmem_max and rmem_max. */
export const BUFFER_ASKED_MAX = 4194304

/** Options that are on or off and change nothing here, or are looked at where they count. */
const SWITCHES = new Set([
  S.SO_DEBUG,
  S.SO_REUSEADDR,
  S.SO_DONTROUTE,
  S.SO_BROADCAST,
  S.SO_KEEPALIVE,
  S.SO_OOBINLINE,
  S.SO_NO_CHECK,
  ...S.TIMESTAMPS,
  ...[S.SO_RXQ_OVFL, S.SO_WIFI_STATUS, S.SO_NOFCS, S.SO_LOCK_FILTER, S.SO_SELECT_ERR_QUEUE, S.SO_RCVMARK],
])

/** Numbers that are only kept. */
const RULES: ReadonlyMap<number, OptionRule> = new Map([
  [S.SO_SNDLOWAT, told(1)],
  [S.SO_MARK, anyNumber()],
  [S.SO_BUSY_POLL, anyFrom(0)],
  [S.SO_BPF_EXTENSIONS, told(64)],
  [S.SO_INCOMING_CPU, anyNumber(-1)],
  [S.SO_INCOMING_NAPI_ID, told(0)],
  [S.SO_BINDTOIFINDEX, within(0, LO_INDEX, 0)],
  [S.SO_BUF_LOCK, within(0, 3, 0)],
])
/** Those that are for root: CAP_NET_ADMIN. */
const PRIVILEGED = new Set([S.SO_MARK, S.SO_BUSY_POLL, S.SO_DEBUG])

/** What the options of 32-bit ISAs with 64-bit times take: struct __kernel_sock_timeval. */
const SOCK_TIMEVAL = struct({ sec: 's64', usec: 's64' })

/** How a timeout is laid out: the older options have the call's own timeval. */
const timeoutLayout = (task: Task, name: number): Layout<Values<typeof SOCK_TIMEVAL>> =>
  (name === S.SO_RCVTIMEO_NEW || name === S.SO_SNDTIMEO_NEW ? SOCK_TIMEVAL : TIMEVAL).of(task.call.model)

function timeoutBytes(task: Task, name: number, ns: number): Uint8Array {
  const layout = timeoutLayout(task, name)
  const bytes = new Uint8Array(layout.sizeBytes)
  const sec = Math.floor(ns / NS_PER_SEC)
  const usec = Math.floor((ns - sec * NS_PER_SEC) / 1000)
  layout.put(new DataView(bytes.buffer), 0, { sec, usec })
  return bytes
}

/** Linux says of the newer form of microseconds that it is on with that of nanoseconds. */
const isOn = ({ switches }: Socket, name: number): boolean =>
  switches.has(name) || (name === S.SO_TIMESTAMP_NEW && switches.has(S.SO_TIMESTAMPNS_NEW))

/** The value's bytes, or an errno. */
export function getSocketOption(
  task: Task,
  socket: Socket,
  level: number,
  name: number,
): OptionValue | number {
  const own = socket.getOption(level, name, task)
  if (own !== null) return own
  if (level !== S.SOL_SOCKET) return -EOPNOTSUPP
  if (SWITCHES.has(name)) return ints(isOn(socket, name) ? 1 : 0)
  switch (name) {
    case S.SO_TYPE:
      return ints(socket.type)
    case S.SO_DOMAIN:
      return ints(socket.family)
    case S.SO_PROTOCOL:
      return ints(socket.protocol)
    case S.SO_ERROR:
      return ints(socket.takeError())
    case S.SO_ACCEPTCONN:
      return ints(socket.isListening ? 1 : 0)
    case S.SO_SNDBUF:
      return ints(socket.sendBufferSize)
    case S.SO_RCVBUF:
      return ints(socket.receiveBufferSize)
    case S.SO_RCVLOWAT:
      return ints(socket.receiveLowWater)
    case S.SO_PRIORITY:
      return ints(socket.priority)
    case S.SO_LINGER:
      return ints(socket.lingers ? 1 : 0, socket.lingerSec)
    case S.SO_RCVTIMEO:
    case S.SO_RCVTIMEO_NEW:
      return timeoutBytes(task, name, socket.receiveTimeoutNs)
    case S.SO_SNDTIMEO:
    case S.SO_SNDTIMEO_NEW:
      return timeoutBytes(task, name, socket.sendTimeoutNs)
    case S.SO_REUSEPORT:
      return ints(socket.switches.has(name) ? 1 : 0)
    case S.SO_BSDCOMPAT:
      return ints(0)
    case S.SO_BINDTODEVICE:
      return deviceName(socket)
    case S.SO_PEERNAME:
      return socket.nameOf(true)
    default: {
      const rule = RULES.get(name)
      return rule ? ints(optionValue(socket, level, name, rule)) : -ENOPROTOOPT
    }
  }
}

/** SO_BINDTODEVICE's name, with its NUL. */
function deviceName(socket: Socket): Uint8Array {
  const isBound = optionValue(socket, S.SOL_SOCKET, S.SO_BINDTODEVICE, ANY_DEVICE) !== 0
  return bytesOf(isBound ? `${LO_NAME}\0` : '')
}
const ANY_DEVICE = told(0)

function bindToDevice(socket: Socket, value: Uint8Array): number {
  const name = latin1(value.subarray(0, 15)).split('\0')[0]!
  if (name !== '' && name !== LO_NAME) return -ENODEV
  keepOption(socket, S.SOL_SOCKET, S.SO_BINDTODEVICE, name === '' ? 0 : LO_INDEX)
  return 0
}

/** A timeout in nanoseconds: 0 waits for ever; a negative one does not wait at all. */
function readTimeout(task: Task, name: number, value: Uint8Array): number {
  const layout = timeoutLayout(task, name)
  if (value.length < layout.sizeBytes) return -EINVAL
  const { sec, usec } = layout.get(new DataView(value.buffer, value.byteOffset), 0)
  if (usec < 0 || usec >= 1e6) return -EDOM
  if (sec < 0) return 1
  return sec > SECONDS_MAX ? 0 : sec * NS_PER_SEC + usec * 1000
}

function setBuffer(task: Task, socket: Socket, name: number, asked: number): number {
  const isForced = name === S.SO_SNDBUFFORCE || name === S.SO_RCVBUFFORCE
  if (isForced && !task.credentials.capable(CAP_NET_ADMIN)) return -EPERM
  const doubled = 2 * Math.min(asked >>> 0, BUFFER_ASKED_MAX)
  if (name === S.SO_SNDBUF || name === S.SO_SNDBUFFORCE)
    socket.sendBufferSize = Math.max(doubled, SEND_BUFFER_MIN)
  else socket.receiveBufferSize = Math.max(doubled, RECEIVE_BUFFER_MIN)
  return 0
}

export function setSocketOption(
  task: Task,
  socket: Socket,
  level: number,
  name: number,
  value: Uint8Array,
): number {
  if (level === S.SOL_SOCKET && name === S.SO_BINDTODEVICE) return bindToDevice(socket, value)
  if (level === S.SOL_SOCKET && value.length < 4) return -EINVAL
  const own = socket.setOption(task, level, name, value)
  if (own !== null) return own
  if (level !== S.SOL_SOCKET) return -EOPNOTSUPP
  const number = get32(value, 0, task.mm.model)
  if (number !== 0 && PRIVILEGED.has(name) && !task.credentials.capable(CAP_NET_ADMIN))
    return name === S.SO_DEBUG ? -EACCES : -EPERM
  if (name === S.SO_BSDCOMPAT) return 0
  if (SWITCHES.has(name) || (name === S.SO_REUSEPORT && socket.family !== S.AF_UNIX)) {
    if (S.TIMESTAMPS.includes(name)) for (const form of S.TIMESTAMPS) socket.switches.delete(form)
    if (number !== 0) socket.switches.add(name)
    else socket.switches.delete(name)
    return 0
  }
  switch (name) {
    case S.SO_SNDBUF:
    case S.SO_RCVBUF:
    case S.SO_SNDBUFFORCE:
    case S.SO_RCVBUFFORCE:
      return setBuffer(task, socket, name, number)
    case S.SO_RCVLOWAT:
      socket.receiveLowWater = (number | 0) < 0 ? 0x7fffffff : number || 1
      return 0
    case S.SO_PRIORITY:
      socket.priority = number
      return 0
    case S.SO_LINGER:
      if (value.length < 8) return -EINVAL
      socket.lingers = number !== 0
      if (socket.lingers) socket.lingerSec = get32(value, 4, task.mm.model)
      return 0
    case S.SO_RCVTIMEO:
    case S.SO_RCVTIMEO_NEW:
    case S.SO_SNDTIMEO:
    case S.SO_SNDTIMEO_NEW: {
      const ns = readTimeout(task, name, value)
      if (ns < 0) return ns
      if (name === S.SO_RCVTIMEO || name === S.SO_RCVTIMEO_NEW) socket.receiveTimeoutNs = ns
      else socket.sendTimeoutNs = ns
      return 0
    }
    default: {
      const rule = RULES.get(name)
      return rule ? setByRule(socket, level, name, rule, value, task.mm.model) : -ENOPROTOOPT
    }
  }
}

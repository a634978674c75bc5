/**
 * Options of the internet's sockets: ip(7), ipv6(7), tcp(7), udp(7). Most are a number that is only kept; the tables say
 * which. Path: sys/socket.ts → net/options.ts → InetSocket → here.
 */

import { type ByteOrder, get32, latin1 } from '../../abi/bytes.ts'
import { CAP_NET_ADMIN } from '../../abi/capability.ts'
import {
  EADDRINUSE,
  EADDRNOTAVAIL,
  EINVAL,
  ENODATA,
  ENODEV,
  ENOPROTOOPT,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPROTO,
} from '../../abi/errno.ts'
import * as T from '../../abi/inet.ts'
import { AF_INET6, SO_PASSCRED, SO_PASSPIDFD, SO_PEERCRED, SOL_SOCKET } from '../../abi/socket.ts'
import type { Task } from '../../kernel/task.ts'
import { LO_INDEX, LO_MTU } from '../interfaces.ts'
import {
  anyNumber,
  flag,
  ints,
  keepOption,
  type OptionRule,
  type OptionValue,
  optionValue,
  orInitial,
  setByRule,
  told,
  within,
} from '../option-rule.ts'
import { CONNECTED } from '../queue-socket.ts'
import { type Ip, isAny, isIpv6, isLocal, putIpv4, readIpv4 } from './address.ts'
import type { InetSocket } from './inet-socket.ts'

/** A packet of IPv4 is no longer. */
const IP_MTU_MAX = 65535
/** Hops that packets may take: net.ipv4.ip_default_ttl. */
const HOP_LIMIT = 64

export const flags = (...names: number[]): [number, OptionRule][] => names.map((name) => [name, flag()])

const IP_RULES: ReadonlyMap<number, OptionRule> = new Map([
  ...flags(
    T.IP_RECVOPTS,
    T.IP_RETOPTS,
    T.IP_PKTINFO,
    T.IP_RECVERR,
    T.IP_RECVTTL,
    T.IP_RECVTOS,
    T.IP_FREEBIND,
    T.IP_PASSSEC,
    T.IP_TRANSPARENT,
    T.IP_RECVORIGDSTADDR,
  ),
  ...flags(T.IP_CHECKSUM, T.IP_BIND_ADDRESS_NO_PORT, T.IP_RECVFRAGSIZE),
  [T.IP_TOS, anyNumber()],
  [T.IP_TTL, orInitial(1, 255, HOP_LIMIT)],
  [T.IP_MTU_DISCOVER, within(0, 5, 1)],
  [T.IP_MINTTL, within(0, 255, 0)],
  [T.IP_RECVERR_RFC4884, within(0, 1, 0)],
  [T.IP_MULTICAST_TTL, orInitial(0, 255, 1)],
  [T.IP_MULTICAST_LOOP, flag(1)],
  [T.IP_MULTICAST_ALL, within(0, 1, 1)],
  [T.IP_LOCAL_PORT_RANGE, anyNumber()],
])

const IPV6_RULES: ReadonlyMap<number, OptionRule> = new Map([
  ...flags(
    T.IPV6_2292PKTINFO,
    T.IPV6_2292HOPOPTS,
    T.IPV6_2292DSTOPTS,
    T.IPV6_2292RTHDR,
    T.IPV6_2292HOPLIMIT,
    T.IPV6_FLOWINFO,
    T.IPV6_RECVERR,
    T.IPV6_V6ONLY,
    T.IPV6_ROUTER_ALERT_ISOLATE,
    T.IPV6_FLOWINFO_SEND,
    T.IPV6_RECVPKTINFO,
  ),
  ...flags(
    T.IPV6_RECVHOPLIMIT,
    T.IPV6_RECVHOPOPTS,
    T.IPV6_RECVRTHDR,
    T.IPV6_RECVDSTOPTS,
    T.IPV6_RECVPATHMTU,
    T.IPV6_DONTFRAG,
    T.IPV6_RECVTCLASS,
    T.IPV6_RECVORIGDSTADDR,
    T.IPV6_TRANSPARENT,
    T.IPV6_RECVFRAGSIZE,
    T.IPV6_FREEBIND,
  ),
  [T.IPV6_UNICAST_HOPS, orInitial(0, 255, HOP_LIMIT)],
  [T.IPV6_MULTICAST_HOPS, orInitial(0, 255, 1)],
  [T.IPV6_MULTICAST_LOOP, within(0, 1, 1)],
  [T.IPV6_MTU_DISCOVER, within(0, 5, 1)],
  [T.IPV6_MULTICAST_ALL, flag(1)],
  [T.IPV6_RECVERR_RFC4884, within(0, 1, 0)],
  [T.IPV6_TCLASS, orInitial(0, 255, 0)],
  [T.IPV6_AUTOFLOWLABEL, flag(1)],
  [T.IPV6_MINHOPCOUNT, within(0, 255, 0)],
])

/** Tables by level, which for a protocol's own is its number; a level that a socket does not have has none. */
function rulesOf(socket: InetSocket, level: number): ReadonlyMap<number, OptionRule> | null {
  if (level === T.SOL_IP) return IP_RULES
  if (level === T.SOL_IPV6) return socket.family === AF_INET6 ? IPV6_RULES : null
  return level === socket.protocol ? socket.ownRules : null
}

export const isSet = (socket: InetSocket, level: number, name: number): boolean =>
  optionValue(socket, level, name, OFF) !== 0
export const OFF = told(0)

export const hopLimitOf = (socket: InetSocket, to: Ip): number =>
  isIpv6(to)
    ? optionValue(socket, T.SOL_IPV6, T.IPV6_UNICAST_HOPS, IPV6_RULES.get(T.IPV6_UNICAST_HOPS)!)
    : optionValue(socket, T.SOL_IP, T.IP_TTL, IP_RULES.get(T.IP_TTL)!)

export const trafficClassOf = (socket: InetSocket, to: Ip): number =>
  isIpv6(to)
    ? optionValue(socket, T.SOL_IPV6, T.IPV6_TCLASS, OFF)
    : optionValue(socket, T.SOL_IP, T.IP_TOS, OFF)

// What is no plain number.

function getIpOption(socket: InetSocket, name: number): OptionValue | number | null {
  switch (name) {
    case T.IP_OPTIONS:
      return new Uint8Array(0)
    case T.IP_MTU:
      return socket.state === CONNECTED ? ints(IP_MTU_MAX) : -ENOTCONN
    case T.IP_MULTICAST_IF: {
      const address = new Uint8Array(4)
      putIpv4(address, 0, optionValue(socket, T.SOL_IP, name, OFF))
      return address
    }
    case T.IP_PROTOCOL:
    case T.IP_HDRINCL:
    case T.IP_NODEFRAG:
    case T.IP_UNICAST_IF:
      return ints(0)
    default:
      return null
  }
}

/** A membership of a group: struct ip_mreq or ip_mreqn, ipv6_mreq. Nothing is ever sent to a group. */
function setMembership(
  socket: InetSocket,
  level: number,
  name: number,
  value: Uint8Array,
  order: ByteOrder,
): number {
  if (value.length < (level === T.SOL_IP ? 8 : 20)) return -EINVAL
  const isIpv4 = level === T.SOL_IP
  const isGroup = isIpv4 ? value[0]! >= 224 && value[0]! < 240 : value[0] === 0xff
  if (!isGroup) return name === T.IP_DROP_MEMBERSHIP && isIpv4 ? -EADDRNOTAVAIL : -EINVAL
  const at = isIpv4 ? readIpv4(value, 4) : get32(value, 16, order)
  if (isIpv4 ? !isAny(at) && !isLocal(at) : at > LO_INDEX) return -ENODEV
  const group = isIpv4 ? readIpv4(value, 0) : latin1(value.subarray(0, 16))
  const isJoining = name === (isIpv4 ? T.IP_ADD_MEMBERSHIP : T.IPV6_ADD_MEMBERSHIP)
  // Without an interface's address there is no route to a group that would name one.
  if (isIpv4 && isJoining && isAny(at) && value.length < 12) return -ENODEV
  if (isJoining) return socket.join(group) ? 0 : -EADDRINUSE
  return socket.leaveGroup(group) ? 0 : -EADDRNOTAVAIL
}

/** Of SOL_IP those that say nothing by no bytes at all; for others they are a 0. */
const NEEDS_VALUE = new Set([
  ...[T.IP_TTL, T.IP_FREEBIND, T.IP_TRANSPARENT, T.IP_MINTTL, T.IP_MULTICAST_IF, T.IP_MULTICAST_TTL],
  ...[T.IP_MULTICAST_LOOP, T.IP_ADD_MEMBERSHIP, T.IP_DROP_MEMBERSHIP, T.IP_MULTICAST_ALL],
])
const NO_VALUE = new Uint8Array(4)

function setIpOption(socket: InetSocket, name: number, value: Uint8Array, order: ByteOrder): number | null {
  const isTcp = socket.protocolIsTcp
  switch (name) {
    case T.IP_OPTIONS:
      return value.length > 40 ? -EINVAL : 0
    case T.IP_MULTICAST_TTL:
      return isTcp ? -EINVAL : null
    case T.IP_MULTICAST_IF: {
      if (isTcp || value.length < 4) return -EINVAL
      const at = readIpv4(value, value.length >= 8 ? 4 : 0)
      if (!isAny(at) && !isLocal(at)) return -EADDRNOTAVAIL
      keepOption(socket, T.SOL_IP, name, readIpv4(value, value.length >= 8 ? 4 : 0))
      return 0
    }
    case T.IP_TOS: {
      const tos = (value.length < 4 ? value[0]! : get32(value, 0, order)) & 0xff
      // The bits of congestion notification are TCP's own.
      keepOption(socket, T.SOL_IP, name, isTcp ? tos & ~3 : tos)
      return 0
    }
    // Groups are not for streams.
    case T.IP_ADD_MEMBERSHIP:
    case T.IP_DROP_MEMBERSHIP:
      return isTcp ? -EPROTO : setMembership(socket, T.SOL_IP, name, value, order)
    default:
      return null
  }
}

/** Every link takes packets of IPv6 that long: IPV6_MIN_MTU. */
const MTU_LEAST = 1280

/** The bits of congestion notification are TCP's own. */
function setTrafficClass(socket: InetSocket, value: Uint8Array, order: ByteOrder): number | null {
  if (!socket.protocolIsTcp || value.length < 4) return null
  const number = get32(value, 0, order) | 0
  if (number < -1 || number > 255) return -EINVAL
  keepOption(socket, T.SOL_IPV6, T.IPV6_TCLASS, number < 0 ? 0 : number & ~3)
  return 0
}

function setIpv6Option(socket: InetSocket, name: number, value: Uint8Array, order: ByteOrder): number | null {
  if (name === T.IPV6_ADD_MEMBERSHIP || name === T.IPV6_DROP_MEMBERSHIP)
    return socket.protocolIsTcp ? -EPROTO : setMembership(socket, T.SOL_IPV6, name, value, order)
  if (name === T.IPV6_TCLASS) return setTrafficClass(socket, value, order)
  if (name === T.IPV6_MTU) {
    const mtu = value.length < 4 ? -1 : get32(value, 0, order) | 0
    return mtu === 0 || mtu >= MTU_LEAST ? 0 : -EINVAL
  }
  if (name === T.IPV6_V6ONLY && socket.localPort !== 0) return -EINVAL
  if (name === T.IPV6_MULTICAST_HOPS && socket.protocolIsTcp) return -ENOPROTOOPT
  if (name === T.IPV6_MULTICAST_IF) {
    if (socket.protocolIsTcp) return -ENOPROTOOPT
    if (value.length < 4) return -EINVAL
    const index = get32(value, 0, order)
    if (index > LO_INDEX) return -ENODEV
    keepOption(socket, T.SOL_IPV6, name, index)
    return 0
  }
  return null
}

/** Those whose length nobody looks at. */
const SHORT_IPV6 = new Set([T.IPV6_DONTFRAG, T.IPV6_AUTOFLOWLABEL, T.IPV6_RECVFRAGSIZE])

/** Of SOL_SOCKET what is about processes, which are not known here. */
function getSocketLevel(name: number): OptionValue | number | null {
  if (name === SO_PASSCRED || name === SO_PASSPIDFD) return -EOPNOTSUPP
  if (name === SO_PEERCRED) return ints(0, -1, -1)
  return name === SO_PEERGROUPS ? -ENODATA : null
}
const SO_PEERGROUPS = 59

export function getInetOption(socket: InetSocket, level: number, name: number): OptionValue | number | null {
  if (level === SOL_SOCKET) return getSocketLevel(name)
  const rules = rulesOf(socket, level)
  if (!rules) return socket.family === AF_INET6 ? -ENOPROTOOPT : -EOPNOTSUPP
  let own: OptionValue | number | null = null
  if (level === T.SOL_IP) own = getIpOption(socket, name)
  else if (level === T.SOL_IPV6 && name === T.IPV6_MTU)
    own = socket.state === CONNECTED ? ints(LO_MTU) : -ENOTCONN
  else if (level === T.SOL_IPV6 && name === T.IPV6_MULTICAST_IF)
    own = ints(optionValue(socket, level, name, OFF))
  if (own !== null) return own
  const rule = rules.get(name)
  return rule ? ints(optionValue(socket, level, name, rule)) : -ENOPROTOOPT
}

export function setInetOption(
  socket: InetSocket,
  task: Task,
  level: number,
  name: number,
  value: Uint8Array,
): number | null {
  if (level === SOL_SOCKET) return name === SO_PASSCRED || name === SO_PASSPIDFD ? -EOPNOTSUPP : null
  const rules = rulesOf(socket, level)
  if (!rules) return -ENOPROTOOPT
  const order = task.mm.model
  let own: number | null = null
  const given = level === T.SOL_IP && value.length === 0 && !NEEDS_VALUE.has(name) ? NO_VALUE : value
  if (level === T.SOL_IP) own = setIpOption(socket, name, given, order)
  else if (level === T.SOL_IPV6) own = setIpv6Option(socket, name, value, order)
  if (own !== null) return own
  // IP_TRANSPARENT lets a program speak for others.
  if (level === T.SOL_IP && name === T.IP_TRANSPARENT && !task.credentials.capable(CAP_NET_ADMIN))
    return -EPERM
  const rule = rules.get(name)
  const isIpv6 = level === T.SOL_IPV6
  const isShort = level === T.SOL_IP || (isIpv6 && SHORT_IPV6.has(name))
  if (rule) return setByRule(socket, level, name, rule, given, order, isShort)
  return value.length < 4 && level === socket.protocol ? -EINVAL : -ENOPROTOOPT
}

/**
 * Control messages of datagrams: where one went, how far it might go. ip(7) IP_PKTINFO, ipv6(7) IPV6_RECVPKTINFO.
 * Path: udp.ts, with what sys/message.ts read of a msghdr or will write into one.
 */

import { type ByteOrder, get32, type Numbers, put32 } from '../../abi/bytes.ts'
import { EINVAL, ENETUNREACH } from '../../abi/errno.ts'
import * as T from '../../abi/inet.ts'
import { AF_INET6, SO_TIMESTAMP, SO_TIMESTAMP_NEW, SOL_SOCKET, TIMESTAMPS } from '../../abi/socket.ts'
import { LO_INDEX } from '../interfaces.ts'
import type { ControlMessage, Outgoing } from '../message.ts'
import { ints } from '../option-rule.ts'
import { type Ip, isAny, isLocal, putIpv4, putIpv6, readIpv4, readIpv6 } from './address.ts'
import { isSet } from './options.ts'
import type { Datagram, UdpSocket } from './udp.ts'

/** struct in_pktinfo: interface, the address here, the address in the header. */
const IN_PKTINFO_SIZE = 12
/** struct in6_pktinfo: address, interface. */
const IN6_PKTINFO_SIZE = 20

function packetInfo4(datagram: Datagram, order: ByteOrder): Uint8Array {
  const body = new Uint8Array(IN_PKTINFO_SIZE)
  put32(body, 0, LO_INDEX, order)
  putIpv4(body, 4, datagram.toIp)
  putIpv4(body, 8, datagram.toIp)
  return body
}

function packetInfo6(datagram: Datagram, order: ByteOrder): Uint8Array {
  const body = new Uint8Array(IN6_PKTINFO_SIZE)
  putIpv6(body, 0, datagram.toIp)
  put32(body, 16, LO_INDEX, order)
  return body
}

/** What a socket wants to know of its datagrams, one after the other as Linux tells it; null for nothing. */
export function controlOf(socket: UdpSocket, datagram: Datagram, order: ByteOrder): ControlMessage[] | null {
  if (!socket.values && datagram.sec === 0) return null
  const messages: ControlMessage[] = []
  const add = (level: number, type: number, body: Uint8Array | Numbers): void => {
    messages.push({ level, type, body })
  }
  const { sec, nsec } = datagram
  const form = TIMESTAMPS.find((name) => socket.switches.has(name))
  const isMicro = form === SO_TIMESTAMP || form === SO_TIMESTAMP_NEW
  if (form)
    add(SOL_SOCKET, form, BigInt64Array.of(BigInt(sec), BigInt(isMicro ? Math.floor(nsec / 1000) : nsec)))
  if (socket.family === AF_INET6) {
    const six = T.SOL_IPV6
    if (isSet(socket, six, T.IPV6_RECVPKTINFO)) add(six, T.IPV6_PKTINFO, packetInfo6(datagram, order))
    if (datagram.toIp < 0) {
      if (isSet(socket, six, T.IPV6_RECVHOPLIMIT)) add(six, T.IPV6_HOPLIMIT, ints(datagram.hopLimit))
      if (isSet(socket, six, T.IPV6_RECVTCLASS)) add(six, T.IPV6_TCLASS, ints(datagram.trafficClass))
    }
  }
  if (datagram.toIp >= 0) {
    const four = T.SOL_IP
    if (isSet(socket, four, T.IP_PKTINFO)) add(four, T.IP_PKTINFO, packetInfo4(datagram, order))
    if (isSet(socket, four, T.IP_RECVTTL)) add(four, T.IP_TTL, ints(datagram.hopLimit))
    if (isSet(socket, four, T.IP_RECVTOS)) add(four, T.IP_TOS, new Uint8Array([datagram.trafficClass]))
  }
  return messages.length > 0 ? messages : null
}

/** From where and how a datagram goes. */
export interface Sending {
  source: Ip
  hopLimit: number
  trafficClass: number
}

/** What a message asks for in place of what the socket says: 0 or an errno. */
export function applyControl(message: Outgoing, sending: Sending, order: ByteOrder): number {
  for (const { level, type, body } of message.control ?? []) {
    let bad = 0
    if (level === T.SOL_IP) bad = applyIpv4(type, body, sending, order)
    else if (level === T.SOL_IPV6) bad = applyIpv6(type, body, sending, order)
    if (bad) return bad
  }
  return 0
}

function applyIpv4(type: number, body: Uint8Array, sending: Sending, order: ByteOrder): number {
  switch (type) {
    case T.IP_PKTINFO:
      return body.length === IN_PKTINFO_SIZE ? applySource(readIpv4(body, 4), sending) : -EINVAL
    case T.IP_TTL: {
      const ttl = body.length === 4 ? get32(body, 0, order) : 0
      if (ttl < 1 || ttl > 255) return -EINVAL
      sending.hopLimit = ttl
      return 0
    }
    case T.IP_TOS:
      if (body.length !== 4 && body.length !== 1) return -EINVAL
      sending.trafficClass = (body.length === 1 ? body[0]! : get32(body, 0, order)) & 0xff
      return 0
    default:
      return -EINVAL
  }
}

function applyIpv6(type: number, body: Uint8Array, sending: Sending, order: ByteOrder): number {
  if (type === T.IPV6_PKTINFO)
    return body.length >= IN6_PKTINFO_SIZE ? applySource(readIpv6(body, 0), sending) : -EINVAL
  if (type !== T.IPV6_HOPLIMIT && type !== T.IPV6_TCLASS) return -EINVAL
  const value = body.length === 4 ? get32(body, 0, order) | 0 : -2
  if (value < -1 || value > 255) return -EINVAL
  if (type === T.IPV6_TCLASS) sending.trafficClass = value & 0xff
  // -1 is what the socket says.
  else if (value >= 0) sending.hopLimit = value
  return 0
}

function applySource(asked: Ip, sending: Sending): number {
  if (isAny(asked)) return 0
  if (!isLocal(asked)) return -ENETUNREACH
  sending.source = asked
  return 0
}

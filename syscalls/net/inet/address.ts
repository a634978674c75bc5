/**
 * Addresses of the internet as this machine sees them: ip(7), ipv6(7).
 *
 * There is only `lo`, so an address is a number here: an IPv4 address as it stands, which is its v4-mapped form for an
 * AF_INET6 socket too, and the few of IPv6 that mean something as negative ones. Everything else is elsewhere.
 */

import { SOCKADDR_IN_SIZE, SOCKADDR_IN6_SIZE } from '../../abi/inet.ts'
import { AF_INET, AF_INET6 } from '../../abi/socket.ts'

export type Ip = number
/** 0.0.0.0 */
export const ANY4 = 0
/** :: */
export const ANY6 = -1
/** ::1 */
export const LOOPBACK6 = -2
/** Addresses of IPv6 that are not this machine's. */
export const ELSEWHERE6 = -3
/** ff00::/8 */
export const MULTICAST6 = -4
/** 127.0.0.1 */
export const LOOPBACK4 = 0x7f000001
/** 127.255.255.255, and 255.255.255.255 */
export const BROADCAST4 = 0x7fffffff
const BROADCAST_EVERYWHERE = 0xffffffff

export const isIpv6 = (ip: Ip): boolean => ip < 0
export const isAny = (ip: Ip): boolean => ip === ANY4 || ip === ANY6
export const isMulticast = (ip: Ip): boolean => ip === MULTICAST6 || (ip >= 0xe0000000 && ip < 0xf0000000)
export const isBroadcast = (ip: Ip): boolean => ip === BROADCAST4 || ip === BROADCAST_EVERYWHERE
/** One of `lo`'s own: what can be sent to and received from. */
export const isLocal = (ip: Ip): boolean =>
  ip === LOOPBACK6 || (ip >= 0x7f000000 && ip <= 0x7fffffff && ip !== BROADCAST4)

/** fe80::/10 and ff02::/16: addresses that mean something together with an interface only. */
export const isLinkLocal6 = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 0xfe ? (bytes[at + 1]! & 0xc0) === 0x80 : bytes[at] === 0xff && (bytes[at + 1]! & 0xf) === 2

/** An address of four bytes. */
export const readIpv4 = (bytes: Uint8Array, at: number): Ip =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

/** An address of sixteen bytes. */
export function readIpv6(bytes: Uint8Array, at: number): Ip {
  if (bytes[at] === 0xff) return MULTICAST6
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return ELSEWHERE6
  if (bytes[at + 10] === 0xff && bytes[at + 11] === 0xff) return readIpv4(bytes, at + 12)
  if (bytes[at + 10] || bytes[at + 11]) return ELSEWHERE6
  const low = readIpv4(bytes, at + 12)
  return low === 0 ? ANY6 : low === 1 ? LOOPBACK6 : ELSEWHERE6
}

export function putIpv4(bytes: Uint8Array, at: number, ip: Ip): void {
  bytes[at] = ip >>> 24
  bytes[at + 1] = ip >>> 16
  bytes[at + 2] = ip >>> 8
  bytes[at + 3] = ip
}

/** As sixteen bytes; the two of IPv6 that sockets here can have, or a v4-mapped one. */
export function putIpv6(bytes: Uint8Array, at: number, ip: Ip): void {
  if (ip === LOOPBACK6) bytes[at + 15] = 1
  if (isIpv6(ip)) return
  bytes[at + 10] = bytes[at + 11] = 0xff
  putIpv4(bytes, at + 12, ip)
}

/** The port in either kind of sockaddr. */
export const readPort = (address: Uint8Array): number => (address[2]! << 8) | address[3]!

/** A sockaddr_in or sockaddr_in6. */
export function socketAddress(family: number, ip: Ip, port: number): Uint8Array {
  const bytes = new Uint8Array(family === AF_INET ? SOCKADDR_IN_SIZE : SOCKADDR_IN6_SIZE)
  bytes[0] = family
  bytes[2] = port >> 8
  bytes[3] = port
  if (family === AF_INET6) putIpv6(bytes, 8, ip)
  else putIpv4(bytes, 4, ip)
  return bytes
}

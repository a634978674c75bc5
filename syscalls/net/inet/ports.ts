/**
 * Ports: who has which port of TCP or UDP, and who may have it too. bind(2), SO_REUSEADDR and SO_REUSEPORT of socket(7);
 * Linux inet_bind_conflict, udp_lib_lport_inuse.
 * Path: inet-socket.ts binds, tcp.ts and udp.ts look up whom something is for.
 */

import { ANY4, ANY6, type Ip, isAny, isIpv6 } from './address.ts'

/** net.ipv4.ip_local_port_range */
export const EPHEMERAL_FIRST = 32768
export const EPHEMERAL_LAST = 60999
/** net.ipv4.ip_unprivileged_port_start */
export const UNPRIVILEGED_FIRST = 1024
/** How long an end that closed first keeps its port from others: TCP_TIMEWAIT_LEN. */
const TIME_WAIT_NS = 60e9
/** net.ipv4.tcp_max_tw_buckets, so that connections made in a loop do not fill the host. */
const TIME_WAIT_COUNT_MAX = 4096

/** Whoever keeps a port from others: a socket, or what is left of a connection. */
export interface PortUser {
  readonly localIp: Ip
  readonly localPort: number
  readonly isV6Only: boolean
  readonly reusesAddress: boolean
  readonly reusesPort: boolean
  readonly isListening: boolean
  readonly uid: number
}

/** What is left of a connection at the end that closed first. */
export interface TimeWait extends PortUser {
  readonly family: number
  readonly remoteIp: Ip
  readonly remotePort: number
  readonly endNs: number
}

/** Whether one packet could be for both. */
function overlap(a: PortUser, b: PortUser): boolean {
  if (isIpv6(a.localIp) === isIpv6(b.localIp))
    return isAny(a.localIp) || isAny(b.localIp) || a.localIp === b.localIp
  const six = isIpv6(a.localIp) ? a : b
  return six.localIp === ANY6 && !six.isV6Only
}

/** How well a socket's own address fits a destination: 0 is not at all. */
export function fitOf(user: PortUser, ip: Ip): number {
  if (user.localIp === ip) return 3
  if (user.localIp === ANY4) return isIpv6(ip) ? 0 : 2
  if (user.localIp !== ANY6) return 0
  return isIpv6(ip) ? 2 : user.isV6Only ? 0 : 1
}

export class Ports<T extends PortUser> {
  private readonly users = new Map<number, Set<T>>()
  private readonly waits: TimeWait[] = []
  private readonly isTcp: boolean
  private readonly nowNs: () => number
  private nextEphemeral = EPHEMERAL_FIRST

  constructor(isTcp: boolean, nowNs: () => number) {
    this.isTcp = isTcp
    this.nowNs = nowNs
  }

  at(port: number): Iterable<T> {
    return this.users.get(port) ?? []
  }

  /** Ports that somebody has. */
  get size(): number {
    return this.users.size
  }

  *all(): Iterable<T> {
    for (const users of this.users.values()) yield* users
  }

  timeWaits(): readonly TimeWait[] {
    const now = this.nowNs()
    while (this.waits.length > 0 && this.waits[0]!.endNs <= now) this.waits.shift()
    return this.waits
  }

  add(user: T): void {
    const users = this.users.get(user.localPort)
    if (users) users.add(user)
    else this.users.set(user.localPort, new Set([user]))
  }

  remove(user: T): void {
    const users = this.users.get(user.localPort)
    users?.delete(user)
    if (users?.size === 0) this.users.delete(user.localPort)
  }

  /** The end that closed first keeps its port for a while. */
  linger(wait: Omit<TimeWait, 'endNs' | 'isListening'>): void {
    if (this.waits.length >= TIME_WAIT_COUNT_MAX) this.waits.shift()
    this.waits.push({ ...wait, isListening: false, endNs: this.nowNs() + TIME_WAIT_NS })
  }

  private excludes(user: PortUser, other: PortUser, isWait: boolean): boolean {
    if (!overlap(user, other)) return false
    if (user.reusesAddress && other.reusesAddress && !(this.isTcp && other.isListening)) return false
    return !(user.reusesPort && other.reusesPort && (isWait || user.uid === other.uid))
  }

  /** Whether a socket may not have a port because of others. */
  isTaken(user: PortUser): boolean {
    for (const other of this.at(user.localPort))
      if ((other as PortUser) !== user && this.excludes(user, other, false)) return true
    return this.timeWaits().some(
      (wait) => wait.localPort === user.localPort && this.excludes(user, wait, true),
    )
  }

  /** A port that nobody has, in order so that a run can be repeated; 0 where there is none. */
  ephemeral(): number {
    for (let i = EPHEMERAL_FIRST; i <= EPHEMERAL_LAST; i++) {
      const port = this.nextEphemeral
      this.nextEphemeral = port === EPHEMERAL_LAST ? EPHEMERAL_FIRST : port + 1
      if (!this.users.has(port)) return port
    }
    return 0
  }
}

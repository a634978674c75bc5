/**
 * InetSocket: what AF_INET's and AF_INET6's sockets share: addresses and ports, and options. ip(7), ipv6(7).
 * Path: sys/socket.ts → tcp.ts or udp.ts → here and ports.ts.
 *
 * Nothing is ever on a wire: a connection is two sockets that know each other, a datagram goes into the other's queue.
 */

import { CAP_NET_BIND_SERVICE } from '../../abi/capability.ts'
import { EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL, ENETUNREACH } from '../../abi/errno.ts'
import {
  IP_FREEBIND,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IPV6_V6ONLY,
  SOCKADDR_IN_SIZE,
  SOCKADDR_IN6_SIZE,
  SOCKADDR_IN6_SIZE_MIN,
  SOL_IP,
  SOL_IPV6,
} from '../../abi/inet.ts'
import { AF_INET, AF_INET6, AF_UNSPEC, familyOf, SO_REUSEADDR, SO_REUSEPORT } from '../../abi/socket.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Task } from '../../kernel/task.ts'
import { flag, type OptionRule, type OptionValue, optionValue, told } from '../option-rule.ts'
import { QueueSocket, UNCONNECTED } from '../queue-socket.ts'
import {
  ANY4,
  ANY6,
  BROADCAST4,
  ELSEWHERE6,
  type Ip,
  isAny,
  isBroadcast,
  isIpv6,
  isLinkLocal6,
  isLocal,
  isMulticast,
  LOOPBACK4,
  LOOPBACK6,
  MULTICAST6,
  readIpv4,
  readIpv6,
  readPort,
  socketAddress,
} from './address.ts'
import type { Listeners } from './listeners.ts'
import { getInetOption, setInetOption } from './options.ts'
import { type Ports, type PortUser, UNPRIVILEGED_FIRST } from './ports.ts'
import type { TcpSocket } from './tcp.ts'
import type { UdpSocket } from './udp.ts'

/** What all sockets of a kernel share. */
export interface InetWorld {
  readonly kernel: Kernel
  readonly tcp: Ports<TcpSocket>
  readonly udp: Ports<UdpSocket>
  readonly udpLite: Ports<UdpSocket>
  readonly listeners: Listeners
  /** Members of each multicast group. */
  readonly members: Map<number | string, number>
  /** What all that lies in queues costs. */
  queuedCost: number
}

/** Of all queues together: beyond, senders get the least buffer and datagrams are lost. net.ipv4.tcp_mem */
export const QUEUED_COST_MAX = 64 << 20

/** net.ipv4.igmp_max_memberships */
const GROUP_COUNT_MAX = 20
const V6ONLY = flag()
const OFF = told(0)
const ON = told(1)

const hasScope = (address: Uint8Array): boolean =>
  address.length >= SOCKADDR_IN6_SIZE && address.subarray(24, 28).some((byte) => byte !== 0)

export abstract class InetSocket extends QueueSocket implements PortUser {
  readonly world: InetWorld
  localIp: Ip
  localPort = 0
  remoteIp: Ip
  remotePort = 0
  uid = 0
  /** The program chose them: they stay when a connection ends. */
  private isAddressChosen = false
  private isPortChosen = false

  constructor(world: InetWorld, task: Task, family: number, type: number, protocol: number) {
    super(world.kernel, task, family, type, protocol)
    this.world = world
    this.localIp = this.remoteIp = this.anyIp
  }

  /** Those of its protocol. */
  protected abstract get ports(): Ports<InetSocket>
  abstract get protocolIsTcp(): boolean
  /** The options of its protocol that are a number. */
  abstract get ownRules(): ReadonlyMap<number, OptionRule>

  protected get anyIp(): Ip {
    return this.family === AF_INET6 ? ANY6 : ANY4
  }

  get isV6Only(): boolean {
    return optionValue(this, SOL_IPV6, IPV6_V6ONLY, V6ONLY) !== 0
  }

  get reusesAddress(): boolean {
    return this.switches.has(SO_REUSEADDR)
  }

  get reusesPort(): boolean {
    return this.switches.has(SO_REUSEPORT)
  }

  // Names.

  /** 0, or what is wrong with a sockaddr of this family. */
  protected checkName(address: Uint8Array): number {
    if (this.family === AF_INET6) {
      if (address.length < SOCKADDR_IN6_SIZE_MIN) return -EINVAL
      return familyOf(address) === AF_INET6 ? 0 : -EAFNOSUPPORT
    }
    if (address.length < SOCKADDR_IN_SIZE) return -EINVAL
    return familyOf(address) === AF_INET ? 0 : -EAFNOSUPPORT
  }

  /** Of a name that was checked. */
  protected ipOf(address: Uint8Array): Ip {
    return familyOf(address) === AF_INET6 ? readIpv6(address, 8) : readIpv4(address, 4)
  }

  override bind(task: Task, address: Uint8Array): number {
    const bad = this.checkName(address)
    // An address of no family at all is taken for "any".
    const isUnspecified = bad === -EAFNOSUPPORT && this.family === AF_INET && familyOf(address) === AF_UNSPEC
    if (bad && !(isUnspecified && readIpv4(address, 4) === ANY4)) return bad
    const ip = isUnspecified ? ANY4 : this.ipOf(address)
    const port = readPort(address)
    if (this.family === AF_INET6 && !isIpv6(ip) && this.isV6Only) return -EINVAL
    if (this.family === AF_INET6 && isLinkLocal6(address, 8) && !hasScope(address)) return -EINVAL
    if (ip === MULTICAST6 && this.protocolIsTcp) return -EINVAL
    const isHere = isLocal(ip) || isAny(ip) || isMulticast(ip) || isBroadcast(ip)
    if (!isHere && (isIpv6(ip) || !this.bindsFreely)) return -EADDRNOTAVAIL
    if (port > 0 && port < UNPRIVILEGED_FIRST && !task.credentials.capable(CAP_NET_BIND_SERVICE))
      return -EACCES
    if (this.state !== UNCONNECTED || this.localPort !== 0) return -EINVAL
    this.localIp = ip
    const refused = this.takePort(task, port)
    if (refused) {
      this.localIp = this.anyIp
      return refused
    }
    this.isAddressChosen = !isAny(ip)
    this.isPortChosen = port !== 0
    return 0
  }

  /** IP_FREEBIND: also to what is not there. */
  private get bindsFreely(): boolean {
    return optionValue(this, SOL_IP, IP_FREEBIND, OFF) !== 0
  }

  /** Takes a port, any for 0: 0 or -EADDRINUSE. */
  protected takePort(task: Task, port: number): number {
    this.uid = task.credentials.euid
    this.localPort = port || this.ports.ephemeral()
    if (this.localPort === 0) return -EADDRINUSE
    if (port !== 0 && this.ports.isTaken(this)) {
      this.localPort = 0
      return -EADDRINUSE
    }
    this.ports.add(this)
    return 0
  }

  /** What a connection or the end leaves of a name. */
  protected dropName(isEnd: boolean): void {
    if (!this.isAddressChosen) this.localIp = this.anyIp
    this.remoteIp = this.anyIp
    this.remotePort = 0
    if (this.isPortChosen && !isEnd) return
    if (this.localPort !== 0) this.ports.remove(this)
    this.localPort = 0
  }

  /** A connection ended: its port is free, unless the program chose it. */
  protected dropPort(): void {
    if (this.isDead || !this.isPortChosen) this.ports.remove(this)
  }

  /** Where something to `ip` goes: an address of this machine, or below all of them an errno. */
  protected routeTo(ip: Ip): Ip {
    if (this.family === AF_INET6 && !isIpv6(ip) && this.isV6Only) return NO_ROUTE
    if (ip === ANY4) return this.sourceFor(ip)
    if (ip === ANY6) return isIpv6(this.localIp) ? LOOPBACK6 : LOOPBACK4
    if (ip === MULTICAST6 || ip === ELSEWHERE6) return NO_ROUTE
    // A name of one family does not reach the other.
    if (this.isAddressChosen && isIpv6(ip) !== isIpv6(this.localIp)) return isIpv6(ip) ? NO_FAMILY : NO_ROUTE
    if (isLocal(ip) || ip === BROADCAST4) return ip
    // To everybody or a group there is a way only from an address that says by which interface.
    const isToMany = isBroadcast(ip) || isMulticast(ip)
    return isToMany && (!isAny(this.localIp) || this.hasMulticastInterface) ? ip : NO_ROUTE
  }

  private get hasMulticastInterface(): boolean {
    return optionValue(this, SOL_IP, IP_MULTICAST_IF, OFF) !== 0
  }

  protected sourceFor(ip: Ip): Ip {
    if (!isAny(this.localIp)) return this.localIp
    return isIpv6(ip) ? LOOPBACK6 : LOOPBACK4
  }

  protected nameAt(ip: Ip, port: number): Uint8Array {
    return socketAddress(this.family, ip, port)
  }

  // Groups of multicast. Those of IPv6 are joined and left, nothing more.

  private groups: Set<number | string> | null = null

  /** False: it is in it, or in as many as may be. */
  join(group: number | string): boolean {
    this.groups ??= new Set()
    if (this.groups.has(group) || this.groups.size >= GROUP_COUNT_MAX) return false
    this.groups.add(group)
    const { members } = this.world
    members.set(group, (members.get(group) ?? 0) + 1)
    return true
  }

  leaveGroup(group: number | string): boolean {
    if (!this.groups?.delete(group)) return false
    const { members } = this.world
    const left = members.get(group)! - 1
    if (left > 0) members.set(group, left)
    else members.delete(group)
    return true
  }

  /** Whether it hears a group: as a member, or where another is one, by IP_MULTICAST_ALL. */
  hears(group: number): boolean {
    if (this.groups?.has(group)) return true
    return this.world.members.has(group) && optionValue(this, SOL_IP, IP_MULTICAST_ALL, ON) !== 0
  }

  // Options.

  override getOption(level: number, name: number, _task: Task): OptionValue | number | null {
    return getInetOption(this, level, name)
  }

  override setOption(task: Task, level: number, name: number, value: Uint8Array): number | null {
    return setInetOption(this, task, level, name, value)
  }

  override release(): void {
    this.isDead = true
    for (const group of this.groups ?? []) this.leaveGroup(group)
    this.discardQueue()
  }
}

/** What routeTo says where there is no way. */
const NO_ROUTE = -ENETUNREACH
const NO_FAMILY = -EAFNOSUPPORT
/** Whether it said so: errors lie below the few addresses that are negative. */
export const isNoRoute = (ip: Ip): boolean => ip < MULTICAST6

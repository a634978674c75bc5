/**
 * UdpSocket: SOCK_DGRAM of the internet. udp(7), ip(7), ipv6(7); Linux net/ipv4/udp.c.
 * Path: sys/socket.ts → here → the queue of the socket whose name fits best; a datagram nobody wants is an error only
 * for a connected sender, as ICMP makes it.
 */

import {
  EACCES,
  EAFNOSUPPORT,
  EAGAIN,
  ECONNREFUSED,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENOTCONN,
  EOPNOTSUPP,
  EPIPE,
} from '../../abi/errno.ts'
import * as T from '../../abi/inet.ts'
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  familyOf,
  MSG_ERRQUEUE,
  MSG_OOB,
  SO_BROADCAST,
  SOCK_DGRAM,
  TIMESTAMPS,
} from '../../abi/socket.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Task } from '../../kernel/task.ts'
import type { Incoming, Outgoing } from '../message.ts'
import { type OptionRule, within } from '../option-rule.ts'
import { Packet } from '../packet.ts'
import { CONNECTED, DOWN_SEND, UNCONNECTED } from '../queue-socket.ts'
import { type Ip, isBroadcast, isIpv6, isMulticast, readPort } from './address.ts'
import { applyControl, controlOf, type Sending } from './control.ts'
import { InetSocket, type InetWorld, isNoRoute, QUEUED_COST_MAX } from './inet-socket.ts'
import { flags, hopLimitOf, isSet, trafficClassOf } from './options.ts'
import { fitOf, type Ports } from './ports.ts'

const UDP_RULES: ReadonlyMap<number, OptionRule> = new Map([
  ...flags(T.UDP_CORK, T.UDP_NO_CHECK6_TX, T.UDP_NO_CHECK6_RX, T.UDP_GRO),
  [T.UDP_SEGMENT, within(0, 65535, 0)],
])

/** As much of a datagram as a checksum covers. */
const UDPLITE_RULES: ReadonlyMap<number, OptionRule> = new Map([
  [T.UDPLITE_SEND_CSCOV, within(0, 65535, 0)],
  [T.UDPLITE_RECV_CSCOV, within(0, 65535, 0)],
])

/** The longest datagram that one packet of IP holds. */
const SIZE_MAX_IPV4 = 65507
const SIZE_MAX_IPV6 = 65527
const SIZE_MAX = 65535

/** A datagram in its receiver's queue, against whose buffer it counts. */
export class Datagram extends Packet {
  readonly ip: Ip
  readonly port: number
  /** Where it was sent to. */
  readonly toIp: Ip
  readonly hopLimit: number
  readonly trafficClass: number
  /** When it came, where the receiver wants to know: SO_TIMESTAMP. */
  sec = 0
  nsec = 0

  constructor(receiver: UdpSocket, bytes: Uint8Array, sending: Sending, port: number, toIp: Ip) {
    super(receiver, bytes, false)
    this.ip = sending.source
    this.port = port
    this.toIp = toIp
    this.hopLimit = sending.hopLimit
    this.trafficClass = sending.trafficClass
  }
}

export class UdpSocket extends InetSocket {
  /** Its maker's. */
  private readonly clock: Clock

  /** `protocol` is UDP, or UDP-Lite, which differs in what it would check. */
  constructor(world: InetWorld, task: Task, family: number, protocol: number) {
    super(world, task, family, SOCK_DGRAM, protocol)
    this.clock = task.world.clock
  }

  private get siblings(): Ports<UdpSocket> {
    return this.protocol === T.IPPROTO_UDPLITE ? this.world.udpLite : this.world.udp
  }

  protected override get ports(): Ports<InetSocket> {
    return this.siblings as Ports<InetSocket>
  }

  override get protocolIsTcp(): boolean {
    return false
  }

  override get ownRules(): ReadonlyMap<number, OptionRule> {
    return this.protocol === T.IPPROTO_UDPLITE ? UDPLITE_RULES : UDP_RULES
  }

  override nameOf(isPeer: boolean): Uint8Array | number {
    if (!isPeer) return this.nameAt(this.localIp, this.localPort)
    return this.state === CONNECTED ? this.nameAt(this.remoteIp, this.remotePort) : -ENOTCONN
  }

  override connect(task: Task, address: Uint8Array): number {
    if (address.length < 2) return -EINVAL
    if (familyOf(address) === AF_UNSPEC) {
      this.state = UNCONNECTED
      this.dropName(false)
      return 0
    }
    const isOther = this.family === AF_INET6 && familyOf(address) === AF_INET
    const bad = isOther ? this.checkOtherName(address) : this.checkName(address)
    if (bad) return bad
    if (this.localPort === 0 && this.takePort(task, 0)) return -EAGAIN
    const ip = this.routeTo(this.ipOf(address))
    if (isNoRoute(ip)) return ip
    if (isBroadcast(ip) && !this.switches.has(SO_BROADCAST)) return -EACCES
    this.localIp = this.sourceFor(ip)
    this.remoteIp = ip
    this.remotePort = readPort(address)
    this.state = CONNECTED
    return 0
  }

  /** A sockaddr_in for a socket of AF_INET6. */
  private checkOtherName(address: Uint8Array): number {
    if (this.isV6Only) return -EAFNOSUPPORT
    return address.length < T.SOCKADDR_IN_SIZE ? -EINVAL : 0
  }

  /** 0, or what is wrong with a name to send to. */
  private checkDestination(address: Uint8Array): number {
    const family = familyOf(address)
    if (this.family === AF_INET) {
      if (address.length < T.SOCKADDR_IN_SIZE) return -EINVAL
      return family === AF_INET || family === AF_UNSPEC ? 0 : -EAFNOSUPPORT
    }
    if (family === AF_INET) {
      if (this.isV6Only) return -ENETUNREACH
      return address.length < T.SOCKADDR_IN_SIZE ? -EINVAL : 0
    }
    return family === AF_INET6 && address.length >= T.SOCKADDR_IN6_SIZE_MIN ? 0 : -EINVAL
  }

  override send(task: Task, message: Outgoing): number {
    if (this.localPort === 0 && this.takePort(task, 0)) return -EAGAIN
    const { size } = message.data
    if (size > SIZE_MAX) return -EMSGSIZE
    if (message.flags & MSG_OOB) return -EOPNOTSUPP
    let { remoteIp: ip, remotePort: port } = this
    const isUnspecified =
      this.family === AF_INET6 && message.address && familyOf(message.address) === AF_UNSPEC
    const address = isUnspecified ? null : message.address
    if (address) {
      const bad = this.checkDestination(address)
      if (bad) return bad
      port = readPort(address)
      if (port === 0) return -EINVAL
      ip = this.ipOf(address)
    } else if (this.state !== CONNECTED) return -EDESTADDRREQ
    ip = this.routeTo(ip)
    if (isNoRoute(ip)) return ip
    if (isBroadcast(ip) && !this.switches.has(SO_BROADCAST)) return -EACCES
    const sending: Sending = {
      source: this.sourceFor(ip),
      hopLimit: hopLimitOf(this, ip),
      trafficClass: trafficClassOf(this, ip),
    }
    const refused = applyControl(message, sending, task.mm.model)
    if (refused) return refused
    if (this.error) return -this.takeError()
    if (this.down & DOWN_SEND) return -EPIPE
    if (size > (isIpv6(ip) ? SIZE_MAX_IPV6 : SIZE_MAX_IPV4)) return -EMSGSIZE
    const bytes = new Uint8Array(size)
    message.data.gather(0, bytes, size)
    this.route(bytes, sending, ip, port)
    return size
  }

  private route(bytes: Uint8Array, sending: Sending, ip: Ip, port: number): void {
    if (isBroadcast(ip) || isMulticast(ip)) {
      for (const socket of this.siblings.at(port)) {
        const isWanted = isBroadcast(ip) || socket.hears(ip)
        if (isWanted && socket.fitFor(this, sending.source, ip) > 0)
          socket.take(new Datagram(socket, bytes, sending, this.localPort, ip))
      }
      return
    }
    const receiver = this.receiverAt(sending.source, ip, port)
    if (receiver) receiver.take(new Datagram(receiver, bytes, sending, this.localPort, ip))
    else if (this.state === CONNECTED || this.hearsErrors) this.fail(ECONNREFUSED)
  }

  /** IP_RECVERR and IPV6_RECVERR: unconnected sockets are told too. */
  private get hearsErrors(): boolean {
    return isSet(this, T.SOL_IP, T.IP_RECVERR) || isSet(this, T.SOL_IPV6, T.IPV6_RECVERR)
  }

  /** The socket that a datagram is for: the best fit; among equals the newest, with SO_REUSEPORT by the sender's port. */
  private receiverAt(source: Ip, ip: Ip, port: number): UdpSocket | null {
    let best: UdpSocket | null = null
    let bestFit = 1
    let group: UdpSocket[] | null = null
    for (const socket of this.siblings.at(port)) {
      const fit = socket.fitFor(this, source, ip)
      if (fit < bestFit) continue
      if (fit > bestFit) group = null
      if (socket.reusesPort) {
        group ??= []
        group.push(socket)
      }
      best = socket
      bestFit = fit
    }
    return group ? group[this.localPort % group.length]! : best
  }

  /** How well what `sender` sends fits: a connected socket takes its peer's only, and those before all others. */
  private fitFor(sender: UdpSocket, source: Ip, ip: Ip): number {
    const fit = fitOf(this, ip)
    if (fit === 0 || this.state !== CONNECTED) return fit
    return this.remotePort === sender.localPort && this.remoteIp === source ? fit + 4 : 0
  }

  /** Queues a datagram, or loses it where there is no room. */
  private take(datagram: Datagram): void {
    if (this.sentCost > this.receiveBufferSize || this.world.queuedCost > QUEUED_COST_MAX) return
    this.world.queuedCost += datagram.cost
    if (TIMESTAMPS.some((form) => this.switches.has(form))) {
      const { clock } = this
      clock.readRealtime()
      datagram.sec = clock.sec
      datagram.nsec = clock.nsec
    }
    this.deliver(datagram)
  }

  override dequeue(): Packet {
    const packet = super.dequeue()
    this.world.queuedCost -= packet.cost
    return packet
  }

  override get isWritable(): boolean {
    return true
  }

  protected override get unsentBytes(): number {
    return 0
  }

  override giveAlong(packet: Packet, message: Incoming): void {
    const datagram = packet as Datagram
    message.address = this.nameAt(datagram.ip, datagram.port)
    message.control = controlOf(this, datagram, message.order)
  }

  override receive(task: Task, message: Incoming): number {
    return message.flags & MSG_ERRQUEUE ? -EAGAIN : this.receivePacket(task, message)
  }

  override shutdown(how: number): number {
    super.shutdown(how)
    return this.state === CONNECTED ? 0 : -ENOTCONN
  }

  override release(): void {
    if (this.isDead) return
    super.release()
    this.dropName(true)
    this.changed.wakeAll()
  }
}

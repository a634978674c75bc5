/**
 * AF_NETLINK: requests to the kernel and its answers. netlink(7); Linux net/netlink/af_netlink.c.
 * Path: send(2) → route.ts answers at once → this socket's own queue → recv(2).
 */

import { get32, put32 } from '../../abi/bytes.ts'
import { CAP_NET_ADMIN } from '../../abi/capability.ts'
import {
  EADDRINUSE,
  ECONNREFUSED,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPERM,
  EPROTONOSUPPORT,
  ESOCKTNOSUPPORT,
} from '../../abi/errno.ts'
import * as N from '../../abi/netlink.ts'
import {
  AF_NETLINK,
  AF_UNSPEC,
  familyOf,
  MSG_OOB,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_SOCKET,
} from '../../abi/socket.ts'
import { LP64 } from '../../abi/struct.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Task } from '../../kernel/task.ts'
import type { Incoming, Outgoing } from '../message.ts'
import { flag, ints, type OptionRule, type OptionValue, optionValue, setByRule } from '../option-rule.ts'
import { Packet } from '../packet.ts'
import { CONNECTED, QueueSocket, UNCONNECTED } from '../queue-socket.ts'
import { BUFFER_SIZE, type SocketFamily } from '../socket.ts'
import { acknowledgement, done, type Request, requestsIn } from './message.ts'
import { answer } from './route.ts'

/** Ports that are no process's go down from here. */
const SPARE_PORT_FIRST = -4097
/** A message must fit into the buffer with this much beside it. */
const MESSAGE_OVERHEAD = 32
/** Groups of NETLINK_ROUTE: RTNLGRP_MAX. */
const GROUP_MAX = 39

const FLAGS: ReadonlyMap<number, OptionRule> = new Map(
  [
    ...[N.NETLINK_PKTINFO, N.NETLINK_BROADCAST_ERROR, N.NETLINK_NO_ENOBUFS],
    ...[N.NETLINK_CAP_ACK, N.NETLINK_EXT_ACK, N.NETLINK_GET_STRICT_CHK],
  ].map((name) => [name, flag()]),
)

const OFF = flag()

function socketAddress(port: number, groups: number): Uint8Array {
  const bytes = new Uint8Array(N.SOCKADDR_NL_SIZE)
  bytes[0] = AF_NETLINK
  put32(bytes, 4, port, LP64)
  put32(bytes, 8, groups, LP64)
  return bytes
}

class NetlinkSocket extends QueueSocket {
  /** Who has which port. */
  private readonly ports: Map<number, NetlinkSocket>
  private port = 0
  private groups = 0
  private peerPort = 0

  constructor(kernel: Kernel, ports: Map<number, NetlinkSocket>, task: Task, type: number) {
    super(kernel, task, AF_NETLINK, type, N.NETLINK_ROUTE)
    this.ports = ports
  }

  override get isWritable(): boolean {
    return true
  }

  private takePort(wanted: number): number {
    if (this.ports.has(wanted)) return -EADDRINUSE
    this.ports.set(wanted, this)
    this.port = wanted
    return 0
  }

  /** The process's own number, or the next spare one. */
  private takeAnyPort(task: Task): void {
    if (this.takePort(task.group.ownPid) === 0) return
    for (let spare = SPARE_PORT_FIRST; this.takePort(spare >>> 0) !== 0; spare--);
  }

  override bind(task: Task, address: Uint8Array): number {
    if (address.length < N.SOCKADDR_NL_SIZE || familyOf(address) !== AF_NETLINK) return -EINVAL
    const port = get32(address, 4, LP64)
    if (this.port !== 0 && port !== this.port) return -EINVAL
    if (this.port === 0) {
      if (port === 0) this.takeAnyPort(task)
      else if (this.takePort(port) !== 0) return -EADDRINUSE
    }
    this.groups = get32(address, 8, LP64)
    return 0
  }

  override connect(task: Task, address: Uint8Array): number {
    if (address.length < 2) return -EINVAL
    if (familyOf(address) === AF_UNSPEC) {
      this.state = UNCONNECTED
      this.peerPort = 0
      return 0
    }
    if (familyOf(address) !== AF_NETLINK || address.length < N.SOCKADDR_NL_SIZE) return -EINVAL
    const port = get32(address, 4, LP64)
    if ((port !== 0 || get32(address, 8, LP64) !== 0) && !task.credentials.capable(CAP_NET_ADMIN))
      return -EPERM
    if (this.port === 0) this.takeAnyPort(task)
    this.state = CONNECTED
    this.peerPort = port
    return 0
  }

  override nameOf(isPeer: boolean): Uint8Array {
    return isPeer ? socketAddress(this.peerPort, 0) : socketAddress(this.port, this.groups)
  }

  override send(task: Task, message: Outgoing): number {
    if (message.flags & MSG_OOB) return -EOPNOTSUPP
    const { address } = message
    let port = this.peerPort
    if (address) {
      if (address.length < N.SOCKADDR_NL_SIZE || familyOf(address) !== AF_NETLINK) return -EINVAL
      port = get32(address, 4, LP64)
      if ((port !== 0 || get32(address, 8, LP64) !== 0) && !task.credentials.capable(CAP_NET_ADMIN))
        return -EPERM
    }
    if (this.port === 0) this.takeAnyPort(task)
    const { size } = message.data
    if (size > this.sendBufferSize - MESSAGE_OVERHEAD) return -EMSGSIZE
    // Only the kernel listens.
    if (port !== 0) return -ECONNREFUSED
    const bytes = new Uint8Array(size)
    message.data.gather(0, bytes, size)
    for (const request of requestsIn(bytes, task.mm.model)) this.serve(request)
    return size
  }

  private serve(request: Request): void {
    const { port } = this
    const isRequest = (request.flags & N.NLM_F_REQUEST) !== 0
    const answered = isRequest ? answer(request, port) : 0
    if (Array.isArray(answered)) {
      // A list ends by itself, so it is not acknowledged.
      if (answered.length > 0) this.queueBytes(joined(answered))
      this.queueBytes(done(request, N.NLM_F_MULTI, port))
    } else if (typeof answered === 'number') this.acknowledge(request, answered)
    else {
      if (answered) this.queueBytes(answered)
      this.acknowledge(request, 0)
    }
  }

  private acknowledge(request: Request, result: number): void {
    if (result === 0 && (request.flags & N.NLM_F_ACK) === 0) return
    const isCapped = optionValue(this, N.SOL_NETLINK, N.NETLINK_CAP_ACK, OFF) !== 0
    this.queueBytes(acknowledgement(request, this.port, result, isCapped))
  }

  /** What the buffer has no room for is lost, and the program is told. */
  private queueBytes(bytes: Uint8Array): void {
    if (this.sentCost > Math.min(this.receiveBufferSize, BUFFER_SIZE)) this.fail(ENOBUFS)
    else this.deliver(new Packet(this, bytes, false))
  }

  override giveAlong(_packet: Packet, message: Incoming): void {
    message.address = socketAddress(0, 0)
    if (optionValue(this, N.SOL_NETLINK, N.NETLINK_PKTINFO, OFF) !== 0)
      message.control = [{ level: N.SOL_NETLINK, type: N.NETLINK_PKTINFO, body: ints(0) }]
  }

  override receive(task: Task, message: Incoming): number {
    return message.flags & MSG_OOB ? -EOPNOTSUPP : this.receivePacket(task, message)
  }

  override getOption(level: number, name: number): OptionValue | number | null {
    if (level === SOL_SOCKET) return null
    if (level !== N.SOL_NETLINK) return -ENOPROTOOPT
    if (name === N.NETLINK_LIST_MEMBERSHIPS) return ints(this.groups, 0)
    const rule = FLAGS.get(name)
    return rule ? ints(optionValue(this, level, name, rule)) : -ENOPROTOOPT
  }

  override setOption(task: Task, level: number, name: number, value: Uint8Array): number | null {
    if (level === SOL_SOCKET) return null
    if (level !== N.SOL_NETLINK) return -ENOPROTOOPT
    const rule = FLAGS.get(name)
    if (rule) return setByRule(this, level, name, rule, value, task.mm.model)
    if (name !== N.NETLINK_ADD_MEMBERSHIP && name !== N.NETLINK_DROP_MEMBERSHIP) return -ENOPROTOOPT
    if (value.length < 4) return -EINVAL
    const group = get32(value, 0, task.mm.model)
    if (group === 0 || group > GROUP_MAX) return -EINVAL
    // Nothing ever changes, so nobody in a group is told anything; of those above 32 no bit is told either.
    const bit = group <= 32 ? 1 << (group - 1) : 0
    this.groups = name === N.NETLINK_ADD_MEMBERSHIP ? this.groups | bit : this.groups & ~bit
    return 0
  }

  override shutdown(): number {
    return -EOPNOTSUPP
  }

  override release(): void {
    if (this.isDead) return
    this.isDead = true
    if (this.port !== 0) this.ports.delete(this.port)
    this.discardQueue()
    this.changed.wakeAll()
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Protocols have numbers below this: MAX_LINKS. */
const PROTOCOL_COUNT = 32

export class NetlinkFamily implements SocketFamily {
  readonly family = AF_NETLINK
  readonly files = { netlink: (): string => this.table() }
  private readonly kernel: Kernel
  private readonly ports = new Map<number, NetlinkSocket>()

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  private table(): string {
    let text = 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n'
    for (const [port, socket] of this.ports)
      text += `${'0'.repeat(16)} 0   ${String(port).padEnd(10)} 00000000 ${String(socket.sentCost).padEnd(8)} 0        0     2        0        ${String(socket.inode.ino).padEnd(8)}\n`
    return text
  }

  create(task: Task, type: number, protocol: number): NetlinkSocket | number {
    if (type !== SOCK_RAW && type !== SOCK_DGRAM) return -ESOCKTNOSUPPORT
    if (protocol < 0 || protocol >= PROTOCOL_COUNT || protocol !== N.NETLINK_ROUTE) return -EPROTONOSUPPORT
    return new NetlinkSocket(this.kernel, this.ports, task, type)
  }

  createPair(task: Task, type: number, protocol: number): number {
    const socket = this.create(task, type, protocol)
    return typeof socket === 'number' ? socket : -EOPNOTSUPP
  }
}

/** AF_INET and AF_INET6 as families of sockets: which types and protocols there are. ip(7), ipv6(7). */

import { EACCES, EINVAL, EOPNOTSUPP, EPERM, EPROTONOSUPPORT, ESOCKTNOSUPPORT } from '../../abi/errno.ts'
import {
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_MAX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
} from '../../abi/inet.ts'
import { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM } from '../../abi/socket.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Task } from '../../kernel/task.ts'
import type { SocketFamily } from '../socket.ts'
import type { InetSocket, InetWorld } from './inet-socket.ts'
import { Listeners } from './listeners.ts'
import { Ports } from './ports.ts'
import { inetFiles } from './proc-net.ts'
import { TcpSocket } from './tcp.ts'
import { UdpSocket } from './udp.ts'

export class InetFamily implements SocketFamily {
  readonly family: number
  readonly files: Readonly<Record<string, () => string>>
  private readonly world: InetWorld

  constructor(world: InetWorld, family: number) {
    this.world = world
    this.family = family
    this.files = inetFiles(world, family)
  }

  /** What sockets of both families hold; nothing once all are closed. */
  get inUse(): { ports: number; listeners: number; queuedCost: number } {
    const { tcp, udp, udpLite, listeners, queuedCost } = this.world
    return { ports: tcp.size + udp.size + udpLite.size, listeners: listeners.size, queuedCost }
  }

  create(task: Task, type: number, protocol: number): InetSocket | number {
    if (protocol < 0 || protocol >= IPPROTO_MAX) return -EINVAL
    if (type === SOCK_STREAM && (protocol === 0 || protocol === IPPROTO_TCP))
      return new TcpSocket(this.world, task, this.family)
    if (type === SOCK_DGRAM && (protocol === 0 || protocol === IPPROTO_UDP || protocol === IPPROTO_UDPLITE))
      return new UdpSocket(this.world, task, this.family, protocol || IPPROTO_UDP)
    // Ping without privileges is for nobody: net.ipv4.ping_group_range.
    const ping = this.family === AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP
    if (type === SOCK_DGRAM && protocol === ping) return -EACCES
    // There are no packets, so nobody has CAP_NET_RAW.
    if (type === SOCK_RAW && protocol !== 0) return -EPERM
    return type === SOCK_STREAM || type === SOCK_DGRAM || type === SOCK_RAW
      ? -EPROTONOSUPPORT
      : -ESOCKTNOSUPPORT
  }

  createPair(task: Task, type: number, protocol: number): number {
    const socket = this.create(task, type, protocol)
    return typeof socket === 'number' ? socket : -EOPNOTSUPP
  }
}

/** Both families, which share their ports. */
export function inetFamilies(kernel: Kernel): SocketFamily[] {
  const nowNs = (): number => kernel.clock.monotonicNs()
  const world: InetWorld = {
    kernel,
    tcp: new Ports(true, nowNs),
    udp: new Ports(false, nowNs),
    udpLite: new Ports(false, nowNs),
    listeners: new Listeners(),
    members: new Map(),
    queuedCost: 0,
  }
  return [new InetFamily(world, AF_INET), new InetFamily(world, AF_INET6)]
}

/** /proc/net/tcp, tcp6, udp, udp6 and sockstat: a line for each socket. proc(5); Linux tcp4_seq_show, udp4_seq_show. */

import { TCP_CLOSE, TCP_ESTABLISHED, TCP_LISTEN, TCP_TIME_WAIT } from '../../abi/inet.ts'
import { AF_INET, AF_INET6 } from '../../abi/socket.ts'
import { CONNECTED } from '../queue-socket.ts'
import { type Ip, putIpv6 } from './address.ts'
import type { InetWorld } from './inet-socket.ts'
import type { TimeWait } from './ports.ts'
import type { TcpSocket } from './tcp.ts'
import type { UdpSocket } from './udp.ts'

/** Lines of IPv4's files are this wide. */
const TCP_WIDTH = 149
const UDP_WIDTH = 127

const hex = (n: number, digits: number): string => n.toString(16).toUpperCase().padStart(digits, '0')

/** An address as 32-bit words of this machine's order, and a port. */
function place(family: number, ip: Ip, port: number): string {
  const bytes = new Uint8Array(16)
  putIpv6(bytes, 0, ip)
  let text = ''
  for (let at = family === AF_INET ? 12 : 0; at < 16; at += 4)
    for (let i = 3; i >= 0; i--) text += hex(bytes[at + i]!, 2)
  return `${text}:${hex(port, 4)}`
}

/** What begins a line of all four files. */
function head(
  index: number,
  socket: { family: number; localIp: Ip; localPort: number; remoteIp: Ip; remotePort: number },
  state: number,
  queued: number,
): string {
  const { family } = socket
  const names = `${place(family, socket.localIp, socket.localPort)} ${place(family, socket.remoteIp, socket.remotePort)}`
  return `${String(index).padStart(4)}: ${names} ${hex(state, 2)} 00000000:${hex(queued, 8)} 00:00000000 00000000`
}

const NO_POINTER = '0'.repeat(16)

function tcpLine(index: number, socket: TcpSocket): string {
  const state = socket.tcpState
  const queued = state === TCP_LISTEN ? socket.backlogUse[0] : socket.queuedBytes
  const uid = `${String(socket.uid).padStart(5)} ${'0'.padStart(8)} ${socket.isDead ? 0 : socket.inode.ino}`
  const tail = state === TCP_LISTEN ? '100 0 0 10 0' : '20 0 0 10 -1'
  return `${head(index, socket, state, queued)} ${uid} ${socket.isDead ? 1 : 2} ${NO_POINTER} ${tail}`
}

const waitLine = (index: number, wait: TimeWait): string =>
  `${head(index, wait, TCP_TIME_WAIT, 0)} ${'0'.padStart(5)} ${'0'.padStart(8)} 0 3 ${NO_POINTER}`

function tcpText(world: InetWorld, family: number): string {
  const lines: string[] = []
  const sockets = [...world.tcp.all()].filter((socket) => socket.family === family)
  const isListening = (socket: TcpSocket): boolean => socket.tcpState === TCP_LISTEN
  const isOther = (socket: TcpSocket): boolean => !isListening(socket) && socket.tcpState !== TCP_CLOSE
  for (const socket of sockets.filter(isListening)) lines.push(tcpLine(lines.length, socket))
  for (const socket of sockets.filter(isOther)) lines.push(tcpLine(lines.length, socket))
  for (const wait of world.tcp.timeWaits())
    if (wait.family === family) lines.push(waitLine(lines.length, wait))
  return table(family, TCP_WIDTH, '', lines)
}

function udpLine(index: number, socket: UdpSocket): string {
  const state = socket.state === CONNECTED ? TCP_ESTABLISHED : TCP_CLOSE
  const uid = `${String(socket.uid).padStart(5)} ${'0'.padStart(8)} ${socket.inode.ino}`
  return ` ${head(index, socket, state, socket.sentCost)} ${uid} 2 ${NO_POINTER} 0`
}

function udpText(world: InetWorld, family: number): string {
  const sockets = [...world.udp.all()].filter((socket) => socket.family === family)
  return table(
    family,
    UDP_WIDTH,
    ' ref pointer drops',
    sockets.map((socket, i) => udpLine(i, socket)),
  )
}

function table(family: number, width: number, more: string, lines: string[]): string {
  const isUdp = more !== ''
  const rest = `st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode${more}`
  const first =
    family === AF_INET6
      ? `  sl  local_address                         remote_address                        ${rest}`
      : `${isUdp ? ' ' : ''}  sl  local_address rem_address   ${rest}`
  const pad = family === AF_INET ? width : 0
  return [first, ...lines].map((line) => `${line.padEnd(pad)}\n`).join('')
}

function count<T extends { family: number }>(sockets: Iterable<T>, family: number): number {
  let n = 0
  for (const socket of sockets) if (socket.family === family) n++
  return n
}

function sockstat(world: InetWorld): string {
  const tcp = count(world.tcp.all(), AF_INET)
  const waits = world.tcp.timeWaits().length
  const used = tcp + count(world.udp.all(), AF_INET)
  return `sockets: used ${used}
TCP: inuse ${tcp} orphan 0 tw ${waits} alloc ${tcp} mem 0
UDP: inuse ${count(world.udp.all(), AF_INET)} mem 0
UDPLITE: inuse 0
RAW: inuse 0
FRAG: inuse 0 memory 0
`
}

const sockstat6 = (world: InetWorld): string =>
  `TCP6: inuse ${count(world.tcp.all(), AF_INET6)}
UDP6: inuse ${count(world.udp.all(), AF_INET6)}
UDPLITE6: inuse 0
RAW6: inuse 0
FRAG6: inuse 0 memory 0
`

/** The files of one family. */
export function inetFiles(world: InetWorld, family: number): Readonly<Record<string, () => string>> {
  const tcp = (): string => tcpText(world, family)
  const udp = (): string => udpText(world, family)
  if (family === AF_INET6)
    return {
      tcp6: tcp,
      udp6: udp,
      raw6: () => table(AF_INET6, 0, ' ref pointer drops', []),
      sockstat6: () => sockstat6(world),
      if_inet6: () => `${'0'.repeat(31)}1 01 80 10 80       lo\n`,
    }
  return {
    tcp,
    udp,
    raw: () => table(AF_INET, 0, ' ref pointer drops', []).replace(/^ /, ''),
    sockstat: () => sockstat(world),
    route: () =>
      `${'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT'.padEnd(127)}\n`,
    arp: () => 'IP address       HW type     Flags       HW address            Mask     Device\n',
    igmp: () =>
      `Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n1\tlo        :     1      V3\n\t\t\t\t010000E0     1 0:00000000\t\t0\n`,
  }
}

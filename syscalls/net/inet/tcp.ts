/**
 * TcpSocket: SOCK_STREAM of the internet: connecting, accepting, both ways of ending. tcp(7), connect(2), shutdown(2);
 * Linux net/ipv4/tcp.c.
 * Path: sys/socket.ts → here → the other end's queue, by stream.ts.
 *
 * A connection is two sockets. What on Linux are segments are calls here: `receiveFin` and `receiveReset` of the other end.
 */

import {
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAGAIN,
  EALREADY,
  ECONNABORTED,
  ECONNREFUSED,
  ECONNRESET,
  EINPROGRESS,
  EINVAL,
  EISCONN,
  ENETUNREACH,
  ENOBUFS,
  ENOTCONN,
  EOPNOTSUPP,
  EPIPE,
} from '../../abi/errno.ts'
import * as T from '../../abi/inet.ts'
import { POLLERR, POLLHUP, POLLPRI, POLLRDHUP, POLLWRBAND } from '../../abi/poll.ts'
import {
  AF_UNSPEC,
  familyOf,
  MSG_ERRQUEUE,
  MSG_FASTOPEN,
  MSG_OOB,
  SIOCATMARK,
  SO_OOBINLINE,
  SOCK_STREAM,
} from '../../abi/socket.ts'
import type { Task } from '../../kernel/task.ts'
import type { Caller } from '../../vfs/caller.ts'
import { Backlog } from '../backlog.ts'
import type { Incoming, Outgoing } from '../message.ts'
import type { OptionRule, OptionValue } from '../option-rule.ts'
import { Packet } from '../packet.ts'
import {
  CONNECTED,
  DOWN_BOTH,
  DOWN_RECEIVE,
  DOWN_SEND,
  LISTENING,
  READABLE,
  UNCONNECTED,
  WRITABLE,
} from '../queue-socket.ts'
import { brokenStream, isAtMark, receiveStream, type StreamEnd, sendStream } from '../stream.ts'
import { isBroadcast, isMulticast, readPort } from './address.ts'
import { InetSocket, type InetWorld, isNoRoute, QUEUED_COST_MAX } from './inet-socket.ts'
import type { Ports } from './ports.ts'
import { getTcpOption, inheritOptions, setTcpOption, TCP_RULES } from './tcp-options.ts'

/** Waits for room in a listener's backlog. */
const CONNECTING = 3
/** Was connected: both directions have ended. */
const CLOSED = 4
/** net.ipv4.tcp_wmem and tcp_rmem: at first; and what a connection over `lo` grows to. */
const SEND_BUFFER_FIRST = 16384
const SEND_BUFFER_GROWN = 2626560
const RECEIVE_BUFFER_FIRST = 131072
/** What everybody has even when all queues together are full. */
const SEND_BUFFER_LEAST = 4608

export class TcpSocket extends InetSocket implements StreamEnd {
  peer: TcpSocket | null = null
  urgent: Packet | null = null
  private backlog: Backlog<TcpSocket> | null = null
  /** Of a listener: those that wait for room in the backlog. Of one of those: the listener. */
  private readonly pending: TcpSocket[] = []
  private listener: TcpSocket | null = null
  /** connect(2) has begun, and has not yet been told how it went. */
  private isConnecting = false
  private sentFin = false
  private gotFin = false
  /** The port that a connection had, which getsockname(2) goes on to tell. */
  private formerPort = 0

  constructor(world: InetWorld, task: Task, family: number) {
    super(world, task, family, SOCK_STREAM, T.IPPROTO_TCP)
    this.sendBufferSize = SEND_BUFFER_FIRST
    this.receiveBufferSize = RECEIVE_BUFFER_FIRST
  }

  protected override get ports(): Ports<InetSocket> {
    return this.world.tcp as Ports<InetSocket>
  }

  override get protocolIsTcp(): boolean {
    return true
  }

  /** As TCP_INFO and /proc/net/tcp tell it. */
  get tcpState(): number {
    if (this.state === LISTENING) return T.TCP_LISTEN
    if (this.state === CONNECTING) return T.TCP_SYN_SENT
    if (this.state !== CONNECTED) return T.TCP_CLOSE
    if (this.gotFin) return T.TCP_CLOSE_WAIT
    return this.sentFin ? T.TCP_FIN_WAIT2 : T.TCP_ESTABLISHED
  }

  /** Connections that wait, and how many may: of a listener. */
  get backlogUse(): readonly [number, number] {
    return this.backlog ? [this.backlog.waiting.length, this.backlog.limit] : [0, 0]
  }

  // Options.

  override get ownRules(): ReadonlyMap<number, OptionRule> {
    return TCP_RULES
  }

  override getOption(level: number, name: number, task: Task): OptionValue | number | null {
    return (
      (level === T.SOL_TCP ? getTcpOption(this, name, task.mm.model) : null) ??
      super.getOption(level, name, task)
    )
  }

  override setOption(task: Task, level: number, name: number, value: Uint8Array): number | null {
    const own = level === T.SOL_TCP ? setTcpOption(this, name, value, task.mm.model) : null
    return own ?? super.setOption(task, level, name, value)
  }

  // Listening.

  override listen(task: Task, backlog: number): number {
    if (this.isConnecting || (this.state !== UNCONNECTED && this.state !== LISTENING)) return -EINVAL
    if (this.state === UNCONNECTED) {
      if (this.localPort === 0) {
        const refused = this.takePort(task, 0)
        if (refused) return refused
      } else if (this.ports.isTaken(this)) return -EADDRINUSE
      this.down = 0
      this.state = LISTENING
      this.backlog = new Backlog()
      this.world.listeners.add(this)
    }
    this.backlog!.resize(backlog)
    return 0
  }

  private stopListening(): void {
    this.world.listeners.remove(this)
    this.state = UNCONNECTED
    for (const end of this.backlog!.waiting.splice(0)) end.abandon()
    for (const end of this.pending.splice(0)) end.refused()
    this.backlog = null
  }

  /** Nobody will ever accept it. */
  private abandon(): void {
    this.isDead = true
    this.reset()
    this.discardQueue()
  }

  override accept(task: Task): TcpSocket | number {
    if (this.state !== LISTENING) return -EINVAL
    const end = this.takeFrom(task, this.backlog!)
    while (this.pending.length > 0 && !this.backlog!.isFull) this.pending.shift()!.establish(task, this)
    return end
  }

  // Connecting.

  override connect(task: Task, address: Uint8Array): number {
    if (address.length < 2) return -EINVAL
    if (familyOf(address) === AF_UNSPEC) return this.disconnect()
    // A call that began it and waited comes again.
    if (this.isConnecting) return this.goOnConnecting(task, task.progress > 0 ? -EINPROGRESS : -EALREADY)
    if (this.state !== UNCONNECTED) return -EISCONN
    const bad = this.checkName(address) || this.startConnecting(task, address)
    if (bad) return bad
    this.isConnecting = true
    task.progress = 1
    return this.mayWait(0) ? this.goOnConnecting(task, -EINPROGRESS) : -EINPROGRESS
  }

  private startConnecting(task: Task, address: Uint8Array): number {
    const ip = this.routeTo(this.ipOf(address))
    if (isNoRoute(ip)) return ip
    if (isBroadcast(ip) || isMulticast(ip)) return -ENETUNREACH
    const port = readPort(address)
    if (this.localPort === 0 && this.takePort(task, 0)) return -EADDRNOTAVAIL
    this.down = 0
    this.localIp = this.sourceFor(ip)
    this.remoteIp = ip
    this.remotePort = port
    for (const other of this.world.tcp.at(this.localPort))
      if (other !== this && other.isSameConnection(this)) {
        this.dropName(false)
        return -EADDRNOTAVAIL
      }
    const listener = this.world.listeners.find(ip, port, this.localPort)
    if (!listener) this.refused()
    else if (listener.backlog!.isFull) {
      this.state = CONNECTING
      this.listener = listener
      listener.pending.push(this)
    } else this.establish(task, listener)
    return 0
  }

  private isSameConnection(other: TcpSocket): boolean {
    return (
      this.remotePort === other.remotePort &&
      this.remoteIp === other.remoteIp &&
      this.localIp === other.localIp
    )
  }

  /** Nobody listens there. */
  private refused(): void {
    this.state = UNCONNECTED
    this.listener = null
    this.down = DOWN_BOTH
    this.forgetName()
    this.fail(ECONNREFUSED)
  }

  private establish(task: Task, listener: TcpSocket): void {
    const child = new TcpSocket(this.world, task, listener.family)
    inheritOptions(child, listener)
    child.uid = listener.uid
    child.localIp = this.remoteIp
    child.localPort = this.remotePort
    child.remoteIp = this.localIp
    child.remotePort = this.localPort
    this.world.tcp.add(child)
    this.listener = null
    this.meet(child)
    child.meet(this)
    listener.backlog!.waiting.push(child)
    listener.changed.wakeAll(READABLE)
  }

  private meet(peer: TcpSocket): void {
    this.peer = peer
    this.state = CONNECTED
    if (this.sendBufferSize === SEND_BUFFER_FIRST) this.sendBufferSize = SEND_BUFFER_GROWN
    this.changed.wakeAll(WRITABLE)
  }

  /** How the connection that was begun came out; `underWay` where it may not wait. */
  private goOnConnecting(task: Task, underWay: number): number {
    if (this.state === CONNECTING) {
      if (!this.mayWait(0)) return underWay
      const blocked = this.waitOn(task, this.changed, this.sendTimeoutNs)
      return blocked === -EAGAIN ? underWay : blocked
    }
    this.isConnecting = false
    if (this.state === CONNECTED) return 0
    const error = this.takeError() || ECONNABORTED
    this.forgetConnection()
    return -error
  }

  /** connect(2) to AF_UNSPEC. */
  private disconnect(): number {
    const wasUp = this.state === CONNECTED || this.state === CONNECTING
    this.leave()
    this.forgetConnection()
    if (wasUp) this.error = ECONNRESET
    return 0
  }

  /** Ends whatever there is at once. */
  private leave(): void {
    if (this.state === LISTENING) this.stopListening()
    else if (this.state === CONNECTING) {
      const { pending } = this.listener!
      pending.splice(pending.indexOf(this), 1)
      this.listener = null
    } else if (this.state === CONNECTED) this.reset()
  }

  private forgetConnection(): void {
    this.discardQueue()
    this.state = UNCONNECTED
    this.isConnecting = this.sentFin = this.gotFin = false
    this.peer = this.urgent = null
    this.down = 0
    this.forgetName()
  }

  private forgetName(): void {
    if (this.localPort !== 0) this.formerPort = this.localPort
    this.dropName(false)
  }

  override nameOf(isPeer: boolean): Uint8Array | number {
    if (!isPeer) return this.nameAt(this.localIp, this.localPort || this.formerPort)
    return this.state === CONNECTED ? this.nameAt(this.remoteIp, this.remotePort) : -ENOTCONN
  }

  /** Also where the connection has ended since. */
  override get acceptedName(): Uint8Array {
    return this.nameAt(this.remoteIp, this.remotePort)
  }

  // Ending.

  /** What was sent last is followed by the end. */
  private sendFin(): void {
    if (this.sentFin) return
    this.sentFin = true
    this.peer!.receiveFin()
  }

  private receiveFin(): void {
    this.gotFin = true
    this.down |= DOWN_RECEIVE
    this.changed.wakeAll(READABLE | POLLRDHUP)
    if (!this.sentFin) return
    // Who closed first keeps the port for a while.
    const { family, localIp, localPort, isV6Only, reusesAddress, reusesPort, uid, remoteIp, remotePort } =
      this
    const name = { family, localIp, localPort, remoteIp, remotePort }
    this.world.tcp.linger({ ...name, isV6Only, reusesAddress, reusesPort, uid })
    this.peer!.becomeClosed()
    this.becomeClosed()
  }

  /** Ends both directions at once, as an error for the other end. */
  private reset(): void {
    this.peer!.receiveReset()
    this.becomeClosed()
  }

  private receiveReset(): void {
    if (this.state !== CONNECTED) return
    this.error = this.gotFin ? EPIPE : ECONNRESET
    this.becomeClosed()
  }

  private becomeClosed(): void {
    this.state = CLOSED
    this.down = DOWN_BOTH
    this.dropPort()
    this.changed.wakeAll()
  }

  override shutdown(how: number): number {
    const bits = how + 1
    if (this.state === CONNECTING) return this.disconnect()
    if (this.state === LISTENING) return bits & DOWN_RECEIVE ? this.disconnect() : 0
    this.down |= bits
    if (this.state !== CONNECTED) {
      this.changed.wakeAll()
      return -ENOTCONN
    }
    if (bits & DOWN_SEND) this.sendFin()
    this.changed.wakeAll()
    return 0
  }

  override release(): void {
    if (this.isDead) return
    this.isDead = true
    const isUnread = this.queue.some((packet) => packet.left > 0)
    if (this.state === CONNECTED && !isUnread && !(this.lingers && this.lingerSec === 0)) this.sendFin()
    else this.leave()
    this.discardQueue()
    // A connection that the other end keeps open has its port as long.
    if (this.state !== CONNECTED) this.dropName(true)
    this.changed.wakeAll()
  }

  // Bytes.

  get discardsTruncated(): boolean {
    return true
  }

  get cannotSend(): boolean {
    return (this.down & DOWN_SEND) !== 0
  }

  get sendRoom(): number {
    return this.world.queuedCost > QUEUED_COST_MAX ? SEND_BUFFER_LEAST : this.sendBufferSize
  }

  override send(task: Task, message: Outgoing): number {
    if (message.flags & MSG_FASTOPEN) return -EOPNOTSUPP
    if (this.state === CONNECTING) {
      if (!this.mayWait(message.flags)) return -EAGAIN
      return this.waitOn(task, this.changed, this.sendTimeoutNs)
    }
    if (task.progress === 0 && this.error && this.error !== EPIPE) return -this.takeError()
    // Ends that nobody holds any more may lie in backlogs, so a bound for each socket is none for all.
    if (this.world.queuedCost > 2 * QUEUED_COST_MAX) return task.progress || -ENOBUFS
    if (this.state !== CONNECTED || this.cannotSend) {
      this.error = 0
      return brokenStream(task, message)
    }
    return sendStream(this, this.peer!, task, message)
  }

  makePacket(_task: Task, message: Outgoing, from: number, size: number): Packet {
    const bytes = new Uint8Array(size)
    message.data.gather(from, bytes, size)
    return new Packet(this, bytes, true)
  }

  override deliver(packet: Packet): void {
    if (this.isDead) {
      this.reset()
      return
    }
    this.world.queuedCost += packet.cost
    super.deliver(packet)
  }

  override dequeue(): Packet {
    const packet = super.dequeue()
    this.world.queuedCost -= packet.cost
    return packet
  }

  override giveAlong(_packet: Packet, _message: Incoming): void {}

  continues(): boolean {
    return true
  }

  override receive(task: Task, message: Incoming): number {
    if (message.flags & MSG_ERRQUEUE) return -EAGAIN
    if (this.state === CONNECTED || this.state === CLOSED) {
      // The end that was announced comes before an error that followed it.
      const isAtEnd = this.gotFin && this.queue.length === 0 && task.progress === 0
      return isAtEnd && !(message.flags & MSG_OOB) ? 0 : receiveStream(this, task, message)
    }
    if (this.state === CONNECTING) {
      if (!this.mayWait(message.flags)) return -EAGAIN
      return this.waitOn(task, this.changed, this.receiveTimeoutNs)
    }
    if (this.error) return -this.takeError()
    return this.state !== LISTENING && this.down & DOWN_RECEIVE ? 0 : -ENOTCONN
  }

  protected override get unsentBytes(): number {
    return this.state === LISTENING ? -EINVAL : 0
  }

  /** What lies here unread, for /proc/net/tcp. */
  get queuedBytes(): number {
    return super.readableBytes
  }

  /** As far as the urgent byte. */
  protected override get readableBytes(): number {
    const all = super.readableBytes
    if (all < 0 || !this.urgent || this.switches.has(SO_OOBINLINE)) return all
    let count = 0
    for (const packet of this.queue) {
      if (packet === this.urgent) return count
      count += packet.left
    }
    return count
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (request === SIOCATMARK) return this.told(caller, argument, isAtMark(this) ? 1 : 0)
    return super.ioctl(caller, request, argument)
  }

  override poll(_caller: Caller): number {
    if (this.state === LISTENING) return this.backlog!.waiting.length > 0 ? READABLE : 0
    let events = this.error ? POLLERR : 0
    if (this.down === DOWN_BOTH || this.state === UNCONNECTED || this.state === CLOSED) events |= POLLHUP
    if (this.down & DOWN_RECEIVE) events |= POLLRDHUP | READABLE
    if (this.state === CONNECTING) return events
    if (this.queue.length > 0 && this.isReadable) events |= READABLE
    if (this.cannotSend || this.isWritable) events |= WRITABLE & ~POLLWRBAND
    return events | (this.urgent ? POLLPRI : 0)
  }

  /** Whether as much lies there as SO_RCVLOWAT wants. */
  private get isReadable(): boolean {
    let count = 0
    for (const packet of this.queue) {
      count += packet.left
      if (count >= this.receiveLowWater) return true
    }
    return false
  }
}

/**
 * UnixSocket: what all AF_UNIX sockets share: address, queue of packets, who pays for them, readiness, end. unix(7).
 * Path: stream.ts, packets.ts say how a type sends and receives; connection.ts how the two that connect do it.
 *
 * A packet lies in the receiver's queue and counts against the sender's buffer, so a writer waits on his own socket
 * and the reader's taking wakes him.
 */

import { EAGAIN, EFAULT, EINVAL, ENOTCONN, ENOTTY, EOPNOTSUPP } from '../../abi/errno.ts'
import {
  FIONREAD,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from '../../abi/poll.ts'
import * as S from '../../abi/socket.ts'
import { TIOCOUTQ } from '../../abi/tty.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Task } from '../../kernel/task.ts'
import type { ThreadGroup } from '../../kernel/thread-group.ts'
import { WaitQueue } from '../../kernel/wait-queue.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileDescription } from '../../vfs/file-description.ts'
import type { Path } from '../../vfs/path.ts'
import type { Incoming, Outgoing } from '../message.ts'
import { Socket } from '../socket.ts'
import { checkAddress, type UnixNames } from './names.ts'
import { Packet } from './packet.ts'
import { type Rights, releaseAll } from './rights.ts'

export const UNCONNECTED = 0
export const LISTENING = 1
export const CONNECTED = 2

/** Bits of `down`: what shutdown(2) ended. */
export const DOWN_RECEIVE = 1
export const DOWN_SEND = 2
export const DOWN_BOTH = 3

export const READABLE = POLLIN | POLLRDNORM
export const WRITABLE = POLLOUT | POLLWRNORM | POLLWRBAND
/** Options that say what comes along with messages. */
const PASSED = new Set([S.SO_PASSCRED, S.SO_PASSPIDFD])
const NO_ADDRESS = new Uint8Array([S.AF_UNIX, 0])

/** What all sockets of a kernel share. */
export interface UnixWorld {
  readonly kernel: Kernel
  readonly names: UnixNames
  readonly rights: Rights
}

export abstract class UnixSocket extends Socket {
  readonly world: UnixWorld
  state = UNCONNECTED
  down = 0
  /** A positive errno that the next call is told. */
  error = 0
  address: Uint8Array | null = null
  /** Where the address is a name of a file. */
  boundAt: Path | null = null
  peer: UnixSocket | null = null
  isDead = false
  /** SO_PEERCRED: who connected, listened or made the pair. */
  peerCredentials: S.Ucred = { pid: 0, uid: -1, gid: -1 }
  /** The same one's process. */
  peerGroup: ThreadGroup | null = null
  readonly queue: Packet[] = []
  /** What the packets under way from here cost. */
  sentCost = 0
  readonly changed = new WaitQueue()
  /** Connections that nobody has accepted, and in each of those the socket that listens. */
  readonly waiting: UnixSocket[] = []
  listener: UnixSocket | null = null

  constructor(world: UnixWorld, task: Task, type: number) {
    super(world.kernel, task, S.AF_UNIX, type, 0)
    this.world = world
    world.rights.know(this)
  }

  get isStream(): boolean {
    return false
  }

  override get heldPath(): Path | null {
    return this.boundAt
  }

  override get peerProcess(): ThreadGroup | null {
    return this.peerGroup
  }

  /** The other end of the data that is sent without an address. */
  protected get passesCredentials(): boolean {
    return this.switches.has(S.SO_PASSCRED)
  }

  /** Whether messages say who sent them: by credentials, or by a pidfd. */
  protected get passesSender(): boolean {
    return this.passesCredentials || this.switches.has(S.SO_PASSPIDFD)
  }

  // Names.

  override bind(task: Task, address: Uint8Array): number {
    if (address.length === S.SUN_PATH && (address[0]! | (address[1]! << 8)) === S.AF_UNIX)
      return this.world.names.autobind(this)
    return checkAddress(address) || this.world.names.bind(task, this, address)
  }

  override nameOf(isPeer: boolean): Uint8Array | number {
    if (isPeer && !this.peer) return -ENOTCONN
    return (isPeer ? this.peer!.address : this.address) ?? NO_ADDRESS
  }

  /** Who asks for credentials needs a name himself, for whoever answers. */
  protected autobindForCredentials(): number {
    return this.passesCredentials ? this.world.names.autobind(this) : 0
  }

  // Options.

  override getOption(level: number, name: number): Uint8Array | number | null {
    if (level !== S.SOL_SOCKET) return null
    if (PASSED.has(name)) return new Uint8Array([this.switches.has(name) ? 1 : 0, 0, 0, 0])
    if (name !== S.SO_PEERCRED) return null
    const { pid, uid, gid } = this.peerCredentials
    return new Uint8Array(Int32Array.of(pid, uid, gid).buffer)
  }

  override setOption(_task: Task, level: number, name: number, value: Uint8Array): number | null {
    if (level !== S.SOL_SOCKET || !PASSED.has(name)) return null
    if (value[0]! | value[1]! | value[2]! | value[3]!) this.switches.add(name)
    else this.switches.delete(name)
    return 0
  }

  override takeError(): number {
    const { error } = this
    this.error = 0
    return error
  }

  // The queue.

  get isWritable(): boolean {
    return this.state !== LISTENING && this.sentCost * 4 <= this.sendBufferSize
  }

  /** A packet of `size` bytes with what travels along, charged to this socket. */
  protected makePacket(task: Task, message: Outgoing, from: number, size: number, to: UnixSocket): Packet {
    const bytes = new Uint8Array(size)
    message.data.gather(from, bytes, size)
    const packet = new Packet(this, bytes, this.isStream)
    packet.credentials = message.credentials
    if (this.passesSender || to.passesSender) {
      const { uid, gid } = task.credentials
      packet.credentials ??= { pid: task.group.pid, uid, gid }
      packet.process = task.group
    }
    if (message.rights && from === 0) {
      packet.rights = [...message.rights]
      packet.rightsUid = task.credentials.uid
      this.world.rights.take(packet.rights, packet.rightsUid)
    }
    return packet
  }

  /** Puts a packet of another socket into this one's queue. */
  deliver(packet: Packet): void {
    packet.sender.sentCost += packet.cost
    this.queue.push(packet)
    if (packet.rights) this.world.rights.hold(this)
    this.changed.wakeAll(READABLE)
  }

  /** Takes the first packet off; its descriptors, if still there, are the caller's to release. */
  protected dequeue(): Packet {
    const packet = this.queue.shift()!
    const { sender } = packet
    sender.sentCost -= packet.cost
    if (sender.isWritable) sender.changed.wakeAll(WRITABLE)
    return packet
  }

  /** Moves a packet's descriptors into a message, or copies them for a look (MSG_PEEK). */
  protected giveRights(packet: Packet, message: Incoming): void {
    const { rights } = packet
    if (!rights) return
    message.rights = rights
    if (message.flags & S.MSG_PEEK) {
      for (const file of rights) file.references++
      return
    }
    packet.rights = null
    this.world.rights.arrive(rights, packet.rightsUid)
    this.world.rights.lookAt(this)
  }

  /** The sender's credentials for who asked; those of nobody where the sender was not asked. */
  protected giveCredentials(packet: Packet, message: Incoming): void {
    if (this.passesCredentials)
      message.credentials = packet.credentials ?? { pid: 0, uid: S.OVERFLOW_ID, gid: S.OVERFLOW_ID }
    if (this.switches.has(S.SO_PASSPIDFD)) message.process = packet.process
  }

  override dropRights(rights: readonly FileDescription[]): void {
    releaseAll(rights)
  }

  get hasRights(): boolean {
    return this.queue.some((packet) => packet.rights !== null)
  }

  *rightsInQueue(): Iterable<FileDescription> {
    for (const packet of this.queue) if (packet.rights) yield* packet.rights
  }

  discardQueue(): void {
    while (this.queue.length > 0) this.dropFirst()
    this.world.rights.lookAt(this)
  }

  private dropFirst(): void {
    const packet = this.dequeue()
    const { rights } = packet
    if (!rights) return
    packet.rights = null
    this.world.rights.arrive(rights, packet.rightsUid)
    releaseAll(rights)
  }

  /** One whole packet into a message: datagrams and SOCK_SEQPACKET. */
  protected receivePacket(task: Task, message: Incoming): number {
    if (message.flags & S.MSG_OOB) return -EOPNOTSUPP
    if (this.error) return -this.takeError()
    const packet = this.queue[0]
    if (!packet) {
      if (!this.mayWait(message.flags)) return this.state === CONNECTED && this.endsWithPeer() ? 0 : -EAGAIN
      if (this.down & DOWN_RECEIVE) return 0
      return this.waitOn(task, this.changed, this.receiveTimeoutNs)
    }
    if (message.data.isRefused) {
      // As on Linux the packet is lost.
      this.dropFirst()
      return -EFAULT
    }
    const size = packet.bytes.length
    const count = Math.min(size, message.data.size)
    message.data.scatter(0, packet.bytes, 0, count)
    message.address = packet.sender.address ?? NO_SENDER
    if (count < size) message.flagsOut |= S.MSG_TRUNC
    this.giveCredentials(packet, message)
    this.giveRights(packet, message)
    if (!(message.flags & S.MSG_PEEK)) {
      this.dequeue()
      this.roomMade()
    }
    return message.flags & S.MSG_TRUNC ? size : count
  }

  /** Whether an empty queue now means the end. */
  protected endsWithPeer(): boolean {
    return false
  }

  /** A packet left the queue. */
  protected roomMade(): void {}

  // Readiness and end.

  override poll(_caller: Caller): number {
    let events = 0
    if (this.error) events |= POLLERR
    if (this.down === DOWN_BOTH) events |= POLLHUP
    if (this.down & DOWN_RECEIVE) events |= POLLRDHUP | READABLE
    if (this.queue.length > 0 || this.waiting.length > 0) events |= READABLE
    if (this.isWritable) events |= WRITABLE
    return events
  }

  override pollQueue(): WaitQueue {
    return this.changed
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (request === TIOCOUTQ) return caller.memory.setU32(argument, this.sentCost) ? 0 : -EFAULT
    if (request !== FIONREAD) return -ENOTTY
    if (this.state === LISTENING) return -EINVAL
    let count = 0
    for (const packet of this.queue) {
      count += packet.left
      if (this.type === S.SOCK_DGRAM) break
    }
    return caller.memory.setU32(argument, count) ? 0 : -EFAULT
  }

  override shutdown(how: number): number {
    this.down |= how + 1
    this.changed.wakeAll()
    return 0
  }

  override leftInFlight(): void {
    this.world.rights.collect()
  }

  override release(): void {
    if (this.isDead) return
    this.isDead = true
    this.world.names.unbind(this)
    this.down = DOWN_BOTH
    this.discardQueue()
    this.changed.wakeAll()
  }
}

/** A sender without a name: its address has no bytes at all. */
const NO_SENDER = new Uint8Array(0)

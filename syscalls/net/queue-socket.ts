/**
 * QueueSocket: a socket that packets wait at: its queue, who pays for what lies in it, readiness, end. socket(7).
 * Path: net/unix and net/inet say who sends to whom; stream.ts makes bytes without borders of packets.
 *
 * A packet lies in the receiver's queue and counts against the sender's buffer, so a writer waits on his own socket
 * and the reader's taking wakes him.
 */

import { EAGAIN, EFAULT, EINVAL } from '../abi/errno.ts'
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
} from '../abi/poll.ts'
import { MSG_PEEK, MSG_TRUNC, SOCK_DGRAM } from '../abi/socket.ts'
import { TIOCOUTQ } from '../abi/tty.ts'
import type { Task } from '../kernel/task.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'
import type { Backlog } from './backlog.ts'
import type { Incoming } from './message.ts'
import type { Packet } from './packet.ts'
import { Socket } from './socket.ts'

export const UNCONNECTED = 0
export const LISTENING = 1
export const CONNECTED = 2

/** Bits of `down`: what shutdown(2) ended. */
export const DOWN_RECEIVE = 1
export const DOWN_SEND = 2
export const DOWN_BOTH = 3

export const READABLE = POLLIN | POLLRDNORM
export const WRITABLE = POLLOUT | POLLWRNORM | POLLWRBAND

export abstract class QueueSocket extends Socket {
  state = UNCONNECTED
  down = 0
  /** A positive errno that the next call is told. */
  error = 0
  isDead = false
  readonly queue: Packet[] = []
  /** What the packets under way from here cost. */
  sentCost = 0
  readonly changed = new WaitQueue()

  override get isListening(): boolean {
    return this.state === LISTENING
  }

  override takeError(): number {
    const { error } = this
    this.error = 0
    return error
  }

  /** Tells an error to whoever calls or polls next. */
  fail(error: number): void {
    this.error = error
    this.changed.wakeAll()
  }

  get isWritable(): boolean {
    return this.state !== LISTENING && this.sentCost * 4 <= this.sendBufferSize
  }

  /** The oldest connection of a backlog; or waits for one. */
  protected takeFrom<T extends Socket>(task: Task, backlog: Backlog<T>): T | number {
    const end = backlog.take()
    if (end) return end
    if (this.down & DOWN_RECEIVE) return -EINVAL
    return this.mayWait(0) ? this.waitOn(task, this.changed, this.receiveTimeoutNs) : -EAGAIN
  }

  /** Puts a packet of another socket into this one's queue. */
  deliver(packet: Packet): void {
    packet.payer.sentCost += packet.cost
    this.queue.push(packet)
    this.changed.wakeAll(READABLE)
  }

  /** Takes the first packet off; what came along, if still there, is the caller's to release. */
  dequeue(): Packet {
    const packet = this.queue.shift()!
    const { payer } = packet
    payer.sentCost -= packet.cost
    if (payer.isWritable) payer.changed.wakeAll(WRITABLE)
    return packet
  }

  discardQueue(): void {
    while (this.queue.length > 0) this.dropFirst()
  }

  protected dropFirst(): void {
    this.dequeue()
  }

  /** Puts into a message what came along with a packet: address, credentials, descriptors. */
  abstract giveAlong(packet: Packet, message: Incoming): void

  /** One whole packet into a message. */
  protected receivePacket(task: Task, message: Incoming): number {
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
    if (count < size) message.flagsOut |= MSG_TRUNC
    this.giveAlong(packet, message)
    if (!(message.flags & MSG_PEEK)) {
      this.dequeue()
      this.roomMade()
    }
    return message.flags & MSG_TRUNC ? size : count
  }

  /** Whether an empty queue now means the end. */
  protected endsWithPeer(): boolean {
    return false
  }

  /** A packet left the queue. */
  protected roomMade(): void {}

  override poll(_caller: Caller): number {
    let events = 0
    if (this.error) events |= POLLERR
    if (this.down === DOWN_BOTH) events |= POLLHUP
    if (this.down & DOWN_RECEIVE) events |= POLLRDHUP | READABLE
    if (this.queue.length > 0) events |= READABLE
    if (this.isWritable) events |= WRITABLE
    return events
  }

  override pollQueue(): WaitQueue {
    return this.changed
  }

  /** SIOCINQ and SIOCOUTQ, which have other names too. */
  override ioctl(caller: Caller, request: number, argument: number): number {
    if (request === TIOCOUTQ) return this.told(caller, argument, this.unsentBytes)
    if (request === FIONREAD) return this.told(caller, argument, this.readableBytes)
    return super.ioctl(caller, request, argument)
  }

  /** What SIOCOUTQ says. */
  protected get unsentBytes(): number {
    return this.sentCost
  }

  /** What FIONREAD says: of packets the first one's size. */
  protected get readableBytes(): number {
    if (this.state === LISTENING) return -EINVAL
    let count = 0
    for (const packet of this.queue) {
      count += packet.left
      if (this.type === SOCK_DGRAM) break
    }
    return count
  }

  /** An ioctl's result through its pointer; an errno stays one. */
  protected told(caller: Caller, argument: number, result: number): number {
    if (result < 0) return result
    return caller.memory.setU32(argument, result) ? 0 : -EFAULT
  }

  override shutdown(how: number): number {
    this.down |= how + 1
    this.changed.wakeAll()
    return 0
  }
}

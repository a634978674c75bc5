/** SOCK_STREAM: bytes without borders, except where descriptors or another sender's credentials begin. unix(7). */

import { BLOCKED, EAGAIN, EFAULT, EINVAL, EISCONN, ENOTCONN, EOPNOTSUPP, EPIPE } from '../../abi/errno.ts'
import { POLLPRI } from '../../abi/poll.ts'
import {
  MSG_NOSIGNAL,
  MSG_OOB,
  MSG_PEEK,
  MSG_WAITALL,
  SIOCATMARK,
  SO_OOBINLINE,
  SOCK_STREAM,
} from '../../abi/socket.ts'
import type { Task } from '../../kernel/task.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { Incoming, Outgoing } from '../message.ts'
import { UnixConnection } from './connection.ts'
import { type Packet, STREAM_PIECE_MAX } from './packet.ts'
import { CONNECTED, DOWN_RECEIVE, DOWN_SEND, type UnixWorld } from './unix-socket.ts'

export class UnixStream extends UnixConnection {
  /** The urgent byte in the queue, until it is read or passed; one that another follows is ordinary again. */
  private urgent: Packet | null = null

  constructor(world: UnixWorld, task: Task) {
    super(world, task, SOCK_STREAM)
  }

  protected override another(task: Task): UnixConnection {
    return new UnixStream(this.world, task)
  }

  override get isStream(): boolean {
    return true
  }

  override send(task: Task, message: Outgoing): number {
    if (message.flags & MSG_OOB && message.data.size === 0) return -EOPNOTSUPP
    if (message.address) return this.state === CONNECTED ? -EISCONN : -EOPNOTSUPP
    const { peer } = this
    if (!peer) return -ENOTCONN
    const { size } = message.data
    // The last byte of an urgent message is the urgent one.
    const ordinary = message.flags & MSG_OOB ? size - 1 : size
    if (this.down & DOWN_SEND) return this.broken(task, message)
    while (task.progress < size) {
      if (this.error) return task.progress || -this.takeError()
      if (this.down & DOWN_SEND || peer.isDead || peer.down & DOWN_RECEIVE) return this.broken(task, message)
      if (this.sentCost >= this.sendBufferSize) {
        if (!this.mayWait(message.flags)) return task.progress || -EAGAIN
        const blocked = this.waitOn(task, this.changed, this.sendTimeoutNs)
        return blocked === BLOCKED ? BLOCKED : task.progress || blocked
      }
      const isUrgent = task.progress === ordinary
      const left = isUrgent ? 1 : ordinary - task.progress
      const piece = Math.min(left, Math.floor(this.sendBufferSize / 2) - 64, STREAM_PIECE_MAX)
      const packet = this.makePacket(task, message, task.progress, piece, peer)
      task.progress += piece
      if (isUrgent) (peer as UnixStream).deliverUrgent(packet)
      else peer.deliver(packet)
    }
    return size
  }

  private deliverUrgent(packet: Packet): void {
    this.urgent = packet
    this.deliver(packet)
    this.changed.wakeAll(POLLPRI)
  }

  /** MSG_OOB: the urgent byte alone. Its place stays in the queue as a mark. */
  private receiveUrgent(message: Incoming): number {
    const { urgent } = this
    if (!urgent || this.isUrgentInline) return -EINVAL
    if (message.data.isRefused) return -EFAULT
    const count = Math.min(message.data.size, urgent.left)
    message.data.scatter(0, urgent.bytes, urgent.taken, count)
    message.flagsOut |= MSG_OOB
    if (!(message.flags & MSG_PEEK)) {
      this.urgent = null
      urgent.taken += 1
    }
    return count
  }

  private get isUrgentInline(): boolean {
    return this.switches.has(SO_OOBINLINE)
  }

  /**
   * Where reading goes on at index `at`: it stops (-1) before the urgent byte and its mark, and begins behind. What was
   * not read with MSG_OOB until then is lost, unless SO_OOBINLINE makes it a byte like others.
   */
  private passMark(at: number, hasSome: boolean, isPeek: boolean): number {
    let place = at
    if (this.queue[place]?.left === 0) {
      if (hasSome && (!this.urgent || this.urgent === this.queue[place])) return -1
      if (isPeek) place++
      else this.dequeue()
    }
    const packet = this.queue[place]
    if (!packet || packet !== this.urgent) return place
    if (hasSome) return -1
    if (isPeek) return this.isUrgentInline ? place : place + 1
    this.urgent = null
    if (!this.isUrgentInline) this.dequeue()
    return place
  }

  /** SIOCATMARK */
  private get isAtMark(): boolean {
    const [first, second] = this.queue
    if (!first) return false
    return first === this.urgent || (first.left === 0 && (!this.urgent || second === this.urgent))
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (request !== SIOCATMARK) return super.ioctl(caller, request, argument)
    return caller.memory.setU32(argument, this.isAtMark ? 1 : 0) ? 0 : -EFAULT
  }

  override poll(caller: Caller): number {
    return super.poll(caller) | (this.urgent ? POLLPRI : 0)
  }

  private broken(task: Task, message: Outgoing): number {
    if (task.progress > 0) return task.progress
    if (!(message.flags & MSG_NOSIGNAL)) task.brokenPipe()
    return -EPIPE
  }

  /** Bytes that an earlier run of a MSG_WAITALL call took are in the task's `progress`. */
  override receive(task: Task, message: Incoming): number {
    if (this.state !== CONNECTED) return -EINVAL
    if (message.flags & MSG_OOB) return this.receiveUrgent(message)
    const { size } = message.data
    const isPeek = (message.flags & MSG_PEEK) !== 0
    const least = message.flags & MSG_WAITALL ? size : Math.min(this.receiveLowWater, size) || 1
    let done = isPeek ? 0 : task.progress
    let at = 0
    for (;;) {
      at = this.passMark(at, done > 0, isPeek)
      if (at < 0) return done
      const packet = this.queue[at]
      if (!packet) {
        if (done >= least) return done
        if (this.error) return done || -this.takeError()
        if (this.down & DOWN_RECEIVE) return done
        if (!this.mayWait(message.flags)) return done || -EAGAIN
        task.progress = done
        const blocked = this.waitOn(task, this.changed, this.receiveTimeoutNs)
        return blocked === BLOCKED ? BLOCKED : done || blocked
      }
      if (this.passesSender && !continues(message, packet, done > 0)) return done
      if (message.data.isRefused) return done || -EFAULT
      this.giveCredentials(packet, message)
      if (done === 0) message.address = packet.sender.address
      const count = Math.min(size - done, packet.left)
      message.data.scatter(done, packet.bytes, packet.taken, count)
      done += count
      const hadRights = packet.rights !== null
      this.giveRights(packet, message)
      if (isPeek) at++
      else {
        packet.taken += count
        if (packet.left > 0) return done
        this.dequeue()
      }
      if (hadRights || done >= size) return done
    }
  }
}

/** Bytes of two senders are never put together for who wants to know the sender. */
function continues(message: Incoming, packet: Packet, hasSome: boolean): boolean {
  if (!hasSome || !message.credentials) return true
  const before = message.credentials
  const now = packet.credentials
  return now !== null && now.pid === before.pid && now.uid === before.uid && now.gid === before.gid
}

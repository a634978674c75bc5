/** SOCK_STREAM: bytes without borders, except where descriptors or another sender's credentials begin. unix(7). */

import { BLOCKED, EAGAIN, EFAULT, EINVAL, EISCONN, ENOTCONN, EOPNOTSUPP, EPIPE } from '../../abi/errno.ts'
import { MSG_NOSIGNAL, MSG_OOB, MSG_PEEK, MSG_WAITALL, SOCK_STREAM } from '../../abi/socket.ts'
import type { Task } from '../../kernel/task.ts'
import type { Incoming, Outgoing } from '../message.ts'
import { UnixConnection } from './connection.ts'
import { type Packet, STREAM_PIECE_MAX } from './packet.ts'
import { CONNECTED, DOWN_RECEIVE, DOWN_SEND, type UnixWorld } from './unix-socket.ts'

export class UnixStream extends UnixConnection {
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
    if (message.flags & MSG_OOB) return -EOPNOTSUPP
    if (message.address) return this.state === CONNECTED ? -EISCONN : -EOPNOTSUPP
    const { peer } = this
    if (!peer) return -ENOTCONN
    const { size } = message.data
    if (this.down & DOWN_SEND) return this.broken(task, message)
    while (task.progress < size) {
      if (this.error) return task.progress || -this.takeError()
      if (this.down & DOWN_SEND || peer.isDead || peer.down & DOWN_RECEIVE) return this.broken(task, message)
      if (this.sentCost >= this.sendBufferSize) {
        if (!this.mayWait(message.flags)) return task.progress || -EAGAIN
        const blocked = this.waitOn(task, this.changed, this.sendTimeoutNs)
        return blocked === BLOCKED ? BLOCKED : task.progress || blocked
      }
      const piece = Math.min(size - task.progress, Math.floor(this.sendBufferSize / 2) - 64, STREAM_PIECE_MAX)
      const packet = this.makePacket(task, message, task.progress, piece, peer)
      task.progress += piece
      peer.deliver(packet)
    }
    return size
  }

  private broken(task: Task, message: Outgoing): number {
    if (task.progress > 0) return task.progress
    if (!(message.flags & MSG_NOSIGNAL)) task.brokenPipe()
    return -EPIPE
  }

  /** Bytes that an earlier run of a MSG_WAITALL call took are in the task's `progress`. */
  override receive(task: Task, message: Incoming): number {
    if (this.state !== CONNECTED) return -EINVAL
    if (message.flags & MSG_OOB) return -EOPNOTSUPP
    const { size } = message.data
    const isPeek = (message.flags & MSG_PEEK) !== 0
    const least = message.flags & MSG_WAITALL ? size : Math.min(this.receiveLowWater, size) || 1
    let done = isPeek ? 0 : task.progress
    let at = 0
    for (;;) {
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
      if (this.passesCredentials && !continues(message, packet, done > 0)) return done
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

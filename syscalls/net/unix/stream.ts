/** SOCK_STREAM: bytes without borders, except where descriptors or another sender's credentials begin. unix(7). */

import { EINVAL, EISCONN, ENOTCONN, EOPNOTSUPP } from '../../abi/errno.ts'
import { POLLPRI } from '../../abi/poll.ts'
import { MSG_OOB, SIOCATMARK, SOCK_STREAM } from '../../abi/socket.ts'
import type { Task } from '../../kernel/task.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { Incoming, Outgoing } from '../message.ts'
import type { Packet } from '../packet.ts'
import { CONNECTED, DOWN_RECEIVE, DOWN_SEND } from '../queue-socket.ts'
import { brokenStream, isAtMark, receiveStream, type StreamEnd, sendStream } from '../stream.ts'
import { UnixConnection } from './connection.ts'
import type { UnixWorld } from './unix-socket.ts'

export class UnixStream extends UnixConnection implements StreamEnd {
  urgent: Packet | null = null

  constructor(world: UnixWorld, task: Task) {
    super(world, task, SOCK_STREAM)
  }

  protected override another(task: Task): UnixConnection {
    return new UnixStream(this.world, task)
  }

  override get isStream(): boolean {
    return true
  }

  get discardsTruncated(): boolean {
    return false
  }

  get sendRoom(): number {
    return this.sendBufferSize
  }

  get cannotSend(): boolean {
    const peer = this.peer!
    return (this.down & DOWN_SEND) !== 0 || peer.isDead || (peer.down & DOWN_RECEIVE) !== 0
  }

  override send(task: Task, message: Outgoing): number {
    if (message.flags & MSG_OOB && message.data.size === 0) return -EOPNOTSUPP
    if (message.address) return this.state === CONNECTED ? -EISCONN : -EOPNOTSUPP
    if (!this.peer) return -ENOTCONN
    if (this.down & DOWN_SEND) return brokenStream(task, message)
    return sendStream(this, this.peer as UnixStream, task, message)
  }

  /** Bytes of two senders are never put together for who wants to know the sender. */
  continues(message: Incoming, packet: Packet): boolean {
    const before = message.credentials
    if (!this.passesSender || !before) return true
    const now = packet.credentials
    return now !== null && now.pid === before.pid && now.uid === before.uid && now.gid === before.gid
  }

  override receive(task: Task, message: Incoming): number {
    return this.state === CONNECTED ? receiveStream(this, task, message) : -EINVAL
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (request === SIOCATMARK) return this.told(caller, argument, isAtMark(this) ? 1 : 0)
    return super.ioctl(caller, request, argument)
  }

  override poll(caller: Caller): number {
    return super.poll(caller) | (this.urgent ? POLLPRI : 0)
  }
}

/** SOCK_SEQPACKET and SOCK_DGRAM: whole packets, over a connection or to an address. unix(7). */

import {
  BLOCKED,
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EMSGSIZE,
  ENOTCONN,
  EOPNOTSUPP,
  EPERM,
  EPIPE,
} from '../../abi/errno.ts'
import { AF_UNSPEC, familyOf, MSG_OOB, SOCK_DGRAM, SOCK_SEQPACKET } from '../../abi/socket.ts'
import type { Task } from '../../kernel/task.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { Incoming, Outgoing } from '../message.ts'
import { CONNECTED, DOWN_RECEIVE, DOWN_SEND, UNCONNECTED, WRITABLE } from '../queue-socket.ts'
import { UnixConnection } from './connection.ts'
import { checkAddress } from './names.ts'
import { UnixSocket, type UnixWorld } from './unix-socket.ts'

/** Packets that wait at a socket which is not connected back: net.unix.max_dgram_qlen. */
const QUEUE_LENGTH_MAX = 10
/** A packet must fit into the buffer with this much beside it. */
const PACKET_OVERHEAD = 32

export class UnixSeqPacket extends UnixConnection {
  constructor(world: UnixWorld, task: Task) {
    super(world, task, SOCK_SEQPACKET)
  }

  protected override another(task: Task): UnixConnection {
    return new UnixSeqPacket(this.world, task)
  }

  override send(task: Task, message: Outgoing): number {
    if (this.error) return -this.takeError()
    if (this.state !== CONNECTED) return -ENOTCONN
    if (message.flags & MSG_OOB) return -EOPNOTSUPP
    const { size } = message.data
    if (size > this.sendBufferSize - PACKET_OVERHEAD) return -EMSGSIZE
    const peer = this.peer!
    if (this.down & DOWN_SEND || peer.isDead || peer.down & DOWN_RECEIVE) return -EPIPE
    if (this.sentCost >= this.sendBufferSize)
      return this.mayWait(message.flags) ? this.waitOn(task, this.changed, this.sendTimeoutNs) : -EAGAIN
    peer.deliver(this.makePacket(task, message, 0, size, peer))
    return size
  }

  override receive(task: Task, message: Incoming): number {
    if (this.state !== CONNECTED) return -ENOTCONN
    return message.flags & MSG_OOB ? -EOPNOTSUPP : this.receivePacket(task, message)
  }
}

export class UnixDatagram extends UnixSocket {
  /** Sockets that send here: told when there is room again. */
  private readonly senders = new Set<UnixDatagram>()

  constructor(world: UnixWorld, task: Task) {
    super(world, task, SOCK_DGRAM)
  }

  /** Whether a socket that is not this one's peer must wait. */
  private isFullFor(sender: UnixDatagram): boolean {
    return this !== sender && this.peer !== sender && this.queue.length > QUEUE_LENGTH_MAX
  }

  setPeer(peer: UnixDatagram | null): void {
    const before = this.peer as UnixDatagram | null
    before?.senders.delete(this)
    this.peer = peer
    peer?.senders.add(this)
    this.state = peer ? CONNECTED : UNCONNECTED
    if (!before || before === peer) return
    // What came from the old peer is not for the new one; and he learns that nobody listens any more.
    this.discardQueue()
    if (!before.isDead && before.peer === this) before.fail(ECONNRESET)
  }

  override connect(task: Task, address: Uint8Array): number {
    if (address.length >= 2 && familyOf(address) === AF_UNSPEC) {
      this.setPeer(null)
      return 0
    }
    const bad = checkAddress(address) || this.autobindForCredentials()
    if (bad) return bad
    const other = this.world.names.find(task, SOCK_DGRAM, address)
    if (typeof other === 'number') return other
    if (!(other instanceof UnixDatagram)) return -ECONNREFUSED
    if (other.peer && other.peer !== this) return -EPERM
    this.setPeer(other)
    return 0
  }

  override send(task: Task, message: Outgoing): number {
    if (message.flags & MSG_OOB) return -EOPNOTSUPP
    const { address } = message
    const bad = (address ? checkAddress(address) : 0) || this.autobindForCredentials()
    if (bad) return bad
    if (!address && !this.peer) return -ENOTCONN
    const { size } = message.data
    if (size > this.sendBufferSize - PACKET_OVERHEAD) return -EMSGSIZE
    if (this.error) return -this.takeError()
    if (this.down & DOWN_SEND) return -EPIPE
    if (this.sentCost >= this.sendBufferSize) return this.wait(task, message, this)
    const other = address ? this.world.names.find(task, SOCK_DGRAM, address) : this.peer!
    if (typeof other === 'number') return other
    if (!(other instanceof UnixDatagram)) return -ECONNREFUSED
    if (other.peer && other.peer !== this) return -EPERM
    if (other.isDead) {
      this.setPeer(null)
      return -ECONNREFUSED
    }
    if (other.down & DOWN_RECEIVE) return -EPIPE
    if (other.isFullFor(this)) return this.wait(task, message, other)
    other.deliver(this.makePacket(task, message, 0, size, other))
    return size
  }

  private wait(task: Task, message: Outgoing, where: UnixSocket): number {
    if (!this.mayWait(message.flags)) return -EAGAIN
    const blocked = this.waitOn(task, where.changed, this.sendTimeoutNs)
    return blocked === BLOCKED ? BLOCKED : blocked
  }

  override receive(task: Task, message: Incoming): number {
    return message.flags & MSG_OOB ? -EOPNOTSUPP : this.receivePacket(task, message)
  }

  protected override roomMade(): void {
    this.changed.wakeWaiters()
    if (this.queue.length === QUEUE_LENGTH_MAX)
      for (const sender of this.senders) if (sender.isWritable) sender.changed.wakeAll(WRITABLE)
  }

  override poll(caller: Caller): number {
    const events = super.poll(caller)
    const peer = this.peer as UnixDatagram | null
    return peer?.isFullFor(this) ? events & ~WRITABLE : events
  }

  override release(): void {
    if (this.isDead) return
    const peer = this.peer as UnixDatagram | null
    super.release()
    peer?.senders.delete(this)
    this.peer = null
  }
}

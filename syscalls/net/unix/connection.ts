/** Connecting, listening, accepting: what SOCK_STREAM and SOCK_SEQPACKET share. connect(2), listen(2), accept(2). */

import { EAGAIN, ECONNREFUSED, ECONNRESET, EINVAL, EISCONN } from '../../abi/errno.ts'
import { POLLHUP } from '../../abi/poll.ts'
import { SO_PASSCRED, SO_PASSPIDFD, type Ucred } from '../../abi/socket.ts'
import type { Task } from '../../kernel/task.ts'
import type { ThreadGroup } from '../../kernel/thread-group.ts'
import type { Caller } from '../../vfs/caller.ts'
import { Backlog } from '../backlog.ts'
import {
  CONNECTED,
  DOWN_BOTH,
  DOWN_RECEIVE,
  DOWN_SEND,
  LISTENING,
  READABLE,
  UNCONNECTED,
} from '../queue-socket.ts'
import { checkAddress } from './names.ts'
import { UnixSocket } from './unix-socket.ts'

/** Who a task is to a peer (SO_PEERCRED). */
const credentialsOf = (task: Task): Ucred => ({
  pid: task.group.pid,
  uid: task.credentials.euid,
  gid: task.credentials.egid,
})

export abstract class UnixConnection extends UnixSocket {
  private readonly backlog = new Backlog<UnixConnection>()
  /** Who listens: what those that connect see. */
  private ownCredentials: Ucred | null = null
  private ownProcess: ThreadGroup | null = null

  /** Another socket of the same type. */
  protected abstract another(task: Task): UnixConnection

  override get waiting(): readonly UnixSocket[] {
    return this.backlog.waiting
  }

  /** Makes two sockets the ends of one connection. */
  join(other: UnixConnection, task: Task): void {
    for (const [end, peer] of [
      [this, other],
      [other, this],
    ] as const) {
      end.peer = peer
      end.state = CONNECTED
      end.peerCredentials = credentialsOf(task)
      end.peerGroup = task.group
    }
  }

  override listen(task: Task, backlog: number): number {
    if (!this.address || this.state === CONNECTED) return -EINVAL
    this.state = LISTENING
    this.ownCredentials = credentialsOf(task)
    this.ownProcess = task.group
    this.backlog.resize(backlog)
    return 0
  }

  override connect(task: Task, address: Uint8Array): number {
    const bad = checkAddress(address) || this.autobindForCredentials()
    if (bad) return bad
    const other = this.world.names.find(task, this.type, address)
    if (typeof other === 'number') return other
    if (!(other instanceof UnixConnection)) return -ECONNREFUSED
    if (other.state !== LISTENING || other.down & DOWN_RECEIVE) return -ECONNREFUSED
    if (other.backlog.isFull)
      return this.mayWait(0) ? this.waitOn(task, other.backlog.accepted, this.sendTimeoutNs) : -EAGAIN
    if (this.state === CONNECTED) return -EISCONN
    if (this.state !== UNCONNECTED) return -EINVAL
    const end = other.another(task)
    end.address = other.address
    for (const option of [SO_PASSCRED, SO_PASSPIDFD]) if (other.switches.has(option)) end.switches.add(option)
    end.join(this, task)
    this.peerCredentials = other.ownCredentials!
    this.peerGroup = other.ownProcess
    end.listener = other
    other.backlog.waiting.push(end)
    other.changed.wakeAll(READABLE)
    return 0
  }

  override accept(task: Task): UnixSocket | number {
    if (this.state !== LISTENING) return -EINVAL
    const end = this.takeFrom(task, this.backlog)
    if (typeof end !== 'number') end.listener = null
    return end
  }

  override shutdown(how: number): number {
    super.shutdown(how)
    const { peer } = this
    if (!peer) return 0
    // Each direction has two ends.
    const bits = how + 1
    if (bits & DOWN_RECEIVE) peer.down |= DOWN_SEND
    if (bits & DOWN_SEND) peer.down |= DOWN_RECEIVE
    peer.changed.wakeAll()
    return 0
  }

  protected override endsWithPeer(): boolean {
    return (this.down & DOWN_RECEIVE) !== 0
  }

  override poll(caller: Caller): number {
    return super.poll(caller) | (this.state === UNCONNECTED ? POLLHUP : 0)
  }

  override release(): void {
    if (this.isDead) return
    const { peer } = this
    if (peer && !peer.isDead) {
      peer.down = DOWN_BOTH
      // What was sent and never read, or never accepted, is an error at the other end.
      if (this.queue.length > 0 || this.listener) peer.error = ECONNRESET
      peer.changed.wakeAll()
    }
    super.release()
    for (const end of this.backlog.waiting.splice(0)) end.release()
    this.backlog.accepted.wakeAll()
  }
}

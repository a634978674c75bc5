/**
 * SOCK_STREAM: bytes without borders over packets, MSG_WAITALL, and the urgent byte. send(2), recv(2), tcp(7).
 * Path: UnixStream and TcpSocket call these two with themselves; what differs they say by StreamEnd.
 */

import { BLOCKED, EAGAIN, EFAULT, EINVAL, EPIPE } from '../abi/errno.ts'
import { POLLPRI } from '../abi/poll.ts'
import { SIGURG } from '../abi/signal.ts'
import { MSG_NOSIGNAL, MSG_OOB, MSG_PEEK, MSG_TRUNC, MSG_WAITALL, SO_OOBINLINE } from '../abi/socket.ts'
import { tellOwner } from '../kernel/file-owner.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Task } from '../kernel/task.ts'
import type { Incoming, Outgoing } from './message.ts'
import { type Packet, STREAM_PIECE_MAX } from './packet.ts'
import { DOWN_RECEIVE, type QueueSocket } from './queue-socket.ts'

/** One end of a stream. */
export interface StreamEnd extends QueueSocket {
  /** The urgent byte in the queue, until it is read or passed; one that another follows is ordinary again. */
  urgent: Packet | null
  /** Whether nothing sent would be taken any more. */
  readonly cannotSend: boolean
  /** What may be under way at once. */
  readonly sendRoom: number
  /** MSG_TRUNC takes bytes without copying them: TCP's way. */
  readonly discardsTruncated: boolean
  makePacket(task: Task, message: Outgoing, from: number, size: number, to: QueueSocket): Packet
  /** Whether a packet's bytes may come behind those that a message has already. */
  continues(message: Incoming, packet: Packet): boolean
}

/** The end of a stream that takes no more: what was sent counts, else EPIPE and a signal. */
export function brokenStream(task: Task, message: Outgoing): number {
  if (task.progress > 0) return task.progress
  if (!(message.flags & MSG_NOSIGNAL)) task.brokenPipe()
  return -EPIPE
}

/** Sends to the other end; bytes that an earlier run of the call sent are in the task's `progress`. */
export function sendStream(end: StreamEnd, peer: StreamEnd, task: Task, message: Outgoing): number {
  const { size } = message.data
  // The last byte of an urgent message is the urgent one.
  const ordinary = message.flags & MSG_OOB ? size - 1 : size
  while (task.progress < size) {
    if (end.error) return task.progress || -end.takeError()
    if (end.cannotSend) return brokenStream(task, message)
    const room = end.sendRoom
    if (end.sentCost >= room) {
      if (!end.mayWait(message.flags)) return task.progress || -EAGAIN
      const blocked = end.waitOn(task, end.changed, end.sendTimeoutNs)
      return blocked === BLOCKED ? BLOCKED : task.progress || blocked
    }
    const isUrgent = task.progress === ordinary
    const left = isUrgent ? 1 : ordinary - task.progress
    const piece = Math.min(left, Math.floor(room / 2) - 64, STREAM_PIECE_MAX)
    const packet = end.makePacket(task, message, task.progress, piece, peer)
    task.progress += piece
    if (isUrgent) deliverUrgent(task.kernel, peer, packet)
    else peer.deliver(packet)
  }
  return size
}

function deliverUrgent(kernel: Kernel, to: StreamEnd, packet: Packet): void {
  to.urgent = packet
  tellOwner(kernel, to, SIGURG)
  to.deliver(packet)
  to.changed.wakeAll(POLLPRI)
}

const isUrgentInline = (end: StreamEnd): boolean => end.switches.has(SO_OOBINLINE)

/** MSG_OOB: the urgent byte alone. Its place stays in the queue as a mark. */
function receiveUrgent(end: StreamEnd, message: Incoming): number {
  const { urgent } = end
  if (!urgent || isUrgentInline(end)) return -EINVAL
  if (message.data.isRefused) return -EFAULT
  const count = Math.min(message.data.size, urgent.left)
  message.data.scatter(0, urgent.bytes, urgent.taken, count)
  message.flagsOut |= MSG_OOB
  if (!(message.flags & MSG_PEEK)) {
    end.urgent = null
    urgent.taken += 1
  }
  return count
}

/**
 * Where reading goes on at index `at`: it stops (-1) before the urgent byte and its mark, and begins behind. What was
 * not read with MSG_OOB until then is lost, unless SO_OOBINLINE makes it a byte like others.
 */
function passMark(end: StreamEnd, at: number, hasSome: boolean, isPeek: boolean): number {
  const { queue } = end
  let place = at
  if (queue[place]?.left === 0) {
    if (hasSome && (!end.urgent || end.urgent === queue[place])) return -1
    if (isPeek) place++
    else end.dequeue()
  }
  const packet = queue[place]
  if (!packet || packet !== end.urgent) return place
  if (hasSome) return -1
  if (isPeek) return isUrgentInline(end) ? place : place + 1
  end.urgent = null
  if (!isUrgentInline(end)) end.dequeue()
  return place
}

/** SIOCATMARK */
export function isAtMark(end: StreamEnd): boolean {
  const [first, second] = end.queue
  if (!first) return false
  return first === end.urgent || (first.left === 0 && (!end.urgent || second === end.urgent))
}

/** Bytes that an earlier run of a MSG_WAITALL call took are in the task's `progress`. */
export function receiveStream(end: StreamEnd, task: Task, message: Incoming): number {
  if (message.flags & MSG_OOB) return receiveUrgent(end, message)
  const { size } = message.data
  const isPeek = (message.flags & MSG_PEEK) !== 0
  const isDiscarded = (message.flags & MSG_TRUNC) !== 0 && end.discardsTruncated
  const least = message.flags & MSG_WAITALL ? size : Math.min(end.receiveLowWater, size) || 1
  let done = isPeek ? 0 : task.progress
  let at = 0
  for (;;) {
    at = passMark(end, at, done > 0, isPeek)
    if (at < 0) return done
    const packet = end.queue[at]
    if (!packet) {
      if (done >= least) return done
      if (end.error) return done || -end.takeError()
      if (end.down & DOWN_RECEIVE) return done
      if (!end.mayWait(message.flags)) return done || -EAGAIN
      task.progress = done
      const blocked = end.waitOn(task, end.changed, end.receiveTimeoutNs)
      return blocked === BLOCKED ? BLOCKED : done || blocked
    }
    if (done > 0 && !end.continues(message, packet)) return done
    if (message.data.isRefused && !isDiscarded) return done || -EFAULT
    const count = Math.min(size - done, packet.left)
    if (!isDiscarded) message.data.scatter(done, packet.bytes, packet.taken, count)
    done += count
    const hadRights = packet.rights !== null
    end.giveAlong(packet, message)
    if (isPeek) at++
    else {
      packet.taken += count
      if (packet.left > 0) return done
      end.dequeue()
    }
    if (hadRights || done >= size) return done
  }
}

/** System V message queues: what lies in them and who waits. sysvipc(7), Linux ipc/msg.c. Path: sys/msg.ts. */

import { ENOMEM } from '../abi/errno.ts'
import { MSG_EXCEPT, MSGMNB, MSGMNI } from '../abi/ipc.ts'
import type { Task } from '../kernel/task.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import { IpcObject, IpcTable, secondsNow } from './ids.ts'
import type { IpcTotals } from './totals.ts'

/** Bytes that all queues of a machine hold together. */
const TOTAL_BYTES_MAX = 64 << 20
/** Of a message besides its text. */
const MESSAGE_COST = 48

export interface Message {
  readonly type: number
  readonly text: Uint8Array
}

export class MessageQueue extends IpcObject {
  readonly messages: Message[] = []
  usedBytes = 0
  bytesMax = MSGMNB
  sendSec = 0
  receiveSec = 0
  lastSender = 0
  lastReceiver = 0
  readonly senders = new WaitQueue()
  readonly receivers = new WaitQueue()

  hasRoom(sizeBytes: number): boolean {
    return this.usedBytes + sizeBytes <= this.bytesMax && this.messages.length + 1 <= this.bytesMax
  }

  /** The place of the first message that is meant: 0 any, below 0 the lowest up to it, else the type or all but it. */
  find(type: number, flags: number): number {
    if (type === 0) return this.messages.length > 0 ? 0 : -1
    if (type > 0)
      return this.messages.findIndex((message) => (message.type === type) !== ((flags & MSG_EXCEPT) !== 0))
    let best = -1
    for (const [i, { type: found }] of this.messages.entries())
      if (found <= -type && (best < 0 || found < this.messages[best]!.type)) best = i
    return best
  }
}

export class MessageQueues extends IpcTable<MessageQueue> {
  constructor(totals: IpcTotals) {
    super(MSGMNI, totals)
  }

  /** 0, or ENOMEM where the queues of the machine are full. */
  put(task: Task, queue: MessageQueue, message: Message): number {
    const cost = message.text.length + MESSAGE_COST
    if (this.totals.messageBytes + cost > TOTAL_BYTES_MAX) return -ENOMEM
    this.totals.messageBytes += cost
    queue.messages.push(message)
    queue.usedBytes += message.text.length
    queue.lastSender = task.group.pid
    queue.sendSec = secondsNow(task.world.clock)
    queue.receivers.wakeAll()
    return 0
  }

  take(task: Task, queue: MessageQueue, place: number): Message {
    const message = queue.messages.splice(place, 1)[0]!
    this.totals.messageBytes -= message.text.length + MESSAGE_COST
    queue.usedBytes -= message.text.length
    queue.lastReceiver = task.group.pid
    queue.receiveSec = secondsNow(task.world.clock)
    queue.senders.wakeAll()
    return message
  }

  get messageCount(): number {
    let count = 0
    for (const queue of this) count += queue.messages.length
    return count
  }

  override remove(queue: MessageQueue): void {
    super.remove(queue)
    this.totals.messageBytes -= queue.usedBytes + queue.messages.length * MESSAGE_COST
    queue.senders.wakeAll()
    queue.receivers.wakeAll()
  }
}

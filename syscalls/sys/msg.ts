/** System V message queues: msgget(2), msgsnd(2), msgrcv(2), msgctl(2). The queues: ipc/msg.ts. */

import { CAP_SYS_RESOURCE } from '../abi/capability.ts'
import { BLOCKED, E2BIG, EAGAIN, EFAULT, EIDRM, EINVAL, ENOMSG, EPERM, ERESTARTNOHAND } from '../abi/errno.ts'
import * as I from '../abi/ipc.ts'
import {
  ipcPermission,
  mayControl,
  putStatus,
  putWords,
  READ,
  readOwner,
  setOwner,
  WRITE,
} from '../ipc/ids.ts'
import { type Message, MessageQueue } from '../ipc/msg.ts'
import type { Task } from '../kernel/task.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'
import { addr, flags, hex, int, long, size, syscall, value } from './row.ts'

const DS_SIZE = 120
/** The type before the text. */
const TYPE_SIZE = 8

function sysMsgget(task: Task, key: number, flagBits: number): number {
  const make = (): MessageQueue => new MessageQueue(task, key, flagBits)
  return task.world.ipc.queues.get(task, key, flagBits, make, () => true)
}

/** The queue of a call, which may have gone while the call waited. */
function queueOf(task: Task, id: number, wanted: number): MessageQueue | number {
  const waited = task.progressState
  if (waited instanceof MessageQueue && waited.isRemoved) return -EIDRM
  const queue = task.world.ipc.queues.find(id)
  if (typeof queue === 'number') return queue
  return ipcPermission(task, queue, wanted) || queue
}

function waitFor(task: Task, queue: MessageQueue, waiters: WaitQueue): number {
  task.progressState = queue
  return task.blockOn(waiters) === BLOCKED ? BLOCKED : -ERESTARTNOHAND
}

function sysMsgsnd(task: Task, id: number, at: number, sizeBytes: number, flagBits: number): number {
  const { mm } = task
  if (!mm.canRead(at, TYPE_SIZE)) return -EFAULT
  const type = mm.i64(at)
  if (sizeBytes > I.MSGMAX || id < 0 || type < 1) return -EINVAL
  const text = mm.copyIn(at + TYPE_SIZE, sizeBytes)
  if (!text) return -EFAULT
  const queue = queueOf(task, id, WRITE)
  if (typeof queue === 'number') return queue
  if (queue.hasRoom(sizeBytes)) return task.world.ipc.queues.put(task, queue, { type, text })
  return flagBits & I.IPC_NOWAIT ? -EAGAIN : waitFor(task, queue, queue.senders)
}

function sysMsgrcv(
  task: Task,
  id: number,
  at: number,
  sizeBytes: number,
  type: number,
  flagBits: number,
): number {
  if (id < 0 || sizeBytes >= 2 ** 63) return -EINVAL
  const isCopy = (flagBits & I.MSG_COPY) !== 0
  if (isCopy && (flagBits & I.MSG_EXCEPT || !(flagBits & I.IPC_NOWAIT))) return -EINVAL
  const queue = queueOf(task, id, READ)
  if (typeof queue === 'number') return queue
  const place = isCopy ? (type < queue.messages.length ? type : -1) : queue.find(type, flagBits)
  const message = queue.messages[place]
  if (!message) return flagBits & I.IPC_NOWAIT ? -ENOMSG : waitFor(task, queue, queue.receivers)
  if (sizeBytes < message.text.length && !(flagBits & I.MSG_NOERROR)) return -E2BIG
  if (!isCopy) task.world.ipc.queues.take(task, queue, place)
  return deliver(task, at, message, sizeBytes)
}

/** What cannot be delivered is lost, as on Linux. */
function deliver(task: Task, at: number, message: Message, sizeMax: number): number {
  const { mm } = task
  const text = message.text.subarray(0, sizeMax)
  if (!mm.setU64(at, message.type) || !mm.copyOut(at + TYPE_SIZE, text)) return -EFAULT
  return text.length
}

function putQueue(task: Task, at: number, queue: MessageQueue): number {
  return putStatus(task, at, queue, DS_SIZE, (view) => {
    const { sendSec, receiveSec, changeSec, usedBytes, messages, bytesMax } = queue
    const numbers = [sendSec, receiveSec, changeSec, usedBytes, messages.length, bytesMax]
    for (const [i, number] of numbers.entries()) view.setBigUint64(48 + i * 8, BigInt(number), true)
    view.setInt32(96, task.pids.shown(queue.lastSender), true)
    view.setInt32(100, task.pids.shown(queue.lastReceiver), true)
  })
}

function information(task: Task, command: number, at: number): number {
  const { queues } = task.world.ipc
  let usedBytes = 0
  for (const queue of queues) usedBytes += queue.usedBytes
  // msginfo: pool, map, max, mnb, mni, ssz, tql, seg.
  const limits = [I.MSGMNI * (I.MSGMNB / 1024), I.MSGMNB, I.MSGMAX, I.MSGMNB, I.MSGMNI, 16, I.MSGMNB, 0xffff]
  const used = [queues.count, queues.messageCount, I.MSGMAX, I.MSGMNB, I.MSGMNI, 16, usedBytes, 0xffff]
  return putWords(task, at, command === I.IPC_INFO ? limits : used) ? queues.highestIndex : -EFAULT
}

function sysMsgctl(task: Task, id: number, command: number, at: number): number {
  if (command < 0 || id < 0) return -EINVAL
  if (command === I.IPC_INFO || command === I.MSG_INFO) return information(task, command, at)
  const { queues } = task.world.ipc
  const isByIndex = command === I.MSG_STAT || command === I.MSG_STAT_ANY
  const owner = command === I.IPC_SET ? readOwner(task, at, DS_SIZE) : null
  if (typeof owner === 'number') return owner
  if (!I.msgCommands.entries.some(([, known]) => known === command)) return -EINVAL
  const queue = isByIndex ? queues.atIndex(id) : queues.find(id)
  if (typeof queue === 'number') return queue
  if (isByIndex || command === I.IPC_STAT) {
    const refused = command === I.MSG_STAT_ANY ? 0 : ipcPermission(task, queue, READ)
    return refused || putQueue(task, at, queue) || (isByIndex ? queue.id : 0)
  }
  const refused = mayControl(task, queue)
  if (refused) return refused
  if (owner) {
    const bytesMax = task.mm.u64(at + 88)
    if (bytesMax > I.MSGMNB && !task.credentials.capable(CAP_SYS_RESOURCE)) return -EPERM
    queue.bytesMax = bytesMax
    queue.senders.wakeAll()
    queue.receivers.wakeAll()
    return setOwner(task, queue, owner)
  }
  queues.remove(queue)
  return 0
}

export const msgRows = [
  syscall('msgget', [int, hex], sysMsgget),
  syscall('msgsnd', [int, addr, size, flags(I.msgFlags)], sysMsgsnd),
  syscall('msgrcv', [int, addr, size, long, flags(I.msgFlags)], sysMsgrcv),
  syscall('msgctl', [int, value(I.msgCommands), addr], sysMsgctl),
]

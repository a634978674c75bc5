/** System V message queues: msgget(2), msgsnd(2), msgrcv(2), msgctl(2). The queues: ipc/msg.ts. */

import { CAP_SYS_RESOURCE } from '../abi/capability.ts'
import { BLOCKED, E2BIG, EAGAIN, EFAULT, EIDRM, EINVAL, ENOMSG, EPERM, ERESTARTNOHAND } from '../abi/errno.ts'
import * as I from '../abi/ipc.ts'
import { struct } from '../abi/struct.ts'
import {
  IPC_PERM,
  IPC_PERM_POWERPC,
  ipcPermission,
  mayControl,
  ownerOf,
  permOf,
  putWords,
  READ,
  setOwner,
  WRITE,
} from '../ipc/ids.ts'
import { type Message, MessageQueue } from '../ipc/msg.ts'
import type { Task } from '../kernel/task.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'
import { addr, flags, hexInt, int, long, size, syscall, value } from './row.ts'

const MSQID_TIMES_AND_SIZES = {
  sendSec: 'word',
  sendSecHigh: 'upper',
  receiveSec: 'word',
  receiveSecHigh: 'upper',
  changeSec: 'word',
  changeSecHigh: 'upper',
  usedBytes: 'word',
  count: 'word',
  bytesMax: 'word',
  lastSender: 's32',
  lastReceiver: 's32',
  unused4: 'word',
  unused5: 'word',
} as const

/** struct msqid64_ds. */
export const MSQID_DS = struct(
  { ...IPC_PERM, ...MSQID_TIMES_AND_SIZES },
  { powerpc: { ...IPC_PERM_POWERPC, ...MSQID_TIMES_AND_SIZES } },
)
/** struct msgbuf: the type before the text. */
const MSGBUF = struct({ type: 'long' })

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
  const head = task.getStruct(MSGBUF, at)
  if (!head) return -EFAULT
  const { type } = head
  if (sizeBytes > I.MSGMAX || id < 0 || type < 1) return -EINVAL
  const text = mm.copyIn(at + task.call.model.wordSize, sizeBytes)
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
  if (id < 0 || sizeBytes >= 2 ** (task.call.model.wordSize * 8 - 1)) return -EINVAL
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
  const text = message.text.subarray(0, sizeMax)
  const textAt = at + task.call.model.wordSize
  if (!task.putStruct(MSGBUF, at, { type: message.type }) || !task.mm.copyOut(textAt, text)) return -EFAULT
  return text.length
}

function putQueue(task: Task, at: number, queue: MessageQueue): number {
  const status = {
    ...permOf(task, queue),
    sendSec: queue.sendSec,
    receiveSec: queue.receiveSec,
    changeSec: queue.changeSec,
    usedBytes: queue.usedBytes,
    count: queue.messages.length,
    bytesMax: queue.bytesMax,
    lastSender: task.pids.shown(queue.lastSender),
    lastReceiver: task.pids.shown(queue.lastReceiver),
  }
  return task.putStruct(MSQID_DS, at, status) ? 0 : -EFAULT
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
  const given = command === I.IPC_SET ? task.getStruct(MSQID_DS, at) : null
  if (command === I.IPC_SET && !given) return -EFAULT
  if (!I.msgCommands.entries.some(([, known]) => known === command)) return -EINVAL
  const queue = isByIndex ? queues.atIndex(id) : queues.find(id)
  if (typeof queue === 'number') return queue
  if (isByIndex || command === I.IPC_STAT) {
    const refused = command === I.MSG_STAT_ANY ? 0 : ipcPermission(task, queue, READ)
    return refused || putQueue(task, at, queue) || (isByIndex ? queue.id : 0)
  }
  const refused = mayControl(task, queue)
  if (refused) return refused
  if (given) {
    const { bytesMax } = given
    if (bytesMax > I.MSGMNB && !task.credentials.capable(CAP_SYS_RESOURCE)) return -EPERM
    queue.bytesMax = bytesMax
    queue.senders.wakeAll()
    queue.receivers.wakeAll()
    return setOwner(task, queue, ownerOf(task, given))
  }
  queues.remove(queue)
  return 0
}

export const msgRows = [
  syscall('msgget', [int, hexInt], sysMsgget),
  syscall('msgsnd', [int, addr, size, flags(I.msgFlags)], sysMsgsnd),
  syscall('msgrcv', [int, addr, size, long, flags(I.msgFlags)], sysMsgrcv),
  syscall('msgctl', [int, value(I.msgCommands), addr], sysMsgctl),
]

/**
 * POSIX message queues: mq_open(2), mq_unlink(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2), mq_getsetattr(2).
 * The queues: ipc/mqueue.ts.
 */

import { CAP_SYS_RESOURCE } from '../abi/capability.ts'
import {
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EEXIST,
  EFAULT,
  EINVAL,
  EMFILE,
  EMSGSIZE,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  EPERM,
  ETIMEDOUT,
} from '../abi/errno.ts'
import * as F from '../abi/fcntl.ts'
import * as P from '../abi/process.ts'
import { readSigEvent, SIGEVENT_SIZE } from '../abi/siginfo.ts'
import { SIGNAL_MAX } from '../abi/signal.ts'
import { struct } from '../abi/struct.ts'
import { isQueueName, PosixQueue, type PosixQueues, QueueFile } from '../ipc/mqueue.ts'
import type { Task } from '../kernel/task.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'
import { MAY_READ, MAY_WRITE, ownsFile, permission } from '../vfs/permission.ts'
import { addr, fd, inStruct, mode, openFlagsOf, size, string, syscall, uint } from './row.ts'
import { readTimespec, setRealDeadline } from './time.ts'

/** /proc/sys/fs/mqueue. */
export const MQ_MSG_MAX = 10
export const MQ_MSGSIZE_MAX = 8192
export const MQ_QUEUES_MAX = 256
/** With privilege. */
const HARD_MSG_MAX = 65536
const HARD_MSGSIZE_MAX = 16 << 20
/** Bytes that all queues of a machine may hold, whatever RLIMIT_MSGQUEUE says. */
const TOTAL_BYTES_MAX = 64 << 20
const PRIORITY_MAX = 32768
const MQ_ATTR = struct({
  flags: 'long',
  maxMessages: 'long',
  messageSize: 'long',
  messages: 'long',
  reserved0: 'long',
  reserved1: 'long',
  reserved2: 'long',
  reserved3: 'long',
})

function readName(task: Task, at: number): string | number {
  const name = task.readPath(at)
  if (typeof name === 'number') return name
  if (name === '') return -ENOENT
  if (name.length > F.NAME_MAX) return -ENAMETOOLONG
  return isQueueName(name) ? name : -EACCES
}

interface Sizes {
  count: number
  bytes: number
}

/** The sizes that were asked for, or EINVAL where they are beyond the limits. */
function checkSizes(task: Task, attrAddr: number): Sizes | number {
  if (attrAddr === 0) return { count: MQ_MSG_MAX, bytes: MQ_MSGSIZE_MAX }
  const { maxMessages: count, messageSize: bytes } = task.getStruct(MQ_ATTR, attrAddr)!
  const isPrivileged = task.credentials.capable(CAP_SYS_RESOURCE)
  if (count <= 0 || count > (isPrivileged ? HARD_MSG_MAX : MQ_MSG_MAX)) return -EINVAL
  if (bytes <= 0 || bytes > (isPrivileged ? HARD_MSGSIZE_MAX : MQ_MSGSIZE_MAX)) return -EINVAL
  return { count, bytes }
}

function create(task: Task, queues: PosixQueues, name: string, bits: number, attrAddr: number) {
  const who = task.credentials.bottom
  if (queues.byName.size >= MQ_QUEUES_MAX && !who.capable(CAP_SYS_RESOURCE)) return -ENOSPC
  const sizes = checkSizes(task, attrAddr)
  if (typeof sizes === 'number') return sizes
  const queue = new PosixQueue(queues, bits & 0o7777 & ~task.fs.umask, sizes.count, sizes.bytes)
  const limit = task.group.limits[P.RLIMIT_MSGQUEUE]!.soft
  if (queues.costOf(who.fsuid) + queue.costBytes > limit) return -EMFILE
  if (queues.costBytes + queue.costBytes > TOTAL_BYTES_MAX) return -EMFILE
  queue.uid = who.fsuid
  queue.gid = who.fsgid
  for (const time of [queue.atime, queue.mtime, queue.ctime]) time.setNow(task.world.clock)
  queues.add(name, queue)
  return queue
}

const ACCESS = [MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE]
const CREATION_FLAGS = F.O_CREAT | F.O_EXCL | F.O_NOCTTY | F.O_TRUNC

function sysMqOpen(task: Task, nameAddr: number, flagBits: number, bits: number, attrAddr: number): number {
  // For programs of 32 bits Linux only looks where it is to make one.
  const isRead = task.call.model.wordSize === 8 || (flagBits & F.O_CREAT) !== 0
  if (attrAddr && isRead && !task.getStruct(MQ_ATTR, attrAddr)) return -EFAULT
  const name = readName(task, nameAddr)
  if (typeof name === 'number') return name
  if (!task.fds.hasRoom) return -EMFILE
  const { mqueues } = task.world.ipc
  let queue: PosixQueue | number | undefined = mqueues.byName.get(name)
  if (queue) {
    if (flagBits & F.O_CREAT && flagBits & F.O_EXCL) return -EEXIST
    const access = ACCESS[flagBits & F.O_ACCMODE]
    if (access === undefined) return -EINVAL
    if (permission(task.credentials, queue, access)) return -EACCES
  } else {
    if (!(flagBits & F.O_CREAT)) return -ENOENT
    queue = create(task, mqueues, name, bits, attrAddr)
    if (typeof queue === 'number') return queue
  }
  return task.fds.installNew(new QueueFile(queue, name, flagBits & ~(CREATION_FLAGS | F.O_CLOEXEC)), true)
}

function sysMqUnlink(task: Task, nameAddr: number): number {
  const name = readName(task, nameAddr)
  if (typeof name === 'number') return name
  const { mqueues } = task.world.ipc
  const queue = mqueues.byName.get(name)
  if (!queue) return -ENOENT
  // Their directory is everybody's, and sticky.
  if (!ownsFile(task.credentials, queue)) return -EPERM
  mqueues.unlink(name)
  return 0
}

/** Takes the deadline, a time of the real clock, at the first entry; 0 or an errno. */
function readDeadline(task: Task, at: number): number {
  if (at === 0 || task.resumed) return 0
  const ns = readTimespec(task, at)
  if (ns < 0) return ns
  setRealDeadline(task, at)
  return 0
}

function waitFor(task: Task, waiters: WaitQueue): number {
  const isOver = task.isOverdue
  return isOver ? -ETIMEDOUT : task.blockOn(waiters)
}

function sysMqTimedsend(
  task: Task,
  number: number,
  at: number,
  length: number,
  priority: number,
  timeoutAddr: number,
): number {
  const refused = readDeadline(task, timeoutAddr)
  if (refused) return refused
  if (priority >= PRIORITY_MAX) return -EINVAL
  const file = task.fds.get(number)
  if (!(file instanceof QueueFile) || !file.writable) return -EBADF
  const { queue } = file
  if (length > queue.messageSizeMax) return -EMSGSIZE
  const text = task.mm.copyIn(at, length)
  if (!text) return -EFAULT
  if (queue.isFull) return file.nonBlocking ? -EAGAIN : waitFor(task, queue.senders)
  queue.put(task, { priority, text })
  return 0
}

function sysMqTimedreceive(
  task: Task,
  number: number,
  at: number,
  length: number,
  priorityAddr: number,
  timeoutAddr: number,
): number {
  const refused = readDeadline(task, timeoutAddr)
  if (refused) return refused
  const file = task.fds.get(number)
  if (!(file instanceof QueueFile) || !file.readable) return -EBADF
  const { queue } = file
  if (length < queue.messageSizeMax) return -EMSGSIZE
  if (queue.messages.length === 0) return file.nonBlocking ? -EAGAIN : waitFor(task, queue.receivers)
  const { priority, text } = queue.take()
  if (priorityAddr && !task.mm.setU32(priorityAddr, priority)) return -EFAULT
  return task.mm.copyOut(at, text) ? text.length : -EFAULT
}

function sysMqNotify(task: Task, number: number, eventAddr: number): number {
  const { mm, group, call } = task
  let signo = 0
  let value = 0n
  if (eventAddr) {
    if (!mm.canRead(eventAddr, SIGEVENT_SIZE)) return -EFAULT
    const event = readSigEvent(mm.space.view, eventAddr, call.model)
    const { notify } = event
    // A thread is told through a netlink socket, which nobody can have.
    if (notify === P.SIGEV_THREAD) return -EBADF
    if (notify !== P.SIGEV_NONE && notify !== P.SIGEV_SIGNAL) return -EINVAL
    if (notify === P.SIGEV_SIGNAL) signo = event.signo
    if (signo < 0 || signo > SIGNAL_MAX) return -EINVAL
    value = event.value
  }
  const file = task.fds.get(number)
  if (!(file instanceof QueueFile)) return -EBADF
  const { queue } = file
  // Who ended without a word is nobody any more.
  if (queue.notice && queue.notice.group.tasks.length === 0) queue.notice = null
  if (eventAddr === 0) {
    if (queue.notice?.group === group) queue.notice = null
    return 0
  }
  if (queue.notice) return -EBUSY
  queue.notice = { group, signo, value }
  return 0
}

function sysMqGetsetattr(task: Task, number: number, newAddr: number, oldAddr: number): number {
  const given = newAddr ? task.getStruct(MQ_ATTR, newAddr) : null
  if (newAddr && !given) return -EFAULT
  const fresh = given?.flags ?? 0
  if (fresh !== 0 && fresh !== F.O_NONBLOCK) return -EINVAL
  const file = task.fds.get(number)
  if (!(file instanceof QueueFile)) return -EBADF
  const { queue, flags } = file
  const { messageCountMax, messageSizeMax, messages } = queue
  const shown = {
    flags: flags & F.O_NONBLOCK,
    maxMessages: messageCountMax,
    messageSize: messageSizeMax,
    messages: messages.length,
  }
  if (newAddr) file.flags = (flags & ~F.O_NONBLOCK) | fresh
  return oldAddr && !task.putStruct(MQ_ATTR, oldAddr, shown) ? -EFAULT : 0
}

const timeout = inStruct('timespec')

export const mqueueRows = [
  syscall('mq_open', [string, openFlagsOf(F.openFlags), mode, addr], sysMqOpen, 'no mqueue file system'),
  syscall('mq_unlink', [string], sysMqUnlink),
  syscall('mq_timedsend', [fd, addr, size, uint, timeout], sysMqTimedsend),
  syscall('mq_timedreceive', [fd, addr, size, addr, timeout], sysMqTimedreceive),
  syscall('mq_notify', [fd, addr], sysMqNotify, 'no SIGEV_THREAD: it needs a netlink socket'),
  syscall('mq_getsetattr', [fd, addr, addr], sysMqGetsetattr),
]

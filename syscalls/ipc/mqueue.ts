/**
 * POSIX message queues: mq_overview(7), Linux ipc/mqueue.c. A queue is a file of a file system that nothing is mounted
 * of; its messages lie in the order of their priorities.
 * Path: sys/mqueue.ts opens, sends and receives; poll and close come here through the description.
 */

import { bytesOf, copyBytes } from '../abi/bytes.ts'
import { EINVAL } from '../abi/errno.ts'
import { SEEK_CUR, SEEK_SET } from '../abi/fcntl.ts'
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts'
import { sigInfo } from '../abi/signal.ts'
import { S_IFDIR, S_IFREG } from '../abi/stat.ts'
import type { Task } from '../kernel/task.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'
import { FileDescription } from '../vfs/file-description.ts'
import { FileSystem, Inode, type StatFs } from '../vfs/inode.ts'
import type { IpcTotals } from './totals.ts'

export const SI_MESGQ = -3
const MQUEUE_MAGIC = 0x19800202
/** What st_size says of every queue. */
const SHOWN_SIZE = 80
/** Of a message besides its text: what RLIMIT_MSGQUEUE counts. */
const MESSAGE_COST = 48 + 40

export interface PosixMessage {
  readonly priority: number
  readonly text: Uint8Array
}

/** mq_notify(3): who is told of the next message, once. `signo` 0 tells nobody, but keeps others away. */
export interface Notice {
  readonly group: ThreadGroup
  readonly signo: number
  readonly value: bigint
}

export class PosixQueue extends Inode {
  readonly fs: PosixQueues
  readonly messageCountMax: number
  readonly messageSizeMax: number
  readonly messages: PosixMessage[] = []
  notice: Notice | null = null
  readonly senders = new WaitQueue()
  readonly receivers = new WaitQueue()
  readonly changed = new WaitQueue()

  constructor(fs: PosixQueues, mode: number, messageCountMax: number, messageSizeMax: number) {
    super(S_IFREG | mode)
    this.fs = fs
    this.size = SHOWN_SIZE
    this.messageCountMax = messageCountMax
    this.messageSizeMax = messageSizeMax
  }

  /** What it may hold, as RLIMIT_MSGQUEUE counts it. */
  get costBytes(): number {
    return this.messageCountMax * (this.messageSizeMax + MESSAGE_COST)
  }

  get isFull(): boolean {
    return this.messages.length >= this.messageCountMax
  }

  put(task: Task, message: PosixMessage): void {
    const behind = this.messages.findIndex(({ priority }) => priority < message.priority)
    this.messages.splice(behind < 0 ? this.messages.length : behind, 0, message)
    // Whoever waits for a message gets it, and then there is nothing to tell.
    if (this.messages.length === 1 && this.receivers.length === 0) this.notify(task)
    this.receivers.wake(1)
    this.changed.wakeAll(POLLIN | POLLRDNORM)
  }

  take(): PosixMessage {
    const message = this.messages.shift()!
    this.senders.wake(1)
    this.changed.wakeAll(POLLOUT | POLLWRNORM)
    return message
  }

  private notify(task: Task): void {
    const { notice } = this
    this.notice = null
    if (!notice?.signo) return
    const { group, signo, value } = notice
    const info = sigInfo(signo, SI_MESGQ, {
      pid: group.pids.shown(task.group.pid),
      uid: task.credentials.uid,
      value,
    })
    task.kernel.sendToGroup(group, info)
  }

  override released(): void {
    super.released()
    this.fs.freeIfUnused(this)
  }
}

export class PosixQueues extends FileSystem {
  readonly type = 'mqueue'
  readonly root: Inode = new QueueDirectory(this)
  readonly byName = new Map<string, PosixQueue>()
  private nextIno = 2
  private readonly totals: IpcTotals

  constructor(totals: IpcTotals) {
    super()
    this.totals = totals
  }

  /** What the queues of all namespaces may hold, those without a name included. */
  get costBytes(): number {
    return this.totals.queueBytes
  }

  statfs(): StatFs {
    return { type: MQUEUE_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }

  add(name: string, queue: PosixQueue): void {
    queue.ino = this.nextIno++
    this.byName.set(name, queue)
    this.totals.queueBytes += queue.costBytes
  }

  /** What the queues of one user may hold. */
  costOf(uid: number): number {
    let total = 0
    for (const queue of this.byName.values()) if (queue.uid === uid) total += queue.costBytes
    return total
  }

  unlink(name: string): void {
    const queue = this.byName.get(name)!
    this.byName.delete(name)
    queue.nlink = 0
    this.freeIfUnused(queue)
  }

  freeIfUnused(queue: PosixQueue): void {
    if (queue.nlink > 0 || queue.openCount > 0) return
    this.totals.queueBytes -= queue.costBytes
    queue.messages.length = 0
  }
}

class QueueDirectory extends Inode {
  readonly fs: FileSystem

  constructor(fs: FileSystem) {
    super(S_IFDIR | 0o1777)
    this.fs = fs
    this.ino = 1
  }
}

/** An open queue. */
export class QueueFile extends FileDescription {
  readonly queue: PosixQueue
  private readonly name: string

  constructor(queue: PosixQueue, name: string, flags: number) {
    super(flags, null)
    this.queue = queue
    this.name = name
    queue.opened()
  }

  override get inode(): Inode {
    return this.queue
  }

  override get label(): string {
    return `/${this.name}`
  }

  override seek(_caller: Caller, offset: number, whence: number): number {
    const target = whence === SEEK_SET ? offset : whence === SEEK_CUR ? this.pos + offset : -1
    if (target < 0) return -EINVAL
    this.pos = target
    return target
  }

  /** What lies in it, for people. */
  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const done = this.readAt(caller, this.pos, bytes, at, count)
    this.pos += done
    return done
  }

  override readAt(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    const { messages, notice } = this.queue
    const total = messages.reduce((sum, { text }) => sum + text.length, 0)
    const field = (value: number, width: number): string => String(value).padEnd(width)
    const text = bytesOf(
      `QSIZE:${field(total, 10)} NOTIFY:${field(0, 5)} SIGNO:${field(notice?.signo ?? 0, 5)} NOTIFY_PID:${field(notice ? caller.pids.shown(notice.group.pid) : 0, 6)}\n`,
    )
    const part = Math.max(0, Math.min(count, text.length - pos))
    copyBytes(bytes, at, text, pos, part)
    return part
  }

  override poll(): number {
    const { messages, isFull } = this.queue
    return (messages.length > 0 ? POLLIN | POLLRDNORM : 0) | (isFull ? 0 : POLLOUT | POLLWRNORM)
  }

  override pollQueue(): WaitQueue {
    return this.queue.changed
  }

  override release(): void {
    this.queue.released()
  }
}

/** A queue's name is one file name. */
export const isQueueName = (name: string): boolean => !name.includes('/') && name !== '.' && name !== '..'

/**
 * Socket: a description that sends and receives messages, with Linux's answer for what a kind cannot do; and the
 * registry of families, which says who makes them. socket(2), socket(7).
 * Path: sys/socket.ts → SocketFamilies → a family's sockets (net/unix). Other families register the same way.
 */

import { BLOCKED, EAFNOSUPPORT, EAGAIN, EINTR, EINVAL, EOPNOTSUPP } from '../abi/errno.ts'
import { O_NONBLOCK, O_RDWR } from '../abi/fcntl.ts'
import { AF_MAX, MSG_DONTWAIT, SHUT_RDWR, SOCK_TYPE_MAX } from '../abi/socket.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Task } from '../kernel/task.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'
import { FileDescription } from '../vfs/file-description.ts'
import type { Inode } from '../vfs/inode.ts'
import { interfaceIoctl } from './interfaces.ts'
import { type Incoming, IoVector, incoming, type Outgoing, outgoing } from './message.ts'
import type { OptionValue } from './option-rule.ts'
import { SocketInode } from './sockfs.ts'

/** net.core.wmem_default, and the most that SO_SNDBUF gives (twice wmem_max). */
export const BUFFER_SIZE = 212992

export abstract class Socket extends FileDescription {
  readonly family: number
  readonly type: number
  readonly protocol: number
  private readonly file: Inode
  /** What SO_SNDBUF and SO_RCVBUF say, SO_RCVTIMEO and the rest: plain values that most families only keep. */
  sendBufferSize = BUFFER_SIZE
  receiveBufferSize = BUFFER_SIZE
  receiveTimeoutNs = 0
  sendTimeoutNs = 0
  receiveLowWater = 1
  lingers = false
  lingerSec = 0
  priority = 0
  /** SO_REUSEADDR, SO_KEEPALIVE and other switches that are set, by option. */
  readonly switches = new Set<number>()
  /** Options that are one number and were set: option-rule.ts. */
  values: Map<number, number> | null = null

  constructor(kernel: Kernel, task: Task, family: number, type: number, protocol: number) {
    super(O_RDWR, null)
    this.family = family
    this.type = type
    this.protocol = protocol
    this.file = new SocketInode(kernel, task)
  }

  override get inode(): Inode {
    return this.file
  }

  override get label(): string {
    return `socket:[${this.file.ino}]`
  }

  /** The process at the other end, where the family knows it. */
  get peerProcess(): ThreadGroup | null {
    return null
  }

  abstract send(task: Task, message: Outgoing): number
  /** Bytes received; with them come the fields of the message. */
  abstract receive(task: Task, message: Incoming): number

  bind(_task: Task, _address: Uint8Array): number {
    return -EOPNOTSUPP
  }

  connect(_task: Task, _address: Uint8Array): number {
    return -EOPNOTSUPP
  }

  listen(_task: Task, _backlog: number): number {
    return -EOPNOTSUPP
  }

  accept(_task: Task): Socket | number {
    return -EOPNOTSUPP
  }

  shutdown(_how: number): number {
    return -EOPNOTSUPP
  }

  /** This end's address or the other's. */
  nameOf(_isPeer: boolean): Uint8Array | number {
    return -EOPNOTSUPP
  }

  /** The other end's address as accept(2) tells it. */
  get acceptedName(): Uint8Array | number {
    return this.nameOf(true)
  }

  get isListening(): boolean {
    return false
  }

  /** SO_ERROR: told once. */
  takeError(): number {
    return 0
  }

  /** Options that are the family's own, SOL_SOCKET's too; null: unknown to it. */
  getOption(_level: number, _name: number, _task: Task): OptionValue | number | null {
    return null
  }

  setOption(_task: Task, _level: number, _name: number, _value: Uint8Array): number | null {
    return null
  }

  mayWait(flags: number): boolean {
    return (flags & MSG_DONTWAIT) === 0 && (this.flags & O_NONBLOCK) === 0
  }

  /** Waits, at most as long as the timeout from the call's first wait on. */
  waitOn(task: Task, queue: WaitQueue, timeoutNs: number): number {
    if (task.timedOut) return -EAGAIN
    if (timeoutNs > 0 && !task.deadline.isSet) task.deadline.setIn(task.world.clock, timeoutNs)
    const blocked = task.blockOn(queue)
    return blocked !== BLOCKED && timeoutNs > 0 ? -EINTR : blocked
  }

  /** What is asked of the network itself, whatever the family. */
  override ioctl(caller: Caller, request: number, argument: number): number {
    return interfaceIoctl(caller, this.family, request, argument)
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    if (count === 0) return 0
    const message = incoming(new IoVector(bytes, [[at, count]]), 0, caller.memory.model)
    const done = this.receive(caller as Caller & Task, message)
    // read(2) has no place for descriptors.
    if (message.rights) this.dropRights(message.rights)
    return done
  }

  override write(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    return this.send(caller as Caller & Task, outgoing(new IoVector(bytes, [[at, count]]), 0))
  }

  /** Lets go of descriptors that came with a message. */
  dropRights(_rights: readonly FileDescription[]): void {}
}

export const isShutdownHow = (how: number): boolean => how >= 0 && how <= SHUT_RDWR

/** Who makes the sockets of one address family. */
export interface SocketFamily {
  readonly family: number
  /** `type` has no flags in it. */
  create(task: Task, type: number, protocol: number): Socket | number
  createPair(task: Task, type: number, protocol: number): readonly [Socket, Socket] | number
  /** Its files in /proc/net, by name. */
  readonly files: Readonly<Record<string, () => string>>
}

/** The families of a kernel by number. */
export class SocketFamilies {
  private readonly families = new Map<number, SocketFamily>()

  register(family: SocketFamily): void {
    this.families.set(family.family, family)
  }

  all(): Iterable<SocketFamily> {
    return this.families.values()
  }

  find(family: number, type: number): SocketFamily | number {
    if (family < 0 || family >= AF_MAX) return -EAFNOSUPPORT
    if (type < 0 || type >= SOCK_TYPE_MAX) return -EINVAL
    return this.families.get(family) ?? -EAFNOSUPPORT
  }
}

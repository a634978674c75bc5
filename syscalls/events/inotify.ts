/**
 * InotifyFile: watches and the queue of what they were told, inotify(7). Path: sys/inotify.ts adds and removes watches;
 * vfs/notify.ts tells; read(2) takes struct inotify_event from the queue, which is bounded and says when it overflowed.
 */

import { type ByteOrder, put32 } from '../abi/bytes.ts'
import { EAGAIN, EEXIST, EFAULT, EINVAL, ENOSPC, ENOTTY } from '../abi/errno.ts'
import { O_RDONLY } from '../abi/fcntl.ts'
import * as I from '../abi/inotify.ts'
import { FIONREAD, POLLIN, POLLRDNORM } from '../abi/poll.ts'
import { AnonymousFile } from '../fs/anonfs/anonfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'
import type { Inode } from '../vfs/inode.ts'
import type { InodeWatch } from '../vfs/notify.ts'

/** Linux's defaults: max_queued_events; max_user_watches, which is one per instance here. */
const EVENT_COUNT_MAX = 16384
const WATCH_COUNT_MAX = 65536
/** wd, mask, cookie, len: each 32 bits; then the name, padded to the same size. */
const EVENT_SIZE = 16
/** Bits of a watch's mask that are kept, and not only looked at when it is added. */
const KEPT = I.IN_ALL_EVENTS | I.IN_EXCL_UNLINK | I.IN_ONESHOT

/** Linux's max_user_instances, for all users together. */
const INSTANCE_COUNT_MAX = 128
const instanceCounts = new WeakMap<Kernel, number>()
const countOf = (kernel: Kernel): number => instanceCounts.get(kernel) ?? 0

/** Whether one more instance may be made. */
export const mayMakeInotify = (kernel: Kernel): boolean => countOf(kernel) < INSTANCE_COUNT_MAX

interface Event {
  wd: number
  mask: number
  cookie: number
  name: string
}

const sizeOf = (event: Event): number =>
  EVENT_SIZE + (event.name === '' ? 0 : Math.ceil((event.name.length + 1) / EVENT_SIZE) * EVENT_SIZE)

class Watch implements InodeWatch {
  private readonly file: InotifyFile
  readonly wd: number
  readonly inode: Inode
  mask: number

  constructor(file: InotifyFile, wd: number, inode: Inode, mask: number) {
    this.file = file
    this.wd = wd
    this.inode = inode
    this.mask = mask
  }

  told(events: number, name: string, cookie: number, isUnlinked: boolean): void {
    if ((events & (this.mask | I.IN_UNMOUNT) & (I.IN_ALL_EVENTS | I.IN_UNMOUNT)) === 0) return
    if (isUnlinked && this.mask & I.IN_EXCL_UNLINK) return
    this.file.queueEvent({ wd: this.wd, mask: events, cookie, name })
    if (this.mask & I.IN_ONESHOT && !(events & I.IN_UNMOUNT)) this.file.drop(this)
  }

  inodeGone(): void {
    this.file.drop(this)
  }
}

export class InotifyFile extends AnonymousFile {
  private readonly byWd = new Map<number, Watch>()
  private readonly queue: Event[] = []
  private readonly changed = new WaitQueue()
  /** Numbers are not used again. */
  private lastWd = 0
  private readonly kernel: Kernel

  constructor(kernel: Kernel, statusFlags: number) {
    super(kernel, 'inotify', O_RDONLY | statusFlags)
    this.kernel = kernel
    instanceCounts.set(kernel, countOf(kernel) + 1)
  }

  /** A watch on an inode, new or changed; its number, or an errno. */
  add(inode: Inode, mask: number): number {
    for (const watch of this.byWd.values()) {
      if (watch.inode !== inode) continue
      if (mask & I.IN_MASK_CREATE) return -EEXIST
      watch.mask = (mask & I.IN_MASK_ADD ? watch.mask : 0) | (mask & KEPT)
      return watch.wd
    }
    if (this.byWd.size >= WATCH_COUNT_MAX) return -ENOSPC
    const watch = new Watch(this, ++this.lastWd, inode, mask & KEPT)
    this.byWd.set(watch.wd, watch)
    inode.watches ??= new Set()
    inode.watches.add(watch)
    inode.fs.watched.add(inode)
    return watch.wd
  }

  remove(wd: number): number {
    const watch = this.byWd.get(wd)
    if (!watch) return -EINVAL
    this.drop(watch)
    return 0
  }

  /** Ends a watch and says so. */
  drop(watch: Watch): void {
    this.forget(watch)
    this.queueEvent({ wd: watch.wd, mask: I.IN_IGNORED, cookie: 0, name: '' })
  }

  private forget(watch: Watch): void {
    this.byWd.delete(watch.wd)
    const { inode } = watch
    inode.watches?.delete(watch)
    if (inode.watches?.size !== 0) return
    inode.watches = null
    inode.fs.watched.delete(inode)
  }

  queueEvent(event: Event): void {
    const last = this.queue[this.queue.length - 1]
    const isSame =
      last !== undefined &&
      last.wd === event.wd &&
      last.mask === event.mask &&
      last.name === event.name &&
      event.mask !== I.IN_IGNORED
    if (isSame) return
    if (this.queue.length >= EVENT_COUNT_MAX) {
      if (last!.mask === I.IN_Q_OVERFLOW) return
      this.queue.push({ wd: -1, mask: I.IN_Q_OVERFLOW, cookie: 0, name: '' })
    } else this.queue.push(event)
    this.changed.wakeAll(POLLIN | POLLRDNORM)
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    if (this.queue.length === 0) return this.nonBlocking ? -EAGAIN : caller.blockOn(this.changed)
    let used = 0
    let taken = 0
    for (const event of this.queue) {
      const size = sizeOf(event)
      if (used + size > count) break
      putEvent(bytes, at + used, event, size, caller.memory.model)
      used += size
      taken++
    }
    this.queue.splice(0, taken)
    return used > 0 ? used : -EINVAL
  }

  override poll(): number {
    return this.queue.length > 0 ? POLLIN | POLLRDNORM : 0
  }

  override pollQueue(): WaitQueue {
    return this.changed
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (request !== FIONREAD) return -ENOTTY
    let size = 0
    for (const event of this.queue) size += sizeOf(event)
    return caller.memory.setU32(argument, size) ? 0 : -EFAULT
  }

  override release(): void {
    instanceCounts.set(this.kernel, countOf(this.kernel) - 1)
    for (const watch of this.byWd.values()) this.forget(watch)
  }
}

function putEvent(bytes: Uint8Array, at: number, event: Event, size: number, order: ByteOrder): void {
  bytes.fill(0, at, at + size)
  put32(bytes, at, event.wd, order)
  put32(bytes, at + 4, event.mask, order)
  put32(bytes, at + 8, event.cookie, order)
  put32(bytes, at + 12, size - EVENT_SIZE, order)
  for (let i = 0; i < event.name.length; i++) bytes[at + EVENT_SIZE + i] = event.name.charCodeAt(i)
}

/**
 * Pipes and FIFOs: pipe(7). A ring of 64 KiB unless F_SETPIPE_SZ says else; writes up to PIPE_BUF are atomic; a partial write remembers in the
 * caller's progress how far it came.
 * Path: sys/pipe.ts makes both ends; vfs/open.ts opens FIFOs.
 */

import { copyBytes } from '../abi/bytes.ts'
import { BLOCKED, EAGAIN, EBUSY, EFAULT, ENOTTY, EPERM, EPIPE } from '../abi/errno.ts'
import { FIONREAD, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from './caller.ts'
import { FileDescription } from './file-description.ts'
import type { Inode } from './inode.ts'
import type { Path } from './path.ts'

export const PIPE_SIZE = 65536
export const PIPE_BUF = 4096

/** What pipes were given beyond their first size: of a machine, so that they do not fill the host. */
export interface PipeRoom {
  extraBytes: number
}
const EXTRA_BYTES_MAX = 64 << 20
/** /proc/sys/fs/pipe-max-size. */
export const PIPE_SIZE_MAX = 1 << 20

export class Pipe {
  private ring: Uint8Array | null = null
  private head = 0
  /** F_SETPIPE_SZ changes it. */
  size = PIPE_SIZE
  private room: PipeRoom | null = null
  used = 0
  readers = 0
  writers = 0
  /** How often each end was opened: a FIFO's opener waits for the other side to come, even if it left again. */
  readerOpens = 0
  writerOpens = 0
  readonly changed = new WaitQueue()

  /** Room for an atomic write: what POLLOUT promises. */
  get isWritable(): boolean {
    return this.size - this.used >= PIPE_BUF
  }

  take(bytes: Uint8Array, at: number, count: number): number {
    const total = this.peek(bytes, at, count)
    this.skip(total)
    return total
  }

  /** Copies without taking. */
  peek(bytes: Uint8Array, at: number, count: number): number {
    const total = Math.min(count, this.used)
    const first = Math.min(total, this.size - this.head)
    const ring = this.ring!
    copyBytes(bytes, at, ring, this.head, first)
    if (first < total) copyBytes(bytes, at + first, ring, 0, total - first)
    return total
  }

  /** Takes `count` bytes away and tells who waits for room. */
  skip(count: number): void {
    const wasWritable = this.isWritable
    this.used -= count
    this.head = this.used === 0 ? 0 : (this.head + count) % this.size
    if (wasWritable || !this.isWritable) this.changed.wakeWaiters()
    else this.changed.wakeAll(POLLOUT | POLLWRNORM)
  }

  put(bytes: Uint8Array, at: number, count: number): number {
    const total = Math.min(count, this.size - this.used)
    this.ring ??= new Uint8Array(this.size)
    const tail = (this.head + this.used) % this.size
    const first = Math.min(total, this.size - tail)
    copyBytes(this.ring, tail, bytes, at, first)
    if (first < total) copyBytes(this.ring, 0, bytes, at + first, total - first)
    this.used += total
    if (total > 0) this.changed.wakeAll(POLLIN | POLLRDNORM)
    return total
  }

  /** Another size, a power of two: 0; EBUSY where more lies in it, EPERM where all pipes together have enough. */
  resize(size: number, room: PipeRoom): number {
    if (size < this.used) return -EBUSY
    const extra = size - this.size
    if (extra > 0 && room.extraBytes + extra > EXTRA_BYTES_MAX) return -EPERM
    const bytes = new Uint8Array(size)
    if (this.used > 0) this.peek(bytes, 0, this.used)
    this.ring = bytes
    this.head = 0
    this.size = size
    this.room = room
    room.extraBytes += extra
    this.changed.wakeAll(POLLOUT | POLLWRNORM)
    return 0
  }

  /** Nobody has it open: what lay in it is gone, and so is the size it was given. */
  abandoned(): void {
    if (!this.room) return
    this.room.extraBytes -= this.size - PIPE_SIZE
    this.room = this.ring = null
    this.size = PIPE_SIZE
    this.used = this.head = 0
  }
}

/** A caller that can remember how far a call came; Task has it. */
interface ProgressCaller extends Caller {
  progress: number
}

/** One end, or both for a FIFO opened O_RDWR. */
export class PipeEnd extends FileDescription {
  readonly pipe: Pipe
  private readonly file: Inode

  constructor(pipe: Pipe, flags: number, inode: Inode, path: Path | null) {
    super(flags, path)
    this.pipe = pipe
    this.file = inode
    if (this.readable) {
      pipe.readers++
      pipe.readerOpens++
    }
    if (this.writable) {
      pipe.writers++
      pipe.writerOpens++
    }
    pipe.changed.wakeAll()
  }

  override get inode(): Inode {
    return this.file
  }

  override get label(): string {
    return `pipe:[${this.file.ino}]`
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const pipe = this.pipe
    if (count === 0) return 0
    if (pipe.used > 0) return pipe.take(bytes, at, count)
    if (pipe.writers === 0) return 0
    if (this.nonBlocking) return -EAGAIN
    return caller.blockOn(pipe.changed)
  }

  override write(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const pipe = this.pipe
    const task = caller as ProgressCaller
    if (count === 0) return 0
    for (;;) {
      const done = task.progress
      if (pipe.readers === 0) {
        if (done > 0) return done
        caller.brokenPipe()
        return -EPIPE
      }
      const rest = count - done
      const room = pipe.size - pipe.used
      if (room >= (count <= PIPE_BUF ? count : 1)) {
        task.progress = done + pipe.put(bytes, at + done, rest)
        if (task.progress === count) return count
        continue
      }
      if (this.nonBlocking) return done > 0 ? done : -EAGAIN
      const blocked = caller.blockOn(pipe.changed)
      return blocked !== BLOCKED && done > 0 ? done : blocked
    }
  }

  override poll(): number {
    const pipe = this.pipe
    let events = 0
    if (this.readable) {
      if (pipe.used > 0) events |= POLLIN | POLLRDNORM
      if (pipe.writers === 0 && pipe.writerOpens > 0) events |= POLLHUP
    }
    if (this.writable) {
      if (pipe.isWritable) events |= POLLOUT | POLLWRNORM
      if (pipe.readers === 0) events |= POLLERR
    }
    return events
  }

  override pollQueue(): WaitQueue {
    return this.pipe.changed
  }

  override ioctl(caller: Caller, request: number, argument: number): number {
    if (request !== FIONREAD) return -ENOTTY
    return caller.memory.setU32(argument, this.pipe.used) ? 0 : -EFAULT
  }

  override release(): void {
    const { pipe } = this
    if (this.readable) pipe.readers--
    if (this.writable) pipe.writers--
    // Who is left alone learns of it; otherwise nothing changed for anybody.
    if ((pipe.readers === 0) !== (pipe.writers === 0)) pipe.changed.wakeAll()
    if (pipe.readers === 0 && pipe.writers === 0) pipe.abandoned()
  }
}

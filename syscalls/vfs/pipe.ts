/**
 * Pipes and FIFOs: pipe(7). A ring of 64 KiB; writes up to PIPE_BUF are atomic; a partial write remembers in the
 * caller's progress how far it came.
 * Path: sys/pipe.ts makes both ends; vfs/open.ts opens FIFOs.
 */

import { copyBytes } from '../abi/bytes.ts'
import { BLOCKED, EAGAIN, EFAULT, ENOTTY, EPIPE } from '../abi/errno.ts'
import { FIONREAD, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts'
import { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from './caller.ts'
import { FileDescription } from './file-description.ts'
import type { Inode } from './inode.ts'
import type { Path } from './path.ts'

export const PIPE_SIZE = 65536
export const PIPE_BUF = 4096

export class Pipe {
  private ring: Uint8Array | null = null
  private head = 0
  used = 0
  readers = 0
  writers = 0
  /** How often each end was opened: a FIFO's opener waits for the other side to come, even if it left again. */
  readerOpens = 0
  writerOpens = 0
  readonly changed = new WaitQueue()

  /** Room for an atomic write: what POLLOUT promises. */
  get isWritable(): boolean {
    return PIPE_SIZE - this.used >= PIPE_BUF
  }

  take(bytes: Uint8Array, at: number, count: number): number {
    const total = this.peek(bytes, at, count)
    this.skip(total)
    return total
  }

  /** Copies without taking. */
  peek(bytes: Uint8Array, at: number, count: number): number {
    const total = Math.min(count, this.used)
    const first = Math.min(total, PIPE_SIZE - this.head)
    const ring = this.ring!
    copyBytes(bytes, at, ring, this.head, first)
    if (first < total) copyBytes(bytes, at + first, ring, 0, total - first)
    return total
  }

  /** Takes `count` bytes away and tells who waits for room. */
  skip(count: number): void {
    const wasWritable = this.isWritable
    this.used -= count
    this.head = this.used === 0 ? 0 : (this.head + count) % PIPE_SIZE
    if (wasWritable || !this.isWritable) this.changed.wakeWaiters()
    else this.changed.wakeAll(POLLOUT | POLLWRNORM)
  }

  put(bytes: Uint8Array, at: number, count: number): number {
    const total = Math.min(count, PIPE_SIZE - this.used)
    this.ring ??= new Uint8Array(PIPE_SIZE)
    const tail = (this.head + this.used) % PIPE_SIZE
    const first = Math.min(total, PIPE_SIZE - tail)
    copyBytes(this.ring, tail, bytes, at, first)
    if (first < total) copyBytes(this.ring, 0, bytes, at + first, total - first)
    this.used += total
    if (total > 0) this.changed.wakeAll(POLLIN | POLLRDNORM)
    return total
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
      const room = PIPE_SIZE - pipe.used
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
  }
}

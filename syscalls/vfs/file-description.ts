/**
 * FileDescription: what open(2) made and descriptors share: position, status flags, and how to read and write.
 * Path: sys/file.ts finds one by descriptor and calls it with the guest's memory as the buffer, so that a read is
 * one copy. Results are counts, negative errno or BLOCKED. The defaults are Linux's for "cannot do that".
 */

import { BLOCKED, EBADF, EFBIG, EINVAL, EISDIR, ENOTDIR, ENOTTY, ENXIO, EPERM, ESPIPE } from '../abi/errno.ts'
import {
  F_OWNER_PID,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_WRITE,
  O_ACCMODE,
  O_APPEND,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from '../abi/fcntl.ts'
import { IN_ACCESS, IN_MODIFY } from '../abi/inotify.ts'
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../abi/poll.ts'
import type { PidNamespace } from '../kernel/pid-namespace.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from './caller.ts'
import type { DirectorySink, Inode } from './inode.ts'
import { notifyPath } from './notify.ts'
import type { Path } from './path.ts'

/** Largest file offset we keep exactly: 2^53. */
export const FILE_SIZE_MAX = Number.MAX_SAFE_INTEGER

/** One interest in a description, to be dropped with it. */
export interface FileWatch {
  fileReleased(): void
}

/** Whom F_SETOWN named, F_OWNER_*, and who named him. */
export interface FileOwner {
  readonly type: number
  readonly id: number
  readonly uid: number
  readonly euid: number
}
const NOBODY: FileOwner = { type: F_OWNER_PID, id: 0, uid: 0, euid: 0 }

export abstract class FileDescription {
  /** O_* without the creation flags. */
  flags: number
  pos = 0
  /** Descriptors that share this. */
  references = 0
  /** The name it was opened by; null for pipes and the like. */
  readonly path: Path | null
  /** Those of the references that are messages under way (SCM_RIGHTS). */
  inFlight = 0
  /** F_SETOWN and F_SETSIG: who is to be told of events, and how. Only urgent bytes of sockets are told of. */
  owner: FileOwner = NOBODY
  ownerSignal = 0
  /** The epolls that watch it, which forget it when it goes. */
  watches: Set<FileWatch> | null = null

  constructor(flags: number, path: Path | null) {
    this.flags = flags
    this.path = path
  }

  abstract get inode(): Inode

  /** The name that it keeps in use: a bound socket's too. */
  get heldPath(): Path | null {
    return this.path
  }

  get readable(): boolean {
    return (this.flags & (O_ACCMODE | O_PATH)) === O_RDONLY || (this.flags & (O_ACCMODE | O_PATH)) === 2
  }

  get writable(): boolean {
    return (this.flags & O_PATH) === 0 && (this.flags & O_ACCMODE) !== O_RDONLY
  }

  get nonBlocking(): boolean {
    return (this.flags & O_NONBLOCK) !== 0
  }

  /** Whether pread, pwrite and lseek mean something. */
  get seekable(): boolean {
    return false
  }

  read(_caller: Caller, _bytes: Uint8Array, _at: number, _count: number): number {
    return -EINVAL
  }

  write(_caller: Caller, _bytes: Uint8Array, _at: number, _count: number): number {
    return -EINVAL
  }

  readAt(_caller: Caller, _pos: number, _bytes: Uint8Array, _at: number, _count: number): number {
    return -ESPIPE
  }

  writeAt(_caller: Caller, _pos: number, _bytes: Uint8Array, _at: number, _count: number): number {
    return -ESPIPE
  }

  seek(_caller: Caller, _offset: number, _whence: number): number {
    return -ESPIPE
  }

  readdir(_caller: Caller, _sink: DirectorySink): number {
    return -ENOTDIR
  }

  ioctl(_caller: Caller, _request: number, _argument: number): number {
    return -ENOTTY
  }

  /** POLL* that hold now, for this caller: a signalfd shows everybody his own signals. */
  poll(_caller: Caller): number {
    return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM
  }

  /** Woken, with the POLL* in question, when poll() may have changed; null for what is always ready. */
  pollQueue(_caller: Caller): WaitQueue | null {
    return null
  }

  /** The last descriptor was closed. */
  release(): void {}

  /** Only messages under way hold it any more. */
  leftInFlight(): void {}

  /** Lines of its own in /proc/PID/fdinfo. */
  details(_pids: PidNamespace): string {
    return ''
  }

  /** How /proc/PID/fd shows it when there is no path: `pipe:[12]`. */
  get label(): string {
    return 'anon_inode:[unknown]'
  }
}

/** A description of an inode with a name. */
abstract class NamedDescription extends FileDescription {
  private readonly file: Inode

  constructor(flags: number, path: Path) {
    super(flags, path)
    this.file = path.inode
    this.file.opened()
    if (this.writable) this.file.writerCount++
  }

  override get inode(): Inode {
    return this.file
  }

  override release(): void {
    if (this.writable) this.file.writerCount--
    this.file.released()
  }
}

export class RegularFile extends NamedDescription {
  override get seekable(): boolean {
    return true
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const done = this.readAt(caller, this.pos, bytes, at, count)
    if (done > 0) this.pos += done
    return done
  }

  override write(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const pos = this.flags & O_APPEND ? this.inode.size : this.pos
    const done = this.writeAt(caller, pos, bytes, at, count)
    if (done > 0) this.pos = pos + done
    return done
  }

  override readAt(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    const done = this.inode.read(caller, pos, bytes, at, count)
    if (done > 0) notifyPath(this.path!, IN_ACCESS)
    return done
  }

  override writeAt(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (pos + count > FILE_SIZE_MAX) return -EFBIG
    if (this.inode.seals > F_SEAL_SEAL && count > 0 && sealedAgainst(this.inode, pos + count)) return -EPERM
    const done = this.inode.write(caller, pos, bytes, at, count)
    if (done > 0) {
      this.inode.mapped?.written(pos, done, bytes, at)
      notifyPath(this.path!, IN_MODIFY)
    }
    return done
  }

  override seek(caller: Caller, offset: number, whence: number): number {
    let target = offset
    if (whence === SEEK_CUR) target += this.pos
    else if (whence !== SEEK_SET) {
      const fresh = this.inode.refresh(caller)
      if (fresh < 0) return fresh
      const size = this.inode.size
      if (whence === SEEK_END) target += size
      else if (whence === SEEK_DATA || whence === SEEK_HOLE) {
        target = offset < 0 ? -ENXIO : this.inode.seekHoleOrData(caller, offset, whence === SEEK_DATA)
        if (target < 0) return target
      } else return -EINVAL
    }
    if (target < 0 || target > FILE_SIZE_MAX) return -EINVAL
    this.pos = target
    return target
  }
}

/** Whether seals forbid a write that ends at `end`. */
const sealedAgainst = (inode: Inode, end: number): boolean =>
  (inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0 ||
  ((inode.seals & F_SEAL_GROW) !== 0 && end > inode.size)

/** Directory offsets of names that only mounts made: behind all those of file systems. */
const GHOST_OFFSET = 2 ** 52

/** Shows "." and ".." first, then what the file system has. */
export class DirectoryFile extends NamedDescription {
  override get seekable(): boolean {
    return true
  }

  override read(): number {
    return -EISDIR
  }

  override readAt(): number {
    return -EISDIR
  }

  override seek(_caller: Caller, offset: number, whence: number): number {
    const target = whence === SEEK_SET ? offset : whence === SEEK_CUR ? this.pos + offset : -1
    if (target < 0) return -EINVAL
    this.pos = target
    return target
  }

  override readdir(caller: Caller, sink: DirectorySink): number {
    const directory = this.inode
    const offset = this.pos
    if (offset === 0) {
      if (!sink.add('.', directory.ino, directory.mode, 1)) return 0
      this.pos = 1
    }
    if (this.pos === 1) {
      const parent = this.path!.dentry.parent?.inode ?? directory
      if (!sink.add('..', parent.ino, parent.mode, 2)) return 0
      this.pos = 2
    }
    const result = this.readEntries(caller, sink)
    if (result >= 0) notifyPath(this.path!, IN_ACCESS)
    // After a wait all of it is made again; what was delivered before an error counts, and the error comes next time.
    if (result === BLOCKED) this.pos = offset
    return result
  }

  /** What the file system lists, and behind it the names that only mounts made, which hide its own. */
  private readEntries(caller: Caller, sink: DirectorySink): number {
    const path = this.path!
    const { ghosts } = path.dentry
    let isFull = false
    if (this.pos < GHOST_OFFSET) {
      const result = this.inode.readdir(caller, this.pos - 2, {
        add: (name, ino, mode, next) => {
          const isHidden = ghosts !== null && path.ghost(caller, name) !== null
          isFull = !isHidden && !sink.add(name, ino, mode, next + 2)
          if (!isFull) this.pos = next + 2
          return !isFull
        },
      })
      if (result < 0 || isFull || ghosts === null) return result
    }
    let offset = GHOST_OFFSET
    for (const name of ghosts?.keys() ?? []) {
      offset++
      if (offset <= this.pos) continue
      const inode = path.ghost(caller, name)?.covered(caller).inode
      if (inode && !sink.add(name, inode.ino, inode.mode, offset)) break
      this.pos = offset
    }
    return 0
  }
}

/** O_PATH: a name held open, nothing more. */
export class PathFile extends NamedDescription {
  override read(): number {
    return -EBADF
  }

  override write(): number {
    return -EBADF
  }

  override ioctl(): number {
    return -EBADF
  }
}

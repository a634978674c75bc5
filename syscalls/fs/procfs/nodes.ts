/**
 * The building blocks of procfs and sysfs: directories by function, files whose text is made when read, links; and
 * the file system that gives them their inode numbers.
 */

import { bytesOf, copyBytes } from '../../abi/bytes.ts'
import { EACCES, EINVAL, ENOENT, EPERM } from '../../abi/errno.ts'
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../abi/stat.ts'
import type { Credentials } from '../../kernel/credentials.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { PidNamespace } from '../../kernel/pid-namespace.ts'
import type { Caller } from '../../vfs/caller.ts'
import { type FileDescription, RegularFile } from '../../vfs/file-description.ts'
import {
  type AttributeChange,
  type DirectorySink,
  FileSystem,
  Inode,
  type StatFs,
  Timestamp,
} from '../../vfs/inode.ts'
import type { OpensItself } from '../../vfs/open.ts'
import type { Path } from '../../vfs/path.ts'

export class ProcInode extends Inode {
  readonly fs: FileSystem
  /** Whose it is, where it is a process's. */
  process: { readonly credentials: Credentials | null } | null = null

  constructor(fs: FileSystem, mode: number, ino: number) {
    super(mode)
    this.fs = fs
    this.ino = ino
    const { start } = fs as FileSystem & { start: Timestamp }
    for (const time of [this.atime, this.mtime, this.ctime]) time.set(start.sec, start.nsec)
  }

  override get blocks(): number {
    return 0
  }

  override get maker(): Credentials | null {
    return this.process?.credentials ?? null
  }

  /** Nobody changes what /proc is made of; sizes and times are accepted and stay. */
  override setAttributes(_caller: Caller, change: AttributeChange): number {
    const owned = change.mode !== undefined || change.uid !== undefined || change.gid !== undefined
    return owned ? -EPERM : 0
  }
}

/** One entry as readdir shows it, and how to make its inode. */
export interface ProcEntry {
  name: string
  mode: number
  ino: number
  make: () => ProcInode
}

export class ProcDirectory extends ProcInode {
  private readonly list: (caller: Caller) => ProcEntry[]
  private readonly hidden: (name: string, caller: Caller) => ProcInode | null

  /** `hidden` makes what can be named but is not listed. */
  constructor(
    fs: FileSystem,
    ino: number,
    list: (caller: Caller) => ProcEntry[],
    hidden: (name: string, caller: Caller) => ProcInode | null = () => null,
  ) {
    super(fs, S_IFDIR | 0o555, ino)
    this.nlink = 2
    this.list = list
    this.hidden = hidden
  }

  override lookup(caller: Caller, name: string): Inode | number {
    const entry = this.list(caller).find((known) => known.name === name)
    return entry ? entry.make() : (this.hidden(name, caller) ?? -ENOENT)
  }

  override create(): number {
    return -ENOENT
  }

  override mkdir(): number {
    return -ENOENT
  }

  override rename(caller: Caller, _name: string, directory: Inode, newName: string): number {
    return typeof directory.lookup(caller, newName) === 'number' ? -ENOENT : -EPERM
  }

  override readdir(caller: Caller, offset: number, sink: DirectorySink): number {
    // Numbers are offsets of their own, so that processes may come and go between two calls.
    const entries = this.list(caller)
    const keyed = entries.map((entry, i) => ({
      entry,
      key: /^\d+$/.test(entry.name) ? 1000 + Number(entry.name) : i + 1,
    }))
    keyed.sort((a, b) => a.key - b.key)
    for (const { entry, key } of keyed) {
      if (key <= offset) continue
      if (!sink.add(entry.name, entry.ino, entry.mode, key)) break
    }
    return 0
  }
}

/** Text made when it is read from its beginning: a reader sees one moment, and another one after going back to 0. */
export class ProcFile extends ProcInode implements OpensItself {
  private readonly text: (caller: Caller) => string
  private readonly store: ((caller: Caller, text: string) => number) | null
  private readonly mayOpen: (caller: Caller) => number

  constructor(
    fs: FileSystem,
    ino: number,
    text: (caller: Caller) => string,
    store: ((caller: Caller, text: string) => number) | null = null,
    mode = 0o444,
    mayOpen: (caller: Caller) => number = () => 0,
  ) {
    super(fs, S_IFREG | (store ? mode | 0o200 : mode), ino)
    this.mayOpen = mayOpen
    this.text = text
    this.store = store
  }

  openFile(caller: Caller, flags: number, path: Path): FileDescription | number {
    if ((flags & 3) !== 0 && !this.store) return -EACCES
    const refused = this.mayOpen(caller)
    if (refused) return refused
    return new ProcText(flags, path, this.text, this.store)
  }
}

class ProcText extends RegularFile {
  private content: Uint8Array | null = null
  private readonly text: (caller: Caller) => string
  private readonly store: ((caller: Caller, text: string) => number) | null

  constructor(
    flags: number,
    path: Path,
    text: (caller: Caller) => string,
    store: ((caller: Caller, text: string) => number) | null,
  ) {
    super(flags, path)
    this.text = text
    this.store = store
  }

  override read(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    const done = this.readAt(caller, this.pos, bytes, at, count)
    if (done > 0) this.pos += done
    return done
  }

  override readAt(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    const isFresh = pos > 0 && this.content !== null
    const content = isFresh ? this.content! : bytesOf(this.text(caller))
    this.content = content
    const part = Math.max(0, Math.min(count, content.length - pos))
    if (part > 0) copyBytes(bytes, at, content, pos, part)
    return part
  }

  override write(caller: Caller, bytes: Uint8Array, at: number, count: number): number {
    if (!this.store) return -EINVAL
    const result = this.store(caller, String.fromCharCode(...bytes.subarray(at, at + Math.min(count, 4096))))
    return result < 0 ? result : count
  }
}

export class ProcLink extends ProcInode {
  private readonly target: (caller: Caller) => string | number
  private readonly magic: ((caller: Caller) => Path | number | null) | null

  constructor(
    fs: FileSystem,
    ino: number,
    target: (caller: Caller) => string | number,
    magic: ((caller: Caller) => Path | number | null) | null = null,
    mode = 0o777,
  ) {
    super(fs, S_IFLNK | mode, ino)
    this.target = target
    this.magic = magic
  }

  override readlink(caller: Caller): string | number {
    return this.target(caller)
  }

  override magicLink(caller: Caller): Path | number | null {
    return this.magic ? this.magic(caller) : null
  }
}

/** A file system of what the kernel tells: nothing is stored, so it has neither size nor blocks. */
export abstract class KernelFs extends FileSystem {
  override readonly keepsOwners = false
  override readonly blockSize: number = 1024
  /** The time every node shows. */
  readonly start = new Timestamp()
  /** What every file shows as its size. */
  protected readonly fileSize: number = 0
  /** By which processes are shown. */
  readonly pids: PidNamespace
  private nextIno = 2
  private readonly magic: number

  constructor(kernel: Kernel, magic: number) {
    super()
    this.magic = magic
    this.pids = kernel.world.pids
    this.start.setNow(kernel.clock)
  }

  file(
    name: string,
    text: (caller: Caller) => string,
    store: ((caller: Caller, text: string) => number) | null = null,
    mode = 0o444,
  ): ProcEntry {
    const ino = this.nextIno++
    const node = new ProcFile(this, ino, text, store, mode)
    node.size = this.fileSize
    return { name, ino, mode: node.mode, make: () => node }
  }

  directory(name: string, entries: ProcEntry[], mode = 0o555): ProcEntry {
    const ino = this.nextIno++
    const node = new ProcDirectory(this, ino, () => entries)
    node.mode = S_IFDIR | mode
    return { name, ino, mode: node.mode, make: () => node }
  }

  link(name: string, target: (caller: Caller) => string | number): ProcEntry {
    const ino = this.nextIno++
    const node = new ProcLink(this, ino, target)
    return { name, ino, mode: S_IFLNK | 0o777, make: () => node }
  }

  statfs(): StatFs {
    return { type: this.magic, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

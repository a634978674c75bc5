/**
 * tmpfs: files in memory. The root of the default machine, /tmp, the upper layer of cowfs, and the nameless files
 * behind shared anonymous mappings. tmpfs(5).
 * Files are sparse: chunks of 64 KiB, made when first written. Directory offsets are sequence numbers, so they stay
 * valid while entries come and go.
 */

import { copyBytes } from '../../abi/bytes.ts'
import { EEXIST, EFBIG, EINVAL, EISDIR, EMLINK, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY } from '../../abi/errno.ts'
import { RENAME_EXCHANGE } from '../../abi/fcntl.ts'
import { isDirectory, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_ISGID, TMPFS_MAGIC } from '../../abi/stat.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import {
  type AttributeChange,
  type DirectorySink,
  DiskQuota,
  FileSystem,
  Inode,
  type StatFs,
} from '../../vfs/inode.ts'
import { setIdBitsLost } from '../../vfs/permission.ts'

const CHUNK_SIZE = 65536
/** A chunk starts small and doubles, so that little files stay little. */
const CHUNK_SIZE_MIN = 512
const BLOCK_SIZE = 4096
/** Largest file: chunk numbers stay small integers. */
const FILE_SIZE_MAX = 2 ** 44
const LINK_COUNT_MAX = 2 ** 31
const DEFAULT_SIZE = 2 ** 31

export interface TmpfsOptions {
  /** Bytes of file contents before ENOSPC. */
  sizeMax?: number
  mode?: number
  uid?: number
  gid?: number
  type?: string
}

export class Tmpfs extends FileSystem {
  readonly type: string
  override readonly stable = true
  readonly root: TmpfsInode
  readonly clock: Clock
  readonly sizeMax: number
  used = 0
  fileCount = 0
  private nextIno = 1
  private quota = new DiskQuota()

  constructor(clock: Clock, options: TmpfsOptions = {}) {
    super()
    this.type = options.type ?? 'tmpfs'
    this.clock = clock
    this.sizeMax = options.sizeMax ?? DEFAULT_SIZE
    this.root = this.newInode(S_IFDIR | (options.mode ?? 0o755), options.uid ?? 0, options.gid ?? 0)
  }

  newInode(mode: number, uid: number, gid: number): TmpfsInode {
    const inode = new TmpfsInode(this, mode)
    inode.ino = this.nextIno++
    inode.uid = uid
    inode.gid = gid
    if (isDirectory(mode)) inode.nlink = 2
    inode.atime.setNow(this.clock)
    inode.mtime.setNow(this.clock)
    inode.ctime.setNow(this.clock)
    this.fileCount++
    return inode
  }

  /** Takes room for contents; false is ENOSPC. */
  take(bytes: number): boolean {
    const { quota } = this
    if (this.used + bytes > this.sizeMax || quota.used + bytes > quota.sizeMax) return false
    this.used += bytes
    quota.used += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.used -= bytes
    this.quota.used -= bytes
  }

  /** What is there already, an image, is the host's gift: the quota is for what is added. */
  override attachQuota(quota: DiskQuota): void {
    this.quota = quota
  }

  statfs(): StatFs {
    const blocks = Math.floor(this.sizeMax / BLOCK_SIZE)
    const blocksFree = Math.max(0, Math.floor((this.sizeMax - this.used) / BLOCK_SIZE))
    return {
      type: TMPFS_MAGIC,
      blockSize: BLOCK_SIZE,
      blocks,
      blocksFree,
      files: 1 << 20,
      filesFree: (1 << 20) - this.fileCount,
    }
  }
}

interface Entry {
  inode: TmpfsInode
  sequence: number
}

export class TmpfsInode extends Inode {
  readonly fs: Tmpfs
  /** Directories. */
  private entries: Map<string, Entry> | null = null
  private nextSequence = 1
  /** Regular files: chunk number → bytes. */
  private chunks: Map<number, Uint8Array> | null = null
  /** Bytes of all chunks. */
  private allocated = 0
  /** Symlinks. */
  target = ''

  constructor(fs: Tmpfs, mode: number) {
    super(mode)
    this.fs = fs
    if (isDirectory(mode)) this.entries = new Map()
  }

  override get blocks(): number {
    return Math.ceil(this.allocated / BLOCK_SIZE) * (BLOCK_SIZE / 512)
  }

  private touch(): void {
    this.mtime.setNow(this.fs.clock)
    this.ctime.setNow(this.fs.clock)
  }

  // Directories.

  override lookup(_caller: Caller, name: string): Inode | number {
    if (!this.entries) return -ENOTDIR
    return this.entries.get(name)?.inode ?? -ENOENT
  }

  /** Puts an inode under a name that is free. Also used to populate an image. */
  addEntry(name: string, inode: TmpfsInode): void {
    this.entries!.set(name, { inode, sequence: this.nextSequence++ })
    if (inode.isDirectory) this.nlink++
    this.touch()
  }

  private removeEntry(name: string): void {
    const entry = this.entries!.get(name)
    if (!entry) return
    this.entries!.delete(name)
    if (entry.inode.isDirectory) this.nlink--
    this.touch()
  }

  private newChild(caller: Caller, mode: number): TmpfsInode {
    const setGroup = this.mode & S_ISGID
    const gid = setGroup ? this.gid : caller.credentials.fsgid
    return this.fs.newInode(
      isDirectory(mode) && setGroup ? mode | S_ISGID : mode,
      caller.credentials.fsuid,
      gid,
    )
  }

  override create(caller: Caller, name: string, mode: number, rdev: number): Inode | number {
    if (!this.entries) return -ENOTDIR
    if (this.entries.has(name)) return -EEXIST
    const inode = this.newChild(caller, mode)
    inode.rdev = rdev
    this.addEntry(name, inode)
    return inode
  }

  override mkdir(caller: Caller, name: string, mode: number): Inode | number {
    return this.create(caller, name, mode, 0)
  }

  override symlink(caller: Caller, name: string, target: string): number {
    const inode = this.create(caller, name, S_IFLNK | 0o777, 0)
    if (typeof inode === 'number') return inode
    ;(inode as TmpfsInode).setTarget(target)
    return 0
  }

  setTarget(target: string): void {
    this.target = target
    this.size = target.length
  }

  override link(_caller: Caller, name: string, inode: Inode): number {
    const existing = inode as TmpfsInode
    if (existing.nlink === 0) return -ENOENT
    if (existing.nlink >= LINK_COUNT_MAX) return -EMLINK
    this.addEntry(name, existing)
    existing.nlink++
    existing.ctime.setNow(this.fs.clock)
    return 0
  }

  override unlink(_caller: Caller, name: string, inode: Inode): number {
    if (inode.isDirectory) return -EISDIR
    this.removeEntry(name)
    ;(inode as TmpfsInode).dropLink()
    return 0
  }

  override rmdir(_caller: Caller, name: string, inode: Inode): number {
    const directory = inode as TmpfsInode
    if (!directory.entries) return -ENOTDIR
    if (directory.entries.size > 0) return -ENOTEMPTY
    this.removeEntry(name)
    directory.nlink = 0
    this.fs.fileCount--
    return 0
  }

  /** One name less; without names and users the contents go. */
  dropLink(): void {
    this.nlink--
    this.ctime.setNow(this.fs.clock)
    if (this.nlink === 0) this.fs.fileCount--
    this.freeIfUnused()
  }

  /** Contents of a removed file go when the last descriptor and mapping are gone. */
  private freeIfUnused(): void {
    if (this.nlink > 0 || this.openCount > 0 || this.mapped || !this.chunks) return
    this.fs.giveBack(this.allocated)
    this.allocated = 0
    this.chunks = null
  }

  override opened(): void {
    this.openCount++
  }

  override released(): void {
    this.openCount--
    this.freeIfUnused()
  }

  override rename(_caller: Caller, name: string, directory: Inode, newName: string, flags: number): number {
    const to = directory as TmpfsInode
    const source = this.entries!.get(name)
    if (!source || !to.entries) return -ENOENT
    const target = to.entries.get(newName)
    if (flags & RENAME_EXCHANGE) {
      if (!target) return -ENOENT
      this.removeEntry(name)
      to.removeEntry(newName)
      this.addEntry(name, target.inode)
      to.addEntry(newName, source.inode)
      return 0
    }
    if (target) {
      if (target.inode === source.inode) return 0
      if (target.inode.entries && target.inode.entries.size > 0) return -ENOTEMPTY
      to.removeEntry(newName)
      if (target.inode.isDirectory) target.inode.nlink = 0
      else target.inode.dropLink()
    }
    this.removeEntry(name)
    to.addEntry(newName, source.inode)
    source.inode.ctime.setNow(this.fs.clock)
    return 0
  }

  override readdir(_caller: Caller, offset: number, sink: DirectorySink): number {
    if (!this.entries) return -ENOTDIR
    // A Map keeps the order of insertion, which is the order of sequence numbers.
    for (const [name, { inode, sequence }] of this.entries) {
      if (sequence <= offset) continue
      if (!sink.add(name, inode.ino, inode.mode, sequence)) break
    }
    return 0
  }

  get entryCount(): number {
    return this.entries?.size ?? 0
  }

  override readlink(): string | number {
    return (this.mode & S_IFMT) === S_IFLNK ? this.target : -EINVAL
  }

  // Contents.

  override read(_caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.entries) return -EISDIR
    const total = Math.min(count, this.size - pos)
    if (total <= 0) return 0
    for (let done = 0; done < total; ) {
      const from = (pos + done) % CHUNK_SIZE
      const part = Math.min(total - done, CHUNK_SIZE - from)
      const chunk = this.chunks?.get(Math.floor((pos + done) / CHUNK_SIZE))
      const stored = chunk ? Math.max(0, Math.min(part, chunk.length - from)) : 0
      if (stored > 0) copyBytes(bytes, at + done, chunk!, from, stored)
      if (stored < part) bytes.fill(0, at + done + stored, at + done + part)
      done += part
    }
    return total
  }

  override write(_caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.entries) return -EISDIR
    if (pos + count > FILE_SIZE_MAX) return -EFBIG
    this.chunks ??= new Map()
    let done = 0
    while (done < count) {
      const number = Math.floor((pos + done) / CHUNK_SIZE)
      const to = (pos + done) % CHUNK_SIZE
      const part = Math.min(count - done, CHUNK_SIZE - to)
      const chunk = this.chunkFor(number, to + part)
      if (!chunk) break
      copyBytes(chunk, to, bytes, at + done, part)
      done += part
    }
    if (done === 0 && count > 0) return -ENOSPC
    if (pos + done > this.size) this.size = pos + done
    if (done > 0) this.mode &= ~setIdBitsLost(_caller.credentials, this)
    this.touch()
    return done
  }

  /** The chunk with room for `end` bytes; null when the file system is full. */
  private chunkFor(number: number, end: number): Uint8Array | null {
    const old = this.chunks!.get(number)
    if (old && old.length >= end) return old
    let size = CHUNK_SIZE_MIN
    while (size < end) size *= 2
    const more = size - (old?.length ?? 0)
    if (!this.fs.take(more)) return null
    this.allocated += more
    const chunk = new Uint8Array(size)
    if (old) chunk.set(old)
    this.chunks!.set(number, chunk)
    return chunk
  }

  override setAttributes(_caller: Caller, change: AttributeChange): number {
    if (change.size !== undefined) {
      if (this.entries) return -EISDIR
      if (change.size > FILE_SIZE_MAX) return -EFBIG
      this.resize(change.size)
      this.touch()
    }
    if (change.mode !== undefined) this.mode = (this.mode & S_IFMT) | (change.mode & 0o7777)
    if (change.uid !== undefined) this.uid = change.uid
    if (change.gid !== undefined) this.gid = change.gid
    if (change.atime) this.atime.set(change.atime.sec, change.atime.nsec)
    if (change.mtime) this.mtime.set(change.mtime.sec, change.mtime.nsec)
    this.ctime.setNow(this.fs.clock)
    return 0
  }

  private resize(size: number): void {
    if (size < this.size && this.chunks) {
      const keep = Math.ceil(size / CHUNK_SIZE)
      for (const [number, chunk] of this.chunks)
        if (number >= keep) {
          this.chunks.delete(number)
          this.fs.giveBack(chunk.length)
          this.allocated -= chunk.length
        }
      this.chunks.get(Math.floor(size / CHUNK_SIZE))?.fill(0, size % CHUNK_SIZE)
    }
    this.size = size
  }
}

/** The file behind a shared anonymous mapping: in no directory. */
export function anonymousFile(kernel: Kernel, size: number): Inode {
  let fs = shmem.get(kernel)
  if (!fs) {
    fs = new Tmpfs(kernel.clock, { sizeMax: 2 ** 40 })
    fs.dev = 1
    shmem.set(kernel, fs)
  }
  const inode = fs.newInode(S_IFREG | 0o777, 0, 0)
  inode.size = size
  return inode
}

const shmem = new WeakMap<Kernel, Tmpfs>()

/** 10m, 1g, 4096 or 50%. */
export function parseSize(text: string): number {
  const match = /^(\d+)([kmg]?)$/i.exec(text)
  if (!match) return NaN
  const unit = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[match[2]!.toLowerCase()]!
  return Number(match[1]) * unit
}

export const tmpfs: FileSystemType = {
  name: 'tmpfs',
  needsSource: false,
  mount(kernel, _source, options) {
    const sizeMax = options.has('size') ? parseSize(options.get('size')!) : DEFAULT_SIZE
    const mode = options.has('mode') ? Number.parseInt(options.get('mode')!, 8) : 0o1777
    return Number.isNaN(sizeMax) || Number.isNaN(mode) ? -EINVAL : new Tmpfs(kernel.clock, { sizeMax, mode })
  },
}

/**
 * tmpfs: files in memory. The root of the default machine, /tmp, the upper layer of cowfs, and the nameless files
 * behind shared anonymous mappings. tmpfs(5).
 * Files are sparse (sparse.ts). Directory offsets are sequence numbers, so they stay
 * valid while entries come and go.
 */

import {
  EEXIST,
  EFBIG,
  EINVAL,
  EIO,
  EISDIR,
  EMLINK,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  ENXIO,
} from '../../abi/errno.ts'
import { F_SEAL_SEAL, RENAME_EXCHANGE, RENAME_WHITEOUT } from '../../abi/fcntl.ts'
import {
  isDirectory,
  isRegular,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_ISGID,
  STATX_ATTRS_COMMON,
  STATX_ATTRS_KEPT,
  TMPFS_MAGIC,
} from '../../abi/stat.ts'
import type { Clock } from '../../kernel/clock.ts'
import { rememberMaker } from '../../kernel/id-level.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { NO_ID } from '../../kernel/user-namespace.ts'
import type { Caller } from '../../vfs/caller.ts'
import { FILE_SIZE_MAX } from '../../vfs/file-description.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import {
  type AttributeChange,
  type DirectorySink,
  DiskQuota,
  FileSystem,
  Inode,
  type StatFs,
  Timestamp,
} from '../../vfs/inode.ts'
import { losePrivileges } from '../../vfs/permission.ts'
import { PAGE, type Room, SparseBytes } from './sparse.ts'

/** What an entry adds to the size of its directory; "." and ".." count. Linux BOGO_DIRENT_SIZE. */
const ENTRY_SIZE = 20
export const directorySize = (entryCount: number): number => (2 + entryCount) * ENTRY_SIZE
/** Longer symlinks have a page of their own. */
const INLINE_TARGET_MAX = 127
const LINK_COUNT_MAX = 2 ** 31
const DEFAULT_SIZE = 2 ** 31
/** Stored contents are copied in parts of this size. */
const COPY_SIZE = 1 << 20

export interface TmpfsOptions {
  /** Bytes of file contents before ENOSPC. */
  sizeMax?: number
  mode?: number
  uid?: number
  gid?: number
  type?: string
}

/** Contents that lie elsewhere, in an archive say, until the file is changed. */
export interface StoredBytes {
  readonly sizeBytes: number
  /** Reads a part that is all there; throws when it cannot be read. */
  read(pos: number, bytes: Uint8Array, at: number, count: number): void
  /** Where the next data or hole begins, `sizeBytes` when there is none; all is data unless given. */
  find?(pos: number, data: boolean): number
}

export class Tmpfs extends FileSystem implements Room {
  readonly type: string
  override readonly stable = true
  override readonly keepsXattrs = true
  override readonly hasFineTimes: boolean
  override readonly attributesKnown = STATX_ATTRS_COMMON | STATX_ATTRS_KEPT
  readonly root: TmpfsInode
  /** For what nobody who calls makes: the root, and what an image is filled with. */
  private readonly clock: Clock
  sizeMax: number
  used = 0
  fileCount = 0
  /** Told of each change: who keeps the tree elsewhere. */
  onChange: (() => void) | null = null
  private nextIno = 1
  private quota = new DiskQuota()

  constructor(clock: Clock, options: TmpfsOptions = {}) {
    super()
    this.type = options.type ?? 'tmpfs'
    this.hasFineTimes = this.type === 'tmpfs'
    this.clock = clock
    this.sizeMax = options.sizeMax ?? DEFAULT_SIZE
    this.root = this.newInode(S_IFDIR | (options.mode ?? 0o755), options.uid ?? 0, options.gid ?? 0)
  }

  newInode(mode: number, uid: number, gid: number, clock = this.clock): TmpfsInode {
    const inode = new TmpfsInode(this, mode)
    inode.ino = this.nextIno++
    inode.uid = uid
    inode.gid = gid
    if (isDirectory(mode)) {
      inode.nlink = 2
      inode.size = directorySize(0)
    }
    inode.atime.setNow(clock)
    inode.mtime.setNow(clock)
    inode.ctime.setNow(clock)
    inode.btime = new Timestamp()
    inode.btime.set(inode.ctime.sec, inode.ctime.nsec)
    this.fileCount++
    return inode
  }

  takePages(count: number): boolean {
    if (this.used + count * PAGE > this.sizeMax) return false
    this.used += count * PAGE
    return true
  }

  givePages(count: number): void {
    this.used -= count * PAGE
  }

  takeBytes(count: number): boolean {
    const { quota } = this
    if (quota.used + count > quota.sizeMax) return false
    quota.used += count
    return true
  }

  giveBytes(count: number): void {
    this.quota.used -= count
  }

  /** What is there already, an image, is the host's gift: the quota is for what is added. */
  override attachQuota(quota: DiskQuota): void {
    this.quota = quota
  }

  override get shownOptions(): string {
    const { mode, uid, gid } = this.root
    const usual = this.type === 'tmpfs' ? 0o1777 : 0o755
    const shown = [
      this.sizeMax === DEFAULT_SIZE ? '' : `,size=${Math.floor(this.sizeMax / 1024)}k`,
      (mode & 0o7777) === usual ? '' : `,mode=${(mode & 0o7777).toString(8).padStart(3, '0')}`,
      uid === 0 ? '' : `,uid=${uid}`,
      gid === 0 ? '' : `,gid=${gid}`,
    ]
    return shown.join('')
  }

  override reconfigure(options: ReadonlyMap<string, string>): number {
    const parsed = parseOptions(options)
    if (typeof parsed === 'number') return parsed
    if (parsed.sizeMax !== undefined) {
      if (parsed.sizeMax < this.used) return -EINVAL
      this.sizeMax = parsed.sizeMax
    }
    return 0
  }

  statfs(): StatFs {
    const blocks = Math.floor(this.sizeMax / PAGE)
    const blocksFree = Math.max(0, Math.floor((this.sizeMax - this.used) / PAGE))
    return {
      type: TMPFS_MAGIC,
      blockSize: PAGE,
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
  /** Regular files. */
  private content: SparseBytes | null = null
  /** Instead of `content` as long as nothing was changed. */
  stored: StoredBytes | null = null
  /** The first byte that was changed since who keeps the tree elsewhere set this to Infinity. */
  changedFrom = 0
  /** Made by O_TMPFILE and not yet named. */
  private linkable = false
  /** Symlinks. */
  target = ''

  constructor(fs: Tmpfs, mode: number) {
    super(mode)
    this.fs = fs
    if (isDirectory(mode)) this.entries = new Map()
    else if (isRegular(mode)) this.seals = F_SEAL_SEAL
  }

  override get blocks(): number {
    if (this.stored) return Math.ceil(this.stored.sizeBytes / PAGE) * (PAGE / 512)
    const pages = this.content ? this.content.pageCount : this.target.length > INLINE_TARGET_MAX ? 1 : 0
    return pages * (PAGE / 512)
  }

  /** Times are those of the world of whoever changes something. */
  private touch({ world }: Caller): void {
    this.mtime.setNow(world.clock)
    this.ctime.setNow(world.clock)
    this.fs.onChange?.()
  }

  override attributesChanged(caller: Caller): number {
    this.fs.onChange?.()
    return super.attributesChanged(caller)
  }

  // Directories.

  override lookup(_caller: Caller, name: string): Inode | number {
    if (!this.entries) return -ENOTDIR
    return this.entries.get(name)?.inode ?? -ENOENT
  }

  /** Puts an inode under a name that is free. Also used to populate an image. */
  addEntry(caller: Caller, name: string, inode: TmpfsInode): void {
    this.entries!.set(name, { inode, sequence: this.nextSequence++ })
    if (inode.isDirectory) this.nlink++
    this.size = directorySize(this.entries!.size)
    this.touch(caller)
  }

  private removeEntry(caller: Caller, name: string): void {
    const entry = this.entries!.get(name)
    if (!entry) return
    this.entries!.delete(name)
    if (entry.inode.isDirectory) this.nlink--
    this.size = directorySize(this.entries!.size)
    this.touch(caller)
  }

  private newChild(caller: Caller, mode: number): TmpfsInode {
    const setGroup = this.mode & S_ISGID
    const gid = setGroup ? this.gid : caller.credentials.bottom.fsgid
    return this.fs.newInode(
      isDirectory(mode) && setGroup ? mode | S_ISGID : mode,
      caller.credentials.bottom.fsuid,
      gid,
      caller.world.clock,
    )
  }

  override create(caller: Caller, name: string, mode: number, rdev: number): Inode | number {
    if (!this.entries) return -ENOTDIR
    if (this.entries.has(name)) return -EEXIST
    const inode = this.newChild(caller, mode)
    inode.rdev = rdev
    this.addEntry(caller, name, inode)
    return inode
  }

  override createNameless(caller: Caller, mode: number, linkable: boolean): Inode | number {
    const inode = this.newChild(caller, mode)
    inode.nlink = 0
    inode.linkable = linkable
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

  override link(caller: Caller, name: string, inode: Inode): number {
    const existing = inode as TmpfsInode
    if (existing.nlink === 0 && !existing.linkable) return -ENOENT
    existing.linkable = false
    if (existing.nlink >= LINK_COUNT_MAX) return -EMLINK
    this.addEntry(caller, name, existing)
    existing.nlink++
    existing.ctime.setNow(caller.world.clock)
    return 0
  }

  override unlink(caller: Caller, name: string, inode: Inode): number {
    if (inode.isDirectory) return -EISDIR
    this.removeEntry(caller, name)
    inode.ctime.setNow(caller.world.clock)
    ;(inode as TmpfsInode).dropLink()
    return 0
  }

  override rmdir(caller: Caller, name: string, inode: Inode): number {
    const directory = inode as TmpfsInode
    if (!directory.entries) return -ENOTDIR
    if (directory.entries.size > 0) return -ENOTEMPTY
    this.removeEntry(caller, name)
    directory.nlink = 0
    this.fs.fileCount--
    return 0
  }

  /** One name less; without names and users the contents go. */
  dropLink(): void {
    this.nlink--
    if (this.nlink === 0) this.fs.fileCount--
    this.freeIfUnused()
  }

  /** Contents of a removed file go when the last descriptor and mapping are gone. */
  private freeIfUnused(): void {
    if (this.nlink > 0 || this.openCount > 0 || this.mapped) return
    this.stored = null
    this.content?.clear()
    this.content = null
  }

  override opened(): void {
    this.openCount++
  }

  override released(): void {
    this.openCount--
    this.freeIfUnused()
  }

  override rename(caller: Caller, name: string, directory: Inode, newName: string, flags: number): number {
    const to = directory as TmpfsInode
    const source = this.entries!.get(name)
    if (!source || !to.entries) return -ENOENT
    const target = to.entries.get(newName)
    if (flags & RENAME_EXCHANGE) {
      if (!target) return -ENOENT
      this.removeEntry(caller, name)
      to.removeEntry(caller, newName)
      this.addEntry(caller, name, target.inode)
      to.addEntry(caller, newName, source.inode)
      return 0
    }
    if (target) {
      if (target.inode === source.inode) return 0
      if (target.inode.entries && target.inode.entries.size > 0) return -ENOTEMPTY
      to.removeEntry(caller, newName)
      target.inode.ctime.setNow(caller.world.clock)
      if (target.inode.isDirectory) target.inode.nlink = 0
      else target.inode.dropLink()
    }
    this.removeEntry(caller, name)
    to.addEntry(caller, newName, source.inode)
    if (flags & RENAME_WHITEOUT) this.addEntry(caller, name, this.newChild(caller, S_IFCHR))
    source.inode.ctime.setNow(caller.world.clock)
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
    if (this.stored) return this.readStored(pos, bytes, at, total)
    if (this.content) this.content.read(pos, bytes, at, total)
    else bytes.fill(0, at, at + total)
    return total
  }

  override write(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.entries) return -EISDIR
    if (pos + count > FILE_SIZE_MAX) return -EFBIG
    const refused = this.ownContents()
    if (refused) return refused
    this.content ??= new SparseBytes(this.fs)
    const done = this.content.write(pos, bytes, at, count)
    if (done === 0 && count > 0) return -ENOSPC
    if (pos + done > this.size) this.size = pos + done
    if (pos < this.changedFrom) this.changedFrom = pos
    if (done > 0) losePrivileges(caller.credentials, this)
    this.touch(caller)
    return done
  }

  override allocate(caller: Caller, offset: number, length: number, keepSize: boolean): number {
    const refused = this.ownContents()
    if (refused) return refused
    this.content ??= new SparseBytes(this.fs)
    if (!this.content.allocate(offset, offset + length)) return -ENOSPC
    if (!keepSize && offset + length > this.size) this.size = offset + length
    this.touch(caller)
    return 0
  }

  override punchHole(caller: Caller, offset: number, length: number): number {
    const refused = this.ownContents()
    if (refused) return refused
    this.content?.punch(offset, offset + length)
    if (offset < this.changedFrom) this.changedFrom = offset
    this.touch(caller)
    return 0
  }

  override seekHoleOrData(_caller: Caller, pos: number, data: boolean): number {
    const { size, content } = this
    if (pos >= size) return -ENXIO
    if (this.stored?.find) {
      const begins = this.stored.find(pos, data)
      return data && begins >= size ? -ENXIO : begins
    }
    if (this.stored) return data ? pos : size
    if (!content) return data ? -ENXIO : pos
    const found = content.find(pos, size, data)
    return data && found >= size ? -ENXIO : Math.min(found, size)
  }

  override setAttributes(caller: Caller, change: AttributeChange): number {
    if (change.size !== undefined) {
      if (this.entries) return -EISDIR
      if (change.size > FILE_SIZE_MAX) return -EFBIG
      const refused = change.size === 0 ? this.dropStored() : this.ownContents()
      if (refused) return refused
      this.resize(change.size)
      this.touch(caller)
    }
    this.takeAttributes(change, caller.world.clock)
    this.fs.onChange?.()
    return 0
  }

  /** Gives a new file contents that are read where they lie. */
  setStored(stored: StoredBytes): void {
    this.stored = stored
    this.size = stored.sizeBytes
  }

  private readStored(pos: number, bytes: Uint8Array, at: number, count: number): number {
    try {
      this.stored!.read(pos, bytes, at, count)
      return count
    } catch {
      return -EIO
    }
  }

  private dropStored(): number {
    this.stored = null
    return 0
  }

  /** Before a change: stored contents become the file's own. 0, EIO or ENOSPC. */
  ownContents(): number {
    const { stored } = this
    if (!stored) return 0
    const content = new SparseBytes(this.fs)
    const part = new Uint8Array(Math.min(COPY_SIZE, stored.sizeBytes))
    const { sizeBytes } = stored
    for (let pos = stored.find?.(0, true) ?? 0; pos < sizeBytes; pos = stored.find?.(pos, true) ?? pos) {
      const end = stored.find?.(pos, false) ?? sizeBytes
      const count = Math.min(part.length, end - pos)
      const got = this.readStored(pos, part, 0, count)
      const done = got < 0 ? got : content.write(pos, part, 0, count)
      if (done !== count) {
        content.clear()
        return got < 0 ? got : -ENOSPC
      }
      pos += count
    }
    this.stored = null
    this.content = content
    return 0
  }

  private resize(size: number): void {
    // What fallocate(2) promised behind the end goes too.
    if (size <= this.size) this.content?.punch(size, Infinity)
    if (size < this.size && size < this.changedFrom) this.changedFrom = size
    this.size = size
  }
}

/** What shared memory may hold: all addresses of one process. */
const SHMEM_SIZE = 2 ** 32

/** The file behind a shared anonymous mapping: in no directory. */
export function anonymousFile(kernel: Kernel, size: number): TmpfsInode {
  let fs = shmem.get(kernel)
  if (!fs) {
    fs = new Tmpfs(kernel.clock, { sizeMax: SHMEM_SIZE })
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

/** Options that are known and change nothing here. */
const IGNORED_OPTIONS = new Set(['nr_inodes', 'nr_blocks', 'huge', 'mpol', 'inode32', 'inode64', 'noswap'])

/** size=, mode=, uid=, gid=; tmpfs(5). */
function parseOptions(options: ReadonlyMap<string, string>): TmpfsOptions | number {
  const parsed: TmpfsOptions = {}
  for (const [name, value] of options) {
    if (IGNORED_OPTIONS.has(name)) continue
    const isOctal = name === 'mode'
    if (!isOctal && name !== 'size' && name !== 'uid' && name !== 'gid') return -EINVAL
    const number = name === 'size' ? parseSize(value) : isOctal ? octalOf(value) : decimalOf(value)
    if (Number.isNaN(number)) return -EINVAL
    if (name === 'size') parsed.sizeMax = Math.ceil(number / PAGE) * PAGE || DEFAULT_SIZE
    else parsed[name] = isOctal ? number & 0o1777 : number
  }
  return parsed
}

const octalOf = (text: string): number => (/^[0-7]{1,6}$/.test(text) ? Number.parseInt(text, 8) : NaN)
const decimalOf = (text: string): number => (/^\d{1,10}$/.test(text) ? Number(text) >>> 0 : NaN)

export const tmpfs: FileSystemType = {
  name: 'tmpfs',
  needsSource: false,
  mount(_kernel, _source, options, by) {
    const parsed = parseOptions(options)
    if (typeof parsed === 'number') return parsed
    const { bottom, userns } = by.credentials
    const uid = parsed.uid === undefined ? bottom.fsuid : userns.uids.inward(parsed.uid)
    const gid = parsed.gid === undefined ? bottom.fsgid : userns.gids.inward(parsed.gid)
    if (uid === NO_ID || gid === NO_ID) return -EINVAL
    const fs = new Tmpfs(by.world.clock, { mode: 0o1777, ...parsed, uid, gid })
    if (parsed.uid === undefined && parsed.gid === undefined) rememberMaker(by.credentials, fs.root, fs.root)
    return fs
  },
}

/**
 * cowfs: any file system below, unchanged, and every change in memory above it. The default for host directories.
 * Path: vfs → here → tmpfs for what was written, the lower file system for the rest.
 *
 * A CowInode is one file of the merged tree. It keeps the lower inode it came from; contents are copied up when
 * they are first written, attributes when they are first changed. A directory holds its own entries: files made
 * or moved here, and whiteouts (null) for lower names that are gone. Because an inode keeps its lower one, a lower
 * directory can be renamed without copying it.
 */

import { BLOCKED, EEXIST, EINVAL, EISDIR, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY } from '../../abi/errno.ts'
import { RENAME_EXCHANGE, RENAME_WHITEOUT } from '../../abi/fcntl.ts'
import { isDirectory, OVERLAYFS_SUPER_MAGIC, S_IFLNK, S_IFMT, S_IFREG } from '../../abi/stat.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Caller } from '../../vfs/caller.ts'
import {
  type AttributeChange,
  type DirectorySink,
  type DiskQuota,
  FileSystem,
  Inode,
  type StatFs,
  Timestamp,
} from '../../vfs/inode.ts'
import { losePrivileges } from '../../vfs/permission.ts'
import { directorySize, Tmpfs, type TmpfsInode } from '../tmpfs/tmpfs.ts'

const COPY_CHUNK_SIZE = 1 << 18
/** Inode numbers of files made here: apart from the lower ones. */
const OWN_INO = 2 ** 40
/** Directory offsets of lower entries come behind those of own ones. */
const LOWER_OFFSET = 2 ** 40

export class CowFs extends FileSystem {
  readonly type: string = 'cowfs'
  readonly root: CowInode
  override readonly keepsXattrs = true
  /** Holds what was written. */
  readonly upper: Tmpfs
  private nextIno = OWN_INO

  constructor(clock: Clock, lower: FileSystem, sizeMax?: number) {
    super()
    this.upper = new Tmpfs(clock, sizeMax === undefined ? {} : { sizeMax })
    this.root = new CowInode(this, lower.root.mode, lower.root)
    this.root.copyAttributes()
  }

  override attachQuota(quota: DiskQuota): void {
    this.upper.attachQuota(quota)
  }

  newIno(): number {
    return this.nextIno++
  }

  statfs(): StatFs {
    return { ...this.upper.statfs(), type: OVERLAYFS_SUPER_MAGIC }
  }
}

interface Entry {
  /** Null is a whiteout. */
  inode: CowInode | null
  sequence: number
}

/** A copy on its way up: an asynchronous lower file system may take several turns. */
interface CopyUp {
  content: TmpfsInode
  pos: number
}

class CowInode extends Inode {
  readonly fs: CowFs
  /** Where contents and entries come from; null for what was made here. */
  private lower: Inode | null
  /** Regular files: the contents once written. */
  private content: TmpfsInode | null = null
  private copying: CopyUp | null = null
  /** Attributes were changed here: those of the lower inode no longer count. */
  private ownAttributes = false
  private entries: Map<string, Entry> | null = null
  private nextSequence = 1
  /** Unchanged lower children that were seen, so that each stays one inode. */
  private seen: Map<string, CowInode> | null = null
  private target = ''
  /** Made by O_TMPFILE and not yet named. */
  private linkable = false

  constructor(fs: CowFs, mode: number, lower: Inode | null) {
    super(mode)
    this.fs = fs
    this.lower = lower
    if (isDirectory(mode)) this.entries = new Map()
  }

  copyAttributes(): void {
    const from = this.lower!
    this.mode = from.mode
    this.uid = from.uid
    this.gid = from.gid
    this.ino = from.ino
    this.nlink = from.nlink
    this.rdev = from.rdev
    if (!this.content) this.size = from.size
    this.atime.set(from.atime.sec, from.atime.nsec)
    this.mtime.set(from.mtime.sec, from.mtime.nsec)
    this.ctime.set(from.ctime.sec, from.ctime.nsec)
    this.btime = from.btime
  }

  override refresh(caller: Caller): number {
    if (this.content) this.size = this.content.size
    if (this.ownAttributes || !this.lower) return 0
    const fresh = this.lower.refresh(caller)
    if (fresh < 0) return fresh
    this.copyAttributes()
    return 0
  }

  override get blocks(): number {
    return this.content ? this.content.blocks : this.lower ? this.lower.blocks : 0
  }

  override attributesChanged(clock: Clock): void {
    this.ownAttributes = true
    super.attributesChanged(clock)
  }

  /** From here on attributes are this inode's own. */
  private touch({ world }: Caller): void {
    this.ownAttributes = true
    this.mtime.setNow(world.clock)
    this.ctime.setNow(world.clock)
  }

  // Directories.

  override lookup(caller: Caller, name: string): Inode | number {
    if (!this.entries) return -ENOTDIR
    const own = this.entries.get(name)
    if (own) return own.inode ?? -ENOENT
    if (!this.lower) return -ENOENT
    const lower = this.lower.lookup(caller, name)
    if (typeof lower === 'number') {
      this.seen?.delete(name)
      return lower
    }
    const known = this.seen?.get(name)
    if (known && known.lower === lower) {
      if (!known.ownAttributes) known.copyAttributes()
      return known
    }
    const inode = new CowInode(this.fs, lower.mode, lower)
    inode.copyAttributes()
    this.seen ??= new Map()
    this.seen.set(name, inode)
    return inode
  }

  private setEntry(caller: Caller, name: string, inode: CowInode | null): void {
    this.entries!.delete(name)
    this.entries!.set(name, { inode, sequence: this.nextSequence++ })
    this.seen?.delete(name)
    this.entriesChanged(caller)
  }

  /** A directory that was made here is as large as a tmpfs's, where it would lie on Linux. */
  private entriesChanged(caller: Caller): void {
    if (!this.lower) this.size = directorySize(this.entries!.size)
    this.touch(caller)
  }

  /** Takes a name away: a whiteout where the lower directory has it, else nothing stays. */
  private removeName(caller: Caller, name: string): number {
    if (!this.lower) {
      this.entries!.delete(name)
      this.entriesChanged(caller)
      return 0
    }
    const lower = this.lower.lookup(caller, name)
    if (lower === BLOCKED) return BLOCKED
    if (typeof lower === 'number') this.entries!.delete(name)
    else this.setEntry(caller, name, null)
    this.seen?.delete(name)
    this.touch(caller)
    return 0
  }

  private newChild(caller: Caller, mode: number): CowInode {
    const inode = new CowInode(this.fs, mode, null)
    inode.ino = this.fs.newIno()
    inode.uid = caller.credentials.bottom.fsuid
    inode.gid = caller.credentials.bottom.fsgid
    inode.nlink = isDirectory(mode) ? 2 : 1
    if (inode.isDirectory) inode.size = directorySize(0)
    inode.atime.setNow(caller.world.clock)
    inode.touch(caller)
    inode.btime = new Timestamp()
    inode.btime.setNow(caller.world.clock)
    return inode
  }

  override create(caller: Caller, name: string, mode: number, rdev: number): Inode | number {
    if (!this.entries) return -ENOTDIR
    if (this.entries.get(name)?.inode) return -EEXIST
    const inode = this.newChild(caller, mode)
    inode.rdev = rdev
    if ((mode & S_IFMT) === S_IFREG) inode.content = this.fs.upper.newInode(mode, 0, 0)
    this.setEntry(caller, name, inode)
    return inode
  }

  override createNameless(caller: Caller, mode: number, linkable: boolean): Inode | number {
    const inode = this.newChild(caller, mode)
    inode.content = this.fs.upper.newInode(mode, 0, 0)
    inode.nlink = 0
    inode.linkable = linkable
    return inode
  }

  override mkdir(caller: Caller, name: string, mode: number): Inode | number {
    const inode = this.create(caller, name, mode, 0)
    if (typeof inode !== 'number') this.nlink++
    return inode
  }

  override symlink(caller: Caller, name: string, target: string): number {
    const inode = this.newChild(caller, S_IFLNK | 0o777)
    inode.target = target
    inode.size = target.length
    this.setEntry(caller, name, inode)
    return 0
  }

  override link(caller: Caller, name: string, inode: Inode): number {
    const file = inode as CowInode
    if (file.nlink === 0 && !file.linkable) return -ENOENT
    file.linkable = false
    this.setEntry(caller, name, file)
    file.ownAttributes = true
    file.nlink++
    file.ctime.setNow(caller.world.clock)
    return 0
  }

  override unlink(caller: Caller, name: string, inode: Inode): number {
    const removed = this.removeName(caller, name)
    if (removed < 0) return removed
    ;(inode as CowInode).dropLink(caller)
    return 0
  }

  private dropLink(caller: Caller): void {
    this.ownAttributes = true
    this.nlink--
    this.ctime.setNow(caller.world.clock)
    this.freeIfUnused()
  }

  private freeIfUnused(): void {
    if (this.nlink > 0 || this.openCount > 0 || this.mapped || !this.content) return
    this.content.dropLink()
    this.content = null
  }

  /** 0 when it has no entries, -ENOTEMPTY, or what the lower directory answered. */
  private checkEmpty(caller: Caller): number {
    for (const entry of this.entries!.values()) if (entry.inode) return -ENOTEMPTY
    if (!this.lower) return 0
    let found = false
    const result = this.lower.readdir(caller, 0, {
      add: (name) => {
        if (!this.entries!.has(name)) found = true
        return !found
      },
    })
    return result < 0 ? result : found ? -ENOTEMPTY : 0
  }

  override rmdir(caller: Caller, name: string, inode: Inode): number {
    const directory = inode as CowInode
    if (!directory.entries) return -ENOTDIR
    const full = directory.checkEmpty(caller)
    if (full < 0) return full
    const removed = this.removeName(caller, name)
    if (removed < 0) return removed
    directory.ownAttributes = true
    directory.nlink = 0
    this.nlink--
    return 0
  }

  override rename(caller: Caller, name: string, directory: Inode, newName: string, flags: number): number {
    if (flags & RENAME_WHITEOUT) return -EINVAL
    const to = directory as CowInode
    const source = this.lookup(caller, name)
    if (typeof source === 'number') return source
    const target = to.lookup(caller, newName)
    if (typeof target === 'number' && target !== -ENOENT) return target
    const moved = source as CowInode
    const replaced = typeof target === 'number' ? null : (target as CowInode)
    if (flags & RENAME_EXCHANGE) {
      if (!replaced) return -ENOENT
      this.setEntry(caller, name, replaced)
      to.setEntry(caller, newName, moved)
      return 0
    }
    if (replaced?.entries) {
      const full = replaced.checkEmpty(caller)
      if (full < 0) return full
    }
    const removed = this.removeName(caller, name)
    if (removed < 0) return removed
    to.setEntry(caller, newName, moved)
    if (replaced) {
      if (replaced.isDirectory) replaced.nlink = 0
      else replaced.dropLink(caller)
    }
    if (moved.isDirectory && this !== to) {
      this.nlink--
      to.nlink++
    }
    moved.ownAttributes = true
    moved.ctime.setNow(caller.world.clock)
    return 0
  }

  override readdir(caller: Caller, offset: number, sink: DirectorySink): number {
    if (!this.entries) return -ENOTDIR
    if (offset < LOWER_OFFSET) {
      for (const [name, { inode, sequence }] of this.entries) {
        if (sequence <= offset || !inode) continue
        if (!sink.add(name, inode.ino, inode.mode, sequence)) return 0
      }
    }
    if (!this.lower) return 0
    const { entries } = this
    return this.lower.readdir(caller, Math.max(0, offset - LOWER_OFFSET), {
      add: (name, ino, mode, next) => entries.has(name) || sink.add(name, ino, mode, LOWER_OFFSET + next),
    })
  }

  override readlink(caller: Caller): string | number {
    if ((this.mode & S_IFMT) !== S_IFLNK) return -EINVAL
    return this.lower ? this.lower.readlink(caller) : this.target
  }

  // Contents.

  override opened(): void {
    this.openCount++
    this.lower?.opened()
  }

  override released(): void {
    this.openCount--
    this.lower?.released()
    this.freeIfUnused()
  }

  override read(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.entries) return -EISDIR
    if (this.content) return this.content.read(caller, pos, bytes, at, count)
    return this.lower ? this.lower.read(caller, pos, bytes, at, count) : 0
  }

  /** Brings the first `size` bytes up; 0, an errno (ENOSPC) or BLOCKED. */
  private copyUp(caller: Caller, size: number): number {
    if (this.content) return 0
    this.copying ??= { content: this.fs.upper.newInode(this.mode, 0, 0), pos: 0 }
    const { copying } = this
    const chunk = new Uint8Array(Math.min(COPY_CHUNK_SIZE, Math.max(1, size)))
    while (this.lower && copying.pos < size) {
      const got = this.lower.read(caller, copying.pos, chunk, 0, Math.min(chunk.length, size - copying.pos))
      if (got === BLOCKED) return BLOCKED
      if (got < 0) return this.giveUpCopy(got)
      if (got === 0) break
      const put = copying.content.write(caller, copying.pos, chunk, 0, got)
      if (put < got) return this.giveUpCopy(put < 0 ? put : -ENOSPC)
      copying.pos += got
    }
    this.content = copying.content
    this.copying = null
    this.size = this.content.size
    return 0
  }

  private giveUpCopy(errno: number): number {
    this.copying?.content.dropLink()
    this.copying = null
    return errno
  }

  override write(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.entries) return -EISDIR
    const copied = this.copyUp(caller, this.lower?.size ?? 0)
    if (copied < 0) return copied
    const done = this.content!.write(caller, pos, bytes, at, count)
    this.size = this.content!.size
    if (done > 0) {
      losePrivileges(caller.credentials, this)
      this.touch(caller)
    }
    return done
  }

  override allocate(caller: Caller, offset: number, length: number, keepSize: boolean): number {
    return this.changeContent(caller, (content) => content.allocate(caller, offset, length, keepSize))
  }

  override punchHole(caller: Caller, offset: number, length: number): number {
    return this.changeContent(caller, (content) => content.punchHole(caller, offset, length))
  }

  private changeContent(caller: Caller, change: (content: TmpfsInode) => number): number {
    const copied = this.copyUp(caller, this.lower?.size ?? 0)
    if (copied < 0) return copied
    const result = change(this.content!)
    this.size = this.content!.size
    if (result >= 0) this.touch(caller)
    return result
  }

  override seekHoleOrData(caller: Caller, pos: number, data: boolean): number {
    if (this.content) return this.content.seekHoleOrData(caller, pos, data)
    return this.lower ? this.lower.seekHoleOrData(caller, pos, data) : super.seekHoleOrData(caller, pos, data)
  }

  override setAttributes(caller: Caller, change: AttributeChange): number {
    if (change.size !== undefined) {
      if (this.entries) return -EISDIR
      const copied = this.copyUp(caller, Math.min(change.size, this.lower?.size ?? 0))
      if (copied < 0) return copied
      const result = this.content!.setAttributes(caller, { size: change.size })
      if (result < 0) return result
      this.size = change.size
      this.touch(caller)
    }
    this.ownAttributes = true
    this.takeAttributes(change, caller.world.clock)
    return 0
  }
}

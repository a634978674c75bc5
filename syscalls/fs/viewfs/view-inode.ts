/**
 * ViewInode: one file of the merged tree. It stays the same inode whatever part of it is above: open descriptors, shared
 * mappings, locks and watches hang on it, and its number does not change when it is copied up.
 * Path: vfs → here → layer.ts. Names are changed by view-names.ts, copies and attributes are made by copy-up.ts.
 */

import { EINVAL, EISDIR, ENOENT, ENOTDIR, EROFS } from '../../abi/errno.ts'
import { IN_MODIFY } from '../../abi/inotify.ts'
import { isDirectory, isRegular, isSymlink, S_IFLNK, S_IFMT } from '../../abi/stat.ts'
import type { Credentials } from '../../kernel/credentials.ts'
import type { Caller } from '../../vfs/caller.ts'
import { type AttributeChange, type DirectorySink, Inode } from '../../vfs/inode.ts'
import { notifyPath } from '../../vfs/notify.ts'
import type { Path } from '../../vfs/path.ts'
import { MAY_EXEC, MAY_READ, MAY_WRITE, permission, setIdBitsLost } from '../../vfs/permission.ts'
import {
  type CopyUp,
  changeAttributes,
  copyUp,
  keepXattrs,
  loseCapabilities,
  sayRecord,
  takeXattrs,
} from './copy-up.ts'
import * as layer from './layer.ts'
import { isRefusal } from './layer.ts'
import type { FileRecord } from './record.ts'
import { RECORDS_NAME, type Said } from './records.ts'
import * as names from './view-names.ts'
import type { ViewFs } from './viewfs.ts'

/** Numbers of files that are above: apart from those below. */
const UPPER_INO = 2 ** 40

/** Where a file has a name. */
export interface Place {
  readonly parent: ViewInode
  readonly name: string
}

export class ViewInode extends Inode {
  readonly fs: ViewFs
  /** Its part in the directory that keeps changes. */
  upper: Path | null = null
  /** What of it shows through; of a file only while there is nothing above. */
  lower: Path | null = null
  /** What the parts themselves do not say. */
  record: FileRecord = {}
  /** Of a directory: the records of what is in it. */
  recordsBelow: Path | null = null
  /** One of its names, while one is known. */
  place: Place | null = null
  /** The top of a view that is mounted over a directory of another one. */
  over: ViewInode | null = null
  /** Children that were seen. */
  children: Map<string, ViewInode> | null = null
  /** How many more names it has than its part. */
  nameDelta = 0
  isGone = false
  copying: CopyUp | null = null
  /** Parts that are open because this is. */
  private held: Inode[] = []
  private meeting: Inode | null = null

  constructor(fs: ViewFs, mode: number) {
    super(mode)
    this.fs = fs
  }

  /** The top of the whole view: its attributes are never those of the directory that keeps changes. */
  get isTop(): boolean {
    return this === this.fs.root && this.over === null
  }

  becomeTop(upper: Path | ViewInode, by: Caller | null): void {
    const { fs } = this
    this.lower = fs.lowerTop
    if (upper instanceof ViewInode) {
      this.over = upper
      this.upper = upper.upper
      this.recordsBelow = upper.recordsBelow
      const { lower: _, ...record } = upper.record
      this.record = record
    } else {
      this.upper = upper
      this.recordsBelow = by && fs.records.findTop(by)
      this.record = by ? fs.records.ofItself(by, this.recordsBelow) : {}
    }
    this.ino = this.lower.inode.ino
    fs.setInodeOf(this.lower.inode, this)
    this.update()
  }

  /** Whose attributes it has. */
  get attributesPart(): Inode {
    const merges = this.fs.mode === 'merge' && this.lower !== null
    const part = this.upper === null || this.isTop || merges ? this.lower : this.upper
    return (part ?? this.upper)!.inode
  }

  /** Where its bytes and entries are changed: the part above, if there is one. */
  get content(): Path {
    return (this.upper ?? this.lower)!
  }

  /** Takes over what the parts and the record say. */
  update(): void {
    const part = this.attributesPart
    const { record } = this
    this.mode = record.mode === undefined ? part.mode : shownMode(part, record.mode)
    this.uid = record.uid ?? part.uid
    this.gid = record.gid ?? part.gid
    this.rdev = record.rdev ?? part.rdev
    this.size = this.content.inode.size
    for (const name of ['atime', 'mtime', 'ctime'] as const) this[name].set(part[name].sec, part[name].nsec)
    if (record.atime) this.atime.set(record.atime.sec, record.atime.nsec)
    if (record.mtime) this.mtime.set(record.mtime.sec, record.mtime.nsec)
    this.btime = part.btime
    this.nlink = this.countNames(part)
    takeXattrs(this, part)
  }

  private countNames(part: Inode): number {
    if (this.isGone) return 0
    if (!isDirectory(part.mode)) return Math.max(0, part.nlink + this.nameDelta)
    // As of overlayfs: whoever counts subdirectories by it knows what 1 means.
    return this.upper && this.lower ? 1 : part.nlink
  }

  override refresh(caller: Caller): number {
    for (const part of [this.upper, this.lower]) {
      const fresh = part ? part.inode.refresh(caller) : 0
      if (fresh < 0) return fresh
    }
    this.update()
    return 0
  }

  override get blocks(): number {
    return this.content.inode.blocks
  }

  override get readOnly(): boolean {
    return this.fs.mode === 'merge' && this.lower === null
  }

  /** Mode and owner by a record are no reason to let somebody in, unless the mounter could have made it so. */
  override get behind(): Inode | null {
    const { mode, uid, gid } = this.record
    if (this.fs.isPrivileged || !this.upper || this.isTop) return null
    return mode === undefined && uid === undefined && gid === undefined ? null : this.upper.inode
  }

  override admits(who: Credentials, mask: number): boolean {
    if (!(mask & MAY_WRITE) || this.fs.mode === 'merge' || !this.fs.isOwnerOf(who)) return false
    if (!this.isRegular && !this.isDirectory) return false
    return permission(who, this, mask & ~MAY_WRITE) === 0
  }

  override get meetingPlace(): Inode {
    this.meeting ??= this.content.inode.meetingPlace
    return this.meeting
  }

  // Directories.

  override lookup(caller: Caller, name: string): Inode | number {
    if (!this.isDirectory) return -ENOTDIR
    if (this.isTop && name === RECORDS_NAME) return -ENOENT
    const above = this.upper ? layer.find(caller, this.upper, name) : null
    if (typeof above === 'number') return above
    const said = this.fs.records.find(caller, this.recordsBelow, name)
    if (typeof said === 'number') return said
    const below = this.findBelow(caller, name, above, said)
    if (typeof below === 'number') return below
    if (!above && !below) {
      this.children?.delete(name)
      return -ENOENT
    }
    return this.childOf(name, above, below, said)
  }

  /** The part below of an entry, if it shows through. */
  private findBelow(caller: Caller, name: string, above: Path | null, said: Said): Path | null | number {
    if (said.isGone || (above && !above.inode.isDirectory)) return null
    const { lower } = said.record
    if (above && lower !== undefined)
      return lower !== '' && this.fs.isPrivileged ? this.findFarBelow(caller, lower) : null
    const below = this.entryBelow(caller, name)
    if (typeof below === 'number' || !above) return below
    return below?.inode.isDirectory ? below : null
  }

  /** The entry of the part below, whether it shows through or not. */
  entryBelow(caller: Caller, name: string): Path | null | number {
    if (!this.lower) return null
    const mayLook = this.mayUseLower(caller, MAY_EXEC)
    return mayLook < 0 ? mayLook : layer.find(caller, this.lower, name)
  }

  /** What is above could have made the directory look more open than it is. */
  private mayUseLower(caller: Caller, mask: number): number {
    if (this.fs.isPrivileged || !this.upper) return 0
    return permission(caller.credentials.bottom, this.lower!.inode, mask)
  }

  /** A directory below that was given another name above: by names from the top, each of a directory. */
  private findFarBelow(caller: Caller, path: string): Path | null | number {
    let at = this.fs.lowerTop
    for (const name of path.split('/').filter(Boolean)) {
      if (name === '.' || name === '..') return null
      const next = layer.find(caller, at, name)
      if (typeof next === 'number') return next
      if (!next?.inode.isDirectory) return null
      at = next
    }
    return at
  }

  private childOf(name: string, above: Path | null, below: Path | null, said: Said): ViewInode {
    let child = this.children?.get(name)
    if (!child || child.upper?.inode !== above?.inode || child.lower?.inode !== below?.inode) {
      const part = (above ?? below)!.inode
      child = part.isDirectory ? undefined : this.fs.inodeOf(part)
      if (!child) {
        child = new ViewInode(this.fs, part.mode)
        child.upper = above
        child.lower = below
        child.record = said.record
        child.ino = inoOf(above, below)
        for (const one of [above, below]) if (one) this.fs.setInodeOf(one.inode, child)
      } else if (above && child.upper?.inode !== above.inode) child.takeUpper(above)
      else if (!child.upper && below && child.lower?.inode !== below.inode) child.takeLower(below)
      this.keepChild(name, child)
    }
    child.recordsBelow = said.below
    child.place ??= { parent: this, name }
    child.update()
    return child
  }

  /** One that is being made here. */
  newChild(mode: number, place: Place | null): ViewInode {
    const child = new ViewInode(this.fs, mode)
    child.place = place
    return child
  }

  /** The number of a file that is made. */
  takeNumber(): void {
    this.ino = inoOf(this.upper, this.upper ? null : this.lower)
  }

  keepChild(name: string, child: ViewInode): void {
    this.children ??= new Map()
    this.children.set(name, child)
  }

  override create(caller: Caller, name: string, mode: number, rdev: number): Inode | number {
    return names.makeChild(this, caller, name, { mode, rdev })
  }

  override mkdir(caller: Caller, name: string, mode: number): Inode | number {
    return names.makeChild(this, caller, name, { mode })
  }

  override symlink(caller: Caller, name: string, target: string): number {
    const made = names.makeChild(this, caller, name, { mode: S_IFLNK | 0o777, target })
    return typeof made === 'number' ? made : 0
  }

  override createNameless(caller: Caller, mode: number, linkable: boolean): Inode | number {
    return names.makeNameless(this, caller, mode, linkable)
  }

  override link(caller: Caller, name: string, inode: Inode): number {
    return names.linkChild(this, caller, name, inode as ViewInode)
  }

  override unlink(caller: Caller, name: string, inode: Inode): number {
    return names.removeChild(this, caller, name, inode as ViewInode)
  }

  override rmdir(caller: Caller, name: string, inode: Inode): number {
    return names.removeChild(this, caller, name, inode as ViewInode)
  }

  override rename(caller: Caller, name: string, directory: Inode, newName: string, flags: number): number {
    return names.moveChild(this, caller, name, directory as ViewInode, newName, flags)
  }

  /**
   * First the names below that show through, whatever has become of their files, then those that are only above: so a
   * file that is copied up in between is seen once. Offsets of the former are even, those of the latter odd.
   */
  override readdir(caller: Caller, offset: number, sink: DirectorySink): number {
    if (!this.isDirectory) return -ENOTDIR
    if (this.lower && offset % 2 === 0) {
      const done = this.readLower(caller, offset / 2, sink)
      if (done !== 0) return Math.min(done, 0)
    }
    return this.upper ? this.readUpper(caller, offset % 2 === 0 ? 0 : (offset - 1) / 2, sink) : 0
  }

  /** 0 when all were read, 1 when the sink is full, or an errno. */
  private readLower(caller: Caller, offset: number, sink: DirectorySink): number {
    const mayRead = this.mayUseLower(caller, MAY_READ)
    if (mayRead < 0) return mayRead
    let stopped = 0
    const result = this.lower!.inode.readdir(caller, offset, {
      add: (name, ino, mode, next) => {
        const above = this.upper ? layer.find(caller, this.upper, name) : null
        const said = this.fs.records.find(caller, this.recordsBelow, name)
        if (typeof above === 'number' || typeof said === 'number') {
          stopped = typeof above === 'number' ? above : (said as number)
          return false
        }
        if ((said.isGone && !above) || (this.isTop && name === RECORDS_NAME)) return true
        const taken = above
          ? sink.add(name, this.inoOfUpper(above), above.inode.mode, next * 2)
          : sink.add(name, this.children?.get(name)?.ino ?? ino, mode, next * 2)
        if (!taken) stopped = 1
        return taken
      },
    })
    return result < 0 ? result : stopped
  }

  private readUpper(caller: Caller, offset: number, sink: DirectorySink): number {
    let failed = 0
    const result = this.upper!.inode.readdir(caller, offset, {
      add: (name, _ino, mode, next) => {
        if (this.isTop && name === RECORDS_NAME) return true
        const below = this.entryBelow(caller, name)
        const above = layer.find(caller, this.upper!, name)
        if (typeof below === 'number') failed = below
        if (failed < 0) return false
        if (below || !above || typeof above === 'number') return true
        return sink.add(name, this.inoOfUpper(above), mode, next * 2 + 1)
      },
    })
    return failed || result
  }

  private inoOfUpper(above: Path): number {
    return this.fs.inodeOf(above.inode)?.ino ?? inoOf(above, null)
  }

  override readlink(caller: Caller): string | number {
    return isSymlink(this.mode) ? this.content.inode.readlink(caller) : -EINVAL
  }

  // Contents.

  override opened(): void {
    if (this.openCount++ > 0) return
    for (const part of [this.upper, this.lower]) if (part) this.hold(part.inode)
  }

  private hold(part: Inode): void {
    this.held.push(part)
    part.opened()
  }

  /** It has another part; who has it open has that one open too. */
  takeUpper(upper: Path): void {
    this.upper = upper
    this.fs.setInodeOf(upper.inode, this)
    if (this.openCount > 0) this.hold(upper.inode)
  }

  /** What changes kept above is below now, or forgotten. */
  takeLower(lower: Path): void {
    this.lower = lower
    this.fs.setInodeOf(lower.inode, this)
    if (this.openCount > 0) this.hold(lower.inode)
  }

  override released(): void {
    // A mapping of a file without a name goes on.
    if (--this.openCount > 0 || (this.nlink === 0 && this.mapped)) return
    const { held } = this
    this.held = []
    for (const part of held) part.released()
  }

  override read(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    return this.isDirectory ? -EISDIR : this.content.inode.read(caller, pos, bytes, at, count)
  }

  /** Does something to the part that takes changes; with `size`, only so much of the contents is still of use. */
  private change(caller: Caller, size: number, act: (part: Path) => number): number {
    if (this.isDirectory) return -EISDIR
    if (this.readOnly) return -EROFS
    const { lower } = this
    if (!this.upper && lower && (this.fs.mode === 'merge' || this.fs.lowerTakes(caller, lower, MAY_WRITE))) {
      const result = act(lower)
      if (!isRefusal(result) || this.fs.mode === 'merge') return this.changed(caller, lower, result)
    }
    const copied = copyUp(this, caller, size)
    return copied < 0 ? copied : this.changed(caller, this.upper!, act(this.upper!))
  }

  private changed(caller: Caller, part: Path, result: number): number {
    if (result < 0) return result
    const { record } = this
    const lost = record.mode === undefined ? 0 : setIdBitsLost(caller.credentials, this)
    if (loseCapabilities(this) || lost || record.mtime || record.atime) {
      if (lost) record.mode! &= ~lost
      delete record.mtime
      delete record.atime
      sayRecord(this, caller)
    }
    this.update()
    notifyPath(part, IN_MODIFY)
    return result
  }

  override write(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    return this.change(caller, Infinity, ({ inode }) => {
      const done = inode.write(caller, pos, bytes, at, count)
      if (done > 0) inode.mapped?.written(pos, done, bytes, at)
      return done
    })
  }

  override allocate(caller: Caller, offset: number, length: number, keepSize: boolean): number {
    return this.change(caller, Infinity, ({ inode }) => inode.allocate(caller, offset, length, keepSize))
  }

  override punchHole(caller: Caller, offset: number, length: number): number {
    return this.change(caller, Infinity, ({ inode }) => inode.punchHole(caller, offset, length))
  }

  override seekHoleOrData(caller: Caller, pos: number, data: boolean): number {
    return this.content.inode.seekHoleOrData(caller, pos, data)
  }

  override sync(caller: Caller): number {
    return this.content.inode.sync(caller)
  }

  // Attributes.

  override setAttributes(caller: Caller, change: AttributeChange): number {
    if (this.readOnly) return -EROFS
    const { size, ...attributes } = change
    if (size !== undefined) {
      const result = this.change(caller, size, ({ inode }) => {
        const done = inode.setAttributes(caller, { size })
        if (done >= 0) inode.mapped?.truncated(size)
        return done
      })
      if (result < 0) return result
    }
    const result = Object.keys(attributes).length > 0 ? changeAttributes(this, caller, attributes) : 0
    if (result >= 0) this.update()
    return result
  }

  override attributesChanged(caller: Caller): number {
    return keepXattrs(this, caller)
  }
}

/** The mode that a record gives a file: a type only to what is an empty file in its place. */
function shownMode(part: Inode, mode: number): number {
  const type = mode & S_IFMT && isRegular(part.mode) && part.size === 0 ? mode & S_IFMT : part.mode & S_IFMT
  return type | (mode & 0o7777)
}

const inoOf = (above: Path | null, below: Path | null): number =>
  below ? below.inode.ino : above!.inode.ino + UPPER_INO

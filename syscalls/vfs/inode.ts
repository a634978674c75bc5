/**
 * Inode: one file of a file system, with Linux's answer for everything its kind cannot do. A file-system type
 * extends it and overrides what it offers.
 * Path: vfs/walk.ts and sys/*.ts call these; fs/<type> implements them. inode(7), Linux include/linux/fs.h.
 * Every method may return a negative errno or BLOCKED instead of its value.
 */

import { XATTR_NAME_CAPS } from '../abi/capability.ts'
import { EINVAL, ENOTDIR, ENXIO, EOPNOTSUPP, EPERM, EROFS } from '../abi/errno.ts'
import { isDirectory, isRegular, S_IFMT, STATX_ATTRS_COMMON } from '../abi/stat.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Caller } from './caller.ts'
import type { FileLocks } from './locks.ts'
import type { InodeWatch } from './notify.ts'
import type { Dentry, Path } from './path.ts'

export class Timestamp {
  sec = 0
  nsec = 0

  set(sec: number, nsec: number): void {
    this.sec = sec
    this.nsec = nsec
  }

  setNow(clock: Clock): void {
    clock.readRealtime()
    this.sec = clock.sec
    this.nsec = clock.nsec
  }
}

/** What chmod, chown, utimensat and truncate change; absent fields stay. */
export interface AttributeChange {
  mode?: number
  uid?: number
  gid?: number
  size?: number
  atime?: Timestamp
  mtime?: Timestamp
}

/** Receives directory entries; false when it is full, and then this entry was not taken. */
export interface DirectorySink {
  add(name: string, ino: number, mode: number, nextOffset: number): boolean
}

/** Told when bytes of a file changed by write(2) or truncate(2): the shared mappings of it. */
export interface MappedFile {
  written(pos: number, count: number, bytes: Uint8Array, at: number): void
  truncated(size: number): void
  /** A hole was punched. */
  zeroed(from: number, to: number): void
  /** Whether a mapping may be stored to. */
  readonly isWritable: boolean
}

export interface StatFs {
  type: number
  blockSize: number
  blocks: number
  blocksFree: number
  files: number
  filesFree: number
}

/** Bytes that several file systems in memory have together. */
export class DiskQuota {
  sizeMax = Infinity
  used = 0
}

export abstract class FileSystem {
  /** As mount(8) and /proc/filesystems name it. */
  abstract readonly type: string
  abstract readonly root: Inode
  /** st_dev; the kernel numbers file systems as they are made. */
  dev = 0
  /** SB_RDONLY: wherever it is mounted. */
  readOnly = false
  /** MS_* that hold for the whole of it: SUPER_FLAGS. */
  superFlags = 0
  /** Made when it is first mounted. */
  rootDentry: Dentry | null = null
  /** Mounts of it, in all trees. */
  mountCount = 0
  /** st_blksize. */
  readonly blockSize: number = 4096
  /** stx_attributes_mask: STATX_ATTR_*. */
  readonly attributesKnown: number = STATX_ATTRS_COMMON
  /** Times tell apart changes that follow each other closely. */
  readonly hasFineTimes: boolean = false
  /** Inodes that somebody watches (inotify). */
  readonly watched = new Set<Inode>()
  /** Entries are only changed through this kernel, so a dentry need not be asked for again. */
  readonly stable: boolean = false
  /** Reading never waits for a promise, so a page can be read when it is first touched. */
  readonly answersAtOnce: boolean = true
  /** Whose its files are can be said: the kernel's own are whose they are. */
  readonly keepsOwners: boolean = true
  /** Files have extended attributes. */
  readonly keepsXattrs: boolean = false
  abstract statfs(): StatFs
  /** Its own options, as /proc/mounts shows them: `,size=1024k`. */
  get shownOptions(): string {
    return ''
  }
  /** New options of its own, by mount(2) with MS_REMOUNT; unknown ones are EINVAL. */
  reconfigure(options: ReadonlyMap<string, string>): number {
    return options.size > 0 ? -EINVAL : 0
  }
  /** Whether a remount may make it writable. */
  get mayBecomeWritable(): boolean {
    return true
  }
  /** Told when it is mounted; what keeps contents in memory counts them there too. */
  attachQuota(_quota: DiskQuota): void {}
  sync(_caller: Caller): number {
    return 0
  }
}

export abstract class Inode {
  abstract readonly fs: FileSystem
  ino = 0
  mode: number
  uid = 0
  gid = 0
  nlink = 1
  size = 0
  rdev = 0
  readonly atime = new Timestamp()
  readonly mtime = new Timestamp()
  readonly ctime = new Timestamp()
  /** When it was made, where the file system knows. */
  btime: Timestamp | null = null
  /** Shared mappings of this file. */
  mapped: MappedFile | null = null
  /** Advisory record locks, made when first asked for. */
  locks: FileLocks | null = null
  /** Descriptions of it that are open. */
  openCount = 0
  /** Who is told what happens to it (inotify). */
  watches: Set<InodeWatch> | null = null
  /** Extended attributes, where the file system keeps them. */
  xattrs: Map<string, Uint8Array> | null = null
  /** F_SEAL_*; negative for what has no seals. */
  seals = -1
  /** Open writers keep execve away (ETXTBSY). */
  writerCount = 0

  constructor(mode: number) {
    this.mode = mode
  }

  get type(): number {
    return this.mode & S_IFMT
  }

  get isDirectory(): boolean {
    return isDirectory(this.mode)
  }

  get isRegular(): boolean {
    return isRegular(this.mode)
  }

  /** st_blocks, in units of 512 bytes. */
  get blocks(): number {
    return Math.ceil(this.size / 4096) * 8
  }

  /** Fetches attributes that may have changed outside; before stat(2). */
  refresh(_caller: Caller): number {
    return 0
  }

  /** Something that is not in AttributeChange was changed. */
  attributesChanged({ world }: Caller): number {
    this.ctime.setNow(world.clock)
    return 0
  }

  /** Takes over mode, owner and times of a change, for file systems that keep them here; the size is theirs. */
  protected takeAttributes(change: AttributeChange, clock: Clock): void {
    if (change.mode !== undefined) this.mode = (this.mode & S_IFMT) | (change.mode & 0o7777)
    if (change.size !== undefined) this.xattrs?.delete(XATTR_NAME_CAPS)
    if (change.uid !== undefined) this.uid = change.uid
    if (change.gid !== undefined) this.gid = change.gid
    if (change.atime) this.atime.set(change.atime.sec, change.atime.nsec)
    if (change.mtime) this.mtime.set(change.mtime.sec, change.mtime.nsec)
    this.ctime.setNow(clock)
  }

  lookup(_caller: Caller, _name: string): Inode | number {
    return -ENOTDIR
  }

  /** Makes a file of any type but directory and symlink. */
  create(_caller: Caller, _name: string, _mode: number, _rdev: number): Inode | number {
    return -EPERM
  }

  /** O_TMPFILE: a regular file without a name; `linkable` when linkat(2) may give it one. */
  createNameless(_caller: Caller, _mode: number, _linkable: boolean): Inode | number {
    return -EOPNOTSUPP
  }

  mkdir(_caller: Caller, _name: string, _mode: number): Inode | number {
    return -EPERM
  }

  symlink(_caller: Caller, _name: string, _target: string): number {
    return -EPERM
  }

  link(_caller: Caller, _name: string, _inode: Inode): number {
    return -EPERM
  }

  unlink(_caller: Caller, _name: string, _inode: Inode): number {
    return -EPERM
  }

  rmdir(_caller: Caller, _name: string, _inode: Inode): number {
    return -EPERM
  }

  /** Moves `name` of this directory to `newName` of `directory`; flags are RENAME_*. */
  rename(_caller: Caller, _name: string, _directory: Inode, _newName: string, _flags: number): number {
    return -EPERM
  }

  /** Gives entries from an offset on, without "." and "..". Offsets stay valid while entries come and go. */
  readdir(_caller: Caller, _offset: number, _sink: DirectorySink): number {
    return -ENOTDIR
  }

  readlink(_caller: Caller): string | number {
    return -EINVAL
  }

  /** A link that leads to an open object instead of a name (/proc/PID/fd/N): null for an ordinary one. */
  magicLink(_caller: Caller): Path | number | null {
    return null
  }

  read(_caller: Caller, _pos: number, _bytes: Uint8Array, _at: number, _count: number): number {
    return -EINVAL
  }

  write(_caller: Caller, _pos: number, _bytes: Uint8Array, _at: number, _count: number): number {
    return -EINVAL
  }

  /** fallocate(2): room for a range, the file made as long unless `keepSize`. */
  allocate(_caller: Caller, _offset: number, _length: number, _keepSize: boolean): number {
    return -EOPNOTSUPP
  }

  /** fallocate(2) with FALLOC_FL_PUNCH_HOLE: the range reads as zeros and takes no room. */
  punchHole(_caller: Caller, _offset: number, _length: number): number {
    return -EOPNOTSUPP
  }

  /** The next data or hole from a position on, for lseek(2). Here the whole file is data, its end the only hole. */
  seekHoleOrData(_caller: Caller, pos: number, data: boolean): number {
    return pos >= this.size ? -ENXIO : data ? pos : this.size
  }

  /** Of what belongs to a task rather than to whom chown(2) gave it: whose it is, in whatever view he is looked at. */
  get maker(): Credentials | null {
    return null
  }

  /** Nobody writes to it, whatever he may (EPERM); its mode says as much. */
  get isImmutable(): boolean {
    return false
  }

  /** The file of a mount namespace. */
  get holdsMountTree(): boolean {
    return false
  }

  /** Lets somebody in whatever the mode says; `mask` is made of MAY_*. */
  admits(_who: Credentials, _mask: number): boolean {
    return false
  }

  /** Where mode and owner are only what is said of a file: the file, which must let the caller in as well. */
  get behind(): Inode | null {
    return null
  }

  /** Nothing of it can be changed, though other files of its mount can (EROFS). */
  get readOnly(): boolean {
    return false
  }

  /** What programs that open it meet at: a FIFO or a socket that several views show is one. */
  get meetingPlace(): Inode {
    return this
  }

  setAttributes(_caller: Caller, _change: AttributeChange): number {
    return -EROFS
  }

  sync(_caller: Caller): number {
    return 0
  }

  /** An open description appeared or went away. */
  opened(): void {
    this.openCount++
  }

  released(): void {
    this.openCount--
  }
}

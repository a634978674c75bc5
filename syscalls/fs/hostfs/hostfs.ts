/**
 * hostfs: a directory of the host, through an object shaped like node:fs (Node itself, or a memfs volume).
 * Confinement: a host path is the mounted directory and names that were walked one by one; a symlink is handed to
 * our own walk as text and never followed by the host, so nothing outside can be reached by a name.
 * Path: vfs/walk.ts → here → the host. Modes: ro and rw; copy-on-write is cowfs above it.
 */

import { fromUtf8, utf8 } from '../../abi/bytes.ts'
import { EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, errnoOf } from '../../abi/errno.ts'
import { RENAME_NOREPLACE } from '../../abi/fcntl.ts'
import { EXT4_SUPER_MAGIC, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import {
  type AttributeChange,
  type DirectorySink,
  FileSystem,
  Inode,
  type StatFs,
  Timestamp,
} from '../../vfs/inode.ts'
import type { HostFiles, HostStats } from './host-files.ts'
import { hostName, ignoresCase, isWindowsPath } from './host-names.ts'

export interface HostFsOptions {
  files: HostFiles
  /** The mounted directory, in the host's words. */
  directory: string
  readOnly?: boolean
  /** The host's user shows as this guest user. */
  owner?: { hostUid: number; hostGid: number; uid: number; gid: number }
}

export class HostFs extends FileSystem {
  readonly type: string = 'hostfs'
  readonly root: HostInode
  readonly files: HostFiles
  readonly owner: HostFsOptions['owner']
  private readonly isWriteProtected: boolean
  /** Its rules for names hold: docs/hostfs.md. */
  readonly isWindows: boolean
  /** The host takes names that differ by case for one. */
  readonly ignoresCase: boolean

  /** Throws the host's error when the directory cannot be read. */
  constructor(options: HostFsOptions) {
    super()
    this.files = options.files
    this.isWriteProtected = this.readOnly = options.readOnly ?? false
    this.owner = options.owner
    this.isWindows = isWindowsPath(options.directory)
    const separators = this.isWindows ? /(.)[/\\]+$/ : /(.)\/+$/
    const directory = options.directory.replace(separators, '$1')
    this.root = new HostInode(this, null, directory, this.files.lstatSync(`${directory}/.`))
    this.ignoresCase = ignoresCase(this.files, `${directory}/.`)
  }

  /** What the host gave for reading stays that. */
  override get mayBecomeWritable(): boolean {
    return !this.isWriteProtected
  }

  statfs(): StatFs {
    return {
      type: EXT4_SUPER_MAGIC,
      blockSize: 4096,
      blocks: 1 << 24,
      blocksFree: 1 << 23,
      files: 1 << 20,
      filesFree: 1 << 19,
    }
  }
}

function setTime(time: Timestamp, ms: number): void {
  const sec = Math.floor(ms / 1000)
  time.set(sec, Math.max(0, Math.min(999_999_999, Math.round((ms - sec * 1000) * 1e6))))
}

const toSec = (time: Timestamp): number => time.sec + time.nsec / 1e9

class HostInode extends Inode {
  readonly fs: HostFs
  private parent: HostInode | null
  /** JavaScript text; of the root, the whole path. */
  private name: string
  /** Inodes given out, so that a file stays one inode while it is the same on the host. */
  private children: Map<string, HostInode> | null = null
  private hostDev = 0
  private fd = -1
  private fdWrites = false
  private hasName = true
  /** A directory's names as they were when reading began at its start. */
  private listing: { name: string; mode: number }[] | null = null

  constructor(fs: HostFs, parent: HostInode | null, name: string, stats: HostStats) {
    super(stats.mode)
    this.fs = fs
    this.parent = parent
    this.name = name
    this.take(stats)
  }

  private get hostPath(): string {
    return this.parent ? `${this.parent.hostPath}/${this.name}` : this.name
  }

  /** This inode's own path; the root's ends so that a drive's letter alone does not mean another directory of it. */
  private get ownPath(): string {
    return this.parent ? this.hostPath : `${this.hostPath}/.`
  }

  /** Throws where the host has no such names. */
  private childPath(name: string): string {
    const text = hostName(name, this.fs.isWindows)
    if (text === null) throw Object.assign(new Error('no name on the host'), { code: 'EINVAL' })
    return `${this.hostPath}/${text}`
  }

  /** Whether the host's entry is really spelled so, where it finds entries by other spellings too. */
  private isSpelled(name: string): boolean {
    if (!this.fs.ignoresCase) return true
    return this.fs.files
      .readdirSync(this.ownPath, { withFileTypes: true })
      .some((entry) => utf8(entry.name) === name)
  }

  private take(stats: HostStats): void {
    const { owner } = this.fs
    this.mode = stats.mode
    this.size = stats.size
    this.nlink = stats.nlink
    this.uid = owner && stats.uid === owner.hostUid ? owner.uid : stats.uid
    this.gid = owner && stats.gid === owner.hostGid ? owner.gid : stats.gid
    this.ino = stats.ino
    this.hostDev = stats.dev
    this.rdev = stats.rdev
    setTime(this.atime, stats.atimeMs)
    setTime(this.mtime, stats.mtimeMs)
    setTime(this.ctime, stats.ctimeMs)
    if (stats.birthtimeMs) setTime((this.btime ??= new Timestamp()), stats.birthtimeMs)
  }

  override refresh(): number {
    if (!this.hasName) return this.refreshOpen()
    try {
      this.take(this.fs.files.lstatSync(this.ownPath))
      return 0
    } catch (error) {
      // An open file whose name is gone keeps what was known of it.
      return errnoOf(error) === ENOENT && this.openCount > 0 ? 0 : -errnoOf(error)
    }
  }

  /** Its name is gone, or another file's by now. */
  private refreshOpen(): number {
    const { files } = this.fs
    if (this.fd >= 0 && files.fstatSync) this.take(files.fstatSync(this.fd))
    return 0
  }

  // Directories.

  override lookup(_caller: Caller, name: string): Inode | number {
    if (!this.isDirectory) return -ENOTDIR
    if (hostName(name, this.fs.isWindows) === null) return -ENOENT
    let stats: HostStats
    try {
      stats = this.fs.files.lstatSync(this.childPath(name))
      if (!this.isSpelled(name)) return -ENOENT
    } catch (error) {
      this.children?.delete(name)
      return -errnoOf(error)
    }
    const known = this.children?.get(name)
    if (known && known.ino === stats.ino && (known.mode & S_IFMT) === (stats.mode & S_IFMT)) {
      known.take(stats)
      return known
    }
    const inode = new HostInode(this.fs, this, fromUtf8(name), stats)
    this.children ??= new Map()
    this.children.set(name, inode)
    return inode
  }

  /** Does something to an entry on the host; then the entry as it is now. */
  private change(caller: Caller, name: string, act: (path: string) => void, isNew = true): Inode | number {
    try {
      act(this.childPath(name))
      this.stamp(caller)
    } catch (error) {
      return -errnoOf(error)
    }
    const found = this.lookup(caller, name)
    if (isNew && found instanceof HostInode) found.stamp(caller, true)
    return found
  }

  /** The host has put its own time on what changed: a view with another clock gets that one's, where the host lets us. */
  private stamp({ world: { clock } }: Caller, isNew = false): void {
    if (clock === clock.kernelClock) return
    clock.readRealtime()
    const now = clock.sec + clock.nsec / 1e9
    try {
      this.changeTimes(isNew ? now : toSec(this.atime), now)
    } catch {
      return
    }
    this.refresh()
  }

  override create(caller: Caller, name: string, mode: number): Inode | number {
    // Devices, FIFOs and sockets would act on the host.
    if ((mode & S_IFMT) !== S_IFREG) return -EPERM
    const { files } = this.fs
    return this.change(caller, name, (path) => files.closeSync(files.openSync(path, 'wx', mode & 0o777)))
  }

  override mkdir(caller: Caller, name: string, mode: number): Inode | number {
    return this.change(caller, name, (path) => this.fs.files.mkdirSync(path, { mode: mode & 0o777 }))
  }

  override symlink(caller: Caller, name: string, target: string): number {
    const made = this.change(caller, name, (path) => this.fs.files.symlinkSync(fromUtf8(target), path))
    return typeof made === 'number' ? made : 0
  }

  override link(caller: Caller, name: string, inode: Inode): number {
    const existing = (inode as HostInode).hostPath
    const made = this.change(caller, name, (path) => this.fs.files.linkSync(existing, path), false)
    return typeof made === 'number' ? made : 0
  }

  private remove(caller: Caller, name: string, act: (path: string) => void): number {
    try {
      act(this.childPath(name))
    } catch (error) {
      return -errnoOf(error)
    }
    this.children?.delete(name)
    this.stamp(caller)
    return 0
  }

  override unlink(caller: Caller, name: string, inode: Inode): number {
    const file = inode as HostInode
    file.prepareToLoseName()
    const result = this.remove(caller, name, (path) => this.fs.files.unlinkSync(path))
    if (result === 0) file.hasName = false
    return result
  }

  /** An open file must stay what it is after its name is gone. */
  private prepareToLoseName(): void {
    if (this.openCount === 0 || !this.isRegular) return
    try {
      this.descriptor(true)
    } catch {
      // Who may not write to it on the host has not.
      this.descriptor(false)
    }
  }

  override rmdir(caller: Caller, name: string): number {
    const result = this.remove(caller, name, (path) => this.fs.files.rmdirSync(path))
    return result === -EEXIST ? -ENOTEMPTY : result
  }

  override rename(caller: Caller, name: string, directory: Inode, newName: string, flags: number): number {
    if (flags & ~RENAME_NOREPLACE) return -EINVAL
    const to = directory as HostInode
    const replaced = to.children?.get(newName)
    try {
      if (this.replacesOther(name, to, newName)) return -EEXIST
      replaced?.prepareToLoseName()
      this.fs.files.renameSync(this.childPath(name), to.childPath(newName))
    } catch (error) {
      return -errnoOf(error)
    }
    this.stamp(caller)
    if (to !== this) to.stamp(caller)
    const moved = this.children?.get(name)
    // Names of one file stay both.
    if (replaced && replaced.ino !== moved?.ino) replaced.hasName = false
    this.children?.delete(name)
    if (moved) {
      moved.parent = to
      moved.name = fromUtf8(newName)
      to.children ??= new Map()
      to.children.set(newName, moved)
    }
    return 0
  }

  /** Whether the host would find another file by the new name, though none is spelled so. */
  private replacesOther(name: string, to: HostInode, newName: string): boolean {
    if (!this.fs.ignoresCase || to.isSpelled(newName)) return false
    try {
      const found = this.fs.files.lstatSync(to.childPath(newName))
      return found.ino !== this.fs.files.lstatSync(this.childPath(name)).ino
    } catch (error) {
      if (errnoOf(error) === ENOENT) return false
      throw error
    }
  }

  override readdir(_caller: Caller, offset: number, sink: DirectorySink): number {
    if (offset === 0 || !this.listing) {
      try {
        this.listing = this.fs.files
          .readdirSync(this.ownPath, { withFileTypes: true })
          .map((entry) => ({
            name: utf8(entry.name),
            mode: entry.isDirectory()
              ? S_IFDIR
              : entry.isSymbolicLink()
                ? S_IFLNK
                : entry.isFile()
                  ? S_IFREG
                  : 0,
          }))
          .sort((a, b) => (a.name < b.name ? -1 : 1))
      } catch (error) {
        return -errnoOf(error)
      }
    }
    for (let i = offset; i < this.listing.length; i++) {
      const { name, mode } = this.listing[i]!
      // The true inode number costs a stat; programs compare it rarely, but 0 means "deleted" to them.
      if (!sink.add(name, this.children?.get(name)?.ino || i + 1, mode, i + 1)) break
    }
    return 0
  }

  override readlink(): string | number {
    try {
      const target = this.fs.files.readlinkSync(this.hostPath)
      return utf8(this.fs.isWindows ? target.replaceAll('\\', '/') : target)
    } catch (error) {
      return -errnoOf(error)
    }
  }

  // Contents.

  /** The host's descriptor, opened when it is first needed; throws. */
  private descriptor(write: boolean): number {
    if (this.fd >= 0 && (this.fdWrites || !write)) return this.fd
    const fd = this.open(write)
    if (this.fd >= 0) this.fs.files.closeSync(this.fd)
    this.fd = fd
    this.fdWrites = write
    return fd
  }

  /** Opens what was looked at and nothing that came into its place since; throws. */
  private open(write: boolean): number {
    const { files } = this.fs
    const { constants } = files
    const how = constants
      ? (write ? constants.O_RDWR : constants.O_RDONLY) | (constants.O_NOFOLLOW ?? 0)
      : write
        ? 'r+'
        : 'r'
    const fd = files.openSync(this.hostPath, how)
    const opened = files.fstatSync?.(fd)
    if (opened && (opened.ino !== this.ino || opened.dev !== this.hostDev)) {
      files.closeSync(fd)
      throw Object.assign(new Error('another file'), { code: 'ENOENT' })
    }
    return fd
  }

  private closeIfUnused(): void {
    if (this.openCount > 0 || this.fd < 0) return
    this.fs.files.closeSync(this.fd)
    this.fd = -1
  }

  private use(write: boolean, act: (fd: number) => number): number {
    try {
      return act(this.descriptor(write))
    } catch (error) {
      return -errnoOf(error)
    } finally {
      this.closeIfUnused()
    }
  }

  override opened(): void {
    this.openCount++
  }

  override released(): void {
    this.openCount--
    if (this.isDirectory) this.listing = null
    this.closeIfUnused()
  }

  override read(_caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.isDirectory) return -EISDIR
    return this.use(false, (fd) => this.fs.files.readSync(fd, bytes, at, count, pos))
  }

  override write(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    const done = this.use(true, (fd) => this.fs.files.writeSync(fd, bytes, at, count, pos))
    if (done < 0) return done
    this.size = Math.max(this.size, pos + done)
    this.stamp(caller)
    return done
  }

  /** The host cannot promise room, but the file can be made as long. */
  override allocate(caller: Caller, offset: number, length: number, keepSize: boolean): number {
    if (keepSize || offset + length <= this.size) return 0
    return this.setAttributes(caller, { size: offset + length })
  }

  override sync(): number {
    if (!this.isRegular || !this.fdWrites) return 0
    return this.use(true, (fd) => {
      this.fs.files.fsyncSync(fd)
      return 0
    })
  }

  override setAttributes(caller: Caller, change: AttributeChange): number {
    const { files } = this.fs
    try {
      if (change.size !== undefined) {
        const size = change.size
        const result = this.use(true, (fd) => {
          files.ftruncateSync(fd, size)
          return 0
        })
        if (result < 0) return result
        this.stamp(caller)
      }
      if (change.mode !== undefined && change.uid === undefined && change.gid === undefined)
        this.changeMode(change.mode & 0o7777)
      // Owners of host files are the host's business; to set the one it has is no change.
      if (change.uid !== undefined && change.uid !== this.uid) return -EPERM
      if (change.gid !== undefined && change.gid !== this.gid) return -EPERM
      if (change.atime || change.mtime) {
        this.changeTimes(toSec(change.atime ?? this.atime), toSec(change.mtime ?? this.mtime))
      }
    } catch (error) {
      return -errnoOf(error)
    }
    return this.refresh()
  }

  private changeMode(mode: number): void {
    const { files } = this.fs
    if (this.isRegular && files.fchmodSync) files.fchmodSync(this.descriptor(false), mode)
    else files.chmodSync(this.hostPath, mode)
    this.closeIfUnused()
  }

  private changeTimes(atimeSec: number, mtimeSec: number): void {
    const { files } = this.fs
    if (this.isRegular && files.futimesSync) files.futimesSync(this.descriptor(false), atimeSec, mtimeSec)
    else {
      const set = (this.mode & S_IFMT) === S_IFLNK ? files.lutimesSync : files.utimesSync
      set?.call(files, this.hostPath, atimeSec, mtimeSec)
    }
    this.closeIfUnused()
  }
}

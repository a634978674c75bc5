/**
 * asyncfs: a file system of files that answer with promises: fs.promises of a volume in the page, files behind a
 * channel. Calls wait as for any slow device, their task alone; a step that was answered is not repeated when the call
 * goes on (Caller.settle).
 * Path: vfs calls these inodes; async-files.ts says what is asked for. Files are known by name: what was unlinked while it is
 * open cannot be read any more.
 */

import { fromUtf8, utf8 } from '../../abi/bytes.ts'
import { EEXIST, EIO, EROFS, EXDEV } from '../../abi/errno.ts'
import { RENAME_NOREPLACE } from '../../abi/fcntl.ts'
import { S_IFDIR, S_IFMT, S_IFREG } from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import {
  type AttributeChange,
  type DirectorySink,
  FileSystem,
  Inode,
  type StatFs,
  type Timestamp,
} from '../../vfs/inode.ts'
import type { AsyncFiles, AsyncStat } from './async-files.ts'

const ASYNCFS_MAGIC = 0x61737966
/** What one step moves at most. */
const CHUNK_SIZE = 1 << 20

export class AsyncFs extends FileSystem {
  override readonly answersAtOnce = false
  readonly type: string
  readonly root: AsyncInode
  readonly files: AsyncFiles
  /** The inode of a name, for as long as it is the same file. */
  readonly inodes = new Map<string, AsyncInode>()

  constructor(files: AsyncFiles, options: { type?: string; readOnly?: boolean } = {}) {
    super()
    this.type = options.type ?? 'asyncfs'
    this.files = files
    this.readOnly = options.readOnly ?? false
    this.root = new AsyncInode(this, '', S_IFDIR | 0o755)
    this.root.ino = 1
  }

  override get mayBecomeWritable(): boolean {
    return !this.readOnly
  }

  statfs(): StatFs {
    return { type: ASYNCFS_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }

  /** The inode of a name whose attributes are known. */
  inodeOf(path: string, stat: AsyncStat): AsyncInode {
    let inode = this.inodes.get(path)
    if (!inode || inode.ino !== stat.ino || (inode.mode & S_IFMT) !== (stat.mode & S_IFMT)) {
      inode = new AsyncInode(this, path, stat.mode)
      this.inodes.set(path, inode)
    }
    inode.take(stat)
    return inode
  }

  /** A name, and those below it, have another one now. */
  moved(from: string, to: string): void {
    for (const [path, inode] of [...this.inodes]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.inodes.delete(path)
      inode.path = to + path.slice(from.length)
      this.inodes.set(inode.path, inode)
    }
  }
}

/** A step that has nothing to say but that it is done. */
const done = async (step: Promise<void>): Promise<object> => {
  await step
  return {}
}

function setTime(time: Timestamp, ms: number): void {
  const sec = Math.floor(ms / 1000)
  time.set(sec, Math.floor((ms - sec * 1000) * 1e6))
}

const toMs = (time: Timestamp): number => time.sec * 1000 + time.nsec / 1e6

/** What comes from elsewhere may be anything. */
function isStat(stat: AsyncStat): boolean {
  const { ino, mode, nlink, uid, gid, size, atimeMs, mtimeMs, ctimeMs } = stat
  const counts = [ino, mode, nlink, uid, gid, size]
  const times = [atimeMs, mtimeMs, ctimeMs]
  return counts.every((n) => Number.isSafeInteger(n) && n >= 0) && times.every((n) => Number.isFinite(n))
}

const isEntry = ({ name, mode }: { name: unknown; mode: unknown }): boolean =>
  typeof name === 'string' && name !== '' && !/[/\0]/.test(name) && Number.isSafeInteger(mode)

export class AsyncInode extends Inode {
  readonly fs: AsyncFs
  /** From the file system's top, '' for that itself; UTF-8 as a string. */
  path: string

  constructor(fs: AsyncFs, path: string, mode: number) {
    super(mode)
    this.fs = fs
    this.path = path
  }

  private get name(): string {
    return this.path === '' ? '/' : this.path
  }

  private child(name: string): string {
    return `${this.path}/${fromUtf8(name)}`
  }

  take(stat: AsyncStat): void {
    this.ino = stat.ino
    this.mode = stat.mode
    this.nlink = stat.nlink
    this.uid = stat.uid
    this.gid = stat.gid
    this.size = stat.size
    setTime(this.atime, stat.atimeMs)
    setTime(this.mtime, stat.mtimeMs)
    setTime(this.ctime, stat.ctimeMs)
  }

  override refresh(caller: Caller): number {
    const stat = caller.settle(`stat ${this.path}`, () => this.fs.files.lstat(this.name))
    if (typeof stat === 'number') return stat
    if (!isStat(stat)) return -EIO
    this.take(stat)
    return 0
  }

  override lookup(caller: Caller, name: string): Inode | number {
    const path = this.child(name)
    const stat = caller.settle(`lookup ${path}`, () => this.fs.files.lstat(path))
    if (typeof stat === 'number') return stat
    return isStat(stat) ? this.fs.inodeOf(path, stat) : -EIO
  }

  /** Makes something and finds out what it is then. */
  private make(caller: Caller, name: string, how: (path: string) => Promise<void>): Inode | number {
    if (this.fs.readOnly) return -EROFS
    const path = this.child(name)
    const stat = caller.settle(`make ${path}`, async () => {
      await how(path)
      return this.fs.files.lstat(path)
    })
    if (typeof stat === 'number') return stat
    return isStat(stat) ? this.fs.inodeOf(path, stat) : -EIO
  }

  override create(caller: Caller, name: string, mode: number): Inode | number {
    if ((mode & S_IFMT) !== S_IFREG) return super.create(caller, name, mode, 0)
    return this.make(caller, name, (path) => this.fs.files.create(path, mode & 0o7777))
  }

  override mkdir(caller: Caller, name: string, mode: number): Inode | number {
    return this.make(caller, name, (path) => this.fs.files.mkdir(path, mode & 0o7777))
  }

  override symlink(caller: Caller, name: string, target: string): number {
    const made = this.make(caller, name, (path) => this.fs.files.symlink(fromUtf8(target), path))
    return typeof made === 'number' ? made : 0
  }

  override link(caller: Caller, name: string, inode: Inode): number {
    if (!(inode instanceof AsyncInode) || inode.fs !== this.fs) return -EXDEV
    const made = this.make(caller, name, (path) => this.fs.files.link(inode.name, path))
    return typeof made === 'number' ? made : 0
  }

  override unlink(caller: Caller, name: string): number {
    return this.remove(caller, name, (path) => this.fs.files.unlink(path))
  }

  override rmdir(caller: Caller, name: string): number {
    return this.remove(caller, name, (path) => this.fs.files.rmdir(path))
  }

  private remove(caller: Caller, name: string, how: (path: string) => Promise<void>): number {
    if (this.fs.readOnly) return -EROFS
    const path = this.child(name)
    const result = caller.settle(`remove ${path}`, () => done(how(path)))
    if (typeof result === 'number') return result
    this.fs.inodes.delete(path)
    return 0
  }

  override rename(caller: Caller, name: string, directory: Inode, newName: string, flags: number): number {
    if (!(directory instanceof AsyncInode) || directory.fs !== this.fs) return -EXDEV
    if (this.fs.readOnly) return -EROFS
    const from = this.child(name)
    const to = directory.child(newName)
    if (flags & RENAME_NOREPLACE && this.fs.inodes.has(to)) return -EEXIST
    const result = caller.settle(`rename ${from} ${to}`, () => done(this.fs.files.rename(from, to)))
    if (typeof result === 'number') return result
    this.fs.moved(from, to)
    return 0
  }

  override readdir(caller: Caller, offset: number, sink: DirectorySink): number {
    const entries = caller.settle(`list ${this.path}`, () => this.fs.files.readdir(this.name))
    if (typeof entries === 'number') return entries
    if (!Array.isArray(entries) || !entries.every(isEntry)) return -EIO
    for (let i = offset; i < entries.length; i++) {
      const { name, mode } = entries[i]!
      const known = this.fs.inodes.get(`${this.path}/${name}`)
      if (!sink.add(utf8(name), known?.ino ?? i + 2, mode, i + 1)) break
    }
    return 0
  }

  override readlink(caller: Caller): string | number {
    const target = caller.settle(`readlink ${this.path}`, async () => ({
      text: await this.fs.files.readlink(this.name),
    }))
    if (typeof target === 'number') return target
    return typeof target.text === 'string' ? utf8(target.text) : -EIO
  }

  override read(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    const size = Math.min(count, CHUNK_SIZE)
    const piece = caller.settle(`read ${this.path} ${pos} ${size}`, () =>
      this.fs.files.read(this.name, pos, size),
    )
    if (typeof piece === 'number') return piece
    if (!(piece instanceof Uint8Array)) return -EIO
    const taken = Math.min(piece.length, size)
    bytes.set(piece.subarray(0, taken), at)
    return taken
  }

  override write(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.fs.readOnly) return -EROFS
    const size = Math.min(count, CHUNK_SIZE)
    const result = caller.settle(`write ${this.path} ${pos} ${size}`, () =>
      done(this.fs.files.write(this.name, pos, bytes.slice(at, at + size))),
    )
    if (typeof result === 'number') return result
    this.size = Math.max(this.size, pos + size)
    this.mtime.setNow(caller.world.clock)
    this.mapped?.written(pos, size, bytes, at)
    return size
  }

  /** Owners are whose they are there. */
  override setAttributes(caller: Caller, change: AttributeChange): number {
    if (this.fs.readOnly) return -EROFS
    const { files } = this.fs
    const result = caller.settle(`change ${this.path}`, async () => {
      const { size, mode, atime, mtime } = change
      if (size !== undefined) await files.truncate(this.name, size)
      if (mode !== undefined) await files.chmod(this.name, mode)
      if (atime || mtime) await files.utimes(this.name, toMs(atime ?? this.atime), toMs(mtime ?? this.mtime))
      return {}
    })
    if (typeof result === 'number') return result
    this.takeAttributes(withoutOwner(change), caller.world.clock)
    if (change.size !== undefined) {
      this.size = change.size
      this.mapped?.truncated(change.size)
    }
    return 0
  }
}

function withoutOwner({ uid: _uid, gid: _gid, ...rest }: AttributeChange): AttributeChange {
  return rest
}

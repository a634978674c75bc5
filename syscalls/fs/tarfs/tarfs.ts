/**
 * tarfs: a tar archive as a read-only file system. `mount -t tar ARCHIVE DIRECTORY`: the archive is a file of whatever
 * world the mounter is in, a virtual one too, and stays where it is; only its headers are read beforehand.
 * Path: sys/mount.ts and src/images.ts → here; contents are read from the archive's inode. headers.ts knows the format.
 */

import { EINVAL, EISDIR, ENOENT } from '../../abi/errno.ts'
import {
  isDirectory,
  makedev,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import { type DirectorySink, FileSystem, Inode, type StatFs } from '../../vfs/inode.ts'
import { readMembers, type TarMember } from './headers.ts'

const TARFS_MAGIC = 0x7461726d
const TYPES: Readonly<Record<string, number>> = {
  '0': S_IFREG,
  '2': S_IFLNK,
  '3': S_IFCHR,
  '4': S_IFBLK,
  '5': S_IFDIR,
  '6': S_IFIFO,
  '7': S_IFREG,
}

export class TarFs extends FileSystem {
  readonly type: string = 'tar'
  override readonly stable = true
  override readonly answersAtOnce: boolean
  readonly root: TarInode
  readonly archive: Inode
  private lastIno = 0

  constructor(archive: Inode, members: readonly TarMember[]) {
    super()
    this.archive = archive
    this.answersAtOnce = archive.fs.answersAtOnce
    this.readOnly = true
    this.root = this.inode(S_IFDIR | 0o755)
    for (const member of members) this.put(member)
  }

  override get mayBecomeWritable(): boolean {
    return false
  }

  private inode(mode: number): TarInode {
    return new TarInode(this, mode, ++this.lastIno)
  }

  statfs(): StatFs {
    const blocks = Math.ceil(this.archive.size / 512)
    return { type: TARFS_MAGIC, blockSize: 512, blocks, blocksFree: 0, files: this.lastIno, filesFree: 0 }
  }

  /** The directory of a name, made where the archive does not have it; null where something else is in the way. */
  private directoryOf(parts: readonly string[]): TarInode | null {
    let directory = this.root
    for (const part of parts) {
      let next = directory.entries.get(part)
      if (!next) directory.entries.set(part, (next = this.inode(S_IFDIR | 0o755)))
      if (!next.isDirectory) return null
      directory = next
    }
    return directory
  }

  private find(name: string): TarInode | undefined {
    let found: TarInode | undefined = this.root
    for (const part of partsOf(name)) found = found?.entries.get(part)
    return found
  }

  /** A later member of the same name replaces the earlier one. What leads out of the archive is left out. */
  private put(member: TarMember): void {
    const parts = partsOf(member.name)
    if (parts.includes('..')) return
    const last = parts.pop()
    const directory = this.directoryOf(parts)
    if (!directory) return
    if (member.type === '1') {
      const target = this.find(member.link)
      if (!target || target.isDirectory || last === undefined) return
      target.nlink++
      directory.entries.set(last, target)
      return
    }
    const type = TYPES[member.type]
    if (type === undefined) return
    const known = last === undefined ? this.root : directory.entries.get(last)
    const inode = known?.isDirectory && type === S_IFDIR ? known : this.inode(type | member.mode)
    inode.describe(type, member)
    if (last !== undefined) directory.entries.set(last, inode)
  }
}

const partsOf = (name: string): string[] => name.split('/').filter((part) => part !== '' && part !== '.')

class TarInode extends Inode {
  readonly fs: TarFs
  readonly entries = new Map<string, TarInode>()
  private offset = 0
  private target = ''

  constructor(fs: TarFs, mode: number, ino: number) {
    super(mode)
    this.fs = fs
    this.ino = ino
  }

  describe(type: number, member: TarMember): void {
    this.mode = type | (type === S_IFLNK ? 0o777 : member.mode)
    this.uid = member.uid
    this.gid = member.gid
    this.offset = member.offset
    this.target = member.link
    if (type === S_IFREG) this.size = member.size
    if (type === S_IFLNK) this.size = member.link.length
    if (type === S_IFCHR || type === S_IFBLK) this.rdev = makedev(member.major, member.minor)
    for (const time of [this.atime, this.mtime, this.ctime]) time.set(member.mtimeSec, 0)
  }

  override get blocks(): number {
    return (this.mode & S_IFMT) === S_IFREG ? Math.ceil(this.size / 512) : 0
  }

  override lookup(_caller: Caller, name: string): Inode | number {
    return this.entries.get(name) ?? -ENOENT
  }

  override readdir(_caller: Caller, offset: number, sink: DirectorySink): number {
    let at = 0
    for (const [name, { ino, mode }] of this.entries)
      if (++at > offset && !sink.add(name, ino, mode & S_IFMT, at)) break
    return 0
  }

  override readlink(): string | number {
    return (this.mode & S_IFMT) === S_IFLNK ? this.target : -EINVAL
  }

  override read(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (isDirectory(this.mode)) return -EISDIR
    const part = Math.min(count, this.size - pos)
    return part <= 0 ? 0 : this.fs.archive.read(caller, this.offset + pos, bytes, at, part)
  }
}

/** Whole pieces of an archive; shorter at its end. */
function readAt(caller: Caller, archive: Inode, position: number, count: number): Uint8Array | number {
  const bytes = new Uint8Array(count)
  let done = 0
  while (done < count) {
    const got = archive.read(caller, position + done, bytes, done, count - done)
    if (got < 0) return got
    if (got === 0) break
    done += got
  }
  return bytes.subarray(0, done)
}

export const tarfs: FileSystemType = {
  name: 'tar',
  needsSource: true,
  mount(_kernel, _source, options, by, file) {
    const archive = file!.inode
    if (!archive.isRegular || options.size > 0) return -EINVAL
    const members = readMembers((position, count) => readAt(by, archive, position, count))
    return typeof members === 'number' ? members : new TarFs(archive, members)
  },
}

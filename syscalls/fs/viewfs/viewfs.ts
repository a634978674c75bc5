/**
 * viewfs: two directories as one tree. The upper one (View-OS's A) keeps what changes, the lower one (B) shows through.
 * Path: engines/viewfs mounts one over each ordinary mount of a view, cowfs is one whose upper directory is in memory;
 * vfs → view-inode.ts → layer.ts → the two file systems. Linux's overlayfs is its nearest relative.
 *
 *   cow      all changes go up
 *   mincow   changes go below, and up where those below are refused (EACCES, EPERM, EROFS)
 *   merge    the upper one is read-only, changes go below
 *
 * The upper directory is a plain tree of the files that are new or changed; `.-` in it is for what a plain tree cannot
 * say (records.ts). Who mounts without privilege writes there with his own means only, gets no set-id programs and no
 * devices by it, and is never let in below where he would not be let in without the view.
 */

import { CAP_SYS_ADMIN } from '../../abi/capability.ts'
import { OVERLAYFS_SUPER_MAGIC } from '../../abi/stat.ts'
import type { Credentials } from '../../kernel/credentials.ts'
import type { Caller } from '../../vfs/caller.ts'
import { type DiskQuota, FileSystem, type Inode, type StatFs } from '../../vfs/inode.ts'
import { Dentry, Mount, Path } from '../../vfs/path.ts'
import { permission } from '../../vfs/permission.ts'
import { callerAs } from './layer.ts'
import type { Links } from './links.ts'
import { Records } from './records.ts'
import { ViewInode } from './view-inode.ts'

export type ViewMode = 'merge' | 'cow' | 'mincow'

export interface ViewParts {
  readonly mode: ViewMode
  /** Where changes are kept: a directory; or a directory of another view, over which this one is mounted. */
  readonly upper: Path | ViewInode
  readonly lower: Path
  readonly mounter: Credentials
  /** Who mounts, where the directory for changes may have some already. */
  readonly by?: Caller
  readonly type?: string
}

/** The top of a file system that nobody has mounted. */
export function topOf(fs: FileSystem): Path {
  fs.rootDentry ??= new Dentry('', null, fs.root)
  return new Path(new Mount(fs, fs.rootDentry, fs.type), fs.rootDentry)
}

export class ViewFs extends FileSystem {
  readonly type: string
  readonly root: ViewInode
  override readonly keepsXattrs = true
  override readonly answersAtOnce: boolean
  override readonly attributesKnown: number
  override readonly hasFineTimes: boolean
  readonly mode: ViewMode
  readonly lowerTop: Path
  readonly mounter: Credentials
  /** The mounter may do what root may. */
  readonly isPrivileged: boolean
  readonly records: Records
  /** What links.ts found; null when names below may have changed since. */
  links: Links | null = null
  /** The one inode of each file of a layer. */
  private known = new WeakMap<Inode, ViewInode>()
  /** Those of files with several names, by number: some file systems have an inode for each name. */
  private linked = new Map<FileSystem, Map<number, ViewInode>>()

  constructor({ mode, upper, lower, mounter, by, type }: ViewParts) {
    super()
    this.type = type ?? 'viewfs'
    this.mode = mode
    this.lowerTop = lower
    this.answersAtOnce = lower.inode.fs.answersAtOnce
    this.mounter = mounter.bottom
    this.isPrivileged = mounter.capable(CAP_SYS_ADMIN)
    this.records =
      upper instanceof ViewInode
        ? upper.fs.records
        : new Records(upper, (uid) => uid === 0 || uid === this.mounter.fsuid)
    const [above, below] = [this.upperTop.inode.fs, lower.inode.fs]
    this.attributesKnown = above.attributesKnown & below.attributesKnown
    this.hasFineTimes = above.hasFineTimes && below.hasFineTimes
    this.root = new ViewInode(this, lower.inode.mode)
    this.root.becomeTop(upper, by ?? null)
  }

  /** The top of the directory that keeps changes. */
  get upperTop(): Path {
    return this.records.top
  }

  inodeOf(part: Inode): ViewInode | undefined {
    return this.known.get(part) ?? (part.nlink > 1 ? this.linkedInode(part) : undefined)
  }

  private linkedInode(part: Inode): ViewInode | undefined {
    const inode = this.linked.get(part.fs)?.get(part.ino)
    if (!inode) return undefined
    const known = inode.content.inode
    return known.fs === part.fs && known.ino === part.ino && inode.nlink > 0 ? inode : undefined
  }

  setInodeOf(part: Inode, inode: ViewInode): void {
    this.known.set(part, inode)
    if (part.nlink < 2 || part.isDirectory) return
    const files = this.linked.get(part.fs)
    if (files) files.set(part.ino, inode)
    else this.linked.set(part.fs, new Map([[part.ino, inode]]))
  }

  /** All that was known of files is no longer so. */
  forgetInodes(): void {
    this.known = new WeakMap()
    this.linked = new Map()
    this.links = null
  }

  /** Who makes what the view itself needs in the layer above. */
  mounterOf(caller: Caller): Caller {
    return callerAs(caller, this.mounter)
  }

  /** What modes below forbid to the caller, he may do here, because it is all his own. */
  isOwnerOf(who: Credentials): boolean {
    return !this.isPrivileged && who.below === null && who.fsuid === this.mounter.fsuid
  }

  /** mincow: whether a change is for the file below. Others than the mounter were already asked for permission. */
  lowerTakes(caller: Caller, lower: Path | null, mask: number): lower is Path {
    if (this.mode !== 'mincow' || !lower || lower.readOnly) return false
    return (
      !this.isOwnerOf(caller.credentials.bottom) || permission(caller.credentials, lower.inode, mask) === 0
    )
  }

  override attachQuota(quota: DiskQuota): void {
    const { fs } = this.upperTop.inode
    // One that is mounted itself counts already.
    if (fs.mountCount === 0) fs.attachQuota(quota)
  }

  statfs(): StatFs {
    const layer = this.mode === 'cow' ? this.upperTop : this.lowerTop
    return { ...layer.inode.fs.statfs(), type: OVERLAYFS_SUPER_MAGIC }
  }

  override sync(caller: Caller): number {
    const above = this.upperTop.inode.fs.sync(caller)
    return above < 0 || this.mode === 'cow' ? above : this.lowerTop.inode.fs.sync(caller)
  }
}

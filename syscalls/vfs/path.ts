/**
 * Dentry, Mount and Path: names in the tree. A Path (mount, dentry) is where a walk is; cwd, root and every open
 * file hold one. Path: walk.ts moves along them; getcwd and /proc read names back from them.
 */

import {
  MNT_NODEV,
  MNT_NOEXEC,
  MNT_NOSUID,
  MNT_NOSYMFOLLOW,
  MNT_READONLY,
  MNT_RELATIME,
} from '../abi/mount.ts'
import type { Caller } from './caller.ts'
import type { FileSystem, Inode } from './inode.ts'
import type { MountTree } from './mount-tree.ts'
import type { PeerGroup } from './propagation.ts'

export class Dentry {
  name: string
  parent: Dentry | null
  inode: Inode
  /** Known children; file systems that are not `stable` are asked again at each step. */
  children: Map<string, Dentry> | null = null
  /** What is mounted on it, by the mount that it is seen through: many trees show the same dentry. */
  mounts: Map<Mount, Mount> | null = null
  /** Places of mounts below it under names that the file system does not have: MountTree.ghost. */
  ghosts: Map<string, Dentry> | null = null
  /** Its name is gone (unlink, rename over it) while somebody still holds it. */
  removed = false

  constructor(name: string, parent: Dentry | null, inode: Inode) {
    this.name = name
    this.parent = parent
    this.inode = inode
  }

  child(name: string, inode: Inode): Dentry {
    this.children ??= new Map()
    const known = this.children.get(name)
    if (known && known.inode === inode) return known
    if (known?.mounts) {
      // A mount point stays one, though the file system below made a new inode object for it.
      known.inode = inode
      return known
    }
    const made = new Dentry(name, this, inode)
    this.children.set(name, made)
    return made
  }

  forget(name: string): void {
    const child = this.children?.get(name)
    if (!child) return
    child.removed = true
    this.children!.delete(name)
  }

  /** After rename(2): this dentry keeps its identity under another name. */
  moveTo(parent: Dentry, name: string): void {
    this.parent?.children?.delete(this.name)
    parent.forget(name)
    parent.children ??= new Map()
    parent.children.set(name, this)
    this.parent = parent
    this.name = name
  }

  /** After renameat2(2) with RENAME_EXCHANGE: each has the other's name. */
  exchange(other: Dentry): void {
    const { parent, name } = this
    this.parent = other.parent
    this.name = other.name
    other.parent = parent
    other.name = name
    this.parent?.children?.set(this.name, this)
    other.parent?.children?.set(other.name, other)
  }

  /** Whether it is `ancestor` or lies below. */
  isBelow(ancestor: Dentry): boolean {
    for (let d: Dentry | null = this; d; d = d.parent) if (d === ancestor) return true
    return false
  }

  /** The name inside the file system, of which mountinfo shows a mount's root. */
  get nameInside(): string {
    // Only what was made without a directory has a name and no parent: a namespace's file.
    if (!this.parent && this.name !== '') return this.name
    let text = ''
    for (let d: Dentry = this; d.parent; d = d.parent) text = `/${d.name}${text}`
    return `${text || '/'}${this.removed ? '//deleted' : ''}`
  }
}

/** One appearance of a file system, or of a part of it, in the tree: mount-tree.ts attaches it. Linux struct mount. */
export class Mount {
  readonly fs: FileSystem
  /** What it shows as its top: below the file system's root for a bind. */
  readonly root: Dentry
  readonly source: string
  /** MNT_*. */
  flags: number
  id = 0
  /** Where it is mounted; null for the root mount, and for what is not in the tree. */
  at: Path | null = null
  /** The tree that it is in; null for what was detached, and for what no tree ever had. */
  tree: MountTree | null = null
  /** Whether it shows itself to a caller; to others the place looks as without it. Null: to everybody. */
  confirm: ((caller: Caller) => boolean) | null = null
  /** No name leads here: the negative errno that a walk ends with instead. 0 for others. */
  refusal = 0
  /** What an engine answers for by it; null for what is no engine's. */
  service: object | null = null
  /** MS_UNBINDABLE. */
  unbindable = false
  /** MS_SHARED: with whom. */
  peers: PeerGroup | null = null
  /** MS_SLAVE: of whom. */
  master: PeerGroup | null = null
  /** MNT_EXPIRE found it unused, and nobody has looked at it since. */
  expiring = false

  constructor(fs: FileSystem, root: Dentry, source: string, flags: number = MNT_RELATIME) {
    this.fs = fs
    this.root = root
    this.source = source
    this.flags = flags
  }

  /** Another appearance of the same, or of a part of it. */
  copy(root: Dentry = this.root): Mount {
    const made = new Mount(this.fs, root, this.source, this.flags)
    made.confirm = this.confirm
    made.refusal = this.refusal
    made.service = this.service
    return made
  }

  get attached(): boolean {
    return this.tree !== null
  }

  get readOnly(): boolean {
    return (this.flags & MNT_READONLY) !== 0 || this.fs.readOnly
  }

  get isNoSuid(): boolean {
    return (this.flags & MNT_NOSUID) !== 0
  }

  get isNoDev(): boolean {
    return (this.flags & MNT_NODEV) !== 0
  }

  get isNoExec(): boolean {
    return (this.flags & MNT_NOEXEC) !== 0
  }

  get isNoSymlinkFollow(): boolean {
    return (this.flags & MNT_NOSYMFOLLOW) !== 0
  }
}

export class Path {
  readonly mount: Mount
  readonly dentry: Dentry

  constructor(mount: Mount, dentry: Dentry) {
    this.mount = mount
    this.dentry = dentry
  }

  get inode(): Inode {
    return this.dentry.inode
  }

  get readOnly(): boolean {
    return this.mount.readOnly || this.dentry.inode.readOnly
  }

  get isMountRoot(): boolean {
    return this.dentry === this.mount.root
  }

  equals(other: Path): boolean {
    return this.mount === other.mount && this.dentry === other.dentry
  }

  /**
   * Through the mounts on this dentry to the root of the newest one that shows itself to the caller; this very path
   * when there is none. Null asks for the topmost, whoever it shows itself to.
   */
  covered(caller: Caller | null): Path {
    let shown: Path = this
    let path: Path = this
    for (;;) {
      const top: Mount | undefined = path.dentry.mounts?.get(path.mount)
      if (!top) return shown
      path = new Path(top, top.root)
      if (caller === null || top.confirm === null || top.confirm(caller)) shown = path
    }
  }

  /** The entry of that name that only a mount made, where the caller sees that mount. */
  ghost(caller: Caller, name: string): Path | null {
    const dentry = this.dentry.ghosts?.get(name)
    if (!dentry) return null
    const entry = new Path(this.mount, dentry)
    return entry.covered(caller) === entry ? null : entry
  }

  /** "..": across mount points, but not above `root`; null where a rename has put this outside of its bind. */
  parent(root: Path, caller: Caller): Path | null {
    let path: Path = this
    while (path.isMountRoot) {
      if (path.equals(root) || !path.mount.at) return path.covered(caller)
      path = path.mount.at
    }
    if (path.equals(root)) return path.covered(caller)
    const { parent } = path.dentry
    const { root: top } = path.mount
    if (!parent || (top.parent && !parent.isBelow(top))) return null
    return new Path(path.mount, parent).covered(caller)
  }

  /** The names up to `root`, or as far as they go; null for what is outside of its own mount. */
  private namesTo(root: Path): { text: string; reached: boolean } | null {
    let text = ''
    let path: Path = this
    while (!path.equals(root)) {
      if (path.isMountRoot) {
        if (!path.mount.at) return { text, reached: false }
        path = path.mount.at
        continue
      }
      const { name, parent } = path.dentry
      // What was made without a directory (memfd) has a name of its own.
      if (!parent) return name === '' ? null : { text: `/${name}${text}`, reached: false }
      text = `/${name}${text}`
      path = new Path(path.mount, parent)
    }
    return { text, reached: true }
  }

  /** The name as seen from `root`; where that is not above it, the name as far up as there is one. */
  name(root: Path): string {
    return this.namesTo(root)?.text || '/'
  }

  isReachableFrom(root: Path): boolean {
    return this.namesTo(root)?.reached === true
  }

  /** Whether this name was removed (getcwd: ENOENT). */
  get removed(): boolean {
    for (let d: Dentry | null = this.dentry; d; d = d.parent) if (d.removed) return true
    return false
  }
}

/**
 * Dentry, Mount and Path: names in the tree. A Path (mount, dentry) is where a walk is; cwd, root and every open
 * file hold one. Path: walk.ts moves along them; getcwd and /proc read names back from them.
 */

import type { FileSystem, Inode } from './inode.ts'

export class Dentry {
  name: string
  parent: Dentry | null
  inode: Inode
  /** Known children; file systems that are not `stable` are asked again at each step. */
  children: Map<string, Dentry> | null = null
  /** Mounts on this dentry, the last one visible. */
  mounts: Mount[] | null = null
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
    const made = new Dentry(name, this, inode)
    // A mount point stays one, though the file system below made a new inode object for it.
    if (known?.mounts) made.mounts = known.mounts
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
}

export class Mount {
  readonly fs: FileSystem
  readonly root: Dentry
  /** Where it is mounted; null for the root mount. */
  readonly at: Path | null
  readonly source: string
  readonly options: string
  readOnly: boolean

  constructor(
    fs: FileSystem,
    root: Dentry,
    at: Path | null,
    source: string,
    readOnly: boolean,
    options = '',
  ) {
    this.fs = fs
    this.root = root
    this.at = at
    this.source = source
    this.readOnly = readOnly
    this.options = options
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
    return this.mount.readOnly || this.mount.fs.readOnly
  }

  equals(other: Path): boolean {
    return this.mount === other.mount && this.dentry === other.dentry
  }

  /** Through the mounts on this dentry to the root of the topmost one. */
  covered(): Path {
    let path: Path = this
    for (;;) {
      const mounts: Mount[] | null = path.dentry.mounts
      let top: Mount | undefined
      if (mounts) for (const mount of mounts) if (mount.at!.mount === path.mount) top = mount
      if (!top) return path
      path = new Path(top, top.root)
    }
  }

  /** "..": across mount points, but not above `root`. */
  parent(root: Path): Path {
    let path: Path = this
    while (path.dentry === path.mount.root) {
      if (path.equals(root) || !path.mount.at) return path
      path = path.mount.at
    }
    if (path.equals(root) || !path.dentry.parent) return path
    return new Path(path.mount, path.dentry.parent).covered()
  }

  /** The name as seen from `root`; Linux appends " (deleted)" where /proc shows a removed one. */
  name(root: Path): string {
    let text = ''
    let path: Path = this
    let unreachable = false
    while (!path.equals(root)) {
      if (path.dentry === path.mount.root) {
        if (!path.mount.at) {
          unreachable = root.mount.at !== null || root.dentry.parent !== null
          break
        }
        path = path.mount.at
        continue
      }
      text = `/${path.dentry.name}${text}`
      if (!path.dentry.parent) break
      path = new Path(path.mount, path.dentry.parent)
    }
    return `${unreachable ? '(unreachable)' : ''}${text || '/'}`
  }

  /** Whether this name was removed (getcwd: ENOENT). */
  get removed(): boolean {
    for (let d: Dentry | null = this.dentry; d; d = d.parent) if (d.removed) return true
    return false
  }
}

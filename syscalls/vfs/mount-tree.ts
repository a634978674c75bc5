/**
 * MountTree: which mounts there are and where, for one mount namespace. mount_namespaces(7), Linux fs/namespace.c.
 * Every mount is private.
 * Path: a view has one; sys/mount.ts changes it; walk.ts crosses mounts by what hangs on dentries; /proc/PID/mountinfo
 * lists them.
 * Invariant: a mount is in the list, has the tree, and hangs on the dentry of its `at`, or none of the three.
 */

import { MNT_LOCK_READONLY, MNT_READONLY, MNT_RELATIME } from '../abi/mount.ts'
import { Namespace } from '../kernel/namespace.ts'
import type { DiskQuota, FileSystem, Inode } from './inode.ts'
import { notifyUnmounted } from './notify.ts'
import { Dentry, Mount, Path } from './path.ts'

/** Mounts of a tree at the same time, as Linux's fs.mount-max. Fewer than its 100,000: each may lie below the last. */
export const MOUNT_COUNT_MAX = 4096
/** Mounts of all trees: some 40 MB. */
const TOTAL_COUNT_MAX = 2 ** 17
/** The mount below the root that no name leads to has the number 1. */
export const ROOTFS_MOUNT_ID = 1
const FIRST_MOUNT_ID = 20
/** STATX_MNT_ID_UNIQUE begins behind every number that may be used again. */
export const MOUNT_UNIQUE_ID_OFFSET = 2 ** 31

/** What all trees of a machine have together. */
export class MountTable {
  readonly quota: DiskQuota
  /** Whether some process uses a mount. */
  readonly isBusy: (mount: Mount) => boolean
  count = 0
  private lastDev = 0
  private lastId = FIRST_MOUNT_ID - 1
  private lastTree = 0

  constructor(quota: DiskQuota, isBusy: (mount: Mount) => boolean) {
    this.quota = quota
    this.isBusy = isBusy
  }

  newDev(): number {
    return ++this.lastDev
  }

  newId(): number {
    return ++this.lastId
  }

  newTree(): number {
    return ++this.lastTree
  }
}

/** A tree and, for each mount of the one it was copied from that it has too, its own. */
export interface TreeCopy {
  tree: MountTree
  copies: ReadonlyMap<Mount, Mount>
}

export class MountTree extends Namespace {
  readonly kind = 'mnt'
  /** Those that are attached, in the order in which they were made. */
  readonly mounts = new Set<Mount>()
  root!: Path
  readonly table: MountTable
  /** Higher for younger trees. */
  readonly sequence: number

  constructor(table: MountTable) {
    super()
    this.table = table
    this.sequence = table.newTree()
  }

  /** Mounts a file system anew; the first one is the root. */
  add(fs: FileSystem, at: Path | null, source: string, flags: number = MNT_RELATIME): Mount {
    if (fs.dev === 0) fs.dev = this.table.newDev()
    fs.attachQuota(this.table.quota)
    fs.rootDentry ??= new Dentry('', null, fs.root)
    const mount = new Mount(fs, fs.rootDentry, source, flags)
    this.attach(mount, at)
    if (!at) this.root = new Path(mount, mount.root)
    return mount
  }

  private attach(mount: Mount, at: Path | null): void {
    mount.id = this.table.newId()
    mount.tree = this
    mount.fs.mountCount++
    mount.root.inode.opened()
    this.mounts.add(mount)
    this.table.count++
    this.hang(mount, at)
  }

  private hang(mount: Mount, at: Path | null): void {
    mount.at = at
    if (!at) return
    at.dentry.mounts ??= new Map()
    at.dentry.mounts.set(at.mount, mount)
  }

  private unhang(mount: Mount): void {
    const { at } = mount
    mount.at = null
    if (!at) return
    const { dentry } = at
    dentry.mounts!.delete(at.mount)
    if (dentry.mounts!.size > 0) return
    dentry.mounts = null
    const ghosts = dentry.parent?.ghosts
    if (ghosts?.get(dentry.name) !== dentry) return
    ghosts.delete(dentry.name)
    if (ghosts.size === 0) dentry.parent!.ghosts = null
  }

  /** Whether so many more would be too many. */
  isFullFor(count: number): boolean {
    return this.mounts.size + count > MOUNT_COUNT_MAX || this.table.count + count > TOTAL_COUNT_MAX
  }

  hasChildren(mount: Mount): boolean {
    for (const other of this.mounts) if (other.at?.mount === mount) return true
    return false
  }

  /** The mount and all below it that `isWanted`, each behind the one that it is on. */
  subtree(mount: Mount, isWanted: (mount: Mount) => boolean = () => true): Mount[] {
    const below = new Map<Mount, Mount[]>()
    for (const other of this.mounts) {
      const parent = other.at?.mount
      if (!parent || !isWanted(other)) continue
      const known = below.get(parent)
      if (known) known.push(other)
      else below.set(parent, [other])
    }
    const found: Mount[] = []
    const open = [mount]
    for (let next = open.pop(); next; next = open.pop()) {
      found.push(next)
      for (const child of (below.get(next) ?? []).reverse()) open.push(child)
    }
    return found
  }

  isAncestor(mount: Mount, other: Mount): boolean {
    for (let m: Mount | undefined = other; m; m = m.at?.mount) if (m === mount) return true
    return false
  }

  /** What a bind of `source` shows: its mount, and if `recursive` those below it, but unbindable ones. */
  boundBy(source: Path, recursive: boolean): Mount[] {
    const { mount, dentry } = source
    if (!recursive) return [mount]
    const isShown = (other: Mount): boolean => other.at?.mount !== mount || other.at.dentry.isBelow(dentry)
    return this.subtree(mount, (other) => !other.unbindable && isShown(other))
  }

  /** Another appearance of `source` at a place. */
  bind(source: Path, at: Path, recursive: boolean): Mount {
    const top = source.mount.copy(source.dentry)
    const copies = new Map<Mount, Mount>([[source.mount, top]])
    // All are listed before the first is added: the place may be among them.
    const [, ...below] = this.boundBy(source, recursive)
    this.attach(top, at)
    for (const mount of below) this.attachCopy(mount, copies)
    return top
  }

  /** A copy of a mount, at the same dentry of its parent's copy. */
  private attachCopy(mount: Mount, copies: Map<Mount, Mount>): void {
    const copy = mount.copy()
    copies.set(mount, copy)
    this.attach(copy, mount.at && new Path(copies.get(mount.at.mount)!, mount.at.dentry))
  }

  /** A tree like this one. Files of mount namespaces stay behind, or trees could keep each other alive. */
  copy(): TreeCopy {
    const tree = new MountTree(this.table)
    const copies = new Map<Mount, Mount>()
    for (const mount of this.subtree(this.root.mount, ({ root }) => !root.inode.holdsMountTree)) {
      tree.attachCopy(mount, copies)
      copies.get(mount)!.unbindable = mount.unbindable
    }
    tree.root = new Path(copies.get(this.root.mount)!, this.root.dentry)
    return { tree, copies }
  }

  /**
   * A place for a mount below a directory under a name that its file system need not have. The name is there for whoever
   * sees what is then mounted on it. `inode`: the top of what will be.
   */
  ghost(directory: Path, name: string, inode: Inode): Path {
    const { dentry } = directory
    dentry.ghosts ??= new Map()
    let place = dentry.ghosts.get(name)
    if (!place) dentry.ghosts.set(name, (place = new Dentry(name, dentry, inode)))
    return new Path(directory.mount, place)
  }

  move(mount: Mount, at: Path): void {
    this.unhang(mount)
    this.hang(mount, at)
  }

  /** Makes `top` the root instead of the mount of `root`, which goes to `old`. pivot_root(2). */
  pivot(root: Mount, top: Mount, old: Path): void {
    const place = root.at
    this.unhang(top)
    this.unhang(root)
    this.hang(root, old)
    this.hang(top, place)
    if (place === null) this.root = new Path(top, top.root)
  }

  /** Takes a mount and all below it from the tree; those that still use one of them keep it, alone. */
  detach(mount: Mount): void {
    const gone = this.subtree(mount)
    for (const one of gone) {
      this.mounts.delete(one)
      this.table.count--
      one.tree = null
      one.fs.mountCount--
      this.unhang(one)
      one.root.inode.released()
    }
    for (const one of gone) if (one.fs.mountCount === 0 && !this.table.isBusy(one)) notifyUnmounted(one.fs)
  }

  protected override ended(): void {
    this.detach(this.root.mount)
  }
}

/** A name is gone, and what other trees have mounted there goes with it. Linux detach_mounts. */
export function detachAllOn(dentry: Dentry): void {
  for (const mount of mountsOn(dentry)) mount.tree?.detach(mount)
}

/** Whether a tree has something mounted on a dentry, or right below it where the file system has no name. */
export const isMountPointOf = (dentry: Dentry, tree: MountTree | null): boolean =>
  mountsOn(dentry).some((mount) => mount.tree === tree)

function mountsOn(dentry: Dentry): Mount[] {
  const found = [...(dentry.mounts?.values() ?? [])]
  for (const ghost of dentry.ghosts?.values() ?? []) found.push(...(ghost.mounts?.values() ?? []))
  return found
}

/** The flags of a mount that no program may make writable. */
export const LOCKED_READONLY = MNT_RELATIME | MNT_READONLY | MNT_LOCK_READONLY

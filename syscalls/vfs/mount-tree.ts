/**
 * MountTree: which mounts there are and where, for one mount namespace. mount_namespaces(7), Linux fs/namespace.c.
 * Path: a view has one; sys/mount.ts changes it; walk.ts crosses mounts by what hangs on dentries; /proc/PID/mountinfo
 * lists them.
 * Invariant: a mount is in the list, has the tree, and hangs on the dentry of its `at`, or none of the three.
 */

import * as M from '../abi/mount.ts'
import { MNT_LOCK_READONLY, MNT_READONLY, MNT_RELATIME } from '../abi/mount.ts'
import { Namespace } from '../kernel/namespace.ts'
import type { DiskQuota, FileSystem, Inode } from './inode.ts'
import { notifyUnmounted } from './notify.ts'
import { Dentry, Mount, Path } from './path.ts'
import {
  copyTree,
  joinAs,
  makePrivate,
  makeSlave,
  PeerGroup,
  propagate,
  receivers,
  remainsOf,
  unmountedWith,
} from './propagation.ts'

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
  private lastGroup = 0

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

  readonly newGroup = (): PeerGroup => new PeerGroup(++this.lastGroup)
}

/** What another user namespace may not undo. Linux lock_mnt_tree. */
function lockMount(mount: Mount, isCover: boolean): void {
  for (const [lock, flag] of M.MOUNT_LOCKS) if (mount.flags & flag) mount.flags |= lock
  mount.flags |= M.MNT_LOCK_ATIME | (isCover ? M.MNT_LOCKED : 0)
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

  /** A copy for another user namespace: what the one it came from forbids stays so, and it hears of it only. */
  lock(): void {
    for (const mount of this.mounts) {
      lockMount(mount, mount.at !== null)
      makeSlave(mount)
    }
  }

  /** Whether a part of a mount hides something by a mount that must stay. */
  hasLockedBelow(path: Path): boolean {
    return this.boundBy(path, true).some((one) => one !== path.mount && (one.flags & M.MNT_LOCKED) !== 0)
  }

  /** Mounts a file system anew; the first one is the root. */
  add(fs: FileSystem, at: Path | null, source: string, flags: number = MNT_RELATIME): Mount {
    if (fs.dev === 0) fs.dev = this.table.newDev()
    fs.attachQuota(this.table.quota)
    fs.rootDentry ??= new Dentry('', null, fs.root)
    const mount = new Mount(fs, fs.rootDentry, source, flags)
    if (at) this.graft([mount], at)
    else {
      this.attach(mount)
      this.root = new Path(mount, mount.root)
    }
    return mount
  }

  /** Puts a tree of mounts at a place, and copies of it wherever that is heard of. */
  private graft(mounts: readonly Mount[], at: Path): void {
    const top = mounts[0]!
    const copies = at.mount.peers ? propagate(mounts, at, this.table.newGroup) : []
    // A tree that is here already only moves.
    if (top.tree) this.unhang(top)
    top.at = at
    for (const tree of [mounts, ...copies]) {
      const place = tree[0]!.at!
      const covered = place.dentry.mounts?.get(place.mount)
      const isForeign = place.mount.tree!.owner !== at.mount.tree!.owner
      for (const mount of tree) {
        if (isForeign) lockMount(mount, mount !== tree[0])
        if (mount.tree) this.hang(mount, mount.at)
        else place.mount.tree!.attach(mount)
      }
      // What was there before lies on top of what came by propagation.
      if (covered) this.hang(covered, new Path(tree[0]!, tree[0]!.root).covered(null))
    }
  }

  private attach(mount: Mount): void {
    mount.id = this.table.newId()
    mount.tree = this
    mount.fs.mountCount++
    mount.root.inode.opened()
    this.mounts.add(mount)
    this.table.count++
    this.hang(mount, mount.at)
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
    // Another one may be in its place already.
    if (dentry.mounts!.get(at.mount) === mount) dentry.mounts!.delete(at.mount)
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

  /** Whether a tree of so many mounts fits at a place and wherever that is heard of. */
  hasRoom(at: Path, count: number): boolean {
    const counts = new Map<MountTree, number>([[this, count]])
    let total = count
    for (const { tree, root } of receivers(at.mount)) {
      if (!tree || !at.dentry.isBelow(root)) continue
      counts.set(tree, (counts.get(tree) ?? 0) + count)
      total += count
    }
    if (this.table.count + total > TOTAL_COUNT_MAX) return false
    for (const [tree, more] of counts) if (tree.mounts.size + more > MOUNT_COUNT_MAX) return false
    return true
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
    const copies = copyTree(this.boundBy(source, recursive), at, joinAs, source.dentry)
    // Nothing is below it that was not to be seen before.
    copies[0]!.flags &= ~M.MNT_LOCKED
    this.graft(copies, at)
    return copies[0]!
  }

  /** A tree like this one. Files of mount namespaces stay behind, or trees could keep each other alive. */
  copy(): TreeCopy {
    const tree = new MountTree(this.table)
    tree.owner = this.owner
    const mounts = this.subtree(this.root.mount, ({ root }) => !root.inode.holdsMountTree)
    const made = copyTree(mounts, null, joinAs)
    const copies = new Map(mounts.map((mount, i) => [mount, made[i]!]))
    for (const [mount, copy] of copies) {
      copy.unbindable = mount.unbindable
      tree.attach(copy)
    }
    tree.root = new Path(made[0]!, this.root.dentry)
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
    this.graft(this.subtree(mount), at)
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

  /**
   * Takes a mount and all below it from the tree; those that still use one of them keep it, alone. `isHeard`: it goes
   * wherever that is heard of, too.
   */
  detach(mount: Mount, isHeard = false): void {
    const own = new Set(this.subtree(mount))
    const gone = isHeard ? unmountedWith(own) : own
    for (const one of gone) {
      // What covered it takes its place, or that of what goes with it.
      const left = own.has(one) ? null : remainsOf(one, gone)
      let place = one.at
      while (left && gone.has(place!.mount)) place = place!.mount.at
      this.unhang(one)
      if (!left) continue
      this.unhang(left)
      this.hang(left, place)
    }
    for (const one of gone) {
      one.tree!.mounts.delete(one)
      this.table.count--
      one.tree = null
      one.fs.mountCount--
      makePrivate(one)
    }
    for (const one of gone) {
      // It may be a namespace's file, and the end of another tree.
      one.root.inode.released()
      if (one.fs.mountCount === 0 && !this.table.isBusy(one)) notifyUnmounted(one.fs)
    }
  }

  /** Whether unmounting this one, which has nothing below it, would take something from a process. */
  isBusy(mount: Mount): boolean {
    if (this.table.isBusy(mount)) return true
    const { at } = mount
    for (const to of at ? receivers(at.mount) : []) {
      const child = at!.dentry.mounts?.get(to)
      if (child && !child.tree!.keepsBelow(child) && this.table.isBusy(child)) return true
    }
    return false
  }

  /** Whether something is mounted below, and not just over the whole of it. */
  private keepsBelow(mount: Mount): boolean {
    for (const other of this.mounts)
      if (other.at?.mount === mount && other.at.dentry !== mount.root) return true
    return false
  }

  protected override ended(): void {
    // A program may have taken its root away, and all with it.
    if (this.root.mount.tree === this) this.detach(this.root.mount)
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

/**
 * MountTree: which mounts there are and where. mount_namespaces(7), Linux fs/namespace.c; there is one namespace, and
 * every mount is private.
 * Path: sys/mount.ts changes it; walk.ts crosses mounts by what hangs on dentries; /proc/PID/mountinfo lists them.
 * Invariant: a mount is in the list, has `attached`, and hangs on the dentry of its `at`, or none of the three.
 */

import { MNT_LOCK_READONLY, MNT_READONLY, MNT_RELATIME } from '../abi/mount.ts'
import type { DiskQuota, FileSystem } from './inode.ts'
import { notifyUnmounted } from './notify.ts'
import { Dentry, Mount, Path } from './path.ts'

/** Mounts at the same time, as Linux's fs.mount-max. Fewer than its 100,000: each may lie below the last. */
export const MOUNT_COUNT_MAX = 4096
/** The mount below the root that no name leads to has the number 1. */
export const ROOTFS_MOUNT_ID = 1
const FIRST_MOUNT_ID = 20
/** STATX_MNT_ID_UNIQUE begins behind every number that may be used again. */
export const MOUNT_UNIQUE_ID_OFFSET = 2 ** 31

export class MountTree {
  /** Those that are attached, in the order in which they were made. */
  readonly mounts: Mount[] = []
  root!: Path
  private readonly quota: DiskQuota
  private nextDev = 1
  private nextId = FIRST_MOUNT_ID

  constructor(quota: DiskQuota) {
    this.quota = quota
  }

  /** Mounts a file system anew; the first one is the root. */
  add(fs: FileSystem, at: Path | null, source: string, flags: number = MNT_RELATIME): Mount {
    if (fs.dev === 0) fs.dev = this.nextDev++
    fs.attachQuota(this.quota)
    fs.rootDentry ??= new Dentry('', null, fs.root)
    const mount = new Mount(fs, fs.rootDentry, source, flags)
    this.attach(mount, at)
    if (!at) this.root = new Path(mount, mount.root)
    return mount
  }

  private attach(mount: Mount, at: Path | null): void {
    mount.id = this.nextId++
    mount.attached = true
    mount.root.inode.opened()
    this.mounts.push(mount)
    this.hang(mount, at)
  }

  private hang(mount: Mount, at: Path | null): void {
    mount.at = at
    if (!at) return
    at.dentry.mounts ??= []
    at.dentry.mounts.push(mount)
  }

  private unhang(mount: Mount): void {
    const dentry = mount.at?.dentry
    const mounts = dentry?.mounts
    mount.at = null
    if (!mounts) return
    mounts.splice(mounts.indexOf(mount), 1)
    if (mounts.length === 0) dentry.mounts = null
  }

  childrenOf(mount: Mount): Mount[] {
    return this.mounts.filter((other) => other.at?.mount === mount)
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
  bind(source: Path, at: Path, recursive: boolean): void {
    const copies = new Map<Mount, Mount>()
    for (const mount of this.boundBy(source, recursive)) {
      const isTop = mount === source.mount
      const copy = new Mount(mount.fs, isTop ? source.dentry : mount.root, mount.source, mount.flags)
      copies.set(mount, copy)
      this.attach(copy, isTop ? at : new Path(copies.get(mount.at!.mount)!, mount.at!.dentry))
    }
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
  detach(mount: Mount, isBusy: (mount: Mount) => boolean): void {
    const gone = this.subtree(mount)
    for (const one of gone) {
      this.mounts.splice(this.mounts.indexOf(one), 1)
      one.attached = false
      one.root.inode.released()
      this.unhang(one)
    }
    for (const one of gone)
      if (!this.mounts.some((other) => other.fs === one.fs) && !isBusy(one)) notifyUnmounted(one.fs)
  }
}

/** The flags of a mount that no program may make writable. */
export const LOCKED_READONLY = MNT_RELATIME | MNT_READONLY | MNT_LOCK_READONLY

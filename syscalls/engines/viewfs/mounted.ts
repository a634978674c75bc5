/**
 * A view of directories in its place: over a directory of a mount tree, and over each ordinary file system mounted below
 * it; file systems that show what is (proc, devices), and what is excepted, are there as they are.
 * Path: viewfs.ts makes one for each tree; fs/viewfs/ is what is mounted.
 */

import { fromUtf8, utf8 } from '../../abi/bytes.ts'
import { EACCES, ENOENT, ENOSPC, ENOTDIR, ERRNO_TEXT } from '../../abi/errno.ts'
import { MNT_NODEV, MNT_NOSUID, MNT_READONLY } from '../../abi/mount.ts'
import { Tmpfs } from '../../fs/tmpfs/tmpfs.ts'
import { ViewInode } from '../../fs/viewfs/view-inode.ts'
import { topOf, ViewFs } from '../../fs/viewfs/viewfs.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { MountTree } from '../../vfs/mount-tree.ts'
import { type Mount, Path } from '../../vfs/path.ts'
import { MAY_EXEC, MAY_READ, MAY_WRITE, permission } from '../../vfs/permission.ts'
import { DIRECTORY, FOLLOW, lookupChild, walkPath } from '../../vfs/walk.ts'
import { EngineRefusedError } from '../view.ts'
import type { ViewChoice } from './options.ts'

/** File systems that show what is, and have nothing to keep changes of. */
const LIVE_TYPES: ReadonlySet<string> = new Set([
  'proc',
  'sysfs',
  'devtmpfs',
  'devpts',
  'mqueue',
  'nsfs',
  'binfmt_misc',
])

function refuse(result: number, what: string): never {
  throw new EngineRefusedError(-result, `viewfs: ${what}: ${ERRNO_TEXT.get(-result)?.[1] ?? result}`)
}

/** Who mounts, and where his names begin. */
export interface Mounting {
  readonly kernel: Kernel
  readonly tree: MountTree
  readonly caller: Caller
  readonly root: Path
  readonly cwd: Path
}

function directoryAt({ caller, root, cwd }: Mounting, name: string): Path {
  const found = walkPath(caller, root, cwd, utf8(name), FOLLOW | DIRECTORY)
  return typeof found === 'number' ? refuse(found, name) : found
}

/** Another mount is on its root, for everybody: both cannot keep their changes under the one name. */
const isHidden = (mount: Mount, others: readonly Mount[]): boolean =>
  others.some(({ at, confirm }) => confirm === null && at!.mount === mount && at!.dentry === mount.root)

const namesIn = (path: string): string[] => utf8(path).split('/').filter(Boolean)

export class Mounted {
  readonly tree: MountTree
  /** What is seen without it. */
  readonly below: Path
  /** The view over `below`, and those over what is mounted there; none where another directory is seen instead. */
  readonly views: ViewFs[] = []
  /** Their names when they were mounted: changes are told of when the tree has ended, too. */
  private readonly prefixes = new Map<ViewFs, string>()
  /** All that was mounted, the top first. */
  readonly mounts: Mount[] = []
  readonly choice: ViewChoice
  private readonly mounting: Mounting

  /** `at` is the place, where it has been looked for already. */
  constructor(mounting: Mounting, choice: ViewChoice, at?: Path) {
    const { tree, caller } = mounting
    this.mounting = mounting
    this.choice = choice
    this.tree = tree
    this.below = (at ?? directoryAt(mounting, choice.at)).covered(caller)
    if (!this.below.inode.isDirectory) refuse(-ENOTDIR, choice.at)
    const excepted = choice.except.map((path) => this.excepted(path))
    if (!tree.hasRoom(this.below, tree.mounts.size + excepted.length)) refuse(-ENOSPC, choice.at)
    const submounts = tree.subtree(this.below.mount).filter((mount) => this.showsThrough(mount))
    if (choice.kind === 'move')
      this.mounts.push(tree.bind(directoryAt(mounting, choice.upper!), this.below, true))
    else this.mountViews(submounts)
    try {
      for (const [i, path] of choice.except.entries()) this.mountExcepted(path, excepted[i]!)
    } catch (error) {
      this.unmount()
      throw error
    }
    if (tree.root.equals(this.below)) tree.root = new Path(this.top, this.top.root)
  }

  get top(): Mount {
    return this.mounts[0]!
  }

  /** What it shows where `below` was. */
  get place(): Path {
    return new Path(this.top, this.top.root)
  }

  private excepted(name: string): Path {
    const { caller } = this.mounting
    const found = walkPath(caller, this.below, this.below, utf8(name).replace(/^\/+/, ''), FOLLOW)
    return typeof found === 'number' ? refuse(found, `except=${name}`) : found
  }

  /** Mounted below, and not where something is excepted. */
  private showsThrough(mount: Mount): boolean {
    const { mount: own } = this.below
    if (mount === own || !new Path(mount, mount.root).isReachableFrom(this.below)) return false
    const names = new Path(mount, mount.root).name(this.below).split('/').filter(Boolean)
    if (names.length === 0) return false
    return !this.choice.except.some((path) => namesIn(path).every((name, i) => names[i] === name))
  }

  private mountViews(submounts: readonly Mount[]): void {
    const { tree, caller } = this.mounting
    const { credentials } = caller
    const mode = this.choice.kind as ViewFs['mode']
    const own = new ViewFs({ mode, upper: this.upper(), lower: this.below, mounter: credentials, by: caller })
    // What an unprivileged user made of files must not give anybody more than he has.
    const flags = own.isPrivileged ? 0 : MNT_NOSUID | MNT_NODEV
    const flagsOver = (mount: Mount): number =>
      (mode === 'merge' ? mount.flags : mount.flags & ~MNT_READONLY) | flags
    const source = utf8(this.choice.upper ?? 'none')
    const places = new Map<Mount, Path>()
    const keep = (mount: Mount, over: Mount): void => {
      this.mounts.push(mount)
      places.set(over, new Path(mount, mount.root))
      if (!(mount.fs instanceof ViewFs) || over.fs === mount.fs) return
      const name = new Path(mount, mount.root).name(tree.root)
      this.views.push(mount.fs)
      this.prefixes.set(mount.fs, name === '/' ? '' : name)
    }
    keep(tree.add(own, this.below, source, flagsOver(this.below.mount)), this.below.mount)
    for (const mount of submounts) {
      const place = this.placeOf(mount, places.get(mount.at!.mount))
      if (!place) continue
      if (isHidden(mount, submounts)) {
        places.set(mount, place)
        continue
      }
      const upper = place.inode
      const isEngines = mount.service !== null || mount.confirm !== null
      const isOrdinary = !isEngines && !LIVE_TYPES.has(mount.fs.type) && mount.root.inode.isDirectory
      const lower = new Path(mount, mount.root)
      if (isOrdinary && upper instanceof ViewInode) {
        const fs = new ViewFs({ mode, upper, lower, mounter: credentials })
        keep(tree.add(fs, place, source, flagsOver(mount)), mount)
      } else keep(tree.bind(lower, place, false), mount)
    }
  }

  /** Where a mount is that was on a place below; null when the view does not have that place. */
  private placeOf(mount: Mount, parent: Path | undefined): Path | null {
    if (!parent) return null
    const { caller } = this.mounting
    const { at } = mount
    const start = at!.mount === this.below.mount ? this.below : new Path(at!.mount, at!.mount.root)
    const names = at!.name(start).split('/').filter(Boolean)
    let place = parent
    for (const [i, name] of names.entries()) {
      const next = lookupChild(caller, place, name)
      if (typeof next === 'number') {
        const isGhost = i === names.length - 1 && at!.dentry.parent?.ghosts?.get(name) === at!.dentry
        return isGhost ? this.tree.ghost(place, name, mount.root.inode) : null
      }
      place = next
    }
    return place
  }

  /** The directory that keeps changes. */
  private upper(): Path {
    const { caller, kernel, tree } = this.mounting
    const { upper: name, kind } = this.choice
    if (name === null) {
      const { fsuid, fsgid } = caller.credentials.bottom
      const fs = new Tmpfs(caller.world.clock, { mode: 0o700, uid: fsuid, gid: fsgid })
      fs.dev = tree.table.newDev()
      fs.attachQuota(kernel.diskQuota)
      return topOf(fs)
    }
    const path = directoryAt(this.mounting, name)
    const mask = MAY_READ | MAY_EXEC | (kind === 'merge' ? 0 : MAY_WRITE)
    const refused = permission(caller.credentials, path.inode, mask)
    if (refused) refuse(refused, name)
    if (!path.inode.fs.answersAtOnce) refuse(-EACCES, `${name} answers too late to keep changes`)
    return path
  }

  private mountExcepted(name: string, source: Path): void {
    const { caller } = this.mounting
    const names = namesIn(name)
    const last = names.pop()!
    let directory = this.place
    for (const part of names) {
      const next = lookupChild(caller, directory, part)
      if (typeof next === 'number') refuse(next, `except=${name}, in the view`)
      else directory = next
    }
    if (!directory.inode.isDirectory) refuse(-ENOTDIR, `except=${name}, in the view`)
    const known = lookupChild(caller, directory, last)
    if (typeof known === 'number' && known !== -ENOENT) refuse(known, `except=${name}`)
    const fits = typeof known !== 'number' && known.inode.isDirectory === source.inode.isDirectory
    const place = fits ? known : this.tree.ghost(directory, last, source.inode)
    this.mounts.push(this.tree.bind(source, place, true))
  }

  /** Those of a tree that is a copy of this one, or this one's. Null: it is not there, or cannot be taken away. */
  mountsIn(tree: MountTree): Mount[] | null {
    const top = [...tree.mounts].find(
      ({ fs, root, at }) => fs === this.top.fs && root === this.top.root && at?.dentry === this.below.dentry,
    )
    return top ? tree.subtree(top) : null
  }

  /** Whether a tree shows it, wherever. */
  isIn(tree: MountTree): boolean {
    const { fs, root } = this.top
    return [...tree.mounts].some((mount) => mount.fs === fs && mount.root === root)
  }

  /** Whether a mount is one of it, or a copy of one. */
  isOwn(mount: Mount): boolean {
    return this.mounts.some(
      ({ fs, root, at }) => fs === mount.fs && root === mount.root && at?.dentry === mount.at?.dentry,
    )
  }

  unmount(tree = this.tree): void {
    const top = this.mountsIn(tree)?.[0]
    if (!top) return
    const { at } = top
    if (tree.root.mount === top) tree.root = at!
    tree.detach(top)
  }

  /** A view's name of what is in a view below it. */
  prefixOf(view: ViewFs): string {
    return this.prefixes.get(view)!
  }

  get shown(): string {
    return fromUtf8(this.place.name(this.tree.root))
  }
}

/** Over which directories of views others are mounted. */
export const coveredBy = (views: readonly ViewFs[]): Set<ViewInode> =>
  new Set(views.map(({ root }) => root.over).filter((over: ViewInode | null) => over !== null))

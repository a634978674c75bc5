/**
 * IdLevel: an identity over another one. In a view with the id engine a task has credentials of that view, and below
 * them the ones that it has outside. What it may do must be allowed on every level; who it is, and whose files are, is
 * told by the uppermost one, which remembers what chown(2) and mknod(2) there made of files.
 * Path: engines/id makes one; credentials.ts links them; permission.ts and sys/stat.ts look at files through them.
 */

import { S_IFMT, S_ISGID } from '../abi/stat.ts'
import type { FileSystem, Inode } from '../vfs/inode.ts'
import type { Credentials } from './credentials.ts'

/** What identity decides about a file. An Inode is its own on the lowest level. */
export interface FileIds {
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
}

/** What a level has of its own about a file; a mode has the type only when mknod(2) made it. */
export interface RememberedIds {
  uid?: number
  gid?: number
  /** Type and permissions of a node that below is an empty file. */
  node?: { readonly type: number; readonly rdev: number }
  /** Permissions that the level below refused to change. */
  permissions?: number
}

/** Files of an id outside that are shown as another one's: fakeroot. */
export interface OwnerSwap {
  readonly uid: { readonly from: number; readonly to: number }
  readonly gid: { readonly from: number; readonly to: number }
}

export class IdLevel {
  private readonly swap: OwnerSwap | null
  /** By number: inode objects of files on the host come and go. */
  private readonly remembered = new WeakMap<FileSystem, Map<number, RememberedIds>>()

  constructor(swap: OwnerSwap | null) {
    this.swap = swap
  }

  /** How a file looks on this level that looks like `below` one level down. */
  shown(who: Credentials, inode: Inode, below: FileIds): FileIds {
    const known = this.remembered.get(inode.fs)?.get(inode.ino)
    const maker = inode.maker?.seenBy(who)
    if (!known && !maker && !this.swap) return below
    const { uid, gid, node, permissions } = known ?? {}
    const type = node?.type ?? below.mode & S_IFMT
    return {
      mode: type | (permissions ?? below.mode & ~S_IFMT),
      uid: uid ?? maker?.fsuid ?? this.shownUid(below.uid),
      gid: gid ?? maker?.fsgid ?? this.shownGid(below.gid),
      rdev: node?.rdev ?? below.rdev,
    }
  }

  shownUid(uid: number): number {
    return this.swap?.uid.from === uid ? this.swap.uid.to : uid
  }

  shownGid(gid: number): number {
    return this.swap?.gid.from === gid ? this.swap.gid.to : gid
  }

  /** They were changed below, for all to see. */
  forgetPermissions(inode: Inode): void {
    const known = this.remembered.get(inode.fs)?.get(inode.ino)
    if (known) delete known.permissions
  }

  remember(inode: Inode, change: RememberedIds): void {
    let files = this.remembered.get(inode.fs)
    if (!files) {
      files = new Map()
      this.remembered.set(inode.fs, files)
    }
    files.set(inode.ino, { ...files.get(inode.ino), ...change })
  }
}

/** How a file looks to these credentials. */
export function idsOf(who: Credentials, inode: Inode): FileIds {
  return who.level === null ? inode : who.level.shown(who, inode, idsOf(who.below!, inode))
}

/** A new file is its maker's, on every level that has its own idea of who that is. */
export function rememberMaker(who: Credentials, inode: Inode, directory: Inode): void {
  for (let c: Credentials | null = who; c?.level; c = c.below) {
    const above = idsOf(c, directory)
    c.level.remember(inode, { uid: c.fsuid, gid: above.mode & S_ISGID ? above.gid : c.fsgid })
  }
}

/**
 * Whether something between two tasks holds on every level: a level that the other one is not in sees it as it is
 * outside.
 */
export function onEveryLevel(
  who: Credentials,
  other: Credentials,
  holds: (who: Credentials, other: Credentials) => boolean,
): boolean {
  for (let c: Credentials | null = who; c; c = c.below) if (!holds(c, other.seenBy(c))) return false
  return true
}

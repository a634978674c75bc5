/**
 * UserNamespace: user and group ids under other numbers, and capabilities that hold for what belongs to it.
 * user_namespaces(7), Linux kernel/user_namespace.c.
 * Path: credentials are in one, on each level of identity, and keep the ids that the first one has for them; calls
 * translate what they take and give. /proc/PID/uid_map is fs/procfs/id-maps.ts; nsproxy.ts makes them.
 */

import { OVERFLOW_ID } from '../abi/process.ts'
import type { Credentials } from './credentials.ts'
import { Namespace } from './namespace.ts'

/** As deep as they nest. */
const USER_NS_LEVEL_MAX = 32
/** No id: outside, or not mapped. */
export const NO_ID = -1
const ID_MAX = 0xfffffffe

/** Ids from `first` on are those from `lower` on of the first namespace. */
export interface IdExtent {
  readonly first: number
  readonly lower: number
  readonly count: number
}

const WHOLE: readonly IdExtent[] = [{ first: 0, lower: 0, count: ID_MAX + 1 }]

/** Ids of one kind. Empty until somebody writes it, which is once. */
export class IdMap {
  extents: readonly IdExtent[]

  constructor(extents: readonly IdExtent[]) {
    this.extents = extents
  }

  /** The first namespace's id; NO_ID for one that is not mapped. */
  inward(id: number, count = 1): number {
    for (const { first, lower, count: size } of this.extents)
      if (id >= first && id + count <= first + size) return lower + (id - first)
    return NO_ID
  }

  /** The id here of one of the first namespace, or NO_ID. */
  outward(id: number): number {
    if (this.extents === WHOLE) return id
    for (const { first, lower, count } of this.extents)
      if (id >= lower && id < lower + count) return first + (id - lower)
    return NO_ID
  }
}

export class UserNamespace extends Namespace {
  readonly kind = 'user'
  /** Null for the first one. */
  readonly parent: UserNamespace | null
  readonly level: number
  readonly uids: IdMap
  readonly gids: IdMap
  /** Who made it: whoever has these ids in the parent has every capability here. */
  readonly ownerUid: number
  readonly ownerGid: number
  /** Its maker could give capabilities to files: only then may it map the parent's root for itself. */
  readonly makerHadSetfcap: boolean
  /** /proc/PID/setgroups. */
  allowsSetgroups: boolean

  constructor(parent: UserNamespace | null, maker: Credentials | null, makerHadSetfcap: boolean) {
    super()
    this.parent = parent
    this.level = parent ? parent.level + 1 : 0
    this.uids = new IdMap(parent ? [] : WHOLE)
    this.gids = new IdMap(parent ? [] : WHOLE)
    this.ownerUid = maker?.euid ?? 0
    this.ownerGid = maker?.egid ?? 0
    this.makerHadSetfcap = makerHadSetfcap
    this.allowsSetgroups = parent?.allowsSetgroups ?? true
  }

  get isFull(): boolean {
    return this.level > USER_NS_LEVEL_MAX
  }

  /** setgroups(2) needs to know what groups there are. */
  get maySetgroups(): boolean {
    return this.allowsSetgroups && this.gids.extents.length > 0
  }

  /** As calls show it: what is not mapped is nobody's. */
  shownUid(uid: number): number {
    const shown = this.uids.outward(uid)
    return shown === NO_ID ? OVERFLOW_ID : shown
  }

  shownGid(gid: number): number {
    const shown = this.gids.outward(gid)
    return shown === NO_ID ? OVERFLOW_ID : shown
  }

  /** Whether both ids of a file are somebody's here. */
  maps(ids: { readonly uid: number; readonly gid: number }): boolean {
    if (this.parent === null) return true
    return this.uids.outward(ids.uid) !== NO_ID && this.gids.outward(ids.gid) !== NO_ID
  }
}

/** The one that all others are in. */
export const FIRST_USER_NAMESPACE = new UserNamespace(null, null, true)

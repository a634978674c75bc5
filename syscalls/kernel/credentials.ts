/**
 * Who a task is and what it may: user and group ids, capabilities, securebits. credentials(7), capabilities(7).
 * Path: every check of privilege asks `capable`; commitCredentials, in change-credentials.ts, is how they change.
 */

import {
  CAP_EMPTY_SET,
  CAP_FULL_SET,
  type CapabilitySet,
  capabilityBit,
  SECBIT_NO_SETUID_FIXUP,
} from '../abi/capability.ts'

import type { IdLevel } from './id-level.ts'
import { FIRST_USER_NAMESPACE, type UserNamespace } from './user-namespace.ts'

export class Credentials {
  uid = 0
  euid = 0
  suid = 0
  fsuid = 0
  gid = 0
  egid = 0
  sgid = 0
  fsgid = 0
  groups: readonly number[] = []
  permitted: CapabilitySet
  effective: CapabilitySet
  inheritable: CapabilitySet = CAP_EMPTY_SET
  bounding: CapabilitySet = CAP_FULL_SET
  ambient: CapabilitySet = CAP_EMPTY_SET
  /** Where its capabilities hold. Ids are those of the first one all the same. */
  userns: UserNamespace = FIRST_USER_NAMESPACE
  /** SECBIT_*. */
  securebits = 0
  /** Who the task is below this level: id-level.ts. Null on the lowest. */
  below: Credentials | null = null
  /** This level; null on the lowest. */
  level: IdLevel | null = null

  /** Root has every capability, nobody else has any. */
  constructor(uid: number, gid: number) {
    this.uid = this.euid = this.suid = this.fsuid = uid
    this.gid = this.egid = this.sgid = this.fsgid = gid
    this.permitted = this.effective = uid === 0 ? CAP_FULL_SET : CAP_EMPTY_SET
  }

  copy(): Credentials {
    return Object.assign(new Credentials(0, 0), this)
  }

  /** Does the effective set have this capability, CAP_*, on every level, over what is everybody's? */
  capable(capability: number): boolean {
    return this.capableHere(capability) && (this.below === null || this.below.capable(capability))
  }

  /** Over what belongs to a user namespace, null for the first one. Whoever is in it needs no other level's consent. */
  capableIn(namespace: UserNamespace | null, capability: number): boolean {
    if (!this.capableHere(capability, namespace ?? FIRST_USER_NAMESPACE)) return false
    return this.userns.parent !== null || this.below === null || this.below.capableIn(namespace, capability)
  }

  /** On this level: for what changes nothing below it. Whoever made a user namespace may all in it. Linux cap_capable. */
  capableHere(capability: number, over: UserNamespace = FIRST_USER_NAMESPACE): boolean {
    for (let one = over; one !== this.userns; one = one.parent!) {
      if (one.level <= this.userns.level) return false
      if (one.parent === this.userns && one.ownerUid === this.euid) return true
    }
    return this.capableOwn(capability)
  }

  /** In the user namespace that this level is in: for what stays there. */
  capableOwn(capability: number): boolean {
    return (this.effective & capabilityBit(capability)) !== CAP_EMPTY_SET
  }

  /** Over a file that looks so on this level: only where both of its ids are mapped. Linux capable_wrt_inode_uidgid. */
  capableOver(ids: { readonly uid: number; readonly gid: number }, capability: number): boolean {
    return this.capableOwn(capability) && this.userns.maps(ids)
  }

  /** Who has capabilities by being root: NO_ID where nobody is. */
  get rootUid(): number {
    return this.userns.uids.inward(0)
  }

  /** Those of the lowest level: whose the files really are that it makes. */
  get bottom(): Credentials {
    return this.below === null ? this : this.below.bottom
  }

  /** As far up as another's levels go: in a view that the other is not in, a task may call itself what it likes. */
  seenBy(other: Credentials): Credentials {
    let seen: Credentials = this
    while (seen.below !== null && !other.isOn(seen.level)) seen = seen.below
    return seen
  }

  private isOn(level: IdLevel | null): boolean {
    return this.level === level || this.below?.isOn(level) === true
  }

  /** As access(2) asks: for the real ids, and with the capabilities that these would have. */
  ofRealIds(): Credentials {
    const who = this.copy()
    who.fsuid = who.uid
    who.fsgid = who.gid
    if (!(who.securebits & SECBIT_NO_SETUID_FIXUP))
      who.effective = who.uid === who.rootUid ? who.permitted : CAP_EMPTY_SET
    return who
  }

  /** As System V IPC asks: by the effective id, not the file system's. */
  inEffectiveGroup(gid: number): boolean {
    return gid === this.egid || this.groups.includes(gid)
  }

  inGroup(gid: number): boolean {
    return gid === this.fsgid || this.groups.includes(gid)
  }
}

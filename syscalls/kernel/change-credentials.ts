/**
 * How a task's credentials change: what the set*id calls do to capabilities, and what any change does to the task.
 * Path: sys/credentials.ts, sys/capability.ts and exec make a copy, change it and commit it. Linux kernel/cred.c,
 * security/commoncap.c.
 */

import {
  CAP_EMPTY_SET,
  CAP_FS_SET,
  isSubset,
  SECBIT_KEEP_CAPS,
  SECBIT_NO_SETUID_FIXUP,
} from '../abi/capability.ts'
import type { Credentials } from './credentials.ts'
import type { Task } from './task.ts'

/** fs.suid_dumpable, and what PR_SET_DUMPABLE may say. */
export const SUID_DUMP_DISABLE = 0
export const SUID_DUMP_USER = 1

/** Another identity, or more capabilities, and nobody of the old one may look into the task any more. */
export function commitCredentials(task: Task, fresh: Credentials): void {
  const old = task.credentials
  const isOther =
    old.euid !== fresh.euid ||
    old.egid !== fresh.egid ||
    old.fsuid !== fresh.fsuid ||
    old.fsgid !== fresh.fsgid ||
    !hasNoMore(fresh, old)
  if (isOther) {
    task.mm.dumpable = SUID_DUMP_DISABLE
    task.parentDeathSignal = 0
  }
  task.credentials = fresh
}

/** Whoever goes into a user namespace of his own gains nothing by what he may do there. Linux cred_cap_issubset. */
function hasNoMore(fresh: Credentials, old: Credentials): boolean {
  if (fresh.userns === old.userns) return isSubset(fresh.permitted, old.permitted)
  for (let one = fresh.userns; one.parent; one = one.parent)
    if (one.parent === old.userns && one.ownerUid === old.euid) return true
  return false
}

const hasRootId = ({ rootUid, uid, euid, suid }: Credentials): boolean =>
  uid === rootUid || euid === rootUid || suid === rootUid

/** setuid(2), setreuid(2), setresuid(2): leaving root takes the capabilities. Linux cap_emulate_setxuid. */
export function fixCapabilities(old: Credentials, fresh: Credentials): void {
  if (fresh.securebits & SECBIT_NO_SETUID_FIXUP) return
  if (hasRootId(old) && !hasRootId(fresh)) {
    if (!(fresh.securebits & SECBIT_KEEP_CAPS)) fresh.permitted = fresh.effective = CAP_EMPTY_SET
    fresh.ambient = CAP_EMPTY_SET
  }
  const { rootUid } = old
  if (old.euid === rootUid && fresh.euid !== rootUid) fresh.effective = CAP_EMPTY_SET
  if (old.euid !== rootUid && fresh.euid === rootUid) fresh.effective = fresh.permitted
}

/** setfsuid(2): the file system's capabilities go and come. */
export function fixFsCapabilities(old: Credentials, fresh: Credentials): void {
  if (fresh.securebits & SECBIT_NO_SETUID_FIXUP) return
  const { rootUid } = old
  if (old.fsuid === rootUid && fresh.fsuid !== rootUid) fresh.effective &= ~CAP_FS_SET
  if (old.fsuid !== rootUid && fresh.fsuid === rootUid) fresh.effective |= fresh.permitted & CAP_FS_SET
}

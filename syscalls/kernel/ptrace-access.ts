/**
 * May one task look into another: the rule of ptrace(2) that /proc, process_vm_readv(2), kcmp(2) and pidfd_getfd(2)
 * share. Linux __ptrace_may_access, cap_ptrace_access_check.
 */

import { CAP_SYS_PTRACE, isSubset } from '../abi/capability.ts'
import { SUID_DUMP_USER } from './change-credentials.ts'
import type { Credentials } from './credentials.ts'
import { onEveryLevel } from './id-level.ts'
import type { Task } from './task.ts'

/** Whose ids count: the file system's for what is opened in /proc, else the real ones. */
export const FSCREDS = 0
export const REALCREDS = 1

/** Are all ids of `other` this one? */
export const hasOnlyIds = (other: Credentials, uid: number, gid: number): boolean =>
  other.uid === uid &&
  other.euid === uid &&
  other.suid === uid &&
  other.gid === gid &&
  other.egid === gid &&
  other.sgid === gid

/** `who` belongs to process `pid`, which may always look into itself. */
export function mayAccess(who: Credentials, pid: number, target: Task, creds: number): boolean {
  if (target.group.pid === pid) return true
  return onEveryLevel(who, target.credentials, (mine, other) => {
    if (mine.capableHere(CAP_SYS_PTRACE, other.userns)) return true
    const [uid, gid] = creds === FSCREDS ? [mine.fsuid, mine.fsgid] : [mine.uid, mine.gid]
    if (!hasOnlyIds(other, uid, gid) || target.mm.dumpable !== SUID_DUMP_USER) return false
    return (
      mine.userns === other.userns &&
      isSubset(other.permitted, creds === FSCREDS ? mine.effective : mine.permitted)
    )
  })
}

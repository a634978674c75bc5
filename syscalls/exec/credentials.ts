/**
 * What execve(2) makes of a task's credentials: set-id bits, file capabilities, root's privilege, ambient capabilities,
 * and whether the program must distrust its environment (AT_SECURE). capabilities(7), "Transformation of capabilities".
 * Path: exec.ts, before the point of no return. Linux fs/exec.c bprm_fill_uid, security/commoncap.c, whose order this is.
 */

import { CAP_EMPTY_SET, CAP_SETUID, isSubset, SECBIT_KEEP_CAPS, SECBIT_NOROOT } from '../abi/capability.ts'
import { EPERM } from '../abi/errno.ts'
import { S_ISGID, S_ISUID } from '../abi/stat.ts'
import type { Credentials } from '../kernel/credentials.ts'
import { idsOf } from '../kernel/id-level.ts'
import type { Task } from '../kernel/task.ts'
import { fileCapabilities } from '../vfs/file-capabilities.ts'
import type { Path } from '../vfs/path.ts'

export interface ExecCredentials {
  who: Credentials
  /** AT_SECURE. */
  isSecure: boolean
  /** It runs with more than its caller had: PER_CLEAR_ON_SETID. */
  isRaised: boolean
}

const S_IXGRP = 0o010

/** Another process shares root and working directory: LSM_UNSAFE_SHARE. */
function sharesFs(task: Task): boolean {
  for (const other of task.kernel.tasks.values())
    if (other.fs === task.fs && other.group !== task.group) return true
  return false
}

/** The set-id bits: what new euid and egid are. */
function takeSetIds(task: Task, path: Path, who: Credentials): boolean {
  const { mode, uid, gid } = idsOf(who, path.inode)
  if (path.mount.isNoSuid || task.noNewPrivileges) return false
  // Whose ids mean nothing here gives nothing.
  if (!who.userns.maps({ uid, gid })) return false
  if (mode & S_ISUID) who.euid = uid
  const setsGroup = (mode & (S_ISGID | S_IXGRP)) === (S_ISGID | S_IXGRP)
  if (setsGroup) who.egid = gid
  return setsGroup || (mode & S_ISUID) !== 0
}

/** Permitted from the file or from being root. EPERM: the file insists on more than there may be; EINVAL. */
function takeCapabilities(path: Path, who: Credentials, old: Credentials) {
  const file = path.mount.isNoSuid ? null : fileCapabilities(path.inode, who.userns)
  if (typeof file === 'number') return file
  who.permitted = CAP_EMPTY_SET
  let isEffective = false
  if (file) {
    who.permitted = (who.bounding & file.permitted) | (who.inheritable & file.inheritable)
    if (file.isEffective && !isSubset(file.permitted, who.permitted)) return -EPERM
    isEffective = file.isEffective
  }
  const { rootUid } = who
  const becomesRoot = who.euid === rootUid && who.uid !== rootUid
  if (!(who.securebits & SECBIT_NOROOT) && !(file && becomesRoot)) {
    if (who.euid === rootUid || who.uid === rootUid) who.permitted = old.bounding | old.inheritable
    isEffective ||= who.euid === rootUid
  }
  return { isEffective, hasFile: file !== null }
}

/** The credentials after an execve of this file, or -EPERM, -EINVAL. */
export function credentialsForExec(task: Task, path: Path): ExecCredentials | number {
  const old = task.credentials
  const who = old.copy()
  const hasSetId = takeSetIds(task, path, who)
  const taken = takeCapabilities(path, who, old)
  if (typeof taken === 'number') return taken
  const hasGained = !isSubset(who.permitted, old.permitted)
  const changesId = who.euid !== old.euid || !(who.egid === old.fsgid || old.groups.includes(who.egid))
  if ((changesId || hasGained) && (task.noNewPrivileges || sharesFs(task))) {
    if (task.noNewPrivileges || !old.capableOwn(CAP_SETUID)) {
      who.euid = old.euid
      who.egid = old.egid
    }
    who.permitted &= old.permitted
  }
  who.suid = who.fsuid = who.euid
  who.sgid = who.fsgid = who.egid
  if (taken.hasFile || changesId) who.ambient = CAP_EMPTY_SET
  who.permitted |= who.ambient
  who.effective = taken.isEffective ? who.permitted : who.ambient
  who.securebits &= ~SECBIT_KEEP_CAPS
  const hasGrown = taken.isEffective || !isSubset(who.permitted, who.ambient)
  const isSecure =
    changesId || who.euid !== old.uid || who.egid !== old.gid || (who.uid !== who.rootUid && hasGrown)
  return { who, isSecure, isRaised: hasSetId || hasGained }
}

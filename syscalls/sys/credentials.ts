/**
 * User and group ids of a task: setuid(2), setreuid(2), setresuid(2), setfsuid(2), setgroups(2), their relatives for
 * groups, and the getters. credentials(7). Each makes a copy, checks, and commits it: Linux kernel/sys.c, kernel/groups.c.
 */

import { CAP_SETGID, CAP_SETUID } from '../abi/capability.ts'
import { EFAULT, EINVAL, EPERM } from '../abi/errno.ts'
import { commitCredentials, fixCapabilities, fixFsCapabilities } from '../kernel/change-credentials.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Task } from '../kernel/task.ts'
import { addr, int, syscall } from './row.ts'

export const NGROUPS_MAX = 65536
/** As an id: leave it as it is. */
const SAME = -1

function commitUids(task: Task, fresh: Credentials): number {
  fresh.fsuid = fresh.euid
  fixCapabilities(task.credentials, fresh)
  commitCredentials(task, fresh)
  return 0
}

function commitGids(task: Task, fresh: Credentials): number {
  fresh.fsgid = fresh.egid
  commitCredentials(task, fresh)
  return 0
}

function sysSetuid(task: Task, uid: number): number {
  const who = task.credentials
  const fresh = who.copy()
  const id = uid >>> 0
  if (uid === SAME) return -EINVAL
  if (who.capableHere(CAP_SETUID)) fresh.uid = fresh.suid = id
  else if (id !== who.uid && id !== who.suid) return -EPERM
  fresh.euid = id
  return commitUids(task, fresh)
}

function sysSetgid(task: Task, gid: number): number {
  const who = task.credentials
  const fresh = who.copy()
  const id = gid >>> 0
  if (gid === SAME) return -EINVAL
  if (who.capableHere(CAP_SETGID)) fresh.gid = fresh.sgid = id
  else if (id !== who.gid && id !== who.sgid) return -EPERM
  fresh.egid = id
  return commitGids(task, fresh)
}

/** `known`: what an id may become without the capability. */
const isAllowed = (id: number, known: readonly number[], isPrivileged: boolean): boolean =>
  id === SAME || isPrivileged || known.includes(id >>> 0)

function sysSetresuid(task: Task, uid: number, euid: number, suid: number): number {
  const who = task.credentials
  const known = [who.uid, who.euid, who.suid]
  const isPrivileged = who.capableHere(CAP_SETUID)
  if (![uid, euid, suid].every((id) => isAllowed(id, known, isPrivileged))) return -EPERM
  const fresh = who.copy()
  if (uid !== SAME) fresh.uid = uid >>> 0
  if (euid !== SAME) fresh.euid = euid >>> 0
  if (suid !== SAME) fresh.suid = suid >>> 0
  return commitUids(task, fresh)
}

function sysSetresgid(task: Task, gid: number, egid: number, sgid: number): number {
  const who = task.credentials
  const known = [who.gid, who.egid, who.sgid]
  const isPrivileged = who.capableHere(CAP_SETGID)
  if (![gid, egid, sgid].every((id) => isAllowed(id, known, isPrivileged))) return -EPERM
  const fresh = who.copy()
  if (gid !== SAME) fresh.gid = gid >>> 0
  if (egid !== SAME) fresh.egid = egid >>> 0
  if (sgid !== SAME) fresh.sgid = sgid >>> 0
  return commitGids(task, fresh)
}

function sysSetreuid(task: Task, uid: number, euid: number): number {
  const who = task.credentials
  const isPrivileged = who.capableHere(CAP_SETUID)
  if (!isAllowed(uid, [who.uid, who.euid], isPrivileged)) return -EPERM
  if (!isAllowed(euid, [who.uid, who.euid, who.suid], isPrivileged)) return -EPERM
  const fresh = who.copy()
  if (uid !== SAME) fresh.uid = uid >>> 0
  if (euid !== SAME) fresh.euid = euid >>> 0
  if (uid !== SAME || (euid !== SAME && fresh.euid !== who.uid)) fresh.suid = fresh.euid
  return commitUids(task, fresh)
}

function sysSetregid(task: Task, gid: number, egid: number): number {
  const who = task.credentials
  const isPrivileged = who.capableHere(CAP_SETGID)
  if (!isAllowed(gid, [who.gid, who.egid], isPrivileged)) return -EPERM
  if (!isAllowed(egid, [who.gid, who.egid, who.sgid], isPrivileged)) return -EPERM
  const fresh = who.copy()
  if (gid !== SAME) fresh.gid = gid >>> 0
  if (egid !== SAME) fresh.egid = egid >>> 0
  if (gid !== SAME || (egid !== SAME && fresh.egid !== who.gid)) fresh.sgid = fresh.egid
  return commitGids(task, fresh)
}

/** Always the old id: programs call it twice to see whether it worked. */
function sysSetfsuid(task: Task, uid: number): number {
  const who = task.credentials
  const known = [who.uid, who.euid, who.suid, who.fsuid]
  if (uid === SAME || !isAllowed(uid, known, who.capableHere(CAP_SETUID))) return who.fsuid
  const fresh = who.copy()
  fresh.fsuid = uid >>> 0
  fixFsCapabilities(who, fresh)
  commitCredentials(task, fresh)
  return who.fsuid
}

function sysSetfsgid(task: Task, gid: number): number {
  const who = task.credentials
  const known = [who.gid, who.egid, who.sgid, who.fsgid]
  if (gid === SAME || !isAllowed(gid, known, who.capableHere(CAP_SETGID))) return who.fsgid
  const fresh = who.copy()
  fresh.fsgid = gid >>> 0
  commitCredentials(task, fresh)
  return who.fsgid
}

function putThree(task: Task, addrs: readonly number[], ids: readonly number[]): number {
  for (let i = 0; i < 3; i++) if (!task.mm.setU32(addrs[i]!, ids[i]!)) return -EFAULT
  return 0
}

function sysGetgroups(task: Task, count: number, list: number): number {
  const { groups } = task.credentials
  if (count < 0) return -EINVAL
  if (count === 0) return groups.length
  if (count < groups.length) return -EINVAL
  for (let i = 0; i < groups.length; i++) if (!task.mm.setU32(list + i * 4, groups[i]!)) return -EFAULT
  return groups.length
}

function sysSetgroups(task: Task, count: number, list: number): number {
  if (!task.credentials.capableHere(CAP_SETGID)) return -EPERM
  if (count < 0 || count > NGROUPS_MAX) return -EINVAL
  if (count > 0 && !task.mm.canRead(list, count * 4)) return -EFAULT
  const groups: number[] = []
  for (let i = 0; i < count; i++) {
    const gid = task.mm.getU32(list + i * 4)
    if (gid === SAME >>> 0) return -EINVAL
    groups.push(gid)
  }
  const fresh = task.credentials.copy()
  fresh.groups = groups.sort((a, b) => a - b)
  commitCredentials(task, fresh)
  return 0
}

export const credentialRows = [
  syscall('getuid', [], (task) => task.credentials.uid),
  syscall('geteuid', [], (task) => task.credentials.euid),
  syscall('getgid', [], (task) => task.credentials.gid),
  syscall('getegid', [], (task) => task.credentials.egid),
  syscall('setuid', [int], sysSetuid),
  syscall('setgid', [int], sysSetgid),
  syscall('setreuid', [int, int], sysSetreuid),
  syscall('setregid', [int, int], sysSetregid),
  syscall('setresuid', [int, int, int], sysSetresuid),
  syscall('setresgid', [int, int, int], sysSetresgid),
  syscall('getresuid', [addr, addr, addr], (task, a, b, c) => {
    const { uid, euid, suid } = task.credentials
    return putThree(task, [a, b, c], [uid, euid, suid])
  }),
  syscall('getresgid', [addr, addr, addr], (task, a, b, c) => {
    const { gid, egid, sgid } = task.credentials
    return putThree(task, [a, b, c], [gid, egid, sgid])
  }),
  syscall('setfsuid', [int], sysSetfsuid),
  syscall('setfsgid', [int], sysSetfsgid),
  syscall('getgroups', [int, addr], sysGetgroups),
  syscall('setgroups', [int, addr], sysSetgroups),
]

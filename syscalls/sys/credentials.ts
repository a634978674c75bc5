/**
 * User and group ids of a task: setuid(2), setreuid(2), setresuid(2), setfsuid(2), setgroups(2), their relatives for
 * groups, and the getters. credentials(7). Each makes a copy, checks, and commits it: Linux kernel/sys.c, kernel/groups.c.
 */

import { get32s } from '../abi/bytes.ts'
import { CAP_SETGID, CAP_SETUID } from '../abi/capability.ts'
import { EFAULT, EINVAL, EPERM } from '../abi/errno.ts'
import { commitCredentials, fixCapabilities, fixFsCapabilities } from '../kernel/change-credentials.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Task } from '../kernel/task.ts'
import { type IdMap, NO_ID } from '../kernel/user-namespace.ts'
import { addr, int, syscall } from './row.ts'

export const NGROUPS_MAX = 65536
/** As an id: leave it as it is. */
const SAME = -1

/** Ids that a call gives, as the first user namespace has them; null when one is nobody's here. */
function mapped(ids: IdMap, given: readonly number[]): number[] | null {
  const found = given.map((id) => (id === SAME ? SAME : ids.inward(id >>> 0)))
  return found.some((id, i) => id === NO_ID && given[i] !== SAME) ? null : found
}

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
  const id = who.userns.uids.inward(uid >>> 0)
  if (uid === SAME || id === NO_ID) return -EINVAL
  if (who.capableOwn(CAP_SETUID)) fresh.uid = fresh.suid = id
  else if (id !== who.uid && id !== who.suid) return -EPERM
  fresh.euid = id
  return commitUids(task, fresh)
}

function sysSetgid(task: Task, gid: number): number {
  const who = task.credentials
  const fresh = who.copy()
  const id = who.userns.gids.inward(gid >>> 0)
  if (gid === SAME || id === NO_ID) return -EINVAL
  if (who.capableOwn(CAP_SETGID)) fresh.gid = fresh.sgid = id
  else if (id !== who.gid && id !== who.sgid) return -EPERM
  fresh.egid = id
  return commitGids(task, fresh)
}

/** `known`: what an id may become without the capability. */
const isAllowed = (id: number, known: readonly number[], isPrivileged: boolean): boolean =>
  id === SAME || isPrivileged || known.includes(id >>> 0)

function sysSetresuid(task: Task, ...given: number[]): number {
  const who = task.credentials
  const ids = mapped(who.userns.uids, given.slice(0, 3))
  if (!ids) return -EINVAL
  const [uid, euid, suid] = ids as [number, number, number]
  const known = [who.uid, who.euid, who.suid]
  const isPrivileged = who.capableOwn(CAP_SETUID)
  if (![uid, euid, suid].every((id) => isAllowed(id, known, isPrivileged))) return -EPERM
  const fresh = who.copy()
  if (uid !== SAME) fresh.uid = uid >>> 0
  if (euid !== SAME) fresh.euid = euid >>> 0
  if (suid !== SAME) fresh.suid = suid >>> 0
  return commitUids(task, fresh)
}

function sysSetresgid(task: Task, ...given: number[]): number {
  const who = task.credentials
  const ids = mapped(who.userns.gids, given.slice(0, 3))
  if (!ids) return -EINVAL
  const [gid, egid, sgid] = ids as [number, number, number]
  const known = [who.gid, who.egid, who.sgid]
  const isPrivileged = who.capableOwn(CAP_SETGID)
  if (![gid, egid, sgid].every((id) => isAllowed(id, known, isPrivileged))) return -EPERM
  const fresh = who.copy()
  if (gid !== SAME) fresh.gid = gid >>> 0
  if (egid !== SAME) fresh.egid = egid >>> 0
  if (sgid !== SAME) fresh.sgid = sgid >>> 0
  return commitGids(task, fresh)
}

function sysSetreuid(task: Task, ...given: number[]): number {
  const who = task.credentials
  const ids = mapped(who.userns.uids, given.slice(0, 2))
  if (!ids) return -EINVAL
  const [uid, euid] = ids as [number, number]
  const isPrivileged = who.capableOwn(CAP_SETUID)
  if (!isAllowed(uid, [who.uid, who.euid], isPrivileged)) return -EPERM
  if (!isAllowed(euid, [who.uid, who.euid, who.suid], isPrivileged)) return -EPERM
  const fresh = who.copy()
  if (uid !== SAME) fresh.uid = uid >>> 0
  if (euid !== SAME) fresh.euid = euid >>> 0
  if (uid !== SAME || (euid !== SAME && fresh.euid !== who.uid)) fresh.suid = fresh.euid
  return commitUids(task, fresh)
}

function sysSetregid(task: Task, ...given: number[]): number {
  const who = task.credentials
  const ids = mapped(who.userns.gids, given.slice(0, 2))
  if (!ids) return -EINVAL
  const [gid, egid] = ids as [number, number]
  const isPrivileged = who.capableOwn(CAP_SETGID)
  if (!isAllowed(gid, [who.gid, who.egid], isPrivileged)) return -EPERM
  if (!isAllowed(egid, [who.gid, who.egid, who.sgid], isPrivileged)) return -EPERM
  const fresh = who.copy()
  if (gid !== SAME) fresh.gid = gid >>> 0
  if (egid !== SAME) fresh.egid = egid >>> 0
  if (gid !== SAME || (egid !== SAME && fresh.egid !== who.gid)) fresh.sgid = fresh.egid
  return commitGids(task, fresh)
}

/** Always the old id: programs call it twice to see whether it worked. */
function sysSetfsuid(task: Task, given: number): number {
  const who = task.credentials
  const uid = given === SAME ? SAME : who.userns.uids.inward(given >>> 0)
  const before = who.userns.shownUid(who.fsuid)
  const known = [who.uid, who.euid, who.suid, who.fsuid]
  if (uid === SAME || !isAllowed(uid, known, who.capableOwn(CAP_SETUID))) return before
  const fresh = who.copy()
  fresh.fsuid = uid >>> 0
  fixFsCapabilities(who, fresh)
  commitCredentials(task, fresh)
  return before
}

function sysSetfsgid(task: Task, given: number): number {
  const who = task.credentials
  const gid = given === SAME ? SAME : who.userns.gids.inward(given >>> 0)
  const before = who.userns.shownGid(who.fsgid)
  const known = [who.gid, who.egid, who.sgid, who.fsgid]
  if (gid === SAME || !isAllowed(gid, known, who.capableOwn(CAP_SETGID))) return before
  const fresh = who.copy()
  fresh.fsgid = gid >>> 0
  commitCredentials(task, fresh)
  return before
}

function putThree(task: Task, addrs: readonly number[], ids: readonly number[]): number {
  for (let i = 0; i < 3; i++) if (!task.mm.setU32(addrs[i]!, ids[i]!)) return -EFAULT
  return 0
}

function sysGetgroups(task: Task, count: number, list: number): number {
  const { groups, userns } = task.credentials
  if (count < 0) return -EINVAL
  if (count === 0) return groups.length
  if (count < groups.length) return -EINVAL
  for (let i = 0; i < groups.length; i++)
    if (!task.mm.setU32(list + i * 4, userns.shownGid(groups[i]!))) return -EFAULT
  return groups.length
}

function sysSetgroups(task: Task, count: number, list: number): number {
  return setGroups(task, count, (length) => {
    const bytes = task.mm.copyIn(list, length * 4)
    return bytes && get32s(bytes, task.mm.model)
  })
}

/** Sets the supplementary groups. `read` gives them out of memory, null where it cannot. */
export function setGroups(task: Task, count: number, read: (count: number) => number[] | null): number {
  const { credentials: who } = task
  if (!who.capableOwn(CAP_SETGID) || !who.userns.maySetgroups) return -EPERM
  if (count < 0 || count > NGROUPS_MAX) return -EINVAL
  const given = read(count)
  if (!given) return -EFAULT
  const groups = given.map((gid) => who.userns.gids.inward(gid))
  if (groups.includes(NO_ID)) return -EINVAL
  const fresh = who.copy()
  fresh.groups = groups.sort((a, b) => a - b)
  commitCredentials(task, fresh)
  return 0
}

export const credentialRows = [
  syscall('getuid', [], ({ credentials: who }) => who.userns.shownUid(who.uid)),
  syscall('geteuid', [], ({ credentials: who }) => who.userns.shownUid(who.euid)),
  syscall('getgid', [], ({ credentials: who }) => who.userns.shownGid(who.gid)),
  syscall('getegid', [], ({ credentials: who }) => who.userns.shownGid(who.egid)),
  syscall('setuid', [int], sysSetuid),
  syscall('setgid', [int], sysSetgid),
  syscall('setreuid', [int, int], sysSetreuid),
  syscall('setregid', [int, int], sysSetregid),
  syscall('setresuid', [int, int, int], sysSetresuid),
  syscall('setresgid', [int, int, int], sysSetresgid),
  syscall('getresuid', [addr, addr, addr], (task, a, b, c) => {
    const { uid, euid, suid, userns } = task.credentials
    const ids = [uid, euid, suid].map((id) => userns.shownUid(id))
    return putThree(task, [a, b, c], ids)
  }),
  syscall('getresgid', [addr, addr, addr], (task, a, b, c) => {
    const { gid, egid, sgid, userns } = task.credentials
    const ids = [gid, egid, sgid].map((id) => userns.shownGid(id))
    return putThree(task, [a, b, c], ids)
  }),
  syscall('setfsuid', [int], sysSetfsuid),
  syscall('setfsgid', [int], sysSetfsgid),
  syscall('getgroups', [int, addr], sysGetgroups),
  syscall('setgroups', [int, addr], sysSetgroups),
]

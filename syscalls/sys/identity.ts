/** Who a process is: pids, process groups, sessions, user and group ids. credentials(7), setpgid(2), setresuid(2). */

import { EACCES, EFAULT, EINVAL, EPERM, ESRCH } from '../abi/errno.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Task } from '../kernel/task.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import { addr, int, pid, syscall } from './row.ts'

const NGROUPS_MAX = 65536

function groupOf(task: Task, which: number): ThreadGroup | undefined {
  return which === 0 ? task.group : task.kernel.groups.get(which)
}

function sysSetpgid(task: Task, which: number, wanted: number): number {
  if (wanted < 0) return -EINVAL
  const target = groupOf(task, which)
  const self = task.group
  if (!target || (target !== self && target.parent !== self)) return -ESRCH
  if (target !== self && target.sessionId !== self.sessionId) return -EPERM
  if (target !== self && target.hasExeced) return -EACCES
  if (target.sessionId === target.pid) return -EPERM
  const group = wanted || target.pid
  if (group !== target.pid) {
    let exists = false
    for (const other of task.kernel.groups.values())
      if (other.processGroup === group && other.sessionId === self.sessionId) exists = true
    if (!exists) return -EPERM
  }
  target.processGroup = group
  return 0
}

function sysSetsid(task: Task): number {
  const self = task.group
  for (const other of task.kernel.groups.values()) if (other.processGroup === self.pid) return -EPERM
  self.sessionId = self.processGroup = self.pid
  self.terminal = null
  return self.pid
}

const isId = (id: number): boolean => id >= 0

/** One of the current ids, or anything for root. */
function mayBecomeUid(who: Credentials, id: number): boolean {
  return who.isPrivileged || id === who.uid || id === who.euid || id === who.suid
}

function mayBecomeGid(who: Credentials, id: number): boolean {
  return who.isPrivileged || id === who.gid || id === who.egid || id === who.sgid
}

function sysSetuid(task: Task, uid: number): number {
  const who = task.credentials
  const id = uid >>> 0
  if (who.isPrivileged) who.uid = who.suid = id
  else if (id !== who.uid && id !== who.suid) return -EPERM
  who.euid = who.fsuid = id
  return 0
}

function sysSetgid(task: Task, gid: number): number {
  const who = task.credentials
  const id = gid >>> 0
  if (who.isPrivileged) who.gid = who.sgid = id
  else if (id !== who.gid && id !== who.sgid) return -EPERM
  who.egid = who.fsgid = id
  return 0
}

function sysSetresuid(task: Task, uid: number, euid: number, suid: number): number {
  const who = task.credentials
  for (const id of [uid, euid, suid]) if (id !== -1 && !mayBecomeUid(who, id >>> 0)) return -EPERM
  if (uid !== -1) who.uid = uid >>> 0
  if (euid !== -1) who.euid = euid >>> 0
  if (suid !== -1) who.suid = suid >>> 0
  who.fsuid = who.euid
  return 0
}

function sysSetresgid(task: Task, gid: number, egid: number, sgid: number): number {
  const who = task.credentials
  for (const id of [gid, egid, sgid]) if (id !== -1 && !mayBecomeGid(who, id >>> 0)) return -EPERM
  if (gid !== -1) who.gid = gid >>> 0
  if (egid !== -1) who.egid = egid >>> 0
  if (sgid !== -1) who.sgid = sgid >>> 0
  who.fsgid = who.egid
  return 0
}

function sysSetreuid(task: Task, uid: number, euid: number): number {
  const who = task.credentials
  const { uid: oldUid } = who
  const newSaved = uid !== -1 || (euid !== -1 && euid >>> 0 !== oldUid)
  const result = sysSetresuid(task, uid, euid, -1)
  if (result === 0 && newSaved) who.suid = who.euid
  return result
}

function sysSetregid(task: Task, gid: number, egid: number): number {
  const who = task.credentials
  const { gid: oldGid } = who
  const newSaved = gid !== -1 || (egid !== -1 && egid >>> 0 !== oldGid)
  const result = sysSetresgid(task, gid, egid, -1)
  if (result === 0 && newSaved) who.sgid = who.egid
  return result
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
  if (!task.credentials.isPrivileged) return -EPERM
  if (count > NGROUPS_MAX) return -EINVAL
  if (count > 0 && !task.mm.canRead(list, count * 4)) return -EFAULT
  const groups: number[] = []
  for (let i = 0; i < count; i++) groups.push(task.mm.getU32(list + i * 4))
  task.credentials.groups = groups
  return 0
}

function sysSetfsuid(task: Task, uid: number): number {
  const who = task.credentials
  const old = who.fsuid
  if (isId(uid) && (mayBecomeUid(who, uid) || uid === old)) who.fsuid = uid
  return old
}

function sysSetfsgid(task: Task, gid: number): number {
  const who = task.credentials
  const old = who.fsgid
  if (isId(gid) && (mayBecomeGid(who, gid) || gid === old)) who.fsgid = gid
  return old
}

const CAPABILITY_VERSION_3 = 0x20080522

/** Root has every capability, others none. */
function sysCapget(task: Task, header: number, data: number): number {
  if (!task.mm.canRead(header, 8)) return -EFAULT
  if (task.mm.getU32(header) !== CAPABILITY_VERSION_3) {
    task.mm.setU32(header, CAPABILITY_VERSION_3)
    return data ? -EINVAL : 0
  }
  if (!data) return 0
  const low = task.credentials.isPrivileged ? 0xffffffff : 0
  const high = task.credentials.isPrivileged ? 0x1ff : 0
  const words = [low, low, 0, high, high, 0]
  for (let i = 0; i < 6; i++) if (!task.mm.setU32(data + i * 4, words[i]!)) return -EFAULT
  return 0
}

export const identityRows = [
  syscall('getpid', [], (task) => task.group.pid),
  syscall('gettid', [], (task) => task.tid),
  syscall('getppid', [], (task) => task.group.parent?.pid ?? 0),
  syscall('getpgrp', [], (task) => task.group.processGroup),
  syscall('getpgid', [pid], (task, which) => groupOf(task, which)?.processGroup ?? -ESRCH),
  syscall('getsid', [pid], (task, which) => groupOf(task, which)?.sessionId ?? -ESRCH),
  syscall('setpgid', [pid, pid], sysSetpgid),
  syscall('setsid', [], sysSetsid),
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
  syscall('capget', [addr, addr], sysCapget, 'all or none'),
  syscall('capset', [addr, addr], () => 0, 'accepted and ignored'),
]

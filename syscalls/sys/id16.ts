/**
 * Ids of 16 bits as i386's first calls have them: what does not fit is shown as 65534. Those that only take ids are rows
 * of the ordinary calls (abi/arch/i386-calls.ts). Linux kernel/uid16.c.
 */

import { get16s, inOrder } from '../abi/bytes.ts'
import { EFAULT, EINVAL } from '../abi/errno.ts'
import { shownId16 } from '../abi/struct.ts'
import type { Task } from '../kernel/task.ts'
import { setGroups } from './credentials.ts'
import { addr, int, syscall } from './row.ts'

function putThree(task: Task, ids: readonly number[], addrs: readonly number[]): number {
  const isPut = addrs.every((at, i) => task.mm.copyOut(at, bytesOfIds(task, [ids[i]!])))
  return isPut ? 0 : -EFAULT
}

const bytesOfIds = ({ mm }: Task, ids: readonly number[]): Uint8Array =>
  inOrder(Uint16Array.from(ids, shownId16), mm.model)

function sysGetgroups16(task: Task, count: number, at: number): number {
  const { groups, userns } = task.credentials
  if (count < 0) return -EINVAL
  if (count === 0) return groups.length
  if (groups.length > count) return -EINVAL
  return task.mm.copyOut(
    at,
    bytesOfIds(
      task,
      groups.map((gid) => userns.shownGid(gid)),
    ),
  )
    ? groups.length
    : -EFAULT
}

function sysSetgroups16(task: Task, count: number, at: number): number {
  return setGroups(task, count, (length) => {
    const bytes = task.mm.copyIn(at, length * 2)
    return bytes && get16s(bytes, task.mm.model)
  })
}

const usersOf = ({ credentials: who }: Task): number[] =>
  [who.uid, who.euid, who.suid].map((id) => who.userns.shownUid(id))
const theirGroups = ({ credentials: who }: Task): number[] =>
  [who.gid, who.egid, who.sgid].map((id) => who.userns.shownGid(id))

export const id16Rows = [
  syscall('getuid16', [], (task) => shownId16(usersOf(task)[0]!)),
  syscall('geteuid16', [], (task) => shownId16(usersOf(task)[1]!)),
  syscall('getgid16', [], (task) => shownId16(theirGroups(task)[0]!)),
  syscall('getegid16', [], (task) => shownId16(theirGroups(task)[1]!)),
  syscall('getresuid16', [addr, addr, addr], (task, ...addrs) =>
    putThree(task, usersOf(task), addrs.slice(0, 3)),
  ),
  syscall('getresgid16', [addr, addr, addr], (task, ...addrs) =>
    putThree(task, theirGroups(task), addrs.slice(0, 3)),
  ),
  syscall('getgroups16', [int, addr], sysGetgroups16),
  syscall('setgroups16', [int, addr], sysSetgroups16),
]

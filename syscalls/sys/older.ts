/**
 * Calls that only older ISAs have: _llseek(2), nice(2), stime(2), ipc(2), socketcall(2), uname(2) as it was, vm86(2).
 * What stands for another call (abi/arch/i386-indirect.ts) comes here only to fail.
 */

import { IPC_SHMAT, SOCKET_CALL_COUNT } from '../abi/arch/indirect.ts'
import { CAP_SYS_NICE } from '../abi/capability.ts'
import { EBADF, EFAULT, EINVAL, ENOSYS, EPERM } from '../abi/errno.ts'
import { whences } from '../abi/fcntl.ts'
import { NICE_MAX, NICE_MIN, RLIMIT_NICE } from '../abi/process.ts'
import type { Task } from '../kernel/task.ts'
import { addr, fd, inStruct, int, offset, outStruct, syscall, uint, value } from './row.ts'
import { sysShmat } from './shm.ts'
import { machineName, putNames, UTSNAME_FIELD_SIZE } from './system.ts'
import { setWallClock } from './time.ts'

/** lseek(2) with the position in two halves, and the new one in memory. */
function sysLlseek(
  task: Task,
  number: number,
  high: number,
  low: number,
  at: number,
  whence: number,
): number {
  const file = task.fds.usable(number)
  if (!file) return -EBADF
  if (whence < 0 || whence > 4) return -EINVAL
  const pos = file.seek(task, (high | 0) * 2 ** 32 + low, whence)
  if (pos < 0) return pos
  return task.mm.setU64(at, pos) ? 0 : -EFAULT
}

/** The priority of the caller alone, by steps. */
function sysNice(task: Task, step: number): number {
  const wanted = Math.min(NICE_MAX, Math.max(NICE_MIN, task.nice + Math.min(40, Math.max(-40, step))))
  const least = 20 - Math.min(40, task.group.limits[RLIMIT_NICE]!.soft)
  if (step < 0 && wanted < least && !task.credentials.capable(CAP_SYS_NICE)) return -EPERM
  task.nice = wanted
  return 0
}

function sysStime(task: Task, at: number): number {
  const { wordSize } = task.call.model
  if (!task.mm.canRead(at, wordSize)) return -EFAULT
  if (task.world.clock === task.kernel.clock) return -EPERM
  return setWallClock(task, wordSize === 8 ? task.mm.i64(at) : task.mm.i32(at), 0)
}

/** struct old_utsname and oldold_utsname: without the domain. */
function putOldNames(task: Task, at: number, fieldSize: number): number {
  const { sysname, nodename, release, version } = task.world.uts
  return putNames(task, at, [sysname, nodename, release, version, machineName(task)], fieldSize)
}

const OLDOLD_FIELD_SIZE = 9

/** ipc(2) where it is no other call: shmat's result goes to memory. */
function sysIpc(task: Task, call: number, id: number, flags: number, resultAt: number, at: number): number {
  if ((call & 0xffff) !== IPC_SHMAT) {
    if (!isKnownIpc(call & 0xffff)) return -ENOSYS
    return at === 0 ? -EINVAL : -EFAULT
  }
  if (call >>> 16 === 1) return -EINVAL
  const place = sysShmat(task, id, at, flags)
  if (place < 0) return place
  return task.mm.setWord(resultAt >>> 0, place) ? 0 : -EFAULT
}

/** Those that read their arguments from memory: semctl and msgrcv. */
const isKnownIpc = (kind: number): boolean => kind === 3 || kind === 12

export const olderRows = [
  syscall('_llseek', [fd, uint, uint, offset, value(whences)], sysLlseek),
  syscall('nice', [int], sysNice),
  syscall(
    'stime',
    [inStruct('long')],
    sysStime,
    'only in a view with a clock of its own: else the clock is the host’s',
  ),
  syscall('olduname', [outStruct('utsname')], (task, at) => putOldNames(task, at, UTSNAME_FIELD_SIZE)),
  syscall('oldolduname', [outStruct('utsname')], (task, at) => putOldNames(task, at, OLDOLD_FIELD_SIZE)),
  syscall('ipc', [uint, int, int, int, addr, addr], sysIpc, 'structures in their 64-bit form'),
  syscall('socketcall', [int, addr], (_task, call) =>
    call < 1 || call >= SOCKET_CALL_COUNT ? -EINVAL : -EFAULT,
  ),
  syscall('old_mmap', [addr], () => -EFAULT),
  syscall('old_select', [addr], () => -EFAULT),
  syscall('vm86', [uint, addr], () => -ENOSYS, 'ENOSYS, as of a 64-bit Linux'),
  syscall('vm86old', [addr], () => -ENOSYS, 'ENOSYS, as of a 64-bit Linux'),
]

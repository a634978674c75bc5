/** Advisory locks: the lock commands of fcntl(2), and flock(2). What they are: vfs/locks.ts. */

import { BLOCKED, EAGAIN, EBADF, EDEADLK, EFAULT, EINVAL, EOVERFLOW } from '../abi/errno.ts'
import * as F from '../abi/fcntl.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { FileLocks, type Lock, mayWaitFor, waitsNoMore } from '../vfs/locks.ts'

const isOfd = (command: number): boolean => command >= F.F_OFD_GETLK && command <= F.F_OFD_SETLKW

/** struct flock (64-bit): type s16, whence s16, start s64 at 8, len s64 at 16, pid s32 at 24. */
const FLOCK_SIZE = 32
/** One past the last byte that can be locked. */
const OFFSET_END = 2 ** 63

function readLock(task: Task, file: FileDescription, command: number, addr: number): Lock | number {
  const { mm } = task
  if (!mm.canRead(addr, FLOCK_SIZE)) return -EFAULT
  const { view } = mm.space
  const type = view.getInt16(addr, true)
  const whence = view.getInt16(addr + 2, true)
  let start = mm.i64(addr + 8)
  const length = mm.i64(addr + 16)
  if (isOfd(command) && mm.i32(addr + 24) !== 0) return -EINVAL
  if (whence === F.SEEK_CUR) start += file.pos
  else if (whence === F.SEEK_END) start += file.inode.size
  else if (whence !== F.SEEK_SET) return -EINVAL
  if (start >= OFFSET_END) return -EOVERFLOW
  let end = length === 0 ? Infinity : start + length
  if (length < 0) {
    end = start
    start += length
  }
  if (start < 0) return -EINVAL
  if (end !== Infinity && end > OFFSET_END) return -EOVERFLOW
  if (type < F.F_RDLCK || type > F.F_UNLCK) return -EINVAL
  const owner = isOfd(command) ? file : task.fds.lockOwner
  return { owner, pid: isOfd(command) ? -1 : task.group.pid, type, start, end }
}

/** F_GETLK, F_OFD_GETLK. */
export function getLock(task: Task, file: FileDescription, command: number, addr: number): number {
  const wanted = readLock(task, file, command, addr)
  if (typeof wanted === 'number') return wanted
  if (wanted.type === F.F_UNLCK && !isOfd(command)) return -EINVAL
  const { mm } = task
  if (!mm.canWrite(addr, FLOCK_SIZE)) return -EFAULT
  const { view } = mm.space
  // Asked for F_UNLCK, a description's own locks are told.
  const asked = wanted.type === F.F_UNLCK ? { ...wanted, owner: task, type: F.F_WRLCK } : wanted
  const other = file.inode.locks?.conflict(asked)
  if (!other) view.setInt16(addr, F.F_UNLCK, true)
  else {
    view.setInt16(addr, other.type, true)
    view.setInt16(addr + 2, F.SEEK_SET, true)
    mm.setPair(addr + 8, other.start, other.end === Infinity ? 0 : other.end - other.start)
    view.setInt32(addr + 24, other.pid < 0 ? -1 : task.pids.shown(other.pid), true)
  }
  mm.stored(addr, FLOCK_SIZE)
  return 0
}

/** F_SETLK, F_SETLKW and those of descriptions. */
export function setLock(task: Task, file: FileDescription, command: number, addr: number): number {
  const wanted = readLock(task, file, command, addr)
  if (typeof wanted === 'number') return wanted
  if (wanted.type === F.F_RDLCK && !file.readable) return -EBADF
  if (wanted.type === F.F_WRLCK && !file.writable) return -EBADF
  file.inode.locks ??= new FileLocks()
  const { locks } = file.inode
  const result = locks.set(wanted)
  if (task.resumed) waitsNoMore(wanted.owner)
  if (result !== -EAGAIN || command === F.F_SETLK || command === F.F_OFD_SETLK) return result
  // Descriptions belong to nobody in particular, so their waits cannot be told to be deadlocks.
  if (!isOfd(command) && !mayWaitFor(wanted.owner, locks.conflict(wanted)!.owner)) return -EDEADLK
  const blocked = task.blockOn(locks.released)
  if (blocked !== BLOCKED) waitsNoMore(wanted.owner)
  return blocked
}

/** The mandatory locks of old: accepted and without effect. */
const LOCK_MAND = 32

export function sysFlock(task: Task, number: number, operation: number): number {
  if (operation & LOCK_MAND) return 0
  const kind = operation & ~F.LOCK_NB
  const type =
    kind === F.LOCK_SH ? F.F_RDLCK : kind === F.LOCK_EX ? F.F_WRLCK : kind === F.LOCK_UN ? F.F_UNLCK : -1
  if (type < 0) return -EINVAL
  const file = task.fds.usable(number)
  if (!file) return -EBADF
  file.inode.locks ??= new FileLocks()
  const { locks } = file.inode
  const result = locks.setWhole(file, type)
  return result !== -EAGAIN || operation & F.LOCK_NB ? result : task.blockOn(locks.released)
}

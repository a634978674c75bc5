/** Advisory locks: the lock commands of fcntl(2), and flock(2). What they are: vfs/locks.ts. */

import { BLOCKED, EAGAIN, EBADF, EDEADLK, EFAULT, EINVAL, EOVERFLOW } from '../abi/errno.ts'
import * as F from '../abi/fcntl.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { FileLocks, type Lock, mayWaitFor, waitsNoMore } from '../vfs/locks.ts'

const isOfd = (command: number): boolean => command >= F.F_OFD_GETLK && command <= F.F_OFD_SETLKW

/** Which of them a command is about. */
const layoutOf = (command: number, isLarge: boolean): typeof F.FLOCK =>
  isLarge || isOfd(command) ? F.FLOCK64 : F.FLOCK

/** The last position that a long of 32 bits can tell. */
const WORD_MAX = 2 ** 31 - 1
/** One past the last byte that can be locked. */
const OFFSET_END = 2 ** 63

function readLock(
  task: Task,
  file: FileDescription,
  command: number,
  addr: number,
  isLarge: boolean,
): Lock | number {
  const given = task.getStruct(layoutOf(command, isLarge), addr)
  if (!given) return -EFAULT
  const { type, whence, length } = given
  let { start } = given
  if (isOfd(command) && given.pid !== 0) return -EINVAL
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

/** F_GETLK, F_OFD_GETLK. `isLarge`: with the 64-bit structure of a 32-bit ISA. */
export function getLock(
  task: Task,
  file: FileDescription,
  command: number,
  addr: number,
  isLarge: boolean,
): number {
  const wanted = readLock(task, file, command, addr, isLarge)
  if (typeof wanted === 'number') return wanted
  if (wanted.type === F.F_UNLCK && !isOfd(command)) return -EINVAL
  const layout = layoutOf(command, isLarge)
  // Asked for F_UNLCK, a description's own locks are told.
  const { locks } = file.inode
  const other = wanted.type === F.F_UNLCK ? locks?.own(wanted) : locks?.conflict(wanted)
  const told = other
    ? {
        type: other.type,
        whence: F.SEEK_SET,
        start: other.start,
        length: other.end === Infinity ? 0 : other.end - other.start,
        pid: other.pid < 0 ? -1 : task.pids.shown(other.pid),
      }
    : { ...task.getStruct(layout, addr)!, type: F.F_UNLCK }
  if (task.call.model.wordSize === 4 && layout === F.FLOCK && told.start > WORD_MAX) return -EOVERFLOW
  return task.putStruct(layout, addr, told) ? 0 : -EFAULT
}

/** F_SETLK, F_SETLKW and those of descriptions. */
export function setLock(
  task: Task,
  file: FileDescription,
  command: number,
  addr: number,
  isLarge: boolean,
): number {
  const wanted = readLock(task, file, command, addr, isLarge)
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

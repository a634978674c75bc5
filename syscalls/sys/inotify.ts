/** Watching files and directories: inotify_init(2), inotify_add_watch(2), inotify_rm_watch(2). */

import { EBADF, EINVAL, EMFILE, ENOTDIR } from '../abi/errno.ts'
import { AT_FDCWD, O_CLOEXEC, O_NONBLOCK } from '../abi/fcntl.ts'
import * as I from '../abi/inotify.ts'
import { InotifyFile, mayMakeInotify } from '../events/inotify.ts'
import type { Task } from '../kernel/task.ts'
import { MAY_READ, permission } from '../vfs/permission.ts'
import { FOLLOW } from '../vfs/walk.ts'
import { resolve } from './names.ts'
import { fd, flags, int, path, syscall } from './row.ts'

function sysInotifyInit1(task: Task, flagBits: number): number {
  if (flagBits & ~(O_CLOEXEC | O_NONBLOCK)) return -EINVAL
  if (!mayMakeInotify(task.kernel)) return -EMFILE
  const file = new InotifyFile(task.kernel, flagBits & O_NONBLOCK)
  return task.fds.installNew(file, (flagBits & O_CLOEXEC) !== 0)
}

/** Every bit that a program may give. */
const KNOWN =
  I.IN_ALL_EVENTS |
  I.IN_ONLYDIR |
  I.IN_DONT_FOLLOW |
  I.IN_EXCL_UNLINK |
  I.IN_MASK_CREATE |
  I.IN_MASK_ADD |
  I.IN_ISDIR |
  I.IN_ONESHOT |
  I.IN_UNMOUNT |
  I.IN_Q_OVERFLOW |
  I.IN_IGNORED

function sysInotifyAddWatch(task: Task, number: number, name: number, mask: number): number {
  if ((mask & KNOWN) === 0) return -EINVAL
  const file = task.fds.get(number)
  if (!file) return -EBADF
  if (mask & I.IN_MASK_ADD && mask & I.IN_MASK_CREATE) return -EINVAL
  if (!(file instanceof InotifyFile)) return -EINVAL
  const found = resolve(task, AT_FDCWD, name, mask & I.IN_DONT_FOLLOW ? 0 : FOLLOW)
  if (typeof found === 'number') return found
  if (mask & I.IN_ONLYDIR && !found.inode.isDirectory) return -ENOTDIR
  const refused = permission(task.credentials, found.inode, MAY_READ)
  return refused ? refused : file.add(found.inode, mask)
}

function sysInotifyRmWatch(task: Task, number: number, wd: number): number {
  const file = task.fds.get(number)
  if (!file) return -EBADF
  return file instanceof InotifyFile ? file.remove(wd) : -EINVAL
}

export const inotifyRows = [
  syscall('inotify_init', [], (task) => sysInotifyInit1(task, 0)),
  syscall('inotify_init1', [flags(I.inotifyInitFlags)], sysInotifyInit1),
  syscall(
    'inotify_add_watch',
    [fd, path, flags(I.inotifyEvents)],
    sysInotifyAddWatch,
    'what happens through this kernel',
  ),
  syscall('inotify_rm_watch', [fd, int], sysInotifyRmWatch),
]

/** Processes as descriptors: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2). clone(2) makes them too. */

import { EBADF, EFAULT, EINVAL, ENOENT, EPERM, ESRCH } from '../abi/errno.ts'
import * as E from '../abi/event-files.ts'
import { SI_TKILL, SI_USER, SIGNAL_MAX } from '../abi/signal.ts'
import { PidFile } from '../events/pidfd.ts'
import { ProcessDirectory } from '../fs/procfs/process-files.ts'
import { findGroup, findTask } from '../kernel/pid.ts'
import { mayAccess, REALCREDS } from '../kernel/ptrace-access.ts'
import type { Task } from '../kernel/task.ts'
import { GROUP_ALIVE, GROUP_REAPED, type ThreadGroup } from '../kernel/thread-group.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { fd, flags, inStruct, pid, signal, syscall, uint } from './row.ts'
import { hideSender, killGroup, readQueuedInfo, userInfo } from './signal.ts'

function sysPidfdOpen(task: Task, which: number, flagBits: number): number {
  if (flagBits & ~(E.PIDFD_NONBLOCK | E.PIDFD_THREAD) || which <= 0) return -EINVAL
  const group = findGroup(task, which)
  if (!group) return findTask(task, which) ? -ENOENT : -ESRCH
  return task.fds.installNew(new PidFile(task.kernel, group, flagBits & E.PIDFD_NONBLOCK), true)
}

/** The process that a descriptor stands for: a pidfd, or the directory /proc/PID. */
function groupOf(file: FileDescription | undefined): ThreadGroup | null {
  if (file instanceof PidFile) return file.group
  const inode = file?.path?.inode
  return inode instanceof ProcessDirectory ? inode.group : null
}

const SCOPES = E.PIDFD_SIGNAL_THREAD | E.PIDFD_SIGNAL_THREAD_GROUP | E.PIDFD_SIGNAL_PROCESS_GROUP

function sysPidfdSendSignal(
  task: Task,
  number: number,
  signo: number,
  infoAddr: number,
  flagBits: number,
): number {
  // At most one of the scopes.
  if (flagBits & ~SCOPES || flagBits & (flagBits - 1)) return -EINVAL
  const group = groupOf(task.fds.usable(number))
  if (!group) return -EBADF
  let info = userInfo(task, group, signo, flagBits & E.PIDFD_SIGNAL_THREAD ? SI_TKILL : SI_USER)
  if (infoAddr) {
    const given = readQueuedInfo(task, infoAddr)
    if (!given) return -EFAULT
    if (given.signo !== signo) return -EINVAL
    if ((given.code >= 0 || given.code === SI_TKILL) && group !== task.group) return -EPERM
    hideSender(task, group, given)
    info = given
  }
  if (signo < 0 || signo > SIGNAL_MAX) return -EINVAL
  if (group.state === GROUP_REAPED) return -ESRCH
  if (!(flagBits & E.PIDFD_SIGNAL_PROCESS_GROUP)) return killGroup(task, group, signo, info)
  let result = -ESRCH
  for (const member of [...task.kernel.groups.values()]) {
    if (member.processGroup !== group.pid) continue
    const sent = killGroup(task, member, signo, info)
    if (result !== 0) result = sent
  }
  return result
}

function sysPidfdGetfd(task: Task, number: number, wanted: number, flagBits: number): number {
  if (flagBits !== 0) return -EINVAL
  const file = task.fds.get(number)
  if (!(file instanceof PidFile)) return -EBADF
  const target = file.group.leader
  if (file.group.state !== GROUP_ALIVE || !target) return -ESRCH
  if (!mayAccess(task.credentials, task.group.pid, target, REALCREDS)) return -EPERM
  const found = target.fds.get(wanted)
  return found ? task.fds.install(found, true) : -EBADF
}

export const pidfdRows = [
  syscall('pidfd_open', [pid, flags(E.pidfdFlags)], sysPidfdOpen, 'PIDFD_THREAD means the process'),
  syscall(
    'pidfd_send_signal',
    [fd, signal, inStruct('siginfo'), flags(E.pidfdSignalFlags)],
    sysPidfdSendSignal,
  ),
  syscall('pidfd_getfd', [fd, fd, uint], sysPidfdGetfd),
]

/**
 * unshare(2) and setns(2): a task leaves what it shares with others. Linux kernel/fork.c and kernel/nsproxy.c, whose
 * order of checks this follows. What they change: kernel/nsproxy.ts. Absent: network, cgroup and time
 * namespaces, of which there is one each.
 */

import { CAP_SYS_ADMIN, CAP_SYS_CHROOT } from '../abi/capability.ts'
import { EBADF, EINVAL, EPERM, ESRCH, EUSERS } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import type { ViewMounts } from '../engines/view.ts'
import type { World } from '../engines/world.ts'
import { PidFile } from '../events/pidfd.ts'
import { NamespaceFile, onlyNamespace } from '../fs/nsfs/nsfs.ts'
import { Ipc } from '../ipc/ipc.ts'
import { commitCredentials } from '../kernel/change-credentials.ts'
import type { Credentials } from '../kernel/credentials.ts'
import { NAMESPACE_FLAGS, type Namespace, type NamespaceKind } from '../kernel/namespace.ts'
import {
  enterUserNamespace,
  mayUnshare,
  NAMESPACE_FLAG_MASK,
  namespaceOf,
  unsharedCredentials,
  unsharedView,
  viewWith,
} from '../kernel/nsproxy.ts'
import { PidNamespace } from '../kernel/pid-namespace.ts'
import { mayAccess, REALCREDS } from '../kernel/ptrace-access.ts'
import type { Task } from '../kernel/task.ts'
import { GROUP_ALIVE } from '../kernel/thread-group.ts'
import { UserNamespace } from '../kernel/user-namespace.ts'
import { Uts } from '../kernel/uts.ts'
import { MountTree } from '../vfs/mount-tree.ts'
import { fd, flags, syscall } from './row.ts'

const UNSHARE_FLAGS =
  NAMESPACE_FLAG_MASK |
  P.CLONE_VM |
  P.CLONE_FS |
  P.CLONE_FILES |
  P.CLONE_SIGHAND |
  P.CLONE_THREAD |
  P.CLONE_SYSVSEM

/** What cannot be had without something else brings that along. */
function implied(flagBits: number): number {
  let all = flagBits
  if (all & P.CLONE_NEWUSER) all |= P.CLONE_THREAD | P.CLONE_FS
  if (all & P.CLONE_VM) all |= P.CLONE_SIGHAND
  if (all & P.CLONE_SIGHAND) all |= P.CLONE_THREAD
  if (all & P.CLONE_NEWNS) all |= P.CLONE_FS
  return all
}

/** Memory and signal handlers cannot be unshared: it succeeds where nobody shares them. */
function isAlone({ group, mm, kernel }: Task, flagBits: number): boolean {
  if (flagBits & P.CLONE_THREAD && group.tasks.length > 1) return false
  if (flagBits & P.CLONE_SIGHAND)
    for (const other of kernel.groups.values())
      if (other !== group && other.state === GROUP_ALIVE && other.actions === group.actions) return false
  return !(flagBits & P.CLONE_VM) || mm.users === 1
}

function sysUnshare(task: Task, flagBits: number): number {
  const wanted = implied(flagBits)
  if (wanted & ~UNSHARE_FLAGS || !isAlone(task, wanted)) return -EINVAL
  const who = unsharedCredentials(task, wanted)
  if (typeof who === 'number') return who
  const refused = mayUnshare(task, wanted, who)
  if (refused) return refused
  // The adjustments are made in the old namespace, those of a thread that is not the last by the last one.
  if (wanted & (P.CLONE_SYSVSEM | P.CLONE_NEWIPC) && task.group.tasks.length === 1)
    task.world.ipc.semaphores.undoAll(task.group)
  if (wanted & P.CLONE_FILES) task.unshareFiles()
  if (wanted & P.CLONE_FS) task.unshareFs()
  if (!(wanted & NAMESPACE_FLAG_MASK)) return 0
  const view = unsharedView(task, wanted, who.userns)
  task.enter(view)
  view.drop()
  if (wanted & P.CLONE_NEWUSER) commitCredentials(task, who)
  return 0
}

/** In the order in which Linux enters them. */
const KINDS: readonly NamespaceKind[] = ['user', 'mnt', 'uts', 'ipc', 'pid', 'cgroup', 'net', 'time']

/** Whether a task that is going to be `who` may enter a namespace: 0 or an errno. */
function mayEnter(task: Task, who: Credentials, namespace: Namespace, isAmongOthers: boolean): number {
  const { group, fs } = task
  if (namespace instanceof UserNamespace) {
    // Nobody enters his own again, and threads are in one.
    if (namespace === who.userns || group.tasks.length > 1 || fs.users > 1) return -EINVAL
    return who.capableIn(namespace, CAP_SYS_ADMIN) ? 0 : -EPERM
  }
  if (namespace.kind === 'time' && group.tasks.length > 1) return -EUSERS
  const isAllowed = [namespace.owner, who.userns].every((one) => who.capableIn(one, CAP_SYS_ADMIN))
  if (!isAllowed) return -EPERM
  // One's own, or one below it, for the children.
  if (namespace instanceof PidNamespace) return task.pids.isAbove(namespace) ? 0 : -EINVAL
  if (namespace.kind !== 'mnt') return 0
  if (!who.capableIn(who.userns, CAP_SYS_CHROOT)) return -EPERM
  return fs.users > 1 && !isAmongOthers ? -EINVAL : 0
}

function enter(task: Task, namespaces: readonly Namespace[]): number {
  let who = task.credentials
  for (const namespace of namespaces) {
    const refused = mayEnter(task, who, namespace, namespaces.length > 1)
    if (refused) return refused
    if (namespace instanceof UserNamespace) who = enterUserNamespace(who, namespace)
  }
  if (who !== task.credentials) commitCredentials(task, who)
  let mounts: ViewMounts = 'share'
  const own: { -readonly [K in keyof World]?: World[K] } = {}
  for (const namespace of namespaces)
    if (namespace instanceof MountTree) mounts = namespace
    else if (namespace instanceof Uts) own.uts = namespace
    else if (namespace instanceof Ipc) own.ipc = namespace
    else if (namespace instanceof PidNamespace) own.pids = namespace
  if (own.ipc && task.group.tasks.length === 1) task.world.ipc.semaphores.undoAll(task.group)
  const view = viewWith(task.view, mounts, own)
  task.enter(view)
  view.drop()
  if (mounts !== 'share') {
    task.unshareFs()
    task.fs.root = task.fs.cwd = view.mounts.root.covered(task)
  }
  return 0
}

function sysSetns(task: Task, number: number, flagBits: number): number {
  const file = task.fds.usable(number)
  if (!file) return -EBADF
  if (file instanceof NamespaceFile) {
    const { namespace } = file
    return flagBits && NAMESPACE_FLAGS[namespace.kind] !== flagBits ? -EINVAL : enter(task, [namespace])
  }
  if (!(file instanceof PidFile) || flagBits === 0 || flagBits & ~NAMESPACE_FLAG_MASK) return -EINVAL
  const target = file.group.leader
  if (file.group.state !== GROUP_ALIVE || !target) return -ESRCH
  if (!mayAccess(task.credentials, task.group.pid, target, REALCREDS)) return -EPERM
  const wanted = KINDS.filter((kind) => flagBits & NAMESPACE_FLAGS[kind])
  return enter(
    task,
    wanted.map((kind) => namespaceOf(target, kind) ?? onlyNamespace(task.kernel, kind)),
  )
}

export const namespaceRows = [
  syscall('unshare', [flags(P.unshareFlags)], sysUnshare, 'mount, UTS, IPC, PID and user namespaces'),
  syscall('setns', [fd, flags(P.namespaceFlags)], sysSetns),
]

/**
 * Which namespaces a task sees, and how it comes to others: a namespace is what its view has of its own, so a task that
 * changes one goes to a view nested in the one it had. Linux kernel/nsproxy.c.
 * Path: clone(2) by fork.ts, unshare(2) and setns(2) by sys/namespace.ts.
 */

import { CAP_EMPTY_SET, CAP_FULL_SET, CAP_SETFCAP, CAP_SYS_ADMIN } from '../abi/capability.ts'
import { EINVAL, ENOSPC, EPERM } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { type Engine, noCalls } from '../engines/engine.ts'
import type { View, ViewMounts } from '../engines/view.ts'
import type { World } from '../engines/world.ts'
import type { Credentials } from './credentials.ts'
import type { Namespace, NamespaceKind } from './namespace.ts'
import { PidNamespace } from './pid-namespace.ts'
import type { Task } from './task.ts'
import { FIRST_USER_NAMESPACE, NO_ID, UserNamespace } from './user-namespace.ts'

/** Kinds that a task may have a new one of. */
const OWN_FLAGS = P.CLONE_NEWNS | P.CLONE_NEWUTS | P.CLONE_NEWIPC | P.CLONE_NEWPID | P.CLONE_NEWUSER
export const NAMESPACE_FLAG_MASK =
  OWN_FLAGS | P.CLONE_NEWCGROUP | P.CLONE_NEWUSER | P.CLONE_NEWPID | P.CLONE_NEWNET | P.CLONE_NEWTIME

/** The namespace of a kind that a task sees; null where there is only one. */
export function namespaceOf(task: Task, kind: NamespaceKind): Namespace | null {
  if (kind === 'mnt') return task.view.mounts
  if (kind === 'pid') return task.pids
  if (kind === 'user') return task.credentials.userns
  return kind === 'uts' || kind === 'ipc' ? task.world[kind] : null
}

/** Namespaces as the node of a view. */
class OwnNamespaces implements Engine {
  readonly name = 'namespaces'
  readonly wants = noCalls
  readonly own: Partial<World>

  constructor(own: Partial<World>) {
    this.own = own
  }

  offers(): Partial<World> {
    return this.own
  }
}

/** A view nested in another, with namespaces of its own. The caller holds it. */
export function viewWith(outer: View, mounts: ViewMounts, own: Partial<World>): View {
  const view = outer.fork(mounts)
  const top = view.head?.engine
  if (Object.keys(own).length === 0) return view
  // One node is enough, however often a program asks.
  if (!(top instanceof OwnNamespaces)) view.push(new OwnNamespaces(own))
  else {
    view.remove(top)
    view.push(new OwnNamespaces({ ...top.own, ...own }))
  }
  return view
}

/**
 * With CLONE_NEWUSER, who a task is in a new user namespace: it may all there, and nothing outside. Else who it is. An
 * errno when it may not have one.
 */
export function unsharedCredentials(task: Task, flags: number): Credentials | number {
  const who = task.credentials
  if (!(flags & P.CLONE_NEWUSER)) return who
  // A root of one's own would make programs with set-id bits look for their files there.
  if (!task.fs.root.equals(task.view.mounts.root.covered(task))) return -EPERM
  const { userns } = who
  if (userns.uids.outward(who.euid) === NO_ID || userns.gids.outward(who.egid) === NO_ID) return -EPERM
  const made = new UserNamespace(userns, who, who.capableOwn(CAP_SETFCAP))
  return made.isFull ? -ENOSPC : enterUserNamespace(who, made)
}

/** The same ids, with every capability there and no other. Linux set_cred_user_ns. */
export function enterUserNamespace(who: Credentials, userns: UserNamespace): Credentials {
  const fresh = who.copy()
  fresh.userns = userns
  fresh.securebits = 0
  fresh.permitted = fresh.effective = fresh.bounding = CAP_FULL_SET
  fresh.inheritable = fresh.ambient = CAP_EMPTY_SET
  return fresh
}

/** Whether these credentials can have new namespaces of these kinds (CLONE_NEW*): 0 or an errno. */
export function mayUnshare(task: Task, flags: number, who: Credentials): number {
  const absent = flags & NAMESPACE_FLAG_MASK & ~OWN_FLAGS
  if (absent) {
    task.kernel.diagnoseOnce(`namespaces of kind 0x${(absent >>> 0).toString(16)} are not supported (EINVAL)`)
    return -EINVAL
  }
  if (!(flags & OWN_FLAGS & ~P.CLONE_NEWUSER)) return 0
  if (!who.capableIn(who.userns, CAP_SYS_ADMIN)) return -EPERM
  if (flags & P.CLONE_NEWPID) {
    // One is enough: the next process is the first in it.
    if (task.world.pids !== task.pids) return -EINVAL
    if (task.pids.isFull) return -ENOSPC
  }
  const { mounts } = task.view
  return flags & P.CLONE_NEWNS && mounts.isFullFor(mounts.mounts.size) ? -ENOSPC : 0
}

/** The task's view with new namespaces, of this user namespace. The caller holds it. */
export function unsharedView(task: Task, flags: number, userns: UserNamespace): View {
  const { uts, ipc, pids } = task.world
  const owned = <T extends Namespace>(namespace: T): T => {
    namespace.owner = userns
    return namespace
  }
  const view = viewWith(task.view, flags & P.CLONE_NEWNS ? 'copy' : 'share', {
    ...(flags & P.CLONE_NEWUTS ? { uts: owned(uts.copy()) } : {}),
    ...(flags & P.CLONE_NEWIPC ? { ipc: owned(ipc.another()) } : {}),
    ...(flags & P.CLONE_NEWPID ? { pids: owned(new PidNamespace(pids)) } : {}),
  })
  if (!(flags & P.CLONE_NEWNS)) return view
  const outer = task.view.mounts.owner ?? FIRST_USER_NAMESPACE
  owned(view.mounts)
  if (outer !== userns) view.mounts.lock()
  return view
}

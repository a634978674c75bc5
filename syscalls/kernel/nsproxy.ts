/**
 * Which namespaces a task sees, and how it comes to others: a namespace is what its view has of its own, so a task that
 * changes one goes to a view nested in the one it had. Linux kernel/nsproxy.c.
 * Path: clone(2) by fork.ts, unshare(2) and setns(2) by sys/namespace.ts.
 */

import { CAP_SYS_ADMIN } from '../abi/capability.ts'
import { EINVAL, ENOSPC, EPERM } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { type Engine, noCalls } from '../engines/engine.ts'
import type { View, ViewMounts } from '../engines/view.ts'
import type { World } from '../engines/world.ts'
import type { Namespace, NamespaceKind } from './namespace.ts'
import { PidNamespace } from './pid-namespace.ts'
import type { Task } from './task.ts'

/** Kinds that a task may have a new one of. */
const OWN_FLAGS = P.CLONE_NEWNS | P.CLONE_NEWUTS | P.CLONE_NEWIPC | P.CLONE_NEWPID
export const NAMESPACE_FLAG_MASK =
  OWN_FLAGS | P.CLONE_NEWCGROUP | P.CLONE_NEWUSER | P.CLONE_NEWPID | P.CLONE_NEWNET | P.CLONE_NEWTIME

/** The namespace of a kind that a task sees; null where there is only one. */
export function namespaceOf(task: Task, kind: NamespaceKind): Namespace | null {
  if (kind === 'mnt') return task.view.mounts
  if (kind === 'pid') return task.pids
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

/** Whether new namespaces of these kinds (CLONE_NEW*) can be had: 0 or an errno. */
export function mayUnshare(task: Task, flags: number): number {
  const absent = flags & NAMESPACE_FLAG_MASK & ~OWN_FLAGS
  if (absent) {
    task.kernel.diagnoseOnce(`namespaces of kind 0x${(absent >>> 0).toString(16)} are not supported (EINVAL)`)
    return -EINVAL
  }
  if (!(flags & OWN_FLAGS)) return 0
  if (!task.credentials.capable(CAP_SYS_ADMIN)) return -EPERM
  if (flags & P.CLONE_NEWPID) {
    // One is enough: the next process is the first in it.
    if (task.world.pids !== task.pids) return -EINVAL
    if (task.pids.isFull) return -ENOSPC
  }
  const { mounts } = task.view
  return flags & P.CLONE_NEWNS && mounts.isFullFor(mounts.mounts.size) ? -ENOSPC : 0
}

/** The task's view with new namespaces. The caller holds it. */
export function unsharedView(task: Task, flags: number): View {
  const { uts, ipc, pids } = task.world
  return viewWith(task.view, flags & P.CLONE_NEWNS ? 'copy' : 'share', {
    ...(flags & P.CLONE_NEWUTS ? { uts: uts.copy() } : {}),
    ...(flags & P.CLONE_NEWIPC ? { ipc: ipc.another() } : {}),
    ...(flags & P.CLONE_NEWPID ? { pids: new PidNamespace(pids) } : {}),
  })
}

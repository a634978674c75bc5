/**
 * Namespace: a part of the system that groups of processes may have apart, and that lives as long as somebody uses it:
 * a view, an open file of it, a bind of such a file. namespaces(7), Linux struct ns_common.
 * Path: mount trees, Uts and Ipc are such; nsproxy.ts makes them and moves tasks; fs/nsfs shows them as files.
 */

import * as P from '../abi/process.ts'
import type { UserNamespace } from './user-namespace.ts'

/** As the files of /proc/PID/ns begin. */
export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'time' | 'user' | 'uts'

/** CLONE_NEW* by kind. */
export const NAMESPACE_FLAGS: Readonly<Record<NamespaceKind, number>> = {
  cgroup: P.CLONE_NEWCGROUP,
  ipc: P.CLONE_NEWIPC,
  mnt: P.CLONE_NEWNS,
  net: P.CLONE_NEWNET,
  pid: P.CLONE_NEWPID,
  time: P.CLONE_NEWTIME,
  user: P.CLONE_NEWUSER,
  uts: P.CLONE_NEWUTS,
}

/** Nobody holds them any more. One by one, for a program can chain as many as it likes. */
const ending: Namespace[] = []

export abstract class Namespace {
  abstract readonly kind: NamespaceKind
  /** Capabilities over it are those in this user namespace; null for the first one. */
  owner: UserNamespace | null = null
  private holders = 0

  hold(): void {
    this.holders++
  }

  drop(): void {
    if (--this.holders > 0) return
    ending.push(this)
    // The end of one may be that of another: whoever ends the first, ends all.
    if (ending.length > 1) return
    try {
      for (const namespace of ending) namespace.ended()
    } finally {
      ending.length = 0
    }
  }

  /** Nobody uses it any more: it gives back what it has. */
  protected ended(): void {}
}

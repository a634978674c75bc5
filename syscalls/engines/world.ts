/**
 * World: what of the kernel a view may have as its own. The kernel has one; an engine offers parts of another over
 * the one below it, and a process sees the one on top.
 * Path: view.ts joins them; handlers ask `task.view.world` wherever Linux asks a namespace.
 */

import type { Ipc } from '../ipc/ipc.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Namespace } from '../kernel/namespace.ts'
import type { PidNamespace } from '../kernel/pid-namespace.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import type { Uts } from '../kernel/uts.ts'
import type { ServiceTable } from './services.ts'

export interface World {
  /** uname(2). */
  readonly uts: Uts
  /** Who answers for file-system types, families, devices, ioctls and binary formats. */
  readonly services: ServiceTable
  /** clock_gettime(2), timeouts, and the times that files get. */
  readonly clock: Clock
  /** System V objects and POSIX queues. */
  readonly ipc: Ipc
  /** Where processes get their numbers that are started from now on. */
  readonly pids: PidNamespace
  /** Which processes exist for those of the view; null: all of their namespace. */
  readonly reach: ((group: ThreadGroup) => boolean) | null
}

/** What of a world lives only as long as a view has it. */
export const namespacesOf = (world: World): readonly Namespace[] => [world.uts, world.ipc, world.pids]

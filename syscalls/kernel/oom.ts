/**
 * When guest memory is used up: the process that has most of it ends, as Linux's out-of-memory killer has it.
 * Path: fault.ts comes here when a page cannot be made. `--memory` and `limits.memoryBytes` set how much there is.
 */

import { PAGE_SIZE } from '../../emu/memory/layout.ts'
import { SIGKILL } from '../abi/signal.ts'
import type { Kernel } from './kernel.ts'
import { beginGroupExit } from './signal.ts'
import type { ThreadGroup } from './thread-group.ts'

const MIB = 1 << 20

const pagesOf = (group: ThreadGroup): number => group.leader?.mm.space.presentPages ?? 0

/** Ends the largest process and says which; those that are already ending do not count. */
export function killLargest(kernel: Kernel): void {
  let victim: ThreadGroup | null = null
  for (const group of kernel.groups.values())
    if (group.exiting === null && pagesOf(group) > (victim ? pagesOf(victim) : 0)) victim = group
  if (!victim) return
  const mib = (pages: number): number => Math.round((pages * PAGE_SIZE) / MIB)
  const { pagesMax } = kernel.memoryPool
  const why =
    pagesMax === Infinity ? 'the host has no more' : `all may have ${mib(pagesMax)} MiB (memory limit)`
  kernel.host.diagnostics(
    `out of memory: killed ${victim.leader!.comm}[${victim.pid}], which had ${mib(pagesOf(victim))} MiB; ${why}`,
  )
  beginGroupExit(victim, SIGKILL)
}

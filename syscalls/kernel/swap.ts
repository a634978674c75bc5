/**
 * Memories for more processes than there are Memories: a host has some hundred, a page less. The process that has slept
 * longest gives its own up, and gets another one when it wakes or somebody looks at it.
 * Path: the memory pool asks when it has none left; AddressSpace keeps what was in it.
 */

import type { Mm } from '../mm/mm.ts'
import type { Kernel } from './kernel.ts'
import { RUNNING, STOPPED, WAITING } from './task.ts'

/** One that sleeps; where it is `urgent` also one that waits for its turn. False when there is none. */
export function swapOut(kernel: Kernel, urgent: boolean): boolean {
  const chosen =
    oldestWithout(kernel, (state) => state !== WAITING && state !== STOPPED) ??
    (urgent ? oldestWithout(kernel, (state) => state === RUNNING) : null)
  if (!chosen) return false
  const { space, programKey } = chosen
  kernel.cpu.release(space)
  space.observer.returned = () => kernel.cpu.begin(space, programKey)
  space.swapOut()
  return true
}

/** Of those with a Memory and without a task in such a state, the one that ran longest ago. */
function oldestWithout(kernel: Kernel, isBusy: (state: number) => boolean): Mm | null {
  const busy = new Set<Mm>()
  for (const { mm, state } of kernel.tasks.values()) if (isBusy(state)) busy.add(mm)
  let oldest: Mm | null = null
  for (const { mm } of kernel.tasks.values()) {
    if (busy.has(mm) || mm.space.isSwappedOut) continue
    if (oldest === null || mm.lastSlice < oldest.lastSlice) oldest = mm
  }
  return oldest
}

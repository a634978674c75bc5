/** What processes have used besides time: getrusage(2). Path: exit adds a task's to its group's, reap to the parent's. */

import type { AddressSpace } from '../../emu/memory/address-space.ts'
import type { ThreadGroup } from './thread-group.ts'

export class Usage {
  /** The most pages that were in memory at once. */
  maxRssPages = 0
  /** Pages that were made when they were first wanted. */
  minorFaults = 0
  /** Times that a task waited, and that its slice was over. */
  voluntarySwitches = 0
  involuntarySwitches = 0

  add(other: Usage): void {
    this.maxRssPages = Math.max(this.maxRssPages, other.maxRssPages)
    this.minorFaults += other.minorFaults
    this.voluntarySwitches += other.voluntarySwitches
    this.involuntarySwitches += other.involuntarySwitches
  }

  /** A memory's share. */
  addSpace(space: AddressSpace): void {
    this.maxRssPages = Math.max(this.maxRssPages, space.presentPagesMost)
    this.minorFaults += space.pagesMade
  }
}

/** What a process has used up to now, its living tasks included. */
export function groupUsage(group: ThreadGroup): Usage {
  const sum = new Usage()
  sum.add(group.usage)
  for (const task of group.tasks) sum.add(task.usage)
  if (group.leader) sum.addSpace(group.leader.mm.space)
  return sum
}

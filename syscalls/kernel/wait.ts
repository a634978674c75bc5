/** Finding a child that has something to tell: wait4(2), waitid(2). Path: sys/process.ts. */

import { WCONTINUED, WEXITED, WUNTRACED } from '../abi/process.ts'
import { GROUP_ZOMBIE, JOB_CONTINUED, JOB_STOPPED, type ThreadGroup } from './thread-group.ts'

/** Any child, a pid, a process group. */
export interface ChildChoice {
  pid: number
  processGroup: number
}

export const ANY = -1

export const chosen = (choice: ChildChoice, child: ThreadGroup): boolean =>
  (choice.pid === ANY || child.pid === choice.pid) &&
  (choice.processGroup === ANY || child.processGroup === choice.processGroup)

/** What a child reports: a wait status and what kind of event it is. */
export interface ChildEvent {
  child: ThreadGroup
  kind: typeof WEXITED | typeof WUNTRACED | typeof WCONTINUED
  status: number
}

/** The first event among the chosen children; null when there is none yet, undefined when no child is chosen. */
export function findEvent(
  parent: ThreadGroup,
  choice: ChildChoice,
  options: number,
): ChildEvent | null | undefined {
  let any = false
  for (const child of parent.children) {
    if (!chosen(choice, child)) continue
    any = true
    if (options & WEXITED && child.state === GROUP_ZOMBIE)
      return { child, kind: WEXITED, status: child.status }
    if (options & WUNTRACED && child.jobReport === JOB_STOPPED && child.stopped)
      return { child, kind: WUNTRACED, status: (child.stopSignal << 8) | 0x7f }
    if (options & WCONTINUED && child.jobReport === JOB_CONTINUED)
      return { child, kind: WCONTINUED, status: 0xffff }
  }
  return any ? null : undefined
}

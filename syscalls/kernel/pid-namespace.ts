/**
 * PidNamespace: process ids of its own. A task has a number in the namespace that it is in and in every one above; the
 * machine's own, `Task.tid` and `ThreadGroup.pid`, are those of the first. pid_namespaces(7), Linux kernel/pid_namespace.c.
 * Path: `world.pids` is the one that a task's children will be in, `group.pids` the one that it is in. Calls translate
 * what they take and give by kernel/pid.ts; engines see the machine's own numbers.
 */

import { Namespace } from './namespace.ts'
import type { ThreadGroup } from './thread-group.ts'

/** As deep as they nest. */
const PID_NS_LEVEL_MAX = 32

export class PidNamespace extends Namespace {
  readonly kind = 'pid'
  /** Null for the machine's own. */
  readonly parent: PidNamespace | null
  readonly level: number
  /** Its process 1, from its first fork on. */
  init: ThreadGroup | null = null
  /** Process 1 has ended: nobody can be born here any more. */
  isClosed = false
  /** The newest number given. */
  newest = 0
  private readonly byNumber = new Map<number, number>()
  private readonly byMachinePid = new Map<number, number>()

  constructor(parent: PidNamespace | null) {
    super()
    this.parent = parent
    this.level = parent ? parent.level + 1 : 0
  }

  get isFull(): boolean {
    return this.level >= PID_NS_LEVEL_MAX
  }

  /** Whether this is another one or above it. */
  isAbove(other: PidNamespace): boolean {
    let namespace: PidNamespace | null = other
    while (namespace && namespace.level > this.level) namespace = namespace.parent
    return namespace === this
  }

  /** The number here of a process, thread, group or session of the machine; 0 for one outside. */
  shown(machinePid: number): number {
    return this.parent === null ? machinePid : (this.byMachinePid.get(machinePid) ?? 0)
  }

  /** The machine's number of what has this number here; 0 when nothing has. */
  machinePid(shown: number): number {
    return this.parent === null ? shown : (this.byNumber.get(shown) ?? 0)
  }

  /** The numbers of something from this namespace down to the one that it is in. */
  shownFrom(machinePid: number, innermost: PidNamespace): number[] {
    const above = innermost.level > this.level ? this.shownFrom(machinePid, innermost.parent!) : []
    return [...above, innermost.shown(machinePid)]
  }

  /** Numbers for a new task, here and above; false when all below `pidMax` are taken somewhere. */
  add(machinePid: number, pidMax: number): boolean {
    if (this.parent === null) return true
    const number = this.freeNumber(pidMax)
    if (number === 0 || !this.parent.add(machinePid, pidMax)) return false
    this.newest = number
    this.byNumber.set(number, machinePid)
    this.byMachinePid.set(machinePid, number)
    return true
  }

  private freeNumber(pidMax: number): number {
    let number = this.newest
    for (let tried = 0; tried < pidMax; tried++) {
      // The first one is process 1; later that number is not given again.
      number = number + 1 >= pidMax ? 2 : number + 1
      if (!this.byNumber.has(number)) return number
    }
    return 0
  }

  /** Nothing goes by these numbers any more. */
  remove(machinePid: number): void {
    if (this.parent === null) return
    const number = this.byMachinePid.get(machinePid)
    if (number !== undefined) {
      this.byMachinePid.delete(machinePid)
      this.byNumber.delete(number)
    }
    this.parent.remove(machinePid)
  }
}

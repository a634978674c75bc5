/**
 * What becomes of an access to a page that is not there. Path: mm.ts finds out; kernel/fault.ts makes signals of it for
 * programs, and for the kernel's own accesses it is EFAULT, or a LatePage.
 */

import { PROT_READ } from '../abi/mman.ts'
import type { Caller } from '../vfs/caller.ts'

export const FAULT_FIXED = 0
export const FAULT_UNMAPPED = 1
export const FAULT_REFUSED = 2
/** A page behind the end of its file. */
export const FAULT_BUS = 3
/** The host has no memory left. */
export const FAULT_NO_MEMORY = 4
/** The file answers later. */
export const FAULT_LATE = 5

interface Faults {
  faultIn(addr: number, wanted: number, caller: Caller): number
}

/**
 * Thrown from wherever the kernel was, for task-run.ts lets the task wait and begin again what it was doing. Only pages that programs cannot write come late, so nothing has been done by halves:
 * handlers read what they are given before they do something.
 */
export class LatePage extends Error {
  private readonly mm: Faults
  private readonly addr: number

  constructor(mm: Faults, addr: number) {
    super('a page of the program is still on its way')
    this.mm = mm
    this.addr = addr
  }

  /** False: `task` waits for it. */
  load(task: Caller): boolean {
    return this.mm.faultIn(this.addr, PROT_READ, task) !== FAULT_LATE
  }
}

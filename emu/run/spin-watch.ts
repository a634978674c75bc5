/**
 * Finds a guest that goes round without spending budget: loops of returns to addresses the guest pushes itself are the
 * only ones, for back-edges, calls and jumps to values all count. Such a loop comes back to the CPU's own loop each time.
 * Path: asked there, by jit.ts and interpreter-cpu.ts.
 */

import type { AddressSpace } from '../memory/address-space.ts'
import { STATE_BASE } from '../memory/layout.ts'
import { COMMON_STATE } from '../memory/state-block.ts'
import { EXIT_BUDGET } from './cpu.ts'

/** So many rounds with the budget where it was are a loop: some hundredths of a second. */
const ROUNDS = 1 << 14

export class SpinWatch {
  private rounds = 0
  private budget = 0

  /** Call once a round, with the pc to go on at: when it is true the exit is EXIT_BUDGET, and is in the state block. */
  isSpinning(space: AddressSpace, pc: number): boolean {
    if (++this.rounds < ROUNDS) return false
    this.rounds = 0
    const { view } = space
    const before = this.budget
    this.budget = view.getInt32(STATE_BASE + COMMON_STATE.budget, true)
    if (this.budget !== before) return false
    view.setUint32(STATE_BASE + COMMON_STATE.exitKind, EXIT_BUDGET, true)
    view.setBigUint64(STATE_BASE + COMMON_STATE.pc, BigInt(pc), true)
    return true
  }
}

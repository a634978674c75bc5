/**
 * How long a task may run before another gets its turn. Lengths differ from slice to slice: with equal ones a program
 * whose loop divides them would lose the processor at the same instruction each time, perhaps always with a lock held.
 * They are drawn from the host's randomness once, so a seed has one schedule: a simulated clock moves by steps, so no slice
 * is long by it.
 * Path: kernel.ts draws one for each slice; task-run.ts counts.
 */

import type { HostRandom } from '../host.ts'

/** Back-edges and calls in a slice at most, and half as many at least. */
const BUDGET_MAX = 1_000_000
/** For programs that do little else, so many system calls are a slice too; */
const CALLS_MAX = 2_000
/** and then some back-edges and calls more, up to 2 to the power of this, but no more system calls than these. */
const REST_BITS_MAX = 13
export const REST_CALLS = 64
/** Where steps are slow (interpreted code, a busy host) a slice has fewer, so that it does not last longer than this. */
const LONG_NS = 20e6
const SHARE_MIN = 1 / 256

export class SliceLengths {
  private state: number
  /** Of the usual lengths, what is not too long here. */
  private share = 1

  constructor(random: HostRandom) {
    const bytes = new Uint8Array(4)
    random.fill(bytes, 0, 4)
    this.state = new DataView(bytes.buffer).getUint32(0, true) || 1
  }

  /** Back-edges and calls of the next slice. */
  budget(): number {
    return Math.floor(this.share * (BUDGET_MAX / 2 + (this.next() % (BUDGET_MAX / 2))))
  }

  /** A slice is over that was to have `budget` steps. */
  took(budget: number, steps: number, ns: number): void {
    if (ns > LONG_NS) this.share = Math.max(SHARE_MIN, (this.share * LONG_NS) / 2 / ns)
    else if (this.share < 1 && ns < LONG_NS / 4 && steps > budget / 2)
      this.share = Math.min(1, this.share * 2)
  }

  /** System calls of the next slice. */
  calls(): number {
    return CALLS_MAX / 2 + (this.next() % (CALLS_MAX / 2))
  }

  /** What is left of the budget once all calls are made: a slice that ended with a call would end where locks are held. */
  rest(): number {
    return 1 << (this.next() % REST_BITS_MAX)
  }

  /** Xorshift, Marsaglia 2003. */
  private next(): number {
    this.state ^= this.state << 13
    this.state ^= this.state >>> 17
    this.state ^= this.state << 5
    return this.state >>> 0
  }
}

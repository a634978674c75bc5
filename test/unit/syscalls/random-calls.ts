/** A scripted program that makes random calls and then closes everything: what the fuzz tests of sockets share. */

import { expect } from 'vitest'
import { SeededRandom } from '../../../src/host/sim/sim-host.ts'
import type { Kernel } from '../../../syscalls/kernel/kernel.ts'
import { type At, type Call, exit, SCRATCH, type Step, scripted } from './scripted.ts'

export const NONBLOCK = 0o4000
/** MSG_DONTWAIT | MSG_NOSIGNAL. */
export const DONTWAIT = 0x4040
/** Where a call finds what it needs; a step fills it before. */
export const EVENT = SCRATCH

/** Numbers by seed, UMWELT_SEED. */
export class Random {
  readonly seed = Number(process.env.UMWELT_SEED ?? 1)
  private readonly source = new SeededRandom(this.seed)

  next = (): number => this.source.next()
  below = (n: number): number => this.source.next() % n
}

/** Makes `count` of the calls; none may throw. Returns the kernel once all descriptors are closed. */
export async function randomCalls(
  random: Random,
  count: number,
  calls: readonly ((at: At) => Call)[],
): Promise<Kernel> {
  let done = 0
  const results = new Set<number>()
  const step: Step = (at) => {
    if (done > 0) {
      expect(Number.isFinite(at.result)).toBe(true)
      results.add(at.result)
    }
    if (done++ === count) {
      at.jump('end')
      return
    }
    return calls[random.below(calls.length)]!(at)
  }
  const s = scripted(
    {
      // A broken pipe must not end the only program.
      main: [
        (at) => {
          at.put64(EVENT, 1)
          return ['rt_sigaction', 13, EVENT, 0, 8]
        },
        (at) => at.jump('loop'),
      ],
      loop: [step, (at) => at.jump('loop')],
      end: [() => ['close_range', 0, 0xffffffff, 0], exit(0)],
    },
    { seed: random.seed },
  )
  expect(await s.run('main')).toEqual({ code: 0, signal: null })
  expect(results.size).toBeGreaterThan(30)
  return s.machine.kernel
}

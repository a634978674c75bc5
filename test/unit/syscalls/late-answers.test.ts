/** Answers from outside come in real time: a simulated clock stands still for them, and sleepers sleep on. */

import { expect, it } from 'vitest'
import { calls, type Engine, RUN } from '../../../syscalls/engines/engine.ts'
import { exit, type Step, scripted } from './scripted.ts'

const inTime = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), 10))

const engine: Engine = {
  name: 'late',
  wants: calls('getppid'),
  syscallEntry: () => inTime(RUN),
  syscallExit: () => inTime(undefined),
}

/** A directory behind promises, in which nothing is. */
const promises = {
  lstat: async () => {
    await inTime(null)
    throw Object.assign(new Error('nothing is there'), { code: 'ENOENT' })
  },
}

it.each([
  ['an engine', 'getppid'],
  ['files', 'access'],
])('%s that answer late', async (_, name) => {
  const log: string[] = []
  const ask: Step = () => (name === 'access' ? ['access', '/late/x', 0] : ['getppid'])
  const s = scripted(
    {
      main: [
        () => ['fork'],
        (at) => at.result === 0 && at.jump('child'),
        ask,
        ask,
        () => void log.push('answered'),
        exit(0),
      ],
      child: [
        (at) => {
          const time = at.room(16)
          at.put64(time, 1000)
          at.put64(time + 8, 0)
          return ['nanosleep', time, 0]
        },
        () => void log.push('slept'),
        exit(0),
      ],
    },
    { engines: [engine], machine: { mounts: [{ at: '/late', fs: { promises } as never }] } },
  )
  const { machine } = s
  await machine.run('/bin/main', [], { argv0: 'main', env: {} })
  await machine.kernel.run(() => machine.kernel.groups.size === 1)
  expect(log).toEqual(['answered', 'slept'])
})

/** The library in Node: the list of cases, and what there is only where the machine is beside its user. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { Machine, SKIPEXIT } from '../../src/host/node/index.ts'
import { allCases } from './cases/index.ts'
import { pause, sh, until } from './cases/machines.ts'

allCases(Machine)

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

describe('machines in this process', () => {
  it('give their memory back', async () => {
    const MIB = 1 << 20
    const once = async (): Promise<void> => {
      await using on = await Machine.create()
      // A process with some megabytes, alive until the end.
      const one = await sh(
        on,
        'x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do x=$x$x; done; sleep 100',
      )
      await until(async () => /State:\tS/.test(await on.fs.readFile(`/proc/${one.pid}/status`, 'utf8')))
    }
    const rssAfter = async (runs: number): Promise<number> => {
      for (let i = 0; i < runs; i++) await once()
      collect()
      await pause(20)
      collect()
      return process.memoryUsage().rss
    }
    const before = await rssAfter(2)
    expect(((await rssAfter(6)) - before) / MIB).toBeLessThan(100)
  })

  it('take engines that call into the kernel', async () => {
    await using on = await Machine.create()
    const seen: string[] = []
    const engine = {
      name: 'seeing',
      wants: { calls: ['uname'] },
      syscallEntry(call: { name: string }) {
        seen.push(call.name)
        return SKIPEXIT
      },
    }
    expect(await on.use(engine)).toBe(engine)
    await (await on.spawn('hostname')).exited
    expect(seen).toEqual(['uname'])
    await on.view.remove(engine)
    expect(await on.view.list()).toEqual([])
  })
})

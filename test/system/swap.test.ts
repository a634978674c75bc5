/** More processes than Memories: those that sleep give theirs up, and nobody notices. */

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { Machine, SimHost } from '../../src/host/node/index.ts'
import { BufferInput, BufferOutput } from '../../src/host/sim/sim-host.ts'

const CROWD = 30
const MEMORIES = 6

let made = 0
const { Memory } = WebAssembly
beforeAll(() => {
  WebAssembly.Memory = new Proxy(Memory, {
    construct(target, args) {
      // As a host that has no more.
      if (made++ >= MEMORIES) throw new RangeError('no more Memories')
      return Reflect.construct(target, args)
    },
  })
})
beforeEach(() => void (made = 0))
afterAll(() => void (WebAssembly.Memory = Memory))

/** A page's host asks for sleepers to make room before there is none. */
const machine = (cpu: 'jit' | 'interpreter', memoriesMax?: number): Promise<Machine> => {
  const out = new BufferOutput()
  const host = new SimHost({ seed: 1, stdin: new BufferInput(), stdout: out, stderr: out })
  return Machine.create({ cpu, host: Object.assign(host, { memoriesMax }) })
}

/** Each keeps what it knows over its sleeps, which end in another order than they began. */
const SCRIPT = `
one() { mine="I am $1"; sleep 0.$((99 - $1)); again="$mine and $((100 * $1))"; sleep 0.1; echo "$again" > /tmp/said.$1; }
i=10; while [ $i -lt ${10 + CROWD} ]; do one $i & i=$((i+1)); done
ls /proc | grep -c '^[0-9]'
wait
cat /tmp/said.*`

for (const cpu of ['jit', 'interpreter'] as const)
  it(`${CROWD} processes with ${MEMORIES} Memories (${cpu})`, async () => {
    await using on = await machine(cpu)
    const sh = await on.spawn('sh', ['-c', SCRIPT])
    const [count, ...said] = (await new Response(sh.stdout).text()).trimEnd().split('\n')
    expect(Number(count)).toBeGreaterThan(2 * CROWD)
    expect(said).toEqual(Array.from({ length: CROWD }, (_, i) => `I am ${i + 10} and ${100 * (i + 10)}`))
    expect(await sh.exited).toEqual({ code: 0, signal: null })
    expect(made).toBeGreaterThan(MEMORIES)
  })

it('what others do to one that sleeps reaches it', async () => {
  await using on = await machine('jit', MEMORIES / 2)
  const script = `
sh -c 'trap "echo got it > /tmp/got; exit 7" USR1; echo $$ > /tmp/pid; while :; do sleep 1000 & wait; done' & victim=$!
while [ ! -s /tmp/pid ]; do sleep 0.01; done
i=0; while [ $i -lt 30 ]; do sleep 5 & i=$((i+1)); done
tr '\\0' ' ' < /proc/$(cat /tmp/pid)/cmdline | cut -c1-8; kill -USR1 $(cat /tmp/pid); wait $victim; echo $?; cat /tmp/got`
  const sh = await on.spawn('sh', ['-c', script])
  expect(await new Response(sh.stdout).text()).toBe('sh -c tr\n7\ngot it\n')
})

// What engines add to a system call: a million getppid calls in one machine, with none, with two that wait for other
// calls, and with one that is asked about every call and says RUN. Gives ns a call, the median of `runs`, interleaved.
import { readFileSync } from 'node:fs'
import { createCpu } from '../dist/emu/run/index.js'
import { NodeHost } from '../dist/src/host/node/node-host.js'
import { Machine } from '../dist/src/machine.js'
import { deny } from '../dist/syscalls/engines/deny/deny.js'
import { RUN } from '../dist/syscalls/engines/engine.js'
import { addImageEntry } from '../dist/syscalls/fs/tmpfs/populate.js'
import { Tmpfs } from '../dist/syscalls/fs/tmpfs/tmpfs.js'

const CALLS = 1_000_000
const refusal = (call) => deny(new Map([[call, 'EPERM']]))
const STACKS = {
  none: () => [],
  idle: () => [refusal('mkdir'), refusal('ptrace')],
  watching: () => [
    { name: 'watch', wants: { calls: 'all' }, syscallEntry: () => RUN, syscallExit: () => {} },
  ],
}

/** Output that nobody reads. */
const discard = { write: () => true, writableLength: 0, on() {}, once() {}, removeListener() {} }

async function nsPerCall(program, engines) {
  const machine = new Machine({
    host: new NodeHost({ stdout: discard, stderr: discard }),
    cpu: createCpu('jit'),
    engines,
    root: (kernel) => {
      const root = new Tmpfs(kernel.clock)
      addImageEntry(root, kernel.caller, { name: '/sys', type: 'file', mode: 0o755, data: program })
      return root
    },
  })
  const started = performance.now()
  const { code } = await machine.run('/sys', ['getppid', String(CALLS)])
  if (code !== 0) throw new Error(`getppid ended with ${code}`)
  return ((performance.now() - started) * 1e6) / CALLS
}

/** `{ none, idle, watching }`: ns a call. */
export async function engineCost(programPath, runs) {
  const program = new Uint8Array(readFileSync(programPath))
  const times = { none: [], idle: [], watching: [] }
  for (let run = 0; run < runs; run++)
    for (const [name, engines] of Object.entries(STACKS))
      times[name].push(await nsPerCall(program, engines()))
  const median = (list) => list.sort((a, b) => a - b)[list.length >> 1]
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
}

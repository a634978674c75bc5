// What engines add to a system call: getppid in a loop, with engines that do not want it and engines that do, next to
// the native call and to what tracers cost there. Each figure is the slope between two counts, so that starting is not in
// it; rounds are interleaved, medians are given, in ns a call.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createCpu } from '../dist/emu/run/index.js'
import { BareMachine } from '../dist/src/bare-machine.js'
import { NodeHost } from '../dist/src/host/node/node-host.js'
import { RUN, SKIPEXIT } from '../dist/syscalls/engines/engine.js'
import { addImageEntry } from '../dist/syscalls/fs/tmpfs/populate.js'
import { Tmpfs } from '../dist/syscalls/fs/tmpfs/tmpfs.js'

const OURS = 1_000_000
const TRACED = 1_000
const NATIVE = 2_000_000

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i))
const uninterested = (i) => ({
  name: `idle${i}`,
  wants: { calls: ['mkdir', 'ptrace'] },
  syscallEntry: () => RUN,
})
const interested = (i) => ({
  name: `watch${i}`,
  wants: { calls: ['getppid'] },
  syscallEntry: () => RUN,
  syscallExit: () => {},
})
const entryOnly = (i) => ({ name: `entry${i}`, wants: { calls: ['getppid'] }, syscallEntry: () => SKIPEXIT })

const STACKS = {
  none: () => [],
  ...Object.fromEntries([1, 4, 16].map((n) => [`${n} uninterested`, () => many(n, uninterested)])),
  '1 interested, entry only': () => many(1, entryOnly),
  ...Object.fromEntries([1, 4, 16].map((n) => [`${n} interested`, () => many(n, interested)])),
}

/** Output that nobody reads. */
const discard = { write: () => true, writableLength: 0, on() {}, once() {}, removeListener() {} }

async function inMachine(program, engines, count) {
  const machine = new BareMachine({
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
  const { code } = await machine.run('/sys', ['getppid', String(count)])
  if (code !== 0) throw new Error(`getppid ended with ${code}`)
  const tookNs = (performance.now() - started) * 1e6
  await machine.dispose()
  return tookNs
}

function outside(command, count) {
  const [program, ...args] = [...command, 'getppid', String(count)]
  const started = process.hrtime.bigint()
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program}: status ${status} ${stderr}`)
  return Number(process.hrtime.bigint() - started)
}

async function slope(run, count) {
  const short = await run(count)
  return ((await run(3 * count)) - short) / (2 * count)
}

/** Runners by name: each gives ns a call once. */
function runners(program, programPath, tracerPath) {
  const there = (name) => spawnSync(name, ['--version']).status === 0
  const tracers = {
    'PTRACE_SYSCALL, two stops': [tracerPath, 'syscall', programPath],
    'PTRACE_SYSEMU, one stop': [tracerPath, 'sysemu', programPath],
    ...(there('strace') ? { strace: ['strace', '-o', '/dev/null', programPath] } : {}),
    ...(there('proot') ? { proot: ['proot', programPath] } : {}),
  }
  return {
    ...Object.fromEntries(
      Object.entries(STACKS).map(([name, engines]) => [
        name,
        () => slope((count) => inMachine(program, engines(), count), OURS),
      ]),
    ),
    native: () => slope((count) => outside([programPath], count), NATIVE),
    ...Object.fromEntries(
      Object.entries(tracers).map(([name, command]) => [
        name,
        () => slope((count) => outside(command, count), TRACED),
      ]),
    ),
  }
}

/** Megabytes that sibling views take, each with an engine and a name of its own, above one. */
async function viewsMegabytes(count) {
  const machine = new BareMachine({
    host: new NodeHost({ stdout: discard, stderr: discard }),
    cpu: createCpu('jit'),
    root: { type: 'tmpfs' },
  })
  const { view } = machine.kernel
  globalThis.gc?.()
  const before = process.memoryUsage()
  const views = many(count, (i) => {
    const nested = view.fork()
    nested.push(uninterested(i))
    return nested
  })
  globalThis.gc?.()
  const after = process.memoryUsage()
  for (const nested of views) nested.drop()
  return (after.heapUsed + after.external - before.heapUsed - before.external) / 2 ** 20
}

/** Medians of ns a call by runner, and the memory of a thousand views. */
export async function engineCost(programPath, tracerPath, rounds) {
  const program = new Uint8Array(readFileSync(programPath))
  const all = runners(program, programPath, tracerPath)
  const times = Object.fromEntries(Object.keys(all).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++)
    for (const [name, run] of Object.entries(all)) times[name].push(await run())
  const median = (list) => list.sort((a, b) => a - b)[list.length >> 1]
  const nsPerCall = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))
  return { nsPerCall, thousandViewsMegabytes: await viewsMegabytes(1000) }
}

/** The figures as lines of text. */
export function describeEngineCost({ nsPerCall, thousandViewsMegabytes }) {
  const stops = nsPerCall['PTRACE_SYSCALL, two stops'] - nsPerCall.native
  const engine = nsPerCall['1 interested'] - nsPerCall.none
  return [
    ...Object.entries(nsPerCall).map(
      ([name, ns]) => `engines ${name.padEnd(26)} ${ns.toFixed(0).padStart(6)} ns a call`,
    ),
    `engines: one interested engine adds ${engine.toFixed(0)} ns, ptrace's two stops ${stops.toFixed(0)} ns: ${(stops / Math.max(engine, 1)).toFixed(0)} times as much`,
    `engines: 1,000 sibling views take ${thousandViewsMegabytes.toFixed(1)} MB`,
  ]
}

/**
 * Probes: small programs that print what system calls and faults do, against what the real kernel and CPU did
 * (recorded/NAME.json, by build.mjs), under each CPU, under the strace engine, and under engines that change nothing. One
 * of those is a view of all files, which may be told from what is below it as Linux's overlay is (overlaid/NAME.json).
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CpuKind, createCpu } from '../../emu/run/index.ts'
import { BareMachine } from '../../src/bare-machine.ts'
import { BufferOutput, SimHost } from '../../src/host/sim/sim-host.ts'
import * as umwelt from '../../src/index.ts'
import type { Engine } from '../../syscalls/engines/engine.ts'
import { strace } from '../../syscalls/engines/strace/strace.ts'
import { addImageEntry } from '../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import { stackedIdleEngines } from '../idle/engines.mjs'

interface Recorded {
  stdout: string
  status: number | null
  signal: string | null
}

const folder = new URL('./', import.meta.url)
const LEAST_CASES = 20
const SETUPS: { name: string; cpu: CpuKind; traced: boolean; engines?: () => Engine[] }[] = [
  { name: 'jit', cpu: 'jit', traced: false },
  { name: 'interpreter', cpu: 'interpreter', traced: false },
  { name: 'jit under strace', cpu: 'jit', traced: true },
  { name: 'jit under idle engines', cpu: 'jit', traced: false, engines: () => stackedIdleEngines(umwelt) },
]
const probes = readdirSync(new URL('recorded', folder)).map((file) => file.replace('.json', ''))
let cases = 0

async function run(probe: string, name: string, cpu: CpuKind, traced: boolean, engines: Engine[] = []) {
  const stdout = new BufferOutput()
  const said: string[] = []
  let trace = ''
  const host = new SimHost({ seed: 1, stdout, diagnostics: (line) => said.push(line) })
  const machine = new BareMachine({
    host,
    cpu: createCpu(cpu),
    root: (kernel) => {
      const root = new Tmpfs(kernel.clock)
      const data = new Uint8Array(readFileSync(new URL(`bin/${probe}`, folder)))
      addImageEntry(root, kernel.caller, { name: '/program', type: 'file', mode: 0o755, data })
      return root
    },
    mounts: [
      { at: '/dev', fs: { type: 'devtmpfs' } },
      { at: '/dev/pts', fs: { type: 'devpts' } },
      { at: '/proc', fs: { type: 'proc' } },
      { at: '/sys', fs: { type: 'sysfs' } },
    ],
    engines: traced ? [strace({ write: (text) => (trace += text) })] : engines,
  })
  await machine.fs.mkdir('/tmp/cwd', { recursive: true })
  const exit = await machine.run('/program', [name], { env: {}, cwd: '/tmp/cwd' })
  return { stdout: stdout.text, ...exit, said, trace }
}

describe.each(probes)('%s', (probe) => {
  const readRecorded = (kind: string): Record<string, Recorded> => {
    const file = new URL(`${kind}/${probe}.json`, folder)
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  }
  const recorded = readRecorded('recorded')
  const overlaid = readRecorded('overlaid')
  for (const setup of SETUPS)
    for (const [name, plain] of Object.entries(recorded)) {
      const expected = setup.engines ? (overlaid[name] ?? plain) : plain
      cases++
      it(`${name} on ${setup.name}`, async () => {
        const ours = await run(probe, name, setup.cpu, setup.traced, setup.engines?.())
        expect(ours.stdout, ours.said.join('\n')).toBe(expected.stdout)
        expect(ours.signal).toBe(expected.signal)
        expect(ours.code).toBe(expected.status)
        expect(ours.trace !== '').toBe(setup.traced)
      })
    }
})

/** Without what differs from run to run: addresses, process ids, how the results are aligned. */
function comparable(line: string): string {
  return line
    .replace(/0x[0-9a-f]{6,}/g, 'ADDRESS')
    .replace(/f_fsid=\{val=\[.*?\]\}/, 'f_fsid=ID')
    .replace(/pid=\d+|(?<=^getpid\(\) += |^pidfd_open\()\d+/g, 'PID')
    .replace(/ += /g, ' = ')
}

describe.each(readdirSync(new URL('traced', folder)))('%s', (file) => {
  it('is what strace prints', async () => {
    const recorded = readFileSync(new URL(`traced/${file}`, folder), 'utf8')
      .trimEnd()
      .split('\n')
    const ours = (await run(file.replace('.txt', ''), 'all', 'jit', true)).trace.split('\n')
    const isMark = (line: string): boolean => line.startsWith('getppid')
    const from = ours.findIndex(isMark) + 1
    const to = ours.findLastIndex(isMark)
    expect(ours.slice(from, to).map(comparable)).toEqual(recorded.map(comparable))
  })
})

it('has its least number of cases', () => {
  expect(cases).toBeGreaterThanOrEqual(LEAST_CASES * SETUPS.length)
})

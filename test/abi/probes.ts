/**
 * Probes: small programs that print what system calls and faults do, against what the real kernel and CPU did
 * (recorded/NAME.json, by build.mjs), under each CPU, under the strace engine, and under engines that change nothing. One
 * of those is a view of all files, which may be told from what is below it as Linux's overlay is (overlaid/NAME.json).
 * Path: abi.test.ts and abi32.test.ts, which say for which ISA and in which setups.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CpuKind, createCpu } from '../../emu/run/index.ts'
import { BareMachine } from '../../src/bare-machine.ts'
import { BufferOutput, SimHost } from '../../src/host/sim/sim-host.ts'
import type { Engine } from '../../syscalls/engines/engine.ts'
import { strace } from '../../syscalls/engines/strace/strace.ts'
import { addImageEntry } from '../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'

/** What a case did on the real kernel. */
export interface Recorded {
  stdout: string
  status: number | null
  signal: string | null
}

const folder = new URL('./', import.meta.url)

/** How a probe is run. */
export interface Setup {
  name: string
  cpu: CpuKind
  traced: boolean
  engines?: () => Engine[]
}

/** Runs one case of a probe. */
export async function run(
  program: URL | string,
  name: string,
  cpu: CpuKind,
  traced: boolean,
  engines: Engine[] = [],
) {
  const stdout = new BufferOutput()
  const said: string[] = []
  let trace = ''
  const host = new SimHost({ seed: 1, stdout, diagnostics: (line) => said.push(line) })
  await using machine = new BareMachine({
    host,
    cpu: createCpu(cpu),
    root: (kernel) => {
      const root = new Tmpfs(kernel.clock)
      const data = new Uint8Array(readFileSync(program))
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

/** Without what differs from run to run: addresses, process ids, how the results are aligned. */
function comparable(line: string): string {
  return line
    .replace(/0x[0-9a-f]{6,}/g, 'ADDRESS')
    .replace(/f_fsid=\{val=\[.*?\]\}/, 'f_fsid=ID')
    .replace(/pid=\d+|(?<=^getpid\(\) += |^pidfd_open\()\d+/g, 'PID')
    .replace(/ += /g, ' = ')
}

/** Every probe of an ISA in every setup; `suffix` is its folders'. */
export function testProbes(suffix: '' | '32', setups: readonly Setup[], leastCases: number): void {
  const place = (kind: string, name = ''): URL => new URL(`${kind}${suffix}/${name}`, folder)
  const readCases = (kind: string, probe: string): Record<string, Recorded> => {
    const file = place(kind, `${probe}.json`)
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  }
  const probes = readdirSync(place('recorded')).map((file) => file.replace('.json', ''))
  let cases = 0
  describe.each(probes)('%s', (probe) => {
    const recorded = readCases('recorded', probe)
    const overlaid = readCases('overlaid', probe)
    for (const setup of setups)
      for (const [name, plain] of Object.entries(recorded)) {
        const expected = setup.engines ? (overlaid[name] ?? plain) : plain
        cases++
        it(`${name} on ${setup.name}`, async () => {
          const ours = await run(place('bin', probe), name, setup.cpu, setup.traced, setup.engines?.())
          expect(ours.stdout, ours.said.join('\n')).toBe(expected.stdout)
          expect(ours.signal).toBe(expected.signal)
          expect(ours.code).toBe(expected.status)
          expect(ours.trace !== '').toBe(setup.traced)
        })
      }
  })

  describe.each(readdirSync(place('traced')))('%s', (file) => {
    it('is what strace prints', async () => {
      const recorded = readFileSync(place('traced', file), 'utf8').trimEnd().split('\n')
      const program = place('bin', file.replace('.txt', ''))
      const ours = (await run(program, 'all', 'jit', true)).trace.split('\n')
      const isMark = (line: string): boolean => line.startsWith('getppid')
      const from = ours.findIndex(isMark) + 1
      const to = ours.findLastIndex(isMark)
      expect(ours.slice(from, to).map(comparable)).toEqual(recorded.map(comparable))
    })
  })

  it('has its least number of cases', () => {
    expect(cases).toBeGreaterThanOrEqual(leastCases * setups.length)
  })
}

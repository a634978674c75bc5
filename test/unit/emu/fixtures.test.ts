/** Our own small programs, under each CPU, against what the real kernel and CPU did (test/fixtures/recorded.json). */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type CpuKind, createCpu } from '../../../emu/run/index.ts'
import { BufferOutput, SimHost } from '../../../src/host/sim/sim-host.ts'
import { createMachine } from '../../../src/machine.ts'
import { addImageEntry } from '../../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'

interface Recorded {
  stdout: string
  status: number | null
  signal: string | null
}

const folder = new URL('../../fixtures/', import.meta.url)
const recorded: Record<string, Record<string, Recorded>> = JSON.parse(
  readFileSync(new URL('recorded.json', folder), 'utf8'),
)
const SIGNALS: Record<string, number> = { SIGILL: 4, SIGABRT: 6, SIGFPE: 8, SIGSEGV: 11 }
const LEAST_CASES = 20
const CPUS: CpuKind[] = ['jit', 'interpreter']

async function run(
  cpu: CpuKind,
  program: string,
  argument: string,
): Promise<{ stdout: string; code: number | null; signal: number | null }> {
  const stdout = new BufferOutput()
  const host = new SimHost({ seed: 1, stdout })
  const machine = createMachine({
    host,
    cpu: createCpu(cpu),
    root: (kernel) => {
      const root = new Tmpfs(kernel.clock)
      const data = new Uint8Array(readFileSync(new URL(`bin/${program}`, folder)))
      addImageEntry(root, kernel.caller, { name: '/program', type: 'file', mode: 0o755, data })
      return root
    },
    mounts: [{ at: '/dev', fs: { type: 'devtmpfs' } }],
  })
  const exit = await machine.run('/program', ['/program', argument])
  return { stdout: stdout.text, ...exit }
}

describe.each(Object.keys(recorded))('fixture %s', (program) => {
  const cases = Object.entries(recorded[program]!)
  for (const cpu of CPUS)
    for (const [name, expected] of cases)
      it(`${name} on ${cpu}`, async () => {
        const ours = await run(cpu, program, name)
        expect(ours.stdout).toBe(expected.stdout)
        expect(ours.signal ?? 0).toBe(expected.signal ? SIGNALS[expected.signal] : 0)
        expect(ours.code).toBe(expected.status)
      })
})

it('has its least number of cases', () => {
  expect(Object.values(recorded).flatMap((cases) => Object.keys(cases)).length).toBeGreaterThanOrEqual(
    LEAST_CASES,
  )
})

/**
 * The embedded userland's own tests (test/userland/*.sh) inside the machine, against what dash and coreutils did on
 * the real kernel (test/userland/expected; recorded by test/userland/compare.mjs). Each script runs in an empty
 * directory with no input.
 */

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CpuKind, createCpu } from '../../emu/run/index.ts'
import { BareMachine } from '../../src/bare-machine.ts'
import { userlandEntries } from '../../src/host/node/userland.ts'
import { BufferInput, BufferOutput, SimHost } from '../../src/host/sim/sim-host.ts'
import * as umwelt from '../../src/index.ts'
import { latin1 } from '../../syscalls/abi/bytes.ts'
import { addImageEntry } from '../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import { enginesUnderTest } from '../idle/under-test.mjs'

const FOLDER = join(import.meta.dirname, '../userland')
const LEAST_SCRIPTS = 28
const SCRIPTS = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.sh'))
  .map((name) => basename(name, '.sh'))
  .sort()
const BUILD = join(import.meta.dirname, '../../rootfs/build-userland.mjs')
/** Another compiler makes other code: only the one that made the binary can make it again. */
const MADE_BY = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../rootfs/images/userland.json'), 'utf8'),
).compiler
const HAVE_COMPILER =
  spawnSync('musl-gcc', ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0] === MADE_BY
/** A third, for the interpreter: those that do not compute long. */
const INTERPRETED = [
  'cut',
  'fields',
  'hexdump',
  'parameters',
  'patterns',
  'printf',
  'quoting',
  'redirect',
  'test',
  'ulimit',
]
const ENV = { PATH: '/bin', LC_ALL: 'C', TZ: 'UTC0', HOME: '/home/tester' }
const ENTRIES = userlandEntries()
/** One a kind: what it has translated serves every machine. */
const CPUS = { jit: createCpu('jit'), interpreter: createCpu('interpreter') }

async function run(cpu: CpuKind, name: string): Promise<{ output: string; errors: string }> {
  const stdout = new BufferOutput()
  const stderr = new BufferOutput()
  const machine = new BareMachine({
    host: new SimHost({ seed: 1, stdin: new BufferInput(), stdout, stderr }),
    cpu: CPUS[cpu],
    root: (kernel) => {
      const root = new Tmpfs(kernel.clock)
      for (const entry of ENTRIES) addImageEntry(root, kernel.caller, entry)
      const data = new Uint8Array(readFileSync(join(FOLDER, `${name}.sh`)))
      addImageEntry(root, kernel.caller, { name: `/${name}.sh`, type: 'file', mode: 0o644, data })
      addImageEntry(root, kernel.caller, { name: '/empty', type: 'directory', mode: 0o755 })
      return root
    },
    mounts: [
      { at: '/proc', fs: { type: 'proc' } },
      { at: '/dev', fs: { type: 'devtmpfs' } },
      { at: '/tmp', fs: { type: 'tmpfs', options: { mode: '1777' } } },
    ],
    engines: enginesUnderTest(umwelt),
  })
  const { code, signal } = await machine.run('/bin/sh', [`/${name}.sh`], { env: ENV, cwd: '/empty' })
  const status = code ?? `none (${signal})`
  return { output: `${latin1(stdout.bytes)}status ${status}\n`, errors: stderr.text }
}

function check(cpu: CpuKind, name: string): void {
  it(`${name} on ${cpu}`, async () => {
    const expected = readFileSync(join(FOLDER, 'expected', `${name}.out`), 'latin1')
    const { output, errors } = await run(cpu, name)
    expect(output.split('\n'), errors).toEqual(expected.split('\n'))
  })
}

describe('the embedded userland', () => {
  for (const name of SCRIPTS) check('jit', name)
  for (const name of INTERPRETED) check('interpreter', name)

  it.skipIf(!HAVE_COMPILER)('is what musl-gcc makes of its sources', () => {
    const { status, stderr } = spawnSync('node', [BUILD, '--rebuild'], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it('is the binary of its sources', () => {
    const { status, stderr } = spawnSync('node', [BUILD, '--check'], { encoding: 'utf8' })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it('has its least number of scripts', () => {
    expect(SCRIPTS.length).toBeGreaterThanOrEqual(LEAST_SCRIPTS)
    expect(INTERPRETED.length * 3).toBeGreaterThanOrEqual(SCRIPTS.length)
    expect(SCRIPTS).toEqual(expect.arrayContaining(INTERPRETED))
  })
})

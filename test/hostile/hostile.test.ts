/**
 * Guests that mean harm (src/hostile.c): what they do ends with Linux's errno or signal, other processes go on, the
 * host's memory and files stay as they were, and nothing is thrown. `UMWELT_FUZZ_CALLS` and `UMWELT_FUZZ_SEED` set
 * the random system calls (npm run test:fuzz: 1,000,000).
 */

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { GuestProcess } from '../../src/api.ts'
import * as umwelt from '../../src/host/node/index.ts'
import { hostDirectory, Machine, type MachineOptions } from '../../src/host/node/index.ts'
import { enginesUnderTest } from '../idle/under-test.mjs'

const FUZZ_CALLS = Number(process.env.UMWELT_FUZZ_CALLS ?? 50_000)
const FUZZ_SEED = Number(process.env.UMWELT_FUZZ_SEED ?? 1)
const MIB = 1 << 20
const readProgram = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(import.meta.dirname, 'bin', name)))

const said: string[] = []
let machine: Machine
async function start(options: MachineOptions = {}, program = 'hostile'): Promise<void> {
  said.length = 0
  machine = await Machine.create({ ...options, engines: enginesUnderTest(umwelt) })
  machine.on('diagnostic', (line) => said.push(line))
  await machine.fs.writeFile('/bin/hostile', readProgram(program), { mode: 0o755 })
}
afterEach(() => machine.dispose())

const text = (stream: ReadableStream<Uint8Array> | null): Promise<string> => new Response(stream).text()
async function run(name: string, ...args: string[]) {
  const one = await machine.spawn('hostile', [name, ...args])
  // Both are read: a full pipe would keep the program waiting.
  const [stdout] = await Promise.all([text(one.stdout), text(one.stderr)])
  return { stdout, ...(await one.exited) }
}
/** A program that goes on beside the hostile one. */
const bystander = (): Promise<GuestProcess> =>
  machine.spawn('sh', ['-c', 'for i in 1 2 3 4 5; do echo $i; sleep 0.02; done'])

describe('a hostile guest', () => {
  it('that forks without end stops at the limit, and others run', async () => {
    await start({ limits: { processes: 40, memoryBytes: 512 * MIB } })
    const other = await bystander()
    // The bystander has its process; its sleeps need one each, and may be refused.
    const bomb = await machine.spawn('hostile', ['fork-bomb'], { stdio: 'ignore' })
    const lines = (await text(other.stdout)).trim().split('\n')
    expect(lines.length).toBeGreaterThan(0)
    const processes = (await machine.fs.readdir('/proc')).filter((name) => /^\d+$/.test(name))
    expect(processes.length).toBeLessThanOrEqual(40)
    await bomb.kill('SIGKILL')
  })

  it('that takes all memory is the one that is killed', async () => {
    await start({ limits: { memoryBytes: 128 * MIB } })
    const other = await bystander()
    expect(await run('memory-bomb')).toEqual({ stdout: '', code: null, signal: 'SIGKILL' })
    expect(said.join('\n')).toMatch(/out of memory: killed hostile\[\d+\], which had \d+ MiB/)
    expect(await text(other.stdout)).toBe('1\n2\n3\n4\n5\n')
    expect((await other.exited).code).toBe(0)
  })

  it('that asks for more memory than there is gets ENOMEM', async () => {
    await start({ limits: { memoryBytes: 128 * MIB } })
    expect((await run('too-much')).stdout).toBe('Out of memory\n')
  })

  it('runs out of descriptors, of names, of queued signals', async () => {
    await start()
    expect((await run('descriptors')).stdout).toBe('1021 then No file descriptors available\n')
    expect((await run('deep-directories')).stdout).toBe('5000 getcwd Filename too long\nleft 0\n')
    expect((await run('symlink-loops')).stdout).toBe(
      'open: Symbolic link loop\nstat: Symbolic link loop\ndoubling: Symbolic link loop\n',
    )
    expect((await run('signal-storm')).stdout).toBe('caught\nResource temporarily unavailable\n')
  })

  it('that execs itself for ever is killed like any other', async () => {
    await start()
    const loop = await machine.spawn('hostile', ['exec-loop'])
    await new Promise((resolve) => setTimeout(resolve, 100))
    await loop.kill('SIGKILL')
    expect((await loop.exited).signal).toBe('SIGKILL')
  })

  it('may have 100,000 files in a folder', async () => {
    await start()
    expect((await run('many-files')).stdout).toBe('100000 files, 100002 entries\n')
  })

  it('that prints without end, or spins, keeps nobody from running', async () => {
    await start({ limits: { memoryBytes: 256 * MIB } })
    const before = process.memoryUsage().rss
    const flood = await machine.spawn('hostile', ['flood'])
    const spin = await machine.spawn('hostile', ['spin'])
    const reader = flood.stdout!.getReader()
    let bytes = 0
    while (bytes < 4 * MIB) bytes += (await reader.read()).value!.length
    expect(await text((await bystander()).stdout)).toBe('1\n2\n3\n4\n5\n')
    await reader.cancel()
    expect((await flood.exited).signal).toBe('SIGPIPE')
    await spin.kill('SIGKILL')
    expect((await spin.exited).signal).toBe('SIGKILL')
    expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(256)
  })

  it.each(['spin-by-jump', 'spin-by-return', 'spin-by-call'])('%s: others keep running', async (name) => {
    await start()
    const spin = await machine.spawn('hostile', [name])
    expect(await text((await bystander()).stdout)).toBe('1\n2\n3\n4\n5\n')
    await spin.kill('SIGKILL')
    expect((await spin.exited).signal).toBe('SIGKILL')
  })
})

/** Every file below a directory with its contents. */
function snapshot(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    found[path.slice(folder.length)] = entry.isFile() ? readFileSync(path, 'utf8') : 'directory'
  }
  return found
}

describe('random system calls', () => {
  it.each(['hostile', 'hostile32'])(
    `${FUZZ_CALLS} of them by %s, seed ${FUZZ_SEED}`,
    async (program) => {
      const folder = mkdtempSync(join(tmpdir(), 'umwelt-fuzz-'))
      mkdirSync(join(folder, 'inside'))
      mkdirSync(join(folder, 'beside'))
      for (const name of ['inside/kept', 'beside/secret', 'top']) writeFileSync(join(folder, name), name)
      const before = snapshot(folder)
      // Read-only and copy-on-write mounts of the host: neither may change it, nor lead beside it.
      const mounts = [
        { at: '/tmp/d', fs: hostDirectory(join(folder, 'inside'), 'cow') },
        { at: '/mnt', fs: hostDirectory(join(folder, 'inside'), 'ro'), readOnly: true },
      ]
      const limits = { memoryBytes: 512 * MIB, processes: 100, diskBytes: 64 * MIB }
      await start({ limits, mounts, seed: FUZZ_SEED }, program)
      const rss = process.memoryUsage().rss
      expect(await run('fuzz', String(FUZZ_SEED), String(FUZZ_CALLS))).toEqual({
        stdout: 'done\n',
        code: 0,
        signal: null,
      })
      expect(snapshot(folder)).toEqual(before)
      expect((process.memoryUsage().rss - rss) / MIB).toBeLessThan(1024)
      expect(await text((await machine.spawn('echo', ['still here'])).stdout)).toBe('still here\n')
      rmSync(folder, { recursive: true })
    },
    1_800_000,
  )
})

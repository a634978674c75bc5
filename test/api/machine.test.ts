/** The library as its users hold it: streams and back-pressure, ends in every state, many machines, files, disposal. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import memfs from 'memfs'
import { afterEach, describe, expect, it } from 'vitest'
import type { GuestProcess } from '../../src/guest-process.ts'
import { Machine, type MachineOptions } from '../../src/host/node/index.ts'

const made: Machine[] = []
const machine = async (options: MachineOptions = {}): Promise<Machine> => {
  const one = await Machine.create(options)
  made.push(one)
  return one
}
afterEach(async () => {
  for (const one of made.splice(0)) await one.dispose()
})
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const text = (stream: ReadableStream<Uint8Array> | null): Promise<string> => new Response(stream).text()
const sh = (on: Machine, script: string): GuestProcess => on.spawn('sh', ['-c', script])
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
/** /proc/PID/stat's letter. */
const stateOf = async (on: Machine, pid: number): Promise<string> =>
  (await on.fs.readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '')[0]!
async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await condition()) return
    await pause(10)
  }
  throw new Error('it never came')
}

describe('streams', () => {
  it('carry bytes both ways', async () => {
    const cat = (await machine()).spawn('cat')
    const writer = cat.stdin!.getWriter()
    const sent = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7)
    const writing = writer.write(sent).then(() => writer.close())
    const got = new Uint8Array(await new Response(cat.stdout).arrayBuffer())
    await writing
    expect(Buffer.compare(got, sent)).toBe(0)
    expect(await cat.exited).toEqual({ code: 0, signal: null })
  })

  it('keep a program waiting whose reader does not read', async () => {
    const on = await machine()
    const yes = on.spawn('yes')
    const reader = yes.stdout!.getReader()
    expect((await reader.read()).value!.length).toBeGreaterThan(0)
    await until(async () => (await stateOf(on, yes.pid)) === 'S')
    const before = await on.fs.readFile(`/proc/${yes.pid}/stat`, 'utf8')
    await pause(50)
    expect(await on.fs.readFile(`/proc/${yes.pid}/stat`, 'utf8')).toBe(before)
    await reader.cancel()
    expect((await yes.exited).signal).toBe('SIGPIPE')
  })

  it('end when the last writer ends, not before', async () => {
    const on = await machine()
    const parent = sh(on, '(sleep 0.05; echo late) & echo early')
    expect(await parent.exited).toEqual({ code: 0, signal: null })
    expect(await text(parent.stdout)).toBe('early\nlate\n')
  })

  it('fail a write that nobody will read', async () => {
    const done = (await machine()).spawn('true')
    await done.exited
    const writer = done.stdin!.getWriter()
    await expect(writer.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'EPIPE' })
  })

  it('keep errors apart', async () => {
    const both = sh(await machine(), 'echo out; echo err >&2')
    expect(await Promise.all([text(both.stdout), text(both.stderr)])).toEqual(['out\n', 'err\n'])
  })
})

describe('kill', () => {
  const KILLED = { code: null, signal: 'SIGKILL' }

  it('before it ran', async () => {
    const one = (await machine()).spawn('sleep', ['100'])
    expect(one.kill('SIGKILL')).toBe(true)
    expect(await one.exited).toEqual(KILLED)
  })

  it('while it computes, blocks, or is stopped', async () => {
    const on = await machine()
    const spinning = sh(on, 'while :; do :; done')
    const blocked = on.spawn('cat')
    const stopped = on.spawn('sleep', ['100'])
    stopped.kill('SIGSTOP')
    await until(async () => (await stateOf(on, stopped.pid)) === 'T')
    expect(await stateOf(on, blocked.pid)).toBe('S')
    for (const one of [spinning, blocked, stopped]) expect(one.kill('SIGKILL')).toBe(true)
    expect(await Promise.all([spinning.exited, blocked.exited, stopped.exited])).toEqual([
      KILLED,
      KILLED,
      KILLED,
    ])
  })

  it('after it ended does nothing', async () => {
    const one = (await machine()).spawn('true')
    await one.exited
    expect(one.kill()).toBe(false)
    expect(() => one.kill('SIGNONSENSE')).toThrow(/no signal/)
  })

  it('by an AbortSignal, before and after the start', async () => {
    const on = await machine()
    expect(() => on.spawn('true', [], { signal: AbortSignal.abort() })).toThrow(/abort/i)
    const one = on.spawn('sleep', ['100'], { signal: AbortSignal.timeout(30) })
    expect(await one.exited).toEqual(KILLED)
  })
})

describe('machines', () => {
  it('ten at once do not meet', async () => {
    const ten = await Promise.all(Array.from({ length: 10 }, (_, i) => machine({ hostname: `m${i}` })))
    const outputs = await Promise.all(
      ten.map((on, i) => text(sh(on, `echo ${i} > /tmp/mine; sleep 0.01; cat /tmp/mine; hostname`).stdout)),
    )
    expect(outputs).toEqual(ten.map((_, i) => `${i}\nm${i}\n`))
  })

  it('repeat a run by seed', async () => {
    const script =
      'od -An -tx1 -N8 /dev/urandom 2>/dev/null || hexdump -C /dev/urandom | head -n 1; date +%s; echo $$'
    const run = async (seed: number): Promise<string> => text(sh(await machine({ seed }), script).stdout)
    const first = await run(7)
    expect(first).toMatch(/\d/)
    expect(await run(7)).toBe(first)
    expect(await run(8)).not.toBe(first)
  })

  it('tell of processes', async () => {
    const on = await machine()
    const seen: string[] = []
    on.on('fork', () => seen.push('fork'))
    on.on('exec', (_pid, path) => seen.push(`exec ${path}`))
    on.on('exit', (_pid, _tid, { code }) => seen.push(`exit ${code}`))
    await sh(on, '/bin/true; /bin/false; exit 3').exited
    expect(seen).toEqual([
      'exec /bin/sh',
      'fork',
      'exec /bin/true',
      'exit 0',
      'fork',
      'exec /bin/false',
      'exit 1',
      'exit 3',
    ])
  })

  it('refuse what cannot be', async () => {
    const on = await machine()
    expect(() => on.spawn('nonesuch')).toThrow(/nonesuch: not found/)
    expect(() => on.spawn('true', [], { cwd: '/nowhere' })).toThrow(/working directory \/nowhere/)
    expect(() => on.use({ name: 'x', wants: { calls: ['opne'] } })).toThrow(/opne: no system call/)
    await expect(Machine.create({ root: { type: 'nofs' } })).rejects.toThrow(/no file-system type nofs/)
  })

  it('end with all their processes, and cannot be used afterwards', async () => {
    let spinning: GuestProcess
    {
      await using on = await Machine.create()
      spinning = sh(on, 'while :; do :; done')
      await pause(5)
    }
    expect((await spinning!.exited).signal).toBe('SIGKILL')
    const on = await Machine.create()
    await on.dispose()
    await on.dispose()
    expect(() => on.spawn('true')).toThrow(/disposed/)
  })

  it('give their memory back', async () => {
    const MIB = 1 << 20
    const once = async (): Promise<void> => {
      await using on = await Machine.create()
      // A process with some megabytes, alive until the end.
      const one = sh(
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
})

describe('files', () => {
  it('are those the programs see', async () => {
    const on = await machine()
    const { fs } = on
    await fs.mkdir('/a/b/c', { recursive: true })
    await fs.writeFile('/a/b/c/file', 'one\n', { mode: 0o640 })
    await fs.symlink('b/c/file', '/a/link')
    await fs.link('/a/b/c/file', '/a/hard')
    await fs.chmod('/a/hard', 0o600)
    await fs.utimes('/a/hard', 1, 1_000_000_000)
    expect(await text(sh(on, 'cat /a/link; ls -l /a/hard | cut -c1-10; echo two >> /a/hard').stdout)).toBe(
      'one\n-rw-------\n',
    )
    expect(await fs.readFile('/a/link', 'utf8')).toBe('one\ntwo\n')
    expect(await fs.readlink('/a/link')).toBe('b/c/file')
    expect(await fs.realpath('/a/link')).toBe('/a/b/c/file')
    expect((await fs.readdir('/a')).sort()).toEqual(['b', 'hard', 'link'])
    const stats = await fs.stat('/a/hard')
    expect([stats.isFile(), stats.size, stats.nlink, stats.mode & 0o777]).toEqual([true, 8, 2, 0o600])
    expect((await fs.lstat('/a/link')).isSymbolicLink()).toBe(true)
    await fs.rename('/a/hard', '/a/moved')
    await fs.copyFile('/a/moved', '/a/copy')
    await fs.truncate('/a/copy', 3)
    expect(await fs.readFile('/a/copy')).toEqual(new Uint8Array([111, 110, 101]))
    await fs.rm('/a', { recursive: true })
    await expect(fs.access('/a')).rejects.toMatchObject({ code: 'ENOENT', syscall: 'access', path: '/a' })
    await fs.rm('/a', { force: true })
  })

  it('fail as fs.promises do', async () => {
    const { fs } = await machine()
    const code = (wanted: string) => ({ code: wanted })
    await expect(fs.readFile('/bin')).rejects.toMatchObject(code('EISDIR'))
    await expect(fs.mkdir('/bin')).rejects.toMatchObject(code('EEXIST'))
    await expect(fs.rmdir('/bin')).rejects.toMatchObject(code('ENOTEMPTY'))
    await expect(fs.rm('/bin')).rejects.toMatchObject(code('EISDIR'))
    await expect(fs.readdir('/bin/sh')).rejects.toMatchObject(code('ENOTDIR'))
    await expect(fs.readlink('/etc')).rejects.toMatchObject(code('EINVAL'))
    await expect(fs.writeFile('/proc/version', 'x')).rejects.toMatchObject(code('EACCES'))
    await expect(fs.stat('')).rejects.toMatchObject(code('ENOENT'))
  })

  it('may lie in an object shaped as node:fs', async () => {
    const volume = memfs.Volume.fromJSON({ '/hello': 'from memfs\n' })
    const on = await machine({ mounts: [{ at: '/vol', fs: { files: volume as never } }] })
    expect(await text(sh(on, 'cat /vol/hello; echo back > /vol/answer').stdout)).toBe('from memfs\n')
    expect(volume.readFileSync('/answer', 'utf8')).toBe('back\n')
  })
})

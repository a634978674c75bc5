/** Streams and back-pressure, ends in every state, many machines, files, disposal. */

import { describe, expect, it } from 'vitest'
import type { GuestProcess } from '../../../src/api.ts'
import { type Machines, pause, said, sh, stateOf, text, until } from './machines.ts'

export function machineCases({ Machine, machine }: Machines): void {
  describe('streams', () => {
    it('carry bytes both ways', async () => {
      const cat = await (await machine()).spawn('cat')
      const writer = cat.stdin!.getWriter()
      const sent = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7)
      const writing = writer.write(sent).then(() => writer.close())
      const got = new Uint8Array(await new Response(cat.stdout).arrayBuffer())
      await writing
      expect(got.length).toBe(sent.length)
      expect(got.every((byte, i) => byte === sent[i])).toBe(true)
      expect(await cat.exited).toEqual({ code: 0, signal: null })
    })

    it('keep a program waiting whose reader does not read', async () => {
      const on = await machine()
      const yes = await on.spawn('yes')
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
      const parent = await sh(on, '(sleep 0.05; echo late) & echo early')
      expect(await parent.exited).toEqual({ code: 0, signal: null })
      expect(await text(parent.stdout)).toBe('early\nlate\n')
    })

    it('fail a write that nobody will read', async () => {
      const done = await (await machine()).spawn('true')
      await done.exited
      const writer = done.stdin!.getWriter()
      await expect(writer.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'EPIPE' })
    })

    it('keep errors apart', async () => {
      const both = await sh(await machine(), 'echo out; echo err >&2')
      expect(await Promise.all([text(both.stdout), text(both.stderr)])).toEqual(['out\n', 'err\n'])
    })
  })

  describe('kill', () => {
    const KILLED = { code: null, signal: 'SIGKILL' }

    it('before it ran', async () => {
      const one = await (await machine()).spawn('sleep', ['100'])
      expect(await one.kill('SIGKILL')).toBe(true)
      expect(await one.exited).toEqual(KILLED)
    })

    it('while it computes, blocks, or is stopped', async () => {
      const on = await machine()
      const spinning = await sh(on, 'while :; do :; done')
      const blocked = await on.spawn('cat')
      const stopped = await on.spawn('sleep', ['100'])
      await stopped.kill('SIGSTOP')
      await until(async () => (await stateOf(on, stopped.pid)) === 'T')
      expect(await stateOf(on, blocked.pid)).toBe('S')
      for (const one of [spinning, blocked, stopped]) expect(await one.kill('SIGKILL')).toBe(true)
      expect(await Promise.all([spinning.exited, blocked.exited, stopped.exited])).toEqual([
        KILLED,
        KILLED,
        KILLED,
      ])
    })

    it('after it ended does nothing', async () => {
      const one = await (await machine()).spawn('true')
      await one.exited
      expect(await one.kill()).toBe(false)
      await expect(one.kill('SIGNONSENSE')).rejects.toThrow(/no signal/)
    })

    it('by an AbortSignal, before and after the start', async () => {
      const on = await machine()
      await expect(on.spawn('true', [], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i)
      const one = await on.spawn('sleep', ['100'], { signal: AbortSignal.timeout(30) })
      expect(await one.exited).toEqual(KILLED)
    })
  })

  describe('machines', () => {
    it('ten at once do not meet', async () => {
      const ten = await Promise.all(Array.from({ length: 10 }, (_, i) => machine({ hostname: `m${i}` })))
      const outputs = await Promise.all(
        ten.map((on, i) => said(on, `echo ${i} > /tmp/mine; sleep 0.01; cat /tmp/mine; hostname`)),
      )
      expect(outputs).toEqual(ten.map((_, i) => `${i}\nm${i}\n`))
    })

    it('repeat a run by seed', async () => {
      const script =
        'od -An -tx1 -N8 /dev/urandom 2>/dev/null || hexdump -C /dev/urandom | head -n 1; date +%s; echo $$'
      const run = async (seed: number): Promise<string> => said(await machine({ seed }), script)
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
      await (await sh(on, '/bin/true; /bin/false; exit 3')).exited
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
      await expect(on.spawn('nonesuch')).rejects.toThrow(/nonesuch: not found/)
      await expect(on.spawn('true', [], { cwd: '/nowhere' })).rejects.toThrow(/working directory \/nowhere/)
      const misspelt = { name: 'x', wants: { calls: ['opne'] }, on: () => {} }
      await expect(on.use(misspelt)).rejects.toThrow(/opne: no system call/)
      await expect(on.use('nope')).rejects.toMatchObject({ name: 'StartError', code: 'ENODEV' })
      await expect(Machine.create({ root: { type: 'nofs' } })).rejects.toThrow(/no file-system type nofs/)
    })

    it('end with all their processes, and cannot be used afterwards', async () => {
      let spinning: GuestProcess
      {
        await using on = await Machine.create()
        spinning = await sh(on, 'while :; do :; done')
        await pause(5)
      }
      expect((await spinning!.exited).signal).toBe('SIGKILL')
      const on = await Machine.create()
      await on.dispose()
      await on.dispose()
      await expect(on.spawn('true')).rejects.toThrow(/disposed/)
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
      expect(await said(on, 'cat /a/link; ls -l /a/hard | cut -c1-10; echo two >> /a/hard')).toBe(
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
  })
}

/**
 * File systems that answer with promises: a memfs volume by its fs.promises, here and over a channel, and the world
 * below by an engine's own calls (View-OS's `unreal`).
 */

import { MessageChannel } from 'node:worker_threads'
import { memfs } from 'memfs'
import { afterEach, describe, expect, it } from 'vitest'
import { messagePortChannel } from '../../src/channels.ts'
import { Machine } from '../../src/host/node/index.ts'
import { asyncFilesOf, type PromiseFiles } from '../../src/promise-files.ts'
import { errnoName } from '../../syscalls/abi/errno.ts'
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../syscalls/abi/stat.ts'
import { type Engine, noCalls } from '../../syscalls/engines/engine.ts'
import { OwnCalls } from '../../syscalls/engines/own-calls.ts'
import { remoteFiles, serveFiles } from '../../syscalls/engines/remote/files.ts'
import type { AsyncFiles } from '../../syscalls/fs/asyncfs/async-files.ts'
import { AsyncFs } from '../../syscalls/fs/asyncfs/asyncfs.ts'

const undo: (() => void)[] = []
afterEach(() => {
  for (const step of undo.splice(0)) step()
})

const volume = (): PromiseFiles =>
  memfs({ '/d/one': 'first\n', '/d/sub/two': 'second\n', '/link': 'x' }).fs
    .promises as unknown as PromiseFiles

function overChannel(files: AsyncFiles): AsyncFiles {
  const { port1, port2 } = new MessageChannel()
  undo.push(() => port1.close())
  void serveFiles(files, messagePortChannel(port1))
  return remoteFiles(messagePortChannel(port2))
}

async function sh(
  files: AsyncFiles | PromiseFiles,
  script: string,
  mode: 'ro' | 'rw' = 'rw',
): Promise<string> {
  await using machine = await Machine.create({
    seed: 1,
    mounts: [{ at: '/v', fs: { promises: files, mode } }],
  })
  const process = await machine.spawn('sh', ['-c', script], { cwd: '/v' })
  const [out, err] = await Promise.all([process.stdout, process.stderr].map((s) => new Response(s).text()))
  return out! + err!
}

const SCRIPT = `
  cat d/one d/sub/two; ls d; echo third > d/three; cat d/three; echo more >> d/three; wc -l d/three
  mkdir e && mv d/three e/moved && cat e/moved; ln -s moved e/l; cat e/l; readlink e/l; rm e/l
  chmod 600 e/moved; ls -l e | cut -c1-10; rmdir e; rm -r e; ls; cat nowhere
  seq 1 3000 > big; tail -n 1 big; wc -c < big; head -c 5 big | wc -c; grep -c 7 big; cp d/one d/copy; cat d/copy
`
const EXPECTED = [
  'first',
  'second',
  'one',
  'sub',
  'third',
  '2 d/three',
  'third',
  'more',
  'third',
  'more',
  'moved',
  'total 4',
  '-rw-------',
  'd',
  'link',
  '3000',
  '13893',
  '5',
  '813',
  'first',
  'rmdir: e: Directory not empty',
  'cat: nowhere: No such file or directory',
  '',
]

describe('a memfs volume by its promises', () => {
  const forms: Record<string, () => AsyncFiles | PromiseFiles> = {
    here: volume,
    'over a MessagePort': () => overChannel(asyncFilesOf(volume())),
  }
  for (const [form, files] of Object.entries(forms)) {
    it(`is a file system: ${form}`, async () => {
      expect((await sh(files(), SCRIPT)).split('\n').map((line) => line.trim())).toEqual(EXPECTED)
    })
    it(`is read-only when that is said: ${form}`, async () => {
      const said = await sh(files(), 'echo x > d/one; mkdir y; rm d/one; cat d/one', 'ro')
      expect(said.match(/Read-only file system/g)).toHaveLength(3)
      expect(said).toContain('first')
    })
  }

  it('other programs run on while it answers, and a lost channel is EIO', async () => {
    const { port1, port2 } = new MessageChannel()
    const files: AsyncFiles = { ...asyncFilesOf(volume()), read: () => new Promise(() => {}) }
    void serveFiles(files, messagePortChannel(port1))
    await using machine = await Machine.create({
      mounts: [{ at: '/v', fs: { promises: remoteFiles(messagePortChannel(port2)) } }],
    })
    const waiting = await machine.spawn('cat', ['/v/d/one'])
    expect((await machine.run('true', [], { stdio: 'ignore' })).code).toBe(0)
    port1.close()
    expect((await waiting.exited).code).toBe(1)
    const later = await machine.spawn('ls', ['/v'])
    expect(await new Response(later.stderr).text()).toContain('I/O error')
  })

  it('nonsense is EIO', async () => {
    const nonsense = {
      ...asyncFilesOf(volume()),
      read: async () => 'text' as never,
      readdir: async () => [{ name: '../up', mode: S_IFREG }],
    }
    const said = await sh(nonsense, 'cat d/one; ls d; echo still here')
    expect(said.match(/I\/O error/g)).toHaveLength(2)
    expect(said).toContain('still here')
    const stats = { ...asyncFilesOf(volume()), lstat: async () => ({ size: NaN }) as never }
    expect(await sh(stats, 'cd /; cat /v/d/one')).toContain('I/O error')
  })
})

/** Files of the world below an engine, by system calls that it makes there. */
function filesBelow(own: () => OwnCalls): AsyncFiles {
  const must = async (result: Promise<number>): Promise<number> => {
    const value = await result
    if (value < 0) throw Object.assign(new Error('refused'), { code: errnoName(value) })
    return value
  }
  const refuse = async (): Promise<never> => {
    throw Object.assign(new Error('read-only'), { code: 'EROFS' })
  }
  const opened = async <T>(path: string, use: (fd: number) => Promise<T>): Promise<T> => {
    const fd = await must(own().call('open', path, 0, 0))
    try {
      return await use(fd)
    } finally {
      await own().call('close', fd)
    }
  }
  return {
    async lstat(path) {
      const bytes = new Uint8Array(144)
      await must(own().call('lstat', path, bytes))
      const view = new DataView(bytes.buffer)
      const i64 = (at: number): number => Number(view.getBigInt64(at, true))
      const ms = (at: number): number => i64(at) * 1000
      const [nlink, mode] = [i64(16), view.getUint32(24, true)]
      const [uid, gid] = [view.getUint32(28, true), view.getUint32(32, true)]
      return {
        ino: i64(8),
        mode,
        nlink,
        uid,
        gid,
        size: i64(48),
        atimeMs: ms(72),
        mtimeMs: ms(88),
        ctimeMs: ms(104),
      }
    },
    readdir: (path) =>
      opened(path, async (fd) => {
        const bytes = new Uint8Array(32768)
        const entries: { name: string; mode: number }[] = []
        for (;;) {
          const size = await must(own().call('getdents64', fd, bytes, bytes.length))
          if (size === 0) return entries
          const view = new DataView(bytes.buffer)
          for (let at = 0; at < size; at += view.getUint16(at + 16, true)) {
            const end = bytes.indexOf(0, at + 19)
            const name = new TextDecoder().decode(bytes.subarray(at + 19, end))
            const mode = { 4: S_IFDIR, 10: S_IFLNK }[bytes[at + 18]!] ?? S_IFREG
            if (name !== '.' && name !== '..') entries.push({ name, mode })
          }
        }
      }),
    async readlink(path) {
      const bytes = new Uint8Array(4096)
      const size = await must(own().call('readlink', path, bytes, bytes.length))
      return new TextDecoder().decode(bytes.subarray(0, size))
    },
    read: (path, position, count) =>
      opened(path, async (fd) => {
        const bytes = new Uint8Array(Math.min(count, 65536))
        return bytes.subarray(0, await must(own().call('pread64', fd, bytes, bytes.length, position)))
      }),
    ...{ write: refuse, create: refuse, mkdir: refuse, symlink: refuse, link: refuse, unlink: refuse },
    ...{ rmdir: refuse, rename: refuse, truncate: refuse, chmod: refuse, utimes: refuse },
  }
}

/** Shows the world below it at a place. */
function unreal(at: string): Engine {
  let own: OwnCalls | null = null
  const engine: Engine = {
    name: 'unreal',
    wants: noCalls,
    services: [
      {
        kind: 'path',
        at,
        fs: new AsyncFs(
          filesBelow(() => own!),
          { type: 'unreal' },
        ),
      },
    ],
    attach(view) {
      own = new OwnCalls(view, engine)
    },
    detach: () => own?.close(),
  }
  return engine
}

describe('unreal: the world below at /unreal and /unreal/unreal', () => {
  it('each is asked for by the calls of the one above it', async () => {
    await using machine = await Machine.create({ seed: 1 })
    await machine.fs.writeFile('/tmp/x', 'real\n')
    await machine.use(unreal('/unreal'))
    await machine.use(unreal('/unreal2'))
    const script = `
      cat /unreal/tmp/x; cat /unreal2/tmp/x; cat /unreal2/unreal/tmp/x; ls /unreal2/unreal/unreal
      ls -d /unreal/etc /unreal2/unreal/etc; readlink /unreal2/unreal/bin/ls
      cd /unreal2/unreal/tmp; pwd; cat x; cat ../tmp/x; wc -c < /etc/passwd; wc -c < /unreal2/unreal/etc/passwd; rm x`
    const process = await machine.spawn('sh', ['-c', script])
    const [out, err] = await Promise.all([process.stdout, process.stderr].map((s) => new Response(s).text()))
    expect(out!.split('\n').map((line) => line.trim())).toEqual([
      'real',
      'real',
      'real',
      '/unreal/etc',
      '/unreal2/unreal/etc',
      'userland',
      '/unreal2/unreal/tmp',
      'real',
      'real',
      '145',
      '145',
      '',
    ])
    expect(err).toContain('/unreal2/unreal/unreal: No such file or directory')
    expect(err).toContain('Read-only')
  })
})

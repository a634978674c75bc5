/** Names that engines answer for: mounts of a view, ghosts, exceptions, refusals; deny and allow by argument. */

import { describe, expect, it } from 'vitest'
import { EACCES, EBUSY, ECONNREFUSED, ENODEV, ENOENT, ENOTTY, EPERM } from '../../../syscalls/abi/errno.ts'
import { allow } from '../../../syscalls/engines/allow/allow.ts'
import { deny } from '../../../syscalls/engines/deny/deny.ts'
import { calls, type Engine, noCalls, RUN } from '../../../syscalls/engines/engine.ts'
import type { PathService } from '../../../syscalls/engines/path-services.ts'
import { EngineBusyError } from '../../../syscalls/engines/view.ts'
import { textFile } from '../../../syscalls/fs/textfs/textfs.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import type { Kernel } from '../../../syscalls/kernel/kernel.ts'
import { exit, type Scripted, type Step, scripted } from './scripted.ts'

const answering = (name: string, ...services: Omit<PathService, 'kind'>[]): Engine => ({
  name,
  wants: noCalls,
  services: services.map((service) => ({ kind: 'path', ...service })),
})

const tree = (kernel: Kernel): Tmpfs => new Tmpfs(kernel.clock, { mode: 0o755 })
const seen: (string | number)[] = []
/** Opens and reads a file: notes its text or the errno. */
const read = (path: string): Step[] => [
  (at) => ['open', at.text(path), 0, 0],
  (at) => (at.result < 0 ? undefined : ['read', at.result, at.room(64), 64]),
  (at) => void seen.push(at.result < 0 ? at.result : at.string(0x480000, at.result)),
]

/** Runs steps; what they read or got, in order. */
async function observe(engines: Engine[], steps: Step[], prepare: (s: Scripted) => unknown = () => {}) {
  seen.length = 0
  const s = scripted({ main: [...steps, exit(0)] }, { engines })
  await prepare(s)
  await s.run('main')
  return [...seen]
}
const result: Step = (at) => void seen.push(at.result)

describe('a path service', () => {
  it('answers for a file that need not exist, by whatever name one comes to it', async () => {
    const engine = answering('answer', {
      at: '/tmp/answer',
      fs: textFile({ read: (caller) => `of ${caller.processId}` }),
    })
    const steps: Step[] = [
      ...read('/tmp/answer'),
      () => ['close', 3],
      (at) => ['chdir', at.text('/tmp')],
      ...read('../tmp/./answer'),
      () => ['close', 3],
      (at) => ['symlink', at.text('/tmp/answer'), at.text('/link')],
      ...read('/link'),
      (at) => ['unlink', at.text('/tmp/answer')],
      result,
    ]
    expect(await observe([engine], steps)).toEqual(['of 2', 'of 2', 'of 2', -EBUSY])
  })

  it('writes, where the function takes text', async () => {
    const log: string[] = []
    const engine = answering('w', {
      at: '/tmp/knob',
      fs: textFile({ read: () => 'x', write: (text) => (text === 'bad' ? -EPERM : log.push(text) * 0) }),
    })
    await observe(
      [engine],
      [
        (at) => ['open', at.text('/tmp/knob'), 1, 0],
        () => ['write', 3, 'good', 4],
        result,
        () => ['write', 3, 'bad', 3],
        result,
      ],
    )
    expect([...seen, ...log]).toEqual([4, -EPERM, 'good'])
  })

  it('of two, the newest answers; one that does not confirm leaves it to the next', async () => {
    const at = (who: string, confirm?: () => boolean): Engine =>
      answering(who, { at: '/tmp/x', fs: textFile({ read: () => who }), ...(confirm ? { confirm } : {}) })
    expect(await observe([at('a'), at('b')], read('/tmp/x'))).toEqual(['b'])
    expect(await observe([at('a'), at('b', () => false)], read('/tmp/x'))).toEqual(['a'])
    expect(await observe([at('b', () => false)], read('/tmp/x'))).toEqual([-ENOENT])
  })

  it('leaves exceptions as they are without it', async () => {
    const engine = answering('hide', { at: '/data', fs: tree, except: ['/kept', '/deep/file'] })
    const prepare = async ({ machine }: Scripted): Promise<void> => {
      await machine.fs.mkdir('/data/deep', { recursive: true })
      for (const name of ['kept', 'gone', 'deep/file']) await machine.fs.writeFile(`/data/${name}`, name)
    }
    const s = scripted({ main: [exit(0)] })
    await prepare(s)
    // The directory of an exception must be there in what the engine shows.
    expect(() => s.machine.use(engine)).toThrow(/deep\/file/)
    expect((await s.machine.fs.readdir('/data')).sort()).toEqual(['deep', 'gone', 'kept'])
    s.machine.use(answering('hide', { at: '/data', fs: tree, except: ['/kept'] }))
    expect(await s.machine.fs.readdir('/data')).toEqual(['kept'])
    expect(await s.machine.fs.readFile('/data/kept', 'utf8')).toBe('kept')
    s.machine.view.remove('hide')
    expect((await s.machine.fs.readdir('/data')).sort()).toEqual(['deep', 'gone', 'kept'])
  })

  it('is refused where its directory does not exist, and then nothing of the engine stays', () => {
    const s = scripted({ main: [exit(0)] })
    const engine = answering('no', { at: '/tmp/a', fs: tree }, { at: '/no/such/place', fs: tree })
    expect(() => s.machine.use(engine)).toThrow(/\/no\/such\/place/)
    expect(s.machine.view.list()).toEqual([])
    expect([...s.machine.kernel.mountTree.mounts].some(({ source }) => source === 'no')).toBe(false)
  })

  it('is not taken out while somebody is there', async () => {
    const engine = answering('held', { at: '/tmp/d', fs: tree })
    const told: string[] = []
    const s = scripted(
      {
        main: [
          (at) => ['chdir', at.text('/tmp/d')],
          () => {
            try {
              s.machine.kernel.view.remove(engine)
            } catch (error) {
              told.push(`${error instanceof EngineBusyError} ${(error as Error).message}`)
            }
          },
          (at) => ['chdir', at.text('/')],
          () => void told.push(String(s.machine.kernel.view.remove(engine))),
          (at) => ['chdir', at.text('/tmp/d')],
          (at) => void told.push(String(at.result)),
          exit(0),
        ],
      },
      { engines: [engine] },
    )
    await s.run('main')
    expect(told).toEqual(['true held is held by somebody who uses /tmp/d', 'true', String(-ENOENT)])
  })

  it('of a nested view does not show outside, and stays there when the outer one goes', () => {
    const s = scripted({ main: [exit(0)] })
    const outer = s.machine.kernel.view
    const common = answering('common', { at: '/tmp/common', fs: tree })
    outer.push(common)
    const inner = outer.fork()
    inner.push(answering('own', { at: '/tmp/own', fs: tree }))
    outer.remove(common)
    const sources = (view: typeof outer) => [...view.mounts.mounts].map(({ source }) => source)
    expect(sources(outer)).not.toContain('common')
    expect(sources(outer)).not.toContain('own')
    expect(sources(inner)).toEqual(expect.arrayContaining(['common', 'own']))
    inner.drop()
  })
})

describe('deny and allow', () => {
  it('deny a path, as it is and through links, and what is below it', async () => {
    const engine = deny({ path: ['/secret', '/tmp/file'], errno: 'ENOENT' })
    const prepare = async ({ machine }: Scripted): Promise<void> => {
      await machine.fs.mkdir('/secret')
      await machine.fs.writeFile('/secret/a', 'a')
      await machine.fs.writeFile('/tmp/file', 'f')
      await machine.fs.symlink('/secret', '/link')
      machine.use(engine)
    }
    const steps: Step[] = [
      ...read('/secret/a'),
      ...read('/link/a'),
      ...read('/tmp/../secret/a'),
      ...read('/tmp/file'),
      (at) => ['chdir', at.text('/secret')],
      result,
      (at) => ['stat', at.text('/tmp/file'), at.room(144)],
      result,
      (at) => ['unlink', at.text('/tmp/file')],
      result,
    ]
    expect(await observe([], steps, prepare)).toEqual([...Array(6).fill(-ENOENT), -EBUSY])
  })

  it('deny a family, a device, an ioctl and a file-system type; allow leaves only those', async () => {
    const steps: Step[] = [
      () => ['socket', 1, 1, 0],
      result,
      () => ['socket', 2, 1, 0],
      result,
      (at) => ['open', at.text('/dev/null'), 0, 0],
      result,
      (at) => ['open', at.text('/dev/zero'), 0, 0],
      result,
      () => ['ioctl', 0, 0x5413, 0],
      result,
      () => ['ioctl', 0, 0x5401, 0],
      result,
      (at) => ['mount', 'none', '/tmp', at.text('tmpfs'), 0, 0],
      result,
    ]
    const options = { family: 'inet', device: '1:3', ioctl: '0x5413', type: 'tmpfs', errno: 'ECONNREFUSED' }
    expect(await observe([deny(options)], steps)).toEqual([
      3,
      -ECONNREFUSED,
      -ECONNREFUSED,
      4,
      -ECONNREFUSED,
      -ENOTTY,
      -ECONNREFUSED,
    ])
    expect(await observe([allow({ ...options, errno: 'EACCES' })], steps)).toEqual([
      -EACCES,
      3,
      4,
      -EACCES,
      -ENOTTY,
      -EACCES,
      0,
    ])
  })

  it('allow only named calls, and always those that end a program', async () => {
    const engine = allow({ getpid: '', errno: 'ENODEV' })
    expect(await observe([engine], [() => ['getpid'], result, () => ['getppid'], result])).toEqual([
      2,
      -ENODEV,
    ])
  })

  it('a call that allow names has no chain', () => {
    const s = scripted({ main: [exit(0)] }, { engines: [allow({ getpid: '' })] })
    expect([s.machine.kernel.view.chain(39), s.machine.kernel.view.chain(110)?.length]).toEqual([null, 1])
  })

  it('refuse options that mean nothing', () => {
    expect(() => deny({ family: 'ipx9' })).toThrow('deny: family=ipx9 is no protocol family')
    expect(() => deny({ device: '1' })).toThrow('deny: device=1 is no MAJOR:MINOR')
    expect(() => deny({ path: 'etc' })).toThrow('deny: path=etc does not begin with /')
    expect(() => deny({ mkdir: 'EFOO' })).toThrow('deny: EFOO is no error name')
    expect(() => allow({ path: '/a' })).toThrow('allow: path= names what is refused')
    expect(() => allow({ colour: 'red' })).toThrow('allow: colour=red: there is no option colour')
    expect(() => deny({ ioctl: 'EPERM' })).not.toThrow()
  })

  it('stand in any order with other engines', async () => {
    const log: string[] = []
    const watching: Engine = {
      name: 'w',
      wants: calls('getpid', 'getppid'),
      syscallEntry: () => RUN,
      syscallExit: (call) => void log.push(`${call.name} ${call.result}`),
    }
    const steps: Step[] = [() => ['getpid'], () => ['getppid']]
    await observe([deny({ getppid: '' }), watching], steps)
    await observe([watching, deny({ getppid: '' })], steps)
    expect(log).toEqual(['getpid 2', `getppid ${-EPERM}`, 'getpid 2'])
  })
})

/** The id engine: identity, owners and devices of a view's own, and that nothing is gained outside by it. */

import { describe, expect, it } from 'vitest'
import { EACCES, EPERM } from '../../../syscalls/abi/errno.ts'
import { id } from '../../../syscalls/engines/id/id.ts'
import type { OptionsLike } from '../../../syscalls/engines/options.ts'
import { type At, exit, type Step, scripted } from './scripted.ts'

const O_RDWR_CREAT = 0o102
const S_IFCHR = 0o020000
const S_IFBLK = 0o060000

/** st_uid, st_gid, permissions and type of what a stat at SCRATCH holds. */
const statOf = (at: At, addr: number): string => {
  const rdev = at.i64(addr + 40)
  return `${at.u32(addr + 28)}:${at.u32(addr + 32)} ${at.u32(addr + 24).toString(8)}${rdev ? ` ${rdev >> 8},${rdev & 255}` : ''}`
}

/** Runs steps under stacked id engines, and then others outside; each result is noted, a stat as text. */
async function run(
  levels: OptionsLike[],
  inside: Step[],
  options: { uid?: number; files?: Record<string, number> } = {},
): Promise<{ log: (string | number)[]; outside: (path: string) => Promise<string> }> {
  const log: (string | number)[] = []
  const steps = inside.flatMap((step): Step[] => {
    let name = ''
    let args: readonly (number | string)[] = []
    return [
      (at) => {
        const call = step(at)
        if (call) [name, ...args] = call
        return call
      },
      (at) => {
        const isStat = /^(new|l|f)?stat/.test(name) && at.result === 0
        log.push(isStat ? statOf(at, Number(args[1])) : at.result)
      },
    ]
  })
  const s = scripted(
    { main: [...steps, exit(0)] },
    { engines: levels.map(id), machine: { uid: options.uid ?? 0, gid: options.uid ?? 0 } },
  )
  const { kernel } = s.machine
  for (const [path, uid] of Object.entries(options.files ?? {})) {
    await s.machine.fs.writeFile(path, 'x', { mode: 0o644 })
    const made = kernel.mountTree.root.inode
    const [folder, name] = path.slice(1).split('/') as [string, string]
    const directory = made.lookup(kernel.caller, folder)
    const file = typeof directory === 'number' ? directory : directory.lookup(kernel.caller, name)
    if (typeof file === 'number') throw new Error(path)
    file.setAttributes(kernel.caller, { uid, gid: uid })
  }
  expect(await s.run('main')).toEqual({ code: 0, signal: null })
  return {
    log,
    outside: async (path) => {
      const { uid, gid, mode } = await s.machine.fs.lstat(path)
      return `${uid}:${gid} ${mode.toString(8)}`
    },
  }
}

const stat =
  (path: string): Step =>
  (at) => ['stat', at.text(path), at.room(144)]
const touch = (path: string, mode = 0o644): Step[] => [
  (at) => ['open', at.text(path), O_RDWR_CREAT, mode],
  () => ['close', 3],
]

describe('identity', () => {
  it('is what the options say, and the rest is the task’s own', async () => {
    const ids: Step[] = ['getuid', 'geteuid', 'getgid', 'getegid'].map((name) => () => [name])
    expect((await run([{ uid: '1000', gid: '100' }], ids)).log).toEqual([1000, 1000, 100, 100])
    expect((await run([{ uid: '7' }], ids)).log).toEqual([7, 7, 0, 0])
    expect((await run([{ fakeroot: '' }], ids, { uid: 1000 })).log).toEqual([0, 0, 0, 0])
    expect(
      (await run([{ fakeroot: '' }, { uid: '5', gid: '5' }, { uid: '6' }], ids, { uid: 1000 })).log,
    ).toEqual([6, 6, 5, 5])
  })

  it('changes as set-id calls say, by the view’s own rules', async () => {
    const { log } = await run(
      [{ uid: '0' }],
      [
        () => ['setgid', 5],
        () => ['setuid', 5],
        () => ['getuid'],
        () => ['getgid'],
        () => ['setuid', 0],
        () => ['setuid', 5],
      ],
      { uid: 1000 },
    )
    expect(log).toEqual([0, 0, 5, 5, -EPERM, 0])
  })

  it('has the capabilities that are named', async () => {
    const steps: Step[] = [() => ['setuid', 5], (at) => ['chown', at.text('/tmp'), 1, 1]]
    expect((await run([{ uid: '1000', caps: 'none' }], steps)).log).toEqual([-EPERM, -EPERM])
    expect((await run([{ uid: '1000', caps: 'chown' }], steps)).log).toEqual([-EPERM, 0])
    expect((await run([{ uid: '1000', caps: 'setuid+chown' }], [steps[1]!, steps[0]!])).log).toEqual([0, 0])
  })

  it('refuses what is no option, id or capability', () => {
    expect(() => id({ colour: 'red' })).toThrow(/id: there is no option colour; there are uid/)
    expect(() => id({ uid: '-1' })).toThrow(/uid=-1 is no id/)
    expect(() => id({ gid: '4294967295' })).toThrow(/is no id/)
    expect(() => id({ groups: '1+x' })).toThrow(/groups=x is no id/)
    expect(() => id({ caps: 'chown+fly' })).toThrow(/caps=fly is no capability/)
  })
})

describe('files', () => {
  it('that are made belong to the view’s user inside, and to the real one outside', async () => {
    const { log, outside } = await run(
      [{ uid: '1000', gid: '100' }],
      [
        ...touch('/tmp/f'),
        (at) => ['mkdir', at.text('/tmp/d'), 0o755],
        (at) => ['symlink', at.text('f'), at.text('/tmp/l')],
        stat('/tmp/f'),
        stat('/tmp/d'),
        (at) => ['lstat', at.text('/tmp/l'), at.room(144)],
      ],
    )
    expect(log.slice(-3)).toEqual(['1000:100 100644', '1000:100 40755', '1000:100 120777'])
    expect(await outside('/tmp/f')).toBe('0:0 100644')
    expect(await outside('/tmp/l')).toBe('0:0 120777')
  })

  it('that others own show their owners; under fakeroot one’s own are the view’s', async () => {
    const files = { '/tmp/mine': 1000, '/tmp/theirs': 7 }
    const steps = [stat('/tmp/mine'), stat('/tmp/theirs')]
    expect((await run([{ uid: '0' }], steps, { uid: 1000, files })).log).toEqual([
      '1000:1000 100644',
      '7:7 100644',
    ])
    expect((await run([{ fakeroot: '' }], steps, { uid: 1000, files })).log).toEqual([
      '0:0 100644',
      '7:7 100644',
    ])
  })

  it('chown and chmod are remembered; outside only what the owner may do happens', async () => {
    const { log, outside } = await run(
      [{ fakeroot: '' }],
      [
        (at) => ['chown', at.text('/tmp/mine'), 5, 6],
        (at) => ['chmod', at.text('/tmp/mine'), 0o4711],
        (at) => ['chown', at.text('/tmp/theirs'), 8, -1],
        (at) => ['chmod', at.text('/tmp/theirs'), 0o600],
        stat('/tmp/mine'),
        stat('/tmp/theirs'),
        // Inside root may read all; outside the file is another's, who did not allow it to be written.
        (at) => ['open', at.text('/tmp/theirs'), 1, 0],
        (at) => ['chown', at.text('/tmp/mine'), 0, 0],
        stat('/tmp/mine'),
      ],
      { uid: 1000, files: { '/tmp/mine': 1000, '/tmp/theirs': 7 } },
    )
    expect(log).toEqual([0, 0, 0, 0, '5:6 104711', '8:7 100600', -EACCES, 0, '0:0 100711'])
    expect(await outside('/tmp/mine')).toBe('1000:1000 100711')
    expect(await outside('/tmp/theirs')).toBe('7:7 100644')
  })

  it('are guarded by the view’s own rules too: who calls himself 1000 is no root', async () => {
    const { log } = await run(
      [{ uid: '1000', gid: '1000' }],
      [
        (at) => ['open', at.text('/tmp/roots'), 1, 0],
        (at) => ['unlink', at.text('/tmp/roots')],
        (at) => ['chown', at.text('/tmp/roots'), 1000, -1],
        (at) => ['chmod', at.text('/tmp/roots'), 0o666],
        (at) => ['mkdir', at.text('/new'), 0o755],
        (at) => ['link', at.text('/tmp/roots'), at.text('/tmp/again')],
      ],
      { files: { '/tmp/roots': 0 } },
    )
    expect(log).toEqual([-EACCES, -EPERM, -EPERM, -EPERM, -EACCES, -EPERM])
  })

  it('mknod is remembered, and opens nothing that one could not make outside', async () => {
    const steps: Step[] = [
      (at) => ['mknod', at.text('/tmp/null'), S_IFCHR | 0o666, (1 << 8) | 3],
      (at) => ['mknod', at.text('/tmp/disk'), S_IFBLK | 0o600, (8 << 8) | 1],
      stat('/tmp/null'),
      stat('/tmp/disk'),
      (at) => ['open', at.text('/tmp/null'), 2, 0],
    ]
    const unprivileged = await run([{ fakeroot: '' }], steps, { uid: 1000 })
    expect(unprivileged.log).toEqual([0, 0, '0:0 20644 1,3', '0:0 60600 8,1', -EACCES])
    expect(await unprivileged.outside('/tmp/null')).toBe('1000:1000 100644')
    const privileged = await run([{ uid: '0' }], steps)
    expect(privileged.log.at(-1)).toBe(3)
  })
})

describe('other processes', () => {
  /** A process of the view tries to signal one outside it, of another real user, and the reverse. */
  it('are not reached by calling oneself root, nor spared by calling oneself nobody', async () => {
    const log: number[] = []
    const s = scripted({
      main: [
        () => ['fork'],
        (at) => {
          if (at.result === 0) at.jump('victim')
        },
        () => ['setuid', 1000],
        (at) => ['prctl', 0x574d55, at.text('fork'), 4, at.room(64), 64],
        (at) => ['prctl', 0x574d55, at.text('add id,uid=0'), 12, at.room(64), 64],
        (at) => void log.push(at.result),
        () => ['getuid'],
        (at) => void log.push(at.result),
        () => ['kill', 3, 15],
        (at) => void log.push(at.result),
        () => ['kill', 2, 0],
        (at) => void log.push(at.result),
        exit(0),
      ],
      victim: [(at) => ['nanosleep', at.pointers(0, 5_000_000), 0], exit(0)],
    })
    await s.run('main')
    expect(log).toEqual([0, 0, -EPERM, 0])
  })

  it('leaving the view gives the identity back, also from the middle', async () => {
    const log: number[] = []
    const look: Step[] = [() => ['getuid'], (at) => void log.push(at.result)]
    const five = id({ uid: '5' })
    const six = id({ uid: '6' })
    const s = scripted({
      main: [
        () => s.machine.kernel.view.push(five),
        ...look,
        () => s.machine.kernel.view.push(six),
        ...look,
        () => void s.machine.kernel.view.remove(five),
        ...look,
        () => void s.machine.kernel.view.remove(six),
        ...look,
        exit(0),
      ],
    })
    await s.run('main')
    expect(log).toEqual([5, 6, 6, 0])
  })

  it('who calls himself 1000 does not take the engine out', async () => {
    const log: number[] = []
    const tell =
      (line: string): Step =>
      (at) => ['prctl', 0x574d55, at.text(line), line.length, at.room(64), 64]
    const s = scripted(
      { main: [tell('rm id'), (at) => void log.push(at.result), exit(0)] },
      { engines: [id({ uid: '1000' })] },
    )
    await s.run('main')
    expect(log).toEqual([-EPERM])
  })
})

/** Views of directories: what each mode does with a change, what is kept beside it, and the engine that mounts them. */

import { describe, expect, it } from 'vitest'
import * as E from '../../../syscalls/abi/errno.ts'
import { O_CREAT, O_RDWR, O_TMPFILE } from '../../../syscalls/abi/fcntl.ts'
import { MNT_READONLY } from '../../../syscalls/abi/mount.ts'
import { S_IFCHR, S_IFIFO } from '../../../syscalls/abi/stat.ts'
import { viewfs } from '../../../syscalls/engines/viewfs/viewfs.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import { formatRecord, parseRecord } from '../../../syscalls/fs/viewfs/record.ts'
import { topOf, ViewFs, type ViewMode } from '../../../syscalls/fs/viewfs/viewfs.ts'
import { Credentials } from '../../../syscalls/kernel/credentials.ts'
import { type At, type Call, exit, SCRATCH, type Step, scripted } from './scripted.ts'
import { stamp, TestClock, Tree, testCaller } from './view-trees.ts'

interface Sides {
  /** A. */
  upper: Tree
  /** B. */
  lower: Tree
  view: Tree
  /** The same A and B mounted anew. */
  again(): Tree
}

function sidesOf(mode: ViewMode, uid = 0): Sides {
  const caller = testCaller(new TestClock())
  const [upper, lower] = [Tree.inMemory(caller), Tree.inMemory(caller)]
  lower.create('/file', 'below')
  lower.create('/gone', 'below')
  lower.mkdir('/dir')
  lower.create('/dir/a', 'in dir')
  lower.symlink('/link', 'file')
  if (uid) upper.set('/', { uid, gid: uid })
  const by = testCaller(caller.world.clock as unknown as TestClock, uid)
  const parts = { mode, upper: upper.top, lower: lower.top, mounter: new Credentials(uid, uid), by }
  const make = (): Tree => Tree.of(new ViewFs(parts), by)
  return { upper, lower, view: make(), again: make }
}

/** Every kind of change, and what it comes to on a file system that takes them all. */
const CHANGES: readonly (readonly [string, (tree: Tree) => number, string])[] = [
  ['create', (t) => t.create('/new', 'new'), '/new'],
  ['write', (t) => t.write('/file', 'XY', 1), '/file'],
  ['append', (t) => t.append('/file', '+'), '/file'],
  ['truncate', (t) => t.set('/file', { size: 2 }), '/file'],
  ['chmod', (t) => t.set('/file', { mode: 0o600 }), '/file'],
  ['chown', (t) => t.set('/file', { uid: 7, gid: 8 }), '/file'],
  ['utimens', (t) => t.set('/file', { mtime: stamp(5, 6) }), '/file'],
  ['unlink', (t) => t.unlink('/gone'), '/gone'],
  ['rmdir', (t) => t.unlink('/dir/a') || t.rmdir('/dir'), '/dir'],
  ['rename a file', (t) => t.rename('/file', '/moved'), '/moved'],
  ['rename a directory', (t) => t.rename('/dir', '/moved'), '/moved'],
  ['rename over', (t) => t.rename('/file', '/gone'), '/gone'],
  ['link', (t) => t.link('/file', '/second'), '/second'],
  ['symlink', (t) => t.symlink('/made', 'file'), '/made'],
  ['mknod', (t) => t.mknod('/node', S_IFCHR | 0o600, 259), '/node'],
  ['mkfifo', (t) => t.mknod('/fifo', S_IFIFO | 0o600), '/fifo'],
  ['xattr', (t) => t.setXattr('/file', 'user.x', 'y'), '/file'],
]

describe('each change', () => {
  for (const [name, act] of CHANGES) {
    it(`cow: ${name}`, () => {
      const { lower, view, again } = sidesOf('cow')
      const before = [...lower.look()]
      const plain = sidesOf('cow').lower
      expect(act(view)).toBeGreaterThanOrEqual(0)
      expect(act(plain)).toBeGreaterThanOrEqual(0)
      expect([...view.look()]).toEqual([...plain.look()])
      expect([...again().look()]).toEqual([...plain.look()])
      expect([...lower.look()]).toEqual(before)
    })

    it(`mincow: ${name}`, () => {
      const { lower, upper, view } = sidesOf('mincow')
      const plain = sidesOf('cow').lower
      expect(act(view)).toBeGreaterThanOrEqual(0)
      act(plain)
      expect([...lower.look()]).toEqual([...plain.look()])
      expect(upper.names('/')).toEqual([])
    })

    it(`mincow over what is read-only: ${name}`, () => {
      const { lower, view, again } = sidesOf('mincow')
      const before = [...lower.look()]
      lower.top.mount.flags |= MNT_READONLY
      const plain = sidesOf('cow').lower
      expect(act(view)).toBeGreaterThanOrEqual(0)
      act(plain)
      expect([...view.look()]).toEqual([...plain.look()])
      expect([...again().look()]).toEqual([...plain.look()])
      expect([...lower.look()]).toEqual(before)
    })

    it(`merge: ${name}`, () => {
      const { lower, upper, view } = sidesOf('merge')
      const plain = sidesOf('cow').lower
      expect(act(view)).toBeGreaterThanOrEqual(0)
      act(plain)
      expect([...lower.look()]).toEqual([...plain.look()])
      expect(upper.names('/')).toEqual([])
    })
  }
})

describe('merge', () => {
  it('shows both, and what is above cannot be changed', () => {
    const { lower, upper, view } = sidesOf('merge')
    upper.create('/file', 'above')
    upper.mkdir('/dir', 0o700)
    upper.create('/dir/b', 'above')
    upper.mkdir('/only')
    expect(view.read('/file')).toBe('above')
    expect(view.names('/').sort()).toEqual(['dir', 'file', 'gone', 'link', 'only'])
    expect(view.names('/dir').sort()).toEqual(['a', 'b'])
    expect([view.unlink('/dir/b'), view.create('/only/x'), view.rename('/file', '/x')]).toEqual(
      Array(3).fill(-E.EROFS),
    )
    expect(view.set('/file', { size: 0 })).toBe(-E.EROFS)
    expect(view.create('/dir/new')).toBe(0)
    expect(lower.names('/dir')).toContain('new')
  })
})

describe('what is above', () => {
  it('is a plain tree; the rest is said beside it', () => {
    const { upper, view } = sidesOf('cow')
    view.unlink('/gone')
    view.write('/dir/a', 'IN')
    view.set('/file', { mode: 0o4755, uid: 3 })
    view.rename('/dir', '/-moved')
    view.mkdir('/dir')
    expect(upper.read('/-moved/a')).toBe('IN dir')
    expect(upper.names('/.-').sort()).toEqual(['-', '--moved', 'dir', 'file', 'gone'])
    expect(upper.read('/.-/gone')).toBe('')
    expect(upper.read('/.-/file')).toBe('mode=4755\nuid=3\n')
    expect(upper.read('/.-/--moved/-')).toBe('lower=/dir\n')
    expect(upper.read('/.-/dir/-')).toBe('lower=\n')
    expect(view.names('/dir')).toEqual([])
  })

  it('has a name that the view does not have', () => {
    const { view, again } = sidesOf('cow')
    view.unlink('/gone')
    expect(view.find('/.-')).toBe(-E.ENOENT)
    expect([view.mkdir('/.-'), view.create('/.-'), view.rename('/file', '/.-')]).toEqual(
      Array(3).fill(-E.EINVAL),
    )
    expect(view.mkdir('/dir/.-')).toBe(0)
    expect(again().names('/dir').sort()).toEqual(['.-', 'a'])
  })

  it('may be made by an enemy: nothing breaks, and what others wrote is not believed', () => {
    const { upper, lower, again } = sidesOf('cow')
    lower.create('/secret', 's', 0o600)
    upper.mkdir('/.-')
    upper.create('/.-/file', 'mode=100777\nuid=nine\nlower=/../..\nxattr.user.a=zz\n\n=\nmode')
    upper.create('/.-/link', 'mode=120777\nrdev=99999999999\n')
    upper.symlink('/.-/gone', '/secret')
    upper.mkdir('/.-/dir')
    upper.mkdir('/.-/dir/-')
    upper.create('/.-/secret', 'mode=666\nuid=1000\n')
    upper.set('/.-/secret', { uid: 1000 })
    upper.mkdir('/x')
    upper.mkdir('/.-/x')
    upper.create('/.-/x/-', 'lower=/dir/../dir\n')
    const plain = sidesOf('cow').lower
    plain.create('/secret', 's', 0o600)
    plain.mkdir('/x')
    const view = again()
    expect([...view.look()]).toEqual([...plain.look()])
    expect(view.unlink('/gone') || view.unlink('/file') || view.unlink('/dir/a')).toBe(0)
    expect(again().names('/').sort()).toEqual(['dir', 'link', 'secret', 'x'])
    upper.rename('/.-', '/old')
    upper.create('/.-', 'a file')
    expect(again().names('/').sort()).toEqual(['dir', 'file', 'gone', 'link', 'old', 'secret', 'x'])
    expect(again().unlink('/file')).toBe(0)
  })

  it('a record says what it was made from', () => {
    const xattrs = new Map([['user.a=\nb', Uint8Array.of(0, 255)]])
    const record = { mode: S_IFIFO | 0o644, uid: 0, rdev: 7, mtime: stamp(-5, 6), lower: '/a\n%=b', xattrs }
    expect(parseRecord(formatRecord(record))).toEqual(record)
  })
})

describe('a view of somebody without privilege', () => {
  it('takes what modes below forbid, and shows nothing that he may not see', () => {
    const { lower, view, upper } = sidesOf('cow', 1000)
    lower.create('/secret', 's', 0o600)
    lower.mkdir('/closed', 0o700)
    lower.create('/closed/x', 'x', 0o644)
    expect(view.write('/file', 'mine')).toBe(4)
    expect(view.unlink('/gone')).toBe(0)
    expect(view.read('/file')).toBe('minew')
    expect(lower.read('/file')).toBe('below')
    const { uid } = (upper.find('/file') as { inode: { uid: number } }).inode
    expect(uid).toBe(1000)
    // Renaming would copy it, and a directory take its contents along.
    expect(view.rename('/secret', '/mine')).toBe(-E.EACCES)
    expect(view.rename('/dir', '/moved')).toBe(-E.EXDEV)
    upper.mkdir('/closed', 0o777)
    upper.set('/closed', { uid: 1000, mode: 0o777 })
    expect(view.find('/closed/x')).toBe(-E.EACCES)
    upper.mkdir('/.-', 0o777)
    upper.create('/.-/secret', 'mode=666\n', 0o666)
    upper.set('/.-/secret', { uid: 1000 })
    expect(view.write('/secret', 'w')).toBe(-E.EACCES)
  })
})

describe('an open file', () => {
  it('goes on when it is copied up, renamed, removed, and when the changes are dropped or committed', () => {
    const { view, lower } = sidesOf('cow')
    const file = view.open('/file')
    if (typeof file === 'number') throw new Error('no file')
    const { ino } = file.inode
    view.append('/file', '1')
    expect(file.inode.ino).toBe(ino)
    view.rename('/file', '/dir/other')
    view.writeTo(file, '2', 6)
    expect(view.read('/dir/other')).toBe('below12')
    view.unlink('/dir/other')
    view.writeTo(file, '3', 7)
    const bytes = new Uint8Array(20)
    expect(file.readAt(view.caller, 0, bytes, 0, 20)).toBe(8)
    expect(lower.read('/file')).toBe('below')
  })
})

// The engine.

const machines = (mode: string, more = '') => {
  let lower!: Tmpfs
  let upper!: Tmpfs
  const s = (main: Step[]) =>
    scripted(
      { main },
      {
        machine: {
          mounts: [
            { at: '/b', fs: (kernel) => (lower = new Tmpfs(kernel.clock)) },
            { at: '/a', fs: (kernel) => (upper = new Tmpfs(kernel.clock)) },
          ],
        },
      },
    )
  return { s, lower: () => lower, upper: () => upper, engine: `viewfs,${mode}=/b,upper=/a${more}` }
}

/** Makes calls in a view of /b and gives their results. */
async function inView(mode: string, calls: (Call | ((at: At) => Call))[], more = ''): Promise<number[]> {
  const seen: number[] = []
  const steps: Step[] = calls.flatMap((call) => [
    (at) => (typeof call === 'function' ? call(at) : call),
    (at) => void seen.push(at.result),
  ])
  const { s, lower, engine } = machines(mode, more)
  const program = s([...steps, exit(0)])
  const { machine } = program
  const below = new Tree(topOf(lower()), machine.kernel.caller)
  below.create('/file', 'below')
  below.mkdir('/keep')
  machine.use(engine)
  await program.run('main')
  return seen
}

const PROT_RW = 3
const MAP_SHARED = 1

describe('in a machine', () => {
  for (const mode of ['cow', 'mincow'])
    it(`${mode}: a shared mapping from before the copy and a descriptor show the same`, async () => {
      let mapped = 0
      let shown = ''
      const seen = await inView(mode, [
        ['open', '/b/file', O_RDWR, 0],
        ['mmap', 0, 4096, PROT_RW, MAP_SHARED, 3, 0],
        (at) => {
          mapped = at.result
          // The page is there when the kernel has read from it.
          return ['write', 3, mapped, 5]
        },
        ['pwrite64', 3, 'ABOVE', 5, 0],
        (at) => {
          shown = at.string(mapped, 5)
          // The kernel stores as a program would.
          return ['pread64', 3, mapped, 2, 3]
        },
        ['pread64', 3, SCRATCH, 5, 0],
        (at) => {
          shown += ` ${at.string(SCRATCH, 5)}`
          return ['access', '/b/file', 0]
        },
      ])
      expect(seen.filter((_, i) => i !== 1)).toEqual([3, 5, 5, 2, 5, 0])
      expect(shown).toBe('ABOVE VEOVE')
    })

  it('a file without a name gets one', async () => {
    const seen = await inView('cow', [
      ['open', '/b/keep', O_TMPFILE | O_RDWR, 0o600],
      ['write', 3, 'nameless', 8],
      ['linkat', -100, '/proc/self/fd/3', -100, '/b/named', 0x400],
      ['linkat', 3, '', -100, '/b/named', 0x1000],
      ['stat', '/b/named', SCRATCH],
      ['rename', '/b/named', '/elsewhere'],
    ])
    expect(seen).toEqual([3, 8, -E.ENOENT, 0, 0, -E.EXDEV])
  })

  it('what is excepted is the world’s, also where the view has no such name', async () => {
    const { s, lower, upper, engine } = machines('move', ',except=/keep')
    const program = s([
      () => ['open', '/b/keep/x', O_RDWR | O_CREAT, 0o600],
      () => ['open', '/b/y', O_RDWR | O_CREAT, 0o600],
      () => ['access', '/b/file', 0],
      (at) => ['exit_group', at.result === -E.ENOENT ? 0 : 1],
    ])
    const { machine } = program
    const below = new Tree(topOf(lower()), machine.kernel.caller)
    below.mkdir('/keep')
    below.create('/file', '')
    machine.use(engine)
    expect(await program.run('main')).toEqual({ code: 0, signal: null })
    expect(below.names('/keep')).toEqual(['x'])
    expect(new Tree(topOf(upper()), machine.kernel.caller).names('/')).toEqual(['y'])
    expect((await machine.fs.readdir('/b')).sort()).toEqual(['keep', 'y'])
    machine.view.remove('viewfs')
    expect((await machine.fs.readdir('/b')).sort()).toEqual(['file', 'keep'])
  })

  it('lists, commits and drops changes, through mounts below too', async () => {
    const { machine } = scripted({ main: [exit(0)] })
    await machine.fs.mkdir('/etc')
    await machine.fs.writeFile('/etc/motd', 'old')
    await machine.fs.mkdir('/sub')
    const sub = new Tmpfs(machine.kernel.clock)
    machine.kernel.mountTree.add(
      sub,
      new Tree(machine.kernel.mountTree.root, machine.kernel.caller).find('/sub') as never,
      'sub',
    )
    const engine = viewfs({ cow: '/' })
    machine.use(engine)
    expect(await engine.diff()).toEqual([])
    await machine.fs.writeFile('/etc/motd', 'new')
    await machine.fs.writeFile('/sub/made', 'x')
    await machine.fs.mkdir('/etc/d')
    const shown = async (): Promise<string[]> =>
      (await engine.diff()).map(({ kind, path }) => `${kind} ${path}`)
    expect(await shown()).toEqual(['C /etc', 'A /etc/d', 'C /etc/motd', 'C /sub', 'A /sub/made'])
    expect(sub.root.entryCount).toBe(0)
    await engine.commit()
    expect(await shown()).toEqual([])
    expect(sub.root.entryCount).toBe(1)
    await machine.fs.unlink('/etc/motd')
    await machine.fs.writeFile('/sub/made', 'other')
    expect(await shown()).toEqual(['C /etc', 'D /etc/motd', 'C /sub/made'])
    await engine.drop()
    expect(await shown()).toEqual([])
    expect(await machine.fs.readFile('/etc/motd', 'utf8')).toBe('new')
    expect(await machine.fs.readFile('/sub/made', 'utf8')).toBe('x')
    machine.view.remove(engine)
    expect(await machine.fs.readFile('/etc/motd', 'utf8')).toBe('new')
  })

  it('changes what is seen at a place with several mounts, and nothing that they hide', async () => {
    const { machine } = scripted({ main: [exit(0)] })
    await machine.fs.mkdir('/sub')
    const { kernel } = machine
    const mounted = ['hidden', 'seen'].map((source) => {
      const fs = new Tmpfs(kernel.clock)
      const { root } = kernel.mountTree
      kernel.mountTree.add(fs, new Tree(root, kernel.caller).find('/sub') as never, source)
      return fs
    })
    const engine = viewfs({ cow: '/' })
    machine.use(engine)
    await machine.fs.writeFile('/sub/made', 'x')
    expect(await engine.diff()).toEqual([
      { kind: 'C', path: '/sub' },
      { kind: 'A', path: '/sub/made' },
    ])
    await engine.commit()
    expect(mounted.map((fs) => fs.root.entryCount)).toEqual([0, 1])
  })

  it('says what is wrong, and leaves the view as it was', async () => {
    const { machine } = scripted({ main: [exit(0)] })
    const wrong = (text: string): string => {
      try {
        machine.use(text)
        return ''
      } catch (error) {
        return `${(error as { code: string }).code} ${(error as Error).message}`
      }
    }
    expect(wrong('viewfs,cow=/,nonsense')).toMatch(/^EINVAL viewfs: there is no option nonsense/)
    expect(wrong('viewfs,cow=/x')).toBe('ENOENT viewfs: /x: No such file or directory')
    expect(wrong('viewfs,cow=/bin/main')).toBe('ENOTDIR viewfs: /bin/main: Not a directory')
    expect(wrong('viewfs,cow=/,except=/x')).toMatch(/^ENOENT viewfs: except=\/x/)
    expect(wrong('viewfs,cow=/,except=/../x')).toMatch(/^EINVAL/)
    expect(wrong('viewfs,merge=/')).toMatch(/^EINVAL viewfs: merge needs/)
    expect(wrong('viewfs,cow=/,move=/')).toMatch(/^EINVAL viewfs: say one of/)
    expect(machine.view.list()).toEqual([])
    expect(machine.kernel.mountTree.mounts.size).toBe(2)
    await expect(viewfs({ cow: '/' }).diff()).rejects.toThrow('in no view')
  })
})

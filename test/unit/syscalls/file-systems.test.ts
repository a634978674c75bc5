/** One suite for every file-system type: the same program gives the same results. Then what only one can show. */

import { Volume } from 'memfs'
import { describe, expect, it } from 'vitest'
import { R12 } from '../../../emu/guest/x86/state.ts'
import type { FileSystemChoice } from '../../../src/mounting.ts'
import * as E from '../../../syscalls/abi/errno.ts'
import { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDWR, O_TRUNC } from '../../../syscalls/abi/fcntl.ts'
import { CowFs } from '../../../syscalls/fs/cowfs/cowfs.ts'
import type { HostFiles } from '../../../syscalls/fs/hostfs/host-files.ts'
import { HostFs } from '../../../syscalls/fs/hostfs/hostfs.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import { type At, type Call, exit, SCRATCH, type Step, scripted } from './scripted.ts'

/** In x86-64's struct stat. */
const ST_SIZE = 48
const files = (volume: InstanceType<typeof Volume>): HostFiles => volume as unknown as HostFiles

const types: Record<string, () => FileSystemChoice> = {
  tmpfs: () => ({ type: 'tmpfs' }),
  'hostfs over memfs': () => () =>
    new HostFs({ files: files(Volume.fromJSON({ '/d/.keep': '' })), directory: '/d' }),
  'cowfs over memfs': () => (kernel) =>
    new CowFs(
      kernel.clock,
      new HostFs({ files: files(Volume.fromJSON({ '/d/.keep': '' })), directory: '/d' }),
    ),
  'cowfs over tmpfs': () => (kernel) => new CowFs(kernel.clock, new Tmpfs(kernel.clock)),
}

/** Makes calls one after the other and gives their results. */
async function results(
  fs: FileSystemChoice,
  calls: (Call | ((at: At) => Call))[],
  readOnly = false,
): Promise<number[]> {
  const seen: number[] = []
  const steps: Step[] = calls.flatMap((call) => [
    (at) => (typeof call === 'function' ? call(at) : call),
    (at) => void seen.push(at.result),
  ])
  const s = scripted({ main: [...steps, exit(0)] }, { machine: { mounts: [{ at: '/m', fs, readOnly }] } })
  await s.run('main')
  return seen
}

for (const [name, make] of Object.entries(types))
  describe(name, () => {
    it('makes, writes, reads, sizes and removes files', async () => {
      const seen = await results(make(), [
        ['open', '/m/a', O_RDWR | O_CREAT | O_EXCL, 0o644],
        ['write', 3, 'hello world', 11],
        ['pread64', 3, SCRATCH, 5, 6],
        ['lseek', 3, 0, 2],
        ['ftruncate', 3, 4],
        ['lseek', 3, 0, 2],
        ['open', '/m/a', O_RDWR | O_CREAT | O_EXCL, 0o644],
        ['unlink', '/m/a'],
        ['pread64', 3, SCRATCH, 10, 0],
        ['open', '/m/a', O_RDWR, 0],
        ['unlink', '/m/a'],
      ])
      expect(seen).toEqual([3, 11, 5, 11, 0, 4, -E.EEXIST, 0, 4, -E.ENOENT, -E.ENOENT])
    })

    it('directories: order of errors', async () => {
      const seen = await results(make(), [
        ['mkdir', '/m/d', 0o755],
        ['mkdir', '/m/d', 0o755],
        ['mkdir', '/m/d/e/', 0o755],
        ['open', '/m/d/f', O_RDWR | O_CREAT, 0o600],
        ['rmdir', '/m/d'],
        ['unlink', '/m/d'],
        ['rmdir', '/m/d/f'],
        ['open', '/m/d/f/', O_RDWR, 0],
        ['open', '/m/d', O_RDWR, 0],
        ['open', '/m/d/f', O_DIRECTORY, 0],
        ['open', '/m/d/f/g', O_RDWR, 0],
        ['rmdir', '/m/d/e/.'],
        ['rmdir', '/m/d/e'],
        ['unlink', '/m/d/f'],
        ['rmdir', '/m/d'],
        ['access', '/m/d', 0],
      ])
      expect(seen).toEqual([
        0,
        -E.EEXIST,
        0,
        3,
        -E.ENOTEMPTY,
        -E.EISDIR,
        -E.ENOTDIR,
        -E.ENOTDIR,
        -E.EISDIR,
        -E.ENOTDIR,
        -E.ENOTDIR,
        -E.EINVAL,
        0,
        0,
        0,
        -E.ENOENT,
      ])
    })

    it('renames files and directories, also over others', async () => {
      const seen = await results(make(), [
        ['mkdir', '/m/a', 0o755],
        ['open', '/m/a/x', O_RDWR | O_CREAT, 0o600],
        ['write', 3, 'X', 1],
        ['rename', '/m/a', '/m/b'],
        ['access', '/m/b/x', 0],
        ['access', '/m/a', 0],
        ['rename', '/m/b', '/m/b/c'],
        ['open', '/m/y', O_RDWR | O_CREAT, 0o600],
        ['rename', '/m/b/x', '/m/y'],
        ['open', '/m/y', 0, 0],
        ['read', 5, SCRATCH, 10],
        ['rename', '/m/y', '/m/b'],
        ['rename', '/m/b', '/m/y'],
        ['rename', '/m/y', '/tmp2'],
        ['renameat2', -100, '/m/y', -100, '/m/b', 1],
        ['rmdir', '/m/b'],
      ])
      expect(seen).toEqual([
        0,
        3,
        1,
        0,
        0,
        -E.ENOENT,
        -E.EINVAL,
        4,
        0,
        5,
        1,
        -E.EISDIR,
        -E.ENOTDIR,
        -E.EXDEV,
        -E.EEXIST,
        0,
      ])
    })

    it('symlinks: loops, dangling, no follow, relative', async () => {
      const seen = await results(make(), [
        ['symlink', 'loop', '/m/loop'],
        ['open', '/m/loop', 0, 0],
        ['symlink', 'made', '/m/dangling'],
        ['open', '/m/dangling', 0, 0],
        ['open', '/m/dangling', O_RDWR | O_CREAT, 0o600],
        ['access', '/m/made', 0],
        ['open', '/m/dangling', O_NOFOLLOW, 0],
        ['readlink', '/m/dangling', SCRATCH, 100],
        ['readlink', '/m/made', SCRATCH, 100],
        ['mkdir', '/m/d', 0o755],
        ['symlink', '../made', '/m/d/up'],
        ['access', '/m/d/up', 0],
        ['symlink', 'x', '/m/d/up'],
      ])
      expect(seen).toEqual([0, -E.ELOOP, 0, -E.ENOENT, 3, 0, -E.ELOOP, 4, -E.EINVAL, 0, 0, 0, -E.EEXIST])
    })

    it('rm -r works over many getdents calls: offsets stay while entries go', async () => {
      const COUNT = 40
      const names = Array.from({ length: COUNT }, (_, i) => `/m/many/file-number-${i}`)
      const removed: string[] = []
      const s = scripted(
        {
          main: [
            () => ['mkdir', '/m/many', 0o755],
            ...names.flatMap((n): Step[] => [
              () => ['open', n, O_RDWR | O_CREAT, 0o600],
              (at) => ['close', at.result],
            ]),
            () => ['open', '/m/many', O_DIRECTORY, 0],
            (at) => at.set(R12, at.result),
          ],
          again: [
            (at) => ['getdents64', at.get(R12), SCRATCH, 200],
            (at) => {
              if (at.result === 0) at.jump('end')
              let where = SCRATCH
              const found: string[] = []
              while (where < SCRATCH + at.result) {
                const size = at.space.view.getUint16(where + 16, true)
                found.push(at.string(where + 19, size - 19).split('\0')[0]!)
                where += size
              }
              const first = found.filter((n) => !n.startsWith('.'))
              removed.push(...first)
              at.put64(SCRATCH + 0x1000, first.length)
              first.forEach((n, i) => {
                const bytes = new TextEncoder().encode(`/m/many/${n}\0`)
                at.space.bytes.set(bytes, SCRATCH + 0x2000 + i * 64)
              })
            },
          ],
          next: [
            (at) => {
              const left = at.i64(SCRATCH + 0x1000)
              if (left === 0) at.jump('again')
              else at.put64(SCRATCH + 0x1000, left - 1)
            },
            (at) => ['unlink', SCRATCH + 0x2000 + at.i64(SCRATCH + 0x1000) * 64],
            (at) => at.jump('next'),
          ],
          end: [() => ['rmdir', '/m/many'], (at) => ['exit_group', at.result === 0 ? 0 : 1]],
        },
        { machine: { mounts: [{ at: '/m', fs: make() }] } },
      )
      expect(await s.run('main')).toEqual({ code: 0, signal: null })
      expect(new Set(removed).size).toBe(COUNT)
    })

    it('a read-only mount refuses every change with EROFS', async () => {
      const seen = await results(
        make(),
        [
          ['open', '/m/a', O_RDWR | O_CREAT, 0o644],
          ['mkdir', '/m/d', 0o755],
          ['symlink', 'x', '/m/l'],
          ['chmod', '/m', 0o700],
          ['access', '/m', 2],
        ],
        true,
      )
      expect(seen).toEqual([-E.EROFS, -E.EROFS, -E.EROFS, -E.EROFS, -E.EROFS])
    })
  })

describe('cowfs', () => {
  const tree = { '/d/file': 'lower', '/d/dir/a': 'A', '/d/dir/b': 'B' }

  it('leaves what lies below as it was', async () => {
    const volume = Volume.fromJSON(tree)
    const seen = await results(
      (kernel) => new CowFs(kernel.clock, new HostFs({ files: files(volume), directory: '/d' })),
      [
        ['open', '/m/file', O_RDWR, 0],
        ['pwrite64', 3, 'UP', 2, 1],
        ['pread64', 3, SCRATCH, 10, 0],
        ['rename', '/m/dir', '/m/moved'],
        ['unlink', '/m/moved/a'],
        ['access', '/m/dir', 0],
        ['access', '/m/moved/b', 0],
        ['access', '/m/moved/a', 0],
        ['mkdir', '/m/dir', 0o755],
        ['access', '/m/dir/b', 0],
        ['chmod', '/m/moved/b', 0o600],
        ['open', '/m/file', O_RDWR | O_TRUNC, 0],
        ['unlink', '/m/file'],
        ['rmdir', '/m/moved'],
      ],
    )
    expect(seen).toEqual([3, 2, 5, 0, 0, -E.ENOENT, 0, -E.ENOENT, 0, -E.ENOENT, 0, 4, 0, -E.ENOTEMPTY])
    expect(volume.toJSON()).toEqual(tree)
  })

  it('a directory made in the layer above is as large as its entries make it', async () => {
    const volume = Volume.fromJSON(tree)
    const sizes: number[] = []
    const sizeThen =
      (next: Call) =>
      (at: At): Call => {
        sizes.push(Number(at.space.view.getBigUint64(SCRATCH + ST_SIZE, true)))
        return next
      }
    await results(
      (kernel) => new CowFs(kernel.clock, new HostFs({ files: files(volume), directory: '/d' })),
      [
        ['mkdir', '/m/made', 0o755],
        ['stat', '/m/made', SCRATCH],
        sizeThen(['mkdir', '/m/made/inside', 0o755]),
        ['stat', '/m/made', SCRATCH],
        sizeThen(['rmdir', '/m/made/inside']),
        ['stat', '/m/made', SCRATCH],
        sizeThen(['rmdir', '/m/made']),
      ],
    )
    // As a directory of tmpfs on Linux.
    expect(sizes).toEqual([40, 60, 40])
  })

  it('gives ENOSPC when the layer above is full, and the lower file stays readable', async () => {
    const volume = Volume.fromJSON({ '/d/big': 'x'.repeat(100_000) })
    const seen = await results(
      (kernel) =>
        new CowFs(
          kernel.clock,
          new HostFs({ files: files(volume), directory: '/d' }),
          new Tmpfs(kernel.clock, { sizeMax: 10_000 }),
        ),
      [
        ['open', '/m/big', O_RDWR, 0],
        ['write', 3, 'y', 1],
        ['pread64', 3, SCRATCH, 10, 0],
      ],
    )
    expect(seen).toEqual([3, -E.ENOSPC, 10])
  })
})

describe('hostfs', () => {
  it('never lets a name or a host symlink lead out of the mounted directory', async () => {
    const volume = Volume.fromJSON({ '/secret/key': 'k', '/d/x': '' })
    volume.symlinkSync('/secret', '/d/out')
    volume.symlinkSync('../secret/key', '/d/up')
    const seen = await results(
      () => new HostFs({ files: files(volume), directory: '/d' }),
      [
        ['open', '/m/out/key', 0, 0],
        ['open', '/m/up', 0, 0],
        ['open', '/m/../../secret/key', 0, 0],
        ['readlink', '/m/out', SCRATCH, 100],
      ],
    )
    expect(seen).toEqual([-E.ENOENT, -E.ENOENT, -E.ENOENT, 7])
  })
})

describe('hostfs on other hosts', () => {
  /** A host that finds names in any case, as Windows and macOS do: every path is lower case inside. */
  function caseless(volume: InstanceType<typeof Volume>, directory: string): HostFiles {
    const shown = new Map<string, string>()
    const fold = (path: string): string => path.replace(directory, '/d').replace(/\/\.$/, '').toLowerCase()
    const host = volume as unknown as Record<string, (...a: unknown[]) => unknown>
    return new Proxy(files(volume), {
      get: (_target, key: string) => {
        if (key === 'constants') return undefined
        return (...given: unknown[]) => {
          const paths = key === 'renameSync' || key === 'linkSync' ? 2 : 1
          const folded = given.map((a, i) => (i < paths && typeof a === 'string' ? fold(a) : a))
          const result = host[key]!.apply(volume, folded)
          const last = given[paths - 1]
          if (typeof last === 'string' && (key === 'openSync' || key === 'mkdirSync' || key === 'renameSync'))
            if (!shown.has(fold(last)) || key === 'renameSync') shown.set(fold(last), last.split('/').pop()!)
          if (key === 'readdirSync')
            for (const entry of result as { name: string }[])
              entry.name = shown.get(`${fold(String(given[0]))}/${entry.name}`) ?? entry.name
          return result
        }
      },
    })
  }

  it('names that differ by case never become one file', async () => {
    const volume = Volume.fromJSON({ '/d/known': 'k' })
    const seen = await results(
      () => new HostFs({ files: caseless(volume, '/D'), directory: '/D' }),
      [
        ['open', '/m/known', 0, 0],
        ['open', '/m/KNOWN', 0, 0],
        ['open', '/m/Known', O_RDWR | O_CREAT, 0o600],
        ['mkdir', '/m/KNOWN', 0o755],
        ['open', '/m/Other', O_RDWR | O_CREAT | O_EXCL, 0o600],
        ['rename', '/m/Other', '/m/KNOWN'],
        ['rename', '/m/Other', '/m/other'],
        ['access', '/m/Other', 0],
        ['access', '/m/other', 0],
      ],
    )
    expect(seen).toEqual([3, -E.ENOENT, -E.EEXIST, -E.EEXIST, 4, -E.EEXIST, 0, -E.ENOENT, 0])
  })

  it('names that Windows forbids are refused', async () => {
    const names = ['a:b', 'a\\b', 'NUL', 'con.txt', 'dot.', 'space ', 'q?', 'LPT1', 'x\x01']
    const seen = await results(
      () => new HostFs({ files: caseless(Volume.fromJSON({ '/d/known': '' }), 'C:'), directory: 'C:\\' }),
      [
        ...names.flatMap((name): Call[] => [
          ['open', `/m/${name}`, 0, 0],
          ['mkdir', `/m/${name}`, 0o755],
        ]),
        ['open', '/m/known', 0, 0],
        ['mkdir', '/m/console', 0o755],
      ],
    )
    expect(seen).toEqual([...names.flatMap(() => [-E.ENOENT, -E.EINVAL]), 3, 0])
  })

  it('a file that another took the place of is not opened', async () => {
    const volume = Volume.fromJSON({ '/secret': 'k', '/d/x': 'x' })
    const host = files(volume)
    let swapped = false
    const racing = new Proxy(host, {
      get: (target, key: keyof HostFiles) => {
        if (key === 'constants') return undefined
        const method = (target[key] as (...a: unknown[]) => unknown).bind(target)
        if (key !== 'openSync') return method
        return (...given: unknown[]) => {
          if (!swapped) volume.renameSync('/secret', '/d/x')
          swapped = true
          return method(...given)
        }
      },
    })
    const seen = await results(
      () => new HostFs({ files: racing, directory: '/d' }),
      [
        ['open', '/m/x', 0, 0],
        ['read', 3, SCRATCH, 10],
      ],
    )
    expect(seen).toEqual([3, -E.ENOENT])
  })
})

describe('tmpfs', () => {
  it('has a limit', async () => {
    const seen = await results({ type: 'tmpfs', options: { size: '8k' } }, [
      ['open', '/m/a', O_RDWR | O_CREAT, 0o600],
      ['write', 3, SCRATCH, 6000],
      ['write', 3, SCRATCH, 6000],
      ['ftruncate', 3, 0],
      ['pwrite64', 3, SCRATCH, 6000, 0],
    ])
    expect(seen).toEqual([3, 6000, 2192, 0, 6000])
  })

  it('checks permissions by file-system user', async () => {
    const seen = await results({ type: 'tmpfs', options: { mode: '755' } }, [
      ['open', '/m/mine', O_RDWR | O_CREAT, 0o600],
      ['setresuid', 1000, 1000, 1000],
      ['open', '/m/mine', 0, 0],
      ['open', '/m/new', O_RDWR | O_CREAT, 0o600],
      ['chmod', '/m/mine', 0o777],
      ['unlink', '/m/mine'],
      ['setuid', 0],
    ])
    expect(seen).toEqual([3, 0, -E.EACCES, -E.EACCES, -E.EPERM, -E.EACCES, -E.EPERM])
  })
})

describe('names', () => {
  it('limits and odd names', async () => {
    const seen = await results({ type: 'tmpfs' }, [
      ['mkdir', `/m/${'n'.repeat(255)}`, 0o755],
      ['mkdir', `/m/${'n'.repeat(256)}`, 0o755],
      ['open', `/${'x/'.repeat(2100)}`, 0, 0],
      ['open', '', 0, 0],
      ['open', 8, 0, 0],
      ['mkdir', '/', 0o755],
      ['rmdir', '/', 0o755],
      ['rmdir', '/m'],
      ['mkdir', '//m//./ok//', 0o755],
      ['chdir', '/m/ok/../ok'],
      ['getcwd', SCRATCH, 100],
      ['rmdir', '/m/ok'],
      ['getcwd', SCRATCH, 100],
    ])
    expect(seen).toEqual([
      0,
      -E.ENAMETOOLONG,
      -E.ENAMETOOLONG,
      -E.ENOENT,
      -E.EFAULT,
      -E.EEXIST,
      -E.EBUSY,
      -E.EBUSY,
      0,
      0,
      6,
      0,
      -E.ENOENT,
    ])
  })
})

describe('a mount that the embedder made read-only', () => {
  it('stays so, remounted or bound elsewhere', async () => {
    const MS_REMOUNT = 32
    const MS_BIND = 4096
    const calls: Call[] = [
      ['mkdir', '/m/d', 0o755],
      ['mount', 0, '/m', 0, MS_REMOUNT | MS_BIND, 0],
      ['mount', 0, '/m', 0, MS_REMOUNT, 0],
      ['mkdir', '/b', 0o755],
      ['mount', '/m', '/b', 0, MS_BIND, 0],
      ['mount', 0, '/b', 0, MS_REMOUNT | MS_BIND, 0],
      ['mkdir', '/b/d', 0o755],
      ['umount2', '/b', 0],
    ]
    const seen = await results({ type: 'tmpfs' }, calls, true)
    expect(seen).toEqual([-E.EROFS, -E.EPERM, -E.EPERM, 0, 0, -E.EPERM, -E.EROFS, 0])
  })
})

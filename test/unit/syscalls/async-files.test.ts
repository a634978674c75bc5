/** A file system that answers with promises: its calls block the task, not the machine, and repeat nothing. */

import { expect, it } from 'vitest'
import { ENOENT } from '../../../syscalls/abi/errno.ts'
import { O_CREAT, O_RDWR } from '../../../syscalls/abi/fcntl.ts'
import { allCalls, type Engine, RUN } from '../../../syscalls/engines/engine.ts'
import { CowFs } from '../../../syscalls/fs/cowfs/cowfs.ts'
import type { Caller } from '../../../syscalls/vfs/caller.ts'
import { FileSystem, Inode } from '../../../syscalls/vfs/inode.ts'
import { exit, SCRATCH, scripted } from './scripted.ts'

const steps: string[] = []
const later = <T>(step: string, value: T): Promise<T> => {
  steps.push(step)
  return new Promise((resolve) => setTimeout(() => resolve(value), 2))
}

class LateFs extends FileSystem {
  override readonly answersAtOnce = false
  readonly type: string = 'latefs'
  readonly root: Inode = new LateDirectory(this)
  statfs() {
    return { type: 1, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

class LateDirectory extends Inode {
  readonly fs: FileSystem
  private readonly file: Inode
  constructor(fs: FileSystem) {
    super(0o040755)
    this.fs = fs
    this.file = new LateFile(fs)
  }
  override lookup(caller: Caller, name: string): Inode | number {
    const found = caller.settle(`lookup ${name}`, () =>
      name === 'broken'
        ? Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }))
        : later(`lookup ${name}`, { there: name === 'file' }),
    )
    if (typeof found === 'number') return found
    return found.there ? this.file : -ENOENT
  }
}

class LateFile extends Inode {
  readonly fs: FileSystem
  constructor(fs: FileSystem) {
    super(0o100644)
    this.fs = fs
    this.size = 5
  }
  override read(caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    const piece = caller.settle(`read ${pos}`, () =>
      later(`read ${pos}`, new TextEncoder().encode('hello').slice(pos, pos + count)),
    )
    if (typeof piece === 'number') return piece
    bytes.set(piece, at)
    return piece.length
  }
}

it('lookups and reads settle once; engines see one entry and one exit; a rejection is its errno', async () => {
  const seen: unknown[] = []
  const log: string[] = []
  const engine: Engine = {
    name: 'log',
    wants: allCalls,
    syscallEntry(call) {
      log.push(`>${call.name}`)
      return RUN
    },
    syscallExit: (call) => void log.push(`<${call.name}`),
  }
  const s = scripted(
    {
      main: [
        () => ['open', '/late/file', 0, 0],
        (at) => void seen.push(at.result),
        () => ['read', 3, SCRATCH, 10],
        (at) => void seen.push(at.string(SCRATCH, at.result)),
        () => ['mmap', 0, 4096, 1, 2, 3, 0],
        (at) => void seen.push(at.string(at.result, 6)),
        () => ['open', '/late/nothing', 0, 0],
        (at) => void seen.push(at.result),
        () => ['open', '/late/broken', 0, 0],
        (at) => void seen.push(at.result),
        exit(0),
      ],
    },
    { engines: [engine], machine: { mounts: [{ at: '/late', fs: () => new LateFs() }] } },
  )
  await s.run('main')
  expect(seen).toEqual([3, 'hello', 'hello\0', -ENOENT, -13])
  expect(steps).toEqual(['lookup file', 'read 0', 'read 0', 'read 5', 'lookup nothing'])
  expect(log.slice(0, 4)).toEqual(['>open', '<open', '>read', '<read'])
})

it('a view of it copies up what arrives in pieces', async () => {
  const seen: unknown[] = []
  const s = scripted(
    {
      main: [
        () => ['open', '/late/file', O_RDWR, 0],
        () => ['pwrite64', 3, 'J', 1, 0],
        (at) => void seen.push(at.result),
        () => ['pread64', 3, SCRATCH, 10, 0],
        (at) => void seen.push(at.string(SCRATCH, at.result)),
        () => ['rename', '/late/file', '/late/other'],
        (at) => void seen.push(at.result),
        () => ['access', '/late/file', 0],
        (at) => void seen.push(at.result),
        () => ['open', '/late/new', O_RDWR | O_CREAT, 0o600],
        (at) => void seen.push(at.result),
        () => ['unlink', '/late/other'],
        (at) => void seen.push(at.result),
        exit(0),
      ],
    },
    { machine: { mounts: [{ at: '/late', fs: (kernel) => new CowFs(kernel.clock, new LateFs()) }] } },
  )
  await s.run('main')
  expect(seen).toEqual([1, 'Jello', 0, -ENOENT, 4, 0])
})

/** The same random operations on a plain tree and on a view of one like it: both look the same at each step. */

import * as nodeFs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MNT_READONLY } from '../../syscalls/abi/mount.ts'
import type { HostFiles } from '../../syscalls/fs/hostfs/host-files.ts'
import { HostFs } from '../../syscalls/fs/hostfs/hostfs.ts'
import { Comparison } from '../../syscalls/fs/viewfs/changes.ts'
import { Commit, rebase } from '../../syscalls/fs/viewfs/commit.ts'
import * as layer from '../../syscalls/fs/viewfs/layer.ts'
import { topOf, ViewFs, type ViewMode } from '../../syscalls/fs/viewfs/viewfs.ts'
import type { Caller } from '../../syscalls/vfs/caller.ts'
import { fill, type Handles, operation, randomOf } from '../unit/syscalls/random-changes.ts'
import { TestClock, Tree, testCaller, wrongLinkCounts } from '../unit/syscalls/view-trees.ts'

const LOOK_EVERY = Number(process.env.UMWELT_VIEWFS_LOOK ?? 10)
const LOG_LENGTH = 20
const OPERATIONS = Number(process.env.UMWELT_VIEWFS_STEPS ?? 2500)

/** What a comparison of two looks says; what a directory has of links is not compared. */
function differences(before: Map<string, string>, after: Map<string, string>): string[] {
  const kinds = (text: string): string => text.split(' ')[0]!
  const withoutNames = (text: string): string => text.replace(/\] (\d+) \S+ /, ' $1 ')
  const found: string[] = []
  for (const [name, text] of after) {
    const old = before.get(name)
    if (old === undefined) found.push(`A ${name}`)
    else if (kinds(old) !== kinds(text) || withoutNames(old) !== withoutNames(text)) found.push(`C ${name}`)
  }
  const isInFile = (name: string): boolean => {
    const up = name.slice(0, name.lastIndexOf('/'))
    return up !== '' && !after.has(up) && before.has(up)
  }
  for (const name of before.keys()) if (!after.has(name) && !isInFile(name)) found.push(`D ${name}`)
  return found.sort()
}

const diffOf = (fs: ViewFs, tree: Tree): string[] => {
  const comparison = new Comparison(tree.caller, new Set())
  const changes = comparison.changes(fs.root, fs.lowerTop, '').map(({ kind, path }) => `${kind} ${path}`)
  return (comparison.isChanged(fs.root, fs.lowerTop.inode, '/') ? [...changes, 'C /'] : changes).sort()
}

function commit(fs: ViewFs, tree: Tree): void {
  const { caller } = tree
  const commit = new Commit(new Comparison(caller, new Set()), new Set())
  commit.check(fs.root, fs.lowerTop, '')
  commit.gather(fs.root, fs.lowerTop, '')
  commit.apply(fs.root, fs.lowerTop, '')
  fs.forgetInodes()
  rebase(fs.root, fs.lowerTop, caller, true)
  layer.empty(caller, fs.upperTop)
}

/** Notes what is called, so that a failure tells how it came about. */
const noted = (tree: Tree, log: string[]): Tree =>
  new Proxy(tree, {
    get(target, name: keyof Tree) {
      const method = target[name]
      if (typeof method !== 'function') return method
      return (...given: unknown[]) => {
        const shown = given.map((value) => (typeof value === 'object' ? '{}' : String(value)))
        const result: unknown = (method as (...args: unknown[]) => unknown).apply(target, given)
        log.push(`${name} ${shown.join(' ')} = ${typeof result === 'object' ? '{}' : result}`)
        return result
      }
    },
  })

/** A directory of the host that knows neither owners nor nodes nor attributes: all that is said in records. */
const onHost = (caller: Caller, directory: string): Tree =>
  new Tree(
    topOf(
      new HostFs({
        files: nodeFs as unknown as HostFiles,
        directory,
        owner: { hostUid: process.getuid?.() ?? 0, hostGid: process.getgid?.() ?? 0, uid: 0, gid: 0 },
      }),
    ),
    caller,
  )

function run(seed: number, mode: ViewMode, directory: string | null): void {
  const random = randomOf(seed)
  const clock = new TestClock()
  const caller = testCaller(clock)
  const [plain, lower] = [Tree.inMemory(caller), Tree.inMemory(caller)]
  const upper = directory ? onHost(caller, directory) : Tree.inMemory(caller)
  // What is said of a file on the host is said of one of its names.
  fill(plain, directory === null)
  fill(lower, directory === null)
  const parts = { mode, upper: upper.top, lower: lower.top, mounter: caller.credentials, by: caller }
  let fs = new ViewFs(parts)
  let view = Tree.of(fs, caller)
  plain.links = view.links = directory === null
  const before = lower.look()
  const [handles, handlesInView]: [Handles, Handles] = [new Map(), new Map()]
  const log: string[] = []
  const last = (step: number): string => `step ${step}\n${log.slice(-LOG_LENGTH).join('\n')}\n`
  for (let step = 0; step < OPERATIONS; step++) {
    clock.sec++
    if (mode === 'mincow' && random() < 0.02) lower.top.mount.flags ^= MNT_READONLY
    const seedOfStep = Math.floor(random() * 2 ** 31)
    const results = [[plain, handles] as const, [noted(view, log), handlesInView] as const].map(
      ([tree, open]) => operation(randomOf(seedOfStep))(tree, open),
    )
    expect(results[1], last(step)).toBe(results[0])
    if (step % LOOK_EVERY === 0) {
      for (const tree of directory ? [lower] : [lower, upper])
        expect(wrongLinkCounts(tree), last(step)).toEqual([])
      expect([...view.look()], last(step)).toEqual([...plain.look()])
    }
    if (step % 100 === 50) {
      expect(diffOf(fs, view), last(step)).toEqual(
        differences(mode === 'cow' ? before : lower.look(), plain.look()),
      )
    }
    if (step % 500 === 260) {
      // Only what is above says what was changed.
      for (const open of [handles, handlesInView]) {
        for (const file of open.values()) file.release()
        open.clear()
      }
      fs = new ViewFs(parts)
      view = Tree.of(fs, caller)
      view.links = directory === null
      expect([...view.look()], last(step)).toEqual([...plain.look()])
    }
  }
  if (mode === 'cow') expect([...lower.look()]).toEqual([...before])
  lower.top.mount.flags &= ~MNT_READONLY
  commit(fs, view)
  expect([...lower.look()], last(OPERATIONS)).toEqual([...plain.look()])
  expect([...view.look()]).toEqual([...plain.look()])
  expect(diffOf(fs, view)).toEqual([])
  expect(upper.names('/')).toEqual([])
}

describe('a view and a plain tree', () => {
  const first = Number(process.env.UMWELT_VIEWFS_SEED ?? 1)
  for (const mode of ['cow', 'mincow'] as const)
    for (let seed = first; seed < first + Number(process.env.UMWELT_VIEWFS_SEEDS ?? 2); seed++)
      for (const isOnHost of [false, true])
        it(`${mode}, changes ${isOnHost ? 'on the host' : 'in memory'}, seed ${seed}`, () => {
          const directory = isOnHost ? nodeFs.mkdtempSync(join(tmpdir(), 'umwelt-viewfs-')) : null
          try {
            run(seed, mode, directory)
          } finally {
            if (directory) nodeFs.rmSync(directory, { recursive: true })
          }
        })
})

/**
 * The viewfs engine: directories of the view's own. `--engine viewfs,cow=/,except=/tmp`. See docs/engines/viewfs.md.
 * Path: attach mounts, mounted.ts; fs/viewfs is what is mounted; `um diff`, `um commit`, `um drop` come by `command`.
 */

import { fromUtf8, utf8 } from '../../abi/bytes.ts'
import { BLOCKED, EBUSY, EINVAL, ELOOP, ERRNO_TEXT } from '../../abi/errno.ts'
import { type Change, ChangesError, Comparison } from '../../fs/viewfs/changes.ts'
import { Commit, rebase } from '../../fs/viewfs/commit.ts'
import * as layer from '../../fs/viewfs/layer.ts'
import { ViewInode } from '../../fs/viewfs/view-inode.ts'
import type { ViewFs } from '../../fs/viewfs/viewfs.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Task } from '../../kernel/task.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import type { Path } from '../../vfs/path.ts'
import { walkPath } from '../../vfs/walk.ts'
import { type Engine, noCalls, type Outcome } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'
import type { Service } from '../services.ts'
import { EngineRefusedError, type View } from '../view.ts'
import { coveredBy, Mounted } from './mounted.ts'
import { parseEngineOptions, parseMountOptions, type ViewChoice } from './options.ts'
import { pathsOf, type UsedPath } from './uses.ts'

export type { Change }

/** The engine, with which an embedder looks at what was changed, and keeps or forgets it. */
export interface ViewFsEngine extends Engine {
  /** What the programs changed: `A` added, `C` changed, `D` deleted; sorted by path. */
  diff(): Promise<Change[]>
  /** Makes the world below what the view shows; it has no changes then. Rejects, and nothing was changed, when it may not. */
  commit(): Promise<void>
  /** Forgets the changes. Rejects when a program has a file open that would be gone. */
  drop(): Promise<void>
}

const VERBS = ['diff', 'commit', 'drop'] as const
type Verb = (typeof VERBS)[number]

/** Why changes cannot be told, kept or forgotten. */
export class ViewFsError extends Error {
  readonly errno: number

  constructor(errno: number, message: string) {
    super(`viewfs: ${message}`)
    this.errno = errno
  }
}

class ViewFsOfView implements ViewFsEngine {
  readonly name = 'viewfs'
  readonly wants = noCalls
  private readonly choice: ViewChoice | null
  /** One for each mount tree that it was put on, and each of mount(2); the last one newest. */
  private readonly mounted: Mounted[] = []
  private kernel: Kernel | null = null

  constructor(options: ModuleOptions) {
    this.choice = parseEngineOptions(options)
  }

  attach(view: View, by: Task | null): void {
    this.kernel = view.kernel
    if (!this.choice) return
    if (by && !by.fs.root.equals(by.view.mounts.root))
      throw new EngineRefusedError(EINVAL, 'viewfs: the program has another root than its view')
    const { kernel, mounts } = view
    const { root } = mounts
    const mounting = { kernel, tree: mounts, caller: by ?? kernel.caller, root, cwd: root }
    this.mounted.push(new Mounted(mounting, this.choice))
  }

  private readonly type: FileSystemType = {
    name: 'viewfs',
    needsSource: true,
    mount: () => -EINVAL,
    mountAt: (task, source, place, options) => this.mountAt(task, source, place, options),
  }
  readonly services: readonly Service[] = [{ kind: 'filesystem', type: this.type }]

  /** mount(2). */
  private mountAt(task: Task, source: string, place: Path, options: string): number {
    const { kernel, view, fs } = task
    try {
      const target = fromUtf8(place.name(view.mounts.root))
      const choice = parseMountOptions(fromUtf8(options), fromUtf8(source), target)
      const mounting = { kernel, tree: view.mounts, caller: task, root: fs.root, cwd: fs.cwd }
      const mounted = new Mounted(mounting, choice, place)
      this.mounted.push(mounted)
      for (const other of view.tasks) this.enter(other)
      return 0
    } catch (error) {
      kernel.host.diagnostics(`mount: ${(error as Error).message}`)
      return error instanceof EngineRefusedError ? -error.errno : -EINVAL
    }
  }

  /** A task stands where it stood, by name. */
  enter(task: Task): void {
    for (const mounted of this.mounted) {
      if (mounted.tree !== task.view.mounts) continue
      task.fs.root = through(mounted, task.fs.root, task.kernel.caller)
      task.fs.cwd = through(mounted, task.fs.cwd, task.kernel.caller)
    }
  }

  detach(view: View): string | undefined {
    const tree = view.mounts
    const held: { task: Task; root: string; cwd: string }[] = []
    for (const mounted of this.mounted.toReversed()) {
      const mounts = mounted.mountsIn(tree)
      if (!mounts) {
        if (mounted.tree !== tree && !mounted.isIn(tree)) continue
        return `viewfs: ${mounted.shown} is not this view’s to take away`
      }
      const foreign = mounts.find((mount) => !mounted.isOwn(mount))
      if (foreign) return `viewfs: ${fromUtf8(foreign.source)} is mounted in it`
      const isHere = ({ path }: UsedPath): boolean => mounts.includes(path.mount)
      for (const task of view.kernel.tasks.values()) {
        const user = pathsOf(task).find((used) => isHere(used) && !this.staysBelow(mounted, used, view))
        if (user)
          return `viewfs: process ${task.group.pid} ${user.how} ${fromUtf8(user.path.name(tree.root))}`
      }
      for (const task of view.tasks) {
        const { root, cwd } = task.fs
        held.push({ task, root: root.name(tree.root), cwd: cwd.name(tree.root) })
      }
      mounted.unmount(tree)
    }
    for (const { task, root, cwd } of held) this.goBack(view, task, root, cwd)
    this.mounted.splice(0, this.mounted.length, ...this.mounted.filter((one) => one.tree !== tree))
    return undefined
  }

  /** A place that is there without the view, too, holds nothing. */
  private staysBelow(mounted: Mounted, { how, path }: UsedPath, view: View): boolean {
    if (how === 'runs' || how === 'maps') return true
    if (how !== 'stands in') return false
    const name = path.name(mounted.below)
    const found = walkPath(view.kernel.caller, mounted.below, mounted.below, name, 0)
    return typeof found !== 'number' && found.inode.isDirectory
  }

  private goBack({ kernel, mounts }: View, task: Task, root: string, cwd: string): void {
    for (const [which, name] of [
      ['root', root],
      ['cwd', cwd],
    ] as const) {
      const found = walkPath(kernel.caller, mounts.root, mounts.root, name, 0)
      if (typeof found !== 'number') task.fs[which] = found
    }
  }

  // Changes.

  private get keepers(): Mounted[] {
    const keepers = this.mounted.filter(({ choice }) => choice.kind === 'cow' || choice.kind === 'mincow')
    if (keepers.length === 0)
      throw new ViewFsError(EINVAL, 'no changes are kept here: cow and mincow keep them')
    return keepers
  }

  private changes(caller: Caller): Change[] {
    const found = this.keepers.flatMap((mounted) => {
      const covered = coveredBy(mounted.views)
      return mounted.views.flatMap((fs) => changesOf(fs, caller, covered, mounted.prefixOf(fs)))
    })
    return found.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  private commitAs(caller: Caller): void {
    for (const mounted of this.keepers) {
      const covered = coveredBy(mounted.views)
      const commits = mounted.views.map((fs) => ({
        fs,
        prefix: mounted.prefixOf(fs),
        commit: new Commit(new Comparison(caller, covered), covered),
      }))
      for (const { fs, prefix } of commits)
        if (!fs.answersAtOnce) throw new ViewFsError(EINVAL, `${prefix} answers too late to be changed`)
      for (const { fs, prefix, commit } of commits) commit.check(fs.root, fs.lowerTop, prefix)
      for (const { fs, prefix, commit } of commits) commit.gather(fs.root, fs.lowerTop, prefix)
      for (const { fs, prefix, commit } of commits) commit.apply(fs.root, fs.lowerTop, prefix)
      for (const fs of mounted.views) rebaseAll(fs, caller, true)
      layer.empty(mounted.views[0]!.mounterOf(caller), mounted.views[0]!.upperTop)
    }
  }

  private dropAs(caller: Caller, kernel: Kernel): void {
    for (const { views, tree } of this.keepers) {
      for (const task of kernel.tasks.values()) {
        const lost = pathsOf(task).find(({ how, path }) => how !== 'runs' && isLost(path, views))
        if (lost)
          throw new ViewFsError(
            EBUSY,
            `process ${task.group.pid} ${lost.how} ${fromUtf8(lost.path.name(tree.root))}, which would be gone`,
          )
      }
    }
    for (const { views } of this.keepers) {
      const result = layer.empty(views[0]!.mounterOf(caller), views[0]!.upperTop)
      for (const fs of views) rebaseAll(fs, caller, false)
      if (result < 0) throw new ChangesError(result, '')
    }
  }

  command(task: Task, verb: string, args: readonly string[]): Outcome | null {
    if (!isVerb(verb) || this.mounted.length === 0) return null
    if (args.length > 0) return { result: -EINVAL, text: `${verb} stands alone` }
    try {
      if (verb === 'diff') {
        const lines = this.changes(task).map(({ kind, path }) => `${kind} ${path}\n`)
        return { result: 0, text: lines.join('') }
      }
      if (verb === 'commit') this.commitAs(task)
      else this.dropAs(task, task.kernel)
      return { result: 0, text: '' }
    } catch (error) {
      return outcomeOf(error)
    }
  }

  async diff(): Promise<Change[]> {
    const changes = await this.run((caller) => this.changes(caller))
    return changes.map(({ kind, path }) => ({ kind, path: fromUtf8(path) }))
  }

  async commit(): Promise<void> {
    await this.run((caller) => this.commitAs(caller))
  }

  async drop(): Promise<void> {
    await this.run((caller, kernel) => this.dropAs(caller, kernel))
  }

  /** For the embedder. */
  private async run<T>(act: (caller: Caller, kernel: Kernel) => T): Promise<T> {
    const { kernel } = this
    if (!kernel) throw new ViewFsError(EINVAL, 'it is in no view')
    try {
      return act(kernel.caller, kernel)
    } catch (error) {
      if (error instanceof RangeError) throw new ViewFsError(ELOOP, TOO_DEEP)
      if (!(error instanceof ChangesError)) throw error
      throw new ViewFsError(-error.result, fromUtf8(textOf(error)))
    }
  }
}

/** Trees are compared by recursion, and that ends before anything is changed. */
const TOO_DEEP = 'directories lie too deep to be compared'

const isVerb = (verb: string): verb is Verb => (VERBS as readonly string[]).includes(verb)

const textOf = ({ path, result }: ChangesError): string =>
  `${path || 'changes'}: ${ERRNO_TEXT.get(-result)?.[1] ?? String(result)}`

function outcomeOf(error: unknown): Outcome {
  if (error instanceof ViewFsError) return { result: -error.errno, text: utf8(error.message) }
  if (error instanceof RangeError) return { result: -ELOOP, text: TOO_DEEP }
  if (!(error instanceof ChangesError)) throw error
  return error.result === BLOCKED
    ? { result: BLOCKED, text: '' }
    : { result: error.result, text: `viewfs: ${textOf(error)}` }
}

function changesOf(fs: ViewFs, caller: Caller, covered: ReadonlySet<ViewInode>, prefix: string): Change[] {
  const comparison = new Comparison(caller, covered)
  const found = comparison.changes(fs.root, fs.lowerTop, prefix)
  if (comparison.isChanged(fs.root, fs.lowerTop.inode, prefix || '/'))
    found.push({ kind: 'C', path: prefix || '/' })
  return found
}

function rebaseAll(fs: ViewFs, caller: Caller, isCommitted: boolean): void {
  fs.forgetInodes()
  rebase(fs.root, fs.lowerTop, caller, isCommitted)
}

/** Whether forgetting changes takes the file from who uses it. */
function isLost({ inode }: Path, views: readonly ViewFs[]): boolean {
  if (!(inode instanceof ViewInode) || !views.includes(inode.fs)) return false
  return inode.isDirectory ? inode.lower === null : inode.upper !== null && inode.nlink > 0
}

/** What a mount shows at the name of a place below it; the place itself where it shows nothing there. */
function through({ below, place }: Mounted, path: Path, caller: Caller): Path {
  if (!path.isReachableFrom(below)) return path
  const found = walkPath(caller, place, place, path.name(below), 0)
  return typeof found === 'number' ? path : found
}

/** A mode with its directory, `cow: '/'`, and `upper`, `except`; nothing: programs may mount -t viewfs. Throws in words. */
export const viewfs = (options: OptionsLike = {}): ViewFsEngine => new ViewFsOfView(ModuleOptions.of(options))

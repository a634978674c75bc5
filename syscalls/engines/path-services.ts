/**
 * Path services: names that an engine answers for. Each is a mount in the tree of the view that the engine stands in,
 * so that links, relative names and open descriptors lead to it exactly as to any file, and nobody asks twice.
 * Path: view.ts mounts them when an engine comes and unmounts them when it goes.
 */

import { utf8 } from '../abi/bytes.ts'
import { ENOENT, errnoName } from '../abi/errno.ts'
import { S_IFDIR } from '../abi/stat.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Caller } from '../vfs/caller.ts'
import { FileSystem, Inode, type StatFs } from '../vfs/inode.ts'
import { type Mount, Path } from '../vfs/path.ts'
import { FOLLOW, walkParent, walkPath } from '../vfs/walk.ts'
import type { Engine } from './engine.ts'
import type { View } from './view.ts'

export interface PathService {
  readonly kind: 'path'
  /** From the view's root: the top of what the engine answers for. It need not exist; the directory it is in must. */
  readonly at: string
  /** What is there: a file, or a directory with all below it. One that is made is made once a machine. */
  readonly fs?: FileSystem | ((kernel: Kernel) => FileSystem)
  /** Instead: the negative errno that every name there gets. */
  readonly refusal?: number
  /** Names below, from `at` on, that stay what they are without the engine. */
  readonly except?: readonly string[]
  /** Whom it is there for. */
  readonly confirm?: (caller: Caller) => boolean
}

/** File systems that functions have made. */
const made = new WeakMap<PathService, WeakMap<Kernel, FileSystem>>()

function fileSystemOf(kernel: Kernel, service: PathService): FileSystem {
  const make = service.fs ?? (() => new RefusedFs())
  if (typeof make !== 'function') return make
  let known = made.get(service)
  if (!known) made.set(service, (known = new WeakMap()))
  let fs = known.get(kernel)
  if (!fs) known.set(kernel, (fs = make(kernel)))
  return fs
}

/** Nobody ever comes to see it. */
class RefusedFs extends FileSystem {
  readonly type: string = 'denied'
  readonly root: Inode = new RefusedRoot(this)

  statfs(): StatFs {
    return { type: 0, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

class RefusedRoot extends Inode {
  readonly fs: FileSystem

  constructor(fs: FileSystem) {
    super(S_IFDIR)
    this.fs = fs
  }
}

const servicesOf = (engine: Engine): PathService[] =>
  (engine.services ?? []).filter((service): service is PathService => service.kind === 'path')

/** Where a name is in a view, or would be: a ghost of `fs` when only its directory exists. Throws when that does not. */
function placeFor(view: View, start: Path, name: string, fs: FileSystem | null): Path {
  const { kernel, mounts } = view
  const found = walkPath(kernel.caller, start, start, utf8(name), FOLLOW)
  if (typeof found !== 'number') return found
  const last = found === -ENOENT && fs ? walkParent(kernel.caller, start, start, utf8(name)) : found
  if (typeof last === 'number') throw new Error(`${name}: ${errnoName(last)}`)
  return mounts.ghost(last.parent, last.name, fs!.root)
}

/** Mounts what an engine answers for. Throws an Error that says what is wrong; then nothing is mounted. */
export function mountServices(view: View, engine: Engine): void {
  const done: Mount[] = []
  try {
    for (const service of servicesOf(engine)) mountService(view, engine, service, done)
  } catch (error) {
    for (const mount of done.reverse()) view.mounts.detach(mount)
    throw error
  }
}

function mountService(view: View, engine: Engine, service: PathService, done: Mount[]): void {
  const { kernel, mounts } = view
  const fs = fileSystemOf(kernel, service)
  const exceptions = service.except ?? []
  const kept = exceptions.map((name) => placeFor(view, mounts.root, `${service.at}/${name}`, null))
  const mount = mounts.add(fs, placeFor(view, mounts.root, service.at, fs), utf8(engine.name))
  mount.confirm = service.confirm ?? null
  mount.refusal = service.refusal ?? 0
  mount.service = service
  done.push(mount)
  for (const [i, name] of exceptions.entries()) {
    const top = new Path(mount, mount.root)
    const place = placeFor(view, top, name, kept[i]!.mount.fs)
    mounts.bind(kept[i]!, place, true).service = service
  }
}

const mountsOf = (view: View, engine: Engine): Mount[] => {
  const own = new Set<object>(servicesOf(engine))
  return own.size === 0 ? [] : [...view.mounts.mounts].filter(({ service }) => service && own.has(service))
}

/** What keeps an engine's names in use, in words; null: nothing. */
export function holderOfServices(view: View, engine: Engine): string | null {
  const own = new Set(mountsOf(view, engine))
  const nameOf = (mount: Mount): string => mount.at?.name(view.mounts.root) ?? '/'
  for (const mount of own) {
    if (view.mounts.isBusy(mount)) return `${engine.name} is held by somebody who uses ${nameOf(mount)}`
    for (const other of view.mounts.mounts)
      if (other.at?.mount === mount && other.at.dentry !== mount.root && !own.has(other))
        return `${engine.name} is held by the mount on ${nameOf(other)}`
  }
  return null
}

/** Takes an engine's names away; what was mounted over one of them then stands on what was below. */
export function unmountServices(view: View, engine: Engine): void {
  const { mounts } = view
  for (const mount of mountsOf(view, engine).reverse()) {
    const over = mount.root.mounts?.get(mount)
    if (over && mount.at) mounts.move(over, mount.at)
    if (mount.tree) mounts.detach(mount)
  }
}

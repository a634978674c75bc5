/**
 * A machine's root whose changes are kept: what `persist` asks for.
 * Path: local-machine.ts → here → the platform's store, layer-keeper.ts, auto-save.ts; below is a cowfs of the kernel.
 */

import { CowFs } from '../../syscalls/fs/cowfs/cowfs.ts'
import { TarFs } from '../../syscalls/fs/tarfs/tarfs.ts'
import { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import type { Kernel } from '../../syscalls/kernel/kernel.ts'
import type { Caller } from '../../syscalls/vfs/caller.ts'
import type { FileSystem } from '../../syscalls/vfs/inode.ts'
import type { PersistChoice, StorageState } from '../api.ts'
import { StartError } from '../errors.ts'
import { type FileSystemChoice, makeFileSystem, type OpenedChoice } from '../mounting.ts'
import { platform } from '../platform.ts'
import { AutoSave, type StorageListener } from './auto-save.ts'
import { fingerprint, type OwnStore } from './blob-store.ts'
import { LayerKeeper } from './layer-keeper.ts'
import { savedFiles } from './saved-tree.ts'

const NAME = /^[\w.-]{1,60}$/

/** The same root without a layer of its own for changes. Throws StartError EINVAL where nothing can be kept. */
export function withoutLayer(root: FileSystemChoice): FileSystemChoice {
  if (typeof root !== 'object') return root
  if ('promises' in root || 'files' in root)
    throw new StartError(
      'EINVAL',
      'changes to files of the page cannot be kept: these may change by themselves',
    )
  if (!('image' in root)) return root
  if (root.mode === 'ro') throw new StartError('EINVAL', 'a root that is read-only has no changes to keep')
  return { ...root, mode: 'ro' }
}

export class KeptRoot {
  private readonly own: OwnStore | null
  private readonly keeper: LayerKeeper | null
  /** Why nothing is kept. */
  private readonly reason: string
  private saves: AutoSave | null = null
  private tell: StorageListener = () => {}
  private closing: Promise<void> | null = null

  /** Rejects with StartError: EINVAL for a name that cannot be, EUCLEAN when what is kept is damaged. */
  static async open(choice: string | PersistChoice): Promise<KeptRoot> {
    const { name, fresh = false } = typeof choice === 'string' ? { name: choice } : choice
    if (!NAME.test(name))
      throw new StartError('EINVAL', `persist: ${name} is no name of letters, digits, . _ and -`)
    const own = await platform().openStore(name)
    if (typeof own === 'string') return new KeptRoot(null, null, own)
    try {
      if (fresh) for (const blob of await own.blobs.list()) await own.blobs.delete(blob)
      return new KeptRoot(own, await LayerKeeper.open(own.blobs), '')
    } catch (error) {
      own.release()
      throw error
    }
  }

  private constructor(own: OwnStore | null, keeper: LayerKeeper | null, reason: string) {
    this.own = own
    this.keeper = keeper
    this.reason = reason
  }

  get state(): readonly [state: StorageState, why: string] {
    return this.saves ? [this.saves.state, this.saves.why] : ['off', this.reason]
  }

  /** A copy-on-write view of the root with what was kept. It throws StartError: ESTALE, EINVAL. */
  over(root: OpenedChoice): (kernel: Kernel) => FileSystem {
    return (kernel) => {
      const lower = makeFileSystem(kernel, root)
      const changes = new Tmpfs(kernel.clock)
      if (this.keeper) {
        this.keeper.restore(changes, kernel.caller, identityOf(lower, kernel.caller))
        this.saves = new AutoSave(this.keeper, changes, (...state) => this.tell(...state))
      }
      return new CowFs(kernel.clock, lower, changes, kernel.caller)
    }
  }

  onState(tell: StorageListener): void {
    this.tell = tell
  }

  /** Resolves when all changes until now are stored; rejects when they cannot be. */
  async save(): Promise<void> {
    if (!this.saves) throw new Error(this.reason)
    await this.saves.save()
  }

  async forget(): Promise<void> {
    await this.saves?.forget()
  }

  /** Stores what is left, and lets another machine have the store. */
  close(): Promise<void> {
    this.closing ??= (async () => {
      await this.saves?.close()
      this.own?.release()
    })()
    return this.closing
  }
}

/** Tells what lies below from what lay there when something was kept. */
function identityOf(lower: FileSystem, caller: Caller): string {
  const isArchive = lower instanceof TarFs
  if (!isArchive && !(lower instanceof Tmpfs))
    throw new StartError('EINVAL', `changes to a root of type ${lower.type} cannot be kept`)
  const files = savedFiles(lower.root, caller, (inode) => {
    // An archive may be far away, and its files have times of their own.
    if (isArchive) return inode.mtime.sec
    const bytes = new Uint8Array(inode.size)
    inode.read(caller, 0, bytes, 0, bytes.length)
    return fingerprint(bytes)
  })
  const known = files.map(({ times, ...rest }) => rest)
  return `${lower.type} ${fingerprint(new TextEncoder().encode(JSON.stringify(known)))}`
}

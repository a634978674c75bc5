/**
 * What users say of file systems becomes mounts. Path: bare-machine.ts → here → a file-system type of the kernel, or one
 * that the caller made.
 */

import { fromUtf8, utf8 } from '../syscalls/abi/bytes.ts'
import { ENOENT, ENOTDIR } from '../syscalls/abi/errno.ts'
import type { AsyncFiles } from '../syscalls/fs/asyncfs/async-files.ts'
import { AsyncFs } from '../syscalls/fs/asyncfs/asyncfs.ts'
import { CowFs } from '../syscalls/fs/cowfs/cowfs.ts'
import type { HostFiles } from '../syscalls/fs/hostfs/host-files.ts'
import { HostFs } from '../syscalls/fs/hostfs/hostfs.ts'
import { addImageEntry, type ImageEntry } from '../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../syscalls/fs/tmpfs/tmpfs.ts'
import type { Kernel } from '../syscalls/kernel/kernel.ts'
import type { FileSystem } from '../syscalls/vfs/inode.ts'
import { LOCKED_READONLY } from '../syscalls/vfs/mount-tree.ts'
import type { Path } from '../syscalls/vfs/path.ts'
import { FOLLOW, walkPath } from '../syscalls/vfs/walk.ts'
import { StartError, startError } from './errors.ts'
import { type ImageChoice, type ImageListener, isImageChoice, openImage } from './images.ts'
import { asyncFilesOf, type PromiseFiles } from './promise-files.ts'

/** `ro` refuses changes, `rw` makes them, `cow` keeps them in the machine. */
export type VolumeMode = 'ro' | 'rw' | 'cow'

/** A file of a list. What lies on the way to it is made. */
export interface FileEntry {
  readonly name: string
  /** `file` unless given. */
  readonly type?: 'file' | 'directory' | 'symlink' | 'link'
  /** 755 for directories and 644 for files unless given. */
  readonly mode?: number
  readonly data?: Uint8Array | string
  /** Of a symlink its text, of a hard link the name of the other entry. */
  readonly target?: string
}

/**
 * A file system: one of the kernel's types by name (`tmpfs`, `proc`, `devtmpfs`); files in memory, from a list; a
 * directory of an object shaped as `node:fs` (a memfs volume) or as `fs.promises`; files behind a channel
 * (`remoteFiles`); a function that makes one; or a tar archive, for Machine.create.
 */
export type FileSystemChoice = OpenedChoice | ImageChoice

/** One that needs not be waited for. */
export type OpenedChoice =
  | { readonly entries: readonly FileEntry[] }
  | { readonly type: string; readonly source?: string; readonly options?: Readonly<Record<string, string>> }
  | { readonly promises: PromiseFiles | AsyncFiles; readonly directory?: string; readonly mode?: VolumeMode }
  | { readonly files: HostFiles; readonly directory?: string; readonly mode?: VolumeMode }
  | ((kernel: Kernel) => FileSystem)

export interface MountChoice {
  /** Guest path of an existing directory; missing ones are made. */
  readonly at: string
  readonly fs: FileSystemChoice
  /** What /proc/mounts calls it. */
  readonly source?: string
  readonly readOnly?: boolean
}

/** Opens what must be waited for. Throws StartError. */
export const opened = async (choice: FileSystemChoice, listener: ImageListener): Promise<OpenedChoice> =>
  isImageChoice(choice) ? openImage(choice, listener) : choice

const imageEntry = ({ name, type = 'file', data, target, ...rest }: FileEntry): ImageEntry => ({
  ...rest,
  name: utf8(name),
  type,
  ...(data === undefined ? {} : { data: typeof data === 'string' ? new TextEncoder().encode(data) : data }),
  ...(target === undefined ? {} : { target: utf8(target) }),
})

/** A tmpfs with these in it. Throws StartError. */
export function filledTmpfs(kernel: Kernel, entries: readonly ImageEntry[]): FileSystem {
  const fs = new Tmpfs(kernel.clock)
  for (const entry of entries) {
    const problem = addImageEntry(fs, kernel.caller, entry)
    if (problem !== null) throw new StartError('EINVAL', problem)
  }
  return fs
}

export function makeFileSystem(kernel: Kernel, choice: FileSystemChoice): FileSystem {
  if (typeof choice === 'function') return choice(kernel)
  if ('entries' in choice) return filledTmpfs(kernel, choice.entries.map(imageEntry))
  if (isImageChoice(choice)) throw new StartError('EINVAL', 'an image is opened by Machine.create')
  if ('promises' in choice) {
    const { promises, directory, mode } = choice
    const files = 'read' in promises ? promises : asyncFilesOf(promises, directory)
    const volume = new AsyncFs(files, { readOnly: mode === 'ro' })
    return mode === 'cow' ? new CowFs(kernel.clock, volume) : volume
  }
  if ('files' in choice) {
    const { files, directory = '/', mode = 'rw' } = choice
    const volume = new HostFs({ files, directory, readOnly: mode === 'ro' })
    return mode === 'cow' ? new CowFs(kernel.clock, volume) : volume
  }
  const type = kernel.fileSystemTypes.find((known) => known.name === choice.type)
  if (!type) {
    const names = kernel.fileSystemTypes.map(({ name }) => name).join(', ')
    throw new StartError('ENODEV', `there is no file-system type ${choice.type}; there are ${names}`)
  }
  const { root } = kernel.mountTree
  const file = type.needsSource
    ? walkPath(kernel.caller, root, root, utf8(choice.source ?? ''), FOLLOW)
    : null
  if (typeof file === 'number') throw startError(file, `mounting ${choice.source ?? ''}`)
  const fs = type.mount(
    kernel,
    utf8(choice.source ?? 'none'),
    new Map(Object.entries(choice.options ?? {})),
    kernel.caller,
    file,
  )
  if (typeof fs === 'number') throw startError(fs, `mounting ${choice.type}`)
  return fs
}

export function mountAt(kernel: Kernel, mount: MountChoice): void {
  const at = ensureDirectory(kernel, utf8(mount.at))
  const fs = makeFileSystem(kernel, mount.fs)
  kernel.mountTree.add(fs, at, utf8(mount.source ?? fs.type), mount.readOnly ? LOCKED_READONLY : undefined)
}

/** The directory of that name (a byte string), made with its parents when it is missing. */
export function ensureDirectory(kernel: Kernel, name: string): Path {
  let path = kernel.mountTree.root
  for (const part of name.split('/').filter(Boolean)) {
    let next = walkPath(kernel.caller, kernel.mountTree.root, path, part, FOLLOW)
    if (next === -ENOENT) {
      const made = path.inode.mkdir(kernel.caller, part, 0o040755)
      if (typeof made === 'number') throw startError(made, `making ${fromUtf8(name)}`)
      next = walkPath(kernel.caller, kernel.mountTree.root, path, part, FOLLOW)
    }
    if (typeof next === 'number') throw startError(next, fromUtf8(name))
    path = next
  }
  if (!path.inode.isDirectory)
    throw startError(-ENOTDIR, fromUtf8(name), 'a file system is mounted on a directory')
  return path
}

/**
 * `machine.fs` over the kernel.
 * Path: bare-machine.ts → here → vfs/walk.ts and vfs/change.ts, which the system calls use too.
 */

import { fromUtf8, utf8 } from '../syscalls/abi/bytes.ts'
import { EEXIST, EISDIR, ENOENT, ENOTDIR } from '../syscalls/abi/errno.ts'
import { O_APPEND, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from '../syscalls/abi/fcntl.ts'
import { S_IFDIR } from '../syscalls/abi/stat.ts'
import type { View } from '../syscalls/engines/view.ts'
import type { Kernel } from '../syscalls/kernel/kernel.ts'
import {
  makeDirectory,
  makeLink,
  makeSymlink,
  removeDirectory,
  removeFile,
  renameName,
} from '../syscalls/vfs/change.ts'
import type { FileDescription } from '../syscalls/vfs/file-description.ts'
import { type AttributeChange, type Inode, Timestamp } from '../syscalls/vfs/inode.ts'
import { openFile } from '../syscalls/vfs/open.ts'
import type { Path } from '../syscalls/vfs/path.ts'
import { FOLLOW, type LastComponent, walkParent, walkPath } from '../syscalls/vfs/walk.ts'
import type { GuestFiles } from './api.ts'
import { FileError, fileError } from './errors.ts'
import { FileStats } from './file-stats.ts'
import { HostCaller } from './host-caller.ts'

const CHUNK_SIZE = 1 << 20

const ms = (time: Timestamp): number => time.sec * 1000 + time.nsec / 1e6

const statsOf = (inode: Inode): FileStats =>
  new FileStats({
    dev: inode.fs.dev,
    ino: inode.ino,
    mode: inode.mode,
    nlink: inode.nlink,
    uid: inode.uid,
    gid: inode.gid,
    rdev: inode.rdev,
    size: inode.size,
    blocks: inode.blocks,
    atimeMs: ms(inode.atime),
    mtimeMs: ms(inode.mtime),
    ctimeMs: ms(inode.ctime),
  })

export class KernelFiles implements GuestFiles {
  private readonly kernel: Kernel
  private readonly view: View

  /** The files as a view has them. */
  constructor(kernel: Kernel, view: View = kernel.view) {
    this.kernel = kernel
    this.view = view
  }

  readFile(path: string): Promise<Uint8Array>
  readFile(path: string, encoding: 'utf8' | 'utf-8'): Promise<string>
  async readFile(path: string, encoding?: 'utf8' | 'utf-8'): Promise<Uint8Array | string> {
    const bytes = await this.withFile(path, O_RDONLY, 0, (file, caller) => this.readAll(path, file, caller))
    return encoding ? new TextDecoder().decode(bytes) : bytes
  }

  writeFile(path: string, contents: Uint8Array | string, options: { mode?: number } = {}): Promise<void> {
    return this.put(path, contents, O_TRUNC, options.mode ?? 0o666)
  }

  appendFile(path: string, contents: Uint8Array | string, options: { mode?: number } = {}): Promise<void> {
    return this.put(path, contents, O_APPEND, options.mode ?? 0o666)
  }

  async copyFile(from: string, to: string): Promise<void> {
    const { mode } = await this.stat(from)
    await this.writeFile(to, await this.readFile(from), { mode: mode & 0o777 })
  }

  readdir(path: string): Promise<string[]> {
    return this.withFile(path, O_RDONLY, 0, async (file, caller) => {
      const names: string[] = []
      const sink = {
        add: (name: string): boolean => {
          if (name !== '.' && name !== '..') names.push(fromUtf8(name))
          return true
        },
      }
      await this.must(caller, 'scandir', path, () => file.readdir(caller, sink))
      return names
    })
  }

  stat(path: string): Promise<FileStats> {
    return this.statOf(path, 'stat', FOLLOW)
  }

  lstat(path: string): Promise<FileStats> {
    return this.statOf(path, 'lstat', 0)
  }

  async access(path: string): Promise<void> {
    await this.pathOf(new HostCaller(this.view.world), 'access', path, FOLLOW)
  }

  async realpath(path: string): Promise<string> {
    const found = await this.pathOf(new HostCaller(this.view.world), 'realpath', path, FOLLOW)
    return fromUtf8(found.name(this.view.mounts.root))
  }

  async mkdir(path: string, options: { recursive?: boolean; mode?: number } = {}): Promise<void> {
    const { recursive = false, mode = 0o777 } = options
    if (recursive) {
      const parts = path.split('/').filter(Boolean)
      for (let depth = 1; depth < parts.length; depth++)
        await this.mkdirUnlessThere(`/${parts.slice(0, depth).join('/')}`, mode)
      await this.mkdirUnlessThere(path, mode)
    } else await this.change('mkdir', path, (caller, last) => makeDirectory(caller, last, S_IFDIR | mode))
  }

  async rmdir(path: string): Promise<void> {
    await this.change('rmdir', path, removeDirectory)
  }

  async unlink(path: string): Promise<void> {
    await this.change('unlink', path, removeFile)
  }

  async rm(path: string, options: { recursive?: boolean; force?: boolean } = {}): Promise<void> {
    const { recursive = false, force = false } = options
    let stats: FileStats
    try {
      stats = await this.lstat(path)
    } catch (error) {
      if (force && error instanceof FileError && error.code === 'ENOENT') return
      throw error
    }
    if (!stats.isDirectory()) return this.unlink(path)
    if (!recursive) throw fileError(-EISDIR, 'rm', path)
    for (const name of await this.readdir(path)) await this.rm(`${path}/${name}`, options)
    await this.rmdir(path)
  }

  async rename(from: string, to: string): Promise<void> {
    const caller = new HostCaller(this.view.world)
    const source = await this.lastOf(caller, 'rename', from)
    const target = await this.lastOf(caller, 'rename', to)
    await this.must(caller, 'rename', from, () => renameName(caller, source, target, 0))
  }

  async symlink(target: string, path: string): Promise<void> {
    await this.change('symlink', path, (caller, last) => makeSymlink(caller, last, utf8(target)))
  }

  async link(existing: string, path: string): Promise<void> {
    const source = await this.pathOf(new HostCaller(this.view.world), 'link', existing, 0)
    await this.change('link', path, (caller, last) => makeLink(caller, source, last))
  }

  async readlink(path: string): Promise<string> {
    const caller = new HostCaller(this.view.world)
    const found = await this.pathOf(caller, 'readlink', path, 0)
    return fromUtf8(await this.must(caller, 'readlink', path, () => found.inode.readlink(caller)))
  }

  async chmod(path: string, mode: number): Promise<void> {
    await this.setAttributes('chmod', path, () => ({ mode: mode & 0o7777 }))
  }

  async chown(path: string, uid: number, gid: number): Promise<void> {
    await this.setAttributes('chown', path, () => ({ uid, gid }))
  }

  async truncate(path: string, size = 0): Promise<void> {
    await this.setAttributes('truncate', path, () => ({ size }))
  }

  async utimes(path: string, atime: Date | number, mtime: Date | number): Promise<void> {
    const stamp = (time: Date | number): Timestamp => {
      const ms = typeof time === 'number' ? time * 1000 : time.getTime()
      const made = new Timestamp()
      made.set(Math.floor(ms / 1000), Math.round((ms - Math.floor(ms / 1000) * 1000) * 1e6))
      return made
    }
    await this.setAttributes('utimes', path, () => ({ atime: stamp(atime), mtime: stamp(mtime) }))
  }

  // ---- how

  /** Repeats the step until it need not wait, and throws its error. */
  private async must<T>(
    caller: HostCaller,
    syscall: string,
    path: string,
    step: () => T | number,
  ): Promise<T> {
    const result = await caller.complete(step)
    if (typeof result === 'number' && result < 0) throw fileError(result, syscall, path)
    return result as T
  }

  private pathOf(caller: HostCaller, syscall: string, path: string, flags: number): Promise<Path> {
    const { root } = this.view.mounts
    return this.must(caller, syscall, path, () =>
      path === '' ? -ENOENT : walkPath(caller, root, root, utf8(path), flags),
    )
  }

  private lastOf(caller: HostCaller, syscall: string, path: string): Promise<LastComponent> {
    const { root } = this.view.mounts
    return this.must(caller, syscall, path, () =>
      path === '' ? -ENOENT : walkParent(caller, root, root, utf8(path)),
    )
  }

  private async change(
    syscall: string,
    path: string,
    step: (caller: HostCaller, last: LastComponent) => number,
  ): Promise<void> {
    const caller = new HostCaller(this.view.world)
    const last = await this.lastOf(caller, syscall, path)
    await this.must(caller, syscall, path, () => step(caller, last))
  }

  private async mkdirUnlessThere(path: string, mode: number): Promise<void> {
    try {
      await this.mkdir(path, { mode })
    } catch (error) {
      if (!(error instanceof FileError) || error.code !== 'EEXIST') throw error
      if (!(await this.stat(path)).isDirectory()) throw fileError(-EEXIST, 'mkdir', path)
    }
  }

  private async statOf(path: string, syscall: string, flags: number): Promise<FileStats> {
    const caller = new HostCaller(this.view.world)
    const { inode } = await this.pathOf(caller, syscall, path, flags)
    await this.must(caller, syscall, path, () => inode.refresh(caller))
    return statsOf(inode)
  }

  private async setAttributes(syscall: string, path: string, make: () => AttributeChange): Promise<void> {
    const caller = new HostCaller(this.view.world)
    const { inode } = await this.pathOf(caller, syscall, path, FOLLOW)
    const change = make()
    await this.must(caller, syscall, path, () => inode.setAttributes(caller, change))
    if (change.size !== undefined) inode.mapped?.truncated(change.size)
  }

  private async withFile<T>(
    path: string,
    flags: number,
    mode: number,
    use: (file: FileDescription, caller: HostCaller) => Promise<T>,
  ): Promise<T> {
    const caller = new HostCaller(this.view.world)
    const { devices } = this.kernel
    const { root } = this.view.mounts
    const request = { caller, devices, root, start: root, name: utf8(path), flags, mode }
    const file = await this.must(caller, 'open', path, () => (path === '' ? -ENOENT : openFile(request)))
    try {
      return await use(file, caller)
    } finally {
      file.release()
    }
  }

  private async readAll(path: string, file: FileDescription, caller: HostCaller): Promise<Uint8Array> {
    if (file.inode.isDirectory) throw fileError(-EISDIR, 'read', path)
    const pieces: Uint8Array[] = []
    for (;;) {
      const piece = new Uint8Array(Math.min(CHUNK_SIZE, Math.max(4096, file.inode.size)))
      const count = await this.must(caller, 'read', path, () => file.read(caller, piece, 0, piece.length))
      if (count === 0) return joined(pieces)
      pieces.push(piece.subarray(0, count))
    }
  }

  private async put(path: string, contents: Uint8Array | string, how: number, mode: number): Promise<void> {
    const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents
    if (path.endsWith('/')) throw fileError(-ENOTDIR, 'open', path)
    await this.withFile(path, O_WRONLY | O_CREAT | how, mode, async (file, caller) => {
      for (let done = 0; done < bytes.length; ) {
        caller.progress = 0
        done += await this.must(caller, 'write', path, () =>
          file.write(caller, bytes, done, Math.min(CHUNK_SIZE, bytes.length - done)),
        )
      }
    })
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

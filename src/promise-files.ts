/**
 * Files of an object shaped as `fs.promises` (Node's, a memfs volume's) as asyncfs wants them, below a directory of it.
 * Path: mounting.ts makes a file system of them, engines/remote/files.ts serves them over a channel.
 */

import { S_IFDIR, S_IFLNK, S_IFREG } from '../syscalls/abi/stat.ts'
import type { AsyncFiles, AsyncStat } from '../syscalls/fs/asyncfs/async-files.ts'

interface PromiseDirent {
  readonly name: string | Uint8Array
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

interface PromiseFileHandle {
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<unknown>
  close(): Promise<void>
}

/** The part of `fs.promises` that is used. */
export interface PromiseFiles {
  lstat(path: string): Promise<AsyncStat>
  readdir(path: string, options: { withFileTypes: true }): Promise<PromiseDirent[]>
  readlink(path: string): Promise<string>
  open(path: string, flags: string, mode?: number): Promise<PromiseFileHandle>
  mkdir(path: string, options: { mode: number }): Promise<unknown>
  symlink(target: string, path: string): Promise<void>
  link(existing: string, path: string): Promise<void>
  unlink(path: string): Promise<void>
  rmdir(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  truncate(path: string, size: number): Promise<void>
  chmod(path: string, mode: number): Promise<void>
  utimes(path: string, atime: number, mtime: number): Promise<void>
}

/** `directory` is what `/` will be. */
export function asyncFilesOf(files: PromiseFiles, directory = '/'): AsyncFiles {
  const place = (path: string): string => `${directory === '/' ? '' : directory}${path}`
  const withFile = async <T>(
    path: string,
    flags: string,
    use: (file: PromiseFileHandle) => Promise<T>,
    mode?: number,
  ): Promise<T> => {
    const file = await files.open(place(path), flags, mode)
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  }
  return {
    async lstat(path) {
      const { ino, mode, nlink, uid, gid, size, atimeMs, mtimeMs, ctimeMs } = await files.lstat(place(path))
      return { ino: Number(ino), mode, nlink, uid, gid, size, atimeMs, mtimeMs, ctimeMs }
    },
    async readdir(path) {
      const entries = await files.readdir(place(path), { withFileTypes: true })
      return entries.map((entry) => ({
        name: String(entry.name),
        mode: entry.isDirectory() ? S_IFDIR : entry.isSymbolicLink() ? S_IFLNK : S_IFREG,
      }))
    },
    readlink: (path) => files.readlink(place(path)),
    read: (path, position, count) =>
      withFile(path, 'r', async (file) => {
        const bytes = new Uint8Array(count)
        const { bytesRead } = await file.read(bytes, 0, count, position)
        return bytes.subarray(0, bytesRead)
      }),
    write: (path, position, bytes) =>
      withFile(path, 'r+', async (file) => void (await file.write(bytes, 0, bytes.length, position))),
    create: (path, mode) => withFile(path, 'wx', async () => {}, mode),
    mkdir: async (path, mode) => void (await files.mkdir(place(path), { mode })),
    symlink: (target, path) => files.symlink(target, place(path)),
    link: (existing, path) => files.link(place(existing), place(path)),
    unlink: (path) => files.unlink(place(path)),
    rmdir: (path) => files.rmdir(place(path)),
    rename: (from, to) => files.rename(place(from), place(to)),
    truncate: (path, size) => files.truncate(place(path), size),
    chmod: (path, mode) => files.chmod(place(path), mode),
    utimes: (path, atimeMs, mtimeMs) => files.utimes(place(path), atimeMs / 1000, mtimeMs / 1000),
  }
}

/**
 * Files of an object shaped as `node:fs`, by promises. Path: remote/sending.ts, for a volume that has no `promises` and
 * whose machine is elsewhere.
 */

import type { HostFiles } from '../syscalls/fs/hostfs/host-files.ts'
import type { PromiseFiles } from './promise-files.ts'

export function promisesOf(files: HostFiles): PromiseFiles {
  return {
    lstat: async (path) => files.lstatSync(path),
    readdir: async (path, options) => files.readdirSync(path, options),
    readlink: async (path) => files.readlinkSync(path),
    async open(path, flags, mode) {
      const fd = files.openSync(path, flags, mode)
      return {
        read: async (...where) => ({ bytesRead: files.readSync(fd, ...where) }),
        write: async (...where) => files.writeSync(fd, ...where),
        close: async () => files.closeSync(fd),
      }
    },
    mkdir: async (path, options) => files.mkdirSync(path, options),
    symlink: async (target, path) => files.symlinkSync(target, path),
    link: async (existing, path) => files.linkSync(existing, path),
    unlink: async (path) => files.unlinkSync(path),
    rmdir: async (path) => files.rmdirSync(path),
    rename: async (from, to) => files.renameSync(from, to),
    async truncate(path, size) {
      const fd = files.openSync(path, 'r+')
      try {
        files.ftruncateSync(fd, size)
      } finally {
        files.closeSync(fd)
      }
    },
    chmod: async (path, mode) => files.chmodSync(path, mode),
    utimes: async (path, atime, mtime) => files.utimesSync(path, atime, mtime),
  }
}

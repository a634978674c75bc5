/**
 * The shape of node:fs that hostfs needs; a memfs volume has it too. Nothing here names Node: whoever composes the
 * machine passes the object. Every method may throw an Error whose `code` is an errno name.
 */

export interface HostStats {
  mode: number
  size: number
  nlink: number
  uid: number
  gid: number
  ino: number
  dev: number
  rdev: number
  atimeMs: number
  mtimeMs: number
  ctimeMs: number
  /** 0 where the host does not know. */
  birthtimeMs?: number
}

export interface HostDirent {
  name: string
  isDirectory(): boolean
  isSymbolicLink(): boolean
  isFile(): boolean
}

export interface HostFiles {
  lstatSync(path: string): HostStats
  readdirSync(path: string, options: { withFileTypes: true }): HostDirent[]
  readlinkSync(path: string): string
  openSync(path: string, flags: string | number, mode?: number): number
  closeSync(fd: number): void
  readSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number
  writeSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: number): number
  ftruncateSync(fd: number, size: number): void
  fsyncSync(fd: number): void
  mkdirSync(path: string, options: { mode: number }): unknown
  rmdirSync(path: string): void
  unlinkSync(path: string): void
  renameSync(from: string, to: string): void
  linkSync(existing: string, path: string): void
  symlinkSync(target: string, path: string): void
  chmodSync(path: string, mode: number): void
  utimesSync(path: string, atime: number, mtime: number): void
  lutimesSync?(path: string, atime: number, mtime: number): void
  // Where the host has these, files are used by descriptor, so that nobody can put another in their place.
  fstatSync?(fd: number): HostStats
  fchmodSync?(fd: number, mode: number): void
  futimesSync?(fd: number, atime: number, mtime: number): void
  readonly constants?: { readonly O_RDONLY: number; readonly O_RDWR: number; readonly O_NOFOLLOW?: number }
}

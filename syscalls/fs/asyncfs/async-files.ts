/**
 * Files that are somewhere else and answer with promises: what asyncfs needs of them, as plain data in and out, so that
 * a channel can lie between (engines/remote/files.ts). Paths begin with `/`. A refusal is an Error whose `code` is an
 * errno name.
 */

export interface AsyncStat {
  readonly ino: number
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly atimeMs: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

export interface AsyncFiles {
  lstat(path: string): Promise<AsyncStat>
  /** Names with their types, S_IF*. */
  readdir(path: string): Promise<{ readonly name: string; readonly mode: number }[]>
  readlink(path: string): Promise<string>
  /** As many bytes as there are; none at the end. */
  read(path: string, position: number, count: number): Promise<Uint8Array>
  write(path: string, position: number, bytes: Uint8Array): Promise<void>
  /** A new empty regular file. */
  create(path: string, mode: number): Promise<void>
  mkdir(path: string, mode: number): Promise<void>
  symlink(target: string, path: string): Promise<void>
  link(existing: string, path: string): Promise<void>
  unlink(path: string): Promise<void>
  rmdir(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  truncate(path: string, size: number): Promise<void>
  chmod(path: string, mode: number): Promise<void>
  utimes(path: string, atimeMs: number, mtimeMs: number): Promise<void>
}

/** The methods by name: what a remote one may be asked for. */
export const ASYNC_FILE_METHODS: readonly (keyof AsyncFiles)[] = [
  'lstat',
  'readdir',
  'readlink',
  'read',
  'write',
  'create',
  'mkdir',
  'symlink',
  'link',
  'unlink',
  'rmdir',
  'rename',
  'truncate',
  'chmod',
  'utimes',
]

/** What stat(2) tells, as `machine.fs` and a channel have it. Path: kernel-files.ts makes it, remote/ sends it. */

import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../syscalls/abi/stat.ts'

/** As Node's fs.Stats names them. Times are milliseconds since 1970. */
export interface StatFields {
  readonly dev: number
  readonly ino: number
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly size: number
  readonly blocks: number
  readonly atimeMs: number
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** An object's own fields as a class, so that they are listed once. */
const Fields = class {
  constructor(fields: StatFields) {
    Object.assign(this, fields)
  }
} as new (
  fields: StatFields,
) => StatFields

/** What stat(2) tells, as Node's fs.Stats. */
export class FileStats extends Fields {
  isFile(): boolean {
    return this.isType(S_IFREG)
  }
  isDirectory(): boolean {
    return this.isType(S_IFDIR)
  }
  isSymbolicLink(): boolean {
    return this.isType(S_IFLNK)
  }
  isFIFO(): boolean {
    return this.isType(S_IFIFO)
  }
  isSocket(): boolean {
    return this.isType(S_IFSOCK)
  }
  isCharacterDevice(): boolean {
    return this.isType(S_IFCHR)
  }
  isBlockDevice(): boolean {
    return this.isType(S_IFBLK)
  }

  private isType(type: number): boolean {
    return (this.mode & S_IFMT) === type
  }
}

/**
 * FdTable: a process's descriptors. Path: every handler with an `fd` argument starts here. dup(2), close(2),
 * fcntl(2). Shared by tasks made with CLONE_FILES.
 */

import { EBADF, EMFILE } from '../abi/errno.ts'
import { O_PATH } from '../abi/fcntl.ts'
import { IN_CLOSE_NOWRITE, IN_CLOSE_WRITE } from '../abi/inotify.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { notifyIfGone, notifyPath } from '../vfs/notify.ts'

/** RLIMIT_NOFILE's hard limit. */
export const FD_COUNT_MAX = 65536

export class FdTable {
  private readonly files: (FileDescription | undefined)[] = []
  private readonly closeOnExec: boolean[] = []
  /** Tasks that use this table. */
  users = 1
  /** RLIMIT_NOFILE's soft limit. */
  limit = 1024
  /** Whose POSIX record locks a close drops; set by the kernel. */
  lockOwner: object = this

  get(fd: number): FileDescription | undefined {
    return this.files[fd]
  }

  /** A descriptor of an open file: not one that is only a name (O_PATH). */
  usable(fd: number): FileDescription | undefined {
    const file = this.files[fd]
    return file && (file.flags & O_PATH) === 0 ? file : undefined
  }

  get size(): number {
    return this.files.length
  }

  /** Puts a description at the lowest free descriptor from `from` on, or -EMFILE. */
  install(file: FileDescription, closeOnExec: boolean, from = 0): number {
    let fd = from
    while (this.files[fd] !== undefined) fd++
    if (fd >= this.limit) return -EMFILE
    this.place(fd, file, closeOnExec)
    return fd
  }

  /** Whether another descriptor fits. */
  get hasRoom(): boolean {
    let fd = 0
    while (this.files[fd] !== undefined) fd++
    return fd < this.limit
  }

  /** As `install`, for a description that nobody else has: without a place it goes again. */
  installNew(file: FileDescription, closeOnExec: boolean): number {
    const fd = this.install(file, closeOnExec)
    if (fd < 0) file.release()
    return fd
  }

  /** Puts a description at exactly `fd`, closing what was there (dup2). */
  replace(fd: number, file: FileDescription, closeOnExec: boolean): void {
    file.references++
    if (this.files[fd] !== undefined) this.close(fd)
    file.references--
    this.place(fd, file, closeOnExec)
  }

  private place(fd: number, file: FileDescription, closeOnExec: boolean): void {
    while (this.files.length <= fd) {
      this.files.push(undefined)
      this.closeOnExec.push(false)
    }
    this.files[fd] = file
    this.closeOnExec[fd] = closeOnExec
    file.references++
  }

  close(fd: number): number {
    const file = this.files[fd]
    if (!file) return -EBADF
    this.files[fd] = undefined
    // POSIX: closing any descriptor of a file drops all the process's locks on it.
    if ((file.flags & O_PATH) === 0) file.inode.locks?.drop(this.lockOwner)
    releaseFile(file)
    return 0
  }

  isCloseOnExec(fd: number): boolean {
    return this.closeOnExec[fd] === true
  }

  setCloseOnExec(fd: number, on: boolean): void {
    this.closeOnExec[fd] = on
  }

  /** execve: closes what is marked. */
  closeMarked(): void {
    for (let fd = 0; fd < this.files.length; fd++) if (this.files[fd] && this.closeOnExec[fd]) this.close(fd)
  }

  closeAll(): void {
    for (let fd = 0; fd < this.files.length; fd++) if (this.files[fd]) this.close(fd)
  }

  /** fork: another table with the same descriptions. */
  copy(): FdTable {
    const made = new FdTable()
    made.limit = this.limit
    for (let fd = 0; fd < this.files.length; fd++) {
      const file = this.files[fd]
      if (file) made.place(fd, file, this.closeOnExec[fd]!)
    }
    return made
  }

  /** The open descriptors in order. */
  open(): number[] {
    const fds: number[] = []
    for (let fd = 0; fd < this.files.length; fd++) if (this.files[fd]) fds.push(fd)
    return fds
  }
}

/** One holder less; the last one releases. */
export function releaseFile(file: FileDescription): void {
  if (--file.references > 0) {
    if (file.references === file.inFlight) file.leftInFlight()
    return
  }
  file.inode.locks?.drop(file)
  if (file.watches !== null) for (const watch of file.watches) watch.fileReleased()
  const { path } = file
  if (path === null || file.flags & O_PATH) {
    file.release()
    return
  }
  notifyPath(path, file.writable ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE)
  file.release()
  notifyIfGone(path.inode)
}

/** Memory: mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), remap_file_pages(2). Work: mm/mapping.ts, mm/mremap.ts. */

import { isElf } from '../../emu/elf/elf.ts'
import { GUEST_MAX, PAGE_SIZE } from '../../emu/memory/layout.ts'
import { EACCES, EBADF, EINVAL, ENODEV, ENOMEM, EOVERFLOW, EPERM } from '../abi/errno.ts'
import { F_SEAL_FUTURE_WRITE, F_SEAL_WRITE } from '../abi/fcntl.ts'
import * as M from '../abi/mman.ts'
import { anonymousFile } from '../fs/tmpfs/tmpfs.ts'
import type { Task } from '../kernel/task.ts'
import {
  install,
  isPageAligned,
  mprotect,
  munmap,
  pageDown,
  pageUp,
  placeFor,
  setBreak,
} from '../mm/mapping.ts'
import { mremap } from '../mm/mremap.ts'
import { imageKey } from '../mm/placement.ts'
import { SharedObject } from '../mm/shared-object.ts'
import { Vma } from '../mm/vma.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import type { Inode } from '../vfs/inode.ts'
import { addr, fd, flags, hex, size, syscall } from './row.ts'

const PROT_MASK = 7

function sysMmap(
  task: Task,
  hint: number,
  length: number,
  prot: number,
  flagBits: number,
  fdNumber: number,
  offset: number,
): number {
  if (!isPageAligned(offset) || offset < 0) return -EINVAL
  if (length === 0) return -EINVAL
  const kind = flagBits & M.MAP_TYPE
  if (kind !== M.MAP_SHARED && kind !== M.MAP_PRIVATE && kind !== M.MAP_SHARED_VALIDATE) return -EINVAL
  const bytes = pageUp(length)
  if (!(bytes < 2 ** 47)) return -ENOMEM
  const shared = kind !== M.MAP_PRIVATE
  const anonymous = (flagBits & M.MAP_ANONYMOUS) !== 0
  const file = anonymous ? null : task.fds.get(fdNumber)
  if (file === undefined) return -EBADF
  if (file) {
    const refused = checkFile(file, prot, shared)
    if (refused) return refused
    if (offset + bytes > 2 ** 52) return -EOVERFLOW
  }
  const key = file && offset === 0 && !shared ? libraryKey(task, file.inode) : null
  if (key !== null && key < 0) return key
  const at = placeFor(task.mm, hint, bytes, flagBits, key)
  if (at < 0) {
    if (flagBits & M.MAP_FIXED && hint + bytes > 2 ** 32)
      task.kernel.diagnoseOnce(
        `mmap: a fixed address at or above 4 GiB (0x${hint.toString(16)}) is refused (ENOMEM)`,
      )
    return at
  }
  const vma = new Vma(at, at + bytes, prot & PROT_MASK, shared)
  if (file) describeFile(task, vma, file, offset)
  else if (shared) describeShared(task, vma, anonymousFile(task.kernel, bytes))
  vma.growsDown = false
  return install(task.mm, vma, task)
}

/** The key of a library that the dynamic loader begins to map; null for another file; an errno. */
function libraryKey(task: Task, inode: Inode): number | null {
  const got = inode.read(task, 0, libraryHead, 0, libraryHead.length)
  if (got < 0) return got
  const head = libraryHead.subarray(0, got)
  return isElf(head) ? imageKey(head, inode.size) : null
}

const libraryHead = new Uint8Array(4096)

function checkFile(file: FileDescription, prot: number, shared: boolean): number {
  if (!file.readable) return -EACCES
  if (prot & M.PROT_EXEC && file.path?.mount.isNoExec) return -EPERM
  if (!file.inode.isRegular) return -ENODEV
  if (shared && prot & M.PROT_WRITE && !file.writable) return -EACCES
  if (shared && prot & M.PROT_WRITE && isWriteSealed(file.inode)) return -EPERM
  return file.seekable ? 0 : -ENODEV
}

const isWriteSealed = ({ seals }: Inode): boolean =>
  seals > 0 && (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0

function describeFile(task: Task, vma: Vma, file: FileDescription, offset: number): void {
  vma.inode = file.inode
  vma.path = file.path
  vma.offset = offset
  vma.mayExec = !file.path?.mount.isNoExec
  if (!vma.shared) return
  vma.object = objectOf(task, file.inode)
  vma.mayWrite = file.writable && !isWriteSealed(file.inode)
}

function describeShared(task: Task, vma: Vma, inode: Inode): void {
  vma.inode = inode
  vma.object = objectOf(task, inode)
  vma.label = '/dev/zero (deleted)'
}

function objectOf(task: Task, inode: Inode): SharedObject {
  return inode.mapped instanceof SharedObject ? inode.mapped : new SharedObject(inode, task.kernel.caller)
}

/** Another part of a shared area's file. Linux has only this emulation left: an area of its own. */
function sysRemapFilePages(
  task: Task,
  at: number,
  length: number,
  prot: number,
  page: number,
  _flags: number,
): number {
  const start = pageDown(at)
  const end = start + pageDown(length)
  if (prot !== 0 || end <= start || end > GUEST_MAX) return -EINVAL
  const offset = page * PAGE_SIZE
  if (offset + (end - start) > 2 ** 63) return -EINVAL
  const vma = task.mm.vmas.find(start)
  if (!vma?.shared || end > vma.end) return -EINVAL
  const other = vma.copy()
  other.start = start
  other.end = end
  other.offset = offset
  const result = install(task.mm, other, task)
  return result < 0 ? result : 0
}

export const mmapRows = [
  syscall('mmap', [addr, size, flags(M.protFlags), flags(M.mapFlags), fd, hex], sysMmap, 'below 4 GiB'),
  syscall('munmap', [addr, size], (task, at, length) => munmap(task.mm, at, length)),
  syscall('mprotect', [addr, size, flags(M.protFlags)], (task, at, length, prot) =>
    prot & ~(PROT_MASK | M.PROT_GROWSDOWN | M.PROT_GROWSUP)
      ? -EINVAL
      : mprotect(task.mm, at, length, prot & PROT_MASK, task),
  ),
  syscall('mremap', [addr, size, size, flags(M.mremapFlags), addr], (task, at, old, wanted, f, to) =>
    mremap(task.mm, at, old, wanted, f, to),
  ),
  syscall('brk', [addr], (task, wanted) => setBreak(task.mm, wanted)),
  syscall('remap_file_pages', [addr, size, flags(M.protFlags), hex, hex], sysRemapFilePages),
]

/** Memory: mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), madvise(2), msync(2). Work: mm/mapping.ts. */

import { isElf } from '../../emu/elf/elf.ts'
import { GUEST_MAX, PAGE_SIZE } from '../../emu/memory/layout.ts'
import { EACCES, EBADF, EBUSY, EFAULT, EINVAL, ENODEV, ENOMEM, EOVERFLOW, EPERM } from '../abi/errno.ts'
import { F_SEAL_FUTURE_WRITE, F_SEAL_WRITE } from '../abi/fcntl.ts'
import * as M from '../abi/mman.ts'
import { anonymousFile } from '../fs/tmpfs/tmpfs.ts'
import type { Task } from '../kernel/task.ts'
import {
  install,
  isPageAligned,
  mprotect,
  mremap,
  munmap,
  pageUp,
  placeFor,
  setBreak,
} from '../mm/mapping.ts'
import { imageKey } from '../mm/placement.ts'
import { SharedObject } from '../mm/shared-object.ts'
import { Vma } from '../mm/vma.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import type { Inode } from '../vfs/inode.ts'
import { addr, fd, flags, hex, size, syscall, value } from './row.ts'

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

function sysMadvise(task: Task, at: number, length: number, advice: number): number {
  if (!isPageAligned(at)) return -EINVAL
  const end = at + pageUp(length)
  if (length === 0) return 0
  const areas = task.mm.vmas.overlapping(at, end)
  const covered = areas.length > 0 && areas[0]!.start <= at && areas.at(-1)!.end >= end
  if (advice === M.MADV_DONTNEED || advice === M.MADV_FREE) {
    if (areas.some((vma) => vma.isLocked)) return -EINVAL
    if (advice === M.MADV_FREE && areas.some((vma) => vma.inode !== null)) return -EINVAL
    for (const vma of areas) {
      const from = Math.max(at, vma.start)
      const to = Math.min(end, vma.end)
      task.mm.dropPages(from, to)
      // Small areas are kept present: faults would cost more.
      if (to - from <= 1 << 20) task.mm.populate(vma, from, to)
    }
  } else if (!M.madviseAdvice.entries.some(([, known]) => known === advice)) return -EINVAL
  else if (advice === M.MADV_REMOVE) return -EINVAL
  return covered ? 0 : -ENOMEM
}

function sysMsync(task: Task, at: number, length: number, flagBits: number): number {
  if (!isPageAligned(at) || flagBits & ~7 || (flagBits & M.MS_ASYNC && flagBits & M.MS_SYNC)) return -EINVAL
  let next = at
  const end = at + pageUp(length)
  for (const vma of task.mm.vmas.overlapping(at, end)) {
    if (vma.start > next) return -ENOMEM
    if (flagBits & M.MS_INVALIDATE && vma.isLocked) return -EBUSY
    // Stores were written through when they happened.
    if (vma.object && flagBits & M.MS_SYNC) {
      const result = vma.object.inode.sync(task)
      if (result < 0) return result
    }
    next = vma.end
  }
  return next < end ? -ENOMEM : 0
}

function sysMincore(task: Task, at: number, length: number, vec: number): number {
  if (!isPageAligned(at)) return -EINVAL
  if (at + length > GUEST_MAX) return -ENOMEM
  const pages = pageUp(length) / PAGE_SIZE
  const resident = new Uint8Array(pages)
  for (let i = 0; i < pages; i++) {
    if (!task.mm.vmas.find(at + i * PAGE_SIZE)) return -ENOMEM
    resident[i] = task.mm.isPresent(at + i * PAGE_SIZE) ? 1 : 0
  }
  return task.mm.copyOut(vec, resident) ? 0 : -EFAULT
}

export const mmapRows = [
  syscall('mmap', [addr, size, flags(M.protFlags), flags(M.mapFlags), fd, hex], sysMmap, 'below 4 GiB'),
  syscall('munmap', [addr, size], (task, at, length) => munmap(task.mm, at, length)),
  syscall('mprotect', [addr, size, flags(M.protFlags)], (task, at, length, prot) =>
    prot & ~(PROT_MASK | M.PROT_GROWSDOWN | M.PROT_GROWSUP)
      ? -EINVAL
      : mprotect(task.mm, at, length, prot & PROT_MASK),
  ),
  syscall('mremap', [addr, size, size, flags(M.mremapFlags), addr], (task, at, old, wanted, f, to) =>
    mremap(task.mm, at, old, wanted, f, to),
  ),
  syscall('brk', [addr], (task, wanted) => setBreak(task.mm, wanted)),
  syscall(
    'madvise',
    [addr, size, value(M.madviseAdvice)],
    sysMadvise,
    'DONTNEED and FREE drop pages, the rest is advice',
  ),
  syscall('msync', [addr, size, flags(M.msyncFlags)], sysMsync),
  syscall('mincore', [addr, size, addr], sysMincore),
]

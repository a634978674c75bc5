/**
 * What a program says of its memory, and asks: madvise(2), process_madvise(2), msync(2), mincore(2). What shows is done
 * (contents dropped, not inherited, wiped, punched, made); the rest is kept with the area, which it divides. Linux
 * mm/madvise.c, mm/msync.c, mm/mincore.c.
 */

import { GUEST_MAX, PAGE_SIZE } from '../../emu/memory/layout.ts'
import { CAP_SYS_NICE } from '../abi/capability.ts'
import { EACCES, EBADF, EBUSY, EFAULT, EINVAL, ENOMEM, EPERM, ESRCH } from '../abi/errno.ts'
import * as M from '../abi/mman.ts'
import { PidFile } from '../events/pidfd.ts'
import { FSCREDS, mayAccess } from '../kernel/ptrace-access.ts'
import type { Task } from '../kernel/task.ts'
import { isPageAligned, pageUp } from '../mm/mapping.ts'
import type { Mm } from '../mm/mm.ts'
import type { Vma } from '../mm/vma.ts'
import { punchHole } from './file.ts'
import { addr, fd, flags, hexInt, int, outIov, size, syscall, value } from './row.ts'
import { readIov } from './vector.ts'

/** What advice does to the part of one area in [from, to): 0 or an errno. */
type Advise = (task: Task, mm: Mm, vma: Vma, from: number, to: number) => number

/** Areas up to this are made anew at once: faults would cost more. */
const REMADE_SIZE_MAX = 1 << 20

function drop(_task: Task, mm: Mm, vma: Vma, from: number, to: number): number {
  mm.dropPages(from, to)
  if (to - from <= REMADE_SIZE_MAX) mm.populate(vma, from, to)
  return 0
}

const unlessLocked =
  (advise: Advise): Advise =>
  (task, mm, vma, from, to) =>
    vma.isLocked ? -EINVAL : advise(task, mm, vma, from, to)

const dropAnonymous: Advise = (task, mm, vma, from, to) =>
  vma.inode ? -EINVAL : drop(task, mm, vma, from, to)

const remove: Advise = (task, _mm, vma, from, to) => {
  if (!vma.inode) return -EINVAL
  if (!vma.shared || !vma.mayWrite) return -EACCES
  return punchHole(task, vma.inode, vma.offset + (from - vma.start), to - from)
}

/** MADV_POPULATE_READ and _WRITE; `wanted` is a PROT_* bit. */
const populate =
  (wanted: number): Advise =>
  (_task, mm, vma, from, to) => {
    if (!(vma.prot & wanted)) return -EINVAL
    if (mm.populate(vma, from, to) < 0) return -ENOMEM
    // What lies behind the end of its file cannot be made.
    return mm.isPresent(to - PAGE_SIZE) ? 0 : -EFAULT
  }

/** Changes what is kept of the area, which then is an area of its own. */
const keep =
  (set: number, clear = 0): Advise =>
  (_task, mm, vma, from, to) => {
    const advice = (vma.advice & ~clear) | set
    if (advice === vma.advice) return 0
    mm.vmas.split(from)
    mm.vmas.split(to)
    for (const part of mm.vmas.overlapping(from, to)) part.advice = advice
    return 0
  }

const wipeOnFork: Advise = (task, mm, vma, from, to) =>
  vma.inode || vma.shared ? -EINVAL : keep(M.VM_WIPEONFORK)(task, mm, vma, from, to)

const nothing: Advise = () => 0

const ADVICE: ReadonlyMap<number, Advise> = new Map([
  [M.MADV_NORMAL, keep(0, M.VM_RAND_READ | M.VM_SEQ_READ)],
  [M.MADV_RANDOM, keep(M.VM_RAND_READ, M.VM_SEQ_READ)],
  [M.MADV_SEQUENTIAL, keep(M.VM_SEQ_READ, M.VM_RAND_READ)],
  [M.MADV_WILLNEED, nothing],
  [M.MADV_DONTNEED, unlessLocked(drop)],
  [M.MADV_DONTNEED_LOCKED, drop],
  [M.MADV_FREE, unlessLocked(dropAnonymous)],
  [M.MADV_REMOVE, unlessLocked(remove)],
  [M.MADV_DONTFORK, keep(M.VM_DONTCOPY)],
  [M.MADV_DOFORK, keep(0, M.VM_DONTCOPY)],
  [M.MADV_WIPEONFORK, wipeOnFork],
  [M.MADV_KEEPONFORK, keep(0, M.VM_WIPEONFORK)],
  [M.MADV_MERGEABLE, keep(M.VM_MERGEABLE)],
  [M.MADV_UNMERGEABLE, keep(0, M.VM_MERGEABLE)],
  [M.MADV_HUGEPAGE, keep(M.VM_HUGEPAGE, M.VM_NOHUGEPAGE)],
  [M.MADV_NOHUGEPAGE, keep(M.VM_NOHUGEPAGE, M.VM_HUGEPAGE)],
  [M.MADV_DONTDUMP, keep(M.VM_DONTDUMP)],
  [M.MADV_DODUMP, keep(0, M.VM_DONTDUMP)],
  [M.MADV_COLD, unlessLocked(nothing)],
  [M.MADV_PAGEOUT, unlessLocked(nothing)],
  [M.MADV_POPULATE_READ, populate(M.PROT_READ)],
  [M.MADV_POPULATE_WRITE, populate(M.PROT_WRITE)],
])
/** What one process may advise of another's memory. */
const REMOTE = [M.MADV_COLD, M.MADV_PAGEOUT, M.MADV_WILLNEED]
const STOPS_AT_HOLES = [M.MADV_POPULATE_READ, M.MADV_POPULATE_WRITE]

/** A range as Linux counts it, modulo 2^64: its end, or -1 where it goes around. */
function endOf(at: number, length: number): number {
  const end = at + (pageUp(length) % 2 ** 64)
  return end >= 2 ** 64 ? -1 : end
}

function advise(task: Task, mm: Mm, at: number, length: number, advice: number): number {
  const act = ADVICE.get(advice)
  const end = endOf(at, length)
  if (!act || !isPageAligned(at) || end < 0) return -EINVAL
  if (end === at) return length > 0 ? -EINVAL : 0
  let next = at
  let hasHole = false
  // Areas may be divided on the way.
  for (const vma of mm.vmas.overlapping(at, end)) {
    hasHole ||= vma.start > next
    if (hasHole && STOPS_AT_HOLES.includes(advice)) break
    const to = Math.min(end, vma.end)
    const result = act(task, mm, vma, Math.max(at, vma.start), to)
    if (result < 0) return result
    next = to
  }
  mm.vmas.mergeRange(at, end)
  return hasHole || next < end ? -ENOMEM : 0
}

function sysProcessMadvise(
  task: Task,
  fdNumber: number,
  iov: number,
  count: number,
  advice: number,
  flagBits: number,
): number {
  if (flagBits !== 0) return -EINVAL
  const parts = readIov(task, iov, count)
  if (typeof parts === 'number') return parts
  const file = task.fds.get(fdNumber)
  if (!(file instanceof PidFile)) return -EBADF
  const target = file.group.leader
  if (!target) return -ESRCH
  if (!mayAccess(task.credentials, task.group.pid, target, FSCREDS)) return -EACCES
  if (target.mm !== task.mm) {
    if (!REMOTE.includes(advice)) return -EINVAL
    if (!task.credentials.capable(CAP_SYS_NICE)) return -EPERM
  }
  let done = 0
  for (const [at, length] of parts) {
    const result = advise(task, target.mm, at, length, advice)
    if (result < 0) return done || result
    done += length
  }
  return done
}

function sysMsync(task: Task, at: number, length: number, flagBits: number): number {
  if (!isPageAligned(at) || flagBits & ~(M.MS_ASYNC | M.MS_INVALIDATE | M.MS_SYNC)) return -EINVAL
  if (flagBits & M.MS_ASYNC && flagBits & M.MS_SYNC) return -EINVAL
  const end = endOf(at, length)
  if (end < 0) return -ENOMEM
  let next = at
  let hasHole = false
  for (const vma of task.mm.vmas.overlapping(at, end)) {
    hasHole ||= vma.start > next
    if (hasHole && flagBits === M.MS_ASYNC) return -ENOMEM
    if (flagBits & M.MS_INVALIDATE && vma.isLocked) return -EBUSY
    // Stores were written through when they happened.
    if (vma.object && flagBits & M.MS_SYNC) {
      const result = vma.object.inode.sync(task)
      if (result < 0) return result
    }
    next = vma.end
  }
  return hasHole || next < end ? -ENOMEM : 0
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

export const madviseRows = [
  syscall('madvise', [addr, size, value(M.madviseAdvice)], (task, at, length, advice) =>
    advise(task, task.mm, at, length, advice),
  ),
  syscall('process_madvise', [fd, outIov(2), int, value(M.madviseAdvice), hexInt], sysProcessMadvise),
  syscall('msync', [addr, size, flags(M.msyncFlags)], sysMsync),
  syscall('mincore', [addr, size, addr], sysMincore),
]

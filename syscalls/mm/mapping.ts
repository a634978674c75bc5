/**
 * mmap, munmap, mprotect, brk on an Mm: mmap(2), mprotect(2), brk(2). mremap.ts is beside.
 * Path: sys/mmap.ts and exec call these. Every address is below 4 GiB: what cannot lie there is ENOMEM.
 */

import { GUEST_MAX, GUEST_MIN, PAGE_SIZE } from '../../emu/memory/layout.ts'
import { EACCES, EEXIST, EINVAL, ENOMEM, EPERM } from '../abi/errno.ts'
import { MAP_FIXED, MAP_FIXED_NOREPLACE, PROT_EXEC, PROT_NONE, PROT_WRITE } from '../abi/mman.ts'
import type { Caller } from '../vfs/caller.ts'
import { isMadeAtOnce, isWrittenLate, type Mm } from './mm.ts'
import { findImagePlace, findPlace, MMAP_END } from './placement.ts'
import { VMA_COUNT_MAX, Vma } from './vma.ts'

export const pageUp = (size: number): number => Math.ceil(size / PAGE_SIZE) * PAGE_SIZE
export const pageDown = (addr: number): number => Math.floor(addr / PAGE_SIZE) * PAGE_SIZE
export const isPageAligned = (addr: number): boolean => addr % PAGE_SIZE === 0

/**
 * Where a new area of `size` bytes goes, or an errno. `flags`: MAP_FIXED, MAP_FIXED_NOREPLACE; `key`: of the library
 * that it is the first area of.
 */
export function placeFor(
  mm: Mm,
  hint: number,
  size: number,
  flags: number,
  key: number | null = null,
): number {
  if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
    if (!isPageAligned(hint)) return -EINVAL
    if (hint < GUEST_MIN) return hint < 0 ? -ENOMEM : -EPERM
    if (hint + size > mm.end) return -ENOMEM
    if (flags & MAP_FIXED_NOREPLACE && !mm.vmas.isFree(hint, hint + size)) return -EEXIST
    return hint
  }
  const wished = pageUp(hint)
  if (wished >= GUEST_MIN && wished + size <= MMAP_END && mm.vmas.isFree(wished, wished + size)) return wished
  const found = key === null ? findPlace(mm, size) : findImagePlace(mm, key, size)
  return found < 0 ? -ENOMEM : found
}

/**
 * Installs an area over whatever was there and makes its pages where that is cheap. The address, an errno, or
 * BLOCKED where `caller` must wait for the file.
 */
export function install(mm: Mm, vma: Vma, caller?: Caller): number {
  if (mm.vmas.all.length >= VMA_COUNT_MAX) return -ENOMEM
  if (mm.totalSize + vma.size > mm.sizeMax) return -ENOMEM
  // Memory is only promised, but more than there is, is not.
  if (vma.prot & PROT_WRITE && vma.size > mm.space.roomBytes) return -ENOMEM
  const addr = vma.start
  const end = vma.end
  removeRange(mm, addr, end)
  vma.object?.attach(mm)
  if (mm.locksFuture) vma.isLocked = true
  // Pages first, as one area; then it may be merged with its neighbours.
  if (isMadeAtOnce(vma)) {
    const result = mm.populate(vma, addr, end, caller)
    if (result < 0) {
      mm.space.unmap(addr, end - addr)
      vma.object?.detach(mm)
      return result
    }
  }
  mm.vmas.insert(vma)
  return addr
}

/** munmap's work. */
export function removeRange(mm: Mm, start: number, end: number): void {
  const removed = mm.vmas.remove(start, end)
  if (removed.length === 0) return
  for (const vma of removed) mm.space.unmap(vma.start, vma.size)
  for (const vma of removed) vma.object?.detach(mm)
}

export function munmap(mm: Mm, addr: number, length: number): number {
  if (!isPageAligned(addr) || length === 0 || addr + length > mm.end) return -EINVAL
  removeRange(mm, addr, addr + pageUp(length))
  return 0
}

/** 0, an errno, or BLOCKED where `caller` must wait for a file. */
export function mprotect(mm: Mm, addr: number, length: number, prot: number, caller?: Caller): number {
  if (!isPageAligned(addr)) return -EINVAL
  const end = addr + pageUp(length)
  if (length === 0) return 0
  if (end > GUEST_MAX) return -ENOMEM
  let at = addr
  for (const vma of mm.vmas.overlapping(addr, end)) {
    if (vma.start > at) return -ENOMEM
    if ((prot & PROT_WRITE && !vma.mayWrite) || (prot & PROT_EXEC && !vma.mayExec)) return -EACCES
    at = vma.end
  }
  if (at < end) return -ENOMEM
  mm.vmas.split(addr)
  mm.vmas.split(end)
  for (const vma of mm.vmas.overlapping(addr, end)) {
    const result = isWrittenLate(vma, prot) ? mm.populate(vma, vma.start, vma.end, caller) : 0
    if (result < 0) return result
  }
  for (const vma of mm.vmas.overlapping(addr, end)) {
    if (vma.prot === prot) continue
    vma.prot = prot
    for (const [from, to] of mm.presentRuns(vma.start, vma.end)) mm.space.protect(from, to - from, prot)
    if (prot !== PROT_NONE && isMadeAtOnce(vma)) {
      const result = mm.populate(vma, vma.start, vma.end, caller)
      if (result < 0) return result
    }
  }
  mm.vmas.mergeRange(addr, end)
  return 0
}

/** brk(2): the new break, or the old one when it cannot move. */
export function setBreak(mm: Mm, wanted: number): number {
  if (wanted < mm.brkStart || wanted > mm.brkLimit) return mm.brk
  const oldEnd = pageUp(mm.brk)
  const newEnd = pageUp(wanted)
  if (newEnd > oldEnd) {
    if (!mm.vmas.isFree(oldEnd, newEnd)) return mm.brk
    const vma = new Vma(oldEnd, newEnd, 3, false)
    vma.label = '[heap]'
    if (install(mm, vma) < 0) return mm.brk
  } else if (newEnd < oldEnd) removeRange(mm, newEnd, oldEnd)
  mm.brk = wanted
  return wanted
}

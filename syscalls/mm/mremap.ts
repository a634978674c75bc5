/**
 * mremap(2): an area grows, shrinks, moves, is doubled or leaves its place empty. Linux mm/mremap.c, whose order of
 * checks this is. Path: sys/mmap.ts → here → mapping.ts.
 */

import { GUEST_MIN } from '../../emu/memory/layout.ts'
import { EFAULT, EINVAL, ENOMEM, EPERM } from '../abi/errno.ts'
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, PROT_NONE } from '../abi/mman.ts'
import { install, isPageAligned, pageUp, placeFor, removeRange } from './mapping.ts'
import type { Mm } from './mm.ts'
import type { Vma } from './vma.ts'

function checkArguments(
  taskSize: number,
  old: number,
  oldSize: number,
  newSize: number,
  flags: number,
  to: number,
): number {
  if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) return -EINVAL
  if (!isPageAligned(old) || newSize === 0 || newSize > taskSize) return -EINVAL
  if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))) return 0
  if (to > taskSize - newSize || !isPageAligned(to) || !(flags & MREMAP_MAYMOVE)) return -EINVAL
  if (flags & MREMAP_DONTUNMAP && oldSize !== newSize) return -EINVAL
  return to < old + oldSize && old < to + newSize ? -EINVAL : 0
}

export function mremap(
  mm: Mm,
  old: number,
  oldLength: number,
  newLength: number,
  flags: number,
  to: number,
): number {
  let oldSize = pageUp(oldLength)
  const newSize = pageUp(newLength)
  const refused = checkArguments(mm.arch.taskSize, old, oldSize, newSize, flags, to)
  if (refused) return refused
  const vma = mm.vmas.find(old)
  if (!vma) return -EFAULT
  const staysHere = !(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
  if (staysHere && newSize <= oldSize) {
    removeRange(mm, old + newSize, old + oldSize)
    return old
  }
  // Of a private area there is nothing to double.
  if (oldSize === 0 && !vma.shared) return -EINVAL
  if (Math.min(oldSize, newSize) > vma.end - old) return -EFAULT
  if (newSize < oldSize) {
    removeRange(mm, old + newSize, old + oldSize)
    oldSize = newSize
  }
  if (staysHere && oldSize > 0 && old + oldSize === vma.end && mm.vmas.isFree(vma.end, old + newSize))
    if (old + newSize <= mm.end) return grow(mm, vma, old, newSize)
  if (!(flags & MREMAP_MAYMOVE)) return -ENOMEM
  const place =
    flags & MREMAP_FIXED ? fixedPlace(mm, to, newSize) : placeFor(mm, staysHere ? 0 : to, newSize, 0)
  return place < 0 ? place : move(mm, vma, old, oldSize, place, newSize, (flags & MREMAP_DONTUNMAP) !== 0)
}

function fixedPlace(mm: Mm, to: number, size: number): number {
  if (to < GUEST_MIN) return -EPERM
  return to + size > mm.end ? -ENOMEM : to
}

function grow(mm: Mm, vma: Vma, old: number, newSize: number): number {
  const more = vma.copy()
  more.start = vma.end
  more.end = old + newSize
  more.offset = vma.offset + vma.size
  const result = install(mm, more)
  return result < 0 ? result : old
}

/** `leaves`: the old area stays, empty (MREMAP_DONTUNMAP). Without an old size it stays as it is. */
function move(
  mm: Mm,
  vma: Vma,
  old: number,
  oldSize: number,
  to: number,
  newSize: number,
  leaves: boolean,
): number {
  const twin = vma.copy()
  twin.offset += old - vma.start
  twin.start = to
  twin.end = to + newSize
  const result = install(mm, twin)
  if (result < 0) return result
  // Shared pages were read from their object; private ones carry what was written.
  if (!twin.shared && twin.prot !== PROT_NONE)
    for (const [from, end] of mm.presentRuns(old, old + oldSize)) {
      const target = to + (from - old)
      const area = mm.vmas.find(target)!
      if (mm.populate(area, target, target + (end - from)) < 0) return -ENOMEM
      mm.space.bytes.copyWithin(target, from, end)
    }
  if (leaves) mm.dropPages(old, old + oldSize)
  else removeRange(mm, old, old + oldSize)
  return to
}

/**
 * Vma and VmaList: which ranges of a process's addresses mean what. Path: mm/mapping.ts changes the list; a page
 * fault and /proc/PID/maps read it. Linux vm_area_struct.
 */

import type { Inode } from '../vfs/inode.ts'
import type { Path } from '../vfs/path.ts'
import type { SharedObject } from './shared-object.ts'

export class Vma {
  start: number
  end: number
  prot: number
  /** MAP_SHARED. */
  shared: boolean
  /** The mapped file, null for anonymous memory. */
  inode: Inode | null
  path: Path | null
  /** Where `start` lies in the file. */
  offset: number
  /** Writes and aliases of a shared mapping go through this. */
  object: SharedObject | null
  /** May be made writable by mprotect: false for a shared mapping of a file opened read-only. */
  mayWrite = true
  /** May be made executable by mprotect: false for a file on a mount that was noexec. */
  mayExec = true
  growsDown = false
  /** mlock(2). */
  isLocked = false
  /** VM_* that madvise(2) left. */
  advice = 0
  /** `[heap]`, `[stack]` in /proc/PID/maps. */
  label = ''

  constructor(start: number, end: number, prot: number, shared: boolean) {
    this.start = start
    this.end = end
    this.prot = prot
    this.shared = shared
    this.inode = null
    this.path = null
    this.offset = 0
    this.object = null
  }

  get size(): number {
    return this.end - this.start
  }

  copy(): Vma {
    return Object.assign(new Vma(this.start, this.end, this.prot, this.shared), this)
  }

  continues(next: Vma): boolean {
    return (
      this.end === next.start &&
      this.prot === next.prot &&
      this.shared === next.shared &&
      this.inode === next.inode &&
      this.object === next.object &&
      this.label === next.label &&
      this.growsDown === next.growsDown &&
      this.mayWrite === next.mayWrite &&
      this.isLocked === next.isLocked &&
      this.mayExec === next.mayExec &&
      this.advice === next.advice &&
      (this.inode === null || this.offset + this.size === next.offset)
    )
  }
}

/** Mappings of one process at most: Linux vm.max_map_count. */
export const VMA_COUNT_MAX = 65530

export class VmaList {
  readonly all: Vma[] = []

  /** Index of the first area that ends behind `addr`. */
  private indexAfter(addr: number): number {
    let low = 0
    let high = this.all.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.all[middle]!.end > addr) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The area that holds `addr`. */
  find(addr: number): Vma | null {
    const vma = this.all[this.indexAfter(addr)]
    return vma && vma.start <= addr ? vma : null
  }

  /** The first area that ends behind `addr`. */
  findAfter(addr: number): Vma | null {
    return this.all[this.indexAfter(addr)] ?? null
  }

  /** The areas that overlap [start, end). */
  overlapping(start: number, end: number): Vma[] {
    const found: Vma[] = []
    for (let i = this.indexAfter(start); i < this.all.length && this.all[i]!.start < end; i++)
      found.push(this.all[i]!)
    return found
  }

  isFree(start: number, end: number): boolean {
    const next = this.all[this.indexAfter(start)]
    return !next || next.start >= end
  }

  /** The lowest gap of `size` bytes at or above `from` that ends at or below `to`; -1 when none. */
  findGap(size: number, from: number, to: number): number {
    let at = from
    for (let i = this.indexAfter(from); i < this.all.length; i++) {
      const vma = this.all[i]!
      if (vma.start - at >= size) break
      at = Math.max(at, vma.end)
    }
    return at + size <= to ? at : -1
  }

  insert(vma: Vma): Vma {
    const at = this.indexAfter(vma.start)
    this.all.splice(at, 0, vma)
    return this.merge(at)
  }

  /** Joins an area with equal neighbours. */
  private merge(at: number): Vma {
    const vma = this.all[at]!
    const next = this.all[at + 1]
    if (next && vma.continues(next)) {
      vma.end = next.end
      this.all.splice(at + 1, 1)
    }
    const before = this.all[at - 1]
    if (before?.continues(vma)) {
      before.end = vma.end
      this.all.splice(at, 1)
      return before
    }
    return vma
  }

  /** Joins what became equal in a range. */
  mergeRange(start: number, end: number): void {
    let i = Math.max(0, this.indexAfter(start) - 1)
    while (i + 1 < this.all.length && this.all[i]!.start <= end) {
      const vma = this.all[i]!
      const next = this.all[i + 1]!
      if (vma.continues(next)) {
        vma.end = next.end
        this.all.splice(i + 1, 1)
      } else i++
    }
  }

  /** Makes `addr` a border between areas. */
  split(addr: number): void {
    const at = this.indexAfter(addr)
    const vma = this.all[at]
    if (!vma || vma.start >= addr) return
    const upper = vma.copy()
    upper.start = addr
    upper.offset += addr - vma.start
    vma.end = addr
    this.all.splice(at + 1, 0, upper)
  }

  /** Takes out everything in [start, end) and returns it. */
  remove(start: number, end: number): Vma[] {
    this.split(start)
    this.split(end)
    const first = this.indexAfter(start)
    let last = first
    while (last < this.all.length && this.all[last]!.end <= end) last++
    return this.all.splice(first, last - first)
  }
}

/**
 * SharedObject: one file (or anonymous object) and every MAP_SHARED mapping of it in every process. A store to
 * such a page comes here through SpaceObserver.shared; the bytes go to the file and to every other alias.
 * Path: AddressSpace.observer → Mm.storedShared → here → inode and the other spaces; write(2) comes in from the
 * other side through Inode.mapped.
 */

import { PAGE_PRESENT, PAGE_SIZE } from '../../emu/memory/layout.ts'
import type { Task } from '../kernel/task.ts'
import type { Caller } from '../vfs/caller.ts'
import type { Inode, MappedFile } from '../vfs/inode.ts'
import type { Mm } from './mm.ts'
import type { Vma } from './vma.ts'

const ZEROS = new Uint8Array(PAGE_SIZE)

export class SharedObject implements MappedFile {
  readonly inode: Inode
  private readonly caller: Caller
  /** Address spaces that map it. */
  private readonly mappers = new Set<Mm>()
  /** Told when an area of it went away: System V segments count them. */
  onDetached: ((by: Task | null) => void) | null = null

  constructor(inode: Inode, caller: Caller) {
    this.inode = inode
    this.caller = caller
  }

  attach(mm: Mm): void {
    this.mappers.add(mm)
    this.inode.mapped = this
  }

  /** Call when an area of `mm` went away. */
  detach(mm: Mm): void {
    if (!mm.vmas.all.some((vma) => vma.object === this)) {
      this.mappers.delete(mm)
      if (this.mappers.size === 0 && this.inode.mapped === this) this.inode.mapped = null
    }
    this.onDetached?.(mm.running)
  }

  /** Areas that map it, in all processes. */
  get areaCount(): number {
    let count = 0
    for (const mm of this.mappers) for (const vma of mm.vmas.all) if (vma.object === this) count++
    return count
  }

  get isWritable(): boolean {
    for (const mm of this.mappers)
      if (mm.vmas.all.some((vma) => vma.object === this && vma.mayWrite)) return true
    return false
  }

  /** A store in `mm` changed bytes of one of its areas. */
  storedBy(mm: Mm, vma: Vma, addr: number, count: number): void {
    const pos = vma.offset + (addr - vma.start)
    const inFile = Math.min(count, this.inode.size - pos)
    // What lies behind the end of the file in its last page is nobody's.
    if (inFile > 0) {
      this.inode.write(this.caller, pos, mm.space.bytes, addr, inFile)
      if (mm.running) this.touch(mm.running)
    }
    this.copyToAliases(pos, count, mm.space.bytes, addr, mm, addr)
  }

  /** The kernel wrote; whoever stored may tell another time. */
  private touch({ world }: Task): void {
    if (world.clock === this.caller.world.clock) return
    this.inode.mtime.setNow(world.clock)
    this.inode.ctime.setNow(world.clock)
  }

  written(pos: number, count: number, bytes: Uint8Array, at: number): void {
    this.copyToAliases(pos, count, bytes, at, null, -1)
  }

  private copyToAliases(
    pos: number,
    count: number,
    bytes: Uint8Array,
    at: number,
    exceptMm: Mm | null,
    exceptAddr: number,
  ): void {
    for (const mm of this.mappers)
      for (const vma of mm.vmas.all) {
        if (vma.object !== this) continue
        const from = Math.max(pos, vma.offset)
        const to = Math.min(pos + count, vma.offset + vma.size)
        if (from >= to) continue
        const target = vma.start + (from - vma.offset)
        if (mm === exceptMm && target === exceptAddr) continue
        copyPresent(mm, target, bytes.subarray(at + (from - pos), at + (to - pos)))
      }
  }

  zeroed(from: number, to: number): void {
    for (let at = from; at < to; at += PAGE_SIZE) {
      const count = Math.min(PAGE_SIZE, to - at)
      this.copyToAliases(at, count, ZEROS, 0, null, -1)
    }
  }

  truncated(size: number): void {
    const keep = Math.ceil(size / PAGE_SIZE) * PAGE_SIZE
    for (const mm of this.mappers)
      for (const vma of mm.vmas.all) {
        if (vma.object !== this) continue
        const from = Math.max(vma.start, vma.start + (keep - vma.offset))
        // Pages behind the end of the file are SIGBUS from now on; the rest of the last page is zero.
        if (from < vma.end) mm.dropPages(from, vma.end)
        const tail = vma.start + (size - vma.offset)
        if (tail > vma.start && tail < Math.min(from, vma.end))
          copyPresent(mm, tail, new Uint8Array(Math.min(from, vma.end) - tail))
      }
  }
}

/** Copies into pages that hold contents; the others are read from the file when they are first touched. */
function copyPresent(mm: Mm, addr: number, source: Uint8Array): void {
  const { space } = mm
  for (let done = 0; done < source.length; ) {
    const at = addr + done
    const count = Math.min(source.length - done, PAGE_SIZE - (at % PAGE_SIZE))
    if (space.flags[Math.floor(at / PAGE_SIZE)]! & PAGE_PRESENT) {
      space.beforeStore(at, count)
      space.bytes.set(source.subarray(done, done + count), at)
    }
    done += count
  }
}

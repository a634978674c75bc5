/**
 * Mm: one process image's memory: the AddressSpace, the areas in it, and the kernel's checked access to it.
 * Path: exec makes it, fork copies it, handlers copy in and out through it, page faults end here. Linux mm_struct.
 *
 * Pages are made when they are first needed in areas above EAGER_SIZE_MAX, and at once in smaller ones; PROT_NONE
 * areas cost nothing until mprotect allows something. The stack's area grows down on a fault.
 */

import type { AddressSpace } from '../../emu/memory/address-space.ts'
import {
  GUEST_MAX,
  PAGE_PRESENT,
  PAGE_PW,
  PAGE_R,
  PAGE_SHARED,
  PAGE_SIZE,
  PAGE_X,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  STATE_BASE,
} from '../../emu/memory/layout.ts'
import { StateBlock } from '../../emu/memory/state-block.ts'
import type { Arch } from '../abi/arch/arch.ts'
import type { CallTable } from '../abi/arch/call-table.ts'
import { BLOCKED, EAGAIN, ENOMEM } from '../abi/errno.ts'
import { VM_DONTCOPY, VM_WIPEONFORK } from '../abi/mman.ts'
import { type DataModel, getI64, getInteger, type Layout, putInteger, putU64 } from '../abi/struct.ts'
import type { Task } from '../kernel/task.ts'
import type { Caller, CallerMemory } from '../vfs/caller.ts'
import { allowWrites, denyWrites } from '../vfs/executing.ts'
import type { Path } from '../vfs/path.ts'
import {
  FAULT_BUS,
  FAULT_FIXED,
  FAULT_LATE,
  FAULT_NO_MEMORY,
  FAULT_REFUSED,
  FAULT_UNMAPPED,
  LatePage,
} from './faults.ts'
import { type Vma, VmaList } from './vma.ts'

/** Areas up to this are made at once: cheaper than faults. */
const EAGER_SIZE_MAX = 1 << 20
/** How much a fault in a larger area makes: of nothing, and of a file. */
const FAULT_AROUND_SIZE = 1 << 18
const FILE_AROUND_SIZE = 1 << 16

export class Mm implements CallerMemory {
  readonly space: AddressSpace
  /** The ISA of its program, and that ISA's system calls. */
  readonly arch: Arch
  /** How structures lie in it, unless a call says otherwise. */
  readonly model: DataModel
  readonly calls: CallTable
  readonly state: StateBlock
  readonly vmas = new VmaList()
  /** Tasks that use it (vfork, threads). */
  users = 1
  /** When it ran last, in slices of the kernel. */
  lastSlice = 0
  /** Whose registers are in the state block. */
  running: Task | null = null
  /** For reading file pages on a fault. */
  private readonly caller: Caller

  brkStart = 0
  brk = 0
  brkLimit = 0
  mmapBase = 0
  stackTop = 0
  /** How large the stack may become: RLIMIT_STACK at exec. */
  stackSizeMax = 8 << 20
  argStart = 0
  argEnd = 0
  envStart = 0
  envEnd = 0
  exe: Path | null = null
  /** The page of code that the kernel gave the program; 0: none. */
  vdso = 0
  /** Stands for the program's contents. */
  programKey = ''
  /** Its e_flags. */
  elfFlags = 0
  auxv = new Uint8Array(0)
  /** PR_SET_DUMPABLE and PR_SET_THP_DISABLE. */
  dumpable = 1
  hasNoHugePages = false
  /** /proc/PID/coredump_filter. */
  coredumpFilter = 0x33
  /** MCL_FUTURE: what is mapped from now on is locked. */
  locksFuture = false
  /** What membarrier(2) was told of, MEMBARRIER_CMD_REGISTER_*. */
  barriers = 0
  /** RLIMIT_AS. */
  sizeMax = Infinity

  constructor(space: AddressSpace, caller: Caller, calls: CallTable) {
    this.space = space
    this.calls = calls
    this.arch = calls.arch
    this.model = calls.arch.model
    this.state = new StateBlock(space)
    this.caller = caller
    space.observer.fetch = (addr) => this.faultIn(addr, PROT_EXEC) === FAULT_FIXED
    space.observer.shared = (addr, size) => this.storedShared(addr, size)
  }

  /** Brings a task's registers into the state block. */
  activate(task: Task): void {
    if (this.running === task) return
    this.deactivate()
    this.state.restore(task.savedState)
    this.running = task
  }

  /** Saves the registers of the task that ran last. */
  deactivate(): void {
    const before = this.running
    if (before)
      before.savedState.set(this.space.bytes.subarray(STATE_BASE, STATE_BASE + before.savedState.length))
    this.running = null
  }

  get totalSize(): number {
    let total = 0
    for (const vma of this.vmas.all) total += vma.size
    return total
  }

  /** What mlock(2) keeps. */
  get lockedSize(): number {
    let total = 0
    for (const vma of this.vmas.all) if (vma.isLocked) total += vma.size
    return total
  }

  // Making pages.

  /** Tries to make an access possible: FAULT_*. `wanted` is a PROT_* bit; whose file answers later, `caller` waits for. */
  faultIn(addr: number, wanted: number, caller: Caller = this.caller): number {
    if (!(addr >= 0 && addr < GUEST_MAX)) return FAULT_UNMAPPED
    let vma = this.vmas.find(addr)
    if (!vma) {
      vma = this.growStack(addr)
      if (!vma) return FAULT_UNMAPPED
    }
    if (!allows(vma.prot, wanted)) return FAULT_REFUSED
    const page = Math.floor(addr / PAGE_SIZE) * PAGE_SIZE
    if (this.space.flags[page / PAGE_SIZE]! & PAGE_PRESENT) {
      const need = wanted === PROT_WRITE ? PAGE_PW : wanted === PROT_EXEC ? PAGE_X : PAGE_R
      return this.space.flags[page / PAGE_SIZE]! & need ? FAULT_FIXED : FAULT_REFUSED
    }
    const size = vma.growsDown ? PAGE_SIZE : vma.inode ? FILE_AROUND_SIZE : FAULT_AROUND_SIZE
    const around = Math.floor(page / size) * size
    const from = Math.max(vma.start, around)
    const to = Math.min(vma.end, around + size)
    const result = this.populate(vma, from, to, caller)
    if (result === -ENOMEM) return FAULT_NO_MEMORY
    if (result === BLOCKED || result === -EAGAIN) return FAULT_LATE
    return this.space.flags[page / PAGE_SIZE]! & PAGE_PRESENT ? FAULT_FIXED : FAULT_BUS
  }

  isPresent(addr: number): boolean {
    return (
      addr >= 0 && addr < GUEST_MAX && (this.space.flags[Math.floor(addr / PAGE_SIZE)]! & PAGE_PRESENT) !== 0
    )
  }

  private growStack(addr: number): Vma | null {
    const above = this.vmas.findAfter(addr)
    if (!above?.growsDown) return null
    const start = Math.floor(addr / PAGE_SIZE) * PAGE_SIZE
    if (above.end - start > this.stackSizeMax) return null
    // A guard page keeps the stack from running into what lies below.
    if (!this.vmas.isFree(start - PAGE_SIZE, above.start)) return null
    if (this.populateAnonymous(start, above.start, above.prot) < 0) return null
    above.start = start
    return above
  }

  /** Makes the pages of [from, to) that do not exist; those behind the end of a file stay absent. */
  populate(vma: Vma, from: number, to: number, caller: Caller = this.caller): number {
    if (vma.prot === 0) return 0
    if (!vma.inode) return this.populateAnonymous(from, to, vma.prot)
    const fileEnd = vma.start + Math.ceil((vma.inode.size - vma.offset) / PAGE_SIZE) * PAGE_SIZE
    const end = Math.min(to, fileEnd)
    for (const [first, last] of this.absentRuns(from, end)) {
      if (!this.space.map(first, last - first, vma.prot)) return -ENOMEM
      const pos = vma.offset + (first - vma.start)
      const result = this.readFile(vma, pos, first, last - first, caller)
      if (result < 0) {
        this.space.unmap(first, last - first)
        return result
      }
      if (vma.shared) this.space.share(first, last - first)
    }
    return 0
  }

  private readFile(vma: Vma, pos: number, addr: number, count: number, caller: Caller): number {
    let done = 0
    while (done < count) {
      const got = vma.inode!.read(caller, pos + done, this.space.bytes, addr + done, count - done)
      if (got === 0) break
      if (got < 0) return got
      done += got
    }
    return done
  }

  private populateAnonymous(from: number, to: number, prot: number): number {
    for (const [first, last] of this.absentRuns(from, to))
      if (!this.space.map(first, last - first, prot)) return -ENOMEM
    return 0
  }

  private absentRuns(from: number, to: number): [number, number][] {
    const runs: [number, number][] = []
    const { flags } = this.space
    const last = to / PAGE_SIZE
    for (let page = from / PAGE_SIZE; page < last; ) {
      if (flags[page]! & PAGE_PRESENT) {
        page++
        continue
      }
      const first = page
      while (page < last && !(flags[page]! & PAGE_PRESENT)) page++
      runs.push([first * PAGE_SIZE, page * PAGE_SIZE])
    }
    return runs
  }

  /** The runs of present pages in a range: what protect may touch. */
  presentRuns(from: number, to: number): [number, number][] {
    const runs: [number, number][] = []
    let at = from
    for (const [first, last] of this.absentRuns(from, to)) {
      if (first > at) runs.push([at, first])
      at = last
    }
    if (at < to) runs.push([at, to])
    return runs
  }

  /** Forgets contents; the next touch makes fresh pages (MADV_DONTNEED, truncate). */
  dropPages(from: number, to: number): void {
    for (const [first, last] of this.presentRuns(from, to)) this.space.unmap(first, last - first)
  }

  private storedShared(addr: number, size: number): void {
    for (const vma of this.vmas.overlapping(addr, addr + size)) {
      if (!vma.object) continue
      const from = Math.max(addr, vma.start)
      vma.object.storedBy(this, vma, from, Math.min(addr + size, vma.end) - from)
    }
  }

  // Checked access, for handlers.

  private usable(addr: number, size: number, flag: number, prot: number): boolean {
    for (;;) {
      const refused = this.space.firstRefused(addr, size, flag)
      if (refused === -1) return true
      if (!this.fixed(refused, prot)) return false
    }
  }

  /** Makes an access of the kernel's possible. False: it is refused. Throws LatePage. */
  private fixed(addr: number, prot: number): boolean {
    const result = this.faultIn(addr, prot)
    if (result === FAULT_LATE) throw new LatePage(this, addr)
    return result === FAULT_FIXED
  }

  canRead(addr: number, size: number): boolean {
    return this.usable(addr, size, PAGE_R, PROT_READ)
  }

  /** Also tells the translator that code there may change: store at once, then call `stored`. */
  canWrite(addr: number, size: number): boolean {
    if (!this.usable(addr, size, PAGE_PW, PROT_WRITE)) return false
    this.space.beforeStore(addr, size)
    return true
  }

  /** How many of `size` bytes from `addr` on may be read; 0 when none. */
  readablePrefix(addr: number, size: number): number {
    return this.canRead(addr, size) ? size : this.prefix(addr, size, PAGE_R)
  }

  writablePrefix(addr: number, size: number): number {
    if (this.canWrite(addr, size)) return size
    const count = this.prefix(addr, size, PAGE_PW)
    if (count > 0) this.space.beforeStore(addr, count)
    return count
  }

  private prefix(addr: number, size: number, flag: number): number {
    const refused = this.space.firstRefused(addr, size, flag)
    return refused === -1 ? size : Math.max(0, Math.min(size, refused - addr))
  }

  /** After a store through `space.bytes` or `space.view`. */
  stored(addr: number, size: number): void {
    const { flags } = this.space
    const last = Math.floor((addr + size - 1) / PAGE_SIZE)
    for (let page = Math.floor(addr / PAGE_SIZE); page <= last; page++)
      if (flags[page]! & PAGE_SHARED) {
        this.storedShared(addr, size)
        return
      }
  }

  copyIn(addr: number, size: number): Uint8Array | null {
    return this.canRead(addr, size) ? this.space.bytes.slice(addr, addr + size) : null
  }

  copyOut(addr: number, bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true
    if (!this.canWrite(addr, bytes.length)) return false
    this.space.bytes.set(bytes, addr)
    this.stored(addr, bytes.length)
    return true
  }

  /** The bytes before the first NUL; null is EFAULT, undefined longer than `limit`. */
  cstring(addr: number, limit: number): Uint8Array | null | undefined {
    for (;;) {
      const found = this.space.readCString(addr, limit)
      if (found !== null) return found
      let at = addr
      while (this.space.allows(at, 1, PAGE_R)) at = (Math.floor(at / PAGE_SIZE) + 1) * PAGE_SIZE
      if (!this.fixed(at, PROT_READ)) return null
    }
  }

  getU32(addr: number): number {
    return this.canRead(addr, 4) ? this.space.view.getUint32(addr, this.model.littleEndian) : -1
  }

  setU32(addr: number, value: number): boolean {
    if (!this.canWrite(addr, 4)) return false
    this.space.view.setUint32(addr, value, this.model.littleEndian)
    this.stored(addr, 4)
    return true
  }

  setU64(addr: number, value: number): boolean {
    if (!this.canWrite(addr, 8)) return false
    putU64(this.space.view, addr, value, this.model)
    this.stored(addr, 8)
    return true
  }

  /** A sigset; false is EFAULT. */
  setMask(addr: number, lo: number, hi: number): boolean {
    if (!this.canWrite(addr, 8)) return false
    const { littleEndian } = this.model
    this.space.view.setInt32(addr + this.maskLoAt, lo | 0, littleEndian)
    this.space.view.setInt32(addr + (this.maskLoAt ^ 4), hi | 0, littleEndian)
    this.stored(addr, 8)
    return true
  }

  /** Signals up to 32 of a sigset at an address already checked by canRead. */
  maskLo(addr: number): number {
    return this.i32(addr + this.maskLoAt)
  }

  /** The others. */
  maskHi(addr: number): number {
    return this.i32(addr + (this.maskLoAt ^ 4))
  }

  /** A sigset is made of longs. */
  private get maskLoAt(): number {
    return this.model.littleEndian || this.model.wordSize === 4 ? 0 : 4
  }

  /** Where bit `number` of a bitmap of longs (an fd_set, a set of processors) has its byte: `number` & 7 is its place there. */
  bitByte(addr: number, number: number): number {
    const byte = addr + (number >> 3)
    return this.model.littleEndian ? byte : addr + ((number >> 3) ^ (this.model.wordSize - 1))
  }

  /** A structure; null is EFAULT. */
  getStruct<T extends object>(layout: Layout<T>, addr: number): T | null {
    return this.canRead(addr, layout.sizeBytes) ? layout.get(this.space.view, addr) : null
  }

  /** Writes a structure whole; false is EFAULT. */
  putStruct<T extends object>(layout: Layout<T>, addr: number, values: Partial<T>): boolean {
    if (!this.canWrite(addr, layout.sizeBytes)) return false
    layout.put(this.space.view, addr, values)
    this.stored(addr, layout.sizeBytes)
    return true
  }

  /** Where addresses that can be mapped end. */
  get end(): number {
    return Math.min(GUEST_MAX, this.arch.taskSize)
  }

  /** A pointer or size_t at an address already checked by canRead. */
  word(addr: number, { wordSize }: DataModel = this.model): number {
    return getInteger(this.space.view, addr, wordSize, false, this.model)
  }

  /** Writes a pointer or size_t; false is EFAULT. */
  setWord(addr: number, value: number, { wordSize }: DataModel = this.model): boolean {
    if (!this.canWrite(addr, wordSize)) return false
    putInteger(this.space.view, addr, wordSize, value, this.model)
    this.stored(addr, wordSize)
    return true
  }

  /** A signed 64-bit number at an address already checked by canRead. */
  i64(addr: number): number {
    return getI64(this.space.view, addr, this.model)
  }

  u64(addr: number): number {
    const value = getI64(this.space.view, addr, this.model)
    return value < 0 ? value + 2 ** 64 : value
  }

  i32(addr: number): number {
    return this.space.view.getInt32(addr, this.model.littleEndian)
  }

  u16(addr: number): number {
    return this.space.view.getUint16(addr, this.model.littleEndian)
  }
}

/** Whether an area's pages are made when it is mapped: also where the kernel may store and cannot wait. */
export const isMadeAtOnce = (vma: Vma): boolean => vma.size <= EAGER_SIZE_MAX || isWrittenLate(vma, vma.prot)

/** Whether an area of that protection must be there whole, because its file answers later. */
export const isWrittenLate = ({ inode, shared }: Vma, prot: number): boolean =>
  inode !== null && !inode.fs.answersAtOnce && (shared || (prot & PROT_WRITE) !== 0)

const allows = (prot: number, wanted: number): boolean =>
  wanted === PROT_READ ? (prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) !== 0 : (prot & wanted) !== 0

/** A copy for fork(2); null when the host has no memory left. */
export function forkMm(mm: Mm, caller: Caller): Mm | null {
  const space = mm.space.clone()
  if (!space) return null
  const copy = new Mm(space, caller, mm.calls)
  for (const vma of mm.vmas.all) {
    if (vma.advice & (VM_DONTCOPY | VM_WIPEONFORK)) copy.dropPages(vma.start, vma.end)
    if (vma.advice & VM_DONTCOPY) continue
    const twin = vma.copy()
    twin.isLocked = false
    copy.vmas.all.push(twin)
    twin.object?.attach(copy)
  }
  if (mm.exe) denyWrites(mm.exe.inode)
  const {
    brkStart,
    brk,
    brkLimit,
    mmapBase,
    stackTop,
    stackSizeMax,
    argStart,
    argEnd,
    envStart,
    envEnd,
    exe,
    vdso,
    programKey,
    elfFlags,
    auxv,
    sizeMax,
    dumpable,
    hasNoHugePages,
    coredumpFilter,
    barriers,
  } = mm
  Object.assign(copy, {
    brkStart,
    brk,
    brkLimit,
    mmapBase,
    stackTop,
    stackSizeMax,
    argStart,
    argEnd,
    envStart,
    envEnd,
    exe,
    vdso,
    programKey,
    elfFlags,
    auxv,
    sizeMax,
    dumpable,
    hasNoHugePages,
    coredumpFilter,
    barriers,
  })
  return copy
}

/** The last user is gone. */
export function destroyMm(mm: Mm): void {
  const objects = new Set(mm.vmas.all.map((vma) => vma.object))
  mm.vmas.all.length = 0
  for (const object of objects) object?.detach(mm)
  if (mm.exe) allowWrites(mm.exe.inode)
  mm.exe = null
  mm.space.release()
}

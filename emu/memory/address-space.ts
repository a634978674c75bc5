/**
 * AddressSpace: one process's memory, a WebAssembly.Memory plus a byte of flags for each page.
 * Path: mapped by syscalls/mm, read and written by the kernel's copy-in and copy-out, and by translated code
 * directly. It knows pages and permissions; which file or purpose a range has is the kernel's (syscalls/mm).
 *
 * Invariants: memory.grow detaches every view, so nobody keeps `bytes` or `view` across a call that may map;
 * pages below GUEST_MIN have no flags, so neither guest nor copy-out reaches the emulator's own tables.
 * A space whose process sleeps may be without a Memory (swapOut): whoever looks at it brings it back.
 */

import {
  GUEST_MAX,
  GUEST_MIN,
  LDT_BASE,
  LDT_COUNT,
  PAGE_CODE,
  PAGE_FLAGS_BASE,
  PAGE_PRESENT,
  PAGE_PW,
  PAGE_R,
  PAGE_SHARED,
  PAGE_SHIFT,
  PAGE_SIZE,
  PAGE_STALE,
  PAGE_W,
  PAGE_X,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  STATE_BASE,
  STATE_SIZE,
} from './layout.ts'
import type { MemoryPool } from './memory-pool.ts'

const WASM_PAGE = 65536

/**
 * Told of stores: `code` before translated bytes change, `shared` after a write-through page changed. `fetch` is asked to
 * make an executable page that is absent, as a fault there would; whether it did.
 */
export interface SpaceObserver {
  fetch?(addr: number): boolean
  code?(addr: number, sizeBytes: number): void
  /** It has a Memory again, another one. */
  returned?(): void
  shared?(addr: number, sizeBytes: number): void
}

interface SwappedSpace {
  readonly sizeBytes: number
  readonly state: Uint8Array
  readonly ldt: Uint8Array
  readonly flags: Uint8Array
  /** The pages that are not all zero, and their contents one behind the other. */
  readonly pages: readonly number[]
  readonly contents: Uint8Array
}

const pagesOf = (addr: number, sizeBytes: number): [number, number] => [
  Math.floor(addr / PAGE_SIZE),
  Math.floor((addr + sizeBytes - 1) / PAGE_SIZE),
]

export class AddressSpace {
  readonly observer: SpaceObserver = {}
  private heldMemory: WebAssembly.Memory
  private heldBytes!: Uint8Array
  private heldView!: DataView
  private heldWords!: Int32Array
  private heldFlags!: Uint8Array
  /** What it consists of while it has no Memory. */
  private swapped: SwappedSpace | null = null
  /** Guest pages with contents. */
  presentPages = 0
  /** The most there were at once. */
  presentPagesMost = 0
  /** Those that were ever made here. */
  pagesMade = 0
  private readonly pool: MemoryPool

  constructor(pool: MemoryPool) {
    this.pool = pool
    this.heldMemory = pool.take()
    this.refreshViews()
  }

  get memory(): WebAssembly.Memory {
    if (this.swapped !== null) this.swapIn()
    return this.heldMemory
  }

  /** The whole Memory; replaced when it grows. */
  get bytes(): Uint8Array {
    if (this.swapped !== null) this.swapIn()
    return this.heldBytes
  }

  get view(): DataView {
    if (this.swapped !== null) this.swapIn()
    return this.heldView
  }

  /** The same as 32-bit words: the state block's fields are aligned, and WebAssembly's byte order is this one's. */
  get words(): Int32Array {
    if (this.swapped !== null) this.swapIn()
    return this.heldWords
  }

  /** The flag bytes, indexed by page number. */
  get flags(): Uint8Array {
    if (this.swapped !== null) this.swapIn()
    return this.heldFlags
  }

  get isSwappedOut(): boolean {
    return this.swapped !== null
  }

  private refreshViews(): void {
    const { buffer } = this.heldMemory
    this.heldBytes = new Uint8Array(buffer)
    this.heldView = new DataView(buffer)
    this.heldWords = new Int32Array(buffer)
    this.heldFlags = new Uint8Array(buffer, PAGE_FLAGS_BASE, GUEST_MAX / PAGE_SIZE)
  }

  /**
   * Gives the Memory to others, keeping what is in it: for a process that sleeps, and whose translated code was let go of
   * (Cpu.release). Shared pages are not kept: they are read again from what is behind them.
   */
  swapOut(): void {
    const { bytes, flags } = this
    const end = bytes.length / PAGE_SIZE
    for (let page = GUEST_MIN >> PAGE_SHIFT; page < end; page++) {
      if (flags[page]! & PAGE_CODE) this.unmarkCode(page)
      if (flags[page]! & PAGE_SHARED) this.unmap(page * PAGE_SIZE, PAGE_SIZE)
    }
    const words = new BigInt64Array(bytes.buffer, 0, bytes.length >> 3)
    const pages: number[] = []
    for (let page = GUEST_MIN >> PAGE_SHIFT; page < end; page++)
      if (flags[page]! & PAGE_PRESENT && !isZeroPage(words, page)) pages.push(page)
    const contents = new Uint8Array(pages.length * PAGE_SIZE)
    for (const [i, page] of pages.entries())
      contents.set(bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), i * PAGE_SIZE)
    this.swapped = {
      sizeBytes: bytes.length,
      state: bytes.slice(STATE_BASE, STATE_BASE + STATE_SIZE),
      ldt: this.ldt.slice(),
      flags: flags.slice(0, end),
      pages,
      contents,
    }
    this.pool.give(this.heldMemory)
    this.heldBytes = this.heldFlags = new Uint8Array(0)
  }

  /** Throws RangeError when the host has no Memory left and nobody else sleeps. */
  private swapIn(): void {
    const { sizeBytes, state, ldt, flags, pages, contents } = this.swapped!
    this.heldMemory = this.pool.take()
    this.swapped = null
    this.refreshViews()
    if (!this.growTo(sizeBytes)) throw new RangeError('the host has no memory left for a process that wakes')
    this.bytes.set(state, STATE_BASE)
    this.bytes.set(ldt, LDT_BASE)
    for (const [page, flag] of flags.entries()) {
      if (!(flag & PAGE_PRESENT)) continue
      if (this.flags[page]! & PAGE_STALE) this.bytes.fill(0, page * PAGE_SIZE, (page + 1) * PAGE_SIZE)
      this.flags[page] = flag
    }
    for (const [i, page] of pages.entries())
      this.bytes.set(contents.subarray(i * PAGE_SIZE, (i + 1) * PAGE_SIZE), page * PAGE_SIZE)
    this.observer.returned?.()
  }

  /** Whether [addr, addr+size) lies where guest pages may be. */
  static inRange(addr: number, sizeBytes: number): boolean {
    return addr >= GUEST_MIN && sizeBytes >= 0 && addr + sizeBytes <= GUEST_MAX
  }

  /**
   * Maps zero-filled pages with PROT_* permissions over whatever was there. `addr` and `sizeBytes` are page
   * multiples. False when the range is outside guest memory or the host has no memory left (ENOMEM).
   */
  map(addr: number, sizeBytes: number, prot: number): boolean {
    if (!AddressSpace.inRange(addr, sizeBytes)) return false
    const fresh = sizeBytes / PAGE_SIZE - this.presentIn(addr, sizeBytes)
    if (!this.pool.charge(fresh)) return false
    if (!this.growTo(addr + sizeBytes)) {
      this.pool.pagesUsed -= fresh
      return false
    }
    this.presentPages += fresh
    this.presentPagesMost = Math.max(this.presentPagesMost, this.presentPages)
    this.pagesMade += fresh
    this.dropCode(addr, sizeBytes)
    this.clear(addr, sizeBytes)
    this.setFlags(addr, sizeBytes, prot, 0)
    return true
  }

  /** Zeroes a range, but touches nothing for which the host never had to give memory. */
  private clear(addr: number, sizeBytes: number): void {
    const { flags } = this
    const end = (addr + sizeBytes) / PAGE_SIZE
    for (let page = addr / PAGE_SIZE; page < end; page++) {
      const first = page
      while (page < end && flags[page]! & (PAGE_PRESENT | PAGE_STALE)) page++
      if (page > first) this.bytes.fill(0, first * PAGE_SIZE, page * PAGE_SIZE)
    }
  }

  /** Removes pages: access faults from now on. The contents are cleared when they are mapped again. */
  unmap(addr: number, sizeBytes: number): void {
    if (!AddressSpace.inRange(addr, sizeBytes)) return
    this.dropCode(addr, sizeBytes)
    const gone = this.presentIn(addr, sizeBytes)
    this.presentPages -= gone
    this.pool.pagesUsed -= gone
    const [first, last] = pagesOf(addr, sizeBytes)
    for (let page = first; page <= last; page++)
      this.flags[page] = this.flags[page]! & (PAGE_PRESENT | PAGE_STALE) ? PAGE_STALE : 0
  }

  /** What is left for pages of all processes. */
  get roomBytes(): number {
    return (this.pool.pagesMax - this.pool.pagesUsed) * PAGE_SIZE
  }

  private presentIn(addr: number, sizeBytes: number): number {
    let present = 0
    for (let page = addr / PAGE_SIZE, end = (addr + sizeBytes) / PAGE_SIZE; page < end; page++)
      if (this.flags[page]! & PAGE_PRESENT) present++
    return present
  }

  /** Changes permissions of present pages (PAGE_PRESENT); contents stay. */
  protect(addr: number, sizeBytes: number, prot: number): void {
    if (!AddressSpace.inRange(addr, sizeBytes) || !this.growTo(addr + sizeBytes)) return
    if (!(prot & PROT_EXEC)) this.dropCode(addr, sizeBytes)
    this.setFlags(addr, sizeBytes, prot, PAGE_CODE | PAGE_SHARED)
  }

  /** Makes stores to these pages report to `observer.shared` (MAP_SHARED, several mappings of one page). */
  share(addr: number, sizeBytes: number): void {
    const [first, last] = pagesOf(addr, sizeBytes)
    for (let page = first; page <= last; page++)
      this.flags[page] = (this.flags[page]! | PAGE_SHARED) & ~PAGE_W
  }

  /** Marks pages whose bytes were translated: the next store to them calls `observer.code` first. */
  markCode(addr: number, sizeBytes: number): void {
    const [first, last] = pagesOf(addr, sizeBytes)
    for (let page = first; page <= last; page++) this.flags[page] = (this.flags[page]! | PAGE_CODE) & ~PAGE_W
  }

  /** Takes back markCode for one page, once nothing translated is left on it. */
  unmarkCode(page: number): void {
    const flags = this.flags[page]! & ~PAGE_CODE
    this.flags[page] = flags & PAGE_PW && !(flags & PAGE_SHARED) ? flags | PAGE_W : flags
  }

  private setFlags(addr: number, sizeBytes: number, prot: number, kept: number): void {
    if (sizeBytes === 0) return
    const [first, last] = pagesOf(addr, sizeBytes)
    let base = PAGE_PRESENT
    // On x86 and PowerPC a writable or executable page is readable.
    if (prot & (PROT_READ | PROT_WRITE | PROT_EXEC)) base |= PAGE_R
    if (prot & PROT_WRITE) base |= PAGE_PW
    if (prot & PROT_EXEC) base |= PAGE_X
    for (let page = first; page <= last; page++) {
      const flags = base | (this.flags[page]! & kept)
      this.flags[page] = flags & PAGE_PW && !(flags & (PAGE_CODE | PAGE_SHARED)) ? flags | PAGE_W : flags
    }
  }

  private dropCode(addr: number, sizeBytes: number): void {
    if (sizeBytes === 0 || addr + sizeBytes > this.bytes.length) return
    const [first, last] = pagesOf(addr, sizeBytes)
    for (let page = first; page <= last; page++)
      if (this.flags[page]! & PAGE_CODE) {
        this.observer.code?.((page << PAGE_SHIFT) >>> 0, PAGE_SIZE)
        this.unmarkCode(page)
      }
  }

  private growTo(end: number): boolean {
    const missing = end - this.bytes.length
    if (missing <= 0) return true
    // Grown in steps, for each step detaches the views; the host is charged for touched pages only.
    const step = Math.min(GUEST_MAX - this.bytes.length, Math.max(missing, 4 << 20))
    try {
      this.heldMemory.grow(Math.ceil(step / WASM_PAGE))
    } catch {
      return false
    }
    this.refreshViews()
    return true
  }

  /** Whether every page of the range has all of `wanted` (PAGE_R, PAGE_PW, PAGE_X). */
  allows(addr: number, sizeBytes: number, wanted: number): boolean {
    return this.firstRefused(addr, sizeBytes, wanted) === -1
  }

  /** The first address of the range whose page lacks `wanted`, or -1. */
  firstRefused(addr: number, sizeBytes: number, wanted: number): number {
    if (sizeBytes === 0) return -1
    if (!(addr >= 0) || addr + sizeBytes > GUEST_MAX) return addr
    const [first, last] = pagesOf(addr, sizeBytes)
    for (let page = first; page <= last; page++)
      if ((this.flags[page]! & wanted) !== wanted) return Math.max(addr, page * PAGE_SIZE)
    return -1
  }

  /** Whether a range may be executed, once its absent pages are made. */
  fetch(addr: number, sizeBytes: number): boolean {
    for (;;) {
      const refused = this.firstRefused(addr, sizeBytes, PAGE_X)
      if (refused === -1) return true
      if (this.flags[refused >>> PAGE_SHIFT]! & PAGE_PRESENT || !this.observer.fetch?.(refused)) return false
    }
  }

  /** Copies guest bytes out of the space, honouring permissions; null is EFAULT. */
  copyIn(addr: number, sizeBytes: number): Uint8Array | null {
    return this.allows(addr, sizeBytes, PAGE_R) ? this.bytes.slice(addr, addr + sizeBytes) : null
  }

  /** Copies into guest memory, honouring permissions; false is EFAULT and nothing was written. */
  copyOut(addr: number, source: Uint8Array): boolean {
    if (!this.allows(addr, source.length, PAGE_PW)) return false
    this.storeBytes(addr, source)
    return true
  }

  /** As copyOut without asking for permission: for the kernel's own loading of a mapped page. */
  storeBytes(addr: number, source: Uint8Array): void {
    const special = this.beforeStore(addr, source.length)
    this.bytes.set(source, addr)
    if (special & PAGE_SHARED) this.observer.shared?.(addr, source.length)
  }

  /** Call before any store that translated code did not check; returns the union of the pages' flags. */
  beforeStore(addr: number, sizeBytes: number): number {
    if (sizeBytes === 0) return 0
    const [first, last] = pagesOf(addr, sizeBytes)
    let union = 0
    for (let page = first; page <= last; page++) union |= this.flags[page]!
    if (union & PAGE_CODE) this.observer.code?.(addr, sizeBytes)
    return union
  }

  /** A view of guest memory for reading at once, null on EFAULT. Not to be kept. */
  readable(addr: number, sizeBytes: number): Uint8Array | null {
    return this.allows(addr, sizeBytes, PAGE_R) ? this.bytes.subarray(addr, addr + sizeBytes) : null
  }

  /** The bytes before the first NUL at `addr`; null when it faults, undefined when longer than `limit`. */
  readCString(addr: number, limit: number): Uint8Array | null | undefined {
    let end = addr
    while (end - addr < limit) {
      if (!this.allows(end, 1, PAGE_R)) return null
      const pageEnd = Math.min((Math.floor(end / PAGE_SIZE) + 1) * PAGE_SIZE, addr + limit)
      const at = this.bytes.subarray(end, pageEnd).indexOf(0)
      if (at >= 0) return this.bytes.slice(addr, end + at)
      end = pageEnd
    }
    return undefined
  }

  /** The descriptors of the process's LDT, mostly none. */
  private get ldt(): Uint8Array {
    return this.bytes.subarray(LDT_BASE, LDT_BASE + 8 * this.view.getUint32(LDT_COUNT, true))
  }

  /** A copy for fork(2): the same pages, flags, state block and LDT. Null when no memory is left. */
  clone(): AddressSpace | null {
    let copy: AddressSpace
    try {
      copy = new AddressSpace(this.pool)
    } catch {
      return null
    }
    if (!this.pool.charge(this.presentPages)) {
      copy.release()
      return null
    }
    copy.presentPages = copy.presentPagesMost = this.presentPages
    if (!copy.growTo(this.bytes.length)) {
      copy.release()
      return null
    }
    copy.bytes.set(this.bytes.subarray(STATE_BASE, STATE_BASE + STATE_SIZE), STATE_BASE)
    copy.bytes.set(this.ldt, LDT_BASE)
    this.copyPages(copy)
    return copy
  }

  /** Copies contents and flags; what nobody touched costs no host memory in the copy either. */
  private copyPages(copy: AddressSpace): void {
    const words = new BigInt64Array(this.bytes.buffer, 0, this.bytes.length >> 3)
    const end = this.bytes.length / PAGE_SIZE
    let run = 0
    const finishRun = (page: number): void => {
      const from = (page - run) * PAGE_SIZE
      if (run > 0) copy.bytes.set(this.bytes.subarray(from, page * PAGE_SIZE), from)
      run = 0
    }
    for (let page = GUEST_MIN >> PAGE_SHIFT; page < end; page++) {
      const flags = this.flags[page]!
      if (flags & PAGE_PRESENT && !isZeroPage(words, page)) run++
      else {
        finishRun(page)
        if (!(flags & PAGE_PRESENT)) continue
        if (copy.flags[page]! & PAGE_STALE) copy.bytes.fill(0, page * PAGE_SIZE, (page + 1) * PAGE_SIZE)
      }
      copy.flags[page] = flags
      if (flags & PAGE_CODE) copy.unmarkCode(page)
    }
    finishRun(end)
  }

  /** Gives the Memory back to the pool; the space must not be used afterwards. */
  release(): void {
    this.pool.pagesUsed -= this.presentPages
    this.presentPages = 0
    if (this.swapped === null) this.pool.give(this.heldMemory)
    this.swapped = null
  }
}

function isZeroPage(words: BigInt64Array, page: number): boolean {
  const first = page * (PAGE_SIZE >> 3)
  for (let w = first; w < first + (PAGE_SIZE >> 3); w++) if (words[w] !== 0n) return false
  return true
}

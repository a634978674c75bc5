/**
 * Memories are few (Chromium allows about 125 a renderer) and costly to make, so they are kept and used again.
 * Path: AddressSpace takes one for each process image and gives it back, cleared here. Guest pages are counted here
 * too, against what all processes may have together.
 */

import {
  GUEST_MAX,
  GUEST_MIN,
  PAGE_FLAGS_BASE,
  PAGE_PRESENT,
  PAGE_SIZE,
  PAGE_STALE,
  PC_CACHE_BASE,
  PC_CACHE_SIZE,
} from './layout.ts'

const WASM_PAGE = 65536
/**
 * What is kept, and how much host memory there may be behind all of it. What is beyond is left to the garbage collector,
 * which comes late, for it does not see how large a Memory is.
 */
const POOLED_COUNT_MAX = 16
const POOLED_PAGES_MAX = (1 << 30) / PAGE_SIZE

/** `stalePages` are not cleared yet. */
interface Pooled {
  memory: WebAssembly.Memory
  stalePages: number
}

export class MemoryPool {
  private readonly free: Pooled[] = []
  private stalePages = 0
  /** Memories that were taken and not given back, and how many there may be: a page's machines share what it has. */
  private takenCount = 0
  countMax = Infinity
  /** Makes a process give its Memory up, a sleeping one, or where it is `urgent` any other; false when there is none. */
  makeRoom: (urgent: boolean) => boolean = () => false
  /** Guest pages that all processes may have together. */
  pagesMax = Infinity
  pagesUsed = 0

  /** Takes room for pages; false when there is none left. */
  charge(pages: number): boolean {
    if (this.pagesUsed + pages > this.pagesMax) return false
    this.pagesUsed += pages
    return true
  }

  /** A Memory of at least GUEST_MIN bytes without guest pages. Throws RangeError when the host has none left. */
  take(): WebAssembly.Memory {
    while (this.takenCount >= this.countMax && this.makeRoom(false)) {}
    const memory = this.free.pop() ?? this.made()
    this.stalePages -= memory.stalePages
    this.takenCount++
    return memory.memory
  }

  private made(): Pooled {
    try {
      const limits = { initial: GUEST_MIN / WASM_PAGE, maximum: GUEST_MAX / WASM_PAGE }
      return { memory: new WebAssembly.Memory(limits), stalePages: 0 }
    } catch (error) {
      const given = this.makeRoom(true) ? this.free.pop() : undefined
      if (given) return given
      throw error
    }
  }

  /**
   * Takes a Memory back; the caller has dropped every view of it. Guest pages keep their contents until they are
   * mapped again: clearing them all would cost more than a short program's run.
   */
  give(memory: WebAssembly.Memory): void {
    this.takenCount--
    if (this.free.length >= POOLED_COUNT_MAX) return
    const { buffer } = memory
    const flags = new Uint8Array(buffer, PAGE_FLAGS_BASE, buffer.byteLength / PAGE_SIZE)
    let stalePages = 0
    for (let page = GUEST_MIN / PAGE_SIZE; page < flags.length; page++)
      if (flags[page] !== 0) {
        const isStale = flags[page]! & (PAGE_PRESENT | PAGE_STALE)
        flags[page] = isStale ? PAGE_STALE : 0
        if (isStale) stalePages++
      }
    if (this.stalePages + stalePages > POOLED_PAGES_MAX) return
    new Uint8Array(buffer, 0, PC_CACHE_BASE + PC_CACHE_SIZE).fill(0)
    this.free.push({ memory, stalePages })
    this.stalePages += stalePages
  }
}

/**
 * Memories are few (Chromium allows about 125 a renderer) and costly to make, so they are kept and used again.
 * Path: AddressSpace takes one for each process image and gives it back, cleared here. Guest pages are counted here
 * too, against what all processes may have together.
 */

import { GUEST_MAX, GUEST_MIN } from './layout.ts'

const WASM_PAGE = 65536
/** Memories larger than this are left to the garbage collector: clearing them costs more than a new one. */
const POOLED_SIZE_MAX = 64 << 20
const POOLED_COUNT_MAX = 16

export class MemoryPool {
  private readonly free: WebAssembly.Memory[] = []
  /** Guest pages that all processes may have together. */
  pagesMax = Infinity
  pagesUsed = 0

  /** Takes room for pages; false when there is none left. */
  charge(pages: number): boolean {
    if (this.pagesUsed + pages > this.pagesMax) return false
    this.pagesUsed += pages
    return true
  }

  /** A cleared Memory of at least GUEST_MIN bytes. Throws RangeError when the host has none left. */
  take(): WebAssembly.Memory {
    return (
      this.free.pop() ??
      new WebAssembly.Memory({ initial: GUEST_MIN / WASM_PAGE, maximum: GUEST_MAX / WASM_PAGE })
    )
  }

  /** Takes a Memory back; the caller has dropped every view of it. */
  give(memory: WebAssembly.Memory): void {
    if (this.free.length >= POOLED_COUNT_MAX || memory.buffer.byteLength > POOLED_SIZE_MAX) return
    new Uint8Array(memory.buffer).fill(0)
    this.free.push(memory)
  }
}

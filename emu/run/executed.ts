/**
 * Which guest code was executed, a bit a byte: the interpreter marks blocks, and the translator leaves out what never
 * ran. Functions are full of paths that errors take; translating those costs as much as the rest.
 * Path: between interpreter-cpu.ts, which marks, and code-cache.ts, which asks.
 */

import { PAGE_SHIFT, PAGE_SIZE } from '../memory/layout.ts'

export class Executed {
  /** By page: a bit for each byte. */
  private readonly pages = new Map<number, Uint8Array>()

  /** Marks the bytes [from, to). */
  mark(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const page = at >>> PAGE_SHIFT
      let bits = this.pages.get(page)
      if (!bits) this.pages.set(page, (bits = new Uint8Array(PAGE_SIZE >> 3)))
      bits[(at & (PAGE_SIZE - 1)) >> 3]! |= 1 << (at & 7)
    }
  }

  has(pc: number): boolean {
    const bits = this.pages.get(pc >>> PAGE_SHIFT)
    return bits !== undefined && (bits[(pc & (PAGE_SIZE - 1)) >> 3]! & (1 << (pc & 7))) !== 0
  }

  /** The code in a range changed: nothing on its pages has run. */
  clear(addr: number, sizeBytes: number): void {
    for (let page = addr >>> PAGE_SHIFT; page <= (addr + sizeBytes - 1) >>> PAGE_SHIFT; page++)
      this.pages.delete(page)
  }
}

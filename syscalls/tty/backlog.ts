/** Bytes between the two ends of a pty that the reader's line discipline had no room for. Path: tty.ts. */

import { copyBytes } from '../abi/bytes.ts'
import type { LineDiscipline } from './line-discipline.ts'

/** About what Linux keeps. */
const SIZE = 16384

export class Backlog {
  /** Made when first needed: most terminals are read as fast as they are written. */
  private ring: Uint8Array | null = null
  private head = 0
  used = 0

  get room(): number {
    return SIZE - this.used
  }

  clear(): void {
    this.head = this.used = 0
  }

  put(bytes: Uint8Array, at: number, count: number): number {
    const total = Math.min(count, this.room)
    if (total === 0) return 0
    this.ring ??= new Uint8Array(SIZE)
    const tail = (this.head + this.used) % SIZE
    const first = Math.min(total, SIZE - tail)
    copyBytes(this.ring, tail, bytes, at, first)
    copyBytes(this.ring, 0, bytes, at + first, total - first)
    this.used += total
    return total
  }

  /** Gives the line discipline as much as it takes. */
  moveTo(input: LineDiscipline): void {
    while (this.used > 0) {
      const part = Math.min(this.used, SIZE - this.head)
      const taken = input.receive(this.ring!, this.head, part)
      // A signal character in it may have cleared everything.
      if (this.used > 0) {
        this.used -= taken
        this.head = (this.head + taken) % SIZE
      }
      if (taken < part) return
    }
  }
}

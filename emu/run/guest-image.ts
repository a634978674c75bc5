/**
 * The guest bytes that something was made from, so that another process which holds the same bytes at the same place
 * can have it too.
 * Path: code-cache.ts keeps batches by it, interpreter-cpu.ts prepared regions.
 */

import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_X } from '../memory/layout.ts'

export class GuestImage {
  /** Start and end pairs, sorted and joined; the bytes of each. */
  readonly ranges: readonly number[]
  readonly bytes: readonly Uint8Array[]

  private constructor(ranges: readonly number[], bytes: readonly Uint8Array[]) {
    this.ranges = ranges
    this.bytes = bytes
  }

  /** Takes the bytes from a space; `ranges` are start and end pairs in any order. */
  static from(space: AddressSpace, ranges: readonly number[]): GuestImage {
    const joined = joinRanges(ranges)
    const bytes: Uint8Array[] = []
    for (let i = 0; i < joined.length; i += 2) bytes.push(space.bytes.slice(joined[i]!, joined[i + 1]!))
    return new GuestImage(joined, bytes)
  }

  /** With the bytes of all ranges one behind the other; null where ranges are out of order or the bytes too few. */
  static of(ranges: readonly number[], bytes: Uint8Array): GuestImage | null {
    if (ranges.length === 0 || ranges.length % 2) return null
    const parts: Uint8Array[] = []
    let at = 0
    for (let i = 0; i < ranges.length; i += 2) {
      const size = ranges[i + 1]! - ranges[i]!
      if (size < 0 || (i > 0 && ranges[i]! < ranges[i - 1]!) || at + size > bytes.length) return null
      parts.push(bytes.subarray(at, at + size))
      at += size
    }
    return new GuestImage(ranges, parts)
  }

  get sizeBytes(): number {
    let size = 0
    for (const part of this.bytes) size += part.length
    return size
  }

  /** Whether a process holds the same executable bytes. Pages that were not needed yet are made for it. */
  fits(space: AddressSpace): boolean {
    const absent: number[] = []
    for (let i = 0; i < this.bytes.length; i++)
      if (!space.allows(this.ranges[2 * i]!, this.bytes[i]!.length, PAGE_X)) absent.push(i)
      else if (!this.equals(space, i)) return false
    return absent.every(
      (i) => space.fetch(this.ranges[2 * i]!, this.bytes[i]!.length) && this.equals(space, i),
    )
  }

  private equals(space: AddressSpace, range: number): boolean {
    const { bytes } = space
    const start = this.ranges[2 * range]!
    const expected = this.bytes[range]!
    for (let k = 0; k < expected.length; k++) if (bytes[start + k] !== expected[k]) return false
    return true
  }

  *covered(): Iterable<[number, number]> {
    for (let i = 0; i < this.ranges.length; i += 2) yield [this.ranges[i]!, this.ranges[i + 1]!]
  }
}

function joinRanges(ranges: readonly number[]): number[] {
  if (ranges.length === 2) return [...ranges]
  const pairs: [number, number][] = []
  for (let i = 0; i < ranges.length; i += 2) pairs.push([ranges[i]!, ranges[i + 1]!])
  pairs.sort((a, b) => a[0] - b[0])
  const joined: number[] = []
  for (const [start, end] of pairs) {
    if (joined.length > 0 && start <= joined[joined.length - 1]!)
      joined[joined.length - 1] = Math.max(end, joined[joined.length - 1]!)
    else joined.push(start, end)
  }
  return joined
}

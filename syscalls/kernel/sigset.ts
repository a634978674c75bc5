/** A set of signals 1..64 as two 32-bit words, the layout of the kernel's sigset_t on every little-endian ISA. */

export class SigSet {
  lo = 0
  hi = 0

  has(signo: number): boolean {
    return signo <= 32 ? (this.lo & (1 << (signo - 1))) !== 0 : (this.hi & (1 << (signo - 33))) !== 0
  }

  add(signo: number): void {
    if (signo <= 32) this.lo |= 1 << (signo - 1)
    else this.hi |= 1 << (signo - 33)
  }

  remove(signo: number): void {
    if (signo <= 32) this.lo &= ~(1 << (signo - 1))
    else this.hi &= ~(1 << (signo - 33))
  }

  set(lo: number, hi: number): void {
    this.lo = lo | 0
    this.hi = hi | 0
  }

  copyFrom(other: SigSet): void {
    this.lo = other.lo
    this.hi = other.hi
  }

  copy(): SigSet {
    const made = new SigSet()
    made.copyFrom(this)
    return made
  }

  get isEmpty(): boolean {
    return this.lo === 0 && this.hi === 0
  }

  /** The members in order. */
  members(): number[] {
    const found: number[] = []
    for (let s = 1; s <= 64; s++) if (this.has(s)) found.push(s)
    return found
  }
}

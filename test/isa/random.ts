/** Seeded random numbers for test cases, and values that find mistakes more often than uniform ones do. */

export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** mulberry32 */
  u32(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  below(n: number): number {
    return this.u32() % n
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32())
  }

  /** An integer of up to 64 bits, as often as not near an edge. */
  integer(): bigint {
    const value = this.edge()
    return BigInt.asUintN(64, this.chance(4) ? value + BigInt(this.below(5) - 2) : value)
  }

  private edge(): bigint {
    switch (this.below(8)) {
      case 0:
        return this.pick([0n, 1n, -1n, 2n])
      case 1:
        return 1n << BigInt(this.below(64))
      case 2:
        return -(1n << BigInt(this.below(64)))
      case 3:
        return this.pick([
          0x7fn,
          0x80n,
          0xffn,
          0x7fffn,
          0x8000n,
          0xffffn,
          0x7fff_ffffn,
          0x8000_0000n,
          0xffff_ffffn,
        ])
      case 4:
        return BigInt(this.below(256))
      case 5:
        return BigInt(this.u32())
      default:
        return this.u64()
    }
  }

  /** Bits of a float with `exponentBits` and `fractionBits`. */
  float(exponentBits: number, fractionBits: number): bigint {
    const sign = BigInt(this.below(2)) << BigInt(exponentBits + fractionBits)
    const most = (1 << exponentBits) - 1
    const bias = most >> 1
    const fractionMask = (1n << BigInt(fractionBits)) - 1n
    const random = this.u64() & fractionMask
    const sparse = this.pick([
      0n,
      1n,
      fractionMask,
      1n << BigInt(fractionBits - 1),
      ((random >> 20n) << 20n) & fractionMask,
    ])
    const fraction = this.chance(2) ? sparse : random
    const exponent = this.exponent(bias, most, fractionBits)
    return sign | (BigInt(exponent) << BigInt(fractionBits)) | fraction
  }

  private exponent(bias: number, most: number, fractionBits: number): number {
    switch (this.below(10)) {
      case 0:
        return 0
      case 1:
        return most
      case 2:
        return this.pick([1, 2, most - 1, most - 2])
      case 3:
        return this.below(most + 1)
      case 4:
        return bias + this.pick([30, 31, 32, 62, 63, 64, fractionBits, fractionBits + 1])
      default:
        return bias + this.below(7) - 3
    }
  }

  /** 8 bytes that may be an integer, a double or two singles. */
  word(): bigint {
    switch (this.below(4)) {
      case 0:
        return this.integer()
      case 1:
        return this.float(11, 52)
      case 2:
        return (this.float(8, 23) << 32n) | this.float(8, 23)
      default:
        return this.u64()
    }
  }
}

/** A seed of a name, so that every row has its own cases whatever other rows there are. */
export function seedOf(text: string, seed: number): number {
  let hash = seed >>> 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x0100_0193) >>> 0
  return hash
}

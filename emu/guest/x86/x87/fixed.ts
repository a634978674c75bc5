/**
 * Elementary functions in fixed point on bigints: what the x87's transcendental instructions compute with, far more
 * precise than their 64 bits.
 */

import { bitLength } from '../../softfloat.ts'

/** Bits behind the point. */
export const P = 256
export const ONE = 1n << BigInt(P)
const SHIFT = BigInt(P)

export const multiplyFixed = (a: bigint, b: bigint): bigint => (a * b) >> SHIFT

/** arctan(1 / n). */
function arctanInverse(n: bigint, one: bigint): bigint {
  let power = one / n
  let sum = power
  const square = n * n
  for (let k = 3n, sign = -1n; power !== 0n; k += 2n, sign = -sign) {
    power /= square
    sum += sign * (power / k)
  }
  return sum
}

const made = new Map<number, bigint>()

/** π with so many bits behind the point, by Machin's formula. */
export function pi(bits: number): bigint {
  let value = made.get(bits)
  if (value === undefined) {
    const guard = 32n
    const one = 1n << (BigInt(bits) + guard)
    value = (16n * arctanInverse(5n, one) - 4n * arctanInverse(239n, one)) >> guard
    made.set(bits, value)
  }
  return value
}

/** ln 2 = Σ 1 / (k 2^k). */
function makeLn2(): bigint {
  const one = ONE << 32n
  let sum = 0n
  for (let k = 1; k <= P + 40; k++) sum += (one >> BigInt(k)) / BigInt(k)
  return sum >> 32n
}
export const LN2 = makeLn2()

/** sin and cos of an angle of at most about 1, as fixed-point numbers. */
export function sinCos(angle: bigint): { sin: bigint; cos: bigint } {
  const square = multiplyFixed(angle, angle)
  let sin = 0n
  let cos = 0n
  let even = ONE
  let odd = angle
  for (let k = 0n; even !== 0n || odd !== 0n; k += 2n) {
    cos += even
    sin += odd
    even = -multiplyFixed(even, square) / ((k + 1n) * (k + 2n))
    odd = -multiplyFixed(odd, square) / ((k + 2n) * (k + 3n))
    if (even === -1n) even = 0n
    if (odd === -1n) odd = 0n
  }
  return { sin, cos }
}

/** arctan of 0 … 1. */
export function arctan(x: bigint): bigint {
  // Three halvings bring it below 0.1: arctan x = 2 arctan(x / (1 + sqrt(1 + x²))).
  let y = x
  for (let k = 0; k < 3; k++) y = (y << SHIFT) / (ONE + rootFixed(ONE + multiplyFixed(y, y)))
  const square = multiplyFixed(y, y)
  let power = y
  let sum = 0n
  for (let k = 1n, sign = 1n; power !== 0n; k += 2n, sign = -sign) {
    sum += sign * (power / k)
    power = multiplyFixed(power, square)
  }
  return sum << 3n
}

function rootFixed(x: bigint): bigint {
  const n = x << SHIFT
  let r = 1n << BigInt((bitLength(n) + 1) >> 1)
  for (;;) {
    const next = (r + n / r) >> 1n
    if (next >= r) return r
    r = next
  }
}

/** ln of 1 + x where |x| is below about 1/2: 2 artanh(x / (2 + x)). */
export function logOnePlus(x: bigint): bigint {
  const z = (x << SHIFT) / (2n * ONE + x)
  const square = multiplyFixed(z, z)
  let power = z
  let sum = 0n
  for (let k = 1n; power !== 0n && power !== -1n; k += 2n) {
    sum += power / k
    power = multiplyFixed(power, square)
  }
  return 2n * sum
}

/** e^x - 1 for |x| below 1. */
export function expMinusOne(x: bigint): bigint {
  let term = x
  let sum = 0n
  for (let k = 2n; term !== 0n && term !== -1n; k++) {
    sum += term
    term = multiplyFixed(term, x) / k
  }
  return sum
}

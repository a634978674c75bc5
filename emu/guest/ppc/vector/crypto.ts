/**
 * The steps of AES and SHA-2 that POWER8 has instructions for.
 * Path: rare.ts. Reference: Power ISA, Book I, 6.11; FIPS 197, 4 and 5; FIPS 180-4, 4.1.
 */

import type { Operands } from './rare.ts'

export type CryptoOp =
  | 'cipher'
  | 'cipherlast'
  | 'ncipher'
  | 'ncipherlast'
  | 'sbox'
  | 'shasigmaw'
  | 'shasigmad'

/** Product of bytes as polynomials modulo x^8 + x^4 + x^3 + x + 1. */
function multiply(x: number, y: number): number {
  let product = 0
  for (let k = 0, a = x; k < 8; k++) {
    if ((y >> k) & 1) product ^= a
    a = (a << 1) ^ (a & 0x80 ? 0x11b : 0)
  }
  return product
}

/** The substitution of bytes, and its inverse: the inverse element, then an affine map. */
const SUBSTITUTE = new Uint8Array(256)
const RESTORE = new Uint8Array(256)
for (let x = 0; x < 256; x++) {
  let inverse = 0
  for (let y = 1; y < 256 && x !== 0; y++) if (multiply(x, y) === 1) inverse = y
  let mapped = 0x63
  for (let k = 0; k < 5; k++) mapped ^= ((inverse << k) | (inverse >> (8 - k))) & 0xff
  SUBSTITUTE[x] = mapped
  RESTORE[mapped] = x
}

const toNumber = (bytes: readonly number[]): bigint =>
  bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)

/** Row r of the state, every fourth byte, turned by r columns. */
const shiftRows = (state: readonly number[], direction: 1 | -1): number[] =>
  state.map((_, k) => state[(k + direction * 4 * (k & 3) + 16) & 15]!)

/** Each column multiplied by a polynomial. */
function mixColumns(state: readonly number[], factors: readonly number[]): number[] {
  return state.map((_, k) => {
    let mixed = 0
    for (let p = 0; p < 4; p++) mixed ^= multiply(state[(k & 12) + p]!, factors[(p - (k & 3) + 4) & 3]!)
    return mixed
  })
}

const MIX = [2, 3, 1, 1]
const UNMIX = [14, 11, 13, 9]

const exclusive = (x: readonly number[], y: readonly number[]): number[] => x.map((byte, k) => byte ^ y[k]!)

const rotateRight = (x: bigint, by: number, bits: number): bigint =>
  BigInt.asUintN(bits, (x >> BigInt(by)) | (x << BigInt(bits - by)))

/** Rotations of the SHA-2 functions: of σ0, σ1, Σ0, Σ1; the last of the first two is a shift. */
const SIGMAS = {
  32: [
    [7, 18, 3],
    [17, 19, 10],
    [2, 13, 22],
    [6, 11, 25],
  ],
  64: [
    [1, 8, 7],
    [19, 61, 6],
    [28, 34, 39],
    [14, 18, 41],
  ],
} as const

/** For each element one of the functions, as ST and the element's bit of SIX say. */
function sigma(a: bigint, bits: 32 | 64, immediate: number): bigint {
  const st = (immediate >> 4) & 1
  const count = 128 / bits
  let result = 0n
  for (let e = 0; e < count; e++) {
    const x = BigInt.asUintN(bits, a >> BigInt(128 - bits * (e + 1)))
    const six = (immediate >> (bits === 32 ? 3 - e : 3 - 2 * e)) & 1
    const [p, q, r] = SIGMAS[bits][2 * st + six]!
    const last = st ? rotateRight(x, r, bits) : x >> BigInt(r)
    result = (result << BigInt(bits)) | (rotateRight(x, p, bits) ^ rotateRight(x, q, bits) ^ last)
  }
  return result
}

export function cipher(op: CryptoOp, { a, bytes, immediate }: Operands): bigint {
  const [state, key] = bytes
  switch (op) {
    case 'sbox':
      return toNumber(state.map((x) => SUBSTITUTE[x]!))
    case 'cipher':
    case 'cipherlast': {
      const shifted = shiftRows(
        state.map((x) => SUBSTITUTE[x]!),
        1,
      )
      return toNumber(exclusive(op === 'cipher' ? mixColumns(shifted, MIX) : shifted, key))
    }
    case 'ncipher':
    case 'ncipherlast': {
      const keyed = exclusive(
        shiftRows(state, -1).map((x) => RESTORE[x]!),
        key,
      )
      return toNumber(op === 'ncipher' ? mixColumns(keyed, UNMIX) : keyed)
    }
    default:
      return sigma(a, op === 'shasigmaw' ? 32 : 64, immediate)
  }
}

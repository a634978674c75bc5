/**
 * Vector operations that are too long or too rare to be translated: a helper makes them of vectors in scratch.
 * Path: rows call callVector; helpers.ts lists executeVector.
 * Reference: Power ISA, Book I, 6.8 to 6.11; FIPS 197 (AES) and FIPS 180-4 (SHA-2).
 */

import type { Value } from '../../../ir/region.ts'
import type { AddressSpace } from '../../../memory/address-space.ts'
import { STATE_BASE } from '../../../memory/layout.ts'
import { COMMON_STATE } from '../../../memory/state-block.ts'
import { PPC_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { cipher } from './crypto.ts'

const { scratch } = COMMON_STATE

/** Sixteen bytes by the book's element. */
export type Bytes = readonly number[]

/** What an operation is given: its vectors as bytes and as one number of 128 bits. */
export interface Operands {
  readonly bytes: readonly [Bytes, Bytes, Bytes]
  readonly a: bigint
  readonly b: bigint
  readonly c: bigint
  readonly immediate: number
}
/** A result, and whether it saturated. */
type Result = bigint | { readonly value: bigint; readonly isSaturated: boolean }

const MASK = (1n << 128n) - 1n

/** Word element k, signed or not. */
const word = (x: bigint, k: number, isSigned: boolean): bigint => {
  const bits = (x >> BigInt(96 - 32 * k)) & 0xffff_ffffn
  return isSigned ? BigInt.asIntN(32, bits) : bits
}

/** Words from wide numbers, cut to what fits. */
function saturatedWords(sums: readonly bigint[], isSigned: boolean): Result {
  const least = isSigned ? -(1n << 31n) : 0n
  const most = (1n << (isSigned ? 31n : 32n)) - 1n
  let isSaturated = false
  let value = 0n
  for (const sum of sums) {
    const cut = sum < least ? least : sum > most ? most : sum
    if (cut !== sum) isSaturated = true
    value = (value << 32n) | BigInt.asUintN(32, cut)
  }
  return { value, isSaturated }
}

/** The elements of `bits` in word k of a vector. */
function parts(x: bigint, k: number, bits: 8 | 16, isSigned: boolean): bigint[] {
  const whole = word(x, k, false)
  return Array.from({ length: 32 / bits }, (_, p) => {
    const element = (whole >> BigInt(32 - bits * (p + 1))) & ((1n << BigInt(bits)) - 1n)
    return isSigned ? BigInt.asIntN(bits, element) : element
  })
}

const WORDS = [0, 1, 2, 3]

/** In each word its elements' sum, plus the word of b. */
const sumAcross =
  (bits: 8 | 16, isSigned: boolean) =>
  ({ a, b }: Operands): Result =>
    saturatedWords(
      WORDS.map((k) => parts(a, k, bits, isSigned).reduce((x, y) => x + y, word(b, k, isSigned))),
      isSigned,
    )

/** The words' sum in every second word, or in the last. */
const sumWords =
  (count: 2 | 4) =>
  ({ a, b }: Operands): Result =>
    saturatedWords(
      WORDS.map((k) => {
        if (k % count !== count - 1) return 0n
        let sum = word(b, k, true)
        for (let p = 0; p < count; p++) sum += word(a, k - p, true)
        return sum
      }),
      true,
    )

/** In each word the sum of products of its halfwords, plus the word of c. */
const sumOfProducts =
  (isSigned: boolean) =>
  ({ a, b, c }: Operands): Result =>
    saturatedWords(
      WORDS.map((k) => {
        const y = parts(b, k, 16, isSigned)
        return parts(a, k, 16, isSigned).reduce((sum, x, p) => sum + x * y[p]!, word(c, k, isSigned))
      }),
      isSigned,
    )

/** The carry-less product. */
function polynomialProduct(x: bigint, y: bigint): bigint {
  let product = 0n
  for (let shift = 0n, rest = y; rest !== 0n; shift++, rest >>= 1n) if (rest & 1n) product ^= x << shift
  return product
}

/** Sums of carry-less products of element pairs, each pair's as wide as both. */
const polynomial =
  (bits: number) =>
  ({ a, b }: Operands): bigint => {
    const mask = (1n << BigInt(bits)) - 1n
    let result = 0n
    for (let pair = 0; pair < 128 / bits / 2; pair++) {
      let sum = 0n
      for (const half of [0, 1]) {
        const shift = BigInt(128 - bits * (2 * pair + half + 1))
        sum ^= polynomialProduct((a >> shift) & mask, (b >> shift) & mask)
      }
      result = (result << BigInt(2 * bits)) | sum
    }
    return result
  }

/** Bit k of each byte of a doubleword gathered into byte k: an 8 × 8 matrix turned. */
function turned({ bytes }: Operands): bigint {
  const b = bytes[1]
  let result = 0n
  for (let e = 0; e < 16; e++) {
    let row = 0
    for (let k = 0; k < 8; k++) row |= ((b[(e & 8) + k]! >> (7 - (e & 7))) & 1) << (7 - k)
    result = (result << 8n) | BigInt(row)
  }
  return result
}

/** The bits of a that the bytes of b name, in bits 48 to 63. */
function gatheredBits({ a, bytes }: Operands): bigint {
  let result = 0n
  for (const index of bytes[1]) result = (result << 1n) | (index < 128 ? (a >> BigInt(127 - index)) & 1n : 0n)
  return result << 64n
}

/** A function of each single. */
const ofSingles =
  (make: (x: number) => number) =>
  ({ b }: Operands): bigint => {
    const view = new DataView(new ArrayBuffer(4))
    let result = 0n
    for (const k of WORDS) {
      view.setUint32(0, Number(word(b, k, false)))
      const x = view.getFloat32(0)
      if (!Number.isNaN(x)) {
        view.setFloat32(0, make(x))
        if (Number.isNaN(view.getFloat32(0))) view.setUint32(0, 0x7fc0_0000)
      } else view.setUint32(0, view.getUint32(0) | 0x40_0000)
      result = (result << 32n) | BigInt(view.getUint32(0))
    }
    return result
  }

const carry = (sum: bigint): bigint => sum >> 128n
const inverted = (x: bigint): bigint => x ^ MASK

const OPERATIONS = {
  sum4ub: sumAcross(8, false),
  sum4sb: sumAcross(8, true),
  sum4sh: sumAcross(16, true),
  sum2sw: sumWords(2),
  sumsw: sumWords(4),
  msumuh: sumOfProducts(false),
  msumsh: sumOfProducts(true),
  adduq: ({ a, b }: Operands) => a + b,
  addcuq: ({ a, b }: Operands) => carry(a + b),
  addeuq: ({ a, b, c }: Operands) => a + b + (c & 1n),
  addecuq: ({ a, b, c }: Operands) => carry(a + b + (c & 1n)),
  subuq: ({ a, b }: Operands) => a + inverted(b) + 1n,
  subcuq: ({ a, b }: Operands) => carry(a + inverted(b) + 1n),
  subeuq: ({ a, b, c }: Operands) => a + inverted(b) + (c & 1n),
  subecuq: ({ a, b, c }: Operands) => carry(a + inverted(b) + (c & 1n)),
  pmsumb: polynomial(8),
  pmsumh: polynomial(16),
  pmsumw: polynomial(32),
  pmsumd: polynomial(64),
  gbbd: turned,
  bpermq: gatheredBits,
  exp2: ofSingles((x) => 2 ** x),
  log2: ofSingles(Math.log2),
  cipher: (o: Operands) => cipher('cipher', o),
  cipherlast: (o: Operands) => cipher('cipherlast', o),
  ncipher: (o: Operands) => cipher('ncipher', o),
  ncipherlast: (o: Operands) => cipher('ncipherlast', o),
  sbox: (o: Operands) => cipher('sbox', o),
  shasigmaw: (o: Operands) => cipher('shasigmaw', o),
  shasigmad: (o: Operands) => cipher('shasigmad', o),
} satisfies Record<string, (operands: Operands) => Result>

export type VectorOp = keyof typeof OPERATIONS
const NAMES = Object.keys(OPERATIONS) as VectorOp[]

/** The result of an operation on up to three vectors. */
export function callVector(
  t: Translator,
  helper: number,
  name: VectorOp,
  operands: readonly [Value, Value, Value],
  immediate: number,
): Value {
  const { ir } = t
  operands.forEach((value, k) => {
    ir.stateStore(128, scratch + 16 * k, value)
  })
  ir.helper(helper, ir.i32(NAMES.indexOf(name)), ir.i32(immediate))
  return ir.stateLoad(128, scratch + 48)
}

/** The helper: operation, immediate. */
export function executeVector(space: AddressSpace, index: number, immediate: number): number {
  const { view, bytes: memory } = space
  const at = STATE_BASE + scratch
  const number = (k: number): bigint =>
    (view.getBigUint64(at + 16 * k, true) << 64n) | view.getBigUint64(at + 16 * k + 8, true)
  const bytes = (k: number): number[] => Array.from({ length: 16 }, (_, e) => memory[at + 16 * k + (e ^ 7)]!)
  const result: Result = OPERATIONS[NAMES[index]!]({
    bytes: [bytes(0), bytes(1), bytes(2)],
    a: number(0),
    b: number(1),
    c: number(2),
    immediate,
  })
  const value = (typeof result === 'bigint' ? result : result.value) & MASK
  view.setBigUint64(at + 48, value >> 64n, true)
  view.setBigUint64(at + 56, value & 0xffff_ffff_ffff_ffffn, true)
  if (typeof result !== 'bigint' && result.isSaturated) {
    const vscr = STATE_BASE + PPC_STATE.vscr
    view.setUint32(vscr, view.getUint32(vscr, true) | 1, true)
  }
  return 0
}

/**
 * Common float operations without bigints: to nearest with no exception enabled, on numbers far from the format's bounds,
 * where double arithmetic says itself what it loses. Where it does not suffice, exact.ts does it.
 * Path: execute.ts asks it first. Reference: J.-M. Muller et al., Handbook of Floating-Point Arithmetic, chapter 4; for
 * fused sums fused.ts.
 */

import { classOf, FI, FPSCR_MODE, FR, XX } from './fpscr.ts'
import type { FloatOp } from './operations.ts'

/** Operands between these, or zero, have exact error terms, and no double leaves the normal numbers. */
const LEAST = 2 ** -400
const MOST = 2 ** 400
const SPLITTER = 2 ** 27 + 1
const LEAST_SINGLE = 2 ** -126

/** The result and what becomes of FPSCR; one object, filled anew by each call. */
export const quickly = { result: 0, raised: 0, rounded: 0, fprf: 0 }

const scratch = new Float64Array(1)
const words = new Int32Array(scratch.buffer)

/** What a sum loses. */
function sumError(x: number, y: number, sum: number): number {
  const part = sum - x
  return x - (sum - part) + (y - part)
}

/** What a product loses. */
function productError(x: number, y: number, product: number): number {
  const cx = SPLITTER * x
  const cy = SPLITTER * y
  const xh = cx - (cx - x)
  const yh = cy - (cy - y)
  const xl = x - xh
  const yl = y - yh
  return xl * yl - (product - xh * yh - xl * yh - xh * yl)
}

/** A sum rounded to odd. */
function oddSum(x: number, y: number): number {
  const sum = x + y
  const error = sumError(x, y, sum)
  if (error === 0) return sum
  scratch[0] = sum
  if (words[0]! & 1) return sum
  // One nearer to zero where what is lost has the other sign.
  if (error < 0 === sum < 0) words[0]! |= 1
  else {
    if (words[0] === 0) words[1]!--
    words[0]!--
  }
  return scratch[0]!
}

/** The double next to the exact value, and a number with the sign of what that lacks. */
let nearest = 0
let lost = 0

function fused(x: number, y: number, z: number, isSingle: boolean): void {
  const product = x * y
  if (isSingle) {
    nearest = oddSum(product, z)
    lost = 0
    return
  }
  const error = productError(x, y, product)
  const low = z + error
  const high = product + low
  const rest = oddSum(sumError(z, error, low), sumError(product, low, high))
  nearest = high + rest
  lost = sumError(high, rest, nearest)
}

/** Which operands an operation has: 1 for a, 2 for b, 4 for c. */
const OPERANDS: Partial<Record<FloatOp, number>> = {
  add: 3,
  sub: 3,
  mul: 5,
  div: 3,
  sqrt: 2,
  round: 2,
  madd: 7,
  msub: 7,
  nmadd: 7,
  nmsub: 7,
}

/** Computes; false where this does not do. */
function compute(op: FloatOp, isSingle: boolean, a: number, b: number, c: number): boolean {
  switch (op) {
    case 'add':
    case 'sub': {
      const y = op === 'sub' ? -b : b
      nearest = a + y
      lost = sumError(a, y, nearest)
      return true
    }
    case 'mul':
      nearest = a * c
      lost = productError(a, c, nearest)
      return true
    case 'div': {
      if (b === 0) return false
      nearest = a / b
      const back = nearest * b
      const rest = a - back - productError(nearest, b, back)
      lost = b < 0 ? -rest : rest
      return true
    }
    case 'sqrt': {
      if (b <= 0) return false
      nearest = Math.sqrt(b)
      const back = nearest * nearest
      lost = b - back - productError(nearest, nearest, back)
      return true
    }
    case 'round':
      nearest = b
      lost = 0
      return true
    case 'madd':
    case 'msub':
    case 'nmadd':
    case 'nmsub':
      fused(a, c, op === 'msub' || op === 'nmsub' ? -b : b, isSingle)
      return nearest !== 0
    default:
      return false
  }
}

const isNear = (x: number): boolean => {
  const size = Math.abs(x)
  return size < MOST && (size > LEAST || size === 0)
}

/** Whether an operand is one that this is for: single-precision operations have singles. */
const fits = (x: number, isSingle: boolean): boolean => isNear(x) && (!isSingle || Math.fround(x) === x)

/** Executes an operation into `quickly`; false where only the exact way does. */
export function quick(
  op: FloatOp,
  isSingle: boolean,
  a: number,
  b: number,
  c: number,
  fpscr: number,
): boolean {
  if (fpscr & FPSCR_MODE) return false
  const places = OPERANDS[op]
  if (places === undefined) return false
  const narrow = isSingle && op !== 'round'
  if (places & 1 && !fits(a, narrow)) return false
  if (places & 2 && !fits(b, narrow)) return false
  if (places & 4 && !fits(c, narrow)) return false
  if (!compute(op, isSingle, a, b, c)) return false
  let result = nearest
  if (isSingle) {
    result = Math.fround(nearest)
    const size = Math.abs(result)
    if (size === Number.POSITIVE_INFINITY || (size <= LEAST_SINGLE && nearest !== 0)) return false
    if (result !== nearest) lost = nearest - result
  }
  const isUp = lost < 0 === result > 0
  quickly.rounded = lost === 0 ? 0 : FI | (isUp ? FR : 0)
  quickly.raised = lost === 0 ? 0 : XX
  if (op === 'nmadd' || op === 'nmsub') result = -result
  quickly.result = result
  scratch[0] = result
  quickly.fprf = classOf(words[1]!, words[0]!, isSingle)
  return true
}

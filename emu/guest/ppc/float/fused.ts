/**
 * Fused multiply-add with one rounding, in double arithmetic: the product and the sum with what they lose, added up so
 * that the last rounding is the only one. For scalars and for vectors of two.
 * Path: rows of float-arithmetic.ts, VSX and AltiVec.
 * Reference: S. Boldo and G. Melquiond, Emulation of FMA and Correctly Rounded Sums: Proved Algorithms Using Rounding to
 * Odd, IEEE Trans. Computers 57(4), 2008; Dekker's product and Knuth's sum as in J.-M. Muller et al., Handbook of
 * Floating-Point Arithmetic, chapter 4.
 */

import type { Region, Value } from '../../../ir/region.ts'

export type DoubleLanes = 'f64' | 'f64x2'

/** Splits a double into halves whose products are exact. */
const SPLITTER_HIGH = 0x41a0_0000
const SPLITTER_LOW = 0x0200_0000

/** Arithmetic on one double or two. */
export class Doubles {
  readonly ir: Region
  readonly lanes: DoubleLanes

  constructor(ir: Region, lanes: DoubleLanes) {
    this.ir = ir
    this.lanes = lanes
  }

  op(name: string, a: Value, b: Value): Value {
    return this.ir.op2(`${this.lanes}.${name}`, a, b)
  }

  /** A constant from the halves of its bits. */
  constant(low: number, high: number): Value {
    const { ir } = this
    const bits = ir.i64Halves(low, high)
    return this.lanes === 'f64' ? ir.op1('f64.reinterpret_i64', bits) : ir.op1('i64x2.splat', bits)
  }

  /** The sum, and what it loses. */
  sum(x: Value, y: Value): [sum: Value, error: Value] {
    const sum = this.op('add', x, y)
    const part = this.op('sub', sum, x)
    const error = this.op('add', this.op('sub', x, this.op('sub', sum, part)), this.op('sub', y, part))
    return [sum, error]
  }

  /** The product, and what it loses. Operands are below 2^995, and the product is not near the least numbers. */
  product(x: Value, y: Value): [product: Value, error: Value] {
    const product = this.op('mul', x, y)
    const [xh, xl] = this.split(x)
    const [yh, yl] = this.split(y)
    const mul = (a: Value, b: Value): Value => this.op('mul', a, b)
    const rest = [mul(xh, yh), mul(xl, yh), mul(xh, yl)].reduce((a, b) => this.op('sub', a, b), product)
    return [product, this.op('sub', mul(xl, yl), rest)]
  }

  private split(x: Value): [high: Value, low: Value] {
    const scaled = this.op('mul', x, this.constant(SPLITTER_LOW, SPLITTER_HIGH))
    const high = this.op('sub', scaled, this.op('sub', scaled, x))
    return [high, this.op('sub', x, high)]
  }

  /** A sum rounded to odd: where it loses something its last bit is set. */
  oddSum(x: Value, y: Value): Value {
    const [sum, error] = this.sum(x, y)
    return this.lanes === 'f64' ? this.oddScalar(sum, error) : this.oddVector(sum, error)
  }

  // The error of an infinite sum is a NaN, and nothing is lost then.
  private oddScalar(sum: Value, error: Value): Value {
    const { ir } = this
    const bits = ir.op1('i64.reinterpret_f64', sum)
    const lost = ir.op1('i64.reinterpret_f64', error)
    // One further from zero where the rest has the sum's sign, else one nearer.
    const sign = ir.op2('i64.shr_s', ir.op2('i64.xor', bits, lost), ir.i64(63))
    const moved = ir.op2('i64.add', bits, ir.op2('i64.or', sign, ir.i64(1)))
    const isEven = ir.op1('i64.eqz', ir.op2('i64.and', bits, ir.i64(1)))
    const isMoved = ir.op2('i32.and', isEven, ir.op2('f64.gt', ir.op1('f64.abs', error), this.constant(0, 0)))
    return ir.op1('f64.reinterpret_i64', ir.op3('select.i64', moved, bits, isMoved))
  }

  private oddVector(sum: Value, error: Value): Value {
    const { ir } = this
    const one = ir.op1('i64x2.splat', ir.i64(1))
    const sign = ir.op2('i64x2.shr_s', ir.op2('v128.xor', sum, error), ir.i32(63))
    const step = ir.op2('v128.or', sign, one)
    const isOdd = ir.op2('i64x2.eq', ir.op2('v128.and', sum, one), one)
    const isMoved = ir.op2(
      'v128.andnot',
      ir.op2('f64x2.gt', ir.op1('f64x2.abs', error), this.constant(0, 0)),
      isOdd,
    )
    return ir.op2('i64x2.add', sum, ir.op2('v128.and', step, isMoved))
  }

  /**
   * x × y + z, and the product, whose size says whether that is right; and what the two last sums lost, which is nothing
   * where the result is exact.
   */
  fused(x: Value, y: Value, z: Value): [result: Value, product: Value, lost: Value, lostBefore: Value] {
    const [product, error] = this.product(x, y)
    const [low, lowest] = this.sum(z, error)
    const [high, middle] = this.sum(product, low)
    const [, lostBefore] = this.sum(lowest, middle)
    const [result, lost] = this.sum(high, this.oddSum(lowest, middle))
    return [result, product, lost, lostBefore]
  }

  /** x × y + z of singles as a double that rounds to the right single. */
  fusedSingles(x: Value, y: Value, z: Value): Value {
    return this.oddSum(this.op('mul', x, y), z)
  }
}

/** The upper half of a product, which WebAssembly has no operation for. Path: rows of every 64-bit ISA. */

import type { Region, Value } from '../ir/region.ts'

/** The upper 64 bits of a product of 64-bit values, from four 32-bit products. */
export function multiplyHigh(ir: Region, a: Value, b: Value, signed: boolean): Value {
  const low32 = ir.i64Halves(-1, 0)
  const by32 = ir.i64(32)
  const low = (x: Value): Value => ir.op2('i64.and', x, low32)
  const high = (x: Value): Value => ir.op2('i64.shr_u', x, by32)
  const product = (x: Value, y: Value): Value => ir.op2('i64.mul', x, y)
  const middle = ir.op2('i64.add', product(high(a), low(b)), high(product(low(a), low(b))))
  const other = ir.op2('i64.add', product(low(a), high(b)), low(middle))
  const unsigned = ir.op2('i64.add', ir.op2('i64.add', product(high(a), high(b)), high(middle)), high(other))
  if (!signed) return unsigned
  const correction = (x: Value, y: Value): Value => ir.op2('i64.and', ir.op2('i64.shr_s', x, ir.i64(63)), y)
  return ir.op2('i64.sub', ir.op2('i64.sub', unsigned, correction(a, b)), correction(b, a))
}

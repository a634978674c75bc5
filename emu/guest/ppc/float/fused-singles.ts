/**
 * Fused multiply-add of four singles.
 * Path: AltiVec's VMADDFP and VSX's vectors of singles. Reference: fused.ts.
 */

import type { Region, Value } from '../../../ir/region.ts'
import { Doubles } from './fused.ts'

/** The upper two lanes in front. */
const upper = (ir: Region, x: Value): Value =>
  ir.shuffle(x, x, [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7])

/** Singles x × y + z with one rounding, two by two in doubles. */
export function fusedSingles(ir: Region, x: Value, y: Value, z: Value): Value {
  const doubles = new Doubles(ir, 'f64x2')
  const [low, high] = [(v: Value) => v, (v: Value) => upper(ir, v)].map((part) => {
    const [a, b, c] = [x, y, z].map((v) => ir.op1('f64x2.promote_low_f32x4', part(v))) as [
      Value,
      Value,
      Value,
    ]
    return ir.op1('f32x4.demote_f64x2_zero', doubles.fusedSingles(a, b, c))
  }) as [Value, Value]
  return ir.shuffle(low, high, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23])
}

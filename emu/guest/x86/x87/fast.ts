/**
 * Short cuts for x87 arithmetic that doubles do exactly: both operands fit a double with few bits, so that the result
 * is exact there too, and nothing is to be flagged.
 */

import type { Call } from './helper.ts'
import type { Fpu } from './fpu.ts'

/** Tries an operation without bigints; false when it must be done exactly. */
export function fastArithmetic(_fpu: Fpu, _op: string, _reversed: boolean, _call: Call): boolean {
  return false
}

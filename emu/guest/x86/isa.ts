/** All x86 rows joined, and the decoder made of them: the one place to add a chapter. */

import { Decoder } from './decode.ts'
import { ARITHMETIC } from './insts/arithmetic.ts'
import { BITS } from './insts/bits.ts'
import { CONTROL } from './insts/control.ts'
import { LEGACY } from './insts/legacy.ts'
import { MMX } from './insts/mmx.ts'
import { MOVES } from './insts/moves.ts'
import { SEGMENTS } from './insts/segments.ts'
import { SSE_CONVERT } from './insts/sse-convert.ts'
import { SSE_FLOAT } from './insts/sse-float.ts'
import { SSE_INTEGER } from './insts/sse-integer.ts'
import { SSE_MOVES } from './insts/sse-move.ts'
import { SSE4 } from './insts/sse4.ts'
import { STRINGS } from './insts/strings.ts'
import { X87 } from './insts/x87.ts'
import type { Mode, Row } from './row.ts'

export const ROWS: readonly Row[] = [
  ...ARITHMETIC,
  ...BITS,
  ...MOVES,
  ...CONTROL,
  ...LEGACY,
  ...SEGMENTS,
  ...STRINGS,
  ...SSE_MOVES,
  ...SSE_FLOAT,
  ...SSE_CONVERT,
  ...SSE_INTEGER,
  ...SSE4,
  ...X87,
  ...MMX,
]
export const decoder = new Decoder(ROWS, 64)
const decoder32 = new Decoder(ROWS, 32)
/** The decoder of a mode. */
export const decoderOf = (mode: Mode): Decoder => (mode === 64 ? decoder : decoder32)
export { Insn as Instruction } from './decode.ts'

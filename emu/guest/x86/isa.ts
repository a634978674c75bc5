/** All x86 rows joined, and the decoder made of them: the one place to add a chapter. */

import { Decoder } from './decode.ts'
import { ARITHMETIC } from './insts/arithmetic.ts'
import { BITS } from './insts/bits.ts'
import { CONTROL } from './insts/control.ts'
import { MOVES } from './insts/moves.ts'
import type { Row } from './row.ts'

export const ROWS: readonly Row[] = [...ARITHMETIC, ...BITS, ...MOVES, ...CONTROL]
export const decoder = new Decoder(ROWS)
export { Insn as Instruction } from './decode.ts'

/** All PowerPC rows joined: the one place to add a chapter. */

import { ARITHMETIC } from './insts/arithmetic.ts'
import { BRANCH } from './insts/branch.ts'
import { CONDITION } from './insts/condition.ts'
import { FLOAT_ARITHMETIC } from './insts/float-arithmetic.ts'
import { FLOAT_MOVE } from './insts/float-move.ts'
import { FLOAT_STORAGE } from './insts/float-storage.ts'
import { LOGICAL } from './insts/logical.ts'
import { ROTATE } from './insts/rotate.ts'
import { STORAGE } from './insts/storage.ts'
import { SYSTEM } from './insts/system.ts'
import { VECTOR_FLOAT } from './insts/vector-float.ts'
import { VECTOR_INTEGER } from './insts/vector-integer.ts'
import { VECTOR_PERMUTE } from './insts/vector-permute.ts'
import { VECTOR_RARE } from './insts/vector-rare.ts'
import { VECTOR_STORAGE } from './insts/vector-storage.ts'
import { VSX_FLOAT } from './insts/vsx-float.ts'
import { VSX_MOVE } from './insts/vsx-move.ts'
import type { Row } from './row.ts'

export const ROWS: readonly Row[] = [
  ...ARITHMETIC,
  ...LOGICAL,
  ...ROTATE,
  ...CONDITION,
  ...BRANCH,
  ...STORAGE,
  ...SYSTEM,
  ...FLOAT_STORAGE,
  ...FLOAT_MOVE,
  ...FLOAT_ARITHMETIC,
  ...VECTOR_STORAGE,
  ...VECTOR_PERMUTE,
  ...VECTOR_INTEGER,
  ...VECTOR_FLOAT,
  ...VECTOR_RARE,
  ...VSX_MOVE,
  ...VSX_FLOAT,
]

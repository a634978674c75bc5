/** The PowerPC registers that translated code keeps in locals, as variables of the IR, and region temporaries. */

import { F64, I32, I64, V128 } from '../../ir/ops.ts'
import type { Variable } from '../../ir/region.ts'
import { gprPlace, PPC_STATE, vsrPlace } from './state.ts'

/** Variables 0-31 are the general registers. */
export const V_LR = 32
export const V_CTR = 33
export const V_SO = 34
export const V_OV = 35
export const V_CA = 36
export const V_BUDGET = 37
/** A temporary for instructions that need several blocks. */
export const V_TEMP64 = 38
/** CR fields 0-7: see cr.ts. */
export const V_CR_LEFT = 40
export const V_CR_RIGHT = 48
export const V_CR_REST = 56
/** Vector-scalar registers 0-63. */
export const V_VSR = 64

/** The last float operation, its operands A, B, C, and those of a comparison behind it. */
export const V_FLOAT_LAST = 128
export const V_FLOAT_OPERANDS = 129
export const V_FLOAT_COMPARED = 132

const numbered = <T>(count: number, make: (k: number) => T): T[] =>
  Array.from({ length: count }, (_, k) => make(k))

export const PPC_VARIABLES: readonly Variable[] = [
  ...numbered(32, (k) => ({ name: `r${k}`, type: I64, offset: gprPlace(k) }) as const),
  { name: 'lr', type: I64, offset: PPC_STATE.lr },
  { name: 'ctr', type: I64, offset: PPC_STATE.ctr },
  { name: 'so', type: I32, offset: PPC_STATE.so },
  { name: 'ov', type: I32, offset: PPC_STATE.ov },
  { name: 'ca', type: I32, offset: PPC_STATE.ca },
  { name: 'budget', type: I32, offset: PPC_STATE.budget },
  { name: 't64', type: I64, offset: -1 },
  { name: 't32', type: I32, offset: -1 },
  ...numbered(8, (k) => ({ name: `cr${k}_left`, type: I64, offset: PPC_STATE.crLeft + 8 * k }) as const),
  ...numbered(8, (k) => ({ name: `cr${k}_right`, type: I64, offset: PPC_STATE.crRight + 8 * k }) as const),
  ...numbered(8, (k) => ({ name: `cr${k}_rest`, type: I32, offset: PPC_STATE.crRest + 4 * k }) as const),
  ...numbered(64, (k) => ({ name: `vs${k}`, type: V128, offset: vsrPlace(k) }) as const),
  { name: 'float_last', type: I32, offset: PPC_STATE.floatLast },
  ...numbered(
    3,
    (k) => ({ name: `float_${'abc'[k]}`, type: F64, offset: PPC_STATE.floatOperands + 8 * k }) as const,
  ),
  ...numbered(
    2,
    (k) => ({ name: `compared_${'ab'[k]}`, type: F64, offset: PPC_STATE.floatCompared + 8 * k }) as const,
  ),
]

/** The x86 registers that translated code keeps in locals, as variables of the IR, and region temporaries. */

import { I32, I64, V128 } from '../../ir/ops.ts'
import type { Variable } from '../../ir/region.ts'
import { GPR_NAMES, X86_STATE } from './state.ts'

/** Variables 0-15 are the general registers in encoding order. */
export const V_XMM = 16
export const V_CC_OP = 32
export const V_CC_DST = 33
export const V_CC_SRC = 34
export const V_DF = 35
export const V_BUDGET = 36
export const V_FS_BASE = 37
export const V_GS_BASE = 38
/** A temporary for instructions that need several blocks. */
export const V_TEMP64 = 39

export const X86_VARIABLES: readonly Variable[] = [
  ...GPR_NAMES.map((name, i) => ({ name, type: I64, offset: X86_STATE.gpr + 8 * i }) as const),
  ...GPR_NAMES.map((_, i) => ({ name: `xmm${i}`, type: V128, offset: X86_STATE.xmm + 16 * i }) as const),
  { name: 'cc_op', type: I32, offset: X86_STATE.ccOp },
  { name: 'cc_dst', type: I64, offset: X86_STATE.ccDst },
  { name: 'cc_src', type: I64, offset: X86_STATE.ccSrc },
  { name: 'df', type: I32, offset: X86_STATE.df },
  { name: 'budget', type: I32, offset: X86_STATE.budget },
  { name: 'fs_base', type: I64, offset: X86_STATE.fsBase },
  { name: 'gs_base', type: I64, offset: X86_STATE.gsBase },
  { name: 't64', type: I64, offset: -1 },
]

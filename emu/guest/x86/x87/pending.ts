/** Waiting x87 exceptions in translations: x87 and MMX instructions raise them before they do anything. */

import { EXIT_FLOAT, EXIT_SLOW } from '../../../run/cpu.ts'
import { HELPER_X87_PENDING } from '../helper-ids.ts'
import { X86_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'

/** Raises an exception that waits: what every instruction but the FN ones does first. */
export function requireNoPending(t: Translator): void {
  const { ir } = t
  // The interpreter finds out which one it is; translated code only that there is one (ES, bit 7 of the status word).
  if (ir.options.exactChecks) ir.exitIf(ir.helper(HELPER_X87_PENDING, ir.i32(0), ir.i32(0)), EXIT_FLOAT)
  else ir.exitIf(ir.op2('i32.and', ir.stateLoad(32, X86_STATE.fpcw), ir.i32(0x80_0000)), EXIT_SLOW)
}

/** x87 and SSE state of a new program, and in the signal frames of both x86 ABIs. Path: x86-64*.ts, i386*.ts. */

import { FXSAVE_SIZE, fxsaveArea, loadFxsaveArea } from '../../../emu/guest/x86/fxsave.ts'
import { X86_STATE } from '../../../emu/guest/x86/state.ts'
import type { StateBlock } from '../../../emu/memory/state-block.ts'

export { FXSAVE_SIZE }

const MXCSR = 24
const MXCSR_MASK = 0xffff

/** In a state block of zeros: rounding to nearest, everything masked, all registers empty. */
export function resetFloat(state: StateBlock): void {
  state.setU32(X86_STATE.mxcsr, 0x1f80)
  state.setU32(X86_STATE.fpcw, 0x37f)
  state.setU32(X86_STATE.fptop, 0x00ff0000)
}

/** Writes the FXSAVE image, at an address already checked. */
export function saveFloat({ space }: StateBlock, at: number): void {
  space.bytes.set(fxsaveArea(space), at)
}

/** Takes an FXSAVE image back, from an address already checked. What cannot be in MXCSR is dropped, as Linux does. */
export function restoreFloat({ space }: StateBlock, at: number): void {
  const area = space.bytes.slice(at, at + FXSAVE_SIZE)
  const view = new DataView(area.buffer)
  view.setUint32(MXCSR, view.getUint32(MXCSR, true) & MXCSR_MASK, true)
  loadFxsaveArea(space, area)
}

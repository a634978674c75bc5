/** The modes of all guest ISAs, and the helpers that their code calls: the one place to add an ISA. */

import type { AddressSpace } from '../memory/address-space.ts'
import { STATE_BASE } from '../memory/layout.ts'
import { COMMON_STATE } from '../memory/state-block.ts'
import type { GuestMode } from './guest-mode.ts'
import { PPC_HELPERS } from './ppc/helpers.ts'
import { PPC32, PPC64, PPC64LE } from './ppc/mode.ts'
import { X86_HELPERS } from './x86/helpers.ts'
import { I386, X86_64 } from './x86/mode.ts'

/** By MODE_*. */
export const MODES: readonly GuestMode[] = [X86_64, I386, PPC32, PPC64, PPC64LE]

/** The mode of the process's code. */
export const modeOf = (space: AddressSpace): GuestMode =>
  MODES[space.view.getUint32(STATE_BASE + COMMON_STATE.mode, true)]!

const HELPERS = Object.assign([...X86_HELPERS], PPC_HELPERS)

/** Calls the helper with that number. */
export function callHelper(space: AddressSpace, id: number, a: number, b: number): number {
  const helper = HELPERS[id]
  if (!helper) throw new Error(`no helper ${id}`)
  return helper(space, a, b)
}

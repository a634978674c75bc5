/**
 * x86's two modes for emu/run: 64-bit mode, and protected mode with 32-bit segments.
 * Path: emu/guest/modes.ts lists them.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { GUEST_MAX, STATE_BASE } from '../../memory/layout.ts'
import { MODE_I386, MODE_X86_64 } from '../../memory/state-block.ts'
import type { GuestMode } from '../guest-mode.ts'
import { CC_UNKNOWN } from './condition.ts'
import { INSN_LENGTH_MAX, Insn } from './decode.ts'
import { decoderOf } from './isa.ts'
import { JumpTables } from './jump-table.ts'
import { MXCSR_FLUSHES, MXCSR_MODE_MASK, MXCSR_MODE_USUAL } from './mxcsr.ts'
import type { Mode } from './row.ts'
import { X86_STATE } from './state.ts'
import { Translator } from './translate.ts'
import { X86_VARIABLES } from './variables.ts'
import { X87_ROUTINES } from './x87/routines.ts'

const field = (space: AddressSpace, offset: number): number => space.view.getUint32(STATE_BASE + offset, true)

const GUEST_END = BigInt(GUEST_MAX)

function isNotCanonical(address: bigint): boolean {
  const upper = address >> 47n
  return upper !== 0n && upper !== 0x1ffffn
}

function x86Mode(mode: Mode): GuestMode<Insn> {
  const decoder = decoderOf(mode)
  return {
    id: mode === 64 ? MODE_X86_64 : MODE_I386,
    suffix: mode === 64 ? '' : '-32',
    variables: X86_VARIABLES,
    routines: X87_ROUTINES,
    insnLengthMax: INSN_LENGTH_MAX,
    flagsUnknown: CC_UNKNOWN,
    newInsn: () => new Insn(),
    decode: (bytes, at, end, pc, insn) => decoder.decode(bytes, at, end, pc, insn),
    translator: (region, map) => new Translator(region, map, mode),
    jumpTables: () => new JumpTables(),
    joinFlags: (a, b) => (a === b ? a : CC_UNKNOWN),
    isOutside: mode === 64 ? isNotCanonical : (address, sizeBytes) => address + BigInt(sizeBytes) > GUEST_END,
    needsExactFloat: (space) => (field(space, X86_STATE.mxcsr) & MXCSR_MODE_MASK) !== MXCSR_MODE_USUAL,
    watchesFlags: (space) =>
      field(space, X86_STATE.watchesFlags) !== 0 || (field(space, X86_STATE.mxcsr) & MXCSR_FLUSHES) !== 0,
    isSegmented: (space) => field(space, X86_STATE.segmented) !== 0,
  }
}

export const X86_64: GuestMode<Insn> = x86Mode(64)
export const I386: GuestMode<Insn> = x86Mode(32)

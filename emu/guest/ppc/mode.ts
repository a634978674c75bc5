/**
 * PowerPC's modes for emu/run: 32-bit big-endian, and 64-bit in both byte orders.
 * Path: emu/guest/modes.ts lists them.
 */

import { NO_ROUTINES } from '../../ir/routine.ts'
import type { AddressSpace } from '../../memory/address-space.ts'
import { STATE_BASE } from '../../memory/layout.ts'
import { MODE_PPC32, MODE_PPC64, MODE_PPC64LE } from '../../memory/state-block.ts'
import type { GuestMode } from '../guest-mode.ts'
import { Decoder, INSN_LENGTH, Insn } from './decode.ts'
import { ROWS } from './isa.ts'
import { JumpTables } from './jump-table.ts'
import { PPC_STATE } from './state.ts'
import { type Bits, Translator } from './translate.ts'
import { PPC_VARIABLES } from './variables.ts'

/** FPSCR's enables VE, OE, UE, ZE, XE, its NI and its rounding mode: 0 is what translated code does. */
const FPSCR_MODE = 0xff

const needsExactFloat = ({ view }: AddressSpace): boolean =>
  (view.getUint32(STATE_BASE + PPC_STATE.fpscr, true) & FPSCR_MODE) !== 0

function ppcMode(id: number, suffix: string, bits: Bits, isLittle: boolean): GuestMode<Insn> {
  // Made when it is first used: its tables take some hundredths of a second, and most machines run one ISA.
  let decoder: Decoder | undefined
  return {
    id,
    suffix,
    variables: PPC_VARIABLES,
    routines: NO_ROUTINES,
    insnLengthMax: INSN_LENGTH,
    flagsUnknown: 0,
    newInsn: () => new Insn(),
    decode: (bytes, at, end, pc, insn) => {
      decoder ??= new Decoder(ROWS, bits, isLittle)
      return decoder.decode(bytes, at, end, pc, insn)
    },
    translator: (region, map) => new Translator(region, map, bits, isLittle),
    jumpTables: () => new JumpTables(isLittle),
    joinFlags: (a, b) => a & b,
    isOutside: () => false,
    needsExactFloat,
    watchesFlags: () => false,
    isSegmented: () => false,
  }
}

export const PPC32: GuestMode<Insn> = ppcMode(MODE_PPC32, '-ppc', 32, false)
export const PPC64: GuestMode<Insn> = ppcMode(MODE_PPC64, '-ppc64', 64, false)
export const PPC64LE: GuestMode<Insn> = ppcMode(MODE_PPC64LE, '-ppc64le', 64, true)

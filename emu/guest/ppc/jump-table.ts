/**
 * Guesses where BCTR may go. Compilers load an offset from a table of words behind an address made by ADDIS and ADDI (or
 * through the TOC), add the table's address and jump: `jump-table` candidates are not guessed yet, so a switch leaves its
 * region. Path: asked by region formation at each jump to a value.
 */

import type { GuestJumpTables } from '../guest-mode.ts'
import type { Insn } from './decode.ts'

const NONE: readonly number[] = []

export class JumpTables implements GuestJumpTables<Insn> {
  reset(): void {}
  note(): void {}

  candidates(): readonly number[] {
    return NONE
  }
}

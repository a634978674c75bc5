/**
 * Guesses where BCTR may go, from the jump tables compilers make, so that the switch stays inside its region.
 * Path: asked by region formation at each jump to a value.
 *
 * One shape is known: a table of words, offsets from the table, whose address is made by ADDIS and ADDI from 0 or, in
 * 64-bit programs, from the TOC in r2.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import { STATE_BASE } from '../../memory/layout.ts'
import type { GuestJumpTables } from '../guest-mode.ts'
import { addTargets, TABLE_ENTRIES_MAX } from '../table-targets.ts'
import type { Insn } from './decode.ts'
import { gprPlace } from './state.ts'

const TOC = 2
const TABLES_MAX = 16
/** Jumps remembered. */
const JUMPS_MAX = 10_000

/** An address made so far: a constant, from the TOC or not. */
interface Made {
  readonly fromToc: boolean
  readonly value: number
}

export class JumpTables implements GuestJumpTables<Insn> {
  private readonly isLittle: boolean
  /** What ADDIS put into a register last. */
  private readonly upper = new Map<number, Made>()
  private readonly tables: Made[] = []
  /** Entries by the last comparison with a constant, as bounds checks have it. */
  private bound = TABLE_ENTRIES_MAX
  /** What was found for a jump before: a region that begins inside a loop does not see the table named above it. */
  private readonly found = new Map<number, readonly number[]>()

  constructor(isLittle: boolean) {
    this.isLittle = isLittle
  }

  reset(): void {
    this.upper.clear()
    this.tables.length = 0
    this.bound = TABLE_ENTRIES_MAX
  }

  note(insn: Insn): void {
    const { mnemonic } = insn.row!
    if (mnemonic === 'addis' && (insn.ra === 0 || insn.ra === TOC))
      this.upper.set(insn.rt, { fromToc: insn.ra === TOC, value: insn.si * 0x1_0000 })
    else if (mnemonic === 'addi') {
      const made = this.upper.get(insn.ra)
      if (made && this.tables.length < TABLES_MAX)
        this.tables.push({ fromToc: made.fromToc, value: made.value + insn.si })
    } else if (mnemonic === 'cmplwi' || mnemonic === 'cmpldi') {
      if (insn.ui > 0 && insn.ui < TABLE_ENTRIES_MAX) this.bound = insn.ui + 1
    }
  }

  candidates(space: AddressSpace, pc: number): readonly number[] {
    const found = new Set<number>()
    // The process's TOC now is that of the code that is being run, and so most likely of this.
    const toc = space.view.getUint32(STATE_BASE + gprPlace(TOC), true)
    for (const { fromToc, value } of this.tables)
      addTargets(
        space,
        pc,
        {
          address: (value + (fromToc ? toc : 0)) >>> 0,
          entryBytes: 4,
          entriesMax: this.bound,
          isLittle: this.isLittle,
        },
        found,
      )
    if (found.size < 2) return this.found.get(pc) ?? []
    const targets = [...found]
    if (this.found.size < JUMPS_MAX) this.found.set(pc, targets)
    return targets
  }
}

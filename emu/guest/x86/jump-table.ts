/**
 * Guesses where an indirect jump may go, from the jump tables compilers make, so that the switch stays inside its
 * region. Only candidates: translated code compares the address it really jumps to, so a wrong guess costs code and
 * nothing else. Path: asked by region formation at each indirect jump.
 *
 * Two shapes are known: `jmp *table(,%reg,8)` (also through a mov), entries being addresses; and
 * `lea table(%rip),%base … movslq (%base,%reg,4),%r; add %base,%r; jmp *%r`, entries being offsets from the table.
 */

import type { AddressSpace } from '../../memory/address-space.ts'
import type { GuestJumpTables } from '../guest-mode.ts'
import { addTargets, TABLE_ENTRIES_MAX } from '../table-targets.ts'
import { BASE_RIP, type Insn, NO_REGISTER } from './decode.ts'

const TABLES_MAX = 16
/** Jumps remembered. */
const JUMPS_MAX = 10_000

export class JumpTables implements GuestJumpTables<Insn> {
  /** Addresses of offset tables named so far in this region. */
  private readonly offsetTables = new Set<number>()
  private readonly addressTables = new Set<number>()
  /** Entries by the last comparison with a constant, as bounds checks have it. */
  private bound = TABLE_ENTRIES_MAX

  /** What was found for a jump before: a region that begins inside a loop does not see the table named above it. */
  private readonly found = new Map<number, readonly number[]>()

  reset(): void {
    this.offsetTables.clear()
    this.addressTables.clear()
    this.bound = TABLE_ENTRIES_MAX
  }

  /** Looks at each instruction of the region in the order it is found. */
  note(insn: Insn): void {
    const { mnemonic } = insn.row!
    if (mnemonic === 'LEA' && insn.base === BASE_RIP) {
      if (this.offsetTables.size < TABLES_MAX) this.offsetTables.add(insn.nextPc + insn.disp)
    } else if (mnemonic === 'CMP' && insn.row!.operands[1]![0] === 'I') {
      if (insn.imm > 0 && insn.imm < TABLE_ENTRIES_MAX) this.bound = insn.imm + 1
    } else if ((mnemonic === 'MOV' || mnemonic === 'JMP') && insn.isMemory && insn.index !== NO_REGISTER) {
      const log = insn.mode === 64 ? 3 : 2
      if (insn.base === NO_REGISTER && insn.scale === log && insn.size === insn.mode)
        this.addressTables.add(insn.mode === 64 ? insn.disp : insn.disp >>> 0)
    }
  }

  /** Candidates for the indirect jump at `pc`, without repetition. */
  candidates(space: AddressSpace, pc: number): readonly number[] {
    const found = new Set<number>()
    const add = (address: number, entryBytes: 4 | 8): void =>
      addTargets(space, pc, { address, entryBytes, entriesMax: this.bound, isLittle: true }, found)
    for (const table of this.addressTables) add(table, 8)
    if (found.size === 0) for (const table of this.offsetTables) add(table, 4)
    this.addressTables.clear()
    if (found.size < 2) return this.found.get(pc) ?? []
    const targets = [...found]
    if (this.found.size < JUMPS_MAX) this.found.set(pc, targets)
    return targets
  }
}

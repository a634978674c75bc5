/**
 * Where an indirect jump may go, by a table of a compiler's in guest memory. Only candidates: translated code compares the
 * address it really jumps to, so a wrong guess costs code and nothing else.
 * Path: an ISA's jump tables find where the table may lie, and ask here.
 */

import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_R, PAGE_X } from '../memory/layout.ts'

/** Entries of a table are fewer. */
export const TABLE_ENTRIES_MAX = 256
/** Targets lie in the same function: not further than this from the jump. */
const DISTANCE_MAX = 1 << 16

export interface TargetTable {
  readonly address: number
  /** 4: entries are offsets from the table; 8: they are addresses. */
  readonly entryBytes: 4 | 8
  readonly entriesMax: number
  readonly isLittle: boolean
}

/** Adds what the table's entries lead to, as far as it is code near the jump at `pc`. */
export function addTargets(space: AddressSpace, pc: number, table: TargetTable, found: Set<number>): void {
  const { address, entryBytes, entriesMax, isLittle } = table
  const targets: number[] = []
  for (let i = 0; i < entriesMax; i++) {
    const at = address + i * entryBytes
    if (!space.allows(at, entryBytes, PAGE_R)) break
    const target =
      entryBytes === 4
        ? address + space.view.getInt32(at, isLittle)
        : Number(space.view.getBigUint64(at, isLittle))
    if (Math.abs(target - pc) > DISTANCE_MAX || !space.allows(target, 1, PAGE_X)) break
    targets.push(target)
  }
  // One or two fitting numbers are chance, not a table.
  if (targets.length > 2) for (const target of targets) found.add(target)
}

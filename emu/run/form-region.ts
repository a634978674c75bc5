/**
 * Region formation: from a guest pc, finds the instructions that direct branches reach, and translates them to IR.
 * Path: emu/run/translate asks for a region; emu/guest/<isa> decodes and translates; emu/wasm lowers the result.
 */

import {
  DECODE_OK,
  DECODE_TRUNCATED,
  type GuestInsn,
  type GuestJumpTables,
  type GuestMode,
  type GuestTranslator,
} from '../guest/guest-mode.ts'
import { MODES, modeOf } from '../guest/modes.ts'
import type { Block, Region } from '../ir/region.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_SHIFT, PAGE_SIZE, PAGE_X } from '../memory/layout.ts'

/** Instructions in a region; a longer function is left and entered again where it was cut. */
export const REGION_INSTRUCTIONS_MAX = 2000

interface Stretch {
  pc: number
  end: number
  block: Block | null
  /** Stretches that go on here, and what each leaves known of the lazy flags once it is translated. */
  preds: Stretch[]
  flagsAtEnd: number
  translated: boolean
}

export interface FormOptions {
  instructionsMax: number
  /** No branch is followed, not even to the region itself: for steps. */
  isStraight?: boolean
  /** Code that is left out unless straight-line code runs into it; none unless given. */
  leftOut?: (pc: number) => boolean
}

/** The bytes at pc that may be fetched: end of the executable pages from pc, at most `limit` further. */
function fetchEnd(space: AddressSpace, pc: number, limit: number): number {
  if ((pc & (PAGE_SIZE - 1)) <= PAGE_SIZE - limit)
    return space.flags[pc >>> PAGE_SHIFT]! & PAGE_X ? pc + limit : pc
  let end = pc
  while (end < pc + limit && space.flags[end >>> PAGE_SHIFT]! & PAGE_X)
    end = (Math.floor(end / PAGE_SIZE) + 1) * PAGE_SIZE
  return Math.min(end, pc + limit)
}

/** Of one mode: what is decoded into, again and again, and what was learnt of jumps. */
class Workshop {
  /** For what is decoded apart from the region's instructions. */
  readonly insn: GuestInsn
  /** Objects for the region's instructions. */
  readonly pool: GuestInsn[] = []
  readonly tables: GuestJumpTables

  constructor(mode: GuestMode) {
    this.insn = mode.newInsn()
    this.tables = mode.jumpTables()
  }
}

export class RegionFormer {
  /** Of the process that was looked at last. */
  private mode = MODES[0]!
  private readonly workshops = MODES.map((mode) => new Workshop(mode))
  /** The region's instructions by pc, each decoded once; the objects are used again for the next region. */
  private readonly instructions = new Map<number, GuestInsn>()
  private readonly stretches = new Map<number, Stretch>()
  private readonly leaders: number[] = []
  private readonly jumpTargets = new Map<number, readonly number[]>()
  /** Targets of direct calls in the last region: candidates for the same module. */
  readonly callTargets: number[] = []
  /** Where calls in the last region come back to. */
  readonly returnPoints: number[] = []
  /** Where control may leave the last region for code that was left out. */
  readonly sideExits: number[] = []
  /** Where the last region was cut for its length: no place where control goes by itself. */
  readonly cuts: number[] = []

  /** Decodes at pc; DECODE_TRUNCATED when not even the first byte may be fetched. */
  private decode(space: AddressSpace, pc: number, insn: GuestInsn): number {
    const end = fetchEnd(space, pc, this.mode.insnLengthMax)
    if (end <= pc) return DECODE_TRUNCATED
    return this.mode.decode(space.bytes, pc, end, pc, insn)
  }

  private get workshop(): Workshop {
    return this.workshops[this.mode.id]!
  }

  /** Decodes at pc without translating: DECODE_*. */
  probe(space: AddressSpace, pc: number): number {
    this.mode = modeOf(space)
    return this.decode(space, pc, this.workshop.insn)
  }

  /** Fills `region` with the code that begins at pc. */
  form(space: AddressSpace, pc: number, region: Region, options: FormOptions): void {
    this.mode = modeOf(space)
    region.reset()
    this.callTargets.length = 0
    this.returnPoints.length = 0
    this.cuts.length = 0
    this.sideExits.length = 0
    this.scan(space, pc, options)
    this.translate(space, pc, region, options)
  }

  /** Finds where stretches of straight-line code begin and end. */
  private scan(space: AddressSpace, entry: number, options: FormOptions): void {
    const { stretches, leaders, instructions } = this
    const { tables } = this.workshop
    stretches.clear()
    leaders.length = 0
    tables.reset()
    this.jumpTargets.clear()
    instructions.clear()
    const pending = [entry]
    const isLeader = new Set([entry])
    const { leftOut, instructionsMax } = options
    const lead = (pc: number): void => {
      if (isLeader.has(pc)) return
      if (leftOut?.(pc)) {
        this.sideExits.push(pc)
        return
      }
      isLeader.add(pc)
      if (!instructions.has(pc)) pending.push(pc)
    }
    while (pending.length > 0) {
      let pc = pending.pop()!
      while (!instructions.has(pc)) {
        const insn = this.newInsn()
        if (instructions.size >= instructionsMax || this.decode(space, pc, insn) !== DECODE_OK) break
        instructions.set(pc, insn)
        tables.note(insn)
        if (insn.flow !== 'next') {
          if (!options.isStraight) this.leadOn(space, insn, lead)
          break
        }
        pc = insn.nextPc
        // Another path came here before: the stretch ends, and that one's start is a leader if it is not yet.
        if (instructions.has(pc)) isLeader.add(pc)
      }
    }
    for (const pc of isLeader) if (instructions.has(pc)) leaders.push(pc)
    leaders.sort((a, b) => a - b)
    for (const pc of leaders)
      stretches.set(pc, { pc, end: pc, block: null, preds: [], flagsAtEnd: 0, translated: false })
    for (const stretch of stretches.values()) this.link(stretch)
  }

  /** An object for the next instruction, which is the region's as soon as it is in `instructions`. */
  private newInsn(): GuestInsn {
    const { pool } = this.workshop
    const { size } = this.instructions
    pool[size] ??= this.mode.newInsn()
    return pool[size]
  }

  /** Tells where control goes on after an instruction that ends a stretch. */
  private leadOn(space: AddressSpace, insn: GuestInsn, lead: (pc: number) => void): void {
    const { pc, nextPc } = insn
    switch (insn.flow) {
      case 'jump':
        lead(insn.target)
        break
      case 'branch':
        lead(insn.target)
        lead(nextPc)
        break
      case 'jump-value': {
        const targets = this.workshop.tables.candidates(space, pc)
        this.jumpTargets.set(pc, targets)
        for (const target of targets) lead(target)
        break
      }
      case 'call':
        this.callTargets.push(insn.target)
        this.returnPoints.push(nextPc)
        lead(nextPc)
        break
      case 'call-value':
        this.returnPoints.push(nextPc)
        lead(nextPc)
    }
  }

  /** Fills in a stretch's end, and the stretch in its successors' predecessors. */
  private link(stretch: Stretch): void {
    const { stretches, instructions } = this
    const goesTo = (pc: number): void => {
      stretches.get(pc)?.preds.push(stretch)
    }
    let pc = stretch.pc
    for (;;) {
      const insn = instructions.get(pc)
      if (!insn) break
      const { flow } = insn
      pc = insn.nextPc
      if (flow !== 'next') {
        if (flow === 'jump' || flow === 'branch') goesTo(insn.target)
        if (flow === 'branch' || flow === 'call' || flow === 'call-value') goesTo(pc)
        if (flow === 'jump-value') for (const target of this.jumpTargets.get(insn.pc) ?? []) goesTo(target)
        break
      }
      if (stretches.has(pc)) {
        goesTo(pc)
        break
      }
    }
    stretch.end = pc
  }

  private translate(space: AddressSpace, entry: number, region: Region, options: FormOptions): void {
    const { stretches, instructions } = this
    const blockAt = (pc: number): Block | undefined =>
      options.isStraight ? undefined : (stretches.get(pc)?.block ?? undefined)
    const candidatesAt = (pc: number): readonly number[] => this.jumpTargets.get(pc) ?? []
    const isLeftOut = options.leftOut ?? (() => false)
    const translator = this.mode.translator(region, { blockAt, candidatesAt, isLeftOut })
    const ordered = this.entryFirst(entry)
    for (const stretch of ordered) stretch.block = region.newBlock(stretch.pc)
    if (ordered.length === 0) {
      // Not even the first bytes are an instruction.
      const { insn } = this.workshop
      translator.beginBlock(region.newBlock(entry), this.mode.flagsUnknown)
      this.decode(space, entry, insn)
      translator.undefined(insn)
      region.covered.push(entry, entry + Math.max(1, insn.length))
    }
    for (const stretch of ordered) {
      translator.beginBlock(stretch.block!, this.flagsAtStart(stretch, stretch.pc === entry))
      let pc = stretch.pc
      while (pc < stretch.end && region.open) {
        const insn = instructions.get(pc)!
        translator.instruction(insn)
        pc = insn.nextPc
      }
      stretch.flagsAtEnd = translator.flagsAtEnd
      stretch.translated = true
      if (region.open) this.runOff(space, translator, pc)
      stretch.block!.endPc = pc
      region.covered.push(stretch.pc, pc)
    }
  }

  /** The region's entry must be its first block; the others follow in address order. */
  private entryFirst(entry: number): Stretch[] {
    const list = this.leaders.map((pc) => this.stretches.get(pc)!)
    const at = list.findIndex((stretch) => stretch.pc === entry)
    if (at > 0) list.unshift(...list.splice(at, 1))
    return list
  }

  /** What all predecessors agree on about the lazy flags, when all of them are translated. */
  private flagsAtStart(stretch: Stretch, isEntry: boolean): number {
    const { flagsUnknown } = this.mode
    if (isEntry || stretch.preds.length === 0) return flagsUnknown
    let joined = stretch.preds[0]!.flagsAtEnd
    for (const pred of stretch.preds) {
      if (!pred.translated) return flagsUnknown
      joined = this.mode.joinFlags(joined, pred.flagsAtEnd)
    }
    return joined
  }

  /** A stretch ends without a branch: another begins, the region is cut, or the bytes are no instruction. */
  private runOff(space: AddressSpace, translator: GuestTranslator, pc: number): void {
    if (this.stretches.has(pc)) {
      translator.fallThrough(pc)
      return
    }
    const { insn } = this.workshop
    const status = this.decode(space, pc, insn)
    if (status === DECODE_OK) this.cuts.push(pc)
    if (status === DECODE_OK || status === DECODE_TRUNCATED) translator.fallThrough(pc)
    else translator.undefined(insn)
  }
}

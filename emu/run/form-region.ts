/**
 * Region formation: from a guest pc, finds the instructions that direct branches reach, and translates them to IR.
 * Path: emu/run/translate asks for a region; emu/guest/<isa> decodes and translates; emu/wasm lowers the result.
 */

import { CC_UNKNOWN } from '../guest/x86/condition.ts'
import { DECODE_OK, DECODE_TRUNCATED, type Insn } from '../guest/x86/decode.ts'
import { decoderOf, Instruction } from '../guest/x86/isa.ts'
import { JumpTables } from '../guest/x86/jump-table.ts'
import type { Mode } from '../guest/x86/row.ts'
import { X86_STATE } from '../guest/x86/state.ts'
import { Translator } from '../guest/x86/translate.ts'
import type { Block, Region } from '../ir/region.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_SHIFT, PAGE_SIZE, PAGE_X, STATE_BASE } from '../memory/layout.ts'

/** Instructions in a region; a longer function is left and entered again where it was cut. */
export const REGION_INSTRUCTIONS_MAX = 2000

interface Stretch {
  pc: number
  end: number
  block: Block | null
  /** Stretches that go on here, and the flag operation each ends with once it is translated. */
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

/** Which of its two modes the process's code is in. */
export const modeOf = (space: AddressSpace): Mode =>
  space.view.getUint32(STATE_BASE + X86_STATE.mode, true) ? 32 : 64

export class RegionFormer {
  /** Of the process that was looked at last. */
  private mode: Mode = 64
  /** For what is decoded apart from the region's instructions. */
  private readonly insn: Insn = new Instruction()
  /** The region's instructions by pc, each decoded once; the objects are used again for the next region. */
  private readonly instructions = new Map<number, Insn>()
  private readonly pool: Insn[] = []
  private readonly stretches = new Map<number, Stretch>()
  private readonly leaders: number[] = []
  private readonly tables = new JumpTables()
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
  private decode(space: AddressSpace, pc: number, insn: Insn): number {
    const end = fetchEnd(space, pc, 16)
    if (end <= pc) return DECODE_TRUNCATED
    return decoderOf(this.mode).decode(space.bytes, pc, end, pc, insn)
  }

  /** Decodes at pc without translating: DECODE_*. */
  probe(space: AddressSpace, pc: number): number {
    this.mode = modeOf(space)
    return this.decode(space, pc, this.insn)
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
    stretches.clear()
    leaders.length = 0
    this.tables.reset()
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
        this.tables.note(insn)
        if (insn.row!.flow !== 'next') {
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
      stretches.set(pc, { pc, end: pc, block: null, preds: [], flagsAtEnd: CC_UNKNOWN, translated: false })
    for (const stretch of stretches.values()) this.link(stretch)
  }

  /** An object for the next instruction, which is the region's as soon as it is in `instructions`. */
  private newInsn(): Insn {
    const { size } = this.instructions
    this.pool[size] ??= new Instruction()
    return this.pool[size]
  }

  /** Tells where control goes on after an instruction that ends a stretch. */
  private leadOn(space: AddressSpace, insn: Insn, lead: (pc: number) => void): void {
    const { pc, nextPc } = insn
    switch (insn.row!.flow) {
      case 'jump':
        lead(insn.target)
        break
      case 'branch':
        lead(insn.target)
        lead(nextPc)
        break
      case 'jump-value': {
        const targets = this.tables.candidates(space, pc)
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
      const { flow } = insn.row!
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
    const translator = new Translator(region, { blockAt, candidatesAt, isLeftOut }, this.mode)
    const ordered = this.entryFirst(entry)
    for (const stretch of ordered) stretch.block = region.newBlock(stretch.pc)
    if (ordered.length === 0) {
      // Not even the first bytes are an instruction.
      translator.beginBlock(region.newBlock(entry), CC_UNKNOWN)
      this.decode(space, entry, this.insn)
      translator.undefined(this.insn)
      region.covered.push(entry, entry + Math.max(1, this.insn.length))
    }
    for (const stretch of ordered) {
      translator.beginBlock(stretch.block!, this.flagsAtStart(stretch, stretch.pc === entry))
      let pc = stretch.pc
      while (pc < stretch.end && region.open) {
        const insn = instructions.get(pc)!
        translator.instruction(insn)
        pc = insn.nextPc
      }
      stretch.flagsAtEnd = translator.flags.op
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

  /** The flag operation all predecessors agree on, when all of them are translated. */
  private flagsAtStart(stretch: Stretch, isEntry: boolean): number {
    if (isEntry || stretch.preds.length === 0) return CC_UNKNOWN
    const first = stretch.preds[0]!.flagsAtEnd
    for (const pred of stretch.preds) if (!pred.translated || pred.flagsAtEnd !== first) return CC_UNKNOWN
    return first
  }

  /** A stretch ends without a branch: another begins, the region is cut, or the bytes are no instruction. */
  private runOff(space: AddressSpace, translator: Translator, pc: number): void {
    if (this.stretches.has(pc)) {
      translator.fallThrough(pc)
      return
    }
    const status = this.decode(space, pc, this.insn)
    if (status === DECODE_OK) this.cuts.push(pc)
    if (status === DECODE_OK || status === DECODE_TRUNCATED) translator.fallThrough(pc)
    else translator.undefined(this.insn)
  }
}

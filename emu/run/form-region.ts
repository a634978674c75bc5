/**
 * Region formation: from a guest pc, finds the instructions that direct branches reach, and translates them to IR.
 * Path: emu/run/translate asks for a region; emu/guest/<isa> decodes and translates; emu/wasm lowers the result.
 */

import { CC_UNKNOWN } from '../guest/x86/condition.ts'
import { DECODE_OK, DECODE_TRUNCATED, type Insn } from '../guest/x86/decode.ts'
import { decoder, Instruction } from '../guest/x86/isa.ts'
import { JumpTables } from '../guest/x86/jump-table.ts'
import { Translator } from '../guest/x86/translate.ts'
import type { Block, Region } from '../ir/region.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { PAGE_SHIFT, PAGE_SIZE, PAGE_X } from '../memory/layout.ts'

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
  /** At most this many instructions (1: single step). */
  instructionsMax: number
  /** Code that is left out unless straight-line code runs into it; none unless given. */
  leftOut?: (pc: number) => boolean
}

/** The bytes at pc that may be fetched: end of the executable pages from pc, at most `limit` further. */
function fetchEnd(space: AddressSpace, pc: number, limit: number): number {
  let end = pc
  while (end < pc + limit && space.flags[end >>> PAGE_SHIFT]! & PAGE_X)
    end = (Math.floor(end / PAGE_SIZE) + 1) * PAGE_SIZE
  return Math.min(end, pc + limit)
}

export class RegionFormer {
  private readonly insn: Insn = new Instruction()
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
  private decode(space: AddressSpace, pc: number): number {
    const end = fetchEnd(space, pc, 16)
    if (end <= pc) return DECODE_TRUNCATED
    return decoder.decode(space.bytes, pc, end, pc, this.insn)
  }

  /** Decodes at pc without translating: DECODE_*. */
  probe(space: AddressSpace, pc: number): number {
    return this.decode(space, pc)
  }

  /** Fills `region` with the code that begins at pc. */
  form(space: AddressSpace, pc: number, region: Region, options: FormOptions): void {
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
    const { stretches, leaders, insn } = this
    stretches.clear()
    leaders.length = 0
    this.tables.reset()
    this.jumpTargets.clear()
    const instructionAt = new Set<number>()
    const pending = [entry]
    const isLeader = new Set([entry])
    const successors = new Map<number, number[]>()
    let count = 0
    const { leftOut } = options
    const lead = (pc: number): void => {
      if (isLeader.has(pc)) return
      if (leftOut?.(pc)) {
        this.sideExits.push(pc)
        return
      }
      isLeader.add(pc)
      if (!instructionAt.has(pc)) pending.push(pc)
    }
    while (pending.length > 0) {
      let pc = pending.pop()!
      while (!instructionAt.has(pc)) {
        if (count >= options.instructionsMax || this.decode(space, pc) !== DECODE_OK) break
        count++
        instructionAt.add(pc)
        const { nextPc, row } = insn
        const flow = row!.flow
        this.tables.note(insn)
        if (flow === 'jump') {
          lead(insn.target)
          successors.set(pc, [insn.target])
        } else if (flow === 'branch') {
          lead(insn.target)
          lead(nextPc)
          successors.set(pc, [insn.target, nextPc])
        } else if (flow === 'jump-value') {
          const targets = this.tables.candidates(space, pc)
          this.jumpTargets.set(pc, targets)
          for (const target of targets) lead(target)
          successors.set(pc, [...targets])
        } else if (flow === 'call' || flow === 'call-value') {
          if (flow === 'call') this.callTargets.push(insn.target)
          this.returnPoints.push(nextPc)
          lead(nextPc)
          successors.set(pc, [nextPc])
        }
        if (flow !== 'next') break
        pc = nextPc
        // Another path came here before: the stretch ends, and that one's start is a leader if it is not yet.
        if (instructionAt.has(pc)) isLeader.add(pc)
      }
    }
    for (const pc of isLeader) if (instructionAt.has(pc)) leaders.push(pc)
    leaders.sort((a, b) => a - b)
    for (const pc of leaders)
      stretches.set(pc, { pc, end: pc, block: null, preds: [], flagsAtEnd: CC_UNKNOWN, translated: false })
    this.link(space, instructionAt, successors)
  }

  /** Fills in each stretch's end and predecessors. */
  private link(space: AddressSpace, instructionAt: Set<number>, successors: Map<number, number[]>): void {
    for (const stretch of this.stretches.values()) {
      let pc = stretch.pc
      for (;;) {
        if (this.decode(space, pc) !== DECODE_OK) break
        const ends = this.insn.row!.flow !== 'next'
        const next = successors.get(pc)
        if (next) for (const target of next) this.stretches.get(target)?.preds.push(stretch)
        pc = this.insn.nextPc
        if (ends || !instructionAt.has(pc)) break
        const after = this.stretches.get(pc)
        if (after) {
          after.preds.push(stretch)
          break
        }
      }
      stretch.end = pc
    }
  }

  private translate(space: AddressSpace, entry: number, region: Region, options: FormOptions): void {
    const { stretches, insn } = this
    const single = options.instructionsMax === 1
    const blockAt = (pc: number): Block | undefined =>
      single ? undefined : (stretches.get(pc)?.block ?? undefined)
    const candidatesAt = (pc: number): readonly number[] => this.jumpTargets.get(pc) ?? []
    const translator = new Translator(region, { blockAt, candidatesAt })
    const ordered = this.entryFirst(entry)
    for (const stretch of ordered) stretch.block = region.newBlock(stretch.pc)
    if (ordered.length === 0) {
      // Not even the first bytes are an instruction.
      translator.beginBlock(region.newBlock(entry), CC_UNKNOWN)
      this.decode(space, entry)
      translator.undefined(insn)
      region.covered.push(entry, entry + Math.max(1, insn.length))
    }
    for (const stretch of ordered) {
      translator.beginBlock(stretch.block!, this.flagsAtStart(stretch, stretch.pc === entry))
      let pc = stretch.pc
      while (pc < stretch.end && region.open) {
        this.decode(space, pc)
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
    const status = this.decode(space, pc)
    if (status === DECODE_OK) this.cuts.push(pc)
    if (status === DECODE_OK || status === DECODE_TRUNCATED) translator.fallThrough(pc)
    else translator.undefined(this.insn)
  }
}

/**
 * Which instructions a program has, without running it: code is followed from the entry along direct branches and
 * calls, and from addresses that instructions make. What only tables lead to is not seen.
 * Path: `umwelt info` asks; the rows answer.
 */

import { DECODE_OK } from '../guest-mode.ts'
import { type CodeRange, newSurvey, noteMissing, type Survey } from '../survey.ts'
import { BASE_RIP, type Decoder, type Insn } from './decode.ts'
import { decoderOf, Instruction } from './isa.ts'
import type { Mode } from './row.ts'

const INSTRUCTION_BYTES_MAX = 15
/** How far before SYSCALL its number may be set. */
const NUMBER_AGE_MAX = 16
const EAX = 0
/** Instructions that must decode where an address was only made. */
const TRIAL_COUNT = 12

/** Surveys the code that `entries` lead to. */
export function surveyCode(ranges: readonly CodeRange[], entries: readonly number[], mode: Mode): Survey {
  return new Surveyor(ranges, mode).run(entries)
}

class Surveyor {
  private readonly ranges: readonly CodeRange[]
  private readonly decoder: Decoder
  private readonly seen: readonly Uint8Array[]
  private readonly insn: Insn = new Instruction()
  private readonly trial: Insn = new Instruction()
  private readonly pending: number[] = []
  private readonly survey = newSurvey()

  constructor(ranges: readonly CodeRange[], mode: Mode) {
    this.ranges = ranges
    this.decoder = decoderOf(mode)
    this.seen = ranges.map(({ bytes }) => new Uint8Array(bytes.length))
  }

  run(entries: readonly number[]): Survey {
    for (const entry of entries) this.follow(entry)
    for (;;) {
      const pc = this.pending.pop()
      if (pc === undefined) return this.survey
      this.straight(pc)
    }
  }

  /** Code at an address is to be looked at, if it is code. */
  private follow(pc: number): void {
    if (this.rangeOf(pc) >= 0) this.pending.push(pc)
  }

  /** An address that an instruction makes may be data's: its first instructions must at least be some. */
  private followIfCode(pc: number): void {
    const which = this.rangeOf(pc)
    if (which < 0) return
    const { start, bytes } = this.ranges[which]!
    const { trial } = this
    for (let at = pc - start, n = 0; n < TRIAL_COUNT; at += trial.length, n++) {
      const end = Math.min(bytes.length, at + INSTRUCTION_BYTES_MAX)
      if (this.decoder.decode(bytes, at, end, start + at, trial) !== DECODE_OK) return
      if (trial.row!.flow === 'jump' || trial.row!.flow === 'return') break
    }
    this.pending.push(pc)
  }

  private rangeOf(pc: number): number {
    return this.ranges.findIndex(({ start, bytes }) => pc >= start && pc < start + bytes.length)
  }

  /** One stretch without branches. */
  private straight(from: number): void {
    const which = this.rangeOf(from)
    const { start, bytes } = this.ranges[which]!
    const seen = this.seen[which]!
    const { insn, survey } = this
    let number = -1
    let numberAge = 0
    for (let pc = from; pc < start + bytes.length && !seen[pc - start]; pc = insn.nextPc) {
      const at = pc - start
      seen[at] = 1
      const end = Math.min(bytes.length, at + INSTRUCTION_BYTES_MAX)
      if (this.decoder.decode(bytes, at, end, pc, insn) !== DECODE_OK) {
        const first = bytes.subarray(at, at + 8)
        noteMissing(survey, pc, first, 4, familyOf(first))
        return
      }
      survey.instructionCount++
      const { feature, mnemonic, flow } = insn.row!
      if (feature) survey.features.set(feature, (survey.features.get(feature) ?? 0) + 1)
      if (mnemonic === 'MOV' && setsEax(insn)) {
        number = insn.imm
        numberAge = 0
      } else if (isSystemCall(insn) && number >= 0 && numberAge <= NUMBER_AGE_MAX)
        survey.syscallNumbers.add(number)
      numberAge++
      this.followFrom(insn)
      if (flow === 'jump' || flow === 'jump-value' || flow === 'return') return
    }
  }

  private followFrom(insn: Insn): void {
    const { mnemonic, flow } = insn.row!
    if (flow === 'jump' || flow === 'branch' || flow === 'call') this.follow(insn.target)
    // Functions whose address is taken: main, handlers, what resolvers choose from.
    else if (mnemonic === 'LEA' && insn.base === BASE_RIP) this.followIfCode(insn.nextPc + insn.disp)
    else if (mnemonic === 'MOV' && insn.imm > 0 && insn.immHigh === 0) this.followIfCode(insn.imm)
  }
}

const isSystemCall = ({ row, mode, imm }: Insn): boolean =>
  row!.mnemonic === 'SYSCALL' || (mode === 32 && row!.mnemonic === 'INT' && (imm & 0xff) === 0x80)

/** MOV EAX, imm32. */
const setsEax = (insn: Insn): boolean => insn.opcode === 0xb8 + EAX && (insn.rex & 1) === 0

/** The encodings that CPUs beyond ours have. */
function familyOf(first: Uint8Array): string {
  const [byte] = first
  if (byte === 0xc4 || byte === 0xc5) return 'AVX'
  return byte === 0x62 ? 'AVX-512' : ''
}

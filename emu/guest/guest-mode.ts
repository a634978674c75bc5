/**
 * GuestMode: what differs between guest ISAs, and between an ISA's modes, in making IR of their code.
 * Path: emu/run uses this interface only; emu/guest/<isa>/mode.ts implements it, modes.ts lists them.
 */

import type { Block, Region, Variable } from '../ir/region.ts'
import type { RoutineTable } from '../ir/routine.ts'
import type { AddressSpace } from '../memory/address-space.ts'

/** How control goes on behind an instruction; what region formation needs to know. */
export type Flow = 'next' | 'jump' | 'branch' | 'call' | 'return' | 'jump-value' | 'call-value' | 'exit'

/** Results of decode. */
export const DECODE_OK = 0
/** The bytes are no instruction we know. */
export const DECODE_UNDEFINED = 1
/** The instruction goes on behind the bytes that may be fetched. */
export const DECODE_TRUNCATED = 2

/** A decoded instruction, as far as an ISA does not matter. */
export interface GuestInsn {
  readonly pc: number
  readonly length: number
  readonly nextPc: number
  /** Of a branch or call to a known address. */
  readonly target: number
  readonly flow: Flow
}

/** What region formation answers: the block at a guest pc if it belongs to the region. */
export interface BlockMap {
  blockAt(pc: number): Block | undefined
  /** Where the indirect jump at pc may go, as far as it is known. */
  candidatesAt(pc: number): readonly number[]
  /** Whether the code at pc could belong to the region but has not run. */
  isLeftOut(pc: number): boolean
}

/** Fills a region, block by block. */
export interface GuestTranslator<I extends GuestInsn = GuestInsn> {
  /** What is known of the lazy flags here (GuestMode.joinFlags). */
  readonly flagsAtEnd: number
  /** Starts a block at whose start that much is known of the lazy flags. */
  beginBlock(block: Block, flags: number): void
  /** Translates one instruction into the open block. */
  instruction(insn: I): void
  /** Ends the block because the next instruction begins another one, or lies outside the region. */
  fallThrough(pc: number): void
  /** The bytes are no instruction: SIGILL there. */
  undefined(insn: I): void
}

/** Guesses where indirect jumps go. */
export interface GuestJumpTables<I extends GuestInsn = GuestInsn> {
  reset(): void
  /** Looks at each instruction of the region in the order it is found. */
  note(insn: I): void
  /** Candidates for the indirect jump at `pc`, without repetition. */
  candidates(space: AddressSpace, pc: number): readonly number[]
}

export interface GuestMode<I extends GuestInsn = GuestInsn> {
  /** MODE_*, as the state block says it. */
  readonly id: number
  /** Tells its translations from those of other modes. */
  readonly suffix: string
  readonly variables: readonly Variable[]
  /** Functions that translated code calls by a key. */
  readonly routines: RoutineTable
  /** An instruction is no longer. */
  readonly insnLengthMax: number
  /** Nothing is known of the flags at a block's start. */
  readonly flagsUnknown: number
  newInsn(): I
  /** Decodes at `pc`, where bytes[at..end) may be fetched, into `insn`: DECODE_*. */
  decode(bytes: Uint8Array, at: number, end: number, pc: number, insn: I): number
  translator(region: Region, map: BlockMap): GuestTranslator<I>
  jumpTables(): GuestJumpTables<I>
  /** What is known of the flags where control comes from two blocks. */
  joinFlags(a: number, b: number): number
  /** Whether an access is outside of all addresses that there can be, so that it faults otherwise than an unmapped one. */
  isOutside(address: bigint, sizeBytes: number): boolean
  /** Whether float operations are to be done as only the interpreter does them: rounding and traps. */
  needsExactFloat(space: AddressSpace): boolean
  /** Whether translated code must make the float operations' flags. */
  watchesFlags(space: AddressSpace): boolean
  /** Whether segments are not as translated code assumes: only interpreted code asks them. */
  isSegmented(space: AddressSpace): boolean
}

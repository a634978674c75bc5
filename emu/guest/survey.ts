/**
 * What a survey of a program's code finds, the same for every ISA.
 * Path: emu/guest/<isa>/survey.ts makes it; `umwelt info` shows it.
 */

/** Bytes that may be executed, at their guest address. */
export interface CodeRange {
  readonly start: number
  readonly bytes: Uint8Array
}

/** Bytes that are no instruction here, and how many places have them. */
export interface MissingInstruction {
  readonly pc: number
  /** The first bytes, in hexadecimal. */
  readonly bytes: string
  /** `AVX`, `AVX-512`, or `` when it is no known family. */
  readonly family: string
  places: number
}

export interface Survey {
  instructionCount: number
  /** Features beyond the base that rows need: feature → how many instructions. */
  readonly features: Map<string, number>
  /** By their first bytes. */
  readonly missing: Map<string, MissingInstruction>
  /** Numbers of system calls that are put into their register shortly before the call. */
  readonly syscallNumbers: Set<number>
}

export const newSurvey = (): Survey => ({
  instructionCount: 0,
  features: new Map(),
  missing: new Map(),
  syscallNumbers: new Set(),
})

/** Notes a place with bytes that are no instruction; `keyBytes` of them tell one kind from another. */
export function noteMissing(
  survey: Survey,
  pc: number,
  bytes: Uint8Array,
  keyBytes: number,
  family: string,
): void {
  const words = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))
  const key = words.slice(0, keyBytes).join(' ')
  const known = survey.missing.get(key)
  if (known) known.places++
  else survey.missing.set(key, { pc, bytes: words.join(' '), family, places: 1 })
}

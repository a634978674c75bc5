/**
 * The eight combinations of a call's phases: START (the engine is notified), CALL (the kernel makes it), EXIT (the
 * engine is notified of the result). viewos.md section 1.
 * Path: an engine chooses at START by a verdict, or beforehand by its interest; view.ts and stack.ts obey.
 */

import { type Interest, RUN, SKIPCALL, SKIPEXIT, type Verdict } from './engine.ts'

/** Asked at START; the verdict says the rest. */
export const DECIDE = 'decide'
/** The exit only: the engine is not asked. */
export const RETURN_ONLY = 'return-only'
/** Nobody is asked and the kernel does nothing: the exit makes the result. SYSEMU, total virtualisation. */
export const EMULATE = 'emulate'
export type Phases = typeof DECIDE | typeof RETURN_ONLY | typeof EMULATE

export interface Combination {
  readonly start: boolean
  readonly call: boolean
  readonly exit: boolean
  /** The answer at START that means it. */
  readonly verdict?: Verdict
  /** The choice beforehand that means it; null: no interest in the call. */
  readonly phases?: Phases | null
  /** Why there is no such thing. */
  readonly refused?: string
}

/** By number: START skipped is 4, CALL skipped 2, EXIT skipped 1. */
export const COMBINATIONS: readonly Combination[] = [
  { start: true, call: true, exit: true, verdict: RUN },
  { start: true, call: true, exit: false, verdict: SKIPEXIT },
  {
    start: true,
    call: false,
    exit: true,
    refused: 'nothing happens between entry and exit: answer at the entry, with SKIPCALL',
  },
  { start: true, call: false, exit: false, verdict: SKIPCALL },
  { start: false, call: true, exit: true, phases: RETURN_ONLY },
  { start: false, call: true, exit: false, phases: null },
  { start: false, call: false, exit: true, phases: EMULATE },
  {
    start: false,
    call: false,
    exit: false,
    refused: 'nobody would make a result: choose the call and answer with SKIPCALL',
  },
]

/** The interest that has these phases for these calls. Throws, with the reason, for what is of no use. */
export function interestIn(
  calls: 'all' | readonly string[],
  wanted: { readonly start: boolean; readonly call: boolean; readonly exit: boolean },
): Interest {
  const found = COMBINATIONS[(wanted.start ? 0 : 4) + (wanted.call ? 0 : 2) + (wanted.exit ? 0 : 1)]!
  if (found.refused !== undefined) throw new RangeError(found.refused)
  if (found.phases === null) return { calls: [] }
  return { calls, phases: found.phases ?? DECIDE }
}

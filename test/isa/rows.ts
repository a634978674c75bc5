/** Which rows are tested how: cases of a row, and comparing them. */

import { ROWS } from '../../emu/guest/x86/isa.ts'
import type { Mode, Row } from '../../emu/guest/x86/row.ts'
import { differences, type Tolerance } from './compare.ts'
import { encode, type Insn } from './encode.ts'
import { CODE, FX_AT } from './layout.ts'
import type { Batch, Result } from './native.ts'
import type { Ours } from './ours.ts'
import { Random, seedOf } from './random.ts'
import {
  fillSelectors,
  randomSelectors,
  readSelectors,
  type Selectors,
  usesSelectors,
  usual,
} from './segments.ts'
import { dataPage, randomState } from './states.ts'

export const ENCODINGS = 8
const SLOT = 0x1000
/** Branches go both ways from here. */
const SLOT_START = 0x800

/** Rows of a mode; in 32-bit mode without those that need REX.W. */
export const testedRows = (mode: Mode = 64): Row[] =>
  ROWS.filter(
    (row) => row.untested === '' && (row.mode === 0 || row.mode === mode) && (mode === 64 || row.rexW !== 1),
  )
/** Rows in groups, so that the report stays readable. */
export function groupsOf(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const name = row.feature || 'integer'
    if (!groups.has(name)) groups.set(name, [])
    groups.get(name)!.push(row)
  }
  return groups
}

export const rowKey = (row: Row): string => `${row.mnemonic} ${row.encoding} ${row.operands.join(' ')}`.trim()

export interface Cases {
  readonly batches: readonly Batch[]
  readonly insns: readonly (readonly Insn[])[]
}

/** `states` cases of a row, spread over a few encodings. */
export function casesOf(row: Row, states: number, seed: number, mode: Mode = 64, segmented = false): Cases {
  const random = new Random(seedOf(rowKey(row), seed))
  const encodings = Math.min(ENCODINGS * (states > 500 ? 4 : 1), states)
  const batches: Batch[] = []
  const insns: Insn[][] = []
  for (let k = 0; k < encodings; k++) {
    const address = CODE + (k % 16) * SLOT + SLOT_START
    const { code, insn } = encode(row, random, address, mode, segmented)
    const data = dataPage(random)
    if (usesSelectors(insn)) fillSelectors(random, insn, new DataView(data.buffer))
    const selectors = (): Selectors | undefined =>
      segmented ? randomSelectors(random, mode, address) : usesSelectors(insn) ? usual(mode) : undefined
    const count = Math.ceil(states / encodings)
    batches.push({
      mode,
      address,
      code,
      data,
      states: Array.from({ length: count }, () => randomState(random, [insn], selectors())),
    })
    insns.push([insn])
  }
  return { batches, insns }
}

/** A block of a few rows (see inBlocks) that leave no flag undefined and do not branch. */
export function blockCases(
  rows: readonly Row[],
  states: number,
  random: Random,
  mode: Mode = 64,
  segmented = false,
): Cases {
  const count = 2 + random.below(11)
  const code: number[] = []
  const insns: Insn[] = []
  const address = CODE + SLOT_START
  for (let k = 0; k < count; k++) {
    const made = encode(random.pick(rows), random, address + code.length, mode, segmented)
    code.push(...made.code)
    insns.push(made.insn)
  }
  const data = dataPage(random)
  const state = (): Uint8Array =>
    randomState(random, insns, segmented ? randomSelectors(random, mode, address) : undefined)
  return {
    batches: [{ mode, address, code, data, states: Array.from({ length: states }, state) }],
    insns: [insns],
  }
}

/** Rows for blocks: no branches, nothing undefined or approximate, nor what Linux answers: LSL with its CPU's number. */
export const inBlocks = (row: Row): boolean =>
  row.untested === '' && row.flow === 'next' && row.undefinedFlags === 0 && !row.relativeTolerance && row.x87Ulps === 0 &&
  !/^(MOVS|STOS|LODS|SCAS|CMPS|LSL|SGDT|SIDT|STR|SLDT|SMSW)$/.test(row.mnemonic) // biome-ignore format: a table

const MXCSR_SPECIAL = 0x7f80
const MXCSR_FLUSHES = 0x8040
const mxcsrOf = (state: Uint8Array): number =>
  new DataView(state.buffer, state.byteOffset).getUint32(FX_AT + 24, true)

/**
 * What makes a process one that looks at MXCSR. A CPU that is to run one that does not skips it, for it would go on with
 * the other translations.
 */
const looksAtFlags = (insns: readonly Insn[], state: Uint8Array): boolean =>
  (mxcsrOf(state) & MXCSR_FLUSHES) !== 0 || insns.some(({ row }) => row!.mnemonic === 'STMXCSR')
const MXCSR_DEFAULT = 0x1f80

function toleranceOf(insns: readonly Insn[], state: Uint8Array, watches: boolean): Tolerance {
  let undefinedFlags = 0
  let relative = 0
  let x87Ulps = 0
  for (const { row } of insns) {
    undefinedFlags |= row!.undefinedFlags
    relative = Math.max(relative, row!.relativeTolerance)
    x87Ulps = Math.max(x87Ulps, row!.x87Ulps)
  }
  const eitherFault = insns.some(({ row }) => row!.mnemonic === 'CMPS')
  return {
    undefinedFlags,
    eitherFault,
    segments: readSelectors(new DataView(state.buffer, state.byteOffset)) !== null,
    relative,
    x87Ulps,
    stickyFlags: watches || (mxcsrOf(state) & MXCSR_SPECIAL) !== MXCSR_DEFAULT,
  }
}

const hexBytes = (code: readonly number[]): string =>
  code.map((b) => b.toString(16).padStart(2, '0')).join(' ')

/** Runs the cases on one of our CPUs and compares; a description of each case that differs, at most `limit`. */
export function compareCases(
  cases: Cases,
  expected: readonly (readonly Result[])[],
  ours: Ours,
  limit: number,
): string[] {
  const found: string[] = []
  cases.batches.forEach((batch, b) => {
    if (found.length >= limit) return
    ours.load(batch)
    batch.states.forEach((state, s) => {
      if (found.length >= limit || (!ours.watches && looksAtFlags(cases.insns[b]!, state))) return
      const result = ours.run(batch, state)
      const lines = differences(expected[b]![s]!, result, toleranceOf(cases.insns[b]!, state, ours.watches))
      if (lines.length > 0)
        found.push(
          `${ours.kind}${ours.watches ? ' with flags' : ''}: ${cases.insns[b]!.map((insn) => rowKey(insn.row!)).join('; ')} [${hexBytes(batch.code)}] state ${s}\n    ${lines.join('\n    ')}`,
        )
    })
  })
  return found
}

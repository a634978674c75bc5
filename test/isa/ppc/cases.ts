/** Which PowerPC rows are tested how: cases of a row, and comparing them. */

import { ROWS } from '../../../emu/guest/ppc/isa.ts'
import type { Row } from '../../../emu/guest/ppc/row.ts'
import { Random, seedOf } from '../random.ts'
import {
  CODE,
  CR_AT,
  CTR_AT,
  FPSCR_AT,
  GPR_AT,
  LR_AT,
  type PpcMode,
  VRSAVE_AT,
  VSCR_AT,
  VSR_AT,
  XER_AT,
} from './layout.ts'
import type { Batch, Result } from './native.ts'
import type { Ours } from './ours.ts'
import { dataPage, randomState, randomWord } from './states.ts'

const ENCODINGS = 16
/** From so many states at least is an encoding run. */
const STATES_LEAST = 4
const SIGFPE = 8
const SIGSEGV = 11
const SLOT = 0x1000
/** Branches go both ways from here. */
const SLOT_START = 0x800

export const testedRows = (mode: PpcMode): Row[] =>
  ROWS.filter(
    (row) =>
      row.untested === '' && (row.bits === 0 || row.bits === mode.bits) && !(row.bigEndian && mode.isLittle),
  )

export const rowKey = (row: Row): string => `${row.mnemonic} ${row.encoding} ${row.operands.join(' ')}`.trim()

/** Rows by chapter, so that the report stays readable. */
export function groupsOf(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const name = row.feature || (/^(f|stf|lf|mffs|mtfs|mcrfs)/.test(row.mnemonic) ? 'float' : 'fixed point')
    if (!groups.has(name)) groups.set(name, [])
    groups.get(name)!.push(row)
  }
  return groups
}

export interface Cases {
  readonly batches: readonly Batch[]
  readonly rows: readonly (readonly Row[])[]
}

/** `states` cases of a row, spread over some encodings. */
export function casesOf(mode: PpcMode, row: Row, states: number, seed: number): Cases {
  const random = new Random(seedOf(rowKey(row), seed))
  // Each encoding is a module to compile, which takes longer than its states.
  const encodings = Math.min(ENCODINGS * (states > 500 ? 4 : 1), Math.ceil(states / STATES_LEAST))
  const batches: Batch[] = []
  for (let k = 0; k < encodings; k++) {
    const word = randomWord(row, random)
    const count = Math.ceil(states / encodings)
    batches.push({
      address: CODE + (k % 16) * SLOT + SLOT_START,
      code: [word],
      data: dataPage(random),
      states: Array.from({ length: count }, () => randomState(mode, random, [[row, word]])),
    })
  }
  return { batches, rows: batches.map(() => [row]) }
}

/** A block of a few rows that do not branch. */
export function blockCases(mode: PpcMode, rows: readonly Row[], states: number, random: Random): Cases {
  const count = 2 + random.below(11)
  const insns = Array.from({ length: count }, () => {
    const row = random.pick(rows)
    return [row, randomWord(row, random)] as const
  })
  const batch: Batch = {
    address: CODE + SLOT_START,
    code: insns.map(([, word]) => word),
    data: dataPage(random),
    states: Array.from({ length: states }, () => randomState(mode, random, insns)),
  }
  return { batches: [batch], rows: [insns.map(([row]) => row)] }
}

/** What a scalar operation leaves beside its result is undefined. */
const IS_SCALAR = /^(f|lf|stf|mffs|xs|lxs|mtvsr)/

/** Rows that blocks are made of: those of which all is defined, for what comes behind them may read it. */
export const inBlocks = (mode: PpcMode, row: Row): boolean =>
  row.flow === 'next' &&
  !row.undefinedUpper &&
  row.qemuDiffers === '' &&
  Object.keys(row.leftOut).length === 0 &&
  (mode.bits === 32 || !IS_SCALAR.test(row.mnemonic))

const hex = (x: bigint | number): string => `0x${x.toString(16)}`
/** Bits of FPSCR that are compared: not FR, which qemu does not keep. */
const FPSCR_COMPARED = 0xffff_ffffn & ~(1n << 18n)

/** One line for each difference. */
function differences(mode: PpcMode, native: Result, ours: Result, row: Row): string[] {
  const found: string[] = []
  const check = (name: string, a: bigint | number, b: bigint | number): void => {
    if (a !== b) found.push(`${name}: ${hex(a)} native, ${hex(b)} ours`)
  }
  // qemu-user traps on enabled float exceptions; Linux does only for a process that has asked for it.
  if (native.signal === SIGFPE) return found
  check('signal', native.signal, ours.signal)
  check('pc', native.pc, ours.pc)
  if (native.signal !== ours.signal) return found
  if (row.leftOut.faults && native.signal === SIGSEGV) return found
  check('si_code', native.signalCode, ours.signalCode)
  // qemu does not tell where a fetch faulted; Linux tells the pc.
  const isFetch = native.signalAddress === 0n && ours.signalAddress === ours.pc
  const isBlock = /^(dcb|icb)/.test(row.mnemonic)
  if (!isFetch && !isBlock) check('si_addr', native.signalAddress, ours.signalAddress)
  const [a, b] = [native.state, ours.state]
  const upper = row.undefinedUpper && mode.bits === 64 ? 0xffff_ffffn : -1n
  for (let k = 0; k < 32; k++) check(`r${k}`, a[GPR_AT + k]! & upper, b[GPR_AT + k]! & upper)
  for (const [name, at] of [
    ['lr', LR_AT],
    ['ctr', CTR_AT],
    ['xer', XER_AT],
    ['vrsave', VRSAVE_AT],
  ] as const)
    check(name, a[at]!, b[at]!)
  // Other bits of VSCR are reserved.
  check('vscr', a[VSCR_AT]! & 0x10001n, b[VSCR_AT]! & 0x10001n)
  // CR0 of a result whose upper word is undefined is undefined too.
  const cr0Mask = row.undefinedUpper && mode.bits === 64 ? 0x1fff_ffffn : -1n
  const { fpscr: leftOut = 0, raising = 0 } = row.leftOut
  if ((a[FPSCR_AT]! | b[FPSCR_AT]!) & BigInt(raising)) return found
  // CR1 is what FPSCR has uppermost.
  const crMask = cr0Mask & ~(BigInt(leftOut >>> 28) << 24n)
  const fpscrMask = FPSCR_COMPARED & ~BigInt(leftOut >>> 0)
  check('cr', a[CR_AT]! & crMask, b[CR_AT]! & crMask)
  check('fpscr', a[FPSCR_AT]! & fpscrMask, b[FPSCR_AT]! & fpscrMask)
  compareVectors(mode, a, b, row, check)
  const was = new Map(native.changes)
  const is = new Map(ours.changes)
  for (const at of new Set([...was.keys(), ...is.keys()]))
    if (was.get(at) !== is.get(at))
      found.push(`memory +${hex(at)}: ${hex(was.get(at) ?? -1)} native, ${hex(is.get(at) ?? -1)} ours`)
  return found
}

function compareVectors(
  mode: PpcMode,
  a: BigUint64Array,
  b: BigUint64Array,
  row: Row,
  check: (name: string, a: bigint, b: bigint) => void,
): void {
  const isScalar = IS_SCALAR.test(row.mnemonic)
  for (let k = 0; k < 64; k++) {
    check(`vs${k}.0`, a[VSR_AT + 2 * k]!, b[VSR_AT + 2 * k]!)
    if ((mode.bits === 32 && k < 32) || isScalar) continue
    check(`vs${k}.1`, a[VSR_AT + 2 * k + 1]!, b[VSR_AT + 2 * k + 1]!)
  }
}

/** What differs between the recorded results and ours, with the case that shows it; not more than `shown` of each row. */
export function compareCases(
  mode: PpcMode,
  cases: Cases,
  expected: readonly (readonly Result[])[],
  ours: Ours,
  shown: number,
): string[] {
  const found: string[] = []
  cases.batches.forEach((batch, n) => {
    ours.load(batch)
    batch.states.forEach((state, k) => {
      if (found.length >= shown) return
      const rows = cases.rows[n]!
      const result = ours.run(batch, state)
      const lines = differences(mode, expected[n]![k]!, result, rows[rows.length - 1]!)
      if (lines.length === 0) return
      const names = rows.map(({ mnemonic }) => mnemonic).join('; ')
      const words = batch.code.map((word) => word.toString(16).padStart(8, '0')).join(' ')
      found.push(`${ours.kind} ${mode.name} ${names} [${words}]: ${lines.slice(0, 6).join(', ')}`)
    })
  })
  return found
}

/** Fixed-point loads and stores: Power ISA, Book I, 3.3.2 to 3.3.7; atomics: Book II, 4.4.2. */

import type { LoadKind, StoreBits, Value } from '../../../ir/region.ts'
import { COMMON_STATE } from '../../../memory/state-block.ts'
import { EXIT_ALIGNMENT } from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { HELPER_STRING } from '../helper-ids.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import { PPC_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'

/** Where an access is, by the instruction's form. */
type Place = (t: Translator, i: Insn) => [base: Value, offset: number]
const BY_D: Place = (t, i) => t.address(i.ra, i.si)
const BY_DS: Place = (t, i) => t.address(i.ra, i.ds)
const BY_X: Place = (t, i) => [t.indexed(i.ra, i.rb), 0]

/** RA := the address that was used. */
function update(t: Translator, i: Insn, base: Value, offset: number): void {
  t.ir.set(i.ra, t.cut(t.ir.op2('i64.add', base, t.ir.i64(offset))))
}

/** What is loaded: its kind, and whether a word's sign fills the register in 64-bit mode. */
function toRegister(t: Translator, i: Insn, kind: LoadKind, value: Value, isSigned: boolean): void {
  if (kind === 64) t.ir.set(i.rt, value)
  else if (isSigned) t.setGprSigned32(i.rt, value)
  else t.setGpr32(i.rt, value)
}

const load =
  (kind: LoadKind, place: Place, updates: boolean, isSigned = kind === 's16'): Translate =>
  (t, i) => {
    const [base, offset] = place(t, i)
    toRegister(t, i, kind, t.load(kind, base, offset), isSigned)
    if (updates) update(t, i, base, offset)
  }

const stored = (t: Translator, register: number, bits: StoreBits): Value =>
  bits === 64 ? t.ir.get(register) : t.gpr32(register)

const store =
  (bits: StoreBits, place: Place, updates: boolean): Translate =>
  (t, i) => {
    const [base, offset] = place(t, i)
    t.store(bits, base, offset, stored(t, i.rt, bits))
    if (updates) update(t, i, base, offset)
  }

const loadReversed =
  (kind: LoadKind): Translate =>
  (t, i) =>
    toRegister(t, i, kind, t.loadReversed(kind, t.indexed(i.ra, i.rb), 0), false)

const storeReversed =
  (bits: StoreBits): Translate =>
  (t, i) =>
    t.storeReversed(bits, t.indexed(i.ra, i.rb), 0, stored(t, i.rt, bits))

/** LMW: registers RT to 31 from words in a row. */
const lmw: Translate = (t, i) => {
  const values: Value[] = []
  for (let k = 0; i.rt + k < 32; k++) values.push(t.load(32, ...t.address(i.ra, i.si + 4 * k)))
  for (const [k, value] of values.entries()) t.setGpr32(i.rt + k, value)
}

const stmw: Translate = (t, i) => {
  for (let k = i.rt; k < 32; k++) {
    const [base, offset] = t.address(i.ra, i.si + 4 * (k - i.rt))
    t.ir.checkStore(base, offset, 4)
  }
  for (let k = i.rt; k < 32; k++) t.store(32, ...t.address(i.ra, i.si + 4 * (k - i.rt)), t.gpr32(k))
}

/** Moves bytes between memory and registers by a helper, which faults like any access. */
const string: Translate = (t, i) => t.callHelper(i, HELPER_STRING, i.word)

/** Leaves where an atomic access is not aligned to its size. */
function checkAligned(t: Translator, address: Value, sizeBytes: number): void {
  const { ir } = t
  if (sizeBytes === 1) return
  const low = ir.op1('i32.wrap_i64', ir.op2('i64.and', address, ir.i64(sizeBytes - 1)))
  ir.stateStore(64, COMMON_STATE.exitAddress, address)
  ir.exitIf(low, EXIT_ALIGNMENT)
}

/** Load and reserve: what was there is remembered, and compared by the conditional store. */
const reserve =
  (kind: LoadKind, sizeBytes: number): Translate =>
  (t, i) => {
    const { ir } = t
    const address = t.indexed(i.ra, i.rb)
    checkAligned(t, address, sizeBytes)
    const value = t.load(kind, address, 0)
    ir.stateStore(32, PPC_STATE.reserveSize, ir.i32(sizeBytes))
    ir.stateStore(64, PPC_STATE.reserveAddress, address)
    ir.stateStore(64, PPC_STATE.reserveValue, kind === 64 ? value : ir.op1('i64.extend_i32_u', value))
    toRegister(t, i, kind, value, false)
  }

/**
 * Store conditional: stores while the reservation is this one's and memory still holds what was loaded (threads take turns,
 * and another one may have stored in between), and says in CR0 whether it did. The page must be writable in any case.
 */
const conditional =
  (kind: LoadKind, sizeBytes: number): Translate =>
  (t, i) => {
    const { ir } = t
    const address = t.indexed(i.ra, i.rb)
    checkAligned(t, address, sizeBytes)
    ir.checkStore(address, 0, sizeBytes)
    const now = t.load(kind, address, 0)
    const wide = kind === 64 ? now : ir.op1('i64.extend_i32_u', now)
    const fits = [
      ir.op2('i32.eq', ir.stateLoad(32, PPC_STATE.reserveSize), ir.i32(sizeBytes)),
      ir.op2('i64.eq', ir.stateLoad(64, PPC_STATE.reserveAddress), address),
      ir.op2('i64.eq', ir.stateLoad(64, PPC_STATE.reserveValue), wide),
    ].reduce((a, b) => ir.op2('i32.and', a, b))
    const source = stored(t, i.rt, (sizeBytes * 8) as StoreBits)
    const kept = ir.op3(kind === 64 ? 'select.i64' : 'select.i32', source, now, fits)
    t.store((sizeBytes * 8) as StoreBits, address, 0, kept)
    ir.stateStore(32, PPC_STATE.reserveSize, ir.i32(0))
    t.cr.setField(0, ir.op2('i32.or', ir.op2('i32.shl', fits, ir.i32(1)), t.so()))
  }

const D64: RowOptions = { bits: 64 }
const BIG_ENDIAN: RowOptions = { bigEndian: true }
const ATOMIC: RowOptions = { untested: 'a reservation is no state that a case can have' }

/** The four forms of a load or store by D: plain, with update, indexed, and both. */
function forms(
  name: string,
  opcodes: readonly [d: number, u: number, x: number, ux: number],
  operands: string,
  make: (place: Place, updates: boolean) => Translate,
): Row[] {
  const [d, u, x, ux] = opcodes
  return [
    row(name, `D ${d}`, `${operands} RA D`, make(BY_D, false)),
    row(`${name}u`, `D ${u}`, `${operands} RA D`, make(BY_D, true)),
    row(`${name}x`, `X 31 ${x}`, `${operands} RA RB`, make(BY_X, false)),
    row(`${name}ux`, `X 31 ${ux}`, `${operands} RA RB`, make(BY_X, true)),
  ]
}

export const STORAGE: readonly Row[] = [
  ...forms('lbz', [34, 35, 87, 119], 'RT', (place, u) => load('u8', place, u)),
  ...forms('lhz', [40, 41, 279, 311], 'RT', (place, u) => load('u16', place, u)),
  ...forms('lha', [42, 43, 343, 375], 'RT', (place, u) => load('s16', place, u)),
  ...forms('lwz', [32, 33, 23, 55], 'RT', (place, u) => load(32, place, u)),
  ...forms('stb', [38, 39, 215, 247], 'RS', (place, u) => store(8, place, u)),
  ...forms('sth', [44, 45, 407, 439], 'RS', (place, u) => store(16, place, u)),
  ...forms('stw', [36, 37, 151, 183], 'RS', (place, u) => store(32, place, u)),
  row('lwa', 'DS 58 2', 'RT RA DS', load(32, BY_DS, false, true), D64),
  row('lwax', 'X 31 341', 'RT RA RB', load(32, BY_X, false, true), D64),
  row('lwaux', 'X 31 373', 'RT RA RB', load(32, BY_X, true, true), D64),
  row('ld', 'DS 58 0', 'RT RA DS', load(64, BY_DS, false), D64),
  row('ldu', 'DS 58 1', 'RT RA DS', load(64, BY_DS, true), D64),
  row('ldx', 'X 31 21', 'RT RA RB', load(64, BY_X, false), D64),
  row('ldux', 'X 31 53', 'RT RA RB', load(64, BY_X, true), D64),
  row('std', 'DS 62 0', 'RS RA DS', store(64, BY_DS, false), D64),
  row('stdu', 'DS 62 1', 'RS RA DS', store(64, BY_DS, true), D64),
  row('stdx', 'X 31 149', 'RS RA RB', store(64, BY_X, false), D64),
  row('stdux', 'X 31 181', 'RS RA RB', store(64, BY_X, true), D64),
  row('lhbrx', 'X 31 790', 'RT RA RB', loadReversed('u16')),
  row('lwbrx', 'X 31 534', 'RT RA RB', loadReversed(32)),
  row('ldbrx', 'X 31 532', 'RT RA RB', loadReversed(64), D64),
  row('sthbrx', 'X 31 918', 'RS RA RB', storeReversed(16)),
  row('stwbrx', 'X 31 662', 'RS RA RB', storeReversed(32)),
  row('stdbrx', 'X 31 660', 'RS RA RB', storeReversed(64), D64),
  row('lmw', 'D 46', 'RT RA D', lmw, BIG_ENDIAN),
  row('stmw', 'D 47', 'RS RA D', stmw, BIG_ENDIAN),
  row('lswi', 'X 31 597', 'RT RA NB', string, BIG_ENDIAN),
  row('lswx', 'X 31 533', 'RT RA RB', string, BIG_ENDIAN),
  row('stswi', 'X 31 725', 'RS RA NB', string, BIG_ENDIAN),
  row('stswx', 'X 31 661', 'RS RA RB', string, BIG_ENDIAN),
  row('lbarx', 'X 31 52', 'RT RA RB', reserve('u8', 1), { ...ATOMIC, bits: 64, feature: 'power8' }),
  row('lharx', 'X 31 116', 'RT RA RB', reserve('u16', 2), { ...ATOMIC, bits: 64, feature: 'power8' }),
  row('lwarx', 'X 31 20 Rc=0', 'RT RA RB', reserve(32, 4), ATOMIC),
  row('lwarx', 'X 31 20 Rc=1', 'RT RA RB', reserve(32, 4), ATOMIC),
  row('ldarx', 'X 31 84 Rc=0', 'RT RA RB', reserve(64, 8), { ...ATOMIC, ...D64 }),
  row('ldarx', 'X 31 84 Rc=1', 'RT RA RB', reserve(64, 8), { ...ATOMIC, ...D64 }),
  row('stbcx.', 'X 31 694 Rc=1', 'RS RA RB', conditional('u8', 1), {
    ...ATOMIC,
    bits: 64,
    feature: 'power8',
  }),
  row('sthcx.', 'X 31 726 Rc=1', 'RS RA RB', conditional('u16', 2), {
    ...ATOMIC,
    bits: 64,
    feature: 'power8',
  }),
  row('stwcx.', 'X 31 150 Rc=1', 'RS RA RB', conditional(32, 4), ATOMIC),
  row('stdcx.', 'X 31 214 Rc=1', 'RS RA RB', conditional(64, 8), { ...ATOMIC, ...D64 }),
]

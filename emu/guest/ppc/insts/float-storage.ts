/** Floating-point loads and stores: Power ISA, Book I, 4.6.2 to 4.6.4. */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { fpr } from '../float/scalar.ts'
import { loadDouble, loadSingle, storeDouble, storeSingle } from '../float/storage.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'

type Place = (t: Translator, i: Insn) => [base: Value, offset: number]
const BY_D: Place = (t, i) => t.address(i.ra, i.si)
const BY_X: Place = (t, i) => [t.indexed(i.ra, i.rb), 0]

/** RA := the address that was used. */
function update(t: Translator, i: Insn, base: Value, offset: number): void {
  t.ir.set(i.ra, t.cut(t.ir.op2('i64.add', base, t.ir.i64(offset))))
}

type Load = (t: Translator, base: Value, offset: number) => Value
type Store = (t: Translator, base: Value, offset: number, i: Insn) => void

const load =
  (read: Load) =>
  (place: Place, updates: boolean): Translate =>
  (t, i) => {
    const [base, offset] = place(t, i)
    t.setVsr(i.rt, read(t, base, offset))
    if (updates) update(t, i, base, offset)
  }

const store =
  (write: Store) =>
  (place: Place, updates: boolean): Translate =>
  (t, i) => {
    const [base, offset] = place(t, i)
    write(t, base, offset, i)
    if (updates) update(t, i, base, offset)
  }

const single: Store = (t, base, offset, i) => storeSingle(t, base, offset, fpr(t, i.rt))
const double: Store = (t, base, offset, i) => storeDouble(t, base, offset, t.vsr(i.rt))

/** A word as an integer of 64 bits. */
const loadWord =
  (extend: string): Load =>
  (t, base, offset) =>
    t.ir.op1('i64x2.splat', t.ir.op1(extend, t.load(32, base, offset)))

const storeWord: Store = (t, base, offset, i) =>
  t.store(32, base, offset, t.ir.lane('i32x4.extract_lane', 0, t.vsr(i.rt)))

/** The four forms of a load or store by D: plain, with update, indexed, and both. */
function forms(
  name: string,
  [d, u, x, ux]: readonly [d: number, u: number, x: number, ux: number],
  register: string,
  make: (place: Place, updates: boolean) => Translate,
): Row[] {
  return [
    row(name, `D ${d}`, `${register} RA D`, make(BY_D, false)),
    row(`${name}u`, `D ${u}`, `${register} RA D`, make(BY_D, true)),
    row(`${name}x`, `X 31 ${x}`, `${register} RA RB`, make(BY_X, false)),
    row(`${name}ux`, `X 31 ${ux}`, `${register} RA RB`, make(BY_X, true)),
  ]
}

const D64: RowOptions = { bits: 64 }

export const FLOAT_STORAGE: readonly Row[] = [
  ...forms('lfs', [48, 49, 535, 567], 'FRT', load(loadSingle)),
  ...forms('lfd', [50, 51, 599, 631], 'FRT', load(loadDouble)),
  ...forms('stfs', [52, 53, 663, 695], 'FRS', store(single)),
  ...forms('stfd', [54, 55, 727, 759], 'FRS', store(double)),
  row('stfiwx', 'X 31 983', 'FRS RA RB', store(storeWord)(BY_X, false)),
  row('lfiwax', 'X 31 855', 'FRT RA RB', load(loadWord('i64.extend_i32_s'))(BY_X, false), D64),
  row('lfiwzx', 'X 31 887', 'FRT RA RB', load(loadWord('i64.extend_i32_u'))(BY_X, false), D64),
]

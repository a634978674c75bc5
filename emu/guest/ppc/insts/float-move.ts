/** Floating-point moves, comparisons and the FPSCR: Power ISA, Book I, 4.6.5, 4.6.8 and 4.6.10. */

import type { Value } from '../../../ir/region.ts'
import { compare, select } from '../float/convert.ts'
import { CLASS, FEX, FI, FR, FX, NI, OX, UX, VX, XX, ZX } from '../float/fpscr.ts'
import { callExactly, recordFpscr } from '../float/scalar.ts'
import { HELPER_FPSCR } from '../helper-ids.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import { PPC_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'

/** FRT := a function of FRB's bits, as vectors. */
const move =
  (make: (t: Translator, value: Value) => Value): Translate =>
  (t, i) => {
    t.setVsr(i.rt, make(t, t.vsr(i.rb)))
    if (i.rc) recordFpscr(t)
  }

const SIGN = -0x8000_0000
/** The sign bits of both doublewords. */
export const signs = (t: Translator): Value => t.ir.op1('i64x2.splat', t.ir.i64Halves(0, SIGN))

const fcpsgn: Translate = (t, i) => {
  t.setVsr(i.rt, t.ir.op3('v128.bitselect', t.vsr(i.ra), t.vsr(i.rb), signs(t)))
  if (i.rc) recordFpscr(t)
}

/** Instructions of FPSCR work in a helper, for it may have to find what the last operation left there. */
const fpscr: Translate = (t, i) => {
  t.callHelper(i, HELPER_FPSCR, i.word)
  if (i.rc) recordFpscr(t)
}

/** Enables, NI and the rounding mode are in fields 6 and 7, which no operation changes: they need no helper. */
const mtfsfi: Translate = (t, i) => {
  const field = i.bf
  if (field < 6 || i.word & 0x1_0000) {
    fpscr(t, i)
    return
  }
  const { ir } = t
  const place = 28 - 4 * field
  const before = ir.stateLoad(32, PPC_STATE.fpscr)
  const kept = ir.op2('i32.and', before, ir.i32(~((15 << place) | FEX)))
  const made = ir.op2('i32.or', kept, ir.i32(((i.word >>> 12) & 15) << place))
  // FEX: the enables VE to XE are 22 bits below VX to XX.
  const enabled = ir.op2('i32.and', ir.op2('i32.shl', made, ir.i32(22)), made)
  const isEnabled = ir.op2('i32.ne', ir.op2('i32.and', enabled, ir.i32(VX | OX | UX | ZX | XX)), ir.i32(0))
  ir.stateStore(32, PPC_STATE.fpscr, ir.op2('i32.or', made, ir.op2('i32.shl', isEnabled, ir.i32(30))))
  t.floatChecked = null
  if (i.rc) recordFpscr(t)
}

/** A comparison's registers, and which field. */
const FIELD = (i: { bf: number; ra: number; rb: number }) => ({ t: i.bf, a: i.ra, b: i.rb, c: -1 })

/** qemu clears FI, and sets the class bit for an invalid comparison. */
export const COMPARED: RowOptions = { qemuDiffers: '4.6.8: FI and C stay', leftOut: { fpscr: FI | CLASS } }

/** qemu has no FR. */
const NO_FR: RowOptions = { qemuDiffers: '4.2.2: FR', leftOut: { fpscr: FR } }

export const FLOAT_MOVE: readonly Row[] = [
  row(
    'fmr',
    'X 63 72',
    'FRT FRB [Rc]',
    move((_, x) => x),
  ),
  row(
    'fneg',
    'X 63 40',
    'FRT FRB [Rc]',
    move((t, x) => t.ir.op1('f64x2.neg', x)),
  ),
  row(
    'fabs',
    'X 63 264',
    'FRT FRB [Rc]',
    move((t, x) => t.ir.op1('f64x2.abs', x)),
  ),
  row(
    'fnabs',
    'X 63 136',
    'FRT FRB [Rc]',
    move((t, x) => t.ir.op2('v128.or', x, signs(t))),
  ),
  row('fcpsgn', 'X 63 8', 'FRT FRA FRB [Rc]', fcpsgn, { bits: 64 }),
  row('fsel', 'A 63 23', 'FRT FRA FRC FRB [Rc]', select),
  row('fcmpu', 'X 63 0', 'BF FRA FRB', compare(false, FIELD), COMPARED),
  row('fcmpo', 'X 63 32', 'BF FRA FRB', compare(true, FIELD), COMPARED),
  row('ftdiv', 'X 63 128', 'BF FRA FRB', callExactly('testDivide', false, FIELD, false), { bits: 64 }),
  row('ftsqrt', 'X 63 160', 'BF FRB', callExactly('testRoot', false, FIELD, false), { bits: 64 }),
  row('mffs', 'X 63 583', 'FRT [Rc]', fpscr, NO_FR),
  row('mcrfs', 'X 63 64', 'BF BFA', fpscr, NO_FR),
  row('mtfsfi', 'X 63 134', 'BF U [Rc]', mtfsfi),
  row('mtfsf', 'XFL 63 711', 'FLM FRB [Rc]', fpscr),
  row('mtfsb0', 'X 63 70', 'BT [Rc]', fpscr),
  row('mtfsb1', 'X 63 38', 'BT [Rc]', fpscr, {
    qemuDiffers: '4.2.2: FX is set, and NI may be',
    leftOut: { fpscr: FX | NI },
  }),
]

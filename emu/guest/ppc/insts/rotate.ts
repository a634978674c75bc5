/** Rotates and shifts: Power ISA, Book I, 3.3.14. */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'

/** RA := a value of the mode's width; CR0 where Rc asks for it. */
function finish(t: Translator, i: Insn, result: Value): void {
  t.setGpr(i.ra, result)
  if (i.rc) t.record(result)
}

/** MASK(mb, me) of a word: ones from bit mb to bit me, around the end when me comes first. */
function wordMask(mb: number, me: number): number {
  const from = 0xffff_ffff >>> mb
  const to = me === 31 ? 0xffff_ffff : ~(0xffff_ffff >>> (me + 1))
  return mb <= me ? from & to : from | to
}

/** MASK(mb, me) of a doubleword: its low and high half. */
function doubleMask(mb: number, me: number): [low: number, high: number] {
  const from = (k: number, half: number): number => {
    const at = k - 32 * half
    return at <= 0 ? 0xffff_ffff : at > 31 ? 0 : 0xffff_ffff >>> at
  }
  const until = (k: number, half: number): number => ~from(k + 1, half)
  const joined = (half: number): number =>
    mb <= me ? from(mb, half) & until(me, half) : from(mb, half) | until(me, half)
  return [joined(1), joined(0)]
}

/** A word rotated and masked, as wide as the mode: where the mask goes around its end, the copy above is seen too. */
function maskedWord(t: Translator, word: Value, mb: number, me: number): Value {
  const { ir } = t
  const low = ir.op2('i32.and', word, ir.i32(wordMask(mb, me)))
  if (t.bits === 32) return low
  const wide = ir.op1('i64.extend_i32_u', low)
  if (mb <= me) return wide
  return ir.op2('i64.or', wide, ir.op2('i64.shl', ir.op1('i64.extend_i32_u', word), ir.i64(32)))
}

const rotatedWord = (t: Translator, i: Insn, by: Value): Value => t.ir.op2('i32.rotl', t.gpr32(i.rt), by)

const rlwinm: Translate = (t, i) =>
  finish(t, i, maskedWord(t, i.rb === 0 ? t.gpr32(i.rt) : rotatedWord(t, i, t.ir.i32(i.rb)), i.rc5, i.me))
const rlwnm: Translate = (t, i) => finish(t, i, maskedWord(t, rotatedWord(t, i, t.gpr32(i.rb)), i.rc5, i.me))

const rlwimi: Translate = (t, i) => {
  const { ir } = t
  const inserted = maskedWord(t, rotatedWord(t, i, ir.i32(i.rb)), i.rc5, i.me)
  const mask = wordMask(i.rc5, i.me)
  const kept = t.bits === 32 ? ir.i32(~mask) : ir.i64Halves(~mask, i.rc5 <= i.me ? -1 : 0)
  finish(t, i, t.op2('or', t.op2('and', t.gpr(i.ra), kept), inserted))
}

/** RA := RS rotated by SH or RB, masked from mb to me. */
const rotateDouble =
  (mask: (i: Insn) => [mb: number, me: number], byRegister: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const by = byRegister ? ir.get(i.rb) : ir.i64(i.sh6)
    const rotated = !byRegister && i.sh6 === 0 ? ir.get(i.rt) : ir.op2('i64.rotl', ir.get(i.rt), by)
    const [low, high] = doubleMask(...mask(i))
    finish(t, i, low === -1 && high === -1 ? rotated : ir.op2('i64.and', rotated, ir.i64Halves(low, high)))
  }

const rldimi: Translate = (t, i) => {
  const { ir } = t
  const [low, high] = doubleMask(i.mb6, 63 - i.sh6)
  const inserted = ir.op2('i64.and', ir.op2('i64.rotl', ir.get(i.rt), ir.i64(i.sh6)), ir.i64Halves(low, high))
  finish(t, i, ir.op2('i64.or', ir.op2('i64.and', ir.get(i.ra), ir.i64Halves(~low, ~high)), inserted))
}

/** RA := RS shifted by RB, whose lowest bit beyond the width makes it nothing. */
const shiftWord =
  (name: 'shl' | 'shr_u'): Translate =>
  (t, i) => {
    const { ir } = t
    // In 64 bits a shift by 32 to 63 gives what is wanted.
    const wide = ir.op1('i64.extend_i32_u', t.gpr32(i.rt))
    const by = ir.op2('i64.and', ir.op1('i64.extend_i32_u', t.gpr32(i.rb)), ir.i64(63))
    const shifted = ir.op1('i32.wrap_i64', ir.op2(`i64.${name}`, wide, by))
    finish(t, i, t.bits === 64 ? ir.op1('i64.extend_i32_u', shifted) : shifted)
  }

const shiftDouble =
  (name: 'shl' | 'shr_u'): Translate =>
  (t, i) => {
    const { ir } = t
    const by = ir.get(i.rb)
    const shifted = ir.op2(`i64.${name}`, ir.get(i.rt), by)
    const beyond = ir.op1('i32.wrap_i64', ir.op2('i64.and', by, ir.i64(64)))
    finish(t, i, ir.op3('select.i64', ir.i64(0), shifted, beyond))
  }

/** CA: a negative number lost ones, which are what differs when the result is shifted back. */
function arithmeticCarry(t: Translator, type: 'i32' | 'i64', value: Value, result: Value, by: Value): Value {
  const { ir } = t
  const zero = type === 'i64' ? ir.i64(0) : ir.i32(0)
  const lost = ir.op2(`${type}.ne`, ir.op2(`${type}.shl`, result, by), value)
  return ir.op2('i32.and', lost, ir.op2(`${type}.lt_s`, value, zero))
}

const srawi: Translate = (t, i) => {
  const { ir } = t
  const word = t.gpr32(i.rt)
  const by = ir.i32(i.rb)
  const shifted = ir.op2('i32.shr_s', word, by)
  const carry = i.rb === 0 ? ir.i32(0) : arithmeticCarry(t, 'i32', word, shifted, by)
  finish(t, i, t.bits === 64 ? ir.op1('i64.extend_i32_s', shifted) : shifted)
  t.setCa(carry)
}

const sradi: Translate = (t, i) => {
  const { ir } = t
  const value = ir.get(i.rt)
  const by = ir.i64(i.sh6)
  const shifted = ir.op2('i64.shr_s', value, by)
  const carry = i.sh6 === 0 ? ir.i32(0) : arithmeticCarry(t, 'i64', value, shifted, by)
  finish(t, i, shifted)
  t.setCa(carry)
}

/** Shifts of 32 to 63 of the word as a doubleword leave its sign, as wanted. */
const sraw: Translate = (t, i) => {
  const { ir } = t
  const wide = ir.op1('i64.extend_i32_s', t.gpr32(i.rt))
  const by = ir.op2('i64.and', ir.op1('i64.extend_i32_u', t.gpr32(i.rb)), ir.i64(63))
  const shifted = ir.op2('i64.shr_s', wide, by)
  const carry = arithmeticCarry(t, 'i64', wide, shifted, by)
  finish(t, i, t.narrow(shifted))
  t.setCa(carry)
}

const srad: Translate = (t, i) => {
  const { ir } = t
  const value = ir.get(i.rt)
  const by = ir.get(i.rb)
  const beyond = ir.op1('i32.wrap_i64', ir.op2('i64.and', by, ir.i64(64)))
  const sign = ir.op2('i64.shr_s', value, ir.i64(63))
  const shifted = ir.op2('i64.shr_s', value, by)
  const near = arithmeticCarry(t, 'i64', value, shifted, by)
  const carry = ir.op3('select.i32', ir.op1('i32.wrap_i64', ir.op2('i64.and', sign, ir.i64(1))), near, beyond)
  finish(t, i, ir.op3('select.i64', sign, shifted, beyond))
  t.setCa(carry)
}

const D64: RowOptions = { bits: 64 }
const shift = (name: string, opcode: number, translate: Translate, options?: RowOptions): Row =>
  row(name, `X 31 ${opcode}`, 'RA RS RB [Rc]', translate, options)

export const ROTATE: readonly Row[] = [
  row('rlwinm', 'M 21', 'RA RS SH MB ME [Rc]', rlwinm),
  row('rlwnm', 'M 23', 'RA RS RB MB ME [Rc]', rlwnm),
  row('rlwimi', 'M 20', 'RA RS SH MB ME [Rc]', rlwimi),
  row(
    'rldicl',
    'MD 30 0',
    'RA RS SH6 MB6 [Rc]',
    rotateDouble((i) => [i.mb6, 63], false),
    D64,
  ),
  row(
    'rldicr',
    'MD 30 1',
    'RA RS SH6 MB6 [Rc]',
    rotateDouble((i) => [0, i.mb6], false),
    D64,
  ),
  row(
    'rldic',
    'MD 30 2',
    'RA RS SH6 MB6 [Rc]',
    rotateDouble((i) => [i.mb6, 63 - i.sh6], false),
    D64,
  ),
  row('rldimi', 'MD 30 3', 'RA RS SH6 MB6 [Rc]', rldimi, D64),
  row(
    'rldcl',
    'MDS 30 8',
    'RA RS RB MB6 [Rc]',
    rotateDouble((i) => [i.mb6, 63], true),
    D64,
  ),
  row(
    'rldcr',
    'MDS 30 9',
    'RA RS RB MB6 [Rc]',
    rotateDouble((i) => [0, i.mb6], true),
    D64,
  ),
  shift('slw', 24, shiftWord('shl')),
  shift('srw', 536, shiftWord('shr_u')),
  shift('sraw', 792, sraw),
  row('srawi', 'X 31 824', 'RA RS SH [Rc]', srawi),
  shift('sld', 27, shiftDouble('shl'), D64),
  shift('srd', 539, shiftDouble('shr_u'), D64),
  shift('srad', 794, srad, D64),
  row('sradi', 'XS 31 413', 'RA RS SH6 [Rc]', sradi, D64),
]

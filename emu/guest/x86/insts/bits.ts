/** Shifts, rotates, bit and byte instructions: Intel SDM vol. 1, 5.1.5 and 5.1.6. */

import type { Value } from '../../../ir/region.ts'
import type { Bits } from '../condition.ts'
import type { Insn } from '../decode.ts'
import { AF, CC_LOGIC, CF, OF, PF, SF } from '../flags.ts'
import { type Row, row } from '../row.ts'
import type { Translator } from '../translate.ts'

type Translate = (t: Translator, i: Insn) => void

/** A shift count: known when translating, or an i32 value already masked. */
interface Count {
  known: number | undefined
  value: Value
}

function shiftCount(t: Translator, i: Insn, k: number, size: Bits): Count {
  const mask = size === 64 ? 63 : 31
  const code = i.row!.operands[k]
  if (code === undefined) return { known: 1, value: t.ir.i32(1) }
  if (code[0] === 'I') return { known: i.imm & mask, value: t.ir.i32(i.imm & mask) }
  return { known: undefined, value: t.ir.op2('i32.and', t.gpr(1, 8), t.ir.i32(mask)) }
}

const toSize = (t: Translator, size: Bits, value: Value): Value =>
  size === 64 ? t.ir.op1('i64.extend_i32_u', value) : value

const toI32 = (t: Translator, size: Bits, value: Value): Value =>
  size === 64 ? t.ir.op1('i32.wrap_i64', value) : value

const lowBit = (t: Translator, size: Bits, value: Value): Value =>
  t.ir.op2('i32.and', toI32(t, size, value), t.ir.i32(1))

const topBit = (t: Translator, size: Bits, value: Value): Value =>
  lowBit(t, size, t.op2(size, 'shr_u', value, t.constant(size, size - 1)))

const placeOverflow = (t: Translator, carry: Value, overflow: Value): Value =>
  t.ir.op2('i32.or', carry, t.ir.op2('i32.shl', overflow, t.ir.i32(11)))

/** Ends a shift: writes the result and the flags, which stay when the count is 0. */
function finishShift(
  t: Translator,
  i: Insn,
  count: Count,
  size: Bits,
  result: Value,
  carry: Value,
  overflow: Value,
): void {
  if (count.known === 0) {
    // A 32-bit destination still gets its upper half cleared.
    t.write(i, 0, result)
    return
  }
  t.write(i, 0, result)
  const others = placeOverflow(t, carry, overflow)
  if (count.known !== undefined) t.flags.setResult(size, result, others, carry)
  else t.flags.setResultIf(count.value, size, result, others)
}

function shift(name: 'shl' | 'shr' | 'sar'): Translate {
  return (t, i) => {
    const size = t.sizeOf(i, 0)
    const count = shiftCount(t, i, 1, size)
    const source = t.readToWrite(i, 0)
    const a = name === 'sar' ? t.signExtend(size, source) : source
    const n = toSize(t, size, count.value)
    const one = t.constant(size, 1)
    if (name === 'shl') {
      const full = t.op2(size, 'shl', a, n)
      const result = t.truncate(size, full)
      const carry =
        size < 32
          ? lowBit(t, size, t.op2(size, 'shr_u', full, t.constant(size, size)))
          : lowBit(t, size, t.op2(size, 'shr_u', a, t.op2(size, 'sub', t.constant(size, size), n)))
      finishShift(t, i, count, size, result, carry, t.ir.op2('i32.xor', topBit(t, size, result), carry))
      return
    }
    const operation = name === 'shr' ? 'shr_u' : 'shr_s'
    const result = t.truncate(size, t.op2(size, operation, a, n))
    const carry = lowBit(t, size, t.op2(size, operation, a, t.op2(size, 'sub', n, one)))
    finishShift(t, i, count, size, result, carry, name === 'shr' ? topBit(t, size, a) : t.ir.i32(0))
  }
}

/** Rotates an 8- to 64-bit value left or right by a masked count. */
function rotated(t: Translator, size: Bits, left: boolean, a: Value, n: Value): Value {
  if (size >= 32) return t.op2(size, left ? 'rotl' : 'rotr', a, toSize(t, size, n))
  const { ir } = t
  // The value repeated through 32 bits rotates like a short one.
  let wide = ir.op2('i32.or', a, ir.op2('i32.shl', a, ir.i32(16)))
  if (size === 8) wide = ir.op2('i32.mul', a, ir.i32(0x01010101))
  return t.truncate(size, ir.op2(left ? 'i32.rotl' : 'i32.rotr', wide, n))
}

function rotate(left: boolean): Translate {
  return (t, i) => {
    const { ir } = t
    const size = t.sizeOf(i, 0)
    const count = shiftCount(t, i, 1, size)
    const result = rotated(t, size, left, t.readToWrite(i, 0), count.value)
    t.write(i, 0, result)
    if (count.known === 0) return
    const top = topBit(t, size, result)
    const carry = left ? lowBit(t, size, result) : top
    const other = left ? carry : lowBit(t, size, t.op2(size, 'shr_u', result, t.constant(size, size - 2)))
    t.flags.replaceCarry(carry, ir.op2('i32.xor', top, other), count.known === undefined ? count.value : -1)
  }
}

/** RCL and RCR rotate through CF: size + 1 bits. */
function rotateCarry(left: boolean): Translate {
  return (t, i) => {
    const { ir } = t
    const size = t.sizeOf(i, 0)
    const count = shiftCount(t, i, 1, size)
    const source = t.toI64(size, t.readToWrite(i, 0), false)
    const carryIn = ir.op1('i64.extend_i32_u', t.flags.carry())
    let n = ir.op1('i64.extend_i32_u', count.value)
    if (size < 32) n = modulo(t, n, size + 1)
    // Rotating right by n is rotating left by size + 1 - n; by 0 stays 0.
    const places = left
      ? n
      : ir.op3('select.i64', n, ir.op2('i64.sub', ir.i64(size + 1), n), ir.op1('i64.eqz', n))
    const { result, carry } =
      size === 64 ? rotate65(t, source, carryIn, places) : rotateNarrow(t, size, source, carryIn, places)
    const value = t.fromI64(size, result)
    t.write(i, 0, value)
    if (count.known === 0) return
    const top = topBit(t, size, value)
    const below = lowBit(t, size, t.op2(size, 'shr_u', value, t.constant(size, size - 2)))
    const out = ir.op1('i32.wrap_i64', carry)
    t.flags.replaceCarry(
      out,
      ir.op2('i32.xor', top, left ? out : below),
      count.known === undefined ? count.value : -1,
    )
  }
}

/** n mod m for n below 32 and m 9 or 17. */
function modulo(t: Translator, n: Value, m: number): Value {
  const { ir } = t
  const less = (value: Value, by: number): Value =>
    ir.op3('select.i64', ir.op2('i64.sub', value, ir.i64(by)), value, ir.op2('i64.ge_u', value, ir.i64(by)))
  return m === 9 ? less(less(n, 18), 9) : less(n, 17)
}

/** (size+1)-bit rotate left for sizes up to 32: carry and value side by side in an i64. */
function rotateNarrow(
  t: Translator,
  size: Bits,
  value: Value,
  carry: Value,
  n: Value,
): { result: Value; carry: Value } {
  const { ir } = t
  const joined = ir.op2('i64.or', value, ir.op2('i64.shl', carry, ir.i64(size)))
  const rotatedBits = ir.op2(
    'i64.or',
    ir.op2('i64.shl', joined, n),
    ir.op2('i64.shr_u', joined, ir.op2('i64.sub', ir.i64(size + 1), n)),
  )
  const out = ir.op2('i64.and', ir.op2('i64.shr_u', rotatedBits, ir.i64(size)), ir.i64(1))
  const mask = ir.i64(2 ** size - 1)
  return { result: ir.op2('i64.and', rotatedBits, mask), carry: out }
}

/** 65-bit rotate left by n, 0 ≤ n ≤ 64. */
function rotate65(t: Translator, value: Value, carry: Value, n: Value): { result: Value; carry: Value } {
  const { ir } = t
  const one = ir.i64(1)
  const less = ir.op2('i64.sub', n, one)
  // value << n, in two steps so that n = 64 gives 0.
  const up = ir.op2('i64.shl', ir.op2('i64.shl', value, less), one)
  const middle = ir.op2('i64.shl', carry, less)
  // value >> (65 - n), in two steps for n = 1.
  const down = ir.op2('i64.shr_u', ir.op2('i64.shr_u', value, one), ir.op2('i64.sub', ir.i64(64), n))
  const zero = ir.op1('i64.eqz', n)
  const fits = ir.op2('i64.eq', n, one)
  const wrapped = ir.op3('select.i64', ir.i64(0), down, fits)
  const result = ir.op3('select.i64', value, ir.op2('i64.or', ir.op2('i64.or', up, middle), wrapped), zero)
  const last = ir.op2('i64.and', ir.op2('i64.shr_u', value, ir.op2('i64.sub', ir.i64(64), n)), one)
  return { result, carry: ir.op3('select.i64', carry, last, zero) }
}

/** SHLD and SHRD: bits of the second operand come in. */
function doubleShift(left: boolean): Translate {
  return (t, i) => {
    const { ir } = t
    const size = t.sizeOf(i, 0)
    const count = shiftCount(t, i, 2, size)
    const filler = t.read(i, 1)
    const a = t.readToWrite(i, 0)
    const n = toSize(t, size, count.value)
    const zero = t.op1(size, 'eqz', n)
    const one = t.constant(size, 1)
    const rest = t.op2(size, 'sub', t.constant(size, size - 1), n)
    const [out, back] = left ? ['shl', 'shr_u'] : ['shr_u', 'shl']
    // The filler moves size - n places, one of them apart, so that n = 0 brings in nothing.
    const incoming = t.op2(size, back!, t.op2(size, back!, filler, one), rest)
    const joined = t.truncate(size, t.op2(size, 'or', t.op2(size, out!, a, n), incoming))
    const result = t.select(size, zero, a, joined)
    const carryFrom = left ? t.op2(size, 'sub', t.constant(size, size), n) : t.op2(size, 'sub', n, one)
    const carry = lowBit(t, size, t.op2(size, 'shr_u', a, carryFrom))
    const overflow = ir.op2('i32.xor', topBit(t, size, result), topBit(t, size, a))
    finishShift(t, i, count, size, result, carry, overflow)
  }
}

type BitOperation = 'bt' | 'bts' | 'btr' | 'btc'

function bitTest(operation: BitOperation): Translate {
  return (t, i) => {
    const { ir } = t
    const size = t.sizeOf(i, 0)
    const immediate = i.row!.operands[1]![0] === 'I'
    const index = immediate ? t.constant(size, i.imm & (size - 1)) : t.read(i, 1)
    if (i.isMemory && !immediate) {
      // A register index reaches beyond the operand: whole operands first, then bits.
      const wide = t.toI64(size, index, true)
      const log = Math.log2(size)
      const offset = ir.op2('i64.shl', ir.op2('i64.shr_s', wide, ir.i64(log)), ir.i64(log - 3))
      const address = ir.op2('i64.add', t.effectiveAddress(i), offset)
      t.useOffset(t.segmentOf(i), t.fitAddress(i, address))
    }
    const value = operation === 'bt' ? t.read(i, 0) : t.readToWrite(i, 0)
    const bit = t.op2(size, 'and', index, t.constant(size, size - 1))
    const mask = t.op2(size, 'shl', t.constant(size, 1), bit)
    const carry = lowBit(t, size, t.op2(size, 'shr_u', value, bit))
    if (operation === 'bts') t.write(i, 0, t.op2(size, 'or', value, mask))
    else if (operation === 'btc') t.write(i, 0, t.op2(size, 'xor', value, mask))
    else if (operation === 'btr')
      t.write(i, 0, t.op2(size, 'and', value, t.op2(size, 'xor', mask, t.constant(size, -1))))
    t.flags.setBitTest(carry)
  }
}

function bitScan(name: 'bsf' | 'bsr'): Translate {
  return (t, i) => {
    const size = t.sizeOf(i, 0)
    const source = t.read(i, 1)
    const zero = t.op1(size, 'eqz', source)
    const width = size === 64 ? 64 : 32
    const found =
      name === 'bsf'
        ? t.op1(size, 'ctz', source)
        : t.op2(size, 'sub', t.constant(size, width - 1), t.op1(size, 'clz', source))
    // With a zero source the destination keeps its value, on Intel and AMD alike.
    const kept = t.read(i, 0)
    if (size === 32) {
      const wide = t.select(64, zero, t.ir.get(i.reg), t.ir.op1('i64.extend_i32_u', found))
      t.ir.set(i.reg, wide)
    } else t.write(i, 0, t.select(size, zero, kept, found))
    t.flags.set(CC_LOGIC, size, source, -1)
  }
}

const popcnt: Translate = (t, i) => {
  const size = t.sizeOf(i, 0)
  const source = t.read(i, 1)
  t.write(i, 0, t.op1(size, 'popcnt', source))
  t.flags.setBits(t.ir.op2('i32.shl', t.op1(size, 'eqz', source), t.ir.i32(6)))
}

const bswap: Translate = (t, i) => {
  const { ir } = t
  const register = t.opcodeRegister(i)
  const bytes = (x: Value, by: number, low: number, high: number): Value => {
    const mask = ir.i64Halves(low, high)
    const n = ir.i64(by)
    return ir.op2(
      'i64.or',
      ir.op2('i64.and', ir.op2('i64.shr_u', x, n), mask),
      ir.op2('i64.shl', ir.op2('i64.and', x, mask), n),
    )
  }
  // Adjacent bytes, then pairs; then halves, unless only four bytes are swapped.
  const pairs = bytes(ir.get(register), 8, 0x00ff00ff, 0x00ff00ff)
  const quads = bytes(pairs, 16, 0x0000ffff, 0x0000ffff)
  if (i.size === 64) ir.set(register, ir.op2('i64.rotl', quads, ir.i64(32)))
  else ir.set(register, ir.op2('i64.and', quads, ir.i64Halves(-1, 0)))
}

/** CRC32 (SSE4.2): Castagnoli polynomial, bit-reflected; a byte at a time by conditional subtraction. */
const crc32: Translate = (t, i) => {
  const { ir } = t
  const size = t.sizeOf(i, 1)
  let data = t.toI64(size, t.read(i, 1), false)
  let crc = t.gpr(i.reg, 32)
  for (let at = 0; at < size; at += 8) {
    crc = ir.op2('i32.xor', crc, ir.op2('i32.and', ir.op1('i32.wrap_i64', data), ir.i32(0xff)))
    for (let bit = 0; bit < 8; bit++) {
      const feedback = ir.op2(
        'i32.and',
        ir.op2('i32.sub', ir.i32(0), ir.op2('i32.and', crc, ir.i32(1))),
        ir.i32(0x82f63b78),
      )
      crc = ir.op2('i32.xor', ir.op2('i32.shr_u', crc, ir.i32(1)), feedback)
    }
    data = ir.op2('i64.shr_u', data, ir.i64(8))
  }
  t.setGpr(i.reg, 32, crc)
}

const GROUP2: [string, Translate, number][] = [
  ['ROL', rotate(true), OF],
  ['ROR', rotate(false), OF],
  ['RCL', rotateCarry(true), OF],
  ['RCR', rotateCarry(false), OF],
  ['SHL', shift('shl'), AF | OF],
  ['SHR', shift('shr'), AF | OF],
  ['SHL', shift('shl'), AF | OF],
  ['SAR', shift('sar'), AF | OF],
]

function group2(): Row[] {
  return GROUP2.flatMap(([name, translate, flags], k) =>
    [
      ['c0', 'Eb Ib', flags | CF],
      ['c1', 'Ev Ib', flags | CF],
      ['d0', 'Eb', flags & ~OF],
      ['d1', 'Ev', flags & ~OF],
      ['d2', 'Eb Cb', flags | CF],
      ['d3', 'Ev Cb', flags | CF],
    ].map(([opcode, operands, undefinedFlags]) =>
      row(name, `${opcode} /${k}`, operands as string, translate, {
        undefinedFlags: undefinedFlags as number,
      }),
    ),
  )
}

const BIT_FLAGS = { undefinedFlags: OF | SF | AF | PF }
const BIT_TESTS: [string, BitOperation][] = [
  ['BT', 'bt'],
  ['BTS', 'bts'],
  ['BTR', 'btr'],
  ['BTC', 'btc'],
]

export const BITS: readonly Row[] = [
  ...group2(),
  row('SHLD', '0F a4 /r', 'Ev Gv Ib', doubleShift(true), { undefinedFlags: AF | OF | CF }),
  row('SHLD', '0F a5 /r', 'Ev Gv Cb', doubleShift(true), { undefinedFlags: AF | OF | CF }),
  row('SHRD', '0F ac /r', 'Ev Gv Ib', doubleShift(false), { undefinedFlags: AF | OF | CF }),
  row('SHRD', '0F ad /r', 'Ev Gv Cb', doubleShift(false), { undefinedFlags: AF | OF | CF }),
  ...BIT_TESTS.flatMap(([name, operation], k) => [
    row(name, `0F ${(0xa3 + 8 * k).toString(16)} /r`, 'Ev Gv', bitTest(operation), BIT_FLAGS),
    row(name, `0F ba /${4 + k}`, 'Ev Ib', bitTest(operation), BIT_FLAGS),
  ]),
  row('BSF', '0F bc /r', 'Gv Ev', bitScan('bsf'), { undefinedFlags: CF | OF | SF | AF | PF }),
  row('BSR', '0F bd /r', 'Gv Ev', bitScan('bsr'), { undefinedFlags: CF | OF | SF | AF | PF }),
  row('POPCNT', 'F3 0F b8 /r', 'Gv Ev', popcnt, { feature: 'popcnt' }),
  row('BSWAP', '0F c8+r', '', bswap, { undefinedFlags: 0 }),
  row('CRC32', 'F2 0F38 f0 /r', 'Gy Eb', crc32, { feature: 'sse4.2' }),
  row('CRC32', 'F2 0F38 f1 /r', 'Gy Ev', crc32, { feature: 'sse4.2' }),
]

/** Vector integer arithmetic, comparisons and logic: Power ISA, Book I, 6.9.1, 6.9.3, 6.9.4 and 6.9.5. */

import type { Region, Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import { type Row, type RowOptions, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'
import { type ElementBytes, greater, LANES, saturatedIf, signBits, splat } from '../vector/lanes.ts'

const VR = 32
const a = (t: Translator, i: Insn): Value => t.vsr(VR + i.ra)
const b = (t: Translator, i: Insn): Value => t.vsr(VR + i.rb)
const c = (t: Translator, i: Insn): Value => t.vsr(VR + i.rc5)

type Binary = (ir: Region, x: Value, y: Value) => Value

/** VRT := a function of VRA and VRB. */
export const binary =
  (make: Binary): Translate =>
  (t, i) =>
    t.setVsr(VR + i.rt, make(t.ir, a(t, i), b(t, i)))

const same = (name: string): Translate => binary((ir, x, y) => ir.op2(name, x, y))
const not = (ir: Region, x: Value): Value => ir.op1('v128.not', x)
const xor = (ir: Region, x: Value, y: Value): Value => ir.op2('v128.xor', x, y)
const select = (ir: Region, mask: Value, x: Value, y: Value): Value => ir.op3('v128.bitselect', x, y, mask)

// ---- sums

/** A sum or difference that saturates, and SAT where it did: for bytes and halfwords there is an operation. */
const saturating =
  (name: 'add' | 'sub', size: 1 | 2 | 4, isSigned: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const [x, y] = [a(t, i), b(t, i)]
    const plain = ir.op2(`${LANES[size]}.${name}`, x, y)
    const result =
      size === 4
        ? saturatedWords(ir, name, isSigned, x, y, plain)
        : ir.op2(`${LANES[size]}.${name}_sat_${isSigned ? 's' : 'u'}`, x, y)
    saturatedIf(ir, xor(ir, plain, result))
    t.setVsr(VR + i.rt, result)
  }

function saturatedWords(
  ir: Region,
  name: 'add' | 'sub',
  isSigned: boolean,
  x: Value,
  y: Value,
  plain: Value,
): Value {
  if (!isSigned) {
    if (name === 'add') return ir.op2('v128.or', plain, ir.op2('i32x4.gt_u', x, plain))
    return ir.op2('v128.andnot', plain, ir.op2('i32x4.gt_u', y, x))
  }
  const differs = xor(ir, x, y)
  const sameSign = name === 'add' ? not(ir, differs) : differs
  const lost = ir.op2('i32x4.shr_s', ir.op2('v128.and', sameSign, xor(ir, x, plain)), ir.i32(31))
  const limit = xor(ir, ir.op2('i32x4.shr_s', x, ir.i32(31)), splat(ir, 4, 0x7fff_ffff))
  return select(ir, lost, limit, plain)
}

/** The carry out of a sum of words, or of a difference, where it is 1 if nothing was borrowed. */
const carryOfSum = binary((ir, x, y) =>
  ir.op2('i32x4.shr_u', ir.op2('i32x4.gt_u', x, ir.op2('i32x4.add', x, y)), ir.i32(31)),
)
const carryOfDifference = binary((ir, x, y) =>
  ir.op2('i32x4.shr_u', not(ir, ir.op2('i32x4.gt_u', y, x)), ir.i32(31)),
)

/** The average, rounded up: both's common bits and half of the others. */
const average = (size: 1 | 2 | 4, isSigned: boolean): Translate =>
  binary((ir, x, y) => {
    if (size === 4) {
      const half = ir.op2(`i32x4.shr_${isSigned ? 's' : 'u'}`, xor(ir, x, y), ir.i32(1))
      return ir.op2('i32x4.sub', ir.op2('v128.or', x, y), half)
    }
    if (!isSigned) return ir.op2(`${LANES[size]}.avgr_u`, x, y)
    const sign = signBits(ir, size)
    return xor(ir, ir.op2(`${LANES[size]}.avgr_u`, xor(ir, x, sign), xor(ir, y, sign)), sign)
  })

const extreme = (name: 'min' | 'max', size: ElementBytes, isSigned: boolean): Translate =>
  binary((ir, x, y) => {
    if (size !== 8) return ir.op2(`${LANES[size]}.${name}_${isSigned ? 's' : 'u'}`, x, y)
    const isGreater = greater(ir, 8, isSigned, x, y)
    return name === 'max' ? select(ir, isGreater, x, y) : select(ir, isGreater, y, x)
  })

// ---- products

/** The even or the odd elements as ones of twice the size. */
function widened(ir: Region, size: 1 | 2 | 4, isSigned: boolean, even: boolean, x: Value): Value {
  const wide = LANES[(2 * size) as 2 | 4 | 8]
  const bits = ir.i32(8 * size)
  if (even) return ir.op2(`${wide}.shr_${isSigned ? 's' : 'u'}`, x, bits)
  if (isSigned) return ir.op2(`${wide}.shr_s`, ir.op2(`${wide}.shl`, x, bits), bits)
  return ir.op2('v128.and', x, splat(ir, (2 * size) as 2 | 4 | 8, 2 ** (8 * size) - 1))
}

const product = (size: 1 | 2 | 4, isSigned: boolean, even: boolean): Translate =>
  binary((ir, x, y) =>
    ir.op2(
      `${LANES[(2 * size) as 2 | 4 | 8]}.mul`,
      widened(ir, size, isSigned, even, x),
      widened(ir, size, isSigned, even, y),
    ),
  )

/** VRT := a function of three vectors. */
const ternary =
  (make: (ir: Region, x: Value, y: Value, z: Value) => Value): Translate =>
  (t, i) =>
    t.setVsr(VR + i.rt, make(t.ir, a(t, i), b(t, i), c(t, i)))

const vmladduhm = ternary((ir, x, y, z) => ir.op2('i16x8.add', ir.op2('i16x8.mul', x, y), z))

/** The upper 17 bits of products, rounded or not, plus VRC: saturating. */
const multiplyHighAdd = (rounds: boolean): Translate =>
  ternary((ir, x, y, z) => {
    const sums = (['low', 'high'] as const).map((part) => {
      const whole = ir.op2(`i32x4.extmul_${part}_i16x8_s`, x, y)
      const rounded = rounds ? ir.op2('i32x4.add', whole, splat(ir, 4, 0x4000)) : whole
      const high = ir.op2('i32x4.shr_s', rounded, ir.i32(15))
      return ir.op2('i32x4.add', high, ir.op1(`i32x4.extend_${part}_i16x8_s`, z))
    }) as [Value, Value]
    const result = ir.op2('i16x8.narrow_i32x4_s', ...sums)
    const back = (part: string): Value => ir.op1(`i32x4.extend_${part}_i16x8_s`, result)
    saturatedIf(ir, ir.op2('v128.or', xor(ir, sums[0], back('low')), xor(ir, sums[1], back('high'))))
    return result
  })

/** Every second word of two vectors, from lane `first` on. */
const everySecond = (ir: Region, low: Value, high: Value, first: 0 | 1): Value =>
  ir.shuffle(
    low,
    high,
    [0, 2, 4, 6].flatMap((word) => [0, 1, 2, 3].map((k) => 4 * (word + first) + k)),
  )

const pairSums = (ir: Region, low: Value, high: Value): Value =>
  ir.op2('i32x4.add', everySecond(ir, low, high, 0), everySecond(ir, low, high, 1))

/** In each word the sum of products of its bytes, plus VRC: the first operand's are signed or not, the second's not. */
const sumOfBytes = (isSigned: boolean): Translate =>
  ternary((ir, x, y, z) => {
    const [low, high] = (['low', 'high'] as const).map((part) =>
      ir.op2(
        'i32x4.dot_i16x8_s',
        ir.op1(`i16x8.extend_${part}_i8x16_${isSigned ? 's' : 'u'}`, x),
        ir.op1(`i16x8.extend_${part}_i8x16_u`, y),
      ),
    ) as [Value, Value]
    return ir.op2('i32x4.add', pairSums(ir, low, high), z)
  })

const vmsumuhm = ternary((ir, x, y, z) => {
  const products = pairSums(
    ir,
    ir.op2('i32x4.extmul_low_i16x8_u', x, y),
    ir.op2('i32x4.extmul_high_i16x8_u', x, y),
  )
  return ir.op2('i32x4.add', products, z)
})

const vmsumshm = ternary((ir, x, y, z) => ir.op2('i32x4.add', ir.op2('i32x4.dot_i16x8_s', x, y), z))

// ---- comparisons

/** Masks, and CR6: all hold, none does. */
export const compared =
  (make: Binary): Translate =>
  (t, i) => {
    const { ir } = t
    const mask = make(ir, a(t, i), b(t, i))
    t.setVsr(VR + i.rt, mask)
    if (!(i.word & 0x400)) return
    const all = ir.op2('i32.shl', ir.op1('i32.eqz', ir.op1('v128.any_true', not(ir, mask))), ir.i32(3))
    const none = ir.op2('i32.shl', ir.op1('i32.eqz', ir.op1('v128.any_true', mask)), ir.i32(1))
    t.cr.setField(6, ir.op2('i32.or', all, none))
  }

const equal = (size: ElementBytes): Translate => compared((ir, x, y) => ir.op2(`${LANES[size]}.eq`, x, y))
const isGreater = (size: ElementBytes, isSigned: boolean): Translate =>
  compared((ir, x, y) => greater(ir, size, isSigned, x, y))

// ---- shifts and rotates, each element by its own count

/** Steps of powers of two: each where its bit of the count is set. */
function byCounts(
  ir: Region,
  size: ElementBytes,
  x: Value,
  counts: Value,
  step: (x: Value, by: number) => Value,
): Value {
  const lanes = LANES[size]
  let result = x
  for (let bit = 0; 1 << bit < 8 * size; bit++) {
    // The count's bit in front, and then everywhere in the element.
    const front = ir.op2(`${lanes}.shl`, counts, ir.i32(8 * size - 1 - bit))
    const mask = ir.op2(`${lanes}.shr_s`, front, ir.i32(8 * size - 1))
    result = select(ir, mask, step(result, 1 << bit), result)
  }
  return result
}

type Shift = 'shl' | 'shr_u' | 'shr_s' | 'rotl'

function shifted(ir: Region, size: ElementBytes, kind: Shift, x: Value, by: Value): Value {
  const lanes = LANES[size]
  if (kind !== 'rotl') return ir.op2(`${lanes}.${kind}`, x, by)
  const left = ir.op2(`${lanes}.shl`, x, by)
  return ir.op2('v128.or', left, ir.op2(`${lanes}.shr_u`, x, ir.op2('i32.sub', ir.i32(8 * size), by)))
}

/** The count that all elements have, when the vector is known to be such a constant; else -1. */
function uniformCount(ir: Region, size: ElementBytes, counts: Value): number {
  const bytes = ir.constant128(counts)
  if (!bytes) return -1
  const count = bytes[0]! & (8 * size - 1)
  for (let k = 0; k < 16; k += size) if ((bytes[k]! & (8 * size - 1)) !== count) return -1
  return count
}

const shift = (size: ElementBytes, kind: Shift): Translate =>
  binary((ir, x, y) => {
    const count = uniformCount(ir, size, y)
    if (count === 0) return x
    if (count > 0) return shifted(ir, size, kind, x, ir.i32(count))
    if (size !== 8) return byCounts(ir, size, x, y, (value, by) => shifted(ir, size, kind, value, ir.i32(by)))
    const of = (lane: number): Value =>
      ir.op2(`i64.${kind}`, ir.lane('i64x2.extract_lane', lane, x), ir.lane('i64x2.extract_lane', lane, y))
    return ir.lane('i64x2.replace_lane', 1, ir.op1('i64x2.splat', of(0)), of(1))
  })

// ---- counts

/** Bits set in each element: of bytes, then of pairs. */
function population(ir: Region, size: ElementBytes, x: Value): Value {
  let sums = ir.op1('i8x16.popcnt', x)
  if (size > 1) sums = ir.op1('i16x8.extadd_pairwise_i8x16_u', sums)
  if (size > 2) sums = ir.op1('i32x4.extadd_pairwise_i16x8_u', sums)
  if (size > 4)
    sums = ir.op2(
      'i64x2.add',
      ir.op2('i64x2.shr_u', sums, ir.i32(32)),
      ir.op2('v128.and', sums, splat(ir, 8, 0xffff_ffff)),
    )
  return sums
}

/** Leading zeros: the zeros that are left when every bit below the first is set. */
const leadingZeros = (size: ElementBytes): Translate =>
  binary((ir, _, y) => {
    let filled = y
    for (let by = 1; by < 8 * size; by *= 2)
      filled = ir.op2('v128.or', filled, ir.op2(`${LANES[size]}.shr_u`, filled, ir.i32(by)))
    return population(ir, size, not(ir, filled))
  })

const populationOf = (size: ElementBytes): Translate => binary((ir, _, y) => population(ir, size, y))

// ---- rows

const ALTIVEC: RowOptions = { feature: 'altivec' }
const POWER8: RowOptions = { feature: 'power8', bits: 64 }
const OPERANDS = 'VRT VRA VRB'
const vx = (
  name: string,
  opcode: number,
  translate: Translate,
  options = ALTIVEC,
  operands = OPERANDS,
): Row => row(name, `VX 4 ${opcode}`, operands, translate, options)
const va = (name: string, opcode: number, translate: Translate): Row =>
  row(name, `VA 4 ${opcode}`, 'VRT VRA VRB VRC', translate, ALTIVEC)
const vc = (name: string, opcode: number, translate: Translate, options = ALTIVEC): Row =>
  row(name, `VC 4 ${opcode}`, 'VRT VRA VRB [RcV]', translate, options)

const SIZES = [1, 2, 4, 8] as const
const LETTERS = { 1: 'b', 2: 'h', 4: 'w', 8: 'd' } as const

/** A family of rows: one for each element size, 64 apart; doublewords are POWER8's. */
function sizes(
  name: (letter: string) => string,
  opcode: number,
  make: (size: ElementBytes) => Translate,
  count: 3 | 4 = 4,
  operands = OPERANDS,
): Row[] {
  return SIZES.slice(0, count).map((size, k) =>
    vx(name(LETTERS[size]), opcode + 64 * k, make(size), size === 8 ? POWER8 : ALTIVEC, operands),
  )
}

const both = (make: (isSigned: boolean, letter: 's' | 'u') => Row[]): Row[] => [
  ...make(false, 'u'),
  ...make(true, 's'),
]

export const VECTOR_INTEGER: readonly Row[] = [
  ...sizes(
    (s) => `vaddu${s}m`,
    0,
    (size) => same(`${LANES[size]}.add`),
  ),
  ...sizes(
    (s) => `vsubu${s}m`,
    1024,
    (size) => same(`${LANES[size]}.sub`),
  ),
  ...both((isSigned, u) => [
    ...sizes(
      (s) => `vadd${u}${s}s`,
      isSigned ? 768 : 512,
      (size) => saturating('add', size as 4, isSigned),
      3,
    ),
    ...sizes(
      (s) => `vsub${u}${s}s`,
      isSigned ? 1792 : 1536,
      (size) => saturating('sub', size as 4, isSigned),
      3,
    ),
    ...sizes(
      (s) => `vmax${u}${s}`,
      isSigned ? 258 : 2,
      (size) => extreme('max', size, isSigned),
    ),
    ...sizes(
      (s) => `vmin${u}${s}`,
      isSigned ? 770 : 514,
      (size) => extreme('min', size, isSigned),
    ),
    ...sizes(
      (s) => `vavg${u}${s}`,
      isSigned ? 1282 : 1026,
      (size) => average(size as 4, isSigned),
      3,
    ),
    ...[1, 2].flatMap((size, k) => [
      vx(
        `vmulo${u}${LETTERS[size as 1]}`,
        (isSigned ? 264 : 8) + 64 * k,
        product(size as 1, isSigned, false),
      ),
      vx(
        `vmule${u}${LETTERS[size as 1]}`,
        (isSigned ? 776 : 520) + 64 * k,
        product(size as 1, isSigned, true),
      ),
    ]),
    vx(`vmulo${u}w`, isSigned ? 392 : 136, product(4, isSigned, false), POWER8),
    vx(`vmule${u}w`, isSigned ? 904 : 648, product(4, isSigned, true), POWER8),
  ]),
  vx('vaddcuw', 384, carryOfSum),
  vx('vsubcuw', 1408, carryOfDifference),
  vx('vmuluwm', 137, same('i32x4.mul'), POWER8),
  va('vmladduhm', 34, vmladduhm),
  va('vmhaddshs', 32, multiplyHighAdd(false)),
  va('vmhraddshs', 33, multiplyHighAdd(true)),
  va('vmsumubm', 36, sumOfBytes(false)),
  va('vmsummbm', 37, sumOfBytes(true)),
  va('vmsumuhm', 38, vmsumuhm),
  va('vmsumshm', 40, vmsumshm),
  vc('vcmpequb', 6, equal(1)),
  vc('vcmpequh', 70, equal(2)),
  vc('vcmpequw', 134, equal(4)),
  vc('vcmpequd', 199, equal(8), POWER8),
  ...both((isSigned, u) => [
    ...([1, 2, 4] as const).map((size, k) =>
      vc(`vcmpgt${u}${LETTERS[size]}`, (isSigned ? 774 : 518) + 64 * k, isGreater(size, isSigned)),
    ),
    vc(`vcmpgt${u}d`, isSigned ? 967 : 711, isGreater(8, isSigned), POWER8),
  ]),
  ...sizes(
    (s) => `vrl${s}`,
    4,
    (size) => shift(size, 'rotl'),
  ),
  ...sizes(
    (s) => `vsl${s}`,
    260,
    (size) => shift(size, 'shl'),
    3,
  ),
  ...sizes(
    (s) => `vsr${s}`,
    516,
    (size) => shift(size, 'shr_u'),
    3,
  ),
  ...sizes(
    (s) => `vsra${s}`,
    772,
    (size) => shift(size, 'shr_s'),
  ),
  vx('vsld', 1476, shift(8, 'shl'), POWER8),
  vx('vsrd', 1732, shift(8, 'shr_u'), POWER8),
  ...SIZES.flatMap((size, k) => [
    vx(`vclz${LETTERS[size]}`, 1794 + 64 * k, leadingZeros(size), POWER8, 'VRT VRB'),
    vx(`vpopcnt${LETTERS[size]}`, 1795 + 64 * k, populationOf(size), POWER8, 'VRT VRB'),
  ]),
  vx('vand', 1028, same('v128.and')),
  vx('vandc', 1092, same('v128.andnot')),
  vx('vor', 1156, same('v128.or')),
  vx('vxor', 1220, same('v128.xor')),
  vx(
    'vnor',
    1284,
    binary((ir, x, y) => not(ir, ir.op2('v128.or', x, y))),
  ),
  vx(
    'vorc',
    1348,
    binary((ir, x, y) => ir.op2('v128.or', x, not(ir, y))),
    POWER8,
  ),
  vx(
    'vnand',
    1412,
    binary((ir, x, y) => not(ir, ir.op2('v128.and', x, y))),
    POWER8,
  ),
  vx(
    'veqv',
    1668,
    binary((ir, x, y) => not(ir, xor(ir, x, y))),
    POWER8,
  ),
]

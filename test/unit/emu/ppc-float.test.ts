/** PowerPC's short ways of float operations against the exact ones, and results that only an enabled exception gives. */

import { expect, test } from 'vitest'
import { evaluate } from '../../../emu/guest/ppc/float/exact.ts'
import { classOf, OE, OX, UE, UX, VE, VXISI, XX } from '../../../emu/guest/ppc/float/fpscr.ts'
import type { FloatOp } from '../../../emu/guest/ppc/float/operations.ts'
import { quick, quickly } from '../../../emu/guest/ppc/float/quick.ts'
import { Random } from '../../isa/random.ts'

const OPS: readonly FloatOp[] = [
  'add',
  'sub',
  'mul',
  'div',
  'sqrt',
  'round',
  'madd',
  'msub',
  'nmadd',
  'nmsub',
]
const view = new DataView(new ArrayBuffer(8))
const bitsOf = (x: number): bigint => {
  view.setFloat64(0, x)
  return view.getBigUint64(0)
}
const double = (bits: bigint): number => {
  view.setBigUint64(0, bits)
  return view.getFloat64(0)
}

/** Numbers whose sums cancel now and then, and whose products are exact now and then. */
function operand(random: Random, isSingle: boolean): number {
  const size = random.chance(3) ? random.below(64) : random.u32() * 2 ** -31 + random.u32() * 2 ** -53
  const x =
    size * 2 ** (random.below(isSingle ? 120 : 200) - (isSingle ? 60 : 100)) * (random.chance(2) ? 1 : -1)
  return isSingle ? Math.fround(x) : x
}

test('operations without bigints are the exact ones', () => {
  const random = new Random(1)
  let compared = 0
  for (let n = 0; n < 20_000; n++) {
    const op = random.pick(OPS)
    const isSingle = op === 'round' || random.chance(2)
    const narrow = isSingle && op !== 'round'
    const [a, b] = [operand(random, narrow), operand(random, narrow)]
    const c = random.chance(4) ? a : operand(random, narrow)
    if (!quick(op, isSingle, a, b, c, 0)) continue
    compared++
    const { bits, raised, rounded } = evaluate(op, isSingle, [bitsOf(a), bitsOf(b), bitsOf(c)], 0)
    const fprf = classOf(Number(BigInt.asIntN(32, bits >> 32n)), Number(bits & 0xffff_ffffn), isSingle)
    expect({ op, a, b, c, ...quickly }).toEqual({ op, a, b, c, result: double(bits), raised, rounded, fprf })
  }
  expect(compared).toBeGreaterThan(10_000)
})

test('enabled overflow and underflow scale the result', () => {
  const greatest = bitsOf(Number.MAX_VALUE)
  const over = evaluate('add', false, [greatest, greatest, 0n], OE)
  expect(over.raised).toBe(OX)
  expect(double(over.bits)).toBe(Number.MAX_VALUE * 2 ** -1000 * 2 ** -535)
  const under = evaluate('mul', false, [bitsOf(2 ** -1000), 0n, bitsOf(3 * 2 ** -100)], UE)
  expect(under.raised).toBe(UX)
  expect(double(under.bits)).toBe(3 * 2 ** (1536 - 1100))
})

test('tininess is detected before rounding', () => {
  const least = 2 ** -1022
  const { bits, raised } = evaluate('mul', false, [bitsOf(least), 0n, bitsOf(1 - 2 ** -53)], 0)
  expect(double(bits)).toBe(least)
  expect(raised).toBe(UX | XX)
})

test('an enabled invalid operation keeps the target', () => {
  const infinite = bitsOf(Number.POSITIVE_INFINITY)
  const { isKept, raised } = evaluate('sub', false, [infinite, infinite, 0n], VE)
  expect([isKept, raised]).toEqual([true, VXISI])
})

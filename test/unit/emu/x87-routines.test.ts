/**
 * The x87's routines against the softfloat, each as a function of a module of its own: where a routine does not give up, it
 * leaves the state block as the exact way does, and where it does it has changed nothing.
 */

import { describe, expect, it } from 'vitest'
import { HELPER_X87 } from '../../../emu/guest/x86/helper-ids.ts'
import { X86_STATE } from '../../../emu/guest/x86/state.ts'
import {
  type ArithmeticName,
  arithmetic,
  relation,
  remainder,
  roundToInteger,
  scale,
  squareRoot,
} from '../../../emu/guest/x86/x87/arithmetic.ts'
import { operationOf, packCall, unpackCall, x87 } from '../../../emu/guest/x86/x87/execute.ts'
import { Fpu } from '../../../emu/guest/x86/x87/fpu.ts'
import { load, operand, type Source, store } from '../../../emu/guest/x86/x87/memory.ts'
import { X87_ROUTINES } from '../../../emu/guest/x86/x87/routines.ts'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { STATE_BASE } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'
import { Encoder } from '../../../emu/wasm/encoder.ts'
import { lowerRoutine } from '../../../emu/wasm/routine.ts'
import { Random } from '../../isa/random.ts'

const STATES = Number(process.env.UMWELT_ROUTINE_STATES ?? 400)
const { fpr, fpcw, fpsw, fptop, fpempty, scratch } = X86_STATE
const SCRATCH = STATE_BASE + scratch
const PART = { from: STATE_BASE + fpr, to: STATE_BASE + fpempty + 2 }
const TOP_BIT = 1n << 63n

const random = new Random(7)
const mine = new AddressSpace(new MemoryPool())
const exact = new AddressSpace(new MemoryPool())

type Run = (packed: number, condition: number) => number

/** A module with one routine, which calls `helper` when it gives up. */
function instantiate(
  code: Uint8Array,
  helper: (id: number, packed: number, condition: number) => number,
): Run {
  const out = new Encoder()
  const section = (id: number, bytes: (number | string)[]): void => {
    out.u8(id)
    const mark = out.openSized()
    for (const b of bytes) {
      if (typeof b === 'string') out.name(b)
      else out.u8(b)
    }
    if (id === 10) out.append(code)
    out.closeSized(mark)
  }
  for (const b of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.u8(b)
  const i = 0x7f
  section(1, [2, 0x60, 3, i, i, i, 1, i, 0x60, 2, i, i, 1, i])
  section(2, [2, 'e', 'helper', 0, 0, 'e', 'm', 2, 0, 1])
  section(3, [1, 1])
  section(7, [1, 'run', 0, 1])
  section(10, [1])
  const module = new WebAssembly.Module(out.finish() as Uint8Array<ArrayBuffer>)
  const { exports } = new WebAssembly.Instance(module, { e: { m: mine.memory, helper } })
  return exports.run as Run
}

/** A call without any of the helper's short cuts. */
function exactly(packed: number, condition: number): number {
  const name = operationOf(packed)
  const { i, source, pops, toI } = unpackCall(packed)
  const fpu = new Fpu()
  const pop = (): void => {
    for (let k = 0; k < pops; k++) fpu.pop()
  }
  fpu.begin(exact)
  const arith = /^(add|mul|sub|div)(r?)$/.exec(name)
  const flags = /^(u?)comi$/.exec(name)
  const compares = /^(u?)comp?$/.exec(name)
  let result = 0
  if (arith) {
    const op = arith[1] as ArithmeticName
    arithmetic(fpu, op, arith[2] === 'r', operand(fpu, source, i), toI ? i : 0, pops)
  } else if (flags) {
    const { bits, traps } = relation(fpu, operand(fpu, 'st', 0), operand(fpu, 'st', i), flags[1] === '')
    result = (bits & 0x100 ? 1 : 0) | (bits & 0x400 ? 4 : 0) | (bits & 0x4000 ? 64 : 0)
    if (!traps) pop()
  } else if (compares) {
    fpu.setC1(false)
    const { bits, traps } = relation(fpu, operand(fpu, 'st', 0), operand(fpu, source, i), compares[1] === '')
    fpu.status = (fpu.status & ~0x4500) | bits
    if (!traps) pop()
  } else if (name === 'load') load(fpu, source, i)
  else if (name === 'store' || name === 'storeTruncated') store(fpu, source, pops > 0, name !== 'store')
  else if (name === 'squareRoot') squareRoot(fpu)
  else if (name === 'round') roundToInteger(fpu)
  else if (name === 'scale') scale(fpu)
  else if (name === 'remainder') remainder(fpu, false)
  else return x87(exact, packed, condition)
  fpu.commit()
  return result
}

/** Significands near what is rounded: few bits, many, halves of the places that 24 and 53 bits end in, near squares. */
function significand(): bigint {
  const any = random.u64() | TOP_BIT
  const square = BigInt((random.u32() | 0x8000_0000) >>> 0) ** 2n - BigInt(random.below(2))
  switch (random.below(10)) {
    case 0:
    case 8:
      return TOP_BIT
    case 9:
      return square & TOP_BIT ? square : square << 1n
    case 1:
      return 0xffff_ffff_ffff_ffffn
    case 2:
      return (any & ~0x7ffn) | 0x400n
    case 3:
      return (any & ~0xff_ffff_ffffn) | 0x80_0000_0000n
    case 4:
      return any & ~((1n << BigInt(random.below(63))) - 1n)
    case 5:
      return TOP_BIT | (1n << BigInt(random.below(64)))
    default:
      return any
  }
}

/** Exponents whose distance is one that matters, and such that integers have their last place among the bits. */
const ordinaryExponent = (): number =>
  0x3fff + random.pick([0, 0, 1, 63, 64, 65, 66, random.below(70), -random.below(70)])

function unusual(): { significand: bigint; exponent: number } {
  switch (random.below(5)) {
    case 0:
      return { significand: 0n, exponent: 0 }
    case 1:
      return { significand: random.u64() >> BigInt(random.below(64)), exponent: 0 }
    case 2:
      return { significand: TOP_BIT | (random.chance(2) ? 0n : random.u64()), exponent: 0x7fff }
    case 3:
      return { significand: random.u64(), exponent: random.pick([1, 0x3fff, 0x7ffe]) }
    default:
      return {
        significand: significand(),
        exponent: random.pick([1, 2, 0x7ffd, 0x7ffe, random.below(0x7fff)]),
      }
  }
}

const FORMATS: Partial<Record<Source, () => void>> = {
  f64: () =>
    exact.view.setBigUint64(
      SCRATCH,
      (random.u64() & ~(0x7ffn << 52n)) | (BigInt(1023 + random.below(80) - 40) << 52n),
      true,
    ),
  f32: () =>
    exact.view.setUint32(
      SCRATCH,
      (random.u32() & ~0x7f80_0000) | ((127 + random.below(80) - 40) << 23),
      true,
    ),
}

/** A state in `exact`, copied to `mine`; an ordinary one has nothing in it that a routine may leave to the helper. */
function setState(isOrdinary: boolean, source: Source): void {
  const { view } = exact
  for (let at = PART.from; at < PART.to; at++) view.setUint8(at, 0)
  const masks = isOrdinary || random.chance(2) ? 0x3f : random.below(64)
  const control = random.chance(2) ? 0x300 : random.below(16) << 8
  view.setUint16(STATE_BASE + fpcw, control | masks | 0x40, true)
  view.setUint16(STATE_BASE + fpsw, random.u32() & (masks === 0x3f ? 0x477f : 0x4700), true)
  const top = random.below(8)
  view.setUint16(STATE_BASE + fptop, top, true)
  // ST(0) to ST(4) are in use, and the others are not.
  const empty = (0xe0e0 << top) >> 8
  view.setUint16(STATE_BASE + fpempty, (isOrdinary || random.chance(2) ? empty : random.u32()) & 0xff, true)
  for (let k = 0; k < 8; k++) {
    const x =
      isOrdinary || random.chance(2)
        ? { significand: significand(), exponent: ordinaryExponent() }
        : unusual()
    view.setBigUint64(STATE_BASE + fpr + 16 * k, x.significand, true)
    view.setUint16(STATE_BASE + fpr + 16 * k + 8, x.exponent | (random.below(2) << 15), true)
  }
  view.setBigUint64(SCRATCH, random.chance(4) ? BigInt(random.below(3)) : random.u64(), true)
  view.setUint32(SCRATCH + 8, random.below(0x10000), true)
  const format = FORMATS[source]
  if (format && (isOrdinary || random.chance(2))) format()
  mine.bytes.set(exact.bytes.subarray(STATE_BASE, STATE_BASE + 0x1000), STATE_BASE)
}

const SIZES: Partial<Record<Source, number>> = { f32: 4, f64: 8, f80: 10, i16: 2, i32: 4, i64: 8 }

/** The x87's part of the state block, and of the scratch field what an operand of a format has. */
function picture({ bytes }: AddressSpace, source: Source): string {
  const registers = Buffer.from(bytes.subarray(PART.from, PART.to))
  const field = Buffer.from(bytes.subarray(SCRATCH, SCRATCH + (SIZES[source] ?? 0)))
  return `${registers.toString('hex')} ${field.toString('hex')}`
}

/** A routine's run on random states: how often it gave up, and the first case in which it was wrong. */
function runCases(packed: number, isOrdinary: boolean): { given: number; wrong: string } {
  const { source } = unpackCall(packed)
  let given = 0
  let changed = ''
  const code = lowerRoutine(X87_ROUTINES.routine(X87_ROUTINES.keyOf(HELPER_X87, packed)!))
  let before = ''
  const run = instantiate(code, (id, call, condition) => {
    given++
    if (id !== HELPER_X87 || call !== packed) changed = 'another call'
    if (picture(mine, source) !== before) changed = 'gave up late'
    return 1000 + condition
  })
  for (let n = 0; n < STATES; n++) {
    setState(isOrdinary, source)
    before = picture(mine, source)
    const condition = operationOf(packed) === 'conditionalMove' ? random.below(2) : 0
    const count = given
    const result = run(packed, condition)
    if (changed) return { given, wrong: changed }
    if (given > count) {
      if (result !== 1000 + condition) return { given, wrong: 'not the result of the helper' }
      continue
    }
    const expected = exactly(packed, condition)
    const [is, should] = [picture(mine, source), picture(exact, source)]
    if (is !== should || result !== expected)
      return { given, wrong: `${before}\nis ${is} ${result}\nshould be ${should} ${expected}` }
  }
  return { given, wrong: '' }
}

const MEMORY: Source[] = ['f64', 'f32', 'i32', 'i16']
const ARITHMETIC = ['add', 'sub', 'subr', 'mul', 'div', 'divr']
/** Calls of each routine there is: registers 1 to 3 are in use in ordinary states. */
const CALLS: [string, number[]][] = [
  ...ARITHMETIC.map((name): [string, number[]] => [
    name,
    [
      packCall(name, 0),
      packCall(name, 1),
      packCall(name, 3, 'st', 0, true),
      packCall(name, 1, 'st', 1, true),
      ...MEMORY.map((source) => packCall(name, 0, source)),
    ],
  ]),
  [
    'compares',
    [
      ...MEMORY.map((source) => packCall('com', 0, source)),
      packCall('comp', 1, 'st', 2),
      packCall('ucom', 2, 'st', 1),
      packCall('comi', 1),
      packCall('ucomi', 3, 'st', 1),
    ],
  ],
  [
    'loads',
    [
      packCall('load', 2),
      packCall('load', 0),
      ...(['f32', 'f64', 'f80', 'i16', 'i32', 'i64'] as const).map((s) => packCall('load', 0, s)),
    ],
  ],
  ['stores', [packCall('store', 0, 'f64', 1), packCall('store', 0, 'f32'), packCall('store', 0, 'f80', 1)]],
  [
    'integer stores',
    (['i16', 'i32', 'i64'] as const).flatMap((s) => [
      packCall('store', 0, s, 1),
      packCall('storeTruncated', 0, s, 1),
    ]),
  ],
  [
    'register moves',
    [
      packCall('storeRegister', 2),
      packCall('storeRegister', 6, 'st', 1),
      packCall('exchange', 3),
      packCall('conditionalMove', 2),
      packCall('changeSign'),
      packCall('absolute'),
      packCall('constant', 0),
      packCall('constant', 6),
    ],
  ],
  ['square root', [packCall('squareRoot')]],
  ['rounding', [packCall('round')]],
  ['scaling', [packCall('scale')]],
  ['remainders', [packCall('remainder')]],
  ['looks', [packCall('test'), packCall('examine')]],
  [
    'turns',
    [packCall('increment'), packCall('decrement'), packCall('free', 2), packCall('free', 0, 'st', 1)],
  ],
  ['words', [packCall('status'), packCall('loadControl', 0, 'i16')]],
]
/**
 * What may be given up in ordinary states: square roots of negative numbers, integers that do not fit, zero as
 * divisor, remainders that take more than one step. */
const MAY_GIVE_UP = /store|round|squareRoot|div|scale|remainder/

describe('the routines of the x87', () => {
  for (const [name, calls] of CALLS)
    it(`${name} are as the softfloat says`, () => {
      for (const packed of calls) {
        const shown = `${operationOf(packed)} ${JSON.stringify(unpackCall(packed))}`
        const ordinary = runCases(packed, true)
        expect(`${shown} ${ordinary.wrong}`).toBe(`${shown} `)
        if (!MAY_GIVE_UP.test(shown)) expect(`${shown} ${ordinary.given}`).toBe(`${shown} 0`)
        else expect(ordinary.given, shown).toBeLessThan(STATES * 0.8)
        expect(`${shown} ${runCases(packed, false).wrong}`).toBe(`${shown} `)
      }
    })
})

/** SSE to SSE4.1 float arithmetic and compares: Intel SDM vol. 1, 5.5 to 5.10. */

import type { Value } from '../../../ir/region.ts'
import type { Insn } from '../decode.ts'
import {
  type Check,
  type Fast,
  FLOAT_FORMS,
  type FloatForm,
  float,
  lanesOf,
  PD,
  PS,
  pinScalar,
  pinVector,
  SD,
  SS,
  writeLow,
} from '../float-lanes.ts'
import { type Row, row } from '../row.ts'
import type { Translator } from '../translate.ts'
import { low, readScalar, readVector, splat32, writeVector, zeroVector } from '../xmm-operands.ts'
import { laneBytes } from './sse-move.ts'

type Translate = (t: Translator, i: Insn) => void

/** ADDxx, SUBxx, MULxx, DIVxx. */
const arithmetic =
  (name: 'add' | 'sub' | 'mul' | 'div', form: FloatForm): Fast =>
  (t, i, check) => {
    if (form.scalar) {
      const b = readScalar(t, i, 1, form.type)
      const a = readScalar(t, i, 0, form.type)
      const result = t.ir.op2(`${form.type}.${name}`, a, b)
      check(a, b, result)
      writeLow(t, i, form.type, pinScalar(t, form.type, result, a, b))
    } else {
      const b = readVector(t, i, 1)
      const a = readVector(t, i, 0)
      const result = t.ir.op2(`${form.lanes}.${name}`, a, b)
      check(a, b, result)
      writeVector(t, i, 0, pinVector(t, form.lanes, result, a, b))
    }
  }

/** An operation of one operand, in the scalar or the vector form. */
function unary(t: Translator, i: Insn, form: FloatForm, name: string, check: Check): void {
  if (form.scalar) {
    const a = readScalar(t, i, 1, form.type)
    const result = t.ir.op1(`${form.type}.${name}`, a)
    check(-1, a, result)
    writeLow(t, i, form.type, pinScalar(t, form.type, result, a, -1))
  } else {
    const a = readVector(t, i, 1)
    const result = t.ir.op1(`${form.lanes}.${name}`, a)
    check(-1, a, result)
    writeVector(t, i, 0, pinVector(t, form.lanes, result, a, -1))
  }
}

const squareRoot =
  (form: FloatForm): Fast =>
  (t, i, check) =>
    unary(t, i, form, 'sqrt', check)

/** Lane 0 of `value` over operand 0, by a blend: for results made with vector operations. */
function writeBlended(t: Translator, i: Insn, form: FloatForm, value: Value): void {
  if (!form.scalar) {
    writeVector(t, i, 0, value)
    return
  }
  const lanes = form.type === 'f32' ? [0, 5, 6, 7] : [0, 3]
  writeVector(
    t,
    i,
    0,
    t.ir.shuffle(value, readVector(t, i, 0), laneBytes(lanes, form.type === 'f32' ? 4 : 8)),
  )
}

/** Operands that are vectors, for the check: lane 0 of them where the form is scalar. */
function checkLanes(t: Translator, form: FloatForm, a: Value, b: Value, check: Check): void {
  const lane = (x: Value): Value => (form.scalar ? low(t, form.type, x) : x)
  check(lane(a), lane(b), -1)
}

/** MIN and MAX give the second operand when the operands are equal or one is a NaN: wasm's pmin of (b, a). */
const minMax =
  (name: 'min' | 'max', form: FloatForm): Fast =>
  (t, i, check) => {
    const b = readVector(t, i, 1)
    const a = readVector(t, i, 0)
    checkLanes(t, form, a, b, check)
    writeBlended(t, i, form, t.ir.op2(`${form.lanes}.p${name}`, b, a))
  }

/** The eight predicates of CMPxx. */
function comparison(t: Translator, lanes: string, predicate: number, a: Value, b: Value): Value {
  const { ir } = t
  const test = (name: string, x: Value, y: Value): Value => ir.op2(`${lanes}.${name}`, x, y)
  switch (predicate & 7) {
    case 0:
      return test('eq', a, b)
    case 1:
      return test('lt', a, b)
    case 2:
      return test('le', a, b)
    case 3:
      return ir.op2('v128.or', test('ne', a, a), test('ne', b, b))
    case 4:
      return test('ne', a, b)
    case 5:
      return ir.op1('v128.not', test('lt', a, b))
    case 6:
      return ir.op1('v128.not', test('le', a, b))
    default:
      return ir.op2('v128.and', test('eq', a, a), test('eq', b, b))
  }
}

const compare =
  (form: FloatForm): Fast =>
  (t, i, check) => {
    const b = readVector(t, i, 1)
    const a = readVector(t, i, 0)
    checkLanes(t, form, a, b, check)
    writeBlended(t, i, form, comparison(t, form.lanes, i.imm, a, b))
  }

const compareFlags =
  (form: FloatForm): Fast =>
  (t, i, check) => {
    const b = readScalar(t, i, 1, form.type)
    const a = readScalar(t, i, 0, form.type)
    check(a, b, -1)
    t.flags.setFloatCompare(form.type, a, b)
  }

const ROUNDINGS = ['nearest', 'floor', 'ceil', 'trunc']

/** ROUNDxx: the immediate says how; bit 2 means as MXCSR, which is nearest here. */
const round =
  (form: FloatForm): Fast =>
  (t, i, check) =>
    unary(t, i, form, i.imm & 4 ? 'nearest' : ROUNDINGS[i.imm & 3]!, check)

/** Even and odd lanes of two vectors: what horizontal operations combine. */
function evenOdd(t: Translator, form: FloatForm, a: Value, b: Value): [Value, Value] {
  const size = form.type === 'f32' ? 4 : 8
  const [even, odd] =
    form.type === 'f32'
      ? [
          [0, 2, 4, 6],
          [1, 3, 5, 7],
        ]
      : [
          [0, 2],
          [1, 3],
        ]
  return [t.ir.shuffle(a, b, laneBytes(even!, size)), t.ir.shuffle(a, b, laneBytes(odd!, size))]
}

const horizontal =
  (name: 'add' | 'sub', form: FloatForm): Fast =>
  (t, i, check) => {
    const b = readVector(t, i, 1)
    const a = readVector(t, i, 0)
    const [x, y] = evenOdd(t, form, a, b)
    const result = t.ir.op2(`${form.lanes}.${name}`, x, y)
    check(a, b, result)
    writeVector(t, i, 0, pinVector(t, form.lanes, result, x, y))
  }

const addSub =
  (form: FloatForm): Fast =>
  (t, i, check) => {
    const b = readVector(t, i, 1)
    const a = readVector(t, i, 0)
    const lanes = form.type === 'f32' ? [0, 5, 2, 7] : [0, 3]
    const [difference, sum] = [t.ir.op2(`${form.lanes}.sub`, a, b), t.ir.op2(`${form.lanes}.add`, a, b)]
    const mixed = t.ir.shuffle(difference, sum, laneBytes(lanes, form.type === 'f32' ? 4 : 8))
    check(a, b, mixed)
    writeVector(t, i, 0, pinVector(t, form.lanes, mixed, a, b))
  }

/** Bytes of a mask that keeps the lanes whose bit is set. */
const laneMask = (t: Translator, bits: number, size: number): Value =>
  t.ir.v128(Array.from({ length: 16 }, (_, k) => ((bits >> Math.floor(k / size)) & 1 ? 0xff : 0)))

/** DPPS and DPPD: products of the lanes in the immediate's upper half, summed by pairs, into those of its lower half. */
const dotProduct =
  (form: FloatForm): Fast =>
  (t, i, check) => {
    const { ir } = t
    const size = form.type === 'f32' ? 4 : 8
    const b = readVector(t, i, 1)
    const a = readVector(t, i, 0)
    const sum = (x: Value, y: Value): Value =>
      pinVector(t, form.lanes, ir.op2(`${form.lanes}.add`, x, y), x, y)
    check(a, b, -1)
    const product = pinVector(t, form.lanes, ir.op2(`${form.lanes}.mul`, a, b), a, b)
    const masked = ir.op2('v128.and', product, laneMask(t, i.imm >> 4, size))
    const swap = (v: Value, lanes: number[]): Value => ir.shuffle(v, v, laneBytes(lanes, size))
    let total: Value
    if (form.type === 'f64') total = sum(swap(masked, [0, 0]), swap(masked, [1, 1]))
    else {
      const pairs = sum(swap(masked, [0, 0, 2, 2]), swap(masked, [1, 1, 3, 3]))
      total = sum(swap(pairs, [0, 0, 0, 0]), swap(pairs, [2, 2, 2, 2]))
    }
    writeVector(t, i, 0, ir.op2('v128.and', total, laneMask(t, i.imm, size)))
  }

const LEAST_NORMAL = 0x0080_0000

/** Denormals become zeros of their sign. */
function flushed(t: Translator, x: Value): Value {
  const { ir } = t
  const tiny = ir.op2('f32x4.lt', ir.op1('f32x4.abs', x), splat32(t, LEAST_NORMAL))
  return ir.op2('v128.andnot', x, ir.op2('v128.and', tiny, splat32(t, 0x7fff_ffff)))
}

/**
 * RCPxS and RSQRTxS: approximations with a relative error below 1.5 × 2^-12, which each maker has its own table for;
 * ours are the true value rounded to 12 bits.
 */
const approximate =
  (root: boolean, form: FloatForm): Translate =>
  (t, i) => {
    const { ir } = t
    const x = readVector(t, i, 1)
    const normal = flushed(t, x)
    const divisor = root ? ir.op1('f32x4.sqrt', normal) : normal
    const exact = ir.op2('f32x4.div', splat32(t, 0x3f80_0000), divisor)
    const rounded = ir.op2(
      'v128.and',
      ir.op2('i32x4.add', flushed(t, exact), splat32(t, 0x800)),
      splat32(t, -0x1000),
    )
    const nanMask = (v: Value): Value => ir.op2('f32x4.ne', v, v)
    const quieted = ir.op3(
      'v128.bitselect',
      ir.op2('v128.or', x, splat32(t, 0x40_0000)),
      splat32(t, 0xffc0_0000),
      nanMask(x),
    )
    writeBlended(t, i, form, ir.op3('v128.bitselect', quieted, rounded, nanMask(exact)))
  }

const ARITHMETIC: [string, 'add' | 'sub' | 'mul' | 'div', string][] = [
  ['ADD', 'add', '58'],
  ['MUL', 'mul', '59'],
  ['SUB', 'sub', '5c'],
  ['DIV', 'div', '5e'],
]

function formRows(form: FloatForm): Row[] {
  const { prefix, suffix, type, source, feature } = form
  const count = lanesOf(form)
  const operands = `V${source[1]} ${source}`
  return [
    ...ARITHMETIC.map(([name, op, code]) =>
      row(
        name + suffix,
        `${prefix} 0F ${code} /r`,
        operands,
        float({ op, type, count }, arithmetic(op, form)),
        { feature },
      ),
    ),
    row(
      `SQRT${suffix}`,
      `${prefix} 0F 51 /r`,
      operands,
      float({ op: 'sqrt', type, count }, squareRoot(form)),
      { feature },
    ),
    row(
      `MIN${suffix}`,
      `${prefix} 0F 5d /r`,
      operands,
      float({ op: 'min', type, count }, minMax('min', form)),
      { feature },
    ),
    row(
      `MAX${suffix}`,
      `${prefix} 0F 5f /r`,
      operands,
      float({ op: 'max', type, count }, minMax('max', form)),
      { feature },
    ),
    row(
      `CMP${suffix}`,
      `${prefix} 0F c2 /r`,
      `${operands} Ib`,
      float({ op: 'cmp', type, count }, compare(form)),
      { feature },
    ),
  ]
}

function packedRows(form: FloatForm): Row[] {
  const { suffix, type } = form
  const count = lanesOf(form)
  // The horizontal ones have 66 for doubles and F2 for singles.
  const prefix = type === 'f64' ? '66' : 'F2'
  return [
    row(
      `HADD${suffix}`,
      `${prefix} 0F 7c /r`,
      'Vx Wx',
      float({ op: 'hadd', type, count }, horizontal('add', form)),
      { feature: 'sse3' },
    ),
    row(
      `HSUB${suffix}`,
      `${prefix} 0F 7d /r`,
      'Vx Wx',
      float({ op: 'hsub', type, count }, horizontal('sub', form)),
      { feature: 'sse3' },
    ),
    row(
      `ADDSUB${suffix}`,
      `${prefix} 0F d0 /r`,
      'Vx Wx',
      float({ op: 'addsub', type, count }, addSub(form)),
      { feature: 'sse3' },
    ),
  ]
}

function bitwise(name: string): Translate {
  return (t, i) => {
    const b = readVector(t, i, 1)
    const a = readVector(t, i, 0)
    if (name === 'xor' && a === b) writeVector(t, i, 0, zeroVector(t))
    else if (name === 'andnot') writeVector(t, i, 0, t.ir.op2('v128.andnot', b, a))
    else writeVector(t, i, 0, t.ir.op2(`v128.${name}`, a, b))
  }
}

const BITWISE: [string, string, string][] = [
  ['AND', 'and', '54'],
  ['ANDN', 'andnot', '55'],
  ['OR', 'or', '56'],
  ['XOR', 'xor', '57'],
]

const APPROXIMATE = { feature: 'sse', relativeTolerance: 2 ** -10.5 }

export const SSE_FLOAT: readonly Row[] = [
  ...FLOAT_FORMS.flatMap(formRows),
  ...[PS, PD].flatMap(packedRows),
  ...[PS, PD].flatMap((form) =>
    BITWISE.map(([name, op, code]) =>
      row(name + form.suffix, `${form.prefix} 0F ${code} /r`, 'Vx Wx', bitwise(op), {
        feature: form.feature,
      }),
    ),
  ),
  ...[PS, SS].flatMap((form) => [
    row(
      `RCP${form.suffix}`,
      `${form.prefix} 0F 53 /r`,
      `V${form.source[1]} ${form.source}`,
      approximate(false, form),
      APPROXIMATE,
    ),
    row(
      `RSQRT${form.suffix}`,
      `${form.prefix} 0F 52 /r`,
      `V${form.source[1]} ${form.source}`,
      approximate(true, form),
      APPROXIMATE,
    ),
  ]),
  row('UCOMISS', 'NP 0F 2e /r', 'Vd Wd', float({ op: 'ucomi', type: 'f32', count: 1 }, compareFlags(SS)), {
    feature: 'sse',
  }),
  row('COMISS', 'NP 0F 2f /r', 'Vd Wd', float({ op: 'comi', type: 'f32', count: 1 }, compareFlags(SS)), {
    feature: 'sse',
  }),
  row('UCOMISD', '66 0F 2e /r', 'Vq Wq', float({ op: 'ucomi', type: 'f64', count: 1 }, compareFlags(SD)), {
    feature: 'sse2',
  }),
  row('COMISD', '66 0F 2f /r', 'Vq Wq', float({ op: 'comi', type: 'f64', count: 1 }, compareFlags(SD)), {
    feature: 'sse2',
  }),
  ...(
    [
      [PS, '08'],
      [PD, '09'],
      [SS, '0a'],
      [SD, '0b'],
    ] as const
  ).map(([form, code]) =>
    row(
      `ROUND${form.suffix}`,
      `66 0F3A ${code} /r`,
      `V${form.source[1]} ${form.source} Ib`,
      float({ op: 'round', type: form.type, count: lanesOf(form) }, round(form)),
      { feature: 'sse4.1' },
    ),
  ),
  row('DPPS', '66 0F3A 40 /r', 'Vx Wx Ib', float({ op: 'dp', type: 'f32', count: 4 }, dotProduct(PS)), {
    feature: 'sse4.1',
  }),
  row('DPPD', '66 0F3A 41 /r', 'Vx Wx Ib', float({ op: 'dp', type: 'f64', count: 2 }, dotProduct(PD)), {
    feature: 'sse4.1',
  }),
]

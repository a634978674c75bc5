/**
 * The float operations of evaluate.ts, scalars and vectors alike. JavaScript keeps no NaN bits, so NaNs are made on
 * the integer views: a NaN operand quieted, the first before the second, else the default one, which is negative.
 * WebAssembly leaves that open; it is what x86 hosts do, and translators that need it elsewhere pin it in IR.
 */

import type { Evaluate, NodeValues } from './evaluate.ts'

type Rules = Record<string, Evaluate>
type Binary = (x: number, y: number) => number
type Unary = (x: number) => number

/** Ties to even, as `nearest` rounds. */
export function nearest(x: number): number {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x
  const floor = Math.floor(x)
  const rest = x - floor
  const up = rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)
  const rounded = up ? floor + 1 : floor
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded
}

/** Stores lane `to` of f32s, given by lane numbers; `y` -1 where there is no second operand. */
function put32(v: NodeValues, to: number, value: number, x: number, y: number): void {
  if (!Number.isNaN(value)) {
    v.f32[to] = value
    return
  }
  if (Number.isNaN(v.f32[x]!)) v.i32[to] = v.i32[x]! | 0x40_0000
  else if (y >= 0 && Number.isNaN(v.f32[y]!)) v.i32[to] = v.i32[y]! | 0x40_0000
  else v.i32[to] = 0xffc0_0000
}

function put64(v: NodeValues, to: number, value: number, x: number, y: number): void {
  if (!Number.isNaN(value)) {
    v.f64[to] = value
    return
  }
  const from = Number.isNaN(v.f64[x]!) ? x : y >= 0 && Number.isNaN(v.f64[y]!) ? y : -1
  v.i32[2 * to] = from < 0 ? 0 : v.i32[2 * from]!
  v.i32[2 * to + 1] = from < 0 ? 0xfff8_0000 : v.i32[2 * from + 1]! | 0x8_0000
}

/** Rules of an operation for f32, f64, f32x4 and f64x2. */
function binary(rules: Rules, name: string, f: Binary): void {
  const single =
    (lanes: number): Evaluate =>
    (v, n, a, b) => {
      for (let k = 0; k < lanes; k++)
        put32(v, n * 4 + k, f(v.f32[a * 4 + k]!, v.f32[b * 4 + k]!), a * 4 + k, b * 4 + k)
    }
  const double =
    (lanes: number): Evaluate =>
    (v, n, a, b) => {
      for (let k = 0; k < lanes; k++)
        put64(v, n * 2 + k, f(v.f64[a * 2 + k]!, v.f64[b * 2 + k]!), a * 2 + k, b * 2 + k)
    }
  rules[`f32.${name}`] = single(1)
  rules[`f32x4.${name}`] = single(4)
  rules[`f64.${name}`] = double(1)
  rules[`f64x2.${name}`] = double(2)
}

function unary(rules: Rules, name: string, f: Unary): void {
  const single =
    (lanes: number): Evaluate =>
    (v, n, a) => {
      for (let k = 0; k < lanes; k++) put32(v, n * 4 + k, f(v.f32[a * 4 + k]!), a * 4 + k, -1)
    }
  const double =
    (lanes: number): Evaluate =>
    (v, n, a) => {
      for (let k = 0; k < lanes; k++) put64(v, n * 2 + k, f(v.f64[a * 2 + k]!), a * 2 + k, -1)
    }
  rules[`f32.${name}`] = single(1)
  rules[`f32x4.${name}`] = single(4)
  rules[`f64.${name}`] = double(1)
  rules[`f64x2.${name}`] = double(2)
}

/** Compares give 0 or 1 for scalars, masks for vectors. */
function compare(rules: Rules, name: string, f: (x: number, y: number) => boolean): void {
  rules[`f32.${name}`] = (v, n, a, b) => {
    v.i32[n * 4] = f(v.f32[a * 4]!, v.f32[b * 4]!) ? 1 : 0
  }
  rules[`f64.${name}`] = (v, n, a, b) => {
    v.i32[n * 4] = f(v.f64[a * 2]!, v.f64[b * 2]!) ? 1 : 0
  }
  rules[`f32x4.${name}`] = (v, n, a, b) => {
    for (let k = 0; k < 4; k++) v.i32[n * 4 + k] = f(v.f32[a * 4 + k]!, v.f32[b * 4 + k]!) ? -1 : 0
  }
  rules[`f64x2.${name}`] = (v, n, a, b) => {
    for (let k = 0; k < 2; k++) {
      const mask = f(v.f64[a * 2 + k]!, v.f64[b * 2 + k]!) ? -1 : 0
      v.i32[n * 4 + 2 * k] = mask
      v.i32[n * 4 + 2 * k + 1] = mask
    }
  }
}

/** pmin(a, b) is b < a ? b : a; pmax(a, b) is a < b ? b : a. */
function pseudoMinMax(rules: Rules, name: string, second: (x: number, y: number) => boolean): void {
  rules[`f32x4.${name}`] = (v, n, a, b) => {
    for (let k = 0; k < 4; k++)
      v.i32[n * 4 + k] = v.i32[(second(v.f32[a * 4 + k]!, v.f32[b * 4 + k]!) ? b : a) * 4 + k]!
  }
  rules[`f64x2.${name}`] = (v, n, a, b) => {
    for (let k = 0; k < 2; k++)
      v.i64[n * 2 + k] = v.i64[(second(v.f64[a * 2 + k]!, v.f64[b * 2 + k]!) ? b : a) * 2 + k]!
  }
}

/** Changes of sign bits alone. */
function signRules(rules: Rules, name: string, f: (high: number) => number): void {
  for (const [type, lanes] of [
    ['f32', 1],
    ['f32x4', 4],
  ] as const)
    rules[`${type}.${name}`] = (v, n, a) => {
      for (let k = 0; k < lanes; k++) v.i32[n * 4 + k] = f(v.i32[a * 4 + k]!)
    }
  for (const [type, lanes] of [
    ['f64', 1],
    ['f64x2', 2],
  ] as const)
    rules[`${type}.${name}`] = (v, n, a) => {
      for (let k = 0; k < lanes; k++) {
        v.i32[n * 4 + 2 * k] = v.i32[a * 4 + 2 * k]!
        v.i32[n * 4 + 2 * k + 1] = f(v.i32[a * 4 + 2 * k + 1]!)
      }
    }
}

/** f32 lane `x` to f64 lane `to`. */
function promote(v: NodeValues, to: number, x: number): void {
  const value = v.f32[x]!
  if (!Number.isNaN(value)) v.f64[to] = value
  else {
    const bits = v.i32[x]!
    v.i32[2 * to] = bits << 29
    v.i32[2 * to + 1] = (bits & 0x8000_0000) | 0x7ff8_0000 | ((bits & 0x7f_ffff) >>> 3)
  }
}

function demote(v: NodeValues, to: number, x: number): void {
  const value = v.f64[x]!
  if (!Number.isNaN(value)) v.f32[to] = value
  else {
    const high = v.i32[2 * x + 1]!
    v.i32[to] = (high & 0x8000_0000) | 0x7fc0_0000 | ((high & 0xf_ffff) << 3) | (v.i32[2 * x]! >>> 29)
  }
}

export function floatRules(): Rules {
  const rules: Rules = {}
  binary(rules, 'add', (x, y) => x + y)
  binary(rules, 'sub', (x, y) => x - y)
  binary(rules, 'mul', (x, y) => x * y)
  binary(rules, 'div', (x, y) => x / y)
  unary(rules, 'ceil', Math.ceil)
  unary(rules, 'floor', Math.floor)
  unary(rules, 'trunc', Math.trunc)
  unary(rules, 'nearest', nearest)
  unary(rules, 'sqrt', Math.sqrt)
  compare(rules, 'eq', (x, y) => x === y)
  compare(rules, 'ne', (x, y) => x !== y)
  compare(rules, 'lt', (x, y) => x < y)
  compare(rules, 'gt', (x, y) => x > y)
  compare(rules, 'le', (x, y) => x <= y)
  compare(rules, 'ge', (x, y) => x >= y)
  pseudoMinMax(rules, 'pmin', (x, y) => y < x)
  pseudoMinMax(rules, 'pmax', (x, y) => x < y)
  signRules(rules, 'abs', (high) => high & 0x7fff_ffff)
  signRules(rules, 'neg', (high) => high ^ 0x8000_0000)
  rules['f64.promote_f32'] = (v, n, a) => promote(v, n * 2, a * 4)
  rules['f32.demote_f64'] = (v, n, a) => demote(v, n * 4, a * 2)
  rules['f64x2.promote_low_f32x4'] = (v, n, a) => {
    promote(v, n * 2, a * 4)
    promote(v, n * 2 + 1, a * 4 + 1)
  }
  rules['f32x4.demote_f64x2_zero'] = (v, n, a) => {
    demote(v, n * 4, a * 2)
    demote(v, n * 4 + 1, a * 2 + 1)
    v.i32[n * 4 + 2] = 0
    v.i32[n * 4 + 3] = 0
  }
  return rules
}

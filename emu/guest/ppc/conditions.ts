/**
 * The condition register in translation: fields as comparisons that are made when they are asked for (cr.ts).
 * Path: rows compare, and ask for bits, through the translator's `cr`.
 * Reference: Power ISA, Book I, 2.3.1 and 2.5.
 */

import { op } from '../../ir/ops.ts'
import type { Region, Value } from '../../ir/region.ts'
import { CR_FLOAT, CR_PLAIN } from './cr.ts'
import { V_CR_LEFT, V_CR_REST, V_CR_RIGHT } from './variables.ts'

const EXTEND_S = op('i64.extend_i32_s')
const EXTEND_U = op('i64.extend_i32_u')
const XOR = op('i64.xor')
const CONST64 = op('i64.const')
/** Bits of a field by their place: less, greater, equal, summary overflow. */
const COMPARISONS = ['lt', 'gt', 'eq'] as const
/** Everything that `known` says of field 0. */
const KNOWN = 0x10101
const SIGN_HIGH = 0x8000_0000 | 0

export class Conditions {
  private readonly ir: Region
  /** What is known of the fields here: bit k that field k compares integers, 8 + k that it is plain, 16 + k doubles. */
  known = 0

  constructor(ir: Region) {
    this.ir = ir
  }

  /** Field := left compared with right as signed numbers, and SO. */
  compare(field: number, left: Value, right: Value, so: Value): void {
    const { ir } = this
    ir.set(V_CR_LEFT + field, left)
    ir.set(V_CR_RIGHT + field, right)
    ir.set(V_CR_REST + field, so)
    this.known = (this.known & ~(KNOWN << field)) | (1 << field)
  }

  /** As compare, of unsigned numbers of 64 bits. */
  compareUnsigned(field: number, left: Value, right: Value, so: Value): void {
    const { ir } = this
    const sign = ir.i64Halves(0, SIGN_HIGH)
    this.compare(field, ir.op2('i64.xor', left, sign), ir.op2('i64.xor', right, sign), so)
  }

  /** Field := doubles compared; SO says that they are unordered. */
  compareDoubles(field: number, left: Value, right: Value): void {
    const { ir } = this
    ir.set(V_CR_LEFT + field, ir.op1('i64.reinterpret_f64', left))
    ir.set(V_CR_RIGHT + field, ir.op1('i64.reinterpret_f64', right))
    ir.set(V_CR_REST + field, ir.i32(CR_FLOAT))
    this.known = (this.known & ~(KNOWN << field)) | (0x10000 << field)
  }

  /** Field := four bits, an i32. */
  setField(field: number, bits: Value): void {
    const { ir } = this
    ir.set(V_CR_REST + field, ir.op2('i32.or', bits, ir.i32(CR_PLAIN)))
    this.known = (this.known & ~(KNOWN << field)) | (0x100 << field)
  }

  /** Field := another one. */
  copyField(to: number, from: number): void {
    const { ir } = this
    for (const part of [V_CR_LEFT, V_CR_RIGHT, V_CR_REST]) ir.set(part + to, ir.get(part + from))
    this.known = (this.known & ~(KNOWN << to)) | (((this.known >> from) & KNOWN) << to)
  }

  /** Bit 0 to 31 of CR as a condition: an i32, 0 or 1. */
  bit(number: number): Value {
    const { ir } = this
    const field = number >> 2
    const place = number & 3
    const rest = ir.get(V_CR_REST + field)
    if (place === 3) return this.summary(field, rest)
    const plain = (): Value => ir.op2('i32.and', ir.op2('i32.shr_u', rest, ir.i32(3 - place)), ir.i32(1))
    if (this.known & (0x100 << field)) return plain()
    const name = COMPARISONS[place]!
    if (this.known & (0x10000 << field)) return this.comparedDoubles(field, name)
    const compared = this.compared(field, name)
    if (this.known & (1 << field)) return compared
    return this.ofForm(rest, plain(), compared, this.comparedDoubles(field, name))
  }

  /** Of a field whose form is not known: what it is if plain, if it compares integers, and if doubles. */
  private ofForm(rest: Value, plain: Value, integers: Value, doubles: Value): Value {
    const { ir } = this
    const is = (form: number): Value => ir.op2('i32.and', rest, ir.i32(form))
    return ir.op3('select.i32', plain, ir.op3('select.i32', doubles, integers, is(CR_FLOAT)), is(CR_PLAIN))
  }

  /** A field's SO, which is in the same place in two forms. */
  private summary(field: number, rest: Value): Value {
    const { ir } = this
    const bit = ir.op2('i32.and', rest, ir.i32(1))
    if (this.known & (0x101 << field)) return bit
    const unordered = this.unordered(field)
    if (this.known & (0x10000 << field)) return unordered
    return ir.op3('select.i32', unordered, bit, ir.op2('i32.and', rest, ir.i32(CR_FLOAT)))
  }

  private doubles(field: number): [left: Value, right: Value] {
    const { ir } = this
    const of = (part: number): Value => ir.op1('f64.reinterpret_i64', ir.get(part + field))
    return [of(V_CR_LEFT), of(V_CR_RIGHT)]
  }

  private unordered(field: number): Value {
    const { ir } = this
    const [left, right] = this.doubles(field)
    return ir.op2('i32.or', ir.op2('f64.ne', left, left), ir.op2('f64.ne', right, right))
  }

  private comparedDoubles(field: number, name: 'lt' | 'gt' | 'eq'): Value {
    return this.ir.op2(`f64.${name}`, ...this.doubles(field))
  }

  /** The four bits of a field that compares doubles. */
  private doublesField(field: number): Value {
    const { ir } = this
    const bit = (value: Value, place: number): Value => ir.op2('i32.shl', value, ir.i32(place))
    const order = ir.op2(
      'i32.or',
      bit(this.comparedDoubles(field, 'lt'), 3),
      bit(this.comparedDoubles(field, 'gt'), 2),
    )
    return ir.op2(
      'i32.or',
      ir.op2('i32.or', order, bit(this.comparedDoubles(field, 'eq'), 1)),
      this.unordered(field),
    )
  }

  /** A field's four bits as an i32. */
  field(field: number): Value {
    const { ir } = this
    const rest = ir.get(V_CR_REST + field)
    const plain = ir.op2('i32.and', rest, ir.i32(15))
    if (this.known & (0x100 << field)) return plain
    if (this.known & (0x10000 << field)) return this.doublesField(field)
    // -1, 0 or 1 chooses 8, 2 or 4.
    const order = ir.op2('i32.sub', this.compared(field, 'gt'), this.compared(field, 'lt'))
    const bits = ir.op2(
      'i32.or',
      ir.op3(
        'select.i32',
        ir.i32(2),
        ir.op3('select.i32', ir.i32(8), ir.i32(4), ir.op2('i32.lt_s', order, ir.i32(0))),
        ir.op1('i32.eqz', order),
      ),
      rest,
    )
    if (this.known & (1 << field)) return bits
    return this.ofForm(rest, plain, bits, this.doublesField(field))
  }

  /** All fields as an i32. */
  all(): Value {
    const { ir } = this
    let cr = this.field(0)
    for (let field = 1; field < 8; field++)
      cr = ir.op2('i32.or', ir.op2('i32.shl', cr, ir.i32(4)), this.field(field))
    return cr
  }

  /** One comparison of what a field was made from; of 32 bits where that is all they are. */
  private compared(field: number, name: 'lt' | 'gt' | 'eq'): Value {
    const { ir } = this
    const left = ir.get(V_CR_LEFT + field)
    const right = ir.get(V_CR_RIGHT + field)
    for (const [extend, suffix] of [
      [EXTEND_S, '_s'],
      [EXTEND_U, '_u'],
    ] as const) {
      const a = this.unextended(left, extend)
      const b = this.unextended(right, extend)
      if (a >= 0 && b >= 0) return ir.op2(name === 'eq' ? 'i32.eq' : `i32.${name}${suffix}`, a, b)
    }
    const a = this.unflipped(left)
    const b = this.unflipped(right)
    if (a >= 0 && b >= 0) return ir.op2(name === 'eq' ? 'i64.eq' : `i64.${name}_u`, a, b)
    return ir.op2(name === 'eq' ? 'i64.eq' : `i64.${name}_s`, left, right)
  }

  /** The i32 that a value extends, or a constant that could be one; else -1. */
  private unextended(value: Value, extend: number): Value {
    const { ir } = this
    if (ir.op[value] === extend) return ir.a[value]!
    if (ir.op[value] !== CONST64) return -1
    const fits = ir.b[value] === (extend === EXTEND_S ? ir.a[value]! >> 31 : 0)
    return fits ? ir.i32(ir.a[value]!) : -1
  }

  /** What compareUnsigned was given; else -1. */
  private unflipped(value: Value): Value {
    const { ir } = this
    if (ir.op[value] !== XOR) return -1
    const sign = ir.b[value]!
    return ir.op[sign] === CONST64 && ir.a[sign] === 0 && ir.b[sign] === SIGN_HIGH ? ir.a[value]! : -1
  }
}

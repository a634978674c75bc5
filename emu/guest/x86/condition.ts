/**
 * The lazy flags while translating: what set them last in this block, and conditions computed from that.
 * A compare followed by a conditional jump becomes one WebAssembly comparison; flags nobody reads cost nothing.
 * Reference: Intel SDM vol. 1, appendix B (condition codes); the triple's kinds in flags.ts.
 */

import type { Region, Value } from '../../ir/region.ts'
import {
  AF,
  CC_ADD,
  CC_BITS,
  CC_DEC,
  CC_INC,
  CC_LOGIC,
  CC_RESULT,
  CC_SUB,
  CF,
  OF,
  PF,
  SF,
  ZF,
} from './flags.ts'
import { HELPER_CC_BITS } from './helper-ids.ts'
import { V_CC_DST, V_CC_OP, V_CC_SRC } from './variables.ts'

/** Operand sizes in bits. */
export type Bits = 8 | 16 | 32 | 64
const LOG2: Record<Bits, number> = { 8: 0, 16: 1, 32: 2, 64: 3 }
const SIZES: Bits[] = [8, 16, 32, 64]
/** ccOp is not known while translating. */
export const CC_UNKNOWN = -1

export class Flags {
  private readonly ir: Region
  /** Kind and size as in the state block, or CC_UNKNOWN. */
  op = CC_UNKNOWN
  /** CF as 0 or 1 where it is known apart from the other flags, so that ADC chains compute nothing else. */
  private carryValue = -1
  /** The two values in the operation's own type (i32 up to 32 bits); -1 when only the variables have them. */
  private dst = -1
  private src = -1
  /** The last compare was one of floats: its type and operands. */
  private floats: { type: string; a: Value; b: Value } | null = null

  constructor(ir: Region) {
    this.ir = ir
  }

  /** At the start of a block: what its predecessors agree on. */
  begin(op: number): void {
    this.op = op
    this.dst = -1
    this.src = -1
    this.carryValue = -1
    this.floats = null
  }

  private wide(): boolean {
    return (this.op & 3) === 3 || this.op === CC_BITS
  }

  private first(): Value {
    if (this.dst < 0) {
      const value = this.ir.get(V_CC_DST)
      this.dst = this.wide() ? value : this.ir.op1('i32.wrap_i64', value)
    }
    return this.dst
  }

  private second(): Value {
    if (this.src < 0) {
      const value = this.ir.get(V_CC_SRC)
      this.src = this.wide() ? value : this.ir.op1('i32.wrap_i64', value)
    }
    return this.src
  }

  /** Records an operation; values in the type of the size, those of 8 and 16 bits zero-extended. src -1: unused. */
  set(kind: number, size: Bits, dst: Value, src: Value): void {
    const { ir } = this
    this.op = kind + LOG2[size]
    this.floats = null
    this.dst = dst
    this.src = src
    this.carryValue = -1
    ir.set(V_CC_OP, ir.i32(this.op))
    ir.set(V_CC_DST, size === 64 ? dst : ir.op1('i64.extend_i32_u', dst))
    if (src >= 0) ir.set(V_CC_SRC, size === 64 ? src : ir.op1('i64.extend_i32_u', src))
  }

  /** SF, ZF, PF from a result; CF, OF and AF given at their places in an i32, and CF alone. */
  setResult(size: Bits, result: Value, others: Value, carry: Value): void {
    const { ir } = this
    this.set(CC_RESULT, size, result, size === 64 ? ir.op1('i64.extend_i32_u', others) : others)
    this.carryValue = carry
  }

  /** As setResult when `count` is not zero; else the flags stay as they are. */
  setResultIf(count: Value, size: Bits, result: Value, others: Value): void {
    const { ir } = this
    const wideResult = size === 64 ? result : ir.op1('i64.extend_i32_u', result)
    const number = ir.i32(CC_RESULT + LOG2[size])
    const op = ir.op3('select.i32', number, ir.get(V_CC_OP), count)
    const dst = ir.op3('select.i64', wideResult, ir.get(V_CC_DST), count)
    const src = ir.op3('select.i64', ir.op1('i64.extend_i32_u', others), ir.get(V_CC_SRC), count)
    ir.set(V_CC_OP, op)
    ir.set(V_CC_DST, dst)
    ir.set(V_CC_SRC, src)
    this.begin(CC_UNKNOWN)
  }

  /** CF from a bit test, ZF as it was; the others are undefined then. */
  setBitTest(carry: Value): void {
    const { ir } = this
    const zero = this.condition(4)
    this.setResult(32, ir.op2('i32.xor', zero, ir.i32(1)), carry, carry)
  }

  /**
   * Replaces CF, and OF unless -1; the others stay (rotates, bit tests, CLC). With `count` they all stay when that
   * value is zero.
   */
  replaceCarry(carry: Value, overflow: Value, count: Value): void {
    const { ir } = this
    if (count < 0 && this.op !== CC_UNKNOWN && this.kind !== CC_BITS) {
      const others = ir.op2('i32.or', carry, this.auxiliary())
      const place = ir.op2('i32.shl', overflow < 0 ? this.overflow() : overflow, ir.i32(11))
      const result = this.result()
      const size = this.size
      this.setResult(size, result, ir.op2('i32.or', others, place), carry)
      return
    }
    const mask = CF | (overflow < 0 ? 0 : OF)
    const place = overflow < 0 ? carry : ir.op2('i32.or', carry, ir.op2('i32.shl', overflow, ir.i32(11)))
    const before = this.bits()
    const after = ir.op2('i32.or', ir.op2('i32.and', before, ir.i32(~mask)), place)
    this.setBits(count < 0 ? after : ir.op3('select.i32', after, before, count))
    if (count < 0) this.carryValue = carry
  }

  /** All six flags at their EFLAGS places in an i32. */
  setBits(bits: Value): void {
    const { ir } = this
    this.op = CC_BITS
    this.floats = null
    this.dst = ir.op1('i64.extend_i32_u', bits)
    this.src = -1
    this.carryValue = -1
    ir.set(V_CC_OP, ir.i32(CC_BITS))
    ir.set(V_CC_DST, this.dst)
  }

  /** COMISx: ZF and CF as after an unsigned compare, both and PF when a or b is NaN; the other flags are clear. */
  setFloatCompare(type: 'f32' | 'f64', a: Value, b: Value): void {
    const { ir } = this
    this.floats = { type, a, b }
    const place = (code: number, by: number): Value =>
      ir.op2('i32.shl', this.floatCondition(code), ir.i32(by))
    const bits = ir.op2('i32.or', ir.op2('i32.or', this.floatCondition(2), place(10, 2)), place(4, 6))
    const floats = this.floats
    this.setBits(bits)
    this.floats = floats
  }

  /** A condition code straight from the operands of a float compare; -1 when only the bits tell. */
  private floatCondition(code: number): Value {
    const { ir } = this
    const { type, a, b } = this.floats!
    const test = (name: string): Value => ir.op2(`${type}.${name}`, a, b)
    switch (code) {
      case 2:
        return this.not(test('ge'))
      case 3:
        return test('ge')
      case 4:
        return this.not(ir.op2('i32.or', test('lt'), test('gt')))
      case 5:
        return ir.op2('i32.or', test('lt'), test('gt'))
      case 6:
        return this.not(test('gt'))
      case 7:
        return test('gt')
      case 10:
        return ir.op2('i32.or', ir.op2(`${type}.ne`, a, a), ir.op2(`${type}.ne`, b, b))
      case 11:
        return this.not(this.floatCondition(10))
      default:
        return -1
    }
  }

  /** INC and DEC keep CF. */
  setIncDec(kind: number, size: Bits, result: Value): void {
    const carry = this.carry()
    this.set(kind, size, result, size === 64 ? this.ir.op1('i64.extend_i32_u', carry) : carry)
  }

  /** The six flags at their EFLAGS places, as an i32. */
  bits(): Value {
    const { ir } = this
    if (this.op === CC_BITS) return ir.op1('i32.wrap_i64', this.first())
    const wideDst =
      this.dst >= 0 && !this.wide()
        ? ir.op1('i64.extend_i32_u', this.dst)
        : this.dst >= 0
          ? this.dst
          : ir.get(V_CC_DST)
    const wideSrc =
      this.src >= 0 && !this.wide()
        ? ir.op1('i64.extend_i32_u', this.src)
        : this.src >= 0
          ? this.src
          : ir.get(V_CC_SRC)
    const number = this.op === CC_UNKNOWN ? ir.get(V_CC_OP) : ir.i32(this.op)
    return ir.helperPure(HELPER_CC_BITS, number, wideDst, wideSrc)
  }

  private bit(flag: number): Value {
    const { ir } = this
    return ir.op2('i32.and', ir.op2('i32.shr_u', this.bits(), ir.i32(Math.log2(flag))), ir.i32(1))
  }

  private get size(): Bits {
    return SIZES[this.op & 3]!
  }

  private get kind(): number {
    return this.op < 4 ? this.op : this.op & ~3
  }

  private type(): string {
    return this.size === 64 ? 'i64' : 'i32'
  }

  private compare(operation: string, a: Value, b: Value): Value {
    return this.ir.op2(`${this.type()}.${operation}`, a, b)
  }

  private zero(): Value {
    return this.size === 64 ? this.ir.i64(0) : this.ir.i32(0)
  }

  /** Sign-extends an 8- or 16-bit value kept in an i32. */
  private signed(value: Value): Value {
    if (this.size === 8) return this.ir.op1('i32.extend8_s', value)
    if (this.size === 16) return this.ir.op1('i32.extend16_s', value)
    return value
  }

  /** The operation's result; of fewer than 32 bits, with undefined upper bits. */
  private result(): Value {
    return this.kind === CC_SUB ? this.compare('sub', this.first(), this.second()) : this.first()
  }

  private isZero(): Value {
    if (this.kind === CC_SUB) return this.compare('eq', this.first(), this.second())
    return this.ir.op1(`${this.type()}.eqz`, this.first())
  }

  private isNegative(): Value {
    return this.compare('lt_s', this.signed(this.result()), this.zero())
  }

  private parity(): Value {
    const { ir } = this
    const result = this.result()
    const low = this.size === 64 ? ir.op1('i32.wrap_i64', result) : result
    const ones = ir.op1('i32.popcnt', ir.op2('i32.and', low, ir.i32(0xff)))
    return ir.op1('i32.eqz', ir.op2('i32.and', ones, ir.i32(1)))
  }

  /** CF as 0 or 1. */
  carry(): Value {
    const { ir } = this
    if (this.carryValue >= 0) return this.carryValue
    if (this.op === CC_UNKNOWN) return this.unknownCarry()
    switch (this.kind) {
      case CC_SUB:
      case CC_ADD:
        return this.compare('lt_u', this.first(), this.second())
      case CC_LOGIC:
        return ir.i32(0)
      case CC_INC:
      case CC_DEC:
      case CC_RESULT: {
        const src = this.second()
        return ir.op2('i32.and', this.size === 64 ? ir.op1('i32.wrap_i64', src) : src, ir.i32(1))
      }
      default:
        return this.bit(CF)
    }
  }

  /**
   * CF when only the state knows the operation: loops meet this at their first block. The values in the state are
   * zero-extended to 64 bits, so one comparison serves all sizes.
   */
  private unknownCarry(): Value {
    const { ir } = this
    const number = ir.get(V_CC_OP)
    const low = (variable: number): Value =>
      ir.op2('i32.and', ir.op1('i32.wrap_i64', ir.get(variable)), ir.i32(1))
    const borrowed = ir.op2('i64.lt_u', ir.get(V_CC_DST), ir.get(V_CC_SRC))
    const ofBits = ir.op3('select.i32', ir.i32(0), low(V_CC_DST), number)
    const isAddSub = ir.op2('i32.lt_u', ir.op2('i32.sub', number, ir.i32(CC_ADD)), ir.i32(CC_LOGIC - CC_ADD))
    const early = ir.op3('choose.i32', isAddSub, borrowed, ofBits)
    return ir.op3('choose.i32', ir.op2('i32.ge_u', number, ir.i32(CC_INC)), low(V_CC_SRC), early)
  }

  /** ZF likewise. */
  private unknownZero(): Value {
    const { ir } = this
    const number = ir.get(V_CC_OP)
    const dst = ir.get(V_CC_DST)
    const isSub = ir.op2('i32.lt_u', ir.op2('i32.sub', number, ir.i32(CC_SUB)), ir.i32(CC_LOGIC - CC_SUB))
    const bit = ir.op2('i32.and', ir.op2('i32.shr_u', ir.op1('i32.wrap_i64', dst), ir.i32(6)), ir.i32(1))
    const ofResult = ir.op3('select.i32', ir.op1('i64.eqz', dst), bit, number)
    return ir.op3('choose.i32', isSub, ir.op2('i64.eq', dst, ir.get(V_CC_SRC)), ofResult)
  }

  /** SF, or SF ≠ OF: by the sign of the result, or the signed comparison a subtraction is. */
  private unknownSign(less: boolean): Value {
    const { ir } = this
    const number = ir.get(V_CC_OP)
    // The values moved up so that their sign is bit 63.
    const bits = ir.op2('i32.shl', ir.i32(8), ir.op2('i32.and', number, ir.i32(3)))
    const shift = ir.op1('i64.extend_i32_u', ir.op2('i32.sub', ir.i32(64), bits))
    const up = (value: Value): Value => ir.op2('i64.shl', value, shift)
    const dst = ir.get(V_CC_DST)
    const src = ir.get(V_CC_SRC)
    const isSub = ir.op2('i32.lt_u', ir.op2('i32.sub', number, ir.i32(CC_SUB)), ir.i32(CC_LOGIC - CC_SUB))
    const isLogic = ir.op2('i32.lt_u', ir.op2('i32.sub', number, ir.i32(CC_LOGIC)), ir.i32(CC_INC - CC_LOGIC))
    const negative = ir.op2('i64.lt_s', up(dst), ir.i64(0))
    const subtracted = less
      ? ir.op2('i64.lt_s', up(dst), up(src))
      : ir.op2('i64.lt_s', up(ir.op2('i64.sub', dst, src)), ir.i64(0))
    const others = less
      ? ir.op3('choose.i32', isLogic, negative, this.fromBits(12))
      : ir.op3('choose.i32', number, negative, this.fromBits(8))
    return ir.op3('choose.i32', isSub, subtracted, others)
  }

  /** An even condition code when only the state knows the operation; -1 for those that are rare. */
  private unknown(code: number): Value {
    const { ir } = this
    switch (code) {
      case 2:
        return this.unknownCarry()
      case 4:
        return this.unknownZero()
      case 6:
        return ir.op2('i32.or', this.unknownCarry(), this.unknownZero())
      case 8:
        return this.unknownSign(false)
      case 12:
        return this.unknownSign(true)
      case 14:
        return ir.op2('i32.or', this.unknownZero(), this.unknownSign(true))
      default:
        return -1
    }
  }

  private overflow(): Value {
    const { ir } = this
    const t = this.type()
    switch (this.kind) {
      case CC_SUB: {
        const a = this.first()
        const mixed = ir.op2(
          `${t}.and`,
          ir.op2(`${t}.xor`, a, this.second()),
          ir.op2(`${t}.xor`, a, this.result()),
        )
        return this.compare('lt_s', this.signed(mixed), this.zero())
      }
      case CC_ADD: {
        const r = this.first()
        const b = this.second()
        const a = ir.op2(`${t}.sub`, r, b)
        const mixed = ir.op2(`${t}.and`, ir.op2(`${t}.xor`, a, r), ir.op2(`${t}.xor`, b, r))
        return this.compare('lt_s', this.signed(mixed), this.zero())
      }
      case CC_LOGIC:
        return ir.i32(0)
      case CC_RESULT: {
        const src = this.second()
        const low = this.size === 64 ? ir.op1('i32.wrap_i64', src) : src
        return ir.op2('i32.and', ir.op2('i32.shr_u', low, ir.i32(11)), ir.i32(1))
      }
      case CC_INC:
      case CC_DEC: {
        // Overflow: the result is the smallest (INC) or the largest (DEC) number.
        const smallest = this.size === 64 ? ir.i64Halves(0, -0x8000_0000) : ir.i32(1 << (this.size - 1))
        const edge =
          this.kind === CC_INC
            ? smallest
            : this.compare('sub', smallest, this.size === 64 ? ir.i64(1) : ir.i32(1))
        return this.compare('eq', this.first(), edge)
      }
      default:
        return this.bit(OF)
    }
  }

  /** AF at its place. */
  private auxiliary(): Value {
    const { ir } = this
    const low = (value: Value): Value => (this.size === 64 ? ir.op1('i32.wrap_i64', value) : value)
    const sixteen = ir.i32(AF)
    if (this.kind === CC_LOGIC) return ir.i32(0)
    if (this.kind === CC_RESULT) return ir.op2('i32.and', low(this.second()), sixteen)
    if (this.kind === CC_INC || this.kind === CC_DEC) {
      const nibble = ir.op2('i32.and', low(this.first()), ir.i32(15))
      return ir.op2('i32.shl', ir.op2('i32.eq', nibble, ir.i32(this.kind === CC_INC ? 0 : 15)), ir.i32(4))
    }
    const mixed = ir.op2('i32.xor', low(this.first()), low(this.second()))
    const third = this.kind === CC_SUB ? this.result() : this.compare('sub', this.first(), this.second())
    return ir.op2('i32.and', ir.op2('i32.xor', mixed, low(third)), sixteen)
  }

  private not(value: Value): Value {
    return this.ir.op1('i32.eqz', value)
  }

  /** A condition code 0-15 as 0 or 1. */
  condition(code: number): Value {
    if (code >> 1 === 1 && this.carryValue >= 0) return code & 1 ? this.not(this.carryValue) : this.carryValue
    const ofFloats = this.floats === null ? -1 : this.floatCondition(code)
    if (ofFloats >= 0) return ofFloats
    if (this.op === CC_UNKNOWN) {
      const value = this.unknown(code & ~1)
      if (value >= 0) return code & 1 ? this.not(value) : value
    }
    if (this.op === CC_UNKNOWN || this.kind === CC_BITS) return this.fromBits(code)
    const fused = this.fused(code)
    if (fused >= 0) return fused
    const base = this.plain(code & ~1)
    return code & 1 ? this.not(base) : base
  }

  /** Conditions that are one comparison after a subtraction or a logical operation. */
  private fused(code: number): Value {
    const a = this.first()
    if (this.kind === CC_SUB) {
      const b = this.second()
      const UNSIGNED = ['lt_u', 'ge_u', 'eq', 'ne', 'le_u', 'gt_u']
      const SIGNED = ['lt_s', 'ge_s', 'le_s', 'gt_s']
      if (code >= 2 && code <= 7) return this.compare(UNSIGNED[code - 2]!, a, b)
      if (code >= 12) return this.compare(SIGNED[code - 12]!, this.signed(a), this.signed(b))
    }
    if (code === 5 && this.kind !== CC_SUB) return this.compare('ne', a, this.zero())
    if (code === 9 && this.kind !== CC_SUB) return this.compare('ge_s', this.signed(a), this.zero())
    if (this.kind === CC_LOGIC) {
      if (code >= 12)
        return this.compare(['lt_s', 'ge_s', 'le_s', 'gt_s'][code - 12]!, this.signed(a), this.zero())
      if (code === 6) return this.isZero()
      if (code === 7) return this.compare('ne', a, this.zero())
    }
    return -1
  }

  private plain(code: number): Value {
    const { ir } = this
    switch (code) {
      case 0:
        return this.overflow()
      case 2:
        return this.carry()
      case 4:
        return this.isZero()
      case 6:
        return ir.op2('i32.or', this.carry(), this.isZero())
      case 8:
        return this.isNegative()
      case 10:
        return this.parity()
      case 12:
        return ir.op2('i32.xor', this.isNegative(), this.overflow())
      default:
        return ir.op2('i32.or', this.isZero(), ir.op2('i32.xor', this.isNegative(), this.overflow()))
    }
  }

  private fromBits(code: number): Value {
    const { ir } = this
    const bits = this.bits()
    const any = (mask: number): Value => ir.op2('i32.ne', ir.op2('i32.and', bits, ir.i32(mask)), ir.i32(0))
    // SF differs from OF: one of the two is set. (A single use of the bits keeps their helper in a choose's arm.)
    const less = (): Value =>
      ir.op2('i32.and', ir.op1('i32.popcnt', ir.op2('i32.and', bits, ir.i32(SF | OF))), ir.i32(1))
    const MASKS = [OF, CF, ZF, CF | ZF, SF, PF]
    const pair = code >> 1
    const base = pair < 6 ? any(MASKS[pair]!) : pair === 6 ? less() : ir.op2('i32.or', any(ZF), less())
    return code & 1 ? this.not(base) : base
  }
}

/**
 * What only 32-bit mode has: the short INC and DEC, decimal arithmetic, PUSHA and POPA, BOUND, INTO and ARPL. Intel SDM vol. 1, 5.1 and 3.6; 64-bit mode uses the opcodes for prefixes, or not at all.
 */

import type { Value } from '../../../ir/region.ts'
import { EXIT_DIVIDE, EXIT_EXCEPTION } from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { AF, CC_DEC, CC_INC, CF, OF, PF, SF, ZF } from '../flags.ts'
import { type Row, row } from '../row.ts'
import { SS, X86_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { incDec } from './arithmetic.ts'

type Translate = (t: Translator, i: Insn) => void

const RSP = 4
const OVERFLOW_VECTOR = 4
const BOUND_VECTOR = 5
const only32 = { mode: 32 } as const

const pusha: Translate = (t, i) => {
  const size = i.size as 16 | 32
  const bytes = size / 8
  const stack = t.gpr(RSP, size)
  const top = t.ir.get(RSP)
  t.checkStoreTo(SS, top, -8 * bytes, 8 * bytes)
  for (let k = 0; k < 8; k++) t.storeTo(SS, size, top, -bytes * (k + 1), k === RSP ? stack : t.gpr(k, size))
  t.moveStack(-8 * bytes)
}

const popa: Translate = (t, i) => {
  const size = i.size as 16 | 32
  const bytes = size / 8
  const values: Value[] = []
  const top = t.ir.get(RSP)
  for (let k = 7; k >= 0; k--) values[k] = t.loadFrom(SS, size === 16 ? 'u16' : 32, top, bytes * (7 - k))
  t.moveStack(8 * bytes)
  for (let k = 0; k < 8; k++) if (k !== RSP) t.setGpr(k, size, values[k]!)
}

const bound: Translate = (t, i) => {
  const { ir } = t
  const size = i.size as 16 | 32
  const kind = size === 16 ? 'u16' : 32
  const index = t.signExtend(size, t.register(i, i.reg, size))
  const low = t.signExtend(size, t.loadMemory(i, kind))
  const high = t.signExtend(size, t.loadMemory(i, kind, size / 8))
  const outside = ir.op2('i32.or', ir.op2('i32.lt_s', index, low), ir.op2('i32.gt_s', index, high))
  ir.stateStore(32, X86_STATE.exitCode, ir.i32(BOUND_VECTOR << 16))
  ir.exitIf(outside, EXIT_EXCEPTION)
}

const into: Translate = (t, i) => {
  const { ir } = t
  const overflow = ir.op2('i32.and', t.flags.bits(), ir.i32(OF))
  ir.stateStore(32, X86_STATE.exitCode, ir.i32(OVERFLOW_VECTOR << 16))
  ir.exitIfNow(overflow, EXIT_EXCEPTION, i.nextPc)
}

/** ARPL: raises the privilege level of a selector to that of another; memory is written only then. */
const arpl: Translate = (t, i) => {
  const { ir } = t
  const level = (): Value => ir.op2('i32.and', t.read(i, 1), ir.i32(3))
  const raised = (selector: Value): Value =>
    ir.op2('i32.or', ir.op2('i32.and', selector, ir.i32(0xfffc)), level())
  const setZero = (bits: Value, zero: Value): void => {
    const kept = ir.op2('i32.and', bits, ir.i32(~ZF))
    t.flags.setBits(ir.op2('i32.or', kept, ir.op2('i32.shl', zero, ir.i32(Math.log2(ZF)))))
  }
  const selector = t.read(i, 0)
  const lower = ir.op2('i32.lt_u', ir.op2('i32.and', selector, ir.i32(3)), level())
  if (!i.isMemory) {
    const bits = t.flags.bits()
    t.write(i, 0, t.select(16, lower, raised(selector), selector))
    setZero(bits, lower)
    return
  }
  const flagsBefore = t.flags.op
  const { yes, no, join } = t.split(i, lower)
  t.beginSplit(i, yes)
  t.write(i, 0, raised(t.read(i, 0)))
  setZero(t.flags.bits(), ir.i32(1))
  ir.jump(join)
  t.beginSplit(i, no)
  t.flags.begin(flagsBefore)
  setZero(t.flags.bits(), ir.i32(0))
  ir.jump(join)
  t.beginSplit(i, join)
}

// ---- decimal arithmetic

/** SF, ZF and PF of AL, with these bits besides. */
function setDecimalFlags(t: Translator, al: Value, others: Value): void {
  const { ir } = t
  const sign = ir.op2('i32.and', al, ir.i32(SF))
  const zero = ir.op2('i32.shl', ir.op1('i32.eqz', al), ir.i32(6))
  const odd = ir.op2('i32.and', ir.op1('i32.popcnt', al), ir.i32(1))
  const parity = ir.op2('i32.shl', ir.op1('i32.eqz', odd), ir.i32(Math.log2(PF)))
  t.flags.setBits(ir.op2('i32.or', ir.op2('i32.or', sign, zero), ir.op2('i32.or', parity, others)))
}

const bit = (t: Translator, bits: Value, mask: number): Value =>
  t.ir.op2('i32.ne', t.ir.op2('i32.and', bits, t.ir.i32(mask)), t.ir.i32(0))

/** Whether the low digit of AL has to be adjusted. */
function lowDigitIsOff(t: Translator, al: Value, bits: Value): Value {
  const { ir } = t
  const above = ir.op2('i32.gt_u', ir.op2('i32.and', al, ir.i32(15)), ir.i32(9))
  return ir.op2('i32.or', above, bit(t, bits, AF))
}

/** DAA and DAS. */
const decimal =
  (direction: 'add' | 'sub'): Translate =>
  (t) => {
    const { ir } = t
    const al = t.gpr(0, 8)
    const bits = t.flags.bits()
    const adjusts = lowDigitIsOff(t, al, bits)
    const high = ir.op2('i32.or', ir.op2('i32.gt_u', al, ir.i32(0x99)), bit(t, bits, CF))
    const by = ir.op2('i32.add', ir.op2('i32.mul', adjusts, ir.i32(6)), ir.op2('i32.mul', high, ir.i32(0x60)))
    const result = t.truncate(8, ir.op2(`i32.${direction}`, al, by))
    t.setGpr(0, 8, result)
    // DAS also borrows where only the low digit is adjusted.
    const borrows =
      direction === 'sub'
        ? ir.op2('i32.or', high, ir.op2('i32.and', adjusts, ir.op2('i32.lt_u', al, ir.i32(6))))
        : high
    const auxiliary = ir.op2('i32.shl', adjusts, ir.i32(Math.log2(AF)))
    setDecimalFlags(t, result, ir.op2('i32.or', auxiliary, borrows))
  }

/** AAA and AAS. */
const ascii =
  (direction: 'add' | 'sub'): Translate =>
  (t) => {
    const { ir } = t
    const ax = t.gpr(0, 16)
    const bits = t.flags.bits()
    const adjusts = lowDigitIsOff(t, ax, bits)
    const moved = ir.op2(`i32.${direction}`, ax, ir.op2('i32.mul', adjusts, ir.i32(0x106)))
    t.setGpr(0, 16, ir.op2('i32.and', moved, ir.i32(0xff0f)))
    t.flags.setBits(ir.op2('i32.mul', adjusts, ir.i32(AF | CF)))
  }

const aam: Translate = (t, i) => {
  const { ir } = t
  const base = i.imm & 0xff
  if (base === 0) {
    t.ir.exit(EXIT_DIVIDE, i.pc)
    return
  }
  const al = t.gpr(0, 8)
  const digit = ir.op2('i32.rem_u', al, ir.i32(base))
  t.setGpr(
    0,
    16,
    ir.op2('i32.or', ir.op2('i32.shl', ir.op2('i32.div_u', al, ir.i32(base)), ir.i32(8)), digit),
  )
  setDecimalFlags(t, digit, ir.i32(0))
}

const aad: Translate = (t, i) => {
  const { ir } = t
  const ax = t.gpr(0, 16)
  const high = ir.op2('i32.mul', ir.op2('i32.shr_u', ax, ir.i32(8)), ir.i32(i.imm & 0xff))
  const value = t.truncate(8, ir.op2('i32.add', ax, high))
  t.setGpr(0, 16, value)
  setDecimalFlags(t, value, ir.i32(0))
}

/** SALC: AL becomes all of the carry. */
const salc: Translate = (t) => {
  const { ir } = t
  t.setGpr(0, 8, t.truncate(8, ir.op2('i32.sub', ir.i32(0), t.flags.carry())))
}

const UNDEFINED_BCD = OF

export const LEGACY: readonly Row[] = [
  row('INC', '40+r', 'Zv', incDec('add', CC_INC), only32),
  row('DEC', '48+r', 'Zv', incDec('sub', CC_DEC), only32),
  row('PUSHA', '60', '', pusha, only32),
  row('POPA', '61', '', popa, only32),
  row('BOUND', '62 /r m', 'Gv M', bound, {
    ...only32,
    untested: 'random bounds are never kept; see its own test',
  }),
  row('ARPL', '63 /r', 'Ew Gw', arpl, only32),
  row('INTO', 'ce', '', into, only32),
  row('DAA', '27', '', decimal('add'), { ...only32, undefinedFlags: UNDEFINED_BCD }),
  row('DAS', '2f', '', decimal('sub'), { ...only32, undefinedFlags: UNDEFINED_BCD }),
  row('AAA', '37', '', ascii('add'), { ...only32, undefinedFlags: OF | SF | ZF | PF }),
  row('AAS', '3f', '', ascii('sub'), { ...only32, undefinedFlags: OF | SF | ZF | PF }),
  row('AAM', 'd4', 'Ib', aam, { ...only32, undefinedFlags: OF | AF | CF }),
  row('AAD', 'd5', 'Ib', aad, { ...only32, undefinedFlags: OF | AF | CF }),
  row('SALC', 'd6', '', salc, only32),
]

/**
 * String instructions: Intel SDM vol. 1, 5.1.8. One iteration is translated like any instruction. REP MOVS and REP STOS
 * of up to a page are one WebAssembly bulk operation when the pages allow it; everything else is the helper's, which
 * works on the registers in the state block.
 */

import type { Value } from '../../../ir/region.ts'
import { PAGE_R, PAGE_SIZE, PAGE_W } from '../../../memory/layout.ts'
import { type Bits, CC_UNKNOWN } from '../condition.ts'
import type { Insn } from '../decode.ts'
import { CC_SUB } from '../flags.ts'
import { HELPER_STRING } from '../helper-ids.ts'
import { type Row, row } from '../row.ts'
import { ES, FS } from '../state.ts'
import { STRING_CMPS, STRING_LODS, STRING_MOVS, STRING_SCAS, STRING_STOS } from '../string-ops.ts'
import type { Translator } from '../translate.ts'
import { V_DF } from '../variables.ts'

const RAX = 0,
  RCX = 1,
  RSI = 6,
  RDI = 7
const KIND = { 8: 'u8', 16: 'u16', 32: 32, 64: 64 } as const

const usesSource = (operation: number): boolean =>
  operation === STRING_MOVS || operation === STRING_LODS || operation === STRING_CMPS

function string(operation: number): (t: Translator, i: Insn) => void {
  return (t, i) => {
    const size = (i.opcode & 1 ? i.size : 8) as Bits
    if (i.rep === 0) {
      once(t, i, operation, size)
      return
    }
    const segment = t.implicitSegment(i)
    const argument =
      operation | (Math.log2(size / 8) << 4) | (i.rep << 8) | (segment << 16) | (i.addressSize << 20)
    const plain = segment < FS && i.addressSize === t.mode && !t.ir.options.exactSegments
    if (plain && (operation === STRING_MOVS || operation === STRING_STOS))
      repeatBulk(t, i, operation, size, argument)
    else if (operation === STRING_SCAS || operation === STRING_CMPS)
      t.callHelper(i, HELPER_STRING, argument, CC_UNKNOWN)
    else t.callHelper(i, HELPER_STRING, argument)
  }
}

/** Makes what an index register points to the memory operand. */
function useIndex(t: Translator, i: Insn, register: number): void {
  t.useOffset(register === RSI ? t.implicitSegment(i) : ES, t.fitAddress(i, t.ir.get(register)))
}

function once(t: Translator, i: Insn, operation: number, size: Bits): void {
  const { ir } = t
  // Without REP, CMPS looks at its second operand first; it matters only when both fault.
  useIndex(t, i, RDI)
  let compared = operation === STRING_CMPS ? t.loadMemory(i, KIND[size]) : -1
  if (usesSource(operation)) useIndex(t, i, RSI)
  const source = usesSource(operation) ? t.loadMemory(i, KIND[size]) : t.gpr(RAX, size)
  useIndex(t, i, RDI)
  if (operation === STRING_MOVS || operation === STRING_STOS) t.storeMemory(i, size, source)
  else if (operation === STRING_SCAS) compared = t.loadMemory(i, KIND[size])
  const bytes = size / 8
  const step = ir.op3('select.i64', ir.i64(-bytes), ir.i64(bytes), ir.get(V_DF))
  const advance = (register: number): void => {
    const moved = ir.op2('i64.add', ir.get(register), step)
    const width = i.addressSize as 16 | 32 | 64
    t.setGpr(register, width, t.fromI64(width, moved))
  }
  if (usesSource(operation)) advance(RSI)
  if (operation !== STRING_LODS) advance(RDI)
  if (operation === STRING_LODS) t.setGpr(RAX, size, source)
  if (compared >= 0) t.flags.set(CC_SUB, size, source, compared)
}

/** REP MOVS and REP STOS of up to a page. */
function repeatBulk(t: Translator, i: Insn, operation: number, size: Bits, argument: number): void {
  const { ir } = t
  const { yes: none, no: some, join } = t.split(i, ir.op1('i64.eqz', ir.get(RCX)))
  t.beginSplit(i, none)
  ir.jump(join)

  t.beginSplit(i, some)
  const fast = ir.newBlock(i.pc)
  const slow = ir.newBlock(i.pc)
  ir.branch(bulkAllowed(t, operation, size), fast, slow)

  t.beginSplit(i, fast)
  const bytes = sizeOfAll(t, size)
  const low = (register: number): Value => ir.op1('i32.wrap_i64', lowest(t, register, size))
  if (operation === STRING_MOVS) ir.bulk('memory.copy', low(RDI), low(RSI), ir.op1('i32.wrap_i64', bytes))
  else ir.bulk('memory.fill', low(RDI), t.gpr(RAX, 8), ir.op1('i32.wrap_i64', bytes))
  const step = ir.op3('select.i64', ir.op2('i64.sub', ir.i64(0), bytes), bytes, ir.get(V_DF))
  t.setPointer(RDI, ir.op2('i64.add', ir.get(RDI), step))
  if (operation === STRING_MOVS) t.setPointer(RSI, ir.op2('i64.add', ir.get(RSI), step))
  ir.set(RCX, ir.i64(0))
  ir.jump(join)

  t.beginSplit(i, slow)
  ir.callHelper(HELPER_STRING, argument, join)
  t.beginSplit(i, join)
}

const sizeOfAll = (t: Translator, size: Bits): Value =>
  t.ir.op2('i64.shl', t.ir.get(RCX), t.ir.i64(Math.log2(size / 8)))

/** The lowest address of all elements: where the register points, or the last one downwards. */
function lowest(t: Translator, register: number, size: Bits): Value {
  const { ir } = t
  const at = ir.get(register)
  const down = ir.op2('i64.add', ir.op2('i64.sub', at, sizeOfAll(t, size)), ir.i64(size / 8))
  return ir.op3('select.i64', down, at, ir.get(V_DF))
}

/** Whether one bulk operation does exactly what the iterations would. */
function bulkAllowed(t: Translator, operation: number, size: Bits): Value {
  const { ir } = t
  const bytes = sizeOfAll(t, size)
  const last = ir.op2('i64.sub', bytes, ir.i64(1))
  const both = (a: Value, b: Value): Value => ir.op2('i32.and', a, b)
  const pages = (register: number, want: number): Value => {
    const first = lowest(t, register, size)
    const end = ir.op2('i64.add', first, last)
    const upper = ir.op2('i64.shr_u', ir.op2('i64.or', first, end), ir.i64(32))
    const flags = both(
      ir.op1('page_flags', ir.op1('i32.wrap_i64', first)),
      ir.op1('page_flags', ir.op1('i32.wrap_i64', end)),
    )
    return both(ir.op1('i64.eqz', upper), ir.op2('i32.ne', both(flags, ir.i32(want)), ir.i32(0)))
  }
  let allowed = ir.op2('i64.le_u', ir.get(RCX), ir.i64(PAGE_SIZE / (size / 8)))
  allowed = both(allowed, pages(RDI, PAGE_W))
  if (operation === STRING_MOVS) {
    // Moving towards what is still to be read repeats a pattern; a bulk copy would not.
    const up = ir.op2('i64.sub', ir.get(RDI), ir.get(RSI))
    const ahead = ir.op3('select.i64', ir.op2('i64.sub', ir.i64(0), up), up, ir.get(V_DF))
    return both(both(allowed, pages(RSI, PAGE_R)), ir.op2('i64.ge_u', ahead, bytes))
  }
  if (size === 8) return allowed
  const pattern = ir.op2(
    'i64.mul',
    ir.op2('i64.and', ir.get(RAX), ir.i64(0xff)),
    ir.i64Halves(0x01010101, 0x01010101),
  )
  const differs = ir.op2('i64.xor', pattern, ir.get(RAX))
  return both(allowed, ir.op1('i64.eqz', ir.op2('i64.shl', differs, ir.i64(64 - size))))
}

const OPERATIONS: [string, string, string, number][] = [
  ['MOVS', 'a4', 'a5', STRING_MOVS],
  ['CMPS', 'a6', 'a7', STRING_CMPS],
  ['STOS', 'aa', 'ab', STRING_STOS],
  ['LODS', 'ac', 'ad', STRING_LODS],
  ['SCAS', 'ae', 'af', STRING_SCAS],
]

export const STRINGS: readonly Row[] = OPERATIONS.flatMap(([name, bytes, words, operation]) => [
  row(name, bytes, '', string(operation)),
  row(name, words, '', string(operation)),
])

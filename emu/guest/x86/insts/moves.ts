/** Data transfer, conversion, conditional moves and exchanges: Intel SDM vol. 1, 5.1.1. */

import { EXIT_PROTECTION, EXIT_UNDEFINED } from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { CC_ADD, CC_SUB } from '../flags.ts'
import { type Mode, type Row, row } from '../row.ts'
import { SS } from '../state.ts'
import type { Translator } from '../translate.ts'

type Translate = (t: Translator, i: Insn) => void

const RSP = 4
const RBP = 5

const mov: Translate = (t, i) => t.write(i, 0, t.read(i, 1))

const movzx: Translate = (t, i) => {
  const value = t.read(i, 1)
  t.write(i, 0, t.sizeOf(i, 0) === 64 ? t.ir.op1('i64.extend_i32_u', value) : value)
}

const movsx: Translate = (t, i) => {
  const from = t.sizeOf(i, 1)
  const to = t.sizeOf(i, 0)
  const value = t.signExtend(from, t.read(i, 1))
  t.write(i, 0, to === 64 ? t.ir.op1('i64.extend_i32_s', value) : t.truncate(to, value))
}

const lea: Translate = (t, i) => {
  if (!i.isMemory) {
    t.ir.exit(EXIT_UNDEFINED, i.pc)
    return
  }
  t.write(i, 0, t.fromI64(t.sizeOf(i, 0), t.effectiveAddress(i)))
}

const cmov: Translate = (t, i) => {
  const size = t.sizeOf(i, 0)
  const source = t.read(i, 1)
  t.write(i, 0, t.select(size, t.flags.condition(i.opcode & 15), source, t.read(i, 0)))
}

const setcc: Translate = (t, i) => t.write(i, 0, t.flags.condition(i.opcode & 15))

const xchg: Translate = (t, i) => {
  const first = t.readToWrite(i, 0)
  const second = t.read(i, 1)
  t.write(i, 0, second)
  t.write(i, 1, first)
}

const xadd: Translate = (t, i) => {
  const size = t.sizeOf(i, 0)
  const a = t.readToWrite(i, 0)
  const b = t.read(i, 1)
  const sum = t.truncate(size, t.op2(size, 'add', a, b))
  if (i.isMemory) {
    t.write(i, 0, sum)
    t.write(i, 1, a)
  } else {
    t.write(i, 1, a)
    t.write(i, 0, sum)
  }
  t.flags.set(CC_ADD, size, sum, b)
}

const cmpxchg: Translate = (t, i) => {
  const { ir } = t
  const size = t.sizeOf(i, 0)
  const destination = t.readToWrite(i, 0)
  const accumulator = t.gpr(0, size)
  const source = t.read(i, 1)
  const equal = t.op2(size, 'eq', accumulator, destination)
  // Memory is written in both cases, as on the hardware.
  if (i.isMemory) t.write(i, 0, t.select(size, equal, source, destination))
  const rax = ir.get(0)
  if (!i.isMemory) {
    if (size === 32) {
      // The register that does not change keeps its upper half.
      const old = ir.get(i.rm)
      ir.set(i.rm, ir.op3('select.i64', ir.op1('i64.extend_i32_u', source), old, equal))
    } else t.write(i, 0, t.select(size, equal, source, destination))
  }
  if (size === 32) {
    if (i.isMemory || i.rm !== 0)
      ir.set(0, ir.op3('select.i64', rax, ir.op1('i64.extend_i32_u', destination), equal))
  } else if (i.isMemory || i.rm !== 0) t.setGpr(0, size, t.select(size, equal, accumulator, destination))
  t.flags.set(CC_SUB, size, accumulator, destination)
}

/** CMPXCHG8B and CMPXCHG16B: only ZF changes. */
const cmpxchgWide: Translate = (t, i) => {
  const { ir } = t
  const wide = i.size === 64
  const size = wide ? 64 : 32
  const bytes = size / 8
  const kind = wide ? 64 : 32
  if (wide) ir.exitIf(t.fromI64(32, ir.op2('i64.and', t.linearAddress(i), ir.i64(15))), EXIT_PROTECTION)
  const low = t.loadMemory(i, kind)
  const high = t.loadMemory(i, kind, bytes)
  const equal = ir.op2(
    'i32.and',
    t.op2(size, 'eq', low, t.gpr(0, size)),
    t.op2(size, 'eq', high, t.gpr(2, size)),
  )
  t.storeMemory(i, kind, t.select(size, equal, t.gpr(3, size), low))
  t.storeMemory(i, kind, t.select(size, equal, t.gpr(1, size), high), bytes)
  const bits = ir.op2('i32.and', t.flags.bits(), ir.i32(~0x40))
  const keep = (register: number, loaded: number): void => {
    const value = wide ? loaded : ir.op1('i64.extend_i32_u', loaded)
    ir.set(register, ir.op3('select.i64', ir.get(register), value, equal))
  }
  keep(0, low)
  keep(2, high)
  t.flags.setBits(ir.op2('i32.or', bits, ir.op2('i32.shl', equal, ir.i32(6))))
}

const push: Translate = (t, i) => {
  const size = i.size as 16 | Mode
  const code = i.row!.operands[0]![0]
  const value = code === 'I' ? t.immediate(i, size) : t.read(i, 0)
  t.storeStack(size, value)
  t.moveStack(-size / 8)
}

const pop: Translate = (t, i) => {
  const size = i.size as 16 | Mode
  const value = t.loadStack(size)
  if (i.isMemory && i.row!.hasModrm) {
    // An address off RSP is made with the value RSP has after the pop.
    if (i.base === RSP) i.disp += size / 8
    t.write(i, 0, value)
    t.moveStack(size / 8)
    return
  }
  t.moveStack(size / 8)
  t.write(i, 0, value)
}

const leave: Translate = (t, i) => {
  const { ir } = t
  const size = i.size as 16 | Mode
  const frame = ir.get(RBP)
  const saved = t.loadFrom(SS, size === 16 ? 'u16' : size, frame, 0)
  t.setPointer(RSP, ir.op2('i64.add', frame, ir.i64(size / 8)))
  t.setGpr(RBP, size, saved)
}

/** ENTER: a frame, with `level` pointers to the frames around it, and room below. */
const enter: Translate = (t, i) => {
  const { ir } = t
  const size = i.size as 16 | Mode
  const bytes = size / 8
  const level = i.imm2 & 31
  const stack = ir.get(RSP)
  const around = ir.get(RBP)
  const frame = ir.op2('i64.add', stack, ir.i64(-bytes))
  const room = (i.imm & 0xffff) + bytes * level
  const pointers = Array.from({ length: Math.max(0, level - 1) }, (_, k) =>
    t.loadFrom(SS, size === 16 ? 'u16' : size, around, -bytes * (k + 1)),
  )
  t.storeTo(SS, size, stack, -bytes, t.gpr(RBP, size))
  for (const [k, pointer] of pointers.entries()) t.storeTo(SS, size, stack, -bytes * (k + 2), pointer)
  if (level > 0) t.storeTo(SS, size, stack, -bytes * (level + 1), t.fromI64(size, frame))
  // Last the CPU looks whether the new end of the stack may be written.
  t.checkStoreTo(SS, stack, -bytes - room, 1)
  t.setGpr(RBP, size, t.fromI64(size, frame))
  t.setPointer(RSP, ir.op2('i64.add', frame, ir.i64(-room)))
}

/** CBW, CWDE, CDQE. */
const extendAccumulator: Translate = (t, i) => {
  if (i.size === 64) t.setGpr(0, 64, t.ir.op1('i64.extend32_s', t.ir.get(0)))
  else if (i.size === 32) t.setGpr(0, 32, t.ir.op1('i32.extend16_s', t.gpr(0, 32)))
  else t.setGpr(0, 16, t.truncate(16, t.ir.op1('i32.extend8_s', t.gpr(0, 32))))
}

/** CWD, CDQ, CQO. */
const extendIntoD: Translate = (t, i) => {
  const size = i.size as 16 | 32 | 64
  const value = t.signExtend(size, t.gpr(0, size))
  t.setGpr(2, size, t.truncate(size, t.op2(size, 'shr_s', value, t.constant(size, size === 64 ? 63 : 31))))
}

const xlat: Translate = (t, i) => {
  const { ir } = t
  const index = ir.op1('i64.extend_i32_u', t.gpr(0, 8))
  t.useOffset(t.implicitSegment(i), t.fitAddress(i, ir.op2('i64.add', ir.get(3), index)))
  t.setGpr(0, 8, t.loadMemory(i, 'u8'))
}

const nop: Translate = () => {}

export const MOVES: readonly Row[] = [
  row('MOV', '88 /r', 'Eb Gb', mov),
  row('MOV', '89 /r', 'Ev Gv', mov),
  row('MOV', '8a /r', 'Gb Eb', mov),
  row('MOV', '8b /r', 'Gv Ev', mov),
  row('MOV', 'a0', 'Ab Ob', mov, { untested: 'absolute address' }),
  row('MOV', 'a1', 'Av Ov', mov, { untested: 'absolute address' }),
  row('MOV', 'a2', 'Ob Ab', mov, { untested: 'absolute address' }),
  row('MOV', 'a3', 'Ov Av', mov, { untested: 'absolute address' }),
  row('MOV', 'b0+r', 'Zb Ib', mov),
  row('MOV', 'b8+r', 'Zv Iv', mov),
  row('MOV', 'c6 /0', 'Eb Ib', mov),
  row('MOV', 'c7 /0', 'Ev Iz', mov),
  row('MOVNTI', 'NP 0F c3 /r m', 'Ey Gy', mov, { feature: 'sse2' }),
  row('MOVZX', '0F b6 /r', 'Gv Eb', movzx),
  row('MOVZX', '0F b7 /r', 'Gv Ew', movzx),
  row('MOVSX', '0F be /r', 'Gv Eb', movsx),
  row('MOVSX', '0F bf /r', 'Gv Ew', movsx),
  row('MOVSXD', '63 /r', 'Gv Ed', movsx, { mode: 64 }),
  row('LEA', '8d /r', 'Gv M', lea),
  row('CMOVcc', '0F 40+c /r', 'Gv Ev', cmov),
  row('SETcc', '0F 90+c /r', 'Eb', setcc),
  row('XCHG', '86 /r', 'Eb Gb', xchg),
  row('XCHG', '87 /r', 'Ev Gv', xchg),
  row('XCHG', '90+r', 'Zv Av', xchgOrNop),
  row('XADD', '0F c0 /r', 'Eb Gb', xadd),
  row('XADD', '0F c1 /r', 'Ev Gv', xadd),
  row('CMPXCHG', '0F b0 /r', 'Eb Gb', cmpxchg),
  row('CMPXCHG', '0F b1 /r', 'Ev Gv', cmpxchg),
  row('CMPXCHG8B', '0F c7 /1 m', 'M', cmpxchgWide, {
    feature: 'cx16',
    untested: 'operand of two registers; see its own test',
  }),
  row('PUSH', '50+r', 'Zv', push, { default64: true }),
  row('PUSH', 'ff /6', 'Ev', push, { default64: true }),
  row('PUSH', '68', 'Iz', push, { default64: true }),
  row('PUSH', '6a', 'Is', push, { default64: true }),
  row('POP', '58+r', 'Zv', pop, { default64: true }),
  row('POP', '8f /0', 'Ev', pop, { default64: true }),
  row('LEAVE', 'c9', '', leave, { default64: true }),
  row('ENTER', 'c8', 'Iw Ib', enter, { default64: true }),
  row('CBW', '98', '', extendAccumulator),
  row('CWD', '99', '', extendIntoD),
  row('XLAT', 'd7', '', xlat),
  row('PAUSE', 'F3 90', 'Zv Av', xchgOrNop),
  row('NOP', '0F 1e /r', 'Ev', nop),
  row('NOP', '0F 1f /r', 'Ev', nop),
  ...[0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d].map((o) => row('PREFETCH', `0F ${o.toString(16)} /r`, 'Ev', nop)),
  row('PREFETCHW', '0F 0d /r m', 'Ev', nop),
]

/** 90 is NOP unless REX.B makes it XCHG R8. */
function xchgOrNop(t: Translator, i: Insn): void {
  if (t.opcodeRegister(i) !== 0) xchg(t, i)
}

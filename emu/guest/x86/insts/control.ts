/** Control transfer, flags and system instructions: Intel SDM vol. 1, 5.1.7, 5.1.11 and 5.1.13. */

import type { Value } from '../../../ir/region.ts'
import {
  EXIT_BREAKPOINT,
  EXIT_EXCEPTION,
  EXIT_PROTECTION,
  EXIT_SLOW,
  EXIT_SYSCALL,
  EXIT_UNDEFINED,
  SYSCALL_INT80,
} from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { ARITHMETIC_FLAGS, CF, DF } from '../flags.ts'
import { FXSAVE_SIZE } from '../fxsave.ts'
import { HELPER_CPUID, HELPER_FXSAVE, HELPER_RDTSC } from '../helper-ids.ts'
import { type Mode, type Row, row } from '../row.ts'
import { ACCESS_FETCH, ACCESS_READ, ACCESS_WRITE } from '../segments.ts'
import { X86_STATE } from '../state.ts'
import type { Translator } from '../translate.ts'
import { V_DF } from '../variables.ts'

const PROTECTION_VECTOR = 13
/** In an error code: the index is one of the interrupt table. */
const IDT_ERROR = 2

type Translate = (t: Translator, i: Insn) => void

const jcc: Translate = (t, i) => t.branch(i, t.flags.condition(i.opcode & 15), i.target)
const jmp: Translate = (t, i) => t.jump(i, i.target)
/** The target of an indirect branch, as an address. */
const readTarget = (t: Translator, i: Insn): Value => t.codeAddress(t.read(i, 0))
const jmpValue: Translate = (t, i) => t.jumpValue(i, readTarget(t, i))

/** The address behind the instruction, as the callee will return to it. */
function pushReturn(t: Translator, i: Insn): void {
  const size = t.mode
  t.storeStack(size, t.codePointer(i.nextPc))
  t.countTransfer()
  t.moveStack(-size / 8)
}

const call: Translate = (t, i) => {
  if (t.ir.options.exactSegments) {
    t.checkStackStore(t.mode)
    t.checkTarget(i.target)
  }
  pushReturn(t, i)
  t.call(i, i.target)
}

const callValue: Translate = (t, i) => {
  const target = readTarget(t, i)
  // A stack that refuses the return address comes before a target that is no address.
  t.checkStackStore(t.mode)
  t.leaveIfWild(target)
  pushReturn(t, i)
  t.callValue(i, target)
}

const ret: Translate = (t, i) => {
  const target = t.codeAddress(t.loadStack(t.mode))
  t.leaveIfWild(target)
  const extra = i.row!.operands.length > 0 ? i.imm & 0xffff : 0
  t.moveStack(t.mode / 8 + extra)
  t.ir.return(target)
}

/** LOOP, LOOPE, LOOPNE and JRCXZ. */
function countBranch(kind: 'loopne' | 'loope' | 'loop' | 'jrcxz'): Translate {
  return (t, i) => {
    const { ir } = t
    const size = i.addressSize as 16 | Mode
    let count = t.gpr(1, size)
    if (kind === 'jrcxz') {
      t.branch(i, t.op1(size, 'eqz', count), i.target)
      return
    }
    count = t.truncate(size, t.op2(size, 'sub', count, t.constant(size, 1)))
    t.setGpr(1, size, count)
    let condition = t.op2(size, 'ne', count, t.constant(size, 0))
    if (kind !== 'loop') condition = ir.op2('i32.and', condition, t.flags.condition(kind === 'loope' ? 4 : 5))
    t.branch(i, condition, i.target)
  }
}

// ---- flags

const pushf: Translate = (t, i) => {
  const { ir } = t
  let bits = ir.op2('i32.or', t.flags.bits(), ir.op2('i32.shl', ir.get(V_DF), ir.i32(10)))
  bits = ir.op2('i32.or', ir.op2('i32.or', bits, ir.i32(0x202)), ir.stateLoad(32, X86_STATE.otherFlags))
  const size = i.size as 16 | Mode
  t.storeStack(size, t.fromI64(size, ir.op1('i64.extend_i32_u', bits)))
  t.moveStack(-size / 8)
}

const popf: Translate = (t, i) => {
  const { ir } = t
  const size = i.size as 16 | Mode
  const loaded = t.loadStack(size)
  const bits = size === 64 ? ir.op1('i32.wrap_i64', loaded) : loaded
  if (size !== 16) ir.stateStore(32, X86_STATE.otherFlags, ir.op2('i32.and', bits, ir.i32(0x240000)))
  t.moveStack(size / 8)
  ir.set(V_DF, ir.op2('i32.and', ir.op2('i32.shr_u', bits, ir.i32(Math.log2(DF))), ir.i32(1)))
  t.flags.setBits(ir.op2('i32.and', bits, ir.i32(ARITHMETIC_FLAGS)))
}

const lahf: Translate = (t) => {
  const { ir } = t
  const low = ir.op2('i32.or', ir.op2('i32.and', t.flags.bits(), ir.i32(0xd5)), ir.i32(2))
  const kept = ir.op2('i64.and', ir.get(0), ir.i64(-0xff01))
  ir.set(0, ir.op2('i64.or', kept, ir.op1('i64.extend_i32_u', ir.op2('i32.shl', low, ir.i32(8)))))
}

const sahf: Translate = (t) => {
  const { ir } = t
  const ah = ir.op2('i32.shr_u', ir.op1('i32.wrap_i64', ir.get(0)), ir.i32(8))
  const kept = ir.op2('i32.and', t.flags.bits(), ir.i32(0x800))
  t.flags.setBits(ir.op2('i32.or', ir.op2('i32.and', ah, ir.i32(0xd5)), kept))
}

const setDirection =
  (value: number): Translate =>
  (t) =>
    t.ir.set(V_DF, t.ir.i32(value))
const clc: Translate = (t) => t.flags.replaceCarry(t.ir.i32(0), -1, -1)
const stc: Translate = (t) => t.flags.replaceCarry(t.ir.i32(CF), -1, -1)
const cmc: Translate = (t) => t.flags.replaceCarry(t.ir.op1('i32.eqz', t.flags.carry()), -1, -1)

// ---- system

const syscall: Translate = (t, i) => {
  const { ir } = t
  // SYSCALL leaves the return address in RCX and the flags in R11.
  let flags = ir.op2('i32.or', t.flags.bits(), ir.op2('i32.shl', ir.get(V_DF), ir.i32(10)))
  flags = ir.op2('i32.or', ir.op2('i32.or', flags, ir.i32(0x202)), ir.stateLoad(32, X86_STATE.otherFlags))
  ir.set(11, ir.op1('i64.extend_i32_u', flags))
  ir.set(1, ir.i64(i.nextPc))
  ir.exit(EXIT_SYSCALL, i.nextPc)
}

/** INT n: programs may use 3, 4, and 80H, by which 32-bit ones call Linux. */
const int: Translate = (t, i) => {
  const { ir } = t
  const vector = i.imm & 0xff
  const leave = (kind: number, code: number, pc: number): void => {
    ir.stateStore(32, X86_STATE.exitCode, ir.i32(code))
    ir.exit(kind, pc)
  }
  if (vector === 3) ir.exit(EXIT_BREAKPOINT, i.nextPc)
  else if (vector === 4) leave(EXIT_EXCEPTION, vector << 16, i.nextPc)
  else if (vector === 0x80 && t.mode === 32) leave(EXIT_SYSCALL, SYSCALL_INT80, i.nextPc)
  else leave(EXIT_EXCEPTION, (PROTECTION_VECTOR << 16) | (vector << 3) | IDT_ERROR, i.pc)
}

const leaveWith =
  (kind: number, after: boolean): Translate =>
  (t, i) =>
    t.ir.exit(kind, after ? i.nextPc : i.pc)
const nop: Translate = () => {}
/** Faults as a load would, but may be of code that cannot be read. */
const touch: Translate = (t, i) => {
  t.loadMemory(i, 'u8', 0, ACCESS_FETCH)
}

/**
 * Before an instruction that reads or sets MXCSR's flags: from here on the process counts as one that looks at them.
 * Translated code without flags ends here; the interpreter executes the instruction, and the rest is translated anew.
 */
function watchFlags(t: Translator): void {
  const { ir } = t
  if (ir.options.exactChecks) ir.stateStore(32, X86_STATE.watchesFlags, ir.i32(1))
  else if (!ir.options.floatFlags) ir.exitIf(ir.i32(1), EXIT_SLOW)
}

const loadMxcsr: Translate = (t, i) => {
  const { ir } = t
  watchFlags(t)
  const value = t.loadMemory(i, 32)
  // Reserved bits fault.
  ir.exitIf(ir.op2('i32.and', value, ir.i32(~0xffff)), EXIT_PROTECTION)
  ir.stateStore(32, X86_STATE.mxcsr, value)
  // What follows may have to be translated for another mode.
  t.floatChecked = null
  if (ir.options.exactChecks) ir.goto(i.nextPc)
}
const storeMxcsr: Translate = (t, i) => {
  const { ir } = t
  watchFlags(t)
  t.storeMemory(i, 32, ir.stateLoad(32, X86_STATE.mxcsr))
  if (ir.options.exactChecks) ir.goto(i.nextPc)
}

const fxsave =
  (restore: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const address = t.linearAddress(i)
    t.checkOperandSegment(i, FXSAVE_SIZE, restore ? ACCESS_READ : ACCESS_WRITE)
    ir.exitIf(t.fromI64(32, ir.op2('i64.and', address, ir.i64(15))), EXIT_PROTECTION)
    ir.stateStore(64, X86_STATE.scratch, address)
    t.callHelper(i, HELPER_FXSAVE, restore ? 1 : 0)
    if (restore && ir.options.exactChecks) ir.goto(i.nextPc)
  }

export const CONTROL: readonly Row[] = [
  row('Jcc', '70+c', 'Jb', jcc, { flow: 'branch' }),
  row('Jcc', '0F 80+c', 'Jz', jcc, { flow: 'branch' }),
  row('LOOPNE', 'e0', 'Jb', countBranch('loopne'), { flow: 'branch' }),
  row('LOOPE', 'e1', 'Jb', countBranch('loope'), { flow: 'branch' }),
  row('LOOP', 'e2', 'Jb', countBranch('loop'), { flow: 'branch' }),
  row('JRCXZ', 'e3', 'Jb', countBranch('jrcxz'), { flow: 'branch' }),
  row('CALL', 'e8', 'Jz', call, { flow: 'call', default64: true }),
  row('CALL', 'ff /2', 'En', callValue, { flow: 'call-value', default64: true }),
  row('JMP', 'e9', 'Jz', jmp, { flow: 'jump', default64: true }),
  row('JMP', 'eb', 'Jb', jmp, { flow: 'jump', default64: true }),
  row('JMP', 'ff /4', 'En', jmpValue, { flow: 'jump-value', default64: true }),
  row('RET', 'c3', '', ret, { flow: 'return', default64: true }),
  row('RET', 'c2', 'Iw', ret, { flow: 'return', default64: true }),
  row('PUSHF', '9c', '', pushf, { default64: true, untested: 'shows TF and IF of the tracer' }),
  row('POPF', '9d', '', popf, { default64: true, untested: 'random flags trap' }),
  row('LAHF', '9f', '', lahf),
  row('SAHF', '9e', '', sahf),
  row('CLC', 'f8', '', clc),
  row('STC', 'f9', '', stc),
  row('CMC', 'f5', '', cmc),
  row('CLD', 'fc', '', setDirection(0)),
  row('STD', 'fd', '', setDirection(1)),
  row('SYSCALL', '0F 05', '', syscall, { mode: 64, flow: 'exit', untested: 'enters the kernel' }),
  row('INT3', 'cc', '', leaveWith(EXIT_BREAKPOINT, true), { flow: 'exit' }),
  row('INT', 'cd', 'Ib', int, { flow: 'exit', untested: 'enters the kernel' }),
  row('UD2', '0F 0b', '', leaveWith(EXIT_UNDEFINED, false), { flow: 'exit' }),
  row('HLT', 'f4', '', leaveWith(EXIT_PROTECTION, false), { flow: 'exit' }),
  row('CLI', 'fa', '', leaveWith(EXIT_PROTECTION, false), { flow: 'exit' }),
  row('STI', 'fb', '', leaveWith(EXIT_PROTECTION, false), { flow: 'exit' }),
  ...['e4', 'e5', 'e6', 'e7'].map((o) =>
    row('IN/OUT', o, 'Ib', leaveWith(EXIT_PROTECTION, false), { flow: 'exit' }),
  ),
  ...['ec', 'ed', 'ee', 'ef', '6c', '6d', '6e', '6f'].map((o) =>
    row('IN/OUT', o, '', leaveWith(EXIT_PROTECTION, false), { flow: 'exit' }),
  ),
  row('CPUID', '0F a2', '', (t, i) => t.callHelper(i, HELPER_CPUID, 0), {
    untested: 'describes our own CPU',
  }),
  row('RDTSC', '0F 31', '', (t, i) => t.callHelper(i, HELPER_RDTSC, 0), { untested: 'a clock' }),
  row('FXSAVE', 'NP 0F ae /0 m', 'M', fxsave(false), {
    feature: 'fxsr',
    untested: 'the MXCSR mask differs by maker',
  }),
  row('FXRSTOR', 'NP 0F ae /1 m', 'M', fxsave(true), {
    feature: 'fxsr',
    untested: 'the fault address in an area differs by maker',
  }),
  row('LDMXCSR', 'NP 0F ae /2 m', 'Md', loadMxcsr, { feature: 'sse', untested: 'AMD has one more bit' }),
  row('STMXCSR', 'NP 0F ae /3 m', 'Md', storeMxcsr, { feature: 'sse' }),
  row('LFENCE', 'NP 0F ae /5 r', '', nop, { feature: 'sse2' }),
  row('MFENCE', 'NP 0F ae /6 r', '', nop, { feature: 'sse2' }),
  row('SFENCE', 'NP 0F ae /7 r', '', nop, { feature: 'sse' }),
  row('CLFLUSH', 'NP 0F ae /7 m', 'Mb', touch, { feature: 'clfsh' }),
]

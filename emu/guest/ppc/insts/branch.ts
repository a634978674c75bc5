/** Branches, system calls and traps: Power ISA, Book I, 2.4 to 2.6 and 3.3.11; Book III-S, 3.3.1. */

import type { Value } from '../../../ir/region.ts'
import { COMMON_STATE } from '../../../memory/state-block.ts'
import { EXIT_SYSCALL, EXIT_TRAP, SYSCALL_SC, SYSCALL_SCV } from '../../../run/cpu.ts'
import type { Insn } from '../decode.ts'
import { type Row, row, type Translate } from '../row.ts'
import type { Translator } from '../translate.ts'
import { V_CTR, V_LR } from '../variables.ts'

/** Ends the block with a jump or call to the instruction's target. */
function goTo(t: Translator, i: Insn): void {
  t.leaveIfBeyond(i.target)
  if (!i.lk || i.target === i.nextPc) {
    if (i.lk) t.link(i)
    t.jump(i, i.target)
    return
  }
  t.countTransfer()
  t.link(i)
  t.call(i, i.target)
}

/** Takes one from CTR where BO says so; the condition under which the branch is taken, or -1 for always. */
function conditionOf(t: Translator, i: Insn): Value {
  const { ir } = t
  const bo = i.rt
  let condition: Value = -1
  if (!(bo & 0x04)) {
    const left = t.op2('sub', t.narrow(ir.get(V_CTR)), t.constant(1))
    ir.set(V_CTR, t.widen(left))
    condition = bo & 0x02 ? t.op1('eqz', left) : t.op2('ne', left, t.constant(0))
  }
  if (bo & 0x10) return condition
  const bit = t.cr.bit(i.ra)
  const wanted = bo & 0x08 ? bit : ir.op1('i32.eqz', bit)
  return condition < 0 ? wanted : ir.op2('i32.and', condition, wanted)
}

const b: Translate = (t, i) => goTo(t, i)

const bc: Translate = (t, i) => {
  t.leaveIfBeyond(i.target)
  const condition = conditionOf(t, i)
  if (condition < 0) goTo(t, i)
  else {
    if (i.lk) t.link(i)
    t.branch(i, condition, i.target)
  }
}

/** The address in LR or CTR. */
const targetIn = (t: Translator, register: number): Value =>
  t.ir.op2('i64.and', t.ir.get(register), t.ir.i64(-4))

/** A branch to LR or CTR; where a condition decides, the block goes on behind it. */
const branchTo =
  (register: number, isReturn: boolean): Translate =>
  (t, i) => {
    const { ir } = t
    const target = targetIn(t, register)
    t.leaveIfWild(target)
    const condition = conditionOf(t, i)
    if (condition < 0) end(t, i, target, isReturn)
    else {
      const taken = ir.newBlock(i.pc)
      const next = ir.newBlock(i.nextPc)
      const { known } = t.cr
      ir.branch(condition, taken, next)
      ir.begin(taken)
      ir.instruction(i.pc)
      const inTaken = targetIn(t, register)
      if (i.lk) t.link(i)
      // Nothing here may leave at the instruction, for CTR has changed.
      if (isReturn && !i.lk) ir.return(inTaken)
      else ir.gotoValue(inTaken)
      ir.begin(next)
      t.cr.known = known
      if (i.lk) t.link(i)
    }
  }

/** Ends the block with a return, a jump or a call to a value. */
function end(t: Translator, i: Insn, target: Value, isReturn: boolean): void {
  if (i.lk) {
    t.countTransfer()
    t.link(i)
    t.callValue(i, target)
  } else if (isReturn) t.ir.return(target)
  else t.jumpValue(i, target)
}

const systemCall =
  (how: number): Translate =>
  (t, i) => {
    t.ir.stateStore(32, COMMON_STATE.exitCode, t.ir.i32(how))
    t.ir.exit(EXIT_SYSCALL, i.nextPc)
  }

/** Comparisons by TO's bits. */
const TRAPS = [
  [16, 'lt_s'],
  [8, 'gt_s'],
  [4, 'eq'],
  [2, 'lt_u'],
  [1, 'gt_u'],
] as const

/** Leaves when RA compared with the other operand is one of what TO says. */
const trap =
  (type: 'i32' | 'i64', right: (t: Translator, i: Insn) => Value): Translate =>
  (t, i) => {
    const { ir } = t
    const left = type === 'i64' ? ir.get(i.ra) : t.gpr32(i.ra)
    const other = right(t, i)
    let holds: Value = ir.i32(0)
    for (const [bit, name] of TRAPS)
      if (i.rt & bit) holds = ir.op2('i32.or', holds, ir.op2(`${type}.${name}`, left, other))
    ir.exitIf(i.rt === 31 ? ir.i32(1) : holds, EXIT_TRAP)
  }

export const BRANCH: readonly Row[] = [
  row('b', 'I 18', 'LI [AA] [LK]', b, { flow: 'call', untested: 'where it goes is compared in blocks' }),
  row('bc', 'B 16', 'BO BI BD [AA] [LK]', bc, { flow: 'branch' }),
  row('bclr', 'XL 19 16', 'BO BI [LK]', branchTo(V_LR, true), { flow: 'return' }),
  row('bcctr', 'XL 19 528', 'BO BI [LK]', branchTo(V_CTR, false), { flow: 'jump-value' }),
  row('sc', 'SC 17 2', '', systemCall(SYSCALL_SC), { flow: 'exit', untested: 'a system call' }),
  row('scv', 'SC 17 1', 'LEV', systemCall(SYSCALL_SCV), {
    flow: 'exit',
    bits: 64,
    feature: 'power9',
    untested: 'a system call',
  }),
  row(
    'twi',
    'D 3',
    'TO RA SI',
    trap('i32', (t, i) => t.ir.i32(i.si)),
  ),
  row(
    'tw',
    'X 31 4',
    'TO RA RB',
    trap('i32', (t, i) => t.gpr32(i.rb)),
  ),
  row(
    'tdi',
    'D 2',
    'TO RA SI',
    trap('i64', (t, i) => t.ir.i64(i.si)),
    { bits: 64 },
  ),
  row(
    'td',
    'X 31 68',
    'TO RA RB',
    trap('i64', (t, i) => t.ir.get(i.rb)),
    { bits: 64 },
  ),
]

/**
 * Control flow in a region, the same for every ISA: jumps, branches, calls and returns by guest address, what they take
 * from the budget, and blocks within an instruction.
 * Path: an ISA's translator is made on it; it fills an ir/region.ts.
 */

import { type Block, GOTO_COLD, type Region, type Value } from '../ir/region.ts'
import { EXIT_BUDGET } from '../run/cpu.ts'
import type { BlockMap, GuestInsn } from './guest-mode.ts'

/** Variables that control flow needs of an ISA, by number. */
export interface ControlVariables {
  /** Back-edges and calls left, i32. */
  readonly budget: number
  /** A temporary, i64. */
  readonly temp: number
}

export abstract class ControlFlow {
  readonly ir: Region
  protected readonly map: BlockMap
  private readonly variables: ControlVariables

  constructor(ir: Region, map: BlockMap, variables: ControlVariables) {
    this.ir = ir
    this.map = map
    this.variables = variables
  }

  /** Before a jump to a value: leaves at this instruction when the value is no address. */
  abstract leaveIfWild(target: Value): void

  /** Before a branch to a known address, if `condition` holds: leaves where it may not be branched to. */
  abstract checkTarget(target: number, condition?: Value): void

  /** A call comes back with whatever flags. */
  protected abstract forgetFlags(): void

  /** Whether jumps to values may be to known places of the region. */
  protected get mayStayInside(): boolean {
    return true
  }

  /** Ends the block because the next instruction begins another one, or lies outside the region. */
  fallThrough(pc: number): void {
    this.go(pc)
  }

  /** Ends the block with a jump to a guest address; a jump back takes one from the budget. */
  jump(insn: GuestInsn, target: number): void {
    this.checkTarget(target)
    if (target <= insn.pc) this.countBackEdge(target)
    this.go(target)
  }

  protected go(target: number): void {
    const next = this.map.blockAt(target)
    if (next) this.ir.jump(next)
    else this.leaveFor(target)
  }

  private leaveFor(pc: number): void {
    this.ir.goto(pc, this.map.isLeftOut(pc) ? GOTO_COLD : 0)
  }

  private countBackEdge(target: number): void {
    const { ir } = this
    const { budget } = this.variables
    const left = ir.op2('i32.sub', ir.get(budget), ir.i32(1))
    ir.set(budget, left)
    ir.exitIfNow(ir.op2('i32.lt_s', left, ir.i32(0)), EXIT_BUDGET, target)
  }

  /** Before a call, or a jump to wherever: a preemption point, then one less in the budget. */
  countTransfer(): void {
    const { ir } = this
    const budget = ir.get(this.variables.budget)
    ir.exitIf(ir.op2('i32.lt_s', budget, ir.i32(1)), EXIT_BUDGET)
    ir.set(this.variables.budget, ir.op2('i32.sub', budget, ir.i32(1)))
  }

  /** Ends the block with a jump to a value; to its known targets without leaving the region. */
  jumpValue(insn: GuestInsn, target: Value): void {
    const { ir } = this
    const inside = this.map.candidatesAt(insn.pc).filter((pc) => this.map.blockAt(pc))
    if (inside.length === 0 || !this.mayStayInside) {
      this.leaveByValue(target)
      return
    }
    ir.set(this.variables.temp, target)
    const cases = inside.map((pc) => ({ pc, block: pc <= insn.pc ? ir.newBlock(pc) : this.map.blockAt(pc)! }))
    const otherwise = ir.newBlock(insn.pc)
    ir.switch(target, cases, otherwise)
    for (const { pc, block } of cases)
      if (pc <= insn.pc) {
        ir.begin(block)
        this.countBackEdge(pc)
        this.go(pc)
      }
    ir.begin(otherwise)
    ir.instruction(insn.pc)
    this.leaveByValue(ir.get(this.variables.temp))
  }

  /** Jumps out of the region: perhaps back, so that it counts. */
  private leaveByValue(target: Value): void {
    this.leaveIfWild(target)
    this.countTransfer()
    this.ir.gotoValue(target)
  }

  /** Ends the block with a conditional jump. */
  branch(insn: GuestInsn, condition: Value, target: number): void {
    const { ir } = this
    this.checkTarget(target, condition)
    const inside = this.map.blockAt(target)
    const direct = inside !== undefined && target > insn.pc
    const taken = direct ? inside : ir.newBlock(target)
    const next = this.map.blockAt(insn.nextPc) ?? ir.newBlock(insn.nextPc)
    ir.branch(condition, taken, next)
    if (!direct) {
      ir.begin(taken)
      if (target <= insn.pc) this.countBackEdge(target)
      this.go(target)
    }
    if (!this.map.blockAt(insn.nextPc)) {
      ir.begin(next)
      this.leaveFor(insn.nextPc)
    }
  }

  /** The block a call comes back to. */
  private returnBlock(pc: number): { block: Block; outside: boolean } {
    const block = this.map.blockAt(pc)
    return block ? { block, outside: false } : { block: this.ir.newBlock(pc), outside: true }
  }

  /** Ends the block with a call of the function at a guest address. */
  call(insn: GuestInsn, target: number): void {
    const back = this.returnBlock(insn.nextPc)
    this.forgetFlags()
    this.ir.call(target, insn.nextPc, back.block)
    this.finishReturn(insn, back)
  }

  callValue(insn: GuestInsn, target: Value): void {
    const back = this.returnBlock(insn.nextPc)
    this.forgetFlags()
    this.ir.callValue(target, insn.nextPc, back.block)
    this.finishReturn(insn, back)
  }

  private finishReturn(insn: GuestInsn, back: { block: Block; outside: boolean }): void {
    if (!back.outside) return
    this.ir.begin(back.block)
    this.leaveFor(insn.nextPc)
  }
}

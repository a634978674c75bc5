/**
 * The translating CPU: runs a process in WebAssembly made from its code.
 * Path: the kernel calls run(); translated code runs until the pc cache misses (then more is translated) or an exit.
 */

import type { GuestMode } from '../guest/guest-mode.ts'
import { modeOf } from '../guest/modes.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { STATE_BASE } from '../memory/layout.ts'
import { COMMON_STATE } from '../memory/state-block.ts'
import {
  noCounts,
  ProcessCode,
  type TranslateOptions,
  type TranslationCounts,
  Translations,
} from './code-cache.ts'
import { type Cpu, EXIT_BUDGET, EXIT_NONE, EXIT_SLOW, EXIT_STEP, type ExitKind } from './cpu.ts'
import { InterpreterCpu, wildJump } from './interpreter-cpu.ts'
import { SpinWatch } from './spin-watch.ts'

/**
 * Budget slices: a WebAssembly loop that was entered once stays in the baseline compiler, so loops are left after a
 * few iterations at first, and rarely once nothing new was translated for a while.
 */
const SLICE_FIRST = 1_000
const SLICE_MOST = 1_000_000
const SLICE_GROWTH = 1.25
/** Back-edges and calls in interpreted code before it is looked at again. */
const INTERPRETED_BUDGET = 30

/** The guest goes round without spending budget: EXIT_BUDGET, whatever is left of it. */
const SPINNING = -1

const at = (field: number): number => STATE_BASE + field

interface Process {
  readonly mode: GuestMode
  code: ProcessCode
  /** Whether the code makes float operations' flags: from when the program first looks at them. */
  flags: boolean
  slice: number
}

export class JitCpu implements Cpu {
  readonly name = 'jit'
  private readonly options: TranslateOptions
  readonly counts: TranslationCounts = noCounts()
  /** By mode, and for code that makes float operations' flags by mode too. */
  private readonly plain = new Map<GuestMode, Translations>()
  private readonly flagged = new Map<GuestMode, Translations>()
  private readonly interpreter = new InterpreterCpu()
  private readonly spins = new SpinWatch()
  private readonly processes = new WeakMap<AddressSpace, Process>()
  /** Instructions executed by the interpreter because a check refused. */
  slowSteps = 0
  /** Regions interpreted because they were not hot yet. */
  interpreted = 0

  constructor(options: TranslateOptions) {
    this.options = options
  }

  private translations(mode: GuestMode, floatFlags: boolean): Translations {
    const flavours = floatFlags ? this.flagged : this.plain
    let made = flavours.get(mode)
    if (!made) flavours.set(mode, (made = new Translations(this.options, mode, floatFlags, this.counts)))
    return made
  }

  get summary(): string {
    const { batches, regions, guestBytes, wasmBytes, instances, invalidations } = this.counts
    return (
      `${regions} regions in ${batches} modules (${guestBytes >> 10} KiB of code, ${wasmBytes >> 10} KiB of wasm), ` +
      `${instances} instances, ${invalidations} invalidations, ${this.slowSteps} slow steps, ` +
      `${this.interpreted} regions interpreted`
    )
  }

  run(space: AddressSpace): ExitKind {
    const process = this.processOf(space)
    let { view } = space
    let total = view.getInt32(at(COMMON_STATE.budget), true)
    let pc = Number(view.getBigUint64(at(COMMON_STATE.pc), true))
    if (pc > 0xffff_ffff) return wildJump(space)
    for (;;) {
      const slice = Math.min(total, Math.floor(process.slice))
      view.setInt32(at(COMMON_STATE.budget), slice, true)
      view.setUint32(at(COMMON_STATE.exitKind), EXIT_NONE, true)
      const kind = this.slice(space, process, pc)
      view = space.view
      const left = view.getInt32(at(COMMON_STATE.budget), true)
      total -= slice - left
      if (kind !== EXIT_BUDGET || total <= 0) {
        view.setInt32(at(COMMON_STATE.budget), total, true)
        return kind === SPINNING ? EXIT_BUDGET : kind
      }
      pc = view.getUint32(at(COMMON_STATE.pc), true)
      process.slice = Math.min(SLICE_MOST, process.slice * SLICE_GROWTH)
    }
  }

  /** Runs until an exit, or SPINNING. */
  private slice(space: AddressSpace, process: Process, from: number): number {
    const { mode } = process
    let pc = from
    for (;;) {
      if (!process.flags && mode.watchesFlags(space)) this.watch(space, process)
      if (mode.isSegmented(space)) {
        pc = this.interpreter.runRegion(space, pc)
        if (pc < 0) return this.leftBy(space)
        if (this.spins.isSpinning(space, pc)) return SPINNING
        continue
      }
      pc = process.code.run(pc)
      const kind = space.view.getUint32(at(COMMON_STATE.exitKind), true)
      if (kind === EXIT_SLOW) {
        space.view.setUint32(at(COMMON_STATE.exitKind), EXIT_NONE, true)
        this.slowSteps++
        if (mode.needsExactFloat(space)) {
          pc = this.interpretExactly(mode, space, space.view.getUint32(at(COMMON_STATE.pc), true))
          if (pc < 0) return this.leftBy(space)
          continue
        }
        const stepped = this.interpreter.step(space)
        if (stepped !== EXIT_STEP) return stepped
        pc = Number(space.view.getBigUint64(at(COMMON_STATE.pc), true))
        if (pc > 0xffff_ffff) return wildJump(space)
        continue
      }
      if (kind !== EXIT_NONE) return kind
      while (!process.code.enter(pc, this.interpreter.cuts.has(pc))) {
        pc = this.interpret(space, pc)
        if (pc < 0) return this.leftBy(space)
        if (this.spins.isSpinning(space, pc)) return SPINNING
      }
      if (this.spins.isSpinning(space, pc)) return SPINNING
    }
  }

  /** The exit that interpreted code left in the state block. */
  private leftBy(space: AddressSpace): ExitKind {
    const kind = space.view.getUint32(at(COMMON_STATE.exitKind), true)
    return kind === EXIT_NONE ? wildJump(space) : kind
  }

  /** Interprets while float operations are to be done as translated code does not. */
  private interpretExactly(mode: GuestMode, space: AddressSpace, from: number): number {
    let pc = from
    while (pc >= 0 && mode.needsExactFloat(space)) pc = this.interpret(space, pc)
    return pc
  }

  /** Interprets a region that is not worth translating yet; a loop in it is left after a few iterations. */
  private interpret(space: AddressSpace, pc: number): number {
    const { view } = space
    const budget = view.getInt32(at(COMMON_STATE.budget), true)
    const given = Math.min(budget, INTERPRETED_BUDGET)
    view.setInt32(at(COMMON_STATE.budget), given, true)
    this.interpreted++
    const next = this.interpreter.runRegion(space, pc)
    const kept = budget - given
    view.setInt32(at(COMMON_STATE.budget), view.getInt32(at(COMMON_STATE.budget), true) + kept, true)
    if (next >= 0 || view.getUint32(at(COMMON_STATE.exitKind), true) !== EXIT_BUDGET || kept === 0)
      return next
    view.setUint32(at(COMMON_STATE.exitKind), EXIT_NONE, true)
    return view.getUint32(at(COMMON_STATE.pc), true)
  }

  step(space: AddressSpace): ExitKind {
    return this.interpreter.step(space)
  }

  stepBlock(space: AddressSpace): ExitKind {
    return this.interpreter.stepBlock(space)
  }

  private processOf(space: AddressSpace): Process {
    let process = this.processes.get(space)
    if (!process) {
      const mode = modeOf(space)
      process = {
        mode,
        code: this.newCode(space, this.translations(mode, false)),
        flags: false,
        slice: SLICE_FIRST,
      }
      this.processes.set(space, process)
    }
    return process
  }

  private newCode(space: AddressSpace, translations: Translations): ProcessCode {
    return new ProcessCode(space, translations, {
      invalidate: (addr, sizeBytes) => this.interpreter.invalidate(space, addr, sizeBytes),
      executed: (pc) => this.interpreter.executed.has(pc),
      interpreted: (pc) => this.interpreter.hasInterpreted(space, pc),
    })
  }

  /** Begins anew with code that makes float operations' flags; what was hot is translated when it is next reached. */
  private watch(space: AddressSpace, process: Process): void {
    const { code } = process
    code.end()
    process.code = this.newCode(space, this.translations(process.mode, true))
    process.code.replace(code)
    process.flags = true
    process.slice = SLICE_FIRST
  }

  begin(space: AddressSpace, program: string): void {
    this.processOf(space).code.begin(program)
  }

  release(space: AddressSpace): void {
    this.processes.get(space)?.code.end()
    this.processes.delete(space)
    this.interpreter.release(space)
  }
}

/**
 * The translating CPU: runs a process in WebAssembly made from its code.
 * Path: the kernel calls run(); translated code runs until the pc cache misses (then more is translated) or an exit.
 */

import { X86_STATE } from '../guest/x86/state.ts'
import type { AddressSpace } from '../memory/address-space.ts'
import { GUEST_MAX, PAGE_PW, PAGE_R, PAGE_SHARED, PAGE_SHIFT, PAGE_W, STATE_BASE } from '../memory/layout.ts'
import { DEPTH_BYTES } from '../wasm/lower.ts'
import { ProcessCode, Translations, type TranslateOptions, type TranslationCounts } from './code-cache.ts'
import { type Cpu, EXIT_BUDGET, EXIT_NONE, EXIT_SLOW, EXIT_STEP, type ExitKind } from './cpu.ts'
import { RegionFormer } from './form-region.ts'
import { callHelper, fetchFault, InterpreterCpu, wildJump } from './interpreter-cpu.ts'

/**
 * Budget slices: a WebAssembly loop that was entered once stays in the baseline compiler, so loops are left after a
 * few iterations at first, and rarely once nothing new was translated for a while.
 */
const SLICE_FIRST = 1_000
const SLICE_MOST = 100_000
const SLICE_GROWTH = 1.25

const at = (field: number): number => STATE_BASE + field

interface Process {
  code: ProcessCode
  slice: number
}

export class JitCpu implements Cpu {
  readonly name = 'jit'
  private readonly translations: Translations
  private readonly interpreter = new InterpreterCpu()
  private readonly former = new RegionFormer()
  private readonly processes = new WeakMap<AddressSpace, Process>()
  /** Instructions executed by the interpreter because a check refused. */
  slowSteps = 0

  constructor(options: TranslateOptions) {
    this.translations = new Translations(options)
  }

  get counts(): TranslationCounts {
    return this.translations.counts
  }

  run(space: AddressSpace): ExitKind {
    const process = this.processOf(space)
    let { view } = space
    let total = view.getInt32(at(X86_STATE.budget), true)
    let pc = Number(view.getBigUint64(at(X86_STATE.pc), true))
    if (pc > 0xffff_ffff) return wildJump(space)
    for (;;) {
      const slice = Math.min(total, Math.floor(process.slice))
      view.setInt32(at(X86_STATE.budget), slice, true)
      view.setUint32(at(X86_STATE.exitKind), EXIT_NONE, true)
      const kind = this.slice(space, process, pc)
      view = space.view
      const left = view.getInt32(at(X86_STATE.budget), true)
      total -= slice - left
      if (kind !== EXIT_BUDGET || total <= 0) {
        view.setInt32(at(X86_STATE.budget), total, true)
        return kind
      }
      pc = view.getUint32(at(X86_STATE.pc), true)
      process.slice = Math.min(SLICE_MOST, process.slice * SLICE_GROWTH)
    }
  }

  /** Runs until an exit. */
  private slice(space: AddressSpace, process: Process, from: number): ExitKind {
    let pc = from
    for (;;) {
      pc = process.code.dispatch(pc, DEPTH_BYTES) >>> 0
      const { view } = space
      const kind = view.getUint32(at(X86_STATE.exitKind), true)
      if (kind === EXIT_SLOW) {
        view.setUint32(at(X86_STATE.exitKind), EXIT_NONE, true)
        this.slowSteps++
        const stepped = this.interpreter.step(space)
        if (stepped !== EXIT_STEP) return stepped
        pc = Number(space.view.getBigUint64(at(X86_STATE.pc), true))
        if (pc > 0xffff_ffff) return wildJump(space)
        continue
      }
      if (kind !== EXIT_NONE) return kind
      if (pc === 1) return wildJump(space)
      const fault = fetchFault(space, this.former, pc)
      if (fault !== undefined) return fault
      process.code.enter(pc)
    }
  }

  step(space: AddressSpace): ExitKind {
    return this.interpreter.step(space)
  }

  private processOf(space: AddressSpace): Process {
    let process = this.processes.get(space)
    if (!process) {
      const code = new ProcessCode(space, this.translations, {
        resolve: (low, high, sizeAndWant) => this.resolve(space, code, low, high, sizeAndWant),
        helper: (id, a, b) => callHelper(space, id, a, b),
      })
      process = { code, slice: SLICE_FIRST }
      this.processes.set(space, process)
    }
    return process
  }

  /**
   * A check refused base .. base+size: 0 when translated code may do the access all the same (a store beside
   * translated code on its page), else 1.
   */
  private resolve(space: AddressSpace, code: ProcessCode, low: number, high: number, sizeAndWant: number): number {
    const addr = low >>> 0
    const sizeBytes = sizeAndWant >>> 2
    const want = (sizeAndWant & PAGE_R ? PAGE_R : 0) | (sizeAndWant & PAGE_W ? PAGE_PW : 0)
    if (high !== 0 || addr + sizeBytes > GUEST_MAX || !space.allows(addr, sizeBytes, want)) return 1
    const last = (addr + sizeBytes - 1) >>> PAGE_SHIFT
    for (let page = addr >>> PAGE_SHIFT; page <= last; page++) if (space.flags[page]! & PAGE_SHARED) return 1
    return code.holdsCode(addr, sizeBytes) ? 1 : 0
  }

  release(space: AddressSpace): void {
    this.processes.delete(space)
    this.interpreter.release(space)
  }
}

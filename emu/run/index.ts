/** The CPUs by name: the door of emu/run for whoever composes a machine. */

import { hostHasX86Nans } from '../wasm/nan-probe.ts'
import type { Cpu } from './cpu.ts'
import { InterpreterCpu } from './interpreter-cpu.ts'
import { JitCpu } from './jit.ts'
import type { TranslationStore } from './stored-batches.ts'

export type { TranslationStore } from './stored-batches.ts'

export type CpuKind = 'jit' | 'interpreter'

export interface CpuOptions {
  /** Loads are not checked: faster, and a read of unmapped memory gives zeros instead of SIGSEGV. */
  uncheckedLoads?: boolean
  /** Translates everything at once instead of interpreting code until it is hot (tests). */
  eager?: boolean
  /** Makes NaN results in translated code as x86 does; unset, where a probe of the host finds that it does not. */
  pinNaN?: boolean
  /** Keeps what is translated from run to run. */
  store?: TranslationStore
}

/** A CPU of the kind, for any number of processes. */
export function createCpu(kind: CpuKind, options: CpuOptions = {}): Cpu {
  if (kind === 'interpreter') return new InterpreterCpu()
  const { uncheckedLoads = false, eager = false, pinNaN = !hostHasX86Nans(), store } = options
  return new JitCpu({ uncheckedLoads, eager, pinNaN, ...(store && { store }) })
}

/** The CPUs by name: the door of emu/run for whoever composes a machine. */

import type { Cpu } from './cpu.ts'
import { InterpreterCpu } from './interpreter-cpu.ts'
import { JitCpu } from './jit.ts'

export type CpuKind = 'jit' | 'interpreter'

export interface CpuOptions {
  /** Loads are not checked: faster, and a read of unmapped memory gives zeros instead of SIGSEGV. */
  uncheckedLoads?: boolean
}

/** A CPU of the kind, for any number of processes. */
export function createCpu(kind: CpuKind, options: CpuOptions = {}): Cpu {
  return kind === 'jit' ? new JitCpu({ uncheckedLoads: options.uncheckedLoads ?? false }) : new InterpreterCpu()
}

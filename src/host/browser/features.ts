/**
 * What a machine needs of a browser. Translated code needs SIMD and tail calls, and that modules may be compiled at all;
 * the interpreter needs memory only. Path: worker.ts.
 */

import type { Cpu } from '../../../emu/run/cpu.ts'
import type { CpuKind } from '../../../emu/run/index.ts'
import { StartError } from '../../errors.ts'

const EMPTY = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
/** () → v128: v128.const 0, written by hand as bytes. */
const SIMD = [
  ...EMPTY,
  1,
  5,
  1,
  0x60,
  0,
  1,
  0x7b,
  3,
  2,
  1,
  0,
  10,
  22,
  1,
  20,
  0,
  0xfd,
  12,
  ...Array(16).fill(0),
  0x0b,
]
/** () → (): return_call 0 */
const TAIL_CALL = [...EMPTY, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0x12, 0, 0x0b]

/** Why code cannot be translated here, in one line; null when it can. */
function problemOfTranslation(): string | null {
  const isValid = (bytes: number[]): boolean => WebAssembly.validate(Uint8Array.from(bytes))
  if (!isValid(SIMD)) return 'this browser’s WebAssembly has no SIMD'
  if (!isValid(TAIL_CALL)) return 'this browser’s WebAssembly has no tail calls'
  try {
    new WebAssembly.Module(Uint8Array.from(EMPTY))
  } catch {
    return 'the Content Security Policy of this Worker forbids WebAssembly: its script-src needs wasm-unsafe-eval'
  }
  return null
}

/**
 * The CPU that was asked for; unless one was, the interpreter where translated code cannot run, and `warn` is told why.
 * Throws StartError for what this browser does not have.
 */
export function cpuFor(asked: CpuKind | Cpu | undefined, warn: (line: string) => void): CpuKind | Cpu {
  if (typeof WebAssembly === 'undefined') throw new StartError('ENOSYS', 'this browser has no WebAssembly')
  if (asked !== undefined && asked !== 'jit') return asked
  const problem = problemOfTranslation()
  if (problem === null) return 'jit'
  if (asked === 'jit') throw new StartError('ENOSYS', problem)
  warn(`${problem}; programs are interpreted, which is slow`)
  return 'interpreter'
}

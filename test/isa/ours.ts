/** Runs the same cases on our CPUs. */

import { readEflags, writeEflags } from '../../emu/guest/x86/flags.ts'
import { fxsaveArea, loadFxsaveArea } from '../../emu/guest/x86/fxsave.ts'
import type { Mode } from '../../emu/guest/x86/row.ts'
import { instructionPointer } from '../../emu/guest/x86/segments.ts'
import { X86_STATE } from '../../emu/guest/x86/state.ts'
import { AddressSpace } from '../../emu/memory/address-space.ts'
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../../emu/memory/layout.ts'
import { MemoryPool } from '../../emu/memory/memory-pool.ts'
import { StateBlock } from '../../emu/memory/state-block.ts'
import {
  type Cpu,
  EXIT_BREAKPOINT,
  EXIT_DIVIDE,
  EXIT_EXCEPTION,
  EXIT_FLOAT,
  EXIT_PAGE_FAULT,
  EXIT_PROTECTION,
  EXIT_STACK,
  EXIT_UNDEFINED,
} from '../../emu/run/cpu.ts'
import { type CpuKind, createCpu } from '../../emu/run/index.ts'
import { CODE, CODE_SIZE, DATA, DATA_SIZE, FLAGS_AT, FX_AT, STATE_BYTES } from './layout.ts'
import type { Batch, Result } from './native.ts'
import { keepSelectors, loadSelectors, makeDescriptors } from './segments.ts'

const SIGILL = 4,
  SIGTRAP = 5,
  SIGFPE = 8,
  SIGBUS = 7,
  SIGSEGV = 11
const VECTOR_NP = 11,
  VECTOR_SS = 12
const VECTORS: Record<number, number> = {
  [EXIT_BREAKPOINT]: 3,
  [EXIT_UNDEFINED]: 6,
  [EXIT_STACK]: VECTOR_SS,
  [EXIT_PROTECTION]: 13,
}
const BUDGET = 1 << 20

export class Ours {
  readonly kind: CpuKind
  private readonly cpu: Cpu
  private readonly space = new AddressSpace(new MemoryPool())
  private readonly state = new StateBlock(this.space)
  /** Whether the process looks at MXCSR: its flags are right then. */
  readonly watches: boolean
  readonly mode: Mode

  constructor(kind: CpuKind, watches: boolean, pinNaN?: boolean, mode: Mode = 64) {
    this.mode = mode
    makeDescriptors(this.space, mode)
    this.kind = kind
    this.watches = watches
    this.cpu = createCpu(kind, { eager: true, ...(pinNaN === undefined ? {} : { pinNaN }) })
    if (!this.space.map(DATA, DATA_SIZE, PROT_READ | PROT_WRITE))
      throw new Error('no memory for the data page')
  }

  /** Puts a batch's code in place, for run. */
  load(batch: Batch): void {
    const { space } = this
    space.map(CODE, CODE_SIZE, PROT_READ | PROT_EXEC)
    space.bytes.fill(0xcc, CODE, CODE + CODE_SIZE)
    space.bytes.set(batch.code, batch.address)
  }

  /** Runs the code from a state. */
  run(batch: Batch, before: Uint8Array): Result {
    const { space, state } = this
    const view = new DataView(before.buffer, before.byteOffset)
    space.bytes.set(batch.data, DATA)
    for (let k = 0; k < 16; k++) state.setU64(X86_STATE.gpr + 8 * k, view.getBigUint64(8 * k, true))
    writeEflags(state, view.getUint32(FLAGS_AT, true))
    if (!loadFxsaveArea(space, before.subarray(FX_AT))) throw new Error('a state with a bad MXCSR')
    loadSelectors(space, view, this.mode)
    state.setU64(X86_STATE.pc, BigInt(batch.address))
    state.setU32(X86_STATE.budget, BUDGET)
    state.setU32(X86_STATE.watchesFlags, this.watches ? 1 : 0)
    state.setU64(X86_STATE.exitAddress, 0n)
    const exit = this.cpu.run(space)
    return this.result(exit, batch)
  }

  private result(exit: number, batch: Batch): Result {
    const { space, state } = this
    const after = new Uint8Array(STATE_BYTES)
    const view = new DataView(after.buffer)
    for (let k = 0; k < 16; k++) view.setBigUint64(8 * k, state.getU64(X86_STATE.gpr + 8 * k), true)
    view.setBigUint64(FLAGS_AT, BigInt(readEflags(state)), true)
    after.set(fxsaveArea(space), FX_AT)
    const changes: [number, bigint][] = []
    const is = new BigUint64Array(space.bytes.buffer, DATA, DATA_SIZE / 8)
    const was = new BigUint64Array(batch.data.buffer, batch.data.byteOffset, DATA_SIZE / 8)
    for (let w = 0; w < is.length; w++) if (is[w] !== was[w]) changes.push([8 * w, is[w]!])
    const { signal, signalCode, signalAddress } = this.signalOf(exit)
    const { vector, error } = this.exceptionOf(exit)
    keepSelectors(space, view, vector, error)
    return { signal, signalCode, signalAddress, rip: instructionPointer(space), state: after, changes }
  }

  /** Vector and error code, where they are the exit's own. */
  private exceptionOf(exit: number): { vector: number; error: number } {
    const code = this.state.getU32(X86_STATE.exitCode)
    if (exit === EXIT_EXCEPTION) return { vector: code >>> 16, error: code & 0xffff }
    return { vector: VECTORS[exit] ?? 0, error: 0 }
  }

  /** The signal Linux would send for an exit. */
  private signalOf(exit: number): Pick<Result, 'signal' | 'signalCode' | 'signalAddress'> {
    const { state } = this
    const pc = instructionPointer(this.space)
    const address = state.getU64(X86_STATE.exitAddress)
    switch (exit) {
      case EXIT_BREAKPOINT:
        return { signal: SIGTRAP, signalCode: 128, signalAddress: 0n }
      case EXIT_PAGE_FAULT:
        // A store to the code page and a fetch from the data page find a mapping without the permission.
        if (address >> 47n !== 0n && address >> 47n !== 0x1ffffn)
          return { signal: SIGSEGV, signalCode: 128, signalAddress: 0n }
        return { signal: SIGSEGV, signalCode: mapped(address) ? 2 : 1, signalAddress: address }
      case EXIT_UNDEFINED:
        return { signal: SIGILL, signalCode: 2, signalAddress: pc }
      case EXIT_DIVIDE:
        return { signal: SIGFPE, signalCode: 1, signalAddress: pc }
      case EXIT_PROTECTION:
        return { signal: SIGSEGV, signalCode: 128, signalAddress: 0n }
      case EXIT_STACK:
        return { signal: SIGBUS, signalCode: 128, signalAddress: 0n }
      case EXIT_EXCEPTION: {
        const { vector } = this.exceptionOf(exit)
        const signal = vector === VECTOR_NP || vector === VECTOR_SS ? SIGBUS : SIGSEGV
        return { signal, signalCode: 128, signalAddress: 0n }
      }
      case EXIT_FLOAT:
        return { signal: SIGFPE, signalCode: state.getU32(X86_STATE.exitCode), signalAddress: pc }
      default:
        throw new Error(`an unexpected exit ${exit}`)
    }
  }
}

const mapped = (address: bigint): boolean =>
  (address >= BigInt(CODE) && address < BigInt(CODE + CODE_SIZE)) ||
  (address >= BigInt(DATA) && address < BigInt(DATA + DATA_SIZE))

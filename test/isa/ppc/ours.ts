/** Runs the same cases on our CPUs. */

import { readCr, readXer, writeCr, writeXer } from '../../../emu/guest/ppc/cr.ts'
import { readFpscr, writeFpscr } from '../../../emu/guest/ppc/float/execute.ts'
import { gprPlace, PPC_STATE, vsrPlace } from '../../../emu/guest/ppc/state.ts'
import { AddressSpace } from '../../../emu/memory/address-space.ts'
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../../../emu/memory/layout.ts'
import { MemoryPool } from '../../../emu/memory/memory-pool.ts'
import { MODE_PPC32, MODE_PPC64, MODE_PPC64LE, StateBlock } from '../../../emu/memory/state-block.ts'
import {
  type Cpu,
  EXIT_ALIGNMENT,
  EXIT_ILLEGAL,
  EXIT_PAGE_FAULT,
  EXIT_TRAP,
  EXIT_UNDEFINED,
} from '../../../emu/run/cpu.ts'
import { type CpuKind, createCpu } from '../../../emu/run/index.ts'
import {
  CODE,
  CODE_SIZE,
  CR_AT,
  CTR_AT,
  DATA,
  DATA_SIZE,
  FPSCR_AT,
  GPR_AT,
  LR_AT,
  type PpcMode,
  STATE_WORDS,
  TRAP,
  VRSAVE_AT,
  VSCR_AT,
  VSR_AT,
  XER_AT,
} from './layout.ts'
import { type Batch, codeBytes, type Result } from './native.ts'

const SIGILL = 4,
  SIGTRAP = 5,
  SIGBUS = 7,
  SIGSEGV = 11
const BUDGET = 1 << 20
const MODE_IDS = { ppc: MODE_PPC32, ppc64: MODE_PPC64, ppc64le: MODE_PPC64LE }

export class Ours {
  readonly kind: CpuKind
  private readonly mode: PpcMode
  private readonly cpu: Cpu
  private readonly space = new AddressSpace(new MemoryPool())
  private readonly state = new StateBlock(this.space)

  constructor(kind: CpuKind, mode: PpcMode) {
    this.kind = kind
    this.mode = mode
    this.state.setU32(PPC_STATE.mode, MODE_IDS[mode.name])
    this.cpu = createCpu(kind, { eager: true })
    if (!this.space.map(DATA, DATA_SIZE, PROT_READ | PROT_WRITE))
      throw new Error('no memory for the data page')
  }

  /** Puts a batch's code in place, for run. */
  load(batch: Batch): void {
    const { space, mode } = this
    space.map(CODE, CODE_SIZE, PROT_READ | PROT_EXEC)
    space.bytes.set(codeBytes(mode, new Array<number>(CODE_SIZE / 4).fill(TRAP)), CODE)
    space.bytes.set(codeBytes(mode, batch.code), batch.address)
  }

  /** Runs the code from a state. */
  run(batch: Batch, before: BigUint64Array): Result {
    const { space, state } = this
    space.bytes.set(batch.data, DATA)
    for (let k = 0; k < 32; k++) state.setU64(gprPlace(k), before[GPR_AT + k]!)
    state.setU64(PPC_STATE.lr, before[LR_AT]!)
    state.setU64(PPC_STATE.ctr, before[CTR_AT]!)
    writeXer(state, Number(before[XER_AT]))
    writeCr(state, Number(before[CR_AT]))
    writeFpscr(state, Number(before[FPSCR_AT]))
    state.setU32(PPC_STATE.vscr, Number(before[VSCR_AT]))
    state.setU32(PPC_STATE.vrsave, Number(before[VRSAVE_AT]))
    for (let k = 0; k < 128; k++) state.setU64(PPC_STATE.vsr + 8 * k, before[VSR_AT + k]!)
    state.setU64(PPC_STATE.pc, BigInt(batch.address))
    state.setU32(PPC_STATE.budget, BUDGET)
    state.setU64(PPC_STATE.exitAddress, 0n)
    return this.result(this.cpu.run(space), batch)
  }

  private result(exit: number, batch: Batch): Result {
    const { space, state } = this
    const after = new BigUint64Array(STATE_WORDS)
    for (let k = 0; k < 32; k++) after[GPR_AT + k] = state.getU64(gprPlace(k))
    after[LR_AT] = state.getU64(PPC_STATE.lr)
    after[CTR_AT] = state.getU64(PPC_STATE.ctr)
    after[XER_AT] = BigInt(readXer(state))
    after[CR_AT] = BigInt(readCr(state))
    after[FPSCR_AT] = BigInt(readFpscr(state))
    after[VSCR_AT] = BigInt(state.getU32(PPC_STATE.vscr))
    after[VRSAVE_AT] = BigInt(state.getU32(PPC_STATE.vrsave))
    for (let k = 0; k < 64; k++) {
      after[VSR_AT + 2 * k] = state.getU64(vsrPlace(k))
      after[VSR_AT + 2 * k + 1] = state.getU64(vsrPlace(k) + 8)
    }
    const changes: [number, bigint][] = []
    const is = new DataView(space.bytes.buffer, DATA, DATA_SIZE)
    const was = new DataView(batch.data.buffer, batch.data.byteOffset, DATA_SIZE)
    const { isLittle } = this.mode
    for (let at = 0; at < DATA_SIZE; at += 8)
      if (is.getBigUint64(at) !== was.getBigUint64(at)) changes.push([at, is.getBigUint64(at, isLittle)])
    return { ...this.signalOf(exit), pc: state.getU64(PPC_STATE.pc), state: after, changes }
  }

  /** The signal Linux would send for an exit. */
  private signalOf(exit: number): Pick<Result, 'signal' | 'signalCode' | 'signalAddress'> {
    const { state } = this
    const pc = state.getU64(PPC_STATE.pc)
    const address = state.getU64(PPC_STATE.exitAddress)
    switch (exit) {
      case EXIT_TRAP:
        return { signal: SIGTRAP, signalCode: 1, signalAddress: pc }
      case EXIT_PAGE_FAULT:
        return { signal: SIGSEGV, signalCode: mapped(address) ? 2 : 1, signalAddress: address }
      case EXIT_UNDEFINED:
        return { signal: SIGILL, signalCode: 1, signalAddress: pc }
      case EXIT_ILLEGAL:
        return { signal: SIGILL, signalCode: state.getU32(PPC_STATE.exitCode), signalAddress: pc }
      case EXIT_ALIGNMENT:
        return { signal: SIGBUS, signalCode: 1, signalAddress: address }
      default:
        throw new Error(`an unexpected exit ${exit}`)
    }
  }
}

const mapped = (address: bigint): boolean =>
  (address >= BigInt(CODE) && address < BigInt(CODE + CODE_SIZE)) ||
  (address >= BigInt(DATA) && address < BigInt(DATA + DATA_SIZE))

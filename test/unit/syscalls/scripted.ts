/**
 * A scripted CPU and a machine around it: programs are lists of steps, each of which makes one system call. The
 * program counter is the step, so fork, vfork, signals and restarts work as with real code:
 *
 *   step k lies at BASE + 16k; +0 sets the registers up, +8 is the "syscall instruction", +10 goes on with step k+1
 *
 * A step sees the last result and the memory; it returns a call, or nothing when it only looked or jumped.
 */

import { R8, R9, R10, RAX, RDI, RDX, RSI, RSP, X86_STATE } from '../../../emu/guest/x86/state.ts'
import type { AddressSpace } from '../../../emu/memory/address-space.ts'
import { StateBlock } from '../../../emu/memory/state-block.ts'
import {
  type Cpu,
  EXIT_BUDGET,
  EXIT_PAGE_FAULT,
  EXIT_SYSCALL,
  type ExitKind,
  FAULT_WRITE,
} from '../../../emu/run/cpu.ts'
import type { ExitStatus } from '../../../src/api.ts'
import { BareMachine, type MachineParts } from '../../../src/bare-machine.ts'
import { BufferInput, BufferOutput, SimHost } from '../../../src/host/sim/sim-host.ts'
import { X86_64_NUMBERS } from '../../../syscalls/abi/arch/x86-64-numbers.ts'
import { bytesOf, latin1, utf8 } from '../../../syscalls/abi/bytes.ts'
import type { Engine } from '../../../syscalls/engines/engine.ts'
import type { TmpfsInode } from '../../../syscalls/fs/tmpfs/tmpfs.ts'

export const BASE = 0x400000
export const SCRATCH = 0x480000
const IMAGE_SIZE = 0x100000
const gpr = (index: number): number => X86_STATE.gpr + index * 8
const ARGUMENTS = [RDI, RSI, RDX, R10, R8, R9].map(gpr)

export type Call = readonly [name: string, ...args: (number | string)[]]
// biome-ignore lint/suspicious/noConfusingVoidType: a step that only looks has no value to return
export type Step = (at: At) => Call | void

/** What a step may look at and change. */
export class At {
  readonly space: AddressSpace
  readonly state: StateBlock
  private readonly labels: Map<string, number>
  private used = SCRATCH

  constructor(space: AddressSpace, labels: Map<string, number>) {
    this.space = space
    this.state = new StateBlock(space)
    this.labels = labels
  }

  /** The last call's result. */
  get result(): number {
    return this.state.getNumber(gpr(RAX))
  }

  /** Room in the scratch area, fresh for each step. */
  room(size: number): number {
    const addr = this.used
    this.used += Math.ceil(size / 16) * 16
    return addr
  }

  text(text: string): number {
    const addr = this.room(text.length + 1)
    this.space.bytes.set(bytesOf(`${utf8(text)}\0`), addr)
    return addr
  }

  pointers(...addrs: number[]): number {
    const addr = this.room(addrs.length * 8)
    for (const [i, value] of addrs.entries()) this.space.view.setBigUint64(addr + i * 8, BigInt(value), true)
    return addr
  }

  u32(addr: number): number {
    return this.space.view.getUint32(addr, true)
  }

  i64(addr: number): number {
    return Number(this.space.view.getBigInt64(addr, true))
  }

  put32(addr: number, value: number): void {
    this.space.view.setInt32(addr, value, true)
  }

  put64(addr: number, value: number): void {
    this.space.view.setBigInt64(addr, BigInt(value), true)
  }

  string(addr: number, length: number): string {
    return latin1(this.space.bytes, addr, addr + length)
  }

  /** Registers that calls leave alone. */
  get(register: number): number {
    return this.state.getNumber(gpr(register))
  }

  set(register: number, value: number): void {
    this.state.setNumber(gpr(register), value)
  }

  label(name: string): number {
    const step = this.labels.get(name)
    if (step === undefined) throw new Error(`no label ${name}`)
    return BASE + step * 16
  }

  jump(name: string): void {
    this.state.setNumber(X86_STATE.pc, this.label(name))
  }

  /** ret: a signal handler's end. */
  return(): void {
    const sp = this.get(RSP)
    this.state.setNumber(X86_STATE.pc, this.i64(sp))
    this.set(RSP, sp + 8)
  }

  /** Touches memory as an instruction would: the fault is the step's. */
  load(addr: number): void {
    throw new Fault(addr, 0)
  }

  store(addr: number): void {
    throw new Fault(addr, FAULT_WRITE)
  }
}

class Fault {
  readonly addr: number
  readonly code: number
  constructor(addr: number, code: number) {
    this.addr = addr
    this.code = code
  }
}

export class ScriptedCpu implements Cpu {
  readonly name = 'scripted'
  readonly labels = new Map<string, number>()
  private readonly steps: Step[] = []

  /** Adds a program; its name labels the first step. Other labels are `label: [...]` parts in order. */
  add(parts: Record<string, Step[]>): void {
    for (const [label, steps] of Object.entries(parts)) {
      this.labels.set(label, this.steps.length)
      this.steps.push(...steps)
    }
  }

  run(space: AddressSpace): ExitKind {
    const state = new StateBlock(space)
    let budget = 1000
    for (;;) {
      if (budget-- === 0) return EXIT_BUDGET
      const pc = state.getNumber(X86_STATE.pc)
      const offset = (pc - BASE) % 16
      if (offset === 8) {
        state.setNumber(X86_STATE.pc, pc + 2)
        return EXIT_SYSCALL
      }
      const index = Math.floor((pc - BASE) / 16) + (offset === 10 ? 1 : 0)
      const step = this.steps[index]
      if (!step) throw new Error(`no step at ${pc.toString(16)}`)
      const here = BASE + index * 16
      state.setNumber(X86_STATE.pc, here)
      const at = new At(space, this.labels)
      let call: ReturnType<Step>
      try {
        call = step(at)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        state.setNumber(X86_STATE.exitAddress, error.addr)
        state.setU32(X86_STATE.exitCode, error.code)
        return EXIT_PAGE_FAULT
      }
      if (call) {
        const nr = X86_64_NUMBERS[call[0]] ?? Number(call[0])
        call.slice(1).forEach((arg, i) => {
          state.setNumber(ARGUMENTS[i]!, typeof arg === 'string' ? at.text(arg) : arg)
        })
        state.setNumber(gpr(RAX), nr)
        state.setNumber(X86_STATE.pc, here + 8)
      } else if (state.getNumber(X86_STATE.pc) === here) state.setNumber(X86_STATE.pc, here + 16)
    }
  }

  step(): ExitKind {
    throw new Error('not scripted')
  }

  stepBlock(): ExitKind {
    throw new Error('not scripted')
  }

  begin(): void {}

  release(): void {}
}

/** A static ELF whose entry is a step. */
export function scriptElf(entry: number): Uint8Array {
  const bytes = new Uint8Array(120)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true)
  view.setUint16(18, 62, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, BigInt(entry), true)
  view.setBigUint64(32, 64n, true)
  view.setUint16(52, 64, true)
  view.setUint16(54, 56, true)
  view.setUint16(56, 1, true)
  view.setUint32(64, 1, true)
  view.setUint32(68, 7, true)
  view.setBigUint64(80, BigInt(BASE), true)
  view.setBigUint64(88, BigInt(BASE), true)
  view.setBigUint64(96, 120n, true)
  view.setBigUint64(104, BigInt(IMAGE_SIZE), true)
  view.setBigUint64(112, 4096n, true)
  return bytes
}

export interface Scripted {
  machine: BareMachine
  cpu: ScriptedCpu
  host: SimHost
  stdin: BufferInput
  stdout: BufferOutput
  run(label: string): Promise<ExitStatus>
  /** What steps noted, in order. */
  log: string[]
}

/** A machine whose programs are the labels: /bin/LABEL for each. */
export function scripted(
  parts: Record<string, Step[]>,
  options: { engines?: Engine[]; seed?: number; stdin?: BufferInput; machine?: Partial<MachineParts> } = {},
): Scripted {
  const cpu = new ScriptedCpu()
  cpu.add(parts)
  const stdin = options.stdin ?? new BufferInput()
  const stdout = new BufferOutput()
  const host = new SimHost({ seed: options.seed ?? 1, stdin, stdout, stderr: stdout })
  const machine = new BareMachine({
    host,
    cpu,
    mounts: [{ at: '/dev', fs: { type: 'devtmpfs' } }],
    ...options.machine,
  })
  const { kernel } = machine
  const root = kernel.mountTree.root.inode as TmpfsInode
  const bin = root.mkdir(kernel.caller, 'bin', 0o040755) as TmpfsInode
  root.mkdir(kernel.caller, 'tmp', 0o041777)
  for (const [label, step] of cpu.labels) {
    const file = bin.create(kernel.caller, label, 0o100755, 0) as TmpfsInode
    const elf = scriptElf(BASE + step * 16)
    file.write(kernel.caller, 0, elf, 0, elf.length)
  }
  for (const engine of options.engines ?? []) machine.use(engine)
  return {
    machine,
    cpu,
    host,
    stdin,
    stdout,
    log: [],
    run: (label) => machine.run(`/bin/${label}`, [], { argv0: label, env: {} }),
  }
}

/** exit_group as a step. */
export const exit =
  (code: number): Step =>
  () => ['exit_group', code]

/** A promise and what settles it. */
export function deferred<T>(): {
  promise: Promise<T>
  resolve: (value: T) => void
  reject: (error: unknown) => void
} {
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((a, b) => {
    resolve = a
    reject = b
  })
  return { promise, resolve, reject }
}

/** Lets everything that can run, run. */
export const settle = async (turns = 20): Promise<void> => {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
}

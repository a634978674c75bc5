/**
 * SyscallCall: one system call as engines see it, the same for every ISA. Each task has one, used again for every
 * call. Path: kernel/task-run.ts fills it at entry; stack.ts moves it through the chain; the handler's arguments
 * come from it.
 */

import { type CallValues, IN_ORDER, type Indirect, NORMS_UNKNOWN } from '../abi/arch/arch.ts'
import type { BoundCall, CallTable } from '../abi/arch/call-table.ts'
import { latin1 } from '../abi/bytes.ts'
import { CALL_NAMES, CALL_NUMBERS } from '../abi/calls.ts'
import { EFAULT, ENAMETOOLONG } from '../abi/errno.ts'
import { PATH_MAX } from '../abi/fcntl.ts'
import type { DataModel } from '../abi/struct.ts'
import type { Task } from '../kernel/task.ts'
import type { Verdict } from './engine.ts'
import type { Chain, EngineNode } from './view.ts'

export const ARGUMENT_COUNT = 6
/** The number of what is no call. */
export const NO_CALL = -1
/** An engine has not answered yet. */
export const NO_ANSWER = -1

/** An engine that said RUN and waits for the exit, with the call as it left it. */
interface Ran {
  node: EngineNode
  /** Number and arguments are here; else they are still the call's. */
  isKept: boolean
  nr: number
  readonly args: Float64Array
}

export class SyscallCall {
  readonly task: Task
  /** The call as the program's ISA has it; null for none that is known, one that another stood for, an engine's own. */
  private bound: BoundCall | null = null
  /** Where the ISA writes values otherwise than the kernel. */
  private values: CallValues | null = null
  /** The kernel's number as it was before any engine changed it. */
  private begunNr = -1
  /** The program's own number, also of a call that is unknown. */
  archNr = -1
  /**
   * The kernel's number (abi/calls.ts), the same for every ISA; writable: the call goes on as the new number below the
   * engine that changed it.
   */
  nr = -1
  /** Normalised arguments: signed for `int` and `fd`, unsigned for addresses and sizes. Writable. */
  readonly args = new Float64Array(ARGUMENT_COUNT)
  /** What the program gets: set before SKIPCALL, changed at the exit. Negative errno for errors. */
  result = 0
  /** Counts the calls of this task: a reply that comes late knows whether it is still wanted. */
  seq = 0

  // What stack.ts keeps between steps.
  chain: Chain | null = null
  cursor = 0
  /** The number the engine at the cursor was asked with, to notice a change. */
  askedNr = -1
  answer: Verdict | typeof NO_ANSWER = NO_ANSWER
  /** The view's newest engine when the call began: when it is another one, some may have left. */
  stack: EngineNode | null = null
  /** Who waits for the exit, oldest last: the first `ranCount` entries; those behind are kept for the next call. */
  private readonly ran: Ran[] = []
  ranCount = 0

  // Where the program goes on; looked up when an engine asks, since few do.
  private pcNow = 0
  private spNow = 0
  private isPlaceKnown = false
  /** An engine has changed one of them. */
  hasMoved = false

  constructor(task: Task) {
    this.task = task
  }

  /** The program counter, behind the system-call instruction. Writable: the program goes on there. */
  get pc(): number {
    this.notePlace()
    return this.pcNow
  }

  set pc(addr: number) {
    this.notePlace()
    this.pcNow = addr
    this.hasMoved = true
  }

  /** The stack pointer. Writable. */
  get sp(): number {
    this.notePlace()
    return this.spNow
  }

  set sp(addr: number) {
    this.notePlace()
    this.spNow = addr
    this.hasMoved = true
  }

  /** Keeps the program counter and the stack pointer: while another task runs, the registers are put aside. */
  notePlace(): void {
    if (this.isPlaceKnown) return
    const { mm } = this.task
    this.pcNow = mm.arch.pc(mm.state)
    this.spNow = mm.arch.sp(mm.state)
    this.isPlaceKnown = true
  }

  /** A program's call begins: its number and arguments are taken. */
  begin(calls: CallTable, archNr: number): void {
    const bound = calls.find(archNr)
    const { arch, state } = this.task.mm
    this.bound = bound ?? null
    this.archNr = archNr
    this.nr = bound ? bound.nr : NO_CALL
    if (bound) arch.captureArguments(state, bound.norms, bound.registers, this.args)
    else arch.captureArguments(state, NORMS_UNKNOWN, IN_ORDER, this.args)
    this.values = bound?.values ?? null
    this.values?.taken?.(this.args)
    if (bound?.indirect) this.open(calls, bound.indirect)
    this.begunNr = this.nr
  }

  /** It becomes the call that it stands for, if it can be told which: by the kernel's name, laid out as usual. */
  private open(calls: CallTable, indirect: Indirect): void {
    const opened = indirect(this.args, this.task.mm)
    if (!opened) return
    this.bound = null
    this.nr = CALL_NUMBERS[opened.name]!
    this.values = calls.valuesOf(opened.name) ?? null
    calls.takeWords(opened, this.args)
  }

  /** An engine's own call begins, by the kernel's number and in the machine's own layout. */
  beginOwn(nr: number): void {
    this.bound = null
    this.values = null
    this.archNr = this.nr = this.begunNr = nr
  }

  /** A result as the program's ISA writes it. */
  toldResult(result: number): number {
    const told = this.values?.told
    return told && result >= 0 && this.nr === this.begunNr ? told(this.args, result) : result
  }

  /** A call begins. */
  forgetPlace(): void {
    this.isPlaceKnown = false
    this.hasMoved = false
  }

  /** The kernel's name of it, or `syscall_0x3e7`. */
  get name(): string {
    return CALL_NAMES[this.nr] ?? `syscall_0x${this.archNr.toString(16)}`
  }

  /** The program's own name of it, unless an engine has made it another call: i386 calls `fstat64` what is `fstat`. */
  get shownName(): string {
    return this.nr === this.begunNr ? (this.bound?.name ?? this.name) : this.name
  }

  /** How the structures of this call lie in memory. */
  get model(): DataModel {
    return this.bound?.model ?? this.task.mm.arch.model
  }

  /** The number as the program's ISA has it: what seccomp filters see. */
  get shownNr(): number {
    if (this.nr === this.begunNr) return this.archNr
    return this.task.mm.calls.ofKernel(this.nr)?.archNr ?? NO_CALL
  }

  /** Makes it another call. Arguments that are not given stay. */
  change(name: string, args: readonly number[] = []): void {
    const nr = CALL_NUMBERS[name]
    if (nr === undefined) throw new Error(`no system call is named ${name}`)
    this.nr = nr
    for (let i = 0; i < args.length; i++) this.args[i] = args[i]!
  }

  /** Several pieces of guest memory at once; null where it faults. Copies. */
  read(pieces: readonly (readonly [addr: number, sizeBytes: number])[]): (Uint8Array | null)[] {
    return pieces.map(([addr, size]) => this.task.memory.copyIn(addr, size))
  }

  /** Writes guest memory; false when it faults. */
  write(addr: number, bytes: Uint8Array): boolean {
    return this.task.memory.copyOut(addr, bytes)
  }

  /** The string at an address as bytes, or a negative errno. */
  readString(addr: number, limit = PATH_MAX): string | number {
    const bytes = this.task.memory.cstring(addr, limit)
    if (bytes === null) return -EFAULT
    return bytes === undefined ? -ENAMETOOLONG : latin1(bytes)
  }

  /** `isLast`: no engine is asked after it, so what it left stays as it is. */
  noteRan(node: EngineNode, isLast: boolean): void {
    const place = this.ranCount++
    const ran = (this.ran[place] ??= { node, isKept: false, nr: 0, args: new Float64Array(ARGUMENT_COUNT) })
    ran.node = node
    ran.isKept = !isLast
    if (isLast) return
    ran.nr = this.nr
    for (let i = 0; i < ARGUMENT_COUNT; i++) ran.args[i] = this.args[i]!
  }

  /** The oldest engine that still waits for the exit; number and arguments are put back to what it left. */
  takeRan(): EngineNode {
    const ran = this.ran[--this.ranCount]!
    if (!ran.isKept) return ran.node
    this.nr = ran.nr
    for (let i = 0; i < ARGUMENT_COUNT; i++) this.args[i] = ran.args[i]!
    return ran.node
  }

  /** The engine that was taken last is to be asked again. */
  putBackRan(): void {
    this.ranCount++
  }
}

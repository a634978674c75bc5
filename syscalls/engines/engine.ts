/**
 * Engine: something that stands between a process and the kernel, call by call. See viewos.md sections 1-3.
 * Path: view.ts stacks them, stack.ts asks them of calls, events.ts tells them what the kernel does, task-run.ts obeys.
 * An engine may take its time, by a promise or by STOP and resume(): its task alone then waits, everything else runs on.
 *
 *   export const creatIsOpen: Engine = {
 *     name: 'creat', wants: calls('creat'),
 *     syscallEntry(call) { call.change('open', [call.args[0], O_CREAT | O_WRONLY | O_TRUNC, call.args[1]]); return RUN },
 *   }
 */

import type { SigInfo } from '../abi/signal.ts'
import type { Task } from '../kernel/task.ts'
import type { SyscallCall } from './call.ts'
import type { Phases } from './combinations.ts'
import type { Service } from './services.ts'
import type { View } from './view.ts'
import type { World } from './world.ts'

/** Make the call, then notify this engine of its exit. */
export const RUN = 0
/** Make the call; this engine does not want the exit. */
export const SKIPEXIT = 1
/** Do not make the call: `call.result` is the answer. Older engines and the kernel are not asked. */
export const SKIPCALL = 2
export type Verdict = typeof RUN | typeof SKIPEXIT | typeof SKIPCALL

/** UTRACE_STOP: the task waits until resume() of control.ts brings the answer. */
export const STOP = 'stop'
/** An answer now, by a promise, or by resume(). */
export type Late<Answer> = Answer | typeof STOP | Promise<Answer>

/** Which calls an engine is asked about. A call that nobody wants costs nothing. */
export interface Interest {
  readonly calls: 'all' | readonly string[]
  /** Names that `all` leaves out. */
  readonly except?: readonly string[]
  /** A further choice by arguments: path, descriptor, family. */
  readonly choose?: (call: SyscallCall) => boolean
  /** What is decided beforehand for all of them, without asking: combinations.ts. Missing: asked call by call. */
  readonly phases?: Phases
}

/** Interest in calls by name. */
export const calls = (...names: string[]): Interest => ({ calls: names })
/** No interest in calls. */
export const noCalls: Interest = { calls: [] }
/** Interest in every call, also in those that nobody implements. */
export const allCalls: Interest = { calls: 'all' }

// What becomes of a signal, by utrace's numbers.
/** As the program's own disposition says. */
export const SIGNAL_DELIVER = 0x00
/** It never was; newer engines are not told. */
export const SIGNAL_IGN = 0x10
export const SIGNAL_TERM = 0x20
export const SIGNAL_CORE = 0x30
export const SIGNAL_STOP = 0x40
/** Stops the group unless it is orphaned, as a terminal's signals do. */
export const SIGNAL_TSTP = 0x50
/** It goes back to the task's queue and the task stands until this engine resumes it; then all are asked anew. */
export const SIGNAL_HOLD = 0x100
export type SignalVerdict =
  | typeof SIGNAL_DELIVER
  | typeof SIGNAL_IGN
  | typeof SIGNAL_TERM
  | typeof SIGNAL_CORE
  | typeof SIGNAL_STOP
  | typeof SIGNAL_TSTP
  | typeof SIGNAL_HOLD

/** A signal about to be delivered. What an engine changes, the next one and the program see. */
export interface SignalReport {
  readonly task: Task
  /** May be changed. */
  info: SigInfo
  /** What the engines before have chosen. */
  readonly verdict: SignalVerdict
  pc: number
  sp: number
}

/** A task is about to end; nothing can keep it, but its wait status may be changed. */
export interface ExitReport {
  readonly task: Task
  /** As it was before any engine changed it. */
  readonly original: number
  status: number
}

/** A group of tasks stopped (CLD_STOPPED) or goes on (CLD_CONTINUED). */
export interface JobReport {
  readonly task: Task
  readonly code: number
  readonly signo: number
}

/** The last trace of a task is gone. */
export interface ReapReport {
  readonly pid: number
  readonly tid: number
  readonly status: number
}

/** What quiesce is told of: the callback that follows, or that the task was asked to report. */
export type QuiesceEvent = 'report' | 'syscallEntry' | 'syscallExit' | 'signal' | 'clone' | 'exec' | 'exit'

export interface Engine {
  readonly name: string
  readonly wants: Interest
  /** Part of the machine itself: lists leave it out. */
  readonly isUnlisted?: boolean
  /** An answer that takes longer, by a real clock, fails. Missing: it may take forever. */
  readonly answersWithinNs?: number
  /** What the view has of its own with this engine, over what it has without. Asked whenever the stack below changes. */
  offers?(below: World): Partial<World>
  /** What it answers by argument. The last one is the newest. */
  readonly services?: readonly Service[]
  /** Asked newest engine first. Missing means RUN. */
  syscallEntry?(call: SyscallCall): Late<Verdict>
  /** Told oldest engine first, once for each entry that it answered with RUN. */
  syscallExit?(call: SyscallCall): Late<void>
  // What the kernel itself does is told oldest first.
  /** Without a word, what was chosen before stays. */
  // biome-ignore lint/suspicious/noConfusingVoidType: an engine that only looks has no value to return
  signal?(report: SignalReport): Late<SignalVerdict | void>
  /** The child exists and has not run; it does not before this is answered. `flags` are CLONE_*. */
  clone?(parent: Task, child: Task, flags: number): Late<void>
  /** The new program has not run yet. */
  exec?(task: Task, path: string): Late<void>
  exit?(report: ExitReport): Late<void>
  /** The task stands before this engine's next callback; or came by because report() asked it to, and then may wait. */
  quiesce?(task: Task, event: QuiesceEvent): Late<void>
  // Only told.
  jctl?(report: JobReport): void
  /** The task ended; `isLast` when its process did. */
  death?(task: Task, status: number, isLast: boolean): void
  reap?(report: ReapReport): void
  /** A task comes to stand below this engine: it was there when the engine came, was moved, or is a first program. */
  enter?(task: Task): void
  /** A task no longer stands below it. */
  leave?(task: Task): void
  /**
   * It is about to stand in this view, which is still the world below it, by a task's doing or the embedder's. Throws
   * EngineRefusedError when it cannot.
   */
  attach?(view: View, by: Task | null): void
  /** It is about to leave; a text refuses and says what holds it (EBUSY). */
  // biome-ignore lint/suspicious/noConfusingVoidType: most engines have nothing to say
  detach?(view: View): string | void
  /** A command of um(1) that manage.ts does not know, its words byte strings; null: nor does this engine. */
  command?(task: Task, verb: string, args: readonly string[]): Outcome | null
}

/** What a command comes to: a result for the caller, and words for a person. */
export interface Outcome {
  /** 0 or a negative errno; or BLOCKED. */
  readonly result: number
  readonly text: string
}

/** How far a task goes when it is let go for a step: UTRACE_SINGLESTEP, UTRACE_BLOCKSTEP. */
export type StepUnit = 'instruction' | 'block'

/** The callbacks that tell what the kernel does. */
export type EventName = 'signal' | 'clone' | 'exec' | 'exit' | 'jctl' | 'death' | 'reap'

/**
 * Engine: something that stands between a process and the kernel, call by call. See viewos.md sections 1-3.
 * Path: view.ts stacks them, stack.ts asks them, kernel/task-run.ts obeys. An engine may answer with a promise:
 * its task alone then waits (UTRACE_STOP), everything else runs on.
 *
 *   export const creatIsOpen: Engine = {
 *     name: 'creat', wants: calls('creat'),
 *     syscallEntry(call) { call.change('open', [call.args[0], O_CREAT | O_WRONLY | O_TRUNC, call.args[1]]); return RUN },
 *   }
 */

import type { SigInfo } from '../abi/signal.ts'
import type { Task } from '../kernel/task.ts'
import type { SyscallCall } from './call.ts'
import type { World } from './world.ts'

/** Make the call, then notify this engine of its exit. */
export const RUN = 0
/** Make the call; this engine does not want the exit. */
export const SKIPEXIT = 1
/** Do not make the call: `call.result` is the answer. Older engines and the kernel are not asked. */
export const SKIPCALL = 2
export type Verdict = typeof RUN | typeof SKIPEXIT | typeof SKIPCALL

/** Which calls an engine is asked about. A call that nobody wants costs nothing. */
export interface Interest {
  readonly calls: 'all' | readonly string[]
  /** A further choice by arguments: path, descriptor, family. */
  readonly choose?: (call: SyscallCall) => boolean
}

/** Interest in calls by name. */
export const calls = (...names: string[]): Interest => ({ calls: names })
/** No interest in calls. */
export const noCalls: Interest = { calls: [] }
/** Interest in every call, also in those that nobody implements. */
export const allCalls: Interest = { calls: 'all' }

/** What an engine says of a signal about to be delivered. */
export const SIGNAL_DELIVER = 0
export const SIGNAL_IGNORE = 1
export type SignalVerdict = typeof SIGNAL_DELIVER | typeof SIGNAL_IGNORE

export interface Engine {
  readonly name: string
  readonly wants: Interest
  /** What the view has of its own with this engine, over what it has without. Asked whenever the stack below changes. */
  offers?(below: World): Partial<World>
  /** Asked newest engine first. Missing means RUN. */
  syscallEntry?(call: SyscallCall): Verdict | Promise<Verdict>
  /** Told oldest engine first, once for each entry that it answered with RUN. */
  syscallExit?(call: SyscallCall): void | Promise<void>
  /** What the kernel itself does is told oldest first. The siginfo may be changed. */
  signal?(task: Task, info: SigInfo): SignalVerdict | Promise<SignalVerdict>
  /** The child exists and has not run. */
  clone?(parent: Task, child: Task): void
  exec?(task: Task, path: string): void
  /** The task ends with this wait status. */
  exit?(task: Task, status: number): void
  attach?(task: Task): void
  detach?(): void
}

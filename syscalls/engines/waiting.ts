/**
 * A task that waits for an engine: UTRACE_STOP. The answer comes by a promise, or by resume() of control.ts; death
 * breaks the wait, and so do the engine's removal and its own time limit, as failures.
 * Path: stack.ts and events.ts begin a wait; when it ends the task goes on in the stage it was in.
 */

import { NS_PER_SEC } from '../kernel/clock.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { DEAD, ENGINE_STOPPED, type Task } from '../kernel/task.ts'
import { type Engine, type Late, STOP } from './engine.ts'

/** Whoever waits: what to do with the answer, or with its failure. */
export interface Continuation<Answer> {
  take(answer: Answer): void
  fail(error: unknown): void
}

export class EngineStop<Answer = unknown> {
  readonly task: Task
  readonly engine: Engine
  private readonly continuation: Continuation<Answer>
  private readonly callOff: () => void
  /** 1 for a promise: somebody answers in real time. Who says STOP may hold the task for as long as guests sleep. */
  private readonly answersDue: number

  constructor(task: Task, engine: Engine, isPromised: boolean, continuation: Continuation<Answer>) {
    this.task = task
    this.engine = engine
    this.continuation = continuation
    task.state = ENGINE_STOPPED
    task.engineStop = this as EngineStop
    this.answersDue = Number(isPromised)
    task.kernel.answersDue += this.answersDue
    const { answersWithinNs: limitNs } = engine
    const tooLate = (): void => this.refuse(new Error(`no answer within ${limitNs! / NS_PER_SEC} s`))
    this.callOff = limitNs === undefined ? () => {} : task.kernel.host.patience(limitNs, tooLate)
  }

  /** The answer is there: the task goes on. Nothing happens when it waits no longer. */
  resume(answer: Answer): void {
    if (!this.end()) return
    try {
      this.continuation.take(answer)
    } catch (error) {
      this.continuation.fail(error)
    }
    this.task.kernel.makeRunnable(this.task)
  }

  refuse(error: unknown): void {
    if (!this.end()) return
    this.continuation.fail(error)
    this.task.kernel.makeRunnable(this.task)
  }

  /** The wait is over without an answer: the task must die. */
  abandon(): void {
    this.end()
  }

  /** False: it was over before. */
  private end(): boolean {
    const { task } = this
    if (task.engineStop !== (this as EngineStop)) return false
    task.engineStop = null
    task.kernel.answersDue -= this.answersDue
    this.callOff()
    return task.state !== DEAD
  }
}

/** Lets a task wait for a late answer. */
export function waitFor<Answer>(
  task: Task,
  engine: Engine,
  reply: typeof STOP | Promise<Answer>,
  continuation: Continuation<Answer>,
): void {
  const stop = new EngineStop(task, engine, reply !== STOP, continuation)
  if (reply === STOP) return
  Promise.resolve(reply).then(
    (answer) => stop.resume(answer),
    (error: unknown) => stop.refuse(error),
  )
}

/** Whether this is no answer yet. A promise may be of any kind. */
export const isLate = <Answer>(reply: Late<Answer>): reply is typeof STOP | Promise<Answer> =>
  reply === STOP ||
  (typeof reply === 'object' && reply !== null && typeof (reply as Promise<Answer>).then === 'function')

/** Says on the diagnostic channel that an engine failed, and at what. */
export function sayFailed(kernel: Kernel, engine: Engine, at: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  kernel.diagnoseOnce(`engine ${engine.name} failed at ${at}: ${reason}`)
}

/**
 * What an engine can do to a task from outside, at any time: stop it, let it go on with an answer or for a step, have it
 * come by.
 * utrace_control().
 * Path: engines and the embedder call it between two slices; task-run.ts looks at `task.attention` before the program
 * runs on.
 */

import { DEAD, ENGINE_STOPPED, STAGE_QUIESCE, type Task, WAITING } from '../kernel/task.ts'
import type { Engine, StepUnit } from './engine.ts'
import { isLate, sayFailed, waitFor } from './waiting.ts'

/** What engines want of a task when it next stands between two instructions of its program. */
export class Attention {
  /** Those that hold it until they let it go. */
  readonly holders = new Set<Engine>()
  /** Those whose quiesce is called once. */
  readonly reports = new Set<Engine>()
  /** Told when it stands. */
  readonly stopped = new Map<Engine, () => void>()
  /** Those that let it go for a step and hold it again afterwards: how far, and who is told then. */
  readonly steps = new Map<Engine, { readonly unit: StepUnit; readonly tell: () => void }>()
  /** A call under way is broken off, as a signal would, and made again afterwards. */
  interrupts = false

  /** The task stands: those who wanted it to come by are asked, then it stays if somebody holds it. False: it waits. */
  stand(task: Task): boolean {
    this.interrupts = false
    for (const engine of this.reports) {
      this.reports.delete(engine)
      if (!task.view.has(engine) || !engine.quiesce) continue
      try {
        const reply = engine.quiesce(task, 'report')
        if (!isLate(reply)) continue
        waitFor(task, engine, reply, {
          take: () => {},
          fail: (error) => sayFailed(task.kernel, engine, 'quiesce', error),
        })
        return false
      } catch (error) {
        sayFailed(task.kernel, engine, 'quiesce', error)
      }
    }
    this.tellStopped()
    if (this.holders.size > 0) {
      task.state = ENGINE_STOPPED
      return false
    }
    if (this.steps.size === 0) task.attention = null
    return true
  }

  /** The task is about to take a step, the smallest that somebody wants; whoever does holds it afterwards. */
  takeStep(): StepUnit {
    let smallest: StepUnit = 'block'
    for (const [engine, { unit, tell }] of this.steps) {
      this.holders.add(engine)
      this.stopped.set(engine, tell)
      if (unit === 'instruction') smallest = unit
    }
    this.steps.clear()
    return smallest
  }

  tellStopped(): void {
    for (const tell of this.stopped.values()) tell()
    this.stopped.clear()
  }
}

/** The task died, or is about to. */
export class NoSuchTaskError extends Error {}

function attentionOf(task: Task): Attention {
  if (task.state === DEAD || task.group.exiting !== null) throw ended(task)
  task.attention ??= new Attention()
  return task.attention
}

/**
 * UTRACE_STOP from outside: the task stands between two instructions and stays there until this engine resumes it.
 * A call under way is finished first, unless interrupt() breaks it off. Resolves when it stands; rejects with
 * NoSuchTaskError when it ends before.
 */
export function stop(task: Task, engine: Engine): Promise<void> {
  return new Promise((resolve, reject) => {
    const attention = attentionOf(task)
    attention.steps.delete(engine)
    attention.holders.add(engine)
    attention.stopped.set(engine, teller(task, resolve, reject))
    if (stands(task)) attention.tellStopped()
  })
}

/**
 * UTRACE_SINGLESTEP and UTRACE_BLOCKSTEP: the task goes one instruction further, or up to its next branch, and is held
 * by this engine again. A call that it makes on the way is finished first, and of several engines that want a step the
 * smallest counts. Resolves when it stands; rejects with NoSuchTaskError when it ends before.
 */
export function step(task: Task, engine: Engine, unit: StepUnit = 'instruction'): Promise<void> {
  return new Promise((resolve, reject) => {
    const attention = attentionOf(task)
    attention.stopped.delete(engine)
    attention.holders.delete(engine)
    attention.steps.set(engine, { unit, tell: teller(task, resolve, reject) })
    goOnUnlessHeld(task, attention)
  })
}

/** SIGNAL_HOLD: the task stands from now on. False: the engine is gone. */
export function hold(task: Task, engine: Engine): boolean {
  if (!task.view.has(engine)) return false
  attentionOf(task).holders.add(engine)
  task.stage = STAGE_QUIESCE
  return true
}

/** Tells that the task stands, or that it ended before. */
const teller = (task: Task, resolve: () => void, reject: (error: Error) => void) => (): void =>
  task.state === DEAD ? reject(ended(task)) : resolve()

const ended = (task: Task): NoSuchTaskError => new NoSuchTaskError(`task ${task.tid} has ended`)

/** Whether the task is held between two instructions. */
const stands = (task: Task): boolean => task.state === ENGINE_STOPPED && task.stage === STAGE_QUIESCE

function goOnUnlessHeld(task: Task, attention: Attention): void {
  if (attention.holders.size === 0 && stands(task)) task.kernel.makeRunnable(task)
}

/**
 * UTRACE_RESUME: this engine lets go of the task, with the answer that it owes when it said STOP: a verdict on the
 * call or the signal, nothing for other events. The task runs on when nobody else holds it.
 */
export function resume(task: Task, engine: Engine, answer?: unknown): void {
  const { engineStop, attention } = task
  if (engineStop?.engine === engine) engineStop.resume(answer)
  if (!attention) return
  attention.holders.delete(engine)
  attention.stopped.delete(engine)
  attention.steps.delete(engine)
  goOnUnlessHeld(task, attention)
}

/** UTRACE_REPORT: its quiesce is called when the task next stands between two instructions. */
export function report(task: Task, engine: Engine): void {
  attentionOf(task).reports.add(engine)
}

/** UTRACE_INTERRUPT: as report, and a call that waits is broken off and made again. */
export function interrupt(task: Task, engine: Engine): void {
  const attention = attentionOf(task)
  attention.reports.add(engine)
  if (task.state !== WAITING) return
  attention.interrupts = true
  task.interrupt()
}

/** An engine left a view: calls that wait for its answer fail, and what it holds goes on. */
export function letGo(tasks: Iterable<Task>, engine: Engine): void {
  for (const task of tasks) {
    if (task.engineStop?.engine === engine)
      task.engineStop.refuse(new Error('it was removed while a task waited for it'))
    resume(task, engine)
  }
}

/** The task ended: whoever waits for it to stand is told so. */
export function endAttention(task: Task): void {
  const { attention } = task
  for (const { tell } of attention?.steps.values() ?? []) tell()
  attention?.tellStopped()
  task.attention = null
}

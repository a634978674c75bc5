/**
 * What an engine can do to a task from outside, at any time: stop it, let it go on with an answer, have it come by.
 * utrace_control().
 * Path: engines and the embedder call it between two slices; task-run.ts looks at `task.attention` before the program
 * runs on.
 */

import { DEAD, ENGINE_STOPPED, STAGE_QUIESCE, type Task, WAITING } from '../kernel/task.ts'
import type { Engine } from './engine.ts'
import { isLate, sayFailed, waitFor } from './waiting.ts'

/** What engines want of a task when it next stands between two instructions of its program. */
export class Attention {
  /** Those that hold it until they let it go. */
  readonly holders = new Set<Engine>()
  /** Those whose quiesce is called once. */
  readonly reports = new Set<Engine>()
  /** Told when it stands. */
  readonly stopped = new Map<Engine, () => void>()
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
    task.attention = null
    return true
  }

  tellStopped(): void {
    for (const tell of this.stopped.values()) tell()
    this.stopped.clear()
  }
}

/** The task died, or is about to. */
export class NoSuchTaskError extends Error {}

function attentionOf(task: Task): Attention {
  if (task.state === DEAD || task.group.exiting !== null)
    throw new NoSuchTaskError(`task ${task.tid} has ended`)
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
    let attention: Attention
    try {
      attention = attentionOf(task)
    } catch (error) {
      reject(error)
      return
    }
    attention.holders.add(engine)
    attention.stopped.set(engine, () =>
      task.state === DEAD ? reject(new NoSuchTaskError(`task ${task.tid} has ended`)) : resolve(),
    )
    if (task.state === ENGINE_STOPPED && task.stage === STAGE_QUIESCE) attention.tellStopped()
  })
}

/**
 * UTRACE_RESUME: this engine lets go of the task, with the answer that it owes when it said STOP: a verdict on the
 * call or the signal, nothing for other events. The task runs on when nobody else holds it.
 */
export function resume(task: Task, engine: Engine, answer?: unknown): void {
  const { engineStop, attention } = task
  if (engineStop?.engine === engine) engineStop.resume(answer)
  if (!attention?.holders.delete(engine)) return
  attention.stopped.delete(engine)
  if (attention.holders.size === 0 && task.state === ENGINE_STOPPED && task.stage === STAGE_QUIESCE)
    task.kernel.makeRunnable(task)
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
  task.attention?.tellStopped()
  task.attention = null
}

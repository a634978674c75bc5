/**
 * How a call goes down and up the engine stack. Entry: newest first; each engine is asked only when the one before
 * has answered, also when that answer came late. Exit: oldest first, those that said RUN.
 * Path: kernel/task-run.ts calls `descend` at entry and `ascend` at exit; between them the kernel works.
 */

import { EIO } from '../abi/errno.ts'
import type { SigInfo } from '../abi/signal.ts'
import type { Task } from '../kernel/task.ts'
import { RUN, SIGNAL_DELIVER, SKIPCALL, type Verdict } from './engine.ts'
import type { Chain, EngineNode } from './view.ts'

/** The kernel's handler is next. */
export const GO_CALL = 0
/** An engine answered for the kernel. */
export const GO_SKIP = 1
/** An engine thinks; the task waits for it alone. */
export const GO_WAIT = 2

/** Starts the descent of a fresh call. */
export function begin(task: Task, chain: Chain): void {
  const call = task.call
  call.chain = chain
  call.cursor = 0
  call.askedNr = -1
  call.answer = -1
  call.ranCount = 0
}

/** Asks the engines from the cursor on. */
export function descend(task: Task): number {
  const call = task.call
  while (call.chain && call.cursor < call.chain.length) {
    const node = call.chain[call.cursor]!
    let verdict = call.answer
    if (verdict === -1) {
      call.askedNr = call.nr
      const reply = ask(task, node)
      if (reply === null) {
        call.cursor++
        continue
      }
      if (typeof reply !== 'number') {
        waitFor(task, node, reply)
        return GO_WAIT
      }
      verdict = reply
    }
    call.answer = -1
    if (verdict === RUN) call.noteRan(node)
    if (verdict === SKIPCALL) return GO_SKIP
    if (call.nr !== call.askedNr) continueBelow(task, node)
    else call.cursor++
  }
  return GO_CALL
}

/** Null: this engine does not want this call. A failing engine refuses the call rather than let it through. */
function ask(task: Task, node: EngineNode): Verdict | Promise<Verdict> | null {
  const { engine } = node
  try {
    if (engine.wants.choose && !engine.wants.choose(task.call)) return null
    return engine.syscallEntry ? engine.syscallEntry(task.call) : RUN
  } catch (error) {
    return failed(task, node, error)
  }
}

function failed(task: Task, node: EngineNode, error: unknown): Verdict {
  task.kernel.host.diagnostics(`engine ${node.engine.name} failed at ${task.call.name}: ${String(error)}`)
  task.call.result = -EIO
  return SKIPCALL
}

/** A changed number goes on in the new number's chain, below the engine that changed it. */
function continueBelow(task: Task, node: EngineNode): void {
  const call = task.call
  call.chain = task.view.chain(call.nr)
  call.cursor = 0
  while (call.chain && call.cursor < call.chain.length && call.chain[call.cursor]!.depth >= node.depth)
    call.cursor++
}

function waitFor(task: Task, node: EngineNode, reply: Promise<Verdict>): void {
  const resume = task.waitForEngine()
  reply.then(
    (verdict) => resume(() => (task.call.answer = verdict)),
    (error) => resume(() => (task.call.answer = failed(task, node, error))),
  )
}

/** Tells the exit to those that wait for it, oldest first. False: an engine thinks. */
export function ascend(task: Task): boolean {
  const call = task.call
  while (call.ranCount > 0) {
    const node = call.takeRan()
    const { engine } = node
    if (!engine.syscallExit) continue
    try {
      const reply = engine.syscallExit(call)
      if (reply) {
        const resume = task.waitForEngine()
        reply.then(
          () => resume(() => {}),
          (error) => resume(() => failed(task, node, error)),
        )
        return false
      }
    } catch (error) {
      failed(task, node, error)
    }
  }
  return true
}

/** What the engines said of a signal: SIGNAL_DELIVER, SIGNAL_IGNORE, or -1 while one thinks. */
export function reportSignal(task: Task, info: SigInfo): number {
  const engines = task.view.oldestFirst
  while (task.signalCursor < engines.length) {
    const { engine } = engines[task.signalCursor]!
    if (!engine.signal) {
      task.signalCursor++
      continue
    }
    if (task.signalAnswer === -1) {
      try {
        const reply = engine.signal(task, info)
        if (typeof reply === 'number') task.signalAnswer = reply
        else if (reply === undefined) task.signalAnswer = SIGNAL_DELIVER
        else {
          const resume = task.waitForEngine()
          reply.then(
            (answer) => resume(() => (task.signalAnswer = answer)),
            () => resume(() => (task.signalAnswer = SIGNAL_DELIVER)),
          )
          return -1
        }
      } catch (error) {
        task.kernel.host.diagnostics(`engine ${engine.name} failed at a signal: ${String(error)}`)
        task.signalAnswer = SIGNAL_DELIVER
      }
    }
    const answer = task.signalAnswer
    task.signalAnswer = -1
    task.signalCursor++
    if (answer !== SIGNAL_DELIVER) {
      task.signalCursor = 0
      return answer
    }
  }
  task.signalCursor = 0
  return SIGNAL_DELIVER
}

/** Kernel-originated events, oldest engine first. */
export function reportClone(parent: Task, child: Task): void {
  for (const { engine } of parent.view.oldestFirst) engine.clone?.(parent, child)
}

export function reportExec(task: Task, path: string): void {
  for (const { engine } of task.view.oldestFirst) engine.exec?.(task, path)
}

export function reportExit(task: Task, status: number): void {
  for (const { engine } of task.view.oldestFirst) engine.exit?.(task, status)
}

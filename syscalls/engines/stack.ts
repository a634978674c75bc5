/**
 * How a call goes down and up the engine stack. Entry: newest first; each engine is asked only when the one before
 * has answered, also when that answer came late. Exit: oldest first, those that said RUN.
 * Path: kernel/task-run.ts calls `descend` at entry and `ascend` at exit; between them the kernel works.
 *
 * An engine that fails ends that one call with EIO rather than let it through.
 */

import { EIO, ENOSYS } from '../abi/errno.ts'
import type { Task } from '../kernel/task.ts'
import { LatePage } from '../mm/faults.ts'
import { ARGUMENT_COUNT, NO_ANSWER, type SyscallCall } from './call.ts'
import { EMULATE, RETURN_ONLY } from './combinations.ts'
import { type Engine, type Late, RUN, SKIPCALL, SKIPEXIT, type Verdict } from './engine.ts'
import type { Chain, EngineNode } from './view.ts'
import { isLate, sayFailed, waitFor } from './waiting.ts'

/** The kernel's handler is next. */
export const GO_CALL = 0
/** An engine answered for the kernel. */
export const GO_SKIP = 1
/** An engine thinks; the task waits for it alone. */
export const GO_WAIT = 2

/** This engine does not want this call. */
const DECLINED = -2

/** Starts the descent of a fresh call. */
export function begin(task: Task, chain: Chain): void {
  const { call } = task
  call.chain = chain
  call.cursor = 0
  call.askedNr = NO_ANSWER
  call.answer = NO_ANSWER
  call.ranCount = 0
  call.stack = task.view.head
}

/** Asks the engines from the cursor on. */
export function descend(task: Task): number {
  const { call } = task
  while (call.chain && call.cursor < call.chain.length) {
    const node = call.chain[call.cursor]!
    let answer: Verdict | typeof NO_ANSWER | typeof DECLINED = call.answer
    if (answer === NO_ANSWER) {
      if (hasLeft(task, node.engine)) {
        call.cursor++
        continue
      }
      call.askedNr = call.nr
      const reply = ask(task, node)
      if (isLate(reply)) {
        const { engine } = node
        call.notePlace()
        waitFor(task, engine, reply, {
          take: (verdict) => (call.answer = verdict as Verdict),
          fail: (error) => (call.answer = failed(task, engine, error)),
        })
        return GO_WAIT
      }
      answer = reply
    }
    call.answer = NO_ANSWER
    if (answer === DECLINED) call.cursor++
    else if (obey(task, node, answer) === GO_SKIP) return GO_SKIP
  }
  return GO_CALL
}

function ask(task: Task, { engine }: EngineNode): Late<Verdict | typeof DECLINED> {
  const { call } = task
  const { choose, phases } = engine.wants
  try {
    if (choose && !choose(call)) return DECLINED
    if (phases === RETURN_ONLY) return RUN
    if (phases === EMULATE) {
      call.result = -ENOSYS
      return SKIPCALL
    }
    if (!engine.syscallEntry) return RUN
    engine.quiesce?.(task, 'syscallEntry')
    return engine.syscallEntry(call)
  } catch (error) {
    // It looked at what is not there yet, and is asked again when it is.
    if (error instanceof LatePage) throw error
    return failed(task, engine, error)
  }
}

/** GO_SKIP: the call has its answer; else the descent goes on. */
function obey(task: Task, node: EngineNode, answer: Verdict): number {
  const { call } = task
  const { engine } = node
  let verdict = answer
  const nonsense = nonsenseOf(call, verdict)
  if (nonsense !== null) verdict = failed(task, engine, new Error(nonsense))
  const isEmulated = verdict === SKIPCALL && engine.wants.phases === EMULATE
  const isChanged = call.nr !== call.askedNr
  if ((verdict === RUN || isEmulated) && engine.syscallExit && !hasLeft(task, engine))
    call.noteRan(node, !isChanged && call.cursor + 1 === call.chain!.length)
  if (verdict === SKIPCALL) return GO_SKIP
  if (isChanged) continueBelow(task, node)
  else call.cursor++
  return GO_CALL
}

/** What is wrong with an answer, or with what the engine made of the call. */
function nonsenseOf(call: SyscallCall, verdict: Verdict): string | null {
  if (verdict === SKIPCALL) return nonsenseResult(call)
  if (verdict !== RUN && verdict !== SKIPEXIT) return `its verdict was ${String(verdict)}`
  if (!Number.isInteger(call.nr)) return `it made it system call ${call.nr}`
  for (let i = 0; i < ARGUMENT_COUNT; i++)
    if (!Number.isInteger(call.args[i])) return `it made argument ${i} ${call.args[i]}`
  return null
}

const nonsenseResult = (call: SyscallCall): string | null =>
  Number.isInteger(call.result) ? null : `its result was ${String(call.result)}`

/** The call ends with an error. */
function failed(task: Task, engine: Engine, error: unknown): Verdict {
  const { call } = task
  sayFailed(task.kernel, engine, call.name, error)
  call.result = -EIO
  return SKIPCALL
}

/** Whether the engine was taken out of the view since the call began. */
function hasLeft(task: Task, engine: Engine): boolean {
  return task.call.stack !== task.view.head && !task.view.has(engine)
}

/** A changed number goes on in the new number's chain, below the engine that changed it. */
function continueBelow(task: Task, node: EngineNode): void {
  const { call } = task
  call.chain = node.below?.chain(call.nr) ?? null
  call.cursor = 0
}

/** Tells the exit to those that wait for it, oldest first. False: an engine thinks. */
export function ascend(task: Task): boolean {
  const { call } = task
  while (call.ranCount > 0) {
    const { engine } = call.takeRan()
    if (hasLeft(task, engine)) continue
    try {
      engine.quiesce?.(task, 'syscallExit')
      const reply = engine.syscallExit!(call)
      if (isLate(reply)) {
        call.notePlace()
        waitFor(task, engine, reply, {
          take: () => checkResult(task, engine),
          fail: (error) => failed(task, engine, error),
        })
        return false
      }
      checkResult(task, engine)
    } catch (error) {
      if (error instanceof LatePage) {
        call.putBackRan()
        throw error
      }
      failed(task, engine, error)
    }
  }
  return true
}

function checkResult(task: Task, engine: Engine): void {
  const nonsense = nonsenseResult(task.call)
  if (nonsense !== null) failed(task, engine, new Error(nonsense))
}

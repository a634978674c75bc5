/**
 * Runs one task for a slice: program, engines' entry, handler, engines' exit, signals, program again; until it
 * blocks, waits for an engine, stops, ends or has used its slice.
 * Path: kernel.ts's loop picks a task; this file moves it from stage to stage; what it waits for puts it back.
 *
 * The common call (nobody watches, the answer is ready) allocates nothing.
 */

import { EXIT_BUDGET, EXIT_STEP, EXIT_SYSCALL } from '../../emu/run/cpu.ts'
import { BLOCKED, ENOSYS } from '../abi/errno.ts'
import { ascend, begin, descend, GO_SKIP, GO_WAIT } from '../engines/stack.ts'
import { LatePage } from '../mm/faults.ts'
import { handleFault } from './fault.ts'
import type { Kernel } from './kernel.ts'
import { interruptRseq } from './rseq.ts'
import { PASSES, STOPPED_BY_FILTER, seccompVerdict } from './seccomp.ts'
import { deliverSignals, isRestart } from './signal-delivery.ts'
import { REST_CALLS } from './slice.ts'
import {
  RUNNING,
  STAGE_CALL,
  STAGE_ENTRY,
  STAGE_EXIT,
  STAGE_QUIESCE,
  STAGE_REPORT,
  STAGE_SIGNALS,
  STAGE_START,
  STAGE_USER,
  type Task,
} from './task.ts'

/** A handler that has set every register itself (rt_sigreturn). */
export const KEEP_RESULT = -5001

/** `budget` is the slice's length, in back-edges and calls. */
export function runTask(kernel: Kernel, task: Task, budget: number): void {
  task.state = RUNNING
  task.mm.activate(task)
  task.mm.lastSlice = kernel.contextSwitches
  task.mm.arch.setBudget(task.mm.state, budget)
  // What came while it waited for its turn: a signal, a stop.
  if (task.stage === STAGE_USER && task.signalPending()) task.stage = STAGE_SIGNALS
  let callsLeft = kernel.slices.calls()
  while (task.state === RUNNING) {
    // What engines are told of its own end is not broken off by that end.
    if (task.group.exiting !== null && !task.isExiting) task.stage = STAGE_SIGNALS
    if (task.late !== null && !task.loadLate()) return
    if (task.stage !== STAGE_USER) advance(kernel, task)
    else if (task.attention !== null) task.stage = STAGE_QUIESCE
    else {
      if (callsLeft-- === 0) task.mm.arch.setBudget(task.mm.state, kernel.slices.rest())
      if (callsLeft < -REST_CALLS || task.yielded) {
        task.yielded = false
        endSlice(kernel, task)
        return
      }
      if (!runProgram(kernel, task)) return
    }
  }
}

/** One stage further, outside the program. */
function advance(kernel: Kernel, task: Task): void {
  try {
    switch (task.stage) {
      case STAGE_ENTRY:
        enter(task)
        break
      case STAGE_CALL:
        invoke(kernel, task)
        break
      case STAGE_EXIT:
        if (ascend(task)) finish(task)
        break
      case STAGE_START:
        task.start!.attempt()
        break
      case STAGE_REPORT:
        goOnReporting(task)
        break
      case STAGE_QUIESCE:
        quiesce(kernel, task)
        break
      default:
        deliverSignals(task)
    }
  } catch (error) {
    if (!(error instanceof LatePage)) throw error
    task.waitForPage(error)
  }
}

/** False when the slice is over. */
function runProgram(kernel: Kernel, task: Task): boolean {
  const exit = kernel.cpu.run(task.mm.space)
  if (exit === EXIT_SYSCALL) {
    startCall(kernel, task)
    return true
  }
  if (exit === EXIT_BUDGET) {
    endSlice(kernel, task)
    return false
  }
  handleFault(task, exit)
  return true
}

/** Between two instructions, where engines may hold it or let it go for a step. */
function quiesce(kernel: Kernel, task: Task): void {
  if (task.attention !== null && !task.attention.stand(task)) return
  task.stage = userStage(task)
  if (task.attention === null || task.stage !== STAGE_USER) return
  const { arch, space, state } = task.mm
  // Enough for the one call that can be in it.
  arch.setBudget(state, 1)
  const exit = task.attention.takeStep() === 'block' ? kernel.cpu.stepBlock(space) : kernel.cpu.step(space)
  if (exit === EXIT_SYSCALL) startCall(kernel, task)
  else if (exit !== EXIT_STEP) handleFault(task, exit)
}

/** Back to the program, past its signals when there are any. */
const userStage = (task: Task): number =>
  task.restartResult !== 0 || task.savedMask !== null || task.signalPending() ? STAGE_SIGNALS : STAGE_USER

/** In the middle of the program: the others' turn. */
function endSlice(kernel: Kernel, task: Task): void {
  interruptRseq(task)
  if (task.signalPending()) task.stage = STAGE_SIGNALS
  kernel.enqueue(task)
}

function startCall(kernel: Kernel, task: Task): void {
  const { arch, calls, state } = task.mm
  const { call } = task
  kernel.callCount++
  const refused = arch.enterCall(state, task.mm)
  if (refused !== 0) {
    arch.setResult(state, refused)
    return
  }
  call.begin(calls, arch.syscallNumber(state))
  task.startCall()
  call.seq++
  const chain = task.view.chain(call.nr)
  if (chain === null) {
    task.stage = STAGE_CALL
    return
  }
  call.forgetPlace()
  call.result = -ENOSYS
  begin(task, chain)
  task.stage = STAGE_ENTRY
}

/** The next engine is told of the event; after the last one the task goes on with what it was doing. */
function goOnReporting(task: Task): void {
  const report = task.report!
  if (!report.goOn(task)) return
  task.report = null
  report.afterwards?.()
}

function enter(task: Task): void {
  const go = descend(task)
  if (go === GO_WAIT) return
  moveProgram(task)
  task.stage = go === GO_SKIP ? STAGE_EXIT : STAGE_CALL
}

function invoke(kernel: Kernel, task: Task): void {
  const { call } = task
  if (task.seccompMode !== 0 && (!task.resumed || task.notification !== null)) {
    const verdict = seccompVerdict(task)
    if (verdict === BLOCKED) return
    if (verdict !== PASSES) {
      settle(task, verdict === STOPPED_BY_FILTER ? KEEP_RESULT : verdict)
      return
    }
  }
  const { args } = call
  const row = kernel.table[call.nr]
  const result = row
    ? row.handler(task, args[0]!, args[1]!, args[2]!, args[3]!, args[4]!, args[5]!)
    : kernel.missingCall(call.name)
  if (task.report !== null) {
    task.report.afterwards ??= () => settle(task, result)
    return
  }
  if (result === BLOCKED || task.state !== RUNNING) return
  // A handler may have queued the task and then found an answer all the same.
  task.leaveQueues()
  settle(task, result)
}

/** An engine has said where the program goes on. */
function moveProgram(task: Task): void {
  const { call, mm } = task
  if (!call.hasMoved) return
  call.hasMoved = false
  mm.arch.setPc(mm.state, call.pc)
  mm.arch.setSp(mm.state, call.sp)
}

/** The call has its result: the engines that saw it hear of it first. */
function settle(task: Task, result: number): void {
  const { call } = task
  if (task.state !== RUNNING) return
  call.result = result
  if (call.ranCount > 0) {
    if (result === KEEP_RESULT) call.result = task.mm.arch.result(task.mm.state)
    task.progressState = result === KEEP_RESULT ? KEEP_RESULT : null
    task.stage = STAGE_EXIT
    return
  }
  conclude(task, result)
}

function finish(task: Task): void {
  moveProgram(task)
  conclude(task, task.progressState === KEEP_RESULT ? KEEP_RESULT : task.call.result)
}

/** The result goes to the program; signals are looked at before it runs on. */
function conclude(task: Task, result: number): void {
  if (result !== KEEP_RESULT) {
    if (isRestart(result)) task.restartResult = result
    task.mm.arch.setResult(task.mm.state, task.call.toldResult(result))
  }
  task.progressState = null
  // Who holds it sees it behind the call, before its signals.
  task.stage = task.attention === null ? userStage(task) : STAGE_QUIESCE
}

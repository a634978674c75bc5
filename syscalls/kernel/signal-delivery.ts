/**
 * Delivering signals: the last stage before a task goes back to its program. Default actions, handlers' frames,
 * and what becomes of an interrupted call. Linux get_signal, handle_signal; signal(7) "Interruption of system
 * calls".
 * Path: task-run.ts calls it in STAGE_SIGNALS; it may stop or end the task, or wait for an engine's word.
 */

import { EINTR, ERESTART_RESTARTBLOCK, ERESTARTNOHAND, ERESTARTNOINTR, ERESTARTSYS } from '../abi/errno.ts'
import {
  CORE_SIGNALS,
  IGNORED_BY_DEFAULT,
  inMask,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SA_RESTART,
  SI_KERNEL,
  SIG_DFL,
  SIG_IGN,
  SIGKILL,
  SIGSEGV,
  SIGSTOP,
  type SigInfo,
  STOP_SIGNALS,
  sigInfo,
} from '../abi/signal.ts'
import { hold } from '../engines/control.ts'
import { SIGNAL_DELIVER, SIGNAL_HOLD, SIGNAL_IGN, SIGNAL_STOP, SIGNAL_TSTP } from '../engines/engine.ts'
import { reportSignal, SignalOnItsWay } from '../engines/events.ts'
import { endTask } from './exit.ts'
import { isOrphanedGroup } from './job-control.ts'
import { interruptRseq } from './rseq.ts'
import { beginGroupExit, forceSignal, stopGroup } from './signal.ts'
import { SigSet } from './sigset.ts'
import { STAGE_USER, STOPPED, type Task } from './task.ts'
import type { SigAction } from './thread-group.ts'

/** Handles everything pending; on return the task goes back to its program unless its state says otherwise. */
export function deliverSignals(task: Task): void {
  const { group } = task
  for (;;) {
    if (group.exiting !== null) {
      endTask(task, group.exiting)
      return
    }
    if (group.stopped) {
      task.state = STOPPED
      return
    }
    const watched = task.delivering
    if (watched) {
      task.delivering = null
      if (!obey(task, watched)) return
      continue
    }
    const info = task.pending.take(task.blocked) ?? group.pending.take(task.blocked)
    if (!info) break
    if (!task.view.watchesSignals) {
      act(task, info)
      continue
    }
    task.delivering = new SignalOnItsWay(task, info)
    if (!reportSignal(task, task.delivering)) return
  }
  restartCall(task)
  if (task.savedMask) {
    task.blocked.copyFrom(task.savedMask)
    task.savedMask = null
  }
  task.stage = STAGE_USER
}

/** What the engines said becomes of a signal. False: one holds it, and the task stands. */
function obey(task: Task, { info, verdict, holder, pc, sp }: SignalOnItsWay): boolean {
  const { arch, state } = task.mm
  arch.setPc(state, pc)
  arch.setSp(state, sp)
  const { group } = task
  if (verdict === SIGNAL_HOLD) {
    task.pending.putBack(info)
    return !hold(task, holder!)
  }
  if (verdict === SIGNAL_DELIVER) act(task, info)
  else if (verdict === SIGNAL_STOP) stopGroup(group, info.signo)
  else if (verdict === SIGNAL_TSTP) stopUnlessOrphaned(task, info.signo)
  else if (verdict !== SIGNAL_IGN) beginGroupExit(group, info.signo)
  return true
}

function stopUnlessOrphaned({ kernel, group }: Task, signo: number): void {
  // A process group without a shell that could continue it does not stop.
  if (!isOrphanedGroup(kernel, group.processGroup)) stopGroup(group, signo)
}

function act(task: Task, info: SigInfo): void {
  const { group } = task
  const { signo } = info
  const action = group.actions.of(signo)
  if (action.handler === SIG_IGN) return
  if (action.handler !== SIG_DFL) {
    enterHandler(task, info, action)
    return
  }
  if (inMask(IGNORED_BY_DEFAULT, signo)) return
  if (group.isUnkillable && signo !== SIGKILL && signo !== SIGSTOP) return
  if (inMask(STOP_SIGNALS, signo)) {
    if (signo === SIGSTOP) stopGroup(group, signo)
    else stopUnlessOrphaned(task, signo)
    return
  }
  // The core limit is 0, so no core is written and the core bit is not set, as on Linux.
  if (inMask(CORE_SIGNALS, signo) && task.kernel.options.explainFaults) explain(task, info)
  beginGroupExit(group, signo)
}

function explain(task: Task, info: SigInfo): void {
  // What kill(2) sends has no address; the sender knows why.
  if (info.code <= 0) return
  const pc = task.mm.arch.pc(task.mm.state).toString(16)
  task.kernel.host.diagnostics(
    `${task.comm}[${task.tid}] ended by signal ${info.signo} at pc 0x${pc}, address 0x${info.addr.toString(16)}`,
  )
}

/** An interrupted call and a handler: EINTR, or again after the handler. */
function resolveForHandler(task: Task, action: SigAction): void {
  const { arch, state } = task.mm
  const interrupted = task.restartResult
  task.restartResult = 0
  if (interrupted === 0) return
  const again =
    interrupted === -ERESTARTNOINTR || (interrupted === -ERESTARTSYS && (action.flags & SA_RESTART) !== 0)
  if (again) arch.rewindSyscall(state, task.call.archNr)
  else arch.setResult(state, -EINTR)
}

/** An interrupted call and no handler: the program never notices. */
function restartCall(task: Task): void {
  const interrupted = task.restartResult
  task.restartResult = 0
  if (interrupted === 0) return
  const { arch, calls, state } = task.mm
  const isOver = interrupted === -ERESTART_RESTARTBLOCK
  arch.rewindSyscall(state, isOver ? calls.named('restart_syscall').archNr : task.call.archNr)
}

function enterHandler(task: Task, info: SigInfo, action: SigAction): void {
  const { arch } = task.mm
  resolveForHandler(task, action)
  interruptRseq(task)
  const mask = task.savedMask ?? task.blocked
  const sp = arch.sp(task.mm.state)
  const onStack = sp > task.altStackAddr && sp - task.altStackAddr <= task.altStackSize
  const hasStack = task.altStackSize > 0
  const pushed = arch.pushSignalFrame(task.mm.state, task.mm, {
    info,
    handler: action.handler,
    flags: action.flags,
    restorer: action.restorer,
    maskLo: mask.lo,
    maskHi: mask.hi,
    altStackAddr: task.altStackAddr,
    altStackSize: task.altStackSize,
    altStackFlags: task.altStackFlags,
    onAltStack: (action.flags & SA_ONSTACK) !== 0 && hasStack && !onStack,
  })
  if (!pushed) {
    if (info.signo === SIGSEGV) action.handler = SIG_DFL
    forceSignal(task, sigInfo(SIGSEGV, SI_KERNEL))
    return
  }
  // Who wanted a step has got one.
  task.attention?.takeStep()
  task.savedMask = null
  task.blocked.lo |= action.mask.lo
  task.blocked.hi |= action.mask.hi
  if (!(action.flags & SA_NODEFER)) task.blocked.add(info.signo)
  if (action.flags & SA_RESETHAND) action.handler = SIG_DFL
}

/** sigsuspend, ppoll, pselect6: a mask for the time of the call. */
export function setTemporaryMask(task: Task, lo: number, hi: number): void {
  if (!task.savedMask) {
    task.savedMask = new SigSet()
    task.savedMask.copyFrom(task.blocked)
  }
  setBlocked(task, lo, hi)
}

/** The call was not interrupted: the program's own mask is back before signals are looked at. */
export function endTemporaryMask(task: Task): void {
  if (!task.savedMask) return
  task.blocked.copyFrom(task.savedMask)
  task.savedMask = null
}

/** SIGKILL and SIGSTOP cannot be blocked. */
export function setBlocked(task: Task, lo: number, hi: number): void {
  task.blocked.set(lo & ~((1 << 8) | (1 << 18)), hi)
}

/** Which results mean "interrupted" to this file. */
export const isRestart = (result: number): boolean =>
  result === -ERESTARTSYS ||
  result === -ERESTARTNOINTR ||
  result === -ERESTARTNOHAND ||
  result === -ERESTART_RESTARTBLOCK

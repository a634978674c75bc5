/**
 * What the kernel itself does, told to a view's engines, oldest first; each is told only when the one before is done,
 * so that it sees the world as that one left it. utrace's report_* callbacks.
 * Path: exec.ts, fork.ts, exit.ts, signal.ts and signal-delivery.ts tell; a wait is gone on with in STAGE_REPORT.
 */

import type { SigInfo } from '../abi/signal.ts'
import { STAGE_REPORT, STAGE_SIGNALS, STAGE_USER, type Task } from '../kernel/task.ts'
import type {
  Engine,
  EventName,
  ExitReport,
  JobReport,
  Late,
  ReapReport,
  SignalReport,
  SignalVerdict,
} from './engine.ts'
import {
  SIGNAL_CORE,
  SIGNAL_DELIVER,
  SIGNAL_HOLD,
  SIGNAL_IGN,
  SIGNAL_STOP,
  SIGNAL_TERM,
  SIGNAL_TSTP,
} from './engine.ts'
import type { EngineNode, View } from './view.ts'
import { isLate, sayFailed, waitFor } from './waiting.ts'

/** Those that a task may have to wait for. */
type WaitingEvent = Exclude<EventName, 'jctl' | 'death' | 'reap'>

/** One event on its way up the stack. */
export class EventReport<Answer = unknown> {
  readonly event: WaitingEvent
  private readonly nodes: readonly EngineNode[]
  private readonly inform: (engine: Engine) => Late<Answer>
  /** Takes each engine's word; true ends the report. */
  private readonly heard: (answer: Answer, engine: Engine) => boolean
  /** What the task does when all have been told. */
  afterwards: (() => void) | null = null
  private cursor = 0

  constructor(
    event: WaitingEvent,
    nodes: readonly EngineNode[],
    inform: (engine: Engine) => Late<Answer>,
    heard: (answer: Answer, engine: Engine) => boolean = () => false,
  ) {
    this.event = event
    this.nodes = nodes
    this.inform = inform
    this.heard = heard
  }

  /** Tells those that are left. False: one thinks, and `task` waits for it. */
  goOn(task: Task): boolean {
    while (this.cursor < this.nodes.length) {
      const { engine } = this.nodes[this.cursor++]!
      if (!task.view.has(engine)) continue
      try {
        engine.quiesce?.(task, this.event)
        const reply = this.inform(engine)
        if (isLate(reply)) {
          waitFor(task, engine, reply, {
            take: (answer) => this.take(answer, engine),
            fail: (error) => sayFailed(task.kernel, engine, this.event, error),
          })
          return false
        }
        this.take(reply, engine)
      } catch (error) {
        sayFailed(task.kernel, engine, this.event, error)
      }
    }
    return true
  }

  private take(answer: Answer, engine: Engine): void {
    if (this.heard(answer, engine)) this.cursor = this.nodes.length
  }
}

/** Tells; false: `task` waits, and goes on with the report in STAGE_REPORT. */
function tell<Answer>(task: Task, report: EventReport<Answer>): boolean {
  if (report.goOn(task)) return true
  task.report = report as EventReport
  task.stage = STAGE_REPORT
  return false
}

/** The child waits if an engine takes its time, not its parent. */
export function reportClone(parent: Task, child: Task, flags: number): void {
  const nodes = child.view.listeningTo('clone')
  if (nodes.length === 0) return
  const report = new EventReport('clone', nodes, (engine) => engine.clone!(parent, child, flags))
  report.afterwards = () => (child.stage = STAGE_USER)
  tell(child, report)
}

/** Whoever waits for the exec call's result goes on when the engines have been told. */
export function reportExec(task: Task, path: string): void {
  const nodes = task.view.listeningTo('exec')
  if (nodes.length > 0) tell(task, new EventReport('exec', nodes, (engine) => engine.exec!(task, path)))
}

/** Calls back with the status that the engines left, at once or later. */
export function reportExit(task: Task, status: number, then: (status: number) => void): void {
  const nodes = task.view.listeningTo('exit')
  if (nodes.length === 0) {
    then(status)
    return
  }
  const exit: ExitReport = { task, original: status, status }
  const report = new EventReport('exit', nodes, (engine) => engine.exit!(exit))
  report.afterwards = () => then(Number.isInteger(exit.status) ? exit.status & 0xffff : status)
  task.isExiting = true
  if (tell(task, report)) report.afterwards()
}

const VERDICTS: readonly SignalVerdict[] = [
  SIGNAL_DELIVER,
  SIGNAL_IGN,
  SIGNAL_TERM,
  SIGNAL_CORE,
  SIGNAL_STOP,
  SIGNAL_TSTP,
  SIGNAL_HOLD,
]

/** A signal on its way up, and what the engines make of it. */
export class SignalOnItsWay implements SignalReport {
  readonly task: Task
  info: SigInfo
  verdict: SignalVerdict = SIGNAL_DELIVER
  /** Who holds it. */
  holder: Engine | null = null
  pc: number
  sp: number

  constructor(task: Task, info: SigInfo) {
    const { arch, state } = task.mm
    this.task = task
    this.info = info
    this.pc = arch.pc(state)
    this.sp = arch.sp(state)
  }

  /** An engine's word. What is ignored or held newer engines are not told of. */
  hear(verdict: SignalVerdict | undefined, engine: Engine): boolean {
    if (verdict === undefined) return false
    if (!VERDICTS.includes(verdict)) throw new Error(`its verdict was ${String(verdict)}`)
    this.verdict = verdict
    this.holder = verdict === SIGNAL_HOLD ? engine : null
    return verdict === SIGNAL_IGN || verdict === SIGNAL_HOLD
  }
}

/** Asks about a signal; false: `task` waits, and then looks at its signals again. */
export function reportSignal(task: Task, signal: SignalOnItsWay): boolean {
  const report = new EventReport<SignalVerdict | undefined>(
    'signal',
    task.view.listeningTo('signal'),
    (engine) => engine.signal!(signal) as Late<SignalVerdict | undefined>,
    (verdict, engine) => signal.hear(verdict, engine),
  )
  report.afterwards = () => (task.stage = STAGE_SIGNALS)
  return tell(task, report)
}

/** Tells what nobody can wait for. */
function announce(view: View, event: EventName, inform: (engine: Engine) => void): void {
  for (const { engine } of view.listeningTo(event))
    try {
      inform(engine)
    } catch (error) {
      sayFailed(view.kernel, engine, event, error)
    }
}

/** Of a thread that another one's execve ends at once: nobody can wait for an engine. */
export function announceExit(task: Task, status: number): void {
  announce(task.view, 'exit', (engine) => {
    const reply = engine.exit!({ task, original: status, status })
    if (reply instanceof Promise) reply.catch((error) => sayFailed(task.kernel, engine, 'exit', error))
  })
}

/** A group stopped or goes on. */
export const reportJob = (report: JobReport): void =>
  announce(report.task.view, 'jctl', (engine) => engine.jctl!(report))

export const reportDeath = (task: Task, status: number, isLast: boolean): void =>
  announce(task.view, 'death', (engine) => engine.death!(task, status, isLast))

export const reportReap = (view: View, report: ReapReport): void =>
  announce(view, 'reap', (engine) => engine.reap!(report))

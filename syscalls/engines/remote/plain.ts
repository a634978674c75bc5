/**
 * Plain engines: engines that get events as plain data and answer with plain data, so that they can be anywhere: in
 * the page, another process, behind a person. The guest memory that they declare to need is read along with the event.
 * Path: `plainEngine` makes an Engine of one that is here; link.ts of one at the other end of a channel. The same
 * events are what a recorder writes down.
 */

import type { SigInfo } from '../../abi/signal.ts'
import type { Task } from '../../kernel/task.ts'
import type { SyscallCall } from '../call.ts'
import type { Phases } from '../combinations.ts'
import type { Engine, EventName, Interest, Late, SignalVerdict, Verdict } from '../engine.ts'
import { RUN, SIGNAL_HOLD } from '../engine.ts'
import { isLate } from '../waiting.ts'

/** Memory that goes along with a call's events. */
export interface DeclaredRead {
  /** The argument that is the address. */
  readonly arg: number
  /** Bytes; of an argument as many as it says; `string`: up to the NUL. */
  readonly size: number | { readonly arg: number } | 'string'
  /** With which event; both unless said. */
  readonly at?: 'entry' | 'exit'
}

/** A choice by arguments that needs no code: the path begins so, the number is that. All must hold. */
export interface DeclaredChoice {
  readonly arg: number
  readonly startsWith?: string
  readonly equals?: number
}

export interface PlainInterest {
  readonly calls: 'all' | readonly string[]
  readonly phases?: Phases
  readonly where?: readonly DeclaredChoice[]
  /** By the call's name. */
  readonly reads?: Readonly<Record<string, readonly DeclaredRead[]>>
  /** What of the kernel's own doings it wants to hear. */
  readonly events?: readonly EventName[]
}

/** A call, as data. Names and paths in memory are bytes. */
export interface PlainCall {
  readonly name: string
  readonly nr: number
  readonly args: readonly number[]
  /** At the exit: what the program gets unless it is changed. */
  readonly result: number
  readonly pc: number
  readonly sp: number
  /** What was declared for this call, in that order; null where it faults. */
  readonly memory: readonly (Uint8Array | null)[]
}

export type PlainEvent = { readonly pid: number; readonly tid: number } & (
  | { readonly type: 'syscallEntry' | 'syscallExit'; readonly seq: number; readonly call: PlainCall }
  | { readonly type: 'signal'; readonly info: SigInfo; readonly verdict: number }
  | { readonly type: 'clone'; readonly childPid: number; readonly childTid: number; readonly flags: number }
  | { readonly type: 'exec'; readonly path: string }
  | { readonly type: 'exit' | 'reap'; readonly status: number }
  | { readonly type: 'death'; readonly status: number; readonly isLast: boolean }
  | { readonly type: 'jctl'; readonly code: number; readonly signo: number }
)

/** What comes back; what is missing stays as it is. */
export interface PlainReply {
  /** On a call (RUN unless said) or a signal. */
  readonly verdict?: number
  /** It becomes another call. */
  readonly name?: string
  readonly args?: readonly number[]
  readonly result?: number
  readonly pc?: number
  readonly sp?: number
  readonly writes?: readonly (readonly [addr: number, bytes: Uint8Array])[]
  /** The signal becomes another one. */
  readonly signo?: number
  /** The wait status of an exit. */
  readonly status?: number
}

// biome-ignore lint/suspicious/noConfusingVoidType: an engine that only looks has nothing to answer
export type PlainAnswer = PlainReply | undefined | void

export interface PlainEngine {
  readonly name: string
  readonly wants: PlainInterest
  readonly answersWithinNs?: number
  on(event: PlainEvent): PlainAnswer | Promise<PlainAnswer>
}

/** What a plain engine is, without its code: what its other end is told. */
export type PlainDescription = Omit<PlainEngine, 'on'>

/** The engine that a plain one is, here. */
export const plainEngine = (plain: PlainEngine): Engine => engineOf(plain, (event) => plain.on(event))

/** An engine by its description; `on` tells it of events, wherever it is. */
export function engineOf(plain: PlainDescription, on: PlainEngine['on']): Engine {
  const { wants, name, answersWithinNs } = plain
  const heard = new Set(wants.events)
  const when = <T>(event: EventName, callback: T): T | undefined => (heard.has(event) ? callback : undefined)
  const told = (event: PlainEvent): void => {
    const reply = on(event)
    if (reply instanceof Promise) reply.catch(() => {})
  }
  const callbacks: { [K in keyof Engine]?: Engine[K] | undefined } = {
    syscallEntry: (call) =>
      whenAnswered(on(callEvent('syscallEntry', wants, call)), (reply) => takeEntry(call, reply)),
    syscallExit: (call) => {
      const reply = on(callEvent('syscallExit', wants, call))
      return whenAnswered(reply, (answer) => takeChanges(call, answer))
    },
    signal: when('signal', (report) =>
      whenAnswered(
        on({ ...idsOf(report.task), type: 'signal', info: report.info, verdict: report.verdict }),
        (reply) => {
          if (reply?.signo !== undefined) report.info = { ...report.info, signo: reply.signo }
          if (reply?.pc !== undefined) report.pc = reply.pc
          if (reply?.sp !== undefined) report.sp = reply.sp
          if (reply?.verdict === SIGNAL_HOLD) throw new Error('it held a signal; what is far answers later')
          return reply?.verdict as SignalVerdict | undefined
        },
      ),
    ),
    clone: when('clone', (parent, child, flags) => {
      const ids = { childPid: child.group.pid, childTid: child.tid }
      return whenAnswered(on({ ...idsOf(parent), type: 'clone', ...ids, flags }), () => {})
    }),
    exec: when('exec', (task, path) => whenAnswered(on({ ...idsOf(task), type: 'exec', path }), () => {})),
    exit: when('exit', (report) =>
      whenAnswered(on({ ...idsOf(report.task), type: 'exit', status: report.status }), (reply) => {
        if (reply?.status !== undefined) report.status = reply.status
      }),
    ),
    jctl: when('jctl', ({ task, code, signo }) => told({ ...idsOf(task), type: 'jctl', code, signo })),
    death: when('death', (task, status, isLast) => told({ ...idsOf(task), type: 'death', status, isLast })),
    reap: when('reap', (report) => told({ ...report, type: 'reap' })),
  }
  const present = Object.entries(callbacks).filter(([, callback]) => callback !== undefined)
  return {
    name,
    wants: interestOf(wants),
    ...(answersWithinNs === undefined ? {} : { answersWithinNs }),
    ...Object.fromEntries(present),
  }
}

const idsOf = (task: Task): { pid: number; tid: number } => ({ pid: task.group.pid, tid: task.tid })

/** Now or later, as the answer comes. */
function whenAnswered<T>(
  reply: PlainAnswer | Promise<PlainAnswer>,
  take: (reply: PlainReply | undefined) => T,
): T | Promise<T> {
  if (isLate(reply as Late<PlainAnswer>))
    return (reply as Promise<PlainAnswer>).then((late) => take(checked(late)))
  return take(checked(reply as PlainAnswer))
}

/** Throws for what is no reply: it may come from anywhere. */
function checked(reply: PlainAnswer): PlainReply | undefined {
  if (reply === undefined || reply === null) return undefined
  if (typeof reply !== 'object') throw new Error(`its reply was ${String(reply)}`)
  return reply
}

function interestOf({ calls, phases, where }: PlainInterest): Interest {
  return {
    calls,
    ...(phases === undefined ? {} : { phases }),
    ...(where === undefined ? {} : { choose: (call) => where.every((choice) => holds(call, choice)) }),
  }
}

function holds(call: SyscallCall, { arg, startsWith, equals }: DeclaredChoice): boolean {
  if (equals !== undefined) return call.args[arg] === equals
  const text = call.readString(call.args[arg]!)
  return typeof text === 'string' && text.startsWith(startsWith ?? '')
}

function callEvent(
  type: 'syscallEntry' | 'syscallExit',
  wants: PlainInterest,
  call: SyscallCall,
): PlainEvent {
  const at = type === 'syscallEntry' ? 'entry' : 'exit'
  const reads = wants.reads?.[call.name]?.filter((read) => (read.at ?? at) === at) ?? []
  const { name, nr, result, pc, sp, seq, task } = call
  const memory = reads.map((read) => readDeclared(call, read))
  return {
    ...idsOf(task),
    type,
    seq,
    call: { name, nr, args: Array.from(call.args), result, pc, sp, memory },
  }
}

/** What one event carries at most of one argument. */
const READ_SIZE_MAX = 1 << 20

function readDeclared(call: SyscallCall, { arg, size }: DeclaredRead): Uint8Array | null {
  const addr = call.args[arg]!
  if (size === 'string') return call.task.memory.cstring(addr, READ_SIZE_MAX) ?? null
  const sizeBytes = Math.min(typeof size === 'number' ? size : call.args[size.arg]!, READ_SIZE_MAX)
  return sizeBytes >= 0 ? call.read([[addr, sizeBytes]])[0]! : null
}

function takeEntry(call: SyscallCall, reply: PlainReply | undefined): Verdict {
  if (reply?.name !== undefined) call.change(reply.name)
  takeChanges(call, reply)
  return (reply?.verdict ?? RUN) as Verdict
}

function takeChanges(call: SyscallCall, reply: PlainReply | undefined): void {
  if (!reply) return
  for (const [i, value] of (reply.args ?? []).entries()) call.args[i] = value
  if (reply.result !== undefined) call.result = reply.result
  if (reply.pc !== undefined) call.pc = reply.pc
  if (reply.sp !== undefined) call.sp = reply.sp
  for (const [addr, bytes] of reply.writes ?? []) {
    if (!(bytes instanceof Uint8Array)) throw new Error('it wrote what are no bytes')
    if (!call.write(addr, bytes)) throw new Error(`it wrote to address 0x${addr.toString(16)}, which faults`)
  }
}

/**
 * The strace engine: every call, signal and exit in strace's own text format, or as JSON lines. strace(1).
 * Path: entries and exits come from the stack; text goes to the sink that whoever made the engine gave.
 * Partial lines are written at once, so a blocked call is seen while it blocks; another task's line ends it with
 * "<unfinished ...>", and the exit begins a "<... read resumed>" line, as strace -f does.
 */

import { fromUtf8, latin1 } from '../../abi/bytes.ts'
import { errnoName, isError } from '../../abi/errno.ts'
import { signalName } from '../../abi/signal.ts'
import type { Task } from '../../kernel/task.ts'
import type { Mm } from '../../mm/mm.ts'
import type { ArgumentType } from '../../sys/row.ts'
import type { SyscallCall } from '../call.ts'
import { allCalls, type Engine, type ExitReport, RUN, type SignalReport } from '../engine.ts'
import { isKnownAtEntry, printArgument } from './arguments.ts'
import { argumentCount, BY_COMMAND, printResult, WHOLE } from './calls.ts'
import { noteRoom } from './sockets.ts'
import { hex, quote, quoteShort, siginfo } from './values.ts'

/** The column where "= result" begins. */
const RESULT_COLUMN = 40

export interface StraceOptions {
  /** Takes pieces of text, not lines. */
  write: (text: string) => void
  format?: 'strace' | 'json'
}

export const strace = (options: StraceOptions): Engine =>
  options.format === 'json' ? jsonTrace(options.write) : new TextTrace(options.write)

/** A call's arguments up to where something is only known at the exit. */
interface Printed {
  text: string
  /** The first argument that is left. */
  next: number
}

class TextTrace implements Engine {
  readonly name = 'strace'
  readonly wants = allCalls
  private readonly write: (text: string) => void
  /** The task whose line is open, and how far the line has come. */
  private open: Task | null = null
  private column = 0
  private readonly started = new WeakMap<Task, Printed>()
  private readonly living = new Set<number>()

  constructor(write: (text: string) => void) {
    this.write = write
  }

  private put(text: string): void {
    this.write(text)
    const newline = text.lastIndexOf('\n')
    this.column = newline >= 0 ? text.length - newline - 1 : this.column + text.length
  }

  /** Ends whatever line is open; then this task's line begins. */
  private begin(task: Task): void {
    if (this.open) this.put(' <unfinished ...>\n')
    this.open = null
    this.living.add(task.tid)
    if (this.living.size > 1) this.put(`[pid ${String(task.tid).padStart(5)}] `)
  }

  /** The machine's first program was started by nobody's execve: show it as strace shows its own. */
  exec(task: Task, path: string): void {
    if (this.started.has(task)) return
    this.begin(task)
    const { mm } = task
    const argv = stringsBetween(mm, mm.argStart, mm.argEnd).map(quoteShort)
    const count = stringsBetween(mm, mm.envStart, mm.envEnd).length
    const variables = `${hex(mm.envStart)} /* ${count} var${count === 1 ? '' : 's'} */`
    this.put(`execve(${quote(path)}, [${argv.join(', ')}], ${variables})`)
    this.finish('0')
  }

  private printFrom(call: SyscallCall, from: number, atExit: boolean): Printed {
    const whole = WHOLE[call.name]
    if (whole) return { text: from === 0 ? whole(call) : '', next: 99 }
    const types = call.task.kernel.table[call.nr]?.args
    if (!types)
      return { text: Array.from(call.args, (a) => hex(a < 0 ? a + 2 ** 64 : a)).join(', '), next: 99 }
    const count = argumentCount(call, types.length)
    let text = ''
    let i = from
    for (; i < count; i++) {
      if (!atExit && !isKnownAtEntry(types[i]!)) break
      const special = i === 2 ? BY_COMMAND[call.name] : undefined
      if (!atExit && special?.isOut(call)) break
      const part = special ? special.print(call) : printArgument(call, types, i, atExit)
      if (part === null) continue
      text += (i > from ? ', ' : '') + part
    }
    if (i >= count) return { text, next: 99 }
    return { text: i > 0 ? `${text}, ` : text, next: i }
  }

  syscallEntry(call: SyscallCall): typeof RUN {
    noteRoom(call, call.task.kernel.table[call.nr]?.args ?? [])
    const printed = this.printFrom(call, 0, false)
    this.begin(call.task)
    this.put(`${call.shownName}(${printed.text}`)
    this.started.set(call.task, printed)
    this.open = call.task
    return RUN
  }

  syscallExit(call: SyscallCall): void {
    const { task } = call
    const printed = this.started.get(task)
    this.started.delete(task)
    const resumed = this.open !== task
    if (resumed) {
      this.begin(task)
      this.put(`<... ${call.shownName} resumed>`)
    }
    // After a successful execve the old memory, where the arguments were, is gone.
    const rest = printed && printed.next < 99 ? this.printFrom(call, printed.next, true).text : ''
    this.put(`${rest})`)
    this.finish(printResult(call))
  }

  private finish(result: string): void {
    this.put(' '.repeat(Math.max(1, RESULT_COLUMN - this.column)))
    this.put(`= ${result}\n`)
    this.open = null
  }

  signal({ task, info }: SignalReport): void {
    this.begin(task)
    this.put(`--- ${signalName(info.signo)} ${siginfo(info)} ---\n`)
  }

  clone(_parent: Task, child: Task): void {
    // strace's own message does not end the line of the fork: its ")" comes behind.
    this.write(`strace: Process ${child.tid} attached\n`)
    this.living.add(child.tid)
  }

  exit({ task, status }: ExitReport): void {
    const inCall = this.started.has(task)
    this.started.delete(task)
    if (inCall && this.open === task) {
      this.put(')')
      this.finish('?')
    }
    this.begin(task)
    const signal = status & 0x7f
    this.put(
      signal ? `+++ killed by ${signalName(signal)} +++\n` : `+++ exited with ${(status >> 8) & 0xff} +++\n`,
    )
    this.living.delete(task.tid)
  }
}

/** NUL-terminated strings that lie one behind the other. */
function stringsBetween(mm: Mm, from: number, to: number): string[] {
  const bytes = to > from ? mm.copyIn(from, to - from) : null
  return bytes ? latin1(bytes).split('\0').slice(0, -1) : []
}

/** One object a line: call, exit, signal. What is known at entry is printed then: execve takes its memory away. */
function jsonTrace(write: (text: string) => void): Engine {
  const line = (record: object): void => write(`${JSON.stringify(record)}\n`)
  const entered = new WeakMap<Task, unknown[]>()
  const record = (call: SyscallCall): object => ({
    pid: call.task.tid,
    seq: call.seq,
    name: call.shownName,
    args: entered.get(call.task),
  })
  return {
    name: 'strace',
    wants: allCalls,
    syscallEntry(call) {
      const types = call.task.kernel.table[call.nr]?.args
      const args = types
        ? types.map((type, i) => (isKnownAtEntry(type) ? jsonArgument(call, types, i, false) : null))
        : Array.from(call.args)
      entered.set(call.task, args)
      return RUN
    },
    syscallExit(call) {
      const types = call.task.kernel.table[call.nr]?.args ?? []
      const args = entered.get(call.task)!
      for (const [i, type] of types.entries())
        if (!isKnownAtEntry(type)) args[i] = jsonArgument(call, types, i, true)
      const { result } = call
      line({ ...record(call), result, ...(isError(result) ? { errno: errnoName(result) } : {}) })
      entered.delete(call.task)
    },
    signal({ task, info }) {
      line({ pid: task.tid, signal: signalName(info.signo), code: info.code, from: info.pid })
    },
    exit({ task, status }) {
      // A call that never returns (exit_group, a kill in the middle) has no result.
      if (entered.has(task)) line({ ...record(task.call), result: null })
      entered.delete(task)
      const signal = status & 0x7f
      line(
        signal
          ? { pid: task.tid, killed: signalName(signal) }
          : { pid: task.tid, exited: (status >> 8) & 0xff },
      )
    },
  }
}

/** Plain numbers and whole paths stay values; the rest is strace's text. */
function jsonArgument(
  call: SyscallCall,
  types: readonly ArgumentType[],
  i: number,
  atExit: boolean,
): unknown {
  const { kind } = types[i]!
  if (kind === 'path') {
    const name = call.readString(call.args[i]!)
    return typeof name === 'string' ? fromUtf8(name) : call.args[i]
  }
  const isNumber =
    kind === 'int' ||
    kind === 'uint' ||
    kind === 'long' ||
    kind === 'ulong' ||
    kind === 'fd' ||
    kind === 'pid'
  return isNumber ? call.args[i] : printArgument(call, types, i, atExit)
}

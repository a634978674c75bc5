/**
 * The record engine: what the programs of a view touched: files, sockets, clocks, and which programs they were; as one
 * JSON text when the first of them has ended, and as an object at any time. `--engine record`. docs/engines/record.md.
 * Path: asked for the calls of touched.ts only, and it changes none.
 */

import { fromUtf8 } from '../../abi/bytes.ts'
import { EACCES, ENOENT, ENOTDIR, EPERM, EROFS, isError } from '../../abi/errno.ts'
import { AT_FDCWD, O_ACCMODE, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from '../../abi/fcntl.ts'
import { valueName } from '../../abi/flag-table.ts'
import { addressFamilies } from '../../abi/socket.ts'
import type { Task } from '../../kernel/task.ts'
import type { SyscallCall } from '../call.ts'
import { type Engine, RUN, SKIPEXIT, type Verdict } from '../engine.ts'
import { ModuleOptions, type OptionsLike } from '../options.ts'
import { printAddress } from '../strace/addresses.ts'
import { ADDRESSES, CLOCKS, OPENS, TOUCHES, type Touch } from './touched.ts'

/** What was touched. Names are absolute, as the program called them; of an opened file as it is called without links. */
export interface Recording {
  readonly programs: { pid: number; path: string; status?: number }[]
  readonly files: Record<string, Touch[]>
  /** `connect {sa_family=AF_INET, ...}`, how often. */
  readonly network: Record<string, number>
  /** Calls that read, set or await a clock, how often. */
  readonly time: Record<string, number>
  /** There were more names than are kept. */
  isCut?: boolean
}

/** Names that are kept: programs can make up as many as they like. */
const FILE_COUNT_MAX = 100_000

export interface RecordEngine extends Engine {
  readonly recording: Recording
}

/** What was known of the names at entry: at the exit of execve they are gone. */
type Names = (readonly [name: string, touch: Touch])[]

class Recorder implements RecordEngine {
  readonly name = 'record'
  readonly wants = { calls: [...TOUCHES.keys(), ...OPENS, ...ADDRESSES.keys(), ...CLOCKS, 'socket'] }
  readonly recording: Recording = { programs: [], files: {}, network: {}, time: {} }
  private readonly entered = new WeakMap<Task, Names>()
  private readonly write: (text: string) => void
  private firstPid: number | null = null
  private fileCount = 0

  constructor(write: (text: string) => void) {
    this.write = write
  }

  syscallEntry(call: SyscallCall): Verdict {
    const { name, args } = call
    if (CLOCKS.includes(name)) {
      count(this.recording.time, name)
      return SKIPEXIT
    }
    const address = ADDRESSES.get(name)
    if (address) {
      const [at, length] = address
      if (args[at] !== 0)
        count(this.recording.network, `${name} ${printAddress(call.task.mm, args[at]!, args[length]!)}`)
      return SKIPEXIT
    }
    if (name === 'socket') {
      count(this.recording.network, `socket ${valueName(addressFamilies, args[0]!)}`)
      return SKIPEXIT
    }
    this.entered.set(call.task, OPENS.includes(name) ? openedNames(call) : namesOf(call, TOUCHES.get(name)!))
    return RUN
  }

  syscallExit(call: SyscallCall): void {
    const names = this.entered.get(call.task) ?? []
    this.entered.delete(call.task)
    const { result, task } = call
    const failure = isError(result) ? failureOf(-result) : null
    if (isError(result) && failure === null) return
    const opened = OPENS.includes(call.name) && failure === null ? task.fds.get(result)?.path : null
    for (const [name, touch] of names)
      this.touch(opened ? fromUtf8(opened.name(task.fs.root)) : name, failure ?? touch)
  }

  exec(task: Task, path: string): void {
    this.firstPid ??= task.group.pid
    const name = fromUtf8(absolute(task, AT_FDCWD, path))
    this.recording.programs.push({ pid: task.group.pid, path: name })
    this.touch(name, 'run')
  }

  death(task: Task, status: number, isLast: boolean): void {
    if (!isLast) return
    const program = this.recording.programs.findLast(({ pid }) => pid === task.group.pid)
    if (program) program.status = status
    if (task.group.pid === this.firstPid) this.write(`${JSON.stringify(this.recording, null, 2)}\n`)
  }

  private touch(name: string, touch: Touch): void {
    const { files } = this.recording
    if (!Object.hasOwn(files, name)) {
      if (this.fileCount++ >= FILE_COUNT_MAX) {
        this.recording.isCut = true
        return
      }
      files[name] = []
    }
    const touches = files[name]!
    if (!touches.includes(touch)) touches.push(touch)
  }
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1
}

function failureOf(errno: number): Touch | null {
  if (errno === ENOENT || errno === ENOTDIR) return 'missed'
  return errno === EACCES || errno === EPERM || errno === EROFS ? 'refused' : null
}

function namesOf(call: SyscallCall, touches: readonly (Touch | null)[]): Names {
  const types = call.task.kernel.table[call.nr]!.args
  const names: [string, Touch][] = []
  let seen = 0
  for (const [i, { kind }] of types.entries()) {
    if (kind !== 'path') continue
    const touch = touches[seen++] ?? null
    const name = call.readString(call.args[i]!)
    if (touch === null || typeof name !== 'string' || name === '') continue
    const start = types[i - 1]?.kind === 'dirfd' ? call.args[i - 1]! : AT_FDCWD
    names.push([fromUtf8(absolute(call.task, start, name)), touch])
  }
  return names
}

function openedNames(call: SyscallCall): Names {
  const { name, args, task } = call
  const at = name === 'openat' || name === 'openat2' ? 1 : 0
  const flags =
    name === 'creat'
      ? O_CREAT | O_WRONLY | O_TRUNC
      : name === 'openat2'
        ? Math.max(0, task.mm.getU32(args[2]!))
        : args[at + 1]!
  const touches: Touch[] = []
  if ((flags & O_ACCMODE) !== O_WRONLY) touches.push('read')
  if ((flags & O_ACCMODE) !== O_RDONLY || flags & O_TRUNC) touches.push('write')
  return touches.flatMap((touch) => namesOf(call, [touch]))
}

/** A name from the root, without `.` and `..`; links in it are as they are. */
function absolute(task: Task, start: number, name: string): string {
  const from = name.startsWith('/') ? '' : (task.startOf(start)?.name(task.fs.root) ?? '?')
  const parts: string[] = []
  for (const part of `${from}/${name}`.split('/'))
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  return `/${parts.join('/')}`
}

/** Records until it is taken out. `write` gets the JSON when the first program that it saw has ended. */
export function record(options: OptionsLike = {}, write: (text: string) => void = () => {}): RecordEngine {
  ModuleOptions.of(options).allowOnly('record', [])
  return new Recorder(write)
}

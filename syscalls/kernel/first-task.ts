/** The first program of a machine: a task made from nothing, then an ordinary execve. Path: src/machine.ts. */

import { AddressSpace } from '../../emu/memory/address-space.ts'
import { BLOCKED, EINTR, ENOMEM } from '../abi/errno.ts'
import { AT_FDCWD } from '../abi/fcntl.ts'
import type { View } from '../engines/view.ts'
import { execProgram } from '../exec/exec.ts'
import { Mm } from '../mm/mm.ts'
import { resolveName } from '../sys/names.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import type { Path } from '../vfs/path.ts'
import { FOLLOW } from '../vfs/walk.ts'
import type { Credentials } from './credentials.ts'
import { exitTask } from './exit.ts'
import { FdTable } from './fd-table.ts'
import { FsContext } from './fs-context.ts'
import type { Kernel } from './kernel.ts'
import { beInit, joinNamespace } from './pid.ts'
import { RUNNING, STAGE_START, STAGE_USER, Task, WAITING } from './task.ts'
import { defaultLimits, SignalActions, ThreadGroup } from './thread-group.ts'

export interface FirstProgram {
  /** Byte strings. */
  path: string
  argv: string[]
  env: string[]
  cwd: Path
  view: View
  credentials: Credentials
  files: readonly FileDescription[]
  /** Told of the process before its program runs. */
  prepare: (group: ThreadGroup) => void
}

/** A task without a program, leader of a session of its own. */
export function makeFirstTask(
  kernel: Kernel,
  first: Omit<FirstProgram, 'path' | 'argv' | 'env' | 'prepare'>,
): Task {
  const pid = kernel.newPid()
  if (pid === 0) throw new RangeError('every process id is taken')
  const { pids } = first.view.world
  if (!joinNamespace(kernel, pids, pid)) throw new RangeError('every process id is taken')
  const group = new ThreadGroup(pid, kernel.init, pids, new SignalActions(), defaultLimits())
  beInit(group)
  group.sessionId = group.processGroup = pid
  group.startNs = kernel.clock.monotonicNs()
  const fds = new FdTable()
  fds.lockOwner = group
  const mm = new Mm(new AddressSpace(kernel.memoryPool), kernel.caller, kernel.nativeCalls)
  const task = new Task(kernel, pid, group, mm, {
    fs: new FsContext(first.view.mounts.root, first.cwd),
    fds,
    credentials: first.credentials,
    view: first.view,
  })
  mm.running = task
  for (const file of first.files) fds.install(file, false)
  kernel.groups.set(pid, group)
  kernel.tasks.set(pid, task)
  return task
}

/** A first program on its way, which may have to wait for its files. */
export class ProgramStart {
  private readonly task: Task
  private readonly first: FirstProgram
  /** Told of the task, or an errno. */
  private readonly tell: (started: Task | number) => void
  private isOver = false

  constructor(task: Task, first: FirstProgram, tell: (started: Task | number) => void) {
    this.task = task
    this.first = first
    this.tell = tell
  }

  /** Begins, or goes on after a wait. */
  attempt(): void {
    const { task, first } = this
    task.state = RUNNING
    const path = resolveName(task, AT_FDCWD, first.path, FOLLOW)
    const result =
      typeof path === 'number' ? path : execProgram(task, path, first.path, first.argv, first.env)
    if (result === BLOCKED) return
    this.end(result)
    if (result < 0) {
      exitTask(task, 127 << 8)
      return
    }
    task.start = null
    // Whoever started it goes on first, unless an engine holds it.
    if (task.state === RUNNING) task.state = WAITING
    // Without a call whose result would come first, it goes on with the program when the engines know of it.
    if (task.report) task.report.afterwards = () => (task.stage = STAGE_USER)
    else task.stage = STAGE_USER
  }

  /** The task ends before its program began. */
  abandon(): void {
    this.end(-EINTR)
  }

  private end(result: number): void {
    if (!this.isOver) this.tell(result < 0 ? result : this.task)
    this.isOver = true
  }
}

/** Starts the first program; its task, which waits for `release`, or an errno with the reason in kernel.execProblem. */
export function startFirst(kernel: Kernel, first: FirstProgram): Promise<Task | number> {
  return new Promise((resolve) => {
    let task: Task
    try {
      task = makeFirstTask(kernel, first)
    } catch {
      resolve(-ENOMEM)
      return
    }
    first.view.greet(task, null)
    first.prepare(task.group)
    task.stage = STAGE_START
    task.startCall()
    task.start = new ProgramStart(task, first, resolve)
    task.start.attempt()
  })
}

/** A started program begins to run. */
export function release(task: Task): void {
  if (task.state === WAITING) task.kernel.makeRunnable(task)
}

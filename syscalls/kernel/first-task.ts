/** The first program of a machine: a task made from nothing, then an ordinary execve. Path: src/machine.ts. */

import { AddressSpace } from '../../emu/memory/address-space.ts'
import { BLOCKED, ENOMEM } from '../abi/errno.ts'
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
import { RUNNING, STAGE_USER, Task } from './task.ts'
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
}

/** A task without a program, leader of a session of its own. */
export function makeFirstTask(kernel: Kernel, first: Omit<FirstProgram, 'path' | 'argv' | 'env'>): Task {
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
  const mm = new Mm(new AddressSpace(kernel.memoryPool), kernel.caller)
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

/** Starts the first program; its task, or an errno with the reason in kernel.execProblem. */
export function startFirst(kernel: Kernel, first: FirstProgram): Task | number {
  let task: Task
  try {
    task = makeFirstTask(kernel, first)
  } catch {
    return -ENOMEM
  }
  first.view.greet(task, null)
  task.state = RUNNING
  task.startCall()
  const path = resolveName(task, AT_FDCWD, first.path, FOLLOW)
  const result = typeof path === 'number' ? path : execProgram(task, path, first.path, first.argv, first.env)
  if (result < 0) {
    if (result === BLOCKED) task.leaveQueues()
    exitTask(task, 127 << 8)
    return result
  }
  // Without a call whose result would come first, it goes on with the program when the engines know of it.
  if (task.report) task.report.afterwards = () => (task.stage = STAGE_USER)
  kernel.addTask(task)
  return task
}

/**
 * execve(2): the old image stays whole until the new one is complete; then the task changes over, and cannot fail
 * any more. Path: sys/process.ts, and src/machine.ts for the first program.
 */

import { isError } from '../abi/errno.ts'
import { SS_DISABLE } from '../abi/signal.ts'
import { S_ISGID, S_ISUID } from '../abi/stat.ts'
import { reportExec } from '../engines/stack.ts'
import { becomeOnlyTask, dropMm } from '../kernel/exit.ts'
import { releaseRobustList } from '../kernel/robust-list.ts'
import { COMM_SIZE, type Task } from '../kernel/task.ts'
import { destroyMm } from '../mm/mm.ts'
import type { Path } from '../vfs/path.ts'
import { loadProgram } from './load.ts'
import { findProgram, type Program } from './program.ts'
import { buildStack } from './stack.ts'

/** 0, an errno, or BLOCKED. `name` is what the caller wrote. */
export function execProgram(
  task: Task,
  path: Path,
  name: string,
  argv: string[],
  env: readonly string[],
): number {
  const program = findProgram(task, path, name, argv)
  if (typeof program === 'number') return program
  const who = credentialsFor(task, program)
  const secure = who.euid !== who.uid || who.egid !== who.gid
  const loaded = loadProgram(task, program)
  if (typeof loaded === 'number') return loaded
  const sp = buildStack(task, loaded, program, env, who, secure)
  if (isError(sp)) {
    destroyMm(loaded.mm)
    return sp
  }
  // From here on nothing can fail.
  const { arch } = task.kernel
  const budget = arch.budget(task.mm.state)
  becomeOnlyTask(task)
  releaseRobustList(task)
  dropMm(task)
  task.mm = loaded.mm
  task.mm.running = task
  task.kernel.cpu.begin(task.mm.space, task.mm.programKey)
  arch.startProgram(task.mm.state, loaded.entry, sp)
  arch.setBudget(task.mm.state, budget)
  task.credentials = who
  forgetOldImage(task)
  task.comm = program.execName.slice(program.execName.lastIndexOf('/') + 1).slice(0, COMM_SIZE - 1)
  reportExec(task, program.execName)
  return 0
}

function credentialsFor(task: Task, program: Program) {
  const who = task.credentials.copy()
  const inode = program.setIdInode
  if (inode && !task.noNewPrivileges) {
    if (inode.mode & S_ISUID) who.euid = inode.uid
    if ((inode.mode & (S_ISGID | 0o010)) === (S_ISGID | 0o010)) who.egid = inode.gid
  }
  who.keepsCapabilities = false
  who.suid = who.fsuid = who.euid
  who.sgid = who.fsgid = who.egid
  return who
}

function forgetOldImage(task: Task): void {
  const { group } = task
  if (task.fds.users > 1) {
    task.fds.users--
    task.fds = task.fds.copy()
    task.fds.lockOwner = group
  }
  task.fds.closeMarked()
  group.timers?.endPosix()
  group.actions = group.actions.copy()
  group.actions.resetHandlers()
  group.hasExeced = true
  task.altStackAddr = task.altStackSize = 0
  task.altStackFlags = SS_DISABLE
  task.clearChildTid = 0
  task.restartBlock = null
  task.vforkDone?.wakeAll()
  task.vforkDone = null
}

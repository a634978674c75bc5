/**
 * execve(2): the old image stays whole until the new one is complete; then the task changes over, and cannot fail
 * any more. Path: sys/process.ts, and src/machine.ts for the first program.
 */

import { isError } from '../abi/errno.ts'
import { PER_CLEAR_ON_SETID } from '../abi/process.ts'
import { reportExec } from '../engines/events.ts'
import { commitCredentials, SUID_DUMP_DISABLE, SUID_DUMP_USER } from '../kernel/change-credentials.ts'
import { becomeOnlyTask, dropMm } from '../kernel/exit.ts'
import { releaseRobustList } from '../kernel/robust-list.ts'
import { COMM_SIZE, type Task } from '../kernel/task.ts'
import { destroyMm } from '../mm/mm.ts'
import type { Path } from '../vfs/path.ts'
import { MAY_READ, permission } from '../vfs/permission.ts'
import { credentialsForExec, type ExecCredentials } from './credentials.ts'
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
  const change = credentialsForExec(task, program.file.path)
  if (typeof change === 'number') return change
  const loaded = loadProgram(task, program)
  if (typeof loaded === 'number') return loaded
  const sp = buildStack(task, loaded, program, env, change.who, change.isSecure)
  if (isError(sp)) {
    destroyMm(loaded.mm)
    return sp
  }
  // From here on nothing can fail.
  const budget = task.mm.arch.budget(task.mm.state)
  becomeOnlyTask(task)
  releaseRobustList(task)
  task.rseq = null
  dropMm(task)
  task.mm = loaded.mm
  task.mm.running = task
  const { arch, state } = loaded.mm
  arch.startProgram(state, loaded.start, sp)
  arch.setBudget(state, budget)
  task.kernel.cpu.begin(loaded.mm.space, loaded.mm.programKey)
  becomeWhoItRunsAs(task, program, change)
  forgetOldImage(task)
  task.comm = program.execName.slice(program.execName.lastIndexOf('/') + 1).slice(0, COMM_SIZE - 1)
  reportExec(task, program.execName)
  return 0
}

/** What a program may not be shown, or must not inherit, where it has more rights than its caller. */
function becomeWhoItRunsAs(task: Task, program: Program, change: ExecCredentials): void {
  const old = task.credentials
  if (change.isSecure) task.parentDeathSignal = 0
  if (change.isRaised) task.personality &= ~PER_CLEAR_ON_SETID
  // Linux asks for the caller's ids, not for the program's.
  const isOwn = old.euid === old.uid && old.egid === old.gid
  const isReadable = permission(old, program.file.path.inode, MAY_READ) === 0
  task.mm.dumpable = isOwn && isReadable ? SUID_DUMP_USER : SUID_DUMP_DISABLE
  commitCredentials(task, change.who)
}

function forgetOldImage(task: Task): void {
  const { group } = task
  task.unshareFiles()
  task.fds.closeMarked()
  group.timers?.endPosix()
  group.actions = group.actions.copy()
  group.actions.resetHandlers()
  group.hasExeced = true
  task.altStackAddr = task.altStackSize = 0
  task.clearChildTid = 0
  task.restartBlock = null
  task.vforkDone?.wakeAll()
  task.vforkDone = null
}

/** What a task says of itself: prctl(2). */

import { bytesOf, latin1 } from '../abi/bytes.ts'
import { SECBIT_KEEP_CAPS } from '../abi/capability.ts'
import { EFAULT, EINVAL } from '../abi/errno.ts'
import { PATH_MAX } from '../abi/fcntl.ts'
import * as P from '../abi/process.ts'
import { SECCOMP_MODE_FILTER, SECCOMP_MODE_STRICT } from '../abi/seccomp.ts'
import { SIGNAL_MAX } from '../abi/signal.ts'
import { command } from '../engines/manage.ts'
import { COMM_SIZE, DEFAULT_TIMER_SLACK_NS, type Task } from '../kernel/task.ts'
import { ambient, dropFromBoundingSet, readBoundingSet, setKeepCaps, setSecurebits } from './capability.ts'
import { addrOrInt, bits, syscall, value } from './row.ts'
import { setFilter, setStrict } from './seccomp.ts'

function setName(task: Task, at: number): number {
  const name = task.mm.cstring(at, COMM_SIZE - 1)
  if (name === null) return -EFAULT
  const bytes = name ?? task.mm.copyIn(at, COMM_SIZE - 1)!
  task.comm = latin1(bytes)
  return 0
}

function getName(task: Task, at: number): number {
  const bytes = new Uint8Array(COMM_SIZE)
  bytes.set(bytesOf(task.comm))
  return task.mm.copyOut(at, bytes) ? 0 : -EFAULT
}

function setSeccomp(task: Task, mode: number, at: number): number {
  if (mode === SECCOMP_MODE_STRICT) return setStrict(task)
  return mode === SECCOMP_MODE_FILTER ? setFilter(task, 0, at) : -EINVAL
}

function setDumpable(task: Task, argument: number): number {
  if (argument > 1) return -EINVAL
  task.mm.dumpable = argument
  return 0
}

/** The words are there for errors too. They end with a NUL. */
function manageViews(
  task: Task,
  lineAddr: number,
  lineSize: number,
  wordsAddr: number,
  room: number,
): number {
  if (lineSize > PATH_MAX || room === 0) return -EINVAL
  const line = task.mm.copyIn(lineAddr, lineSize)
  if (!line || !task.mm.canWrite(wordsAddr, room)) return -EFAULT
  const { result, text } = command(task, latin1(line))
  const words = bytesOf(`${text}\0`)
  if (words.length > room) words[room - 1] = 0
  task.mm.copyOut(wordsAddr, words.subarray(0, room))
  return result < 0 ? result : text.length
}

/** `hasRest`: one of the arguments behind the first is not 0. */
function setting(task: Task, option: number, argument: number, hasRest: boolean): number {
  switch (option) {
    case P.PR_SET_PDEATHSIG:
      if (argument > SIGNAL_MAX) return -EINVAL
      task.parentDeathSignal = argument
      return 0
    case P.PR_SET_NO_NEW_PRIVS:
      if (argument !== 1 || hasRest) return -EINVAL
      task.noNewPrivileges = true
      return 0
    case P.PR_SET_CHILD_SUBREAPER:
      task.group.subreaper = argument !== 0
      return 0
    case P.PR_SET_TIMERSLACK:
      task.timerSlackNs = argument === 0 || argument >= 2 ** 63 ? DEFAULT_TIMER_SLACK_NS : argument
      return 0
    case P.PR_SET_KEEPCAPS:
      return setKeepCaps(task, argument)
    case P.PR_SET_THP_DISABLE:
      if (hasRest) return -EINVAL
      task.mm.hasNoHugePages = argument !== 0
      return 0
    case P.PR_CAPBSET_DROP:
      return dropFromBoundingSet(task, argument)
    case P.PR_SET_SECUREBITS:
      return setSecurebits(task, argument)
    default:
      return -EINVAL
  }
}

function sysPrctl(task: Task, option: number, first: number, second: number, d: number, e: number): number {
  const hasRest = second !== 0 || d !== 0 || e !== 0
  switch (option) {
    case P.PR_SET_NAME:
      return setName(task, first)
    case P.PR_GET_NAME:
      return getName(task, first)
    case P.PR_GET_PDEATHSIG:
      return task.mm.setU32(first, task.parentDeathSignal) ? 0 : -EFAULT
    case P.PR_GET_NO_NEW_PRIVS:
      return first !== 0 || hasRest ? -EINVAL : task.noNewPrivileges ? 1 : 0
    case P.PR_GET_CHILD_SUBREAPER:
      return task.mm.setU32(first, task.group.subreaper ? 1 : 0) ? 0 : -EFAULT
    case P.PR_SET_DUMPABLE:
      return setDumpable(task, first)
    case P.PR_GET_DUMPABLE:
      return task.mm.dumpable
    case P.PR_GET_KEEPCAPS:
      return task.credentials.securebits & SECBIT_KEEP_CAPS ? 1 : 0
    case P.PR_CAPBSET_READ:
      return readBoundingSet(task, first)
    case P.PR_CAP_AMBIENT:
      return ambient(task, first, second, d !== 0 || e !== 0)
    case P.PR_GET_SECUREBITS:
      return task.credentials.securebits
    case P.PR_GET_TIMERSLACK:
      return task.timerSlackNs
    case P.PR_GET_THP_DISABLE:
      return first !== 0 || hasRest ? -EINVAL : task.mm.hasNoHugePages ? 1 : 0
    case P.PR_GET_SECCOMP:
      return task.seccompMode
    case P.PR_SET_SECCOMP:
      return setSeccomp(task, first, second)
    case P.PR_UMWELT:
      return manageViews(task, first, second, d, e)
    default:
      return setting(task, option, first, hasRest)
  }
}

export const prctlRows = [
  syscall('prctl', [value(P.prctlOptions), addrOrInt, bits, bits, bits], sysPrctl, 'no PR_SET_MM'),
]

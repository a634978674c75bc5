/**
 * What a task's filters say of a call before it is made: seccomp(2), Linux kernel/seccomp.c. Filters are a chain, newest
 * first; all are asked, and the strictest answer counts.
 * Path: sys/seccomp.ts installs them, fork inherits, task-run.ts asks; engines have seen the call before, as a tracer has.
 */

import type { ByteOrder } from '../abi/bytes.ts'
import { ENOSYS } from '../abi/errno.ts'
import * as S from '../abi/seccomp.ts'
import { SIGKILL, SIGSYS, sigInfo } from '../abi/signal.ts'
import { type BpfProgram, runBpf } from './bpf.ts'
import { endTask } from './exit.ts'
import type { Notification, Notifications } from './seccomp-notify.ts'
import { beginGroupExit, forceSignal } from './signal.ts'
import type { Task } from './task.ts'

export interface SeccompFilter {
  readonly program: BpfProgram
  /** Instructions, as Linux counts them. */
  readonly cost: number
  readonly previous: SeccompFilter | null
  /** Where SECCOMP_RET_USER_NOTIF asks. */
  notifications: Notifications | null
}

/** Strict mode's: what it takes to work and to end. */
const STRICT_CALLS = new Set(['read', 'write', 'exit', 'rt_sigreturn'])

/** The call goes on. */
export const PASSES = -5002
/** Neither a result nor a call: the task ended, or a signal handler begins with the registers as they are. */
export const STOPPED_BY_FILTER = -5003

const data = new DataView(new ArrayBuffer(S.SECCOMP_DATA_SIZE))

/** struct seccomp_data: number, architecture, pc, six arguments, all as they are in the registers. */
function describeCall(task: Task): void {
  const { arch, state } = task.mm
  const { littleEndian } = arch.model
  data.setInt32(0, task.call.shownNr, littleEndian)
  data.setUint32(4, arch.auditArch, littleEndian)
  data.setBigUint64(8, BigInt(arch.pc(state)), littleEndian)
  for (let i = 0; i < 6; i++) data.setBigUint64(16 + i * 8, arch.rawArgument(state, i), littleEndian)
}

/** The newest of the filters that gave the strictest answer. */
let answering: SeccompFilter | null = null

/** The strictest answer: of two actions the lower as a signed number. */
function ask(filters: SeccompFilter, order: ByteOrder): number {
  let strictest = S.SECCOMP_RET_ALLOW
  answering = null
  for (let filter: SeccompFilter | null = filters; filter; filter = filter.previous) {
    const answer = runBpf(filter.program, data, order)
    if ((answer & 0xffff0000) >= (strictest & 0xffff0000)) continue
    strictest = answer
    answering = filter
  }
  return strictest >>> 0
}

/** PASSES, a result instead of the call's, BLOCKED, or STOPPED_BY_FILTER. */
export function seccompVerdict(task: Task): number {
  if (task.notification !== null) return awaitAnswer(task, task.notification)
  if (task.seccompFilter === null) {
    if (STRICT_CALLS.has(task.call.name)) return PASSES
    endTask(task, SIGKILL)
    return STOPPED_BY_FILTER
  }
  describeCall(task)
  const answer = ask(task.seccompFilter, task.mm.model)
  const detail = answer & 0xffff
  switch ((answer & 0xffff0000) >>> 0) {
    case S.SECCOMP_RET_ALLOW:
    case S.SECCOMP_RET_LOG:
      return PASSES
    case S.SECCOMP_RET_ERRNO:
      return -Math.min(detail, 4095)
    case S.SECCOMP_RET_TRAP:
      forceSignal(
        task,
        sigInfo(SIGSYS, S.SYS_SECCOMP, {
          addr: task.mm.arch.pc(task.mm.state),
          status: task.call.shownNr,
          errno: detail,
        }),
      )
      return STOPPED_BY_FILTER
    // Nobody traces.
    case S.SECCOMP_RET_TRACE:
      return -ENOSYS
    case S.SECCOMP_RET_USER_NOTIF: {
      task.notification = answering?.notifications?.notify(task, new Uint8Array(data.buffer.slice(0))) ?? null
      return task.notification === null ? -ENOSYS : awaitAnswer(task, task.notification)
    }
    case S.SECCOMP_RET_KILL_THREAD:
      endThread(task, SIGSYS)
      return STOPPED_BY_FILTER
    default:
      beginGroupExit(task.group, SIGSYS)
      return STOPPED_BY_FILTER
  }
}

/** The call as if it had just begun, its result, or BLOCKED. */
function awaitAnswer(task: Task, notification: Notification): number {
  const answer = notification.wait()
  if (typeof answer === 'number') return answer
  if (!answer.continues) return answer.result
  task.startCall()
  return PASSES
}

/** One thread ends; the last one with its process. */
function endThread(task: Task, signo: number): void {
  if (task.group.tasks.length === 1) beginGroupExit(task.group, signo)
  else endTask(task, signo)
}

/** Filters of one's own system calls: seccomp(2), prctl(2)'s PR_SET_SECCOMP. Work: kernel/seccomp.ts, kernel/bpf.ts. */

import { inOrder } from '../abi/bytes.ts'
import { CAP_SYS_ADMIN } from '../abi/capability.ts'
import { EACCES, EBUSY, EFAULT, EINVAL, EMFILE, ENOMEM, EOPNOTSUPP, ESRCH } from '../abi/errno.ts'
import * as S from '../abi/seccomp.ts'
import { struct } from '../abi/struct.ts'
import { SeccompListener } from '../events/seccomp-listener.ts'
import { BPF_INSTRUCTION_SIZE, BPF_INSTRUCTIONS_MAX, parseBpf, translatedLength } from '../kernel/bpf.ts'
import type { SeccompFilter } from '../kernel/seccomp.ts'
import { Notifications } from '../kernel/seccomp-notify.ts'
import type { Task } from '../kernel/task.ts'
import { addr, flags, syscall, value } from './row.ts'

/** Instructions of a whole chain; each filter costs some besides its own. */
const CHAIN_INSTRUCTIONS_MAX = 32768
const FILTER_COST = 4
const KNOWN_FLAGS =
  S.SECCOMP_FILTER_FLAG_TSYNC |
  S.SECCOMP_FILTER_FLAG_LOG |
  S.SECCOMP_FILTER_FLAG_SPEC_ALLOW |
  S.SECCOMP_FILTER_FLAG_NEW_LISTENER |
  S.SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
  S.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
const ACTIONS = [
  S.SECCOMP_RET_KILL_PROCESS,
  S.SECCOMP_RET_KILL_THREAD,
  S.SECCOMP_RET_TRAP,
  S.SECCOMP_RET_ERRNO,
  S.SECCOMP_RET_USER_NOTIF,
  S.SECCOMP_RET_TRACE,
  S.SECCOMP_RET_LOG,
  S.SECCOMP_RET_ALLOW,
]

export function setStrict(task: Task): number {
  if (task.seccompMode === S.SECCOMP_MODE_FILTER) return -EINVAL
  task.seccompMode = S.SECCOMP_MODE_STRICT
  return 0
}

/** struct sock_fprog: how many instructions, and where. */
const SOCK_FPROG = struct({ count: 'u16', at: 'word' })

function readFilter(task: Task, at: number): SeccompFilter | number {
  const { mm } = task
  const given = task.getStruct(SOCK_FPROG, at)
  if (!given) return -EFAULT
  const { count } = given
  if (count === 0 || count > BPF_INSTRUCTIONS_MAX) return -EINVAL
  if (!task.noNewPrivileges && !task.credentials.capable(CAP_SYS_ADMIN)) return -EACCES
  const bytes = mm.copyIn(given.at, count * BPF_INSTRUCTION_SIZE)
  if (!bytes) return -EFAULT
  const program = parseBpf(bytes, task.mm.model)
  if (!program) return -EINVAL
  return { program, previous: task.seccompFilter, cost: translatedLength(program), notifications: null }
}

function chainCost(filters: SeccompFilter): number {
  let total = filters.cost
  for (let filter = filters.previous; filter; filter = filter.previous) total += filter.cost + FILTER_COST
  return total
}

/** Whether these filters are among the others', so that the others' can take their place. */
function isAncestor(filters: SeccompFilter | null, of: SeccompFilter | null): boolean {
  if (filters === null) return true
  for (let filter = of; filter; filter = filter.previous) if (filter === filters) return true
  return false
}

/** The first thread that cannot take over this one's filters. */
function findUnable(task: Task): Task | undefined {
  return task.group.tasks.find(
    (other) =>
      other !== task &&
      (other.seccompMode === S.SECCOMP_MODE_STRICT || !isAncestor(other.seccompFilter, task.seccompFilter)),
  )
}

export function setFilter(task: Task, flagBits: number, at: number): number {
  const isForAll = (flagBits & S.SECCOMP_FILTER_FLAG_TSYNC) !== 0
  const listens = (flagBits & S.SECCOMP_FILTER_FLAG_NEW_LISTENER) !== 0
  const waitsKillable = (flagBits & S.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) !== 0
  if (flagBits & ~KNOWN_FLAGS || (waitsKillable && !listens)) return -EINVAL
  // A result could be a descriptor or a thread.
  if (isForAll && listens && !(flagBits & S.SECCOMP_FILTER_FLAG_TSYNC_ESRCH)) return -EINVAL
  const filter = readFilter(task, at)
  if (typeof filter === 'number') return filter
  if (listens && !task.fds.hasRoom) return -EMFILE
  if (task.seccompMode === S.SECCOMP_MODE_STRICT) return -EINVAL
  if (chainCost(filter) > CHAIN_INSTRUCTIONS_MAX) return -ENOMEM
  if (listens && hasListener(task.seccompFilter)) return -EBUSY
  const unable = isForAll ? findUnable(task) : undefined
  if (unable) return flagBits & S.SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : unable.ownTid
  for (const other of isForAll ? task.group.tasks : [task]) {
    other.seccompMode = S.SECCOMP_MODE_FILTER
    other.seccompFilter = filter
    other.noNewPrivileges ||= task.noNewPrivileges
  }
  return listens ? listenTo(task, filter, waitsKillable) : 0
}

/** A descriptor for the supervisor of a filter. */
function listenTo(task: Task, filter: SeccompFilter, waitsKillable: boolean): number {
  const { kernel, fds } = task
  const first = new Uint32Array(1)
  kernel.host.random.fill(new Uint8Array(first.buffer), 0, 4)
  filter.notifications = new Notifications(waitsKillable, first[0]! * 2 ** 16)
  return fds.installNew(new SeccompListener(kernel, filter, filter.notifications), true)
}

/** One supervisor at a time is enough for a chain. */
function hasListener(filters: SeccompFilter | null): boolean {
  for (let filter = filters; filter; filter = filter.previous) if (filter.notifications?.isOpen) return true
  return false
}

/** struct seccomp_notif_sizes: three u16. */
function putSizes(task: Task, at: number): number {
  const sizes = Uint16Array.of(S.SECCOMP_NOTIF_SIZE, S.SECCOMP_NOTIF_RESP_SIZE, S.SECCOMP_DATA_SIZE)
  return task.mm.copyOut(at, inOrder(sizes, task.mm.model)) ? 0 : -EFAULT
}

function sysSeccomp(task: Task, operation: number, flagBits: number, at: number): number {
  switch (operation) {
    case S.SECCOMP_SET_MODE_STRICT:
      return flagBits !== 0 || at !== 0 ? -EINVAL : setStrict(task)
    case S.SECCOMP_SET_MODE_FILTER:
      return setFilter(task, flagBits, at)
    case S.SECCOMP_GET_ACTION_AVAIL: {
      if (flagBits !== 0) return -EINVAL
      const action = task.mm.getU32(at)
      if (action < 0) return -EFAULT
      return ACTIONS.includes(action) ? 0 : -EOPNOTSUPP
    }
    case S.SECCOMP_GET_NOTIF_SIZES:
      return flagBits !== 0 ? -EINVAL : putSizes(task, at)
    default:
      return -EINVAL
  }
}

export const seccompRows = [
  syscall('seccomp', [value(S.seccompOperations), flags(S.seccompFlags), addr], sysSeccomp),
]

/**
 * Scheduling policies: sched_setscheduler(2), sched_setparam(2), sched_setattr(2), sched_setaffinity(2), their getters,
 * and sched_rr_get_interval(2). Checks are those of Linux kernel/sched/syscalls.c, in its order; there is one processor.
 */

import { CAP_SYS_NICE } from '../abi/capability.ts'
import { E2BIG, EBUSY, EFAULT, EINVAL, EOPNOTSUPP, EPERM, ESRCH } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { TIMESPEC } from '../abi/time.ts'
import { onEveryLevel } from '../kernel/id-level.ts'
import { findGroup, findTask } from '../kernel/pid.ts'
import { isRealTime, NORMAL_SCHEDULING, type Scheduling } from '../kernel/scheduling.ts'
import type { Task } from '../kernel/task.ts'
import { addr, hex, outStruct, pid, syscall, uint, value } from './row.ts'

/** struct sched_attr: u32 size, policy; u64 flags; s32 nice; u32 priority; u64 runtime, deadline, period; u32 clamps. */
const ATTR_SIZE_MIN = 48
const ATTR_SIZE = 56
const PAGE = 4096

const SCHED_FLAG_RESET_ON_FORK = 1
const SCHED_FLAG_KEEP_POLICY = 8
const SCHED_FLAG_KEEP_PARAMS = 16
const SCHED_FLAG_UTIL_CLAMP = 0x60
const SCHED_FLAG_ALL = 0x7f
/** What sched_rr_get_interval(2) shows. */
const RR_INTERVAL_NS = 100_000_000
const FAIR_INTERVAL_NS = 4_000_000
const DEADLINE_RUNTIME_MIN_NS = 1024
const DEADLINE_PERIOD_MIN_NS = 100_000
const DEADLINE_PERIOD_MAX_NS = (1 << 22) * 1000
/** The part of the processor that real-time tasks get. */
const REAL_TIME_SHARE = 0.95

const scheduled = (task: Task, which: number): Task | undefined =>
  which === 0 ? task : findTask(task, which)

/** Process 1 has no task: it is scheduled as every process is at first, and nobody changes that. */
const INIT: Pick<Task, 'sched' | 'nice'> = { sched: NORMAL_SCHEDULING, nice: 0 }

const findSchedule = (task: Task, which: number): Pick<Task, 'sched' | 'nice'> | undefined =>
  scheduled(task, which) ?? (findGroup(task, which) === task.kernel.init ? INIT : undefined)

/** Linux check_same_owner. */
const isOwn = (task: Task, other: Task): boolean =>
  onEveryLevel(
    task.credentials,
    other.credentials,
    ({ euid }, them) => euid === them.euid || euid === them.uid,
  )

interface Wanted extends Scheduling {
  readonly nice: number
}

function checkWanted(wanted: Wanted): boolean {
  const { policy, priority, runtimeNs, deadlineNs, periodNs } = wanted
  if (!P.schedPolicies.entries.some(([, known]) => known === policy)) return false
  if (priority > P.SCHED_PRIORITY_MAX || isRealTime(policy) !== (priority !== 0)) return false
  if (policy !== P.SCHED_DEADLINE) return true
  if (runtimeNs < DEADLINE_RUNTIME_MIN_NS || runtimeNs > deadlineNs || deadlineNs > periodNs) return false
  return periodNs >= DEADLINE_PERIOD_MIN_NS && periodNs <= DEADLINE_PERIOD_MAX_NS
}

/** Linux user_check_sched_setscheduler: what only CAP_SYS_NICE may. */
function needsPrivilege(task: Task, other: Task, wanted: Wanted): boolean {
  const { policy, priority } = wanted
  const old = other.sched
  const { limits } = other.group
  const mayRise = (nice: number): boolean => 20 - nice <= limits[P.RLIMIT_NICE]!.soft
  if (policy === P.SCHED_DEADLINE) return true
  if (isRealTime(policy)) {
    const most = limits[P.RLIMIT_RTPRIO]!.soft
    if (policy !== old.policy && most === 0) return true
    if (priority > old.priority && priority > most) return true
  } else if (wanted.nice < other.nice && !mayRise(wanted.nice)) return true
  if (old.policy === P.SCHED_IDLE && policy !== P.SCHED_IDLE && !mayRise(other.nice)) return true
  return !isOwn(task, other) || (old.resetOnFork && !wanted.resetOnFork)
}

function apply(task: Task, other: Task, wanted: Wanted): number {
  if (!checkWanted(wanted)) return -EINVAL
  if (!task.credentials.capable(CAP_SYS_NICE) && needsPrivilege(task, other, wanted)) return -EPERM
  const { nice, ...sched } = wanted
  if (sched.policy === P.SCHED_DEADLINE && sched.runtimeNs / sched.periodNs > REAL_TIME_SHARE) return -EBUSY
  other.sched = sched
  if (!isRealTime(sched.policy) && sched.policy !== P.SCHED_DEADLINE) other.nice = nice
  return 0
}

/** `policy` null: as it is. The parameter is one int, the priority. */
function setScheduler(task: Task, which: number, policy: number | null, at: number): number {
  if (at === 0 || which < 0) return -EINVAL
  if (!task.mm.canRead(at, 4)) return -EFAULT
  const priority = task.mm.i32(at)
  const other = scheduled(task, which)
  if (!other) return -ESRCH
  return apply(task, other, {
    policy: policy === null ? other.sched.policy : policy & ~P.SCHED_RESET_ON_FORK,
    // As Linux has it, an unsigned number.
    priority: priority >>> 0,
    resetOnFork: policy === null ? other.sched.resetOnFork : (policy & P.SCHED_RESET_ON_FORK) !== 0,
    nice: other.nice,
    runtimeNs: 0,
    deadlineNs: 0,
    periodNs: 0,
  })
}

/** The size is told where it is wrong, so that programs can ask for less. */
function tooBig(task: Task, at: number): number {
  return task.mm.setU32(at, ATTR_SIZE) ? -E2BIG : -EFAULT
}

function sysSchedSetattr(task: Task, which: number, at: number, flagBits: number): number {
  if (at === 0 || which < 0 || flagBits !== 0) return -EINVAL
  const { mm } = task
  const given = mm.getU32(at)
  if (given < 0) return -EFAULT
  const size = given || ATTR_SIZE_MIN
  if (size < ATTR_SIZE_MIN || size > PAGE) return tooBig(task, at)
  const bytes = mm.copyIn(at, size)
  if (!bytes) return -EFAULT
  if (bytes.subarray(ATTR_SIZE).some((byte) => byte !== 0)) return tooBig(task, at)
  const bits = mm.u64(at + 8)
  if ((bits % 0x80) & SCHED_FLAG_UTIL_CLAMP && size < ATTR_SIZE) return -EINVAL
  const policy = mm.i32(at + 4)
  if (policy < 0) return -EINVAL
  const other = scheduled(task, which)
  if (!other) return -ESRCH
  if (bits > SCHED_FLAG_ALL) return -EINVAL
  if (bits & SCHED_FLAG_UTIL_CLAMP) return -EOPNOTSUPP
  const old = other.sched
  const keepsPolicy = (bits & SCHED_FLAG_KEEP_POLICY) !== 0
  const resetOnFork = keepsPolicy ? old.resetOnFork : (bits & SCHED_FLAG_RESET_ON_FORK) !== 0
  // Whoever keeps the parameters keeps the policy that they are of.
  if (bits & SCHED_FLAG_KEEP_PARAMS) return apply(task, other, { ...old, nice: other.nice, resetOnFork })
  const deadlineNs = mm.u64(at + 32)
  return apply(task, other, {
    policy: keepsPolicy ? old.policy : policy,
    priority: mm.i32(at + 20) >>> 0,
    resetOnFork,
    nice: Math.min(P.NICE_MAX, Math.max(P.NICE_MIN, mm.i32(at + 16))),
    runtimeNs: mm.u64(at + 24),
    deadlineNs,
    periodNs: mm.u64(at + 40) || deadlineNs,
  })
}

function sysSchedGetattr(task: Task, which: number, at: number, size: number, flagBits: number): number {
  if (at === 0 || which < 0 || size > PAGE || size < ATTR_SIZE_MIN || flagBits !== 0) return -EINVAL
  const other = findSchedule(task, which)
  if (!other) return -ESRCH
  const { policy, priority, resetOnFork, runtimeNs, deadlineNs, periodNs } = other.sched
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  const { littleEndian } = task.mm.model
  view.setUint32(0, Math.min(size, ATTR_SIZE), littleEndian)
  view.setUint32(4, policy, littleEndian)
  view.setBigUint64(8, resetOnFork ? BigInt(SCHED_FLAG_RESET_ON_FORK) : 0n, littleEndian)
  if (!isRealTime(policy) && policy !== P.SCHED_DEADLINE) view.setInt32(16, other.nice, littleEndian)
  view.setUint32(20, priority, littleEndian)
  view.setBigUint64(24, BigInt(runtimeNs), littleEndian)
  view.setBigUint64(32, BigInt(deadlineNs), littleEndian)
  view.setBigUint64(40, BigInt(periodNs), littleEndian)
  return task.mm.copyOut(at, bytes) ? 0 : -EFAULT
}

function sysSchedGetscheduler(task: Task, which: number): number {
  if (which < 0) return -EINVAL
  const other = findSchedule(task, which)
  if (!other) return -ESRCH
  return other.sched.policy | (other.sched.resetOnFork ? P.SCHED_RESET_ON_FORK : 0)
}

function sysSchedGetparam(task: Task, which: number, at: number): number {
  if (at === 0 || which < 0) return -EINVAL
  const other = findSchedule(task, which)
  if (!other) return -ESRCH
  return task.mm.setU32(at, other.sched.priority) ? 0 : -EFAULT
}

function sysSchedRrGetInterval(task: Task, which: number, at: number): number {
  if (which < 0) return -EINVAL
  const other = findSchedule(task, which)
  if (!other) return -ESRCH
  const { policy } = other.sched
  const hasNone = policy === P.SCHED_FIFO || policy === P.SCHED_DEADLINE
  const ns = policy === P.SCHED_RR ? RR_INTERVAL_NS : hasNone ? 0 : FAIR_INTERVAL_NS
  return task.putStruct(TIMESPEC, at, { sec: 0, nsec: ns }) ? 0 : -EFAULT
}

function sysSchedSetaffinity(task: Task, which: number, length: number, at: number): number {
  // Shorter masks are short of zeros, of longer ones the end is not looked at.
  if (!task.mm.canRead(at, Math.min(length, 8))) return -EFAULT
  const first = length > 0 ? task.mm.space.bytes[task.mm.bitByte(at, 0)]! : 0
  const other = scheduled(task, which)
  if (!other) return -ESRCH
  if (!isOwn(task, other) && !task.credentials.capable(CAP_SYS_NICE)) return -EPERM
  return first & 1 ? 0 : -EINVAL
}

/** struct cpumask of a kernel for up to 256 processors: as much of it as is asked for is written. */
const CPU_MASK_SIZE = 32

function sysSchedGetaffinity(task: Task, which: number, length: number, at: number): number {
  if (length === 0 || length % task.call.model.wordSize) return -EINVAL
  if (!findSchedule(task, which)) return -ESRCH
  const mask = new Uint8Array(Math.min(length, CPU_MASK_SIZE))
  mask[task.mm.bitByte(0, 0)] = 1
  return task.mm.copyOut(at, mask) ? mask.length : -EFAULT
}

/** The lowest or the highest priority of a policy. */
const bound = (ofRealTime: number) => (_task: Task, policy: number) =>
  isRealTime(policy)
    ? ofRealTime
    : P.schedPolicies.entries.some(([, known]) => known === policy)
      ? 0
      : -EINVAL

const policy = value(P.schedPolicies)
const NO_EFFECT = 'kept; every task gets equal time'

export const policyRows = [
  syscall(
    'sched_setscheduler',
    [pid, policy, addr],
    (task, which, wanted, at) => (wanted < 0 ? -EINVAL : setScheduler(task, which, wanted, at)),
    NO_EFFECT,
  ),
  syscall('sched_setparam', [pid, addr], (task, which, at) => setScheduler(task, which, null, at), NO_EFFECT),
  syscall('sched_setattr', [pid, addr, uint], sysSchedSetattr, `${NO_EFFECT}; no utilisation clamps`),
  syscall('sched_getscheduler', [pid], sysSchedGetscheduler),
  syscall('sched_getparam', [pid, addr], sysSchedGetparam),
  syscall('sched_getattr', [pid, addr, uint, uint], sysSchedGetattr),
  syscall('sched_rr_get_interval', [pid, outStruct('timespec')], sysSchedRrGetInterval),
  syscall('sched_setaffinity', [pid, uint, hex], sysSchedSetaffinity, 'there is one processor'),
  syscall('sched_getaffinity', [pid, uint, addr], sysSchedGetaffinity),
  syscall('sched_get_priority_max', [policy], bound(P.SCHED_PRIORITY_MAX)),
  syscall('sched_get_priority_min', [policy], bound(1)),
]

/**
 * Memory that stays: mlock(2), mlock2(2), munlock(2), mlockall(2), munlockall(2); and membarrier(2). What is locked is
 * counted against RLIMIT_MEMLOCK and made at once; where it is kept is the host's business. Linux mm/mlock.c.
 */

import { PAGE_SIZE } from '../../emu/memory/layout.ts'
import { CAP_IPC_LOCK } from '../abi/capability.ts'
import { EAGAIN, EINVAL, ENOMEM, EPERM } from '../abi/errno.ts'
import { flagTable } from '../abi/flag-table.ts'
import { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT, mlockallFlags } from '../abi/mman.ts'
import { RLIMIT_MEMLOCK } from '../abi/process.ts'
import type { Task } from '../kernel/task.ts'
import { pageDown, pageUp } from '../mm/mapping.ts'
import { addr, flags, int, size, syscall, value } from './row.ts'

const MLOCK_ONFAULT = 1
const mlockFlags = flagTable({ MLOCK_ONFAULT }, 'MLOCK_???')

const limitOf = (task: Task): number =>
  task.credentials.capable(CAP_IPC_LOCK) ? Infinity : task.group.limits[RLIMIT_MEMLOCK]!.soft

/** Marks every area of the range; ENOMEM where part of it is not mapped. */
function setLocked(task: Task, start: number, end: number, isLocked: boolean): number {
  const { vmas } = task.mm
  vmas.split(start)
  vmas.split(end)
  let next = start
  let result = 0
  for (const vma of vmas.overlapping(start, end)) {
    if (vma.start > next) break
    vma.isLocked = isLocked
    next = vma.end
  }
  if (next < end) result = -ENOMEM
  vmas.mergeRange(start, end)
  return result
}

function lock(task: Task, at: number, length: number, flagBits: number): number {
  if (flagBits & ~MLOCK_ONFAULT) return -EINVAL
  const limit = limitOf(task)
  if (limit === 0) return -EPERM
  const start = pageDown(at)
  // As Linux adds, modulo 2^64.
  const end = start + (pageUp(length + (at - start)) % 2 ** 64)
  const { mm } = task
  const known = mm.vmas.overlapping(start, end).filter((vma) => vma.isLocked)
  const already = known.reduce((sum, vma) => sum + Math.min(end, vma.end) - Math.max(start, vma.start), 0)
  if (mm.lockedSize + (end - start) - already > Math.floor(limit / PAGE_SIZE) * PAGE_SIZE) return -ENOMEM
  if (end >= 2 ** 64) return -EINVAL
  const result = setLocked(task, start, end, true)
  if (result || flagBits & MLOCK_ONFAULT) return result
  for (const vma of mm.vmas.overlapping(start, end)) {
    // Nobody may touch it, so it cannot be made.
    if (vma.prot === 0) return -ENOMEM
    if (mm.populate(vma, Math.max(start, vma.start), Math.min(end, vma.end)) < 0) return -EAGAIN
  }
  return 0
}

function sysMunlock(task: Task, at: number, length: number): number {
  const start = pageDown(at)
  const end = start + pageUp(length + (at - start))
  return end >= 2 ** 64 ? -EINVAL : setLocked(task, start, end, false)
}

function sysMlockall(task: Task, flagBits: number): number {
  const { mm } = task
  if (flagBits === 0 || flagBits === MCL_ONFAULT || flagBits & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
    return -EINVAL
  const limit = limitOf(task)
  if (limit === 0) return -EPERM
  if (flagBits & MCL_CURRENT && mm.totalSize > limit) return -ENOMEM
  mm.locksFuture = (flagBits & MCL_FUTURE) !== 0
  if (flagBits & MCL_CURRENT)
    for (const vma of mm.vmas.all) {
      vma.isLocked = true
      if (!(flagBits & MCL_ONFAULT)) mm.populate(vma, vma.start, vma.end)
    }
  return 0
}

function sysMunlockall(task: Task): number {
  task.mm.locksFuture = false
  for (const vma of task.mm.vmas.all) vma.isLocked = false
  return 0
}

const MEMBARRIER_CMD_QUERY = 0
const MEMBARRIER_CMD_GLOBAL = 1
const MEMBARRIER_CMD_GLOBAL_EXPEDITED = 2
const MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED = 4
const MEMBARRIER_CMD_PRIVATE_EXPEDITED = 8
const MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED = 16
const MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE = 32
const MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE = 64
const MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ = 128
const MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ = 256
/** Of the rseq command: on one processor. */
const MEMBARRIER_CMD_FLAG_CPU = 1
const membarrierCommands = flagTable(
  {
    MEMBARRIER_CMD_QUERY,
    MEMBARRIER_CMD_GLOBAL,
    MEMBARRIER_CMD_GLOBAL_EXPEDITED,
    MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE,
    MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ,
    MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ,
  },
  'MEMBARRIER_CMD_???',
)
const MEMBARRIER_ALL = 511

/**
 * Tasks take turns, so every barrier there could be is there already, and a restartable sequence of a task that is not
 * running was aborted when its turn ended: only the rules of registering are left.
 */
function sysMembarrier(task: Task, command: number, flagBits: number): number {
  const allowed = command === MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ ? MEMBARRIER_CMD_FLAG_CPU : 0
  if (flagBits & ~allowed) return -EINVAL
  const { mm } = task
  switch (command) {
    case MEMBARRIER_CMD_QUERY:
      return MEMBARRIER_ALL
    case MEMBARRIER_CMD_GLOBAL:
    case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
      return 0
    case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
      mm.barriers |= command
      return 0
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
      return mm.barriers & (command << 1) ? 0 : -EPERM
    default:
      return -EINVAL
  }
}

export const mlockRows = [
  syscall('mlock', [addr, size], (task, at, length) => lock(task, at, length, 0)),
  syscall('mlock2', [addr, size, flags(mlockFlags)], lock),
  syscall('munlock', [addr, size], sysMunlock),
  syscall('mlockall', [flags(mlockallFlags)], sysMlockall),
  syscall('munlockall', [], sysMunlockall),
  syscall('membarrier', [value(membarrierCommands), int, int], sysMembarrier),
]

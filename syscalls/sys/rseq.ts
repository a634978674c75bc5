/** Restartable sequences: rseq(2). What interrupts them is kernel/rseq.ts. */

import { EBUSY, EFAULT, EINVAL, EPERM } from '../abi/errno.ts'
import { RSEQ_FLAG_UNREGISTER, rseqFlags } from '../abi/process.ts'
import { writeRseqIds } from '../kernel/rseq.ts'
import type { Task } from '../kernel/task.ts'
import { addr, flags, syscall, uint } from './row.ts'

/** struct rseq as it was at first; it has grown since, and longer ones are its alignment's multiples no more. */
const SIZE_MIN = 32
const ALIGNMENT = 32

function sysRseq(task: Task, at: number, size: number, flagBits: number, signature: number): number {
  if (flagBits === RSEQ_FLAG_UNREGISTER) return unregister(task, at, size, signature)
  if (flagBits !== 0) return -EINVAL
  const { rseq } = task
  if (rseq) {
    if (rseq.at !== at || rseq.size !== size) return -EINVAL
    return rseq.signature === signature ? -EBUSY : -EPERM
  }
  if (size < SIZE_MIN || at % ALIGNMENT !== 0) return -EINVAL
  const fresh = { at, size, signature }
  // A section that an earlier owner of the memory left there is none of ours.
  if (!task.mm.canWrite(at, size) || !task.mm.setU64(at + 8, 0) || !writeRseqIds(task, fresh, true))
    return -EFAULT
  task.rseq = fresh
  return 0
}

function unregister(task: Task, at: number, size: number, signature: number): number {
  const { rseq } = task
  if (!rseq || rseq.at !== at || rseq.size !== size) return -EINVAL
  if (rseq.signature !== signature) return -EPERM
  if (!writeRseqIds(task, rseq, false)) return -EFAULT
  task.rseq = null
  return 0
}

export const rseqRows = [syscall('rseq', [addr, uint, flags(rseqFlags), uint], sysRseq)]

/**
 * Restartable sequences: a program's critical section that is interrupted, by another task's turn or a signal, goes on at
 * its abort address. rseq(2), <linux/rseq.h>; Linux kernel/rseq.c.
 * Path: task-run.ts asks when a slice ends in the middle of code, signal-delivery.ts before a handler is entered.
 */

import { SI_KERNEL, SIGSEGV, sigInfo } from '../abi/signal.ts'
import { forceSignal } from './signal.ts'
import type { Task } from './task.ts'

// struct rseq.
const CPU_ID_START = 0,
  CPU_ID = 4,
  RSEQ_CS = 8,
  NODE_ID = 20,
  MM_CID = 24
// struct rseq_cs.
const CS_START = 8,
  CS_LENGTH = 16,
  CS_ABORT = 24,
  CS_SIZE = 32
const CPU_ID_UNINITIALIZED = 0xffff_ffff

/** What a thread registered. */
export interface Rseq {
  readonly at: number
  readonly size: number
  /** In front of every abort address, so that no other place can be made one. */
  readonly signature: number
}

/** There is one processor: its number never changes. False when the area cannot be written. */
export function writeRseqIds({ mm }: Task, { at }: Rseq, isRegistered: boolean): boolean {
  return (
    mm.setU32(at + CPU_ID_START, 0) &&
    mm.setU32(at + CPU_ID, isRegistered ? 0 : CPU_ID_UNINITIALIZED) &&
    mm.setU32(at + NODE_ID, 0) &&
    mm.setU32(at + MM_CID, 0)
  )
}

/** A critical section that the task is in is aborted; SIGSEGV where the program has it wrong. */
export function interruptRseq(task: Task): void {
  if (task.rseq === null || fixUp(task, task.rseq)) return
  task.rseq = null
  forceSignal(task, sigInfo(SIGSEGV, SI_KERNEL))
}

function fixUp(task: Task, { at, signature }: Rseq): boolean {
  const { mm } = task
  const { taskSize } = mm.arch
  if (!mm.canRead(at + RSEQ_CS, 8)) return false
  const section = mm.u64(at + RSEQ_CS)
  if (section === 0) return true
  if (section >= taskSize || !mm.canRead(section, CS_SIZE)) return false
  const start = mm.u64(section + CS_START)
  const end = start + mm.u64(section + CS_LENGTH)
  const abort = mm.u64(section + CS_ABORT)
  // Version and flags are 0.
  if (mm.u64(section) !== 0 || start >= taskSize || end >= taskSize || abort >= taskSize) return false
  if ((abort >= start && abort < end) || mm.getU32(abort - 4) !== signature) return false
  const pc = mm.arch.pc(mm.state)
  if (!mm.setU64(at + RSEQ_CS, 0)) return false
  if (pc >= start && pc < end) mm.arch.setPc(mm.state, abort)
  return true
}

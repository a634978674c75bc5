/**
 * The robust list: locks that a thread held when it ended are marked OWNER_DIED and one waiter is woken.
 * get_robust_list(2), Linux kernel/futex/core.c. Path: exit.ts and execve call it before the memory goes.
 */

import { FUTEX_OWNER_DIED, FUTEX_TID_MASK, FUTEX_WAITERS } from '../abi/futex.ts'
import { struct } from '../abi/struct.ts'
import { ANY_BIT, handOverFutex, wakeFutex } from './futex.ts'
import type { Task } from './task.ts'

const ROBUST_LIST_HEAD = struct({ first: 'word', offset: 'long', pending: 'word' })
/** A list that a hostile program made into a circle ends here. */
const ENTRIES_MAX = 2048

export function releaseRobustList(task: Task): void {
  const head = task.robustList
  task.robustList = 0
  const { mm } = task
  const { model } = mm.arch
  const { wordSize } = model
  const list = head === 0 ? null : mm.getStruct(ROBUST_LIST_HEAD.of(model), head)
  if (!list) return
  const { offset, pending } = list
  let entry = list.first
  for (let n = 0; n < ENTRIES_MAX && entry - (entry % 2) !== head; n++) {
    // The lock being taken or let go is dealt with last, whether it is in the list or not.
    if (entry !== pending) release(task, entry, offset, false)
    const at = entry - (entry % 2)
    if (!mm.canRead(at, wordSize)) return
    entry = mm.word(at)
  }
  if (pending !== 0) release(task, pending, offset, true)
}

/** One lock; bit 0 of the entry says that it is a priority-inheriting one. */
function release(task: Task, entry: number, offset: number, isPending: boolean): void {
  const { kernel, mm } = task
  const inherits = entry % 2 === 1
  const addr = entry - (entry % 2) + offset
  if (addr % 4 !== 0) return
  const word = mm.getU32(addr)
  if (word < 0) return
  if (isPending && !inherits && word === 0) {
    // It let go of the lock and died before it woke anybody.
    wakeFutex(kernel, mm, addr, 1, ANY_BIT)
    return
  }
  if ((word & FUTEX_TID_MASK) !== task.ownTid) return
  if (inherits && handOverFutex(kernel, mm, addr, FUTEX_OWNER_DIED)) return
  mm.setU32(addr, ((word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) >>> 0)
  if (!inherits && word & FUTEX_WAITERS) wakeFutex(kernel, mm, addr, 1, ANY_BIT)
}

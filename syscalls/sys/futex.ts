/** futex(2): wait, wake, requeue. Keys: kernel/futex.ts. */

import { BLOCKED, EAGAIN, EFAULT, EINVAL, ENOSYS, ETIMEDOUT } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { futexKey, wakeFutex } from '../kernel/futex.ts'
import { Task } from '../kernel/task.ts'
import { addr, inStruct, syscall, uint, value } from './row.ts'
import { readTimespec } from './time.ts'

function wait(
  task: Task,
  at: number,
  expected: number,
  timeoutAddr: number,
  absolute: boolean,
  realtime: boolean,
): number {
  const key = futexKey(task.mm, at)
  const queue = task.kernel.futexes.queue(key)
  if (task.resumed) {
    if (task.wokenQueue) return 0
    if (task.timedOut) return -ETIMEDOUT
  } else {
    const current = task.mm.getU32(at)
    if (current < 0) return -EFAULT
    if (current !== expected) return -EAGAIN
    if (timeoutAddr) {
      const ns = readTimespec(task, timeoutAddr)
      if (ns < 0) return ns
      const { clock } = task.kernel
      if (!absolute) task.deadlineNs = clock.monotonicNs() + ns
      else if (realtime)
        task.deadlineNs = clock.monotonicOfRealtime(task.mm.i64(timeoutAddr), task.mm.i64(timeoutAddr + 8))
      else task.deadlineNs = ns
    }
  }
  const result = task.blockOn(queue)
  if (result !== BLOCKED) task.kernel.futexes.tidy(key)
  return result
}

function requeue(task: Task, from: number, to: number, wakeCount: number, moveCount: number): number {
  const { futexes } = task.kernel
  const woken = wakeFutex(task.kernel, task.mm, from, wakeCount, -1)
  const source = futexes.existing(futexKey(task.mm, from))
  if (!source) return woken
  const target = futexes.queue(futexKey(task.mm, to))
  const moved = source.moveTo(target, moveCount, (waiter) => {
    if (waiter instanceof Task) waiter.movedTo(source, target)
  })
  return woken + moved
}

function sysFutex(
  task: Task,
  at: number,
  op: number,
  val: number,
  timeoutAddr: number,
  second: number,
  val3: number,
): number {
  if (at % 4 !== 0) return -EINVAL
  const command = op & 0x7f
  const realtime = (op & P.FUTEX_CLOCK_REALTIME) !== 0
  switch (command) {
    case P.FUTEX_WAIT:
      return wait(task, at, val, timeoutAddr, false, false)
    case P.FUTEX_WAIT_BITSET:
      return val3 === 0 ? -EINVAL : wait(task, at, val, timeoutAddr, true, realtime)
    case P.FUTEX_WAKE:
    case P.FUTEX_WAKE_BITSET:
      if (task.mm.getU32(at) < 0) return -EFAULT
      return wakeFutex(task.kernel, task.mm, at, val | 0 || 1, val3)
    case P.FUTEX_CMP_REQUEUE: {
      const current = task.mm.getU32(at)
      if (current < 0) return -EFAULT
      return current === val3 >>> 0 ? requeue(task, at, second, val, timeoutAddr) : -EAGAIN
    }
    case P.FUTEX_REQUEUE:
      return requeue(task, at, second, val, timeoutAddr)
    default:
      task.kernel.diagnoseOnce(`futex operation ${command} is not implemented (ENOSYS)`)
      return -ENOSYS
  }
}

export const futexRows = [
  syscall(
    'futex',
    [addr, value(P.futexOperations), uint, inStruct('timespec'), addr, uint],
    sysFutex,
    'no WAKE_OP, no priority inheritance; bitsets wake everybody',
  ),
]

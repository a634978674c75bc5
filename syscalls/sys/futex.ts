/**
 * futex(2), futex_waitv(2): wait, wake, requeue. Priority-inheriting locks are futex-pi.ts; keys and wake-ups
 * kernel/futex.ts; what a thread leaves locked when it ends kernel/robust-list.ts.
 */

import {
  BLOCKED,
  EAGAIN,
  EFAULT,
  EINVAL,
  ENOSYS,
  EPERM,
  ERESTART_RESTARTBLOCK,
  ERESTARTSYS,
  ESRCH,
  ETIMEDOUT,
} from '../abi/errno.ts'
import * as F from '../abi/futex.ts'
import { CLOCK_MONOTONIC, CLOCK_REALTIME } from '../abi/process.ts'
import { ANY_BIT, futexKey, wakeFutex } from '../kernel/futex.ts'
import { findTask } from '../kernel/pid.ts'
import { mayAccess, REALCREDS } from '../kernel/ptrace-access.ts'
import { Task } from '../kernel/task.ts'
import { lockPi, requeuePi, unlockPi, waitRequeuePi } from './futex-pi.ts'
import { addr, inStruct, pid, size, syscall, uint, value } from './row.ts'
import { readTimespec, setRealDeadline } from './time.ts'

/** struct robust_list_head: three words. */
const robustHeadSize = ({ mm }: Task): number => 3 * mm.arch.model.wordSize

/** Takes the call's deadline from a timespec; 0 or an errno. */
function readDeadline(task: Task, timeoutAddr: number, absolute: boolean, realtime: boolean): number {
  if (!timeoutAddr) return 0
  const ns = readTimespec(task, timeoutAddr)
  if (ns < 0) return ns
  const { clock } = task.world
  if (!absolute) task.deadline.setIn(clock, ns)
  else if (realtime) setRealDeadline(task, timeoutAddr)
  else task.deadline.setAt(clock, ns)
  return 0
}

/** Waits until woken at `at`, provided the word there is still `expected`. */
function wait(task: Task, at: number, expected: number, bitset: number): number {
  const { futexes } = task.kernel
  const key = futexKey(task.mm, at)
  if (task.resumed) {
    if (task.wokenQueue) return 0
    if (task.timedOut) {
      futexes.tidy(key)
      return -ETIMEDOUT
    }
  } else {
    const current = task.mm.getU32(at)
    if (current < 0) return -EFAULT
    if (current !== expected) return -EAGAIN
    task.futexBitset = bitset
    task.futexTarget = null
  }
  const result = task.blockOn(futexes.queue(key))
  if (result === BLOCKED) return BLOCKED
  futexes.tidy(key)
  return interrupted(task, result, (again) => wait(again, at, expected, bitset))
}

/** A wait with a deadline goes on by restart_syscall(2), so that it does not begin its time anew. */
function interrupted(task: Task, result: number, again: (task: Task) => number): number {
  if (result !== -ERESTARTSYS || !task.deadline.isSet) return result
  const deadline = task.deadline.copy()
  task.restartBlock = (resumed) => {
    if (!resumed.resumed) resumed.deadline.copyFrom(deadline)
    return again(resumed)
  }
  return -ERESTART_RESTARTBLOCK
}

function requeue(task: Task, from: number, to: number, wakeCount: number, moveCount: number): number {
  if (wakeCount < 0 || moveCount < 0) return -EINVAL
  const { futexes } = task.kernel
  const source = futexes.existing(futexKey(task.mm, from))
  if (!source) return 0
  if (source.first instanceof Task && source.first.futexTarget) return -EINVAL
  const woken = wakeFutex(task.kernel, task.mm, from, wakeCount, ANY_BIT)
  const target = futexes.queue(futexKey(task.mm, to))
  if (source === target) return woken + Math.min(moveCount, source.length)
  const moved = source.moveTo(target, moveCount, (waiter) => {
    if (waiter instanceof Task) waiter.movedTo(source, target)
  })
  futexes.tidy(futexKey(task.mm, from))
  return woken + moved
}

function changedWord(operation: number, old: number, argument: number): number | undefined {
  switch (operation) {
    case F.FUTEX_OP_SET:
      return argument
    case F.FUTEX_OP_ADD:
      return old + argument
    case F.FUTEX_OP_OR:
      return old | argument
    case F.FUTEX_OP_ANDN:
      return old & ~argument
    case F.FUTEX_OP_XOR:
      return old ^ argument
    default:
      return undefined
  }
}

function compares(comparison: number, old: number, argument: number): boolean | undefined {
  switch (comparison) {
    case F.FUTEX_OP_CMP_EQ:
      return old === argument
    case F.FUTEX_OP_CMP_NE:
      return old !== argument
    case F.FUTEX_OP_CMP_LT:
      return old < argument
    case F.FUTEX_OP_CMP_LE:
      return old <= argument
    case F.FUTEX_OP_CMP_GT:
      return old > argument
    case F.FUTEX_OP_CMP_GE:
      return old >= argument
    default:
      return undefined
  }
}

/** Changes the second word, wakes at the first, and at the second too if what it held compares. */
function wakeOp(
  task: Task,
  at: number,
  wakeCount: number,
  count2: number,
  at2: number,
  code: number,
): number {
  const word = task.mm.getU32(at2)
  if (word < 0 || task.mm.getU32(at) < 0) return -EFAULT
  const old = word | 0
  const signed12 = (bits: number): number => (bits << 20) >> 20
  let argument = signed12(code >>> 12)
  let operation = (code >>> 28) & 15
  if (operation & F.FUTEX_OP_OPARG_SHIFT) {
    argument = 1 << (argument & 31)
    operation &= ~F.FUTEX_OP_OPARG_SHIFT
  }
  const changed = changedWord(operation, old, argument)
  if (changed === undefined) return -ENOSYS
  if (!task.mm.setU32(at2, changed >>> 0)) return -EFAULT
  const also = compares((code >>> 24) & 15, old, signed12(code))
  if (also === undefined) return -ENOSYS
  const woken = wakeFutex(task.kernel, task.mm, at, Math.max(1, wakeCount), ANY_BIT)
  if (!also || woken < 0) return woken
  const more = wakeFutex(task.kernel, task.mm, at2, Math.max(1, count2), ANY_BIT)
  return more < 0 ? more : woken + more
}

/** The waits of futex(2), their deadline read at the first entry. */
function waiting(
  task: Task,
  command: number,
  at: number,
  val: number,
  timeoutAddr: number,
  realtime: boolean,
  second: number,
  bitset: number,
): number {
  if (!task.resumed) {
    const absolute = command !== F.FUTEX_WAIT
    // LOCK_PI's clock has always been the real one.
    const refused = readDeadline(task, timeoutAddr, absolute, realtime || command === F.FUTEX_LOCK_PI)
    if (refused) return refused
  }
  if (command === F.FUTEX_WAIT) return wait(task, at, val, ANY_BIT)
  if (command === F.FUTEX_WAIT_REQUEUE_PI) return waitRequeuePi(task, at, val, second)
  if (command === F.FUTEX_WAIT_BITSET) return bitset === 0 ? -EINVAL : wait(task, at, val, bitset)
  return lockPi(task, at, false)
}

const REALTIME_COMMANDS = new Set([F.FUTEX_WAIT_BITSET, F.FUTEX_WAIT_REQUEUE_PI, F.FUTEX_LOCK_PI2])

/** Where others have a timeout: an int, which programs may have made a whole register of. All ones are too long for a number. */
const secondCount = (value: number): number => (value >= 2 ** 64 ? -1 : value | 0)

function sysFutex(
  task: Task,
  at: number,
  op: number,
  val: number,
  timeoutAddr: number,
  second: number,
  val3: number,
): number {
  const command = op & 0x7f
  const realtime = (op & F.FUTEX_CLOCK_REALTIME) !== 0
  if (realtime && !REALTIME_COMMANDS.has(command)) return -ENOSYS
  if (at % 4 !== 0) return -EINVAL
  const count = val | 0
  switch (command) {
    case F.FUTEX_WAIT:
    case F.FUTEX_WAIT_BITSET:
    case F.FUTEX_LOCK_PI:
    case F.FUTEX_LOCK_PI2:
    case F.FUTEX_WAIT_REQUEUE_PI:
      return waiting(task, command, at, val, timeoutAddr, realtime, second, val3)
    case F.FUTEX_WAKE:
    case F.FUTEX_WAKE_BITSET: {
      const bitset = command === F.FUTEX_WAKE ? ANY_BIT : val3
      if (bitset === 0) return -EINVAL
      if (task.mm.getU32(at) < 0) return -EFAULT
      return wakeFutex(task.kernel, task.mm, at, Math.max(1, count), bitset)
    }
    case F.FUTEX_CMP_REQUEUE: {
      const current = task.mm.getU32(at)
      if (current < 0 || task.mm.getU32(second) < 0) return -EFAULT
      return current === val3 >>> 0 ? requeue(task, at, second, count, secondCount(timeoutAddr)) : -EAGAIN
    }
    case F.FUTEX_CMP_REQUEUE_PI:
      return requeuePi(task, at, second, count, secondCount(timeoutAddr), val3)
    case F.FUTEX_REQUEUE:
      return requeue(task, at, second, count, secondCount(timeoutAddr))
    case F.FUTEX_WAKE_OP:
      return second % 4 ? -EINVAL : wakeOp(task, at, count, secondCount(timeoutAddr), second, val3)
    case F.FUTEX_TRYLOCK_PI:
      return lockPi(task, at, true)
    case F.FUTEX_UNLOCK_PI:
      return unlockPi(task, at)
    default:
      task.kernel.diagnoseOnce(`futex operation ${command} is not implemented (ENOSYS)`)
      return -ENOSYS
  }
}

/** The addresses of an array of struct futex_waitv { u64 val, uaddr; u32 flags, reserved }, or an errno. */
function readWaiters(task: Task, at: number, count: number): number[] | number {
  const { mm } = task
  if (!mm.canRead(at, count * F.WAITV_SIZE)) return -EFAULT
  const words: number[] = []
  for (let i = 0; i < count; i++) {
    const entry = at + i * F.WAITV_SIZE
    const flagBits = mm.i32(entry + 16)
    if (flagBits & ~(F.FUTEX2_SIZE_U32 | F.FUTEX_PRIVATE_FLAG) || mm.i32(entry + 20) !== 0) return -EINVAL
    if (!(flagBits & F.FUTEX2_SIZE_U32)) return -EINVAL
    const word = mm.u64(entry + 8)
    if (word % 4 !== 0) return -EINVAL
    words.push(word)
  }
  return words
}

function sysFutexWaitv(
  task: Task,
  waitersAddr: number,
  count: number,
  flagBits: number,
  timeoutAddr: number,
  clockId: number,
): number {
  if (flagBits !== 0 || count === 0 || count > F.WAITV_MAX || waitersAddr === 0) return -EINVAL
  const { futexes } = task.kernel
  if (!task.resumed) {
    if (timeoutAddr && clockId !== CLOCK_MONOTONIC && clockId !== CLOCK_REALTIME) return -EINVAL
    const refused = readDeadline(task, timeoutAddr, true, clockId === CLOCK_REALTIME)
    if (refused) return refused
  }
  const words = readWaiters(task, waitersAddr, count)
  if (typeof words === 'number') return words
  const queues = words.map((word) => futexes.queue(futexKey(task.mm, word)))
  if (task.resumed) {
    const woken = task.wokenQueue ? queues.indexOf(task.wokenQueue) : -1
    if (woken >= 0 || task.timedOut) {
      for (const word of words) futexes.tidy(futexKey(task.mm, word))
      return woken >= 0 ? woken : -ETIMEDOUT
    }
  } else
    for (let i = 0; i < count; i++) {
      const current = task.mm.getU32(words[i]!)
      if (current < 0) return -EFAULT
      if (current !== task.mm.u64(waitersAddr + i * F.WAITV_SIZE) % 2 ** 32) return -EAGAIN
    }
  task.futexBitset = ANY_BIT
  task.futexTarget = null
  let result = BLOCKED
  for (const queue of queues) result = task.blockOn(queue)
  return result
}

export const futexRows = [
  syscall('futex', [addr, value(F.futexOperations), uint, inStruct('timespec'), addr, uint], sysFutex),
  syscall('futex_waitv', [addr, uint, uint, inStruct('timespec'), uint], sysFutexWaitv),
  syscall('set_robust_list', [addr, size], (task, head, length) => {
    if (length !== robustHeadSize(task)) return -EINVAL
    task.robustList = head
    return 0
  }),
  syscall('get_robust_list', [pid, addr, addr], (task, tid, headAddr, lengthAddr) => {
    const other = tid === 0 ? task : findTask(task, tid)
    if (!other) return -ESRCH
    if (!mayAccess(task.credentials, task.group.pid, other, REALCREDS)) return -EPERM
    const { mm } = task
    const isTold = mm.setWord(lengthAddr, robustHeadSize(task)) && mm.setWord(headAddr, other.robustList)
    return isTold ? 0 : -EFAULT
  }),
]

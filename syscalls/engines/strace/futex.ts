/** Arguments of futex(2) and futex_waitv(2) as strace prints them: which there are depends on the operation. */

import { flagNames, valueName } from '../../abi/flag-table.ts'
import * as F from '../../abi/futex.ts'
import { clockIds } from '../../abi/process.ts'
import type { SyscallCall } from '../call.ts'
import { printStruct } from './structs.ts'
import { ARRAY_SHOWN_MAX, hex, hexOrZero, pointer } from './values.ts'

const ANY_BIT = 0xffffffff

/** `FUTEX_OP_ADD<<28|0x5<<12|FUTEX_OP_CMP_LE<<24|0x7` */
function wakeOperation(word: number): string {
  const operation = (word >>> 28) & 7
  const comparison = (word >>> 24) & 15
  const shift = (word >>> 28) & F.FUTEX_OP_OPARG_SHIFT ? 'FUTEX_OP_OPARG_SHIFT<<28|' : ''
  const name = (table: Parameters<typeof valueName>[0], value: number, bits: number): string => {
    const known = table.entries.find(([, n]) => n === value)
    return known ? `${known[0]}<<${bits}` : `${hexOrZero(value)}<<${bits} /* ${table.unknown} */`
  }
  const argument = `${hexOrZero((word >>> 12) & 0xfff)}<<12`
  return `${shift}${name(F.wakeOperations, operation, 28)}|${argument}|${name(F.wakeComparisons, comparison, 24)}|${hexOrZero(word & 0xfff)}`
}

export function futexArguments(call: SyscallCall): string {
  const [at, op, value, time, second, third] = call.args as unknown as number[]
  const head = `${pointer(at!)}, ${valueName(F.futexOperations, op!)}`
  const timeout = (): string => printStruct(call, 'timespec', time!, 1, false)
  const bitset = (): string => (third! >>> 0 === ANY_BIT ? 'FUTEX_BITSET_MATCH_ANY' : hexOrZero(third! >>> 0))
  const count = value! >>> 0
  const countTwo = time! % 2 ** 32
  switch (op! & F.FUTEX_CMD_MASK) {
    case F.FUTEX_WAIT:
      return `${head}, ${count}, ${timeout()}`
    case F.FUTEX_LOCK_PI:
    case F.FUTEX_LOCK_PI2:
      return `${head}, ${timeout()}`
    case F.FUTEX_WAIT_BITSET:
      return `${head}, ${count}, ${timeout()}, ${bitset()}`
    case F.FUTEX_WAKE_BITSET:
      return `${head}, ${count}, ${bitset()}`
    case F.FUTEX_WAKE:
    case F.FUTEX_FD:
      return `${head}, ${count}`
    case F.FUTEX_REQUEUE:
      return `${head}, ${count}, ${countTwo}, ${pointer(second!)}`
    case F.FUTEX_CMP_REQUEUE:
    case F.FUTEX_CMP_REQUEUE_PI:
      return `${head}, ${count}, ${countTwo}, ${pointer(second!)}, ${third! >>> 0}`
    case F.FUTEX_WAKE_OP:
      return `${head}, ${count}, ${countTwo}, ${pointer(second!)}, ${wakeOperation(third! >>> 0)}`
    case F.FUTEX_WAIT_REQUEUE_PI:
      return `${head}, ${count}, ${timeout()}, ${pointer(second!)}`
    case F.FUTEX_UNLOCK_PI:
    case F.FUTEX_TRYLOCK_PI:
      return head
    default:
      return `${head}, ${count}, ${hexOrZero(time!)}, ${pointer(second!)}, ${hexOrZero(third! >>> 0)}`
  }
}

export function waitvArguments(call: SyscallCall): string {
  const [at, count, flags, time, clock] = call.args as unknown as number[]
  const mm = call.task.memory
  let waiters = pointer(at!)
  if (at !== 0 && count === 0) waiters = '[]'
  else if (at !== 0 && mm.canRead(at!, F.WAITV_SIZE)) {
    const parts: string[] = []
    const shown = Math.min(count!, ARRAY_SHOWN_MAX)
    for (let i = 0; i < shown && mm.canRead(at! + i * F.WAITV_SIZE, F.WAITV_SIZE); i++)
      parts.push(waiter(call, at! + i * F.WAITV_SIZE))
    waiters = `[${parts.join(', ')}${count! > shown ? ', ...' : ''}]`
  }
  const timeout = printStruct(call, 'timespec', time!, 1, false)
  return `${waiters}, ${count}, ${hexOrZero(flags!)}, ${timeout}, ${valueName(clockIds, clock! | 0)}`
}

function waiter(call: SyscallCall, at: number): string {
  const mm = call.task.memory
  const flags = mm.i32(at + 16) >>> 0
  const reserved = mm.i32(at + 20) >>> 0
  const size = flags & 3
  const rest = (flags & ~3) >>> 0
  const known = rest === 0 || rest === F.FUTEX_PRIVATE_FLAG
  const names =
    size === F.FUTEX2_SIZE_U32 && known
      ? `FUTEX_32${rest ? '|FUTEX_PRIVATE_FLAG' : ''}`
      : flagNames(F.waiterFlags, flags)
  const tail = reserved ? `, __reserved=${hex(reserved)}` : ''
  return `{val=${hexOrZero(mm.u64(at))}, uaddr=${pointer(mm.u64(at + 8))}, flags=${names}${tail}}`
}

/** futex(2), <linux/futex.h>: operations and the bits of the word that priority-inheriting and robust locks share. */

import { flagTable } from './flag-table.ts'

export const FUTEX_WAIT = 0
export const FUTEX_WAKE = 1
export const FUTEX_FD = 2
export const FUTEX_REQUEUE = 3
export const FUTEX_CMP_REQUEUE = 4
export const FUTEX_WAKE_OP = 5
export const FUTEX_LOCK_PI = 6
export const FUTEX_UNLOCK_PI = 7
export const FUTEX_TRYLOCK_PI = 8
export const FUTEX_WAIT_BITSET = 9
export const FUTEX_WAKE_BITSET = 10
export const FUTEX_WAIT_REQUEUE_PI = 11
export const FUTEX_CMP_REQUEUE_PI = 12
export const FUTEX_LOCK_PI2 = 13
/** What is left of an operation without its flags. */
export const FUTEX_CMD_MASK = 0x7f
export const FUTEX_PRIVATE_FLAG = 128
export const FUTEX_CLOCK_REALTIME = 256

export const FUTEX_WAITERS = 0x80000000
export const FUTEX_OWNER_DIED = 0x40000000
export const FUTEX_TID_MASK = 0x3fffffff

const OPERATIONS = {
  FUTEX_WAIT,
  FUTEX_WAKE,
  FUTEX_FD,
  FUTEX_REQUEUE,
  FUTEX_CMP_REQUEUE,
  FUTEX_WAKE_OP,
  FUTEX_LOCK_PI,
  FUTEX_UNLOCK_PI,
  FUTEX_TRYLOCK_PI,
  FUTEX_WAIT_BITSET,
  FUTEX_WAKE_BITSET,
  FUTEX_WAIT_REQUEUE_PI,
  FUTEX_CMP_REQUEUE_PI,
  FUTEX_LOCK_PI2,
}

/** As strace names them: with _PRIVATE, and with the clock behind. */
function named(): Record<string, number> {
  const names: Record<string, number> = {}
  for (const [suffix, bits] of [
    ['', 0],
    ['|FUTEX_CLOCK_REALTIME', FUTEX_CLOCK_REALTIME],
  ] as const)
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      names[name + suffix] = operation | bits
      names[`${name}_PRIVATE${suffix}`] = operation | bits | FUTEX_PRIVATE_FLAG
    }
  return names
}
export const futexOperations = flagTable(named(), 'FUTEX_???')

/** FUTEX_WAKE_OP's argument: how to change the second word, and how to compare what it was. */
export const FUTEX_OP_SET = 0
export const FUTEX_OP_ADD = 1
export const FUTEX_OP_OR = 2
export const FUTEX_OP_ANDN = 3
export const FUTEX_OP_XOR = 4
export const FUTEX_OP_OPARG_SHIFT = 8
export const FUTEX_OP_CMP_EQ = 0
export const FUTEX_OP_CMP_NE = 1
export const FUTEX_OP_CMP_LT = 2
export const FUTEX_OP_CMP_LE = 3
export const FUTEX_OP_CMP_GT = 4
export const FUTEX_OP_CMP_GE = 5

export const wakeOperations = flagTable(
  { FUTEX_OP_SET, FUTEX_OP_ADD, FUTEX_OP_OR, FUTEX_OP_ANDN, FUTEX_OP_XOR },
  'FUTEX_OP_???',
)
export const wakeComparisons = flagTable(
  {
    FUTEX_OP_CMP_EQ,
    FUTEX_OP_CMP_NE,
    FUTEX_OP_CMP_LT,
    FUTEX_OP_CMP_LE,
    FUTEX_OP_CMP_GT,
    FUTEX_OP_CMP_GE,
  },
  'FUTEX_OP_CMP_???',
)

/** futex_waitv(2): the size of struct futex_waitv, how many there may be, and the one size of word there is. */
export const WAITV_SIZE = 24
export const WAITV_MAX = 128
export const FUTEX2_SIZE_U32 = 2
export const waiterFlags = flagTable({ FUTEX_32: FUTEX2_SIZE_U32, FUTEX_PRIVATE_FLAG }, 'FUTEX_???')

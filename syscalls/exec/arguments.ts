/** argv and envp out of the caller's memory: execve(2). Limits as Linux: E2BIG beyond a quarter of the stack. */

import { latin1 } from '../abi/bytes.ts'
import { E2BIG, EFAULT } from '../abi/errno.ts'
import type { Mm } from '../mm/mm.ts'

/** One string: MAX_ARG_STRLEN. */
const STRING_SIZE_MAX = 131072
/** argv and envp with their strings: a quarter of an 8 MiB stack. */
export const ARGUMENTS_SIZE_MAX = 2 << 20

/** The strings of a null-terminated pointer array; an errno. A null array is an empty one. */
export function readStrings(mm: Mm, addr: number): string[] | number {
  const strings: string[] = []
  if (addr === 0) return strings
  let total = 0
  const { wordSize } = mm.arch.model
  for (let at = addr; ; at += wordSize) {
    if (!mm.canRead(at, wordSize)) return -EFAULT
    const pointer = mm.word(at)
    if (pointer === 0) return strings
    const bytes = mm.cstring(pointer, STRING_SIZE_MAX)
    if (bytes === null) return -EFAULT
    if (bytes === undefined) return -E2BIG
    total += bytes.length + 1 + wordSize
    if (total > ARGUMENTS_SIZE_MAX) return -E2BIG
    strings.push(latin1(bytes))
  }
}

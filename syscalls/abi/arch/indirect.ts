/**
 * Calls of older ISAs that stand for many: socketcall(2), ipc(2), and the mmap and select that take their arguments in
 * memory. They become the call that they mean before anybody looks at them, engines too.
 * Path: engines/call.ts at the begin of a call. Linux net/compat.c, ipc/syscall.c.
 */

import { getInteger } from '../struct.ts'

import type { FrameMemory, Indirect, OpenedCall } from './arch.ts'

function readWords(memory: FrameMemory, at: number, count: number): number[] | null {
  const { space, model } = memory
  const { wordSize } = model
  if (!memory.canRead(at, count * wordSize)) return null
  return Array.from({ length: count }, (_, i) =>
    getInteger(space.view, at + i * wordSize, wordSize, true, model),
  )
}

const inMemory =
  (name: string, count: number): Indirect =>
  (args, memory) => {
    const words = readWords(memory, args[0]!, count)
    return words && { name, words }
  }

/** By number; how many arguments each has. */
const SOCKET_CALLS: readonly (readonly [name: string, count: number])[] = [
  ['', 0],
  ['socket', 3],
  ['bind', 3],
  ['connect', 3],
  ['listen', 2],
  ['accept', 3],
  ['getsockname', 3],
  ['getpeername', 3],
  ['socketpair', 4],
  ['send', 4],
  ['recv', 4],
  ['sendto', 6],
  ['recvfrom', 6],
  ['shutdown', 2],
  ['setsockopt', 5],
  ['getsockopt', 5],
  ['sendmsg', 3],
  ['recvmsg', 3],
  ['accept4', 4],
  ['recvmmsg', 5],
  ['sendmmsg', 4],
]
export const SOCKET_CALL_COUNT = SOCKET_CALLS.length

const socketcall: Indirect = (args, memory) => {
  const [name, count] = SOCKET_CALLS[args[0]!] ?? ['', 0]
  const words = name === '' ? null : readWords(memory, args[1]!, count)
  if (!words) return null
  if (name === 'send') return { name: 'sendto', words: [...words, 0, 0] }
  return name === 'recv' ? { name: 'recvfrom', words: [...words, 0, 0] } : { name, words }
}

export const IPC_SHMAT = 21
/** The 64-bit form of structures; the older one is not served. */
const IPC_64 = 0x100
const withoutForm = (command: number): number => command & ~IPC_64

type OpenIpc = (
  a: number,
  b: number,
  c: number,
  at: number,
  fifth: number,
  memory: FrameMemory,
) => OpenedCall | null

const IPC_CALLS: Readonly<Record<number, OpenIpc>> = {
  1: (a, b, _c, at) => ({ name: 'semtimedop', words: [a, at, b, 0] }),
  2: (a, b, c) => ({ name: 'semget', words: [a, b, c] }),
  3: (a, b, c, at, _fifth, memory) => {
    const argument = readWords(memory, at, 1)
    return argument && { name: 'semctl', words: [a, b, withoutForm(c), argument[0]!] }
  },
  4: (a, b, _c, at, fifth) => ({ name: 'semtimedop', words: [a, at, b, fifth] }),
  11: (a, b, c, at) => ({ name: 'msgsnd', words: [a, at, b, c] }),
  13: (a, b) => ({ name: 'msgget', words: [a, b] }),
  14: (a, b, _c, at) => ({ name: 'msgctl', words: [a, withoutForm(b), at] }),
  22: (_a, _b, _c, at) => ({ name: 'shmdt', words: [at] }),
  23: (a, b, c) => ({ name: 'shmget', words: [a, b, c] }),
  24: (a, b, _c, at) => ({ name: 'shmctl', words: [a, withoutForm(b), at] }),
}

const MSGRCV = 12

/** Version 0 has address and type in memory. */
function msgrcv(id: number, sizeBytes: number, flags: number, kludge: readonly number[] | null) {
  return kludge && { name: 'msgrcv', words: [id, kludge[0]!, sizeBytes, kludge[1]!, flags] }
}

const ipc: Indirect = (args, memory) => {
  const [call, a, b, c, at, fifth] = args as unknown as [number, number, number, number, number, number]
  const kind = call & 0xffff
  if (kind !== MSGRCV) return IPC_CALLS[kind]?.(a, b, c, at, fifth, memory) ?? null
  return msgrcv(a, b, c, call >>> 16 === 0 ? readWords(memory, at, 2) : [at, fifth])
}

/** By the kernel's names of the calls. */
export const INDIRECT_CALLS: Readonly<Record<string, Indirect>> = {
  socketcall,
  ipc,
  old_mmap: inMemory('mmap', 6),
  old_select: inMemory('select', 5),
}

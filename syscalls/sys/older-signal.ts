/** The calls for signals 1 to 32, from before real-time ones: sigaction(2), sigprocmask(2), signal(2), sgetmask(2). */

import { EFAULT, ENOSYS } from '../abi/errno.ts'
import * as S from '../abi/signal.ts'
import { setBlocked, setTemporaryMask } from '../kernel/signal-delivery.ts'
import type { Task } from '../kernel/task.ts'
import { KEEP_RESULT } from '../kernel/task-run.ts'
import { addr, hexInt, inStruct, int, outStruct, signal, size, syscall, uint, value } from './row.ts'
import { changeMask, exchangeHandler, pause, pendingAndBlocked, sigaction, sigreturn } from './signal.ts'

function sysSigprocmask(task: Task, how: number, newAddr: number, oldAddr: number): number {
  const { mm, blocked } = task
  const { lo, hi } = blocked
  if (newAddr) {
    if (!mm.canRead(newAddr, 4)) return -EFAULT
    // The signals that it cannot name stay as they are.
    const refused = changeMask(task, how, mm.i32(newAddr), how === S.SIG_SETMASK ? hi : 0)
    if (refused) return refused
  }
  return oldAddr && !mm.setU32(oldAddr, lo >>> 0) ? -EFAULT : 0
}

/** The mask is the third argument. */
function sysSigsuspend(task: Task, _unused1: number, _unused2: number, mask: number): number {
  if (!task.resumed) setTemporaryMask(task, mask, 0)
  return pause(task)
}

function sysSsetmask(task: Task, mask: number): number {
  const { lo } = task.blocked
  setBlocked(task, mask, 0)
  return lo
}

/** powerpc's: registers and mask of this thread go to one ucontext and come from another. */
function sysSwapcontext(task: Task, old: number, fresh: number, sizeBytes: number): number {
  const { arch, state } = task.mm
  if (!arch.swapContext) return -ENOSYS
  const taken = arch.swapContext(state, task.mm, old, fresh, sizeBytes, task.blocked)
  if (taken === null) return 0
  if (typeof taken === 'number') return taken
  setBlocked(task, taken.maskLo, taken.maskHi)
  return KEEP_RESULT
}

export const olderSignalRows = [
  syscall('swapcontext', [addr, addr, size], sysSwapcontext, 'as on Linux, of 32-bit powerpc only'),
  syscall('sigaction', [signal, addr, addr], (task, signo, fresh, old) =>
    sigaction(task, signo, fresh, old, S.OLD_SIGACTION),
  ),
  syscall('sigprocmask', [value(S.sigprocmaskHow), inStruct('int'), outStruct('int')], sysSigprocmask),
  syscall('sigpending', [outStruct('int')], (task, at) =>
    task.mm.setU32(at, pendingAndBlocked(task).lo >>> 0) ? 0 : -EFAULT,
  ),
  syscall('sigsuspend', [int, int, uint], sysSigsuspend),
  syscall('signal', [signal, addr], exchangeHandler),
  syscall('sigreturn', [], (task) => sigreturn(task, false)),
  syscall('sgetmask', [], (task) => task.blocked.lo),
  syscall('ssetmask', [hexInt], sysSsetmask),
]

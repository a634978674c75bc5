/** The calls for signals 1 to 32, from before real-time ones: sigaction(2), sigprocmask(2), signal(2), sgetmask(2). */

import { EFAULT } from '../abi/errno.ts'
import * as S from '../abi/signal.ts'
import { setBlocked, setTemporaryMask } from '../kernel/signal-delivery.ts'
import type { Task } from '../kernel/task.ts'
import { addr, hex, inStruct, int, outStruct, signal, syscall, uint, value } from './row.ts'
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

export const olderSignalRows = [
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
  syscall('ssetmask', [hex], sysSsetmask),
]

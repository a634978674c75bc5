/** Signals: sigaction(2), sigprocmask(2), kill(2), sigsuspend(2), sigaltstack(2), sigtimedwait(2), sigreturn(2). */

import type { AltStack } from '../abi/arch/arch.ts'
import { CAP_KILL } from '../abi/capability.ts'
import { BLOCKED, EAGAIN, EFAULT, EINTR, EINVAL, ENOMEM, EPERM, ERESTARTNOHAND, ESRCH } from '../abi/errno.ts'
import { readSigInfo, SIGINFO_SIZE, writeSigInfo } from '../abi/siginfo.ts'
import * as S from '../abi/signal.ts'
import type { Struct } from '../abi/struct.ts'
import { onEveryLevel } from '../kernel/id-level.ts'
import { findGroup, findTask, reaches, shownSender } from '../kernel/pid.ts'
import { forceSignal, isIgnored } from '../kernel/signal.ts'
import { setBlocked, setTemporaryMask } from '../kernel/signal-delivery.ts'
import { SigSet } from '../kernel/sigset.ts'
import type { Task } from '../kernel/task.ts'
import { KEEP_RESULT } from '../kernel/task-run.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import { addr, inStruct, outStruct, pid, signal, size, syscall, value } from './row.ts'
import { readTimespec } from './time.ts'

export const SIGSET_SIZE = 8
/** What the kernel looks at of a siginfo that a program made. */
const QUEUED_INFO_SIZE = 48

interface NewAction {
  handler: number
  flags: number
  restorer: number
  maskLo: number
  maskHi: number
}

/** 0 or the errno of a signal that no action can be set for. */
function checkActionSignal(signo: number, isNew: boolean): number {
  if (signo < 1 || signo > S.SIGNAL_MAX) return -EINVAL
  return isNew && (signo === S.SIGKILL || signo === S.SIGSTOP) ? -EINVAL : 0
}

function setAction(task: Task, signo: number, fresh: NewAction): void {
  const action = task.group.actions.of(signo)
  action.handler = fresh.handler
  action.flags = fresh.flags | 0
  action.restorer = fresh.restorer
  action.mask.set(fresh.maskLo & ~((1 << 8) | (1 << 18)), fresh.maskHi)
  // Ignoring a pending signal discards it.
  if (!isIgnored(task.group, signo)) return
  task.group.pending.remove(signo)
  for (const thread of task.group.tasks) thread.pending.remove(signo)
}

function shownAction(task: Task, signo: number): NewAction {
  const { handler, flags, restorer, mask } = task.group.actions.of(signo)
  return { handler, flags: flags >>> 0, restorer, maskLo: mask.lo >>> 0, maskHi: mask.hi >>> 0 }
}

/** signal(2): a handler for one time, as it was at first; the old one. */
export function exchangeHandler(task: Task, signo: number, handler: number): number {
  const refused = checkActionSignal(signo, true)
  if (refused) return refused
  const before = task.group.actions.of(signo).handler
  setAction(task, signo, { handler, flags: S.SA_RESETHAND | S.SA_NODEFER, restorer: 0, maskLo: 0, maskHi: 0 })
  return before
}

/** rt_sigaction(2) and sigaction(2): `struct` is how the call lays it out. */
export function sigaction<T extends Omit<NewAction, 'maskHi'>>(
  task: Task,
  signo: number,
  newAddr: number,
  oldAddr: number,
  struct: Struct<T>,
): number {
  const refused = checkActionSignal(signo, newAddr !== 0)
  if (refused) return refused
  const fresh = newAddr ? task.getStruct(struct, newAddr) : null
  if (newAddr && !fresh) return -EFAULT
  if (
    oldAddr &&
    !task.putStruct(struct, oldAddr, shownAction(task, signo) as Partial<NewAction> as Partial<T>)
  )
    return -EFAULT
  if (fresh) setAction(task, signo, { maskHi: 0, ...fresh })
  return 0
}

function sysRtSigaction(
  task: Task,
  signo: number,
  newAddr: number,
  oldAddr: number,
  setSize: number,
): number {
  return setSize === SIGSET_SIZE ? sigaction(task, signo, newAddr, oldAddr, S.SIGACTION) : -EINVAL
}

/** What a SIG_* of sigprocmask(2) makes of the mask; 0 or -EINVAL. */
export function changeMask(task: Task, how: number, newLo: number, newHi: number): number {
  const { lo, hi } = task.blocked
  if (how === S.SIG_BLOCK) setBlocked(task, lo | newLo, hi | newHi)
  else if (how === S.SIG_UNBLOCK) setBlocked(task, lo & ~newLo, hi & ~newHi)
  else if (how === S.SIG_SETMASK) setBlocked(task, newLo, newHi)
  else return -EINVAL
  return 0
}

function sysRtSigprocmask(
  task: Task,
  how: number,
  setAddr: number,
  oldAddr: number,
  setSize: number,
): number {
  if (setSize !== SIGSET_SIZE) return -EINVAL
  const { mm, blocked } = task
  const { lo, hi } = blocked
  if (setAddr) {
    if (!mm.canRead(setAddr, 8)) return -EFAULT
    const refused = changeMask(task, how, mm.maskLo(setAddr), mm.maskHi(setAddr))
    if (refused) return refused
  }
  if (oldAddr && !mm.setMask(oldAddr, lo, hi)) return -EFAULT
  return 0
}

function sysRtSigpending(task: Task, setAddr: number, setSize: number): number {
  if (setSize > SIGSET_SIZE) return -EINVAL
  const { lo, hi } = pendingAndBlocked(task)
  return task.mm.setMask(setAddr, lo, hi) ? 0 : -EFAULT
}

export function pendingAndBlocked({ pending, group, blocked }: Task): { lo: number; hi: number } {
  const own = pending.set
  const shared = group.pending.set
  return { lo: (own.lo | shared.lo) & blocked.lo, hi: (own.hi | shared.hi) & blocked.hi }
}

function sysRtSigsuspend(task: Task, setAddr: number, setSize: number): number {
  if (setSize !== SIGSET_SIZE) return -EINVAL
  if (!task.resumed) {
    if (!task.mm.canRead(setAddr, 8)) return -EFAULT
    setTemporaryMask(task, task.mm.maskLo(setAddr), task.mm.maskHi(setAddr))
  }
  return pause(task)
}

/** Waits for any signal that is delivered. */
export function pause(task: Task): number {
  const result = task.blockOn(task.group.signalQueued)
  return result === BLOCKED ? BLOCKED : -ERESTARTNOHAND
}

/** Writes a siginfo; false is EFAULT. */
export function putSigInfo({ mm, call }: Task, at: number, info: S.SigInfo): boolean {
  if (!mm.canWrite(at, SIGINFO_SIZE)) return false
  writeSigInfo(mm.space.view, at, info, call.model, mm.arch.auditArch)
  mm.stored(at, SIGINFO_SIZE)
  return true
}

function sysRtSigtimedwait(
  task: Task,
  setAddr: number,
  infoAddr: number,
  timeoutAddr: number,
  setSize: number,
): number {
  if (setSize !== SIGSET_SIZE) return -EINVAL
  const { mm } = task
  if (!mm.canRead(setAddr, 8)) return -EFAULT
  // Every signal but the awaited ones stays.
  const others = new SigSet()
  others.set(~mm.maskLo(setAddr) | (1 << 8) | (1 << 18), ~mm.maskHi(setAddr))
  if (!task.resumed && timeoutAddr) {
    const timeoutNs = readTimespec(task, timeoutAddr)
    if (timeoutNs < 0) return timeoutNs
    task.deadline.setIn(task.world.clock, timeoutNs)
  }
  const info = task.pending.take(others) ?? task.group.pending.take(others)
  if (info) {
    if (infoAddr) {
      if (!putSigInfo(task, infoAddr, info)) return -EFAULT
    }
    return info.signo
  }
  if (task.isOverdue) return -EAGAIN
  const result = task.blockOn(task.group.signalQueued)
  return result === BLOCKED ? BLOCKED : -EINTR
}

export function sigreturn(task: Task, isRt: boolean): number {
  const frame = task.mm.arch.popSignalFrame(task.mm.state, task.mm, isRt)
  if (!frame) {
    forceSignal(task, S.sigInfo(S.SIGSEGV, S.SI_KERNEL))
    return KEEP_RESULT
  }
  setBlocked(task, frame.maskLo, frame.maskHi)
  // What cannot be an alternate stack leaves the one there is.
  if (frame.altStack) setAltStack(task, frame.altStack)
  return KEEP_RESULT
}

function isOnAltStack(task: Task): boolean {
  const sp = task.mm.arch.sp(task.mm.state)
  return sp > task.altStackAddr && sp - task.altStackAddr <= task.altStackSize
}

function setAltStack(task: Task, { addr, flags: bits, size: sizeBytes }: AltStack): number {
  if (isOnAltStack(task)) return -EPERM
  const mode = (bits & ~S.SS_AUTODISARM) >>> 0
  if (mode !== 0 && mode !== S.SS_ONSTACK && mode !== S.SS_DISABLE) return -EINVAL
  const isDisabled = mode === S.SS_DISABLE
  if (!isDisabled && sizeBytes < task.mm.arch.signalStackMin) return -ENOMEM
  task.altStackAddr = isDisabled ? 0 : addr
  task.altStackSize = isDisabled ? 0 : sizeBytes
  task.altStackFlags = isDisabled ? S.SS_DISABLE : 0
  return 0
}

function sysSigaltstack(task: Task, newAddr: number, oldAddr: number): number {
  const enabled = task.altStackSize > 0
  const fresh = newAddr ? task.getStruct(S.STACK, newAddr) : null
  if (newAddr && !fresh) return -EFAULT
  if (oldAddr) {
    const flags = enabled ? (isOnAltStack(task) ? S.SS_ONSTACK : 0) : S.SS_DISABLE
    const old = { sp: task.altStackAddr, flags, size: task.altStackSize }
    if (!task.putStruct(S.STACK, oldAddr, old)) return -EFAULT
  }
  return fresh ? setAltStack(task, { ...fresh, addr: fresh.sp }) : 0
}

/** May `task` signal that process? kill(2): same real or effective id, root, or SIGCONT in one session. */
function maySignal(task: Task, target: ThreadGroup, signo: number): boolean {
  const them = target.leader?.credentials
  if (!them || (signo === S.SIGCONT && target.sessionId === task.group.sessionId)) return true
  return onEveryLevel(
    task.credentials,
    them,
    (who, { uid, suid, userns }) =>
      who.capableHere(CAP_KILL, userns) || [who.euid, who.uid].some((id) => id === suid || id === uid),
  )
}

/** What a signal tells of its sender, by the receiver's numbers. */
export function userInfo(task: Task, target: ThreadGroup, signo: number, code: number): S.SigInfo {
  const { credentials } = target
  const uid = credentials?.userns.shownUid(task.credentials.uid) ?? 0
  return S.sigInfo(signo, code, { pid: shownSender(task.group, target), uid })
}

/** Process 1 of a namespace: from inside nothing stops or kills it. */
const isShielded = (task: Task, target: ThreadGroup, signo: number): boolean =>
  target.isUnkillable &&
  (signo === S.SIGKILL || signo === S.SIGSTOP) &&
  target.pids.shown(task.group.pid) !== 0

export function killGroup(task: Task, target: ThreadGroup, signo: number, info: S.SigInfo): number {
  if (!maySignal(task, target, signo)) return -EPERM
  // Process 1 is the kernel itself: nothing harms it.
  if (signo === 0 || target === task.kernel.init || isShielded(task, target, signo)) return 0
  return task.kernel.sendToGroup(target, info)
}

function sysKill(task: Task, which: number, signo: number): number {
  if (signo < 0 || signo > S.SIGNAL_MAX) return -EINVAL
  const { kernel } = task
  if (which > 0) {
    const target = findGroup(task, which)
    return target ? killGroup(task, target, signo, userInfo(task, target, signo, S.SI_USER)) : -ESRCH
  }
  const processGroup = which === 0 ? task.group.processGroup : task.pids.machinePid(-which)
  // One's own process group may reach out of the namespace.
  const isMeant = (target: ThreadGroup): boolean =>
    which === -1
      ? target !== task.group && target !== task.pids.init && reaches(task, target)
      : target.processGroup === processGroup && (task.world.reach?.(target) ?? true)
  let found = 0
  let result = -ESRCH
  for (const target of [...kernel.groups.values()]) {
    if (target === kernel.init || !isMeant(target)) continue
    const sent = killGroup(task, target, signo, userInfo(task, target, signo, S.SI_USER))
    if (sent === 0) found++
    else result = sent
  }
  return found > 0 ? 0 : result
}

function sysTgkill(task: Task, group: number, tid: number, signo: number): number {
  if (tid <= 0 || group === 0 || signo < 0 || signo > S.SIGNAL_MAX) return -EINVAL
  const target = findTask(task, tid)
  if (!target || (group > 0 && task.pids.shown(target.group.pid) !== group)) return -ESRCH
  if (!maySignal(task, target.group, signo)) return -EPERM
  if (signo === 0 || isShielded(task, target.group, signo)) return 0
  return task.kernel.sendToTask(target, userInfo(task, target.group, signo, S.SI_TKILL))
}

function sysRtSigqueueinfo(task: Task, which: number, signo: number, infoAddr: number): number {
  if (signo < 0 || signo > S.SIGNAL_MAX) return -EINVAL
  const info = readQueuedInfo(task, infoAddr)
  if (!info) return -EFAULT
  info.signo = signo
  const target = findGroup(task, which)
  if (!target) return -ESRCH
  if ((info.code >= 0 || info.code === S.SI_TKILL) && target !== task.group) return -EPERM
  hideSender(task, target, info)
  return killGroup(task, target, signo, info)
}

/** Who does not exist for the receiver has no number there. */
export function hideSender(task: Task, target: ThreadGroup, info: S.SigInfo): void {
  if (shownSender(task.group, target) === 0) info.pid = 0
}

/** The siginfo that a program made itself; null is EFAULT. */
export function readQueuedInfo({ mm, call }: Task, at: number): S.SigInfo | null {
  return mm.canRead(at, QUEUED_INFO_SIZE) ? readSigInfo(mm.space.view, at, call.model) : null
}

export const signalRows = [
  syscall('rt_sigaction', [signal, inStruct('sigaction'), outStruct('sigaction'), size], sysRtSigaction),
  syscall(
    'rt_sigprocmask',
    [value(S.sigprocmaskHow), inStruct('sigset'), outStruct('sigset'), size],
    sysRtSigprocmask,
  ),
  syscall('rt_sigpending', [outStruct('sigset'), size], sysRtSigpending),
  syscall('rt_sigsuspend', [inStruct('sigset'), size], sysRtSigsuspend),
  syscall(
    'rt_sigtimedwait',
    [inStruct('sigset'), outStruct('siginfo'), inStruct('timespec'), size],
    sysRtSigtimedwait,
  ),
  syscall('rt_sigreturn', [], (task) => sigreturn(task, true)),
  syscall('rt_sigqueueinfo', [pid, signal, addr], sysRtSigqueueinfo),
  syscall('sigaltstack', [inStruct('stack'), outStruct('stack')], sysSigaltstack),
  syscall('pause', [], pause),
  syscall('kill', [pid, signal], sysKill),
  syscall('tkill', [pid, signal], (task, tid, signo) => sysTgkill(task, -1, tid, signo)),
  syscall('tgkill', [pid, pid, signal], sysTgkill),
]

/**
 * Job control: sessions, their terminal, foreground and background groups. credentials(7), tcsetpgrp(3), Linux
 * drivers/tty/tty_jobctrl.c.
 * Path: sys/identity.ts makes sessions; tty/ asks who may read and change a terminal; exit.ts says who has gone.
 */

import { EIO, ERESTARTSYS } from '../abi/errno.ts'
import { SI_KERNEL, SIG_IGN, SIGCONT, SIGHUP, SIGTTIN, sigInfo } from '../abi/signal.ts'
import type { Kernel } from './kernel.ts'
import { sendSignal } from './signal.ts'
import type { Task } from './task.ts'
import { GROUP_ZOMBIE, type ThreadGroup } from './thread-group.ts'

/** A terminal as the kernel knows it. 0 is no session, no group. */
export interface Terminal {
  sessionId: number
  /** The process group in the foreground. */
  foreground: number
  readonly rdev: number
}

/** Sends to every process of a process group, as the kernel. */
export function signalProcessGroup(kernel: Kernel, processGroup: number, signo: number): void {
  if (processGroup === 0) return
  for (const member of kernel.groups.values())
    if (member.processGroup === processGroup) sendSignal(member, null, sigInfo(signo, SI_KERNEL))
}

/** Nobody in the session, outside the group, is the parent of a member (`ignored`, which ends, does not count). */
export function isOrphanedGroup(
  kernel: Kernel,
  processGroup: number,
  ignored: ThreadGroup | null = null,
): boolean {
  for (const member of kernel.groups.values()) {
    if (member.processGroup !== processGroup || member === ignored || member.state === GROUP_ZOMBIE) continue
    const { parent } = member
    if (!parent || parent === kernel.init) continue
    if (parent.processGroup !== processGroup && parent.sessionId === member.sessionId) return false
  }
  return true
}

/**
 * A tie between a group and its session breaks: `member` ends, or its `parent` does. When it was the last one,
 * nobody could continue the group's stopped members any more: they are hung up.
 */
export function hangUpOrphans(kernel: Kernel, member: ThreadGroup, parent: ThreadGroup, ends: boolean): void {
  const { processGroup } = member
  if (parent.processGroup === processGroup || parent.sessionId !== member.sessionId) return
  if (!isOrphanedGroup(kernel, processGroup, ends ? member : null)) return
  for (const other of kernel.groups.values())
    if (other.processGroup === processGroup && other.stopped) {
      signalProcessGroup(kernel, processGroup, SIGHUP)
      signalProcessGroup(kernel, processGroup, SIGCONT)
      return
    }
}

/** The terminal becomes the one of the caller's session. */
export function controlTerminal(group: ThreadGroup, terminal: Terminal): void {
  terminal.sessionId = group.sessionId
  terminal.foreground = group.processGroup
  group.terminal = terminal
  group.lostForeground = 0
}

/** Nobody in the session has a terminal any more. */
export function clearSessionTerminal(kernel: Kernel, sessionId: number): void {
  if (sessionId === 0) return
  for (const member of kernel.groups.values()) if (member.sessionId === sessionId) member.terminal = null
}

/** The session leader gives its terminal up, or ends: Linux disassociate_ctty. */
export function leaveTerminal(kernel: Kernel, leader: ThreadGroup, ends: boolean): void {
  if (leader.sessionId !== leader.pid) return
  const { terminal } = leader
  if (!terminal) {
    if (!ends) return
    signalProcessGroup(kernel, leader.lostForeground, SIGHUP)
    signalProcessGroup(kernel, leader.lostForeground, SIGCONT)
    return
  }
  signalProcessGroup(kernel, terminal.foreground, SIGHUP)
  if (!ends) signalProcessGroup(kernel, terminal.foreground, SIGCONT)
  terminal.sessionId = terminal.foreground = 0
  leader.lostForeground = 0
  clearSessionTerminal(kernel, leader.pid)
}

/** The other end has gone: the session's leader is hung up, and its processes have no terminal any more. */
export function hangUpTerminal(kernel: Kernel, terminal: Terminal): void {
  const { sessionId } = terminal
  if (sessionId !== 0)
    for (const member of kernel.groups.values()) {
      if (member.sessionId !== sessionId) continue
      if (member.terminal === terminal) member.terminal = null
      if (member.pid !== sessionId) continue
      sendSignal(member, null, sigInfo(SIGHUP, SI_KERNEL))
      sendSignal(member, null, sigInfo(SIGCONT, SI_KERNEL))
      member.lostForeground = terminal.foreground
    }
  terminal.sessionId = terminal.foreground = 0
}

/**
 * Whether this task may read (SIGTTIN) or change (SIGTTOU) a terminal: 0, -EIO, or -ERESTARTSYS after its whole group
 * got the signal. Only background groups of the terminal's own session are asked.
 */
export function checkBackground(task: Task, terminal: Terminal, signo: number): number {
  const { group, kernel } = task
  if (group.terminal !== terminal) return 0
  if (terminal.foreground === 0 || terminal.foreground === group.processGroup) return 0
  if (task.blocked.has(signo) || group.actions.of(signo).handler === SIG_IGN)
    return signo === SIGTTIN ? -EIO : 0
  if (isOrphanedGroup(kernel, group.processGroup)) return -EIO
  signalProcessGroup(kernel, group.processGroup, signo)
  return -ERESTARTSYS
}

/**
 * ioctl(2) on terminals: ioctl_tty(2). Path: tty-file.ts. Both ends of a pair answer; modes, window and session are
 * always the slave's.
 */

import { get16s, inOrder } from '../abi/bytes.ts'
import { CAP_SYS_ADMIN } from '../abi/capability.ts'
import { EFAULT, EINVAL, EIO, ENOTTY, EPERM, ESRCH } from '../abi/errno.ts'
import { FIONREAD } from '../abi/poll.ts'
import { SIGINT, SIGQUIT, SIGTSTP, SIGTTOU } from '../abi/signal.ts'
import * as T from '../abi/tty.ts'
import {
  checkBackground,
  clearSessionTerminal,
  controlTerminal,
  leaveTerminal,
  signalProcessGroup,
} from '../kernel/job-control.ts'
import { Task } from '../kernel/task.ts'
import type { Caller } from '../vfs/caller.ts'
import { type TermiosKind, termiosForm } from './termios-form.ts'
import type { Tty } from './tty.ts'
import type { TtyFile } from './tty-file.ts'

const WINSIZE_SIZE = 8

/** What TCSET* says of input that was typed and not read. */
const SET_MODES: ReadonlyMap<number, { readonly kind: TermiosKind; readonly flush: boolean }> = new Map([
  [T.TCSETS, { kind: 'termios', flush: false }],
  [T.TCSETSW, { kind: 'termios', flush: false }],
  [T.TCSETSF, { kind: 'termios', flush: true }],
  [T.TCSETS2, { kind: 'termios2', flush: false }],
  [T.TCSETSW2, { kind: 'termios2', flush: false }],
  [T.TCSETSF2, { kind: 'termios2', flush: true }],
  [T.TCSETA, { kind: 'termio', flush: false }],
  [T.TCSETAW, { kind: 'termio', flush: false }],
  [T.TCSETAF, { kind: 'termio', flush: true }],
])

export function ttyIoctl(file: TtyFile, caller: Caller, request: number, argument: number): number {
  const { tty } = file
  const { model } = caller.memory
  const modes = SET_MODES.get(request)
  if (modes) return setModes(tty.slave, caller, argument, modes.kind, modes.flush)
  switch (request) {
    case T.TCGETS:
      return copyOut(caller, argument, tty.slave.termios.encode('termios', model))
    case T.TCGETS2:
      return copyOut(caller, argument, tty.slave.termios.encode('termios2', model))
    case T.TCGETA:
      return copyOut(caller, argument, tty.slave.termios.encode('termio', model))
    case T.TIOCGWINSZ:
      return getWindow(tty.slave, caller, argument)
    case T.TIOCSWINSZ:
      return setWindow(tty.slave, caller, argument)
    case FIONREAD:
      return putInt(caller, argument, tty.input.available)
    case T.TIOCOUTQ:
      return putInt(caller, argument, 0)
    case T.TCFLSH:
      return flush(tty, caller, argument | 0)
    case T.TCXONC:
      return flowControl(tty, caller, argument | 0)
    case T.TCSBRK:
    case T.TCSBRKP:
    case T.TIOCSBRK:
    case T.TIOCCBRK:
      // A pty has no line to break, and nothing to drain: the other end has what was written.
      return background(tty, caller)
    case T.TIOCSTI:
      return simulateInput(tty, caller, argument)
    default:
      return caller instanceof Task ? sessionIoctl(file, caller, request, argument) : -ENOTTY
  }
}

const copyOut = (caller: Caller, at: number, bytes: Uint8Array): number =>
  caller.memory.copyOut(at, bytes) ? 0 : -EFAULT

const putInt = (caller: Caller, at: number, value: number): number =>
  caller.memory.setU32(at, value) ? 0 : -EFAULT

/** Whether a background group may change the terminal. */
const background = (tty: Tty, caller: Caller): number =>
  caller instanceof Task ? checkBackground(caller, tty, SIGTTOU) : 0

function setModes(tty: Tty, caller: Caller, at: number, kind: TermiosKind, drop: boolean): number {
  const refused = background(tty, caller)
  if (refused) return refused
  const { model } = caller.memory
  const bytes = caller.memory.copyIn(at, termiosForm(model).sizes[kind])
  if (!bytes) return -EFAULT
  if (drop) tty.dropInput(false)
  tty.setModes((modes) => modes.decode(bytes, kind, model))
  return 0
}

function getWindow(tty: Tty, caller: Caller, at: number): number {
  const { rows, columns, xPixels, yPixels } = tty.window
  return copyOut(caller, at, inOrder(Uint16Array.of(rows, columns, xPixels, yPixels), caller.memory.model))
}

function setWindow(tty: Tty, caller: Caller, at: number): number {
  const bytes = caller.memory.copyIn(at, WINSIZE_SIZE)
  if (!bytes) return -EFAULT
  const [rows, columns, xPixels, yPixels] = get16s(bytes, caller.memory.model)
  tty.resize(rows!, columns!, xPixels!, yPixels!)
  return 0
}

function flush(tty: Tty, caller: Caller, which: number): number {
  const refused = background(tty, caller)
  if (refused) return refused
  if (which < T.TCIFLUSH || which > T.TCIOFLUSH) return -EINVAL
  if (which !== T.TCOFLUSH) tty.dropInput(true)
  if (which !== T.TCIFLUSH) tty.dropOutput()
  return 0
}

function flowControl(tty: Tty, caller: Caller, action: number): number {
  const refused = background(tty, caller)
  if (refused) return refused
  const { cc } = tty.termios
  switch (action) {
    case T.TCOOFF:
      tty.stop()
      tty.stoppedByProgram = true
      return 0
    case T.TCOON:
      if (tty.stoppedByProgram) {
        tty.stoppedByProgram = false
        tty.start()
      }
      return 0
    case T.TCIOFF:
    case T.TCION: {
      const byte = cc[action === T.TCIOFF ? T.VSTOP : T.VSTART]!
      if (byte !== T.DISABLED_CHAR) tty.sendUrgent(byte)
      return 0
    }
    default:
      return -EINVAL
  }
}

function simulateInput(tty: Tty, caller: Caller, at: number): number {
  if (!caller.credentials.capable(CAP_SYS_ADMIN)) return -EIO
  const byte = caller.memory.copyIn(at, 1)
  if (!byte) return -EFAULT
  tty.type(byte[0]!)
  return 0
}

/** Requests about sessions and about this descriptor's end. */
function sessionIoctl(file: TtyFile, task: Task, request: number, argument: number): number {
  const { tty } = file
  const { slave } = tty
  const owns = tty.isMaster || task.group.terminal === slave
  switch (request) {
    case T.TIOCSCTTY:
      return takeTerminal(file, task, argument)
    case T.TIOCNOTTY:
      if (task.group.terminal !== tty) return -ENOTTY
      leaveTerminal(task.kernel, task.group, false)
      task.group.terminal = null
      return 0
    case T.TIOCGPGRP:
      return owns ? putInt(task, argument, task.pids.shown(slave.foreground)) : -ENOTTY
    case T.TIOCSPGRP:
      return setForeground(slave, task, argument)
    case T.TIOCGSID:
      return owns && slave.sessionId !== 0
        ? putInt(task, argument, task.pids.shown(slave.sessionId))
        : -ENOTTY
    case T.TIOCGDEV:
      return putInt(task, argument, slave.rdev)
    case T.TIOCEXCL:
    case T.TIOCNXCL:
      tty.exclusive = request === T.TIOCEXCL
      return 0
    case T.TIOCGEXCL:
      return putInt(task, argument, tty.exclusive ? 1 : 0)
    case T.TIOCGETD:
      return putInt(task, argument, 0)
    case T.TIOCSETD:
      return setDiscipline(tty, task, argument)
    case T.TIOCGSOFTCAR:
      return putInt(task, argument, slave.termios.control & T.CLOCAL ? 1 : 0)
    case T.TIOCVHANGUP:
      if (!task.credentials.capable(CAP_SYS_ADMIN)) return -EPERM
      tty.hangUp()
      return 0
    case T.TIOCGPTPEER:
      return -EIO
    default:
      return tty.isMaster ? masterIoctl(file, task, request, argument) : -ENOTTY
  }
}

/** N_TTY is the only line discipline. */
function setDiscipline(tty: Tty, task: Task, at: number): number {
  const wanted = task.memory.getU32(at)
  if (wanted < 0) return -EFAULT
  return background(tty, task) || (wanted === 0 ? 0 : -EINVAL)
}

function takeTerminal(file: TtyFile, task: Task, steal: number): number {
  const { group, kernel } = task
  const { slave } = file.tty
  const leads = group.sessionId === group.pid
  if (leads && slave.sessionId === group.sessionId) return 0
  if (!leads || group.terminal) return -EPERM
  if (slave.sessionId !== 0) {
    if (steal !== 1 || !task.credentials.capable(CAP_SYS_ADMIN)) return -EPERM
    clearSessionTerminal(kernel, slave.sessionId)
  }
  if (!file.readable && !task.credentials.capable(CAP_SYS_ADMIN)) return -EPERM
  controlTerminal(group, slave)
  return 0
}

function setForeground(tty: Tty, task: Task, at: number): number {
  const refused = checkBackground(task, tty, SIGTTOU)
  if (refused) return refused === -EIO ? -ENOTTY : refused
  const unsigned = task.memory.getU32(at)
  if (unsigned < 0) return -EFAULT
  if ((unsigned | 0) < 0) return -EINVAL
  const { group, kernel } = task
  const wanted = task.pids.machinePid(unsigned)
  if (group.terminal !== tty || tty.sessionId !== group.sessionId) return -ENOTTY
  let session = kernel.groups.get(wanted)?.sessionId
  for (const member of kernel.groups.values())
    if (member.processGroup === wanted) {
      session = member.sessionId
      break
    }
  if (session === undefined) return -ESRCH
  if (session !== group.sessionId) return -EPERM
  tty.foreground = wanted
  return 0
}

function masterIoctl(file: TtyFile, task: Task, request: number, argument: number): number {
  const { tty } = file
  switch (request) {
    case T.TIOCGPTN:
      return putInt(task, argument, tty.index)
    case T.TIOCSPTLCK: {
      const locked = task.memory.getU32(argument)
      if (locked < 0) return -EFAULT
      tty.locked = locked !== 0
      return 0
    }
    case T.TIOCGPTLCK:
      return putInt(task, argument, tty.locked ? 1 : 0)
    case T.TIOCPKT: {
      const on = task.memory.getU32(argument)
      if (on < 0) return -EFAULT
      if (on !== 0 && !tty.packet) tty.other.packetStatus = 0
      tty.packet = on !== 0
      return 0
    }
    case T.TIOCGPKT:
      return putInt(task, argument, tty.packet ? 1 : 0)
    case T.TIOCSIG: {
      const signo = argument | 0
      if (signo !== SIGINT && signo !== SIGQUIT && signo !== SIGTSTP) return -EINVAL
      signalProcessGroup(task.kernel, tty.other.foreground, signo)
      return 0
    }
    default:
      return -ENOTTY
  }
}

/** Looking into another process: process_vm_readv(2), process_vm_writev(2), kcmp(2). Who may: ptrace(2). */

import { EBADF, EFAULT, EINVAL, EPERM, ESRCH } from '../abi/errno.ts'
import { flagTable } from '../abi/flag-table.ts'
import { findTask } from '../kernel/pid.ts'
import { mayAccess, REALCREDS } from '../kernel/ptrace-access.ts'
import type { Task } from '../kernel/task.ts'
import type { Mm } from '../mm/mm.ts'
import { fd, hex, inIov, int, outIov, pid, syscall, value } from './row.ts'
import { readIov } from './vector.ts'

/** One step copies this much at most: what is readable there is asked for each. */
const STEP_SIZE_MAX = 1 << 16

type Parts = readonly (readonly [at: number, length: number])[]

const totalOf = (parts: Parts): number => parts.reduce((sum, [, length]) => sum + length, 0)

function find(task: Task, which: number): Task | number {
  const other = findTask(task, which)
  if (!other) return -ESRCH
  return mayAccess(task.credentials, task.group.pid, other, REALCREDS) ? other : -EPERM
}

/** Bytes copied up to the first that cannot be; EFAULT when that is the first of all. */
function copy(from: Mm, source: Parts, to: Mm, target: Parts): number {
  let done = 0
  let i = 0
  let inTarget = 0
  for (const [at, length] of source)
    for (let inSource = 0; inSource < length; ) {
      while (i < target.length && inTarget === target[i]![1]) {
        i++
        inTarget = 0
      }
      if (i === target.length) return done
      const [targetAt, targetLength] = target[i]!
      const wanted = Math.min(length - inSource, targetLength - inTarget, STEP_SIZE_MAX)
      const readable = from.readablePrefix(at + inSource, wanted)
      const part = readable && to.writablePrefix(targetAt + inTarget, readable)
      if (part === 0) return done || -EFAULT
      const bytes = from.space.bytes.slice(at + inSource, at + inSource + part)
      to.space.bytes.set(bytes, targetAt + inTarget)
      to.stored(targetAt + inTarget, part)
      done += part
      inSource += part
      inTarget += part
      if (part < wanted) return done
    }
  return done
}

function transfer(
  task: Task,
  which: number,
  localAddr: number,
  localCount: number,
  remoteAddr: number,
  remoteCount: number,
  flagBits: number,
  isWrite: boolean,
): number {
  if (flagBits !== 0) return -EINVAL
  const local = readIov(task, localAddr, localCount)
  if (typeof local === 'number') return local
  if (totalOf(local) === 0) return 0
  const remote = readIov(task, remoteAddr, remoteCount)
  if (typeof remote === 'number') return remote
  if (totalOf(remote) === 0) return 0
  const other = find(task, which)
  if (typeof other === 'number') return other
  return isWrite ? copy(task.mm, local, other.mm, remote) : copy(other.mm, remote, task.mm, local)
}

const KCMP_FILE = 0
const KCMP_VM = 1
const KCMP_FILES = 2
const KCMP_FS = 3
const KCMP_SIGHAND = 4
const KCMP_IO = 5
const KCMP_SYSVSEM = 6
const kcmpTypes = flagTable(
  { KCMP_FILE, KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_IO, KCMP_SYSVSEM },
  'KCMP_???',
)

const order = new WeakMap<object, number>()
let nextOrder = 1

/** Any order will do, as long as it stays. */
function orderOf(object: object): number {
  let number = order.get(object)
  if (number === undefined) order.set(object, (number = nextOrder++))
  return number
}

function compare(one: object, other: object): number {
  const difference = orderOf(one) - orderOf(other)
  return difference === 0 ? 0 : difference < 0 ? 1 : 2
}

function sysKcmp(task: Task, pid1: number, pid2: number, kind: number, idx1: number, idx2: number): number {
  if (!findTask(task, pid1) || !findTask(task, pid2)) return -ESRCH
  const one = find(task, pid1)
  if (typeof one === 'number') return one
  const other = find(task, pid2)
  if (typeof other === 'number') return other
  switch (kind) {
    case KCMP_FILE: {
      const file = one.fds.get(idx1)
      const second = other.fds.get(idx2)
      return file && second ? compare(file, second) : -EBADF
    }
    case KCMP_VM:
      return compare(one.mm, other.mm)
    case KCMP_FILES:
      return compare(one.fds, other.fds)
    case KCMP_FS:
      return compare(one.fs, other.fs)
    case KCMP_SIGHAND:
      return compare(one.group.actions, other.group.actions)
    // Nobody has a context of I/O.
    case KCMP_IO:
      return 0
    case KCMP_SYSVSEM:
      return compare(one.group, other.group)
    default:
      return -EINVAL
  }
}

export const processVmRows = [
  syscall('process_vm_readv', [pid, outIov(2), int, hex, int, hex], (task, which, a, b, c, d, e) =>
    transfer(task, which, a, b, c, d, e, false),
  ),
  syscall('process_vm_writev', [pid, inIov(2), int, hex, int, hex], (task, which, a, b, c, d, e) =>
    transfer(task, which, a, b, c, d, e, true),
  ),
  syscall('kcmp', [pid, pid, value(kcmpTypes), fd, fd], sysKcmp, 'no KCMP_EPOLL_TFD'),
]

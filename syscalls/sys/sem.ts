/** System V semaphores: semget(2), semop(2), semtimedop(2), semctl(2). The sets: ipc/sem.ts. */

import { get16s, inOrder } from '../abi/bytes.ts'
import { BLOCKED, E2BIG, EAGAIN, EFAULT, EFBIG, EINTR, EINVAL, ERANGE } from '../abi/errno.ts'
import * as I from '../abi/ipc.ts'
import { struct } from '../abi/struct.ts'
import {
  IPC_PERM,
  IPC_PERM_POWERPC,
  ipcPermission,
  mayControl,
  ownerOf,
  permOf,
  putWords,
  READ,
  secondsNow,
  setOwner,
  WRITE,
} from '../ipc/ids.ts'
import { PendingOps, type SemaphoreSet, type SemOp } from '../ipc/sem.ts'
import type { Task } from '../kernel/task.ts'
import { addr, bits, hexInt, inStruct, int, syscall, uint, value } from './row.ts'
import { readTimespec } from './time.ts'

/** struct semid64_ds. */
export const SEMID_DS = struct(
  {
    ...IPC_PERM,
    opSec: 'word',
    opSecHigh: 'word',
    changeSec: 'word',
    changeSecHigh: 'word',
    count: 'word',
    unused3: 'word',
    unused4: 'word',
  },
  {
    powerpc: {
      ...IPC_PERM_POWERPC,
      opSec: 'word',
      opSecHigh: 'upper',
      changeSec: 'word',
      changeSecHigh: 'upper',
      count: 'word',
      unused3: 'word',
      unused4: 'word',
    },
  },
)
/** struct sembuf: u16 number, s16 change, s16 flags. */
const SEMBUF_SIZE = 6

function sysSemget(task: Task, key: number, count: number, flagBits: number): number {
  if (count < 0 || count > I.SEMMSL) return -EINVAL
  const { semaphores } = task.world.ipc
  const make = (): SemaphoreSet | number =>
    count === 0 ? -EINVAL : semaphores.make(task, key, flagBits, count)
  return semaphores.get(task, key, flagBits, make, (known) => count <= known.values.length)
}

function readOps(task: Task, at: number, count: number): SemOp[] | number {
  const { mm } = task
  if (!mm.canRead(at, count * SEMBUF_SIZE)) return -EFAULT
  return Array.from({ length: count }, (_, i) => {
    const op = at + i * SEMBUF_SIZE
    return { number: mm.u16(op), change: (mm.u16(op + 2) << 16) >> 16, flags: mm.u16(op + 4) }
  })
}

/** A wait that was ended: by the operations being done, by time, or by a signal, which never restarts it. */
function resume(task: Task, waiting: PendingOps): number {
  if (waiting.result !== null) return waiting.result
  if (!task.timedOut && task.blockOn(waiting.done) === BLOCKED) return BLOCKED
  waiting.set.forget(waiting)
  return task.timedOut ? -EAGAIN : -EINTR
}

function sysSemtimedop(task: Task, id: number, opsAddr: number, count: number, timeoutAddr: number): number {
  const waited = task.progressState
  if (waited instanceof PendingOps) return resume(task, waited)
  const timeoutNs = timeoutAddr ? readTimespec(task, timeoutAddr) : Infinity
  if (timeoutNs === -EFAULT) return -EFAULT
  if (count > I.SEMOPM) return -E2BIG
  const ops = readOps(task, opsAddr, count)
  if (typeof ops === 'number') return ops
  if (count < 1 || id < 0 || timeoutNs < 0) return -EINVAL
  const set = task.world.ipc.semaphores.find(id)
  if (typeof set === 'number') return set
  if (ops.some(({ number }) => number >= set.values.length)) return -EFBIG
  const alters = ops.some(({ change }) => change !== 0)
  const refused = ipcPermission(task, set, alters ? WRITE : READ)
  if (refused) return refused
  const result = set.attempt(task.group, ops)
  if (typeof result === 'number') {
    if (result === 0) set.opSec = secondsNow(task.world.clock)
    if (result === 0 && alters) set.update()
    return result
  }
  const waiting = new PendingOps(task, set, ops, result)
  set.pending.push(waiting)
  task.progressState = waiting
  if (timeoutNs !== Infinity) task.deadline.setIn(task.world.clock, timeoutNs)
  return resume(task, waiting)
}

function putSet(task: Task, at: number, set: SemaphoreSet): number {
  const status = {
    ...permOf(task, set),
    opSec: set.opSec,
    changeSec: set.changeSec,
    count: set.values.length,
  }
  return task.putStruct(SEMID_DS, at, status) ? 0 : -EFAULT
}

function information(task: Task, command: number, at: number): number {
  const { semaphores } = task.world.ipc
  const isInfo = command === I.SEM_INFO
  // seminfo: map, mni, mns, mnu, msl, opm, ume, usz, vmx, aem; SEM_INFO tells the use in usz and aem.
  const words = [
    I.SEMMNS,
    I.SEMMNI,
    I.SEMMNS,
    I.SEMMNS,
    I.SEMMSL,
    I.SEMOPM,
    I.SEMOPM,
    isInfo ? semaphores.count : 20,
    I.SEMVMX,
    isInfo ? semaphores.semaphoreCount : I.SEMVMX,
  ]
  return putWords(task, at, words) ? semaphores.highestIndex : -EFAULT
}

/** From now on nobody undoes anything to these. */
function changed(task: Task, set: SemaphoreSet, numbers: readonly number[]): void {
  for (const undo of set.undo.values()) for (const number of numbers) undo[number] = 0
  for (const number of numbers) set.pids[number] = task.group.pid
  set.changeSec = secondsNow(task.world.clock)
  set.update()
}

function setValue(task: Task, set: SemaphoreSet, number: number, fresh: number): number {
  if (number < 0 || number >= set.values.length) return -EINVAL
  const refused = ipcPermission(task, set, WRITE)
  if (refused) return refused
  set.values[number] = fresh
  changed(task, set, [number])
  return 0
}

function getAll(task: Task, set: SemaphoreSet, at: number): number {
  const bytes = inOrder(Uint16Array.from(set.values), task.mm.model)
  return ipcPermission(task, set, READ) || (task.mm.copyOut(at, bytes) ? 0 : -EFAULT)
}

function setAll(task: Task, set: SemaphoreSet, at: number): number {
  const refused = ipcPermission(task, set, WRITE)
  if (refused) return refused
  const bytes = task.mm.copyIn(at, set.values.length * 2)
  if (!bytes) return -EFAULT
  const fresh = get16s(bytes, task.mm.model)
  if (fresh.some((one) => one > I.SEMVMX)) return -ERANGE
  set.values.set(fresh)
  changed(task, set, [...set.values.keys()])
  return 0
}

function getOne(task: Task, set: SemaphoreSet, number: number, command: number): number {
  const refused = ipcPermission(task, set, READ)
  if (refused) return refused
  if (number < 0 || number >= set.values.length) return -EINVAL
  if (command === I.GETVAL) return set.values[number]!
  if (command === I.GETPID) return task.pids.shown(set.pids[number]!)
  return set.waitingCount(number, command === I.GETZCNT)
}

function sysSemctl(task: Task, id: number, number: number, command: number, argument: number): number {
  if (id < 0) return -EINVAL
  const { semaphores } = task.world.ipc
  if (command === I.IPC_INFO || command === I.SEM_INFO) return information(task, command, argument)
  if (!I.semCommands.entries.some(([, known]) => known === command)) return -EINVAL
  const isByIndex = command === I.SEM_STAT || command === I.SEM_STAT_ANY
  const fresh = argument | 0
  if (command === I.SETVAL && (fresh < 0 || fresh > I.SEMVMX)) return -ERANGE
  const given = command === I.IPC_SET ? task.getStruct(SEMID_DS, argument) : null
  if (command === I.IPC_SET && !given) return -EFAULT
  const set = isByIndex ? semaphores.atIndex(id) : semaphores.find(id)
  if (typeof set === 'number') return set
  switch (command) {
    case I.SETVAL:
      return setValue(task, set, number, fresh)
    case I.GETALL:
      return getAll(task, set, argument)
    case I.SETALL:
      return setAll(task, set, argument)
    case I.GETVAL:
    case I.GETPID:
    case I.GETNCNT:
    case I.GETZCNT:
      return getOne(task, set, number, command)
    case I.IPC_STAT:
    case I.SEM_STAT:
    case I.SEM_STAT_ANY: {
      const refused = command === I.SEM_STAT_ANY ? 0 : ipcPermission(task, set, READ)
      return refused || putSet(task, argument, set) || (isByIndex ? set.id : 0)
    }
  }
  const refused = mayControl(task, set)
  if (refused) return refused
  if (given) return setOwner(task, set, ownerOf(task, given))
  semaphores.remove(set)
  return 0
}

export const semRows = [
  syscall('semget', [int, int, hexInt], sysSemget),
  syscall('semop', [int, addr, uint], (task, id, ops, count) => sysSemtimedop(task, id, ops, count, 0)),
  syscall('semtimedop', [int, addr, uint, inStruct('timespec')], sysSemtimedop),
  syscall('semctl', [int, int, value(I.semCommands), bits], sysSemctl),
]

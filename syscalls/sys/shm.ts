/** System V shared memory: shmget(2), shmat(2), shmdt(2), shmctl(2). The segments: ipc/shm.ts. */

import { CAP_IPC_LOCK } from '../abi/capability.ts'
import { EACCES, EFAULT, EINVAL, ENOMEM, EPERM } from '../abi/errno.ts'
import * as I from '../abi/ipc.ts'
import { MAP_FIXED, PROT_EXEC, PROT_READ, PROT_WRITE } from '../abi/mman.ts'
import { struct } from '../abi/struct.ts'
import {
  IPC_PERM,
  IPC_PERM_POWERPC,
  ipcPermission,
  mayControl,
  ownerOf,
  permOf,
  READ,
  secondsNow,
  setOwner,
  WRITE,
} from '../ipc/ids.ts'
import { type Segment, SegmentMemory } from '../ipc/shm.ts'
import type { Task } from '../kernel/task.ts'
import { install, isPageAligned, pageDown, pageUp, placeFor, removeRange } from '../mm/mapping.ts'
import { Vma } from '../mm/vma.ts'
import { addr, flags, hexInt, int, size, syscall, value } from './row.ts'

const SHMID_TIMES = {
  attachSec: 'word',
  attachSecHigh: 'upper',
  detachSec: 'word',
  detachSecHigh: 'upper',
  changeSec: 'word',
  changeSecHigh: 'upper',
} as const
const SHMID_USERS = {
  makerPid: 's32',
  lastPid: 's32',
  attachedCount: 'word',
  unused4: 'word',
  unused5: 'word',
} as const
/** struct shmid64_ds. */
export const SHMID_DS = struct(
  { ...IPC_PERM, sizeBytes: 'word', ...SHMID_TIMES, ...SHMID_USERS },
  // Before the size there is one word more of 32-bit programs.
  {
    powerpc: { ...IPC_PERM_POWERPC, ...SHMID_TIMES, before: 'pad32', sizeBytes: 'word', ...SHMID_USERS },
  },
)
const SHMINFO64 = struct({
  sizeMax: 'word',
  sizeMin: 'word',
  count: 'word',
  perProcess: 'word',
  total: 'word',
  u1: 'word',
  u2: 'word',
  u3: 'word',
  u4: 'word',
})
const SHM_INFO = struct({
  used: 's32',
  total: 'word',
  resident: 'word',
  swapped: 'word',
  attempts: 'word',
  successes: 'word',
})

function sysShmget(task: Task, key: number, sizeBytes: number, flagBits: number): number {
  const { segments } = task.world.ipc
  const make = (): Segment | number =>
    flagBits & I.SHM_HUGETLB ? -ENOMEM : segments.make(task, key, flagBits, sizeBytes)
  return segments.get(task, key, flagBits, make, (known) => sizeBytes <= known.sizeBytes)
}

/** Where it goes, or an errno; 0 lets the kernel choose. */
function checkPlace(at: number, flagBits: number): number {
  if (at === 0) return flagBits & I.SHM_REMAP ? -EINVAL : 0
  if (isPageAligned(at)) return at
  if (!(flagBits & I.SHM_RND)) return -EINVAL
  const rounded = pageDown(at)
  return rounded === 0 && flagBits & I.SHM_REMAP ? -EINVAL : rounded
}

export function sysShmat(task: Task, id: number, wanted: number, flagBits: number): number {
  if (id < 0) return -EINVAL
  const at = checkPlace(wanted, flagBits)
  if (at < 0) return at
  const segment = task.world.ipc.segments.find(id)
  if (typeof segment === 'number') return segment
  const isReadOnly = (flagBits & I.SHM_RDONLY) !== 0
  let prot = isReadOnly ? PROT_READ : PROT_READ | PROT_WRITE
  if (flagBits & I.SHM_EXEC) prot |= PROT_EXEC
  const access = (isReadOnly ? READ : READ | WRITE) | (flagBits & I.SHM_EXEC ? 0o111 : 0)
  if (ipcPermission(task, segment, access)) return -EACCES
  const { mm } = task
  const bytes = pageUp(segment.sizeBytes)
  if (at && !(flagBits & I.SHM_REMAP) && !mm.vmas.isFree(at, at + bytes)) return -EINVAL
  const place = placeFor(mm, at, bytes, at ? MAP_FIXED : 0)
  if (place < 0) return place
  const vma = new Vma(place, place + bytes, prot, true)
  vma.inode = segment.object.inode
  vma.object = segment.object
  vma.mayWrite = !isReadOnly
  vma.label = `/SYSV${(segment.key >>> 0).toString(16).padStart(8, '0')} (deleted)`
  const result = install(mm, vma, task)
  if (result < 0) return result
  segment.attachSec = secondsNow(task.world.clock)
  segment.lastPid = task.group.pid
  return result
}

function sysShmdt(task: Task, at: number): number {
  if (!isPageAligned(at)) return -EINVAL
  const { mm } = task
  let found: Segment | undefined
  for (const vma of [...mm.vmas.all]) {
    if (vma.start < at || vma.start - at !== vma.offset) continue
    if (!found) {
      if (!(vma.object instanceof SegmentMemory)) continue
      found = vma.object.segment
    } else if (vma.object !== found.object) continue
    found.lastPid = task.group.pid
    removeRange(mm, vma.start, vma.end)
  }
  return found ? 0 : -EINVAL
}

function putSegment(task: Task, at: number, segment: Segment): number {
  const status = {
    ...permOf(task, segment),
    sizeBytes: segment.sizeBytes,
    attachSec: segment.attachSec,
    detachSec: segment.detachSec,
    changeSec: segment.changeSec,
    makerPid: task.pids.shown(segment.makerPid),
    lastPid: task.pids.shown(segment.lastPid),
    attachedCount: segment.attachedCount,
  }
  return task.putStruct(SHMID_DS, at, status) ? 0 : -EFAULT
}

function information(task: Task, command: number, at: number): number {
  const { segments } = task.world.ipc
  const isNarrow = task.call.model.wordSize === 4
  const most = isNarrow ? 2 ** 31 - 1 : 2 ** 64 - 2 ** 24
  const limits = {
    sizeMax: most,
    sizeMin: 1,
    count: I.SHMMNI,
    perProcess: I.SHMMNI,
    total: 2 ** 64 - 2 ** 24,
  }
  const isPut =
    command === I.IPC_INFO
      ? task.putStruct(SHMINFO64, at, limits)
      : task.putStruct(SHM_INFO, at, { used: segments.count, total: segments.totalPages })
  return isPut ? segments.highestIndex : -EFAULT
}

function setLocked(task: Task, segment: Segment, isLocked: boolean): number {
  const mayLock = segment.allows(
    task,
    (who, { uids }) => who.capableHere(CAP_IPC_LOCK) || uids.includes(who.euid),
  )
  if (!mayLock) return -EPERM
  segment.mode = isLocked ? segment.mode | I.SHM_LOCKED : segment.mode & ~I.SHM_LOCKED
  return 0
}

function sysShmctl(task: Task, id: number, command: number, at: number): number {
  if (command < 0 || id < 0) return -EINVAL
  const { segments } = task.world.ipc
  if (command === I.IPC_INFO || command === I.SHM_INFO) return information(task, command, at)
  const isByIndex = command === I.SHM_STAT || command === I.SHM_STAT_ANY
  const given = command === I.IPC_SET ? task.getStruct(SHMID_DS, at) : null
  if (command === I.IPC_SET && !given) return -EFAULT
  if (!I.shmCommands.entries.some(([, known]) => known === command)) return -EINVAL
  const segment = isByIndex ? segments.atIndex(id) : segments.find(id)
  if (typeof segment === 'number') return segment
  switch (command) {
    case I.IPC_STAT:
    case I.SHM_STAT:
    case I.SHM_STAT_ANY: {
      const refused = command === I.SHM_STAT_ANY ? 0 : ipcPermission(task, segment, READ)
      return refused || putSegment(task, at, segment) || (isByIndex ? segment.id : 0)
    }
    case I.SHM_LOCK:
    case I.SHM_UNLOCK:
      return setLocked(task, segment, command === I.SHM_LOCK)
  }
  const refused = mayControl(task, segment)
  if (refused) return refused
  if (given) return setOwner(task, segment, ownerOf(task, given))
  segment.markRemoved()
  return 0
}

export const shmRows = [
  syscall('shmget', [int, size, hexInt], sysShmget, 'no huge pages'),
  syscall('shmat', [int, addr, flags(I.shmatFlags)], sysShmat),
  syscall('shmdt', [addr], sysShmdt),
  syscall('shmctl', [int, value(I.shmCommands), addr], sysShmctl),
]

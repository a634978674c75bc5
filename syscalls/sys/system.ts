/**
 * The machine and its limits: uname(2), sysinfo(2), getrandom(2), getrlimit(2), sethostname(2), and calls that are refused on purpose.
 */

import { PAGE_SIZE } from '../../emu/memory/layout.ts'
import { bytesOf, latin1 } from '../abi/bytes.ts'
import { CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from '../abi/capability.ts'
import { EFAULT, EINVAL, EPERM, ESRCH } from '../abi/errno.ts'
import * as P from '../abi/process.ts'
import { armCpuLimit } from '../kernel/cpu-limit.ts'
import { onEveryLevel } from '../kernel/id-level.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { findTask } from '../kernel/pid.ts'
import { hasOnlyIds } from '../kernel/ptrace-access.ts'
import type { Task } from '../kernel/task.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import { UTS_NAME_MAX } from '../kernel/uts.ts'
import { flags, inStruct, int, outBuf, outStruct, pid, size, string, syscall, value } from './row.ts'

export const UTSNAME_FIELD_SIZE = 65
function sysUname(task: Task, at: number): number {
  const { uts } = task.world
  const names = [uts.sysname, uts.nodename, uts.release, uts.version, machineName(task), uts.domainname]
  return putNames(task, at, names, UTSNAME_FIELD_SIZE)
}

/** What `uname -m` says: `setarch` makes it a 32-bit machine's. */
export function machineName({ personality, world, mm }: Task): string {
  const { unameMachine, unameMachine32 } = mm.arch
  return (personality & P.PER_MASK) === P.PER_LINUX32 ? unameMachine32 : (world.uts.machine ?? unameMachine)
}

/** Names in fields of so many bytes, as any struct utsname has them; 0 or -EFAULT. */
export function putNames(task: Task, at: number, names: readonly string[], fieldSize: number): number {
  const bytes = new Uint8Array(fieldSize * names.length)
  for (const [i, name] of names.entries()) bytes.set(bytesOf(name.slice(0, fieldSize - 1)), i * fieldSize)
  return task.mm.copyOut(at, bytes) ? 0 : -EFAULT
}

function readName(task: Task, at: number, length: number): string | number {
  if (!task.credentials.capableIn(task.world.uts.owner, CAP_SYS_ADMIN)) return -EPERM
  if (length < 0 || length > UTS_NAME_MAX) return -EINVAL
  const bytes = task.mm.copyIn(at, length)
  return bytes ? latin1(bytes) : -EFAULT
}

/** What a machine without a limit says it has. */
const MEMORY_SIZE = 4 * 2 ** 30

/** Bytes of memory that there are, and that no process has. */
export function memoryOf(kernel: Kernel): { total: number; free: number } {
  const { pagesMax, pagesUsed } = kernel.memoryPool
  const total = Math.min(pagesMax * PAGE_SIZE, MEMORY_SIZE)
  return { total, free: Math.max(0, total - pagesUsed * PAGE_SIZE) }
}

/** SI_LOAD_SHIFT. */
const LOAD_SCALE = 65536

function sysSysinfo(task: Task, at: number): number {
  const { kernel } = task
  const loads = kernel.load.at(kernel.clock.monotonicNs(), kernel.runnableCount + 1)
  const [load1, load5, load15] = loads.map((load) => Math.floor(load * LOAD_SCALE))
  const { total, free } = memoryOf(kernel)
  // What a word cannot tell in bytes is told in pages.
  const memUnit = task.call.model.wordSize === 4 && total >= 2 ** 32 ? PAGE_SIZE : 1
  const info = {
    uptime: Math.floor((task.world.clock.monotonicNs() - kernel.bootNs) / 1e9) + 1,
    load1: load1!,
    load5: load5!,
    load15: load15!,
    totalRam: Math.floor(total / memUnit),
    freeRam: Math.floor(free / memUnit),
    procs: kernel.tasks.size,
    memUnit,
  }
  return task.putStruct(P.SYSINFO, at, info) ? 0 : -EFAULT
}

/** Bytes that one getrandom gives: Linux stops at signals beyond 256; we give all up to this. */
const RANDOM_SIZE_MAX = 0x7fffffff

function sysGetrandom(task: Task, buf: number, count: number, flagBits: number): number {
  if (flagBits & ~7) return -EINVAL
  const wanted = Math.min(count, RANDOM_SIZE_MAX)
  if (wanted === 0) return 0
  const room = task.mm.writablePrefix(buf, wanted)
  if (room === 0) return -EFAULT
  task.kernel.host.random.fill(task.mm.space.bytes, buf, room)
  task.mm.stored(buf, room)
  return room
}

/** The process of a task, one's own for 0; EPERM where it is another user's. */
function groupFor(task: Task, which: number): ThreadGroup | number {
  const other = which === 0 ? task : findTask(task, which)
  if (!other) return -ESRCH
  const { credentials: who } = task
  const isSame =
    other === task ||
    onEveryLevel(who, other.credentials, (mine, them) => hasOnlyIds(them, mine.uid, mine.gid))
  return isSame || who.capable(CAP_SYS_RESOURCE) ? other.group : -EPERM
}

interface Limit {
  soft: number
  hard: number
}

/** Sets a limit of a process where `fresh` is one; the old one, or an errno. */
function exchangeLimit(task: Task, which: number, resource: number, fresh: Limit | null): Limit | number {
  const group = groupFor(task, which)
  if (typeof group === 'number') return group
  if (resource < 0 || resource >= P.RLIMIT_COUNT) return -EINVAL
  const limit = group.limits[resource]!
  if (fresh) {
    if (fresh.soft > fresh.hard) return -EINVAL
    if (fresh.hard > limit.hard && !task.credentials.capable(CAP_SYS_RESOURCE)) return -EPERM
    if (resource === P.RLIMIT_NOFILE && fresh.hard > 1048576) return -EPERM
  }
  const old = { soft: limit.soft, hard: limit.hard }
  if (fresh) applyLimit(group, resource, fresh.soft, fresh.hard)
  return old
}

function sysPrlimit(task: Task, which: number, resource: number, newAddr: number, oldAddr: number): number {
  const fresh = newAddr ? task.getStruct(P.RLIMIT64, newAddr) : null
  if (newAddr && !fresh) return -EFAULT
  const old = exchangeLimit(task, which, resource, fresh)
  if (typeof old === 'number') return old
  return oldAddr && !task.putStruct(P.RLIMIT64, oldAddr, old) ? -EFAULT : 0
}

/** What libraries before Linux 2.4 took for no limit. */
const OLD_RLIM_INFINITY = 0x7fff_ffff

/** What a word says for no limit: all ones. */
const infinityOf = (task: Task): number => 2 ** (task.call.model.wordSize * 8) - 1

/** `most`: what is said of all that is more. */
function getLimit(task: Task, resource: number, at: number, most: number): number {
  const limit = exchangeLimit(task, 0, resource, null)
  if (typeof limit === 'number') return limit
  const shown = { soft: Math.min(limit.soft, most), hard: Math.min(limit.hard, most) }
  return task.putStruct(P.RLIMIT, at, shown) ? 0 : -EFAULT
}

function sysSetrlimit(task: Task, resource: number, at: number): number {
  const given = task.getStruct(P.RLIMIT, at)
  if (!given) return -EFAULT
  const infinity = infinityOf(task)
  const inFull = (limit: number): number => (limit >= infinity ? P.RLIM_INFINITY : limit)
  const old = exchangeLimit(task, 0, resource, { soft: inFull(given.soft), hard: inFull(given.hard) })
  return typeof old === 'number' ? old : 0
}

/** Limits that are enforced elsewhere are copied to where they are read fast. */
export function applyLimit(group: ThreadGroup, resource: number, soft: number, hard: number): void {
  group.limits[resource] = { soft, hard }
  if (resource === P.RLIMIT_CPU) armCpuLimit(group)
  for (const task of group.tasks) {
    if (resource === P.RLIMIT_NOFILE) task.fds.limit = Math.min(soft, 65536)
    if (resource === P.RLIMIT_AS) task.mm.sizeMax = soft >= P.RLIM_INFINITY ? Infinity : soft
    if (resource === P.RLIMIT_STACK) task.mm.stackSizeMax = Math.min(task.mm.stackSizeMax, soft)
  }
}

export const systemRows = [
  syscall('uname', [outStruct('utsname')], sysUname),
  syscall('sethostname', [string, int], (task, at, length) => {
    const name = readName(task, at, length)
    if (typeof name === 'number') return name
    task.world.uts.nodename = name
    return 0
  }),
  syscall('setdomainname', [string, int], (task, at, length) => {
    const name = readName(task, at, length)
    if (typeof name === 'number') return name
    task.world.uts.domainname = name
    return 0
  }),
  syscall('sysinfo', [outStruct('sysinfo')], sysSysinfo),
  syscall('getrandom', [outBuf, size, flags(P.getrandomFlags)], sysGetrandom),
  syscall('prlimit64', [pid, value(P.rlimitResources), inStruct('rlimit'), outStruct('rlimit')], sysPrlimit),
  syscall('getrlimit', [value(P.rlimitResources), outStruct('rlimit')], (task, resource, at) =>
    getLimit(task, resource, at, infinityOf(task)),
  ),
  syscall('old_getrlimit', [value(P.rlimitResources), outStruct('rlimit')], (task, resource, at) =>
    getLimit(task, resource, at, OLD_RLIM_INFINITY),
  ),
  syscall('setrlimit', [value(P.rlimitResources), inStruct('rlimit')], sysSetrlimit),
]

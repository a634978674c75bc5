/**
 * What the three kinds of System V IPC share: ids and keys, permissions, and struct ipc64_perm. Linux ipc/util.c.
 * Path: sys/{shm,sem,msg}.ts look objects up here; /proc/sysvipc lists them.
 */

import { inOrder } from '../abi/bytes.ts'
import { CAP_IPC_OWNER, CAP_SYS_ADMIN } from '../abi/capability.ts'
import { EACCES, EEXIST, EIDRM, EINVAL, ENOENT, ENOSPC, EPERM } from '../abi/errno.ts'
import { IPC_CREAT, IPC_EXCL, IPC_PRIVATE } from '../abi/ipc.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Credentials } from '../kernel/credentials.ts'
import { onEveryLevel } from '../kernel/id-level.ts'
import type { Task } from '../kernel/task.ts'
import { NO_ID } from '../kernel/user-namespace.ts'
import type { IpcTotals } from './totals.ts'

/** An id is a place in the table and a number that says how often places were used. */
const INDEX_BITS = 15
const SEQUENCE_MAX = 0x7fffffff >> INDEX_BITS

export const READ = 0o444
export const WRITE = 0o222

export abstract class IpcObject {
  id = 0
  readonly key: number
  uid: number
  gid: number
  /** In whose view the ids are. */
  private readonly maker: Credentials
  readonly cuid: number
  readonly cgid: number
  mode: number
  changeSec: number
  isRemoved = false

  constructor(task: Task, key: number, mode: number) {
    this.key = key
    this.maker = task.credentials
    this.uid = this.cuid = task.credentials.euid
    this.gid = this.cgid = task.credentials.egid
    this.mode = mode & 0o777
    this.changeSec = secondsNow(task.world.clock)
  }

  /** Whether a rule about the owner and the maker holds for a task, on every level of its identity. */
  allows(task: Task, holds: (who: Credentials, ids: OwnerIds) => boolean): boolean {
    const { maker } = this
    const given = { uids: [this.uid, this.cuid], gids: [this.gid, this.cgid] }
    return onEveryLevel(task.credentials, maker, (who, seen) =>
      holds(who, seen === maker ? given : { uids: [seen.euid], gids: [seen.egid] }),
    )
  }
}

/** Owner and maker. */
interface OwnerIds {
  readonly uids: readonly number[]
  readonly gids: readonly number[]
}

export function secondsNow(clock: Clock): number {
  clock.readRealtime()
  return clock.sec
}

/** Linux ipcperms: `wanted` has the bits of any class. */
export function ipcPermission(task: Task, object: IpcObject, wanted: number): number {
  const asked = (wanted >> 6) | (wanted >> 3) | wanted
  const owner = task.world.ipc.owner ?? undefined
  const isGranted = object.allows(task, (who, { uids, gids }) => {
    let granted = object.mode
    if (uids.includes(who.euid)) granted >>= 6
    else if (gids.some((gid) => who.inEffectiveGroup(gid))) granted >>= 3
    return (asked & ~granted & 7) === 0 || who.capableHere(CAP_IPC_OWNER, owner)
  })
  return isGranted ? 0 : -EACCES
}

export class IpcTable<T extends IpcObject> {
  private readonly places: (T | undefined)[] = []
  private sequence = 0
  private lastIndex = -1
  count = 0
  readonly countMax: number
  protected readonly totals: IpcTotals

  constructor(countMax: number, totals: IpcTotals) {
    this.countMax = countMax
    this.totals = totals
  }

  private get isFull(): boolean {
    return this.count >= this.countMax || !this.totals.hasRoom
  }

  *[Symbol.iterator](): Generator<T> {
    for (const object of this.places) if (object) yield object
  }

  /** The highest place in use, or 0. */
  get highestIndex(): number {
    return Math.max(0, this.places.length - 1)
  }

  add(object: T): number {
    if (this.isFull) return -ENOSPC
    let index = this.places.indexOf(undefined)
    if (index < 0) index = this.places.length
    if (index <= this.lastIndex) this.sequence = this.sequence >= SEQUENCE_MAX ? 0 : this.sequence + 1
    this.lastIndex = index
    this.places[index] = object
    this.count++
    this.totals.objects++
    object.id = this.sequence * 2 ** INDEX_BITS + index
    return object.id
  }

  remove(object: T): void {
    object.isRemoved = true
    this.places[object.id % 2 ** INDEX_BITS] = undefined
    while (this.places.length > 0 && !this.places.at(-1)) this.places.pop()
    this.count--
    this.totals.objects--
  }

  /** The object, or EINVAL for an id that never was and EIDRM for one of a former object. */
  find(id: number): T | number {
    if (id < 0) return -EINVAL
    const object = this.places[id % 2 ** INDEX_BITS]
    return object ? (object.id === id ? object : -EIDRM) : -EINVAL
  }

  atIndex(index: number): T | number {
    return (index >= 0 ? this.places[index % 2 ** INDEX_BITS] : undefined) ?? -EINVAL
  }

  byKey(key: number): T | undefined {
    return this.places.find((object) => object?.key === key)
  }

  /** shmget, semget, msgget. `fits` is asked of an object that exists. */
  get(task: Task, key: number, flags: number, make: () => T | number, fits: (object: T) => boolean): number {
    const known = key === IPC_PRIVATE ? undefined : this.byKey(key)
    if (!known) {
      if (key !== IPC_PRIVATE && !(flags & IPC_CREAT)) return -ENOENT
      if (this.isFull) return -ENOSPC
      const made = make()
      return typeof made === 'number' ? made : this.add(made)
    }
    if (flags & IPC_CREAT && flags & IPC_EXCL) return -EEXIST
    if (!fits(known)) return -EINVAL
    return ipcPermission(task, known, flags) || known.id
  }
}

/** For IPC_SET and IPC_RMID: its owner, its maker, or root. */
export function mayControl(task: Task, object: IpcObject): number {
  const owner = task.world.ipc.owner ?? undefined
  const isAllowed = object.allows(
    task,
    (who, { uids }) => uids.includes(who.euid) || who.capableHere(CAP_SYS_ADMIN, owner),
  )
  return isAllowed ? 0 : -EPERM
}

/** struct ipc64_perm: what every *_STAT structure begins with. */
export const IPC_PERM = {
  key: 's32',
  uid: 'u32',
  gid: 'u32',
  cuid: 'u32',
  cgid: 'u32',
  mode: 'u32',
  seq: 'u16',
  pad: 'u16',
  unused1: 'word',
  unused2: 'word',
} as const

/** powerpc's struct ipc64_perm. */
export const IPC_PERM_POWERPC = {
  key: 's32',
  uid: 'u32',
  gid: 'u32',
  cuid: 'u32',
  cgid: 'u32',
  mode: 'u32',
  seq: 'u32',
  pad: 'u32',
  unused1: 'u64',
  unused2: 'u64',
} as const

/** The members of IPC_PERM that the kernel fills. */
export function permOf(task: Task, object: IpcObject) {
  const { userns } = task.credentials
  return {
    key: object.key,
    uid: userns.shownUid(object.uid),
    gid: userns.shownGid(object.gid),
    cuid: userns.shownUid(object.cuid),
    cgid: userns.shownGid(object.cgid),
    mode: object.mode,
    seq: Math.floor(object.id / 2 ** INDEX_BITS),
  }
}

export interface NewOwner {
  uid: number
  gid: number
  mode: number
}

/** What IPC_SET takes of a structure that begins with IPC_PERM. */
export function ownerOf(task: Task, given: { uid: number; gid: number; mode: number }): NewOwner {
  const { uids, gids } = task.credentials.userns
  return { uid: uids.inward(given.uid), gid: gids.inward(given.gid), mode: given.mode }
}

export function setOwner(task: Task, object: IpcObject, owner: NewOwner): number {
  if (owner.uid === NO_ID || owner.gid === NO_ID) return -EINVAL
  object.uid = owner.uid
  object.gid = owner.gid
  object.mode = (object.mode & ~0o777) | (owner.mode & 0o777)
  object.changeSec = secondsNow(task.world.clock)
  return 0
}

/** 32-bit words, for the *_INFO commands. */
export function putWords(task: Task, at: number, words: readonly number[]): boolean {
  return task.mm.copyOut(at, inOrder(Int32Array.from(words), task.mm.model))
}

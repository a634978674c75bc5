/**
 * The System V objects and POSIX message queues of a view. ipc_namespaces(7).
 * Path: handlers ask the world of their caller; /proc/sysvipc shows them.
 */

import type { Kernel } from '../kernel/kernel.ts'
import { Namespace } from '../kernel/namespace.ts'
import type { PidNamespace } from '../kernel/pid-namespace.ts'
import type { IpcObject } from './ids.ts'
import { PosixQueues } from './mqueue.ts'
import { MessageQueues } from './msg.ts'
import { SemaphoreSets } from './sem.ts'
import { Segments } from './shm.ts'
import type { IpcTotals } from './totals.ts'

export class Ipc extends Namespace {
  readonly kind = 'ipc'
  readonly segments: Segments
  readonly semaphores: SemaphoreSets
  readonly queues: MessageQueues
  readonly mqueues: PosixQueues
  private readonly kernel: Kernel
  private readonly totals: IpcTotals

  constructor(kernel: Kernel, totals: IpcTotals) {
    super()
    this.kernel = kernel
    this.totals = totals
    this.segments = new Segments(kernel, totals)
    this.semaphores = new SemaphoreSets(totals)
    this.queues = new MessageQueues(totals)
    this.mqueues = new PosixQueues(totals)
  }

  /** Another one, with nothing in it. */
  another(): Ipc {
    return new Ipc(this.kernel, this.totals)
  }

  /** Segments that are still mapped, and queues that are open, go with their last user. */
  protected override ended(): void {
    for (const segment of [...this.segments]) segment.markRemoved()
    for (const set of [...this.semaphores]) this.semaphores.remove(set)
    for (const queue of [...this.queues]) this.queues.remove(queue)
    for (const name of [...this.mqueues.byName.keys()]) this.mqueues.unlink(name)
  }
}

const column = (value: number, width: number): string => String(value).padStart(width)
const columns = (values: readonly number[], width: number): string =>
  values.map((value) => ` ${column(value, width)}`).join('')

const head = ({ key, id, mode }: IpcObject): string =>
  `${column(key, 10)} ${column(id, 10)}  ${mode.toString(8).padStart(4)}`
const ids = ({ uid, gid, cuid, cgid }: IpcObject): string => columns([uid, gid, cuid, cgid], 5)

export const shmText = ({ segments }: Ipc, namespace: PidNamespace): string =>
  `       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n${[
    ...segments,
  ]
    .map((one) => {
      const pids = columns([namespace.shown(one.makerPid), namespace.shown(one.lastPid)], 5)
      const times = columns([one.attachSec, one.detachSec, one.changeSec], 10)
      return `${head(one)} ${column(one.sizeBytes, 21)}${pids}  ${column(one.attachedCount, 5)}${ids(one)}${times}${columns([0, 0], 21)}\n`
    })
    .join('')}`

export const semText = ({ semaphores }: Ipc): string =>
  `       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n${[...semaphores]
    .map(
      (one) =>
        `${head(one)} ${column(one.values.length, 10)}${ids(one)}${columns([one.opSec, one.changeSec], 10)}\n`,
    )
    .join('')}`

export const msgText = ({ queues }: Ipc, namespace: PidNamespace): string =>
  `       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n${[
    ...queues,
  ]
    .map((one) => {
      const pids = columns([namespace.shown(one.lastSender), namespace.shown(one.lastReceiver)], 5)
      const times = columns([one.sendSec, one.receiveSec, one.changeSec], 10)
      return `${head(one)}  ${column(one.usedBytes, 10)} ${column(one.messages.length, 10)}${pids}${ids(one)}${times}\n`
    })
    .join('')}`

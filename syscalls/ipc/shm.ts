/**
 * System V shared memory: segments are nameless files behind shared mappings (mm/shared-object.ts), so that stores
 * meet as those of MAP_SHARED do. sysvipc(7), Linux ipc/shm.c.
 * Path: sys/shm.ts makes and maps them; the last mapping of a removed one frees it.
 */

import { EINVAL, ENOMEM, ENOSPC } from '../abi/errno.ts'
import { SHM_DEST, SHMMAX, SHMMNI } from '../abi/ipc.ts'
import { anonymousFile, type TmpfsInode } from '../fs/tmpfs/tmpfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Task } from '../kernel/task.ts'
import { SharedObject } from '../mm/shared-object.ts'
import type { Caller } from '../vfs/caller.ts'
import { IpcObject, IpcTable, secondsNow } from './ids.ts'
import type { IpcTotals } from './totals.ts'

const PAGE = 4096
/** Pages of all segments: more cannot be mapped by one process. */
const PAGES_MAX = 2 ** 20

/** What a segment's mappings have in common; one may outlast its place in a namespace. */
export class SegmentMemory extends SharedObject {
  readonly segment: Segment

  constructor(segment: Segment, file: TmpfsInode, caller: Caller) {
    super(file, caller)
    this.segment = segment
  }
}

export class Segment extends IpcObject {
  readonly sizeBytes: number
  readonly object: SegmentMemory
  readonly makerPid: number
  lastPid = 0
  attachSec = 0
  detachSec = 0
  private readonly segments: Segments
  private readonly file: TmpfsInode

  constructor(task: Task, segments: Segments, key: number, mode: number, sizeBytes: number) {
    super(task, key, mode)
    this.segments = segments
    this.sizeBytes = sizeBytes
    this.makerPid = task.group.pid
    const { kernel } = task
    this.file = anonymousFile(kernel, sizeBytes)
    this.object = new SegmentMemory(this, this.file, kernel.caller)
    this.object.onDetached = (by) => {
      this.detachSec = secondsNow((by ?? kernel.caller).world.clock)
      this.freeIfUnused()
    }
  }

  get attachedCount(): number {
    return this.object.areaCount
  }

  get pages(): number {
    return Math.ceil(this.sizeBytes / PAGE)
  }

  /** IPC_RMID: nobody finds it by its key any more; with its last mapping it goes. */
  markRemoved(): void {
    this.mode |= SHM_DEST
    this.freeIfUnused()
  }

  private freeIfUnused(): void {
    if (!(this.mode & SHM_DEST) || this.isRemoved || this.attachedCount > 0) return
    this.segments.remove(this)
    this.file.dropLink()
  }
}

export class Segments extends IpcTable<Segment> {
  private readonly kernel: Kernel
  totalPages = 0

  constructor(kernel: Kernel, totals: IpcTotals) {
    super(SHMMNI, totals)
    this.kernel = kernel
  }

  make(task: Task, key: number, mode: number, sizeBytes: number): Segment | number {
    if (sizeBytes < 1 || sizeBytes > SHMMAX) return -EINVAL
    const pages = Math.ceil(sizeBytes / PAGE)
    if (this.totalPages + pages > SHMMAX / PAGE) return -ENOSPC
    const all = this.totals.segmentPages + pages
    if (all > Math.min(PAGES_MAX, this.kernel.memoryPool.pagesMax)) return -ENOMEM
    this.totals.segmentPages = all
    this.totalPages += pages
    return new Segment(task, this, key, mode, sizeBytes)
  }

  override byKey(key: number): Segment | undefined {
    const found = super.byKey(key)
    return found && found.mode & SHM_DEST ? undefined : found
  }

  override remove(segment: Segment): void {
    super.remove(segment)
    this.totals.segmentPages -= segment.pages
    this.totalPages -= segment.pages
  }
}

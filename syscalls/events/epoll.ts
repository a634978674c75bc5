/**
 * EventPoll: the description behind epoll(7). An Interest listens on the wait queue of each watched file; a wake-up
 * with matching events puts it on the ready list, and epoll_wait(2) asks each file on that list again, so a listed
 * file that is no longer ready costs one question and is dropped.
 * Path: sys/epoll.ts; the files' wait queues notify; releaseFile (kernel/fd-table.ts) ends interests with their file.
 *
 * Level-triggered interests go back to the end of the list after they were told, edge-triggered ones wait for the next
 * wake-up, one-shot ones for EPOLL_CTL_MOD. An epoll is pollable, so epolls nest, bounded by `nestingOf`.
 */

import {
  EPOLLERR,
  EPOLLET,
  EPOLLEXCLUSIVE,
  EPOLLHUP,
  EPOLLIN,
  EPOLLONESHOT,
  EPOLLOUT,
  EPOLLRDNORM,
  EPOLLWAKEUP,
} from '../abi/epoll.ts'
import { EEXIST, EINVAL, ELOOP, ENOENT, ENOSPC } from '../abi/errno.ts'
import { O_RDWR } from '../abi/fcntl.ts'
import { AnonymousFile } from '../fs/anonfs/anonfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { type Listener, WaitQueue } from '../kernel/wait-queue.ts'
import type { Caller } from '../vfs/caller.ts'
import type { FileDescription, FileWatch } from '../vfs/file-description.ts'

/** Epolls inside an epoll, and around it: Linux EP_MAX_NESTS. */
const NESTING_MAX = 4
/** Ways from a file up to an epoll that none watches, by the epolls between: Linux path_limits. */
const PATH_COUNT_MAX = [Number.POSITIVE_INFINITY, 500, 100, 50, 10]
/** Interests of one epoll; Linux has a limit per user instead. */
const INTEREST_COUNT_MAX = 1 << 18
/** Bits that say how to tell, not what. */
const MODES = EPOLLET | EPOLLONESHOT | EPOLLEXCLUSIVE | EPOLLWAKEUP
/** What may come with EPOLLEXCLUSIVE. */
const WITH_EXCLUSIVE = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE

/** What a program asked about a file, by descriptor number and description, as Linux keys it. */
class Interest implements Listener, FileWatch {
  readonly epoll: EventPoll
  readonly fd: number
  readonly file: FileDescription
  private readonly queue: WaitQueue
  events: number
  /** The program's 64 bits. */
  dataLo: number
  dataHi: number

  constructor(epoll: EventPoll, fd: number, file: FileDescription, queue: WaitQueue, wanted: WantedEvents) {
    this.epoll = epoll
    this.fd = fd
    this.file = file
    this.queue = queue
    this.events = wanted.events | EPOLLERR | EPOLLHUP
    this.dataLo = wanted.dataLo
    this.dataHi = wanted.dataHi
  }

  start(): void {
    this.queue.listen(this)
    this.file.watches ??= new Set()
    this.file.watches.add(this)
  }

  end(): void {
    this.queue.unlisten(this)
    this.file.watches?.delete(this)
    this.epoll.ready.delete(this)
  }

  get isExclusive(): boolean {
    return (this.events & EPOLLEXCLUSIVE) !== 0
  }

  /** What holds of what is asked. */
  poll(caller: Caller): number {
    return this.file.poll(caller) & this.events
  }

  notified(events: number): boolean {
    if ((this.events & ~MODES) === 0) return false
    if (events !== 0 && (events & this.events) === 0) return false
    const isWaitedFor = this.epoll.changed.length > 0
    this.epoll.becomeReady(this)
    return isWaitedFor
  }

  fileReleased(): void {
    this.epoll.forget(this)
  }
}

/** struct epoll_event. */
export interface WantedEvents {
  events: number
  dataLo: number
  dataHi: number
}

export class EventPoll extends AnonymousFile {
  /** Keys are descriptor numbers: several descriptions where a number was closed while a duplicate lived on. */
  private readonly interests = new Map<number, Interest[]>()
  private interestCount = 0
  /** In the order in which they are told. */
  readonly ready = new Set<Interest>()
  /** Callers of epoll_wait, and epolls and polls that watch this one. */
  readonly changed = new WaitQueue()

  constructor(kernel: Kernel) {
    super(kernel, '[eventpoll]', O_RDWR)
  }

  private find(fd: number, file: FileDescription): Interest | undefined {
    return this.interests.get(fd)?.find((interest) => interest.file === file)
  }

  add(caller: Caller, fd: number, file: FileDescription, queue: WaitQueue, wanted: WantedEvents): number {
    if (wanted.events & EPOLLEXCLUSIVE && (file instanceof EventPoll || wanted.events & ~WITH_EXCLUSIVE))
      return -EINVAL
    if (file instanceof EventPoll && !mayNest(this, file)) return -ELOOP
    if (this.find(fd, file)) return -EEXIST
    if (this.interestCount >= INTEREST_COUNT_MAX) return -ENOSPC
    const interest = new Interest(this, fd, file, queue, wanted)
    const known = this.interests.get(fd)
    if (known) known.push(interest)
    else this.interests.set(fd, [interest])
    this.interestCount++
    interest.start()
    if (!staysNarrow(this, file)) {
      this.forget(interest)
      return -EINVAL
    }
    if (interest.poll(caller)) this.becomeReady(interest)
    return 0
  }

  modify(caller: Caller, fd: number, file: FileDescription, wanted: WantedEvents): number {
    if (wanted.events & EPOLLEXCLUSIVE) return -EINVAL
    const interest = this.find(fd, file)
    if (!interest) return -ENOENT
    if (interest.isExclusive) return -EINVAL
    interest.events = wanted.events | EPOLLERR | EPOLLHUP
    interest.dataLo = wanted.dataLo
    interest.dataHi = wanted.dataHi
    if (interest.poll(caller)) this.becomeReady(interest)
    return 0
  }

  remove(fd: number, file: FileDescription): number {
    const interest = this.find(fd, file)
    if (!interest) return -ENOENT
    this.forget(interest)
    return 0
  }

  forget(interest: Interest): void {
    interest.end()
    const known = this.interests.get(interest.fd)!
    if (known.length === 1) this.interests.delete(interest.fd)
    else known.splice(known.indexOf(interest), 1)
    this.interestCount--
  }

  becomeReady(interest: Interest): void {
    this.ready.add(interest)
    this.changed.wakeAll(EPOLLIN | EPOLLRDNORM)
  }

  /** Gives at most `countMax` ready files to `put`, which answers false when it could not take one. */
  collect(
    caller: Caller,
    countMax: number,
    put: (interest: WantedEvents, events: number) => boolean,
  ): number {
    let given = 0
    let left = this.ready.size
    for (const interest of this.ready) {
      if (given === countMax || left-- === 0) break
      const events = interest.poll(caller)
      if (events !== 0 && !put(interest, events)) return given
      this.ready.delete(interest)
      if (events === 0) continue
      given++
      if (interest.events & EPOLLONESHOT) interest.events &= MODES
      else if (!(interest.events & EPOLLET)) this.ready.add(interest)
    }
    return given
  }

  /** Every epoll that this one watches. */
  *inner(): Iterable<EventPoll> {
    for (const interests of this.interests.values())
      for (const { file } of interests) if (file instanceof EventPoll) yield file
  }

  /** Everything else that this one and those inside it watch. */
  *leaves(): Iterable<FileDescription> {
    for (const interests of this.interests.values())
      for (const { file } of interests)
        if (file instanceof EventPoll) yield* file.leaves()
        else yield file
  }

  /** Every epoll that watches this one. */
  *outer(): Iterable<EventPoll> {
    for (const watch of this.watches ?? []) if (watch instanceof Interest) yield watch.epoll
  }

  override poll(caller: Caller): number {
    for (const interest of this.ready) {
      if (interest.poll(caller)) return EPOLLIN | EPOLLRDNORM
      this.ready.delete(interest)
    }
    return 0
  }

  override pollQueue(): WaitQueue {
    return this.changed
  }

  override release(): void {
    for (const interests of this.interests.values()) for (const interest of interests) interest.end()
    this.interests.clear()
  }
}

/** How many epolls lie below (or, by `outer`, above) one; more than NESTING_MAX when `avoided` is among them. */
function nestingOf(
  epoll: EventPoll,
  next: (epoll: EventPoll) => Iterable<EventPoll>,
  avoided: EventPoll | null,
  depth: number,
  known: Map<EventPoll, number>,
): number {
  let deepest = 0
  const before = known.get(epoll)
  if (before !== undefined) return before
  for (const other of next(epoll)) {
    if (other === avoided || depth >= NESTING_MAX) return NESTING_MAX + 1
    deepest = Math.max(deepest, nestingOf(other, next, avoided, depth + 1, known) + 1)
    if (deepest > NESTING_MAX) return deepest
  }
  known.set(epoll, deepest)
  return deepest
}

/** Whether a new link between `epoll` and `file` leaves each file with few ways up, as a wake-up goes all of them. */
function staysNarrow(epoll: EventPoll, file: FileDescription): boolean {
  if (file instanceof EventPoll) {
    for (const leaf of file.leaves()) if (!hasFewPaths(leaf, 0, [0, 0, 0, 0, 0])) return false
    return true
  }
  return epoll.watches === null || hasFewPaths(file, 0, [0, 0, 0, 0, 0])
}

function hasFewPaths(file: FileDescription, depth: number, counts: number[]): boolean {
  for (const watch of file.watches ?? []) {
    if (!(watch instanceof Interest)) continue
    const { epoll } = watch
    const isTop = epoll.watches === null || epoll.watches.size === 0
    if (isTop ? ++counts[depth]! > PATH_COUNT_MAX[depth]! : !hasFewPaths(epoll, depth + 1, counts))
      return false
  }
  return true
}

/** Whether `epoll` may watch `target`: no circle, no long chain. */
function mayNest(epoll: EventPoll, target: EventPoll): boolean {
  const below = nestingOf(target, (e) => e.inner(), epoll, 0, new Map())
  if (below > NESTING_MAX) return false
  const above = nestingOf(epoll, (e) => e.outer(), null, 0, new Map())
  return below + 1 + above <= NESTING_MAX
}

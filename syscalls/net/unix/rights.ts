/**
 * Descriptors under way (SCM_RIGHTS). A message holds its descriptions; a socket that only messages hold, in queues that
 * only such sockets have, can never be received: `collect` finds those and empties their queues, so that a socket sent
 * over itself and closed does not stay for ever. Path: unix-socket.ts queues and takes packets; releaseFile
 * (kernel/fd-table.ts) tells when messages alone hold a socket.
 */

import { CAP_SYS_ADMIN, CAP_SYS_RESOURCE } from '../../abi/capability.ts'
import { ETOOMANYREFS } from '../../abi/errno.ts'
import { RLIMIT_NOFILE } from '../../abi/process.ts'
import { releaseFile } from '../../kernel/fd-table.ts'
import type { Task } from '../../kernel/task.ts'
import type { FileDescription } from '../../vfs/file-description.ts'
import type { UnixSocket } from './unix-socket.ts'

/** Descriptors under way in the whole machine, root's included. */
const IN_FLIGHT_MAX = 1 << 20

export class Rights {
  /** Sockets in whose queue a message with descriptors lies. */
  private readonly holders = new Set<UnixSocket>()
  private readonly sockets = new WeakSet<FileDescription>()
  count = 0
  private readonly countByUid = new Map<number, number>()
  private isCollecting = false
  private isDirty = false

  /** Every socket says that it is one. */
  know(socket: UnixSocket): void {
    this.sockets.add(socket)
  }

  /** 0, or -ETOOMANYREFS. */
  mayTake(task: Task, count: number): number {
    if (this.count + count > IN_FLIGHT_MAX) return -ETOOMANYREFS
    const limit = task.group.limits[RLIMIT_NOFILE]!.soft
    if (task.credentials.capable(CAP_SYS_RESOURCE) || task.credentials.capable(CAP_SYS_ADMIN)) return 0
    return (this.countByUid.get(task.credentials.uid) ?? 0) > limit ? -ETOOMANYREFS : 0
  }

  private tally(uid: number, change: number): void {
    this.count += change
    const now = (this.countByUid.get(uid) ?? 0) + change
    if (now === 0) this.countByUid.delete(uid)
    else this.countByUid.set(uid, now)
  }

  /** A message takes hold of descriptions. */
  take(files: readonly FileDescription[], uid: number): void {
    this.tally(uid, files.length)
    for (const file of files) {
      file.references++
      file.inFlight++
    }
  }

  /** They arrived: the references are the receiver's now, who must release them. */
  arrive(files: readonly FileDescription[], uid: number): void {
    this.tally(uid, -files.length)
    for (const file of files) file.inFlight--
  }

  hold(socket: UnixSocket): void {
    this.holders.add(socket)
  }

  /** Looks again whether a socket's queue has descriptors. */
  lookAt(socket: UnixSocket): void {
    if (!socket.hasRights) this.holders.delete(socket)
  }

  /** Empties the queues that nobody can ever read. */
  collect(): void {
    this.isDirty = true
    // Emptying a queue closes sockets, which may leave others behind: the outer run sees to them.
    if (this.isCollecting) return
    this.isCollecting = true
    while (this.isDirty) {
      this.isDirty = false
      const reachable = this.reachable()
      for (const socket of [...this.holders]) if (!reachable.has(socket)) socket.discardQueue()
    }
    this.isCollecting = false
  }

  /** The holders that somebody has a descriptor of, and what their messages lead to. */
  private reachable(): Set<UnixSocket> {
    const found = new Set<UnixSocket>()
    const open: UnixSocket[] = []
    const reach = (socket: UnixSocket): void => {
      if (found.has(socket)) return
      found.add(socket)
      open.push(socket)
    }
    const isHeld = (socket: UnixSocket): boolean => socket.references > socket.inFlight
    for (const socket of this.holders)
      if (isHeld(socket) || (socket.listener && isHeld(socket.listener))) reach(socket)
    for (let socket = open.pop(); socket; socket = open.pop()) {
      for (const file of socket.rightsInQueue()) if (this.sockets.has(file)) reach(file as UnixSocket)
      for (const waiting of socket.waiting) reach(waiting)
    }
    return found
  }
}

/** Lets go of what a message held or the receiver had no room for. */
export function releaseAll(files: readonly FileDescription[]): void {
  for (const file of files) releaseFile(file)
}

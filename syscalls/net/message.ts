/**
 * What goes in and out of a socket: bytes in pieces of guest memory, an address, descriptors, credentials.
 * Path: sys/socket.ts and read(2)/write(2) make them; the socket families fill or take them. sendmsg(2), recvmsg(2).
 */

import { type ByteOrder, copyBytes, type Numbers } from '../abi/bytes.ts'
import type { Ucred } from '../abi/socket.ts'
import type { Task } from '../kernel/task.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import type { FileDescription } from '../vfs/file-description.ts'

/** A vector of pieces of one memory, checked beforehand. */
export class IoVector {
  private readonly bytes: Uint8Array
  readonly parts: readonly (readonly [at: number, sizeBytes: number])[]
  readonly size: number
  /** Some of it may not be written: EFAULT, but only once there is something to write. */
  readonly isRefused: boolean

  constructor(bytes: Uint8Array, parts: readonly (readonly [number, number])[], isRefused = false) {
    this.bytes = bytes
    this.parts = parts
    this.isRefused = isRefused
    let size = 0
    for (const [, length] of parts) size += length
    this.size = size
  }

  /** Copies out `count` bytes that begin at `from` in the vector. */
  gather(from: number, to: Uint8Array, count: number): void {
    let at = 0
    this.walk(from, count, (place, length) => {
      copyBytes(to, at, this.bytes, place, length)
      at += length
    })
  }

  /** Copies `count` bytes from `source` in, to where the vector has byte `to`. */
  scatter(to: number, source: Uint8Array, start: number, count: number): void {
    let at = start
    this.walk(to, count, (place, length) => {
      copyBytes(this.bytes, place, source, at, length)
      at += length
    })
  }

  private walk(from: number, count: number, piece: (at: number, length: number) => void): void {
    let skipped = from
    let left = count
    for (const [at, length] of this.parts) {
      if (left === 0) return
      if (skipped >= length) {
        skipped -= length
        continue
      }
      const part = Math.min(length - skipped, left)
      piece(at + skipped, part)
      skipped = 0
      left -= part
    }
  }
}

/** A control message of a family's own: what is behind the header, as bytes or, not yet in any order, as numbers. cmsg(3) */
export interface ControlMessage {
  readonly level: number
  readonly type: number
  readonly body: Uint8Array | Numbers
}

/** One as a program gave it. */
export interface GivenControl extends ControlMessage {
  readonly body: Uint8Array
}

/** A message to send. Bytes that an earlier run of the same call has sent are in the caller's `progress`. */
export interface Outgoing {
  data: IoVector
  /** MSG_* */
  flags: number
  address: Uint8Array | null
  rights: readonly FileDescription[] | null
  credentials: Ucred | null
  /** Those of other levels than SOL_SOCKET. */
  control: GivenControl[] | null
}

/** A message to receive: what is wanted, and what came. */
export interface Incoming {
  data: IoVector
  flags: number
  /** The receiver's. */
  readonly order: ByteOrder
  /** The sender's address; null says that none is told. */
  address: Uint8Array | null
  /** Held for the receiver, who installs or drops them. */
  rights: FileDescription[] | null
  credentials: Ucred | null
  /** The sender, for who wants a pidfd of it. */
  process: ThreadGroup | null
  /** What the family tells beside the bytes. */
  control: ControlMessage[] | null
  /** MSG_TRUNC and the like. */
  flagsOut: number
}

export const incoming = (data: IoVector, flags: number, order: ByteOrder): Incoming => ({
  data,
  flags,
  order,
  address: null,
  rights: null,
  credentials: null,
  process: null,
  control: null,
  flagsOut: 0,
})

export const outgoing = (data: IoVector, flags: number): Outgoing => ({
  data,
  flags,
  address: null,
  rights: null,
  credentials: null,
  control: null,
})

/** struct ucred, by the numbers that the receiver knows. -1 is nobody. */
export function shownUcred({ pids, credentials: { userns } }: Task, { pid, uid, gid }: Ucred): Int32Array {
  const shownUid = uid === -1 ? -1 : userns.shownUid(uid)
  const shownGid = gid === -1 ? -1 : userns.shownGid(gid)
  return Int32Array.of(pids.shown(pid), shownUid, shownGid)
}

/**
 * Packet: bytes under way between two sockets of this machine, with what travels along. Who sent them pays until they are
 * taken, by the memory that Linux would use for it, so that as much fits into a buffer as there. socket(7).
 * Path: queue-socket.ts queues and takes packets, stream.ts cuts bytes into them.
 */

import type { Ucred } from '../abi/socket.ts'
import type { ThreadGroup } from '../kernel/thread-group.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import type { QueueSocket } from './queue-socket.ts'

const PAGE = 4096
/** Linux's sizes: the shared info behind the bytes, the header beside them. */
const TRAILER_SIZE = 320
const HEADER_SIZE = 256
/** Bytes that go into one allocation before pages are used: streams take one page, packets four. */
const STREAM_HEAD_MAX = PAGE - TRAILER_SIZE
const PACKET_HEAD_MAX = 4 * PAGE - TRAILER_SIZE
/** The longest piece of a stream. */
export const STREAM_PIECE_MAX = STREAM_HEAD_MAX + 32768

/** What a piece of this many bytes costs its sender. */
export function costOf(size: number, isStream: boolean): number {
  const over = Math.max(0, size - (isStream ? STREAM_HEAD_MAX : PACKET_HEAD_MAX))
  const paged = Math.ceil(over / PAGE) * PAGE
  const head = Math.max(0, size - paged)
  let allocated = 512
  while (allocated < Math.ceil(head / 64) * 64 + TRAILER_SIZE) allocated *= 2
  return allocated + HEADER_SIZE + paged
}

export class Packet {
  readonly bytes: Uint8Array
  /** Bytes at the front that a stream's reader has taken. */
  taken = 0
  readonly cost: number
  /** Whose buffer it counts against: the sender, where he can be held. */
  readonly payer: QueueSocket
  rights: FileDescription[] | null = null
  /** Whom the descriptors under way are counted for. */
  rightsUid = 0
  /** null: the sender was not asked. */
  credentials: Ucred | null = null
  process: ThreadGroup | null = null

  constructor(payer: QueueSocket, bytes: Uint8Array, isStream: boolean) {
    this.payer = payer
    this.bytes = bytes
    this.cost = costOf(bytes.length, isStream)
  }

  get left(): number {
    return this.bytes.length - this.taken
  }
}

/**
 * UnixSocket: what all AF_UNIX sockets share: address, credentials, descriptors that travel along, end. unix(7).
 * Path: stream.ts, packets.ts say how a type sends and receives; connection.ts how the two that connect do it.
 */

import { ENOTCONN } from '../../abi/errno.ts'
import * as S from '../../abi/socket.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Task } from '../../kernel/task.ts'
import type { ThreadGroup } from '../../kernel/thread-group.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileDescription } from '../../vfs/file-description.ts'
import type { Path } from '../../vfs/path.ts'
import type { Incoming, Outgoing } from '../message.ts'
import { shownUcred } from '../message.ts'
import { ints, type OptionValue } from '../option-rule.ts'
import { Packet } from '../packet.ts'
import { DOWN_BOTH, QueueSocket, READABLE } from '../queue-socket.ts'
import { checkAddress, type UnixNames } from './names.ts'
import { type Rights, releaseAll } from './rights.ts'

/** Options that say what comes along with messages. */
const PASSED = new Set([S.SO_PASSCRED, S.SO_PASSPIDFD])
const NO_ADDRESS = new Uint8Array([S.AF_UNIX, 0])
/** A sender without a name: its address has no bytes at all. */
const NO_SENDER = new Uint8Array(0)

/** What all sockets of a kernel share. */
export interface UnixWorld {
  readonly kernel: Kernel
  readonly names: UnixNames
  readonly rights: Rights
  /** Those that are not closed. */
  readonly sockets: Set<UnixSocket>
}

export abstract class UnixSocket extends QueueSocket {
  readonly world: UnixWorld
  address: Uint8Array | null = null
  /** Where the address is a name of a file. */
  boundAt: Path | null = null
  peer: UnixSocket | null = null
  /** SO_PEERCRED: who connected, listened or made the pair. */
  peerCredentials: S.Ucred = { pid: 0, uid: -1, gid: -1 }
  /** The same one's process. */
  peerGroup: ThreadGroup | null = null
  /** The socket that listens, while nobody has accepted this connection. */
  listener: UnixSocket | null = null

  constructor(world: UnixWorld, task: Task, type: number) {
    super(world.kernel, task, S.AF_UNIX, type, 0)
    this.world = world
    world.rights.know(this)
    world.sockets.add(this)
  }

  get isStream(): boolean {
    return false
  }

  /** Connections that nobody has accepted. */
  get waiting(): readonly UnixSocket[] {
    return []
  }

  override get heldPath(): Path | null {
    return this.boundAt
  }

  override get peerProcess(): ThreadGroup | null {
    return this.peerGroup
  }

  /** The other end of the data that is sent without an address. */
  protected get passesCredentials(): boolean {
    return this.switches.has(S.SO_PASSCRED)
  }

  /** Whether messages say who sent them: by credentials, or by a pidfd. */
  protected get passesSender(): boolean {
    return this.passesCredentials || this.switches.has(S.SO_PASSPIDFD)
  }

  // Names.

  override bind(task: Task, address: Uint8Array): number {
    if (address.length === S.SUN_PATH && S.familyOf(address) === S.AF_UNIX)
      return this.world.names.autobind(this)
    return checkAddress(address) || this.world.names.bind(task, this, address)
  }

  override nameOf(isPeer: boolean): Uint8Array | number {
    if (isPeer && !this.peer) return -ENOTCONN
    return (isPeer ? this.peer!.address : this.address) ?? NO_ADDRESS
  }

  /** Who asks for credentials needs a name himself, for whoever answers. */
  protected autobindForCredentials(): number {
    return this.passesCredentials ? this.world.names.autobind(this) : 0
  }

  // Options.

  override getOption(level: number, name: number, task: Task): OptionValue | number | null {
    if (level !== S.SOL_SOCKET) return null
    if (PASSED.has(name)) return ints(this.switches.has(name) ? 1 : 0)
    if (name !== S.SO_PEERCRED) return null
    return shownUcred(task, this.peerCredentials)
  }

  override setOption(_task: Task, level: number, name: number, value: Uint8Array): number | null {
    if (level !== S.SOL_SOCKET || !PASSED.has(name)) return null
    if (value[0]! | value[1]! | value[2]! | value[3]!) this.switches.add(name)
    else this.switches.delete(name)
    return 0
  }

  // The queue.

  /** A packet of `size` bytes with what travels along, charged to this socket. */
  makePacket(task: Task, message: Outgoing, from: number, size: number, to: UnixSocket): Packet {
    const bytes = new Uint8Array(size)
    message.data.gather(from, bytes, size)
    const packet = new Packet(this, bytes, this.isStream)
    packet.credentials = message.credentials
    if (this.passesSender || to.passesSender) {
      const { uid, gid } = task.credentials
      packet.credentials ??= { pid: task.group.pid, uid, gid }
      packet.process = task.group
    }
    if (message.rights && from === 0) {
      packet.rights = [...message.rights]
      packet.rightsUid = task.credentials.uid
      this.world.rights.take(packet.rights, packet.rightsUid)
    }
    return packet
  }

  override deliver(packet: Packet): void {
    super.deliver(packet)
    if (packet.rights) this.world.rights.hold(this)
  }

  override giveAlong(packet: Packet, message: Incoming): void {
    message.address ??= (packet.payer as UnixSocket).address ?? NO_SENDER
    this.giveCredentials(packet, message)
    this.giveRights(packet, message)
  }

  /** Moves a packet's descriptors into a message, or copies them for a look (MSG_PEEK). */
  private giveRights(packet: Packet, message: Incoming): void {
    const { rights } = packet
    if (!rights) return
    message.rights = rights
    if (message.flags & S.MSG_PEEK) {
      for (const file of rights) file.references++
      return
    }
    packet.rights = null
    this.world.rights.arrive(rights, packet.rightsUid)
    this.world.rights.lookAt(this)
  }

  /** The sender's credentials for who asked; those of nobody where the sender was not asked. */
  private giveCredentials(packet: Packet, message: Incoming): void {
    if (this.passesCredentials)
      message.credentials = packet.credentials ?? { pid: 0, uid: S.OVERFLOW_ID, gid: S.OVERFLOW_ID }
    if (this.switches.has(S.SO_PASSPIDFD)) message.process = packet.process
  }

  override dropRights(rights: readonly FileDescription[]): void {
    releaseAll(rights)
  }

  get hasRights(): boolean {
    return this.queue.some((packet) => packet.rights !== null)
  }

  *rightsInQueue(): Iterable<FileDescription> {
    for (const packet of this.queue) if (packet.rights) yield* packet.rights
  }

  override discardQueue(): void {
    super.discardQueue()
    this.world.rights.lookAt(this)
  }

  protected override dropFirst(): void {
    const packet = this.dequeue()
    const { rights } = packet
    if (!rights) return
    packet.rights = null
    this.world.rights.arrive(rights, packet.rightsUid)
    releaseAll(rights)
  }

  // Readiness and end.

  override poll(caller: Caller): number {
    return super.poll(caller) | (this.waiting.length > 0 ? READABLE : 0)
  }

  override leftInFlight(): void {
    this.world.rights.collect()
  }

  override release(): void {
    if (this.isDead) return
    this.isDead = true
    this.world.sockets.delete(this)
    this.world.names.unbind(this)
    this.down = DOWN_BOTH
    this.discardQueue()
    this.changed.wakeAll()
  }
}

/** AF_UNIX as a family of sockets: which types there are. unix(7). */

import { latin1 } from '../../abi/bytes.ts'
import { EPROTONOSUPPORT, ESOCKTNOSUPPORT } from '../../abi/errno.ts'
import { AF_UNIX, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM, SUN_PATH } from '../../abi/socket.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Task } from '../../kernel/task.ts'
import { CONNECTED } from '../queue-socket.ts'
import type { SocketFamily } from '../socket.ts'
import { UnixConnection } from './connection.ts'
import { UnixNames } from './names.ts'
import { UnixDatagram, UnixSeqPacket } from './packets.ts'
import { Rights } from './rights.ts'
import { UnixStream } from './stream.ts'
import type { UnixSocket, UnixWorld } from './unix-socket.ts'

const ACCEPTS = 0x10000
const SS_UNCONNECTED = 1
const SS_CONNECTED = 3

/** /proc/net/unix: proc(5). */
function unixText(sockets: Iterable<UnixSocket>): string {
  const hex = (n: number, digits: number): string => n.toString(16).toUpperCase().padStart(digits, '0')
  let text = 'Num       RefCount Protocol Flags    Type St Inode Path\n'
  for (const socket of sockets) {
    const flags = socket.isListening ? ACCEPTS : 0
    const state = socket.state === CONNECTED ? SS_CONNECTED : SS_UNCONNECTED
    const path = socket.address
      ? ` ${latin1(socket.address, SUN_PATH).replace(/\0$/, '').replaceAll('\0', '@')}`
      : ''
    text += `${'0'.repeat(16)}: 00000002 00000000 ${hex(flags, 8)} ${hex(socket.type, 4)} ${hex(state, 2)} ${String(socket.inode.ino).padStart(5)}${path}\n`
  }
  return text
}

export class UnixFamily implements SocketFamily {
  readonly family = AF_UNIX
  readonly files = { unix: (): string => unixText(this.world.sockets) }
  private readonly world: UnixWorld

  constructor(kernel: Kernel) {
    this.world = { kernel, names: new UnixNames(), rights: new Rights(), sockets: new Set() }
  }

  /** Descriptors that lie in messages nobody has received. */
  get descriptorsUnderWay(): number {
    return this.world.rights.count
  }

  /** 0, or why there is no such socket. */
  private check(type: number, protocol: number): number {
    if (protocol !== 0 && protocol !== AF_UNIX) return -EPROTONOSUPPORT
    const isKnown =
      type === SOCK_STREAM || type === SOCK_DGRAM || type === SOCK_RAW || type === SOCK_SEQPACKET
    return isKnown ? 0 : -ESOCKTNOSUPPORT
  }

  private make(task: Task, type: number): UnixConnection | UnixDatagram {
    if (type === SOCK_STREAM) return new UnixStream(this.world, task)
    if (type === SOCK_SEQPACKET) return new UnixSeqPacket(this.world, task)
    return new UnixDatagram(this.world, task)
  }

  create(task: Task, type: number, protocol: number): UnixSocket | number {
    return this.check(type, protocol) || this.make(task, type)
  }

  createPair(task: Task, type: number, protocol: number): readonly [UnixSocket, UnixSocket] | number {
    const refused = this.check(type, protocol)
    if (refused) return refused
    const one = this.make(task, type)
    const other = this.make(task, type)
    if (one instanceof UnixConnection && other instanceof UnixConnection) one.join(other, task)
    else if (one instanceof UnixDatagram && other instanceof UnixDatagram) {
      one.setPeer(other)
      other.setPeer(one)
      const { pid } = task.group
      const { euid: uid, egid: gid } = task.credentials
      one.peerCredentials = other.peerCredentials = { pid, uid, gid }
    }
    return [one, other]
  }
}

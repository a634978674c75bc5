/** Addresses of AF_UNIX sockets: paths, abstract names, and who has them. unix(7). */

import { latin1 } from '../../abi/bytes.ts'
import { EADDRINUSE, ECONNREFUSED, EEXIST, EINVAL, ENOSPC, EPROTOTYPE } from '../../abi/errno.ts'
import { AF_UNIX, familyOf, SOCKADDR_UN_SIZE, SUN_PATH } from '../../abi/socket.ts'
import { S_IFMT, S_IFSOCK } from '../../abi/stat.ts'
import type { Task } from '../../kernel/task.ts'
import { makeNode, mayTakeName } from '../../vfs/change.ts'
import type { Inode } from '../../vfs/inode.ts'
import { MAY_WRITE, pathPermission } from '../../vfs/permission.ts'
import { FOLLOW, lookupChild, walkParent, walkPath } from '../../vfs/walk.ts'
import type { UnixSocket } from './unix-socket.ts'

/** Names that autobind gives: five hexadecimal digits. */
const AUTOBIND_COUNT = 1 << 20

/** 0, or what is wrong with an address that must name something. */
export function checkAddress(address: Uint8Array): number {
  if (address.length <= SUN_PATH || address.length > SOCKADDR_UN_SIZE) return -EINVAL
  return familyOf(address) === AF_UNIX ? 0 : -EINVAL
}

const isAbstract = (address: Uint8Array): boolean => address[SUN_PATH] === 0

/** The path in an address, up to a NUL if there is one. */
function pathOf(address: Uint8Array): string {
  const end = address.indexOf(0, SUN_PATH)
  return latin1(address, SUN_PATH, end < 0 ? address.length : end)
}

/** An address as getsockname(2) tells it: family, path, NUL. */
function pathAddress(path: string): Uint8Array {
  const address = new Uint8Array(SUN_PATH + path.length + 1)
  address[0] = AF_UNIX
  for (let i = 0; i < path.length; i++) address[SUN_PATH + i] = path.charCodeAt(i)
  return address
}

export class UnixNames {
  /** Abstract names; each socket type has names of its own. */
  private readonly abstract = new Map<string, UnixSocket>()
  private readonly byInode = new WeakMap<Inode, UnixSocket>()
  private nextAutobind = 0

  private key(type: number, address: Uint8Array): string {
    return `${type}:${latin1(address, SUN_PATH)}`
  }

  bind(task: Task, socket: UnixSocket, address: Uint8Array): number {
    return isAbstract(address) ? this.bindAbstract(socket, address) : this.bindPath(task, socket, address)
  }

  private bindAbstract(socket: UnixSocket, address: Uint8Array): number {
    if (socket.address) return -EINVAL
    const key = this.key(socket.type, address)
    if (this.abstract.has(key)) return -EADDRINUSE
    this.abstract.set(key, socket)
    socket.address = address
    return 0
  }

  private bindPath(task: Task, socket: UnixSocket, address: Uint8Array): number {
    const path = pathOf(address)
    const last = walkParent(task, task.fs.root, task.fs.cwd, path)
    if (typeof last === 'number') return last
    // Linux makes the node before it looks whether the socket has a name already, and takes it away again.
    const refused = mayTakeName(task, last, false) || (socket.address ? -EINVAL : 0)
    const made = refused || makeNode(task, last, S_IFSOCK | (0o777 & ~task.fs.umask), 0)
    if (made < 0) return made === -EEXIST ? -EADDRINUSE : made
    const node = lookupChild(task, last.parent, last.name)
    if (typeof node === 'number') return node
    this.byInode.set(node.inode.meetingPlace, socket)
    socket.address = pathAddress(path)
    socket.boundAt = node
    return 0
  }

  /** A free abstract name, for a bind without one. */
  autobind(socket: UnixSocket): number {
    if (socket.address) return 0
    for (let i = 0; i < AUTOBIND_COUNT; i++) {
      const digits = (this.nextAutobind++ % AUTOBIND_COUNT).toString(16).padStart(5, '0')
      const address = pathAddress(`\0${digits}`).subarray(0, SUN_PATH + 6)
      if (this.bindAbstract(socket, address) === 0) return 0
    }
    return -ENOSPC
  }

  unbind(socket: UnixSocket): void {
    const { address } = socket
    if (!address || !isAbstract(address)) return
    const key = this.key(socket.type, address)
    if (this.abstract.get(key) === socket) this.abstract.delete(key)
  }

  /** The socket that an address names. */
  find(task: Task, type: number, address: Uint8Array): UnixSocket | number {
    if (isAbstract(address)) return this.abstract.get(this.key(type, address)) ?? -ECONNREFUSED
    const path = walkPath(task, task.fs.root, task.fs.cwd, pathOf(address), FOLLOW)
    if (typeof path === 'number') return path
    const refused = pathPermission(task.credentials, path, MAY_WRITE)
    if (refused) return refused
    if ((path.inode.mode & S_IFMT) !== S_IFSOCK) return -ECONNREFUSED
    const socket = this.byInode.get(path.inode.meetingPlace)
    if (!socket || socket.isDead) return -ECONNREFUSED
    return socket.type === type ? socket : -EPROTOTYPE
  }
}

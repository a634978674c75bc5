/**
 * Sockets: socket(2), bind(2), connect(2), accept(2), send(2), recv(2), getsockopt(2) and their kin.
 * Path: a handler checks what the program gave, finds the Socket, and the family (net/) does the work.
 */

import { inOrder } from '../abi/bytes.ts'
import { BLOCKED, EBADF, EFAULT, EINVAL, EMFILE, ENODATA, ENOTSOCK } from '../abi/errno.ts'
import { SOL_IP } from '../abi/inet.ts'
import * as S from '../abi/socket.ts'
import { TIMESPEC } from '../abi/time.ts'
import { PidFile } from '../events/pidfd.ts'
import { Deadline } from '../kernel/deadline.ts'
import type { Task } from '../kernel/task.ts'
import { type Incoming, incoming, outgoing } from '../net/message.ts'
import type { OptionValue } from '../net/option-rule.ts'
import { getSocketOption, setSocketOption } from '../net/options.ts'
import { isShutdownHow, Socket, type SocketFamily } from '../net/socket.ts'
import {
  msghdrSize,
  putAddress,
  putIncoming,
  readAddress,
  readIncomingVector,
  readOutgoing,
  vectorOf,
} from './message.ts'
import {
  fd,
  flags,
  inBuf,
  inMessage,
  inOption,
  inSocketAddress,
  inStruct,
  int,
  messages,
  outBuf,
  outMessage,
  outOption,
  outSocketAddress,
  outSocketLength,
  outStruct,
  size,
  socketLevel,
  socketOption,
  socketProtocol,
  syscall,
  uint,
  value,
} from './row.ts'
import { readTimespec } from './time.ts'

const CREATION_FLAGS = S.SOCK_CLOEXEC | S.SOCK_NONBLOCK

function socketOf(task: Task, number: number): Socket | number {
  const file = task.fds.get(number)
  if (!file) return -EBADF
  return file instanceof Socket ? file : -ENOTSOCK
}

function install(task: Task, socket: Socket, flagBits: number): number {
  socket.flags |= flagBits & S.SOCK_NONBLOCK
  return task.fds.installNew(socket, (flagBits & S.SOCK_CLOEXEC) !== 0)
}

/** The view's own family, else the kernel's. */
function familyOf(task: Task, domain: number, type: number, protocol: number): SocketFamily | number {
  const found = task.kernel.socketFamilies.find(domain, type)
  if (found === -EINVAL || domain < 0 || domain >= S.AF_MAX) return found
  return task.world.services.family(task, domain, type, protocol) ?? found
}

function sysSocket(task: Task, domain: number, typeBits: number, protocol: number): number {
  const type = typeBits & S.SOCK_TYPE_MASK
  if (typeBits & ~(S.SOCK_TYPE_MASK | CREATION_FLAGS)) return -EINVAL
  const family = familyOf(task, domain, type, protocol)
  if (typeof family === 'number') return family
  const socket = family.create(task, type, protocol)
  return typeof socket === 'number' ? socket : install(task, socket, typeBits)
}

function sysSocketpair(task: Task, domain: number, typeBits: number, protocol: number, at: number): number {
  const type = typeBits & S.SOCK_TYPE_MASK
  if (typeBits & ~(S.SOCK_TYPE_MASK | CREATION_FLAGS)) return -EINVAL
  if (!task.mm.canWrite(at, 8)) return -EFAULT
  const family = familyOf(task, domain, type, protocol)
  if (typeof family === 'number') return family
  const pair = family.createPair(task, type, protocol)
  if (typeof pair === 'number') return pair
  const first = install(task, pair[0], typeBits)
  const second = first < 0 ? first : install(task, pair[1], typeBits)
  if (second < 0) {
    if (first >= 0) task.fds.close(first)
    else pair[1].release()
    return -EMFILE
  }
  task.mm.setU32(at, first)
  task.mm.setU32(at + 4, second)
  return 0
}

/** Calls with a socket and an address. */
function withAddress(
  task: Task,
  number: number,
  at: number,
  length: number,
  act: (socket: Socket, address: Uint8Array) => number,
): number {
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  const address = readAddress(task, at, length)
  return typeof address === 'number' ? address : act(socket, address)
}

function sysListen(task: Task, number: number, backlog: number): number {
  const socket = socketOf(task, number)
  return typeof socket === 'number' ? socket : socket.listen(task, backlog)
}

function sysAccept4(task: Task, number: number, at: number, lengthAt: number, flagBits: number): number {
  if (flagBits & ~CREATION_FLAGS) return -EINVAL
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  if (!task.fds.hasRoom) return -EMFILE
  const accepted = socket.accept(task)
  if (typeof accepted === 'number') return accepted
  if (at) {
    const name = accepted.acceptedName
    const bad = typeof name === 'number' ? name : putAddress(task, name, at, lengthAt)
    if (bad) {
      accepted.release()
      return bad
    }
  }
  return install(task, accepted, flagBits)
}

function sysGetname(task: Task, number: number, at: number, lengthAt: number, isPeer: boolean): number {
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  const name = socket.nameOf(isPeer)
  return typeof name === 'number' ? name : putAddress(task, name, at, lengthAt)
}

function sysShutdown(task: Task, number: number, how: number): number {
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  return isShutdownHow(how) ? socket.shutdown(how) : -EINVAL
}

function sysSendto(
  task: Task,
  number: number,
  buf: number,
  length: number,
  flagBits: number,
  at: number,
  addressLength: number,
): number {
  const data = vectorOf(task, [[buf, length]], false)
  if (typeof data === 'number') return data
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  const message = outgoing(data, flagBits)
  if (at) {
    const address = readAddress(task, at, addressLength)
    if (typeof address === 'number') return address
    if (address.length > 0) message.address = address
  }
  return socket.send(task, message)
}

/** Tells guest memory that a receive stored into it. */
function noteStored(task: Task, message: Incoming, count: number): void {
  let left = count
  for (const [at, length] of message.data.parts) {
    if (left <= 0) return
    task.mm.stored(at, Math.max(1, Math.min(length, left)))
    left -= length
  }
}

/** Receives, going on with what a MSG_WAITALL that waited has already got. */
function receive(task: Task, socket: Socket, fresh: Incoming): [number, Incoming] {
  const message = (task.progressState as Incoming | null) ?? fresh
  // Memory that grew during the wait is another buffer.
  message.data = fresh.data
  const done = socket.receive(task, message)
  if (done === BLOCKED) task.progressState = message
  else if (done > 0) noteStored(task, message, done)
  return [done, message]
}

function sysRecvfrom(
  task: Task,
  number: number,
  buf: number,
  length: number,
  flagBits: number,
  at: number,
  lengthAt: number,
): number {
  const data = vectorOf(task, [[buf, length]], true)
  if (typeof data === 'number') return data
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  const [done, message] = receive(task, socket, incoming(data, flagBits, task.mm.model))
  if (message.rights && done !== BLOCKED) socket.dropRights(message.rights)
  if (done < 0 || !at) return done
  return putAddress(task, message.address ?? NO_ADDRESS, at, lengthAt) || done
}

const NO_ADDRESS = new Uint8Array(0)

function sendOne(task: Task, socket: Socket, header: number, flagBits: number): number {
  const message = readOutgoing(task, header, flagBits)
  return typeof message === 'number' ? message : socket.send(task, message)
}

function sysSendmsg(task: Task, number: number, header: number, flagBits: number): number {
  const socket = socketOf(task, number)
  return typeof socket === 'number' ? socket : sendOne(task, socket, header, flagBits)
}

function receiveOne(task: Task, socket: Socket, header: number, flagBits: number): number {
  const data = readIncomingVector(task, header)
  if (typeof data === 'number') return data
  const [done, message] = receive(task, socket, incoming(data, flagBits, task.mm.model))
  if (done === BLOCKED) return BLOCKED
  if (done < 0) {
    if (message.rights) socket.dropRights(message.rights)
    return done
  }
  message.address ??= NO_ADDRESS
  return putIncoming(task, header, message) || done
}

function sysRecvmsg(task: Task, number: number, header: number, flagBits: number): number {
  const socket = socketOf(task, number)
  return typeof socket === 'number' ? socket : receiveOne(task, socket, header, flagBits)
}

/** struct mmsghdr: a msghdr, and the result as u32; as long as a multiple of a word. */
const mmsghdrSize = (task: Task): number => msghdrSize(task) + task.call.model.wordSize
const MESSAGE_COUNT_MAX = 1024

/** How far a call with several messages is, and what the one under way keeps. */
interface Batch {
  index: number
  /** Looked at between two messages; nobody is woken by it. */
  deadline: Deadline | null
  progress: number
  inner: unknown
}

/** Runs `one` for each message until one fails or has to wait, having told nothing of those before. */
function forEachMessage(
  task: Task,
  at: number,
  count: number,
  flagBits: number,
  one: (header: number, flagBits: number) => number,
  deadline: Deadline | null = null,
): number {
  const batch = (task.progressState as Batch | null) ?? { index: 0, deadline, progress: 0, inner: null }
  let flagsNow = flagBits
  while (batch.index < Math.min(count, MESSAGE_COUNT_MAX)) {
    if (batch.index > 0 && flagBits & S.MSG_WAITFORONE) flagsNow |= S.MSG_DONTWAIT
    const header = at + batch.index * mmsghdrSize(task)
    task.progressState = batch.inner
    task.progress = batch.progress
    const done = task.mm.canWrite(header, mmsghdrSize(task))
      ? one(header, flagsNow & ~S.MSG_WAITFORONE)
      : -EFAULT
    batch.inner = task.progressState
    batch.progress = task.progress
    task.progressState = batch
    if (done === BLOCKED) return BLOCKED
    if (done < 0) return batch.index > 0 ? batch.index : done
    task.mm.setU32(header + msghdrSize(task), done)
    batch.index++
    batch.inner = null
    batch.progress = 0
    // The time given for all of them is looked at between two.
    if (task.timedOut || batch.deadline?.hasPassed) break
  }
  return batch.index
}

function sysSendmmsg(task: Task, number: number, at: number, count: number, flagBits: number): number {
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  return forEachMessage(task, at, count, flagBits, (header, bits) => sendOne(task, socket, header, bits))
}

function sysRecvmmsg(
  task: Task,
  number: number,
  at: number,
  count: number,
  flagBits: number,
  timeoutAddr: number,
): number {
  let deadline: Deadline | null = null
  if (timeoutAddr) {
    const ns = readTimespec(task, timeoutAddr)
    if (ns < 0) return ns
    deadline = new Deadline(task.world.clock)
    deadline.setIn(task.world.clock, ns)
  }
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  const receive = (header: number, bits: number): number => receiveOne(task, socket, header, bits)
  const done = forEachMessage(task, at, count, flagBits, receive, deadline)
  if (timeoutAddr && done > 0) {
    const { leftNs } = (task.progressState as Batch).deadline!
    const left = { sec: Math.floor(leftNs / 1e9), nsec: Math.floor(leftNs % 1e9) }
    if (leftNs !== Infinity) task.putStruct(TIMESPEC, timeoutAddr, left)
  }
  return done
}

function sysGetsockopt(
  task: Task,
  number: number,
  level: number,
  name: number,
  at: number,
  lengthAt: number,
): number {
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  const { mm } = task
  if (!mm.canRead(lengthAt, 4)) return -EFAULT
  const room = mm.i32(lengthAt)
  if (room < 0) return -EINVAL
  if (level === S.SOL_SOCKET && name === S.SO_PEERPIDFD) return peerPidfd(task, socket, at, room, lengthAt)
  const option = getSocketOption(task, socket, level, name)
  if (typeof option === 'number') return option
  const isName = level === S.SOL_SOCKET && name === S.SO_PEERNAME
  const value = isName ? S.addressInOrder(option as Uint8Array, mm.model) : asBytes(option, level, room)
  const told = inOrder(value, mm.model).subarray(0, room)
  if (!mm.copyOut(at, told)) return -EFAULT
  return mm.setU32(lengthAt, told.length) ? 0 : -EFAULT
}

/** Small numbers of SOL_IP fit into a byte, where there is room for no more. */
const asBytes = (option: OptionValue, level: number, room: number): OptionValue =>
  level === SOL_IP && room > 0 && room < 4 && option instanceof Int32Array && option[0]! >>> 8 === 0
    ? Uint8Array.of(option[0]!)
    : option

/** SO_PEERPIDFD makes a descriptor: of who connected, listened or made the pair. */
function peerPidfd(task: Task, socket: Socket, at: number, room: number, lengthAt: number): number {
  const process = socket.peerProcess
  if (!process) return -ENODATA
  if (room < 4) return -EINVAL
  if (!task.mm.canWrite(at, 4) || !task.mm.canWrite(lengthAt, 4)) return -EFAULT
  const number = task.fds.installNew(new PidFile(task.kernel, process, 0), true)
  if (number < 0) return number
  task.mm.setU32(at, number)
  return task.mm.setU32(lengthAt, 4) ? 0 : -EFAULT
}

/** No option is longer. */
const OPTION_SIZE_MAX = 4096

function sysSetsockopt(
  task: Task,
  number: number,
  level: number,
  name: number,
  at: number,
  length: number,
): number {
  const socket = socketOf(task, number)
  if (typeof socket === 'number') return socket
  if (length < 0) return -EINVAL
  const bytes = task.mm.copyIn(at, Math.min(length, OPTION_SIZE_MAX))
  return bytes ? setSocketOption(task, socket, level, name, bytes) : -EFAULT
}

const family = value(S.addressFamilies)
const type = flags(S.socketTypes)
const message = flags(S.messageFlags)
const how = value(S.shutdownHows)

/** What there is of Linux's families. */
const FAMILIES = 'AF_UNIX; AF_INET and AF_INET6 over `lo`, TCP and UDP; AF_NETLINK for NETLINK_ROUTE'

export const socketRows = [
  syscall('socket', [family, type, socketProtocol], sysSocket, FAMILIES),
  syscall('socketpair', [family, type, socketProtocol, outStruct('intPair')], sysSocketpair),
  syscall('bind', [fd, inSocketAddress(2), int], (task, f, at, n) =>
    withAddress(task, f, at, n, (socket, address) => socket.bind(task, address)),
  ),
  syscall('connect', [fd, inSocketAddress(2), int], (task, f, at, n) =>
    withAddress(task, f, at, n, (socket, address) => socket.connect(task, address)),
  ),
  syscall('listen', [fd, int], sysListen),
  syscall('accept', [fd, outSocketAddress(2), outSocketLength], (task, f, at, n) =>
    sysAccept4(task, f, at, n, 0),
  ),
  syscall('accept4', [fd, outSocketAddress(2), outSocketLength, flags(S.socketFlags)], sysAccept4),
  syscall('getsockname', [fd, outSocketAddress(2), outSocketLength], (task, f, at, n) =>
    sysGetname(task, f, at, n, false),
  ),
  syscall('getpeername', [fd, outSocketAddress(2), outSocketLength], (task, f, at, n) =>
    sysGetname(task, f, at, n, true),
  ),
  syscall('shutdown', [fd, how], sysShutdown),
  syscall('sendto', [fd, inBuf(2), size, message, inSocketAddress(5), int], sysSendto),
  syscall('recvfrom', [fd, outBuf, size, message, outSocketAddress(5), outSocketLength], sysRecvfrom),
  syscall('sendmsg', [fd, inMessage, message], sysSendmsg),
  syscall('recvmsg', [fd, outMessage, message], sysRecvmsg),
  syscall('sendmmsg', [fd, messages, uint, message], sysSendmmsg),
  syscall('recvmmsg', [fd, messages, uint, message, inStruct('timespec')], sysRecvmmsg),
  syscall('getsockopt', [fd, socketLevel, socketOption, outOption, outSocketLength], sysGetsockopt),
  syscall('setsockopt', [fd, socketLevel, socketOption, inOption, int], sysSetsockopt),
]

/**
 * struct msghdr and what hangs on it, to and from guest memory: sendmsg(2), recvmsg(2), cmsg(3).
 * Path: sys/socket.ts; the families see net/message.ts's Outgoing and Incoming.
 */

import { inOrder, type Numbers } from '../abi/bytes.ts'
import { CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN } from '../abi/capability.ts'
import { EBADF, EFAULT, EINVAL, EMSGSIZE, ENOBUFS, EPERM, ESRCH } from '../abi/errno.ts'
import * as S from '../abi/socket.ts'
import { addressInOrder } from '../abi/socket.ts'
import type { DataModel, Layout, Values } from '../abi/struct.ts'
import { PidFile } from '../events/pidfd.ts'
import { releaseFile } from '../kernel/fd-table.ts'
import { findGroup } from '../kernel/pid.ts'
import type { Task } from '../kernel/task.ts'
import { NO_ID } from '../kernel/user-namespace.ts'
import { type Incoming, IoVector, type Outgoing, shownUcred } from '../net/message.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import { readIov } from './vector.ts'

const UCRED_SIZE = 12
const IOV_COUNT_MAX = 1024
/** net.core.optmem_max */
const CONTROL_SIZE_MAX = 131072
/** Linux MAX_RW_COUNT. */
const COUNT_MAX = 0x7ffff000

type Msghdr = Values<typeof S.MSGHDR>

/** How long a msghdr is in the call at hand. */
export const msghdrSize = (task: Task): number => S.MSGHDR.of(task.call.model).sizeBytes

/** Control messages begin at multiples of a word. */
const alignCmsg = (size: number, { wordSize }: DataModel): number => Math.ceil(size / wordSize) * wordSize

/** A vector over guest memory that may be read, or written when `isOut`; an errno. */
export function vectorOf(task: Task, parts: [number, number][], isOut: boolean): IoVector | number {
  const { mm } = task
  let total = 0
  let isRefused = false
  for (const part of parts) {
    part[1] = Math.min(part[1], COUNT_MAX - total)
    total += part[1]
    if (part[1] === 0) continue
    if (isOut) isRefused ||= !mm.canWrite(part[0], part[1])
    else if (!mm.canRead(part[0], part[1])) return -EFAULT
  }
  return new IoVector(mm.space.bytes, parts, isRefused)
}

/** The msghdr's vector. */
function readVector(task: Task, { iov, iovCount }: Msghdr, isOut: boolean): IoVector | number {
  if (iovCount > IOV_COUNT_MAX) return -EMSGSIZE
  const parts = readIov(task, iov, iovCount)
  return typeof parts === 'number' ? parts : vectorOf(task, parts, isOut)
}

/** An address given by a program: bytes, null for none, an errno. */
export function readAddress(task: Task, at: number, size: number): Uint8Array | number {
  if (size < 0 || size > S.SOCKADDR_SIZE_MAX) return -EINVAL
  const bytes = size === 0 ? new Uint8Array(0) : task.mm.copyIn(at, size)
  return bytes ? addressInOrder(bytes, task.mm.model) : -EFAULT
}

/** Copies an address out as far as there is room, and its whole length behind `lengthAt`. */
export function putAddress(task: Task, address: Uint8Array, at: number, lengthAt: number): number {
  const { mm } = task
  if (!mm.canRead(lengthAt, 4)) return -EFAULT
  const room = mm.i32(lengthAt)
  if (room < 0) return -EINVAL
  const told = addressInOrder(address, mm.model)
  if (room > 0 && told.length > 0 && !mm.copyOut(at, told.subarray(0, room))) return -EFAULT
  return mm.setU32(lengthAt, address.length) ? 0 : -EFAULT
}

export function readOutgoing(task: Task, header: number, flagBits: number): Outgoing | number {
  const given = task.getStruct(S.MSGHDR, header)
  if (!given) return -EFAULT
  const nameSize = given.name === 0 ? 0 : given.nameLength
  if (nameSize < 0) return -EINVAL
  const address = readAddress(task, given.name, Math.min(nameSize, S.SOCKADDR_SIZE_MAX))
  if (typeof address === 'number') return address
  const data = readVector(task, given, false)
  if (typeof data === 'number') return data
  const message: Outgoing = {
    data,
    flags: flagBits,
    address: address.length > 0 ? address : null,
    rights: null,
    credentials: null,
    control: null,
  }
  const bad = readControl(task, given.control, given.controlLength, message)
  return bad || message
}

/** Reads the control messages; 0 or an errno. */
function readControl(task: Task, at: number, size: number, message: Outgoing): number {
  const { mm } = task
  const { model } = task.call
  const bad = model.wordSize === 4 && at && size ? checkNarrowControl(task, at, size) : 0
  if (bad) return bad
  if (size > CONTROL_SIZE_MAX) return -ENOBUFS
  const layout = S.CMSGHDR.of(model)
  const headerSize = layout.sizeBytes
  if (at === 0 || size < headerSize) return 0
  if (!mm.canRead(at, size)) return -EFAULT
  const rights: FileDescription[] = []
  for (let offset = 0; offset + headerSize <= size; ) {
    const { length, level, type } = layout.get(mm.space.view, at + offset)
    if (length < headerSize || length > size - offset) return -EINVAL
    const body = at + offset + headerSize
    const bodySize = length - headerSize
    if (level !== S.SOL_SOCKET) {
      message.control ??= []
      message.control.push({ level, type, body: mm.copyIn(body, bodySize)! })
    } else {
      let bad = -EINVAL
      if (type === S.SCM_RIGHTS) bad = readRights(task, body, Math.floor(bodySize / 4), rights)
      else if (type === S.SCM_CREDENTIALS) bad = readCredentials(task, body, bodySize, message)
      if (bad) return bad
    }
    offset += alignCmsg(length, model)
  }
  if (rights.length > 0) message.rights = rights
  return 0
}

/** Linux translates a 32-bit program's messages before it looks at them: they must fill what they lie in. */
function checkNarrowControl({ mm, call }: Task, at: number, size: number): number {
  const headerSize = S.CMSGHDR.of(call.model).sizeBytes
  if (size < headerSize) return -EINVAL
  for (let offset = 0; offset < size; ) {
    if (!mm.canRead(at + offset, call.model.wordSize)) return -EFAULT
    const length = mm.word(at + offset, call.model)
    if (length < headerSize || length > size - offset) return -EINVAL
    offset += alignCmsg(length, call.model)
  }
  return 0
}

function readRights(task: Task, at: number, count: number, rights: FileDescription[]): number {
  if (rights.length + count > S.SCM_FD_COUNT_MAX) return -EINVAL
  for (let i = 0; i < count; i++) {
    const file = task.fds.get(task.mm.i32(at + i * 4))
    if (!file) return -EBADF
    rights.push(file)
  }
  return 0
}

/** Who says to be somebody else needs the capability to become it. */
function readCredentials(task: Task, at: number, size: number, message: Outgoing): number {
  if (size !== UCRED_SIZE) return -EINVAL
  const pid = task.mm.i32(at)
  const who = task.credentials
  const uid = who.userns.uids.inward(task.mm.i32(at + 4) >>> 0)
  const gid = who.userns.gids.inward(task.mm.i32(at + 8) >>> 0)
  if (uid === NO_ID || gid === NO_ID) return -EINVAL
  const isAllowed =
    (pid === task.group.ownPid || who.capableIn(task.pids.owner, CAP_SYS_ADMIN)) &&
    (uid === who.uid || uid === who.euid || uid === who.suid || who.capableOwn(CAP_SETUID)) &&
    (gid === who.gid || gid === who.egid || gid === who.sgid || who.capableOwn(CAP_SETGID))
  if (!isAllowed) return -EPERM
  const process = findGroup(task, pid)
  if (!process) return -ESRCH
  message.credentials = { pid: process.pid, uid, gid }
  return 0
}

/** The room that a msghdr offers for a message. */
export function readIncomingVector(task: Task, header: number): IoVector | number {
  const given = task.getStruct(S.MSGHDR, header)
  if (!given) return -EFAULT
  if (given.name !== 0 && given.nameLength < 0) return -EINVAL
  return readVector(task, given, true)
}

/** After a receive: name, control messages and flags go into the msghdr; 0 or -EFAULT. */
export function putIncoming(task: Task, header: number, message: Incoming): number {
  const layout = S.MSGHDR.of(task.call.model)
  const given = task.mm.canWrite(header, layout.sizeBytes) ? task.getStruct(S.MSGHDR, header) : null
  if (!given) return -EFAULT
  const control = new ControlWriter(task, given.control, given.controlLength, message)
  control.put()
  if (given.name !== 0 && message.address) {
    const bad = putAddress(task, message.address, given.name, header + layout.offset('nameLength'))
    if (bad) return bad
  }
  const left = task.getStruct(S.MSGHDR, header)
  if (!left) return -EFAULT
  left.controlLength = control.used
  left.flags = message.flagsOut | (message.flags & S.MSG_CMSG_CLOEXEC)
  return task.putStruct(S.MSGHDR, header, left) ? 0 : -EFAULT
}

const isOldTime = (level: number, type: number): boolean =>
  level === S.SOL_SOCKET && (type === S.SO_TIMESTAMP || type === S.SO_TIMESTAMPNS)

/** Two numbers of 64 bits as two of the program's words. */
const narrowed = (body: Numbers, { wordSize }: DataModel): Numbers =>
  wordSize === 8 ? body : Int32Array.from(body as BigInt64Array, Number)

/** Writes control messages into the room there is; what does not fit sets MSG_CTRUNC. */
class ControlWriter {
  private readonly task: Task
  private readonly at: number
  private readonly room: number
  private readonly message: Incoming
  private readonly layout: Layout<Values<typeof S.CMSGHDR>>
  used = 0

  constructor(task: Task, at: number, room: number, message: Incoming) {
    this.task = task
    this.at = at
    this.room = at === 0 ? 0 : Math.min(room, CONTROL_SIZE_MAX)
    this.message = message
    this.layout = S.CMSGHDR.of(task.call.model)
  }

  put(): void {
    const { credentials, rights } = this.message
    if (credentials) {
      this.putOne(S.SOL_SOCKET, S.SCM_CREDENTIALS, shownUcred(this.task, credentials))
    }
    for (const { level, type, body } of this.message.control ?? [])
      this.putOne(
        level,
        type,
        isOldTime(level, type) ? narrowed(body as Numbers, this.task.call.model) : body,
      )
    this.putPidfd()
    if (rights) this.putRights(rights)
  }

  /** A header and a body, cut where the room ends. */
  private putOne(level: number, type: number, values: Uint8Array | Numbers): void {
    const body = inOrder(values, this.task.mm.model)
    const left = this.room - this.used
    const headerSize = this.layout.sizeBytes
    if (left < headerSize) {
      this.message.flagsOut |= S.MSG_CTRUNC
      return
    }
    const length = Math.min(headerSize + body.length, left)
    if (length < headerSize + body.length) this.message.flagsOut |= S.MSG_CTRUNC
    const record = new Uint8Array(length)
    this.layout.put(new DataView(record.buffer), 0, { length, level, type })
    record.set(body.subarray(0, length - headerSize), headerSize)
    if (!this.task.mm.copyOut(this.at + this.used, record)) return
    this.used += Math.min(alignCmsg(length, this.task.call.model), left)
  }

  /** A descriptor of the sender's process: only made where there is room for it. */
  private putPidfd(): void {
    const { task, message } = this
    if (!message.process) return
    if (this.room - this.used < this.layout.sizeBytes + 4) {
      message.flagsOut |= S.MSG_CTRUNC
      return
    }
    const number = task.fds.installNew(new PidFile(task.kernel, message.process, 0), true)
    this.putOne(S.SOL_SOCKET, S.SCM_PIDFD, Int32Array.of(number))
  }

  private putRights(rights: FileDescription[]): void {
    const { task, message } = this
    const fitting = Math.max(0, Math.floor((this.room - this.used - this.layout.sizeBytes) / 4))
    const numbers: number[] = []
    for (const file of rights) {
      const number =
        numbers.length < fitting ? task.fds.install(file, (message.flags & S.MSG_CMSG_CLOEXEC) !== 0) : -1
      if (number < 0) break
      numbers.push(number)
    }
    if (numbers.length > 0) this.putOne(S.SOL_SOCKET, S.SCM_RIGHTS, Int32Array.from(numbers))
    if (numbers.length < rights.length) message.flagsOut |= S.MSG_CTRUNC
    // The message's own hold on them ends.
    for (const file of rights) releaseFile(file)
    message.rights = null
  }
}

/** Reading directories: getdents64(2), and its forerunners getdents(2) and readdir(2). */

import { type ByteOrder, bytesOf } from '../abi/bytes.ts'
import { BLOCKED, EBADF, EFAULT, EINVAL, ENOTDIR } from '../abi/errno.ts'
import { direntType } from '../abi/stat.ts'
import { type DataModel, putInteger, putU64 } from '../abi/struct.ts'
import type { Task } from '../kernel/task.ts'
import { addr, dirents, fd, size, syscall, uint } from './row.ts'

/** How an entry is laid out. */
interface DirentForm {
  /** Bytes before the name. */
  readonly headSize: number
  /** Bytes behind the name, its NUL among them. */
  readonly tailSize: number
  readonly alignment: number
  put(view: DataView, at: number, recordSize: number, ino: number, next: number, type: number): void
}

const dirent64 = (order: ByteOrder): DirentForm => ({
  headSize: 19,
  tailSize: 1,
  alignment: 8,
  put(view, at, recordSize, ino, next, type) {
    putU64(view, at, ino, order)
    putU64(view, at + 8, next, order)
    view.setUint16(at + 16, recordSize, order.littleEndian)
    view.setUint8(at + 18, type)
  },
})

/** struct linux_dirent: words, and the type in the record's last byte. */
function oldDirent(model: DataModel): DirentForm {
  const { wordSize } = model
  return {
    headSize: 2 * wordSize + 2,
    tailSize: 2,
    alignment: wordSize,
    put(view, at, recordSize, ino, next, type) {
      putInteger(view, at, wordSize, ino, model)
      putInteger(view, at + wordSize, wordSize, next, model)
      view.setUint16(at + 2 * wordSize, recordSize, model.littleEndian)
      view.setUint8(at + recordSize - 1, type)
    },
  }
}

function getdents(task: Task, fdNumber: number, buf: number, count: number, form: DirentForm): number {
  const file = task.fds.usable(fdNumber)
  if (!file) return -EBADF
  if (!file.inode.isDirectory) return -ENOTDIR
  const room = Math.min(count, 1 << 20)
  if (!task.mm.canWrite(buf, room)) return -EFAULT
  let used = 0
  let tooSmall = false
  const { headSize, tailSize, alignment } = form
  const result = file.readdir(task, {
    add(name, ino, modeBits, next) {
      const recordSize = Math.ceil((headSize + name.length + tailSize) / alignment) * alignment
      if (used + recordSize > room) {
        tooSmall = used === 0
        return false
      }
      const { view, bytes } = task.mm.space
      const at = buf + used
      for (let i = 0; i < name.length; i++) bytes[at + headSize + i] = name.charCodeAt(i)
      bytes.fill(0, at + headSize + name.length, at + recordSize)
      form.put(view, at, recordSize, ino, next, direntType(modeBits))
      used += recordSize
      return true
    },
  })
  if (tooSmall) return -EINVAL
  if (result === BLOCKED || (result < 0 && used === 0)) return result
  task.mm.stored(buf, Math.max(1, used))
  return used
}

/** readdir(2), from before getdents: one entry, whose length of record is that of its name. */
function sysReaddir(task: Task, fdNumber: number, buf: number): number {
  const file = task.fds.usable(fdNumber)
  if (!file) return -EBADF
  if (!file.inode.isDirectory) return -ENOTDIR
  const { model } = task.call
  const headSize = 2 * model.wordSize + 2
  let result = 0
  const read = file.readdir(task, {
    add(name, ino, _modeBits, next) {
      if (result !== 0) return false
      const record = new Uint8Array(headSize + name.length + 1)
      const view = new DataView(record.buffer)
      putInteger(view, 0, model.wordSize, ino, model)
      putInteger(view, model.wordSize, model.wordSize, next, model)
      view.setUint16(2 * model.wordSize, name.length, model.littleEndian)
      record.set(bytesOf(name), headSize)
      result = task.mm.copyOut(buf, record) ? 1 : -EFAULT
      return true
    },
  })
  return read < 0 && result === 0 ? read : result
}

export const getdentsRows = [
  syscall('getdents64', [fd, dirents, size], (task, f, buf, n) =>
    getdents(task, f, buf, n, dirent64(task.mm.model)),
  ),
  syscall('getdents', [fd, addr, uint], (task, f, buf, n) =>
    getdents(task, f, buf, n, oldDirent(task.call.model)),
  ),
  syscall('readdir', [fd, addr, uint], sysReaddir),
]

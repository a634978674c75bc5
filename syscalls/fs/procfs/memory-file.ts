/** /proc/PID/mem: another process's memory as a file, whose offsets are addresses. proc(5), ptrace(2). */

import { copyBytes } from '../../abi/bytes.ts'
import { EIO } from '../../abi/errno.ts'
import { S_IFREG } from '../../abi/stat.ts'
import type { Task } from '../../kernel/task.ts'
import type { Caller } from '../../vfs/caller.ts'
import { type FileDescription, RegularFile } from '../../vfs/file-description.ts'
import type { FileSystem } from '../../vfs/inode.ts'
import type { OpensItself } from '../../vfs/open.ts'
import type { Path } from '../../vfs/path.ts'
import { ProcInode } from './nodes.ts'

export class MemoryNode extends ProcInode implements OpensItself {
  private readonly task: Task
  private readonly mayOpen: (caller: Caller) => number

  constructor(fs: FileSystem, ino: number, task: Task, mayOpen: (caller: Caller) => number) {
    super(fs, S_IFREG | 0o600, ino)
    this.task = task
    this.mayOpen = mayOpen
  }

  openFile(caller: Caller, flags: number, path: Path): FileDescription | number {
    return this.mayOpen(caller) || new MemoryFile(flags, path, this.task)
  }
}

/** The memory is the one the process had when this was opened; of a process that is gone nothing can be read. */
class MemoryFile extends RegularFile {
  private readonly task: Task
  private readonly mm: Task['mm']

  constructor(flags: number, path: Path, task: Task) {
    super(flags, path)
    this.task = task
    this.mm = task.mm
  }

  private get gone(): boolean {
    return !this.task.alive || this.task.mm !== this.mm
  }

  override readAt(_caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.gone) return 0
    const part = this.mm.readablePrefix(pos, count)
    if (part === 0) return count === 0 ? 0 : -EIO
    copyBytes(bytes, at, this.mm.space.bytes, pos, part)
    return part
  }

  /** Private pages are written whatever their protection, as a debugger needs it. */
  override writeAt(_caller: Caller, pos: number, bytes: Uint8Array, at: number, count: number): number {
    if (this.gone) return 0
    const { mm } = this
    let part = mm.writablePrefix(pos, count)
    if (part === 0) {
      const vma = mm.vmas.find(pos)
      if (!vma || vma.shared) return count === 0 ? 0 : -EIO
      part = mm.readablePrefix(pos, Math.min(count, vma.end - pos))
      if (part === 0) return -EIO
      mm.space.beforeStore(pos, part)
    }
    copyBytes(mm.space.bytes, pos, bytes, at, part)
    mm.stored(pos, part)
    return part
  }
}

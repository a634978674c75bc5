/** The inodes of pipes and other files without a name: what fstat(2) shows of them. */

import { S_IFIFO } from '../../abi/stat.ts'
import type { Credentials } from '../../kernel/credentials.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { FileSystem, Inode, type StatFs } from '../../vfs/inode.ts'

class PipeFs extends FileSystem {
  readonly type: string = 'pipefs'
  nextIno = 1
  get root(): Inode {
    throw new Error('pipefs has no tree')
  }
  statfs(): StatFs {
    return { type: 0x50495045, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

const instances = new WeakMap<Kernel, PipeFs>()

function pipeFsOf(kernel: Kernel): PipeFs {
  let fs = instances.get(kernel)
  if (!fs) {
    fs = new PipeFs()
    fs.dev = 0x0d
    instances.set(kernel, fs)
  }
  return fs
}

/** One for each pipe. */
export class PipeInode extends Inode {
  readonly fs: FileSystem

  constructor(kernel: Kernel, credentials: Credentials, mode: number = S_IFIFO | 0o600) {
    super(mode)
    const fs = pipeFsOf(kernel)
    this.fs = fs
    this.ino = fs.nextIno++
    this.uid = credentials.fsuid
    this.gid = credentials.fsgid
    for (const time of [this.atime, this.mtime, this.ctime]) time.setNow(kernel.clock)
  }

  override get blocks(): number {
    return 0
  }
}

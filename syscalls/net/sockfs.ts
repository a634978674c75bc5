/** The inodes of sockets: what fstat(2) shows of them. */

import { S_IFSOCK } from '../abi/stat.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { FileSystem, Inode, type StatFs } from '../vfs/inode.ts'

const SOCKFS_MAGIC = 0x534f434b

class SockFs extends FileSystem {
  readonly type: string = 'sockfs'
  nextIno = 1
  get root(): Inode {
    throw new Error('sockfs has no tree')
  }
  statfs(): StatFs {
    return { type: SOCKFS_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

const instances = new WeakMap<Kernel, SockFs>()

function sockFsOf(kernel: Kernel): SockFs {
  let fs = instances.get(kernel)
  if (!fs) {
    fs = new SockFs()
    fs.dev = 8
    instances.set(kernel, fs)
  }
  return fs
}

/** One for each socket. */
export class SocketInode extends Inode {
  readonly fs: FileSystem

  constructor(kernel: Kernel, credentials: Credentials) {
    super(S_IFSOCK | 0o777)
    const fs = sockFsOf(kernel)
    this.fs = fs
    this.ino = fs.nextIno++
    this.uid = credentials.fsuid
    this.gid = credentials.fsgid
    for (const time of [this.atime, this.mtime, this.ctime]) time.setNow(kernel.clock)
  }
}

/** The one inode behind every file that is only a descriptor: eventfd(2), epoll(7) and their like. */

import { ANON_INODE_FS_MAGIC } from '../../abi/stat.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import { FileDescription } from '../../vfs/file-description.ts'
import { FileSystem, Inode, type StatFs } from '../../vfs/inode.ts'

class AnonFs extends FileSystem {
  readonly type = 'anon_inodefs'
  readonly root: Inode = new AnonInode(this)

  statfs(): StatFs {
    return { type: ANON_INODE_FS_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

class AnonInode extends Inode {
  readonly fs: FileSystem

  constructor(fs: FileSystem) {
    super(0o600)
    this.fs = fs
    this.ino = 1
  }
}

const instances = new WeakMap<Kernel, AnonFs>()

function anonInode(kernel: Kernel): Inode {
  let fs = instances.get(kernel)
  if (!fs) {
    fs = new AnonFs()
    fs.dev = 0x0e
    instances.set(kernel, fs)
  }
  return fs.root
}

/** A description without a name and without bytes of its own at an offset. */
export abstract class AnonymousFile extends FileDescription {
  private readonly file: Inode
  private readonly name: string

  constructor(kernel: Kernel, name: string, flags: number) {
    super(flags, null)
    this.file = anonInode(kernel)
    this.name = name
  }

  override get inode(): Inode {
    return this.file
  }

  override get label(): string {
    return `anon_inode:${this.name}`
  }

  override seek(): number {
    return 0
  }
}

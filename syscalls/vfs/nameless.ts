/**
 * Inodes of file systems without a tree, which nobody mounts: what fstat(2) shows of pipes and sockets.
 * Path: fs/pipefs and net/sockfs are one line each of this.
 */

import type { Credentials } from '../kernel/credentials.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Caller } from './caller.ts'
import { FileSystem, Inode, type StatFs } from './inode.ts'

class NamelessFs extends FileSystem {
  readonly type: string
  private readonly magic: number
  nextIno = 1

  constructor(kind: NamelessKind) {
    super()
    this.type = kind.type
    this.magic = kind.magic
    this.dev = kind.dev
  }

  get root(): Inode {
    throw new Error(`${this.type} has no tree`)
  }

  statfs(): StatFs {
    return { type: this.magic, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

/** Such a file system: its name, statfs's number and st_dev; one a kernel, made when it is first needed. */
export class NamelessKind {
  readonly type: string
  readonly magic: number
  readonly dev: number
  private readonly instances = new WeakMap<Kernel, NamelessFs>()

  constructor(type: string, magic: number, dev: number) {
    this.type = type
    this.magic = magic
    this.dev = dev
  }

  of(kernel: Kernel): NamelessFs {
    let fs = this.instances.get(kernel)
    if (!fs) this.instances.set(kernel, (fs = new NamelessFs(this)))
    return fs
  }
}

/** An inode that belongs to whoever made it. */
export abstract class NamelessInode extends Inode {
  readonly fs: FileSystem
  private readonly credentials: Credentials

  constructor(kind: NamelessKind, kernel: Kernel, maker: Caller, mode: number) {
    super(mode)
    const fs = kind.of(kernel)
    this.fs = fs
    this.credentials = maker.credentials
    this.ino = fs.nextIno++
    this.uid = maker.credentials.bottom.fsuid
    this.gid = maker.credentials.bottom.fsgid
    for (const time of [this.atime, this.mtime, this.ctime]) time.setNow(maker.world.clock)
  }

  override get maker(): Credentials {
    return this.credentials
  }
}

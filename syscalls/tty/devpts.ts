/** devpts: /dev/pts, where each pseudoterminal's slave is a file while its master is open. pts(4). */

import { EACCES, ENOENT } from '../abi/errno.ts'
import { DEVPTS_SUPER_MAGIC, makedev, S_IFCHR, S_IFDIR } from '../abi/stat.ts'
import { TTYAUX_MAJOR } from '../abi/tty.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { Caller } from '../vfs/caller.ts'
import { type AttributeChange, type DirectorySink, FileSystem, Inode, type StatFs } from '../vfs/inode.ts'

/** Group `tty`, which may write to the terminals of others. */
const TTY_GID = 5
const SLAVE_MODE = 0o620
const ROOT_INO = 1
const PTMX_INO = 2
/** Slave 0's. */
const SLAVE_INO = 3

export class DevPts extends FileSystem {
  readonly type: string = 'devpts'
  override readonly blockSize = 1024
  readonly root: DevPtsDirectory
  readonly ptmx: DevPtsNode

  constructor(maker: Caller) {
    super()
    this.root = new DevPtsDirectory(this, maker)
    this.ptmx = new DevPtsNode(this, maker, PTMX_INO, S_IFCHR)
    this.ptmx.rdev = makedev(TTYAUX_MAJOR, 2)
    this.root.entries.set('ptmx', this.ptmx)
  }

  slave(index: number): Inode | undefined {
    return this.root.entries.get(String(index))
  }

  add(index: number, rdev: number, owner: Caller): void {
    const node = new DevPtsNode(this, owner, SLAVE_INO + index, S_IFCHR | SLAVE_MODE)
    node.rdev = rdev
    node.uid = owner.credentials.bottom.fsuid
    node.owner = owner.credentials
    node.gid = TTY_GID
    this.root.entries.set(String(index), node)
  }

  remove(index: number): void {
    const node = this.slave(index)
    if (node) node.nlink = 0
    this.root.entries.delete(String(index))
  }

  statfs(): StatFs {
    return { type: DEVPTS_SUPER_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0, files: 0, filesFree: 0 }
  }
}

class DevPtsNode extends Inode {
  /** Who opened the terminal. */
  owner: Credentials | null = null
  readonly fs: DevPts

  constructor(fs: DevPts, maker: Caller, ino: number, mode: number) {
    super(mode)
    this.fs = fs
    this.ino = ino
    for (const time of [this.atime, this.mtime, this.ctime]) time.setNow(maker.world.clock)
  }

  override get maker(): Credentials | null {
    return this.owner
  }

  override get blocks(): number {
    return 0
  }

  override setAttributes(caller: Caller, change: AttributeChange): number {
    this.takeAttributes(change, caller.world.clock)
    return 0
  }
}

class DevPtsDirectory extends DevPtsNode {
  readonly entries = new Map<string, DevPtsNode>()

  constructor(fs: DevPts, maker: Caller) {
    super(fs, maker, ROOT_INO, S_IFDIR | 0o755)
    this.nlink = 2
  }

  override lookup(_caller: Caller, name: string): Inode | number {
    return this.entries.get(name) ?? -ENOENT
  }

  override create(): number {
    return -EACCES
  }

  /** Offsets are inode numbers, which stay while others come and go. */
  override readdir(_caller: Caller, offset: number, sink: DirectorySink): number {
    const sorted = [...this.entries].sort(([, a], [, b]) => a.ino - b.ino)
    for (const [name, node] of sorted)
      if (node.ino > offset && !sink.add(name, node.ino, node.mode, node.ino)) break
    return 0
  }
}

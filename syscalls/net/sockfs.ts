/** The inodes of sockets: what fstat(2) shows of them. */

import { S_IFSOCK, SOCKFS_MAGIC } from '../abi/stat.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Caller } from '../vfs/caller.ts'
import { NamelessInode, NamelessKind } from '../vfs/nameless.ts'

const sockfs = new NamelessKind('sockfs', SOCKFS_MAGIC, 8)

/** One for each socket. */
export class SocketInode extends NamelessInode {
  constructor(kernel: Kernel, maker: Caller) {
    super(sockfs, kernel, maker, S_IFSOCK | 0o777)
  }
}

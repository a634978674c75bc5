/** The inodes of pipes and other files without a name: what fstat(2) shows of them. */

import { PIPEFS_MAGIC, S_IFIFO } from '../../abi/stat.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { Caller } from '../../vfs/caller.ts'
import { NamelessInode, NamelessKind } from '../../vfs/nameless.ts'

const pipefs = new NamelessKind('pipefs', PIPEFS_MAGIC, 0x0d)

/** One for each pipe. */
export class PipeInode extends NamelessInode {
  constructor(kernel: Kernel, maker: Caller, mode: number = S_IFIFO | 0o600) {
    super(pipefs, kernel, maker, mode)
  }

  override get blocks(): number {
    return 0
  }
}

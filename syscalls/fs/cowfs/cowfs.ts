/**
 * cowfs: a file system, unchanged, and every change in memory above it. The default for host directories.
 * Path: vfs → the view of fs/viewfs that it is → tmpfs for what was written, the lower file system for the rest.
 */

import type { Clock } from '../../kernel/clock.ts'
import { Credentials } from '../../kernel/credentials.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileSystem } from '../../vfs/inode.ts'
import { Tmpfs } from '../tmpfs/tmpfs.ts'
import { topOf, ViewFs } from '../viewfs/viewfs.ts'

export class CowFs extends ViewFs {
  /** With changes that were made before, `by` looks at them. */
  constructor(clock: Clock, lower: FileSystem, upper = new Tmpfs(clock), by?: Caller) {
    super({
      mode: 'cow',
      type: 'cowfs',
      upper: topOf(upper),
      lower: topOf(lower),
      mounter: new Credentials(0, 0),
      ...(by && { by }),
    })
    if (by) this.records.removeTemporaries(by)
  }
}

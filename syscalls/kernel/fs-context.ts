/** Where a process stands in the tree: working directory, root, umask. Shared by tasks made with CLONE_FS. */

import type { Path } from '../vfs/path.ts'

export class FsContext {
  root: Path
  cwd: Path
  umask = 0o022
  /** Tasks that share it. */
  users = 1

  constructor(root: Path, cwd: Path) {
    this.root = root
    this.cwd = cwd
  }

  copy(): FsContext {
    const made = new FsContext(this.root, this.cwd)
    made.umask = this.umask
    return made
  }
}

/** FileSystemType: what mount(2) and /proc/filesystems know of a kind of file system. fs/index.ts lists them. */

import type { Kernel } from '../kernel/kernel.ts'
import type { Task } from '../kernel/task.ts'
import type { Caller } from './caller.ts'
import type { FileSystem } from './inode.ts'
import type { Path } from './path.ts'

export interface FileSystemType {
  readonly name: string
  /** Needs a source: a file of the mounter's view, an archive say. */
  readonly needsSource: boolean
  /**
   * Makes one; a negative errno when the options are wrong, or BLOCKED. `by` is who mounts, in whose view the source
   * lies: a task, or the kernel itself. `file` is the source where one is needed, null else.
   */
  mount(
    kernel: Kernel,
    source: string,
    options: ReadonlyMap<string, string>,
    by: Caller,
    file: Path | null,
  ): FileSystem | number
  /** One that depends on where it is mounted does it all itself, with the options as they were written: 0 or an errno. */
  mountAt?(task: Task, source: string, place: Path, options: string): number
}

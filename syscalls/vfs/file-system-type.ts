/** FileSystemType: what mount(2) and /proc/filesystems know of a kind of file system. fs/index.ts lists them. */

import type { Clock } from '../kernel/clock.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { FileSystem } from './inode.ts'

export interface FileSystemType {
  readonly name: string
  /** Needs a source (a directory of the host, an image). */
  readonly needsSource: boolean
  /** Makes one, at a time of the clock; a negative errno when the options are wrong. */
  mount(
    kernel: Kernel,
    source: string,
    options: ReadonlyMap<string, string>,
    clock: Clock,
  ): FileSystem | number
}

/** The file-system types, one line each. Path: linux.ts hands the list to the kernel. */

import type { FileSystemType } from '../vfs/file-system-type.ts'
import { devfs } from './devfs/devfs.ts'
import { devpts } from './devpts/devpts.ts'
import { procfs } from './procfs/procfs.ts'
import { sysfs } from './sysfs/sysfs.ts'
import { tarfs } from './tarfs/tarfs.ts'
import { tmpfs } from './tmpfs/tmpfs.ts'

export const fileSystemTypes: readonly FileSystemType[] = [sysfs, tmpfs, devfs, devpts, procfs, tarfs]

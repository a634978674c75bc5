/** Who uses a mount: open files, mappings, working directories and roots. Path: sys/mount.ts asks before EBUSY. */

import { isDirectory, isRegular } from '../abi/stat.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Task } from '../kernel/task.ts'
import type { FileDescription } from '../vfs/file-description.ts'
import type { FileSystem } from '../vfs/inode.ts'
import type { Mount } from '../vfs/path.ts'

function* openFiles(task: Task): Generator<FileDescription> {
  for (const number of task.fds.open()) yield task.fds.get(number)!
}

function taskUses(task: Task, mount: Mount): boolean {
  if (task.fs.cwd.mount === mount || task.fs.root.mount === mount) return true
  if (task.mm.exe?.mount === mount) return true
  for (const vma of task.mm.vmas.all) if (vma.path?.mount === mount) return true
  for (const file of openFiles(task)) if (file.heldPath?.mount === mount) return true
  return false
}

/** Whether anybody would miss it. */
export function mountIsBusy(kernel: Kernel, mount: Mount): boolean {
  for (const task of kernel.tasks.values()) if (taskUses(task, mount)) return true
  return false
}

/** Whether something on it may still be written: an open file, a shared mapping. */
export const mountIsWritten = (kernel: Kernel, mount: Mount): boolean =>
  isWritten(kernel, (other) => other === mount)

/** The same of a file system, whatever mount it was reached by. */
export const fsIsWritten = (kernel: Kernel, fs: FileSystem): boolean =>
  isWritten(kernel, (mount) => mount.attached && mount.fs === fs)

function isWritten(kernel: Kernel, isMeant: (mount: Mount) => boolean): boolean {
  for (const task of kernel.tasks.values()) {
    for (const vma of task.mm.vmas.all)
      if (vma.shared && vma.mayWrite && vma.path && isMeant(vma.path.mount)) return true
    for (const file of openFiles(task)) {
      const { mode } = file.inode
      if (!file.writable || !file.path || !isMeant(file.path.mount)) continue
      if (isRegular(mode) || isDirectory(mode)) return true
    }
  }
  return false
}

/**
 * sysfs: /sys, devices and settings of the kernel as a tree of small files. Nothing of it can be written here. What is in
 * it: tree.ts. sysfs(5).
 */

import { SYSFS_MAGIC } from '../../abi/stat.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import { KernelFs, ProcDirectory, type ProcEntry } from '../procfs/nodes.ts'
import { SysLink, type SysTree, sysTree } from './tree.ts'

class SysFs extends KernelFs {
  readonly type: string = 'sysfs'
  override readonly blockSize = 4096
  protected override readonly fileSize = 4096
  readonly root: ProcDirectory

  constructor(kernel: Kernel) {
    super(kernel, SYSFS_MAGIC)
    // Made when somebody first looks: most programs never do.
    let entries: ProcEntry[] | null = null
    this.root = new ProcDirectory(this, 1, () => (entries ??= this.entriesOf(sysTree(kernel))))
  }

  private entriesOf(tree: SysTree): ProcEntry[] {
    return Object.entries(tree).map(([name, node]) => {
      if (typeof node === 'string') return this.file(name, () => node)
      if (typeof node === 'function') return this.file(name, node)
      if (node instanceof SysLink) return this.link(name, () => node.target)
      return this.directory(name, this.entriesOf(node), 0o755)
    })
  }
}

export const sysfs: FileSystemType = {
  name: 'sysfs',
  needsSource: false,
  mount: (kernel) => new SysFs(kernel),
}

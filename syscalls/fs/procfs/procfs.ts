/** procfs: /proc with one directory for each process and what programs read of the machine. proc(5). */

import { PROC_SUPER_MAGIC, S_IFDIR } from '../../abi/stat.ts'
import { msgText, semText, shmText } from '../../ipc/ipc.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import { MACHINE_FILES, PRIVATE_FILES } from './machine.ts'
import { KernelFs, ProcDirectory, type ProcEntry } from './nodes.ts'
import { own, ProcessDirectory, threadDirectory } from './process-files.ts'
import { sysctlEntries } from './sysctl.ts'

class ProcFs extends KernelFs {
  readonly type: string = 'proc'
  readonly root: ProcDirectory

  constructor(kernel: Kernel) {
    super(kernel, PROC_SUPER_MAGIC)
    const fixed = machineEntries(this, kernel)
    this.root = new ProcDirectory(
      this,
      1,
      () => [...fixed, ...this.processes(kernel)],
      (name) => (/^[1-9]\d*$/.test(name) ? threadDirectory(this, kernel, Number(name)) : null),
    )
  }

  private processes(kernel: Kernel): ProcEntry[] {
    return [...kernel.groups].map(([pid, group]) => {
      const make = (): ProcDirectory => own(group, new ProcessDirectory(this, kernel, group))
      return { name: String(pid), ino: (pid + 16) * 0x10000, mode: S_IFDIR | 0o555, make }
    })
  }
}

function machineEntries(fs: ProcFs, kernel: Kernel): ProcEntry[] {
  const files = Object.entries(MACHINE_FILES).map(([name, made]) => {
    const mode = PRIVATE_FILES.includes(name) ? 0o400 : 0o444
    if (typeof made === 'function') return fs.file(name, (caller) => made(kernel, caller.world), null, mode)
    return fs.directory(
      name,
      Object.entries(made).map(([inside, text]) => fs.file(inside, (caller) => text(kernel, caller.world))),
    )
  })
  return [
    ...files,
    fs.link('self', (pid) => String(pid)),
    fs.link('thread-self', (pid, tid) => `${pid}/task/${tid}`),
    fs.link('mounts', () => 'self/mounts'),
    fs.link('net', () => 'self/net'),
    fs.directory('sysvipc', [
      fs.file('msg', ({ world }) => msgText(world.ipc)),
      fs.file('sem', ({ world }) => semText(world.ipc)),
      fs.file('shm', ({ world }) => shmText(world.ipc)),
    ]),
    fs.directory('sys', sysctlEntries(fs, kernel)),
  ]
}

export const procfs: FileSystemType = {
  name: 'proc',
  needsSource: false,
  mount: (kernel) => new ProcFs(kernel),
}

/** procfs: /proc with one directory for each process and what programs read of the machine. proc(5). */

import { ENOENT } from '../../abi/errno.ts'
import { PROC_SUPER_MAGIC, S_IFDIR } from '../../abi/stat.ts'
import { msgText, semText, shmText } from '../../ipc/ipc.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import type { PidNamespace } from '../../kernel/pid-namespace.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { FileSystemType } from '../../vfs/file-system-type.ts'
import { MACHINE_FILES, PRIVATE_FILES } from './machine.ts'
import { KernelFs, ProcDirectory, type ProcEntry } from './nodes.ts'
import { own, ProcessDirectory, threadDirectory } from './process-files.ts'
import { sysctlEntries } from './sysctl.ts'

class ProcFs extends KernelFs {
  readonly type: string = 'proc'
  readonly root: ProcDirectory

  /** Of whoever mounted it: what it shows. */
  override readonly pids: PidNamespace

  constructor(kernel: Kernel, pids: PidNamespace) {
    super(kernel, PROC_SUPER_MAGIC)
    this.pids = pids
    const fixed = machineEntries(this, kernel)
    this.root = new ProcDirectory(
      this,
      1,
      (caller) => [...fixed, ...this.processes(kernel, caller)],
      (name, caller) =>
        /^[1-9]\d*$/.test(name) ? threadDirectory(this, kernel, Number(name), caller) : null,
    )
  }

  private processes(kernel: Kernel, caller: Caller): ProcEntry[] {
    const { reach } = caller.world
    const entries: ProcEntry[] = []
    for (const [pid, group] of kernel.groups) {
      const number = this.pids.shown(pid)
      if (number === 0 || reach?.(group) === false) continue
      const make = (): ProcDirectory => own(group, new ProcessDirectory(this, kernel, group))
      entries.push({ name: String(number), ino: (pid + 16) * 0x10000, mode: S_IFDIR | 0o555, make })
    }
    return entries
  }
}

function machineEntries(fs: ProcFs, kernel: Kernel): ProcEntry[] {
  const files = Object.entries(MACHINE_FILES).map(([name, made]) => {
    const mode = PRIVATE_FILES.includes(name) ? 0o400 : 0o444
    if (typeof made === 'function')
      return fs.file(name, (caller) => made(kernel, caller.world, caller), null, mode)
    return fs.directory(
      name,
      Object.entries(made).map(([inside, text]) =>
        fs.file(inside, (caller) => text(kernel, caller.world, caller)),
      ),
    )
  })
  return [
    ...files,
    fs.link('self', ({ processId }) => {
      const pid = fs.pids.shown(processId)
      return pid === 0 ? -ENOENT : String(pid)
    }),
    fs.link('thread-self', ({ processId, threadId }) => {
      const pid = fs.pids.shown(processId)
      return pid === 0 ? -ENOENT : `${pid}/task/${fs.pids.shown(threadId)}`
    }),
    fs.link('mounts', () => 'self/mounts'),
    fs.link('net', () => 'self/net'),
    fs.directory('sysvipc', [
      fs.file('msg', ({ world, pids }) => msgText(world.ipc, pids)),
      fs.file('sem', ({ world }) => semText(world.ipc)),
      fs.file('shm', ({ world, pids }) => shmText(world.ipc, pids)),
    ]),
    fs.directory('sys', sysctlEntries(fs, kernel)),
  ]
}

export const procfs: FileSystemType = {
  name: 'proc',
  needsSource: false,
  mount: (kernel, _source, _options, by) => new ProcFs(kernel, by.pids),
}

/** PidFile: a process held by a descriptor, pidfd_open(2). Ready to read once the process has ended. */

import { O_RDWR } from '../abi/fcntl.ts'
import { POLLHUP, POLLIN, POLLRDNORM } from '../abi/poll.ts'
import { AnonymousFile } from '../fs/anonfs/anonfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { PidNamespace } from '../kernel/pid-namespace.ts'
import { GROUP_ALIVE, GROUP_REAPED, type ThreadGroup } from '../kernel/thread-group.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'

export class PidFile extends AnonymousFile {
  readonly group: ThreadGroup

  constructor(kernel: Kernel, group: ThreadGroup, statusFlags: number) {
    super(kernel, '[pidfd]', O_RDWR | statusFlags)
    this.group = group
  }

  override poll(): number {
    const { state } = this.group
    if (state === GROUP_ALIVE) return 0
    return POLLIN | POLLRDNORM | (state === GROUP_REAPED ? POLLHUP : 0)
  }

  override pollQueue(): WaitQueue {
    return this.group.ended
  }

  override details(pids: PidNamespace): string {
    const { group } = this
    if (group.state === GROUP_REAPED) return 'Pid:\t-1\nNSpid:\t-1\n'
    const numbers = pids.shown(group.pid) === 0 ? [0] : pids.shownFrom(group.pid, group.pids)
    return `Pid:\t${numbers[0]}\nNSpid:\t${numbers.join('\t')}\n`
  }
}

/** PidFile: a process held by a descriptor, pidfd_open(2). Ready to read once the process has ended. */

import { O_RDWR } from '../abi/fcntl.ts'
import { POLLHUP, POLLIN, POLLRDNORM } from '../abi/poll.ts'
import { AnonymousFile } from '../fs/anonfs/anonfs.ts'
import type { Kernel } from '../kernel/kernel.ts'
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

  override get details(): string {
    const pid = this.group.state === GROUP_REAPED ? -1 : this.group.pid
    return `Pid:\t${pid}\nNSpid:\t${pid}\n`
  }
}

/**
 * The embedder as a caller of the kernel's files: root, and able to wait. What a task does by going to sleep, this does
 * by a promise. Path: kernel-files.ts and pipe-streams.ts call the VFS with it.
 */

import { BLOCKED, errnoOf } from '../syscalls/abi/errno.ts'
import { LP64 } from '../syscalls/abi/struct.ts'
import type { World } from '../syscalls/engines/world.ts'
import type { Host } from '../syscalls/host.ts'
import { Credentials } from '../syscalls/kernel/credentials.ts'
import type { PidNamespace } from '../syscalls/kernel/pid-namespace.ts'
import type { Waiter, WaitQueue } from '../syscalls/kernel/wait-queue.ts'
import type { Caller } from '../syscalls/vfs/caller.ts'

export class HostCaller implements Caller, Waiter {
  readonly world: World
  readonly credentials = new Credentials(0, 0)
  readonly pids: PidNamespace
  readonly processId = 0
  readonly threadId = 0
  /** An embedder has no guest memory: ioctls with pointers fail with EFAULT. */
  readonly memory = {
    model: LP64,
    copyOut: () => false,
    copyIn: () => null,
    getU32: () => -1,
    setU32: () => false,
  }
  /** How far a call came that goes on after a wait. */
  progress = 0
  progressState: unknown = null
  private readonly settled = new Map<string, unknown>()
  private waiting: Promise<void> = Promise.resolve()
  private wake: () => void = () => {}
  private readonly host: Host | null

  /** With a host, it is told of each wake-up: what waits for a stream is not to wait for other programs as well. */
  constructor(world: World, host: Host | null = null) {
    this.host = host
    this.world = world
    this.pids = world.pids
  }

  blockOn(queue: WaitQueue): number {
    queue.add(this)
    this.waiting = new Promise((resolve) => (this.wake = resolve))
    return BLOCKED
  }

  wokenBy(): void {
    this.host?.hurry?.()
    this.wake()
  }

  signalPending(): boolean {
    return false
  }

  brokenPipe(): void {}

  settle<T extends object>(key: string, start: () => Promise<T>): T | number {
    if (this.settled.has(key)) return this.settled.get(key) as T | number
    this.waiting = start().then(
      (value) => void this.settled.set(key, value),
      (error: unknown) => void this.settled.set(key, -errnoOf(error)),
    )
    return BLOCKED
  }

  /** Repeats a step for as long as it has to wait. */
  async complete<T>(step: () => T | number): Promise<T | number> {
    for (;;) {
      const result = step()
      if (result !== BLOCKED) return result
      await this.waiting
    }
  }
}

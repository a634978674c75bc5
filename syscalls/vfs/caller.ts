/**
 * What the VFS and file systems know of the task that calls: credentials, how to block, where to find devices.
 * Path: kernel/task.ts implements it; a file-system test may pass a plain object.
 */

import type { DataModel } from '../abi/struct.ts'
import type { World } from '../engines/world.ts'
import type { Credentials } from '../kernel/credentials.ts'
import type { PidNamespace } from '../kernel/pid-namespace.ts'
import type { WaitQueue } from '../kernel/wait-queue.ts'

/** Guest memory as an ioctl needs it; every method checks permission, false or null is EFAULT. */
export interface CallerMemory {
  /** How structures lie in it. */
  readonly model: DataModel
  copyOut(addr: number, bytes: Uint8Array): boolean
  copyIn(addr: number, sizeBytes: number): Uint8Array | null
  /** -1 is EFAULT. */
  getU32(addr: number): number
  setU32(addr: number, value: number): boolean
}

export interface Caller {
  readonly credentials: Credentials
  /** What it sees of the system. */
  readonly world: World
  readonly memory: CallerMemory
  /** By which it knows processes. */
  readonly pids: PidNamespace
  /** The machine's number, for /proc/self; 0 is the kernel. */
  readonly processId: number
  /** For /proc/thread-self. */
  readonly threadId: number
  /** Queues the caller and returns BLOCKED; or -ERESTARTSYS at once when a signal is pending. */
  blockOn(queue: WaitQueue): number
  /** Whether a deliverable signal waits. */
  signalPending(): boolean
  /** Sends SIGPIPE to the caller. */
  brokenPipe(): void
  /**
   * The value of an asynchronous step, for file systems that answer with promises. The first time it starts the
   * step and returns BLOCKED; when the handler runs again the same key gives the value at once, so no side
   * effect is repeated. A rejection is a negative errno: its `errno` name in `code`, else EIO.
   */
  settle<T extends object>(key: string, start: () => Promise<T>): T | number
}

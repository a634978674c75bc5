/**
 * `umwelt` on a page: the public API, with each machine in a Worker of its own.
 * Path: the entry point of dist/browser/umwelt.js; worker.ts is the other end.
 */

import type { Channel } from '../../../syscalls/engines/remote/link.ts'
import type * as api from '../../api.ts'
import { StartError } from '../../errors.ts'
import { RemoteMachine } from '../../remote/remote-machine.ts'

export { RUN, SKIPCALL, SKIPEXIT } from '../../../syscalls/engines/engine.ts'
export type { Channel } from '../../../syscalls/engines/remote/link.ts'
export type { PlainEngine, PlainEvent, PlainReply } from '../../../syscalls/engines/remote/plain.ts'
export type { AsyncFiles } from '../../../syscalls/fs/asyncfs/async-files.ts'
export type { HostFiles } from '../../../syscalls/fs/hostfs/host-files.ts'
export {
  DEFAULT_PATH,
  type EngineChoice,
  type EngineModule,
  type ExitStatus,
  type GuestFiles,
  type GuestProcess,
  type GuestView,
  type Limits,
  type MachineEvents,
  type MachineOptions,
  type PersistChoice,
  type SpawnOptions,
  type StandardStreams,
  type StorageState,
  type TerminalOptions,
} from '../../api.ts'
export { FileError, StartError } from '../../errors.ts'
export { FileStats } from '../../file-stats.ts'
export type { ImageChoice } from '../../images.ts'
export type { FileEntry, FileSystemChoice, MountChoice, VolumeMode } from '../../mounting.ts'
export { asyncFilesOf, type PromiseFiles } from '../../promise-files.ts'

export type Machine = api.Machine

export const Machine = {
  /** Makes a machine in a new Worker. Rejects with StartError, also when this browser cannot have one. */
  async create(options: api.MachineOptions = {}): Promise<Machine> {
    const ended = new AbortController()
    const machine = await RemoteMachine.connect(workerChannel(ended), options)
    if (options.persist !== undefined) saveWhenHidden(machine, ended.signal)
    return machine
  },
}

/** A page that is no longer seen may be ended at any time. */
function saveWhenHidden(machine: Machine, signal: AbortSignal): void {
  const { document } = globalThis as { document?: EventTarget & { visibilityState: string } }
  const save = (): void => {
    if (document?.visibilityState === 'hidden') machine.save().catch(() => {})
  }
  document?.addEventListener('visibilitychange', save, { signal })
}

/** A new Worker as a channel, which ends it whatever it is doing; `ended` is told. */
function workerChannel(ended: AbortController): Channel {
  const failed = (why: string): StartError =>
    new StartError('EIO', `the machine's Worker cannot be loaded${why && `: ${why}`}`)
  if (typeof Worker === 'undefined') throw failed('there are no Workers here')
  let worker: Worker
  try {
    // Bundlers look for exactly this.
    worker = new Worker(new URL('./umwelt-worker.js', import.meta.url), { type: 'module' })
  } catch (error) {
    throw failed((error as Error).message)
  }
  let hasSpoken = false
  return {
    send: (message, transfer = []) => worker.postMessage(message, transfer as Transferable[]),
    listen(onMessage, onClosed) {
      worker.addEventListener('message', ({ data }) => {
        hasSpoken = true
        onMessage(data)
      })
      // What is thrown in a Worker that runs is in the console, and no reason to give the machine up.
      worker.addEventListener('error', ({ message = '' }) => {
        if (!hasSpoken) onClosed(failed(message).message)
      })
    },
    close() {
      worker.terminate()
      ended.abort()
    },
  }
}

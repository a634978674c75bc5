/**
 * What the platform's entry module (host/node/index.ts, host/browser/worker.ts) gives to machines that were not given
 * their own: a host and a root.
 */

import type { TranslationStore } from '../emu/run/index.ts'
import type { Host } from '../syscalls/host.ts'
import type { Limits } from './api.ts'
import type { FileSystemChoice } from './mounting.ts'
import type { OwnStore } from './storage/blob-store.ts'

export interface HostWishes {
  /** A simulated clock and seeded random bytes: the same seed gives the same run. */
  readonly seed: number | undefined
  /** Takes the emulator's own lines. */
  readonly diagnostics: (line: string) => void
}

export interface Platform {
  /** What machines may use where nothing else is said. */
  readonly limits: Limits
  /** Makes a host, and says how to let go of it. */
  makeHost(wishes: HostWishes): { host: Host; close: () => Promise<void> }
  /** What `/` is unless said: the embedded userland where there is one. */
  makeRoot(): Promise<FileSystemChoice>
  /** Where what has that name is kept, for one machine at a time; or why there is no such place. */
  openStore(name: string): Promise<OwnStore | string>
  /** Code that earlier machines translated, for one that is kept itself. */
  openTranslations(): Promise<TranslationStore | null>
}

let current: Platform | null = null

/** Called once by the platform's entry module. */
export function providePlatform(platform: Platform): void {
  current = platform
}

export function platform(): Platform {
  if (!current) throw new Error('no platform: import umwelt, or pass a host and a root')
  return current
}

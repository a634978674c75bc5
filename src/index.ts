/**
 * Umwelt's public API without a platform: `umwelt` adds Node's or the browser's (see host/node/index.ts,
 * host/browser/index.ts).
 */

export type { Cpu } from '../emu/run/cpu.ts'
export { type CpuKind, type CpuOptions, createCpu } from '../emu/run/index.ts'
export { deny } from '../syscalls/engines/deny/deny.ts'
export {
  allCalls,
  calls,
  type Engine,
  type Interest,
  RUN,
  SKIPCALL,
  SKIPEXIT,
  type Verdict,
} from '../syscalls/engines/engine.ts'
export type { OptionsLike } from '../syscalls/engines/options.ts'
export { proc } from '../syscalls/engines/proc/proc.ts'
export { type StraceOptions, strace } from '../syscalls/engines/strace/strace.ts'
export { type TimeEngine, time } from '../syscalls/engines/time/time.ts'
export type { HostFiles } from '../syscalls/fs/hostfs/host-files.ts'
export type { Host, HostClock, HostInput, HostOutput, HostRandom } from '../syscalls/host.ts'
export { FileError, StartError } from './errors.ts'
export { FileStats, GuestFiles } from './guest-files.ts'
export { type ExitStatus, GuestProcess } from './guest-process.ts'
export {
  DEFAULT_PATH,
  type Limits,
  Machine,
  type MachineEvents,
  type MachineOptions,
  type MachineParts,
  type SpawnOptions,
} from './machine.ts'
export type { FileSystemChoice, MountChoice, VolumeMode } from './mounting.ts'
export type { TerminalOptions } from './terminal-streams.ts'

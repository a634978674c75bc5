/**
 * Umwelt's public API without a platform: `umwelt` adds Node's or the browser's (see host/node/index.ts,
 * host/browser/index.ts).
 */

export type { Cpu } from '../emu/run/cpu.ts'
export { type CpuKind, type CpuOptions, createCpu } from '../emu/run/index.ts'
export { allow } from '../syscalls/engines/allow/allow.ts'
export type { SyscallCall } from '../syscalls/engines/call.ts'
export { COMBINATIONS, type Combination, interestIn, type Phases } from '../syscalls/engines/combinations.ts'
export { interrupt, NoSuchTaskError, report, resume, step, stop } from '../syscalls/engines/control.ts'
export { deny } from '../syscalls/engines/deny/deny.ts'
export {
  allCalls,
  calls,
  type Engine,
  type ExitReport,
  type Interest,
  type JobReport,
  type Late,
  noCalls,
  type ReapReport,
  RUN,
  SIGNAL_CORE,
  SIGNAL_DELIVER,
  SIGNAL_HOLD,
  SIGNAL_IGN,
  SIGNAL_STOP,
  SIGNAL_TERM,
  SIGNAL_TSTP,
  type SignalReport,
  type SignalVerdict,
  SKIPCALL,
  SKIPEXIT,
  STOP,
  type StepUnit,
  type Verdict,
} from '../syscalls/engines/engine.ts'
export { id } from '../syscalls/engines/id/id.ts'
export { name } from '../syscalls/engines/name/name.ts'
export type { OptionsLike } from '../syscalls/engines/options.ts'
export { OwnCalls } from '../syscalls/engines/own-calls.ts'
export type { PathService } from '../syscalls/engines/path-services.ts'
export { proc } from '../syscalls/engines/proc/proc.ts'
export { type RecordEngine, type Recording, record } from '../syscalls/engines/record/record.ts'
export { remoteFiles, serveFiles } from '../syscalls/engines/remote/files.ts'
export {
  type Channel,
  ProtocolError,
  remoteEngine,
  servePlainEngine,
} from '../syscalls/engines/remote/link.ts'
export {
  type PlainEngine,
  type PlainEvent,
  type PlainReply,
  plainEngine,
} from '../syscalls/engines/remote/plain.ts'
export type { Service } from '../syscalls/engines/services.ts'
export { type StraceOptions, strace } from '../syscalls/engines/strace/strace.ts'
export { type TimeEngine, time } from '../syscalls/engines/time/time.ts'
export { type Change, type ViewFsEngine, viewfs } from '../syscalls/engines/viewfs/viewfs.ts'
export type { AsyncFiles } from '../syscalls/fs/asyncfs/async-files.ts'
export type { HostFiles } from '../syscalls/fs/hostfs/host-files.ts'
export type { ByteSource } from '../syscalls/fs/tarfs/byte-source.ts'
export { type TextFile, textFile } from '../syscalls/fs/textfs/textfs.ts'
export type { Host, HostClock, HostInput, HostOutput, HostRandom } from '../syscalls/host.ts'
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
} from './api.ts'
export { messagePortChannel, webSocketChannel } from './channels.ts'
export { FileError, StartError } from './errors.ts'
export { FileStats } from './file-stats.ts'
export type { ImageChoice } from './images.ts'
export { LocalMachine as Machine } from './local-machine.ts'
export type { FileEntry, FileSystemChoice, MountChoice, VolumeMode } from './mounting.ts'
export { asyncFilesOf, type PromiseFiles } from './promise-files.ts'

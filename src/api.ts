/**
 * What users of the library hold, in Node and on a page: a machine, its programs, views and files. Whatever the machine
 * has to answer is a promise, so one program works unchanged with a machine that is beside it and one that is in a Worker.
 * Path: local-machine.ts is one over the kernel, remote/remote-machine.ts one at the other end of a channel.
 *
 *   await using machine = await Machine.create()
 *   const echo = await machine.spawn('echo', ['hello'])
 *   console.log(await new Response(echo.stdout).text(), await echo.exited)
 */

import type { Cpu } from '../emu/run/cpu.ts'
import type { CpuKind } from '../emu/run/index.ts'
import type { Engine } from '../syscalls/engines/engine.ts'
import type { OptionsLike } from '../syscalls/engines/options.ts'
import type { PlainEngine } from '../syscalls/engines/remote/plain.ts'
import type { Host } from '../syscalls/host.ts'
import type { FileStats } from './file-stats.ts'
import type { FileSystemChoice, MountChoice } from './mounting.ts'

/** Where a bare program name is looked for unless `env.PATH` says otherwise. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** What a machine's programs may use; in a page 1 GiB of memory and of files in memory unless said, else no limit. */
export interface Limits {
  /** Memory of all processes together: more at once is ENOMEM, and when it is used up the largest process is killed. */
  readonly memoryBytes?: number
  /** Processes and threads at the same time: beyond, fork fails with EAGAIN. */
  readonly processes?: number
  /** Descriptors of a process (RLIMIT_NOFILE): beyond, open fails with EMFILE. */
  readonly openFiles?: number
  /** Contents of all files that live in memory: beyond, write fails with ENOSPC. */
  readonly diskBytes?: number
  /** Processor time of a process, in seconds (RLIMIT_CPU): SIGXCPU, and SIGKILL a second later. */
  readonly cpuSeconds?: number
}

/** A module whose default export makes engines of its options. It is loaded where the machine is, in a Worker too. */
export interface EngineModule {
  readonly module: URL | string
  readonly options?: OptionsLike
}

/**
 * An engine: its name and options as the command line has them (`name,nodename=mars`), a module, a plain engine, which
 * stays where it was made, or an engine with callbacks into the kernel, which must be where the machine is.
 */
export type EngineChoice = string | URL | EngineModule | PlainEngine | Engine

/** What `push` returns: what it was given, or of a string something to `remove` it by. */
export type Pushed<E extends EngineChoice> = E extends string ? { readonly name: string } : E

/** Under which name what a machine changes of its root is kept in this browser. */
export interface PersistChoice {
  /** Letters, digits, `.`, `_` and `-`. One machine at a time has a name: others of it run without being kept. */
  readonly name: string
  /** Forgets what is kept under the name. */
  readonly fresh?: boolean
}

/**
 * `saved`: all changes are stored. `changed`: some are not yet. `failed`: they cannot be, and it is tried again when something
 * changes; what was stored before is still there. `off`: nothing is kept.
 */
export type StorageState = 'saved' | 'changed' | 'failed' | 'off'

/** What may be said of a machine; the platform gives host, root, /proc, /dev and /tmp where nothing is said. */
export interface MachineOptions {
  /** Clock, random bytes and streams. Only where the machine is beside its user. */
  readonly host?: Host
  /** The kind of CPU, or one that was made where the machine is. */
  readonly cpu?: CpuKind | Cpu
  /** Simulated clock and seeded random bytes: the same seed gives the same run. */
  readonly seed?: number
  /** What `/` is; the embedded userland unless said. */
  readonly root?: FileSystemChoice
  /**
   * Keeps all changes to `/` (not to other mounts) in this browser under a name: the next machine of that name and root goes on
   * with them. Translated code is kept too. Rejects with StartError ESTALE when the changes that are kept were made to
   * another root, and EUCLEAN when they are damaged; with `fresh` they are forgotten.
   */
  readonly persist?: string | PersistChoice
  /** Mounted in order. */
  readonly mounts?: readonly MountChoice[]
  /** The first one lowest. */
  readonly engines?: readonly EngineChoice[]
  readonly hostname?: string
  readonly uid?: number
  readonly gid?: number
  readonly limits?: Limits
  /** A line on the diagnostic channel for a program that dies of a fault. */
  readonly explainFaults?: boolean
}

/** The terminal a program is started on. */
export interface TerminalOptions {
  readonly columns: number
  readonly rows: number
  /** TERM, unless `env` has one; `xterm-256color` unless given. */
  readonly term?: string
}

export interface SpawnOptions {
  /** The whole environment; a PATH and HOME unless given. */
  readonly env?: Readonly<Record<string, string>>
  /** Working directory, `/` unless given. */
  readonly cwd?: string
  /** argv[0]; the path unless given. */
  readonly argv0?: string
  /** Kills the program (SIGKILL) when it is aborted. */
  readonly signal?: AbortSignal
  /**
   * `pipe`: streams of the GuestProcess. `inherit`: the host's streams, in a browser the console. `ignore`: /dev/null.
   * `pipe` unless given.
   */
  readonly stdio?: 'pipe' | 'inherit' | 'ignore'
  /** Starts it in a nested view with these engines on top, the last one newest. */
  readonly engines?: readonly EngineChoice[]
  /** Starts it on a terminal of its own, instead of `stdio`: `stdin`, one output stream `stdout`, and `resize`. */
  readonly tty?: TerminalOptions
}

/** How a program ended: by exit, with a code, or by a signal, with its name (`SIGSEGV`). */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: string | null
}

/** What `machine.on` tells of. */
export interface MachineEvents {
  /** A process was made by another one. */
  fork: [pid: number, parentPid: number]
  /** A process changed to another program. */
  exec: [pid: number, path: string]
  /** A task ended: a process when tid and pid are equal, else one of its threads. */
  exit: [pid: number, tid: number, status: ExitStatus]
  /** Bytes of an image were fetched: so many of it until now. */
  image: [url: string, loadedBytes: number, sizeBytes: number]
  /** What is kept of the machine, and why it is not: now, for each new listener, and when it is otherwise. */
  storage: [state: StorageState, why: string]
  /** The emulator says something to whoever runs it: a missing system call, a refused program. */
  diagnostic: [line: string]
}

export interface Machine extends AsyncDisposable {
  /** The machine's files, as `fs.promises` has them. */
  readonly fs: GuestFiles
  /** What programs see that are in no nested view. */
  readonly view: GuestView
  /**
   * Starts a program: a guest path, or a bare name that is looked for in PATH. Rejects with StartError when it cannot be
   * started, and with the signal's reason when that is already aborted.
   */
  spawn(path: string, args?: readonly string[], options?: SpawnOptions): Promise<GuestProcess>
  /** Runs a program on the host's own streams to its end. */
  run(path: string, args?: readonly string[], options?: SpawnOptions): Promise<ExitStatus>
  /** Puts an engine on top of the machine's view: that of every program but those in nested views, running ones too. */
  use<E extends EngineChoice>(engine: E): Promise<Pushed<E>>
  /** Calls back at an event until the returned function is called. */
  on<E extends keyof MachineEvents>(event: E, listener: (...args: MachineEvents[E]) => void): () => void
  /** With `persist`: resolves when all changes until now are stored; rejects when they cannot be. */
  save(): Promise<void>
  /** Takes away what is kept of the machine, and keeps nothing more. It goes on until it is disposed of. */
  forget(): Promise<void>
  /** Kills every process and lets go of everything. Resolves when it is done. */
  dispose(): Promise<void>
}

export interface StandardStreams {
  /** Null unless `stdio` is `pipe` or the program has a terminal. */
  readonly stdin: WritableStream<Uint8Array> | null
  readonly stdout: ReadableStream<Uint8Array> | null
  /** A terminal has one stream for all that is written to it: `stdout`. */
  readonly stderr: ReadableStream<Uint8Array> | null
}

/** A program that the embedder started: its standard streams, its end, signals to it. */
export interface GuestProcess extends StandardStreams {
  readonly pid: number
  /** Resolves when the program has ended; rejects only when the machine itself failed. */
  readonly exited: Promise<ExitStatus>
  /** What it sees. Others may share it: those it was started by or has started. */
  readonly view: GuestView
  /** Another size of its terminal. Rejects with StartError without a terminal, and for a size that cannot be. */
  resize(columns: number, rows: number): Promise<void>
  /** Sends a signal by name or number, SIGTERM unless given. False when the program has already ended. */
  kill(signal?: string | number): Promise<boolean>
}

/** A view as its embedder changes it: engines are put on and taken out while its programs run. */
export interface GuestView {
  /**
   * Puts an engine on top. Programs that share the view see it at their next call. Rejects with StartError for a name
   * that there is not (ENODEV) and for wrong options (EINVAL), and when the engine cannot be there.
   */
  push<E extends EngineChoice>(engine: E): Promise<Pushed<E>>
  /**
   * Takes an engine out, or the newest of a name. Calls that wait for it fail. Rejects with StartError when it is not
   * there (ENOENT), or when something holds it (EBUSY).
   */
  remove(engine: EngineChoice | { readonly name: string }): Promise<void>
  /** The engines, oldest first, each as it was written. */
  list(): Promise<string[]>
}

/**
 * The machine's files for its embedder, in the shape of Node's `fs.promises`. It acts as root, and sees what a program
 * in `/` sees: mounts, symlinks, devices' names. What fails rejects with FileError.
 */
export interface GuestFiles {
  /** The whole file: bytes, or text with `'utf8'`. */
  readFile(path: string): Promise<Uint8Array>
  readFile(path: string, encoding: 'utf8' | 'utf-8'): Promise<string>
  /** Replaces the file, or makes it. */
  writeFile(path: string, contents: Uint8Array | string, options?: { mode?: number }): Promise<void>
  appendFile(path: string, contents: Uint8Array | string, options?: { mode?: number }): Promise<void>
  copyFile(from: string, to: string): Promise<void>
  /** Names without "." and "..". */
  readdir(path: string): Promise<string[]>
  stat(path: string): Promise<FileStats>
  /** Of a symlink itself. */
  lstat(path: string): Promise<FileStats>
  /** Resolves when the name leads somewhere. */
  access(path: string): Promise<void>
  /** The name without symlinks. */
  realpath(path: string): Promise<string>
  mkdir(path: string, options?: { recursive?: boolean; mode?: number }): Promise<void>
  rmdir(path: string): Promise<void>
  unlink(path: string): Promise<void>
  /** `recursive` empties directories first; `force` is content when there is nothing. */
  rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void>
  rename(from: string, to: string): Promise<void>
  symlink(target: string, path: string): Promise<void>
  link(existing: string, path: string): Promise<void>
  readlink(path: string): Promise<string>
  chmod(path: string, mode: number): Promise<void>
  chown(path: string, uid: number, gid: number): Promise<void>
  truncate(path: string, size?: number): Promise<void>
  /** Access and modification time: Dates, or seconds since 1970. */
  utimes(path: string, atime: Date | number, mtime: Date | number): Promise<void>
}

/**
 * The composition root: a host, a CPU, file systems and engines become a machine that runs Linux programs. It is
 * synchronous, as whoever stands beside the kernel can be.
 * Path: the CLI and local-machine.ts make one; it builds syscalls/linux.ts's kernel and drives its loop.
 */

import { PAGE_SIZE } from '../emu/memory/layout.ts'
import type { Cpu } from '../emu/run/cpu.ts'
import { utf8 } from '../syscalls/abi/bytes.ts'
import { EINTR, ENOTDIR } from '../syscalls/abi/errno.ts'
import { RLIMIT_CPU, RLIMIT_NOFILE } from '../syscalls/abi/process.ts'
import { SIGKILL } from '../syscalls/abi/signal.ts'
import { type Engine, noCalls } from '../syscalls/engines/engine.ts'
import type { View } from '../syscalls/engines/view.ts'
import { nullStreams, standardStreams } from '../syscalls/fs/devfs/devfs.ts'
import type { Console } from '../syscalls/fs/devfs/devices.ts'
import type { Host } from '../syscalls/host.ts'
import { Credentials } from '../syscalls/kernel/credentials.ts'
import { release, startFirst } from '../syscalls/kernel/first-task.ts'
import type { Kernel } from '../syscalls/kernel/kernel.ts'
import { beginGroupExit } from '../syscalls/kernel/signal.ts'
import { DEAD } from '../syscalls/kernel/task.ts'
import type { ThreadGroup } from '../syscalls/kernel/thread-group.ts'
import { createLinux } from '../syscalls/linux.ts'
import { applyLimit } from '../syscalls/sys/system.ts'
import type { FileDescription } from '../syscalls/vfs/file-description.ts'
import type { Path } from '../syscalls/vfs/path.ts'
import { FOLLOW, walkPath } from '../syscalls/vfs/walk.ts'
import {
  DEFAULT_PATH,
  type ExitStatus,
  type MachineEvents,
  type MachineOptions,
  type SpawnOptions,
  type StandardStreams,
} from './api.ts'
import { BareProcess, exitStatusOf } from './bare-process.ts'
import { BareView } from './bare-view.ts'
import { StartError, startError } from './errors.ts'
import { HostCaller } from './host-caller.ts'
import { KernelFiles } from './kernel-files.ts'
import { makeFileSystem, mountAt } from './mounting.ts'
import { inputPipe, outputPipe } from './pipe-streams.ts'
import { DEFAULT_TERM, TerminalStreams } from './terminal-streams.ts'

/** As MachineOptions, with nothing left to find out: `/` is an empty tmpfs unless said. */
export interface MachineParts extends Omit<MachineOptions, 'host' | 'cpu' | 'seed' | 'persist' | 'engines'> {
  readonly host: Host
  readonly cpu: Cpu
  readonly engines?: readonly (Engine | string)[]
}

export interface BareSpawnOptions extends Omit<SpawnOptions, 'engines'> {
  readonly engines?: readonly (Engine | string)[]
}

type Listeners = { [E in keyof MachineEvents]: Set<(...args: MachineEvents[E]) => void> }

export class BareMachine implements AsyncDisposable {
  readonly kernel: Kernel
  /** The machine's files, as `fs.promises` has them. */
  readonly fs: KernelFiles
  /** What programs see that are in no nested view. */
  readonly view: BareView
  private readonly console: Console
  private readonly parts: MachineParts
  private readonly listeners: Listeners = {
    fork: new Set(),
    exec: new Set(),
    exit: new Set(),
    image: new Set(),
    storage: new Set(),
    diagnostic: new Set(),
  }
  /** Who waits for the end of a program that spawn started. */
  private readonly waiting = new Map<ThreadGroup, (status: ExitStatus) => void>()
  private readonly failures = new Set<(error: unknown) => void>()
  private loop: Promise<void> | null = null
  private disposed = false

  /** From parts that are all there. Throws StartError. */
  constructor(parts: MachineParts) {
    const { kernel, console } = createLinux({
      host: parts.host,
      cpu: parts.cpu,
      ...(parts.hostname === undefined ? {} : { hostname: utf8(parts.hostname) }),
      explainFaults: parts.explainFaults ?? false,
      taskCountMax: parts.limits?.processes ?? Infinity,
    })
    const { memoryBytes, diskBytes } = parts.limits ?? {}
    if (memoryBytes !== undefined) kernel.memoryPool.pagesMax = Math.floor(memoryBytes / PAGE_SIZE)
    if (diskBytes !== undefined) kernel.diskQuota.sizeMax = diskBytes
    this.kernel = kernel
    this.console = console
    this.parts = parts
    this.fs = new KernelFiles(kernel)
    this.view = new BareView(kernel.view)
    kernel.mountTree.add(
      makeFileSystem(kernel, parts.root ?? { type: 'tmpfs', options: { mode: '755' } }),
      null,
      'rootfs',
    )
    for (const mount of parts.mounts ?? []) mountAt(kernel, mount)
    for (const engine of [this.eventEngine(), ...(parts.engines ?? [])]) this.view.push(engine)
    kernel.onReaped = (group) => {
      const tell = this.waiting.get(group)
      this.waiting.delete(group)
      tell?.(exitStatusOf(group.status))
    }
  }

  /**
   * Starts a program: a guest path, or a bare name that is looked for in PATH. Rejects with StartError when it cannot be
   * started, and with the signal's reason when that is already aborted.
   */
  async spawn(
    path: string,
    args: readonly string[] = [],
    options: BareSpawnOptions = {},
  ): Promise<BareProcess> {
    if (this.disposed) throw new Error('the machine was disposed')
    options.signal?.throwIfAborted()
    if (!options.engines) return this.start(this.kernel.view, path, args, options)
    const view = this.kernel.view.fork()
    try {
      const nested = new BareView(view)
      for (const engine of options.engines) nested.push(engine)
      return await this.start(view, path, args, options)
    } finally {
      // From here on its programs hold it.
      view.drop()
    }
  }

  private async start(
    view: View,
    path: string,
    args: readonly string[],
    options: BareSpawnOptions,
  ): Promise<BareProcess> {
    const { kernel } = this
    const { tty } = options
    const env: Readonly<Record<string, string>> = {
      ...(tty ? { TERM: tty.term ?? DEFAULT_TERM } : {}),
      ...(options.env ?? { PATH: DEFAULT_PATH, HOME: '/root' }),
    }
    const cwd = options.cwd ?? '/'
    const start = await find(view, cwd)
    if (typeof start === 'number') throw startError(start, `working directory ${cwd}`)
    if (!start.inode.isDirectory) throw startError(-ENOTDIR, `working directory ${cwd}`)
    const program = await findInPath(view, path, cwd, env.PATH ?? DEFAULT_PATH)
    const terminal = tty ? new TerminalStreams(kernel, tty) : null
    const { files, streams } = terminal ?? this.standardFiles(options.stdio ?? 'pipe')
    let exited!: Promise<ExitStatus>
    const starting = startFirst(kernel, {
      path: utf8(program),
      argv: [options.argv0 ?? path, ...args].map(utf8),
      env: Object.entries(env).map(([name, value]) => utf8(`${name}=${value}`)),
      cwd: start,
      view,
      credentials: this.credentials(),
      files,
      prepare: (group) => {
        terminal?.control(group)
        this.limit(group)
        exited = this.endOf(group)
      },
    })
    this.drive()
    const task = await starting
    if (typeof task === 'number' || task.state === DEAD) {
      terminal?.hangUp()
      throw startError(typeof task === 'number' ? task : -EINTR, path, kernel.execProblem)
    }
    const process = new BareProcess(kernel, task.group, streams, exited, terminal)
    if (options.signal) killOnAbort(process, options.signal)
    release(task)
    return process
  }

  /** Runs a program on the host's own streams to its end. */
  async run(path: string, args: readonly string[] = [], options: BareSpawnOptions = {}): Promise<ExitStatus> {
    return (await this.spawn(path, args, { stdio: 'inherit', ...options })).exited
  }

  /**
   * Puts an engine on top of the machine's view: that of every program but those in nested views, running ones too.
   * An engine, or its name and options as the command line has them: `name,nodename=mars`. Returns the engine.
   */
  use(engine: Engine | string): Engine {
    return this.view.push(engine)
  }

  /** Calls back at an event until the returned function is called. */
  on<E extends keyof MachineEvents>(event: E, listener: (...args: MachineEvents[E]) => void): () => void {
    this.listeners[event].add(listener)
    return () => void this.listeners[event].delete(listener)
  }

  /** Kills every process and lets go of everything. Resolves when it is done. */
  async dispose(): Promise<void> {
    if (this.disposed) return
    this.disposed = true
    for (const group of this.kernel.groups.values())
      if (group !== this.kernel.init) beginGroupExit(group, SIGKILL)
    this.drive()
    await this.loop
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  /** Keeps the kernel's loop going while there is a task. */
  private drive(): void {
    this.loop ??= this.runTasks()
  }

  private async runTasks(): Promise<void> {
    const { tasks } = this.kernel
    try {
      // The caller of spawn goes on first.
      await Promise.resolve()
      while (tasks.size > 0) await this.kernel.run(() => tasks.size === 0)
    } catch (error) {
      for (const fail of this.failures) fail(error)
    }
    this.loop = null
  }

  private endOf(group: ThreadGroup): Promise<ExitStatus> {
    return new Promise((resolve, reject) => {
      this.failures.add(reject)
      this.waiting.set(group, (status) => {
        this.failures.delete(reject)
        resolve(status)
      })
    })
  }

  private standardFiles(stdio: 'pipe' | 'inherit' | 'ignore'): {
    files: FileDescription[]
    streams: StandardStreams
  } {
    const none = { stdin: null, stdout: null, stderr: null }
    if (stdio === 'inherit') return { files: standardStreams(this.kernel, this.console), streams: none }
    if (stdio === 'ignore') return { files: nullStreams(this.kernel), streams: none }
    const [stdin, stdout, stderr] = [inputPipe(this.kernel), outputPipe(this.kernel), outputPipe(this.kernel)]
    return {
      files: [stdin.end, stdout.end, stderr.end],
      streams: { stdin: stdin.stream, stdout: stdout.stream, stderr: stderr.stream },
    }
  }

  private credentials(): Credentials {
    const { uid = 0, gid = 0 } = this.parts
    const who = new Credentials(uid, gid)
    who.groups = [gid]
    return who
  }

  private limit(group: ThreadGroup): void {
    const { openFiles, cpuSeconds } = this.parts.limits ?? {}
    if (openFiles !== undefined) applyLimit(group, RLIMIT_NOFILE, openFiles, openFiles)
    if (cpuSeconds !== undefined) applyLimit(group, RLIMIT_CPU, cpuSeconds, cpuSeconds + 1)
  }

  /** Tells whoever listens. */
  emit<E extends keyof MachineEvents>(event: E, ...args: MachineEvents[E]): void {
    for (const listener of this.listeners[event]) listener(...args)
  }

  /** The lowest engine asks about no call; it hears of processes. */
  private eventEngine(): Engine {
    return {
      name: 'events',
      isUnlisted: true,
      wants: noCalls,
      clone: (parent, child) => {
        if (child.group !== parent.group) this.emit('fork', child.group.pid, parent.group.pid)
      },
      exec: (task, path) => this.emit('exec', task.group.pid, path),
      death: (task, status) => this.emit('exit', task.group.pid, task.tid, exitStatusOf(status)),
    }
  }
}

/** A place in a view, by its absolute name. */
function find(view: View, name: string): Promise<Path | number> {
  const caller = new HostCaller(view.world)
  const { root } = view.mounts
  return caller.complete(() => walkPath(caller, root, root, utf8(name), FOLLOW))
}

/** A path as it is; a bare name as the first executable file of that name in PATH. */
async function findInPath(view: View, name: string, cwd: string, path: string): Promise<string> {
  if (name === '') throw new StartError('ENOENT', 'the program’s name is empty')
  if (name.includes('/')) return name
  for (const folder of path.split(':')) {
    const candidate = `${folder || cwd}/${name}`
    const found = await find(view, candidate)
    if (typeof found !== 'number' && found.inode.isRegular && found.inode.mode & 0o111) return candidate
  }
  throw new StartError('ENOENT', `${name}: not found in the guest's PATH`)
}

function killOnAbort(process: BareProcess, signal: AbortSignal): void {
  const kill = (): void => void process.kill(SIGKILL)
  signal.addEventListener('abort', kill)
  // While it was starting.
  if (signal.aborted) kill()
  const forget = (): void => signal.removeEventListener('abort', kill)
  process.exited.then(forget, forget)
}

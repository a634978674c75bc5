/**
 * A machine beside its user: the asynchronous form of BareMachine, with what the platform gives.
 * Path: `umwelt` in Node; in a browser the Worker has one, and remote/machine-server.ts serves it to the page.
 */

import { createCpu } from '../emu/run/index.ts'
import type { Engine } from '../syscalls/engines/engine.ts'
import type {
  EngineChoice,
  ExitStatus,
  GuestFiles,
  GuestProcess,
  GuestView,
  Machine,
  MachineEvents,
  MachineOptions,
  Pushed,
  SpawnOptions,
} from './api.ts'
import { BareMachine } from './bare-machine.ts'
import type { BareProcess } from './bare-process.ts'
import type { BareView } from './bare-view.ts'
import { EngineChoices } from './engine-choices.ts'
import type { ImageListener } from './images.ts'
import { type MountChoice, opened } from './mounting.ts'
import { platform } from './platform.ts'

const DEFAULT_MOUNTS: readonly MountChoice[] = [
  { at: '/proc', fs: { type: 'proc' } },
  { at: '/sys', fs: { type: 'sysfs' }, readOnly: true },
  { at: '/dev', fs: { type: 'devtmpfs' } },
  { at: '/dev/pts', fs: { type: 'devpts' } },
  { at: '/tmp', fs: { type: 'tmpfs', options: { mode: '1777' } } },
]

export class LocalMachine implements Machine {
  readonly fs: GuestFiles
  readonly view: GuestView
  private readonly bare: BareMachine
  private readonly engines: EngineChoices
  private readonly closeHost: () => Promise<void>
  /** What was said while the machine was made, for the first who listens. */
  private readonly untold: string[]

  /** A machine with what the platform offers where nothing is said. Rejects with StartError. */
  static async create(options: MachineOptions = {}): Promise<LocalMachine> {
    const { cpu = 'jit', seed, ...rest } = options
    const engines = new EngineChoices()
    let bare: BareMachine | null = null
    const untold: string[] = []
    const say = (line: string): void => {
      if (bare) bare.emit('diagnostic', line)
      else untold.push(line)
    }
    const listener: ImageListener = {
      progress: (...loaded) => bare?.emit('image', ...loaded),
      problem: say,
    }
    const root = await opened(options.root ?? (await platform().makeRoot()), listener)
    const mounts = await Promise.all(
      (options.mounts ?? []).map(async (mount) => ({ ...mount, fs: await opened(mount.fs, listener) })),
    )
    const made = await engines.all(options.engines ?? [])
    const { host, close } = options.host
      ? { host: options.host, close: async () => {} }
      : platform().makeHost({ seed, diagnostics: say })
    try {
      bare = new BareMachine({
        ...rest,
        host,
        cpu: typeof cpu === 'string' ? createCpu(cpu) : cpu,
        root,
        mounts: [...DEFAULT_MOUNTS, ...mounts],
        engines: made,
      })
    } catch (error) {
      await close()
      throw error
    }
    return new LocalMachine(bare, engines, close, untold)
  }

  private constructor(
    bare: BareMachine,
    engines: EngineChoices,
    closeHost: () => Promise<void>,
    untold: string[],
  ) {
    this.untold = untold
    this.bare = bare
    this.engines = engines
    this.closeHost = closeHost
    this.fs = bare.fs
    this.view = new LocalView(() => bare.view, engines)
  }

  async spawn(path: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<GuestProcess> {
    const { engines, ...rest } = options
    const made = engines && (await this.engines.all(engines))
    return new LocalProcess(
      await this.bare.spawn(path, args, { ...rest, ...(made && { engines: made }) }),
      this.engines,
    )
  }

  async run(path: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<ExitStatus> {
    return (await this.spawn(path, args, { stdio: 'inherit', ...options })).exited
  }

  use<E extends EngineChoice>(engine: E): Promise<Pushed<E>> {
    return this.view.push(engine)
  }

  on<E extends keyof MachineEvents>(event: E, listener: (...args: MachineEvents[E]) => void): () => void {
    const off = this.bare.on(event, listener)
    if (event === 'diagnostic')
      for (const line of this.untold.splice(0)) (listener as (line: string) => void)(line)
    return off
  }

  async dispose(): Promise<void> {
    await this.bare.dispose()
    await this.closeHost()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }
}

class LocalProcess implements GuestProcess {
  readonly pid: number
  readonly stdin: WritableStream<Uint8Array> | null
  readonly stdout: ReadableStream<Uint8Array> | null
  readonly stderr: ReadableStream<Uint8Array> | null
  readonly exited: Promise<ExitStatus>
  readonly view: GuestView
  private readonly bare: BareProcess

  constructor(bare: BareProcess, engines: EngineChoices) {
    this.bare = bare
    this.pid = bare.pid
    this.stdin = bare.stdin
    this.stdout = bare.stdout
    this.stderr = bare.stderr
    this.exited = bare.exited
    this.view = new LocalView(() => bare.view, engines)
  }

  async resize(columns: number, rows: number): Promise<void> {
    this.bare.resize(columns, rows)
  }

  async kill(signal: string | number = 'SIGTERM'): Promise<boolean> {
    return this.bare.kill(signal)
  }
}

class LocalView implements GuestView {
  private readonly bare: () => BareView
  private readonly engines: EngineChoices

  constructor(bare: () => BareView, engines: EngineChoices) {
    this.bare = bare
    this.engines = engines
  }

  async push<E extends EngineChoice>(choice: E): Promise<Pushed<E>> {
    const made = await this.engines.of(choice)
    const view = this.bare()
    const pushed: Engine[] = []
    try {
      for (const engine of made) pushed.push(view.push(engine))
    } catch (error) {
      // All of a module's engines, or none.
      for (const engine of pushed) view.remove(engine)
      throw error
    }
    return (typeof choice === 'string' ? pushed[0] : choice) as Pushed<E>
  }

  async remove(choice: EngineChoice | { readonly name: string }): Promise<void> {
    const view = this.bare()
    if (typeof choice === 'string') view.remove(choice)
    else for (const engine of this.engines.madeOf(choice)) view.remove(engine)
  }

  async list(): Promise<string[]> {
    return this.bare().list()
  }
}

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
import { type FileSystemChoice, type MountChoice, type OpenedChoice, opened } from './mounting.ts'
import { platform } from './platform.ts'
import type { StorageListener } from './storage/auto-save.ts'
import { KeptRoot, withoutLayer } from './storage/kept-root.ts'

const DEFAULT_MOUNTS: readonly MountChoice[] = [
  { at: '/proc', fs: { type: 'proc' } },
  { at: '/sys', fs: { type: 'sysfs' }, readOnly: true },
  { at: '/dev', fs: { type: 'devtmpfs' } },
  { at: '/dev/pts', fs: { type: 'devpts' } },
  { at: '/tmp', fs: { type: 'tmpfs', options: { mode: '1777' } } },
]

const NOT_KEPT = ['off', 'it was not asked for (persist)'] as const

/** What `/` is to be, and what keeps its changes if that is wanted. */
async function rootOf(
  { root, persist }: MachineOptions,
  listener: ImageListener,
): Promise<{ root: OpenedChoice; kept: KeptRoot | null }> {
  const choose = async (): Promise<FileSystemChoice> => root ?? platform().makeRoot()
  if (persist === undefined) return { root: await opened(await choose(), listener), kept: null }
  const keeping = KeptRoot.open(persist)
  // It is awaited when the root is there, and may have failed by then.
  keeping.catch(() => {})
  try {
    const lower = await opened(withoutLayer(await choose()), listener)
    const kept = await keeping
    return { root: kept.over(lower), kept }
  } catch (error) {
    await keeping.then(
      (kept) => kept.close(),
      () => {},
    )
    throw error
  }
}

export class LocalMachine implements Machine {
  readonly fs: GuestFiles
  readonly view: GuestView
  private readonly bare: BareMachine
  private readonly engines: EngineChoices
  private readonly kept: KeptRoot | null
  private readonly closeHost: () => Promise<void>
  /** What was said while the machine was made, for the first who listens. */
  private readonly untold: string[]

  /** A machine with what the platform offers where nothing is said. Rejects with StartError. */
  static async create(options: MachineOptions = {}): Promise<LocalMachine> {
    const { cpu = 'jit', seed, persist, ...rest } = options
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
    const made = await engines.all(options.engines ?? [])
    const translations = persist === undefined ? null : platform().openTranslations()
    const mounts = await Promise.all(
      (options.mounts ?? []).map(async (mount) => ({ ...mount, fs: await opened(mount.fs, listener) })),
    )
    const { root, kept } = await rootOf(options, listener)
    const { host, close, limits } = options.host
      ? { host: options.host, close: async () => {}, limits: {} }
      : { ...platform().makeHost({ seed, diagnostics: say }), limits: platform().limits }
    const store = await translations
    try {
      bare = new BareMachine({
        ...rest,
        limits: { ...limits, ...options.limits },
        host,
        cpu: typeof cpu === 'string' ? createCpu(cpu, { ...(store && { store }) }) : cpu,
        root,
        mounts: [...DEFAULT_MOUNTS, ...mounts],
        engines: made,
      })
    } catch (error) {
      await close()
      await kept?.close()
      throw error
    }
    return new LocalMachine(bare, engines, kept, close, untold)
  }

  private constructor(
    bare: BareMachine,
    engines: EngineChoices,
    kept: KeptRoot | null,
    closeHost: () => Promise<void>,
    untold: string[],
  ) {
    this.untold = untold
    this.bare = bare
    this.engines = engines
    this.kept = kept
    this.closeHost = closeHost
    this.fs = bare.fs
    this.view = new LocalView(() => bare.view, engines)
    kept?.onState((...state) => bare.emit('storage', ...state))
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
    const stop = this.bare.on(event, listener)
    if (event === 'storage')
      queueMicrotask(() => (listener as StorageListener)(...(this.kept?.state ?? NOT_KEPT)))
    if (event === 'diagnostic')
      for (const line of this.untold.splice(0)) (listener as (line: string) => void)(line)
    return stop
  }

  async save(): Promise<void> {
    if (!this.kept) throw new Error(NOT_KEPT[1])
    await this.kept.save()
  }

  async forget(): Promise<void> {
    await this.kept?.forget()
  }

  async dispose(): Promise<void> {
    await this.bare.dispose()
    await this.kept?.close()
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

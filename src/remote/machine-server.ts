/**
 * The machine's end of a page: makes one machine and does what is asked of it.
 * Path: the Worker (host/browser/worker.ts), or the other end of any channel.
 */

import { ModuleOptions } from '../../syscalls/engines/options.ts'
import { remoteFiles } from '../../syscalls/engines/remote/files.ts'
import { type Channel, remoteEngine } from '../../syscalls/engines/remote/link.ts'
import { isMessage } from '../../syscalls/engines/remote/questions.ts'
import { remoteSource } from '../../syscalls/engines/remote/source.ts'
import type {
  EngineChoice,
  ExitStatus,
  GuestProcess,
  GuestView,
  Machine,
  MachineEvents,
  MachineOptions,
} from '../api.ts'
import { messagePortChannel } from '../channels.ts'
import { StartError } from '../errors.ts'
import type { FileSystemChoice } from '../mounting.ts'
import {
  FILE_METHODS,
  type FileMethod,
  type MachineRequests,
  ownBytes,
  type SentEngine,
  type SentFileSystem,
  type SentOptions,
  type SentSpawnOptions,
  type Started,
  sentError,
  type ViewNumber,
} from './protocol.ts'

type MakeMachine = (options: MachineOptions) => Promise<Machine>

/** Answers what comes over the channel, until it is closed; then the machine is disposed of. */
export function serveMachine(channel: Channel, make: MakeMachine): void {
  const server = new MachineServer(make, (event, args) => channel.send({ type: 'event', event, args }))
  const answer = async (id: unknown, method: unknown, args: unknown): Promise<void> => {
    try {
      const value = await server.ask(method, args)
      if (value instanceof Uint8Array) {
        const own = ownBytes(value)
        channel.send({ type: 'answer', id, value: own }, [own.buffer])
      } else channel.send({ type: 'answer', id, value })
    } catch (error) {
      channel.send({ type: 'answer', id, error: sentError(error) })
    }
  }
  channel.listen(
    (message) => {
      if (isMessage(message) && message.type === 'ask') void answer(message.id, message.method, message.args)
    },
    () => void server.dispose(),
  )
}

class MachineServer implements MachineRequests {
  private readonly make: MakeMachine
  private readonly tell: (event: string, args: readonly unknown[]) => void
  private machine: Machine | null = null
  private readonly processes = new Map<number, GuestProcess>()
  private readonly readers = new Map<number, ReadableStreamDefaultReader<Uint8Array>>()
  private readonly writers = new Map<number, WritableStreamDefaultWriter<Uint8Array>>()
  /** What was made of what the page sent. */
  private readonly engines = new Map<number, EngineChoice | { readonly name: string }>()
  private readonly listening = new Map<string, () => void>()
  private newest = 0

  constructor(make: MakeMachine, tell: (event: string, args: readonly unknown[]) => void) {
    this.make = make
    this.tell = tell
  }

  /** Throws for what nobody can ask. */
  ask(method: unknown, args: unknown): Promise<unknown> {
    if (!isRequest(method) || !Array.isArray(args)) throw new Error(`a machine has no ${String(method)}`)
    return (this[method] as (...args: unknown[]) => Promise<unknown>)(...args)
  }

  async create(options: SentOptions): Promise<void> {
    const { root, mounts, engines, ...rest } = options
    this.machine = await this.make({
      ...rest,
      ...(root && { root: fileSystemOf(root) }),
      mounts: mounts.map((mount) => ({ ...mount, fs: fileSystemOf(mount.fs) })),
      engines: await Promise.all(engines.map((engine) => this.engineOf(engine))),
    })
  }

  async spawn(path: string, args: readonly string[], options: SentSpawnOptions): Promise<Started> {
    const { engines, ...rest } = options
    const made = engines && (await Promise.all(engines.map((engine) => this.engineOf(engine))))
    const process = await this.there.spawn(path, args, { ...rest, ...(made && { engines: made }) })
    const { pid, stdin, stdout, stderr } = process
    const number = ++this.newest
    this.processes.set(number, process)
    const reader = (stream: ReadableStream<Uint8Array> | null): number =>
      stream ? this.numbered(this.readers, stream.getReader()) : 0
    return {
      process: number,
      pid,
      stdin: stdin ? this.numbered(this.writers, stdin.getWriter()) : 0,
      stdout: reader(stdout),
      stderr: reader(stderr),
    }
  }

  exited(process: number): Promise<ExitStatus> {
    return this.process(process).exited
  }

  kill(process: number, signal: string | number): Promise<boolean> {
    return this.process(process).kill(signal)
  }

  resize(process: number, columns: number, rows: number): Promise<void> {
    return this.process(process).resize(columns, rows)
  }

  async forget(process: number): Promise<void> {
    this.processes.delete(process)
  }

  async push(view: ViewNumber, engine: SentEngine): Promise<{ readonly name: string }> {
    const pushed = await this.view(view).push(await this.engineOf(engine))
    if ('text' in engine) this.engines.set(engine.number, pushed as { readonly name: string })
    return { name: 'name' in pushed ? pushed.name : '' }
  }

  remove(view: ViewNumber, engine: number | string): Promise<void> {
    if (typeof engine === 'string') return this.view(view).remove(engine)
    return this.view(view).remove(known(this.engines, engine))
  }

  list(view: ViewNumber): Promise<string[]> {
    return this.view(view).list()
  }

  async read(stream: number): Promise<Uint8Array | null> {
    const { value, done } = await known(this.readers, stream).read()
    if (!done) return value
    this.readers.delete(stream)
    return null
  }

  cancel(stream: number): Promise<void> {
    return taken(this.readers, stream).cancel()
  }

  write(stream: number, bytes: Uint8Array): Promise<void> {
    return known(this.writers, stream).write(bytes)
  }

  close(stream: number): Promise<void> {
    return taken(this.writers, stream).close()
  }

  abort(stream: number): Promise<void> {
    return taken(this.writers, stream).abort()
  }

  async files(method: FileMethod, args: readonly unknown[]): Promise<unknown> {
    if (!FILE_METHODS.includes(method)) throw new Error(`there is no ${String(method)}`)
    const { fs } = this.there
    const value = await (fs[method] as (...args: unknown[]) => Promise<unknown>).apply(fs, [...args])
    return method === 'stat' || method === 'lstat' ? { ...(value as object) } : value
  }

  async listen(event: keyof MachineEvents, on: boolean): Promise<void> {
    this.listening.get(event)?.()
    this.listening.delete(event)
    if (on)
      this.listening.set(
        event,
        this.there.on(event, (...args) => this.tell(event, args)),
      )
  }

  save(): Promise<void> {
    return this.there.save()
  }

  forgetKept(): Promise<void> {
    return this.there.forget()
  }

  async dispose(): Promise<void> {
    await this.machine?.dispose()
  }

  private get there(): Machine {
    if (!this.machine) throw new Error('there is no machine yet')
    return this.machine
  }

  private process(number: number): GuestProcess {
    return known(this.processes, number)
  }

  private view(number: ViewNumber): GuestView {
    return number === 0 ? this.there.view : this.process(number).view
  }

  private numbered<T>(table: Map<number, T>, value: T): number {
    table.set(++this.newest, value)
    return this.newest
  }

  private async engineOf(sent: SentEngine): Promise<EngineChoice> {
    const before = this.engines.get(sent.number)
    if (before) return before as EngineChoice
    if ('text' in sent) return sent.text!
    let choice: EngineChoice
    if ('port' in sent) choice = await remoteEngine(messagePortChannel(sent.port))
    else if ('module' in sent) choice = { module: sent.module, options: new ModuleOptions(sent.options) }
    else throw new StartError('ENOENT', 'this engine is not known here')
    this.engines.set(sent.number, choice)
    return choice
  }
}

/** The methods that are asked for: everything else of the class is its own. */
const REQUESTS: readonly string[] = [
  'create',
  'spawn',
  'exited',
  'kill',
  'resize',
  'forget',
  'push',
  'remove',
  'list',
  'read',
  'cancel',
  'write',
  'close',
  'abort',
  'files',
  'listen',
  'save',
  'forgetKept',
  'dispose',
] satisfies (keyof MachineRequests)[]

const isRequest = (method: unknown): method is keyof MachineRequests => REQUESTS.includes(method as string)

function known<T>(table: ReadonlyMap<number, T>, number: number): T {
  const value = table.get(number)
  if (value === undefined) throw new Error('it is not known here any more')
  return value
}

function taken<T>(table: Map<number, T>, number: number): T {
  const value = known(table, number)
  table.delete(number)
  return value
}

function fileSystemOf(sent: SentFileSystem): FileSystemChoice {
  if ('port' in sent) return { promises: remoteFiles(messagePortChannel(sent.port)), mode: sent.mode }
  // A file-system type by name may have a source too, which is text.
  if (!('sizeBytes' in sent)) return sent
  const { source, sizeBytes, ...rest } = sent
  return { ...rest, image: remoteSource(messagePortChannel(source), sizeBytes) }
}

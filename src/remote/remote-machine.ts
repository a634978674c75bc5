/**
 * A machine at the other end of a channel, for the page that uses it: everything of api.ts, asked for by messages.
 * Path: host/browser/index.ts connects one to a Worker; machine-server.ts is the other end.
 */

import type { Channel } from '../../syscalls/engines/remote/link.ts'
import { isMessage, Questions } from '../../syscalls/engines/remote/questions.ts'
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
} from '../api.ts'
import { StartError } from '../errors.ts'
import { FileStats, type StatFields } from '../file-stats.ts'
import {
  FILE_METHODS,
  type MachineRequests,
  ownBytes,
  receivedError,
  type SentError,
  type ViewNumber,
} from './protocol.ts'
import { RemoteProcess } from './remote-process.ts'
import { Sending } from './sending.ts'

/** How long a machine that is told to end may take before it is ended. */
const DISPOSE_MS = 1000

/** Asks the machine; what moves along is taken from `sending`. */
export type Ask = <M extends keyof MachineRequests>(
  method: M,
  ...args: Parameters<MachineRequests[M]>
) => ReturnType<MachineRequests[M]>

type Listeners = { [E in keyof MachineEvents]: Set<(...args: MachineEvents[E]) => void> }

export class RemoteMachine implements Machine {
  readonly fs: GuestFiles
  readonly view: GuestView
  private readonly channel: Channel
  private readonly questions: Questions<unknown>
  private readonly sending = new Sending()
  private readonly listeners: Listeners = {
    fork: new Set(),
    exec: new Set(),
    exit: new Set(),
    image: new Set(),
    storage: new Set(),
    diagnostic: new Set(),
  }
  /** Why there is no machine any more; null while there is. */
  private gone: Error | null = null
  private ending: Promise<void> | null = null

  /** Makes a machine at the other end. Closing the channel ends it, whatever it is doing. Rejects with StartError. */
  static async connect(channel: Channel, options: MachineOptions = {}): Promise<RemoteMachine> {
    const machine = new RemoteMachine(channel)
    try {
      await machine.ask('create', machine.sending.options(options))
    } catch (error) {
      const { message } = error as Error
      const why = error instanceof StartError ? error : new StartError('EIO', message)
      machine.end(why)
      throw why
    }
    return machine
  }

  private constructor(channel: Channel) {
    this.channel = channel
    this.questions = new Questions(channel, () => this.gone ?? new Error('the machine is gone'))
    this.fs = remoteFiles(this.ask)
    this.view = new RemoteView(0, this.ask, this.sending)
    channel.listen(
      (message) => this.take(message),
      (why) => this.end(new Error(why ?? 'the connection to the machine is lost')),
    )
  }

  async spawn(path: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<GuestProcess> {
    const { signal, engines, ...rest } = options
    signal?.throwIfAborted()
    const sent = engines && { engines: engines.map((engine) => this.sending.engine(engine)) }
    const started = await this.ask('spawn', path, args, { ...rest, ...sent })
    const view = new RemoteView(started.process, this.ask, this.sending)
    const process = new RemoteProcess(started, view, this.ask, () => this.ending !== null)
    if (signal) killOnAbort(process, signal)
    return process
  }

  async run(path: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<ExitStatus> {
    return (await this.spawn(path, args, { stdio: 'inherit', ...options })).exited
  }

  use<E extends EngineChoice>(engine: E): Promise<Pushed<E>> {
    return this.view.push(engine)
  }

  on<E extends keyof MachineEvents>(event: E, listener: (...args: MachineEvents[E]) => void): () => void {
    const listeners = this.listeners[event]
    // A machine that is gone has nothing to tell, and that is no error.
    const listen = (on: boolean): void => void this.ask('listen', event, on).catch(() => {})
    // Each listener is told of the storage now.
    if (listeners.size === 0 || event === 'storage') listen(true)
    listeners.add(listener)
    return () => {
      if (listeners.delete(listener) && listeners.size === 0) listen(false)
    }
  }

  save(): Promise<void> {
    return this.ask('save')
  }

  forget(): Promise<void> {
    return this.ask('forgetKept')
  }

  dispose(): Promise<void> {
    this.ending ??= this.endSoon()
    return this.ending
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose()
  }

  private async endSoon(): Promise<void> {
    if (this.gone) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const tooLong = new Promise<void>((resolve) => (timer = setTimeout(resolve, DISPOSE_MS)))
    await Promise.race([this.ask('dispose').catch(() => {}), tooLong])
    clearTimeout(timer)
    this.end(new Error('the machine was disposed'))
  }

  private end(why: Error): void {
    if (this.gone) return
    this.gone = why
    this.channel.close()
    this.questions.lose()
    this.sending.close()
  }

  private readonly ask = ((method: keyof MachineRequests, ...args: unknown[]) => {
    if (this.ending && method === 'spawn') return Promise.reject(new Error('the machine was disposed'))
    return this.questions.ask({ type: 'ask', method, args }, this.sending.transfer())
  }) as Ask

  private take(message: unknown): void {
    if (!isMessage(message)) return
    if (message.type === 'answer') {
      const { id, value, error } = message
      this.questions.answer(id, error ? receivedError(error as SentError) : value)
    } else if (message.type === 'event') {
      const { event, args } = message as unknown as { event: keyof MachineEvents; args: never }
      for (const listener of this.listeners[event])
        (listener as (...args: unknown[]) => void)(...(args as []))
    }
  }
}

class RemoteView implements GuestView {
  private readonly number: ViewNumber
  private readonly ask: Ask
  private readonly sending: Sending

  constructor(number: ViewNumber, ask: Ask, sending: Sending) {
    this.number = number
    this.ask = ask
    this.sending = sending
  }

  async push<E extends EngineChoice>(choice: E): Promise<Pushed<E>> {
    const sent = this.sending.engine(choice)
    const { name } = await this.ask('push', this.number, sent)
    if (typeof choice !== 'string') return choice as Pushed<E>
    const pushed = { name }
    this.sending.numbered(pushed, sent.number)
    return pushed as unknown as Pushed<E>
  }

  async remove(choice: EngineChoice | { readonly name: string }): Promise<void> {
    await this.ask('remove', this.number, this.sending.numberOf(choice))
  }

  list(): Promise<string[]> {
    return this.ask('list', this.number)
  }
}

/** Without the rest of the buffer that it is a part of. */
const alone = (arg: unknown): unknown =>
  arg instanceof Uint8Array && arg.length < arg.buffer.byteLength ? ownBytes(arg) : arg

function remoteFiles(ask: Ask): GuestFiles {
  const call = (method: (typeof FILE_METHODS)[number]) => {
    const isStat = method === 'stat' || method === 'lstat'
    return async (...args: unknown[]): Promise<unknown> => {
      const value = await ask('files', method, args.map(alone))
      return isStat ? new FileStats(value as StatFields) : value
    }
  }
  return Object.fromEntries(FILE_METHODS.map((method) => [method, call(method)])) as unknown as GuestFiles
}

function killOnAbort(process: GuestProcess, signal: AbortSignal): void {
  const kill = (): void => void process.kill('SIGKILL').catch(() => {})
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  const forget = (): void => signal.removeEventListener('abort', kill)
  process.exited.then(forget, forget)
}

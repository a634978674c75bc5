/** A program of a machine at the other end of a channel. Path: remote-machine.ts's spawn makes it. */

import type { ExitStatus, GuestProcess, GuestView } from '../api.ts'
import { ownBytes, type Started } from './protocol.ts'
import type { Ask } from './remote-machine.ts'

/** What became of programs whose machine was ended. */
const KILLED: ExitStatus = { code: null, signal: 'SIGKILL' }

export class RemoteProcess implements GuestProcess {
  readonly pid: number
  readonly stdin: WritableStream<Uint8Array> | null
  readonly stdout: ReadableStream<Uint8Array> | null
  readonly stderr: ReadableStream<Uint8Array> | null
  readonly exited: Promise<ExitStatus>
  readonly view: GuestView
  private readonly number: number
  private readonly ask: Ask

  /** `isEnding`: whether the machine is being disposed of. */
  constructor(started: Started, view: GuestView, ask: Ask, isEnding: () => boolean) {
    const { process, pid, stdin, stdout, stderr } = started
    this.number = process
    this.ask = ask
    this.pid = pid
    this.view = view
    this.stdin = stdin ? writable(stdin, ask) : null
    this.stdout = stdout ? readable(stdout, ask, isEnding) : null
    this.stderr = stderr ? readable(stderr, ask, isEnding) : null
    this.exited = ask('exited', process).catch((error: unknown) => {
      if (isEnding()) return KILLED
      throw error
    })
    // Nobody need ask how it ended.
    this.exited.catch(() => {})
    // Whoever has the process has its view.
    forgotten.register(view, () => void ask('forget', process).catch(() => {}))
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.ask('resize', this.number, columns, rows)
  }

  kill(signal: string | number = 'SIGTERM'): Promise<boolean> {
    return this.ask('kill', this.number, signal)
  }
}

/** The other end need not keep what nobody here has any more. */
const forgotten = new FinalizationRegistry<() => void>((tell) => tell())

/** Each piece is asked for when the consumer asks, so the program waits for a slow one. */
function readable(number: number, ask: Ask, isEnding: () => boolean): ReadableStream<Uint8Array> {
  const next = async (): Promise<Uint8Array | null> => {
    try {
      return await ask('read', number)
    } catch (error) {
      if (isEnding()) return null
      throw error
    }
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await next()
        if (bytes) controller.enqueue(bytes)
        else controller.close()
      },
      cancel: () => ask('cancel', number),
    },
    { highWaterMark: 0 },
  )
}

/** A write is done when the program's end has taken it. */
function writable(number: number, ask: Ask): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: (bytes) => ask('write', number, ownBytes(bytes)),
    close: () => ask('close', number),
    abort: () => ask('abort', number),
  })
}

/**
 * The Node host: real clock, real random bytes, the process's own streams.
 * Path: implements syscalls/host.ts for the CLI and for programs that use the library in Node.
 */

import { randomFillSync } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { WriteStream } from 'node:tty'
import type { Host, HostInput, HostOutput } from '../../../syscalls/host.ts'
import { Turns } from '../../turns.ts'

/** Bytes waiting in a Node stream before the guest is made to wait. */
const OUTPUT_WAITING_MAX = 1 << 20
/** Bytes taken from a readable stream ahead of the guest. */
const INPUT_WAITING_MAX = 1 << 18
/** setTimeout's longest delay. */
const TIMEOUT_MS_MAX = 0x7fffffff

class NodeInput implements HostInput {
  readonly isTerminal: boolean
  private readonly stream: Readable
  private readonly pieces: Buffer[] = []
  private waiting = 0
  private ended = false
  private started = false
  private listener: () => void = () => {}

  constructor(stream: Readable) {
    this.stream = stream
    this.isTerminal = (stream as Readable & { isTTY?: boolean }).isTTY === true
  }

  /** Nothing is read before the guest asks: what it does not read is left for whoever shares the stream. */
  private start(): void {
    if (this.started) return
    this.started = true
    this.stream.on('data', (piece: Buffer | string) => {
      const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
      this.pieces.push(bytes)
      this.waiting += bytes.length
      if (this.waiting > INPUT_WAITING_MAX) this.stream.pause()
      this.listener()
    })
    const end = (): void => {
      this.ended = true
      this.listener()
    }
    this.stream.on('end', end)
    this.stream.on('close', end)
    this.stream.on('error', end)
  }

  read(bytes: Uint8Array, at: number, count: number): number {
    this.start()
    const piece = this.pieces[0]
    if (!piece) return this.ended ? 0 : -1
    const taken = Math.min(count, piece.length)
    bytes.set(piece.subarray(0, taken), at)
    if (taken === piece.length) this.pieces.shift()
    else this.pieces[0] = piece.subarray(taken)
    this.waiting -= taken
    if (this.waiting < INPUT_WAITING_MAX && this.stream.isPaused()) this.stream.resume()
    return taken
  }

  available(): number {
    this.start()
    return this.waiting > 0 ? this.waiting : this.ended ? -1 : 0
  }

  onReady(listener: () => void): void {
    this.listener = listener
  }

  /** Lets the process end though the stream is open. */
  stop(): void {
    if (!this.started) return
    this.stream.pause()
    ;(this.stream as Readable & { unref?: () => void }).unref?.()
  }
}

class NodeOutput implements HostOutput {
  private readonly stream: NodeJS.WritableStream & { writableLength?: number }
  private gone = false
  private started = false
  private listener: () => void = () => {}
  private readonly onDrain = (): void => this.listener()
  private readonly onError = (): void => {
    this.gone = true
    this.listener()
  }

  constructor(stream: NodeJS.WritableStream) {
    this.stream = stream
  }

  /** A machine that writes nothing here leaves no listener behind. */
  private start(): void {
    if (this.started) return
    this.started = true
    this.stream.on('error', this.onError)
    this.stream.on('drain', this.onDrain)
  }

  get isTerminal(): boolean {
    return (this.stream as WriteStream).isTTY === true
  }

  get columns(): number {
    return (this.stream as WriteStream).columns ?? 80
  }

  get rows(): number {
    return (this.stream as WriteStream).rows ?? 24
  }

  write(bytes: Uint8Array, at: number, count: number): number {
    this.start()
    if (this.gone) return -1
    if (!this.writable()) return 0
    // A copy: guest memory changes before Node has written it.
    this.stream.write(Buffer.from(bytes.subarray(at, at + count)))
    return count
  }

  writable(): boolean {
    return (this.stream.writableLength ?? 0) < OUTPUT_WAITING_MAX
  }

  onReady(listener: () => void): void {
    this.listener = listener
  }

  /** Resolves when everything was handed to the system and the stream let go. */
  async close(): Promise<void> {
    if (!this.started) return
    if (!this.gone && (this.stream.writableLength ?? 0) > 0)
      await new Promise<void>((resolve) => this.stream.write('', () => resolve()))
    this.started = false
    this.stream.off('drain', this.onDrain)
    // The error listener stays: a reader that goes away later must not end the embedder.
  }
}

export interface NodeHostOptions {
  stdin?: Readable
  stdout?: NodeJS.WritableStream
  stderr?: NodeJS.WritableStream
  diagnostics?: (line: string) => void
}

export class NodeHost implements Host {
  readonly name = 'node'
  readonly stdin: NodeInput
  readonly stdout: NodeOutput
  readonly stderr: NodeOutput
  readonly clock: Host['clock']
  readonly random = {
    fill(bytes: Uint8Array, from: number, count: number): void {
      if (count > 0) randomFillSync(bytes, from, count)
    },
  }
  private readonly tell: (line: string) => void
  private readonly turns = new Turns()
  private wakeUp: (() => void) | null = null

  constructor(options: NodeHostOptions = {}) {
    this.stdin = new NodeInput(options.stdin ?? process.stdin)
    this.stdout = new NodeOutput(options.stdout ?? process.stdout)
    this.stderr = new NodeOutput(options.stderr ?? process.stderr)
    this.tell = options.diagnostics ?? ((line) => process.stderr.write(`umwelt: ${line}\n`))
    // CLOCK_MONOTONIC starts a second before the process did, so that it is never 0.
    const startMs = performance.timeOrigin - 1000
    this.clock = {
      realtimeSecAtZero: Math.floor(startMs / 1000),
      realtimeNsecAtZero: Math.floor((startMs % 1000) * 1e6),
      monotonicNs: () => Math.floor((performance.now() + 1000) * 1e6),
    }
  }

  diagnostics(line: string): void {
    this.tell(line)
  }

  yieldIfDue(): Promise<void> | null {
    if (!this.turns.isDue()) return null
    return new Promise((resolve) =>
      setImmediate(() => {
        this.turns.taken()
        resolve()
      }),
    )
  }

  hurry(): void {
    this.turns.hurry()
  }

  sleepUntil(deadlineNs: number): Promise<void> {
    return new Promise((resolve) => {
      const delayMs = (deadlineNs - this.clock.monotonicNs()) / 1e6
      let timer: NodeJS.Timeout | null = null
      const done = (): void => {
        if (timer) clearTimeout(timer)
        this.wakeUp = null
        this.turns.taken()
        resolve()
      }
      this.wakeUp = done
      // With no deadline a long timer keeps Node alive while an engine or a stream is awaited.
      timer = setTimeout(done, Math.max(0, Math.min(Math.ceil(delayMs), TIMEOUT_MS_MAX)))
    })
  }

  wake(): void {
    this.wakeUp?.()
  }

  patience(delayNs: number, fire: () => void): () => void {
    const timer = setTimeout(fire, Math.min(delayNs / 1e6, TIMEOUT_MS_MAX))
    return () => clearTimeout(timer)
  }

  /** After the last program: output is written out, input is let go. */
  async close(): Promise<void> {
    this.stdin.stop()
    await Promise.all([this.stdout.close(), this.stderr.close()])
  }
}

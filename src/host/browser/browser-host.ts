/**
 * The browser host, for a Worker: the page's clock and random bytes, input that is handed over, output that goes to
 * functions. No SharedArrayBuffer, so the guest waits by giving the event loop its turn.
 * Path: implements syscalls/host.ts; worker.ts makes it.
 */

import type { Host, HostInput, HostOutput } from '../../../syscalls/host.ts'
import { Turns } from '../../turns.ts'

/** A page has about 125, which its machines share. */
const MEMORIES_MAX = 40
const TIMEOUT_MS_MAX = 0x7fffffff
/** crypto.getRandomValues takes at most this many bytes at a time. */
const RANDOM_BYTES_MAX = 65536

/** Bytes a page hands over; `null` ends the stream. */
export class QueuedInput implements HostInput {
  readonly isTerminal = false
  private readonly pieces: Uint8Array[] = []
  private ended = false
  private listener: () => void = () => {}

  push(piece: Uint8Array | null): void {
    if (piece === null) this.ended = true
    else if (piece.length > 0) this.pieces.push(piece)
    this.listener()
  }

  read(bytes: Uint8Array, at: number, count: number): number {
    const piece = this.pieces[0]
    if (!piece) return this.ended ? 0 : -1
    const taken = Math.min(count, piece.length)
    bytes.set(piece.subarray(0, taken), at)
    if (taken === piece.length) this.pieces.shift()
    else this.pieces[0] = piece.subarray(taken)
    return taken
  }

  available(): number {
    const waiting = this.pieces.reduce((sum, piece) => sum + piece.length, 0)
    return waiting > 0 ? waiting : this.ended ? -1 : 0
  }

  onReady(listener: () => void): void {
    this.listener = listener
  }
}

/** Output to a function, which always takes it. */
class FunctionOutput implements HostOutput {
  readonly isTerminal = false
  readonly columns = 80
  readonly rows = 24
  private readonly take: (bytes: Uint8Array) => void

  constructor(take: (bytes: Uint8Array) => void) {
    this.take = take
  }

  write(bytes: Uint8Array, at: number, count: number): number {
    this.take(bytes.slice(at, at + count))
    return count
  }

  writable(): boolean {
    return true
  }

  onReady(): void {}
}

export interface BrowserHostOptions {
  stdout: (bytes: Uint8Array) => void
  stderr: (bytes: Uint8Array) => void
  diagnostics: (line: string) => void
}

export class BrowserHost implements Host {
  readonly name = 'browser'
  readonly memoriesMax = MEMORIES_MAX
  readonly stdin = new QueuedInput()
  readonly stdout: HostOutput
  readonly stderr: HostOutput
  readonly clock: Host['clock']
  readonly random = {
    fill(bytes: Uint8Array, from: number, count: number): void {
      // getRandomValues refuses views of some memories, so the bytes are copied.
      for (let done = 0; done < count; done += RANDOM_BYTES_MAX) {
        const piece = new Uint8Array(Math.min(RANDOM_BYTES_MAX, count - done))
        bytes.set(crypto.getRandomValues(piece), from + done)
      }
    },
  }
  readonly diagnostics: (line: string) => void
  private readonly turns = new Turns()
  private readonly ownMessages = new MessageChannel()
  private turnTaken: (() => void) | null = null
  private wakeUp: (() => void) | null = null

  constructor(options: BrowserHostOptions) {
    this.stdout = new FunctionOutput(options.stdout)
    this.stderr = new FunctionOutput(options.stderr)
    this.diagnostics = options.diagnostics
    const startMs = performance.timeOrigin - 1000
    this.clock = {
      realtimeSecAtZero: Math.floor(startMs / 1000),
      realtimeNsecAtZero: Math.floor((startMs % 1000) * 1e6),
      monotonicNs: () => Math.floor((performance.now() + 1000) * 1e6),
    }
    this.ownMessages.port1.onmessage = () => {
      this.turns.taken()
      this.turnTaken?.()
    }
  }

  /** A message to ourselves comes behind those that wait, and is not slowed down as timers are. */
  yieldIfDue(): Promise<void> | null {
    if (!this.turns.isDue()) return null
    return new Promise((resolve) => {
      this.turnTaken = resolve
      this.ownMessages.port2.postMessage(null)
    })
  }

  hurry(): void {
    this.turns.hurry()
  }

  sleepUntil(deadlineNs: number): Promise<void> {
    return new Promise((resolve) => {
      const delayMs = (deadlineNs - this.clock.monotonicNs()) / 1e6
      const timer = setTimeout(
        () => this.wakeUp?.(),
        Math.max(0, Math.min(Math.ceil(delayMs), TIMEOUT_MS_MAX)),
      )
      this.wakeUp = () => {
        clearTimeout(timer)
        this.wakeUp = null
        this.turns.taken()
        resolve()
      }
    })
  }

  wake(): void {
    this.wakeUp?.()
  }

  patience(delayNs: number, fire: () => void): () => void {
    const timer = setTimeout(fire, Math.min(delayNs / 1e6, TIMEOUT_MS_MAX))
    return () => clearTimeout(timer)
  }
}

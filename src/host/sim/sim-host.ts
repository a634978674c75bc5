/**
 * The simulated host: a clock that only moves when it is read or when everybody sleeps, random bytes from a seed,
 * input from a buffer, output into one. The same seed gives the same run, to the last byte.
 * Path: implements syscalls/host.ts for tests and for `--seed`.
 */

import { fromUtf8, latin1 } from '../../../syscalls/abi/bytes.ts'
import type { Host, HostInput, HostOutput } from '../../../syscalls/host.ts'

/** What one look at the clock costs: so that busy waiting ends. */
const READ_COST_NS = 1_000
/** What a back-edge or call of the guest costs. */
const STEP_COST_NS = 10
/** Slices between two turns of the host's event loop. */
const SLICES_PER_TURN = 64
/** 2024-01-01T00:00:00Z */
const EPOCH_SEC = 1_704_067_200

/** xorshift128+ from a seed by splitmix32. */
export class SeededRandom {
  private readonly s: Uint32Array

  constructor(seed: number) {
    let z = seed >>> 0
    this.s = Uint32Array.from({ length: 4 }, () => {
      z = (z + 0x9e3779b9) >>> 0
      let t = z ^ (z >>> 16)
      t = Math.imul(t, 0x21f0aaad)
      t ^= t >>> 15
      t = Math.imul(t, 0x735a2d97)
      return (t ^ (t >>> 15)) >>> 0
    })
  }

  /** The next 32 bits. */
  next(): number {
    const s = this.s
    let t = s[3]!
    let x = s[0]!
    s[3] = s[2]!
    s[2] = s[1]!
    s[1] = x
    t ^= t << 11
    t ^= t >>> 8
    x = t ^ x ^ (x >>> 19)
    s[0] = x
    return s[0]! >>> 0
  }

  fill(bytes: Uint8Array, from: number, count: number): void {
    for (let i = 0; i < count; i++) bytes[from + i] = this.next() >>> 24
  }
}

/** Input that a test or a caller pushes; it ends with `end`. */
export class BufferInput implements HostInput {
  isTerminal = false
  private readonly pieces: Uint8Array[] = []
  private ended: boolean
  private listener: () => void = () => {}

  constructor(bytes?: Uint8Array, ended = true) {
    if (bytes?.length) this.pieces.push(bytes)
    this.ended = ended
  }

  push(bytes: Uint8Array): void {
    if (bytes.length) this.pieces.push(bytes)
    this.listener()
  }

  end(): void {
    this.ended = true
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
    let total = 0
    for (const piece of this.pieces) total += piece.length
    return total > 0 ? total : this.ended ? -1 : 0
  }

  onReady(listener: () => void): void {
    this.listener = listener
  }
}

/** Output kept in memory; `full` makes it refuse, for tests of back-pressure. */
export class BufferOutput implements HostOutput {
  isTerminal = false
  columns = 80
  rows = 24
  full = false
  closed = false
  private readonly pieces: Uint8Array[] = []
  private listener: () => void = () => {}

  write(bytes: Uint8Array, at: number, count: number): number {
    if (this.closed) return -1
    if (this.full) return 0
    this.pieces.push(bytes.slice(at, at + count))
    return count
  }

  writable(): boolean {
    return !this.full
  }

  onReady(listener: () => void): void {
    this.listener = listener
  }

  drain(): void {
    this.full = false
    this.listener()
  }

  get bytes(): Uint8Array {
    const all = new Uint8Array(this.pieces.reduce((total, piece) => total + piece.length, 0))
    let at = 0
    for (const piece of this.pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }

  get text(): string {
    return fromUtf8(latin1(this.bytes))
  }
}

/** setTimeout's longest delay. */
const TIMEOUT_MS_MAX = 0x7fffffff

export interface SimOptions {
  seed?: number
  stdin?: HostInput
  stdout?: HostOutput
  stderr?: HostOutput
  diagnostics?: (line: string) => void
  /** Lets the event loop turn once; the fastest way the platform has unless given. */
  turn?: () => Promise<void>
}

/** setImmediate where there is one (Node), else setTimeout; this file names no platform. */
function platformTurn(): () => Promise<void> {
  type Schedule = (run: () => void) => unknown
  const platform = globalThis as { setImmediate?: Schedule; setTimeout?: Schedule }
  const schedule = platform.setImmediate ?? platform.setTimeout
  return () => new Promise((resolve) => (schedule ? schedule(resolve) : resolve()))
}

export class SimHost implements Host {
  readonly name = 'sim'
  readonly random: SeededRandom
  readonly stdin: HostInput
  readonly stdout: HostOutput
  readonly stderr: HostOutput
  /** Diagnostic lines, when nobody else takes them. */
  readonly lines: string[] = []
  private nowNs = 0
  private slices = 0
  private wakeUp: (() => void) | null = null
  private woken = false
  private readonly tell: (line: string) => void
  private readonly turn: () => Promise<void>

  constructor(options: SimOptions = {}) {
    this.turn = options.turn ?? platformTurn()
    this.random = new SeededRandom(options.seed ?? 0)
    this.stdin = options.stdin ?? new BufferInput()
    this.stdout = options.stdout ?? new BufferOutput()
    this.stderr = options.stderr ?? new BufferOutput()
    this.tell = options.diagnostics ?? ((line) => this.lines.push(line))
  }

  readonly clock = {
    realtimeSecAtZero: EPOCH_SEC,
    realtimeNsecAtZero: 0,
    monotonicNs: (): number => (this.nowNs += READ_COST_NS),
  }

  worked(steps: number): void {
    this.nowNs += steps * STEP_COST_NS
  }

  diagnostics(line: string): void {
    this.tell(line)
  }

  yieldIfDue(): Promise<void> | null {
    if (++this.slices % SLICES_PER_TURN !== 0) return null
    return this.turn()
  }

  /** Nothing else can happen in a simulated world: the clock jumps, after promises had their turn. */
  async sleepUntil(deadlineNs: number, isAnswerDue: boolean): Promise<void> {
    this.woken = false
    await this.turn()
    if (this.woken) return
    if (deadlineNs !== Infinity && !isAnswerDue) {
      this.nowNs = Math.max(this.nowNs, deadlineNs)
      return
    }
    await new Promise<void>((resolve) => (this.wakeUp = resolve))
    this.wakeUp = null
  }

  wake(): void {
    this.woken = true
    this.wakeUp?.()
  }

  patience(delayNs: number, fire: () => void): () => void {
    const timer = setTimeout(fire, Math.min(delayNs / 1e6, TIMEOUT_MS_MAX))
    return () => clearTimeout(timer)
  }
}

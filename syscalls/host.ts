/**
 * The host port: everything the kernel needs of what it runs on. Whatever could differ between two runs (clock,
 * random bytes, input) enters here, so that the `sim` host repeats a run exactly.
 * Path: the kernel's lowest edge; implemented in src/host/{node,browser,sim}.
 */

export interface HostClock {
  /** Nanoseconds since an arbitrary moment near the start; an integer below 2^53. Never goes back. */
  monotonicNs(): number
  /** CLOCK_REALTIME when monotonicNs() was 0. */
  readonly realtimeSecAtZero: number
  readonly realtimeNsecAtZero: number
}

export interface HostRandom {
  fill(bytes: Uint8Array, from: number, count: number): void
}

/** A byte stream from the host. Nothing is consumed before the guest asks. */
export interface HostInput {
  readonly isTerminal: boolean
  /** Copies what is there: the count, 0 at the end of the stream, -1 when nothing has arrived yet. */
  read(bytes: Uint8Array, at: number, count: number): number
  /** Bytes that read() would give at once; -1 at the end of the stream. */
  available(): number
  /** Called whenever bytes or the end arrived. One listener. */
  onReady(listener: () => void): void
}

/** A byte stream to the host, with back-pressure. */
export interface HostOutput {
  readonly isTerminal: boolean
  readonly columns: number
  readonly rows: number
  /** Takes bytes: how many, 0 when the stream is full, -1 when its reader is gone (EPIPE). */
  write(bytes: Uint8Array, at: number, count: number): number
  writable(): boolean
  /** Called when a full stream takes bytes again. One listener. */
  onReady(listener: () => void): void
}

export interface Host {
  readonly name: string
  /** WebAssembly Memories that a machine may have at a time; as many as can be had unless given. */
  readonly memoriesMax?: number
  readonly clock: HostClock
  readonly random: HostRandom
  readonly stdin: HostInput
  readonly stdout: HostOutput
  readonly stderr: HostOutput
  /** Told after each slice how many back-edges and calls it was: a simulated clock moves with work. */
  worked?(steps: number): void
  /** One line for the person who runs the emulator: a missing call, a refused address. */
  diagnostics(line: string): void
  /** A promise when the host's event loop is owed a turn (about every 10 ms of work), else null. */
  yieldIfDue(): Promise<void> | null
  /** Somebody outside was woken, and goes on in the event loop: where that is real, it is owed a turn now. */
  hurry?(): void
  /**
   * Resolves at the monotonic time, or earlier when something called wake(). Infinity waits for wake() only.
   * `isAnswerDue`: a task waits for somebody outside, who answers in real time, so a simulated clock must not jump.
   */
  sleepUntil(deadlineNs: number, isAnswerDue: boolean): Promise<void>
  wake(): void
  /**
   * Calls back after a time of the real world, also where the clock is simulated: how long somebody outside may take
   * to answer. The returned function calls it off.
   */
  patience(delayNs: number, fire: () => void): () => void
}

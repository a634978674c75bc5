/**
 * Runs a program on a pty that is shown on the host's own terminal: the guest has the line discipline, so the host's
 * is in raw mode meanwhile and passes every byte. Path: main.ts, when stdin and stdout are both terminals.
 *
 * The host's terminal is put back whatever happens: at the end, when this process exits for any reason (an exception
 * too), when a signal ends it, and while it is stopped.
 */

import type { ReadStream, WriteStream } from 'node:tty'
import type { ExitStatus } from '../api.ts'
import type { BareMachine, BareSpawnOptions } from '../bare-machine.ts'

/** Signals that end this process. SIGINT comes from kill(1): ^C is a byte for the guest. */
const ENDING = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const

/** The host's terminal in raw mode until `restore` is called or this process ends. */
class RawTerminal {
  private readonly input: ReadStream
  private readonly onExit = (): void => void this.input.setRawMode(false)
  private readonly onSignal = (signal: NodeJS.Signals): void => {
    this.restore()
    // Without a listener it ends the process, so that whoever waits for it sees the signal.
    process.kill(process.pid, signal)
  }
  private readonly onStop = (): void => {
    this.input.setRawMode(false)
    process.kill(process.pid, 'SIGSTOP')
  }
  private readonly onContinue = (): void => void this.input.setRawMode(true)

  constructor(input: ReadStream) {
    this.input = input
    input.setRawMode(true)
    process.on('exit', this.onExit)
    for (const signal of ENDING) process.on(signal, this.onSignal)
    process.on('SIGTSTP', this.onStop)
    process.on('SIGCONT', this.onContinue)
  }

  restore(): void {
    this.input.setRawMode(false)
    process.off('exit', this.onExit)
    for (const signal of ENDING) process.off(signal, this.onSignal)
    process.off('SIGTSTP', this.onStop)
    process.off('SIGCONT', this.onContinue)
  }
}

/** Whether a program can be shown here. */
export const isAtTerminal = (): boolean => process.stdin.isTTY === true && process.stdout.isTTY === true

/** Runs a program on the host's terminal to its end; then ends the machine, whose last words are still shown. */
export async function runAtTerminal(
  machine: BareMachine,
  path: string,
  args: readonly string[],
  options: BareSpawnOptions,
): Promise<ExitStatus> {
  const { stdin, stdout } = process
  const size = (): { columns: number; rows: number } => ({
    columns: stdout.columns || 80,
    rows: stdout.rows || 24,
  })
  const program = await machine.spawn(path, args, { ...options, tty: size() })
  const raw = new RawTerminal(stdin)
  const keyboard = program.stdin!.getWriter()
  const onData = (bytes: Buffer): void => void keyboard.write(bytes).catch(() => {})
  const onEnd = (): void => void keyboard.abort().catch(() => {})
  const onResize = (): void => program.resize(size().columns, size().rows)
  stdin.on('data', onData).on('end', onEnd).on('error', onEnd)
  stdout.on('resize', onResize)
  try {
    const shown = show(program.stdout!, stdout)
    const status = await program.exited
    await machine.dispose()
    await shown
    return status
  } finally {
    stdin.off('data', onData).off('end', onEnd).off('error', onEnd)
    stdin.pause()
    stdout.off('resize', onResize)
    raw.restore()
  }
}

/** Copies the guest's screen out, no faster than the terminal takes it. A terminal that went away hangs up. */
async function show(screen: ReadableStream<Uint8Array>, stdout: WriteStream): Promise<void> {
  const reader = screen.getReader()
  const onError = (): void => void reader.cancel()
  stdout.on('error', onError)
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    if (!stdout.write(value))
      await new Promise((resolve) => stdout.once('drain', resolve).once('error', resolve))
  }
  stdout.off('error', onError)
}

// Two commands on pseudoterminals (terminal.py) with the same keys: after each step the screens that a terminal
// emulator shows must become the same.
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import xterm from '@xterm/headless'

const BRIDGE = join(import.meta.dirname, 'terminal.py')
const SIZE = [72, 16]
/** A screen natively is final when nothing came for so long. */
const QUIET_MS = 400
const STEP_LIMIT_MS = 10_000

/** Why there are no pseudoterminals here; null when there are. */
export function noTerminal() {
  return spawnSync('python3', ['-c', 'import pty']).status === 0 ? null : 'no python3'
}

function* screenLines(screen) {
  const { active } = screen.buffer
  for (let y = 0; y < screen.rows; y++)
    yield active
      .getLine(active.baseY + y)
      ?.translateToString(true)
      .trimEnd() ?? ''
}

/** A command on a terminal and what it shows. */
export class Session {
  constructor({ command, cwd, size = SIZE }) {
    this.screen = new xterm.Terminal({ cols: size[0], rows: size[1], allowProposedApi: true })
    this.bridge = spawn('python3', [BRIDGE, ...size.map(String), ...command], {
      cwd,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.bridge.stdin.on('error', () => {})
    this.hasShown = false
    this.changedMs = Date.now()
    this.bridge.stdout.on('data', (bytes) => {
      this.changedMs = Date.now()
      this.hasShown = true
      this.screen.write(bytes)
    })
    this.screen.onData((answer) => this.type(answer))
  }

  type(text) {
    if (text) this.bridge.stdin.write(`keys ${Buffer.from(text).toString('hex')}\n`)
  }

  take(step) {
    if (typeof step === 'string') return this.type(step)
    if (step.keys) return this.type(step.keys)
    this.screen.resize(...step.size)
    this.bridge.stdin.write(`size ${step.size.join(' ')}\n`)
  }

  /** Until nothing is shown any more; the first time, something must have been. Of a step that says what it shows: that. */
  async quiet({ shows = '' }) {
    while (!this.hasShown) await pause(20)
    while (![...screenLines(this.screen)].some((line) => line.includes(shows))) await pause(20)
    this.changedMs = Date.now()
    while (Date.now() - this.changedMs < QUIET_MS) await pause(20)
  }

  lines(testCase) {
    let lines = [...screenLines(this.screen)]
    while (lines.length && lines.at(-1) === '') lines.pop()
    if (testCase.view) lines = testCase.view(lines)
    // Process numbers differ.
    return lines.map((line) => line.replace(/^(\[\d\] )(\d+)$/, '$1PID'))
  }

  end() {
    this.bridge.kill()
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Takes the steps (keys, {keys, shows} or {size}) on both; what differed, or null. `native` and `ours` are {command, cwd};
 * `testCase.view` takes from the lines what may be compared.
 */
export async function differenceOnTerminal(testCase, commands) {
  const native = new Session(commands.native)
  const ours = new Session(commands.ours)
  const limitMs = testCase.stepLimitMs ?? STEP_LIMIT_MS
  try {
    for (const [i, step] of testCase.steps.entries()) {
      for (const session of [native, ours]) session.take(step)
      await native.quiet(step)
      const wanted = native.lines(testCase)
      const deadline = Date.now() + limitMs
      while (ours.lines(testCase).join('\n') !== wanted.join('\n')) {
        if (Date.now() > deadline)
          return `step ${i + 1} (${JSON.stringify(step)}):\n  native ${JSON.stringify(wanted)}\n  umwelt ${JSON.stringify(ours.lines(testCase))}`
        await pause(20)
      }
      // What was typed may only have been echoed yet, and its program not have started.
      await ours.quiet(step)
    }
    return null
  } finally {
    native.end()
    ours.end()
  }
}

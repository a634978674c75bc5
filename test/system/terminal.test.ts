/**
 * Screens: the interactive sessions of our own shell that a real terminal recorded (test/userland/sessions.json),
 * typed at it in a machine, with a terminal emulator at the other end.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import xterm from '@xterm/headless'
import { describe, expect, it } from 'vitest'
import { createCpu } from '../../emu/run/index.ts'
import { BareMachine } from '../../src/bare-machine.ts'
import { NodeHost } from '../../src/host/node/node-host.ts'
import { userlandEntries } from '../../src/host/node/userland.ts'
import * as umwelt from '../../src/index.ts'
import { utf8 } from '../../syscalls/abi/bytes.ts'
import { addImageEntry } from '../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import { enginesUnderTest } from '../idle/under-test.mjs'

interface Recorded {
  size: { rows: number; columns: number }
  files: Record<string, string>
  sessions: { name: string; steps: { keys: string; screen: string[] }[] }[]
}

const { size, files, sessions }: Recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, '../userland/sessions.json'), 'utf8'),
)
const LEAST_SESSIONS = 20
const STEP_LIMIT_MS = 8000
const ENTRIES = userlandEntries()
const HOME = '/home/tester'
const cpu = createCpu('jit')

function machine(): BareMachine {
  return new BareMachine({
    host: new NodeHost(),
    cpu,
    root: (kernel) => {
      const root = new Tmpfs(kernel.clock)
      for (const entry of ENTRIES) addImageEntry(root, kernel.caller, entry)
      for (const [name, text] of Object.entries(files))
        addImageEntry(root, kernel.caller, {
          name: utf8(`${HOME}/${name}`),
          type: 'file',
          mode: 0o644,
          data: new TextEncoder().encode(text),
        })
      return root
    },
    mounts: [
      { at: '/proc', fs: { type: 'proc' } },
      { at: '/dev', fs: { type: 'devtmpfs' } },
      { at: '/dev/pts', fs: { type: 'devpts' } },
      { at: '/tmp', fs: { type: 'tmpfs', options: { mode: '1777' } } },
    ],
    engines: enginesUnderTest(umwelt),
  })
}

function linesOf(screen: xterm.Terminal): string[] {
  const { active } = screen.buffer
  const lines = Array.from(
    { length: size.rows },
    (_, y) =>
      active
        .getLine(active.baseY + y)
        ?.translateToString(true)
        .trimEnd() ?? '',
  )
  while (lines.length && lines.at(-1) === '') lines.pop()
  return lines
}

/** In a recorded line {n} stands for any number. */
const matches = (actual: string[], expected: string[]): boolean =>
  actual.length === expected.length &&
  expected.every((line, i) => {
    const pattern = line.split('{n}').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${pattern.join('\\d+')}$`).test(actual[i]!)
  })

/** Keys that come before a program has the terminal are the shell's: nobody is on his way, or somebody works for long. */
async function calm({ kernel }: Machine): Promise<void> {
  const isBusy = (): boolean => kernel.runnableCount > 0 || kernel.answersDue > 0
  for (let i = 0; i < 100 && isBusy(); i++) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function replay(steps: Recorded['sessions'][number]['steps']): Promise<void> {
  await using on = machine()
  const screen = new xterm.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true })
  const shell = await on.spawn('/bin/sh', [], {
    argv0: 'sh',
    cwd: HOME,
    env: { PATH: '/bin', HOME, PS1: '$ ', TERM: 'linux', LC_ALL: 'C' },
    tty: size,
  })
  const keyboard = shell.stdin!.getWriter()
  const send = (text: string): void => void keyboard.write(new TextEncoder().encode(text)).catch(() => {})
  screen.onData(send)
  const shown = shell.stdout!.pipeTo(
    new WritableStream({ write: (bytes) => new Promise<void>((done) => screen.write(bytes, done)) }),
  )
  for (const { keys, screen: expected } of steps) {
    send(keys)
    const deadline = Date.now() + STEP_LIMIT_MS
    while (!matches(linesOf(screen), expected)) {
      if (Date.now() > deadline) expect(linesOf(screen), JSON.stringify(keys)).toEqual(expected)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await calm(on)
  }
  shell.kill('SIGKILL')
  await shell.exited
  await on.dispose()
  await shown
}

describe('the shell on a terminal', () => {
  for (const { name, steps } of sessions) it(name, () => replay(steps), 60_000)

  it('has its least number of sessions', () => {
    expect(sessions.length).toBeGreaterThanOrEqual(LEAST_SESSIONS)
  })
})

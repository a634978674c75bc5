// Full-screen programs of the Debian root on a terminal, natively in it and under umwelt: the screens must be equal.
// usage: node test/debian/screens.mjs [--again] [NAME-PART…]
import { parseArgs } from 'node:util'
import { differenceOnTerminal, noTerminal } from '../programs/session.mjs'
import { Results } from './results.mjs'
import { debianRoot } from './root.mjs'
import { ENVIRONMENT, nativeCommand, umweltCommand } from './runners.mjs'

const LEAST_CASES = 7
const STEP_LIMIT_MS = 60_000
const TEXT = 'seq 100 | sed "s/^/line /" > /tmp/long; printf "one\\ntwo\\nthree\\n" > /tmp/file; '
/** Numbers are the machine's own. */
const labels = (lines) => lines.slice(0, 2).map((line) => line.replace(/[\d.|]+/g, '#').replace(/\s+/g, ' '))

const CASES = [
  {
    name: 'bash',
    script: 'exec bash --norc -i',
    steps: [
      '',
      'echo a$((1+1))\r',
      'sleep 50\r',
      '\x1a',
      'jobs\r',
      'fg\r',
      '\x03',
      '\x1b[A\x01#\r',
      'ec\t',
      ' x\r',
    ],
  },
  {
    name: 'dash',
    script: 'exec dash -i',
    steps: ['', 'cat\r', 'line\r', '\x04', 'stty size\r', { size: [50, 12] }, 'stty size\r'],
  },
  {
    name: 'python3',
    script: 'exec python3 -q',
    steps: ['', '6*7\r', 'import os; os.getc\t', '\x15"abc"[::-1]\r', '\x04'],
  },
  {
    name: 'vim-tiny',
    script: `${TEXT}exec vi -u NONE /tmp/file`,
    steps: ['', 'ihello \x1b', 'jdd', 'Gonew line\x1b', ':w\r', '/three\r', 'x:set nu\r', 'u', ':q!\r'],
  },
  {
    name: 'nano',
    script: `${TEXT}exec nano -I /tmp/file`,
    steps: ['', 'typed ', '\x1b[B', '\x0b', '\x17two\r', '\x0f\r', '\x18'],
  },
  {
    name: 'less',
    script: `${TEXT}exec less /tmp/long`,
    steps: ['', ' ', 'b', 'G', '?77\r', 'g', '/9\r', 'n', '&5\r', 'q'],
  },
  {
    name: 'htop',
    script: 'exec htop -C -d 100',
    steps: [''],
    view: (lines) => lines.filter((line) => line.startsWith('F1Help')),
  },
  { name: 'top', script: 'exec top -d 60', steps: [''], view: (lines) => labels(lines.slice(6)).slice(0, 1) },
  {
    name: 'nethack',
    script: 'exec nethack -u tester -p Valkyrie -r human -g female -a neutral',
    steps: [''],
    view: (lines) => lines.slice(0, 3),
  },
]

const { values, positionals } = parseArgs({ options: { again: { type: 'boolean' } }, allowPositionals: true })
const { folder: root, reason } = debianRoot()
const missing = reason ?? noTerminal()
if (missing) {
  console.log(`not run: full-screen programs of the Debian root: ${missing}`)
  process.exit(0)
}
const env = { ...ENVIRONMENT, TERM: 'xterm', PS1: '$ ' }
const wanted = CASES.filter(
  ({ name }) => positionals.length === 0 || positionals.some((p) => name.includes(p)),
)
const results = new Results('debian-screens', values.again ?? false)
for (const testCase of wanted) {
  if (results.isPassed(testCase.name)) continue
  const argv = ['/bin/sh', '-c', testCase.script]
  const commands = [nativeCommand, umweltCommand].map((command) => ({
    command: command(root, argv, env),
    cwd: '/',
  }))
  const difference = await differenceOnTerminal(
    { stepLimitMs: STEP_LIMIT_MS, ...testCase },
    { native: commands[0], ours: commands[1] },
  )
  results.set(testCase.name, difference === null)
  console.log(difference === null ? `ok   ${testCase.name}` : `FAIL ${testCase.name}: ${difference}`)
}
results.finish(
  wanted.map(({ name }) => name),
  positionals.length ? 1 : LEAST_CASES,
)

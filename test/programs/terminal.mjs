// Interactive programs on a terminal: the same keys natively and under the umwelt command, both on a pseudoterminal
// (terminal.py), and after each step the screen that a terminal emulator shows must become the same.
// usage: node test/programs/terminal.mjs [NAME-PART…]
import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import xterm from '@xterm/headless'
import { debianPackage } from './debian.mjs'

const UMWELT = join(import.meta.dirname, '../../bin/umwelt.mjs')
const BRIDGE = join(import.meta.dirname, 'terminal.py')
const LEAST_CASES = 14
const SIZE = [72, 16]
/** A screen natively is final when nothing came for so long. */
const QUIET_MS = 400
const STEP_LIMIT_MS = 10_000
const TERMINFO = ['/lib/terminfo', '/usr/share/terminfo'].filter((folder) => existsSync(folder))
const APPLETS = ['sh', 'cat', 'sleep', 'stty', 'less', 'vi', 'top', 'ls', 'seq', 'tty']

const BASH = {
  package: 'bash-static',
  file: 'bin/bash-static',
  name: 'bash',
  args: ['--norc', '--noprofile', '-i'],
}
const ZSH = { package: 'zsh-static', file: 'bin/zsh-static', name: 'zsh', args: ['-f', '-i'] }
const DASH = { package: 'dash', file: 'bin/dash', name: 'dash', args: ['-i'] }
const BUSYBOX = { package: 'busybox-static', file: 'bin/busybox', name: 'busybox' }

const jobs = ['', 'sleep 60\r', '\x1a', 'jobs\r', 'fg\r', '\x03', 'echo on\r']
const password = ['', 'read -s p; echo; echo "<$p>"\r', 'secret', '\r']
const edit = ['', 'echo wrld', '\x1b[D\x1b[D\x1b[Do', '\r', '\x1b[A', '\x15echo "a b"\r']
const end = ['', 'cat\r', 'line\r', '\x04', 'echo back\r']
const size = ['', 'stty size\r', { size: [50, 12] }, 'stty size\r']

const CASES = [
  { name: 'bash: jobs', program: BASH, steps: jobs },
  { name: 'bash: bg', program: BASH, steps: ['', 'sleep 1\r', '\x1a', 'bg\r', 'wait\r', 'jobs\r'] },
  { name: 'bash: password', program: BASH, steps: password },
  { name: 'bash: edit', program: BASH, steps: edit },
  { name: 'bash: end of file', program: BASH, steps: end },
  { name: 'bash: resize', program: BASH, steps: size },
  { name: 'bash: background read', program: BASH, steps: ['', 'cat &\r', '\r', 'fg\r', 'x\r', '\x04'] },
  { name: 'zsh: jobs', program: ZSH, steps: jobs },
  { name: 'zsh: edit', program: ZSH, steps: edit },
  { name: 'zsh: resize', program: ZSH, steps: size },
  { name: 'dash: end of file', program: DASH, steps: end },
  { name: 'busybox sh: jobs', program: { ...BUSYBOX, args: ['sh', '-i'] }, steps: jobs },
  {
    name: 'busybox vi: edit and write',
    program: { ...BUSYBOX, args: ['vi', 'file'] },
    steps: ['', 'ihello \x1b', 'jdd', 'G', 'onew line\x1b', ':w\r', '/three\r', 'x:q!\r'],
  },
  {
    name: 'busybox less: page and search',
    program: { ...BUSYBOX, args: ['less', 'long'] },
    steps: ['', ' ', 'b', 'G', '/77\r', 'g', 'q'],
  },
  {
    name: 'busybox top',
    program: { ...BUSYBOX, args: ['top', '-d', '60'] },
    steps: [''],
    // Numbers and processes are the machine's own: how the screen begins.
    view: (lines) => lines.slice(0, 1).map((line) => line.replace(/\d+/g, '#').slice(0, 22)),
  },
]

function* screenLines(screen) {
  const { active } = screen.buffer
  for (let y = 0; y < screen.rows; y++)
    yield active
      .getLine(active.baseY + y)
      ?.translateToString(true)
      .trimEnd() ?? ''
}

/** A command on a terminal and what it shows. */
class Session {
  constructor(command, cwd, env) {
    this.screen = new xterm.Terminal({ cols: SIZE[0], rows: SIZE[1], allowProposedApi: true })
    this.bridge = spawn('python3', [BRIDGE, ...SIZE.map(String), ...command], {
      cwd,
      env,
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
    this.screen.resize(...step.size)
    this.bridge.stdin.write(`size ${step.size.join(' ')}\n`)
  }

  /** Until nothing is shown any more; the first time, something must have been. */
  async quiet() {
    while (!this.hasShown) await pause(20)
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

/** Whether an ELF file asks for a dynamic linker. */
function isDynamic(file) {
  const head = Buffer.alloc(4096)
  const fd = openSync(file, 'r')
  readSync(fd, head, 0, head.length, 0)
  closeSync(fd)
  const table = Number(head.readBigUInt64LE(32))
  for (let i = 0; i < head.readUInt16LE(56); i++) if (head.readUInt32LE(table + i * 56) === 3) return true
  return false
}

/** The folder with the program and busybox's applets, or why there is none. */
function programFolder(program) {
  const { folder, reason } = debianPackage(program.package)
  if (!folder) return { reason }
  const file = join(folder, program.file)
  if (!existsSync(file)) return { reason: `${program.package} has no ${program.file}` }
  if (isDynamic(file)) return { reason: `${program.name} is dynamically linked, which Umwelt cannot run yet` }
  const busybox = debianPackage('busybox-static')
  if (!busybox.folder) return { reason: busybox.reason }
  const path = join(folder, 'terminal')
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
  for (const applet of APPLETS) copyFileSync(join(busybox.folder, 'bin/busybox'), join(path, applet))
  copyFileSync(file, join(path, program.name))
  return { path }
}

function workFolder() {
  const work = mkdtempSync(join(tmpdir(), 'umwelt-terminal-'))
  writeFileSync(join(work, 'file'), 'one\ntwo\nthree\n')
  writeFileSync(join(work, 'long'), Array.from({ length: 200 }, (_, i) => `line ${i}\n`).join(''))
  return work
}

async function run(testCase, path) {
  const program = join(path, testCase.program.name)
  const settings = { PATH: path, HOME: '/', PS1: '$ ', TERM: 'xterm', LC_ALL: 'C' }
  const volumes = [`${path}:${path}:ro`, ...TERMINFO.map((folder) => `${folder}:${folder}:ro`)]
  const works = [workFolder(), workFolder()]
  const command = [
    process.execPath, UMWELT, 'run', ...volumes.flatMap((volume) => ['-v', volume]), '-v', `${works[1]}:${works[1]}:rw`, '-w', works[1],
    ...Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]), '--', program, ...testCase.program.args,
  ] // biome-ignore format: a command line
  // A clean environment: the bridge's own interpreter may be a script that takes variables away.
  const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const native = new Session(
    ['/usr/bin/env', '-i', ...variables, program, ...testCase.program.args],
    works[0],
    process.env,
  )
  const ours = new Session(command, works[1], process.env)
  try {
    for (const [i, step] of testCase.steps.entries()) {
      for (const session of [native, ours]) session.take(step)
      await native.quiet()
      const wanted = native.lines(testCase)
      const deadline = Date.now() + STEP_LIMIT_MS
      while (ours.lines(testCase).join('\n') !== wanted.join('\n')) {
        if (Date.now() > deadline)
          return `step ${i + 1} (${JSON.stringify(step)}):\n  native ${JSON.stringify(wanted)}\n  umwelt ${JSON.stringify(ours.lines(testCase))}`
        await pause(20)
      }
      // What was typed may only have been echoed yet, and its program not have started.
      await ours.quiet()
    }
    return null
  } finally {
    native.end()
    ours.end()
    for (const work of works) rmSync(work, { recursive: true, force: true })
  }
}

const wanted = process.argv.slice(2)
const counts = { passed: 0, failed: 0, skipped: 0 }
const folders = new Map()
const noBridge = spawnSync('python3', ['-c', 'import pty']).status === 0 ? null : 'no python3'
for (const testCase of CASES) {
  if (wanted.length > 0 && !wanted.some((part) => testCase.name.includes(part))) continue
  const { program } = testCase
  if (!folders.has(program.package)) folders.set(program.package, programFolder(program))
  const { path, reason } = folders.get(program.package)
  if (!path || noBridge) {
    counts.skipped++
    console.log(`not run: ${testCase.name}: ${reason ?? noBridge}`)
    continue
  }
  const failure = await run(testCase, path)
  counts[failure ? 'failed' : 'passed']++
  console.log(failure ? `FAILED: ${testCase.name}: ${failure}` : `ok: ${testCase.name}`)
}
const seen = counts.passed + counts.failed + counts.skipped
if (wanted.length === 0 && seen < LEAST_CASES) {
  console.log(`only ${seen} cases, ${LEAST_CASES} are the least`)
  counts.failed++
}
console.log(
  `terminal: ${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}`,
)
process.exit(counts.failed ? 1 : 0)

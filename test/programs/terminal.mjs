// Interactive programs on a terminal: the same keys natively and under the umwelt command, both on a pseudoterminal
// (terminal.py), and after each step the screen that a terminal emulator shows must become the same.
// usage: node test/programs/terminal.mjs [NAME-PART…]
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
import { ENGINE_WORDS } from '../idle/under-test.mjs'
import { debianPackage } from './debian.mjs'
import { differenceOnTerminal, noTerminal } from './session.mjs'

const UMWELT = join(import.meta.dirname, '../../bin/umwelt.mjs')
const LEAST_CASES = 14
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
// It reads once the prompt is there, and is asked for once it was stopped: neither natively is sure by itself.
const background = [
  '',
  '(sleep 0.3; exec cat) &\r',
  { keys: 'until [[ $(jobs) == *Stop* ]]; do sleep 0.1; done; jobs\r', shows: 'Stopped ' },
  'fg\r',
  'x\r',
  '\x04',
]
const password = ['', 'read -s p; echo; echo "<$p>"\r', 'secret', '\r']
const edit = ['', 'echo wrld', '\x1b[D\x1b[D\x1b[Do', '\r', '\x1b[A', '\x15echo "a b"\r']
const end = ['', 'cat\r', 'line\r', '\x04', 'echo back\r']
const size = ['', 'stty size\r', { size: [50, 12] }, 'stty size\r']

const CASES = [
  { name: 'bash: jobs', program: BASH, steps: jobs },
  {
    name: 'bash: bg',
    program: BASH,
    steps: ['', 'sleep 3\r', '\x1a', 'bg\r', { keys: 'wait\r', shows: 'Done' }, 'jobs\r'],
  },
  { name: 'bash: password', program: BASH, steps: password },
  { name: 'bash: edit', program: BASH, steps: edit },
  { name: 'bash: end of file', program: BASH, steps: end },
  { name: 'bash: resize', program: BASH, steps: size },
  { name: 'bash: background read', program: BASH, steps: background },
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
  if (isDynamic(file))
    return { reason: `${program.name} is dynamically linked here: test/debian/screens.mjs runs it in a root` }
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
    process.execPath, UMWELT, 'run', ...ENGINE_WORDS, ...volumes.flatMap((volume) => ['-v', volume]), '-v', `${works[1]}:${works[1]}:rw`, '-w', works[1],
    ...Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]), '--', program, ...testCase.program.args,
  ] // biome-ignore format: a command line
  // A clean environment: the bridge's own interpreter may be a script that takes variables away.
  const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  try {
    return await differenceOnTerminal(testCase, {
      native: {
        command: ['/usr/bin/env', '-i', ...variables, program, ...testCase.program.args],
        cwd: works[0],
      },
      ours: { command, cwd: works[1] },
    })
  } finally {
    for (const work of works) rmSync(work, { recursive: true, force: true })
  }
}

const wanted = process.argv.slice(2)
const counts = { passed: 0, failed: 0, skipped: 0 }
const folders = new Map()
const noBridge = noTerminal()
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

// Real distribution programs: each case natively and under Umwelt; output and status must be equal.
// usage: node test/programs/run.mjs [--cpu jit|interpreter] [--long] [NAME-PART…]
// --long: also those that ask another ISA what x86-64 or another of its cases was asked.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ENGINE_WORDS } from '../idle/under-test.mjs'
import { CASES, CASES_PPC, CASES32 } from './cases.mjs'
import { compiledCases } from './compiled.mjs'
import { debianPackage } from './debian.mjs'
import { mixedCases } from './mixed.mjs'
import { npmCases, withoutTimes } from './npm.mjs'
import { oldCases } from './old.mjs'
import { underQemu } from './qemu.mjs'

const { values, positionals } = parseArgs({
  options: { cpu: { type: 'string', default: 'jit' }, long: { type: 'boolean' } },
  allowPositionals: true,
})
const UMWELT = join(import.meta.dirname, '../../bin/umwelt.mjs')
const LEAST_CASES = 80
const TIMEOUT_MS = 120_000

/** The same words and noise in every run. */
function generate(folder) {
  let state = 12345
  const random = (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return (state >>> 8) % n
  }
  const lines = []
  for (let i = 0; i < 100_000; i++) {
    let word = ''
    for (let k = 0, n = 2 + random(9); k < n; k++) word += 'abcdefghijklmnopqrstuvwxyz'[random(26)]
    lines.push(`${word} ${random(100_000)}`)
  }
  writeFileSync(join(folder, 'text'), `${lines.join('\n')}\n`)
  writeFileSync(
    join(folder, 'bin'),
    Uint8Array.from({ length: 1 << 20 }, () => random(256)),
  )
  spawnSync('sh', ['-c', 'xz -k text'], { cwd: folder })
}

/** Runs in a fresh copy of the working directory; PATH holds the program under its own name. */
function attempt(testCase, path, data, command, args) {
  const work = mkdtempSync(join(tmpdir(), 'umwelt-case-'))
  for (const name of ['text', 'bin', 'text.xz']) copyFileSync(join(data, name), join(work, name))
  testCase.setup?.(work)
  const started = Date.now()
  const result = spawnSync(command, args(work), {
    cwd: work,
    env: { PATH: path, HOME: '/', LC_ALL: 'C' },
    input: testCase.stdin ?? '',
    encoding: 'latin1',
    timeout: TIMEOUT_MS,
    maxBuffer: 64 << 20,
  })
  rmSync(work, { recursive: true, force: true })
  const status = result.signal ?? result.status
  return { stdout: result.stdout, stderr: result.stderr, status, ms: Date.now() - started }
}

function isWanted({ name, long }) {
  return positionals.length > 0 ? positionals.some((p) => name.includes(p)) : !long || values.long
}

function programFolder(testCase) {
  const { folder, reason } = debianPackage(testCase.package)
  if (!folder) return { reason }
  const busyboxFolder = debianPackage(testCase.package.replace(/^[a-z]*/, 'busybox')).folder
  const path = join(folder, 'path')
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path)
  const name = testCase.package.replace(/-static.*/, '')
  for (const alias of [name, 'sh', ...(name === 'bash' ? ['sleep', 'sort', 'seq'] : [])]) {
    const source = name === 'bash' && alias !== 'bash' && alias !== 'sh' ? busyboxFolder : folder
    const program = source === folder ? testCase.program : 'bin/busybox'
    if (source) copyFileSync(join(source, program), join(path, alias))
  }
  return { folder }
}

const data = mkdtempSync(join(tmpdir(), 'umwelt-data-'))
generate(data)
const counts = { passed: 0, failed: 0, skipped: 0 }
const folders = new Map()
const cases = [
  ...[...CASES, ...CASES32, ...CASES_PPC],
  ...compiledCases(join(data, 'built'), isWanted),
  ...mixedCases(join(data, 'mixed')),
  ...npmCases(),
  ...oldCases(join(data, 'old')),
]
for (const testCase of cases) {
  if (!isWanted(testCase)) continue
  if (testCase.package && !folders.has(testCase.package))
    folders.set(testCase.package, programFolder(testCase))
  const { folder, reason } = testCase.package
    ? folders.get(testCase.package)
    : { folder: testCase.path, ...testCase }
  const under = testCase.under ? underQemu(testCase.under) : undefined
  if (!folder || under?.reason || process.arch !== 'x64' || process.platform !== 'linux') {
    counts.skipped++
    const why = reason ?? under?.reason ?? 'no native run here to compare with'
    console.log(`not run: ${testCase.name}: ${why}`)
    continue
  }
  const path = testCase.package ? join(folder, 'path') : folder
  const program = testCase.package
    ? join(path, testCase.program.split('/').pop().replace('bash-static', 'bash'))
    : testCase.program
  const [command, ...words] = [...(under?.words ?? []), program]
  const native = attempt(testCase, path, data, command, () => [...words, ...testCase.args])
  const ours = attempt(testCase, path, data, process.execPath, (work) => [
    UMWELT,
    'run',
    ...ENGINE_WORDS,
    '--cpu',
    values.cpu,
    '-v',
    `${path}:${path}:ro`,
    '-v',
    `${work}:${work}:rw`,
    '-w',
    work,
    '-e',
    `PATH=${path}`,
    '-e',
    'HOME=/',
    '-e',
    'LC_ALL=C',
    '--',
    program,
    ...testCase.args,
  ])
  const same =
    withoutTimes(native.stdout) === withoutTimes(ours.stdout) &&
    exitCode(native.status) === exitCode(ours.status)
  counts[same ? 'passed' : 'failed']++
  console.log(`${same ? 'ok' : 'FAILED'}: ${testCase.name} (${ours.ms} ms, natively ${native.ms})`)
  if (!same) console.log(report('native', native), report('umwelt', ours))
}
rmSync(data, { recursive: true, force: true })

function exitCode(status) {
  const signals = { SIGABRT: 6, SIGSEGV: 11, SIGTERM: 15, SIGKILL: 9, SIGINT: 2 }
  return typeof status === 'string' ? 128 + signals[status] : status
}

function report(who, { stdout, stderr, status }) {
  const cut = (text) => (text ?? '').split('\n').slice(0, 8).join('\n    ').slice(0, 1200)
  return `  ${who}: status ${status}\n    ${cut(stdout)}\n    stderr: ${cut(stderr)}\n`
}

const ran = counts.passed + counts.failed
if (positionals.length === 0 && ran + counts.skipped < LEAST_CASES) {
  console.log(`only ${ran} cases ran, ${LEAST_CASES} are the least`)
  counts.failed++
}
console.log(
  `${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ''}`,
)
process.exit(counts.failed ? 1 : 0)

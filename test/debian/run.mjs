// The programs of a Debian root: each case natively in it and under umwelt; output and status must be equal.
// Results are kept by commit, so that a run that was stopped goes on where it was.
// usage: node test/debian/run.mjs [--arch amd64|i386] [--again] [NAME-PART…]
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { CASES } from './cases.mjs'
import { Results } from './results.mjs'
import { ARCHITECTURES, debianRoot } from './root.mjs'
import { nativeCommand, umweltCommand } from './runners.mjs'

/** By architecture. */
const LEAST_CASES = { amd64: 25, i386: 23 }
const { values, positionals } = parseArgs({
  options: { again: { type: 'boolean' }, arch: { type: 'string', default: 'amd64' } },
  allowPositionals: true,
})
if (!ARCHITECTURES.includes(values.arch)) throw new Error(`--arch is one of ${ARCHITECTURES.join(', ')}`)
const wanted = CASES.filter(
  ({ name, arch }) =>
    (!arch || arch === values.arch) &&
    (positionals.length === 0 || positionals.some((p) => name.includes(p))),
)

const { folder: root, reason } = debianRoot(values.arch)
if (!root) {
  console.log(`not run: the ${values.arch} Debian root's programs: ${reason}`)
  process.exit(0)
}

function attempt(testCase, command) {
  const [file, ...args] = command(root, ['/bin/sh', '-c', `mkdir -p /tmp/w; cd /tmp/w\n${testCase.script}`])
  const started = Date.now()
  const { status, signal, stdout, error } = spawnSync(file, [...args], {
    encoding: 'latin1',
    input: '',
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: testCase.timeoutMs ?? 300_000,
    maxBuffer: 64 << 20,
  })
  if (error && error.code !== 'ETIMEDOUT') throw error
  return {
    text: `${(testCase.same ?? ((text) => text))(stdout)}\nstatus ${signal ?? status}`,
    ms: Date.now() - started,
  }
}

const results = new Results(
  values.arch === 'amd64' ? 'debian' : `debian-${values.arch}`,
  values.again ?? false,
)
for (const testCase of wanted) {
  if (results.isPassed(testCase.name)) continue
  const merged = { ...testCase, script: `exec 2>&1\n${testCase.script}` }
  const native = attempt(merged, nativeCommand)
  const ours = attempt(merged, umweltCommand)
  const passed = native.text === ours.text
  results.set(testCase.name, passed)
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${testCase.name} (${native.ms} ms natively, ${ours.ms} ms)`)
  if (!passed) console.log(firstDifference(native.text, ours.text))
}
results.finish(
  wanted.map(({ name }) => name),
  positionals.length ? 1 : LEAST_CASES[values.arch],
)

function firstDifference(expected, actual) {
  const a = expected.split('\n')
  const b = actual.split('\n')
  const at = a.findIndex((line, i) => line !== b[i])
  const from = Math.max(0, at < 0 ? a.length - 1 : at)
  return `     natively: ${a.slice(from, from + 3).join('\n               ')}\n     umwelt:   ${b.slice(from, from + 3).join('\n               ')}`
}

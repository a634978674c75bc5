// CPython's own tests, natively in the Debian root and under umwelt: every test must have the same result, save those
// named in cpython-known.mjs with their reasons. Kept by module and commit, so that a run that was stopped goes on.
// usage: node test/debian/cpython.mjs [--again] [MODULE…]
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { KNOWN } from './cpython-known.mjs'
import { Results } from './results.mjs'
import { debianRoot } from './root.mjs'
import { nativeCommand, umweltCommand } from './runners.mjs'

const MODULES = [
  ...[
    'test_os',
    'test_posix',
    'test_subprocess',
    'test_signal',
    'test_threading',
    'test_mmap',
    'test_select',
  ],
  ...[
    'test_selectors',
    'test_fcntl',
    'test_pty',
    'test_tempfile',
    'test_time',
    'test_io',
    'test_multiprocessing_fork',
  ],
]
/** Of all modules together; fewer means that the tests were not found. */
const LEAST_TESTS = 1500
const TIMEOUT_MS = 40 * 60_000

/** Runs a module's tests and writes "STATUS ID" for each to a descriptor that nothing in the tests knows. */
const RUNNER = `
import os, sys, unittest
out = os.dup(1)
class Result(unittest.TestResult):
    def say(self, status, test): os.write(out, f"{status} {test.id()}\\n".encode())
    def addSuccess(self, test): self.say("ok", test)
    def addError(self, test, err): self.say("error", test); super().addError(test, err); sys.stderr.write(self.errors[-1][1])
    def addFailure(self, test, err): self.say("fail", test); super().addFailure(test, err); sys.stderr.write(self.failures[-1][1])
    def addSkip(self, test, reason): self.say("skip", test)
    def addExpectedFailure(self, test, err): self.say("ok", test)
    def addUnexpectedSuccess(self, test): self.say("fail", test)
    def addSubTest(self, test, subtest, err):
        if err is not None: self.addError(test, err)
os.makedirs("/tmp/w", exist_ok=True); os.chdir("/tmp/w")
suite = unittest.defaultTestLoader.loadTestsFromName("test." + sys.argv[1])
if len(sys.argv) > 2:
    def flat(s):
        for t in s:
            if isinstance(t, unittest.TestSuite): yield from flat(t)
            else: yield t
    suite = unittest.TestSuite(t for t in flat(suite) if sys.argv[2] in t.id())
suite.run(Result())
os.write(out, b"end of tests\\n")
os._exit(0)
`

const { values, positionals } = parseArgs({
  options: { again: { type: 'boolean' }, only: { type: 'string' }, errors: { type: 'boolean' } },
  allowPositionals: true,
})
const { folder: root, reason } = debianRoot()
if (!root) {
  console.log(`not run: CPython's tests: ${reason}`)
  process.exit(0)
}

/** Status by test, and what it wrote to standard error. */
function runModule(command, module) {
  const argv = ['/usr/bin/python3', '-c', RUNNER, module, ...(values.only ? [values.only] : [])]
  const [file, ...args] = command(root, argv)
  const started = Date.now()
  const { stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    input: '',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 256 << 20,
  })
  const statuses = new Map()
  for (const [, status, id] of stdout.matchAll(/^(ok|skip|fail|error) (\S.*)$/gm))
    if (statuses.get(id) === undefined || statuses.get(id) === 'ok') statuses.set(id, status)
  return {
    statuses,
    stderr,
    isWhole: /^end of tests$/m.test(stdout),
    seconds: Math.round((Date.now() - started) / 1000),
  }
}

const results = new Results('cpython', values.again ?? false)
const modules = positionals.length ? positionals : MODULES
let seen = 0
for (const module of modules) {
  if (results.isPassed(module) && !values.only) {
    seen += results.count(module)
    continue
  }
  const native = runModule(nativeCommand, module)
  const ours = runModule(umweltCommand, module)
  const different = []
  for (const [id, status] of native.statuses) {
    const here = ours.statuses.get(id) ?? 'not run'
    // What fails natively is the host's own trouble; what it skips may well work here.
    const isFine =
      here === status || status === 'fail' || status === 'error' || (status === 'skip' && here === 'ok')
    if (!isFine && !KNOWN[id]) different.push(`${id}: ${status} natively, ${here}`)
  }
  const unnamed = [...ours.statuses.keys()].filter((id) => !native.statuses.has(id) && !KNOWN[id])
  for (const id of unnamed) different.push(`${id}: not run natively, ${ours.statuses.get(id)}`)
  if (!ours.isWhole) different.push('it did not come to its end')
  const passed = different.length === 0 && native.isWhole
  results.set(module, passed, native.statuses.size)
  seen += native.statuses.size
  console.log(
    `${passed ? 'ok  ' : 'FAIL'} ${module}: ${native.statuses.size} tests (${native.seconds} s natively, ${ours.seconds} s)`,
  )
  for (const line of different) console.log(`     ${line}`)
  if (values.errors) console.log(ours.stderr)
}
results.finish(modules, positionals.length ? 1 : MODULES.length)
if (positionals.length === 0 && seen < LEAST_TESTS) {
  console.log(`only ${seen} tests, ${LEAST_TESTS} are the least`)
  process.exitCode = 1
}

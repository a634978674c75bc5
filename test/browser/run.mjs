// The public API in a browser: the built library on a page without SharedArrayBuffer, each machine in a Worker; and
// Debian's busybox, whose output is compared with the same binary run natively.
// Then the site as people use it: site/quick, and with --long site/long alone.
// usage: node test/browser/run.mjs [--browser chromium|firefox] [--long] [NAME-PART…]
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { debianPackage } from '../programs/debian.mjs'
import { openPage } from './browsers.mjs'
import { runKeptCases } from './kept.mjs'
import { runSiteCases } from './site/cases.mjs'
import { serveSite } from './site.mjs'

const { values, positionals } = parseArgs({
  options: { browser: { type: 'string', default: 'chromium' }, long: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const TIMEOUT_MS = 120_000
const BUSYBOX = [
  { name: 'echo and status', args: ['sh', '-c', 'echo hello from $0; exit 3'] },
  {
    name: 'arithmetic and pipes',
    args: [
      'sh',
      '-c',
      'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo $((i*i)); done | sort -rn | head -n 3',
    ],
  },
  { name: 'standard input', args: ['tr', 'a-z', 'A-Z'], stdin: 'shouting\n' },
  {
    name: 'files and checksums',
    args: ['sh', '-c', 'seq 20000 > /tmp/n; sha256sum < /tmp/n; gzip -c /tmp/n | gunzip -c | md5sum'],
  },
  { name: 'interpreter', args: ['sh', '-c', 'echo $((6*7)) | wc -c'], cpu: 'interpreter' },
]
const isWanted = (name) => positionals.length === 0 || positionals.some((part) => name.includes(part))
const results = { passed: 0, failed: 0, skipped: 0 }

function report(name, problem, ms) {
  if (problem === null) results.passed++
  else results.failed++
  console.log(`${problem === null ? 'ok' : 'FAILED'}: ${name} (${Math.round(ms)} ms)`)
  if (problem !== null) console.log(problem)
}

function skip(what, reason) {
  console.log(`not run: ${what}: ${reason}`)
  results.skipped++
}

/** The same as natively; else what was different. */
async function compared(page, busybox, { args, stdin = '', cpu }) {
  const native = spawnSync(busybox, args, {
    input: stdin,
    encoding: 'utf8',
    argv0: '/bin/busybox',
    env: { PATH: '/bin' },
  })
  const ours = await page.evaluate(
    `busybox(${JSON.stringify(args)}, ${JSON.stringify(stdin)}, ${JSON.stringify(cpu)})`,
  )
  const same = ours.stdout === native.stdout && ours.code === native.status
  return same ? null : { native: { stdout: native.stdout, status: native.status }, ours }
}

async function runAll(page, busybox) {
  for (const name of await page.evaluate('caseNames')) {
    if (!isWanted(name)) continue
    const started = performance.now()
    report(
      name,
      await page.evaluate(`runCase(${JSON.stringify(name)}, ${TIMEOUT_MS})`),
      performance.now() - started,
    )
  }
  for (const testCase of BUSYBOX) {
    const name = `busybox: ${testCase.name}`
    if (!isWanted(name) || !busybox) continue
    const started = performance.now()
    const problem = await compared(page, busybox, testCase).catch((error) => error)
    report(name, problem, performance.now() - started)
  }
}

async function runLibrary() {
  const { folder, reason } = debianPackage('busybox-static')
  const busybox = folder && join(folder, 'bin/busybox')
  if (!busybox || !existsSync(busybox)) skip('busybox', reason)
  const site = await serveSite(busybox)
  try {
    const opened = await openPage(values.browser, site.url)
    if ('reason' in opened) return skip(`the cases in ${values.browser}`, opened.reason)
    try {
      await runAll(opened.page, busybox)
    } finally {
      await opened.close()
    }
  } finally {
    site.close()
  }
}

if (!values.long) {
  await runLibrary()
  await runKeptCases(values.browser, { isWanted, report, skip })
}
await runSiteCases(values.long ? 'long' : 'quick', values.browser, { isWanted, report, skip })
const { passed, failed, skipped } = results
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
process.exit(failed > 0 ? 1 : 0)

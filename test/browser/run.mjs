// The browser smoke test: the library, bundled for the browser, runs Debian's busybox in a Worker of headless Chromium,
// on a page without SharedArrayBuffer; what comes out is compared with the same binary run natively.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { debianPackage } from '../programs/debian.mjs'

const root = join(import.meta.dirname, '../..')
const CHROMIUM = '/usr/bin/chromium'
const TIMEOUT_MS = 120_000
const CASES = [
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

function finish(passed, failed, skipped = 0) {
  console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
  process.exit(failed > 0 ? 1 : 0)
}

if (!existsSync(CHROMIUM)) {
  const { status } = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (status !== 0 || !existsSync(CHROMIUM)) {
    console.log('not run: browser smoke test: no chromium here and apt-get could not install it')
    finish(0, 0, CASES.length)
  }
}
const { folder, reason } = debianPackage('busybox-static')
if (!folder) {
  console.log(`not run: browser smoke test: ${reason}`)
  finish(0, 0, CASES.length)
}
const busybox = join(folder, 'bin/busybox')

const bundle = await build({
  entryPoints: [join(root, 'dist/src/host/browser/worker.js')],
  bundle: true,
  format: 'esm',
  minify: true,
  write: false,
  platform: 'browser',
  logLevel: 'warning',
})
const files = {
  '/': ['text/html', '<!doctype html><title>Umwelt</title>'],
  '/worker.js': ['text/javascript', bundle.outputFiles[0].contents],
  '/busybox': ['application/octet-stream', readFileSync(busybox)],
}
const server = createServer((request, response) => {
  const file = files[request.url]
  response.writeHead(file ? 200 : 404, { 'content-type': file?.[0] ?? 'text/plain' })
  response.end(file?.[1] ?? '')
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const profile = mkdtempSync(join(tmpdir(), 'umwelt-chromium-'))
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: CHROMIUM,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})
let passed = 0
let failed = 0
try {
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${server.address().port}/`)
  const isolated = await page.evaluate(() => typeof SharedArrayBuffer !== 'undefined')
  console.log(
    `SharedArrayBuffer on the page: ${isolated}; bundle ${Math.round(bundle.outputFiles[0].contents.length / 1024)} KiB`,
  )
  if (isolated) failed++
  for (const testCase of CASES) {
    const native = spawnSync(busybox, testCase.args, {
      input: testCase.stdin ?? '',
      encoding: 'utf8',
      argv0: '/bin/busybox',
      env: { PATH: '/bin' },
    })
    const ours = await page.evaluate(runInWorker, { ...testCase, timeoutMs: TIMEOUT_MS })
    const same = ours.stdout === native.stdout && ours.code === native.status
    if (same) passed++
    else failed++
    console.log(`${same ? 'ok' : 'FAILED'}: ${testCase.name} (${Math.round(ours.ms)} ms)`)
    if (!same)
      console.log({ native: { stdout: native.stdout, status: native.status, stderr: native.stderr }, ours })
  }
} finally {
  await browser.close()
  server.close()
  rmSync(profile, { recursive: true, force: true })
}
finish(passed, failed)

/** Runs in the page. */
async function runInWorker({ args, stdin, cpu, timeoutMs }) {
  const started = performance.now()
  const elf = new Uint8Array(await (await fetch('/busybox')).arrayBuffer())
  const worker = new Worker('/worker.js', { type: 'module' })
  const text = { stdout: '', stderr: '' }
  const decoder = new TextDecoder()
  const result = await new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ error: 'timed out' }), timeoutMs)
    worker.onerror = (event) => resolve({ error: event.message })
    worker.onmessage = ({ data }) => {
      for (const stream of ['stdout', 'stderr'])
        if (data[stream]) text[stream] += decoder.decode(data[stream])
      if (data.diagnostic) text.stderr += `umwelt: ${data.diagnostic}\n`
      if (data.exit || data.error) {
        clearTimeout(timer)
        resolve(data)
      }
    }
    worker.postMessage({
      files: { '/bin/busybox': elf },
      program: '/bin/busybox',
      args,
      env: { PATH: '/bin' },
      stdin: new TextEncoder().encode(stdin ?? ''),
      cpu,
    })
  })
  worker.terminate()
  return { ...text, code: result.exit?.code ?? null, error: result.error, ms: performance.now() - started }
}

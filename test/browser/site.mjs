// The site of the browser tests: the built library at /, the test's page, and folders where something is wrong.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '../..')
const PAGE = `<!doctype html><meta charset="utf-8"><title>Umwelt</title>
<script type="importmap">{"imports": {"umwelt": "/umwelt.js"}}</script>
<script type="module" src="/page.js"></script>`
const ENGINE = `export default (options) => ({
  name: 'page-engine',
  wants: { calls: ['uname'] },
  syscallExit(call) { call.write(call.args[0] + 65, new TextEncoder().encode(options.last('nodename') + '\\0')) },
})`
const TYPES = { js: 'text/javascript', mjs: 'text/javascript', json: 'application/json', html: 'text/html' }

/** The cases as a module of a page; what they need of Node has its counterpart from a package. */
async function pageModule() {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'test/browser/page.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    // memfs, a volume of the cases, is written for Node.
    alias: {
      vitest: join(root, 'test/browser/vitest.ts'),
      'node:buffer': 'buffer/',
      'node:events': 'events/',
      'node:path': 'path-browserify',
      'node:stream': 'readable-stream',
      'node:url': 'url/',
    },
    define: { global: 'globalThis' },
    external: ['umwelt'],
    logLevel: 'warning',
  })
  return outputFiles[0].contents
}

/** Serves it on a port of localhost. */
export async function serveSite(busybox) {
  const built = (name) => readFileSync(join(root, 'dist/browser', name))
  const library = ['umwelt.js', 'umwelt-worker.js', 'userland.elf', 'userland.json']
  const files = new Map(library.map((name) => [`/${name}`, built(name)]))
  files
    .set('/', PAGE)
    .set('/page.js', await pageModule())
    .set('/engine.mjs', ENGINE)
  if (busybox) files.set('/busybox', readFileSync(busybox))
  // No Worker; no userland; a policy without WebAssembly.
  files.set('/lost/umwelt.js', built('umwelt.js'))
  for (const name of library.slice(0, 2)) files.set(`/bare/${name}`, built(name))
  for (const name of library) files.set(`/strict/${name}`, built(name))
  const server = createServer((request, response) => {
    const file = files.get(request.url)
    const ending = request.url === '/' ? 'html' : request.url.split('.').pop()
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': TYPES[ending] ?? 'application/octet-stream',
      ...(request.url.startsWith('/strict/') && { 'content-security-policy': "script-src 'self'" }),
    })
    response.end(file ?? '')
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}

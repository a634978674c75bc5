// The library for browsers, in dist/browser: the page's umwelt.js, umwelt-worker.js with the machine, and the embedded
// userland, which the Worker fetches from beside itself. Prints what a page loads, compressed; a library
// that is too large is an error.
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** Of what a page itself loads, and of that with the machine. */
const PAGE_KB_MAX = 20
const GZIP_KB_MAX = 400
const root = join(import.meta.dirname, '..')
const from = join(root, 'dist/src/host/browser')
const to = join(root, 'dist/browser')

/** A name for what the files in a folder are. */
function hashOf(...folders) {
  const hash = createHash('sha256')
  for (const folder of folders)
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
      if (/\.\w+$/.test(name) && !/\.(map|tsbuildinfo)$|\.d\.ts$/.test(name))
        hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 16)
}

rmSync(to, { recursive: true, force: true })
mkdirSync(to, { recursive: true })
await build({
  entryPoints: { umwelt: join(from, 'index.js'), 'umwelt-worker': join(from, 'worker.js') },
  outdir: to,
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  // What another translator made must not be used.
  define: { UMWELT_BUILD: JSON.stringify(hashOf(join(root, 'dist/emu'))) },
  logLevel: 'warning',
})
const site = join(root, 'src/web/site')
const web = join(root, 'dist/src/web')
/** The library is loaded once, by its name; and tsc leaves style sheets where they are. */
const places = {
  name: 'places',
  setup({ onResolve }) {
    onResolve({ filter: /host\/browser\/index\.js$/ }, () => ({ path: './umwelt.js', external: true }))
    onResolve({ filter: /^\.\/[^/]+\.css$/ }, ({ path, resolveDir }) => ({
      path: join(root, 'src', relative(join(root, 'dist/src'), resolveDir), path),
    }))
  },
}
await build({
  entryPoints: {
    'umwelt-terminal': join(web, 'terminal-element.js'),
    site: join(web, 'site/site.js'),
    'terminal-page': join(web, 'site/terminal-page.js'),
  },
  outdir: to,
  chunkNames: 'umwelt-[hash]',
  bundle: true,
  splitting: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  loader: { '.css': 'text' },
  plugins: [places],
  logLevel: 'warning',
})
for (const name of readdirSync(site))
  if (/\.(html|css)$/.test(name)) copyFileSync(join(site, name), join(to, name))
const { applets } = JSON.parse(readFileSync(join(root, 'rootfs/images/userland.json'), 'utf8'))
const names = readdirSync(join(root, 'rootfs/etc'))
const etc = Object.fromEntries(
  names.map((name) => [name, readFileSync(join(root, 'rootfs/etc', name), 'utf8')]),
)
writeFileSync(join(to, 'userland.json'), JSON.stringify({ applets, etc }))
copyFileSync(join(root, 'rootfs/images/userland.elf'), join(to, 'userland.elf'))

// Last, for it knows all the others.
const sha256 = (name) => createHash('sha256').update(readFileSync(join(to, name)))
const files = Object.fromEntries(
  readdirSync(to).map((name) => [name, `sha256-${sha256(name).digest('base64')}`]),
)
await build({
  entryPoints: { 'service-worker': join(web, 'offline/service-worker.js') },
  outdir: to,
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  define: { SITE_FILES: JSON.stringify(files), SITE_BUILD: JSON.stringify(hashOf(to)) },
  logLevel: 'warning',
})

const size = (name) => gzipSync(readFileSync(join(to, name)), { level: 9 }).length / 1000
const shown = readdirSync(to).map((name) => `${name} ${size(name).toFixed(1)}`)
console.log(`dist/browser, kB gzipped: ${shown.join(', ')}`)
const [page, machine] = ['umwelt.js', 'umwelt-worker.js'].map(size)
if (page >= PAGE_KB_MAX || page + machine >= GZIP_KB_MAX) {
  console.error(`dist/browser is too large: below ${PAGE_KB_MAX} and ${GZIP_KB_MAX} kB gzipped were wanted`)
  process.exit(1)
}

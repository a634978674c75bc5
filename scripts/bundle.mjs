// Puts the 300 modules of the CLI and the library into few files, which load in a third of the time. They lie where
// host/node's modules lie, because those find the userland and the translator's files from there. Both share their
// pieces, so that an engine's module that imports the library has the very classes that the command runs.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const dist = join(import.meta.dirname, '../dist')
const folder = join(dist, 'src/host/node')
for (const name of readdirSync(folder)) if (/^umwelt(-\w+)?\.js$/.test(name)) rmSync(join(folder, name))
await build({
  entryPoints: {
    umwelt: join(dist, 'src/cli/main.js'),
    'umwelt-library': join(folder, 'index.js'),
  },
  outdir: folder,
  chunkNames: 'umwelt-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
})

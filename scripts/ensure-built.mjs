// Runs before `npm start` and `npm test`: installs the locked packages and builds, when either is missing or stale.
// No dependencies, for there may be no node_modules yet. Everything it prints goes to standard error.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stamp = join(root, 'dist', '.built')
const installed = join(root, 'node_modules', '.package-lock.json')

const changed = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

function newest(folder) {
  let latest = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) latest = Math.max(latest, changed(join(entry.parentPath ?? entry.path, entry.name)))
  return latest
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (error || status !== 0) {
    console.error(`umwelt: ${command} ${args.join(' ')} failed`)
    process.exit(1)
  }
}

if (changed(installed) < changed(join(root, 'package-lock.json')))
  run('npm', ['ci', '--no-audit', '--no-fund'])
const sources = Math.max(
  ...['emu', 'syscalls', 'src'].map((d) => newest(join(root, d))),
  changed(join(root, 'tsconfig.base.json')),
  ...['bundle.mjs', 'bundle-browser.mjs'].map((name) => changed(join(root, 'scripts', name))),
)
if (changed(stamp) < sources) {
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'])
  for (const name of ['bundle.mjs', 'bundle-browser.mjs'])
    run(process.execPath, [join(root, 'scripts', name)])
  writeFileSync(stamp, '')
}

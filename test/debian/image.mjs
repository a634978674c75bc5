// A docker-save archive built from the Debian root, with a second layer of whiteouts and changes: every file of the tree
// that umwelt sees is compared with what the same changes make of the root itself.
// usage: node test/debian/image.mjs
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianRoot } from './root.mjs'
import { nativeCommand, umweltCommand } from './runners.mjs'

/** Fewer entries than this, and the root was not there. */
const LEAST_ENTRIES = 20_000
/** What the upper layer does, natively. The shell's `touch -d` makes times that both have. */
const CHANGES = `
rm -rf usr/share/doc usr/bin/sqlite3 etc/issue
rm -rf usr/share/man; mkdir usr/share/man; echo new > usr/share/man/page; touch -d @1000000000 usr/share/man/page usr/share/man
echo umwelt > etc/hostname; chmod 600 etc/hostname; chown 7:8 etc/hostname; touch -d @1000000001 etc/hostname
rm -rf var/log; echo file > var/log; touch -d @1000000002 var/log
rm etc/os-release; mkdir etc/os-release; touch -d @1000000003 etc/os-release
echo through > lib/through-a-link; touch -d @1000000004 lib/through-a-link`
/** The same as a layer: names, and whiteouts. */
const LAYER = `
mkdir -p usr/share/man usr/bin etc/os-release var lib
touch usr/share/.wh.doc usr/bin/.wh.sqlite3 etc/.wh.issue usr/share/man/.wh..wh..opq
echo new > usr/share/man/page; touch -d @1000000000 usr/share/man/page usr/share/man
echo umwelt > etc/hostname; chmod 600 etc/hostname; chown 7:8 etc/hostname; touch -d @1000000001 etc/hostname
echo file > var/log; touch -d @1000000002 var/log
touch -d @1000000003 etc/os-release
echo through > lib/through-a-link; touch -d @1000000004 lib/through-a-link`
/** What is mounted over, or not the image's. */
const ELSEWHERE = String.raw`\( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./run \) -prune`
/** Directories of the changes' way have other times in a layer; sizes of directories are the file system's own. */
const LIST = `cd /
find . ${ELSEWHERE} -o ! -type d \\
  -printf '%p %y %m %U %G %n %s %l %TY%Tm%Td%TH%TM\\n' > /tmp/list
find . ${ELSEWHERE} -o -type d -printf '%p %y %m %U %G\\n' >> /tmp/list
find . ${ELSEWHERE} -o -type f -print0 | xargs -0 md5sum >> /tmp/list
LC_ALL=C sort /tmp/list`

const { folder: root, reason } = debianRoot()
if (!root) {
  console.log(`not run: the image: ${reason}`)
  process.exit(0)
}
const work = mkdtempSync(join(tmpdir(), 'umwelt-image-'))
try {
  const archive = buildArchive()
  const native = lines(nativeCommand(root, ['/bin/sh', '-c', `cd /\n${CHANGES}\n${LIST}`]))
  const started = Date.now()
  const ours = lines(umweltCommand(archive, ['/bin/sh', '-c', LIST]))
  const seconds = Math.round((Date.now() - started) / 1000)
  const expected = new Set(native)
  const found = new Set(ours)
  const different = [
    ...native.filter((line) => !found.has(line)).map((line) => `natively: ${line}`),
    ...ours.filter((line) => !expected.has(line)).map((line) => `umwelt:   ${line}`),
  ]
  const passed = different.length === 0 && native.length >= LEAST_ENTRIES
  console.log(`${passed ? 'ok  ' : 'FAIL'} docker-save of the root: ${native.length} lines (${seconds} s)`)
  for (const line of different.slice(0, 40)) console.log(`     ${line}`)
  console.log(passed ? '1 passed, 0 failed' : '0 passed, 1 failed')
  process.exitCode = passed ? 0 : 1
} finally {
  rmSync(work, { recursive: true, force: true })
}

function buildArchive() {
  const layer = join(work, 'layer')
  const image = join(work, 'image')
  for (const folder of [layer, join(image, 'a'), join(image, 'b')]) mkdirSync(folder, { recursive: true })
  const tar = (...args) => execFileSync('tar', ['--numeric-owner', ...args])
  const kept = ['proc', 'sys', 'dev', 'tmp', 'run'].map((name) => `--exclude=./${name}/*`)
  tar('-C', root, ...kept, '-cf', join(image, 'a/layer.tar'), '.')
  execFileSync('sh', ['-c', `cd ${layer}\n${LAYER}`])
  const names = execFileSync('find', ['.', '!', '-type', 'd'], { cwd: layer, encoding: 'utf8' })
    .trim()
    .split('\n')
  tar(
    '-C',
    layer,
    '--no-recursion',
    '-cf',
    join(image, 'b/layer.tar'),
    ...names,
    './usr/share/man',
    './etc/os-release',
  )
  writeFileSync(
    join(image, 'config.json'),
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: {} }),
  )
  const manifest = [{ Config: 'config.json', Layers: ['a/layer.tar', 'b/layer.tar'] }]
  writeFileSync(join(image, 'manifest.json'), JSON.stringify(manifest))
  const archive = join(work, 'image.tar')
  tar('-C', image, '-cf', archive, '.')
  return archive
}

function lines([file, ...args]) {
  const env = { ...process.env, XDG_CACHE_HOME: join(work, 'cache') }
  const { stdout, stderr, status } = spawnSync(file, args, { encoding: 'latin1', maxBuffer: 1 << 30, env })
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr}`)
  return stdout.trim().split('\n')
}

// A Debian 12 root in the cache outside the clone, made once by mmdebstrap with the machine's own apt sources.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from '../programs/debian.mjs'

/** What both roots have, besides what every Debian has. */
const COMMON = [
  ...['bash', 'dash', 'zsh', 'gawk', 'xz-utils', 'zstd', 'diffutils', 'make', 'perl', 'procps'],
  ...['adduser', 'passwd', 'netbase'],
]
/** By Debian's name of the architecture. */
const PACKAGES = {
  amd64: [
    ...COMMON,
    ...['python3', 'libpython3.11-testsuite', 'lua5.4', 'luajit', 'ruby', 'sqlite3', 'git'],
    ...['gcc', 'g++', 'libc6-dev', 'musl-tools', 'tcc', 'golang-go', 'openjdk-17-jdk-headless'],
    ...['vim-tiny', 'nano', 'less', 'htop', 'nethack-console'],
  ],
  i386: [
    ...COMMON,
    ...['python3', 'lua5.4', 'luajit', 'ruby', 'sqlite3', 'git'],
    ...['gcc', 'g++', 'libc6-dev', 'musl-tools', 'tcc'],
  ],
}
export const ARCHITECTURES = Object.keys(PACKAGES)
const SUITE = 'bookworm'

function sources() {
  const folder = '/etc/apt/sources.list.d'
  const files = existsSync('/etc/apt/sources.list') ? ['/etc/apt/sources.list'] : []
  if (existsSync(folder))
    for (const name of readdirSync(folder))
      if (/^debian.*\.(list|sources)$/.test(name)) files.push(join(folder, name))
  return files
}

/** The root's folder, or {reason} when it cannot be made here. */
export function debianRoot(arch = 'amd64') {
  const packages = PACKAGES[arch]
  const key = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12)
  const folder = join(CACHE, arch === 'amd64' ? `${SUITE}-${key}` : `${SUITE}-${arch}-${key}`)
  if (existsSync(folder)) return { folder }
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.getuid() !== 0)
    return { reason: 'a root is made on x86-64 Linux as root only' }
  const partial = `${folder}.partial`
  mkdirSync(CACHE, { recursive: true })
  rmSync(partial, { recursive: true, force: true })
  const options = ['--variant=minbase', `--architectures=${arch}`, `--include=${packages.join(',')}`]
  const args = [...options, SUITE, partial, ...sources()]
  const { error, status, stderr } = spawnSync('mmdebstrap', args, { encoding: 'utf8' })
  if (error) return { reason: 'no mmdebstrap' }
  const said = stderr.trim().split('\n')
  if (status !== 0)
    return { reason: `mmdebstrap: ${said.find((line) => line.startsWith('E:')) ?? said.pop()}` }
  // An installer's work: without it the C library asks a server for `localhost`.
  writeFileSync(join(partial, 'etc/hosts'), '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n')
  renameSync(partial, folder)
  return { folder }
}

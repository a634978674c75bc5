// Debian's own binaries, fetched with apt-get download and kept outside the clone.
// apt gets its own state and cache folders, so that the machine's dpkg is not touched and no root is needed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const CACHE = process.env.UMWELT_CACHE ?? join(homedir(), '.cache', 'umwelt')

/** Of packages for another architecture, apt has to be told of it; their lists are kept apart. */
const OPTIONS = (arch) => {
  const state = join(CACHE, arch ? `apt-${arch}` : 'apt')
  for (const folder of ['lists/partial', 'archives/partial'])
    mkdirSync(join(state, folder), { recursive: true })
  return [
    `Dir::State::lists=${join(state, 'lists')}`,
    `Dir::Cache=${state}`,
    `Dir::Cache::archives=${join(state, 'archives')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    ...(arch ? [`APT::Architecture=${arch}`, `APT::Architectures=${arch}`] : []),
  ].flatMap((option) => ['-o', option])
}

function run(command, args, cwd) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error?.code === 'ENOENT') return { missing: command }
  return status === 0
    ? {}
    : { failed: `${command} ${args.slice(-2).join(' ')}: ${stderr.trim().split('\n').pop()}` }
}

/** By architecture, what kept its lists from being complete: a package may be had all the same. */
const updated = new Map()

/** The folder a package (`name` or `name:arch`) is unpacked in, or {reason} when it cannot be had here. */
export function debianPackage(name) {
  const arch = name.split(':')[1]
  const folder = join(CACHE, 'packages', name.replace(':', '-'))
  if (existsSync(join(folder, '.complete'))) return { folder }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const options = OPTIONS(arch)
  if (!updated.has(arch)) {
    const result = run('apt-get', [...options, 'update'], CACHE)
    if (result.missing) return { reason: 'no apt-get' }
    updated.set(arch, result.failed)
  }
  const downloads = join(CACHE, 'debs', name.replace(':', '-'))
  rmSync(downloads, { recursive: true, force: true })
  mkdirSync(downloads, { recursive: true })
  const download = run('apt-get', [...options, 'download', name], downloads)
  if (download.failed) return { reason: updated.get(arch) ?? download.failed }
  const deb = readdirSync(downloads).find((f) => f.endsWith('.deb'))
  const unpack = run('dpkg-deb', ['-x', join(downloads, deb), folder], downloads)
  if (unpack.missing || unpack.failed) return { reason: unpack.failed ?? 'no dpkg-deb' }
  mkdirSync(join(folder, '.complete'))
  return { folder }
}

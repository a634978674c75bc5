// Debian's own binaries, fetched with apt-get download and kept outside the clone.
// apt gets its own state and cache folders, so that the machine's dpkg is not touched and no root is needed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

export const CACHE = process.env.UMWELT_CACHE ?? join(homedir(), '.cache', 'umwelt')

const OPTIONS = () => {
  const state = join(CACHE, 'apt')
  for (const folder of ['lists/partial', 'archives/partial'])
    mkdirSync(join(state, folder), { recursive: true })
  return [
    '-o',
    `Dir::State::lists=${join(state, 'lists')}`,
    '-o',
    `Dir::Cache=${state}`,
    '-o',
    `Dir::Cache::archives=${join(state, 'archives')}`,
    '-o',
    'Debug::NoLocking=1',
    '-o',
    'APT::Sandbox::User=',
  ]
}

function run(command, args, cwd) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (error?.code === 'ENOENT') return { missing: command }
  return status === 0
    ? {}
    : { failed: `${command} ${args.slice(-2).join(' ')}: ${stderr.trim().split('\n').pop()}` }
}

let updated = false

/** The folder a package is unpacked in, or {reason} when it cannot be had here. */
export function debianPackage(name) {
  const folder = join(CACHE, 'packages', name)
  if (existsSync(join(folder, '.complete'))) return { folder }
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const options = OPTIONS()
  if (!updated) {
    const result = run('apt-get', [...options, 'update'], CACHE)
    if (result.missing) return { reason: 'no apt-get' }
    if (result.failed) return { reason: result.failed }
    updated = true
  }
  const downloads = join(CACHE, 'debs', name)
  rmSync(downloads, { recursive: true, force: true })
  mkdirSync(downloads, { recursive: true })
  const download = run('apt-get', [...options, 'download', name], downloads)
  if (download.failed) return { reason: download.failed }
  const deb = readdirSync(downloads).find((f) => f.endsWith('.deb'))
  const unpack = run('dpkg-deb', ['-x', join(downloads, deb), folder], downloads)
  if (unpack.missing || unpack.failed) return { reason: unpack.failed ?? 'no dpkg-deb' }
  mkdirSync(join(folder, '.complete'))
  return { folder }
}

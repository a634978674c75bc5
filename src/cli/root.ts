/**
 * The file systems of a run: the embedded userland, or --root, with /proc, /dev and /tmp; volumes; and the host's
 * current directory at /work. Path: main.ts → here → Machine.
 */

import * as nodeFs from 'node:fs'
import { join, resolve } from 'node:path'
import { CowFs } from '../../syscalls/fs/cowfs/cowfs.ts'
import type { HostFiles } from '../../syscalls/fs/hostfs/host-files.ts'
import { HostFs } from '../../syscalls/fs/hostfs/hostfs.ts'
import type { ImageConfig } from '../host/node/root-image/oci.ts'
import { userlandRoot } from '../host/node/userland.ts'
import type { FileSystemChoice, MountChoice, VolumeMode } from '../mounting.ts'
import { type RunOptions, UsageError } from './options.ts'

/** Where the host's current directory is, unless --root says otherwise. */
export const WORK = '/work'

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'does not exist'
  if (error.code === 'ENOTDIR') return 'is no directory'
  return `cannot be read: ${error.code ?? error}`
}

/** A host directory in one of the three modes. */
function hostDirectory(directory: string, mode: VolumeMode, what: string): FileSystemChoice {
  try {
    nodeFs.readdirSync(directory)
  } catch (error) {
    throw new UsageError(`${what} ${directory} ${reason(error as NodeJS.ErrnoException)}`)
  }
  return (kernel) => {
    const host = new HostFs({
      files: nodeFs as unknown as HostFiles,
      directory: resolve(directory),
      readOnly: mode === 'ro',
      owner: { hostUid: process.getuid?.() ?? 0, hostGid: process.getgid?.() ?? 0, uid: 0, gid: 0 },
    })
    return mode === 'cow' ? new CowFs(kernel.clock, host) : host
  }
}

export interface Tree {
  root: FileSystemChoice
  mounts: MountChoice[]
  workdir: string
  /** What a container image says of its program, and the ids of its user. */
  image: { config: ImageConfig; user: { uid: number; gid: number } | null } | null
}

/** What the options ask for. Throws UsageError. */
export async function treeOf(options: RunOptions, diagnostics: (line: string) => void): Promise<Tree> {
  const { root, image } = await rootOf(options, diagnostics)
  const mounts: MountChoice[] = [
    { at: '/proc', fs: { type: 'proc' }, source: 'proc' },
    { at: '/sys', fs: { type: 'sysfs' }, source: 'sysfs', readOnly: true },
    { at: '/dev', fs: { type: 'devtmpfs' }, source: 'devtmpfs' },
    { at: '/dev/pts', fs: { type: 'devpts' }, source: 'devpts' },
  ]
  if (options.root === null) {
    mounts.push({ at: '/tmp', fs: { type: 'tmpfs', options: { mode: '1777' } }, source: 'tmpfs' })
    if (!options.volumes.some((volume) => volume.guest === WORK))
      mounts.push({
        at: WORK,
        fs: hostDirectory(process.cwd(), 'cow', 'the current directory'),
        source: 'cwd',
      })
  }
  for (const { host, guest, mode } of options.volumes)
    mounts.push({
      at: guest,
      fs: hostDirectory(host, mode, 'volume'),
      source: 'volume',
      readOnly: mode === 'ro',
    })
  const usual = options.root === null ? WORK : (image?.config.workdir ?? '/')
  return { root, mounts, workdir: options.workdir ?? usual, image }
}

async function rootOf(
  options: RunOptions,
  diagnostics: (line: string) => void,
): Promise<Pick<Tree, 'root' | 'image'>> {
  const path = options.root
  if (path === null) return { root: userlandRoot(), image: null }
  if (!nodeFs.existsSync(path)) throw new UsageError(`--root ${path} does not exist`)
  if (nodeFs.statSync(path).isDirectory() && !nodeFs.existsSync(join(path, 'oci-layout')))
    return { root: hostDirectory(path, 'cow', '--root'), image: null }
  try {
    // Most runs have no archive and need not load what reads one.
    const { importRoot } = await import('../host/node/root-image/import.ts')
    const { openRoot, userOf } = await import('../host/node/root-image/open.ts')
    const unpacked = await withProgress(`unpacking ${path}`, (progress) => importRoot(path, progress))
    const root: FileSystemChoice = (kernel) =>
      openRoot(unpacked, kernel, (problem) => diagnostics(`${path}: ${problem}`))
    const { config } = unpacked
    return { root, image: config && { config, user: userOf(unpacked, config.user) } }
  } catch (error) {
    throw new UsageError(`--root ${path} is no readable root archive: ${(error as Error).message}`)
  }
}

/** Work of this length is shown, on a terminal. */
const SHOWN_AFTER_MS = 500
const SHOWN_EVERY_MS = 100

async function withProgress<T>(
  what: string,
  work: (progress: (done: number) => void) => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY) return work(() => {})
  let next = Date.now() + SHOWN_AFTER_MS
  let shown = false
  try {
    return await work((done) => {
      if (Date.now() < next) return
      next = Date.now() + SHOWN_EVERY_MS
      shown = true
      process.stderr.write(`\rumwelt: ${what}: ${Math.floor(done * 100)} %`)
    })
  } finally {
    if (shown) process.stderr.write('\r\x1b[K')
  }
}

/**
 * The file systems of a run: the embedded userland, or --root, with /proc, /dev and /tmp; volumes; and the host's
 * current directory at /work. Path: main.ts → here → Machine.
 */

import * as nodeFs from 'node:fs'
import { resolve } from 'node:path'
import { CowFs } from '../../syscalls/fs/cowfs/cowfs.ts'
import type { HostFiles } from '../../syscalls/fs/hostfs/host-files.ts'
import { HostFs } from '../../syscalls/fs/hostfs/hostfs.ts'
import { userlandRoot } from '../host/node/userland.ts'
import type { FileSystemChoice, MountChoice, VolumeMode } from '../mounting.ts'
import { type RunOptions, UsageError } from './options.ts'
import { tarRoot } from './tar.ts'

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
}

/** What the options ask for. Throws UsageError. */
export async function treeOf(options: RunOptions, diagnostics: (line: string) => void): Promise<Tree> {
  const root = await rootOf(options, diagnostics)
  const mounts: MountChoice[] = [
    { at: '/proc', fs: { type: 'proc' }, source: 'proc' },
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
  return { root, mounts, workdir: options.workdir ?? (options.root === null ? WORK : '/') }
}

async function rootOf(options: RunOptions, diagnostics: (line: string) => void): Promise<FileSystemChoice> {
  if (options.root === null) return userlandRoot()
  if (!nodeFs.existsSync(options.root)) throw new UsageError(`--root ${options.root} does not exist`)
  return nodeFs.statSync(options.root).isDirectory()
    ? hostDirectory(options.root, 'cow', '--root')
    : tarRoot(options.root, diagnostics)
}

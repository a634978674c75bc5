/**
 * The file systems of a run: the embedded userland, or --root, with /proc, /dev and /tmp; volumes; and the host's
 * current directory at /work. Path: main.ts → here → createMachine.
 */

import * as nodeFs from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { utf8 } from '../../syscalls/abi/bytes.ts'
import { CowFs } from '../../syscalls/fs/cowfs/cowfs.ts'
import type { HostFiles } from '../../syscalls/fs/hostfs/host-files.ts'
import { HostFs } from '../../syscalls/fs/hostfs/hostfs.ts'
import { addImageEntry, type ImageEntry } from '../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import type { FileSystemChoice, MountChoice } from '../machine.ts'
import { type RunOptions, UsageError, type VolumeMode } from './options.ts'
import { tarRoot } from './tar.ts'

/** Where the host's current directory is, unless --root says otherwise. */
export const WORK = '/work'

/** The package's own folder: dist/src/cli or src/cli lie below it. */
function packageFolder(): string {
  for (let folder = new URL('.', import.meta.url); folder.pathname !== '/'; folder = new URL('..', folder))
    if (nodeFs.existsSync(new URL('rootfs/images/userland.elf', folder))) return fileURLToPath(folder)
  throw new UsageError('the embedded userland is missing from this installation (rootfs/images/userland.elf)')
}

/** The embedded userland as a list of files. */
export function userlandEntries(): ImageEntry[] {
  const folder = packageFolder()
  const elf = nodeFs.readFileSync(`${folder}/rootfs/images/userland.elf`)
  const { applets } = JSON.parse(nodeFs.readFileSync(`${folder}/rootfs/images/userland.json`, 'utf8')) as {
    applets: string[]
  }
  const entries: ImageEntry[] = [
    { name: '/', type: 'directory', mode: 0o755 },
    { name: '/root', type: 'directory', mode: 0o700 },
    { name: '/usr/bin', type: 'directory' },
    { name: '/bin/userland', type: 'file', mode: 0o755, data: elf },
  ]
  for (const applet of applets)
    entries.push({ name: utf8(`/bin/${applet}`), type: 'symlink', target: 'userland' })
  for (const name of nodeFs.readdirSync(`${folder}/rootfs/etc`)) {
    const data = nodeFs.readFileSync(`${folder}/rootfs/etc/${name}`)
    entries.push({ name: utf8(`/etc/${name}`), type: 'file', mode: 0o644, data })
  }
  return entries
}

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
  if (options.root === null) {
    const entries = userlandEntries()
    return (kernel) => {
      const fs = new Tmpfs(kernel.clock)
      for (const entry of entries) addImageEntry(fs, kernel.caller, entry)
      return fs
    }
  }
  if (!nodeFs.existsSync(options.root)) throw new UsageError(`--root ${options.root} does not exist`)
  return nodeFs.statSync(options.root).isDirectory()
    ? hostDirectory(options.root, 'cow', '--root')
    : tarRoot(options.root, diagnostics)
}

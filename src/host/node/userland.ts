/** The embedded userland of this package as a root file system. Path: node/index.ts and the CLI use it unless told. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { utf8 } from '../../../syscalls/abi/bytes.ts'
import { addImageEntry, type ImageEntry } from '../../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../../syscalls/fs/tmpfs/tmpfs.ts'
import { StartError } from '../../errors.ts'
import type { FileSystemChoice } from '../../mounting.ts'

/** The package's own folder: this file lies somewhere below it, built or not. */
function packageFolder(): string {
  for (let folder = new URL('.', import.meta.url); folder.pathname !== '/'; folder = new URL('..', folder))
    if (existsSync(new URL('rootfs/images/userland.elf', folder))) return fileURLToPath(folder)
  throw new StartError(
    'ENOENT',
    'the embedded userland is missing from this installation (rootfs/images/userland.elf)',
  )
}

/** The embedded userland as a list of files. */
export function userlandEntries(): ImageEntry[] {
  const folder = packageFolder()
  const elf = readFileSync(`${folder}/rootfs/images/userland.elf`)
  const { applets } = JSON.parse(readFileSync(`${folder}/rootfs/images/userland.json`, 'utf8')) as {
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
  for (const name of readdirSync(`${folder}/rootfs/etc`)) {
    const data = readFileSync(`${folder}/rootfs/etc/${name}`)
    entries.push({ name: utf8(`/etc/${name}`), type: 'file', mode: 0o644, data })
  }
  return entries
}

/** The embedded userland as `/`. */
export function userlandRoot(): FileSystemChoice {
  const entries = userlandEntries()
  return (kernel) => {
    const fs = new Tmpfs(kernel.clock)
    for (const entry of entries) addImageEntry(fs, kernel.caller, entry)
    return fs
  }
}

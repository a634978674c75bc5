/** The embedded userland of this package as a root file system. Path: node/index.ts and the CLI use it unless told. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ImageEntry } from '../../../syscalls/fs/tmpfs/populate.ts'
import { StartError } from '../../errors.ts'
import { type FileSystemChoice, filledTmpfs } from '../../mounting.ts'
import { entriesOf } from '../../userland.ts'

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
  const { applets } = JSON.parse(readFileSync(`${folder}/rootfs/images/userland.json`, 'utf8')) as {
    applets: string[]
  }
  const etc = readdirSync(`${folder}/rootfs/etc`).map((name) => [
    name,
    readFileSync(`${folder}/rootfs/etc/${name}`),
  ])
  const elf = readFileSync(`${folder}/rootfs/images/userland.elf`)
  return entriesOf({ elf, applets, etc: Object.fromEntries(etc) })
}

/** The embedded userland as `/`. */
export function userlandRoot(): FileSystemChoice {
  const entries = userlandEntries()
  return (kernel) => filledTmpfs(kernel, entries)
}

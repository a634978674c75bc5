/** A tar archive (plain or gzip) as a root file system in memory. Path: root.ts for `--root FILE`. */

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { unpackTar } from 'modern-tar'
import { utf8 } from '../../syscalls/abi/bytes.ts'
import { addImageEntry, type ImageEntry } from '../../syscalls/fs/tmpfs/populate.ts'
import { Tmpfs } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import type { Kernel } from '../../syscalls/kernel/kernel.ts'
import type { FileSystemChoice } from '../mounting.ts'
import { UsageError } from './options.ts'

const KNOWN_TYPES: ReadonlySet<string> = new Set<ImageEntry['type']>([
  'file',
  'directory',
  'symlink',
  'link',
  'fifo',
  'character-device',
  'block-device',
])

/** Reads the archive now, so that a bad one is a usage error; the file system is made by the machine. */
export async function tarRoot(file: string, diagnostics: (line: string) => void): Promise<FileSystemChoice> {
  const entries = await readTar(file)
  return (kernel: Kernel) => {
    const fs = new Tmpfs(kernel.clock)
    for (const entry of entries) {
      const problem = addImageEntry(fs, kernel.caller, entry)
      if (problem) diagnostics(`${file}: ${problem}`)
    }
    return fs
  }
}

async function readTar(file: string): Promise<ImageEntry[]> {
  try {
    const raw = readFileSync(file)
    const bytes = raw[0] === 0x1f && raw[1] === 0x8b ? gunzipSync(raw) : raw
    const parsed = await unpackTar(bytes, { strict: true })
    if (parsed.length === 0) throw new Error('it is empty')
    return parsed
      .filter(({ header }) => KNOWN_TYPES.has(header.type ?? 'file'))
      .map(({ header, data }) => ({
        name: utf8(header.name),
        type: (header.type ?? 'file') as ImageEntry['type'],
        ...(header.mode === undefined ? {} : { mode: header.mode }),
        uid: header.uid ?? 0,
        gid: header.gid ?? 0,
        mtimeSec: Math.floor((header.mtime?.getTime() ?? 0) / 1000),
        ...(header.linkname === undefined ? {} : { target: utf8(header.linkname) }),
        ...(data === undefined ? {} : { data }),
      }))
  } catch (error) {
    throw new UsageError(`--root ${file} is no readable tar archive: ${(error as Error).message}`)
  }
}

/**
 * An unpacked root as a file system in memory whose contents are read from the host when they are asked for; and what
 * its image says of users. Path: import.ts → here → cli/root.ts.
 */

import { closeSync, openSync, readSync } from 'node:fs'
import { fromUtf8 } from '../../../../syscalls/abi/bytes.ts'
import { makedev } from '../../../../syscalls/abi/stat.ts'
import {
  addImageEntry,
  emptyImageDirectory,
  type ImageEntry,
  removeImageEntry,
} from '../../../../syscalls/fs/tmpfs/populate.ts'
import { type StoredBytes, Tmpfs } from '../../../../syscalls/fs/tmpfs/tmpfs.ts'
import type { Kernel } from '../../../../syscalls/kernel/kernel.ts'
import type { TreeStep, UnpackedRoot } from './import.ts'

const KNOWN_TYPES: ReadonlySet<string> = new Set<ImageEntry['type']>([
  'file',
  'directory',
  'symlink',
  'link',
  'fifo',
  'character-device',
  'block-device',
])
/** What may be written to a root from an archive, besides --disk. */
const ROOM = 2 ** 40

/** Makes the file system; an entry that cannot be in it is told of. */
export function openRoot(root: UnpackedRoot, kernel: Kernel, diagnostics: (problem: string) => void): Tmpfs {
  const fs = new Tmpfs(kernel.clock, { sizeMax: ROOM })
  const fd = openSync(root.contents, 'r')
  const { caller } = kernel
  for (const step of root.steps) {
    if (step.step === 'remove') removeImageEntry(fs, caller, step.name)
    else if (step.step === 'empty') emptyImageDirectory(fs, caller, step.name)
    else if (!KNOWN_TYPES.has(step.type))
      diagnostics(`${fromUtf8(step.name)}: an entry of an unknown type is left out`)
    else {
      const problem = addImageEntry(fs, caller, entryOf(step, fd))
      if (problem) diagnostics(fromUtf8(problem))
    }
  }
  return fs
}

function entryOf(step: TreeStep, fd: number): ImageEntry {
  return {
    name: step.name,
    type: step.type as ImageEntry['type'],
    mode: step.mode,
    uid: step.uid,
    gid: step.gid,
    mtimeSec: step.mtimeSec,
    rdev: makedev(step.major, step.minor),
    ...(step.target === null ? {} : { target: step.target }),
    ...(step.sizeBytes > 0 ? { stored: storedBytes(fd, step.offset, step.sizeBytes) } : {}),
  }
}

function storedBytes(fd: number, offset: number, sizeBytes: number): StoredBytes {
  return {
    sizeBytes,
    read(pos, bytes, at, count) {
      for (let done = 0; done < count; ) {
        const got = readSync(fd, bytes, at + done, count - done, offset + pos + done)
        if (got === 0) throw new Error('the unpacked root was cut off')
        done += got
      }
    },
  }
}

/** The text of a file of the root, empty when it has none: before there is a machine. */
function textIn(root: UnpackedRoot, name: string): string {
  const step = root.steps.findLast(
    (candidate) => candidate.step === 'add' && candidate.name.replace(/^(\.?\/)+/, '') === name,
  )
  if (!step || step.sizeBytes === 0) return ''
  const bytes = new Uint8Array(step.sizeBytes)
  const fd = openSync(root.contents, 'r')
  try {
    storedBytes(fd, step.offset, step.sizeBytes).read(0, bytes, 0, bytes.length)
  } finally {
    closeSync(fd)
  }
  return new TextDecoder().decode(bytes)
}

/** The ids of an image's USER: a name or number, either with a group behind a colon. Throws for one it does not have. */
export function userOf(root: UnpackedRoot, user: string): { uid: number; gid: number } | null {
  if (user === '') return null
  const [name = '', group] = user.split(':')
  const lines = (file: string): string[][] =>
    textIn(root, file)
      .split('\n')
      .map((line) => line.split(':'))
  const known = lines('etc/passwd').find((line) => line[0] === name || line[2] === name)
  const uid = known ? Number(known[2]) : Number(name)
  const groups = group === undefined ? undefined : lines('etc/group').find((line) => line[0] === group)
  const gid = group === undefined ? Number(known?.[3] ?? 0) : Number(groups?.[2] ?? group)
  if (!Number.isSafeInteger(uid) || !Number.isSafeInteger(gid)) throw new Error(`it has no user ${user}`)
  return { uid, gid }
}

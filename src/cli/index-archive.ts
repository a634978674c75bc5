/** `umwelt index ARCHIVE.tar`: its members, written beside it, for pages that read it by range requests. Path: main.ts. */

import { closeSync, fstatSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { readMembers } from '../../syscalls/fs/tarfs/headers.ts'
import { indexText } from '../../syscalls/fs/tarfs/index-file.ts'
import { INDEX_SUFFIX } from '../images.ts'
import { UsageError } from './options.ts'

/** Writes the index and says so. Throws UsageError. */
export function indexArchive(path: string): string {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  try {
    const members = readMembers((position, count) => {
      const bytes = new Uint8Array(count)
      return bytes.subarray(0, readSync(fd, bytes, 0, count, position))
    })
    if (typeof members === 'number')
      throw new UsageError(`${path} is no uncompressed tar archive; unpack it first, with gunzip say`)
    const to = path + INDEX_SUFFIX
    const packed = gzipSync(indexText({ sizeBytes: fstatSync(fd).size, members }), { level: 9 })
    writeFileSync(`${to}.new`, packed)
    renameSync(`${to}.new`, to)
    return `${to}: ${members.length} members, ${packed.length} bytes\n`
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${path} cannot be indexed: ${(error as Error).message}`)
  } finally {
    closeSync(fd)
  }
}

/**
 * The end of a blob that layer-keeper.ts writes: the list of all files, and a footer that says that the list is whole. A
 * blob without one is of a save that did not come to its end.
 */

import { latin1 } from '../../syscalls/abi/bytes.ts'
import { type BlobWriter, fingerprint, type StoredBlob } from './blob-store.ts'
import type { SavedFile } from './saved-tree.ts'

const MAGIC = 'UMWELT-LAYER-1 '
const LENGTH_DIGITS = 12
const FOOTER_SIZE = MAGIC.length + LENGTH_DIGITS + 1 + fingerprint(new Uint8Array(0)).length

export interface SavedList {
  /** What the files are the changes of. */
  readonly base: string
  readonly files: readonly SavedFile[]
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export function writeList(writer: BlobWriter, list: SavedList): void {
  const bytes = new TextEncoder().encode(JSON.stringify(list))
  const length = String(bytes.length).padStart(LENGTH_DIGITS, '0')
  writer.write(bytes)
  writer.write(new TextEncoder().encode(`${MAGIC}${length} ${fingerprint(bytes)}`))
}

/** Null when there is none that is whole. */
export function readList(blob: StoredBlob): SavedList | null {
  const part = (pos: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length)
    blob.read(pos, bytes, 0, length)
    return bytes
  }
  const end = blob.sizeBytes - FOOTER_SIZE
  if (end < 0) return null
  const footer = latin1(part(end, FOOTER_SIZE), 0, FOOTER_SIZE)
  const length = Number(footer.slice(MAGIC.length, MAGIC.length + LENGTH_DIGITS))
  if (!footer.startsWith(MAGIC) || !(length <= end)) return null
  const bytes = part(end - length, length)
  return footer.endsWith(` ${fingerprint(bytes)}`) ? (JSON.parse(text(bytes)) as SavedList) : null
}

/**
 * Translated code in a BlobStore: what one run of a program adds is a blob, by build, program and time. What another build
 * made is thrown away. Path: host/browser opens one for machines that are kept; emu/run/code-cache.ts reads and adds.
 */

import type { TranslationStore } from '../../emu/run/index.ts'
import type { BlobStore, StoredBlob } from './blob-store.ts'

/** All together, and of one program. What was added first goes first. */
const SIZE_MAX = 192 << 20
const PROGRAM_SIZE_MAX = 48 << 20
/** More blobs than these of one program become one. */
const PIECES_MAX = 6

interface Piece {
  readonly name: string
  readonly program: string
  readonly addedMs: number
  readonly blob: StoredBlob
}

export class KeptTranslations implements TranslationStore {
  private readonly store: BlobStore
  private readonly build: string
  private pieces: readonly Piece[]
  /** Writing is one after the other, and ends with the first problem. */
  private writing: Promise<void> = Promise.resolve()

  /** What this build has stored, and no more of other builds'. */
  static async open(store: BlobStore, build: string): Promise<KeptTranslations> {
    const names = await store.list()
    const opened = names.map(async (name) => {
      const [by, program = '', added = ''] = name.split('.')
      const blob = by === build ? await store.open(name).catch(() => null) : null
      if (!blob) await store.delete(name).catch(() => {})
      return blob && { name, program, addedMs: Number.parseInt(added, 36), blob }
    })
    const pieces = (await Promise.all(opened)).filter((piece) => piece !== null)
    return new KeptTranslations(
      store,
      build,
      pieces.sort((a, b) => a.addedMs - b.addedMs),
    )
  }

  private constructor(store: BlobStore, build: string, pieces: readonly Piece[]) {
    this.store = store
    this.build = build
    this.pieces = pieces
  }

  load(program: string): Uint8Array | null {
    try {
      const bytes = joined(this.of(program))
      return bytes.length > 0 ? bytes : null
    } catch {
      // Another tab has tidied up.
      return null
    }
  }

  append(program: string, records: readonly Uint8Array[]): void {
    this.writing = this.writing.then(() => this.add(program, records))
    this.writing.catch(() => {})
  }

  private of(program: string): Piece[] {
    return this.pieces.filter((piece) => piece.program === program)
  }

  private async add(program: string, records: readonly Uint8Array[]): Promise<void> {
    const before = this.of(program)
    const size = sizeOf(before) + records.reduce((sum, { length }) => sum + length, 0)
    if (size > PROGRAM_SIZE_MAX) return
    const isMany = before.length >= PIECES_MAX
    const addedMs = Math.max(Date.now(), (this.pieces.at(-1)?.addedMs ?? 0) + 1)
    const name = `${this.build}.${program}.${addedMs.toString(36)}`
    const writer = await this.store.create(name)
    try {
      if (isMany) writer.write(joined(before))
      for (const record of records) writer.write(record)
      await writer.close()
    } catch (error) {
      await writer.abandon()
      throw error
    }
    this.pieces = [...this.pieces, { name, program, addedMs, blob: await this.store.open(name) }]
    if (isMany) await this.drop(before)
    let total = sizeOf(this.pieces)
    await this.drop(this.pieces.filter(({ blob }) => total > SIZE_MAX && (total -= blob.sizeBytes) >= 0))
  }

  private async drop(pieces: readonly Piece[]): Promise<void> {
    this.pieces = this.pieces.filter((piece) => !pieces.includes(piece))
    for (const { name } of pieces) await this.store.delete(name)
  }
}

const sizeOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { blob }) => sum + blob.sizeBytes, 0)

function joined(pieces: readonly Piece[]): Uint8Array {
  const bytes = new Uint8Array(sizeOf(pieces))
  let at = 0
  for (const { blob } of pieces) {
    blob.read(0, bytes, at, blob.sizeBytes)
    at += blob.sizeBytes
  }
  return bytes
}

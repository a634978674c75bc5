/**
 * The port behind which a machine's changes and its translated code are kept: named bytes that are written once, whole,
 * and deleted. Path: layer-keeper.ts and kept-translations.ts write; host/browser has one over OPFS and one over IndexedDB.
 */

/** Bytes that are there. */
export interface StoredBlob {
  readonly sizeBytes: number
  /** Reads a part that is all there, at once. Throws when it cannot be read. */
  read(pos: number, bytes: Uint8Array, at: number, count: number): void
}

/** Takes a new blob's bytes one after the other; they are the caller's again afterwards. */
export interface BlobWriter {
  readonly sizeBytes: number
  /** Throws QuotaExceededError (a DOMException, or by that name) when there is no room. */
  write(bytes: Uint8Array): void
  /** Resolves when the blob is there to stay. */
  close(): Promise<void>
  /** What was written is of no use. */
  abandon(): Promise<void>
}

export interface BlobStore {
  list(): Promise<string[]>
  /** Rejects when there is none of that name. */
  open(name: string): Promise<StoredBlob>
  create(name: string): Promise<BlobWriter>
  /** What is not there is no error. */
  delete(name: string): Promise<void>
}

/** A store that this machine alone writes to. */
export interface OwnStore {
  readonly blobs: BlobStore
  /** Others may have it. */
  release(): void
}

export const isQuotaError = (error: unknown): boolean =>
  error instanceof Error && error.name === 'QuotaExceededError'

/** Two hashes (FNV-1a): tells damaged or other bytes, where nobody wishes to deceive. */
export function fingerprint(bytes: Uint8Array): string {
  let one = 0x811c9dc5
  let other = 0x9dc5811c
  for (const byte of bytes) {
    one = Math.imul(one ^ byte, 0x01000193)
    other = Math.imul(other ^ (byte + 0x55), 0x01000193)
  }
  const hex = (hash: number): string => (hash >>> 0).toString(16).padStart(8, '0')
  return hex(one) + hex(other)
}

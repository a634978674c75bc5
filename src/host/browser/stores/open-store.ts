/**
 * Where a browser keeps what machines leave: the origin private file system, or else IndexedDB.
 * Path: worker.ts gives it to local-machine.ts as a part of the platform.
 */

import type { BlobStore, OwnStore } from '../../../storage/blob-store.ts'
import { IndexedStore } from './indexed-store.ts'
import { OpfsStore } from './opfs-store.ts'

/** The Worker of a page that was left a moment ago may still hold its lock. */
const LOCK_MS = 1500

/** Null where the browser keeps nothing. */
export const openBlobs = async (...path: string[]): Promise<BlobStore | null> =>
  (await OpfsStore.open(['umwelt', ...path])) ?? (await IndexedStore.open(path))

/** The store of the machine of a name, or why there is none. */
export async function openOwnStore(name: string): Promise<OwnStore | string> {
  if (!navigator.locks) return 'nothing is kept: this page is not in a secure context'
  const release = await locked(`umwelt-machine-${name}`)
  if (!release) return 'nothing is kept of this machine: another tab has the one that is'
  const blobs = await openBlobs('machines', name)
  if (blobs) return { blobs, release }
  release()
  return 'nothing is kept: this browser gives pages no storage here (a private window, or a setting)'
}

/** Resolves when the lock is ours, with what gives it back; with null when another one keeps it. */
function locked(name: string): Promise<(() => void) | null> {
  return new Promise((resolve) => {
    const held = (): Promise<void> => new Promise((release) => resolve(release))
    navigator.locks.request(name, { signal: AbortSignal.timeout(LOCK_MS) }, held).catch(() => resolve(null))
  })
}

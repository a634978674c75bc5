/**
 * The user's cache folder: where translations and unpacked roots lie between runs. XDG Base Directory Specification.
 * Path: translation-store.ts and root-image/import.ts keep their files below it.
 */

import { rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The folder for one kind of things; it need not exist. */
export function userCacheFolder(kind: string): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'umwelt', kind)
}

export interface Cached {
  path: string
  usedMs: number
  sizeBytes: number
}

/** Removes the entries that were used longest ago, until all together are no larger than that. */
export function removeOldest(entries: readonly Cached[], sizeMaxBytes: number): void {
  let total = entries.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  for (const { path, sizeBytes } of entries.toSorted((a, b) => a.usedMs - b.usedMs)) {
    if (total <= sizeMaxBytes) return
    rmSync(path, { recursive: true, force: true })
    total -= sizeBytes
  }
}

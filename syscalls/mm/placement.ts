/**
 * Where new areas go when the caller does not say. Programs and libraries lie where their contents say, the same in
 * every process and every run, so that what was translated of them can be used again. mmap(2).
 * Path: mapping.ts, sys/mmap.ts and exec/load.ts ask.
 */

import type { Mm } from './mm.ts'

/** One past the highest address mmap gives out. */
export const MMAP_END = 0xffff0000
/** Libraries lie here as long as there is room; nothing else does until there is none elsewhere. */
const LIBRARIES_START = 0x06000000
const LIBRARIES_END = 0x0c000000
const LIBRARY_STEP = 1 << 16
const LIBRARY_PLACES = (LIBRARIES_END - LIBRARIES_START) / LIBRARY_STEP

/** The lowest gap for an area that may lie anywhere, or -1. */
export function findPlace(mm: Mm, sizeBytes: number): number {
  const { vmas, mmapBase } = mm
  const below = vmas.findGap(sizeBytes, mmapBase, LIBRARIES_START)
  if (below >= 0) return below
  const above = vmas.findGap(sizeBytes, Math.max(mmapBase, LIBRARIES_END), MMAP_END)
  return above >= 0 ? above : vmas.findGap(sizeBytes, mmapBase, MMAP_END)
}

/** A number that stands for a file's contents: of its first bytes, where an ELF file has its build id, and its size. */
export function imageKey(head: Uint8Array, fileSizeBytes: number): number {
  // FNV-1a.
  let hash = 0x811c9dc5 ^ fileSizeBytes
  for (const byte of head) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/** Where a library with that key goes: at its own place or the next free one; -1 when there is none. */
export function findImagePlace(mm: Mm, key: number, sizeBytes: number): number {
  const wanted = LIBRARIES_START + (key % LIBRARY_PLACES) * LIBRARY_STEP
  const found = mm.vmas.findGap(sizeBytes, wanted, LIBRARIES_END)
  return found >= 0 ? found : findPlace(mm, sizeBytes)
}

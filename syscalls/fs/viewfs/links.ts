/**
 * Files with several names below: when one is copied up, all names that show it get the copy, so they go on being one
 * file, also when the view is mounted anew. Linux's overlayfs keeps an index for that.
 * Path: copy-up.ts asks once it has a copy. The tree is walked when the first such file is changed.
 */

import type { Caller } from '../../vfs/caller.ts'
import * as layer from './layer.ts'
import type { Place, ViewInode } from './view-inode.ts'

/** By the number of a file below, the names that it has in the view. */
export type Links = ReadonlyMap<number, readonly Place[]>

export const hasOtherNames = ({ lower, upper, place }: ViewInode): boolean =>
  upper === null && lower !== null && !lower.inode.isDirectory && lower.inode.nlink > (place ? 1 : 0)

/** Names that show a file through, but the one that is known of it. */
export function otherNames(file: ViewInode, caller: Caller): Place[] {
  if (!hasOtherNames(file)) return []
  const { fs, place } = file
  fs.links ??= linksOf(fs.root, caller)
  const isKnown = ({ parent, name }: Place): boolean => parent === place?.parent && name === place.name
  return (fs.links.get(file.lower!.inode.ino) ?? []).filter(
    (other) => !isKnown(other) && !other.parent.isGone && other.parent.lookup(caller, other.name) === file,
  )
}

function linksOf(top: ViewInode, caller: Caller): Links {
  const links = new Map<number, Place[]>()
  const seen = new Set([top])
  // A set goes on with what is added to it.
  for (const directory of seen)
    for (const part of [directory.lower, directory.upper]) {
      const names = part ? layer.namesIn(caller, part) : []
      // One that answers late is as if its files had one name each.
      if (typeof names === 'number') continue
      for (const name of names) {
        const entry = layer.find(caller, part!, name)
        if (!entry || typeof entry === 'number') continue
        const child = entry.inode.isDirectory ? directory.lookup(caller, name) : 0
        if (typeof child !== 'number' && child.isDirectory) seen.add(child as ViewInode)
        if (child === 0 && part === directory.lower && entry.inode.nlink > 1)
          addTo(links, entry.inode.ino, { parent: directory, name })
      }
    }
  return links
}

function addTo(links: Map<number, Place[]>, ino: number, place: Place): void {
  const known = links.get(ino)
  if (known) known.push(place)
  else links.set(ino, [place])
}

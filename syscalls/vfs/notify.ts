/**
 * Who watches a file is told here what happens to it: inotify(7). Watches hang on inodes; an event of a file also goes
 * to the directory that its name is in, with that name, and there first.
 * Path: change.ts (names), open.ts and releaseFile (opening and closing), file-description.ts (reading and writing),
 * sys/stat.ts and sys/file.ts (attributes) call; events/inotify.ts listens.
 */

import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_ISDIR,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_UNMOUNT,
} from '../abi/inotify.ts'
import type { FileSystem, Inode } from './inode.ts'
import type { Path } from './path.ts'

/** What somebody wants to hear of one inode. */
export interface InodeWatch {
  /** `name`: of the entry of this directory that it happened to; empty for the inode itself. */
  told(events: number, name: string, cookie: number, isUnlinked: boolean): void
  /** The inode is no more. */
  inodeGone(): void
}

/** Ties the two events of a rename together. */
let lastCookie = 0

const kindOf = (inode: Inode): number => (inode.isDirectory ? IN_ISDIR : 0)

function tell(inode: Inode, events: number, name: string, cookie = 0, isUnlinked = false): void {
  if (inode.watches === null) return
  // One that is told once goes as it is told.
  for (const watch of [...inode.watches]) watch.told(events, name, cookie, isUnlinked)
}

/** To those who watch the inode itself. */
export function notifyInode(inode: Inode, events: number): void {
  if (inode.watches !== null) tell(inode, events | kindOf(inode), '')
}

/** To those who watch the directory that a file is in, and to those who watch the file. */
export function notifyPath(path: Path, events: number): void {
  const { dentry } = path
  const { inode, parent } = dentry
  const all = events | kindOf(inode)
  if (parent && parent.inode.watches !== null) tell(parent.inode, all, dentry.name, 0, dentry.removed)
  if (inode.watches !== null) tell(inode, all, '')
}

export function notifyMade(directory: Inode, name: string, inode: Inode | null): void {
  if (directory.watches !== null) tell(directory, IN_CREATE | (inode ? kindOf(inode) : 0), name)
}

export function notifyLinked(directory: Inode, name: string, inode: Inode): void {
  notifyInode(inode, IN_ATTRIB)
  notifyMade(directory, name, inode)
}

/** A name is gone; the last one takes the inode along, unless it is open. */
export function notifyRemoved(directory: Inode, name: string, inode: Inode): void {
  if (!inode.isDirectory) notifyInode(inode, IN_ATTRIB)
  // The end of the inode comes before the end of its name.
  notifyIfGone(inode)
  if (directory.watches !== null) tell(directory, IN_DELETE | kindOf(inode), name)
}

export function notifyIfGone(inode: Inode): void {
  if (inode.watches === null || inode.nlink > 0 || inode.openCount > 0) return
  tell(inode, IN_DELETE_SELF, '')
  for (const watch of [...(inode.watches ?? [])]) watch.inodeGone()
}

/** The last mount of a file system is gone, and with it everything that was watched there. */
export function notifyUnmounted(fs: FileSystem): void {
  for (const inode of [...fs.watched]) {
    tell(inode, IN_UNMOUNT | kindOf(inode), '')
    for (const watch of [...(inode.watches ?? [])]) watch.inodeGone()
  }
}

/** `replaced` was the new name's file before. */
export function notifyMoved(
  from: Inode,
  name: string,
  to: Inode,
  newName: string,
  inode: Inode,
  replaced: Inode | null,
): void {
  // One rename in a view is several in its layers, which nobody may be able to tell by the numbers.
  if (from.watches !== null || to.watches !== null) lastCookie = (lastCookie + 1) >>> 0 || 1
  const cookie = lastCookie
  tell(from, IN_MOVED_FROM | kindOf(inode), name, cookie)
  tell(to, IN_MOVED_TO | kindOf(inode), newName, cookie)
  if (replaced) notifyInode(replaced, IN_ATTRIB)
  tell(inode, IN_MOVE_SELF, '')
  if (replaced) notifyIfGone(replaced)
}

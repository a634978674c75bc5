/** Files that run as programs now, with how many memories run them: writing to one is ETXTBSY. execve(2). */

import type { Inode } from './inode.ts'

const executing = new WeakMap<Inode, number>()

export const isExecuting = (inode: Inode): boolean => executing.has(inode)

export function denyWrites(inode: Inode): void {
  executing.set(inode, (executing.get(inode) ?? 0) + 1)
}

export function allowWrites(inode: Inode): void {
  const count = (executing.get(inode) ?? 1) - 1
  if (count > 0) executing.set(inode, count)
  else executing.delete(inode)
}

/**
 * A tree in memory as data: what layer-keeper.ts writes of one, and makes one of again. Contents are elsewhere: a file
 * says of each piece of its data in which blob it is.
 */

import { isDirectory, isRegular, isSymlink } from '../../syscalls/abi/stat.ts'
import type { StoredBytes, Tmpfs, TmpfsInode } from '../../syscalls/fs/tmpfs/tmpfs.ts'
import type { Caller } from '../../syscalls/vfs/caller.ts'
import { type Inode, Timestamp } from '../../syscalls/vfs/inode.ts'
import type { StoredBlob } from './blob-store.ts'

/** Data of a file: position, blob, position in that, length. In order of positions; what is in none reads as zeros. */
export type Extent = readonly [pos: number, blob: number, at: number, length: number]

/** A file; others name it by its place in the list. Names and targets are byte strings. */
export interface SavedFile<Contents = readonly Extent[]> {
  readonly mode: number
  readonly owner: readonly [uid: number, gid: number]
  /** Seconds and nanoseconds: atime, mtime, ctime, btime. */
  readonly times: readonly number[]
  readonly rdev?: number
  readonly xattrs?: readonly (readonly [name: string, value: readonly number[]])[]
  /** Of a directory. */
  readonly names?: readonly (readonly [name: string, file: number])[]
  readonly target?: string
  /** Of a regular file. */
  readonly size?: number
  readonly contents?: Contents
}

/** All that has a name in a file system in memory, the top first; what `contentsOf` says is said of regular files. */
export function savedFiles<Contents>(
  top: Inode,
  caller: Caller,
  contentsOf: (inode: Inode) => Contents,
): SavedFile<Contents>[] {
  const inodes = [top]
  const numbers = new Map([[top, 0]])
  const numberOf = (inode: Inode): number => {
    const known = numbers.get(inode)
    if (known !== undefined) return known
    numbers.set(inode, inodes.length)
    return inodes.push(inode) - 1
  }
  const files: SavedFile<Contents>[] = []
  // It grows meanwhile.
  for (const inode of inodes) {
    const names: [string, number][] = []
    const add = (name: string): boolean =>
      names.push([name, numberOf(inode.lookup(caller, name) as Inode)]) > 0
    inode.readdir(caller, 0, { add })
    files.push({
      ...attributesOf(inode),
      ...(inode.isDirectory && { names }),
      ...(isSymlink(inode.mode) && { target: inode.readlink(caller) as string }),
      ...(inode.isRegular && { size: inode.size, contents: contentsOf(inode) }),
    })
  }
  return files
}

function attributesOf(inode: Inode): Pick<SavedFile, 'mode' | 'owner' | 'times' | 'rdev' | 'xattrs'> {
  const { mode, uid, gid, rdev, xattrs, atime, mtime, ctime, btime } = inode
  return {
    mode,
    owner: [uid, gid],
    times: [atime, mtime, ctime, btime ?? ctime].flatMap(({ sec, nsec }) => [sec, nsec]),
    ...(rdev && { rdev }),
    ...(xattrs?.size && { xattrs: [...xattrs].map(([name, value]) => [name, [...value]] as const) }),
  }
}

/** Makes an empty tmpfs what was saved. `made` is told of the regular files, by what they were saved as. */
export function restoreFiles(
  fs: Tmpfs,
  caller: Caller,
  files: readonly SavedFile[],
  made: (inode: TmpfsInode, file: SavedFile) => void,
): void {
  const inodes = files.map((file, i) => {
    const [uid, gid] = file.owner
    const inode = i === 0 ? fs.root : fs.newInode(file.mode, uid, gid)
    if (isSymlink(file.mode)) inode.setTarget(file.target ?? '')
    if (isRegular(file.mode)) made(inode, file)
    return inode
  })
  const named = new Set<TmpfsInode>()
  for (const [i, { names }] of files.entries())
    for (const [name, file] of names ?? []) {
      const inode = inodes[file]!
      inodes[i]!.addEntry(caller, name, inode)
      if (!isDirectory(inode.mode) && named.has(inode)) inode.nlink++
      named.add(inode)
    }
  // Last, for names change times.
  for (const [i, file] of files.entries()) giveAttributes(inodes[i]!, file)
}

function giveAttributes(inode: TmpfsInode, { mode, owner, times, rdev = 0, xattrs }: SavedFile): void {
  inode.mode = mode
  ;[inode.uid, inode.gid] = owner
  inode.rdev = rdev
  if (xattrs) inode.xattrs = new Map(xattrs.map(([name, value]) => [name, Uint8Array.from(value)]))
  inode.btime ??= new Timestamp()
  for (const [i, time] of [inode.atime, inode.mtime, inode.ctime, inode.btime].entries())
    time.set(times[2 * i]!, times[2 * i + 1]!)
}

/** A file's contents where they were saved, read when they are asked for. */
export class SavedBytes implements StoredBytes {
  readonly sizeBytes: number
  extents: readonly Extent[]
  private readonly blobs: ReadonlyMap<number, StoredBlob>

  constructor(sizeBytes: number, extents: readonly Extent[], blobs: ReadonlyMap<number, StoredBlob>) {
    this.sizeBytes = sizeBytes
    this.extents = extents
    this.blobs = blobs
  }

  read(pos: number, bytes: Uint8Array, at: number, count: number): void {
    bytes.fill(0, at, at + count)
    for (const [start, blob, from, length] of this.extents) {
      const begin = Math.max(pos, start)
      const end = Math.min(pos + count, start + length)
      if (begin < end) this.blobs.get(blob)!.read(from + begin - start, bytes, at + begin - pos, end - begin)
    }
  }

  find(pos: number, data: boolean): number {
    let hole = pos
    for (const [start, , , length] of this.extents) {
      if (start + length <= hole) continue
      if (data) return Math.max(pos, start)
      if (start > hole) break
      hole = start + length
    }
    return data ? this.sizeBytes : Math.min(hole, this.sizeBytes)
  }
}

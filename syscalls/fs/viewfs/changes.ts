/**
 * What a view changed: its tree compared with the one below, as `docker diff` lists it. Only names that have something
 * above or a record can differ, so only those are looked at.
 * Path: engines/viewfs → here; commit.ts makes the tree below like it.
 */

import { EINVAL, ENOENT } from '../../abi/errno.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { Inode, Timestamp } from '../../vfs/inode.ts'
import type { Path } from '../../vfs/path.ts'
import * as layer from './layer.ts'
import type { ViewInode } from './view-inode.ts'

/** Added, changed or deleted. Paths are byte strings, from the top of the view. */
export interface Change {
  readonly kind: 'A' | 'C' | 'D'
  readonly path: string
}

/** One name that may differ: what it is in the view and below. */
export interface Difference {
  readonly name: string
  readonly inside: ViewInode | null
  readonly below: Path | null
}

const CHUNK_SIZE = 1 << 16

/** Thrown through the comparison; `result` is an errno, or BLOCKED. */
export class ChangesError extends Error {
  readonly result: number
  readonly path: string

  constructor(result: number, path: string) {
    super(path)
    this.result = result
    this.path = path
  }
}

/** The value, unless it is an errno. */
export function must<T>(value: T | number, path: string): T {
  if (typeof value === 'number' && value < 0) throw new ChangesError(value, path)
  return value as T
}

export class Comparison {
  readonly caller: Caller
  /** Directories over which another view is mounted: they are that one's. */
  private readonly covered: ReadonlySet<ViewInode>

  constructor(caller: Caller, covered: ReadonlySet<ViewInode>) {
    this.caller = caller
    this.covered = covered
  }

  /** The changes below a directory of the view, which has `below` under its own name in the tree below. */
  changes(directory: ViewInode, below: Path | null, prefix: string): Change[] {
    const found: Change[] = []
    for (const { name, inside, below: other } of this.differences(directory, below, prefix)) {
      const path = `${prefix}/${name}`
      if (inside && this.covered.has(inside)) continue
      if (!inside) found.push({ kind: 'D', path })
      else if (!other) this.added(inside, path, found)
      else {
        if (this.isChanged(inside, other.inode, path)) found.push({ kind: 'C', path })
        if (inside.isDirectory) {
          const belowIt = other.inode.isDirectory ? other : null
          found.push(...this.changes(inside, belowIt, path))
        } else if (!inside.isDirectory && other.inode.isDirectory) this.deleted(other, path, found)
      }
    }
    return found
  }

  private added(inside: ViewInode, path: string, found: Change[]): void {
    found.push({ kind: 'A', path })
    if (!inside.isDirectory || this.covered.has(inside)) return
    for (const name of this.namesOf(inside, path)) {
      const child = must(inside.lookup(this.caller, name), path)
      this.added(child as ViewInode, `${path}/${name}`, found)
    }
  }

  /** What was in a directory that is a file now. */
  private deleted(directory: Path, path: string, found: Change[]): void {
    for (const name of must(layer.namesIn(this.caller, directory), path))
      found.push({ kind: 'D', path: `${path}/${name}` })
  }

  namesOf(directory: ViewInode, path: string): string[] {
    const names: string[] = []
    const add = (name: string): boolean => {
      names.push(name)
      return true
    }
    must(directory.readdir(this.caller, 0, { add }), path)
    return names
  }

  /** The names that may differ, and have something on either side. */
  *differences(directory: ViewInode, below: Path | null, path: string): Generator<Difference> {
    for (const name of this.candidates(directory, below, path)) {
      const looked = directory.lookup(this.caller, name)
      const inside = looked === -ENOENT ? null : (must(looked, path) as ViewInode)
      const other = below ? must(layer.find(this.caller, below, name), path) : null
      if (inside || other) yield { name, inside, below: other as Path | null }
    }
  }

  private candidates(directory: ViewInode, below: Path | null, path: string): Set<string> {
    const { upper, lower, fs, recordsBelow } = directory
    // What shows through is not what is below here: everything may differ.
    const isElsewhere = lower?.inode !== below?.inode
    const all = isElsewhere ? this.namesOf(directory, path) : []
    const gone = isElsewhere && below ? must(layer.namesIn(this.caller, below), path) : []
    const above = upper ? must(layer.namesIn(this.caller, upper), path) : []
    const said = must(fs.records.names(this.caller, recordsBelow), path)
    return new Set([...all, ...gone, ...above, ...said])
  }

  /** Contents or attributes; of a directory only these. The time of the last access does not count. */
  isChanged(inside: ViewInode, below: Inode, path: string): boolean {
    must(inside.refresh(this.caller), path)
    must(below.refresh(this.caller), path)
    if (inside.mode !== below.mode || inside.uid !== below.uid || inside.gid !== below.gid) return true
    if (inside.rdev !== below.rdev || !sameTime(inside.mtime, below.mtime)) return true
    if (!sameXattrs(inside.xattrs, below.xattrs)) return true
    if (inside.isDirectory) return false
    if (inside.size !== below.size) return true
    if (!inside.isRegular) return this.linkOf(inside, path) !== this.linkOf(below, path)
    return inside.content.inode !== below && !this.sameContents(inside, below, path)
  }

  private linkOf(inode: Inode, path: string): string {
    const target = inode.readlink(this.caller)
    return typeof target === 'string' ? target : target === -EINVAL ? '' : must<string>(target, path)
  }

  private sameContents(a: Inode, b: Inode, path: string): boolean {
    const [one, other] = [new Uint8Array(CHUNK_SIZE), new Uint8Array(CHUNK_SIZE)]
    for (let pos = 0; pos < a.size; pos += CHUNK_SIZE) {
      const count = Math.min(CHUNK_SIZE, a.size - pos)
      must(a.read(this.caller, pos, one, 0, count), path)
      must(b.read(this.caller, pos, other, 0, count), path)
      for (let i = 0; i < count; i++) if (one[i] !== other[i]) return false
    }
    return true
  }
}

export const sameTime = (a: Timestamp, b: Timestamp): boolean => a.sec === b.sec && a.nsec === b.nsec

type Xattrs = ReadonlyMap<string, Uint8Array> | null

export function sameXattrs(a: Xattrs, b: Xattrs): boolean {
  if ((a?.size ?? 0) !== (b?.size ?? 0)) return false
  for (const [name, value] of a ?? []) {
    const other = b?.get(name)
    if (!other || other.length !== value.length || value.some((byte, i) => byte !== other[i])) return false
  }
  return true
}

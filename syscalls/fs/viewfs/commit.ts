/**
 * Commit: the tree below becomes what the view shows. Drop: the view becomes what is below. Afterwards the directory
 * that keeps changes is empty, and who has files open goes on with them.
 * Path: engines/viewfs → here → layer.ts. changes.ts says where the two differ.
 */

import { EACCES, EIO, EROFS } from '../../abi/errno.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { AttributeChange, Inode } from '../../vfs/inode.ts'
import type { Path } from '../../vfs/path.ts'
import { MAY_EXEC, MAY_WRITE, mayDelete, ownsFile, permission } from '../../vfs/permission.ts'
import { type Comparison, must, sameTime, sameXattrs } from './changes.ts'
import { makeUpper, sayRecord } from './copy-up.ts'
import * as layer from './layer.ts'
import type { ViewInode } from './view-inode.ts'

const CHUNK_SIZE = 1 << 18

export class Commit {
  private readonly comparison: Comparison
  private readonly caller: Caller
  private readonly covered: ReadonlySet<ViewInode>
  /** Where files with several names have been put already. */
  private readonly put = new Map<ViewInode, Path>()

  constructor(comparison: Comparison, covered: ReadonlySet<ViewInode>) {
    this.comparison = comparison
    this.caller = comparison.caller
    this.covered = covered
  }

  /** Throws ChangesError before anything is changed when the caller may not change something below. */
  check(directory: ViewInode, below: Path, prefix: string): void {
    for (const { name, inside, below: other } of this.comparison.differences(directory, below, prefix)) {
      const path = `${prefix}/${name}`
      if (!inside || !other || kindOf(inside) !== kindOf(other.inode)) {
        this.mayChangeNames(below, other, path)
        continue
      }
      if (this.comparison.isChanged(inside, other.inode, path)) this.mayChange(other, path)
      if (inside.isDirectory && !this.covered.has(inside)) this.check(inside, other, path)
    }
  }

  private mayChangeNames(directory: Path, victim: Path | null, path: string): void {
    const who = this.caller.credentials
    if (directory.readOnly) must(-EROFS, path)
    if (victim) must(mayDelete(who, directory, victim.inode), path)
    must(permission(who, directory.inode, MAY_WRITE | MAY_EXEC), path)
  }

  private mayChange(file: Path, path: string): void {
    const who = this.caller.credentials
    if (file.readOnly) must(-EROFS, path)
    if (!ownsFile(who, file.inode)) must(-EACCES, path)
    if (file.inode.isRegular) must(permission(who, file.inode, MAY_WRITE), path)
  }

  /** Directories with another name than below get parts of their own: what is below will be changed under them. */
  gather(directory: ViewInode, below: Path | null, prefix: string): void {
    const isElsewhere = directory.lower !== null && directory.lower.inode !== below?.inode
    if (isElsewhere) {
      this.gatherAll(directory, prefix)
      return
    }
    for (const { name, inside, below: other } of this.comparison.differences(directory, below, prefix))
      if (inside?.isDirectory && !this.covered.has(inside))
        this.gather(inside, other?.inode.isDirectory ? other : null, `${prefix}/${name}`)
  }

  private gatherAll(directory: ViewInode, path: string): void {
    for (const name of this.comparison.namesOf(directory, path)) {
      const child = must(directory.lookup(this.caller, name), path) as ViewInode
      must(makeUpper(child, this.caller), `${path}/${name}`)
      child.update()
      if (child.isDirectory) this.gatherAll(child, `${path}/${name}`)
    }
    must(makeUpper(directory, this.caller), path)
    directory.lower = null
    directory.record.lower = ''
    must(sayRecord(directory, this.caller), path)
  }

  /** Makes what is below a directory as it is in the view. */
  apply(directory: ViewInode, below: Path, prefix: string): void {
    for (const { name, inside, below: other } of [...this.comparison.differences(directory, below, prefix)]) {
      const path = `${prefix}/${name}`
      if (inside && this.covered.has(inside)) continue
      if (!inside) must(layer.removeTree(this.caller, below, other!), path)
      else this.applyOne(inside, below, name, other, path)
    }
    this.giveAttributes(directory, below.inode, prefix)
  }

  private applyOne(inside: ViewInode, directory: Path, name: string, other: Path | null, path: string): void {
    let kept = other
    if (kept && !this.isSameFile(inside, kept)) {
      must(layer.removeTree(this.caller, directory, kept), path)
      kept = null
    }
    const known = this.put.get(inside)
    if (!kept && known) {
      must(layer.link(this.caller, directory, name, known), path)
      return
    }
    const made = kept ?? this.make(inside, directory, name, path)
    if (inside.isDirectory) {
      this.apply(inside, made, path)
      return
    }
    if (inside.isRegular && inside.content.inode !== made.inode) this.copyContents(inside, made.inode, path)
    if (inside.nlink > 1) this.put.set(inside, made)
    this.giveAttributes(inside, made.inode, path)
  }

  /** Whether the file below can become the one in the view: other names of it stay what they are. */
  private isSameFile(inside: ViewInode, below: Path): boolean {
    if (kindOf(inside) !== kindOf(below.inode)) return false
    if (inside.isDirectory || inside.content.inode === below.inode) return true
    return inside.isRegular && below.inode.nlink === 1 && inside.nlink === 1
  }

  private make(inside: ViewInode, directory: Path, name: string, path: string): Path {
    const { mode, rdev } = inside
    const target = inside.readlink(this.caller)
    const file = typeof target === 'string' ? { mode, target } : { mode, rdev }
    return must(layer.make(this.caller, directory, name, file), path)
  }

  private copyContents(from: ViewInode, to: Inode, path: string): void {
    const { caller } = this
    const chunk = new Uint8Array(Math.min(CHUNK_SIZE, Math.max(1, from.size)))
    must(to.setAttributes(caller, { size: 0 }), path)
    to.mapped?.truncated(0)
    for (let pos = 0; pos < from.size; ) {
      const next = from.seekHoleOrData(caller, pos, true)
      if (next < 0 || next >= from.size) break
      const got = must(from.read(caller, next, chunk, 0, Math.min(chunk.length, from.size - next)), path)
      if (got === 0) break
      const done = must(to.write(caller, next, chunk, 0, got), path)
      if (done < got) must(-EIO, path)
      to.mapped?.written(next, got, chunk, 0)
      pos = next + got
    }
    if (to.size !== from.size) must(to.setAttributes(caller, { size: from.size }), path)
  }

  private giveAttributes(inside: ViewInode, below: Inode, path: string): void {
    const { mode, uid, gid, atime, mtime } = inside
    const changes: AttributeChange[] = []
    if (below.uid !== uid || below.gid !== gid) changes.push({ uid, gid })
    if (below.mode !== mode) changes.push({ mode: mode & 0o7777 })
    if (!sameTime(below.mtime, mtime)) changes.push({ atime, mtime })
    for (const change of changes) must(below.setAttributes(this.caller, change), path)
    if (sameXattrs(inside.xattrs, below.xattrs) || !below.fs.keepsXattrs) return
    below.xattrs = inside.xattrs && new Map(inside.xattrs)
    must(below.attributesChanged(this.caller), path)
  }
}

const kindOf = (inode: Inode): number => inode.type

/**
 * What is known of a directory of the view is now what is below; files that are not there go on alone. `isCommitted`:
 * they are the same there.
 */
export function rebase(directory: ViewInode, below: Path, caller: Caller, isCommitted: boolean): void {
  const children = directory.children
  directory.upper = directory.isTop ? directory.upper : null
  directory.record = {}
  directory.recordsBelow = null
  if (directory.lower?.inode !== below.inode || directory.lower?.dentry !== below.dentry)
    directory.takeLower(below)
  directory.children = null
  for (const [name, child] of children ?? []) {
    const other = layer.find(caller, below, name)
    if (other === null || typeof other === 'number' || other.inode.type !== child.type) continue
    if (child.isDirectory) {
      if (!isCommitted && child.lower?.inode !== other.inode) continue
      rebase(child, other, caller, isCommitted)
    } else if (child.upper && !isCommitted) continue
    else settle(child, other)
    child.place = { parent: directory, name }
    directory.keepChild(name, child)
  }
  directory.update()
}

/** A file has its part below only. */
function settle(file: ViewInode, below: Path): void {
  if (file.lower?.inode !== below.inode) file.takeLower(below)
  file.upper = null
  file.record = {}
  file.nameDelta = 0
  file.fs.setInodeOf(below.inode, file)
  file.update()
}

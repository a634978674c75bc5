/**
 * Changes to the names of a view: make, link, rename, remove. Each decides which of the two directories takes it, and
 * says in the records what became of names below.
 * Path: view-inode.ts → here → layer.ts, copy-up.ts, records.ts. vfs/change.ts has asked for permission in the view.
 */

import { EINVAL, ENOENT, ENOTEMPTY, EROFS, EXDEV } from '../../abi/errno.ts'
import { RENAME_EXCHANGE, RENAME_WHITEOUT } from '../../abi/fcntl.ts'
import { isDirectory, S_IFMT, S_ISGID } from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import type { AttributeChange } from '../../vfs/inode.ts'
import type { Path } from '../../vfs/path.ts'
import { MAY_EXEC, MAY_WRITE, mayDelete } from '../../vfs/permission.ts'
import {
  copyUp,
  holdAttributes,
  makeAbove,
  makeRecords,
  makeUpper,
  sayRecord,
  touchDirectory,
  touchedBelow,
} from './copy-up.ts'
import * as layer from './layer.ts'
import { isRefusal, type NewFile } from './layer.ts'
import { isEmpty } from './record.ts'
import { RECORDS_NAME } from './records.ts'
import type { ViewInode } from './view-inode.ts'

const MAY_CHANGE = MAY_WRITE | MAY_EXEC

/** Names that only the records may have. */
const isKept = (directory: ViewInode, name: string): boolean => directory.isTop && name === RECORDS_NAME

/** Whether the directory below is the one that changes, and not just an attempt (mincow). */
const changesBelow = ({ fs }: ViewInode): boolean => fs.mode === 'merge'

// Making.

export function makeChild(
  directory: ViewInode,
  caller: Caller,
  name: string,
  file: NewFile,
): ViewInode | number {
  if (isKept(directory, name)) return -EINVAL
  const below = directory.entryBelow(caller, name)
  if (typeof below === 'number') return below
  if (!below && takesNames(directory, caller)) {
    const made = layer.make(caller, directory.lower!, name, file)
    if (typeof made !== 'number') return found(directory, caller, name)
    if (changesBelow(directory) || !isRefusal(made)) return made
  }
  return changesBelow(directory) ? -EROFS : makeChildAbove(directory, caller, name, file, below)
}

/** Whether names below are changed, if that is allowed. */
const takesNames = (directory: ViewInode, caller: Caller): boolean =>
  directory.lower !== null &&
  (changesBelow(directory) || directory.fs.lowerTakes(caller, directory.lower, MAY_CHANGE))

function found(directory: ViewInode, caller: Caller, name: string): ViewInode | number {
  touchedBelow(directory, caller)
  const child = directory.lookup(caller, name)
  return typeof child === 'number' ? child : (child as ViewInode)
}

function makeChildAbove(
  directory: ViewInode,
  caller: Caller,
  name: string,
  file: NewFile,
  below: Path | null,
): ViewInode | number {
  const above = makeUpper(directory, caller)
  if (above < 0) return above
  const wanted = attributesOfNew(directory, caller, file.mode)
  const forgotten = forgetRecords(directory, caller, name)
  if (forgotten < 0) return forgotten
  const child = directory.newChild(file.mode, { parent: directory, name })
  // What is below a new directory of the same name does not show through.
  if (below?.inode.isDirectory && isDirectory(file.mode)) child.record.lower = ''
  const made = makeAbove(child, caller, directory.upper!, name, file)
  if (made < 0) {
    if (below) sayGone(directory, caller, name)
    return made
  }
  child.takeNumber()
  directory.keepChild(name, child)
  const held = holdAttributes(child, caller, wanted)
  if (held < 0) return held
  child.update()
  touchDirectory(directory, caller)
  return child
}

/** Whose a new file is, and how it may be used. */
function attributesOfNew(directory: ViewInode, caller: Caller, mode: number): AttributeChange {
  const { fsuid, fsgid } = caller.credentials.bottom
  const inherits = (directory.mode & S_ISGID) !== 0
  return {
    uid: fsuid,
    gid: inherits ? directory.gid : fsgid,
    mode: (mode | (inherits && isDirectory(mode) ? S_ISGID : 0)) & ~S_IFMT,
  }
}

export function makeNameless(
  directory: ViewInode,
  caller: Caller,
  mode: number,
  linkable: boolean,
): ViewInode | number {
  const isBelow = takesNames(directory, caller)
  if (changesBelow(directory) && !isBelow) return -EROFS
  const above = isBelow ? 0 : makeUpper(directory, caller)
  if (above < 0) return above
  const where = isBelow ? directory.lower! : directory.upper!
  const made = layer.makeNameless(caller, where, mode, linkable)
  if (typeof made === 'number') return made
  const inode = directory.newChild(mode, null)
  if (isBelow) inode.takeLower(made)
  else inode.takeUpper(made)
  inode.takeNumber()
  inode.update()
  return inode
}

export function linkChild(directory: ViewInode, caller: Caller, name: string, file: ViewInode): number {
  if (isKept(directory, name)) return -EINVAL
  const below = directory.entryBelow(caller, name)
  if (typeof below === 'number') return below
  if (!below && !file.upper && takesNames(directory, caller)) {
    const result = layer.link(caller, directory.lower!, name, file.lower!)
    directory.fs.links = null
    if (result >= 0) return linked(directory, caller, name, file, true)
    if (changesBelow(directory) || !isRefusal(result)) return result
  }
  if (changesBelow(directory)) return -EROFS
  const copied = makeUpper(file, caller) || makeUpper(directory, caller)
  if (copied < 0) return copied
  const forgotten = forgetRecords(directory, caller, name)
  if (forgotten < 0) return forgotten
  const result = layer.link(caller, directory.upper!, name, file.upper!)
  return result < 0 ? result : linked(directory, caller, name, file, false)
}

function linked(
  directory: ViewInode,
  caller: Caller,
  name: string,
  file: ViewInode,
  isBelow: boolean,
): number {
  directory.keepChild(name, file)
  file.update()
  directory.fs.setInodeOf(file.content.inode, file)
  file.place ??= { parent: directory, name }
  file.update()
  // Each name has its own record.
  const said = isEmpty(file.record) ? 0 : sayRecord(file, caller, { parent: directory, name })
  if (said < 0) return said
  if (isBelow) touchedBelow(directory, caller)
  else touchDirectory(directory, caller)
  return 0
}

// Records of names.

function forgetRecords(directory: ViewInode, caller: Caller, name: string): number {
  const { fs, recordsBelow } = directory
  return recordsBelow ? fs.records.forget(fs.mounterOf(caller), recordsBelow, name) : 0
}

function sayGone(directory: ViewInode, caller: Caller, name: string): number {
  const { fs } = directory
  const place = makeRecords(directory, caller)
  return typeof place === 'number' ? place : fs.records.sayGone(fs.mounterOf(caller), place, name)
}

// Removing.

/** unlink(2) and rmdir(2). */
export function removeChild(directory: ViewInode, caller: Caller, name: string, child: ViewInode): number {
  const full = child.isDirectory ? checkEmpty(child, caller) : 0
  if (full < 0) return full
  if (changesBelow(directory)) return removeBelow(directory, caller, name, child)
  let below = directory.entryBelow(caller, name)
  if (typeof below === 'number') return below
  const above = directory.upper ? layer.find(caller, directory.upper, name) : null
  if (typeof above === 'number') return above
  if (below && isShownBy(child, below) && mayRemoveBelow(directory, caller, below)) {
    const result = layer.remove(caller, directory.lower!, below)
    if (result >= 0) below = null
    // What the view has removed from a directory may still be in it.
    else if (!isRefusal(result) && result !== -ENOTEMPTY) return result
  }
  const said = below ? sayGone(directory, caller, name) : forgetRecords(directory, caller, name)
  if (said < 0) return said
  const removed = above ? layer.remove(directory.fs.mounterOf(caller), directory.upper!, above) : 0
  if (removed < 0) return removed
  nameGone(directory, name, child, above === null && below !== null)
  if (above || below) touchDirectory(directory, caller, above !== null)
  else touchedBelow(directory, caller)
  return 0
}

/** A directory below may be the part of one with another name here. */
const isShownBy = (child: ViewInode, below: Path): boolean =>
  !below.inode.isDirectory || child.lower?.inode === below.inode

function mayRemoveBelow({ fs, lower }: ViewInode, caller: Caller, victim: Path): boolean {
  if (!fs.lowerTakes(caller, lower, MAY_CHANGE)) return false
  const who = caller.credentials.bottom
  return !fs.isOwnerOf(who) || mayDelete(who, lower, victim.inode) === 0
}

function removeBelow(directory: ViewInode, caller: Caller, name: string, child: ViewInode): number {
  const entry = directory.entryBelow(caller, name)
  if (child.upper || !entry) return -EROFS
  const removed = typeof entry === 'number' ? entry : layer.remove(caller, directory.lower!, entry)
  if (removed < 0) return removed
  nameGone(directory, name, child, false)
  directory.update()
  return 0
}

/** `isHidden`: the part still has the name. */
function nameGone(directory: ViewInode, name: string, child: ViewInode, isHidden: boolean): void {
  directory.children?.delete(name)
  if (child.place?.parent === directory && child.place.name === name) child.place = null
  if (child.isDirectory) child.isGone = true
  else if (isHidden) child.nameDelta--
  child.update()
}

function checkEmpty(directory: ViewInode, caller: Caller): number {
  let isFull = false
  const add = (): boolean => {
    isFull = true
    return false
  }
  const result = directory.readdir(caller, 0, { add })
  return isFull ? -ENOTEMPTY : result
}

// Renaming.

const isPath = (found: Path | null | number): found is Path => found !== null && typeof found !== 'number'

export function moveChild(
  from: ViewInode,
  caller: Caller,
  name: string,
  to: ViewInode,
  newName: string,
  flags: number,
): number {
  if (flags & RENAME_WHITEOUT || isKept(to, newName)) return -EINVAL
  const source = from.lookup(caller, name)
  if (typeof source === 'number') return source
  const target = to.lookup(caller, newName)
  if (typeof target === 'number' && target !== -ENOENT) return target
  const moved = source as ViewInode
  const replaced = typeof target === 'number' ? null : (target as ViewInode)
  if (flags & RENAME_EXCHANGE)
    return replaced ? exchange(from, caller, name, moved, to, newName, replaced) : -ENOENT
  const full = replaced?.isDirectory ? checkEmpty(replaced, caller) : 0
  if (full < 0) return full
  if (isOnlyBelow(moved) && !replaced?.upper && takesNames(from, caller) && takesNames(to, caller)) {
    const result = moveBelow(from, caller, name, moved, to, newName, replaced)
    if (result === 0 || changesBelow(from)) return result
    if (!isRefusal(result) && result !== -ENOTEMPTY && result !== -EXDEV) return result
  }
  if (changesBelow(from)) return -EROFS
  return moveAbove(from, caller, name, moved, to, newName, replaced)
}

const isOnlyBelow = ({ upper, lower, record, recordsBelow }: ViewInode): boolean =>
  lower !== null && upper === null && recordsBelow === null && isEmpty(record)

function moveBelow(
  from: ViewInode,
  caller: Caller,
  name: string,
  moved: ViewInode,
  to: ViewInode,
  newName: string,
  replaced: ViewInode | null,
): number {
  const below = to.entryBelow(caller, newName)
  if (typeof below === 'number') return below
  // A name that is gone only here, or was given away here, has another file below.
  if (below && below.inode !== replaced?.lower?.inode) return -EXDEV
  const entry = from.entryBelow(caller, name)
  if (!isPath(entry)) return entry ?? -EXDEV
  // Below it may be the other way round.
  if (to.lower!.dentry.isBelow(moved.lower!.dentry)) return -EXDEV
  const result = layer.move(caller, from.lower!, entry, to.lower!, newName)
  from.fs.links = null
  if (result < 0) return result
  if (replaced) nameGone(to, newName, replaced, false)
  const forgotten = forgetRecords(to, caller, newName)
  if (forgotten < 0) return forgotten
  nameMoved(from, name, moved, to, newName)
  for (const directory of new Set([from, to])) touchedBelow(directory, caller)
  return 0
}

function nameMoved(from: ViewInode, name: string, moved: ViewInode, to: ViewInode, newName: string): void {
  if (from.children?.get(name) === moved) from.children.delete(name)
  to.keepChild(newName, moved)
  moved.place = { parent: to, name: newName }
  for (const inode of [from, to, moved]) inode.update()
}

/** A directory takes with it what shows through from below, wherever that is. */
function prepareMove(moved: ViewInode, caller: Caller, belowNew: Path | null): number {
  if (moved.isDirectory && moved.lower && !moved.fs.isPrivileged) return -EXDEV
  const above = moved.isRegular && moved.lower ? copyUp(moved, caller, Infinity) : makeUpper(moved, caller)
  if (above < 0) return above
  if (moved.isDirectory && moved.lower) moved.record.lower = pathBelow(moved.lower, moved.fs.lowerTop)
  else if (moved.isDirectory && belowNew) moved.record.lower = ''
  return 0
}

function pathBelow(path: Path, top: Path): string {
  let text = ''
  for (let d = path.dentry; d !== top.dentry && d.parent; d = d.parent) text = `/${d.name}${text}`
  return text
}

function moveAbove(
  from: ViewInode,
  caller: Caller,
  name: string,
  moved: ViewInode,
  to: ViewInode,
  newName: string,
  replaced: ViewInode | null,
): number {
  const { fs } = from
  const by = fs.mounterOf(caller)
  const below = from.entryBelow(caller, name)
  if (typeof below === 'number') return below
  const belowNew = to.entryBelow(caller, newName)
  if (typeof belowNew === 'number') return belowNew
  const ready = makeUpper(to, caller) || makeUpper(from, caller) || prepareMove(moved, caller, belowNew)
  if (ready < 0) return ready
  const recordsFrom = makeRecords(from, caller)
  if (typeof recordsFrom === 'number') return recordsFrom
  const recordsTo = makeRecords(to, caller)
  if (typeof recordsTo === 'number') return recordsTo
  const aboveNew = layer.find(caller, to.upper!, newName)
  // A file may have several names: this one.
  const entry = layer.find(caller, from.upper!, name)
  const result = isPath(entry) ? layer.move(by, from.upper!, entry, to.upper!, newName) : -ENOENT
  if (result < 0) return result
  const said = fs.records.move(by, recordsFrom, name, recordsTo, newName)
  if (said < 0) return said
  if (replaced) nameGone(to, newName, replaced, aboveNew === null)
  nameMoved(from, name, moved, to, newName)
  const gone = below ? fs.records.sayGone(by, recordsFrom, name) : 0
  if (gone < 0) return gone
  const spoken = sayRecord(moved, caller)
  moved.ctime.setNow(caller.world.clock)
  for (const directory of new Set([from, to])) touchDirectory(directory, caller)
  return spoken
}

function exchange(
  from: ViewInode,
  caller: Caller,
  name: string,
  one: ViewInode,
  to: ViewInode,
  newName: string,
  other: ViewInode,
): number {
  const { fs } = from
  if (changesBelow(from)) return -EROFS
  const by = fs.mounterOf(caller)
  const below = from.entryBelow(caller, name)
  if (typeof below === 'number') return below
  const belowNew = to.entryBelow(caller, newName)
  if (typeof belowNew === 'number') return belowNew
  const ready =
    makeUpper(to, caller) ||
    makeUpper(from, caller) ||
    prepareMove(one, caller, belowNew) ||
    prepareMove(other, caller, below)
  if (ready < 0) return ready
  const top = fs.records.makeTop(by)
  if (typeof top === 'number') return top
  const temporary = fs.records.temporaryName(by, top)
  if (typeof temporary === 'number') return temporary
  const entry = layer.find(caller, from.upper!, name)
  const otherEntry = layer.find(caller, to.upper!, newName)
  if (!isPath(entry) || !isPath(otherEntry)) return -ENOENT
  const moved =
    layer.move(by, from.upper!, entry, top, temporary) ||
    layer.move(by, to.upper!, otherEntry, from.upper!, name) ||
    layer.move(by, top, entry, to.upper!, newName)
  if (moved < 0) return moved
  const [place, newPlace] = [makeRecords(from, caller), makeRecords(to, caller)]
  if (typeof place === 'number') return place
  if (typeof newPlace === 'number') return newPlace
  const said = fs.records.exchange(by, place, name, newPlace, newName)
  if (said < 0) return said
  from.keepChild(name, other)
  to.keepChild(newName, one)
  one.place = { parent: to, name: newName }
  other.place = { parent: from, name }
  for (const inode of [one, other]) {
    const spoken = sayRecord(inode, caller)
    if (spoken < 0) return spoken
    inode.update()
  }
  for (const directory of new Set([from, to])) touchDirectory(directory, caller)
  return 0
}

/**
 * Copy-up: a file of the directory below gets its part in the one above when it is first changed, with its directories.
 * What the layer above cannot hold of it is said in its record.
 * Path: view-inode.ts and view-names.ts → here → layer.ts, records.ts.
 */

import { XATTR_NAME_CAPS } from '../../abi/capability.ts'
import { BLOCKED, ENOENT, ENOSPC, ENXIO, EPERM } from '../../abi/errno.ts'
import { isDirectory, isSymlink, S_IFMT, S_IFREG, S_ISGID, S_ISUID } from '../../abi/stat.ts'
import type { Caller } from '../../vfs/caller.ts'
import { type AttributeChange, type Inode, Timestamp } from '../../vfs/inode.ts'
import type { Path } from '../../vfs/path.ts'
import { MAY_READ, ownsFile, permission } from '../../vfs/permission.ts'
import * as layer from './layer.ts'
import { isRefusal } from './layer.ts'
import { hasOtherNames, otherNames } from './links.ts'
import { isEmpty } from './record.ts'
import type { Place, ViewInode } from './view-inode.ts'

const COPY_CHUNK_SIZE = 1 << 18
/** The mounter gets in where modes would keep even the owner out. */
const OWNER_FILE_BITS = 0o600
const OWNER_DIRECTORY_BITS = 0o700
/** Permissions that somebody without privilege may give to files that are really his. */
const PLAIN_BITS = 0o1777

/** A copy on its way up: an asynchronous file system below may take several turns. */
export interface CopyUp {
  readonly file: Path
  readonly name: string
  pos: number
}

// Records.

/** The directory for records of what is in a directory of the view. Directories may lie deep. */
export function makeRecords(directory: ViewInode, caller: Caller): Path | number {
  const without: ViewInode[] = []
  for (let d: ViewInode | undefined = directory; d && !recordsOf(d); d = d.over ?? d.place?.parent)
    without.push(d)
  for (let d = without.pop(); d; d = without.pop()) {
    const made = makeRecordsOf(d, caller)
    if (typeof made === 'number') return made
    d.recordsBelow = made
  }
  return directory.recordsBelow!
}

const recordsOf = ({ recordsBelow }: ViewInode): Path | null =>
  recordsBelow && !recordsBelow.dentry.removed ? recordsBelow : null

/** Those it is in have some. */
function makeRecordsOf({ fs, isTop, over, place }: ViewInode, caller: Caller): Path | number {
  const by = fs.mounterOf(caller)
  if (isTop) return fs.records.makeTop(by)
  if (over) return over.recordsBelow!
  return place ? fs.records.makeBelow(by, place.parent.recordsBelow!, place.name) : -ENOENT
}

/** Writes down what is said of a file now, under one of its names. */
export function sayRecord(v: ViewInode, caller: Caller, place = v.place): number {
  const { records } = v.fs
  const by = v.fs.mounterOf(caller)
  if (v.isDirectory) {
    if (isEmpty(v.record) && !v.recordsBelow) return 0
    const below = makeRecords(v, caller)
    return typeof below === 'number' ? below : records.sayItself(by, below, v.record)
  }
  // What has no name is only known as long as it is open.
  if (!place) return 0
  const { parent, name } = place
  if (isEmpty(v.record) && !parent.recordsBelow) return 0
  const where = makeRecords(parent, caller)
  return typeof where === 'number' ? where : records.say(by, where, name, v.record)
}

// Attributes.

const sameTime = (a: Timestamp, b: Timestamp): boolean => a.sec === b.sec && a.nsec === b.nsec

/** Gives the part above attributes, and says those that it did not take. Owner first: it may cost the set-id bits. */
export function holdAttributes(v: ViewInode, caller: Caller, wanted: AttributeChange): number {
  const part = v.upper!.inode
  const by = v.fs.mounterOf(caller)
  for (const name of ['uid', 'gid'] as const) {
    const value = wanted[name]
    if (value === undefined) continue
    if (part[name] !== value && v.fs.isPrivileged) part.setAttributes(by, { [name]: value })
    if (part[name] === value) delete v.record[name]
    else v.record[name] = value
  }
  if (wanted.mode !== undefined) holdMode(v, by, wanted.mode)
  for (const name of ['atime', 'mtime'] as const) {
    const value = wanted[name]
    if (!value) continue
    if (!sameTime(part[name], value)) part.setAttributes(by, { [name]: value })
    if (sameTime(part[name], value)) delete v.record[name]
    else v.record[name] = value
  }
  return sayRecord(v, caller)
}

function holdMode(v: ViewInode, by: Caller, mode: number): void {
  const part = v.upper!.inode
  if (isSymlink(part.mode)) return
  const type = v.record.mode === undefined ? 0 : v.record.mode & S_IFMT
  const bits = mode & 0o7777
  const real = v.fs.isPrivileged ? bits : plainBits(part, bits)
  if ((part.mode & 0o7777) !== real) part.setAttributes(by, { mode: real })
  if (type === 0 && (part.mode & 0o7777) === bits) delete v.record.mode
  else v.record.mode = type | bits
}

const plainBits = (part: Inode, bits: number): number =>
  (bits & PLAIN_BITS) | (part.isDirectory ? OWNER_DIRECTORY_BITS : OWNER_FILE_BITS)

/** chmod, chown and utimensat: to the file itself where it takes them, else it is said of it. */
export function changeAttributes(v: ViewInode, caller: Caller, change: AttributeChange): number {
  const { fs, lower, upper } = v
  if (fs.mode === 'merge') return lower!.inode.setAttributes(caller, change)
  if (!upper && lower && takesAttributes(v, caller, lower)) {
    const result = lower.inode.setAttributes(caller, change)
    if (result >= 0) return forgetAttributes(v, caller, change)
    if (!isRefusal(result)) return result
  }
  if ((!fs.isPrivileged || hasOtherNames(v)) && !v.isTop) {
    const above = makeUpper(v, caller)
    if (above < 0) return above
  }
  const now = v.upper && !v.isTop ? setAbove(v, caller, change) : sayAttributes(v, caller, change)
  if (now >= 0) v.ctime.setNow(caller.world.clock)
  return now
}

/** What was said of them no longer counts. */
function forgetAttributes(v: ViewInode, caller: Caller, change: AttributeChange): number {
  const names = (['mode', 'uid', 'gid', 'atime', 'mtime'] as const).filter(
    (name) => change[name] !== undefined,
  )
  if (!names.some((name) => v.record[name] !== undefined)) return 0
  for (const name of names) delete v.record[name]
  return sayRecord(v, caller)
}

function takesAttributes(v: ViewInode, caller: Caller, lower: Path): boolean {
  const { fs } = v
  if (fs.mode !== 'mincow' || lower.readOnly) return false
  const who = caller.credentials.bottom
  return !fs.isOwnerOf(who) || ownsFile(who, lower.inode)
}

function setAbove(v: ViewInode, caller: Caller, change: AttributeChange): number {
  const result = holdAttributes(v, caller, change)
  v.upper!.inode.ctime.setNow(caller.world.clock)
  return result
}

/** There is nothing above to change. */
function sayAttributes(v: ViewInode, caller: Caller, change: AttributeChange): number {
  const { mode, uid, gid, atime, mtime } = change
  const { record } = v
  if (mode !== undefined) record.mode = ((record.mode ?? 0) & S_IFMT) | (mode & 0o7777)
  if (uid !== undefined) record.uid = uid
  if (gid !== undefined) record.gid = gid
  if (atime) record.atime = atime
  if (mtime) record.mtime = mtime
  return sayRecord(v, caller)
}

/** A directory has other entries now. `isTold`: its part above has been changed and knows the time. */
export function touchDirectory(v: ViewInode, caller: Caller, isTold = true): void {
  const now = new Timestamp()
  now.setNow(caller.world.clock)
  const isSaid = !v.upper || v.isTop
  if (isSaid || v.record.mtime) {
    if (isSaid) v.record.mtime = now
    else delete v.record.mtime
    sayRecord(v, caller)
  }
  if (!isSaid && !isTold) v.upper!.inode.setAttributes(v.fs.mounterOf(caller), { mtime: now })
  v.update()
}

/** Its part below was changed, and knows the time. */
export function touchedBelow(v: ViewInode, caller: Caller): void {
  if (v.upper && !v.isTop) touchDirectory(v, caller, false)
  else if (v.record.mtime) {
    delete v.record.mtime
    sayRecord(v, caller)
  }
  v.update()
}

function copyTime({ sec, nsec }: Timestamp): Timestamp {
  const time = new Timestamp()
  time.set(sec, nsec)
  return time
}

// Extended attributes.

/** What setxattr(2) changes is the map of the part above, or of the record, or a copy of what is below. */
export function takeXattrs(v: ViewInode, part: Inode): void {
  if (v.record.xattrs) v.xattrs = v.record.xattrs
  else if (part === v.lower?.inode) v.xattrs = part.xattrs && new Map(part.xattrs)
  else v.xattrs = part.xattrs
}

/** They were changed. */
export function keepXattrs(v: ViewInode, caller: Caller): number {
  const { fs, lower, xattrs } = v
  const goesBelow = fs.mode === 'merge' || (!v.upper && lower && takesAttributes(v, caller, lower))
  if (!goesBelow && hasOtherNames(v)) {
    const above = makeUpper(v, caller)
    if (above < 0) return above
    v.xattrs = xattrs
  }
  const part = goesBelow ? lower!.inode : v.upper && !v.isTop ? v.upper.inode : null
  if (part?.fs.keepsXattrs && !v.record.xattrs) {
    part.xattrs = v.xattrs
    const result = part.attributesChanged(caller)
    v.update()
    return result
  }
  v.record.xattrs = v.xattrs ?? new Map()
  const said = sayRecord(v, caller)
  v.update()
  v.ctime.setNow(caller.world.clock)
  return said
}

function copyXattrs(v: ViewInode): void {
  const all = v.xattrs
  if (!all || all.size === 0) return
  const part = v.upper!.inode
  const isPlain = (name: string): boolean => v.fs.isPrivileged || name.startsWith('user.')
  if (part.fs.keepsXattrs && [...all.keys()].every(isPlain)) {
    part.xattrs = new Map(all)
    delete v.record.xattrs
  } else v.record.xattrs = new Map(all)
}

/** A write takes what a program would run with. */
export function loseCapabilities(v: ViewInode): boolean {
  return v.record.xattrs?.delete(XATTR_NAME_CAPS) ?? false
}

// Copies.

/** The file has a part above: 0, or why not. Contents are copied. Directories may lie deep. */
export function makeUpper(v: ViewInode, caller: Caller): number {
  const without: ViewInode[] = []
  for (let d: ViewInode | undefined = v; d && !d.upper; d = d.over ?? d.place?.parent) without.push(d)
  for (let d = without.pop(); d; d = without.pop()) {
    const made = makeUpperOf(d, caller)
    if (made < 0) return made
  }
  return 0
}

/** What it is in has a part above. */
function makeUpperOf(v: ViewInode, caller: Caller): number {
  if (v.isRegular && v.lower!.inode.isRegular) return copyUp(v, caller, Infinity)
  if (v.over) return makeTopUpper(v, v.over, caller)
  if (!v.place) return -EPERM
  const { parent, name } = v.place
  const target = v.readlink(caller)
  if (target === BLOCKED) return BLOCKED
  const file = typeof target === 'string' ? { mode: v.mode, target } : { mode: v.mode, rdev: v.rdev }
  const wanted = attributesOf(v)
  const others = otherNames(v, caller)
  const namesBelow = v.nlink
  const made = makeAbove(v, caller, parent.upper!, name, file)
  if (made < 0) return made
  copyXattrs(v)
  if (!v.isDirectory) {
    v.lower = null
    v.nameDelta = namesBelow - 1
  }
  const said = holdAttributes(v, caller, wanted)
  restoreTimes(parent, caller)
  return said < 0 ? said : linkOthers(v, caller, others)
}

/** Other names that showed the same file show the copy. */
function linkOthers(v: ViewInode, caller: Caller, others: readonly Place[]): number {
  const by = v.fs.mounterOf(caller)
  for (const other of others) {
    const above = makeUpper(other.parent, caller)
    const linked = above < 0 ? above : layer.link(by, other.parent.upper!, other.name, v.upper!)
    if (linked < 0) return linked
    v.nameDelta--
    v.upper!.inode.refresh(caller)
    v.fs.setInodeOf(v.upper!.inode, v)
    const said = sayRecord(v, caller, other)
    if (said < 0) return said
    restoreTimes(other.parent, caller)
  }
  v.update()
  return 0
}

function makeTopUpper(v: ViewInode, over: ViewInode, caller: Caller): number {
  const wanted = attributesOf(v)
  v.takeUpper(over.upper!)
  return holdAttributes(v, caller, wanted)
}

/** Makes the part above; what the layer has no way to make is an empty file there, and the record says what it is. */
export function makeAbove(
  v: ViewInode,
  caller: Caller,
  directory: Path,
  name: string,
  file: layer.NewFile,
): number {
  const type = file.mode & S_IFMT
  const bits = isDirectory(type) ? OWNER_DIRECTORY_BITS : OWNER_FILE_BITS
  const mode = v.fs.isPrivileged ? file.mode : (file.mode & ~(S_ISUID | S_ISGID)) | bits
  let made = layer.make(caller, directory, name, { ...file, mode })
  if (made === -EPERM && !isDirectory(type) && file.target === undefined && type !== S_IFREG) {
    made = layer.make(caller, directory, name, { mode: S_IFREG | 0o600 })
    v.record.mode = file.mode
    v.record.rdev = file.rdev ?? 0
  }
  if (typeof made === 'number') return made
  v.takeUpper(made)
  return 0
}

/** What a copy takes over. */
const attributesOf = (v: ViewInode): AttributeChange => ({
  mode: v.mode,
  uid: v.uid,
  gid: v.gid,
  atime: copyTime(v.atime),
  mtime: copyTime(v.mtime),
})

/** A copy was put into a directory, which nobody in the view did. */
function restoreTimes(directory: ViewInode, caller: Caller): void {
  const { atime, mtime } = directory
  if (!directory.isTop) holdAttributes(directory, caller, { atime: copyTime(atime), mtime: copyTime(mtime) })
}

/** Brings the first `size` bytes of a regular file up; 0, an errno (ENOSPC) or BLOCKED. */
export function copyUp(v: ViewInode, caller: Caller, size: number): number {
  if (v.upper) return 0
  const { fs, lower } = v
  const refused = fs.isPrivileged ? 0 : permission(caller.credentials.bottom, lower!.inode, MAY_READ)
  if (refused) return refused
  // One of its names was removed, but not all.
  v.place ??= otherNames(v, caller)[0] ?? null
  const parent = v.place?.parent
  const above = parent ? makeUpper(parent, caller) : 0
  if (above < 0) return above
  const copied = copyContents(v, caller, size)
  if (copied < 0) return copied
  return putInPlace(v, caller)
}

function copyContents(v: ViewInode, caller: Caller, size: number): number {
  const by = v.fs.mounterOf(caller)
  const from = v.lower!.inode
  if (!v.copying) {
    const made = newTemporary(v, by)
    if (typeof made === 'number') return made
    v.copying = made
  }
  const { copying } = v
  const to = copying.file.inode
  const end = Math.min(size, from.size)
  const chunk = new Uint8Array(Math.min(COPY_CHUNK_SIZE, Math.max(1, end)))
  while (copying.pos < end) {
    const next = from.seekHoleOrData(caller, copying.pos, true)
    if (next === -ENXIO || next >= end) break
    if (next > copying.pos) copying.pos = next
    const got = from.read(caller, copying.pos, chunk, 0, Math.min(chunk.length, end - copying.pos))
    if (got === BLOCKED) return BLOCKED
    if (got < 0) return giveUp(v, by, got)
    if (got === 0) break
    const put = to.write(by, copying.pos, chunk, 0, got)
    if (put < got) return giveUp(v, by, put < 0 ? put : -ENOSPC)
    copying.pos += got
  }
  const sized = to.size < end ? to.setAttributes(by, { size: end }) : 0
  return sized < 0 ? giveUp(v, by, sized) : 0
}

function newTemporary(v: ViewInode, by: Caller): CopyUp | number {
  const { records } = v.fs
  const top = records.makeTop(by)
  if (typeof top === 'number') return top
  const name = records.temporaryName(by, top)
  if (typeof name === 'number') return name
  const file = layer.make(by, top, name, { mode: S_IFREG | 0o600 })
  return typeof file === 'number' ? file : { file, name, pos: 0 }
}

function giveUp(v: ViewInode, by: Caller, errno: number): number {
  const top = v.fs.records.makeTop(by)
  if (typeof top !== 'number') layer.remove(by, top, v.copying!.file)
  v.copying = null
  return errno
}

/** The copy is whole: it gets its name, or none where the file has none any more. */
function putInPlace(v: ViewInode, caller: Caller): number {
  const by = v.fs.mounterOf(caller)
  const { file } = v.copying!
  const top = v.fs.records.makeTop(by)
  if (typeof top === 'number') return top
  const wanted = attributesOf(v)
  const others = otherNames(v, caller)
  const namesBelow = v.lower!.inode.nlink + v.nameDelta
  const { place } = v
  if (place) {
    const moved = layer.move(by, top, file, place.parent.upper!, place.name)
    if (moved < 0) return giveUp(v, by, moved)
  }
  v.copying = null
  v.takeUpper(file)
  if (!place) {
    // Who has it open keeps it.
    if (v.openCount === 0) file.inode.opened()
    layer.remove(by, top, file)
  }
  v.lower = null
  v.nameDelta = place ? namesBelow - 1 : namesBelow
  copyXattrs(v)
  const said = holdAttributes(v, caller, wanted)
  if (place) restoreTimes(place.parent, caller)
  return said < 0 ? said : linkOthers(v, caller, others)
}

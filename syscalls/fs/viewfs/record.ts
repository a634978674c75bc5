/**
 * A record: what is kept beside a file because the layer cannot hold it. Text, a `tag=value` a line; docs/engines/viewfs.md.
 * Whoever can write to the layer can write records, so nothing in them is believed that is not well formed.
 * Path: records.ts reads and writes the files that these are in.
 */

import { S_IFBLK, S_IFCHR, S_IFIFO, S_IFMT, S_IFSOCK } from '../../abi/stat.ts'
import { Timestamp } from '../../vfs/inode.ts'

/** Attributes that count instead of the file's own; absent ones are the file's. */
export interface FileRecord {
  /** Permissions; with a type when the layer has an empty file for a node it cannot make. */
  mode?: number
  uid?: number
  gid?: number
  rdev?: number
  atime?: Timestamp
  mtime?: Timestamp
  /** Where below the directory's other part is, if not under its own name: '' is nowhere. */
  lower?: string
  /** All extended attributes. */
  xattrs?: Map<string, Uint8Array>
}

const XATTR_NAME_MAX = 255
const NODE_TYPES: readonly number[] = [S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK]

export const isEmpty = (record: FileRecord): boolean => Object.keys(record).length === 0

export function formatRecord(record: FileRecord): string {
  const { mode, uid, gid, rdev, atime, mtime, lower, xattrs } = record
  const lines: string[] = []
  if (mode !== undefined) lines.push(`mode=${mode.toString(8)}`)
  if (uid !== undefined) lines.push(`uid=${uid}`)
  if (gid !== undefined) lines.push(`gid=${gid}`)
  if (rdev !== undefined) lines.push(`rdev=${rdev}`)
  if (atime) lines.push(`atime=${formatTime(atime)}`)
  if (mtime) lines.push(`mtime=${formatTime(mtime)}`)
  if (lower !== undefined) lines.push(`lower=${escapeText(lower)}`)
  if (xattrs) lines.push('xattrs')
  for (const [name, value] of xattrs ?? []) lines.push(`xattr.${escapeText(name)}=${hexOf(value)}`)
  return lines.map((line) => `${line}\n`).join('')
}

export function parseRecord(text: string): FileRecord {
  const record: FileRecord = {}
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=')
    const tag = equals < 0 ? line : line.slice(0, equals)
    takeTag(record, tag, equals < 0 ? '' : line.slice(equals + 1))
  }
  return record
}

/** A tag that is not well formed is as if it were not there. */
function takeTag(record: FileRecord, tag: string, value: string): void {
  if (tag === 'lower') record.lower = unescapeText(value)
  else if (tag === 'xattrs') record.xattrs ??= new Map()
  else if (tag.startsWith('xattr.')) takeXattr(record, unescapeText(tag.slice('xattr.'.length)), value)
  else if (tag === 'atime' || tag === 'mtime') {
    const time = timeOf(value)
    if (time) record[tag] = time
  } else if (tag === 'mode' || tag === 'uid' || tag === 'gid' || tag === 'rdev') {
    const number = tag === 'mode' ? modeOf(value) : numberOf(value)
    if (number !== undefined) record[tag] = number
  }
}

function takeXattr(record: FileRecord, name: string, value: string): void {
  const isName = /^(user|trusted|security)\../s.test(name) && name.length <= XATTR_NAME_MAX
  if (!isName || name.includes('\0') || !/^([0-9a-f]{2})*$/.test(value)) return
  record.xattrs ??= new Map()
  record.xattrs.set(
    name,
    Uint8Array.from(value.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  )
}

const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

function modeOf(text: string): number | undefined {
  const mode = /^[0-7]{1,6}$/.test(text) ? Number.parseInt(text, 8) : -1
  const type = mode & S_IFMT
  return mode >= 0 && (type === 0 || NODE_TYPES.includes(type)) ? mode : undefined
}

const numberOf = (text: string): number | undefined =>
  /^\d{1,10}$/.test(text) && Number(text) < 2 ** 32 ? Number(text) : undefined

/** Seconds, and nine digits of nanoseconds. */
const formatTime = ({ sec, nsec }: Timestamp): string => `${sec}.${String(nsec).padStart(9, '0')}`

function timeOf(text: string): Timestamp | undefined {
  const match = /^(-?\d{1,15})\.(\d{9})$/.exec(text)
  if (!match) return undefined
  const time = new Timestamp()
  time.set(Number(match[1]), Number(match[2]))
  return time
}

/** Names may have any byte but NUL; a line has none that would end it, and a tag none that would end that. */
const escapeText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones
  text.replace(/[\x00-\x1f%=]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`)

const unescapeText = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

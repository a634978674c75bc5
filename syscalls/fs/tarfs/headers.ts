/**
 * The members of a tar archive, read where they lie: ustar, GNU's long names, pax. tar(5), POSIX pax(1).
 * Path: tarfs.ts makes a tree of them when it is mounted; index-file.ts writes them down. The archive is the guest's: every
 * field is checked.
 */

import { latin1 } from '../../abi/bytes.ts'
import { EINVAL } from '../../abi/errno.ts'
import type { ByteSource } from './byte-source.ts'

const BLOCK = 512
/** A name or pax record longer than this is no name. */
const EXTRA_SIZE_MAX = 1 << 20
/** Members that are listed at most. */
const MEMBER_COUNT_MAX = 1 << 20

export interface TarMember {
  /** A byte string, as written. */
  readonly name: string
  /** The target of a link. */
  readonly link: string
  /** The type flag: '0' file, '1' hard link, '2' symlink, '3' '4' devices, '5' directory, '6' FIFO. */
  readonly type: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtimeSec: number
  readonly major: number
  readonly minor: number
  /** Where the contents begin. */
  readonly offset: number
}

/** Reads a whole piece: the bytes, or a negative errno or BLOCKED. Short at the end of the archive. */
export type ReadAt = (position: number, count: number) => Uint8Array | number

const text = (bytes: Uint8Array, at: number, size: number): string =>
  latin1(bytes, at, at + size).replace(/\0.*$/s, '')

/** Octal digits, or GNU's 255 bits behind a high bit. NaN for anything else. */
function number(bytes: Uint8Array, at: number, size: number): number {
  if (bytes[at]! & 0x80) {
    let value = bytes[at]! & 0x7f
    for (let i = 1; i < size; i++) value = value * 256 + bytes[at + i]!
    return Number.isSafeInteger(value) ? value : Number.NaN
  }
  const digits = text(bytes, at, size).trim()
  return /^[0-7]*$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN
}

function hasChecksum(block: Uint8Array): boolean {
  let sum = 0
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : block[i]!
  return number(block, 148, 8) === sum
}

/** `LENGTH KEY=VALUE\n` records. */
function paxRecords(bytes: Uint8Array): Map<string, string> {
  const records = new Map<string, string>()
  const all = latin1(bytes)
  for (let at = 0; at < all.length; ) {
    const [, digits] = /^(\d{1,9}) /.exec(all.slice(at, at + 10)) ?? []
    const length = Number(digits)
    if (!(length > 3) || at + length > all.length) break
    const record = all.slice(at + digits!.length + 1, at + length - 1)
    const equals = record.indexOf('=')
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return records
}

/** What headers before a member say about it. */
class Extras {
  private readonly pax = new Map<string, string>()
  name: string | null = null
  link: string | null = null

  /** False: this type describes no other member. */
  take(type: string, bytes: Uint8Array): void {
    if (type === 'L') this.name = text(bytes, 0, bytes.length)
    else if (type === 'K') this.link = text(bytes, 0, bytes.length)
    else for (const [key, value] of paxRecords(bytes)) this.pax.set(key, value)
  }

  string(key: string, otherwise: string): string {
    return this.pax.get(key) ?? otherwise
  }

  number(key: string, otherwise: number): number {
    const value = this.pax.get(key)
    return value === undefined ? otherwise : Math.floor(Number(value))
  }
}

const DESCRIBES = 'LKxg'

/** All members in order; EINVAL for what is no archive, or what `read` refuses. */
export function readMembers(read: ReadAt): TarMember[] | number {
  const reading = membersOf()
  let step = reading.next()
  while (!step.done) {
    const bytes = read(step.value.position, step.value.count)
    if (typeof bytes === 'number') return bytes
    step = reading.next(bytes)
  }
  return step.value
}

/** As readMembers, of an archive that answers later. */
export async function readMembersLater(source: ByteSource): Promise<TarMember[] | number> {
  const reading = membersOf()
  let step = reading.next()
  while (!step.done) step = reading.next(await source.read(step.value.position, step.value.count))
  return step.value
}

/** Asks for pieces of the archive, and ends with its members or EINVAL. */
function* membersOf(): Generator<{ position: number; count: number }, TarMember[] | number, Uint8Array> {
  const members: TarMember[] = []
  let extras = new Extras()
  for (let at = 0; ; ) {
    const block = yield { position: at, count: BLOCK }
    if (block.length < BLOCK || block.every((byte) => byte === 0))
      return members.length > 0 || block.length === BLOCK ? members : -EINVAL
    if (!hasChecksum(block) || members.length > MEMBER_COUNT_MAX) return -EINVAL
    const type = String.fromCharCode(block[156] || 48)
    const member = memberOf(block, type, extras, at + BLOCK)
    if (!isSound(member)) return -EINVAL
    if (DESCRIBES.includes(type)) {
      if (member.size > EXTRA_SIZE_MAX) return -EINVAL
      const bytes = yield { position: member.offset, count: member.size }
      if (type !== 'g') extras.take(type, bytes)
    } else {
      members.push(member)
      extras = new Extras()
    }
    const hasContents = DESCRIBES.includes(type) || type === '0' || type === '7'
    at = member.offset + (hasContents ? Math.ceil(member.size / BLOCK) * BLOCK : 0)
  }
}

function memberOf(block: Uint8Array, type: string, extras: Extras, offset: number): TarMember {
  const isUstar = text(block, 257, 5) === 'ustar'
  const prefix = isUstar && block[262] === 0 ? text(block, 345, 155) : ''
  const short = text(block, 0, 100)
  const name = extras.name ?? (prefix ? `${prefix}/${short}` : short)
  const isDescription = DESCRIBES.includes(type)
  return {
    name: extras.string('path', name),
    link: extras.string('linkpath', extras.link ?? text(block, 157, 100)),
    type,
    mode: number(block, 100, 8) & 0o7777,
    uid: extras.number('uid', number(block, 108, 8)),
    gid: extras.number('gid', number(block, 116, 8)),
    size: isDescription ? number(block, 124, 12) : extras.number('size', number(block, 124, 12)),
    mtimeSec: extras.number('mtime', number(block, 136, 12)),
    major: isUstar ? number(block, 329, 8) : 0,
    minor: isUstar ? number(block, 337, 8) : 0,
    offset,
  }
}

/** Whether all numbers are such that can be. */
export const isSound = ({ uid, gid, size, mtimeSec, major, minor, offset }: TarMember): boolean =>
  [uid, gid, size, major, minor, offset + size].every((n) => Number.isSafeInteger(n) && n >= 0) &&
  Number.isSafeInteger(mtimeSec)

/**
 * The index of a tar archive: its members written down, so that none of its headers need be read to mount it. What
 * `umwelt index` writes beside an archive, gzipped JSON; names are byte strings, a character a byte.
 * Path: the CLI writes one, src/images.ts reads it before it makes a TarFs.
 */

import { isSound, type TarMember } from './headers.ts'

const FORMAT = 'umwelt tar index 1'
const TYPES = /^[0-7]$/

type Row = [
  name: string,
  link: string,
  type: string,
  mode: number,
  uid: number,
  gid: number,
  size: number,
  mtimeSec: number,
  major: number,
  minor: number,
  offset: number,
]

export interface TarIndex {
  /** Of the archive: another size is another archive. */
  readonly sizeBytes: number
  readonly members: readonly TarMember[]
}

export function indexText({ sizeBytes, members }: TarIndex): string {
  const rows = members
    .filter(({ type }) => TYPES.test(type))
    .map(
      (m): Row => [
        m.name,
        m.link,
        m.type,
        m.mode,
        m.uid,
        m.gid,
        m.size,
        m.mtimeSec,
        m.major,
        m.minor,
        m.offset,
      ],
    )
  return JSON.stringify({ format: FORMAT, sizeBytes, members: rows })
}

/** Throws an Error that says what is wrong. */
export function parseIndex(text: string): TarIndex {
  let index: { format?: unknown; sizeBytes?: unknown; members?: unknown } | null
  try {
    index = JSON.parse(text)
  } catch {
    throw new Error('its index is no JSON')
  }
  if (index?.format !== FORMAT)
    throw new Error('its index is of another format; make it anew with umwelt index')
  const { sizeBytes, members } = index
  if (!Number.isSafeInteger(sizeBytes) || !Array.isArray(members)) throw new Error('its index is damaged')
  const read = (members as Row[]).map((row) => memberOf(row, sizeBytes as number))
  return { sizeBytes: sizeBytes as number, members: read }
}

function memberOf(row: Row, sizeBytes: number): TarMember {
  const [name, link, type, mode, uid, gid, size, mtimeSec, major, minor, offset] = Array.isArray(row)
    ? row
    : []
  const member = { name, link, type, mode, uid, gid, size, mtimeSec, major, minor, offset } as TarMember
  const isText = [name, link].every((text) => typeof text === 'string') && TYPES.test(String(type))
  const isInside = type !== '0' && type !== '7' ? true : member.offset + member.size <= sizeBytes
  if (!isText || !Number.isSafeInteger(mode) || !isSound(member) || !isInside)
    throw new Error(`its index is damaged at ${String(name)}`)
  return member
}
